"""The levers of the plan editor as values: steps of the sliders, and what they fix in `Wishes`. Pure functions.

A lever that was not touched is None and is searched by the planner.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from launcher.core.machine import Gpu, Machine
from launcher.core.models import ModelFacts
from launcher.core.plans import Placement, Wishes
from launcher.core.units import GIB
from launcher.services.drafts import DraftChoice

UBATCHES = (32, 64, 128, 256, 512, 1024, 2048, 4096)
CAP_STEP_BYTES = GIB // 10
PARTS = 3
"""A layer's routed experts are three tensors; each can be placed alone."""

OWN_LAYERS = "own-layers"
"""As `Levers.draft`: the file's own prediction layers (MTP)."""

_LEAST_CONTEXT, _CONTEXT_STEPS_PER_DOUBLING, _CONTEXT_GRAIN = 1024, 8, 256
_MOST_BATCH = 2048  # the engine's usual batch; a larger ubatch raises it
# The order in which the parts of one layer leave the card.
_PART_ORDER = ("up", "gate", "down")


@dataclass(frozen=True, slots=True)
class Levers:
    """What the user fixed.

    Attributes:
        layers_on_card: blocks on GPUs, without the output matrix.
        expert_parts_on_card: thirds of expert layers on GPUs.
        caps_bytes: per GPU of the machine; () when no card's limit was touched, None for those that were not.
        draft: the model of a `DraftChoice`, or `OWN_LAYERS`.
        threads: of the processor.
        load_mode, numa: as in `Placement`.
    """

    context: int | None = None
    kv_type: str | None = None
    layers_on_card: int | None = None
    expert_parts_on_card: int | None = None
    caps_bytes: tuple[int | None, ...] = ()
    n_ubatch: int | None = None
    draft: str | None = None
    threads: int | None = None
    load_mode: str | None = None
    numa: str | None = None

    @property
    def is_untouched(self) -> bool:
        """Nothing is fixed."""
        return all(getattr(self, field.name) in (None, ()) for field in fields(self))

    def wishes(self, base: Wishes, facts: ModelFacts, machine: Machine, drafts: tuple[DraftChoice, ...] = ()) -> Wishes:
        """`base` with these levers fixed. `drafts`: who can draft, as far as files are here now."""
        wishes = base
        if self.context is not None:
            wishes = replace(wishes, context=self.context)
        if self.kv_type is not None:
            wishes = replace(wishes, kv_type=self.kv_type, kv_type_v=None)
        if self.layers_on_card is not None:
            # llama.cpp offloads the output matrix first and counts it as a layer.
            wishes = replace(wishes, n_gpu_layers=self.layers_on_card + 1 if self.layers_on_card else 0)
        if self.expert_parts_on_card is not None:
            layers, boundary = experts_on_cpu(facts, self.expert_parts_on_card)
            wishes = replace(wishes, expert_layers_on_cpu=layers, boundary_experts_on_cpu=boundary)
            if self.layers_on_card is None:
                # Else the planner would move whole layers away, and their experts with them.
                wishes = replace(wishes, n_gpu_layers=len(facts.layers) + 1)
        if self.caps_bytes:
            # A limit set by hand is the limit: the reserve would be taken off a second time.
            caps = tuple(
                free_for_models(gpu, base) if cap is None else cap
                for gpu, cap in zip(machine.gpus, self.caps_bytes, strict=True)
            )
            wishes = replace(wishes, vram_caps_bytes=caps, vram_reserve_bytes=0)
        if self.n_ubatch is not None:
            batch = max(wishes.n_batch or _MOST_BATCH, self.n_ubatch)
            wishes = replace(wishes, n_ubatch=self.n_ubatch, n_batch=batch)
        if self.draft is not None:
            source = next((c.source for c in drafts if c.model == self.draft), None)
            wishes = replace(wishes, draft=source, mtp=self.draft == OWN_LAYERS)
        if self.threads is not None:
            wishes = replace(wishes, threads=self.threads)
        if self.load_mode is not None:
            wishes = replace(wishes, load_mode=self.load_mode)
        if self.numa is not None:
            wishes = replace(wishes, numa=self.numa)
        return wishes

    def possible_on(self, machine: Machine) -> Levers:
        """Without what this machine's processor does not have."""
        threads = self.threads if (self.threads or 0) <= most_threads(machine) else None
        return replace(self, threads=threads, numa=self.numa if numa_nodes(machine) > 1 else None)

    def with_cap(self, index: int, cap_bytes: int | None, n_gpus: int) -> Levers:
        """One card's limit changed; None lets go of it."""
        caps = list(self.caps_bytes or (None,) * n_gpus)
        caps[index] = cap_bytes
        return replace(self, caps_bytes=() if all(cap is None for cap in caps) else tuple(caps))


