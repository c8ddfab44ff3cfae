"""Your message: a bubble at the right that can be copied and edited in place."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QEnterEvent, QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QTextEdit, QWidget

from launcher.chat.branches import Place
from launcher.chat.conversation import Message
from launcher.chat.export import attachment_words
from launcher.core.units import whole
from launcher.ui.chat.answer_body import AnswerBody, BodyKind
from launcher.ui.chat.long_message import SHOWN_LINES, folded_part
from launcher.ui.chat.message_actions import MessageAction, MessageIntent, QuietButton, VersionSwitch
from launcher.ui.chat.message_editor import MessageEditor
from launcher.ui.chat.rows import MAX_SPOKEN_CHARS, MessageRow
from launcher.ui.chat.selected_text import body_markdown
from launcher.ui.chat.text_spot import TEXT_AREA, TextPart, TextPath, TextSpot
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.components import LinkButton, Text, frame
from launcher.ui.theme import Role, Tone, current, px
from launcher.ui.theme.menu_icons import icon

MAX_BUBBLE = 600
_BUBBLE_SIDE, _BUBBLE_TOP = 14, 7
_BUBBLE_RADIUS = 12


class UserRow(MessageRow):
    """Your message: a bubble at the right; copy, edit and more appear beside it, arrows between its versions under it.

    Signals:
        edit_requested(str, str): message id and its new text.
        toggled(str, bool): id of a long message, and whether all of it is shown now.
    """

    edit_requested = Signal(str, str)
    toggled = Signal(str, bool)

    def __init__(self, message: Message, typesetter: Typesetter, parent: QWidget, is_open: bool = False) -> None:
        super().__init__(parent)
        self.message = message
        self._part = folded_part(message.text)
        self._is_open = is_open
        self._fold = LinkButton("", self)
        self._fold.setVisible(bool(self._part))
        self._fold.clicked.connect(self._on_fold_clicked)
        self._body = AnswerBody(typesetter, self, BodyKind.PLAIN)
        self._body.height_changed.connect(self.height_changed)
        self._copy = QuietButton("copy", self.tr("Copy message"), self)
        self._edit = QuietButton("pencil", self.tr("Edit message"), self)
        self._more = QuietButton("ellipsis", self.tr("More with this message"), self)
        self._versions = VersionSwitch(self)
        self._versions.chosen.connect(self._on_version_chosen)
        self._files = Text("", Role.SMALL, Tone.MUTED, self, wrap=True, align=Qt.AlignmentFlag.AlignRight)
        self._files.set_text("\n".join(attachment_words(a) for a in message.attachments))
        self._files.setVisible(bool(message.attachments))
        self._is_free = True
        self._more.clicked.connect(self._on_more_clicked)
        self._copy.clicked.connect(self._on_copy_clicked)
        self._edit.clicked.connect(self._on_edit_clicked)
        self._editor: MessageEditor | None = None
        self._were_shown: dict[QWidget, bool] = {}
        self._bubble = QRectF()
        self.setAccessibleName(self.tr("You"))
        self.setAccessibleDescription(message.text[:MAX_SPOKEN_CHARS])
        self.restyle()

    def restyle(self) -> None:
        """Write the text in the colours of the theme."""
        is_folded = bool(self._part) and not self._is_open
        self._body.set_text(self._part if is_folded else self.message.text, is_final=True)
        self._fold.setText(self._all_words() if is_folded else self.tr("Show less"))
        self._fold.set_icon_name("chevron-down" if is_folded else "chevron-up")
        self._fold.setAccessibleName(self._fold.text())

    def set_open(self, is_open: bool) -> None:
        """Show all of a long message, or only its beginning."""
        if self._part and is_open != self._is_open:
            self._is_open = is_open
            self.restyle()
            self.height_changed.emit()
            self.toggled.emit(self.message.id, is_open)

    def set_view(self, top: int, bottom: int) -> bool:
        """Only what is near has widgets."""
        return self._body.set_view(top - px(_BUBBLE_TOP), bottom - px(_BUBBLE_TOP))

    def views(self) -> list[tuple[TextPath, QTextEdit]]:
        """The text of the bubble."""
        return [((TEXT_AREA, *at), view) for at, view in self._body.views]

    def part_of(self, is_reasoning: bool, at: int, *, unfolds: bool) -> TextPart | None:
        """Of the bubble; a long message unfolds for what is below its shown part."""
        if self._part and not self._is_open and at >= len(self._part):
            if not unfolds:
                return None
            self.set_open(True)
        return self._body.text_part(TEXT_AREA, at, self._body.y())

    def hold(self, paths: tuple[TextPath, ...]) -> None:
        """Parts of the text."""
        self._body.hold(frozenset(p[1] for p in paths))

    def markdown_between(self, begin: TextSpot | None, end: TextSpot | None) -> str:
        """As it was written. A selection that goes on below takes what is folded with it."""
        hidden = self.message.text[len(self._part) :] if self._part and not self._is_open and end is None else ""
        return body_markdown(self._body, begin, end) + hidden

    def mark(self, y: int) -> tuple[int, int]:
        """A place in the text."""
        return self._body.mark(y)

    def place_of(self, mark: tuple[int, int]) -> int:
        """Where that stands now."""
        return self._body.place_of(mark)

    def arrange(self, width: int) -> int:
        """The bubble hugs its text."""
        if self._editor is not None:
            height = self._editor.height_at(width)
            self._editor.setGeometry(0, 0, width, height)
            return height
        side, top = px(_BUBBLE_SIDE), px(_BUBBLE_TOP)
        room = min(px(MAX_BUBBLE), width) - 2 * side
        text_width = self._body.ideal_width(room)
        fold = self._fold.sizeHint()
        if not self._fold.isHidden():
            text_width = max(text_width, min(room, fold.width()))
        text_height = self._body.arrange(text_width)
        height = text_height + 2 * top + (0 if self._fold.isHidden() else fold.height() + px(2))
        if not self.message.text.strip():
            text_width = height = 0
        left = width - text_width - 2 * side
        self._bubble = QRectF(left, 0, text_width + 2 * side, height)
        # The blank space of a line is above its letters; this centres them.
        self._body.setGeometry(left + side, top - px(3), text_width, text_height)
        # Its icon, not its padding, stands under the text.
        self._fold.setGeometry(left + side - px(16), top + text_height, fold.width(), fold.height())
        x = left - px(4)
        for button in (self._more, self._edit, self._copy):
            hint = button.sizeHint()
            x -= hint.width()
            button.setGeometry(x, max(0, (min(height, px(38)) - hint.height()) // 2), hint.width(), hint.height())
        if not self._files.isHidden():
            # Under the text of the bubble, not under its edge.
            files_height = self._files.heightForWidth(room)
            self._files.setGeometry(width - room - side, height + px(2), room, files_height)
            height += px(4) + files_height
        if not self._versions.isHidden():
            hint = self._versions.sizeHint()
            self._versions.setGeometry(width - hint.width(), height + px(2), hint.width(), hint.height())
            height += px(2) + hint.height()
        self.update()
        return height

    def set_place(self, place: Place | None, *, is_last: bool, is_free: bool) -> None:
        """Show the arrows where there are versions; while an answer is made nothing can be changed."""
        had_arrows = not self._versions.isHidden()
        self._versions.set_place(place, is_free)
        self._is_free = is_free
        self._edit.setEnabled(is_free)
        if had_arrows is self._versions.isHidden():
            self.height_changed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The bubble."""
        if self._editor is not None:
            return
        painter = QPainter(self)
        line = current().outline if current().name == "high-contrast" else None
        frame(painter, self._bubble, _BUBBLE_RADIUS, current().raised, line)
        painter.end()

    def enterEvent(self, event: QEnterEvent) -> None:
        """The buttons appear."""
        self._show_buttons(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The buttons go."""
        self._show_buttons(False)
        super().leaveEvent(event)

    def _show_buttons(self, shown: bool) -> None:
        for button in (self._copy, self._edit, self._more):
            button.set_shown(shown)

    def _all_words(self) -> str:
        n_lines = self.message.text.rstrip().count("\n") + 1
        if n_lines > SHOWN_LINES:
            return self.tr("Show all ({count} lines)").format(count=whole(n_lines))
        return self.tr("Show all ({count} characters)").format(count=whole(len(self.message.text.rstrip())))

    def _on_fold_clicked(self) -> None:
        self.set_open(not self._is_open)

    def _on_version_chosen(self, message_id: str) -> None:
        self.intended.emit(MessageIntent(MessageAction.SHOW, message_id))

    def _on_more_clicked(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName(self._more.accessibleName())
        menu.addAction(icon("git-branch"), self.tr("Go on from here in a new chat")).triggered.connect(self._on_fork)
        delete = menu.addAction(icon("trash-2"), self.tr("Delete with all that follows"))
        delete.setEnabled(self._is_free)
        delete.triggered.connect(self._on_delete)
        menu.popup(self._more.mapToGlobal(QPoint(0, self._more.height())))

    def _on_fork(self) -> None:
        self.intended.emit(MessageIntent(MessageAction.FORK, self.message.id))

    def _on_delete(self) -> None:
        self.intended.emit(MessageIntent(MessageAction.DELETE, self.message.id))

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.message.text)

    def _on_edit_clicked(self) -> None:
        self._editor = MessageEditor(self.message.text, self.tr("Send again"), self)
        self._editor.accepted.connect(self._on_edit_accepted)
        self._editor.cancelled.connect(self._on_edit_cancelled)
        for widget in (self._body, self._copy, self._edit, self._fold):
            widget.hide()
        self._editor.show()
        self.height_changed.emit()
        self._editor.take_focus()

    def _on_edit_accepted(self, text: str) -> None:
        self._end_editing()
        self.edit_requested.emit(self.message.id, text)

    def _on_edit_cancelled(self) -> None:
        self._end_editing()

    def _end_editing(self) -> None:
        if self._editor is not None:
            self._editor.hide()
            self._editor.deleteLater()
            self._editor = None
        for widget in (self._body, self._copy, self._edit):
            widget.show()
        self._fold.setVisible(bool(self._part))
        self.height_changed.emit()
