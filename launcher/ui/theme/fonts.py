"""Sizes of text by role. All follow the system's UI font and its size; figures are tabular."""

from __future__ import annotations

from enum import Enum

from PySide6.QtGui import QFont, QGuiApplication

from launcher.ui.theme.state import state

BASE_PX = 14.0
"""The body size the look is drawn at; a larger system font scales everything, a smaller one does not shrink it."""

_SMALLEST_PX = 11.0


class Role(Enum):
    """What a piece of text is. The value: size and line height in px at scale 1, weight, monospace."""

    TITLE = (24.0, 32, 600, False)
    MODEL = (22.0, 30, 600, False)
    FIGURE = (18.0, 26, 600, False)
    SECTION = (16.0, 22, 600, False)
    CHAT = (15.0, 24, 400, False)
    CHAT_STRONG = (15.0, 24, 600, False)
    BODY = (14.0, 20, 400, False)
    BODY_MEDIUM = (14.0, 20, 500, False)
    BODY_STRONG = (14.0, 20, 600, False)
    SMALL = (12.5, 18, 400, False)
    SMALL_MEDIUM = (12.5, 18, 500, False)
    SMALL_STRONG = (12.5, 18, 600, False)
    SMALLEST = (12.0, 16, 400, False)
    SMALLEST_STRONG = (12.0, 16, 600, False)
    RAIL = (11.5, 16, 500, False)
    MONO = (12.5, 18, 400, True)
    MONO_SMALL = (12.0, 16, 400, True)


def px(length: float) -> int:
    """A length at scale 1 in the pixels of the present text size (at least 1)."""
    return max(1, round(length * state.text_scale))


def line_height(role: Role) -> int:
    """Height of one line of that role, px."""
    return px(role.value[1])


def font(role: Role) -> QFont:
    """The font of a role at the present text size; a copy, which the caller may change."""
    made = state.fonts.get(role)
    if made is None:
        made = state.fonts[role] = _make(role)
    return QFont(made)


def _make(role: Role) -> QFont:
    size_px, _, weight, is_mono = role.value
    result = QFont(_fixed_family() if is_mono else state.family)
    if is_mono:
        result.setStyleHint(QFont.StyleHint.Monospace)
    screen = QGuiApplication.primaryScreen()
    # Points, because QFont takes whole pixels only and 12.5 px is one of the sizes.
    dpi = screen.logicalDotsPerInchY()
    result.setPointSizeF(max(_SMALLEST_PX, size_px * state.text_scale) * 72.0 / dpi)
    result.setWeight(QFont.Weight(weight))
    # Advances stay fractional: with full hinting FreeType rounds every letter's width and words run wide.
    result.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    if not is_mono:
        result.setFeature(QFont.Tag("tnum"), 1)
    return result


def _fixed_family() -> str:
    from PySide6.QtGui import QFontDatabase  # no text of the first frame is monospaced

    return QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
