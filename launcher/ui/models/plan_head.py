"""The head of the plan panel: which model and size, and for which machine."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from launcher.core.words import joined
from launcher.services.local_files import FILE_FAMILY
from launcher.ui.components import ButtonSize, ComboBox, ElidedLabel, SecondaryButton, Text
from launcher.ui.models import words
from launcher.ui.models.plan_for import PlanForBox
from launcher.ui.models.rows import ModelRow, SizeRow
from launcher.ui.theme import Role, Tone


class PlanHead(QWidget):
    """Name, sizes, facts and "Plan for".

    Signals:
        back_requested(): in a narrow window, to the list.
        size_chosen(SizeRow): another size was picked.
    """

    back_requested = Signal()
    size_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown_sizes: tuple[SizeRow, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._back = SecondaryButton(self.tr("Back to the list"), self, size=ButtonSize.SMALL, icon="chevron-left")
        self._back.clicked.connect(self.back_requested)
        self._back.hide()
        self._title = ElidedLabel("", Role.SECTION, parent=self)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._sizes = ComboBox(self.tr("Quantisation"), self)
        self._sizes.activated.connect(self._on_size_activated)
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self._title, 1)
        line.addWidget(self._sizes)
        self._facts = ElidedLabel("", Role.SMALL, Tone.MUTED, self)
        self._facts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.plan_for = PlanForBox(self)
        self._what_if = Text("", Role.SMALL, Tone.ACCENT, self, wrap=True)
        self._what_if.set_text(self.tr("Only described: the whole list is planned for it, nothing is loaded."))
        self._what_if.hide()
        column.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(4)
        column.addLayout(line)
        column.addSpacing(2)
        column.addWidget(self._facts)
        column.addSpacing(8)
        column.addWidget(self.plan_for)
        column.addWidget(self._what_if)

    def set_what_if(self, is_what_if: bool) -> None:
        """Say that the machine is not here."""
        self._what_if.setVisible(is_what_if)

    def set_narrow(self, is_narrow: bool) -> None:
        """Show the way back to the list."""
        self._back.setVisible(is_narrow)

    def focus_sizes(self) -> None:
        """Put the keyboard on the list of sizes."""
        self._sizes.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_size(self, model: ModelRow | None, size: SizeRow | None) -> None:
        """Name it; None for nothing chosen."""
        self._title.set_text(model.name if model else self.tr("No model is chosen"))
        self._fill_sizes(model, size)
        facts = self._facts_words(model, size)
        self._facts.set_text(facts)
        self._facts.setVisible(bool(facts))
        variant = model.variant if model else None
        if variant:
            path = size.installed.path if size and size.installed and variant.family == FILE_FAMILY else ""
            self._facts.setToolTip(joined(facts, variant.strengths, variant.honest_note, path))

    def _facts_words(self, model: ModelRow | None, size: SizeRow | None) -> str:
        variant = model.variant if model else None
        if variant is None:
            return size.installed.path if size and size.installed else ""
        params = words.params_sentence(variant)
        if not variant.released and variant.family == FILE_FAMILY:
            return self.tr("{params}. A file on this PC, not in the catalogue.").format(params=params)
        if not variant.released:
            return self.tr("{params}. From a link, not in the catalogue.").format(params=params)
        date = words.date_words(variant.released)
        return self.tr("{params}. {date}, licence {licence}.").format(params=params, date=date, licence=variant.licence)

    def _fill_sizes(self, model: ModelRow | None, size: SizeRow | None) -> None:
        sizes = self._shown_sizes = model.sizes if model else ()
        names = [f"{s.quant} ({s.publisher})" if s.publisher else s.quant for s in sizes]
        if names != [self._sizes.itemText(i) for i in range(self._sizes.count())]:
            self._sizes.clear()
            self._sizes.addItems(names)
            self._sizes.updateGeometry()
        if size in sizes:
            self._sizes.setCurrentIndex(sizes.index(size))
        self._sizes.setVisible(len(sizes) > 0)

    def _on_size_activated(self, row: int) -> None:
        if 0 <= row < len(self._shown_sizes):
            self.size_chosen.emit(self._shown_sizes[row])
