"""NVIDIA cards. A card that falls off the bus leaves None behind, the others go on, and it is looked for with a growing pause."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from launcher.core.machine import Gpu, GpuSample
from launcher.core.units import gib
from launcher.core.words import say
from launcher.hardware import nvml_driver
from launcher.hardware.nvml_driver import Card, NvmlDriver
from launcher.hardware.pcie import link_bytes_s, normal_address

_SLOW_VALUES_S = 5.0
_FIRST_PAUSE_S = 2.0
_LONGEST_PAUSE_S = 60.0

_TEMPERATURE_OF_GPU = 0  # NVML_TEMPERATURE_GPU


@dataclass
class _Slow:
    """What changes rarely, and when it was read."""

    read_at: float = -math.inf
    temperature_c: int | None = None
    power_limit_w: float | None = None


class NvmlSource:
    """All NVIDIA cards, in the order in which they were first seen."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._driver = NvmlDriver()
        self._cards: dict[str, Card] = {}
        self._slow: dict[str, _Slow] = {}
        self._problem = ""
        self._start_code = 0
        self._pause_s = _FIRST_PAUSE_S
        self._look_again_at = -math.inf
        self._look()

    @property
    def problem(self) -> str:
        """Why no or not all cards are seen; "" when all is well."""
        return self._problem

    @property
    def is_absent(self) -> bool:
        """NVIDIA's library is not installed: normal without an NVIDIA card, whose own note says so otherwise."""
        return self._start_code == nvml_driver.LIBRARY_NOT_FOUND

    def close(self) -> None:
        """Release the driver."""
        self._driver.stop()

    def gpus(self) -> tuple[Gpu, ...]:
        """What the cards are."""
        version, _ = self._driver.ask("nvmlSystemGetDriverVersion")
        cuda, _ = self._driver.ask("nvmlSystemGetCudaDriverVersion")
        driver = f"{version} (CUDA {cuda // 1000}.{cuda % 1000 // 10})" if version and cuda else version
        return tuple(self._describe(card, driver) for card in self._cards.values())

    def sample(self, app_pids: frozenset[int]) -> tuple[GpuSample, ...]:
        """The meters now: 3-4 driver calls a card (about 0.1 ms each), slow values every 5 s."""
        if self._clock() >= self._look_again_at:
            self._look()
        samples = tuple(self._sample_card(card, app_pids) for card in self._cards.values())
        if math.isinf(self._look_again_at):
            if any(card.handle is None for card in self._cards.values()):
                self._look_later()
            else:
                self._pause_s = _FIRST_PAUSE_S  # only now: a dead card may still be listed and give out handles
        return samples

    def _look(self) -> None:
        """Start NVML anew and give every card that answers a fresh handle."""
        for card in self._cards.values():
            card.handle = None
        self._start_code = code = self._driver.start()
        if code:
            self._problem = nvml_driver.start_problem(code)
            self._look_later()
            return
        count, code = self._driver.ask("nvmlDeviceGetCount")
        silent = sum(not self._find_card(index) for index in range(count or 0))
        self._problem = say("{n} of {count} NVIDIA cards do not answer.", n=silent, count=count) if silent else ""
        if code:
            self._problem = say("NVIDIA's driver does not tell how many cards there are (code {code}).", code=code)
        if code or silent or any(card.handle is None for card in self._cards.values()):
            self._look_later()
        else:
            self._look_again_at = math.inf

    def _look_later(self) -> None:
        self._look_again_at = self._clock() + self._pause_s
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def _find_card(self, index: int) -> bool:
        handle, _ = self._driver.ask("nvmlDeviceGetHandleByIndex", index)
        if handle is None:
            return False
        address = normal_address(self._driver.pci_bus_id(handle))
        key = address or f"#{index}"
        card = self._cards.get(key)
        if card is None:
            name, _ = self._driver.ask("nvmlDeviceGetName", handle)
            card = self._cards[key] = Card(key, name or "NVIDIA GPU", address, handle)
            self._slow[key] = _Slow()
        card.handle = handle
        return True

    def _describe(self, card: Card, driver: str | None) -> Gpu:
        ask = self._driver.ask_number
        card.codes.clear()
        self._slow[card.key] = _Slow()
        total, free = self._driver.memory(card)
        generation = ask(card, "PCIe link", "nvmlDeviceGetMaxPcieLinkGeneration", most=16)
        # The speed drops while a card idles, the width does not; the possible width says nothing about the slot.
        width = ask(card, "PCIe link", "nvmlDeviceGetCurrPcieLinkWidth", most=32)
        self._read_slow(card)
        # Asked only to say in the notes that the meters will lack them.
        self._driver.ask_card(card, "load", "nvmlDeviceGetUtilizationRates")
        ask(card, "power", "nvmlDeviceGetPowerUsage", most=10**7)
        is_unified = card.codes.get("memory") == nvml_driver.NOT_SUPPORTED
        notes = [say("Its memory is the computer's RAM.")] if is_unified else []
        notes += self._partition_notes(card)
        notes += card.missing()
        if card.handle is None:
            notes.append(_lost())
        return Gpu(
            name=card.name,
            vendor="nvidia",
            vram_total_bytes=total,
            vram_free_bytes=free,
            pcie_bytes_s=link_bytes_s(generation, width),
            power_limit_w=self._slow[card.key].power_limit_w,
            unified_memory=is_unified,
            pci_bus_id=card.pci_bus_id,
            pcie_generation=generation or None,
            pcie_width=width or None,
            driver=driver,
            notes=tuple(notes),
        )

    def _partition_notes(self, card: Card) -> list[str]:
        """MIG (multi-instance GPU) cuts a card into parts; a program can use one part."""
        if card.handle is None:
            return []
        modes, _ = self._driver.ask("nvmlDeviceGetMigMode", card.handle)
        if not modes or modes[0] != 1:
            return []
        most, _ = self._driver.ask("nvmlDeviceGetMaxMigDeviceCount", card.handle)
        sizes: list[str] = []
        for index in range(min(most or 0, 64)):
            part, code = self._driver.ask("nvmlDeviceGetMigDeviceHandleByIndex", card.handle, index)
            if code:
                continue  # not every place is taken
            total, _ = self._driver.memory(Card("", "", None, part))
            sizes.append(gib(total) if total else say("unknown size"))
        parts = say("{n} parts ({sizes})", n=len(sizes), sizes=", ".join(sizes)) if sizes else say("parts")
        return [
            say(
                "MIG cuts this card into {parts}; the engine can use one of them. The figures are the whole card's.",
                parts=parts,
            )
        ]

    def _sample_card(self, card: Card, app_pids: frozenset[int]) -> GpuSample:
        total, free = self._driver.memory(card)
        used = self._driver.used_by(card, app_pids)
        load = self._driver.ask_card(card, "load", "nvmlDeviceGetUtilizationRates")
        power_mw = self._driver.ask_number(card, "power", "nvmlDeviceGetPowerUsage", most=10**7)
        slow = self._read_slow(card)
        if card.handle is None:  # gone before or during these questions: half a reading is none
            return GpuSample(card.name, note=_lost(), pci_bus_id=card.pci_bus_id)
        return GpuSample(
            name=card.name,
            vram_total_bytes=total,
            vram_free_bytes=free,
            vram_used_by_app_bytes=used,
            load=load.gpu / 100 if load is not None and load.gpu <= 100 else None,
            temperature_c=slow.temperature_c,
            power_w=power_mw / 1000 if power_mw is not None else None,
            power_limit_w=slow.power_limit_w,
            pci_bus_id=card.pci_bus_id,
        )

    def _read_slow(self, card: Card) -> _Slow:
        slow = self._slow[card.key]
        if card.handle is not None and self._clock() - slow.read_at >= _SLOW_VALUES_S:
            ask = self._driver.ask_number
            slow.temperature_c = ask(card, "temperature", "nvmlDeviceGetTemperature", _TEMPERATURE_OF_GPU, most=200)
            limit_mw = ask(card, "power limit", "nvmlDeviceGetEnforcedPowerLimit", most=10**7)
            slow.power_limit_w = limit_mw / 1000 if limit_mw else None
            slow.read_at = self._clock()
        return slow


def _lost() -> str:
    return say("This card does not answer any more; it may have lost its connection. It is looked for again.")
