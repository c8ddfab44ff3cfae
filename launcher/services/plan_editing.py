"""One plan with levers fixed by hand, and what a person needs beside it: what the cache would save, which lever helps."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from launcher.core.errors import UserError
from launcher.core.machine import Machine
from launcher.core.models import ModelFacts, Quant, Variant
from launcher.core.plans import Plan, Wishes
from launcher.core.words import say

KV_TYPES = ("f16", "q8_0", "q4_0")
"""What the plan editor offers; the command line takes every type."""

# Rows of a quantised cache are blocks of so many values (q8_0 and q4_0 of ggml).
_KV_BLOCK = 32

_DRAFT_FIELDS = ("draft", "mtp")
# Wishes that one lever of the editor sets together.
_LEVER_FIELDS: dict[str, tuple[str, ...]] = {
    "context": ("context",),
    "kv_type": ("kv_type", "kv_type_v"),
    "experts": ("expert_layers_on_cpu", "boundary_experts_on_cpu"),
    "layers": ("n_gpu_layers",),
    "cap": ("vram_caps_bytes", "vram_reserve_bytes"),
    "ubatch": ("n_ubatch", "n_batch"),
    "draft": _DRAFT_FIELDS,
    "load_mode": ("load_mode",),
}


@dataclass(frozen=True, slots=True)
class EditRequest:
    """A plan wanted by the editor. `base` are the wishes without levers: what "back to recommended" means."""

    machine: Machine
    variant: Variant
    quant: Quant
    base: Wishes
    wishes: Wishes

    @property
    def key(self) -> tuple[str, str, str]:
        """Which row of the catalog it is about."""
        return self.variant.id, self.quant.name, self.quant.repo


@dataclass(frozen=True, slots=True)
class Edited:
    """The answer.

    Attributes:
        seconds: that the one plan took.
        kv_bytes: of the whole cache by type, at this very placement; a type that cannot be planned is absent.
        helps: where the plan does not fit: (lever, plan with that one searched again) for each lever that alone makes it
            fit. None until `complete` has looked.
        is_exact: the plan has exact buffers.
        undrafted: where a draft is wished for: the same without it. None until `complete` has made it.
    """

    request: EditRequest
    plan: Plan
    seconds: float
    kv_bytes: dict[str, int]
    helps: tuple[tuple[str, Plan], ...] | None = None
    is_exact: bool = False
    undrafted: Plan | None = None

    @property
    def is_recommended(self) -> bool:
        """No lever is fixed."""
        return self.request.wishes == self.request.base


def quick_plan(machine: Machine, variant: Variant, quant: Quant, wishes: Wishes) -> Plan:
    """A plan with estimated compute buffers, as rankings are made: for lists and while dragging.

    Raises:
        UserError: as `planner.plan`.
    """
    from launcher import planner

    return planner.plan(machine, variant, quant, wishes, is_exact=False)


def why_not_kv_type(facts: ModelFacts, kind: str) -> str:
    """Why a model cannot have its cache in this type, as llama_init_from_model refuses it; "" when it can."""
    heads = (facts.hyper.head_dim_k, facts.hyper.head_dim_v)
    odd = next((size for size in heads if size % _KV_BLOCK), None)
    if odd is None or not kind.startswith("q"):
        return ""
    return say(
        "{type} stores {block} values at a time; the attention heads of this model have {n}.",
        type=kind,
        block=_KV_BLOCK,
        n=odd,
    )


def edit(request: EditRequest) -> Edited:
    """Plan it quickly; `complete` makes it exact.

    Raises:
        UserError: a lever that no engine can obey ("bad_wish"), or a model that cannot be planned ("not_loadable").
    """
    started = time.perf_counter()
    plan = quick_plan(request.machine, request.variant, request.quant, request.wishes)
    seconds = time.perf_counter() - started
    return Edited(request, plan, seconds, {plan.placement.kv_type_k: _kv_of(plan)})


def complete(edited: Edited, is_wanted: Callable[[], bool]) -> Edited:
    """The same with exact buffers and what takes more plans; as it is once it is not wanted any more (a newer one waits)."""
    from launcher import planner

    if not is_wanted():
        return edited
    request = edited.request
    exact = planner.plan(request.machine, request.variant, request.quant, request.wishes)
    undrafted = _undrafted(request) if is_wanted() else None
    edited = replace(edited, plan=exact, is_exact=True, undrafted=undrafted)
    sizes = {edited.plan.placement.kv_type_k: _kv_of(edited.plan)}
    for kind in KV_TYPES:
        if kind not in sizes and is_wanted():
            size = _kv_bytes(edited.request, edited.plan, kind)
            sizes |= {} if size is None else {kind: size}
    helps = () if edited.plan.fits else _helps(edited.request, is_wanted)
    return replace(edited, kv_bytes=sizes, helps=helps) if is_wanted() else edited


def _kv_bytes(request: EditRequest, plan: Plan, kind: str) -> int | None:
    """The cache in this type where everything else stays as it is; None where the model cannot have it."""
    if request.quant.facts is not None and why_not_kv_type(request.quant.facts, kind):
        return None
    place = plan.placement
    fixed = replace(
        request.wishes,
        context=plan.context,
        n_gpu_layers=place.n_gpu_layers,
        expert_layers_on_cpu=place.expert_layers_on_cpu,
        boundary_experts_on_cpu=place.boundary_experts_on_cpu or None,
        n_ubatch=place.n_ubatch,
        kv_type=kind,
        kv_type_v=None,
    )
    try:
        other = quick_plan(request.machine, request.variant, request.quant, fixed)
    except UserError:
        return None
    return _kv_of(other) if other.placement.kv_type_k == kind else None


def _kv_of(plan: Plan) -> int:
    return sum(device.kv_bytes for device in plan.memory.devices)


def _undrafted(request: EditRequest) -> Plan | None:
    """What the draft costs is the difference to this one."""
    from launcher import planner

    wishes = _freed(request, _DRAFT_FIELDS)
    return None if wishes == request.wishes else planner.plan(request.machine, request.variant, request.quant, wishes)


def _freed(request: EditRequest, fields: tuple[str, ...]) -> Wishes:
    """The wishes with these as they are without levers."""
    freed = {name: getattr(request.base, name) for name in fields}
    return replace(request.wishes, **freed)


def _helps(request: EditRequest, is_wanted: Callable[[], bool]) -> tuple[tuple[str, Plan], ...]:
    """Let go of one fixed lever after the other."""
    found: list[tuple[str, Plan]] = []
    for lever, fields in _LEVER_FIELDS.items():
        freed = _freed(request, fields)
        if freed == request.wishes:
            continue
        if not is_wanted():
            break
        plan = quick_plan(request.machine, request.variant, request.quant, freed)
        if plan.fits:
            found.append((lever, plan))
    return tuple(found)
