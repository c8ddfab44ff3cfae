"""Facts of a published file before its header is read: hyper-parameters and quantisation rules give the bytes.

A shape's table holds [all tensors, token_embd, routed experts] per quantisation, computed with llama-quantize's rules
and checked against published files (see the source entries of resources/catalog/models.json). What no rule gives (the
dynamic UD and AD recipes) is spread from the published size: everything outside the routed experts is assumed to be
as in the reference quantisation named below. The file's own header replaces all of it (catalog/facts.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from launcher.core.models import HyperParameters, KvLayout, LayerWeights, ModelFacts

_OUTPUT_BITS = {"q5": 5.5, "q6": 6.5625, "q8": 8.5, "full": 16.0}
# bartowski's "_L" files: the named quantisation with embedding and output at Q8_0.
_LARGE_EMBEDDINGS = {"Q2_K_L": "Q2_K", "Q3_K_XL": "Q3_K_L", "Q4_K_L": "Q4_K_M", "Q5_K_L": "Q5_K_M", "Q6_K_L": "Q6_K"}
# llama-quantize gives down matrices of the mixtures Q6_K beside Q4_K (6.5625 against 4.5 bits), and more than the
# block's average in dense blocks.
_MIXED = ("_M", "_L", "_XL")
_MIXED_DOWN_SHARE = 0.422
_MIXED_FACTOR = 1.3
_NOPE = 128  # width of the part of a head without position, in every DeepSeek MLA model


@dataclass(frozen=True, slots=True)
class Shape:
    """What models of one shape share. `quants`: name -> (total, token_embd, routed experts) in bytes."""

    architecture: str
    hyper: HyperParameters
    metadata_bytes: int
    quants: dict[str, tuple[int, int, int]]


def shape_from(entry: dict[str, Any]) -> Shape:
    """A shape from its catalog entry."""
    hyper = dict(entry["hyper"])
    if "compress_ratios" in hyper:
        hyper["compress_ratios"] = tuple(hyper["compress_ratios"])
    return Shape(
        entry["architecture"],
        HyperParameters(**hyper),
        entry["metadata_bytes"],
        {name: (row[0], row[1], row[2]) for name, row in entry["quants"].items()},
    )


def facts(
    shape: Shape, quant: str, file_bytes: int | None, layout: KvLayout | None, context_train: int
) -> tuple[ModelFacts, int]:
    """Facts of one quantisation and the size of its file set.

    Args:
        shape: what the model looks like.
        quant: the published name.
        file_bytes: the published size, or None to compute it.
        layout: the KV layout of this repository's files where it is not the architecture's present one.
        context_train: tokens.

    Raises:
        KeyError: no rule and no published size: the catalog entry is wrong.
    """
    total, token_embd, routed, output = _tensor_bytes(shape, quant, file_bytes)
    hyper = shape.hyper
    if layout is KvLayout.MLA_LEGACY:
        hyper = replace(hyper, n_head_kv=hyper.n_head, head_dim_k=_NOPE + hyper.rope_dim, head_dim_v=_NOPE)
    return (
        ModelFacts(
            architecture=shape.architecture,
            hyper=hyper,
            kv_layout=layout or default_layout(shape.architecture),
            context_train=context_train,
            token_embd_bytes=token_embd,
            output_bytes=output,
            layers=_layers(hyper, total - token_embd - output - routed, routed, quant),
        ),
        file_bytes if file_bytes is not None else total + shape.metadata_bytes,
    )


def default_layout(architecture: str) -> KvLayout:
    """The layout that today's converter gives an architecture."""
    layouts = {"deepseek2": KvLayout.MLA, "deepseek32": KvLayout.INDEXED_MLA, "deepseek4": KvLayout.COMPRESSED}
    return layouts.get(architecture, KvLayout.GQA)


def _tensor_bytes(shape: Shape, quant: str, file_bytes: int | None) -> tuple[int, int, int, int]:
    """(all tensors, token_embd, routed experts, output) in bytes."""
    weights = shape.hyper.n_embd * shape.hyper.n_vocab
    is_v4 = shape.architecture == "deepseek4"
    if quant in shape.quants:
        total, token_embd, routed = shape.quants[quant]
        output = round(weights * _output_bits(quant, is_v4=is_v4) / 8)
    elif quant in _LARGE_EMBEDDINGS and _LARGE_EMBEDDINGS[quant] in shape.quants:
        base = _LARGE_EMBEDDINGS[quant]
        total, base_embd, routed = shape.quants[base]
        token_embd = output = round(weights * _OUTPUT_BITS["q8"] / 8)
        total += token_embd - base_embd + output - round(weights * _output_bits(base, is_v4=is_v4) / 8)
    else:
        reference = _reference(shape, file_bytes)
        total, token_embd, routed = shape.quants[reference]
        output = round(weights * _output_bits(reference, is_v4=is_v4) / 8)
        if file_bytes is None:
            raise KeyError(f"{quant} has no size rule and no published size")
    if file_bytes is not None:
        # The published size is the truth; the difference belongs to what the rule knows least.
        difference = file_bytes - shape.metadata_bytes - total
        total += difference
        routed += difference if routed else 0
    return total, token_embd, routed, output


