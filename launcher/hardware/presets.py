"""Graphics cards by name and computers that are only described: for "what if" plans.

Values come from the data-sheet table (resources/gpus.json) and the classes of memory (resources/machines/ram.json).
What a described computer has free is its memory less a usual desktop's use, which its notes say.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from launcher.core.codec import from_json
from launcher.core.errors import NextStep, UserError
from launcher.core.machine import Cpu, Gpu, Machine, Ram
from launcher.core.paths import resource
from launcher.core.units import GIB, gib
from launcher.core.words import say
from launcher.hardware.apple import gpu_share_bytes
from launcher.hardware.datasheet import Entry, entries
from launcher.hardware.pcie import link_bytes_s

# What a desktop with a browser and a few programs holds: on the first card, and in RAM (at most a quarter of it).
DESKTOP_VRAM_BYTES = GIB
DESKTOP_RAM_BYTES = 4 * GIB

# The engine build that serves each maker best: (backend, the engine's name of its devices).
_BACKENDS = {
    "nvidia": ("cuda", "CUDA"),
    "amd": ("vulkan", "Vulkan"),
    "intel": ("vulkan", "Vulkan"),
    "apple": ("metal", "MTL"),
}

# Words of a name that people leave out; any other word left out makes it another product ("3060" is not a 3060 Ti).
_OPTIONAL = frozenset(
    re.findall(
        r"\w+",
        "nvidia geforce gtx rtx tesla quadro amd radeon rx pro instinct intel arc apple gpu graphics generation "
        "workstation edition blackwell pcie hbm",
    )
)
_FILLER = frozenset(("graphics", "card", "series", "corporation", "gpu", "chip"))  # said or not: never part of a name
_MEMORY = re.compile(r"\b(\d{1,3})\s*(?:gib|gb|g)\b")
_COUNT = re.compile(r"^\s*(\d{1,2})\s*[x×*]\s*(?=\D|\d{4})")  # "2x RTX 3090"; not the 3060 of "3060 x"
_MOST_GPUS = 16

# RAM classes for a computer of which only the size is known: up to so many bytes.
_USUAL_KINDS = ((256 * GIB, "DDR5-5600"), (2**63, "DDR4-3200, 8 channels"))


@dataclass(frozen=True, slots=True)
class RamKind:
    """A class of system memory: `gb_s` by its standard, of which a program usually reads `read_share`."""

    name: str
    gb_s: float
    read_share: float
    cores: int
    pcie: int

    @property
    def bandwidth_bytes_s(self) -> float:
        """What a program can expect to read per second."""
        return self.gb_s * 1e9 * self.read_share


@dataclass(frozen=True, slots=True)
class _RamTable:
    kinds: tuple[RamKind, ...]


@cache
def ram_kinds() -> tuple[RamKind, ...]:
    """Every known class of memory."""
    return from_json(_RamTable, json.loads(resource("machines", "ram.json").read_text("utf-8"))).kinds


def ram_kind(name: str) -> RamKind:
    """The class of that name ("DDR5-5600", "ddr4 3200, 8 channels").

    Raises:
        UserError: "unknown_ram", with the nearest names.
    """
    found = next((k for k in ram_kinds() if _plain(k.name) == _plain(name)), None)
    if found is not None:
        return found
    near = difflib.get_close_matches(name, [k.name for k in ram_kinds()], 3, 0.4)
    raise UserError(
        "unknown_ram",
        say("{name} is not a known kind of RAM.", name=name),
        say("{n} kinds are known.", n=len(ram_kinds())),
        _near_names(near),
    )


@cache
def preset_names() -> tuple[str, ...]:
    """Every card by the name people use, with its memory where it is sold with several; each is a `preset_gpu`."""
    sizes: dict[str, list[float]] = {}
    for entry in entries():
        sizes.setdefault(_short(entry.name), []).extend(() if _is_shared(entry) else entry.memory_gib)
    names = list[str]()
    for name, found in sizes.items():
        several = sorted(set(found)) if len(set(found)) > 1 else []
        names += [f"{name} {size:g} GB" for size in several] or [name]
    return tuple(names)


def preset_gpu(name: str) -> Gpu:
    """A card as its data sheet describes it, all of its memory free.

    Args:
        name: as people write it: "RTX 3060", "3060 12gb", "7900xtx", "M3 Max". Without a size it is the most common one.

    Raises:
        UserError: "unknown_gpu": nothing or several things are called so; says which names are near.
    """
    wanted_gib, words = _split(name)
    says_which = words - _OPTIONAL - _FILLER
    found = [(rank, e) for e in entries() if says_which and (rank := _rank(words, e)) is not None]
    if not found:
        raise _unknown(name, difflib.get_close_matches(name.lower(), _lower_names(), 4, 0.45))
    nearest = min(rank for rank, _ in found)
    versions = [e for rank, e in found if rank == nearest]
    if len({_words(e.name) for e in versions}) > 1:
        raise _unknown(name, [_short(e.name) for e in versions])
    fitting = [e for e in versions if wanted_gib is None or _has_size(e, wanted_gib)]
    if not fitting:
        sold = sorted({size for e in versions for size in _sizes(e)})
        raise _unknown(name, [f"{_short(versions[0].name)} {size:g} GB" for size in sold])
    return _gpu(fitting[0], wanted_gib)


def preset_gpus(text: str) -> tuple[Gpu, ...]:
    """Several cards: "2x RTX 3090", "RTX 4090 + RTX 3060 12 GB", also with commas.

    Raises:
        UserError: "unknown_gpu".
    """
    gpus: list[Gpu] = []
    for part in re.split(r"[+,]", text):
        count = _COUNT.match(part)
        gpu = preset_gpu(part[count.end() :] if count else part)
        gpus += [gpu] * (int(count[1]) if count else 1)
    if not 1 <= len(gpus) <= _MOST_GPUS:
        raise UserError(
            "unknown_gpu",
            say("{n} cards cannot be planned.", n=len(gpus)),
            say("1 to {most} are possible.", most=_MOST_GPUS),
        )
    return tuple(gpus)


def described_machine(gpus: Sequence[Gpu], ram_bytes: int, ram_kind: str | None = None) -> Machine:
    """A computer that is only described, as a plan needs it.

    Free memory is what is there less a usual desktop's use; the first card shows the desktop. The processor is a usual one
    for that memory. There is no disk in it, so nothing is read from one.

    Args:
        gpus: in the engine's order; from `preset_gpu` or with values of one's own. None of them: processor only.
        ram_bytes: of the computer; with shared memory (Apple) the GPU takes its share of it.
        ram_kind: a class of resources/machines/ram.json; None is the usual one for that size.

    Raises:
        UserError: "unknown_ram" or "bad_machine".
    """
    if not GIB <= ram_bytes <= 16384 * GIB:
        raise UserError(
            "bad_machine",
            say("A computer with {size} of RAM cannot be planned.", size=gib(ram_bytes)),
            say("1 GiB to 16 TiB are possible."),
        )
    kind = _ram_kind(ram_kind, ram_bytes)
    shared = next((g for g in gpus if g.unified_memory), None)
    desktop_ram = min(DESKTOP_RAM_BYTES, ram_bytes // 4)
    bandwidth = shared.bandwidth_bytes_s if shared and ram_kind is None else kind.bandwidth_bytes_s
    ram = Ram(ram_bytes, ram_bytes - desktop_ram, bandwidth, None if shared else kind.name, "datasheet")
    placed = tuple(_placed(g, i, gpus, kind, ram) for i, g in enumerate(gpus))
    is_apple = any(g.vendor == "apple" for g in gpus)
    return Machine(
        name=", ".join((*(_counted(gpus) or [say("No graphics card")]), say("{size} RAM", size=gib(ram_bytes, 0)))),
        os="macos" if is_apple else "windows",
        cpu=Cpu(
            gpus[0].name if is_apple else say("{n}-core processor", n=kind.cores),
            kind.cores,
            kind.cores if is_apple else 2 * kind.cores,
            ("neon",) if is_apple else ("avx2",),
        ),
        ram=ram,
        gpus=placed,
        notes=(
            say(
                "A described computer: {ram} of its RAM and {vram} of its first card count as used by the desktop.",
                ram=gib(desktop_ram),
                vram=gib(DESKTOP_VRAM_BYTES),
            ),
        ),
    )


# --- One card of a described computer ---------------------------------------------------------------------------------


def _placed(gpu: Gpu, index: int, gpus: Sequence[Gpu], kind: RamKind, ram: Ram) -> Gpu:
    backend, prefix = _BACKENDS.get(gpu.vendor, ("vulkan", "Vulkan"))
    number = sum(_BACKENDS.get(g.vendor, ("vulkan", ""))[0] == backend for g in gpus[:index])
    gpu = replace(gpu, backend=gpu.backend or backend, engine_device=gpu.engine_device or f"{prefix}{number}")
    if gpu.unified_memory:
        total = gpu_share_bytes(ram.total_bytes, None) or 0
        if gpu.vendor != "apple":
            total = ram.total_bytes * 3 // 4
        return replace(gpu, vram_total_bytes=total, vram_free_bytes=min(total, ram.free_bytes))
    total = gpu.vram_total_bytes or 0
    used = min(DESKTOP_VRAM_BYTES, total // 4) if index == 0 else 0
    bus = [s for s in (gpu.pcie_bytes_s, link_bytes_s(kind.pcie, 16)) if s]
    return replace(gpu, vram_free_bytes=max(0, total - used), pcie_bytes_s=min(bus, default=None))


def _ram_kind(name: str | None, ram_bytes: int) -> RamKind:
    return ram_kind(name or next(kind for most, kind in _USUAL_KINDS if ram_bytes <= most))


def _counted(gpus: Sequence[Gpu]) -> list[str]:
    names = [_short(g.name) for g in gpus]
    return [f"{n}x {name}" if (n := names.count(name)) > 1 else name for name in dict.fromkeys(names)]


# --- Names ------------------------------------------------------------------------------------------------------------


def _gpu(entry: Entry, wanted_gib: float | None) -> Gpu:
    shared = _is_shared(entry)
    size = int((wanted_gib if wanted_gib in _sizes(entry) else _sizes(entry)[0]) * GIB)
    if shared:
        size = gpu_share_bytes(size, None) or size
    bandwidth = entry.bandwidth_gb_s * 1e9
    return Gpu(
        name=entry.name,
        vendor=entry.vendor,
        backend=_BACKENDS[entry.vendor][0],
        vram_total_bytes=size,
        vram_free_bytes=size,
        bandwidth_bytes_s=bandwidth,
        fp16_flops=entry.fp16_tflops * 1e12 if entry.fp16_tflops else None,
        pcie_bytes_s=bandwidth if shared else link_bytes_s(*entry.pcie) if entry.pcie else None,
        unified_memory=shared,
        pcie_generation=entry.pcie[0] if entry.pcie else None,
        pcie_width=entry.pcie[1] if entry.pcie else None,
    )


def _is_shared(entry: Entry) -> bool:
    """Its memory is the computer's: Apple, Ryzen AI Max, GB10."""
    return entry.vendor == "apple" or entry.name.endswith(("60S", "50S", "GB10"))


