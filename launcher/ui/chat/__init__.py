"""The chat page: conversation list, messages, composer. Takes values through setters, emits intents as signals."""

from __future__ import annotations

from launcher.ui.chat.page import ChatPage
from launcher.ui.chat.states import ModelState, ThinkingMode

__all__ = ["ChatPage", "ModelState", "ThinkingMode"]
