"""Builds a Plan: search, then memory rows, speed with its range, quality and the sentences."""

from __future__ import annotations

from dataclasses import dataclass, replace

from launcher.core.errors import NextStep, UserError
from launcher.core.machine import Machine
from launcher.core.models import ModelFacts, ModelFile, Quant, QuantQuality, Thinking, Variant
from launcher.core.plans import MemoryUse, Placement, Plan, Quality, SpeedEstimate, Wishes
from launcher.core.units import gb
from launcher.core.words import say
from launcher.planner import memory, words
from launcher.planner.layout import Loader
from launcher.planner.machine_view import View, view
from launcher.planner.search import DEFAULT_BATCH, Found, search

PROMPT_TOKENS = 1000  # time to first token is quoted for a prompt of this length

# Likely range around the estimate, as factors. Data-sheet values vary by card, clock and driver; expert offload depends
# on RAM timing and routing; nothing is known about a disk but its label.
_RANGE_FULL_DENSE = (0.88, 1.08)
_RANGE_FULL_MOE = (0.78, 1.18)
_RANGE_HOST = (0.82, 1.15)
_RANGE_HOST_MOE = (0.75, 1.20)
_RANGE_DISK = (0.40, 1.80)
_RANGE_ASSUMED = (0.60, 1.60)


@dataclass(frozen=True, slots=True)
class Item:
    """What is planned: one file set and how it is named."""

    model: str
    name: str
    short_name: str
    quant: str
    repo: str
    files: tuple[ModelFile, ...]
    file_bytes: int
    facts: ModelFacts
    quality: QuantQuality
    score: float | None
    sources: tuple[str, ...]
    thinking: Thinking | None
    bits_per_weight: float | None
    revision: str | None
    strengths: str = ""
    honest_note: str = ""

    @property
    def thinks(self) -> bool:
        """It reasons before it answers (or may)."""
        return self.thinking not in (None, Thinking.NEVER)


def item_of(variant: Variant, quant: Quant) -> Item:
    """A catalog quantisation.

    Raises:
        UserError: "not_loadable": this engine cannot load it; says why.
    """
    if not variant.loadable or not quant.loadable or quant.facts is None:
        why = quant.why_not or variant.why_not or say("Its shape is not known.")
        raise UserError(
            "not_loadable", say("{name} {quant} cannot be planned.", name=variant.name, quant=quant.name), why
        )
    sources = tuple(s for s in (quant.quality.source, variant.benchmarks_source) if s)
    return Item(
        variant.id,
        variant.name,
        variant.short_name,
        quant.name,
        quant.repo,
        quant.files,
        quant.file_bytes,
        quant.facts,
        quant.quality,
        variant.score,
        sources,
        variant.thinking,
        quant.bits_per_weight,
        quant.revision,
        variant.strengths,
        variant.honest_note,
    )


def plan(machine: Machine, variant: Variant, quant: Quant, wishes: Wishes | None = None) -> Plan:
    """The plan of one catalog quantisation on a machine.

    Raises:
        UserError: "not_loadable" or "bad_wish".
    """
    return plan_item(machine, item_of(variant, quant), wishes or Wishes())


def plan_file(
    machine: Machine,
    facts: ModelFacts,
    path: str,
    name: str,
    quant: str,
    file_bytes: int,
    wishes: Wishes | None = None,
) -> Plan:
    """The plan of a local file.

    Args:
        machine: where it will run.
        facts: from its header (catalog.facts).
        path: the file or first shard.
        name: what to call it.
        quant: its quantisation, as the header says.
        file_bytes: all shards.
        wishes: what to aim for.
    """
    unknown = QuantQuality("unknown")
    files = (ModelFile(path, file_bytes),)
    item = Item(path, name, name, quant, "", files, file_bytes, facts, unknown, None, (), None, None, None)
    return plan_item(machine, item, wishes or Wishes())


def plan_item(machine: Machine, item: Item, wishes: Wishes) -> Plan:
    """Search and describe."""
    check(wishes, item.facts)
    loader = Loader(item.facts, view(machine, wishes), item.quant)
    return describe(machine, item, wishes, loader, search(loader, wishes))


def check(wishes: Wishes, facts: ModelFacts) -> None:
    """Refuse levers that no engine can obey.

    Raises:
        UserError: "bad_wish", with the allowed range.
    """
    n = facts.hyper.n_layer
    problems = (
        (wishes.context is not None and not 1 <= wishes.context <= 16 * 2**20, "context", "1 to 16,777,216 tokens"),
        (wishes.n_gpu_layers is not None and not 0 <= wishes.n_gpu_layers <= n + 1, "GPU layers", f"0 to {n + 1}"),
        (
            wishes.expert_layers_on_cpu is not None and not 0 <= wishes.expert_layers_on_cpu <= n,
            "expert layers in RAM",
            f"0 to {n}",
        ),
        (
            wishes.kv_type is not None and wishes.kv_type not in memory.KV_TYPE_BYTES,
            "KV type",
            ", ".join(memory.KV_TYPE_BYTES),
        ),
        (wishes.n_ubatch is not None and wishes.n_ubatch < 1, "ubatch", "1 or more"),
        (wishes.n_batch is not None and wishes.n_batch < 1, "batch", "1 or more"),
        (wishes.threads is not None and wishes.threads < 1, "threads", "1 or more"),
        (
            wishes.tensor_split is not None
            and (min(wishes.tensor_split, default=-1) < 0 or not sum(wishes.tensor_split)),
            "tensor split",
            "shares of 0 or more, not all 0",
        ),
    )
    for wrong, what, allowed in problems:
        if wrong:
            raise UserError(
                "bad_wish", f"This {what} cannot be planned.", f"Allowed: {allowed}.", (NextStep("Leave it out"),)
            )


