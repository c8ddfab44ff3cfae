"""The disks of this PC that a download could go to, for the dialog "Use another disk…"."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from launcher.core.paths import hub_cache_dir
from launcher.downloads import folders, space

_FOLDER_NAME = "DeepSeek models"


@dataclass(frozen=True, slots=True)
class DiskChoice:
    """A folder on one disk.

    Attributes:
        folder: a sensible one for models; it may not exist yet.
        enough: there is room for what was asked, with some to spare.
    """

    folder: str
    free_bytes: int
    total_bytes: int
    enough: bool


def disks_for(needed_bytes: int = 0) -> tuple[DiskChoice, ...]:
    """Every disk that we may write to, each once: those with room first, then the freest. Blocks for the disks.

    The folder is the one where models already are, where there is one on that disk.
    """
    choices: dict[int, DiskChoice] = {}
    for folder in (*_known(), *_on_other_disks()):
        choice = _choice(folder, needed_bytes)
        if choice is not None:
            choices.setdefault(space.device(folder), choice)
    return tuple(sorted(choices.values(), key=lambda c: (not c.enough, -c.free_bytes)))


def _known() -> tuple[Path, ...]:
    chosen = folders.read().downloads
    there = (root for root in folders.roots() if root.is_dir() or root == hub_cache_dir())
    return tuple(dict.fromkeys((*((Path(chosen),) if chosen else ()), *there)))


def _on_other_disks() -> tuple[Path, ...]:
    import psutil

    found: list[Path] = []
    for disk in psutil.disk_partitions(all=False):
        options = disk.opts.split(",")
        mount = Path(disk.mountpoint)
        if "ro" in options or "cdrom" in options or not disk.fstype or disk.fstype == "squashfs":
            continue
        if mount.is_dir():
            found.append(_home_on(mount))
    return tuple(found)


def _home_on(mount: Path) -> Path:
    """A folder for models: below the user's home where that is on this disk, else on top of the disk."""
    home = Path.home()
    is_homes = home.is_dir() and space.device(home) == space.device(mount)
    return (home if is_homes else mount) / _FOLDER_NAME


def _choice(folder: Path, needed_bytes: int) -> DiskChoice | None:
    try:
        if not os.access(space.existing(folder), os.W_OK):
            return None
        total, free = space.disk_usage(folder)
    except OSError:  # a disk that is just going away
        return None
    return DiskChoice(str(folder), free, total, needed_bytes + space.slack_bytes(needed_bytes) <= free)
