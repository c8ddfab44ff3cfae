"""The plan of the chosen size: what it is, where it sits, how fast, why, and one button."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from launcher.core.downloads import DownloadProgress, DownloadState
from launcher.core.machine import Machine
from launcher.core.plans import Plan
from launcher.core.units import gb, gib, whole
from launcher.core.words import joined, listed
from launcher.ui.components import (
    ButtonSize,
    ComboBox,
    ElidedLabel,
    IconLabel,
    PrimaryButton,
    ScrollPage,
    SecondaryButton,
    Text,
)
from launcher.ui.models import words
from launcher.ui.models.figures import SpeedFigures
from launcher.ui.models.fit import fit_of
from launcher.ui.models.plan_memory import PlanMemory
from launcher.ui.models.rows import ModelRow, SizeRow
from launcher.ui.theme import Role, Tone, px

_BUSY = (DownloadState.QUEUED, DownloadState.CHECKING, DownloadState.DOWNLOADING, DownloadState.VERIFYING)


class PlanPanel(QWidget):
    """Shows one size of one model; the size can be changed here too.

    Signals:
        back_requested(): in a narrow window, to the list.
        size_chosen(SizeRow): another size was picked from the list in the head.
        download_and_chat_requested(Plan), download_requested(Plan), chat_requested(Installed): the buttons.
    """

    back_requested = Signal()
    size_chosen = Signal(object)
    download_and_chat_requested = Signal(object)
    download_requested = Signal(object)
    chat_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Plan"))
        self._model: ModelRow | None = None
        self._size: SizeRow | None = None
        self._progress: DownloadProgress | None = None
        self._is_pending = True
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        scroll = ScrollPage(self)
        # The panel lies on the table's surface, not on the window.
        scroll.viewport().setBackgroundRole(QPalette.ColorRole.Base)
        scroll.content.setBackgroundRole(QPalette.ColorRole.Base)
        outer.addWidget(scroll, 1)
        self._column = QVBoxLayout(scroll.content)
        self._column.setContentsMargins(24, 12, 24, 12)
        self._column.setSpacing(0)
        self._build_head()
        self._memory = PlanMemory(self)
        self._figures = SpeedFigures(self)
        self._column.addWidget(self._memory)
        self._column.addSpacing(12)
        self._column.addWidget(self._figures)
        self._column.addSpacing(14)
        self._placement = _PlacementRows(self)
        self._column.addWidget(self._placement)
        self._column.addSpacing(10)
        self._notes = _Notes(self)
        self._column.addWidget(self._notes)
        self._column.addStretch(1)
        outer.addWidget(self._build_foot())
        self._refresh()

    def set_pending(self, is_pending: bool) -> None:
        """Whether plans are still being made."""
        self._is_pending = is_pending
        self._refresh()

    def set_machine(self, machine: Machine) -> None:
        """Name the computer that the plan is for."""
        parts = [self.tr("This PC: {name}").format(name=gpu.name) for gpu in machine.gpus[:1]]
        if len(machine.gpus) > 1:
            parts = [self.tr("This PC: {n} cards, {name} first").format(n=len(machine.gpus), name=machine.gpus[0].name)]
        if not parts:
            parts = [self.tr("This PC: {name}").format(name=machine.cpu.name)]
        parts.append(self.tr("{size} RAM").format(size=gib(machine.ram.total_bytes, 0)))
        self._machine.set_text(listed(*parts))

    def set_narrow(self, is_narrow: bool) -> None:
        """Show the way back to the list."""
        self._back.setVisible(is_narrow)

    def show_size(self, model: ModelRow | None, size: SizeRow | None, progress: DownloadProgress | None) -> None:
        """Show another size; None for nothing chosen."""
        self._model, self._size, self._progress = model, size, progress
        self._refresh()

    def set_progress(self, progress: DownloadProgress) -> None:
        """Follow the download of the size shown."""
        if self._size and progress.key == self._size.download_key:
            self._progress = progress
            self._refresh_buttons()

    def focus_main_button(self) -> None:
        """Put the keyboard on what this plan is for."""
        target = self._main if self._main.isVisible() and self._main.isEnabled() else self._sizes
        target.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # --- building ---

    def _build_head(self) -> None:
        self._back = SecondaryButton(self.tr("Back to the list"), self, size=ButtonSize.SMALL, icon="chevron-left")
        self._back.clicked.connect(self.back_requested)
        self._back.hide()
        self._title = ElidedLabel("", Role.SECTION, parent=self)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._sizes = ComboBox(self.tr("Quantisation"), self)
        self._sizes.activated.connect(self._on_size_activated)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self._title, 1)
        head.addWidget(self._sizes)
        self._facts = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        self._about = Text("", Role.SMALL, Tone.TEXT, self, wrap=True)
        machine = QHBoxLayout()
        machine.setSpacing(8)
        machine.addWidget(IconLabel("monitor", Tone.MUTED, 16, self))
        self._machine = ElidedLabel("", Role.SMALL, Tone.MUTED, self)
        self._machine.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        machine.addWidget(self._machine, 1)
        self._column.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addSpacing(4)
        self._column.addLayout(head)
        self._column.addSpacing(4)
        self._column.addWidget(self._facts)
        self._column.addSpacing(4)
        self._column.addWidget(self._about)
        self._column.addSpacing(10)
        self._column.addLayout(machine)
        self._column.addSpacing(12)

    def _build_foot(self) -> QWidget:
        foot = QWidget(self)
        column = QVBoxLayout(foot)
        column.setContentsMargins(24, 8, 24, 16)
        column.setSpacing(6)
        self._only_download = SecondaryButton(self.tr("Only download"), foot, size=ButtonSize.SMALL)
        self._only_download.clicked.connect(self._on_only_download_clicked)
        self._state = Text("", Role.SMALL, Tone.MUTED, foot, wrap=True)
        self._main = PrimaryButton("", foot, icon="arrow-down-to-line")
        self._main.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._main.setMinimumHeight(px(40))
        self._main.clicked.connect(self._on_main_clicked)
        column.addWidget(self._state)
        column.addWidget(self._only_download, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._main)
        return foot

    # --- showing ---

    def _refresh(self) -> None:
        model, size = self._model, self._size
        plan = size.plan if size else None
        self._title.set_text(model.name if model else self.tr("No model is chosen"))
        self._fill_sizes()
        variant = model.variant if model else None
        if variant:
            self._facts.set_text(
                self.tr("{params}. Released {date}. Licence: {licence}.").format(
                    params=words.params_sentence(variant),
                    date=words.date_words(variant.released),
                    licence=variant.licence,
                )
            )
            self._about.set_text(joined(variant.strengths, variant.honest_note))
        else:
            self._facts.set_text(size.installed.path if size and size.installed else "")
            self._about.set_text("")
        self._facts.setVisible(bool(self._facts.text()))
        self._about.setVisible(bool(self._about.text()))
        self._memory.set_memory(plan.memory if plan else None)
        self._figures.setVisible(plan is not None and plan.fits)
        self._figures.set_speed(plan.speed if plan else None)
        self._placement.set_plan(plan)
        self._notes.set_notes(self._why(), plan)
        self._refresh_buttons()

    def _why(self) -> str:
        """What stands in the way, in one sentence; "" when nothing does."""
        model, size = self._model, self._size
        if model and model.why_not:
            return model.why_not
        if size and size.why_not:
            return size.why_not
        if size and size.plan is None and not self._is_pending:
            return self.tr("The shape of this file is not known, so its memory and speed cannot be predicted.")
        if size and size.plan and not size.plan.fits and not size.plan.warnings:
            _, text, _ = words.fit_words(fit_of(size.plan))
            return self.tr("It does not fit this PC: {words}.").format(words=text)
        return ""

    def _fill_sizes(self) -> None:
        self._sizes.clear()
        sizes = self._model.sizes if self._model else ()
        for size in sizes:
            self._sizes.addItem(f"{size.quant} ({size.publisher})" if size.publisher else size.quant)
        if self._size in sizes:
            self._sizes.setCurrentIndex(sizes.index(self._size))
        self._sizes.setVisible(len(sizes) > 0)
        self._sizes.updateGeometry()

    def _refresh_buttons(self) -> None:
        size, progress = self._size, self._progress
        plan = size.plan if size else None
        is_busy = progress is not None and progress.state in _BUSY and not (size and size.installed)
        fits = plan is not None and plan.fits
        is_installed = size is not None and size.installed is not None
        self._main.setVisible(is_busy or fits or (is_installed and plan is None and not self._is_pending))
        self._main.setEnabled(not is_busy)
        self._only_download.setVisible(plan is not None and not is_installed and not is_busy)
        self._state.setVisible(is_busy)
        if is_busy and progress is not None:
            self._main.set_icon_name("arrow-down-to-line")
            self._main.setText(self.tr("Downloading"))
            self._state.set_text(
                self.tr("{done} of {total} are here. Follow it in Downloads.").format(
                    done=gb(progress.done_bytes), total=gb(progress.total_bytes)
                )
            )
        elif is_installed:
            self._main.set_icon_name("message-square")
            self._main.setText(self.tr("Load and chat"))
        elif size is not None:
            self._main.set_icon_name("arrow-down-to-line")
            self._main.setText(self._download_label(size, progress))
        self._main.setToolTip(self._state.text() if is_busy else "")

    def _download_label(self, size: SizeRow, progress: DownloadProgress | None) -> str:
        here = progress.done_bytes if progress and progress.state is not DownloadState.DONE else 0
        if here:
            left = gb(max(0, size.file_bytes - here))
            return self.tr("Go on and chat · {size} left").format(size=left)
        return self.tr("Download and chat · {size}").format(size=words.size_words(size))

    # --- slots ---

    def _on_size_activated(self, row: int) -> None:
        if self._model and 0 <= row < len(self._model.sizes):
            self.size_chosen.emit(self._model.sizes[row])

    def _on_main_clicked(self) -> None:
        if self._size and self._size.installed:
            self.chat_requested.emit(self._size.installed)
        elif self._size and self._size.plan:
            self.download_and_chat_requested.emit(self._size.plan)

    def _on_only_download_clicked(self) -> None:
        if self._size and self._size.plan:
            self.download_requested.emit(self._size.plan)


class _PlacementRows(QWidget):
    """What the engine will be told, one line each."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        self._rows: list[tuple[Text, Text]] = []
        for i in range(4):
            name, value = Text("", Role.SMALL, parent=self), Text("", Role.SMALL_STRONG, parent=self)
            grid.addWidget(name, i, 0)
            grid.addWidget(value, i, 1, Qt.AlignmentFlag.AlignRight)
            self._rows.append((name, value))

    def set_plan(self, plan: Plan | None) -> None:
        pairs = self._pairs(plan) if plan else []
        for i, (name, value) in enumerate(self._rows):
            is_shown = i < len(pairs)
            name.setVisible(is_shown)
            value.setVisible(is_shown)
            if is_shown:
                name.set_text(pairs[i][0])
                value.set_text(pairs[i][1])
        self.setVisible(bool(pairs))

    def _pairs(self, plan: Plan) -> list[tuple[str, str]]:
        place = plan.placement
        kv_bytes = sum(device.kv_bytes for device in plan.memory.devices)
        kv = place.kv_type_k if place.kv_type_k == place.kv_type_v else f"{place.kv_type_k} / {place.kv_type_v}"
        pairs = [
            (self.tr("Context"), self.tr("{n} tokens").format(n=whole(plan.context))),
            (self.tr("KV cache"), f"{kv} · {gib(kv_bytes)}"),
        ]
        fit = fit_of(plan)
        of = self.tr("{n} of {m}")
        if fit.n_cards:
            pairs.append((self.tr("Layers on card"), of.format(n=fit.layers_on_card, m=fit.layers)))
        if place.expert_layers_on_cpu:
            on_card = max(0, fit.layers - place.expert_layers_on_cpu)
            pairs.append((self.tr("Experts on card"), of.format(n=on_card, m=fit.layers)))
        return pairs


class _Notes(QWidget):
    """Reasons and warnings with their icons."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._shown: tuple[tuple[str, Tone, str], ...] = ()
        self._frames: list[QFrame] = []

    def set_notes(self, why: str, plan: Plan | None) -> None:
        notes: list[tuple[str, Tone, str]] = [("circle-alert", Tone.BAD, why)] if why else []
        if plan:
            notes += [("info", Tone.ACCENT, text) for text in plan.reasons]
            notes += [("triangle-alert", Tone.WARN, text) for text in plan.warnings]
        if tuple(notes) == self._shown:
            return
        self._shown = tuple(notes)
        for old in self._frames:
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._frames = []
        for icon, tone, text in notes:
            note = QFrame(self)
            row = QHBoxLayout(note)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(10)
            row.addWidget(IconLabel(icon, tone, 16, note), 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(Text(text, Role.SMALL, parent=note, wrap=True), 1)
            self._column.addWidget(note)
            note.show()
            self._frames.append(note)
