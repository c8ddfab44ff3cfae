"""Bytes to the disk: the transfer, the queue, the library of installed files. Knows nothing of windows or engines."""

from typing import TYPE_CHECKING, Any

from launcher.downloads.queue.queue import DownloadQueue
from launcher.downloads.transfer.retry import Policy

if TYPE_CHECKING:
    from launcher.downloads.transfer.fetch import fetch

__all__ = ["DownloadQueue", "Policy", "fetch"]


def __getattr__(name: str) -> Any:
    """Load the transfer when somebody fetches: the window starts without it."""
    if name != "fetch":
        raise AttributeError(name)
    from launcher.downloads.transfer.fetch import fetch

    return fetch
