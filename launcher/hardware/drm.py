"""AMD and Intel GPUs on Linux through sysfs, and NVIDIA cards that have no working driver of their own.

Sources: the kernel's documentation of amdgpu, i915 and xe (gpu/amdgpu/driver-misc, gpu/amdgpu/thermal, ABI/testing/
sysfs-driver-intel-i915-hwmon, ABI/testing/sysfs-driver-intel-xe-hwmon), ABI/testing/sysfs-bus-pci and
gpu/drm-usage-stats.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from launcher.core.machine import Gpu, GpuSample
from launcher.core.words import either, say
from launcher.hardware.drm_clients import vram_by_card
from launcher.hardware.kernel_files import list_dir, read_count, read_int, read_text
from launcher.hardware.pci_names import gpu_name
from launcher.hardware.pcie import generation_of, link_bytes_s, normal_address

_VENDORS = {0x1002: "amd", 0x10DE: "nvidia", 0x8086: "intel"}
_PROPER_DRIVERS = {"amd": ("amdgpu",), "intel": ("i915", "xe"), "nvidia": ("nvidia",)}
_DISPLAY_CLASS = 0x03


@dataclass
class _Card:
    """One PCI display device. `energy` is the last reading of an energy counter: (seconds, microjoules)."""

    folder: Path
    address: str
    vendor: str
    name: str
    driver: str | None
    hwmon: Path | None
    is_integrated: bool
    energy: tuple[float, int] | None = None


class DrmSource:
    """All AMD, Intel and NVIDIA display devices that are on the PCI bus when this is made, by address."""

    def __init__(self, root: Path = Path("/"), clock: Callable[[], float] = time.monotonic) -> None:
        self._root = root
        self._clock = clock
        folders = list_dir(root / "sys/bus/pci/devices")
        self._cards = tuple(card for folder in folders if (card := _open_card(folder, root)))

    @property
    def problem(self) -> str:
        """Always "": what is wrong concerns single cards and stands in their notes."""
        return ""

    @property
    def is_absent(self) -> bool:
        """Always False: the system itself tells about these."""
        return False

    def close(self) -> None:
        """Nothing is held open."""

    def gpus(self) -> tuple[Gpu, ...]:
        """What the devices are."""
        return tuple(_describe(card) for card in self._cards)

    def sample(self, app_pids: frozenset[int]) -> tuple[GpuSample, ...]:
        """The meters now: about ten small files a device."""
        if not self._cards:
            return ()
        mine = vram_by_card(self._root, app_pids)
        return tuple(self._sample_card(card, mine) for card in self._cards)

    def _sample_card(self, card: _Card, mine: dict[str, int] | None) -> GpuSample:
        if not card.folder.exists():
            note = say("This card is not on the bus any more.")
            return GpuSample(card.name, note=note, pci_bus_id=card.address)
        if _is_asleep(card):
            asleep = say("The card sleeps to save power; its meters are not read, because that would wake it.")
            return GpuSample(card.name, note=asleep, pci_bus_id=card.address)
        if card.hwmon is None or not card.hwmon.exists():  # its number changes when a card comes back
            card.hwmon = _hwmon(card.folder)
        total, free = _memory(card)
        busy = read_count(card.folder / "gpu_busy_percent") if card.vendor == "amd" else None
        return GpuSample(
            name=card.name,
            vram_total_bytes=total,
            vram_free_bytes=free,
            # What an integrated GPU holds is RAM and stands in other regions of these statistics.
            vram_used_by_app_bytes=None if mine is None or card.is_integrated else mine.get(card.address, 0),
            load=busy / 100 if busy is not None and busy <= 100 else None,
            temperature_c=_temperature_c(card),
            power_w=self._power_w(card),
            power_limit_w=_power_limit_w(card),
            pci_bus_id=card.address,
        )

    def _power_w(self, card: _Card) -> float | None:
        """Power now: amdgpu tells microwatts; i915 and xe count microjoules, so two readings are needed."""
        if card.hwmon is None:
            return None
        for name in ("power1_average", "power1_input"):
            microwatts = read_count(card.hwmon / name)
            if microwatts is not None:
                return microwatts / 1e6
        microjoules = read_count(card.hwmon / "energy1_input")
        if microjoules is None:
            return None
        now, before = self._clock(), card.energy
        card.energy = (now, microjoules)
        if before is None or now <= before[0] or microjoules < before[1]:  # the counter wraps
            return None
        return (microjoules - before[1]) / 1e6 / (now - before[0])


def _open_card(folder: Path, root: Path) -> _Card | None:
    """The device in that folder if it is a GPU of a known vendor."""
    kind = read_int(folder / "class", 16)
    vendor_id = read_int(folder / "vendor", 16)
    device_id = read_int(folder / "device", 16)
    address = normal_address(folder.name)
    if kind is None or kind >> 16 != _DISPLAY_CLASS or vendor_id not in _VENDORS or device_id is None or not address:
        return None
    vendor = _VENDORS[vendor_id]
    revision = read_int(folder / "revision", 16) or 0
    name = read_text(folder / "product_name") if vendor == "amd" else None
    driver = folder / "driver"
    hwmon = _hwmon(folder)
    return _Card(
        folder=folder,
        address=address,
        vendor=vendor,
        name=(name or gpu_name(root, vendor_id, device_id, revision))[:100],
        driver=driver.resolve().name if driver.exists() else None,
        hwmon=hwmon,
        is_integrated=_is_integrated(vendor, address, hwmon),
    )


def _hwmon(folder: Path) -> Path | None:
    return next(iter(list_dir(folder / "hwmon")), None)


def _is_integrated(vendor: str, address: str, hwmon: Path | None) -> bool:
    """Intel's integrated graphics sit on the processor's own bus 0; only AMD's have a north bridge voltage."""
    if vendor == "intel":
        return address.split(":")[1] == "00"
    return vendor == "amd" and hwmon is not None and read_text(hwmon / "in1_label") == "vddnb"


