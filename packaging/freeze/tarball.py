"""The plain archive of a frozen Linux program: unpack, start. The same folder gives the same bytes on any day and computer."""

from __future__ import annotations

import io
import lzma
import os
import stat
import tarfile
from pathlib import Path

_HERE = Path(__file__).resolve().parent
DESKTOP = _HERE.parent / "linux" / "desktop"
DESKTOP_FILES = ("launcher-for-deepseek.desktop", "launcher-for-deepseek.mime.xml", "application-x-gguf.svg")
_BLOCK_BYTES = 64 * 2**20
"""Of the dictionary: as far apart may two equal pieces be. Whoever unpacks needs as much memory."""

_README = """Launcher: local DeepSeek models on your own computer.

Start it:           ./launcher                  (nothing is installed, nothing is written into this folder)
In the terminal:    ./launcher --help
In your menu:       ./add-to-menu               (and for double-clicks on GGUF files; --remove takes it out again)
Uninstall:          delete this folder; chats and models stay where they are

Chats and settings are kept in ~/.local/share/launcher-for-deepseek and ~/.config/launcher-for-deepseek, models in
~/.cache/huggingface. LAUNCHER_HOME=FOLDER ./launcher keeps all of it in one folder, such as a USB drive.
If something is missing on this computer, ./launcher doctor names it.
"""


def make(folder: Path, out: Path) -> Path:
    """Pack the folder `launcher` into launcher-VERSION-linux-MACHINE.tar.xz; SOURCE_DATE_EPOCH dates every entry."""
    from launcher import __version__

    name = f"launcher-{__version__}-linux-{os.uname().machine}"
    target = out / f"{name}.tar.xz"
    aside = target.with_suffix(".part")
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": _BLOCK_BYTES}]
    with (
        lzma.open(aside, "wb", format=lzma.FORMAT_XZ, filters=filters) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        extra = {
            "README.txt": (_README.encode(), 0o644),
            "add-to-menu": ((_HERE / "add-to-menu.sh").read_bytes(), 0o755),
            **{f"desktop/{file}": ((DESKTOP / file).read_bytes(), 0o644) for file in DESKTOP_FILES},
        }
        for place, (data, mode) in sorted(extra.items()):
            entry = _entry(f"{name}/{place}", mode)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        _add_folder(tar, folder, name)
    aside.replace(target)
    return target


def _add_folder(tar: tarfile.TarFile, folder: Path, name: str) -> None:
    first_names: dict[tuple[int, int], str] = {}
    for path in sorted(folder.rglob("*"), key=lambda p: p.relative_to(folder).as_posix()):
        info = path.lstat()
        entry = _entry(f"{name}/{path.relative_to(folder).as_posix()}", 0o755)
        if stat.S_ISLNK(info.st_mode):
            entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, os.readlink(path), 0o777
        elif stat.S_ISDIR(info.st_mode):
            entry.type = tarfile.DIRTYPE
        elif first := first_names.get((info.st_dev, info.st_ino)):
            entry.type, entry.linkname = tarfile.LNKTYPE, first
        else:
            first_names[info.st_dev, info.st_ino] = entry.name
            entry.mode = 0o755 if info.st_mode & stat.S_IXUSR else 0o644
            entry.size = info.st_size
            with path.open("rb") as stream:
                tar.addfile(entry, stream)
            continue
        tar.addfile(entry)


def _entry(name: str, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mode, entry.mtime = mode, int(os.environ["SOURCE_DATE_EPOCH"])
    return entry
