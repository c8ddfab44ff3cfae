"""`launcher library`: what is installed, also by other tools, and what it takes on the disk."""

from __future__ import annotations

import argparse

from launcher.cli.output import print_json, table
from launcher.core.downloads import Installed
from launcher.core.units import gb
from launcher.downloads import library


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("action", nargs="?", choices=["list"], default="list", help="list: every installed model")


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    models = library.installed()
    if args.json:
        print_json([_to_json(m) for m in models])
        return 0
    use = library.disk_use(models)
    if models:
        rows = [
            (
                m.name,
                m.quant or "unknown",
                gb(m.size_bytes),
                m.architecture,
                m.origin,
                "yes" if m.verified else "not checked",
                m.path,
            )
            for m in models
        ]
        print(table(("model", "quant", "size", "architecture", "from", "verified", "path"), rows, frozenset({2})))
    else:
        print("No models are installed. `launcher recommend` says which one fits this machine.")
    partial = f", unfinished downloads {gb(use.partial_bytes)}" if use.partial_bytes else ""
    print(f"{use.folder}: models {gb(use.models_bytes)}{partial}, free {gb(use.free_bytes)} of {gb(use.total_bytes)}")
    return 0


def _to_json(model: Installed) -> dict[str, object]:
    """The entry of design section 4.2."""
    return {
        "model": model.model,
        "name": model.name,
        "quant": model.quant,
        "path": model.path,
        "bytes": model.size_bytes,
        "architecture": model.architecture,
        "origin": model.origin,
        "verified": model.verified,
        "repo": model.repo,
    }
