"""One download as a card: state, progress, what to do. It is kept between updates and changes only what differs."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QMouseEvent, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.downloads import DownloadProgress, DownloadRequest
from launcher.core.errors import NextStep, StepAction
from launcher.core.words import known
from launcher.ui.components import (
    ButtonSize,
    Card,
    FlowLayout,
    IconLabel,
    LinkButton,
    SecondaryButton,
    Text,
    ThinBar,
)
from launcher.ui.downloads.face import Face, face_of
from launcher.ui.downloads.focus_order import focusable, put_in_order
from launcher.ui.downloads.job_head import JobHead
from launcher.ui.downloads.job_menu import JobMenu, Move
from launcher.ui.downloads.remove_question import RemoveQuestion
from launcher.ui.theme import Role, Tone, px

_OUTLINED_STEPS = 3


class JobCard(Card):
    """Shows one item and keeps itself up to date through `set_progress`. All signals carry the item's key first.

    Signals:
        pause_requested(str), resume_requested(str): stop and go on.
        remove_requested(str): after the question, where bytes would be deleted.
        chat_when_done_changed(str, bool): the wish.
        next_step_chosen(str, NextStep): a step of its error; RETRY while the server is away means now.
        move_requested(str, Move): another place in the order.
        limit_chosen(str, int | None), other_limit_requested(str): its own speed limit, bytes per second.
        link_requested(str), reveal_requested(str): copy its link, show its folder.
        dragged(str, QPoint), dropped(str, bool): the mouse moves it (global place); False: it goes back.
    """

    pause_requested = Signal(str)
    resume_requested = Signal(str)
    remove_requested = Signal(str)
    chat_when_done_changed = Signal(str, bool)
    next_step_chosen = Signal(str, object)
    move_requested = Signal(str, object)
    limit_chosen = Signal(str, object)
    other_limit_requested = Signal(str)
    link_requested = Signal(str)
    reveal_requested = Signal(str)
    dragged = Signal(str, QPoint)
    dropped = Signal(str, bool)

    def __init__(
        self, request: DownloadRequest, progress: DownloadProgress, host: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.request = request
        self._progress = progress
        self._host = host
        self._copies: tuple[NextStep, ...] = ()
        self._face: Face | None = None
        self._is_first = self._is_last = True
        self._pressed_at: QPoint | None = None
        self._is_dragged = False
        self.setAccessibleName(f"{request.short_name} {request.quant}")
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 12, 18, 14)
        row.setSpacing(14)
        self._icon = IconLabel("arrow-down-to-line", Tone.ACCENT, 18, self)
        mark = QVBoxLayout()
        # In line with the name, whose row is as high as its buttons.
        mark.addSpacing(px(6))
        mark.addWidget(self._icon)
        mark.addStretch(1)
        row.addLayout(mark)
        row.addLayout(self._build_body(), 1)
        for keys, slot in (("Alt+Up", self._on_up_pressed), ("Alt+Down", self._on_down_pressed)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)
        self.set_progress(progress)

    @property
    def progress(self) -> DownloadProgress:
        """The last state shown."""
        return self._progress

    def set_chat_when_done(self, wanted: bool) -> None:
        """Tick the box without a signal."""
        self._head.set_chat_when_done(wanted)

    def set_host(self, host: str) -> None:
        """The server that it comes from."""
        self._host = host
        self.set_progress(self._progress)

    def set_copies(self, copies: tuple[NextStep, ...]) -> None:
        """Open copies elsewhere, for when the owner asks for terms first."""
        self._copies = copies
        self.set_progress(self._progress)

    def set_tight(self, is_tight: bool) -> None:
        """A narrow window, or a large text."""
        self._head.set_tight(is_tight)

    def set_place(self, *, is_first: bool, is_last: bool) -> None:
        """Where in the order it stands."""
        self._is_first, self._is_last = is_first, is_last

    def set_progress(self, progress: DownloadProgress) -> None:
        """Show another instant."""
        self._progress = progress
        share = progress.done_bytes / progress.total_bytes if progress.total_bytes else None
        face = face_of(progress, self._host, self._copies)
        self._bar.set_share(share, "".join(run.text for run in face.state))
        self._head.set_face(face, progress.total_bytes or self.request.file_bytes)
        self._question.set_size(progress.done_bytes)
        if face == self._face:
            return
        before, self._face = self._face, face
        self._icon.set_icon(face.icon, face.icon_tone)
        self._state.set_text(face.state)
        self._bar.set_tone(face.bar_tone)
        self._bar_place.setVisible(face.has_bar)
        self._note.set_text(face.note, face.note_icon)
        self._why.set_text(face.why)
        self._why.setVisible(bool(face.why))
        if before is None or face.steps != before.steps:
            self._rebuild_actions(face.steps)
        self._actions.setVisible(bool(face.steps))
        self._trouble.setVisible(bool(face.steps or face.why))

    # --- building ---

    def _build_body(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(0)
        about = self.accessibleName()
        self._head = JobHead(self.request, about, self)
        self._head.pause_clicked.connect(self._on_pause_clicked)
        self._head.resume_clicked.connect(self._on_resume_clicked)
        self._head.more_clicked.connect(self._on_more_clicked)
        self._head.remove_clicked.connect(self._ask_to_remove)
        self._head.chat_toggled.connect(self._on_chat_toggled)
        self._state = Text("", Role.SMALL, parent=self, wrap=True)
        self._bar = ThinBar(self.tr("Progress of {name}").format(name=about), self)
        self._note = _Note(self)
        self._trouble = QWidget(self)
        trouble = QVBoxLayout(self._trouble)
        trouble.setContentsMargins(0, 8, 0, 2)
        trouble.setSpacing(10)
        self._why = Text("", Role.SMALL, parent=self, wrap=True)
        self._actions = QWidget(self)
        self._action_flow = FlowLayout(self._actions, gap=8)
        trouble.addWidget(self._why)
        trouble.addWidget(self._actions)
        self._question = RemoveQuestion(self)
        self._question.confirmed.connect(self._on_remove_confirmed)
        self._question.declined.connect(self._head.focus_remove)
        column.addWidget(self._head)
        column.addWidget(self._state)
        self._bar_place = QWidget(self)  # with the gap above the bar, which goes with it
        place = QVBoxLayout(self._bar_place)
        place.setContentsMargins(0, 9, 0, 0)
        place.addWidget(self._bar)
        for widget in (self._bar_place, self._note, self._trouble, self._question):
            column.addWidget(widget)
        return column

    def _rebuild_actions(self, steps: tuple[NextStep, ...]) -> None:
        while self._action_flow.count():
            item = self._action_flow.takeAt(0)
            widget = item.widget() if item else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for i, step in enumerate(steps):
            label = known(step.label)
            is_link = step.action == StepAction.REMOVE or i >= _OUTLINED_STEPS
            button = (
                LinkButton(label, self._actions)
                if is_link
                else SecondaryButton(label, self._actions, size=ButtonSize.SMALL)
            )
            button.setProperty("step", i)
            button.setAccessibleName(f"{label}: {self.accessibleName()}")
            button.clicked.connect(self._on_step_clicked)
            self._action_flow.addWidget(button)
            button.show()
        self._actions.updateGeometry()
        put_in_order(focusable(self))

    def _ask_to_remove(self) -> None:
        if self._progress.done_bytes:
            self._question.ask(self._progress.done_bytes)
        else:
            self.remove_requested.emit(self.request.key)

    # --- the menu ---

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The same menu under the mouse."""
        self._open_menu(event.globalPos())

    def _on_more_clicked(self) -> None:
        button = self._head.more_button
        self._open_menu(button.mapToGlobal(QPoint(0, button.height())))

    def _open_menu(self, place: QPoint) -> None:
        menu = JobMenu(self._progress.limit_bytes_s, is_first=self._is_first, is_last=self._is_last, parent=self)
        menu.move_chosen.connect(self._on_move_chosen)
        menu.limit_chosen.connect(self._on_limit_chosen)
        menu.other_limit_chosen.connect(self._on_other_limit_chosen)
        menu.folder_chosen.connect(self._on_folder_chosen)
        menu.link_chosen.connect(self._on_link_chosen)
        menu.reveal_chosen.connect(self._on_reveal_chosen)
        menu.popup(place)

    # --- dragging ---

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember where a drag may begin."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.globalPosition().toPoint()
        super().mousePressEvent(event)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Far enough, and it is a drag."""
        if self._pressed_at is None:
            return
        here = event.globalPosition().toPoint()
        if not self._is_dragged:
            far = (here - self._pressed_at).manhattanLength() >= QApplication.startDragDistance()
            if not far or (self._is_first and self._is_last):
                return
            self._is_dragged = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self._listen(for_escape=True)
        self.dragged.emit(self.request.key, here)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Dropped."""
        self._pressed_at = None
        self._end_drag(is_wanted=True)
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While it is dragged: Esc puts it back, and means nothing else to the window."""
        is_key = event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if self._is_dragged and is_key and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self._pressed_at = None
            self._end_drag(is_wanted=False)
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def _listen(self, *, for_escape: bool) -> None:
        application = QApplication.instance()
        if application is not None and for_escape:
            application.installEventFilter(self)
        elif application is not None:
            application.removeEventFilter(self)

    def _end_drag(self, *, is_wanted: bool) -> None:
        if self._is_dragged:
            self._is_dragged = False
            self._listen(for_escape=False)
            self.unsetCursor()
            self.dropped.emit(self.request.key, is_wanted)

    # --- slots ---

    def _on_pause_clicked(self) -> None:
        self.pause_requested.emit(self.request.key)

    def _on_resume_clicked(self) -> None:
        self.resume_requested.emit(self.request.key)

    def _on_chat_toggled(self, wanted: bool) -> None:
        self.chat_when_done_changed.emit(self.request.key, wanted)

    def _on_remove_confirmed(self) -> None:
        self.remove_requested.emit(self.request.key)

    def _on_up_pressed(self) -> None:
        self._on_move_chosen(Move.UP)

    def _on_down_pressed(self) -> None:
        self._on_move_chosen(Move.DOWN)

    def _on_move_chosen(self, move: Move) -> None:
        self.move_requested.emit(self.request.key, move)

    def _on_limit_chosen(self, limit_bytes_s: int | None) -> None:
        self.limit_chosen.emit(self.request.key, limit_bytes_s)

    def _on_other_limit_chosen(self) -> None:
        self.other_limit_requested.emit(self.request.key)

    def _on_folder_chosen(self) -> None:
        step = NextStep(self.tr("Use another disk…"), StepAction.CHANGE_FOLDER, self.request.key)
        self.next_step_chosen.emit(self.request.key, step)

    def _on_link_chosen(self) -> None:
        self.link_requested.emit(self.request.key)

    def _on_reveal_chosen(self) -> None:
        self.reveal_requested.emit(self.request.key)

    def _on_step_clicked(self) -> None:
        step = self._face.steps[int(self.sender().property("step"))] if self._face else None
        if step is None:
            return
        if step.action == StepAction.REMOVE:
            self._ask_to_remove()
        else:
            self.next_step_chosen.emit(self.request.key, step)


class _Note(QWidget):
    """What happened on the way ("The connection was lost for 41 s …")."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 7, 0, 0)
        row.setSpacing(8)
        self._icon = IconLabel("rotate-cw", Tone.GOOD, 14, self)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        self._text = Text("", Role.SMALL, parent=self, wrap=True)
        row.addWidget(self._text, 1)
        self.hide()

    def set_text(self, text: str, icon: tuple[str, Tone]) -> None:
        self._text.set_text(text)
        self._icon.set_icon(*icon)
        self.setVisible(bool(text))
