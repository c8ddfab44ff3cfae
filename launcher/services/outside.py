"""A model outside the catalog, described as the catalog would: by what its header says, and nothing that nobody measured."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from launcher.core.models import ModelFacts, ModelFile, Quant, Sampling, Thinking, Variant

if TYPE_CHECKING:
    from launcher.catalog.gguf import GgufHeader, TensorInfo
    from launcher.catalog.identify import Identity

_NO_QUANT = "GGUF"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model comes from.

    Attributes:
        model: id of its own: no other row of the window has it.
        family: "linked" or the like, which the catalog does not have.
        name: what to call it where the catalog does not know it.
        repo: as plans and the window show it; "" where none is known.
        files: in shard order.
    """

    model: str
    family: str
    name: str
    repo: str
    files: tuple[ModelFile, ...]
    revision: str | None = None


def describe(origin: Origin, known: Identity, headers: Iterable[GgufHeader]) -> tuple[Variant, Quant]:
    """A variant with one quantisation. Of a model that the catalog knows it has the name, the tests and the way of thinking."""
    total, active = _parameters((t for header in headers for t in header.tensors), known.facts)
    size = sum(file.size_bytes or 0 for file in origin.files)
    quant = Quant(
        known.quant_name or _NO_QUANT,
        origin.repo,
        origin.files,
        size,
        "published",
        8 * size / max(1, total),
        known.facts,
        revision=origin.revision,
    )
    if known.variant is not None:  # another's quantisation of a model that the catalog has
        return replace(known.variant, id=origin.model, family=origin.family, quants=(quant,)), quant
    return _unknown(origin, quant, known.facts, total, active), quant


def _parameters(tensors: Iterable[TensorInfo], facts: ModelFacts) -> tuple[int, int]:
    """All parameters, and those that a token uses: of the routed experts only the chosen ones."""
    total, routed = 0, 0
    for tensor in tensors:
        n = math.prod(tensor.shape)
        total += n
        routed += n if "_exps" in tensor.name else 0
    hyper = facts.hyper
    share = hyper.n_expert_used / hyper.n_expert if hyper.n_expert else 1.0
    return total, round(total - routed * (1 - share))


def _unknown(origin: Origin, quant: Quant, facts: ModelFacts, params_total: int, params_active: int) -> Variant:
    """A model that the catalog does not have: nothing is known but its shape."""
    return Variant(
        id=origin.model,
        name=origin.name,
        short_name=origin.name,
        family=origin.family,
        hf_repo=origin.repo,
        architecture=facts.architecture,
        params_total=params_total,
        params_active=params_active,
        released="",
        licence="",
        context_train=facts.context_train,
        strengths="",
        honest_note="",
        tags=(),
        sampling=Sampling(),
        thinking=Thinking.NEVER,
        system_prompt="allowed",
        benchmarks={},
        benchmarks_source="",
        score=None,
        quants=(quant,),
    )