def context_steps(context_train: int) -> tuple[int, ...]:
    """Contexts of the slider: eight steps to each doubling, multiples of 256, up to what the model was trained for."""
    steps: set[int] = {context_train}
    i = 0
    while (context := _LEAST_CONTEXT * 2 ** (i / _CONTEXT_STEPS_PER_DOUBLING)) < context_train:
        steps.add(round(context / _CONTEXT_GRAIN) * _CONTEXT_GRAIN)
        i += 1
    return tuple(sorted(step for step in steps if step <= context_train))


def nearest_step(steps: tuple[int, ...], value: int) -> int:
    """Index of the step next to a value."""
    return min(range(len(steps)), key=lambda i: abs(steps[i] - value))


def expert_layers(facts: ModelFacts) -> tuple[int, ...]:
    """The blocks that have routed experts."""
    return tuple(i for i, layer in enumerate(facts.layers) if layer.routed_expert_bytes)


def experts_on_cpu(facts: ModelFacts, parts_on_card: int) -> tuple[int, tuple[str, ...]]:
    """`expert_layers_on_cpu` and `boundary_experts_on_cpu` that keep so many thirds of layers on the card."""
    blocks = expert_layers(facts)
    whole, parts = divmod(parts_on_card, PARTS)
    n_away = len(blocks) - whole
    if n_away <= 0:
        return 0, ()
    last_away = blocks[n_away - 1]
    return (last_away, _PART_ORDER[: PARTS - parts]) if parts else (last_away + 1, ())


def expert_parts_on_card(facts: ModelFacts, place: Placement) -> int:
    """Thirds of expert layers that a placement has on cards; blocks that are in RAM as a whole do not count."""
    first_on_card = first_block_on_card(facts, place)
    parts = 0
    for block in expert_layers(facts):
        if block < first_on_card or block < place.expert_layers_on_cpu:
            continue
        is_boundary = block == place.expert_layers_on_cpu
        parts += PARTS - (len(set(place.boundary_experts_on_cpu)) if is_boundary else 0)
    return parts


def expert_bytes_on_card(facts: ModelFacts, place: Placement) -> int:
    """Bytes of the routed experts on cards."""
    first_on_card, total = first_block_on_card(facts, place), 0
    for block in expert_layers(facts):
        if block < first_on_card or block < place.expert_layers_on_cpu:
            continue
        layer = facts.layers[block]
        total += layer.routed_expert_bytes
        if block == place.expert_layers_on_cpu:
            sizes = {"up": layer.up_exps_bytes, "gate": layer.gate_exps_bytes, "down": layer.down_exps_bytes}
            total -= sum(sizes.get(part, 0) for part in set(place.boundary_experts_on_cpu))
    return total


def layers_on_card(facts: ModelFacts, place: Placement) -> int:
    """Blocks on GPUs, without the output matrix."""
    return min(len(facts.layers), max(0, place.n_gpu_layers - 1))


def first_block_on_card(facts: ModelFacts, place: Placement) -> int:
    """llama.cpp offloads the last blocks first."""
    return len(facts.layers) - layers_on_card(facts, place)


def ubatch_steps(context_train: int) -> tuple[int, ...]:
    """Batch sizes of the slider."""
    return tuple(size for size in UBATCHES if size <= max(UBATCHES[0], context_train))


def free_for_models(gpu: Gpu, wishes: Wishes) -> int:
    """What a plan takes of a card at most when its limit is not touched."""
    return max(0, (gpu.vram_free_bytes or 0) - wishes.vram_reserve_bytes)


def capped_gpus(machine: Machine) -> tuple[int, ...]:
    """Cards whose limit can be set: those that the engine can use and that have memory of their own or a share."""
    return tuple(i for i, gpu in enumerate(machine.gpus) if gpu.backend is not None and gpu.vram_free_bytes)


def most_threads(machine: Machine) -> int:
    """The end of the threads' slider: as many as the processor runs at once."""
    return max(machine.cpu.threads, machine.cpu.cores)


def numa_nodes(machine: Machine) -> int:
    """Memory nodes that the engine could tell apart; 1 where that is not known."""
    return machine.cpu.numa_nodes or 1
