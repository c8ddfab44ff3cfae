"""Disk space: asked before anything is fetched, for all files of an item at once."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from launcher.core.errors import NextStep, UserError
from launcher.core.units import gb

_STEPS = (NextStep("Free up space", "free_space"), NextStep("Choose a smaller model", "choose_model"))


def free_bytes(folder: Path) -> int:
    """Free on the file system that a folder (existing or not yet) lies on."""
    return disk_usage(folder)[1]


def disk_usage(folder: Path) -> tuple[int, int]:
    """(total, free) bytes of the file system that a folder (existing or not yet) lies on."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    return usage.total, usage.free


def slack_bytes(needed_bytes: int) -> int:
    """Left free beside a download, for everything else on the disk: 5 %, at most 2 GB."""
    return min(needed_bytes // 20, 2 * 10**9)


def check_space(folder: Path, needed_bytes: int, kept_bytes: int, here_bytes: int) -> None:
    """See that an item fits.

    Args:
        folder: where it goes.
        needed_bytes: still to be fetched.
        kept_bytes: promised to other running downloads on the disk.
        here_bytes: what is there already, for the text.

    Raises:
        UserError: "disk_full", with the numbers.
    """
    free = free_bytes(folder)
    short = needed_bytes + slack_bytes(needed_bytes) + kept_bytes - free
    if needed_bytes == 0 or short <= 0:
        return
    kept = f", but {gb(kept_bytes)} of that are kept for other downloads" if kept_bytes else ""
    here = f" The {gb(here_bytes)} already here stay." if here_bytes else ""
    slack = slack_bytes(needed_bytes)
    why = f"Needs {gb(needed_bytes)} more and {gb(slack)} to spare. {gb(free)} are free in {folder}{kept}.{here}"
    raise UserError("disk_full", f"{gb(short)} too little disk space.", why, _STEPS)


def disk_error(error: OSError, folder: Path, here_bytes: int) -> UserError:
    """What a failure to write means."""
    detail = f"{type(error).__name__}: {error}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        why = f"{gb(free_bytes(folder))} are free in {folder}. The {gb(here_bytes)} already here stay."
        return UserError("disk_full", "The disk is full.", why, _STEPS, detail)
    if error.errno == errno.EFBIG:
        why = f"The file system of {folder} allows no file of this size (FAT32 ends at 4.3 GB)."
        return UserError(
            "file_too_big",
            "The disk cannot hold a file this large.",
            why,
            (NextStep("Use another disk (HF_HOME)"),),
            detail,
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        why = f"{folder}: {error.strerror}."
        return UserError(
            "folder_not_writable",
            "The model folder cannot be written.",
            why,
            (NextStep("Use another folder (HF_HOME)"),),
            detail,
        )
    why = f"The system says: {error.strerror or error} ({folder}). What is here stays."
    return UserError("disk_error", "The disk had an error.", why, (NextStep("Try again", "retry"),), detail)
