"""The command line: parses, runs one command, turns failures into exit codes (design section 4.2)."""

from __future__ import annotations

import argparse
import functools
import importlib
import logging
import sys
import traceback
from typing import Protocol, cast

from launcher import __version__
from launcher.cli.output import print_user_error
from launcher.core.errors import UserError
from launcher.engine import pack_choice

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


class Command(Protocol):
    """What each command module offers."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""
        ...

    def run(self, args: argparse.Namespace) -> int:
        """Do it; raise UserError for the world's failures."""
        ...


def run_command(argv: list[str]) -> int:
    """Run one sub-command and return the exit code."""
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
            module = cast("Command", importlib.import_module(module_name))
            module.configure(sub)
    try:
        args = parser.parse_args(argv)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    assert module is not None  # noqa: S101 - parse_args accepted a command, so it is the chosen one
    logging.basicConfig(level=logging.DEBUG if args.debug else logging.WARNING, stream=sys.stderr)
    pack_choice.prefer(_wanted_engine)
    try:
        if chosen in _ONLINE:
            _apply_network()
        return module.run(args)
    except UserError as error:
        print_user_error(error, as_json=args.json)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away (| head); nothing is wrong
        return 0
    except Exception:  # noqa: BLE001 - the last line of defence: a bug must end in a report, not in silence
        traceback.print_exc()
        print("This is a bug in the launcher. The lines above are the report.", file=sys.stderr)
        return 3


@functools.cache
def _wanted_engine() -> str:
    """The engine pack of the settings, read when a worker is about to start."""
    from launcher.core.paths import config_dir
    from launcher.store.settings import ENGINE_PACK, Settings

    try:
        return Settings(config_dir() / "settings.toml").get(ENGINE_PACK)
    except OSError:
        return ENGINE_PACK.default


def _apply_network() -> None:
    """Reach the hub as the settings say, which are the window's."""
    from launcher.core.paths import config_dir
    from launcher.services import network
    from launcher.store.settings import Settings

    try:
        settings = Settings(config_dir() / "settings.toml")
    except OSError:  # no home to write in: `launcher doctor` tells what to do, others fail where they need it
        return
    if settings.notice is not None:
        print_user_error(settings.notice, as_json=False)
    network.apply(settings)
