"""SHA256SUMS of the files of a release, for `sha256sum --check`: `python packaging/release/checksums.py dist`. Standard library only."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

NAME = "SHA256SUMS"


def main(arguments: Sequence[str]) -> int:
    """Write it into the folder."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    (folder / NAME).write_text(checksums(folder), "utf-8", newline="\n")
    return 0


def checksums(folder: Path) -> str:
    """A line for each file right in the folder, by name."""
    lines: list[str] = []
    for path in sorted(p for p in folder.iterdir() if p.is_file() and p.name != NAME):
        with path.open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}")
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
