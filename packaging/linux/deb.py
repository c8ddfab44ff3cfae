"""Builds the Debian package of a frozen folder: `python packaging/linux/deb.py dist/launcher --out dist`.

Needs dpkg-deb, and PySide6 for the icons. The same folder and SOURCE_DATE_EPOCH give the same bytes. Nothing is run when the package is
installed or removed: menus, file types and icons are taken note of by dpkg's own triggers, and what users keep in their homes is theirs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parent / "freeze")]

import check  # noqa: E402 - the folders above are scripts, not packages
import contents  # noqa: E402
import integration  # noqa: E402
import release  # noqa: E402
import terms  # noqa: E402
from integration import NAME, PROGRAM  # noqa: E402

REVISION = "1"
MAINTAINER = "The launcher's authors <launcher@localhost>"
FOLDER = f"usr/lib/{NAME}"
_LEAVE_OUT = _HERE.parent / "licences" / "leave_out.py"
_RECOMMENDS = ("ca-certificates", "libvulkan1", "mesa-vulkan-drivers | vulkan-icd", "xdg-utils")
_SUGGESTS = ("fonts-noto-cjk", "gnome-keyring | kwalletmanager", "libgtk-3-0", "xdg-desktop-portal")
_SYMBOL_PACKAGES = {"GLIBC": "libc6", "OPENSSL": "libssl3"}
# Symbol versions of the C++ library count differently from its package. Source: GCC manual, "ABI Policy and Guidelines".
_CXX_PACKAGE: dict[tuple[int, ...], str] = {(3, 4, 30): "12", (3, 4, 29): "11", (3, 4, 28): "10"}
_SUMMARY = "chat with DeepSeek models on this computer"
_DESCRIPTION = """\
Launcher makes local DeepSeek models a matter of one click. It looks at the graphics cards and the memory of this computer and says which model \
fits and how fast it will answer before anything is downloaded. It downloads models reliably, places layers and experts on cards and \
processor through llama.cpp, and chats, with live meters of where every gigabyte is.

