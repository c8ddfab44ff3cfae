"""An answer: thinking, text, actions and figures."""

from __future__ import annotations

import time
from dataclasses import replace

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QTextEdit, QWidget

from launcher.chat.branches import Place
from launcher.chat.conversation import Message, MessageState
from launcher.ui.chat.answer_figures import figure_words
from launcher.ui.chat.answer_text import AnswerText
from launcher.ui.chat.message_actions import ActionButton, MessageAction, MessageIntent, VersionSwitch
from launcher.ui.chat.message_editor import MessageEditor
from launcher.ui.chat.reasoning import ReasoningFold
from launcher.ui.chat.rows import MAX_SPOKEN_CHARS, MessageRow
from launcher.ui.chat.selected_text import body_markdown
from launcher.ui.chat.statistics_fold import StatisticsFold
from launcher.ui.chat.text_spot import TEXT_AREA, THINKING_AREA, TextPart, TextPath, TextSpot
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.components import LinkButton, Text
from launcher.ui.theme import Role, Tone, line_height, px
from launcher.ui.theme.menu_icons import icon


class AnswerRow(MessageRow):
    """An answer: thinking, text, actions and figures.

    Signals:
        regenerate_requested(str): message id.
    """

    regenerate_requested = Signal(str)

    def __init__(self, message: Message, typesetter: Typesetter, parent: QWidget) -> None:
        super().__init__(parent)
        self.message = message
        self._typesetter = typesetter
        self._fold: ReasoningFold | None = None
        self._view: tuple[int, int] | None = None
        self._body = AnswerText(typesetter, self)
        self._body.height_changed.connect(self.height_changed)
        self._body.link_activated.connect(self.link_activated)
        self._copy = ActionButton("copy", self.tr("Copy answer"), self)
        self._again = ActionButton("rotate-cw", self.tr("Answer again"), self)
        self._fork = ActionButton("git-branch", self.tr("Go on from here in a new chat"), self)
        self._more = ActionButton("ellipsis", self.tr("More with this answer"), self)
        self._continue = LinkButton(self.tr("Continue"), self)
        self._statistics = StatisticsFold(self)
        self._statistics.toggled.connect(self.height_changed)
        self._versions = VersionSwitch(self)
        self._editor: MessageEditor | None = None
        self._is_last, self._is_free = False, True
        self._fork.clicked.connect(self._on_fork)
        self._more.clicked.connect(self._on_more_clicked)
        self._continue.clicked.connect(self._on_continue)
        self._versions.chosen.connect(self._on_version_chosen)
        self._figures = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        self._copy.clicked.connect(self._on_copy_clicked)
        self._again.clicked.connect(self._on_again_clicked)
        self._thinking_since = time.monotonic()
        self._spoken_at = 0.0
        self.setAccessibleName(self.tr("Answer"))
        self.show_message(message)

    def show_message(self, message: Message) -> None:
        """Show a message from the beginning."""
        is_streaming = message.state is MessageState.STREAMING
        self.message = message
        self._body.set_text(message.text, is_final=not is_streaming)
        self._show_reasoning()
        self._show_actions()

    def append(self, reasoning: str, text: str, reasoning_tokens: int | None) -> None:
        """More of a streaming answer."""
        self.message = replace(
            self.message, reasoning=self.message.reasoning + reasoning, text=self.message.text + text
        )
        if text:
            self._body.append(text)
        self._show_reasoning(reasoning_tokens)
        if time.monotonic() - self._spoken_at > 1.0:
            self._speak()

    def finish(self, message: Message) -> None:
        """The answer is complete, stopped or failed; what is already written stays."""
        is_same = message.text == self.message.text
        self.message = message
        if is_same:
            self._body.finish()
        else:
            self._body.set_text(message.text, is_final=True)
        self._show_reasoning()
        self._show_actions()

    def show_figures(self, message: Message) -> None:
        """More is known of how it was made."""
        self.message = message
        if self._editor is None:
            self._show_actions()

    def restyle(self) -> None:
        """Write the text in the colours of the theme."""
        self._body.set_text(self.message.text, is_final=self.message.state is not MessageState.STREAMING)
        if self._fold is not None:
            self._fold.restyle()

    def set_view(self, top: int, bottom: int) -> bool:
        """Only what is near has widgets, in text and thinking."""
        self._view = (top, bottom)
        is_other_fold = self._fold is not None and self._fold.set_view(top, bottom)
        return self._body.set_view(top - self._body.y(), bottom - self._body.y()) or is_other_fold

    def views(self) -> list[tuple[TextPath, QTextEdit]]:
        """Of the thinking if it is unfolded, and of the text."""
        thinking = self._fold.body if self._fold is not None else None
        found = [] if thinking is None else [((THINKING_AREA, *at), view) for at, view in thinking.views]
        return found + [((TEXT_AREA, *at), view) for at, view in self._body.views]

    def part_of(self, is_reasoning: bool, at: int, *, unfolds: bool) -> TextPart | None:
        """Of the thinking or of the text."""
        if not is_reasoning:
            return self._body.text_part(TEXT_AREA, at, self._body.y())
        if self._fold is None:
            return None
        if unfolds:
            self._fold.unfold()
        thinking = self._fold.body
        if thinking is None:
            return None
        return thinking.text_part(THINKING_AREA, at, self._fold.body_top)

    def hold(self, paths: tuple[TextPath, ...]) -> None:
        """Parts of thinking or text."""
        thinking = self._fold.body if self._fold is not None else None
        if thinking is not None:
            thinking.hold(frozenset(p[1] for p in paths if p[0] == THINKING_AREA))
        self._body.hold(frozenset(p[1] for p in paths if p[0] == TEXT_AREA))

    def markdown_between(self, begin: TextSpot | None, end: TextSpot | None) -> str:
        """Of the thinking only what was selected in it itself."""
        thinking = self._fold.body if self._fold is not None else None
        pieces: list[str] = []
        if thinking is not None and begin is not None and begin.path[0] == THINKING_AREA:
            ends_here = end is not None and end.path[0] == THINKING_AREA
            pieces.append(body_markdown(thinking, begin, end if ends_here else None))
            if ends_here:
                return pieces[0]
            begin = None
        elif thinking is not None and end is not None and end.path[0] == THINKING_AREA:
            return body_markdown(thinking, None, end)
        pieces.append(body_markdown(self._body, begin, end))
        return "\n\n".join(pieces)

    def mark(self, y: int) -> tuple[int, int]:
        """A place in the text; the thinking above it keeps its height."""
        if y < self._body.y():
            return -1, y
        return self._body.mark(y - self._body.y())

    def place_of(self, mark: tuple[int, int]) -> int:
        """Where that stands now."""
        return mark[1] if mark[0] < 0 else self._body.y() + self._body.place_of(mark)

    def arrange(self, width: int) -> int:
        """Fold, text, actions; or the field in which the text is changed."""
        if self._editor is not None:
            height = self._editor.height_at(width)
            self._editor.setGeometry(0, 0, width, height)
            return height
        y = 0
        if self._fold is not None:
            height = self._fold.arrange(width)
            self._fold.setGeometry(0, 0, width, height)
            y = height + (px(10) if self.message.text else 0)
        self._body.move(0, y)
        if self._view is not None:
            self._body.set_view(self._view[0] - y, self._view[1] - y)
        height = self._body.arrange(width)
        self._body.setGeometry(0, y, width, height)
        y += height
        if not self._copy.isHidden():
            y += px(8)
            x = -px(6)
            for part in self._actions():
                if not part.isHidden():
                    hint = part.sizeHint()
                    part.setGeometry(x, y + (self._copy.height() - hint.height()) // 2, hint.width(), hint.height())
                    x += hint.width() + px(2)
            # The first line is level with the buttons; many figures take a second one.
            room = max(1, width - x - px(6))
            lines = self._figures.heightForWidth(room)
            top = (self._copy.height() - line_height(Role.SMALL)) // 2
            self._figures.setGeometry(x + px(6), y + top, room, lines)
            y += max(self._copy.height(), top + lines)
            y += self._statistics.arrange(y, width)
        return y

    def set_place(self, place: Place | None, *, is_last: bool, is_free: bool) -> None:
        """Show the arrows where there are versions; what cannot be done while an answer is made is disabled."""
        if (place, is_last, is_free) == (self._versions.place, self._is_last, self._is_free):
            return
        self._is_last, self._is_free = is_last, is_free
        self._versions.set_place(place, is_free)
        self._show_actions()

    def _actions(self) -> tuple[QWidget, ...]:
        return (
            self._versions, self._copy, self._again, self._fork, self._statistics.button, self._more, self._continue,
        )  # fmt: skip

    def _can_continue(self) -> bool:
        """The last answer, or its thought, was cut off, or the user wrote its beginning."""
        message = self.message
        if not self._is_last or not (message.text.strip() or message.is_only_thought):
            return False
        # A thought that filled the context is thought again with more room: the notice below it offers that.
        cuts = ("length",) if message.is_only_thought else ("length", "context")
        was_cut = message.timings is not None and message.timings.stop_reason in cuts
        return was_cut or message.is_edited or message.state in (MessageState.STOPPED, MessageState.FAILED)

    def _show_reasoning(self, tokens: int | None = None) -> None:
        message = self.message
        if not message.reasoning.strip():
            return
        if self._fold is None:
            self._fold = ReasoningFold(self._typesetter, self)
            self._fold.height_changed.connect(self.height_changed)
            self._fold.link_activated.connect(self.link_activated)
            self._fold.toggled_by_user.connect(self._on_fold_toggled)
            if self._view is not None:
                self._fold.set_view(*self._view)
            self._fold.show()
            self._thinking_since = time.monotonic()
        timings = message.timings
        if message.state is MessageState.STREAMING and not message.text:
            self._fold.set_running(message.reasoning, time.monotonic() - self._thinking_since, tokens)
        elif timings is not None:
            self._fold.set_finished(message.reasoning, timings.reasoning_seconds, timings.reasoning_tokens)
        elif self._fold.is_running:
            self._fold.set_finished(message.reasoning, time.monotonic() - self._thinking_since, tokens)
        elif message.state is not MessageState.STREAMING:
            self._fold.set_finished(message.reasoning, None, None)

    def _show_actions(self) -> None:
        is_over = self.message.state is not MessageState.STREAMING
        for widget in (self._copy, self._again, self._fork, self._more, self._figures):
            widget.setVisible(is_over)
        self._versions.setVisible(is_over and self._versions.place is not None)
        self._statistics.set_message(self.message if is_over else None)
        self._continue.setVisible(is_over and self._can_continue())
        self._copy.setEnabled(bool(self.message.text))
        self._again.setEnabled(self._is_free)
        self._continue.setEnabled(self._is_free)
        self._figures.set_text(figure_words(self.message))
        if is_over:
            self._speak()
        self.height_changed.emit()

    def _speak(self) -> None:
        """Screen readers (and the end-to-end test) read the whole answer here; at most once per second while it grows."""
        self._spoken_at = time.monotonic()
        self.setAccessibleDescription(self.message.text[:MAX_SPOKEN_CHARS])

    def _on_fold_toggled(self, is_open: bool) -> None:
        if is_open:
            self.unfolded.emit()

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.message.text)

    def _on_again_clicked(self) -> None:
        self.regenerate_requested.emit(self.message.id)

    def _on_version_chosen(self, message_id: str) -> None:
        self.intended.emit(MessageIntent(MessageAction.SHOW, message_id))

    def _on_fork(self) -> None:
        self.intended.emit(MessageIntent(MessageAction.FORK, self.message.id))

    def _on_continue(self) -> None:
        self.intended.emit(MessageIntent(MessageAction.CONTINUE, self.message.id))

    def _on_delete(self) -> None:
        self.intended.emit(MessageIntent(MessageAction.DELETE, self.message.id))

    def _on_more_clicked(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName(self._more.accessibleName())
        edit = menu.addAction(icon("pencil"), self.tr("Edit answer"))
        edit.triggered.connect(self._on_edit)
        delete = menu.addAction(icon("trash-2"), self.tr("Delete with all that follows"))
        delete.triggered.connect(self._on_delete)
        for action in (edit, delete):
            action.setEnabled(self._is_free)
        menu.popup(self._more.mapToGlobal(QPoint(0, self._more.height())))

    # -- changing the text

    def _on_edit(self) -> None:
        self._editor = MessageEditor(self.message.text, self.tr("Save as a version"), self)
        self._editor.accepted.connect(self._on_edit_accepted)
        self._editor.cancelled.connect(self._end_editing)
        self._statistics.set_message(None)
        for part in (self._body, self._fold, self._figures, *self._actions()):
            if part is not None:
                part.hide()
        self._editor.show()
        self.height_changed.emit()
        self._editor.take_focus()

    def _on_edit_accepted(self, text: str) -> None:
        self._end_editing()
        if text != self.message.text.strip():
            self.intended.emit(MessageIntent(MessageAction.EDIT, self.message.id, text))

    def _end_editing(self) -> None:
        if self._editor is not None:
            self._editor.hide()
            self._editor.deleteLater()
            self._editor = None
        self._body.show()
        if self._fold is not None:
            self._fold.show()
        self._show_actions()
