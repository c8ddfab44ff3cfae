"""Place and memory of a second, smaller model that drafts tokens for the planned one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from launcher.core.errors import NextStep, UserError
from launcher.core.models import KvLayout, ModelFacts, Quant, Variant
from launcher.core.plans import MTP_ARCHITECTURES, Placement, Wishes
from launcher.core.words import listed, say
from launcher.planner.fitting import Levers, fixed, whole
from launcher.planner.layout import Bytes, Loader
from launcher.planner.machine_view import View
from launcher.planner.worth import TARGET_CONTEXT

# Drafts are small: a file of this kind loses little and is quick. The first one there is counts.
_PREFERRED = ("Q4_K_M", "Q8_0")


@dataclass(frozen=True, slots=True)
class Source:
    """What drafts: a file of the catalog or on the disk. `model` is the catalog's id or the path."""

    model: str
    name: str
    quant: str
    facts: ModelFacts


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft model with its place.

    Attributes:
        gpu_index: the machine's GPU that holds it; None for the RAM.
        engine_device: the engine's name of that GPU, where it is known.
        n_gpu_layers: all or none.
        held: its bytes there.
        host: what it takes of the RAM beside a GPU: embeddings and buffers.
    """

    model: str
    name: str
    quant: str
    gpu_index: int | None
    device_name: str
    engine_device: str | None
    n_gpu_layers: int
    held: Bytes
    host: Bytes

    def placement(self, beside: Placement) -> Placement:
        """Its own, next to the model's: it follows the same conversation with as many threads."""
        is_on_gpu = self.gpu_index is not None
        return Placement(
            n_gpu_layers=self.n_gpu_layers,
            n_ctx=beside.n_ctx,
            split_mode="none" if is_on_gpu else "layer",
            threads=beside.threads,
            threads_batch=beside.threads_batch,
            devices=(self.engine_device,) if is_on_gpu and self.engine_device else (),
        )


def can_draft_itself(facts: ModelFacts) -> bool:
    """Whether the engine can draft with the file's own prediction layers (MTP)."""
    return facts.hyper.nextn_layers > 0 and not why_not_by_itself(facts)


def why_not_by_itself(facts: ModelFacts) -> str:
    """Why prediction layers that the file has cannot draft; "" where they can.

    llama.cpp 0c1e57098 has graphs for them in src/models/{deepseek2,deepseek32,deepseek4}.cpp, each for one block. V3.2's leaves
    its indexer out, V4's is handed four streams instead of one row; neither was run here, and no shape of the catalog has such
    layers.
    """
    if facts.hyper.nextn_layers > 1:
        return say("The file has {n} of them; the engine drafts with one.", n=facts.hyper.nextn_layers)
    if facts.kv_layout is KvLayout.MLA_LEGACY:
        return say("The file has the layout of before April 2025, for which the engine has no such graph.")
    if facts.architecture not in MTP_ARCHITECTURES:
        known = listed(*MTP_ARCHITECTURES)
        return say("They were run with {known} only; this is {name}.", known=known, name=facts.architecture)
    return ""


def source_of(name: str) -> Source:
    """The model that a wish names: an id of the catalog, or a GGUF file.

    Raises:
        UserError: "unknown_model", "not_loadable"; or why the file cannot be read.
    """
    path = Path(name)
    if path.suffix == ".gguf":
        try:
            changed = path.stat().st_mtime_ns
        except OSError as error:
            why = error.strerror or str(error)
            raise UserError("no_file", say("{name} cannot be read.", name=path.name), why) from error
        return _file_source(name, changed)
    from launcher import catalog  # only a draft is looked up by name

    variant = catalog.load().find(name)
    quant = usual_quant(variant)
    assert quant.facts is not None  # noqa: S101 - chosen so, for the type checker
    return Source(variant.id, variant.short_name, quant.name, quant.facts)


def reserve(view: View, source: Source, wishes: Wishes) -> tuple[View, Draft]:
    """The machine without what the draft model takes, on the fastest card that has room for it whole, else in RAM.

    Its context is the planned model's; where that is still to be searched, the largest one that will be tried.
    """
    facts = source.facts
    levers = Levers(min(wishes.context or TARGET_CONTEXT, facts.context_train))
    loader = Loader(facts, view, source.quant)
    for i in sorted(range(len(view.gpus)), key=lambda i: -loader.devices[i].bandwidth_bytes_s):
        layout = whole(loader.on(view.only((i,))), levers)
        if not layout.missing_gpu_bytes and layout.setting.n_gpu_layers:
            held, gpu = layout.gpus[0], view.gpus[i]
            place = gpu.index, gpu.name, gpu.engine_device, layout.setting.n_gpu_layers
            draft = Draft(source.model, source.name, source.quant, *place, held, layout.host)
            return view.less(held.total, i).less(layout.host.total, None), draft
    held = fixed(loader.on(view.only(())), levers, 0, 0).host
    draft = Draft(source.model, source.name, source.quant, None, "RAM", None, 0, held, Bytes())
    return view.less(held.total, None), draft


@lru_cache(maxsize=8)
def _file_source(path: str, changed_ns: int) -> Source:
    """Read once per state of the file: a search asks for it many times."""
    del changed_ns
    from launcher import catalog
    from launcher.catalog import gguf
    from launcher.catalog.identify import identify

    found = identify(catalog.load(), Path(path), gguf.read_set(Path(path)))
    return Source(path, found.name, found.quant_name or "", found.facts)


def usual_quant(variant: Variant) -> Quant:
    """The file set of a catalog model that drafts where none is named.

    Raises:
        UserError: "not_loadable": this engine can load none.
    """
    usable = [q for q in variant.quants if q.loadable and q.facts is not None]
    if not variant.loadable or not usable:
        raise UserError(
            "not_loadable",
            say("{name} cannot draft.", name=variant.name),
            variant.why_not or say("No file of it can be loaded by this engine."),
            (NextStep("Leave it out"),),
        )
    named = {q.name: q for q in reversed(usable)}
    return next((named[name] for name in _PREFERRED if name in named), usable[0])
