"""Which catalog model a local file is: by shape, then by the name in its header or on the disk. Honestly unknown else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from launcher.catalog.facts import facts_of, model_name, quant_name
from launcher.catalog.gguf import GgufHeader
from launcher.catalog.listing import Catalog
from launcher.core.models import ModelFacts, Quant, Variant

_QUANT_IN_NAME = re.compile(
    r"(?:^|[-._/])((?:UD-|AD-|i1-)?(?:I?Q\d(?:_[A-Z0-9]+)*|TQ\d_0|MXFP4|BF16|F16|F32))(?=[-._/]|$)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a file is.

    Attributes:
        variant: the catalog's model, None when it cannot be told.
        quant: the catalog's quantisation, None when the catalog has none of that name.
        quant_name: from the file name or header, "" when unknown.
        name: what to call it: the variant's name, else the header's, else the file's.
    """

    variant: Variant | None
    quant: Quant | None
    quant_name: str
    name: str
    facts: ModelFacts


def identify(catalog: Catalog, path: Path, headers: tuple[GgufHeader, ...]) -> Identity:
    """Match a file set against the catalog.

    A model is named only when shape and name agree: a fine-tune of the same shape stays unknown.

    Raises:
        UserError: "not_loadable", as `facts_of`.
    """
    facts = facts_of(headers)
    in_header = model_name(headers[0])
    quant = _quant_in(path.name) or _quant_in(path.parent.name) or quant_name(headers[0])
    texts = (_plain(path.name), _plain(in_header))
    same_shape = [v for v in catalog.variants if _is_same_shape(v, facts)]
    # The longest name first: "v3.1-terminus" must not be taken for "v3.1" or "v3".
    for variant in sorted(same_shape, key=lambda v: -len(v.id)):
        if any(_plain(variant.id) in text for text in texts):
            return Identity(variant, variant.quant(quant) if quant else None, quant, variant.name, facts)
    return Identity(None, None, quant, in_header or path.stem, facts)


def _is_same_shape(variant: Variant, facts: ModelFacts) -> bool:
    known = next((q.facts for q in variant.quants if q.facts), None)
    if known is None:
        return variant.architecture == facts.architecture
    a, b = known.hyper, facts.hyper
    return (
        known.architecture == facts.architecture
        and a.n_layer == b.n_layer - b.nextn_layers
        and (a.n_embd, a.n_head, a.n_vocab, a.n_expert) == (b.n_embd, b.n_head, b.n_vocab, b.n_expert)
    )


def _quant_in(name: str) -> str:
    found = _QUANT_IN_NAME.findall(name.removesuffix(".gguf"))
    return found[-1].upper().removeprefix("I1-") if found else ""


def _plain(text: str) -> str:
    """Lower case without separators, so that "R1 Distill Qwen 7B" and "R1-Distill-Qwen-7B" are one."""
    return re.sub(r"[^a-z0-9]", "", text.lower())
