"""The settings of one chat, beside it. Shows values, emits intents; it knows nothing of engine and store."""

from __future__ import annotations

from launcher.ui.chat_settings.panel import ChatSettingsPanel
from launcher.ui.chat_settings.section import ModelWords

__all__ = ["ChatSettingsPanel", "ModelWords"]
