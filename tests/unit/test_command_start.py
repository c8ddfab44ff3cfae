"""What a command's start leaves unloaded: who asks for the version or for help waits for nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from launcher import __version__

# Each brings a dozen others with it.
HEAVY = ("dataclasses", "inspect", "json", "logging", "pathlib", "platformdirs", "tempfile", "traceback", "typing")


def started(*arguments: str) -> tuple[str, set[str]]:
    """What it prints, and the modules that it has beyond an empty interpreter's."""
    script = (
        "import sys; before = set(sys.modules); from launcher.__main__ import main; code = main(sys.argv[1:]); "
        "print(*sorted(set(sys.modules) - before), file=sys.stderr); sys.exit(code)"
    )
    # -S: a development environment's start-up files import what they like.
    options = (sys.executable, "-S", "-c", script, *arguments)
    done = subprocess.run(options, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, set(done.stderr.split())


def test_the_version_is_said_by_the_program_alone() -> None:
    said, modules = started("--version")
    assert said == f"launcher {__version__}\n"
    ours = {"launcher", "launcher.__main__", "launcher.cli", "launcher.cli.main", "launcher.core"}
    assert {m for m in modules if m.startswith("launcher")} == {*ours, "launcher.core.own_program"}
    assert not modules & {"argparse", *HEAVY}
    assert len(modules) < 20


@pytest.mark.parametrize("arguments", [("--help",), ("nonsense",)])
def test_help_brings_the_parser_only(arguments: tuple[str, ...]) -> None:
    if arguments == ("--help",):
        said, modules = started(*arguments)
        assert "chat" in said
        assert not modules & set(HEAVY)
        assert "launcher.cli.running" not in modules
    else:
        with pytest.raises(subprocess.CalledProcessError) as wrong:
            started(*arguments)
        assert wrong.value.returncode == 2
