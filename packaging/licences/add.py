"""Adds Debian packages to the list of an already collected program: what a package format links in besides the folder.

    python packaging/licences/add.py FOLDER libfuse3-dev libzstd-dev

Both the texts with their list and the bill of materials get them. Standard library only.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parents[1])]

import collect  # noqa: E402 - the folders above are scripts, not packages
import debian  # noqa: E402
import sbom  # noqa: E402

from launcher.services.licences import Licensed  # noqa: E402


def main(arguments: Sequence[str]) -> int:
    """Add them; those that are there already are written anew."""
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder, packages = Path(arguments[0]), arguments[1:]
    texts, bill = collect.resources(folder) / "licences", collect.bill_place(folder)
    added = [debian.component(package) for package in packages]
    if bare := [item.component.name for item in added if not collect.has_text(item)]:
        print(f"licences: no licence text: {', '.join(bare)}", file=sys.stderr)
        return 1
    names = {item.component.name for item in added}
    kept = [
        Licensed(c, tuple((name, (texts / name).read_text("utf-8")) for name in c.texts))
        for c in collect.read_index(texts)
        if c.name not in names
    ]
    collect.write_texts(texts, [*kept, *added])
    sbom.add(bill, [item.component for item in added], debian.purl_namespace())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
