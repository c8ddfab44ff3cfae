"""Disk space: asked before anything is fetched, for all files of an item at once."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterable
from pathlib import Path

from launcher.core.downloads import DownloadProgress, DownloadRequest
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.units import gb
from launcher.core.words import joined, say
from launcher.downloads.disk.cache import RepoCache, size_of

_STEPS = (
    NextStep("Free up space", StepAction.FREE_SPACE),
    NextStep("Choose a smaller model", StepAction.CHOOSE_MODEL),
)
FAT32_BYTES = (1 << 32) - 1
_FAT32_NAMES = frozenset({"vfat", "msdos", "fat", "fat32"})  # Linux, macOS, Windows


def place(request: DownloadRequest) -> Path:
    """The folder that an item's bytes go to."""
    return RepoCache.for_request(request).folder


def free_bytes(folder: Path) -> int:
    """Free on the file system that a folder (existing or not yet) lies on."""
    return disk_usage(folder)[1]


def disk_usage(folder: Path) -> tuple[int, int]:
    """(total, free) bytes of the file system that a folder (existing or not yet) lies on."""
    usage = shutil.disk_usage(existing(folder))
    return usage.total, usage.free


def existing(folder: Path) -> Path:
    """A folder, or the nearest one above it that is there."""
    while size_of(folder) is None and folder != folder.parent:
        folder = folder.parent
    return folder


def device(place: Path) -> int:
    """The file system that a place (existing or not yet) is on."""
    return existing(place).stat().st_dev


def is_same_disk(one: Path, other: Path) -> bool:
    """Whether two places (existing or not yet) are on one file system."""
    return device(one) == device(other)


def slack_bytes(needed_bytes: int) -> int:
    """Left free beside a download, for everything else on the disk: 5 %, at most 2 GB."""
    return min(needed_bytes // 20, 2 * 10**9)


def promised_bytes(request: DownloadRequest, others: Iterable[tuple[DownloadRequest, DownloadProgress]]) -> int:
    """What other items still need on an item's file system."""
    return sum(max(0, p.total_bytes - p.done_bytes) for r, p in others if _share_a_disk(request, r))


def _share_a_disk(one: DownloadRequest, other: DownloadRequest) -> bool:
    try:
        return is_same_disk(place(one), place(other))
    except OSError:  # one of them is just going away
        return True


def has_room(folder: Path, needed_bytes: int, kept_bytes: int) -> bool:
    """Whether `check_space` would let an item go on; False while the disk cannot be asked."""
    try:
        return needed_bytes + slack_bytes(needed_bytes) + kept_bytes <= free_bytes(folder)
    except OSError:
        return False


def _known_as(folder: Path) -> Path:
    """The models' folder, which the user knows, for a repository's inside it; not when that is a link to another disk."""
    return folder.parent if folder.name.startswith("models--") and not folder.is_symlink() else folder


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
    if needed_bytes <= 0 or short <= 0:
        return
    free_words = (
        say(
            "{free} are free in {folder}, but {kept} of that are kept for other downloads.",
            free=gb(free),
            folder=_known_as(folder),
            kept=gb(kept_bytes),
        )
        if kept_bytes
        else say("{free} are free in {folder}.", free=gb(free), folder=_known_as(folder))
    )
    why = joined(
        say("Needs {size} more and {slack} to spare.", size=gb(needed_bytes), slack=gb(slack_bytes(needed_bytes))),
        free_words,
        say("The {size} already here stay.", size=gb(here_bytes)) if here_bytes else "",
    )
    raise UserError("disk_full", say("{size} too little disk space.", size=gb(short)), why, _STEPS)


def check_file_sizes(request: DownloadRequest) -> None:
    """See before the first byte that the file system takes files so large.

    Raises:
        UserError: "file_too_big".
    """
    folder = existing(place(request))
    largest = max((f.size_bytes or 0 for f in request.files), default=0)
    limit = largest_file_bytes(folder) if largest > FAT32_BYTES else None
    if limit is not None:
        raise _too_big(folder)


def largest_file_bytes(folder: Path) -> int | None:
    """FAT32's limit; None where files may be larger. Asked of the mount table: a trial file of 4 GiB may be written out (exFAT)."""
    import psutil

    mounted = {Path(p.mountpoint): p.fstype.lower() for p in psutil.disk_partitions(all=True)}
    inside = existing(folder).resolve()
    kind = next((mounted[parent] for parent in (inside, *inside.parents) if parent in mounted), "")
    return FAT32_BYTES if kind in _FAT32_NAMES else None


def check_there(request: DownloadRequest, here_bytes: int) -> None:
    """See that the disk with an item's bytes is there, so that it is not begun anew on another one under the same name.

    Raises:
        UserError: "folder_missing".
    """
    if place(request).is_dir():
        return
    why = say("{size} of it are in {folder}, which is not there now.", size=gb(here_bytes), folder=request.folder or "")
    steps = (
        NextStep("Connect the disk"),
        NextStep("Try again", StepAction.RETRY),
        NextStep("Start over", StepAction.RESTART),
    )
    raise UserError("folder_missing", "The disk with this download is not there.", why, steps)


def going_on(error: UserError, key: str) -> UserError:
    """A full disk as the queue says it: the item goes on by itself, here or on a disk that the user chooses."""
    steps = (NextStep("Use another disk…", StepAction.CHANGE_FOLDER, key), *error.next_steps)
    why = joined(error.why, say("It goes on by itself when there is room."))
    return UserError(error.code, error.what, why, steps, error.detail)


def disk_error(error: OSError, folder: Path, here_bytes: int) -> UserError:
    """What a failure to write means."""
    detail = f"{type(error).__name__}: {error}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = say("{free} are free in {folder}.", free=gb(free_bytes(folder)), folder=_known_as(folder))
        quota = say("A quota of your account is used up.") if error.errno == errno.EDQUOT else ""
        here = say("The {size} already here stay.", size=gb(here_bytes)) if here_bytes else ""
        why = joined(quota, free, here)
        return UserError("disk_full", "The disk is full.", why, _STEPS, detail)
    if error.errno == errno.EFBIG:
        return _too_big(folder, detail)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        why = f"{folder}: {error.strerror}."
        return UserError(
            "folder_not_writable",
            "The model folder cannot be written.",
            why,
            (NextStep("Use another disk…", StepAction.CHANGE_FOLDER),),
            detail,
        )
    why = say("The system says: {text} ({folder}). What is here stays.", text=error.strerror or error, folder=folder)
    return UserError("disk_error", "The disk had an error.", why, (NextStep("Try again", StepAction.RETRY),), detail)


def _too_big(folder: Path, detail: str = "") -> UserError:
    why = say("The file system of {folder} allows no file of this size (FAT32 ends at 4.3 GB).", folder=folder)
    steps = (NextStep("Use another disk…", StepAction.CHANGE_FOLDER),)
    return UserError("file_too_big", "The disk cannot hold a file this large.", why, steps, detail)
