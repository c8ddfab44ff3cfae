"""The disks that models could go to, each with the folder on it. Without Qt; blocks for the disks."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from launcher.core.machine import Disk
from launcher.core.paths import hub_cache_dir
from launcher.downloads.disk import folders

_FOLDER = "deepseek-models"


def downloads_folder() -> str:
    """Where new models go."""
    return folders.read().downloads or str(hub_cache_dir())


def choose_downloads(folder: str) -> None:
    """Let new models go to another folder from now on.

    Raises:
        UserError: it cannot be written.
    """
    folders.set_downloads(folder)


def model_disks() -> tuple[Disk, ...]:
    """One entry per disk that can be written; `path` is the folder of ours on it, or the one that would be made there.

    The folder in use comes first.
    """
    from launcher.hardware.disks import read_disks

    known = [Path(downloads_folder()), *folders.roots()]
    found: dict[int, Disk] = {}
    for disk in read_disks():
        place = Path(disk.path)
        device = _device(place)
        ours = next((root for root in known if _device(root) == device), None)
        if device is None or device in found or (ours is None and not os.access(place, os.W_OK)):
            continue
        found[device] = replace(disk, path=str(ours or place / _FOLDER))
    here = _device(known[0])
    return tuple(sorted(found.values(), key=lambda d: (_device(Path(d.path)) != here, d.path)))


def _device(path: Path) -> int | None:
    """The file system that a path, which need not exist yet, is on; None when that cannot be told."""
    while not path.exists() and path != path.parent:
        path = path.parent
    try:
        return path.stat().st_dev
    except OSError:
        return None
