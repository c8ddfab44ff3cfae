"""`launcher library`: what is installed, also by other tools; checking, moving, removing and updating it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from launcher.cli import library_actions, library_list
from launcher.cli.output import print_user_error
from launcher.core.errors import UserError

_ACTIONS = {
    "list": "every installed model",
    "broken": "model files that are incomplete or damaged",
    "verify": "[MODEL…] compare with the publisher's checksums; all of them when none is named",
    "remove": "MODEL… delete what the launcher fetched",
    "adopt": "PATH… list GGUF files, or the models in a folder, where they lie",
    "move": "MODEL… --to FOLDER  to another folder or disk",
    "updates": "[MODEL…] look for newer revisions; with --fetch get them",
    "pin": "MODEL… keep its revision: no newer one is offered",
    "unpin": "MODEL… offer newer revisions again",
    "folders": "[add|forget|use FOLDER] where models are looked for, and where new ones go",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "actions:\n" + "\n".join(f"  {name:8} {words}" for name, words in _ACTIONS.items())
    add = parser.add_argument
    add("action", nargs="?", choices=list(_ACTIONS), default="list", metavar="ACTION", help="see below; default: list")
    add("words", nargs="*", metavar="MODEL", help="a name, a repository, NAME:QUANT, or a path")
    add("--quant", metavar="Q", help="of this quantisation")
    add("--to", metavar="FOLDER", help="move: where to")
    add("--yes", action="store_true", help="remove: do not ask")
    add("--repair", action="store_true", help="verify: fetch what is damaged again")
    add("--fetch", action="store_true", help="updates: fetch them; what is here stays")
    add("--no-fit", action="store_true", help="list: do not plan how each runs here")


def run(args: argparse.Namespace) -> int:
    """Do the action."""
    if args.action in ("list", "broken"):
        if args.words:
            print(f"`launcher library {args.action}` takes no names.", file=sys.stderr)
            return 2
        if args.action == "broken":
            return library_list.run_broken(as_json=args.json)
        return library_list.run_list(as_json=args.json, with_fit=not args.no_fit)
    actions: dict[str, Callable[[argparse.Namespace], int]] = {
        "verify": library_actions.run_verify,
        "remove": library_actions.run_remove,
        "adopt": library_actions.run_adopt,
        "move": library_actions.run_move,
        "updates": library_actions.run_updates,
        "pin": library_actions.run_pin,
        "unpin": library_actions.run_pin,
        "folders": library_actions.run_folders,
    }
    try:
        return actions[args.action](args)
    except UserError as error:
        if error.code != "usage":
            raise
        print_user_error(error, as_json=args.json)
        return 2
