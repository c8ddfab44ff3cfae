"""From headers to ModelFacts: which architecture, which KV layout, how many bytes in every block. The header decides.

Key and tensor names: llama.cpp 0c1e57098, src/llama-arch.cpp.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from launcher.catalog.ggml_types import FILE_TYPES, why_unknown
from launcher.catalog.gguf import GgufHeader, TensorInfo
from launcher.core.errors import NextStep, UserError
from launcher.core.models import HyperParameters, KvLayout, LayerWeights, ModelFacts
from launcher.core.words import joined, say

_PLAIN = frozenset({"llama", "qwen2", "qwen3", "deepseek"})
"""Whole keys and values are cached."""
ARCHITECTURES = _PLAIN | {"deepseek2", "deepseek32", "deepseek4"}
_BLOCK = re.compile(r"^blk\.(\d+)\.(.+)$")
_ROUTED = re.compile(r"ffn_(up|down|gate|gate_up)_(ch|)exps\b")
_MAX_EXPERTS = 1024  # LLAMA_MAX_EXPERTS
_MAX_LAYERS = 1024
BUFFER_ALIGNMENT = 32


def facts_of(headers: GgufHeader | Sequence[GgufHeader]) -> ModelFacts:
    """What a plan needs to know about a file or a whole shard set.

    Args:
        headers: of one file, or of all shards in order (the first one carries the metadata).

    Raises:
        UserError: "not_loadable": an architecture or tensor type that this engine lacks, or values that contradict
            each other; says which.
    """
    sequence = (headers,) if isinstance(headers, GgufHeader) else tuple(headers)
    keys = _Keys(sequence[0])
    if keys.architecture not in ARCHITECTURES:
        hope = say("This engine does not have it yet.") if keys.architecture.startswith("deepseek") else ""
        raise _refused(joined(say("Its architecture is “{name}”.", name=keys.architecture[:40]), hope))
    tensors = [t for h in sequence for t in h.tensors]
    if not tensors:
        raise _refused("It holds no tensors.")
    hyper = _hyper(keys, tensors)
    names = {t.name for t in tensors}
    layout = _layout(keys.architecture, names)
    _check_experts(hyper)
    context_train = keys.number("context_length")
    if not context_train:
        raise _refused(say("Its header has no usable value for {key}.", key="context_length"))
    token_embd, output, layers = _bytes(tensors, hyper)
    _check_latent(hyper, layout)
    return ModelFacts(
        architecture=keys.architecture,
        hyper=hyper,
        kv_layout=layout,
        context_train=context_train,
        token_embd_bytes=token_embd,
        # A tied embedding is loaded twice where the output is offloaded: once as the table, once as the matrix.
        output_bytes=output if "output.weight" in names else output + token_embd,
        layers=layers,
        exact=True,
        tied_bytes=0 if "output.weight" in names else token_embd,
        tensors=tuple((t.name, _in_a_buffer(t)) for t in tensors),
    )


def quant_name(header: GgufHeader) -> str:
    """The quantisation as the header names it ("Q4_K_M"); "" when it does not say."""
    number = header.metadata.get("general.file_type")
    return FILE_TYPES.get(number, "") if isinstance(number, int) else ""


def model_name(header: GgufHeader) -> str:
    """The name in the header; "" when there is none. Untrusted text."""
    name = header.metadata.get("general.name")
    return name[:200] if isinstance(name, str) else ""


class _Keys:
    """Reads "<architecture>.<key>" numbers."""

    def __init__(self, header: GgufHeader) -> None:
        self._metadata = header.metadata
        architecture = header.metadata.get("general.architecture")
        self.architecture = architecture if isinstance(architecture, str) else ""

    def number(self, key: str, default: int | None = None) -> int:
        """A non-negative integer; the largest one where the key holds one per layer."""
        value = self._metadata.get(f"{self.architecture}.{key}", default)
        if isinstance(value, tuple) and value and all(isinstance(v, int) for v in value):
            value = max(int(v) for v in value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
            raise _refused(say("Its header has no usable value for {key}.", key=key))
        return value

    def numbers(self, key: str) -> tuple[int, ...]:
        """A list of integers, () when missing."""
        value = self._metadata.get(f"{self.architecture}.{key}", ())
        items = value if isinstance(value, tuple) else (value,)
        return tuple(int(v) for v in items if isinstance(v, int))


def _hyper(keys: _Keys, tensors: list[TensorInfo]) -> HyperParameters:
    n_embd, n_head = keys.number("embedding_length"), keys.number("attention.head_count")
    n_layer = keys.number("block_count")
    if not 1 <= n_layer <= _MAX_LAYERS or not n_embd or not n_head:
        raise _refused(
            say(
                "Its header claims {n_layer} layers, {n_head} heads and a width of {n_embd}.",
                n_layer=n_layer,
                n_head=n_head,
                n_embd=n_embd,
            )
        )
    head_dim = n_embd // n_head
    expert_width = keys.number("expert_feed_forward_length", 0)
    return HyperParameters(
        n_layer=n_layer,
        n_embd=n_embd,
        n_head=n_head,
        n_head_kv=keys.number("attention.head_count_kv", n_head),
        head_dim_k=keys.number("attention.key_length", head_dim),
        head_dim_v=keys.number("attention.value_length", head_dim),
        n_ff=keys.number("feed_forward_length", expert_width),
        n_vocab=_n_vocab(tensors),
        n_expert=keys.number("expert_count", 0),
        n_expert_used=keys.number("expert_used_count", 0),
        n_expert_shared=keys.number("expert_shared_count", 0),
        n_ff_exp=expert_width,
        leading_dense=keys.number("leading_dense_block_count", 0),
        q_lora_rank=keys.number("attention.q_lora_rank", 0),
        kv_lora_rank=0 if keys.architecture in _PLAIN else keys.number("attention.kv_lora_rank", 0),
        rope_dim=keys.number("rope.dimension_count", 0),
        indexer_n_head=keys.number("attention.indexer.head_count", 0),
        indexer_head_dim=keys.number("attention.indexer.key_length", 0),
        indexer_top_k=keys.number("attention.indexer.top_k", 0),
        sliding_window=keys.number("attention.sliding_window", 0) if keys.architecture == "deepseek4" else 0,
        compress_ratios=keys.numbers("attention.compress_ratios")[:n_layer],
        # The engine takes them off the layer count whether or not their tensors are there (llama-hparams.cpp).
        nextn_layers=min(keys.number("nextn_predict_layers", 0), n_layer - 1),
    )


def _check_experts(hyper: HyperParameters) -> None:
    """As llama.cpp asserts it (llama-model.cpp, load_hparams): it ends the process otherwise."""
    least = 1 if hyper.n_expert else 0
    if hyper.n_expert > _MAX_EXPERTS or not least <= hyper.n_expert_used <= hyper.n_expert:
        raise _refused(
            say(
                "Its header claims {n_expert} experts, {n_used} of them used per token.",
                n_expert=hyper.n_expert,
                n_used=hyper.n_expert_used,
            )
        )


def _check_latent(hyper: HyperParameters, layout: KvLayout) -> None:
    """What is cached of a token, and split into parts, must have a size."""
    sizes: dict[str, int] = {}
    if layout in (KvLayout.MLA, KvLayout.MLA_LEGACY, KvLayout.INDEXED_MLA):
        sizes = {"attention.kv_lora_rank": hyper.kv_lora_rank, "rope.dimension_count": hyper.rope_dim}
    if layout is KvLayout.MLA_LEGACY:
        sizes |= {
            "attention.key_length": hyper.head_dim_k - hyper.rope_dim,
            "attention.value_length": hyper.head_dim_v,
        }
    for key, size in sizes.items():
        if size <= 0:
            raise _refused(say("Its header has no usable value for {key}.", key=key))


def _n_vocab(tensors: list[TensorInfo]) -> int:
    embedding = next((t for t in tensors if t.name == "token_embd.weight" and len(t.shape) == 2), None)
    if embedding is None:
        raise _refused("It has no token embedding.")
    return embedding.shape[1]


def _layout(architecture: str, names: set[str]) -> KvLayout:
    if architecture == "deepseek2":
        # Files from before April 2025 hold attn_kv_b; llama.cpp then caches full keys and values.
        return KvLayout.MLA if any(n.endswith(".attn_k_b.weight") for n in names) else KvLayout.MLA_LEGACY
    if architecture == "deepseek32":
        return KvLayout.INDEXED_MLA
    return KvLayout.COMPRESSED if architecture == "deepseek4" else KvLayout.GQA


def _bytes(tensors: list[TensorInfo], hyper: HyperParameters) -> tuple[int, int, tuple[LayerWeights, ...]]:
    """(token_embd, output with norms, blocks). Multi-token-prediction blocks are not loaded: 0 bytes."""
    always, largest = [0] * hyper.n_layer, [0] * hyper.n_layer
    routed: dict[str, list[int]] = {part: [0] * hyper.n_layer for part in ("up", "gate", "down")}
    token_embd = output = 0
    for tensor in tensors:
        size = _in_a_buffer(tensor)
        match = _BLOCK.match(tensor.name)
        if match is None:
            if tensor.name == "token_embd.weight":
                token_embd += size
            else:
                output += size
            continue
        block = int(match[1])
        if block >= hyper.n_layer:
            raise _refused(
                say(
                    "It holds a tensor of layer {block}, but claims {n_layer} layers.",
                    block=block,
                    n_layer=hyper.n_layer,
                )
            )
        if block >= hyper.n_layer - hyper.nextn_layers:
            continue
        expert = _ROUTED.search(match[2])
        if expert:
            routed["up" if expert[1] == "gate_up" else expert[1]][block] += size
        else:
            always[block] += size
            largest[block] = max(largest[block], size)
    return (
        token_embd,
        output,
        tuple(
            LayerWeights(a, u + g + d, g, u, d, biggest)
            for a, u, g, d, biggest in zip(always, routed["up"], routed["gate"], routed["down"], largest, strict=True)
        ),
    )


def _in_a_buffer(tensor: TensorInfo) -> int:
    """Bytes of a tensor on its device: each begins at a multiple of the alignment there too.

    Raises:
        UserError: "not_loadable": its type is not known.
    """
    if tensor.size_bytes is None:
        raise _refused(why_unknown(tensor.type_number))
    return -(-tensor.size_bytes // BUFFER_ALIGNMENT) * BUFFER_ALIGNMENT


def _refused(why: str) -> UserError:
    return UserError(
        "not_loadable",
        "This engine cannot load the file.",
        why,
        (NextStep("Choose another file"), NextStep("See the models that run here", "choose_model")),
    )