def describe(machine: Machine, item: Item, wishes: Wishes, loader: Loader, found: Found) -> Plan:
    """The full plan of a placement that was found."""
    layout, seen = found.layout, loader.view
    s = layout.setting
    subject = words.Subject(
        item.short_name, item.quant, item.file_bytes, item.bits_per_weight, item.quality, item.thinks
    )
    capacities = tuple(machine.gpus[g.index].vram_total_bytes for g in seen.gpus)
    rows = loader.memory_rows(
        layout, capacities, machine.ram.free_bytes, machine.ram.total_bytes, is_paged=bool(found.disk_s)
    )
    return Plan(
        model=item.model,
        name=item.name,
        short_name=item.short_name,
        quant=item.quant,
        repo=item.repo,
        files=item.files,
        file_bytes=item.file_bytes,
        fits=found.fits,
        context=s.n_ctx,
        placement=_placement(machine, wishes, seen, found),
        memory=MemoryUse(rows, "model"),
        speed=speed_of(loader, found),
        quality=Quality(item.score, item.quality.words, item.quality.figure, item.sources),
        n_layer=loader.n_layer,
        revision=item.revision,
        summary=words.summary(loader, found),
        strengths=item.strengths,
        honest_note=item.honest_note,
        thinking=item.thinking,
        reasons=words.reasons(loader, found, subject, _f16_context(loader, found, wishes)),
        warnings=(*words.warnings(loader, found, subject, wishes), *_disk_warning(machine, item)),
    )


def speed_of(loader: Loader, found: Found) -> SpeedEstimate:
    """Decode with its range, prefill, and the time to the first token of a 1,000-token prompt."""
    layout = found.layout
    decode = found.decode_tokens_s
    prefill = loader.prefill_tokens_s(layout, PROMPT_TOKENS)
    has_experts = loader.facts.hyper.n_expert > 0
    on_host = layout.host.weights - loader.facts.token_embd_bytes > 0
    if on_host:
        low, high = _RANGE_HOST_MOE if has_experts else _RANGE_HOST
    else:
        low, high = _RANGE_FULL_MOE if has_experts else _RANGE_FULL_DENSE
    if found.disk_s:
        low, high = _RANGE_DISK
        prefill = min(prefill, decode * 4)
    if loader.view.assumed:
        low, high = min(low, _RANGE_ASSUMED[0]), max(high, _RANGE_ASSUMED[1])
    return SpeedEstimate(
        decode_tokens_s=round(decode, 3),
        decode_low=round(decode * low, 3),
        decode_high=round(decode * high, 3),
        prefill_tokens_s=round(prefill, 2),
        time_to_first_token_s=round(PROMPT_TOKENS / prefill + 1 / decode, 2),
    )


def _placement(machine: Machine, wishes: Wishes, seen: View, found: Found) -> Placement:
    s = found.layout.setting
    n_gpus = len(seen.gpus)
    names = tuple(g.engine_device for g in seen.gpus)
    split: tuple[float, ...] = wishes.tensor_split or tuple(float(c) for c in s.counts)
    return Placement(
        n_gpu_layers=s.n_gpu_layers,
        n_ctx=s.n_ctx,
        expert_layers_on_cpu=s.expert_layers_on_cpu,
        tensor_split=split if n_gpus > 1 and s.n_gpu_layers else (),
        split_mode="layer" if n_gpus > 1 else "none",
        kv_type_k=s.kv_type,
        kv_type_v=s.kv_type,
        n_batch=wishes.n_batch or DEFAULT_BATCH,
        n_ubatch=s.n_ubatch,
        threads=wishes.threads or seen.cores,
        devices=tuple(n for n in names if n) if all(names) and n_gpus < len(machine.engine_devices) else (),
    )


def _f16_context(loader: Loader, found: Found, wishes: Wishes) -> int | None:
    """The context of the same placement with an f16 cache, where the planner chose another type by itself."""
    if wishes.kv_type or found.layout.setting.kv_type == "f16" or wishes.context is not None:
        return None
    plain = search(loader, replace(wishes, kv_type="f16"))
    same = plain.layout.setting.n_gpu_layers == found.layout.setting.n_gpu_layers
    return plain.layout.setting.n_ctx if same and plain.fits else 0


def _disk_warning(machine: Machine, item: Item) -> tuple[str, ...]:
    free = max((d.free_bytes for d in machine.disks), default=None)
    if not item.repo or free is None or free >= item.file_bytes:
        return ()
    return (f"The download needs {gb(item.file_bytes)}; {gb(free)} are free on the disk.",)
