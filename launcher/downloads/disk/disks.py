"""The disks that models are on: how full they are, and with what of ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from launcher.core.downloads import Installed
from launcher.core.paths import hub_cache_dir
from launcher.downloads.disk import folders, journal
from launcher.downloads.disk.space import device, disk_usage


@dataclass(frozen=True, slots=True)
class DiskUse:
    """A disk that models are on.

    Attributes:
        folder: where new models go; of other disks the folder of ours on it, else of the first model.
        models_bytes: installed models on this disk, other tools' too.
        partial_bytes: our unfinished files on this disk.
        others: the other disks that models are on, each once.
    """

    folder: str
    total_bytes: int
    free_bytes: int
    models_bytes: int
    partial_bytes: int
    others: tuple[DiskUse, ...] = ()


def disk_use(models: Iterable[Installed]) -> DiskUse:
    """The disk of the downloads folder, with the others that hold models."""
    home = Path(folders.read().downloads or hub_cache_dir())
    roots = [home, *(root for root in folders.roots() if root.exists())]
    places = {device(root): root for root in reversed(roots)}
    bytes_of: dict[int, list[int]] = {}
    sizes = [(Path(m.path), m.size_bytes, 0) for m in models] + [(p.path, p.size_bytes, 1) for p in journal.partials()]
    for path, size_bytes, column in sizes:
        disk = device(path)
        places.setdefault(disk, path.parent)
        bytes_of.setdefault(disk, [0, 0])[column] += size_bytes
    uses = {disk: _use(place, bytes_of.get(disk, [0, 0])) for disk, place in places.items()}
    here = uses.pop(device(home))
    return replace(here, folder=str(home), others=tuple(sorted(uses.values(), key=lambda u: u.folder)))


def _use(place: Path, bytes_here: Sequence[int]) -> DiskUse:
    total, free = disk_usage(place)
    return DiskUse(str(place), total, free, bytes_here[0], bytes_here[1])
