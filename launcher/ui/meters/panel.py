"""The meter panel at the right of the chat: every card, RAM, processor, speed, and this load predicted and actual."""

from __future__ import annotations

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.generation import Loaded, Timings
from launcher.core.machine import Machine, Sample
from launcher.core.plans import Plan
from launcher.ui.components import Divider, Run, ScrollPage, Text, ThinBar, frame
from launcher.ui.components.device_names import gpu_labels
from launcher.ui.components.live_memory import gpu_parts, ram_parts
from launcher.ui.components.sparkline import Sparkline
from launcher.ui.home.words import range_words
from launcher.ui.meters.device_section import DeviceSection, section_title
from launcher.ui.meters.load_table import LoadTable
from launcher.ui.theme import Role, Tone, current, px

PANEL_WIDTH = 268


class MeterPanel(QWidget):
    """Live meters, painted at the rate of the samples (2 Hz). `set_folded` hides it; it goes on recording."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Meters"))
        self.setFixedWidth(px(PANEL_WIDTH))
        self._machine: Machine | None = None
        self._loaded: Loaded | None = None
        self._power_w: float | None = None
        self._cards: list[DeviceSection] = []
        frame_row = QHBoxLayout(self)
        frame_row.setContentsMargins(0, 0, 0, 0)
        frame_row.setSpacing(0)
        scroll = ScrollPage(self)
        self._content = scroll.content
        frame_row.addWidget(Divider(self, vertical=True))
        frame_row.addWidget(scroll, 1)
        self._column = QVBoxLayout(self._content)
        self._column.setContentsMargins(16, 14, 15, 14)
        self._column.setSpacing(14)
        self._cards_column = QVBoxLayout()
        self._cards_column.setSpacing(14)
        self._column.addLayout(self._cards_column)
        self._cards_line = Divider(self._content)
        self._column.addWidget(self._cards_line)
        self._ram = DeviceSection(self.tr("RAM"), self._content, is_card=False, has_legend=False)
        self._ram_holder = QVBoxLayout()
        self._ram_holder.addWidget(self._ram)
        self._column.addLayout(self._ram_holder)
        self._column.addLayout(self._make_processor())
        self._column.addWidget(Divider(self._content))
        self._column.addLayout(self._make_speed())
        self._column.addWidget(Divider(self._content))
        self._table = LoadTable(self._content)
        self._column.addWidget(self._table)
        self._column.addStretch(1)

    def _make_processor(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(6)
        head, self._cpu_words = section_title(self.tr("Processor"), "…", self._content)
        self._cpu_bar = ThinBar(self.tr("Processor load"), self._content)
        column.addLayout(head)
        column.addWidget(self._cpu_bar)
        return column

    def _make_speed(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(0)
        head, _ = section_title(self.tr("Speed"), self.tr("last 60 s"), self._content)
        column.addLayout(head)
        row = QHBoxLayout()
        self._rate = Text("", Role.MODEL, parent=self._content)
        self._per_joule = Text("", Role.SMALL, Tone.MUTED, self._content)
        self._per_joule.setToolTip(self.tr("Tokens per joule of the graphics cards: tokens/s divided by watts"))
        row.addWidget(self._rate, 1)
        row.addWidget(self._per_joule)
        column.addLayout(row)
        column.addSpacing(2)
        self._sparkline = Sparkline(self.tr("Tokens per second, last 60 seconds"), self._content)
        column.addWidget(self._sparkline)
        self._band = _BandLegend(self._content)
        self._band.set_text("")
        column.addWidget(self._band)
        self._show_rate(None)
        return column

    def set_machine(self, machine: Machine) -> None:
        """One section per card; without a card the RAM section gets the model's parts and the legend."""
        self._machine = machine
        for section in self._cards:
            self._cards_column.removeWidget(section)
            section.hide()
            section.deleteLater()
        self._cards = []
        for i, name in enumerate(gpu_labels(machine)):
            section = DeviceSection(name, self._content, is_card=True, has_legend=i == 0)
            self._cards.append(section)
            self._cards_column.addWidget(section)
        self._cards_line.setVisible(bool(self._cards))
        old = self._ram
        self._ram = DeviceSection(self.tr("RAM"), self._content, is_card=False, has_legend=not self._cards)
        self._ram_holder.replaceWidget(old, self._ram)
        old.hide()
        old.deleteLater()

    def set_loaded(
        self, loaded: Loaded | None, predicted: Plan | None, predicted_load_seconds: float | None = None
    ) -> None:
        """A model was loaded (with the plan it was loaded by), or none is."""
        self._loaded = loaded
        self._table.set_loaded(loaded, predicted, predicted_load_seconds)
        self._sparkline.clear()
        speed = predicted.speed if predicted and loaded else None
        self._sparkline.set_band((speed.decode_low, speed.decode_high) if speed else None)
        self._band.set_text(self.tr("predicted {range}").format(range=range_words(speed)) if speed else "")
        self._show_rate(None)

    def set_sample(self, sample: Sample) -> None:
        """All meters at one instant; skipped while the panel is folded."""
        powers = [gpu.power_w for gpu in sample.gpus if gpu.power_w is not None]
        self._power_w = sum(powers) if powers else None
        if self._machine is None or not self.isVisibleTo(self.window()):
            return
        n_ctx = self._loaded.n_ctx if self._loaded else None
        for i, (section, gpu) in enumerate(zip(self._cards, sample.gpus, strict=False)):
            section.set_parts(gpu_parts(self._machine, self._loaded, i, gpu), n_ctx)
            section.set_gpu(gpu)
        self._ram.set_parts(ram_parts(self._machine, self._loaded, sample), n_ctx)
        cores = self._machine.cpu.cores
        words = self.tr("{load} of 1 core") if cores == 1 else self.tr("{load} of {n} cores")
        words = words.format(load=f"{100 * sample.cpu_load:.0f} %", n=cores)
        self._cpu_words.set_text(words)
        self._cpu_bar.set_share(sample.cpu_load, words)

    def add_rate(self, tokens_s: float | None) -> None:
        """Speed of the last half second; None while nothing is being answered."""
        self._sparkline.add(tokens_s)
        self._show_rate(tokens_s)

    def set_timings(self, timings: Timings) -> None:
        """Measured figures of the newest answer."""
        self._table.set_timings(timings)

    def set_folded(self, is_folded: bool) -> None:
        """Hide or show the panel."""
        self.setVisible(not is_folded)

    def _show_rate(self, tokens_s: float | None) -> None:
        if tokens_s is None:
            self._rate.set_text([Run(self.tr("idle"), Role.BODY, Tone.MUTED)])
            self._per_joule.set_text("")
            return
        self._rate.set_text([Run(f"{tokens_s:.1f}", Role.MODEL), Run(self.tr(" tokens/s"), Role.BODY)])
        per_joule = tokens_s / self._power_w if self._power_w else None
        self._per_joule.set_text(self.tr("{n} per joule").format(n=f"{per_joule:.2g}") if per_joule else "")


class _BandLegend(QWidget):
    """A swatch of the predicted band, and its words."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(px(20), 0, 0, 0)
        self._text = Text("", Role.SMALL, Tone.MUTED, self)
        row.addWidget(self._text)
        row.addStretch(1)

    def set_text(self, words: str) -> None:
        self._text.set_text(words)
        self.setVisible(bool(words))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = px(14)
        area = self.rect()
        area.setRect(0, (self.height() - px(10)) // 2, side, px(10))
        frame(painter, area.toRectF(), 1, current().soft_accent, current().border)
        painter.end()
