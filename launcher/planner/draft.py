"""Memory of a second, smaller model that drafts tokens for the planned one."""

from __future__ import annotations

from dataclasses import dataclass

from launcher.core.errors import NextStep, UserError
from launcher.core.models import Quant, Variant
from launcher.core.plans import Wishes
from launcher.core.words import say
from launcher.planner.fitting import Levers, fixed, whole
from launcher.planner.layout import Bytes, Loader
from launcher.planner.machine_view import View
from launcher.planner.worth import TARGET_CONTEXT

# Drafts are small: a file of this kind loses little and is quick. The first one there is counts.
_PREFERRED = ("Q4_K_M", "Q8_0")


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft model with its place.

    Attributes:
        gpu_index: the machine's GPU that holds it; None for the RAM.
        held: its bytes there.
        host: what it takes of the RAM beside a GPU: embeddings and buffers.
    """

    model: str
    name: str
    quant: str
    gpu_index: int | None
    device_name: str
    held: Bytes
    host: Bytes


def reserve(view: View, variant: Variant, wishes: Wishes) -> tuple[View, Draft]:
    """The machine without what the draft model takes, on the fastest card that has room for it whole, else in RAM.

    Its context is the planned model's; where that is still to be searched, the largest one that will be tried.

    Raises:
        UserError: "not_loadable": this engine has no file of it.
    """
    quant = _quant(variant)
    facts = quant.facts
    assert facts is not None  # noqa: S101 - chosen so, for the type checker
    levers = Levers(min(wishes.context or TARGET_CONTEXT, facts.context_train))
    loader = Loader(facts, view, quant.name)
    for i in sorted(range(len(view.gpus)), key=lambda i: -loader.devices[i].bandwidth_bytes_s):
        layout = whole(loader.on(view.only((i,))), levers)
        if not layout.missing_gpu_bytes and layout.setting.n_gpu_layers:
            held, gpu = layout.gpus[0], view.gpus[i]
            draft = Draft(variant.id, variant.short_name, quant.name, gpu.index, gpu.name, held, layout.host)
            return view.less(held.total, i).less(layout.host.total, None), draft
    held = fixed(loader.on(view.only(())), levers, 0, 0).host
    return view.less(held.total, None), Draft(variant.id, variant.short_name, quant.name, None, "RAM", held, Bytes())


def _quant(variant: Variant) -> Quant:
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
