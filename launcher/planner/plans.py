"""Builds a Plan: search, then memory rows, speed with its range, quality and the sentences."""

from __future__ import annotations

from dataclasses import dataclass, replace

from launcher.core.errors import NextStep, UserError
from launcher.core.machine import Machine
from launcher.core.models import ModelFacts, ModelFile, Quant, QuantQuality, Thinking, Variant
from launcher.core.plans import MOST_DRAFTED_TOKENS, MemoryUse, Plan, Quality, SpeedEstimate, Wishes
from launcher.core.units import gb
from launcher.core.words import joined, say
from launcher.planner import levers, pace, speed, words
from launcher.planner.draft import Draft, can_draft_itself, reserve, source_of, why_not_by_itself
from launcher.planner.layout import Loader
from launcher.planner.machine_view import View, view
from launcher.planner.memory_rows import memory_rows
from launcher.planner.pinned import pins_of
from launcher.planner.placing import lever_warnings, placement
from launcher.planner.search import Found, search
from launcher.planner.wish_check import check

PROMPT_TOKENS = 1000  # time to first token is quoted for a prompt of this length


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
    params_total: int = 0

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
        variant.params_total,
    )


def plan(
    machine: Machine, variant: Variant, quant: Quant, wishes: Wishes | None = None, *, is_exact: bool = True
) -> Plan:
    """The plan of one catalog quantisation on a machine.

    Args:
        machine: where it will run.
        variant: the model.
        quant: one of its files, or the same with facts of its own header.
        wishes: what to aim for.
        is_exact: as in `search`: False estimates the compute buffers, for lists and while a slider is dragged.

    Raises:
        UserError: "not_loadable" or "bad_wish".
    """
    return plan_item(machine, item_of(variant, quant), wishes or Wishes(), is_exact=is_exact)


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

    Raises:
        UserError: as `plan_item`.
    """
    return plan_item(machine, file_item(facts, path, name, quant, file_bytes), wishes or Wishes())


def file_item(facts: ModelFacts, path: str, name: str, quant: str, file_bytes: int) -> Item:
    """A local file, as for `plan_file`."""
    unknown = QuantQuality("unknown")
    files = (ModelFile(path, file_bytes),)
    return Item(path, name, name, quant, "", files, file_bytes, facts, unknown, None, (), None, None, None)


def plan_item(machine: Machine, item: Item, wishes: Wishes, *, is_exact: bool = True) -> Plan:
    """Search and describe.

    Raises:
        UserError: "bad_wish"; "not_loadable", where a header promises layers that the file does not hold.
    """
    check(wishes, item.facts)
    if not any(layer.always_read_bytes or layer.routed_expert_bytes for layer in item.facts.layers):
        raise UserError(
            "not_loadable",
            say("{name} {quant} cannot be planned.", name=item.name, quant=item.quant),
            "None of its layers holds a tensor.",
            (NextStep("Choose another file"), NextStep("See the models that run here", "choose_model")),
        )
    seen, draft = prepared(machine, wishes)
    found = search(loader_of(item, seen, wishes), wishes, is_exact=is_exact)
    if draft is not None and wishes.context is None:
        # Room was kept for the longest context; a draft's cache is only as long as the one that was found.
        n_ctx = found.layout.setting.n_ctx
        seen, draft = prepared(machine, wishes, n_ctx)
        found = search(loader_of(item, seen, wishes), replace(wishes, context=n_ctx), is_exact=is_exact)
    return describe(machine, item, wishes, seen, found, draft)


def prepared(machine: Machine, wishes: Wishes, n_ctx: int | None = None) -> tuple[View, Draft | None]:
    """What of the machine the planned model may use, and the draft model that takes a part of it.

    Args:
        machine: where both will run.
        wishes: name the draft.
        n_ctx: the context of the planned model, where it is known already.

    Raises:
        UserError: as `draft.source_of`.
    """
    seen = view(machine, wishes)
    if wishes.draft is None:
        return seen, None
    return reserve(seen, source_of(wishes.draft), replace(wishes, context=n_ctx or wishes.context))


def mtp_bytes(item: Item, wishes: Wishes) -> int:
    """Weights of the file's own multi-token-prediction layers where they are wanted: all that the facts do not count."""
    is_there = wishes.mtp and item.facts.hyper.nextn_layers
    return max(0, item.file_bytes - item.facts.weights_bytes) if is_there else 0


