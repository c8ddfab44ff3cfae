"""The foot of the plan panel: what the engine says, the small buttons, and the one filled button."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from launcher.core.downloads import DownloadProgress, DownloadState
from launcher.core.plans import Plan
from launcher.core.units import gb
from launcher.ui.components import ButtonSize, FlowLayout, LinkButton, PrimaryButton, SecondaryButton, Text
from launcher.ui.models import words
from launcher.ui.models.rows import SizeRow
from launcher.ui.models.verify import VerifyBox
from launcher.ui.theme import Role, Tone, px

_BUSY = (DownloadState.QUEUED, DownloadState.CHECKING, DownloadState.DOWNLOADING, DownloadState.VERIFYING)


@dataclass(frozen=True, slots=True)
class FootState:
    """What the buttons depend on.

    Attributes:
        plan: as shown, with the levers of the editor.
        is_pending: plans are still being made.
        is_touched: a lever is fixed by hand.
        is_what_if: the plan is for a machine that is not here.
    """

    size: SizeRow | None
    plan: Plan | None
    progress: DownloadProgress | None
    is_pending: bool
    is_touched: bool
    is_what_if: bool

    @property
    def is_installed(self) -> bool:
        """Its files are on the disk."""
        return self.size is not None and self.size.installed is not None

    @property
    def is_busy(self) -> bool:
        """It is being downloaded."""
        return self.progress is not None and self.progress.state in _BUSY and not self.is_installed

    @property
    def is_plan_only(self) -> bool:
        """Nothing can be loaded: the machine is not here, or the file is where the launcher does not download."""
        return self.is_what_if or (self.size is not None and not self.is_installed and not self.size.can_be_fetched)


class PlanFoot(QWidget):
    """Stays in view while the plan scrolls.

    Signals:
        main_clicked(), download_clicked(), verify_clicked(), reset_clicked().
    """

    main_clicked = Signal()
    download_clicked = Signal()
    verify_clicked = Signal()
    reset_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 8, 24, 16)
        column.setSpacing(8)
        self.verify = VerifyBox(self)
        self._state = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        small = QWidget(self)
        flow = FlowLayout(small, gap=12)
        self._verify = SecondaryButton(self.tr("Verify with the engine"), small, size=ButtonSize.SMALL)
        self._reset = LinkButton(self.tr("Back to recommended"), small)
        self._only_download = LinkButton(self.tr("Only download"), small)
        for button in (self._verify, self._reset, self._only_download):
            flow.addWidget(button)
        self._main = PrimaryButton("", self, icon="arrow-down-to-line")
        self._main.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._main.setMinimumHeight(px(40))
        for widget in (self.verify, self._state, small, self._main):
            column.addWidget(widget)
        self._verify.clicked.connect(self.verify_clicked)
        self._reset.clicked.connect(self.reset_clicked)
        self._only_download.clicked.connect(self.download_clicked)
        self._main.clicked.connect(self.main_clicked)

    def focus_main_button(self) -> bool:
        """Put the keyboard on what the plan is for; False when there is nothing to press."""
        if not (self._main.isVisible() and self._main.isEnabled()):
            return False
        self._main.setFocus(Qt.FocusReason.ShortcutFocusReason)
        return True

    def show_state(self, now: FootState) -> None:
        """Set all buttons."""
        plan, size = now.plan, now.size
        fits = plan is not None and plan.fits
        is_offered = fits or now.is_touched or (now.is_installed and plan is None and not now.is_pending)
        self._main.setVisible(now.is_busy or is_offered)
        self._main.setEnabled(not now.is_busy and not now.is_plan_only and (fits or plan is None))
        # One line of small buttons: the way back has its place while levers are set.
        can_fetch = (
            plan is not None and size is not None and size.can_be_fetched and not now.is_installed and not now.is_busy
        )
        self._only_download.setVisible(can_fetch and not now.is_touched)
        self._reset.setVisible(now.is_touched)
        self._verify.setVisible(plan is not None and size is not None and not size.why_not)
        self._verify.setEnabled(not self.verify.is_busy)
        self._state.setVisible(now.is_busy)
        self._set_main(now)

    def _set_main(self, now: FootState) -> None:
        tip, icon = "", "arrow-down-to-line"
        if now.is_busy and now.progress is not None:
            text = self.tr("Downloading")
            tip = self.tr("{done} of {total} are here. Follow it in Downloads.").format(
                done=gb(now.progress.done_bytes), total=gb(now.progress.total_bytes)
            )
            self._state.set_text(tip)
        elif now.is_plan_only:
            text, icon = self.tr("Plans only"), "monitor"
            tip = self.tr("This file is not on the hub. Download it by hand, then open it here.")
            if now.is_what_if:
                tip = self.tr("This machine is only described. Choose “This PC” above to load a model.")
        elif now.plan is not None and not now.plan.fits:
            text, icon = self.tr("Does not fit"), "x"
        elif now.is_installed:
            text, icon = self.tr("Load and chat"), "message-square"
        elif now.size is not None:
            text = self._download_label(now.size, now.progress)
        else:
            return
        self._main.set_icon_name(icon)
        self._main.setText(text)
        self._main.setToolTip(tip)

    def _download_label(self, size: SizeRow, progress: DownloadProgress | None) -> str:
        here = progress.done_bytes if progress and progress.state is not DownloadState.DONE else 0
        if here:
            left = gb(max(0, size.file_bytes - here))
            return self.tr("Continue and chat · {size} left").format(size=left)
        return self.tr("Download and chat · {size}").format(size=words.size_words(size))
