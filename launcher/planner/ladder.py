"""Smaller plans, one step at a time, for a load that ran out of memory: what is given up, in the order of what it costs the user.

Shorter context, a quantised KV cache, smaller ubatches, experts to RAM, fewer layers on the card, the processor alone. Each step
keeps what the ones before it gave up and needs less on the device that is short; what would not help there is left as it is.
Levers that were set by hand come last. Everything is a plan of its own, with figures and sentences like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from launcher.core.machine import Machine
from launcher.core.plans import Placement, Plan, Wishes, layers_on_gpu
from launcher.core.units import gib, whole
from launcher.core.words import listed, say
from launcher.planner.ladder_levers import (
    UNSQUEEZED,
    are_experts_fixed,
    found_at,
    half,
    levers_of,
    measured,
    on_processor,
    setting_of,
    used_cards,
)
from launcher.planner.layout import Setting
from launcher.planner.machine_view import GpuView
from launcher.planner.plans import Item, describe, loader_of, prepared
from launcher.planner.search import Found

RAM = "RAM"
"""The device of a shortage that is no graphics card's."""


@dataclass(frozen=True, slots=True)
class Shortage:
    """Where memory ran out.

    Attributes:
        device: the engine's name of the graphics card ("CUDA0"), its name in the plan's rows, or `RAM`.
        missing_bytes: how much was missing there; 0 when only the engine's refusal is known.
        name: what people call the device; "" when `device` is that.
    """

    device: str
    missing_bytes: int = 0
    name: str = ""

    @property
    def words(self) -> str:
        """The beginning of a sentence: what was missing where."""
        name = self.name or self.device
        if self.missing_bytes > 0:
            return say("{size} were missing on {device}", size=gib(self.missing_bytes), device=name)
        return say("The engine found no room on {device}", device=name)


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One smaller plan.

    Attributes:
        need_bytes: what it takes on the device that is short.
        words: why and what was reduced, from what to what: one sentence.
        is_by_hand: it gives up what the user had set.
    """

    plan: Plan
    need_bytes: int
    words: str
    is_by_hand: bool = False


def ladder(machine: Machine, item: Item, wishes: Wishes, failed: Plan, short: Shortage) -> Iterator[LadderStep]:
    """Smaller plans than one that failed; each needs less on the short device than the one before, and it ends.

    A step may still not fit (`plan.fits`) into what `machine` has free.

    Args:
        machine: as it is now.
        item: what is loaded.
        wishes: levers fixed by hand give way after all others.
        failed: the plan that had no room.
        short: where.
    """
    descent = _Descent(machine, item, wishes, failed, short)
    return (descent.step(setting) for setting in descent.settings())


def step_down(
    machine: Machine, item: Item, wishes: Wishes, failed: Plan, short: Shortage, save_bytes: int
) -> LadderStep | None:
    """The first step of the ladder that fits and needs so much less on the short device, or the last one that fits.

    What its earlier steps gave up in vain is taken back as far as there is room: where experts have to leave the card anyway,
    the context may stay. None at the end of the ladder.
    """
    descent = _Descent(machine, item, wishes, failed, short)
    found: Setting | None = None
    for setting in descent.settings():
        if descent.fits(setting):
            found = setting
            if descent.need - descent.need_of(setting) >= save_bytes:
                break
    return None if found is None else descent.step(descent.regained(found, descent.need - save_bytes))


def relaxed(wishes: Wishes) -> Iterator[Wishes]:
    """Wishes that give way, where nothing fits as it was set by hand: one lever after the other, the cheapest first."""
    while wishes.context is not None:
        n = half(wishes.context)
        wishes = replace(wishes, context=n if n >= wishes.min_context else None)
        yield wishes
    levers: tuple[dict[str, object], ...] = (
        {"kv_type": None, "kv_type_v": None},
        {"n_ubatch": None, "n_batch": None},
        {"load_mode": None},
        {"expert_layers_on_cpu": None, "boundary_experts_on_cpu": None},
        {"n_gpu_layers": None, "tensor_split": None},
        {"mtp": False},
        {"draft": None},
    )
    for freed in levers:
        if any(getattr(wishes, name) != value for name, value in freed.items()):
            wishes = replace(wishes, **freed)  # pyright: ignore[reportArgumentType] - the fields' own values
            yield wishes


def freed(before: Wishes, after: Wishes) -> tuple[str, ...]:
    """What `relaxed` gave up that no placement shows."""
    said: list[str] = []
    if after.tensor_split != before.tensor_split:
        said.append(say("other shares of the graphics cards"))
    if after.load_mode != before.load_mode:
        said.append(say("load mode {now} instead of {before}", now=after.load_mode or "mmap", before=before.load_mode))
    if after.draft != before.draft:
        said.append(say("without a draft model"))
    return tuple(said)


def changes(before: Placement, after: Placement, n_layer: int) -> tuple[str, ...]:
    """What a placement gives up against another one, from what to what; what it gains is not said."""
    said: list[str] = []
    if after.n_ctx < before.n_ctx:
        said.append(say("context {now} instead of {before} tokens", now=whole(after.n_ctx), before=whole(before.n_ctx)))
    if after.kv_type_k not in UNSQUEEZED and after.kv_type_k != before.kv_type_k:
        said.append(say("KV cache {now} instead of {before}", now=after.kv_type_k, before=before.kv_type_k))
    elif after.kv_type_v not in UNSQUEEZED and after.kv_type_v != before.kv_type_v:
        said.append(say("V cache {now} instead of {before}", now=after.kv_type_v, before=before.kv_type_v))
    if after.n_ubatch < before.n_ubatch:
        said.append(
            say("prompts in pieces of {now} instead of {before} tokens", now=after.n_ubatch, before=before.n_ubatch)
        )
    if before.mtp and not after.mtp:
        said.append(say("without the file's own prediction layers (MTP)"))
    layers, were = (layers_on_gpu(p.n_gpu_layers, n_layer) for p in (after, before))
    if before.n_gpu_layers and not after.n_gpu_layers:
        said.append(
            say("on the processor alone instead of {n} of {all} layers on the graphics card", n=were, all=n_layer)
        )
        return tuple(said)
    if after.expert_layers_on_cpu > before.expert_layers_on_cpu:
        said.append(
            say(
                "experts of {now} instead of {before} layers in RAM",
                now=after.expert_layers_on_cpu,
                before=before.expert_layers_on_cpu,
            )
        )
    elif after.expert_layers_on_cpu == before.expert_layers_on_cpu:
        parts = set(after.boundary_experts_on_cpu) - set(before.boundary_experts_on_cpu)
        if parts:
            said.append(say("expert tensors {parts} of one more layer in RAM", parts=listed(*sorted(parts))))
    if layers < were:
        said.append(say("{now} instead of {before} layers on the graphics card", now=layers, before=were))
    return tuple(said)


# --- the way down ---


class _Descent:
    """The settings below a plan that failed. `need`: what that one took on the short device."""

    def __init__(self, machine: Machine, item: Item, wishes: Wishes, failed: Plan, short: Shortage) -> None:
        self._machine, self._item, self._wishes, self._failed, self._short = machine, item, wishes, failed, short
        self._seen, self._draft = prepared(machine, wishes, failed.context)
        used = used_cards(self._seen, failed.placement)
        self._place = next((i for i, g in enumerate(used.gpus) if _is(g, short)), None) if used else None
        # Where the cards of the plan are not there any more only the processor is sure.
        self._is_lost = used is None or (self._place is None and short.device != RAM)
        self._loader = loader_of(item, self._seen if used is None else used, wishes)
        self._start = setting_of(self._loader, failed.placement)
        self.need = self.need_of(self._start)

    def settings(self) -> Iterator[Setting]:
        """Free levers first, then those set by hand."""
        if self._is_lost:
            yield from on_processor(self._loader, self._start, 0, self._wishes)
            return
        at, need = self._start, self.need
        for is_by_hand in (False, True):
            for lever, is_fixed in levers_of(self._wishes):
                if is_fixed is not is_by_hand:
                    continue
                for setting in lever(self._loader, at, self._place, self._wishes):
                    taken = self.need_of(setting)
                    if taken < need:
                        at, need = setting, taken
                        yield setting

    def need_of(self, setting: Setting) -> int:
        """Bytes on the short device."""
        layout = measured(self._loader, setting)
        if self._place is None:
            return layout.ram_bytes
        held = layout.gpus[self._place].total
        return held + self._loader.view.gpus[self._place].unaccounted_bytes if held else 0

    def fits(self, setting: Setting) -> bool:
        """There is room for it now."""
        return self._found(setting).fits

    def regained(self, setting: Setting, most_bytes: int) -> Setting:
        """The same with larger batches, the better cache and more context, the dearest first, within so much on the short device."""
        most, start = max(self.need_of(setting), most_bytes), self._start
        contexts = [start.n_ctx >> i for i in range(start.n_ctx.bit_length()) if start.n_ctx >> i > setting.n_ctx]
        tries: list[dict[str, object]] = [
            {"n_ubatch": start.n_ubatch},
            {"kv_type": start.kv_type, "kv_type_v": start.kv_type_v},
            *({"n_ctx": n} for n in contexts),
        ]
        for fields in tries:
            fuller = replace(setting, **fields)  # pyright: ignore[reportArgumentType] - the fields' own values
            is_gain = fuller != setting and fuller.n_ctx >= setting.n_ctx
            if is_gain and self.need_of(fuller) <= most and self.fits(fuller):
                setting = fuller
        return setting

    def step(self, setting: Setting) -> LadderStep:
        """With all figures and sentences."""
        failed = self._failed
        # The cards are dealt as the step says, whatever shares were set by hand.
        said = replace(self._wishes, tensor_split=None)
        plan = describe(
            self._machine, self._item, said, self._seen, self._found(setting), self._draft, is_installed=True
        )
        plan = replace(plan, model=failed.model, repo=failed.repo)
        changed = listed(*changes(failed.placement, plan.placement, failed.n_layer)) or plan.summary
        why, is_by_hand = self._short.words, self._is_by_hand(setting)
        words = (
            say("{why}: {changes}. What was set by hand had to give way.", why=why, changes=changed)
            if is_by_hand
            else say("{why}: {changes}.", why=why, changes=changed)
        )
        return LadderStep(plan, self.need_of(setting), words, is_by_hand)

    def _found(self, setting: Setting) -> Found:
        return found_at(self._loader, setting, may_page=self._failed.paged_bytes > 0)

    def _is_by_hand(self, s: Setting) -> bool:
        start, w = self._start, self._wishes
        return (
            (w.context is not None and s.n_ctx < start.n_ctx)
            or ((w.kv_type or w.kv_type_v) is not None and s.kv_type != start.kv_type)
            or (w.n_ubatch is not None and s.n_ubatch < start.n_ubatch)
            or (w.n_gpu_layers is not None and s.n_gpu_layers < start.n_gpu_layers)
            or (are_experts_fixed(w) and s.expert_layers_on_cpu > start.expert_layers_on_cpu)
        )


def _is(gpu: GpuView, short: Shortage) -> bool:
    return short.device in (gpu.engine_device, gpu.name)
