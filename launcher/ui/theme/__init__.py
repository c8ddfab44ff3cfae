"""How everything looks: colours, fonts, icons and the manager that follows the system.

Widgets read `current()` while painting and never store a colour; a change of theme reaches them as an ordinary
palette change. Sizes that hold text go through `px()`, which grows with the text size.
"""

from __future__ import annotations

from launcher.ui.theme.fonts import Role, font, line_height, px
from launcher.ui.theme.icons import paint_icon, pixmap
from launcher.ui.theme.manager import ThemeManager, ThemeMode
from launcher.ui.theme.state import Tone, colour, current, mix
from launcher.ui.theme.tokens import DARK, HIGH_CONTRAST, LIGHT, Tokens

__all__ = [
    "DARK",
    "HIGH_CONTRAST",
    "LIGHT",
    "Role",
    "ThemeManager",
    "ThemeMode",
    "Tokens",
    "Tone",
    "colour",
    "current",
    "font",
    "line_height",
    "mix",
    "paint_icon",
    "pixmap",
    "px",
]
