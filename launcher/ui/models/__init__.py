"""The Models page: every model and size with fit, speed and quality, and the plan of the chosen one."""

from __future__ import annotations

from launcher.ui.models.page import ModelsPage

__all__ = ["ModelsPage"]
