"""System prompts that are offered: a small library that comes with the program, and the user's own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from launcher.core.paths import resource

LANGUAGES = {"en": "English", "zh": "中文"}
"""Of the library, by the code that its file uses."""


@dataclass(frozen=True, slots=True)
class PromptPreset:
    """A system prompt with a name.

    Attributes:
        id: of a chosen one; unique within its language, or among the user's own.
        language: "en" or "zh" of the library's; "" for the user's own.
    """

    id: str
    name: str
    text: str
    language: str = ""

    @property
    def is_own(self) -> bool:
        """Whether the user made it."""
        return not self.language


@cache
def library() -> tuple[PromptPreset, ...]:
    """The presets that come with the program, in every language."""
    entries: list[dict[str, Any]] = json.loads(resource("chat", "prompts.json").read_text("utf-8"))
    return tuple(
        PromptPreset(entry["id"], entry[code]["name"], entry[code]["text"], code)
        for code in LANGUAGES
        for entry in entries
    )
