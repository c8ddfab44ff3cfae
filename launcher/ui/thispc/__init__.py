"""The page about the hardware and the predictions."""

from __future__ import annotations

from launcher.ui.thispc.page import ThisPcPage

__all__ = ["ThisPcPage"]