def _has_size(entry: Entry, wanted_gib: float) -> bool:
    """Sold with it, or so named ("GH200 480GB"); shared memory can be of any size."""
    return _is_shared(entry) or wanted_gib in _sizes(entry) or f"{wanted_gib:g}gb" in entry.name.lower()


def _sizes(entry: Entry) -> tuple[float, ...]:
    return (entry.vram_gib,) if entry.vram_gib else entry.memory_gib


def _short(name: str) -> str:
    return re.sub(r"^(?:NVIDIA (?:GeForce )?|AMD (?:Radeon )?|Intel |Apple )", "", name)


def _split(name: str) -> tuple[float | None, frozenset[str]]:
    """A size in GiB if one is named, and the words: letters and digits apart, so that "7900xtx" is "7900 XTX"."""
    text = re.sub(r"\((?:r|tm)\)|[®™]", " ", name.lower())
    size = _MEMORY.search(text)
    words = re.findall(r"[a-z]+|\d+", _MEMORY.sub(" ", text))
    return (float(size[1]) if size else None), frozenset(words)


@cache
def _words(name: str) -> frozenset[str]:
    return _split(name)[1]


def _rank(words: frozenset[str], entry: Entry) -> tuple[int, int] | None:
    """How many words of the entry's name were left out (telling ones, others); None when a given word is not in it."""
    have = _words(entry.name)
    missing = have - words
    return (len(missing - _OPTIONAL), len(missing)) if words - _FILLER <= have else None


@cache
def _lower_names() -> tuple[str, ...]:
    return tuple(n.lower() for n in preset_names())


def _unknown(name: str, near: Sequence[str]) -> UserError:
    shown = {n.lower(): n for n in preset_names()}
    names = list(dict.fromkeys(shown.get(n.lower(), n) for n in near))[:6]
    return UserError(
        "unknown_gpu",
        say("No single graphics card is known as {name}.", name=name.strip() or "\u201c\u201d"),
        say("{n} cards are known by name.", n=len(preset_names())),
        _near_names(names),
    )


def _near_names(names: Sequence[str]) -> tuple[NextStep, ...]:
    """What to write instead."""
    text = say("Near names: {names}.", names=", ".join(names)) if names else say("No known name is near it.")
    return (NextStep(text),)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()
