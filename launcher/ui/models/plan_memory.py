"""The memory of a plan: one bar per device with name, capacity and what stays free, and one legend for all."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.machine import Machine
from launcher.core.plans import MemoryUse
from launcher.core.units import gib
from launcher.ui.components import MemoryLegend, MemoryParts, Part, Run, StackedBar, Text, planned_parts
from launcher.ui.components.device_names import device_label
from launcher.ui.theme import Role, Tone


class PlanMemory(QWidget):
    """Bars glide when another plan of the same devices is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._devices: list[_DeviceBar] = []
        self._legend = MemoryLegend(self, is_compact=True)
        self._column.addWidget(self._legend)

    def set_memory(self, memory: MemoryUse | None, machine: Machine | None = None, *, glide: bool = True) -> None:
        """Show where the bytes go.

        Args:
            memory: None shows nothing.
            machine: tells equal cards apart.
            glide: bars glide to another plan; while dragging they jump.
        """
        devices = memory.devices if memory else ()
        while len(self._devices) > len(devices):
            gone = self._devices.pop()
            self._column.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        while len(self._devices) < len(devices):
            bar = _DeviceBar(self)
            self._column.insertWidget(len(self._devices), bar)
            self._devices.append(bar)
        parts = [planned_parts(device_label(device, memory, machine), device) for device in devices] if memory else []
        for bar, device in zip(self._devices, parts, strict=True):
            bar.set_parts(device, glide=glide)
        self._legend.setVisible(bool(parts))
        # The others stand in and above the bars.
        self._legend.set_parts(_sum(parts) if parts else None, with_figures=(Part.KV_CACHE, Part.COMPUTE))


class _DeviceBar(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._name = Text("", parent=self)
        self._free = Text("", parent=self)
        self._bar = StackedBar(self, height=22)
        head.addWidget(self._name)
        head.addStretch(1)
        head.addWidget(self._free)
        column.addLayout(head)
        column.addWidget(self._bar)

    def set_parts(self, parts: MemoryParts, *, glide: bool) -> None:
        capacity = gib(parts.capacity_bytes) if parts.capacity_bytes is not None else self.tr("capacity unknown")
        self._name.set_text([Run(parts.name, Role.BODY_MEDIUM), Run(f"  {capacity}", Role.SMALL, Tone.MUTED)])
        over = parts.used_bytes - (parts.capacity_bytes or parts.used_bytes)
        if over > 0:
            words = self.tr("{size} too little").format(size=gib(over))
            self._free.set_text([Run(words, Role.SMALL_STRONG, Tone.BAD)])
        else:
            self._free.set_text(
                [
                    Run(gib(parts.free_bytes), Role.SMALL_STRONG),
                    Run(" " + self.tr("free"), Role.SMALL, Tone.MUTED),
                ]
            )
        self._bar.set_parts(parts, glide=glide)


def _sum(parts: list[MemoryParts]) -> MemoryParts:
    return MemoryParts(
        "",
        sum(p.total_bytes for p in parts),
        sum(p.weights_bytes for p in parts),
        sum(p.kv_bytes for p in parts),
        sum(p.compute_bytes for p in parts),
        sum(p.other_bytes for p in parts),
    )
