"""Model files whose tensor data is a hole: a header of some MB stands for hundreds of GB, and takes only its own size on the disk."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.core.errors import NextStep, UserError
from launcher.core.units import gb
from launcher.core.words import say

_PROBE_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class DryRunFile:
    """One file of a model.

    Attributes:
        path: a complete GGUF, or a file that holds only its beginning: everything before the tensor data (or more).
        total_bytes: size of the complete file.
    """

    path: Path
    total_bytes: int


@contextlib.contextmanager
def stretched(files: Sequence[DryRunFile]) -> Generator[Path]:
    """The first file of a set in which every file has its full size; headers alone are stretched in a temporary folder.

    llama.cpp finds the other shards by name, so a stretched set gets names of its own ("X-00002-of-00009.gguf").

    Raises:
        UserError: a file cannot be read, or the temporary folder cannot hold holes of that size.
    """
    if all(_has_all(f) for f in files):
        yield files[0].path
        return
    with contextlib.ExitStack() as held:
        try:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="launcher-dry-run-")))
            first = _make(files, folder)
        except OSError as error:
            raise _cannot(files, f"{error.strerror or error}.") from error
        yield first


def _has_all(file: DryRunFile) -> bool:
    try:
        return file.path.stat().st_size >= file.total_bytes
    except OSError as error:
        raise UserError(
            "model_missing",
            say("The model file {name} cannot be read.", name=file.path.name),
            f"{error.strerror or error}: {file.path}",
            (NextStep("Choose another model", "choose_model"),),
        ) from error


def _make(files: Sequence[DryRunFile], folder: Path) -> Path:
    stem = re.sub(r"(-\d{5}-of-\d{5})?(\.gguf)?$", "", files[0].path.name, flags=re.IGNORECASE) or "model"
    count = len(files)
    names = [f"{stem}-{i:05d}-of-{count:05d}.gguf" for i in range(1, count + 1)] if count > 1 else [f"{stem}.gguf"]
    for file, name in zip(files, names, strict=True):
        if _has_all(file):
            _link(file.path, folder / name)
        else:
            shutil.copyfile(file.path, folder / name)
            _stretch(folder / name, file.total_bytes, files)
    return folder / names[0]


def _link(source: Path, target: Path) -> None:
    """A complete file beside stretched ones; its bytes are not copied."""
    try:
        target.symlink_to(source.absolute())
    except OSError:  # Windows without the right to make symbolic links
        os.link(source, target)


def _stretch(path: Path, total_bytes: int, files: Sequence[DryRunFile]) -> None:
    with path.open("r+b") as file:
        if sys.platform == "win32":
            _make_sparse(file.fileno())
        before = file.seek(0, os.SEEK_END)
        # A file system without holes would write zeros: found out with some MB, not with the whole model.
        file.truncate(min(total_bytes, before + _PROBE_BYTES))
        blocks = getattr(os.fstat(file.fileno()), "st_blocks", 0)
        if blocks * 512 > before + _PROBE_BYTES // 2:
            raise _cannot(files, say("The file system of {folder} has no sparse files.", folder=str(path.parent)))
        file.truncate(total_bytes)


def _make_sparse(descriptor: int) -> None:
    """NTFS makes holes only in files that were marked so (DeviceIoControl, FSCTL_SET_SPARSE)."""
    if sys.platform == "win32":
        import msvcrt

        set_sparse, returned = 0x900C4, ctypes.c_ulong()
        handle = ctypes.c_void_p(msvcrt.get_osfhandle(descriptor))
        control = ctypes.windll.kernel32.DeviceIoControl
        if not control(handle, set_sparse, None, 0, None, 0, ctypes.byref(returned), None):
            raise ctypes.WinError()


def _cannot(files: Sequence[DryRunFile], why: str) -> UserError:
    size = gb(sum(f.total_bytes for f in files))
    return UserError(
        "dry_run_failed",
        say("{name} cannot be verified with the engine.", name=files[0].path.name),
        say("A file of its full size ({size}, empty) could not be made. {why}", size=size, why=why),
        (NextStep("Set TMPDIR to a folder on another disk"), NextStep("Free up space", "free_space")),
    )