def _reference(shape: Shape, file_bytes: int | None) -> str:
    """The computed quantisation whose parts outside the experts stand in for an unknown recipe."""
    if shape.architecture == "deepseek4":
        return "UD-Q4_K_XL"
    by_size = sorted(shape.quants, key=lambda q: abs(shape.quants[q][0] - (file_bytes or 0)))
    if shape.hyper.n_expert and shape.quants[by_size[0]][0] < shape.quants["Q4_K_M"][0]:
        return "Q4_K_M"  # dynamic low-bit recipes keep attention and shared experts at 4 to 6 bits
    return by_size[0]


def _output_bits(quant: str, *, is_v4: bool) -> float:
    """Type of output.weight (llama-quant.cpp; V4 recipes keep Q8_0)."""
    if quant in ("BF16", "F16") or (is_v4 and quant == "UD-Q8_K_XL"):
        return _OUTPUT_BITS["full"]
    if is_v4 or quant == "Q8_0":
        return _OUTPUT_BITS["q8"]
    return _OUTPUT_BITS["q5" if quant.startswith(("IQ1", "IQ2", "IQ3_XXS")) else "q6"]


def _layers(h: HyperParameters, always_bytes: int, routed_bytes: int, quant: str) -> tuple[LayerWeights, ...]:
    """Spread the bytes over the blocks by parameter counts; all dense blocks are alike, and all expert blocks."""
    attention = _attention_params(h)
    dense = attention + 3 * h.n_embd * h.n_ff
    shared = attention + 3 * h.n_embd * h.n_ff_exp * h.n_expert_shared + h.n_embd * h.n_expert
    n_dense = h.leading_dense if h.n_expert else h.n_layer
    n_moe = h.n_layer - n_dense
    share = always_bytes / (n_dense * dense + n_moe * shared)
    dense_bytes, moe_bytes = int(dense * share), int(shared * share)
    expert_bytes = routed_bytes // n_moe if n_moe else 0
    is_mixed = quant.endswith(_MIXED)
    most = _MIXED_FACTOR if is_mixed else 1.0
    value_dim = _NOPE if h.kv_lora_rank else h.head_dim_v
    widest_dense, widest_moe = h.n_embd * h.n_ff, h.n_embd * h.n_head * value_dim
    layers = [LayerWeights(dense_bytes, largest_dense_bytes=int(widest_dense * share * most))] * n_dense
    layers += [_expert_layer(moe_bytes, expert_bytes, int(widest_moe * share), is_mixed=is_mixed)] * n_moe
    # What rounding left goes to the last block, so that the sum is exact.
    last_always = layers[-1].always_read_bytes + always_bytes - n_dense * dense_bytes - n_moe * moe_bytes
    last_routed = layers[-1].routed_expert_bytes + routed_bytes - n_moe * expert_bytes
    layers[-1] = (
        _expert_layer(last_always, last_routed, layers[-1].largest_dense_bytes, is_mixed=is_mixed)
        if n_moe
        else replace(layers[-1], always_read_bytes=last_always)
    )
    return tuple(layers)


def _expert_layer(always: int, routed: int, largest_dense: int, *, is_mixed: bool) -> LayerWeights:
    """One expert block; the mixtures (_M, _L, _XL) give "down" more bits than "gate" and "up"."""
    down = int(routed * (_MIXED_DOWN_SHARE if is_mixed else 1 / 3))
    gate = (routed - down) // 2
    return LayerWeights(always, routed, gate, routed - down - gate, down, largest_dense)


def _attention_params(h: HyperParameters) -> int:
    if not h.kv_lora_rank:
        return h.n_embd * (2 * h.n_head * h.head_dim_k + 2 * h.n_head_kv * h.head_dim_k)
    query = h.q_lora_rank or h.n_embd
    queries = h.n_embd * h.q_lora_rank + query * h.n_head * (_NOPE + h.rope_dim)
    latent = h.n_embd * (h.kv_lora_rank + h.rope_dim) + h.kv_lora_rank * h.n_head * 2 * _NOPE
    return queries + latent + h.n_head * _NOPE * h.n_embd
