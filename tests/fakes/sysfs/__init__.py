"""Recorded kernel trees. One text file each, because file names with colons cannot be checked out on Windows.

A line is "path = content" (with \\n for line ends) or "path -> target"; # starts a comment. The trees follow the kernel's
documentation and what such machines show; they were written by hand, not copied from a disk.
"""

from __future__ import annotations

from pathlib import Path


def replay(name: str, root: Path, **changes: str) -> Path:
    """Lay a recording out under `root` and return it.

    Args:
        changes: last part of a path -> other content, for every file of that name.
    """
    for line in Path(__file__).with_name(f"{name}.txt").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        path, arrow, target = line.partition(" -> ")
        if arrow:
            link = root / path
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)
            continue
        path, _, content = line.partition(" = ")
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(changes.get(file.name, content).replace("\\n", "\n").replace("\\t", "\t") + "\n", "utf-8")
    return root
