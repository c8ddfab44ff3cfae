"""How exact the plan's memory is: every catalog architecture x placement, against the engine's dry run and real loads.

    python -m tests.bench.plan_accuracy [--quick] [--real] [--own] [--only SHAPE ...] [--json FILE]

Prints a Markdown table; exits with 1 when a row misses the bar: each device within 1 % or 32 MiB, the sum of all devices at
most 0.5 % too low. GPUs are RPC devices on loopback; `--own` takes the engine's own devices (lavapipe, a real card; see
LLAMA_CPP_LIB_PATH in packaging/engine/README.md). `--real` loads for real instead of dry-running: minutes, and the last word
where several GPUs are concerned. Both take the same architectures with fewer layers, experts and words.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from launcher import planner
from launcher.catalog.facts import facts_of
from launcher.catalog.gguf import read_header
from launcher.core.errors import UserError
from launcher.core.machine import EngineDevice
from launcher.core.models import ModelFacts
from launcher.core.plans import MemoryUse, Plan
from launcher.core.units import MIB
from launcher.engine.devices import list_devices
from launcher.engine.dry_run import DryRunFile, dry_runs
from tests.bench.plan_accuracy_cases import Case, all_cases, quick_cases, roomy_machine, tried_shape
from tests.bench.real_loads import real_loads
from tests.fakes.gguf_shapes import write_shape

BAR_SHARE, BAR_BYTES, BAR_UNDER = 0.01, 32 * MIB, 0.005


@dataclass(frozen=True)
class Row:
    """One case: bytes per device (GPUs in order, RAM last) as planned and as the engine says; or why there is none."""

    case: Case
    names: tuple[str, ...]
    planned: tuple[int, ...]
    engine: tuple[int, ...]
    error: str = ""

    @property
    def worst(self) -> tuple[int, str]:
        """The largest miss against the bar of its own device, in bytes, with the device's name."""
        return max(
            ((p - e, n) for p, e, n in zip(self.planned, self.engine, self.names, strict=True)),
            key=lambda d: abs(d[0]) / max(BAR_BYTES, BAR_SHARE * self.engine[self.names.index(d[1])]),
        )

    @property
    def worst_share(self) -> float:
        """That miss as a part of what the device holds."""
        difference, name = self.worst
        return difference / max(1, self.engine[self.names.index(name)])

    @property
    def under(self) -> float:
        """Part of the total by which the plan is too low; 0 when it is not."""
        return max(0.0, 1 - sum(self.planned) / max(1, sum(self.engine)))

    @property
    def misses(self) -> bool:
        """Outside the bar."""
        if self.error:
            return True
        difference, _ = self.worst
        is_off = abs(difference) > BAR_BYTES and abs(self.worst_share) > BAR_SHARE
        return is_off or self.under > BAR_UNDER


def measure(cases: Iterable[Case], *, real: bool = False, own: bool = False) -> list[Row]:
    """Plan and engine side by side."""
    devices = list_devices(fresh=True) if own else ()
    available = sum(d.kind in ("gpu", "igpu") for d in devices) if own else 3
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="plan-accuracy-") as folder:
        for (name, n_gpus), group in groupby(cases, key=lambda c: (c.shape, c.n_gpus)):
            if n_gpus <= available and (n_gpus or not own):
                rows += _measure_group(Path(folder), name, n_gpus, list(group), devices, real)
    return rows


def _measure_group(
    folder: Path, name: str, n_gpus: int, cases: list[Case], own: tuple[EngineDevice, ...], real: bool
) -> list[Row]:
    is_thin = real or bool(own)
    path = folder / f"{name}.gguf"
    if not path.exists():
        mix = "IQ1" if is_thin else "MXFP4" if name.startswith("v4") else "Q4_K_M"
        write_shape(path, tried_shape(name, thin=is_thin), mix)
    facts, size = facts_of(read_header(path)), path.stat().st_size
    plans = [plan_of(facts, path, size, case, own) for case in cases]
    gpus = tuple(f"RPC{i}" for i in range(n_gpus))
    found: list[MemoryUse | str]
    if real:
        found = real_loads(path, [p.placement for p in plans], n_gpus)
    else:
        found = _dry(path, size, plans, None if own else gpus)
    names = (*(d.name for d in roomy_machine(n_gpus, own).gpus), "RAM")
    return [_row(case, names, plan, use) for case, plan, use in zip(cases, plans, found, strict=True)]


