"""A model from a pasted link, as the catalog would describe it: what its header says, and nothing that nobody measured."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from launcher.core.models import ModelFacts, Quant, Sampling, Thinking, Variant

if TYPE_CHECKING:
    from launcher.catalog.gguf import TensorInfo

LINKED_FAMILY = "linked"
_NO_QUANT = "GGUF"
_REPO = re.compile(r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(?::[\w.-]+)?$")


def is_link(text: str) -> bool:
    """Whether a search text is a URL, "owner/repo" or "owner/repo:QUANT" instead of words."""
    text = text.strip()
    return text.lower().startswith(("http://", "https://")) or bool(_REPO.match(text))


def read_linked(source: str, stop: threading.Event | None = None) -> tuple[Variant, Quant]:
    """Fetch the header behind a link; blocks for a second or a few.

    Args:
        source: a URL of a .gguf or of a hub page, "owner/repo" or "owner/repo:QUANT".
        stop: set from another thread to give up.

    Raises:
        UserError: the address cannot be read, holds no GGUF, or one that this engine cannot load.
    """
    from launcher import catalog
    from launcher.catalog.remote import read_remote_set

    found = read_remote_set(source.strip(), stop=stop)
    known = found.identify(catalog.load())
    if known.variant and known.quant and known.quant.repo == found.repo and known.quant.loadable:
        return known.variant, known.quant
    size = sum(file.size_bytes or 0 for file in found.files)
    total, active = _parameters((t for header in found.headers for t in header.tensors), known.facts)
    quant = Quant(
        known.quant_name or _NO_QUANT,
        found.repo or source.strip(),
        found.files,
        size,
        "published",
        8 * size / max(1, total),
        known.facts,
        revision=found.revision,
    )
    model = f"{LINKED_FAMILY}:{quant.repo}:{found.name}"
    if known.variant is not None:  # another's quantisation of a model that the catalog has
        return replace(known.variant, id=model, family=LINKED_FAMILY, quants=(quant,)), quant
    return _unknown(model, found.name, quant, total, active), quant


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


def _unknown(model: str, name: str, quant: Quant, params_total: int, params_active: int) -> Variant:
    """A model that the catalog does not have: nothing is known but its shape."""
    facts = quant.facts
    return Variant(
        id=model,
        name=name,
        short_name=name,
        family=LINKED_FAMILY,
        hf_repo=quant.repo,
        architecture=facts.architecture if facts else "",
        params_total=params_total,
        params_active=params_active,
        released="",
        licence="",
        context_train=facts.context_train if facts else 0,
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
