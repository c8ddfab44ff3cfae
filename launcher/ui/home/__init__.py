"""The first page: what this PC can run, and one button to run it."""

from __future__ import annotations

from launcher.ui.home.page import HomePage

__all__ = ["HomePage"]