def _describe(card: _Card) -> Gpu:
    total, free = _memory(card)
    generation, width = _link(card.folder)
    notes: list[str] = []
    if card.driver not in _PROPER_DRIVERS[card.vendor]:
        wanted = either(*_PROPER_DRIVERS[card.vendor])
        notes.append(
            say("This GPU needs the driver {wanted}; it uses {driver}.", wanted=wanted, driver=card.driver)
            if card.driver
            else say("This GPU needs the driver {wanted}; it has none.", wanted=wanted)
        )
    elif card.vendor == "nvidia":  # only looked at when NVML does not list it
        notes.append(say("Its driver runs, but NVIDIA's library tells nothing about it here."))
    if card.is_integrated:
        notes.append(say("Its memory is the computer's RAM."))
    elif total is None:
        notes.append(say("The driver does not tell how much memory this card has."))
    if card.vendor == "intel":
        notes.append(say("Intel's driver does not report load here."))
    return Gpu(
        name=card.name,
        vendor=card.vendor,
        vram_total_bytes=total,
        vram_free_bytes=free,
        pcie_bytes_s=None if card.is_integrated else link_bytes_s(generation, width),
        power_limit_w=_power_limit_w(card),
        unified_memory=card.is_integrated,
        pci_bus_id=card.address,
        pcie_generation=None if card.is_integrated else generation,
        pcie_width=None if card.is_integrated else width,
        driver=card.driver,
        notes=tuple(notes),
    )


def _memory(card: _Card) -> tuple[int | None, int | None]:
    """(total, free) bytes. An integrated AMD GPU may use its carve-out and the RAM that the kernel lets it map (GTT)."""
    total, used = _amount(card.folder, "vram")
    if card.is_integrated and total is not None and used is not None:
        more_total, more_used = _amount(card.folder, "gtt")
        total, used = total + (more_total or 0), used + (more_used or 0)
    if not total:
        return None, None
    return total, total - used if used is not None and used <= total else None


def _amount(folder: Path, kind: str) -> tuple[int | None, int | None]:
    return read_count(folder / f"mem_info_{kind}_total"), read_count(folder / f"mem_info_{kind}_used")


def _is_asleep(card: _Card) -> bool:
    return read_text(card.folder / "power/runtime_status") == "suspended"


def _temperature_c(card: _Card) -> float | None:
    """Whole-chip temperature: amdgpu's edge is temp1, xe's package is temp2."""
    if card.hwmon is None:
        return None
    readings = (read_int(card.hwmon / name) for name in ("temp1_input", "temp2_input"))
    return next((milli / 1000 for milli in readings if milli is not None and 0 < milli < 200_000), None)


def _power_limit_w(card: _Card) -> float | None:
    if card.hwmon is None or _is_asleep(card):
        return None
    limits = (read_count(card.hwmon / name) for name in ("power1_cap", "power1_max"))
    return next((limit / 1e6 for limit in limits if limit), None)


def _link(folder: Path) -> tuple[int | None, int | None]:
    """(generation, lanes) of the narrowest link between the card and the processor.

    The possible speed counts, not the present one: idle links slow down. AMD's and Intel's newer cards carry a switch of
    their own, and what its inner end tells is meaningless (x16 in a narrow slot, 2.5 GT/s x1 on Arc): skipped.
    """
    path = [folder.resolve()]
    while normal_address(path[-1].parent.name):
        path.append(path[-1].parent)
    vendor = read_text(path[0] / "vendor")
    if len(path) > 3 and vendor is not None and read_text(path[1] / "vendor") == vendor:
        path = path[2:]
    links: list[tuple[int, int]] = []
    for place in path:
        generation = generation_of(read_text(place / "max_link_speed"))
        width = read_count(place / "max_link_width")
        if generation and width and width <= 32:
            links.append((generation, width))
    return min(links, key=lambda link: link_bytes_s(*link) or 0.0, default=(None, None))
