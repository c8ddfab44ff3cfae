"""How text in the chat looks: fonts and colours of an answer, of thinking, of links and code inside a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from markdown_it.token import Token
from PySide6.QtGui import QColor, QFont, QTextBlockFormat, QTextCharFormat

from launcher.ui.chat.document_text import CODE_PROPERTY
from launcher.ui.chat.prose import visible
from launcher.ui.theme import Role, Tone, colour, current, font, line_height


@dataclass(frozen=True, slots=True)
class Look:
    """The text of an answer or of the thinking before it. `headings`: roles of the first levels; deeper ones are `strong`."""

    text: Role
    strong: Role
    tone: Tone
    headings: tuple[Role, ...] = ()


ANSWER = Look(Role.CHAT, Role.CHAT_STRONG, Tone.TEXT, (Role.FIGURE, Role.SECTION))
THINKING = Look(Role.BODY, Role.BODY_STRONG, Tone.MUTED)


def character_format(role: Role, tone: Tone = Tone.TEXT) -> QTextCharFormat:
    """The format of text in a role."""
    shape = QTextCharFormat()
    shape.setFont(font(role))
    shape.setForeground(colour(tone))
    return shape


def line_format(role: Role) -> QTextBlockFormat:
    """A paragraph whose lines have the height of the role."""
    layout = QTextBlockFormat()
    layout.setLineHeight(line_height(role), QTextBlockFormat.LineHeightTypes.MinimumHeight.value)
    return layout


def opened(token: Token, around: QTextCharFormat) -> QTextCharFormat:
    """The format inside a mark: emphasis, link."""
    shape = QTextCharFormat(around)
    if token.type == "strong_open":
        shape.setFontWeight(QFont.Weight.DemiBold)
    elif token.type == "em_open":
        shape.setFontItalic(True)
    elif token.type == "s_open":
        shape.setFontStrikeOut(True)
    elif token.type == "link_open":
        return link_format(around, str(token.attrGet("href") or ""))
    return shape


def link_format(around: QTextCharFormat, address: str) -> QTextCharFormat:
    """A link; its address is shown while the mouse is on it."""
    shape = QTextCharFormat(around)
    shape.setAnchor(True)
    shape.setAnchorHref(address)
    shape.setToolTip(visible(address))
    shape.setForeground(QColor(current().accent))
    shape.setFontUnderline(True)
    return shape


def code_format(around: QTextCharFormat) -> QTextCharFormat:
    """Code inside a sentence."""
    shape = QTextCharFormat(around)
    mono = font(Role.MONO)
    mono.setWeight(around.font().weight())
    shape.setFont(mono)
    shape.setBackground(QColor(current().raised))
    shape.setProperty(CODE_PROPERTY, True)
    return shape
