"""The sentence of a plan that does not fit: by how much, and which slider helps. Qt only for translation."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from launcher.core.plans import Plan
from launcher.core.units import gib, whole
from launcher.core.words import joined
from launcher.services.plan_editing import Edited
from launcher.ui.models import levers as scale

_MOST_ADVICE = 2


def overflow_words(edited: Edited) -> str:
    """What is missing and where each single lever would have to be."""
    missing = edited.plan.missing_bytes
    what = (
        QCoreApplication.translate("Models", "It does not fit: {size} too little.").format(size=gib(missing))
        if missing
        else QCoreApplication.translate("Models", "It does not fit.")
    )
    if edited.helps is None:
        return what
    advice = [text for lever, plan in edited.helps if (text := _advice(lever, plan, edited))][:_MOST_ADVICE]
    if advice:
        return joined(what, *advice)
    if edited.request.wishes == edited.request.base:
        return what
    return joined(
        what,
        QCoreApplication.translate("Models", "No single slider is enough; “Back to recommended” searches all of them."),
    )


def _advice(lever: str, plan: Plan, edited: Edited) -> str:
    """One lever, with the value at which everything fits."""
    facts = edited.request.quant.facts
    if lever == "context":
        text = QCoreApplication.translate("Models", "With a context of {n} it fits.")
        return text.format(n=whole(plan.context))
    if lever == "kv_type":
        return QCoreApplication.translate("Models", "With KV cache {kind} it fits.").format(
            kind=plan.placement.kv_type_k
        )
    if lever == "layers" and facts is not None:
        text = QCoreApplication.translate("Models", "With {n} of {m} layers on the graphics card it fits.")
        return text.format(n=scale.layers_on_card(facts, plan.placement), m=len(facts.layers))
    if lever == "experts" and facts is not None:
        text = QCoreApplication.translate(
            "Models", "With the experts of {n} of {m} layers on the graphics card it fits."
        )
        n = scale.expert_parts_on_card(facts, plan.placement) // scale.PARTS
        return text.format(n=n, m=len(scale.expert_layers(facts)))
    if lever == "ubatch":
        return QCoreApplication.translate("Models", "With a batch of {n} it fits.").format(
            n=whole(plan.placement.n_ubatch)
        )
    if lever == "cap":
        return QCoreApplication.translate("Models", "Without the card limit it fits.")
    if lever == "draft":
        return QCoreApplication.translate("Models", "Without the draft it fits.")
    if lever == "load_mode":
        return QCoreApplication.translate("Models", "With the automatic load mode it fits.")
    return ""
