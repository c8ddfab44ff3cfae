"""What new chats begin with, kept in the program's settings; the same in the window and on the terminal."""

from __future__ import annotations

import json
import logging

from launcher.chat.chat_settings import ChatSettings
from launcher.core.codec import from_json, to_json
from launcher.store.settings import CHAT_DEFAULTS, Settings

_log = logging.getLogger(__name__)


def settings_of_new_chats(settings: Settings) -> ChatSettings:
    """What a new chat wants of its answers. Its system prompt is the program's: see `ChatSettings.prompt_over`."""
    text = settings.get(CHAT_DEFAULTS)
    if not text:
        return ChatSettings()
    try:
        return from_json(ChatSettings, json.loads(text)).for_new_chats()
    except (ValueError, RecursionError) as error:  # changed by hand
        _log.warning("The settings of new chats cannot be read: %s", error)
        return ChatSettings()


def text_of(chat: ChatSettings) -> str:
    """The value of CHAT_DEFAULTS with which new chats begin like this one."""
    new = chat.for_new_chats()
    return "" if new == ChatSettings() else json.dumps(to_json(new))
