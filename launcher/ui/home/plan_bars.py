"""A plan's memory: one stacked bar per device with its name, capacity and what stays free, and the legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from launcher.core.units import gib
from launcher.ui.components import MemoryLegend, MemoryParts, Run, StackedBar, Text, planned_parts
from launcher.ui.components.device_names import device_label
from launcher.ui.theme import Role, Tone

if TYPE_CHECKING:
    from launcher.core.machine import Machine
    from launcher.core.plans import DeviceMemory, Plan


class _DeviceRow:
    """The widgets of one device in the grid."""

    def __init__(self, grid: QGridLayout, row: int, parent: QWidget) -> None:
        self.name = Text("", Role.BODY_MEDIUM, parent=parent)
        self.capacity = Text("", Role.SMALL, Tone.MUTED, parent, align=Qt.AlignmentFlag.AlignRight)
        self.bar = StackedBar(parent, height=24)
        self.free = Text("", Role.SMALL, parent=parent, align=Qt.AlignmentFlag.AlignRight)
        for column, widget in enumerate((self.name, self.capacity, self.bar, self.free)):
            grid.addWidget(widget, row, column)

    def set_visible(self, is_visible: bool) -> None:
        for widget in (self.name, self.capacity, self.bar, self.free):
            widget.setVisible(is_visible)

    def show(self, parts: MemoryParts, free_words: str) -> None:
        self.name.set_text(parts.name)
        self.capacity.set_text(gib(parts.capacity_bytes) if parts.capacity_bytes else "")
        self.bar.set_parts(parts, glide=True)
        self.free.set_text([Run(gib(parts.free_bytes), Role.SMALL_STRONG), Run(f" {free_words}", Role.SMALL)])
        self.set_visible(True)


class PlanBars(QWidget):
    """All devices of a plan. The legend gives the figures of the first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(2, 1)
        self._rows: list[_DeviceRow] = []
        self._legend_name = Text("", Role.SMALLEST, Tone.MUTED, self, align=Qt.AlignmentFlag.AlignRight)
        self._legend = MemoryLegend(self)
        self._place_legend(0)
        for _ in range(2):
            self._add_row()

    def set_pending(self) -> None:
        """Empty frames."""
        for row in self._rows:
            row.bar.set_parts(None)

    def set_plan(self, plan: Plan, machine: Machine | None) -> None:
        """Show where a plan's bytes go."""
        devices = [d for d in plan.memory.devices if d.kind != "host"] + [
            d for d in plan.memory.devices if d.kind == "host"
        ]
        while len(self._rows) < len(devices):
            self._add_row()
        for row, device in zip(self._rows, devices, strict=False):
            row.show(self._parts(plan, device, machine), self.tr("free"))
        for row in self._rows[len(devices) :]:
            row.set_visible(False)
        if devices:
            first = self._parts(plan, devices[0], machine)
            self._legend.set_parts(first)
            self._legend_name.set_text(self.tr("{device}, GiB").format(device=first.name))

    def _parts(self, plan: Plan, device: DeviceMemory, machine: Machine | None) -> MemoryParts:
        return planned_parts(device_label(device, plan.memory, machine), device)

    def _add_row(self) -> None:
        self._rows.append(_DeviceRow(self._grid, len(self._rows), self))
        self._place_legend(len(self._rows))

    def _place_legend(self, row: int) -> None:
        self._grid.addWidget(self._legend_name, row, 0, 1, 2, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(self._legend, row, 2, 1, 2)
