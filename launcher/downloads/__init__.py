"""Bytes to the disk: the transfer, the queue, the library of installed files. Knows nothing of windows or engines."""

from launcher.downloads.item import fetch
from launcher.downloads.queue import DownloadQueue
from launcher.downloads.transfer import Policy

__all__ = ["DownloadQueue", "Policy", "fetch"]