def plan_of(facts: ModelFacts, path: Path, size: int, case: Case, own: tuple[EngineDevice, ...] = ()) -> Plan:
    """The product's plan with every lever fixed."""
    machine = roomy_machine(case.n_gpus, own)
    return planner.plan_file(machine, facts, str(path), case.shape, "Q4_K_M", size, case.wishes)


def _dry(path: Path, size: int, plans: Sequence[Plan], gpus: tuple[str, ...] | None) -> list[MemoryUse | str]:
    files = (DryRunFile(path, size),)
    try:
        return list(dry_runs(files, [p.placement for p in plans], gpus))
    except UserError:
        found: list[MemoryUse | str] = []
        for plan in plans:  # one by one, to learn which one the engine refuses
            try:
                found += dry_runs(files, [plan.placement], gpus)
            except UserError as error:
                found.append(f"{error.what} {error.why} {error.detail[-200:]}")
        return found


def _row(case: Case, names: tuple[str, ...], plan: Plan, use: MemoryUse | str) -> Row:
    planned = _totals(plan.memory, names)
    if isinstance(use, str):
        return Row(case, names, planned, planned, use)
    return Row(case, names, planned, _totals(use, names))


def _totals(use: MemoryUse, names: tuple[str, ...]) -> tuple[int, ...]:
    """Without what no engine counts (driver contexts)."""
    held = {d.name: d.total_bytes - d.unaccounted_bytes for d in use.devices}
    return tuple(held.get(n, 0) for n in names)


def table(rows: Sequence[Row]) -> str:
    """Markdown, one line per architecture and placement: its worst setting."""
    lines = [
        "| architecture | placement | settings | model MiB | engine MiB | worst device | MiB | % | total under % | misses |",
        "| --- | --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    ordered = sorted(rows, key=lambda r: (r.case.shape, r.case.placement))
    for (shape, placement), group in groupby(ordered, key=lambda r: (r.case.shape, r.case.placement)):
        every = list(group)
        good = [r for r in every if not r.error]
        misses = sum(r.misses for r in every)
        if not good:
            lines.append(f"| {shape} | {placement} | {len(every)} | | | {every[0].error[:80]} | | | | {misses} |")
            continue
        worst = max(good, key=lambda r: (r.misses, abs(r.worst[0])))
        difference, device = worst.worst
        lines.append(
            f"| {shape} | {placement} | {len(every)} | {sum(worst.planned) / MIB:,.0f} | {sum(worst.engine) / MIB:,.0f} "
            f"| {device}, {worst.case.setting} | {difference / MIB:+.1f} | {worst.worst_share * 100:+.2f} "
            f"| {max(r.under for r in good) * 100:.2f} | {misses or ''} |"
        )
    return "\n".join(lines)


def verdict(rows: Sequence[Row]) -> str:
    """How many are inside the bar, and which are not."""
    missed = [r for r in rows if r.misses]
    exact = sum(not r.error and r.planned == r.engine for r in rows)
    lines = [f"{len(rows)} settings: {len(rows) - len(missed)} inside the bar, {exact} of them exact to the byte."]
    for r in missed:
        parts = ", ".join(
            f"{n} {(p - e) / MIB:+.1f}" for n, p, e in zip(r.names, r.planned, r.engine, strict=True) if p != e
        )
        lines.append(f"- {r.case.shape}, {r.case.placement}, {r.case.setting}: {r.error or parts + ' MiB'}")
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.plan_accuracy")
    parser.add_argument("--quick", action="store_true", help="about 40 settings")
    parser.add_argument("--real", action="store_true", help="really load thinned shapes (slow)")
    parser.add_argument("--own", action="store_true", help="the engine's own GPUs instead of RPC stand-ins")
    parser.add_argument("--only", nargs="*", default=[], help="shapes of the catalog")
    parser.add_argument("--json", type=Path, help="write the rows there")
    options = parser.parse_args(argv)
    thin = options.real or options.own
    cases = quick_cases() if options.quick and not thin else list(all_cases(options.only, thin=thin))
    if options.real:  # a load takes seconds: one setting per placement, in turn
        cases = [c for i, c in enumerate(cases) if i % 3 == i // 3 % 3]
    rows = measure(cases, real=options.real, own=options.own)
    print(table(rows), verdict(rows), sep="\n\n")
    if options.json:
        data = [
            {
                "shape": r.case.shape,
                "placement": r.case.placement,
                "setting": r.case.setting,
                "devices": list(r.names),
                "planned": list(r.planned),
                "engine": list(r.engine),
                "error": r.error,
            }
            for r in rows
        ]
        options.json.write_text(json.dumps(data, indent=1), "utf-8")
    return int(any(r.misses for r in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
