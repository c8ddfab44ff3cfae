"""A plan whose memory is the engine's own: rows replaced, and whether it fits judged again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from launcher.core.plans import DeviceMemory, MemoryUse, Plan
from launcher.core.units import gib
from launcher.core.words import say

_NOTHING = DeviceMemory("", "gpu")


@dataclass(frozen=True, slots=True)
class RowDifference:
    """One device: what was predicted and what the engine says, both without what the engine does not count.

    Attributes:
        kind: "gpu" or "host".
    """

    name: str
    kind: str
    predicted_bytes: int
    engine_bytes: int

    @property
    def difference_bytes(self) -> int:
        """Engine less prediction: positive where the prediction was too low."""
        return self.engine_bytes - self.predicted_bytes

    @property
    def text(self) -> str:
        """The row in words: "Verified: RTX 4090 20.31 GiB, predicted 20.34 GiB"."""
        return say(
            "Verified: {name} {engine}, predicted {predicted}",
            name=self.name,
            engine=gib(self.engine_bytes),
            predicted=gib(self.predicted_bytes),
        )


def differences(plan: Plan, engine: MemoryUse) -> tuple[RowDifference, ...]:
    """Per device of the plan, in its order; a device that only the engine uses comes after them."""
    return tuple(
        RowDifference(known.name, known.kind, _counted(predicted), _counted(actual))
        for predicted, actual in _pairs(plan, engine)
        for known in (predicted if predicted.name else actual,)
    )


def verified(plan: Plan, engine: MemoryUse, *, by_stand_ins: bool = False) -> Plan:
    """The plan with the engine's figures.

    Weights, KV cache and compute buffers are replaced; names, unaccounted and free memory and capacities are the plan's. What
    a paged plan reads from the disk stays out of the RAM's row. The reserve that a plan keeps is in its own verdict: a plan that
    fitted must still stay within what is free, one that did not must need less than before by what it missed. A plan with a
    draft (a model, or a context for the file's own prediction layers) counts that one too, which the engine was not asked about:
    then the larger figure stays.

    Args:
        plan: by the planner's formulas.
        engine: of the plan's placement; GPUs in its order, then the host.
        by_stand_ins: the GPUs were stand-ins, which never stream weights over the bus nor work on several cards at once
            as real cards do (R1 with its experts in RAM: 458 MiB instead of 3176): their compute buffers only raise the plan's.
    """
    rows = tuple(_row(predicted, actual, keep_compute=by_stand_ins) for predicted, actual in _pairs(plan, engine))
    over = [(r.name, -r.left_bytes) for r in rows if r.free_bytes is not None and r.left_bytes < 0]
    missing = sum(n for _, n in over)
    if not plan.fits:
        grown = sum(r.total_bytes for r in rows) - plan.memory.total_bytes
        missing = max(missing, plan.missing_bytes + grown)
    # A plan that failed for another reason than memory still does.
    fits = not missing and (plan.fits or plan.missing_bytes > 0)
    return replace(
        plan,
        memory=MemoryUse(rows, "engine"),
        fits=fits,
        missing_bytes=missing,
        warnings=_warnings(plan, over, fits=fits),
    )


def _warnings(plan: Plan, over: Sequence[tuple[str, int]], *, fits: bool) -> tuple[str, ...]:
    """The plan's own, with the sentence about the memory that is missing made true again."""
    if plan.fits == fits:
        return plan.warnings
    if fits:
        return plan.warnings[1:]  # words.warnings begins with what is missing
    found = tuple(
        say("The engine needs {size} more on {name} than is free there.", size=gib(n), name=name) for name, n in over
    )
    return (*found, *plan.warnings)


def _row(predicted: DeviceMemory, actual: DeviceMemory, *, keep_compute: bool) -> DeviceMemory:
    known = predicted if predicted.name else actual
    compute = max(predicted.compute_bytes, actual.compute_bytes) if keep_compute else actual.compute_bytes
    return replace(known, weights_bytes=actual.weights_bytes, kv_bytes=actual.kv_bytes, compute_bytes=compute)


def _counted(row: DeviceMemory) -> int:
    return row.weights_bytes + row.kv_bytes + row.compute_bytes


def _pairs(plan: Plan, engine: MemoryUse) -> list[tuple[DeviceMemory, DeviceMemory]]:
    """(predicted, engine's) rows of the same device, about the same things.

    The two name GPUs in their own ways ("RTX 4090", "CUDA0"), so GPUs belong together by order; the engine also lists devices
    that hold nothing, which a plan leaves out.
    """
    planned = [d for d in plan.memory.devices if d.kind != "host"]
    found = [d for d in engine.devices if d.kind != "host"]
    if len(found) > len(planned):
        found = [d for d in found if _counted(d)]
    pairs = list(zip(_filled(planned, len(found)), _filled(found, len(planned)), strict=True))
    hosts = [d for d in plan.memory.devices if d.kind == "host"]
    in_ram = [
        replace(d, weights_bytes=max(0, d.weights_bytes - plan.paged_bytes)) for d in engine.devices if d.kind == "host"
    ]
    pairs += zip(hosts, in_ram, strict=False)
    if any(lever.lever in ("draft", "mtp") for lever in plan.levers):
        return [(predicted, _larger(predicted, actual)) for predicted, actual in pairs]
    return pairs


def _larger(a: DeviceMemory, b: DeviceMemory) -> DeviceMemory:
    return replace(
        b,
        weights_bytes=max(a.weights_bytes, b.weights_bytes),
        kv_bytes=max(a.kv_bytes, b.kv_bytes),
        compute_bytes=max(a.compute_bytes, b.compute_bytes),
    )


def _filled(rows: Sequence[DeviceMemory], count: int) -> list[DeviceMemory]:
    return [*rows, *(_NOTHING,) * (count - len(rows))]
