"""How this copy of the program came here, and so how a newer one does. Without Qt; nothing is started to find out."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from launcher.core.words import say


class Kind(StrEnum):
    """What was installed."""

    SOURCE = "source"
    PYTHON_PACKAGE = "python_package"
    DEB = "deb"
    APPIMAGE = "appimage"
    TARBALL = "tarball"
    WINDOWS_SETUP = "windows_setup"
    WINDOWS_FOLDER = "windows_folder"
    MACOS_APP = "macos_app"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What tells the kinds apart.

    Attributes:
        is_frozen: the program was made by packaging/freeze.
        program: the executable of a frozen program, else this file.
        platform: as `sys.platform`.
        environment: the environment's variables.
        dpkg_lists: where dpkg keeps the lists of files of its packages.
    """

    is_frozen: bool = field(default_factory=lambda: bool(getattr(sys, "frozen", False)))
    program: Path = field(default_factory=lambda: Path(sys.executable if getattr(sys, "frozen", False) else __file__))
    platform: str = sys.platform
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    dpkg_lists: Path = Path("/var/lib/dpkg/info")


@dataclass(frozen=True, slots=True)
class Installation:
    """How it was installed, and the file or folder that a newer version replaces."""

    kind: Kind
    place: Path


def find(around: Surroundings | None = None) -> Installation:
    """How this copy was installed. Reads a few small files."""
    around = around or Surroundings()
    program = around.program.resolve()
    if not around.is_frozen:
        root = program.parents[2]
        return Installation(Kind.SOURCE if (root / "pyproject.toml").is_file() else Kind.PYTHON_PACKAGE, root)
    if around.platform == "win32":
        is_setup = (program.parent / "unins000.exe").is_file()
        return Installation(Kind.WINDOWS_SETUP if is_setup else Kind.WINDOWS_FOLDER, program.parent)
    if around.platform == "darwin":
        bundle = next((p for p in program.parents if p.suffix == ".app"), program.parent)
        return Installation(Kind.MACOS_APP, bundle)
    image, mounted = around.environment.get("APPIMAGE"), around.environment.get("APPDIR")
    # The variables are inherited: another program's AppImage may have started us.
    if image and mounted and program.is_relative_to(Path(mounted).resolve()):
        return Installation(Kind.APPIMAGE, Path(image))
    is_packaged = _is_listed(program, around.dpkg_lists)
    return Installation(Kind.DEB if is_packaged else Kind.TARBALL, program.parent)


def how_to_update(found: Installation) -> str:
    """What to do with a newer version, in words. Nothing does it by itself."""
    match found.kind:
        case Kind.SOURCE:
            return say(
                "This copy runs from its source in {path}. Get the new source there (git pull), then run make run.",
                path=found.place,
            )
        case Kind.PYTHON_PACKAGE:
            return say(
                "This copy is a Python package in {path}. Install the new version with the tool that installed it.",
                path=found.place,
            )
        case Kind.DEB:
            return say(
                "It was installed as a Debian package. Download the new .deb file and install it over this version: "
                "sudo apt install ./FILE.deb, or open it with your software centre."
            )
        case Kind.APPIMAGE:
            return say(
                "This is the AppImage {path}. Download the new one, allow it to be executed, and use it instead.",
                path=found.place,
            )
        case Kind.TARBALL | Kind.WINDOWS_FOLDER:
            return say(
                "This copy runs from the folder {path}. Close it, unpack the new archive, and put its folder in place of this one.",
                path=found.place,
            )
        case Kind.WINDOWS_SETUP:
            return say("Download the new setup program and run it; it installs over this version.")
        case Kind.MACOS_APP:
            return say(
                "Download the new disk image, open it, and drag the app over {path}.",
                path=found.place,
            )


def _is_listed(program: Path, dpkg_lists: Path) -> bool:
    """Whether a package of ours that dpkg installed has this file; other packages' lists are not read."""
    wanted = str(program)
    for listing in sorted(dpkg_lists.glob("*launcher*.list")):
        try:
            if wanted in listing.read_text("utf-8", "replace").splitlines():
                return True
        except OSError:
            continue
    return False
