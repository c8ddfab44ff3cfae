"""The theme in force. One per process, as the application palette is."""

from __future__ import annotations

from enum import Enum

from PySide6.QtGui import QColor, QFont

from launcher.ui.theme.tokens import LIGHT, Tokens


class Tone(Enum):
    """What a colour of text or of an icon means; the value is the token's name."""

    TEXT = "text"
    MUTED = "muted"
    ACCENT = "accent"
    ON_ACCENT = "on_accent"
    ON_WEIGHTS = "on_weights"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


class _State:
    def __init__(self) -> None:
        self.tokens: Tokens = LIGHT
        self.text_scale = 1.0
        self.family = ""
        self.fonts: dict[Enum, QFont] = {}


state = _State()
"""Written by `ThemeManager` alone."""


def current() -> Tokens:
    """The colours in force; read it while painting, never keep it."""
    return state.tokens


def colour(tone: Tone) -> QColor:
    """A tone of the theme in force."""
    return QColor(getattr(state.tokens, tone.value))


def mix(first: str | QColor, second: str | QColor, share: float) -> QColor:
    """`first` with `share` (0..1) of `second` in it, for pressed and hovered fills."""
    a, b = QColor(first), QColor(second)
    return QColor(
        round(a.red() + (b.red() - a.red()) * share),
        round(a.green() + (b.green() - a.green()) * share),
        round(a.blue() + (b.blue() - a.blue()) * share),
    )
