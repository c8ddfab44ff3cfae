"""The cards of This PC: one per graphics card, memory, processor and disk, engine."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.calibration import Calibration, DeviceCalibration
from launcher.core.engine_packs import BUILT_IN, PackState
from launcher.core.machine import Cpu, Disk, EngineDevice, Gpu, GpuSample, Ram, Sample
from launcher.core.units import gib
from launcher.core.words import joined
from launcher.ui.components import Card, Chip, ChipKind, Divider, MemoryParts, StackedBar, Text
from launcher.ui.components.device_names import card_name, cpu_name
from launcher.ui.home.pc_card import instruction_words
from launcher.ui.home.words import disk_size
from launcher.ui.theme import Role, Tone
from launcher.ui.thispc.engine_check import EngineCheck
from launcher.ui.thispc.fact_list import FactList, card_title


def _speed(bytes_s: float | None) -> str:
    return f"{bytes_s / 1e9:,.0f} GB/s" if bytes_s else ""


class _MemoryCard(Card):
    """Title, live bar with its sum, then facts."""

    def __init__(self, icon: str, title: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(0)
        head = card_title(icon, title, self)
        self._chip = Chip(self.tr("in use"), ChipKind.GOOD, self)
        self._chip.hide()
        head.addWidget(self._chip)
        column.addLayout(head)
        column.addSpacing(10)
        self._bar = StackedBar(self, height=22)
        column.addWidget(self._bar)
        column.addSpacing(6)
        sums = QHBoxLayout()
        self._used = Text("…", Role.SMALL, Tone.MUTED, self)
        self._free = Text("", Role.SMALL_STRONG, parent=self)
        sums.addWidget(self._used, 1)
        sums.addWidget(self._free)
        column.addLayout(sums)
        column.addSpacing(12)
        column.addWidget(Divider(self))
        column.addSpacing(12)
        self.facts = FactList(self)
        column.addWidget(self.facts)
        column.addStretch(1)

    def set_parts(self, parts: MemoryParts | None) -> None:
        """What is in memory now; None when the driver does not say."""
        self._bar.set_parts(parts)
        if parts is None:
            self._used.set_text(self.tr("unknown, not measured"))
            self._free.set_text("")
            return
        words = self.tr("{engine} engine · {other} other programs")
        gib_words = (f"{size / 2**30:.1f}" for size in (parts.model_bytes, parts.other_bytes))
        self._used.set_text(words.format(engine=next(gib_words), other=next(gib_words)))
        self._free.set_text(self.tr("{size} free").format(size=gib(parts.free_bytes)))
        self._chip.setVisible(parts.model_bytes > 0)


class GpuCard(_MemoryCard):
    """A graphics card."""

    def __init__(self, gpu: Gpu, parent: QWidget | None = None, measured: Calibration | None = None) -> None:
        super().__init__("gpu", card_name(gpu.name), parent)
        device = measured.device(gpu.engine_device) if measured else None
        self._set_speed(gpu, device)
        if not gpu.unified_memory:
            link = f"{gpu.pcie_generation}.0 ×{gpu.pcie_width}" if gpu.pcie_generation and gpu.pcie_width else ""
            bus = (measured.pcie_bytes_s if measured and device else None) or gpu.pcie_bytes_s
            self.facts.set_fact(self.tr("Over PCIe"), _speed(bus), link)
        if device is not None and device.unaccounted_bytes is not None:
            self.facts.set_fact(self.tr("Driver beside a model"), gib(device.unaccounted_bytes), self.tr("measured"))
        self.facts.set_fact(self.tr("Power now"), "", self._limit_words(gpu.power_limit_w))
        self.facts.set_fact(self.tr("Temperature"), "")
        backend = (gpu.backend or "").upper() if gpu.backend in ("cuda", "rocm") else (gpu.backend or "").capitalize()
        self.facts.set_fact(self.tr("Driver"), gpu.driver or "", backend or self.tr("this engine cannot use it"))
        if gpu.notes:
            note = Text(joined(*gpu.notes), Role.SMALL, Tone.MUTED, self, wrap=True)
            layout = self.layout()
            if layout is not None:
                layout.addWidget(note)

    def _set_speed(self, gpu: Gpu, device: DeviceCalibration | None) -> None:
        """The fastest type read shows what the memory gives; the others cost arithmetic too."""
        if device is None or not device.bandwidth_bytes_s:
            self.facts.set_fact(self.tr("Memory speed"), _speed(gpu.bandwidth_bytes_s), self.tr("data sheet"))
            return
        of = self.tr("of {speed}").format(speed=f"{gpu.bandwidth_bytes_s / 1e9:,.0f}") if gpu.bandwidth_bytes_s else ""
        best = max(device.bandwidth_bytes_s.values())
        self.facts.set_fact(self.tr("Memory speed"), _speed(best), of or self.tr("measured"))

    def _limit_words(self, watts: float | None) -> str:
        return self.tr("limit {watts} W").format(watts=f"{watts:.0f}") if watts else ""

    def set_gpu(self, gpu: GpuSample) -> None:
        """Follow power and temperature."""
        power = f"{gpu.power_w:.0f} W" if gpu.power_w is not None else ""
        self.facts.set_fact(self.tr("Power now"), power, self._limit_words(gpu.power_limit_w))
        heat = f"{gpu.temperature_c:.0f} °C" if gpu.temperature_c is not None else ""
        self.facts.set_fact(self.tr("Temperature"), heat, gpu.note)


class RamCard(_MemoryCard):
    """System memory."""

    def __init__(self, ram: Ram, parent: QWidget | None = None, measured: Calibration | None = None) -> None:
        title = QCoreApplication.translate("RamCard", "Memory, {size}").format(size=gib(ram.total_bytes))
        super().__init__("memory-stick", title, parent)
        basis = {"measured": self.tr("measured"), "datasheet": self.tr("data sheet")}.get(ram.bandwidth_basis, "")
        self.facts.set_fact(self.tr("Memory speed"), _speed(ram.bandwidth_bytes_s), basis)
        self._set_measured(measured)
        self.facts.set_fact(self.tr("Kind"), ram.kind or "")
        self.facts.set_fact(self.tr("Swap in use"), "")

    def _set_measured(self, measured: Calibration | None) -> None:
        device = measured.device("CPU") if measured else None
        quant = next(iter(device.bandwidth_bytes_s), None) if device else None
        if measured is None or device is None or quant is None:
            return
        # One quantisation stands for all: the one most models have.
        quant = "q4_k" if "q4_k" in device.bandwidth_bytes_s else quant
        speed = f"{device.bandwidth_bytes_s[quant] / 1e9:,.1f} GB/s"
        n_threads = measured.threads or 1
        how = self.tr("{type}, 1 thread") if n_threads == 1 else self.tr("{type}, {n} threads")
        how = how.format(type=quant.upper(), n=n_threads)
        self.facts.set_fact(self.tr("Weights from here"), speed, how)

    def set_sample(self, sample: Sample) -> None:
        """Follow swap."""
        swap = "0 B" if sample.swap_used_bytes == 0 else gib(sample.swap_used_bytes)
        self.facts.set_fact(self.tr("Swap in use"), swap)


class CpuDiskCard(Card):
    """Processor above disks."""

    def __init__(self, cpu: Cpu, disks: tuple[Disk, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Processor and disk"))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(10)
        column.addLayout(card_title("cpu", cpu_name(cpu.name), self))
        facts = FactList(self)
        threads = self.tr("1 thread") if cpu.threads == 1 else self.tr("{n} threads").format(n=cpu.threads)
        facts.set_fact(self.tr("Cores"), str(cpu.cores), threads)
        others = ", ".join(sorted(cpu.instruction_sets)).upper()
        facts.set_fact(self.tr("Instructions"), instruction_words(cpu.instruction_sets), tool_tip=others)
        self._load = FactList(self)
        self._load.set_fact(self.tr("Load"), "")
        column.addWidget(facts)
        column.addWidget(self._load)
        for disk in disks[:2]:
            column.addWidget(Divider(self))
            size = disk_size(disk.total_bytes) if disk.total_bytes else disk.path
            title = self.tr("{kind}, {size}").format(kind=disk.kind or self.tr("Disk"), size=size)
            column.addLayout(card_title("hard-drive", title, self))
            disk_facts = FactList(self)
            disk_facts.set_fact(self.tr("Free"), disk_size(disk.free_bytes), tool_tip=disk.path)
            disk_facts.set_fact(self.tr("Reading"), f"{disk.read_bytes_s / 1e9:.1f} GB/s" if disk.read_bytes_s else "")
            column.addWidget(disk_facts)
        column.addStretch(1)

    def set_sample(self, sample: Sample) -> None:
        """Follow the processor's load."""
        self._load.set_fact(self.tr("Load"), f"{100 * sample.cpu_load:.0f} %")


