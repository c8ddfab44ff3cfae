"""Takes the system's libraries that a package does without out of its list of components and its bill of materials.

    python packaging/licences/leave_out.py FOLDER

FOLDER is a collected program from which files were taken. The bill names the files of every library that is the system's: one whose files
are all gone is left out, and with it its texts. Standard library only.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parents[1])]

import collect  # noqa: E402 - the folders above are scripts, not packages
import sbom  # noqa: E402

from launcher.services.licences import Licensed  # noqa: E402


def main(arguments: Sequence[str]) -> int:
    """Leave them out; nothing changes where every file is there."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    gone = sbom.leave_out(collect.bill_place(folder), folder)
    texts = collect.resources(folder) / "licences"
    kept = [
        Licensed(c, tuple((name, (texts / name).read_text("utf-8")) for name in c.texts))
        for c in collect.read_index(texts)
        if c.name not in gone
    ]
    collect.write_texts(texts, kept)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
