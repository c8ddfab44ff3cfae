"""What is here and what is free now ("Your PC"), as a card or, in a narrow window, as one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.units import gib
from launcher.ui.components import (
    ButtonSize,
    Card,
    Divider,
    ElidedLabel,
    FlowLayout,
    IconLabel,
    Run,
    SecondaryButton,
    SkeletonText,
    Text,
    ThinBar,
)
from launcher.ui.components.device_names import card_name, cpu_name, cpu_vendor, gpu_labels, vendor_name
from launcher.ui.home.words import disk_size
from launcher.ui.theme import Role, Tone

if TYPE_CHECKING:
    from launcher.core.machine import Machine, Sample

_INSTRUCTION_WORDS = (
    ("amx_int8", "AMX"),
    ("avx512f", "AVX-512"),
    ("avx512", "AVX-512"),
    ("avx2", "AVX2"),
    ("avx", "AVX"),
    ("neon", "NEON"),
)


def instruction_words(instruction_sets: tuple[str, ...]) -> str:
    """The widest instruction set that matters to the engine, in words; "" when none is known."""
    return next((word for flag, word in _INSTRUCTION_WORDS if flag in instruction_sets), "")


class _Item(QWidget):
    """Icon, name, what is free, details, bar of use."""

    def __init__(self, icon: str, name: str, parent: QWidget, *, has_bar: bool = True) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(IconLabel(icon, Tone.MUTED, 18, self), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(0)
        row.addLayout(column, 1)
        head = QHBoxLayout()
        head.setSpacing(8)
        self.name = ElidedLabel(name, Role.BODY_MEDIUM, parent=self)
        self.value = SkeletonText(Role.BODY_STRONG, parent=self)
        head.addWidget(self.name, 1)
        head.addWidget(self.value)
        column.addLayout(head)
        self.detail = ElidedLabel("", Role.SMALL, Tone.MUTED, self)
        column.addWidget(self.detail)
        self._bar = ThinBar(self.tr("In use"), self, by_others=True)
        self._bar.setVisible(has_bar)
        if has_bar:
            column.addSpacing(6)
            column.addWidget(self._bar)

    def set_use(self, free_words: str, share: float | None, description: str) -> None:
        """What is free, and the used share as a bar."""
        self.value.set_text(free_words)
        self._bar.set_share(share, description)
        self.setAccessibleName(f"{self.name.text()}: {description}")


class PcCard(Card):
    """The hardware in plain words; figures of memory follow the live sample.

    Signals:
        look_again_requested(): probe again.
    """

    look_again_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Your PC"))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(12)
        column.addWidget(Text(self.tr("Your PC"), Role.SECTION, parent=self))
        self._cards_column = QVBoxLayout()
        self._cards_column.setSpacing(12)
        column.addLayout(self._cards_column)
        self._cards: list[_Item] = []
        self._ram = _Item("memory-stick", self.tr("Memory (RAM)"), self)
        self._cpu = _Item("cpu", self.tr("Processor"), self, has_bar=False)
        self._disk = _Item("hard-drive", self.tr("Disk"), self)
        for item in (self._ram, self._cpu, self._disk):
            column.addWidget(item)
        column.addStretch(1)
        column.addWidget(Divider(self))
        self._basis = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        column.addWidget(self._basis)
        self._look_again = SecondaryButton(self.tr("Look again"), self, size=ButtonSize.SMALL, icon="rotate-cw")
        self._look_again.clicked.connect(self.look_again_requested)
        column.addWidget(self._look_again)

    def set_look_again_visible(self, is_visible: bool) -> None:
        """Hidden while the big card has the same button."""
        self._look_again.setVisible(is_visible)

    def set_basis(self, basis: str) -> None:
        """Where speeds come from: "datasheet", "calibrated" or "measured"."""
        known = {
            "datasheet": self.tr(
                "Speeds are estimated from the memory's speed; the range says how far off they may be."
            ),
            "calibrated": self.tr("Speeds use what was measured on this PC."),
            "measured": self.tr("Speeds were measured on this PC."),
        }
        self._basis.set_text(known.get(basis, ""))

    def set_machine(self, machine: Machine) -> None:
        """Show the hardware."""
        for item in self._cards:
            self._cards_column.removeWidget(item)
            item.hide()
            item.deleteLater()
        self._cards = []
        for gpu in machine.gpus:
            item = _Item("gpu", card_name(gpu.name), self)
            kind = self.tr("shared memory") if gpu.unified_memory else self.tr("video memory")
            if gpu.vram_total_bytes is None:
                parts = [self.tr("video memory unknown")]
            else:
                parts = [f"{gib(gpu.vram_total_bytes)} {kind}"]
            parts.append(vendor_name(gpu.vendor))
            if gpu.backend is None:
                parts.append(self.tr("this engine cannot use it"))
            item.detail.set_text(" · ".join(part for part in parts if part))
            item.detail.setToolTip("\n".join([item.detail.text(), *gpu.notes]))
            self._show_use(item, gpu.vram_total_bytes, gpu.vram_free_bytes)
            self._cards.append(item)
            self._cards_column.addWidget(item)
        ram = machine.ram
        self._ram.detail.set_text(" · ".join(part for part in (gib(ram.total_bytes), ram.kind) if part))
        self._show_use(self._ram, ram.total_bytes, ram.free_bytes)
        cpu = machine.cpu
        self._cpu.name.set_text(cpu_name(cpu.name))
        self._cpu.value.set_text(self.tr("1 core") if cpu.cores == 1 else self.tr("{n} cores").format(n=cpu.cores))
        threads = self.tr("1 thread") if cpu.threads == 1 else self.tr("{n} threads").format(n=cpu.threads)
        detail = (cpu_vendor(cpu.name), instruction_words(cpu.instruction_sets) or threads)
        self._cpu.detail.set_text(" · ".join(part for part in detail if part))
        self._show_disk(machine)

    def set_sample(self, sample: Sample) -> None:
        """Follow what is free now."""
        for item, gpu in zip(self._cards, sample.gpus, strict=False):
            if gpu.vram_total_bytes is not None:
                self._show_use(item, gpu.vram_total_bytes, gpu.vram_free_bytes)
        self._show_use(self._ram, sample.ram_total_bytes, sample.ram_free_bytes)

    def _show_disk(self, machine: Machine) -> None:
        self._disk.setVisible(bool(machine.disks))
        if not machine.disks:
            return
        disk = machine.disks[0]
        total = disk_size(disk.total_bytes) if disk.total_bytes else ""
        free = self.tr("{size} free").format(size=disk_size(disk.free_bytes))
        self._disk.detail.set_text(" · ".join(part for part in (total, disk.kind) if part) or disk.path)
        share = 1 - disk.free_bytes / disk.total_bytes if disk.total_bytes else None
        self._disk.set_use(free, share, free)

    def _show_use(self, item: _Item, total_bytes: int | None, free_bytes: int | None) -> None:
        if total_bytes is None or free_bytes is None:
            item.set_use(self.tr("unknown"), None, self.tr("unknown, not measured"))
            return
        words = self.tr("{free} of {total} free").format(free=gib(free_bytes), total=gib(total_bytes))
        item.set_use(self.tr("{size} free").format(size=gib(free_bytes)), 1 - free_bytes / max(1, total_bytes), words)


class PcLine(Card):
    """The same in one line (two in other languages), for windows below 1000 px.

    Signals:
        look_again_requested(): probe again.
    """

    look_again_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 7, 20, 7)
        row.setSpacing(16)
        row.addWidget(Text(self.tr("Your PC"), Role.BODY_STRONG, parent=self))
        holder = QWidget(self)
        self._flow = FlowLayout(holder, gap=20, line_gap=2)
        row.addWidget(holder, 1, Qt.AlignmentFlag.AlignVCenter)
        self._texts: list[Text] = []
        self._entries: list[QWidget] = []
        self._machine: Machine | None = None
        self.look_again = SecondaryButton(self.tr("Look again"), self, size=ButtonSize.SMALL)
        self.look_again.clicked.connect(self.look_again_requested)
        row.addWidget(self.look_again)

    def set_look_again_visible(self, is_visible: bool) -> None:
        """Hidden while the big card has the same button."""
        self.look_again.setVisible(is_visible)

    def set_machine(self, machine: Machine) -> None:
        """Show cards and RAM."""
        self._machine = machine
        for entry in self._entries:
            self._flow.removeWidget(entry)
            entry.hide()
            entry.deleteLater()
        self._entries, self._texts = [], []
        for icon in ["gpu"] * len(machine.gpus) + ["memory-stick"]:
            entry = QWidget(self)
            row = QHBoxLayout(entry)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(8)
            row.addWidget(IconLabel(icon, Tone.MUTED, 16, entry))
            text = Text("", Role.SMALL, parent=entry)
            row.addWidget(text)
            self._flow.addWidget(entry)
            entry.show()
            self._entries.append(entry)
            self._texts.append(text)
        memory = [(gpu.vram_total_bytes, gpu.vram_free_bytes) for gpu in machine.gpus]
        self._show([*memory, (machine.ram.total_bytes, machine.ram.free_bytes)])

    def set_sample(self, sample: Sample) -> None:
        """Follow what is free now."""
        if self._machine is None or len(sample.gpus) != len(self._machine.gpus):
            return
        memory = [(gpu.vram_total_bytes, gpu.vram_free_bytes) for gpu in sample.gpus]
        self._show([*memory, (sample.ram_total_bytes, sample.ram_free_bytes)])

    def _show(self, memory: list[tuple[int | None, int | None]]) -> None:
        if self._machine is None:
            return
        names = (*gpu_labels(self._machine), self.tr("RAM"))
        for text, name, (total, free) in zip(self._texts, names, memory, strict=True):
            if total is None or free is None:
                words = self.tr("unknown")
            else:
                words = self.tr("{free} of {total} free").format(free=f"{free / 2**30:.1f}", total=gib(total))
            text.set_text([Run(name, Role.SMALL_MEDIUM), Run(f"  {words}", Role.SMALL, Tone.MUTED)])
