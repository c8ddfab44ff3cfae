"""Bytes to the disk: the transfer, the queue, the library of installed files. Knows nothing of windows or engines."""

from launcher.downloads.queue.queue import DownloadQueue
from launcher.downloads.transfer.fetch import fetch
from launcher.downloads.transfer.transfer import Policy

__all__ = ["DownloadQueue", "Policy", "fetch"]
