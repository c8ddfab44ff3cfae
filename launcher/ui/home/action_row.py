"""The one button of Home, which becomes the download's progress, and then "Load and chat"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.download_state import DownloadState
from launcher.core.units import duration, gb
from launcher.core.words import joined
from launcher.ui.components import (
    ButtonKind,
    ButtonSize,
    ElidedLabel,
    IconButton,
    PrimaryButton,
    Run,
    SecondaryButton,
    Text,
    ThinBar,
)
from launcher.ui.home.words import disk_size
from launcher.ui.theme import Role, Tone

if TYPE_CHECKING:
    from launcher.core.downloads import DownloadProgress
    from launcher.core.plans import Plan

_RUNNING = (DownloadState.QUEUED, DownloadState.CHECKING, DownloadState.DOWNLOADING, DownloadState.VERIFYING)


class ActionRow(QWidget):
    """Download, adjust, look again; while downloading: bar, figures, pause and cancel.

    Signals:
        start_requested(): the download, or the load of what is here.
        try_requested(): the built-in model, while nothing can be downloaded.
        adjust_requested(), look_again_requested(): the outlined ones.
        pause_requested(), resume_requested(), cancel_requested(): of the running download.
    """

    start_requested = Signal()
    try_requested = Signal()
    adjust_requested = Signal()
    look_again_requested = Signal()
    pause_requested = Signal()
    resume_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._buttons = QWidget(self)
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(9)
        self._start = PrimaryButton(
            self.tr("Download and chat"), self, size=ButtonSize.LARGE, icon="arrow-down-to-line"
        )
        self._try = PrimaryButton("", self, size=ButtonSize.LARGE, icon="message-square")
        self._try.hide()
        self._adjust = SecondaryButton(self.tr("Adjust…"), self, size=ButtonSize.LARGE)
        self._look_again = SecondaryButton(self.tr("Look again"), self, size=ButtonSize.LARGE)
        self._look_again.hide()
        self._note = ElidedLabel("", Role.SMALL, Tone.MUTED, self)
        row.addWidget(self._try)
        row.addWidget(self._start)
        row.addWidget(self._adjust)
        row.addWidget(self._look_again)
        row.addSpacing(3)
        row.addWidget(self._note, 1)
        row.addStretch()
        self._progress = self._make_progress()
        column.addWidget(self._buttons)
        column.addWidget(self._progress)
        self._progress.hide()
        self._is_paused = False
        self._can_look_again = False
        self._offline_words = ""
        self._plan: tuple[Plan, int | None, bool] | None = None
        self._try.clicked.connect(self.try_requested)
        self._start.clicked.connect(self.start_requested)
        self._adjust.clicked.connect(self.adjust_requested)
        self._look_again.clicked.connect(self.look_again_requested)

    def _make_progress(self) -> QWidget:
        block = QWidget(self)
        row = QHBoxLayout(block)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        texts = QVBoxLayout()
        texts.setSpacing(4)
        self._figures = Text("", parent=block)
        self._bar = ThinBar(self.tr("Download"), block)
        texts.addWidget(self._figures)
        texts.addWidget(self._bar)
        row.addLayout(texts, 1)
        row.addSpacing(8)
        self._pause = IconButton("pause", self.tr("Pause the download"), block, side=34, outlined=True)
        self._cancel = IconButton("x", self.tr("Cancel the download"), block, side=34, outlined=True)
        row.addWidget(self._pause)
        row.addWidget(self._cancel)
        self._pause.clicked.connect(self._on_pause_clicked)
        self._cancel.clicked.connect(self.cancel_requested)
        return block

    def set_plan(
        self, plan: Plan | None, free_disk_bytes: int | None, *, is_installed: bool, can_look_again: bool
    ) -> None:
        """Say what the button does and what it costs.

        Args:
            plan: None disables the buttons (nothing recommended yet).
            free_disk_bytes: on the disk where models go; None when unknown.
            is_installed: the files are already here.
            can_look_again: offer to probe the hardware again (no graphics card found).
        """
        self._plan = None if plan is None else (plan, free_disk_bytes, is_installed)
        self._can_look_again = can_look_again
        self._show_plan()

    def set_offline(self, try_words: str) -> None:
        """Nothing can be downloaded: the filled button is the built-in model's, with these words; "" when there is a connection."""
        self._offline_words = try_words
        self._show_plan()

    def _show_plan(self) -> None:
        plan, free_disk_bytes, is_installed = self._plan or (None, None, False)
        is_stuck = bool(self._offline_words) and not is_installed
        self._try.setText(self._offline_words)
        self._try.setVisible(is_stuck)
        self._start.setEnabled(plan is not None)
        self._start.set_kind(ButtonKind.SECONDARY if is_stuck else ButtonKind.PRIMARY)
        self._adjust.setEnabled(plan is not None)
        # Three buttons fill the row: the PC's own card offers to look again, and what the disk has room for can wait.
        self._look_again.setVisible(self._can_look_again and not is_stuck)
        self._note.setVisible(not is_stuck)
        if plan is None:
            self._note.set_text("")
            return
        if is_installed:
            self._start.setText(self.tr("Load and chat"))
            self._start.set_icon_name("message-square")
            self._note.set_text(self.tr("{size} on your disk, checked.").format(size=gb(plan.file_bytes)))
            return
        self._start.setText(self.tr("Download and chat · {size}").format(size=gb(plan.file_bytes)))
        self._start.set_icon_name("" if is_stuck else "arrow-down-to-line")
        self._show_disk(plan.file_bytes, free_disk_bytes)

    def _show_disk(self, file_bytes: int, free_disk_bytes: int | None) -> None:
        pause = self.tr("You can pause at any time.")
        if free_disk_bytes is None:
            self._note.set_text(pause)
        elif free_disk_bytes < file_bytes:
            words = self.tr("Needs {size}; {free} are free on disk.").format(
                size=gb(file_bytes), free=gb(free_disk_bytes)
            )
            self._note.set_text([Run(words, Role.SMALL_MEDIUM, Tone.WARN)])
        else:
            free = self.tr("{free} free on disk.").format(free=disk_size(free_disk_bytes))
            self._note.set_text([Run(joined(free, pause), Role.SMALL, Tone.MUTED)])

    def set_download(self, progress: DownloadProgress | None) -> None:
        """Show a running or paused download in place of the buttons; anything else shows the buttons."""
        is_shown = progress is not None and progress.state in (*_RUNNING, DownloadState.PAUSED)
        self._buttons.setVisible(not is_shown)
        self._progress.setVisible(is_shown)
        if progress is None or not is_shown:
            return
        self._is_paused = progress.state is DownloadState.PAUSED
        self._pause.set_icon_name("play" if self._is_paused else "pause")
        self._pause.set_name(self.tr("Continue the download") if self._is_paused else self.tr("Pause the download"))
        share = progress.done_bytes / progress.total_bytes if progress.total_bytes else None
        done = ""
        if progress.total_bytes:
            done = self.tr("{done} of {total}").format(done=gb(progress.done_bytes), total=gb(progress.total_bytes))
        rest = self._rest_words(progress)
        gap = " · " if done and rest else ""
        self._figures.set_text([Run(done, Role.SMALL_STRONG), Run(f"{gap}{rest}", Role.SMALL, Tone.MUTED)])
        self._bar.set_tone(Tone.WARN if self._is_paused else None)
        self._bar.set_share(share, f"{done}{gap}{rest}")

    def _rest_words(self, progress: DownloadProgress) -> str:
        names = {
            DownloadState.QUEUED: self.tr("waiting for its turn"),
            DownloadState.CHECKING: self.tr("looking at what is here already"),
            DownloadState.VERIFYING: self.tr("checking the sha256"),
            DownloadState.PAUSED: self.tr("paused; continues where it stopped"),
        }
        if progress.state in names:
            return names[progress.state]
        parts: list[str] = []
        if progress.rate_bytes_s:
            parts.append(f"{gb(progress.rate_bytes_s)}/s")
        if progress.seconds_left is not None:
            parts.append(self.tr("{time} left").format(time=duration(progress.seconds_left)))
        if progress.note:
            parts.append(progress.note)
        return " · ".join(parts)

    def _on_pause_clicked(self) -> None:
        (self.resume_requested if self._is_paused else self.pause_requested).emit()
