"""What a failed load tells: whether it was for want of memory, on which device, and how much was missing there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.machine import Machine
from launcher.core.plans import Plan
from launcher.core.units import gib
from launcher.core.words import joined, say
from launcher.planner.ladder import RAM, Shortage
from launcher.planner.machine_view import short_name

_MEMORY_WORDS = re.compile(
    r"out of memory|failed to allocate|unable to allocate|cudaMalloc failed|bad_alloc|ErrorOutOf", re.I
)
_HOST_WORDS = re.compile(r"\bCPU|_Host\b|\bHost\b")


@dataclass(frozen=True, slots=True)
class Row:
    """A device of a plan with what is free on it now.

    Attributes:
        device: the engine's name of it, or the row's where the engine's is not known, or `RAM`.
        name: what people call it.
    """

    device: str
    name: str
    need_bytes: int
    free_bytes: int

    @property
    def shortage(self) -> Shortage:
        """What is missing here; 0 where the figures say that there is room."""
        return Shortage(self.device, max(0, self.need_bytes - self.free_bytes), self.name)


def is_for_memory(error: UserError) -> bool:
    """Whether a load failed, or its worker died, for want of memory.

    A worker that died offers a shorter context in that case only (engine/outcome.py).
    """
    if error.code == "out_of_memory":
        return True
    if error.code not in ("engine_stopped", "decode_failed"):
        return False
    offers = any(step.action == StepAction.LOAD_WITH_CONTEXT for step in error.next_steps)
    return offers or _MEMORY_WORDS.search(error.detail) is not None


def short_row(error: UserError, plan: Plan, machine: Machine) -> Row:
    """Where a load ran out of memory: the device that the engine's last words name, else the one with least left.

    Args:
        error: what it failed with.
        plan: that it was loaded by.
        machine: read after the failure, when all that it held was free again.
    """
    rows = rows_of(plan, machine)
    lines = [line for line in error.detail.splitlines() if _MEMORY_WORDS.search(line)]
    named = [row for line in lines for row in rows if row.device != RAM and row.device in line]
    if named:
        return named[-1]
    host = next((r for r in rows if r.device == RAM), rows[0])
    if not lines or any(_HOST_WORDS.search(line) for line in lines):
        return host  # ended from outside, or refused by the system
    return min(rows, key=lambda r: r.free_bytes - r.need_bytes)


def tightest_row(plan: Plan, machine: Machine) -> Row:
    """Where a plan leaves least, or misses most."""
    return min(rows_of(plan, machine), key=lambda r: r.free_bytes - r.need_bytes)


def rows_of(plan: Plan, machine: Machine) -> list[Row]:
    """The devices of a plan; cards of one name in the machine's order."""
    left = list(machine.gpus)
    rows: list[Row] = []
    for d in plan.memory.devices:
        if d.kind == "host":
            rows.append(Row(RAM, d.name, d.total_bytes, machine.ram.free_bytes))
            continue
        card = next((g for g in left if short_name(g.name) == d.name), None)
        if card is not None:
            left.remove(card)
        device = (card.engine_device if card else None) or d.name
        rows.append(Row(device, d.name, d.total_bytes, (card.vram_free_bytes or 0) if card else 0))
    return rows


def need_on(plan: Plan, machine: Machine, device: str) -> int:
    """What a plan takes on a device; 0 where it does not use it."""
    return sum(row.need_bytes for row in rows_of(plan, machine) if row.device == device)


def does_not_fit(plan: Plan) -> UserError:
    """Nothing of a model fits, as planned before any load."""
    missing = plan.missing_bytes or max((-d.left_bytes for d in plan.memory.devices), default=0)
    return UserError(
        "does_not_fit",
        say("{name} {quant} does not fit into the memory that is free now.", name=plan.name, quant=plan.quant),
        say(
            "It needs {size}; {missing} are missing. Closing other programs frees memory.",
            size=gib(plan.memory.total_bytes),
            missing=gib(max(0, missing)),
        ),
        (NextStep("Look again", "load_again"), NextStep("Choose a smaller model", "choose_model")),
    )


def nothing_smaller(error: UserError, plan: Plan, row: Row, n_loads: int, steps: tuple[str, ...]) -> UserError:
    """The end of the ladder: the last load failed too, or nothing smaller than it fits.

    Args:
        error: of the last load.
        plan: that it was loaded by.
        row: where it was short.
        n_loads: that were tried.
        steps: what was given up in vain.
    """
    tried = (
        say("{n} loads were tried, each with less than the one before.", n=n_loads)
        if n_loads > 1
        else say("No smaller plan fits.")
    )
    numbers = say(
        "The last plan needs {size} on {device}, where {free} are free.",
        size=gib(row.need_bytes),
        device=row.name,
        free=gib(row.free_bytes),
    )
    return UserError(
        "out_of_memory",
        say("There is not enough memory to load {name} {quant}.", name=plan.name, quant=plan.quant),
        joined(tried, numbers),
        (
            NextStep("Load again", "load_again"),
            NextStep("Choose a smaller model", "choose_model"),
            NextStep("Copy report", "copy_report"),
        ),
        "\n".join((*steps, str(error), error.detail)),
    )
