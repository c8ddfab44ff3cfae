"""The block maps of finished downloads: with one, a file that the disk damaged is repaired by fetching the bad blocks alone.

8 bytes for each MiB of a model, in our own folder: the shared cache holds nothing of ours once a model is complete.
"""

from __future__ import annotations

import logging
import shutil
from contextlib import suppress
from pathlib import Path

from launcher.core.paths import data_dir

_log = logging.getLogger("launcher.downloads")


def keep(path: Path, sha256: str) -> None:
    """Take the map of a file that is complete. Without it nothing is lost but the shorter repair."""
    try:
        shutil.move(path, _kept(sha256))
    except FileNotFoundError:
        return
    except OSError as error:
        _log.info("The block map of %s could not be kept: %s", sha256, error)
        with suppress(OSError):
            path.unlink(missing_ok=True)


def give_back(sha256: str, path: Path) -> bool:
    """Put a map beside its file, which is a partial one again. False when there is none."""
    try:
        shutil.copyfile(_kept(sha256), path)
    except OSError:
        return False
    return True


def forget(sha256: str) -> None:
    """The file is gone."""
    with suppress(OSError):
        _kept(sha256).unlink(missing_ok=True)


def _kept(sha256: str) -> Path:
    folder = data_dir() / "block-maps"
    folder.mkdir(exist_ok=True)
    return folder / f"{sha256}.map"
