"""Files on the disk that the catalog does not have: planned by their own headers, like everything else."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from launcher.core.downloads import Installed
from launcher.core.errors import UserError
from launcher.core.models import ModelFile, Quant, Variant
from launcher.services.outside import Origin, describe

FILE_FAMILY = "file"
_log = logging.getLogger("launcher.services")


def file_model(path: str) -> str:
    """The id of the model that a file outside the catalog is."""
    return f"{FILE_FAMILY}:{path}"


def file_of(installed: Iterable[Installed], model: str, quant: Quant) -> Installed | None:
    """The first of the files that is this quantisation of a catalog model."""
    name = quant.name.lower()
    same = (item for item in installed if item.model == model and item.quant.lower() == name)
    return next((item for item in same if item.repo in (None, quant.repo)), None)


def read_files(installed: tuple[Installed, ...]) -> tuple[tuple[Variant, Quant], ...]:
    """Describe every file that is none of the catalog's; blocks for the headers that were not read before.

    What is no model, or none that this engine can load, is left out.
    """
    from launcher import catalog

    left = list(installed)
    for variant in catalog.load().variants:
        for quant in variant.quants:
            found = file_of(left, variant.id, quant)
            if found is not None:
                left.remove(found)
    described = (_read(item, _changed_ns(item.path)) for item in left)
    return tuple(pair for pair in described if pair is not None)


def _changed_ns(path: str) -> int:
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return 0  # gone since the scan; reading it says so


@lru_cache(maxsize=256)
def _read(item: Installed, changed_ns: int) -> tuple[Variant, Quant] | None:
    """What a header says. The time is part of the cache's key: a file that changed is read again."""
    del changed_ns
    from launcher import catalog
    from launcher.catalog import gguf
    from launcher.catalog.identify import identify

    path = Path(item.path)
    try:
        headers = gguf.read_set(path)
        known = identify(catalog.load(), path, headers, item.repo)
        files = tuple(ModelFile(p.name, p.stat().st_size) for p in gguf.shard_paths(path))
    except (UserError, OSError) as error:
        _log.info("%s is not planned: %s", path, error)
        return None
    origin = Origin(file_model(item.path), FILE_FAMILY, item.name, item.repo or "", files)
    return describe(origin, known, headers)
