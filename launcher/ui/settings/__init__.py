"""The Settings page: the few settings that exist, each with its effect."""

from __future__ import annotations

from launcher.ui.settings.page import SettingsPage
from launcher.ui.settings.storage_section import StorageSection

__all__ = ["SettingsPage", "StorageSection"]
