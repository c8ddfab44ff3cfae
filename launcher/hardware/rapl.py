"""Energy that the processor packages count themselves (RAPL, Linux). Many systems let only administrators read it."""

from __future__ import annotations

from pathlib import Path

POWERCAP = Path("/sys/class/powercap")


class PackageEnergy:
    """Joules of all processor packages since it was made. Use it in one thread."""

    def __init__(self, powercap: Path = POWERCAP) -> None:
        self._packages = [
            p for p in sorted(powercap.glob("intel-rapl:*")) if p.name.count(":") == 1 and _microjoules(p)
        ]
        self._before = {p: _microjoules(p) for p in self._packages}
        self._joules = 0.0

    def joules(self) -> float | None:
        """Taken so far; None where nothing can be read."""
        for package in self._packages:
            now, before = _microjoules(package), self._before[package]
            turn = _microjoules(package, "max_energy_range_uj") if now < before else 0  # the counter began anew
            self._joules += (now + turn - before) / 1e6
            self._before[package] = now
        return self._joules if self._packages else None


def _microjoules(package: Path, name: str = "energy_uj") -> int:
    """0 where only administrators may read them."""
    try:
        return int((package / name).read_text("ascii"))
    except (OSError, ValueError):
        return 0
