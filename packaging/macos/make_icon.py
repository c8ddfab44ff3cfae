"""The app's icon for macOS: `python packaging/macos/make_icon.py build/icons` writes launcher.icns. Works on every system."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "icons"))

import app_icon


def main(arguments: Sequence[str]) -> int:
    """Write it into a folder."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "launcher.icns").write_bytes(app_icon.macos_icon())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
