"""Builds the AppImage of a frozen folder: `python packaging/linux/appimage.py dist/launcher --out dist`.

One file that runs on any distribution of the last years. Its executable part (runtime/runtime.c) is compiled here; the packages for
that are Debian's, as are those that make the file system: `apt install gcc libsquashfuse-dev libfuse3-dev libzstd-dev squashfs-tools`.
The same folder, tools and SOURCE_DATE_EPOCH give the same bytes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE)]

import integration  # noqa: E402 - the folder above is scripts, not a package
import release  # noqa: E402
from integration import NAME, PROGRAM  # noqa: E402

_PACKAGES = "gcc libsquashfuse-dev libfuse3-dev libzstd-dev squashfs-tools"
_LIBRARIES = ("-lsquashfuse_ll", "-lsquashfuse", "-lfuse3", "-lzstd", "-lpthread")
_LINKED_IN = ("libsquashfuse-dev", "libfuse3-dev", "libzstd-dev", "libc6-dev")
"""The packages whose code is in the runtime: their licences travel along. To exchange one (LGPL): install another, build again."""
_ADD_LICENCES = _HERE.parent / "licences" / "add.py"
_MAGIC_AT, _MAGIC = 8, b"AI\x02"
"""In the padding of the ELF header: an AppImage of type 2. Source: AppImage specification, "Image format"."""


class AppImageError(Exception):
    """It cannot be made; the text is for the person who builds."""


def main(arguments: Sequence[str]) -> int:
    """Build it and print its name."""
    parser = argparse.ArgumentParser(prog="appimage.py", description="Build the AppImage of a frozen folder.")
    parser.add_argument("folder", type=Path, help="what packaging/freeze made: dist/launcher")
    parser.add_argument("--out", type=Path, default=release.ROOT / "dist", metavar="FOLDER", help="default: dist")
    options = parser.parse_args(arguments)
    try:
        made = build(options.folder, options.out, release.version())
    except AppImageError as error:
        print(f"appimage: {error}", file=sys.stderr)
        return 1
    print(f"{made} ({made.stat().st_size / 1e6:.1f} MB)")
    return 0


def build(folder: Path, out: Path, version: str) -> Path:
    """Build it.

    Args:
        folder: the frozen program; it is only read.
        out: the folder that gets NAME-VERSION-x86_64.AppImage.
        version: of the program.

    Raises:
        AppImageError: a tool, a library or the program is missing.
    """
    if not (folder / PROGRAM).is_file():
        raise AppImageError(f"{folder} is no frozen program: {PROGRAM} is missing; packaging/freeze makes one")
    missing = [name for name in ("gcc", "mksquashfs") if shutil.which(name) is None]
    if missing:
        raise AppImageError(f"{' and '.join(missing)} are missing; apt install {_PACKAGES}")
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{NAME}-{version}-x86_64.AppImage"
    epoch_s = release.epoch_s()
    with tempfile.TemporaryDirectory(prefix="appimage-", dir=out) as aside:
        root, image, runtime = Path(aside) / "root", Path(aside) / "image", Path(aside) / "runtime"
        _fill(root, folder, version, epoch_s)
        # zstd: read about five times as fast as xz when the program starts. One processor: the order of the blocks shows in the bytes.
        options = ["-comp", "zstd", "-Xcompression-level", "19", "-b", "256K", "-all-root", "-noappend", "-no-xattrs"]
        _run(["mksquashfs", str(root), str(image), *options, "-processors", "1", "-no-progress", "-quiet"], epoch_s)
        _compile(runtime)
        whole = Path(aside) / "whole"
        with whole.open("wb") as stream:
            for part in (runtime, image):
                with part.open("rb") as source:
                    shutil.copyfileobj(source, stream)
        whole.chmod(0o755)
        whole.replace(target)
    return target


def _fill(root: Path, folder: Path, version: str, epoch_s: int) -> None:
    """The folder as the AppImage specification wants it: AppRun, the desktop entry and the icon at the top, the rest below usr."""
    place = root / "usr" / "lib" / NAME
    place.parent.mkdir(parents=True)
    subprocess.run(["cp", "-a", "--reflink=auto", str(folder), str(place)], check=True)
    if (place / "_internal" / "resources" / "licences" / "index.json").is_file():
        _run([sys.executable, str(_ADD_LICENCES), str(place), *_LINKED_IN], epoch_s)
    integration.write(root / "usr", version)
    (root / "usr" / "bin").mkdir()
    (root / "usr" / "bin" / PROGRAM).symlink_to(f"../lib/{NAME}/{PROGRAM}")
    links = {
        "AppRun": f"usr/lib/{NAME}/{PROGRAM}",
        f"{NAME}.desktop": f"usr/share/applications/{NAME}.desktop",
        f"{NAME}.svg": f"usr/share/icons/hicolor/scalable/apps/{NAME}.svg",
        ".DirIcon": f"usr/share/icons/hicolor/256x256/apps/{NAME}.png",
    }
    for name, end in links.items():
        (root / name).symlink_to(end)
    integration.stamp(root, epoch_s)


def _compile(target: Path) -> None:
    """The runtime: nothing of the computer that it runs on is needed but the kernel, and fusermount3 where there is one."""
    command = ["gcc", "-std=c17", "-Os", "-Wall", "-Wextra", "-Wno-builtin-declaration-mismatch", "-static", "-s"]
    command += ["-Wl,--build-id=none", "-o", str(target), str(_HERE / "runtime" / "runtime.c"), *_LIBRARIES]
    _run(command, 0)
    data = bytearray(target.read_bytes())
    data[_MAGIC_AT : _MAGIC_AT + len(_MAGIC)] = _MAGIC
    target.write_bytes(data)


def _run(command: Sequence[str], epoch_s: int) -> None:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch_s)}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise AppImageError(f"{command[0]} failed; it needs: apt install {_PACKAGES}\n{done.stdout[-3000:]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
