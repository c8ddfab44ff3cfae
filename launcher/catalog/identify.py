"""Which catalog model a file is: by shape and by name (of the file, in its header, of its repository). Honestly unknown else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from launcher.catalog import builtin
from launcher.catalog.facts import facts_of, model_name, quant_name
from launcher.catalog.gguf import GgufHeader
from launcher.catalog.listing import Catalog
from launcher.core.models import ModelFacts, Quant, Variant

_QUANT_IN_NAME = re.compile(
    r"(?:^|[-._/])((?:UD-|AD-|i1-)?(?:I?Q\d(?:_[A-Z0-9]+)*|TQ\d_0|MXFP4|BF16|F16|F32))(?=[-._/]|$)", re.IGNORECASE
)
# With the number of the recipe that bartowski appends ("Q4_K_M-V2"), which is no version of the model.
_QUANT_WORDS = re.compile(_QUANT_IN_NAME.pattern + r"(?:-V\d(?=[-._/]|$))?", re.IGNORECASE)
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")
_WORD = re.compile(r"[a-z]+\d*(?:\.\d+)*[a-z]*|\d+(?:\.\d+)*[a-z]*")
# Words that make another model of one: bases, variants with other weights, fine-tunes, merges, cut or healed ones.
_OTHER_MODEL = frozenset(
    {
        "base", "zero", "math", "prover", "chimera", "abliterated", "uncensored", "unfiltered", "heretic", "derestricted",
        "obliterated", "reap", "pruned", "prune", "merge", "merged", "slerp", "ties", "dare", "finetune", "finetuned",
        "tuned", "lora", "sft", "dpo", "grpo", "orpo", "rp", "roleplay", "distill", "distilled", "exp", "speciale",
        "vision", "ocr", "vl", "coder", "lite", "terminus", "draft", "dspark",
    }
)  # fmt: skip
_VERSION = re.compile(r"[vr]\d[\d.]*[a-z]*|\d{4}")  # v3.1, r1t2, and the dates in names (0324)


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


def identify(catalog: Catalog, path: Path, headers: tuple[GgufHeader, ...], repo: str | None = None) -> Identity:
    """Match a file set against the catalog.

    A model is named only when shape and name agree, and no name says that it is another one: a fine-tune of the same shape
    stays unknown, and so does a version that the catalog does not know.

    Args:
        catalog: what is known.
        path: of the file (of the first shard), here or in its repository.
        headers: of all its shards.
        repo: the hub's repository that it comes from, where that is known.

    Raises:
        UserError: "not_loadable", as `facts_of`.
    """
    facts = facts_of(headers)
    in_header = model_name(headers[0])
    if builtin.is_builtin(path):
        own = builtin.variant()
        return Identity(own, own.quants[0], own.quants[0].name, own.name, facts)
    quant = _quant_in(path.name) or _quant_in(path.parent.name) or quant_name(headers[0])
    texts = [_SHARD.sub("", path.name.removesuffix(".gguf")), in_header, (repo or "").rpartition("/")[2]]
    same_shape = [v for v in catalog.variants if _is_same_shape(v, facts)]
    variant = _of_repo(same_shape, repo) or _named(same_shape, texts)
    if variant is None:
        return Identity(None, None, quant, in_header or path.stem, facts)
    return Identity(variant, variant.quant(quant) if quant else None, quant, variant.name, facts)


def _of_repo(variants: Iterable[Variant], repo: str | None) -> Variant | None:
    """The variant whose files the catalog knows to be in a repository, whatever it is called."""
    wanted = (repo or "").lower()
    found = [v for v in variants if any(q.repo.lower() == wanted for q in v.quants)]
    return found[0] if len(found) == 1 else None


def _named(variants: Iterable[Variant], texts: list[str]) -> Variant | None:
    """The variant that one of the texts names, when none of them speaks of another model."""
    spoken = [_words(text) for text in texts]
    # The longest name first: "v3.1-terminus" must not be taken for "v3.1" or "v3".
    for variant in sorted(variants, key=lambda v: -len(v.id)):
        own = _words(variant.id)
        if any(_holds(words, own) for words in spoken):
            names = set(own) | set(_words(variant.name)) | set(_words(variant.hf_repo))
            return None if any(_is_other(w) and w not in names for words in spoken for w in words) else variant
    return None


def _is_other(word: str) -> bool:
    return word in _OTHER_MODEL or _VERSION.fullmatch(word) is not None


def _holds(words: list[str], own: list[str]) -> bool:
    """Whether all words of an id follow one another in a name."""
    n = len(own)
    return any(words[i : i + n] == own for i in range(len(words) - n + 1))


def _words(text: str) -> list[str]:
    """Lower-case words and numbers without quantisation, so that "R1 Distill Qwen 7B" and "R1-Distill-Qwen-7B" are one."""
    return _WORD.findall(_QUANT_WORDS.sub(" ", text).lower())


def _is_same_shape(variant: Variant, facts: ModelFacts) -> bool:
    known = next((q.facts for q in variant.quants if q.facts), None)
    if known is None:
        return variant.architecture == facts.architecture
    a, b = known.hyper, facts.hyper
    # V3.2 files made before llama.cpp knew its indexer are dense deepseek2 ones of the same weights.
    is_kin = (known.architecture, facts.architecture) == ("deepseek32", "deepseek2")
    return (
        (known.architecture == facts.architecture or is_kin)
        and a.n_layer == b.n_layer - b.nextn_layers
        and (a.n_embd, a.n_head, a.n_vocab, a.n_expert) == (b.n_embd, b.n_head, b.n_vocab, b.n_expert)
    )


def _quant_in(name: str) -> str:
    found = _QUANT_IN_NAME.findall(name.removesuffix(".gguf"))
    return found[-1].upper().removeprefix("I1-") if found else ""