A small built-in model answers without any download, as a demonstration. Chats and models stay in the home folder of whoever uses it; \
removing this package leaves them there. It is not affiliated with DeepSeek."""


class PackageError(Exception):
    """The package cannot be made; the text is for the person who builds."""


def main(arguments: Sequence[str]) -> int:
    """Build it and print its name."""
    parser = argparse.ArgumentParser(prog="deb.py", description="Build the Debian package of a frozen folder.")
    parser.add_argument("folder", type=Path, help="what packaging/freeze made: dist/launcher")
    parser.add_argument("--out", type=Path, default=release.ROOT / "dist", metavar="FOLDER", help="default: dist")
    parser.add_argument(
        "--version", default=release.version(), help="another than the program's own, to try an upgrade"
    )
    parser.add_argument("--level", type=int, default=9, help="of packing, 0 to 9; 0 to try something quickly")
    parser.add_argument("--maintainer", default=MAINTAINER, metavar="NAME_AND_ADDRESS")
    parser.add_argument("--pictures-at", default="", metavar="ADDRESS", help="where the web has resources/screenshots")
    options = parser.parse_args(arguments)
    try:
        made = build(
            options.folder,
            options.out,
            options.version,
            maintainer=options.maintainer,
            pictures_at=options.pictures_at,
            level=options.level,
        )
    except PackageError as error:
        print(f"deb: {error}", file=sys.stderr)
        return 1
    print(f"{made} ({made.stat().st_size / 1e6:.1f} MB)")
    return 0


def build(
    folder: Path, out: Path, version: str, *, maintainer: str = MAINTAINER, pictures_at: str = "", level: int = 9
) -> Path:
    """Build the package.

    Args:
        folder: the frozen program; it is only read.
        out: the folder that gets NAME_VERSION-1_amd64.deb.
        version: of the program.
        maintainer: name and address.
        pictures_at: see `integration.write`.
        level: of packing, 0 to 9.

    Raises:
        PackageError: a tool or a file is missing, or the program needs something that no package has.
    """
    if not (folder / PROGRAM).is_file():
        raise PackageError(f"{folder} is no frozen program: {PROGRAM} is missing; packaging/freeze makes one")
    if shutil.which("dpkg-deb") is None:
        raise PackageError("dpkg-deb is missing; it is part of the package dpkg")
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{NAME}_{version}-{REVISION}_amd64.deb"
    epoch_s = release.epoch_s()
    with tempfile.TemporaryDirectory(prefix="deb-", dir=out) as aside:
        root = Path(aside) / "root"
        root.mkdir(mode=0o755)
        depends = _put_program(folder, root)
        integration.write(root / "usr", version, pictures_at)
        _put_documents(root, version, maintainer, epoch_s)
        _put_control(root, _control(root, version, maintainer, depends))
        integration.stamp(root, epoch_s)
        # One thread: how the work is shared out would show in the bytes.
        command = ["dpkg-deb", "--root-owner-group", "--threads-max=1", "-Zxz", f"-z{level}", "--build", str(root)]
        done = subprocess.run(
            [*command, f"{aside}/made.deb"],
            env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch_s)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise PackageError(f"dpkg-deb failed:\n{done.stdout}")
        Path(aside, "made.deb").replace(target)
    return target


def _put_program(folder: Path, root: Path) -> tuple[str, ...]:
    """Copy the program, without the libraries that Debian has; returns the packages that it needs."""
    place = root / FOLDER
    place.parent.mkdir(parents=True)
    # -a keeps hard links and symbolic links; shutil.copytree would make copies of both.
    subprocess.run(["cp", "-a", "--reflink=auto", str(folder), str(place)], check=True)
    found = check.look(place)
    if found.problems:
        raise PackageError("\n".join(found.problems))
    packages = set(found.packages)
    for soname, package in contents.BUNDLED_LIBRARIES.items():
        # The system's own get its security updates.
        if (copy := place / "_internal" / soname).exists():
            copy.unlink()
            packages.add(package)
    _account(place)
    link = root / "usr" / "bin" / PROGRAM
    link.parent.mkdir(parents=True)
    link.symlink_to(f"../lib/{NAME}/{PROGRAM}")
    # Looked at once more: a library that went must not ask for versions of itself.
    left = check.look(place)
    return tuple(sorted(_with_version(name, left) for name in packages))


def _account(place: Path) -> None:
    """List of components and bill of materials are of what is in the package, not of what was frozen."""
    done = subprocess.run(
        [sys.executable, str(_LEAVE_OUT), str(place)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise PackageError(f"the bill of materials could not be adapted:\n{done.stdout[-3000:]}")
    bill = json.loads((place / "sbom.cdx.json").read_text("utf-8"))
    listed = {o["location"] for c in bill["components"] for o in c.get("evidence", {}).get("occurrences", ())}
    there = {f"_internal/{soname}" for soname in contents.BUNDLED_LIBRARIES if (place / "_internal" / soname).exists()}
    if listed != there:
        raise PackageError(f"the bill of materials is of other libraries: {' '.join(sorted(listed ^ there))}")


def _with_version(package: str, found: check.Findings) -> str:
    for family, (version, _file) in found.symbols.items():
        if family == "GLIBCXX" and package == "libstdc++6":
            if version not in _CXX_PACKAGE:
                raise PackageError(f"the package with GLIBCXX {version} is not known: add it to _CXX_PACKAGE")
            return f"{package} (>= {_CXX_PACKAGE[version]})"
        if _SYMBOL_PACKAGES.get(family) == package:
            return f"{package} (>= {'.'.join(map(str, version))})"
    return package


def _put_documents(root: Path, version: str, maintainer: str, epoch_s: int) -> None:
    documents = root / "usr" / "share" / "doc" / NAME
    documents.mkdir(parents=True)
    (documents / "copyright").write_text(terms.copyright_text(root / FOLDER, FOLDER), "utf-8")
    (documents / "licences").symlink_to(f"../../../lib/{NAME}/_internal/resources/licences")
    changelog = (release.ROOT / "CHANGELOG.md").read_bytes()
    (documents / "changelog.gz").write_bytes(integration.packed(changelog))
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(epoch_s))
    lines = (
        f"{NAME} ({version}-{REVISION}) stable; urgency=medium",
        "",
        "  * Built from the sources of this version.",
        "",
    )
    text = "\n".join([*lines, f" -- {maintainer}  {date}", ""])
    (documents / "changelog.Debian.gz").write_bytes(integration.packed(text.encode()))
    overrides = root / "usr" / "share" / "lintian" / "overrides" / NAME
    overrides.parent.mkdir(parents=True)
    shutil.copyfile(_HERE / "lintian-overrides", overrides)


def _control(root: Path, version: str, maintainer: str, depends: Sequence[str]) -> str:
    """The package's record. Installed-Size counts as Debian Policy 5.6.20 says: kB of each file, rounded up, 1 for all else."""
    seen: set[tuple[int, int]] = set()
    size_kib = 0
    for path in root.rglob("*"):
        info = path.lstat()
        is_first = (info.st_dev, info.st_ino) not in seen
        seen.add((info.st_dev, info.st_ino))
        if is_first:
            size_kib += -(-info.st_size // 1024) if path.is_file() and not path.is_symlink() else 1
    paragraphs = [textwrap.fill(p, 78, initial_indent=" ", subsequent_indent=" ") for p in _DESCRIPTION.split("\n\n")]
    fields = {
        "Package": NAME,
        "Version": f"{version}-{REVISION}",
        "Architecture": "amd64",
        "Maintainer": maintainer,
        "Installed-Size": str(size_kib),
        "Depends": ", ".join(depends),
        "Recommends": ", ".join(_RECOMMENDS),
        "Suggests": ", ".join(_SUGGESTS),
        "Section": "utils",
        "Priority": "optional",
        "Description": "\n".join([_SUMMARY, "\n .\n".join(paragraphs)]),
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def _put_control(root: Path, control: str) -> None:
    lines: list[str] = []
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "md5").hexdigest()
            lines.append(f"{digest}  {path.relative_to(root).as_posix()}\n")
    folder = root / "DEBIAN"
    folder.mkdir()
    (folder / "control").write_text(control, "utf-8")
    (folder / "md5sums").write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
