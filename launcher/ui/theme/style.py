"""What Qt's own widgets get from the tokens: a palette, and the few rules a palette cannot say."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

from launcher.ui.theme.fonts import px
from launcher.ui.theme.tokens import Tokens


def palette(tokens: Tokens) -> QPalette:
    """The palette of a theme; disabled is muted on window."""
    role = QPalette.ColorRole
    pairs = {
        role.Window: tokens.window,
        role.WindowText: tokens.text,
        role.Base: tokens.surface,
        role.AlternateBase: tokens.raised,
        role.Text: tokens.text,
        role.PlaceholderText: tokens.muted,
        role.Button: tokens.surface,
        role.ButtonText: tokens.text,
        role.BrightText: tokens.bad,
        role.Light: tokens.raised,
        role.Midlight: tokens.border,
        role.Mid: tokens.outline,
        role.Dark: tokens.outline,
        role.Shadow: tokens.outline,
        role.Highlight: tokens.accent,
        role.HighlightedText: tokens.on_accent,
        role.Accent: tokens.accent,
        role.Link: tokens.accent,
        role.LinkVisited: tokens.accent,
        role.ToolTipBase: tokens.surface,
        role.ToolTipText: tokens.text,
    }
    result = QPalette()
    for name, value in pairs.items():
        result.setColor(name, QColor(value))
    for name in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, name, QColor(tokens.muted))
    for name in (role.Base, role.Button):
        result.setColor(QPalette.ColorGroup.Disabled, name, QColor(tokens.window))
    return result


def style_sheet(tokens: Tokens) -> str:
    """Scroll bars, menus, tool tips and text fields; everything else is painted by our components."""
    field = f"{px(8)}px"
    return f"""
QToolTip {{ background: {tokens.surface}; color: {tokens.text}; border: 1px solid {tokens.outline}; padding: 4px 6px; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {tokens.outline}; border-radius: 3px; margin: 2px; min-height: 28px; min-width: 28px; }}
QScrollBar::handle:hover {{ background: {tokens.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QMenu {{ background: {tokens.surface}; color: {tokens.text}; border: 1px solid {tokens.outline}; padding: 4px; }}
QMenu::item {{ padding: {px(6)}px {px(24)}px {px(6)}px {px(10)}px; border-radius: 6px; }}
QMenu::item:selected {{ background: {tokens.raised}; }}
QMenu::item:disabled {{ color: {tokens.muted}; }}
QMenu::separator {{ height: 1px; background: {tokens.border}; margin: 4px 6px; }}
QLineEdit {{ background: {tokens.surface}; color: {tokens.text}; border: 1px solid {tokens.outline};
  border-radius: 8px; padding: 0 {field}; selection-background-color: {tokens.accent}; selection-color: {tokens.on_accent}; }}
QLineEdit:disabled {{ background: {tokens.window}; color: {tokens.muted}; border-color: {tokens.border}; }}
"""
