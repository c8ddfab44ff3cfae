"""The frame around the pages: navigation rail and status bar."""

from __future__ import annotations

from launcher.ui.shell.rail import NavRail
from launcher.ui.shell.status_bar import EngineState, StatusBar

__all__ = ["EngineState", "NavRail", "StatusBar"]