def loader_of(item: Item, seen: View, wishes: Wishes) -> Loader:
    """The model on a machine, with its multi-token-prediction layers where they are wanted.

    Raises:
        UserError: "bad_wish", as `pins_of`.
    """
    extra, facts = mtp_bytes(item, wishes), item.facts
    drafts = wishes.draft is not None or (extra > 0 and can_draft_itself(facts))
    answers, guesses = wishes.n_parallel or 1, MOST_DRAFTED_TOKENS if drafts else 0
    if not extra:
        pins = pins_of(facts, wishes, seen.gpus)
        return Loader(facts, seen, item.quant, n_parallel=answers, n_guesses=guesses, pins=pins)
    n = facts.hyper.nextn_layers
    own = replace(facts.layers[-1], always_read_bytes=extra // n, routed_expert_bytes=0)
    with_mtp = replace(facts, layers=(*facts.layers[:-n], *(own,) * n))
    pins = pins_of(with_mtp, wishes, seen.gpus)
    return Loader(with_mtp, seen, item.quant, has_mtp=True, n_parallel=answers, n_guesses=guesses, pins=pins)


def describe(
    machine: Machine,
    item: Item,
    wishes: Wishes,
    seen: View,
    found: Found,
    draft: Draft | None = None,
    *,
    is_installed: bool = False,
) -> Plan:
    """The full plan of a placement that was found.

    Args:
        machine: where it will run.
        item: what is planned.
        wishes: what was fixed by hand.
        seen: the machine before cards were left out.
        found: the placement.
        draft: the draft model beside it.
        is_installed: nothing has to be downloaded.
    """
    layout, loader = found.layout, found.loader
    s = layout.setting
    subject = words.Subject(
        item.short_name, item.quant, item.file_bytes, item.bits_per_weight, item.quality, item.thinks
    )
    asked = levers.Asked(
        wishes, seen, item.quant, item.file_bytes, item.bits_per_weight, item.quality, draft, mtp_bytes(item, wishes)
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
        placement=placement(machine, wishes, seen, found),
        memory=MemoryUse(memory_rows(machine, seen, found, draft), "model"),
        speed=speed_of(found),
        quality=Quality(
            item.score,
            item.quality.words,
            item.quality.figure,
            item.sources,
            item.quality.loss,
            item.quality.measured,
        ),
        n_layer=loader.n_layer,
        revision=item.revision,
        summary=words.summary(found),
        strengths=item.strengths,
        honest_note=item.honest_note,
        thinking=item.thinking,
        reasons=words.reasons(found, wishes),
        warnings=(
            *words.warnings(found, subject, wishes),
            *_mtp_warning(item, wishes),
            *lever_warnings(wishes, found),
            *(() if is_installed else _disk_warning(machine, item)),
        ),
        levers=levers.pulled(found, asked),
        missing_bytes=0 if found.fits else layout.missing_gpu_bytes + layout.missing_host_bytes,
        paged_bytes=layout.missing_host_bytes if found.disk_s else 0,
        params_total=item.params_total,
    )


def speed_of(found: Found) -> SpeedEstimate:
    """Decode with its range, prefill, and the time to the first token of a 1,000-token prompt."""
    layout, loader = found.layout, found.loader
    decode = found.decode_tokens_s
    prefill = PROMPT_TOKENS / pace.prefill_seconds(loader, layout, PROMPT_TOKENS)
    is_measured = pace.is_measured(loader, layout)
    measured = loader.view.calibration
    is_rough = measured is not None and measured.is_noisy  # kept although the machine was busy
    low, high = speed.likely_range(
        is_measured=is_measured and not is_rough,
        on_host=layout.host.weights > loader.rest.token_embd_bytes,
        has_experts=loader.facts.hyper.n_expert > 0,
        is_unified=loader.view.unified,
        is_paged=bool(found.disk_s),
        is_assumed=bool(loader.view.assumed) or is_rough,
    )
    if found.disk_s:
        prefill = min(prefill, decode * 4)
    return SpeedEstimate(
        decode_tokens_s=round(decode, 3),
        decode_low=round(decode * low, 3),
        decode_high=round(decode * high, 3),
        prefill_tokens_s=round(prefill, 2),
        time_to_first_token_s=round(PROMPT_TOKENS / prefill + 1 / decode, 2),
        basis="calibrated" if is_measured else "datasheet",
    )


def _mtp_warning(item: Item, wishes: Wishes) -> tuple[str, ...]:
    if not wishes.mtp:
        return ()
    if not mtp_bytes(item, wishes):
        return (say("This file has no layers for multi-token prediction."),)
    why = why_not_by_itself(item.facts)
    if why:
        loaded = say("The layers for multi-token prediction are loaded, but the engine does not draft with them.")
        return (joined(loaded, why),)
    return ()


def _disk_warning(machine: Machine, item: Item) -> tuple[str, ...]:
    free = max((d.free_bytes for d in machine.disks), default=None)
    if not item.repo or free is None or free >= item.file_bytes:
        return ()
    need, free_text = gb(item.file_bytes), gb(free)
    return (say("The download needs {need}; {free} are free on the disk.", need=need, free=free_text),)
