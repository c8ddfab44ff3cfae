"""File systems where models may live: the hub cache's first, the home's, then other real disks."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import psutil

from launcher.core.machine import Disk
from launcher.core.paths import hub_cache_dir
from launcher.hardware.kernel_files import read_text

# Too small, or none of our business: nobody keeps models there.
_SKIPPED_KINDS = {"squashfs", "iso9660", "udf", "erofs", "ramfs", "tmpfs", "devtmpfs", "efivarfs"}
_SKIPPED_PLACES = ("/boot", "/efi", "/snap", "/var/lib/snapd", "/System/Volumes", "/private/var", "/etc/")
_SMALLEST_BYTES = 4 * 10**9


def read_disks(root: Path = Path("/")) -> tuple[Disk, ...]:
    """One entry per file system, the first being the one that downloads go to."""
    partitions = _partitions()
    wanted = [_mount_of(hub_cache_dir()), _mount_of(Path.home())]
    wanted += [Path(place) for place in partitions if not place.startswith(_SKIPPED_PLACES)]
    disks: list[Disk] = []
    seen: set[object] = set()
    for number, place in enumerate(wanted):
        try:
            device_id = place.stat().st_dev
            usage = psutil.disk_usage(str(place))
        except OSError:  # not readable for this user, or an empty card reader
            continue
        source = partitions.get(str(place))
        identity = source or device_id  # subvolumes of one btrfs have numbers of their own
        if identity in seen or device_id in seen or (number >= 2 and usage.total < _SMALLEST_BYTES):
            continue
        seen |= {identity, device_id}
        disks.append(Disk(str(place), usage.free, usage.total, kind=_kind(root, device_id, source)))
    return tuple(disks)


def _partitions() -> dict[str, str]:
    """Mount point -> device of real, writable file systems."""
    try:
        found = psutil.disk_partitions(all=False)
    except OSError:
        return {}
    return {
        p.mountpoint: p.device
        for p in found
        if p.fstype.lower() not in _SKIPPED_KINDS and "ro" not in p.opts.split(",") and "cdrom" not in p.opts
    }


def _mount_of(path: Path) -> Path:
    """The mount point that a path, which need not exist yet, would be on."""
    place = path.absolute()
    while not os.path.ismount(place) and place != place.parent:
        place = place.parent
    return place


def _kind(root: Path, device_id: int, source: str | None) -> str | None:
    """The kind, "SSD" or "HDD"; None where it is not known (network, virtual disks, other systems than Linux)."""
    if sys.platform != "linux":
        return None
    node = root / "sys/dev/block" / f"{os.major(device_id)}:{os.minor(device_id)}"
    if not node.exists() and source:  # btrfs, ZFS and overlays have no device of their own
        node = root / "sys/class/block" / Path(source).name
    try:
        node = node.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    if (node / "partition").exists():
        node = node.parent
    if re.match(r"vd[a-z]|xvd|nbd|loop", node.name):  # the host's disk: what is written here says nothing about it
        return None
    return {"0": "SSD", "1": "HDD"}.get(read_text(node / "queue/rotational") or "")