class EngineCard(Card):
    """Which engine this is, and the devices it lists: the truth about what is usable."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Engine"))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(20, 18, 20, 18)
        self._column.setSpacing(8)
        self._column.addWidget(Text(self.tr("Engine"), Role.SECTION, parent=self))
        self._version = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        self._column.addWidget(self._version)
        self._pack = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        self._pack.hide()
        self._column.addWidget(self._pack)
        self._column.addWidget(Divider(self))
        self._facts = FactList(self)
        self._none = Text(self.tr("The engine has not listed its devices."), Role.SMALL, Tone.MUTED, self, wrap=True)
        self._column.addWidget(self._none)
        self._column.addWidget(self._facts)
        self._column.addWidget(Divider(self))
        self.check = EngineCheck(self)
        self._column.addWidget(self.check)
        self._column.addStretch(1)
        self._libraries: str | None = None
        self.set_version("")

    def set_version(self, version: str) -> None:
        """Build of the engine ("llama-cpp-python 0.3.36, llama.cpp 0.5.0"); "" while unknown."""
        self._version.set_text(version or self.tr("llama.cpp; its version is known after the first load"))

    def set_pack(self, pack: PackState | None) -> None:
        """The libraries it runs with; None hides the line."""
        self._pack.setVisible(pack is not None)
        if pack is not None:
            if self._libraries not in (None, pack.folder):
                self.check.clear()  # what was found was found with others
            self._libraries = pack.folder
            name = self.tr("Built-in") if pack.name == BUILT_IN else pack.name
            self._pack.set_text(self.tr("Libraries: {name}. {reason}").format(name=name, reason=pack.reason))

    def set_devices(self, devices: tuple[EngineDevice, ...]) -> None:
        """One line per device."""
        old = self._facts
        self._facts = FactList(self)
        self._column.replaceWidget(old, self._facts)
        old.hide()
        old.deleteLater()
        for device in devices:
            self._facts.set_fact(device.name, device.description, device.backend, gib(device.total_bytes))
        self._none.setVisible(not devices)
        self.check.set_devices_known(bool(devices))
