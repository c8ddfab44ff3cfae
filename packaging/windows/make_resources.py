"""What Windows shows of the programs: their icon, and under Properties, Details, their version. PyInstaller puts both into them.

python packaging/windows/make_resources.py build/icons        # launcher.ico, version_info.txt
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "packaging" / "icons")]

import app_icon  # noqa: E402 - the folders above are scripts, not packages

from launcher import __version__  # noqa: E402

_FORM = """VSVersionInfo(
  ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3f, flags={flags}, OS=0x40004, fileType=0x1, subtype=0x0, date=(0, 0)),
  kids=[
    StringFileInfo([StringTable('040904B0', [
      StringStruct('CompanyName', 'The launcher\\'s authors'),
      StringStruct('FileDescription', 'Launcher'),
      StringStruct('FileVersion', '{version}'),
      StringStruct('InternalName', 'launcher'),
      StringStruct('LegalCopyright', '{holder}, MIT licence'),
      StringStruct('ProductName', 'Launcher for DeepSeek models'),
      StringStruct('ProductVersion', '{version}')])]),
    VarFileInfo([VarStruct('Translation', [1033, 1200])])
  ]
)
"""
_PRERELEASE = 0x2


def main(arguments: Sequence[str]) -> int:
    """Write both files into a folder."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "launcher.ico").write_bytes(app_icon.windows_icon())
    (folder / "version_info.txt").write_text(version_info(__version__), "utf-8")
    return 0


def version_info(version: str) -> str:
    """The resource for a version."""
    return _FORM.format(
        numbers=four_numbers(version),
        flags=0 if re.fullmatch(r"[0-9.]+", version) else _PRERELEASE,
        version=version,
        holder=copyright_line().replace("'", "\\'"),
    )


def four_numbers(version: str) -> tuple[int, int, int, int]:
    """The number that Windows compares: release numbers, filled up with zeros."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(part) for part in found[0].split(".")] if found else []
    one, two, three, four = (*numbers, 0, 0, 0, 0)[:4]
    return one, two, three, four


def copyright_line() -> str:
    """From LICENSE."""
    lines = (ROOT / "LICENSE").read_text("utf-8").splitlines()
    return next(line for line in lines if line.startswith("Copyright"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
