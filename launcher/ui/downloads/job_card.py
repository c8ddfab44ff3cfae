"""One download as a card: state, progress, what to do. Removing asks in the card itself, and only once."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState
from launcher.core.errors import NextStep
from launcher.core.units import gb
from launcher.core.words import joined, known, say
from launcher.ui.components import (
    ButtonSize,
    Card,
    CheckBox,
    Chip,
    DangerButton,
    ElidedLabel,
    FlowLayout,
    IconButton,
    IconLabel,
    LinkButton,
    Run,
    SecondaryButton,
    Text,
    ThinBar,
)
from launcher.ui.downloads import words
from launcher.ui.theme import Role, Tone, px

_REMOVE = "remove"
# Failures that wait for the user rather than being wrong.
_KINDER = {"gated": ("lock", Tone.TEXT), "disk_full": ("pause", Tone.WARN)}


class JobCard(Card):
    """Shows one item and keeps itself up to date through `set_progress`.

    Signals:
        pause_requested(str), resume_requested(str), remove_requested(str): the item's key.
        chat_when_done_changed(str, bool): key and wish.
        next_step_chosen(str, NextStep): key and the step of its error.
    """

    pause_requested = Signal(str)
    resume_requested = Signal(str)
    remove_requested = Signal(str)
    chat_when_done_changed = Signal(str, bool)
    next_step_chosen = Signal(str, object)

    def __init__(self, request: DownloadRequest, progress: DownloadProgress, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.request = request
        self._progress = progress
        self._steps: tuple[NextStep, ...] = ()
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
        column = QVBoxLayout()
        column.setSpacing(0)
        row.addLayout(column, 1)
        column.addLayout(self._build_head())
        self._state = Text("", Role.SMALL, parent=self, wrap=True)
        self._bar = ThinBar(self.tr("Progress of {name}").format(name=self.accessibleName()), self)
        self._note = _Note(self)
        self._why = Text("", Role.SMALL, parent=self, wrap=True)
        self._actions = QWidget(self)
        self._action_flow = FlowLayout(self._actions, gap=8)
        column.addWidget(self._state)
        column.addSpacing(8)
        column.addWidget(self._bar)
        column.addWidget(self._note)
        self._trouble = QWidget(self)
        trouble = QVBoxLayout(self._trouble)
        trouble.setContentsMargins(0, 8, 0, 0)
        trouble.setSpacing(10)
        trouble.addWidget(self._why)
        trouble.addWidget(self._actions)
        column.addWidget(self._trouble)
        self._confirm = self._build_confirm()
        column.addWidget(self._confirm)
        self.set_progress(progress)

    @property
    def progress(self) -> DownloadProgress:
        """The last state shown."""
        return self._progress

    def set_chat_when_done(self, wanted: bool) -> None:
        """Tick the box without a signal."""
        self._chat.blockSignals(True)
        self._chat.setChecked(wanted)
        self._chat.blockSignals(False)

    def set_progress(self, progress: DownloadProgress) -> None:
        """Show another instant."""
        self._progress = progress
        self._size.set_text(gb(progress.total_bytes or self.request.file_bytes))
        state = progress.state
        icon, tone = words.ICONS[state]
        error = progress.error
        is_failed = state is DownloadState.FAILED
        if error and is_failed:
            icon, tone = _KINDER.get(error.code, (icon, tone))
        self._icon.set_icon(icon, tone)
        if is_failed:
            what = known(error.what) if error else self.tr("It stopped.")
            self._state.set_text([Run(what, Role.SMALL_STRONG, tone)])
        else:
            self._state.set_text(words.state_runs(progress))
        self._bar.set_tone(tone if state in (DownloadState.PAUSED, DownloadState.FAILED) else None)
        share = progress.done_bytes / progress.total_bytes if progress.total_bytes else None
        self._bar.set_share(share, self._state.text())
        self._bar.setVisible(not is_failed or progress.done_bytes > 0)
        self._note.set_text("" if is_failed else progress.note)
        self._set_error(progress)
        can_pause = state in (DownloadState.QUEUED, DownloadState.DOWNLOADING, DownloadState.CHECKING)
        self._pause.setVisible(can_pause)
        self._resume.setVisible(state is DownloadState.PAUSED)
        self._remove.setVisible(not is_failed)
        self._chat.setVisible(not is_failed)
        if self._confirm.isVisibleTo(self):
            self._name_confirm()

    def _build_head(self) -> QHBoxLayout:
        request = self.request
        head = QHBoxLayout()
        head.setSpacing(8)
        # As high as its buttons, also while they are hidden.
        head.addStrut(px(30))
        name = ElidedLabel(request.short_name, Role.BODY_STRONG, parent=self)
        head.addWidget(name)
        head.addWidget(Chip(request.quant, parent=self, mono=True))
        # The hub's own figure once it is known: files are re-uploaded now and then.
        self._size = Text(gb(request.file_bytes), Role.SMALL, Tone.MUTED, self)
        head.addWidget(self._size)
        head.addStretch(1)
        about = self.accessibleName()
        self._chat = CheckBox(self.tr("Chat when done"), self)
        self._chat.setAccessibleName(self.tr("Chat when {name} is done").format(name=about))
        self._chat.toggled.connect(self._on_chat_toggled)
        self._pause = IconButton("pause", self.tr("Pause {name}").format(name=about), self)
        self._resume = IconButton("play", self.tr("Resume {name}").format(name=about), self)
        self._remove = IconButton("x", self.tr("Remove {name}").format(name=about), self)
        self._pause.clicked.connect(self._on_pause_clicked)
        self._resume.clicked.connect(self._on_resume_clicked)
        self._remove.clicked.connect(self._ask_to_remove)
        for widget in (self._chat, self._pause, self._resume, self._remove):
            head.addWidget(widget)
        return head

    def _build_confirm(self) -> QWidget:
        box = QWidget(self)
        row = QVBoxLayout(box)
        row.setContentsMargins(0, 8, 0, 0)
        row.setSpacing(8)
        self._question = Text("", Role.SMALL, parent=box, wrap=True)
        self._delete = DangerButton("", box, size=ButtonSize.SMALL)
        self._keep = LinkButton(self.tr("Keep"), box)
        self._delete.clicked.connect(self._on_delete_clicked)
        self._keep.clicked.connect(self._on_keep_clicked)
        row.addWidget(self._question)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._delete)
        buttons.addWidget(self._keep)
        buttons.addStretch(1)
        row.addLayout(buttons)
        box.hide()
        return box

    def _set_error(self, progress: DownloadProgress) -> None:
        error = progress.error if progress.state is DownloadState.FAILED else None
        steps = error.next_steps if error else ()
        advice = [say("{words}.", words=known(step.label).rstrip(".。")) for step in steps if not step.action]
        kept = ""
        if error and progress.done_bytes:
            kept = self.tr("The {size} that are here stay.").format(size=gb(progress.done_bytes))
        self._why.set_text(joined(known(error.why) if error else "", kept, *advice))
        self._why.setVisible(bool(self._why.text()))
        wanted = tuple(step for step in steps if step.action and step.action != _REMOVE)
        if progress.state is DownloadState.FAILED:
            wanted = (*wanted, NextStep(self.tr("Remove"), _REMOVE))
        if wanted != self._steps:
            self._steps = wanted
            self._rebuild_actions()
        self._actions.setVisible(bool(wanted))
        self._trouble.setVisible(bool(wanted) or bool(self._why.text()))

    def _rebuild_actions(self) -> None:
        while self._action_flow.count():
            item = self._action_flow.takeAt(0)
            widget = item.widget() if item else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for i, step in enumerate(self._steps):
            is_link = step.action == _REMOVE or i > 2
            label = known(step.label)
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

    def _ask_to_remove(self) -> None:
        if not self._progress.done_bytes:
            self.remove_requested.emit(self.request.key)
            return
        self._name_confirm()
        self._confirm.show()
        self._keep.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _name_confirm(self) -> None:
        size = gb(self._progress.done_bytes)
        self._question.set_text(self.tr("Removing it deletes the {size} that are already here.").format(size=size))
        self._delete.setText(self.tr("Delete {size}").format(size=size))
        self._delete.setMinimumWidth(px(60))
        self._delete.updateGeometry()

    # --- slots ---

    def _on_pause_clicked(self) -> None:
        self.pause_requested.emit(self.request.key)

    def _on_resume_clicked(self) -> None:
        self.resume_requested.emit(self.request.key)

    def _on_chat_toggled(self, wanted: bool) -> None:
        self.chat_when_done_changed.emit(self.request.key, wanted)

    def _on_delete_clicked(self) -> None:
        self._confirm.hide()
        self.remove_requested.emit(self.request.key)

    def _on_keep_clicked(self) -> None:
        self._confirm.hide()
        self._remove.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_step_clicked(self) -> None:
        button = self.sender()
        step = self._steps[int(button.property("step"))]
        if step.action == _REMOVE:
            self._ask_to_remove()
        else:
            self.next_step_chosen.emit(self.request.key, step)


class _Note(QWidget):
    """What happened on the way ("The connection was lost for 41 s …")."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 6, 0, 0)
        row.setSpacing(8)
        row.addWidget(IconLabel("refresh-cw", Tone.GOOD, 16, self), 0, Qt.AlignmentFlag.AlignTop)
        self._text = Text("", Role.SMALL, parent=self, wrap=True)
        row.addWidget(self._text, 1)
        self.hide()

    def set_text(self, text: str) -> None:
        self._text.set_text(text)
        self.setVisible(bool(text))
