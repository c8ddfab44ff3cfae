"""What loads really took beside the engine's own figures, per device: the last ones on disk, and what plans may count on.

Driver contexts and workspaces are in no header and in no dry run; the worker sees them after a load as what is gone from the free
memory beyond its books. Another program that comes or goes in these seconds is in the figure too, so the middle of the last loads
counts, from the third on, within bounds. One small file per engine build and processor, as for calibrations.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from launcher.core.paths import data_dir
from launcher.core.plans import MemoryUse
from launcher.engine.devices import EngineInfo
from launcher.engine.findings import keep_finding, read_finding

KEPT_LOADS, LEAST_LOADS = 9, 3
MOST_BYTES = 2 * 2**30
"""More was never seen of a driver: then it was another program."""

_PREFIX = "load-memory-"


@dataclass(frozen=True, slots=True)
class _Device:
    """The newest loads on one device, newest last; another card under the same name (`description`) makes them void."""

    description: str
    unaccounted_bytes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """The file. `engine` names build and processor: a portable copy may come to another computer."""

    engine: str
    devices: dict[str, _Device] = field(default_factory=dict[str, _Device])


def note_load(info: EngineInfo, memory: MemoryUse) -> None:
    """Keep what a load took on its graphics cards.

    Args:
        info: the engine that loaded.
        memory: `Loaded.memory`. An RPC device's memory is another computer's and not measured.
    """
    here = {d.name: d for d in info.devices if d.kind in ("gpu", "igpu") and d.backend.lower() != "rpc"}
    taken = {
        d.name: d.unaccounted_bytes for d in memory.devices if d.name in here and d.weights_bytes + d.compute_bytes
    }
    if not taken:
        return
    known = _read(info)
    devices = dict(known.devices)
    for name, size in taken.items():
        description = here[name].description
        old = devices.get(name)
        before = old.unaccounted_bytes if old is not None and old.description == description else ()
        devices[name] = _Device(description, (*before, min(max(0, size), MOST_BYTES))[-KEPT_LOADS:])
    keep_finding(_file(known.engine), _Known(known.engine, devices))


def unaccounted_bytes(info: EngineInfo) -> dict[str, int]:
    """The middle of the last loads by device name, for the devices that are still the same cards."""
    known = _read(info).devices
    if not known:
        return {}
    from statistics import median_low  # with decimals and fractions: only where something was loaded

    return {
        d.name: median_low(known[d.name].unaccounted_bytes)
        for d in info.devices
        if d.name in known
        and known[d.name].description == d.description
        and len(known[d.name].unaccounted_bytes) >= LEAST_LOADS
    }


def _read(info: EngineInfo) -> _Known:
    engine = f"{info.engine_version}\n{info.processor}"
    if not any(data_dir().glob(f"{_PREFIX}*.json")):
        return _Known(engine)
    known = read_finding(_file(engine), _Known)
    return known if known is not None and known.engine == engine else _Known(engine)


def _file(engine: str) -> str:
    import hashlib  # OpenSSL, 4 MB: only where something was loaded

    return f"{_PREFIX}{hashlib.sha256(engine.encode()).hexdigest()[:12]}.json"
