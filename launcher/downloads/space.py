"""Disk space: asked before anything is fetched, for all files of an item at once."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from launcher.core.errors import NextStep, UserError
from launcher.core.units import gb
from launcher.core.words import joined, say

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
    free_words = (
        say(
            "{free} are free in {folder}, but {kept} of that are kept for other downloads.",
            free=gb(free),
            folder=folder,
            kept=gb(kept_bytes),
        )
        if kept_bytes
        else say("{free} are free in {folder}.", free=gb(free), folder=folder)
    )
    why = joined(
        say("Needs {size} more and {slack} to spare.", size=gb(needed_bytes), slack=gb(slack_bytes(needed_bytes))),
        free_words,
        say("The {size} already here stay.", size=gb(here_bytes)) if here_bytes else "",
    )
    raise UserError("disk_full", say("{size} too little disk space.", size=gb(short)), why, _STEPS)


def disk_error(error: OSError, folder: Path, here_bytes: int) -> UserError:
    """What a failure to write means."""
    detail = f"{type(error).__name__}: {error}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = say("{free} are free in {folder}.", free=gb(free_bytes(folder)), folder=folder)
        why = joined(free, say("The {size} already here stay.", size=gb(here_bytes)))
        return UserError("disk_full", "The disk is full.", why, _STEPS, detail)
    if error.errno == errno.EFBIG:
        why = say("The file system of {folder} allows no file of this size (FAT32 ends at 4.3 GB).", folder=folder)
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
    why = say("The system says: {text} ({folder}). What is here stays.", text=error.strerror or error, folder=folder)
    return UserError("disk_error", "The disk had an error.", why, (NextStep("Try again", "retry"),), detail)
