"""What the engine's own dry run says about a plan: while it runs, its figures beside the predicted ones, or why it failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.errors import UserError
from launcher.core.units import GIB, MIB, gb, gib
from launcher.services.exact import Progress, Stage, Verified
from launcher.ui.components import Banner, IconLabel, LinkButton, Text
from launcher.ui.components.device_names import short_card_name
from launcher.ui.theme import Role, Tone

if TYPE_CHECKING:
    from launcher.planner.verified import RowDifference

# The promise of the plan: within 1 % or 32 MiB per device.
_TOLERANCE_SHARE, _TOLERANCE_BYTES = 0.01, 32 * MIB


class VerifyBox(QWidget):
    """Hidden until the engine is asked.

    Signals:
        cancel_requested(): while it runs.
        step_chosen(NextStep): of an error.
    """

    cancel_requested = Signal()
    step_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(4)
        self._busy = QWidget(self)
        row = QHBoxLayout(self._busy)
        row.setContentsMargins(0, 0, 0, 0)
        self._stage = Text("", Role.SMALL, Tone.MUTED, self._busy)
        self._cancel = LinkButton(self.tr("Cancel"), self._busy)
        self._cancel.clicked.connect(self.cancel_requested)
        row.addWidget(self._stage, 1)
        row.addWidget(self._cancel)
        self._result = QWidget(self)
        inner = QVBoxLayout(self._result)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._icon = IconLabel("check", Tone.GOOD, 16, self._result)
        self._verdict = Text("", Role.SMALL_STRONG, Tone.GOOD, self._result, wrap=True)
        head.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._verdict, 1)
        inner.addLayout(head)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        inner.addLayout(self._grid)
        self._cells: list[tuple[Text, Text, Text]] = []
        self._error = Banner(self)
        self._error.step_chosen.connect(self.step_chosen)
        for widget in (self._busy, self._result, self._error):
            column.addWidget(widget)
        self.clear()

    @property
    def is_busy(self) -> bool:
        """The engine is being asked."""
        return not self._busy.isHidden()

    def clear(self) -> None:
        """Nothing is known from the engine about this plan."""
        self._show(None)

    def show_progress(self, progress: Progress) -> None:
        """What is being done."""
        if progress.stage is Stage.ENGINE:
            words = self.tr("Asking the engine…")
        elif progress.bytes_read:
            words = self.tr("Fetching the header ({size})…").format(size=gb(progress.bytes_read))
        else:
            words = self.tr("Fetching the header…")
        self._stage.set_text(words)
        self._show(self._busy)

    def show_error(self, error: UserError) -> None:
        """Why the engine gave no figures."""
        self._error.show_error(error)
        self._show(self._error)

    def show_verified(self, verified: Verified) -> None:
        """Both figures of every device, and the verdict."""
        after = verified.after
        is_within = all(_is_close(row) for row in verified.rows) or verified.by_stand_ins
        self._verdict.set_text(self._verdict_words(verified))
        tone = Tone.BAD if not after.fits else Tone.GOOD if is_within else Tone.WARN
        self._verdict.set_tone(tone)
        self._icon.set_icon("x" if not after.fits else "check" if is_within else "triangle-alert", tone)
        self._set_row(0, "", self.tr("predicted"), self.tr("engine"), is_head=True)
        for i, row in enumerate(verified.rows, 1):
            name = self.tr("RAM") if row.kind == "host" else short_card_name(row.name)
            self._set_row(i, name, _two_digits(row.predicted_bytes), _two_digits(row.engine_bytes))
        for cells in self._cells[len(verified.rows) + 1 :]:
            for cell in cells:
                cell.hide()
        self._show(self._result)

    def _verdict_words(self, verified: Verified) -> str:
        off = sum(row.difference_bytes for row in verified.rows)
        size = gib(abs(off), 2)
        if not verified.after.fits:
            text = self.tr("Verified: it does not fit, {size} too little.")
            size = gib(verified.after.missing_bytes)
        elif verified.by_stand_ins:
            text = self.tr(
                "Verified with stand-ins for the graphics cards: it fits. They need less for weights that are streamed from RAM; "
                "the larger buffers count."
            )
        elif off > 0:
            text = self.tr("Verified: it fits. The engine takes {size} more than predicted.")
        elif off < 0:
            text = self.tr("Verified: it fits. The engine takes {size} less than predicted.")
        else:
            text = self.tr("Verified: it fits, exactly as predicted.")
        return text.format(size=size)

    def _set_row(self, at: int, name: str, predicted: str, engine: str, *, is_head: bool = False) -> None:
        if at == len(self._cells):
            role, tone = (Role.SMALLEST, Tone.MUTED) if is_head else (Role.SMALL, Tone.TEXT)
            cells = tuple(Text("", role, tone, self._result) for _ in range(3))
            for column, cell in enumerate(cells):
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                self._grid.addWidget(cell, at, column, side)
            self._cells.append((cells[0], cells[1], cells[2]))
        for cell, text in zip(self._cells[at], (name, predicted, engine), strict=True):
            cell.set_text(text)
            cell.show()

    def _show(self, part: QWidget | None) -> None:
        for widget in (self._busy, self._result, self._error):
            widget.setVisible(widget is part)
        self.setVisible(part is not None)


def _is_close(row: RowDifference) -> bool:
    return abs(row.difference_bytes) <= max(_TOLERANCE_BYTES, _TOLERANCE_SHARE * row.engine_bytes)


def _two_digits(size_bytes: int) -> str:
    return f"{size_bytes / GIB:.2f} GiB"
