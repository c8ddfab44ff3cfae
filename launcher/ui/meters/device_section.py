"""One device of the meter panel: name, use, stacked bar, and for cards the legend, load, temperature and power."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.machine import GpuSample
from launcher.core.units import GIB, gib, whole
from launcher.ui.components import ElidedLabel, MemoryParts, Meter, Part, Run, StackedBar, Swatch, Text, part_name
from launcher.ui.theme import Role, Tone

_HOT_C = 100.0  # full bar; cards throttle between 83 and 110 °C


class PartList(QWidget):
    """The legend of the panel: one line per part, with figures in GiB."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        self._names: dict[Part, ElidedLabel] = {}
        self._values: dict[Part, Text] = {}
        for row, part in enumerate(Part):
            grid.addWidget(Swatch(part, self), row, 0, Qt.AlignmentFlag.AlignVCenter)
            self._names[part] = ElidedLabel(part_name(part), Role.SMALLEST, Tone.MUTED, self)
            self._values[part] = Text("–", Role.SMALL_MEDIUM, parent=self, align=Qt.AlignmentFlag.AlignRight)
            grid.addWidget(self._names[part], row, 1)
            grid.addWidget(self._values[part], row, 2)
        self._names[Part.COMPUTE].set_text(self.tr("Compute and driver"))

    def set_parts(self, parts: MemoryParts, n_ctx: int | None) -> None:
        """Print the figures; `n_ctx` names the context that the KV cache is for."""
        words = self.tr("KV cache, {n} tokens").format(n=whole(n_ctx)) if n_ctx else part_name(Part.KV_CACHE)
        self._names[Part.KV_CACHE].set_text(words)
        for part, figure in parts.printed().items():
            self._values[part].set_text(f"{figure} GiB")


class DeviceSection(QWidget):
    """A card or the RAM."""

    def __init__(self, name: str, parent: QWidget | None = None, *, is_card: bool, has_legend: bool) -> None:
        """Make the section.

        Args:
            name: of the device.
            parent: as for any widget.
            is_card: with load, temperature and power.
            has_legend: the part list; one section of a panel has it.
        """
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.addWidget(ElidedLabel(name, Role.BODY_STRONG, parent=self), 1)
        self._use = Text("…", Role.SMALL, Tone.MUTED, self)
        head.addWidget(self._use)
        column.addLayout(head)
        column.addSpacing(8)
        self.bar = StackedBar(self, height=22 if has_legend or is_card else 14)
        column.addWidget(self.bar)
        self._parts_list = PartList(self) if has_legend else None
        if self._parts_list:
            column.addSpacing(9)
            column.addWidget(self._parts_list)
        self._meters: tuple[Meter, Meter, Meter] | None = None
        if is_card:
            column.addSpacing(10)
            column.addLayout(self._make_meters())

    def _make_meters(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(14)
        self._meters = (Meter(self.tr("Load"), self), Meter(self.tr("Temp."), self), Meter(self.tr("Power"), self))
        for meter in self._meters:
            row.addWidget(meter, 1)
        return row

    def set_parts(self, parts: MemoryParts | None, n_ctx: int | None) -> None:
        """Show what is in memory now; None when the driver does not say."""
        self.bar.set_parts(parts)
        if parts is None:
            self._use.set_text(self.tr("unknown, not measured"))
            return
        words = self.tr("{used} of {total} used").format(
            used=f"{parts.used_bytes / GIB:.1f}", total=gib(parts.total_bytes)
        )
        self._use.set_text(words)
        if self._parts_list:
            self._parts_list.set_parts(parts, n_ctx)

    def set_gpu(self, gpu: GpuSample) -> None:
        """Load, temperature and power; unknown values say so."""
        if self._meters is None:
            return
        load, heat, power = self._meters
        unknown = self.tr("unknown")
        load.set_value(f"{100 * gpu.load:.0f} %" if gpu.load is not None else unknown, gpu.load)
        if gpu.temperature_c is None:
            heat.set_value(unknown, None)
        else:
            heat.set_value(f"{gpu.temperature_c:.0f} °C", gpu.temperature_c / _HOT_C, self.tr("The bar ends at 100 °C"))
        if gpu.power_w is None:
            power.set_value(unknown, None)
            return
        limit = gpu.power_limit_w
        words = self.tr("limit {watts} W").format(watts=f"{limit:.0f}") if limit else ""
        power.set_value(f"{gpu.power_w:.0f} W", gpu.power_w / limit if limit else None, words)


def section_title(words: str, right: str, parent: QWidget) -> tuple[QHBoxLayout, Text]:
    """A line with a bold title and muted words at the right; returns the layout and the words."""
    row = QHBoxLayout()
    row.addWidget(Text([Run(words, Role.BODY_STRONG)], parent=parent))
    row.addStretch(1)
    text = Text(right, Role.SMALL, Tone.MUTED, parent)
    row.addWidget(text)
    return row, text
