"""The command line: finds out which command is meant (design section 4.2) and has it run (running.py).

Who asks for the version or for help waits for nothing else: whatever a command needs is imported when it is the chosen one.
"""

from __future__ import annotations

import importlib

from launcher import __version__

TYPE_CHECKING = False  # type checkers know the name; `typing` itself would be most of what --version costs
if TYPE_CHECKING:
    from typing import Any

    from launcher.cli.running import Command

# One module of this room per command, imported only when asked for: `launcher hardware` must not pay for the rest.
COMMANDS: dict[str, tuple[str, str]] = {
    "hardware": ("launcher.cli.hardware", "what is here, what is free now"),
    "models": ("launcher.cli.models", "the catalog; which fit"),
    "recommend": ("launcher.cli.recommend", "the ranked plans for this machine or any other"),
    "plan": ("launcher.cli.plan", "memory by device, speed and reasons of one model"),
    "download": ("launcher.cli.download", "fetch a model, with a progress bar; resumes"),
    "library": ("launcher.cli.library", "what is installed"),
    "chat": ("launcher.cli.chat", "interactive, or one answer"),
    "chats": ("launcher.cli.chats", "the chats on this computer: list, export, import"),
    "bench": ("launcher.cli.bench", "decode and prefill speed, load time, memory against the plan"),
    "calibrate": ("launcher.cli.calibrate", "measures this machine for the speed predictions"),
    "network": ("launcher.cli.network", "proxy, mirror, certificates and token in use; test the connection"),
    "update-check": ("launcher.cli.update_check", "whether there is a newer version; asks only now, installs nothing"),
    "doctor": ("launcher.cli.doctor", "checks devices, engine, disk and hub; a report to paste"),
}

# Those that may ask the hub; the others need not know how it is reached.
_ONLINE = frozenset({"models", "plan", "download", "library", "chat", "network", "update-check", "doctor"})


def run_command(argv: list[str]) -> int:
    """Run one sub-command and return the exit code."""
    if argv == ["--version"]:
        print(f"launcher {__version__}")
        return 0
    import argparse

    parser = argparse.ArgumentParser(
        prog="launcher",
        description="Local DeepSeek models: what fits, how fast, one command to chat. Without a command the window opens; `open FILE` opens it with a model file.",
    )
    parser.add_argument("--version", action="version", version=f"launcher {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = next((a for a in argv if a in COMMANDS), None)
    module: Command | None = None
    for name, (module_name, summary) in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary)
        sub.add_argument("--json", action="store_true", help="one JSON document on stdout, logs on stderr")
        sub.add_argument("--debug", action="store_true", help="show what happens, on stderr")
        if name == chosen:
            module = _imported(module_name)
            module.configure(sub)
    try:
        args = parser.parse_args(argv)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    assert module is not None  # noqa: S101 - parse_args accepted a command, so it is the chosen one
    from launcher.cli import running

    return running.run(module, args, is_online=chosen in _ONLINE)


def _imported(module_name: str) -> Command:
    module: Any = importlib.import_module(module_name)
    return module
