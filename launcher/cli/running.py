"""Runs one command that was understood: what it logs, how it reaches the hub, and failures as exit codes."""

from __future__ import annotations

import argparse
import functools
import logging
import sys
import traceback
from typing import Protocol

from launcher.cli.output import print_user_error
from launcher.core.errors import UserError
from launcher.engine import pack_choice


class Command(Protocol):
    """What each command module offers."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments."""
        ...

    def run(self, args: argparse.Namespace) -> int:
        """Do it; raise UserError for the world's failures."""
        ...


def run(command: Command, args: argparse.Namespace, *, is_online: bool) -> int:
    """Run a command and return the exit code.

    Args:
        command: what to run.
        args: as it configured them.
        is_online: it may ask the hub, so the network is set up as in the window.
    """
    logging.basicConfig(level=logging.DEBUG if args.debug else logging.WARNING, stream=sys.stderr)
    pack_choice.prefer(_wanted_engine)
    try:
        if is_online:
            _apply_network()
        return command.run(args)
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
