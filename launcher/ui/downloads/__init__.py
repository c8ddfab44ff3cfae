"""The Downloads page: every item with its state, the disk that models are on, and where they come from."""

from __future__ import annotations

from launcher.ui.downloads.page import DownloadsPage

__all__ = ["DownloadsPage"]
