"""Where a download is. Apart from the other values of downloads: Home's button can show it before there is one."""

from __future__ import annotations

from enum import StrEnum


class DownloadState(StrEnum):
    """Where a download is. PAUSED and FAILED keep every byte that is on the disk."""

    QUEUED = "queued"
    CHECKING = "checking"
    DOWNLOADING = "downloading"
    VERIFYING = "verifying"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
