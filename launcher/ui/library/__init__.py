"""The library page: every model on this PC, whoever put it there, and what can be done with it."""

from __future__ import annotations

from launcher.ui.library.area import DOWNLOADS, LIBRARY, DownloadsArea

__all__ = ["DOWNLOADS", "LIBRARY", "DownloadsArea"]
