"""GGUF files of the true shapes of every catalog architecture, without their weights.

The header (metadata and tensor table) is real, the tensor data is a hole in a sparse file: 400 GB models take some hundred
kilobytes of disk. llama.cpp dry-runs them, and really loads the ones that `Shape.thinned` makes small: their weights are zeros.
Tensor names and shapes: llama.cpp 0c1e57098, src/models/*.cpp; hyper-parameters: the catalog's own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, GGUFWriter
from gguf import GGMLQuantizationType as Type

from launcher.core.models import HyperParameters

CATALOG = Path(__file__).resolve().parents[2] / "resources" / "catalog" / "models.json"
_NOPE = _VALUE = 128  # an MLA head's part without position and its value, in every DeepSeek model
_MLA = ("deepseek2", "deepseek32")

# What llama-quantize takes where a row is no multiple of a K type's 256 elements (llama-quant.cpp).
_FALLBACK = {Type.Q4_K: Type.Q5_0, Type.Q5_K: Type.Q5_1, Type.Q6_K: Type.Q8_0}


@dataclass(frozen=True)
class Mix:
    """Tensor types of a quantisation. `more` is for values and down matrices of the layers that llama-quantize favours."""

    base: Type
    embedding: Type
    output: Type
    more: Type
    experts: Type | None = None
    experts_more: Type | None = None


MIXES = {
    "Q4_K_M": Mix(Type.Q4_K, Type.Q4_K, Type.Q6_K, Type.Q6_K),
    "Q8_0": Mix(Type.Q8_0, Type.Q8_0, Type.Q8_0, Type.Q8_0),
    "BF16": Mix(Type.BF16, Type.BF16, Type.BF16, Type.BF16),
    "UD-IQ2": Mix(Type.Q4_K, Type.Q4_K, Type.Q6_K, Type.Q5_K, Type.IQ2_XXS, Type.IQ3_XXS),
    "MXFP4": Mix(Type.Q8_0, Type.Q8_0, Type.Q8_0, Type.Q8_0, Type.MXFP4, Type.MXFP4),
    "IQ1": Mix(Type.IQ1_S, Type.IQ1_S, Type.IQ1_S, Type.Q2_K),
}


@dataclass(frozen=True)
class Shape:
    """One architecture with its numbers. `is_legacy`: MLA with the unsplit attn_kv_b, as files were made before April 2025."""

    architecture: str
    hyper: HyperParameters
    context_train: int = 163_840
    is_legacy: bool = False

    @property
    def has_sigmoid_router(self) -> bool:
        """V3 and later; V2 and its kin weigh experts by softmax and have no routing bias."""
        return self.hyper.n_expert_shared == 1

    def thinned(self, n_layer: int, n_expert: int, n_vocab: int) -> Shape:
        """The same widths with fewer layers, experts and words: the graph of a layer is the same, the weights shrink."""
        h = self.hyper
        if self.architecture == "deepseek2" and not h.q_lora_rank:
            n_layer = 26  # how llama.cpp knows that a file has no low-rank queries
        thin = replace(
            h,
            n_layer=n_layer,
            n_vocab=n_vocab,
            n_expert=min(h.n_expert, n_expert),
            leading_dense=min(h.leading_dense, n_layer // 2),
            compress_ratios=h.compress_ratios[:n_layer],
        )
        return replace(self, hyper=thin)


@cache
def shapes() -> dict[str, Shape]:
    """Every shape of the catalog by its id, and the legacy files of the MLA ones."""
    known = {f.name for f in fields(HyperParameters)}
    found: dict[str, Shape] = {}
    for name, entry in json.loads(CATALOG.read_text("utf-8"))["shapes"].items():
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in entry["hyper"].items() if k in known}
        found[name] = Shape(entry["architecture"], HyperParameters(**values))
        if entry["architecture"] == "deepseek2":
            found[f"{name}-legacy"] = replace(found[name], is_legacy=True)
    return found


def write_shape(path: Path | str, shape: Shape, mix: str = "Q4_K_M") -> Path:
    """Write the file; its size on disk is that of the header."""
    writer = GGUFWriter(str(path), shape.architecture)
    tensors = _Tensors(writer, shape, MIXES[mix])
    _metadata(writer, shape)
    {"deepseek4": _compressed, "deepseek2": _mla, "deepseek32": _mla}.get(shape.architecture, _attention)(tensors)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    made = Path(path)
    size = _aligned(made.stat().st_size)
    with made.open("r+b") as file:
        file.truncate(size + tensors.total_bytes)
    return made


def _aligned(n: int) -> int:
    return -(-n // 32) * 32


class _Tensors:
    """Collects the tensor table; a tensor's type follows from its role."""

    def __init__(self, writer: GGUFWriter, shape: Shape, mix: Mix) -> None:
        self.writer, self.shape, self.mix, self.h = writer, shape, mix, shape.hyper
        self.total_bytes = 0

    def add(self, name: str, dims: tuple[int, ...], kind: Type | None = None) -> None:
        """`dims` as ggml counts them: the row length first."""
        kind = self.mix.base if kind is None else kind
        if dims[0] % GGML_QUANT_SIZES[kind][0]:
            kind = _FALLBACK.get(kind, Type.IQ4_NL)
        block, size = GGML_QUANT_SIZES[kind]
        n_bytes = int(np.prod(dims, dtype=np.int64)) // block * size
        self.writer.add_tensor_info(name, dims[::-1], np.dtype(np.float32), n_bytes, raw_dtype=kind)
        self.total_bytes += _aligned(n_bytes)

    def floats(self, name: str, *dims: int) -> None:
        self.add(name, dims, Type.F32)

    def more(self, layer: int) -> Type:
        """llama-quantize's `use_more_bits`: the first and last eighth, and every third layer between."""
        n = self.h.n_layer
        favoured = layer < n // 8 or layer >= 7 * n // 8 or (layer - n // 8) % 3 == 2
        return self.mix.more if favoured else self.mix.base

    def ends(self) -> None:
        h, mix = self.h, self.mix
        self.add("token_embd.weight", (h.n_embd, h.n_vocab), mix.embedding)
        self.floats("output_norm.weight", h.n_embd)
        self.add("output.weight", (h.n_embd, h.n_vocab), mix.output)

    def feed_forward(self, layer: int, pattern: str, width: int, experts: int = 0) -> None:
        """Gate, up and down; with `experts` a stack of them in the experts' types."""
        base, down = self.mix.base, self.more(layer)
        if experts:
            down = (self.mix.experts_more if down is self.mix.more else self.mix.experts) or down
            base = self.mix.experts or base
        stack = (experts,) if experts else ()
        for part, dims, kind in (
            ("gate", (self.h.n_embd, width), base),
            ("down", (width, self.h.n_embd), down),
            ("up", (self.h.n_embd, width), base),
        ):
            self.add(pattern.format(part), (*dims, *stack), kind)

    def experts_or_dense(self, layer: int, b: str, *, has_bias: bool) -> None:
        h = self.h
        self.floats(b + "ffn_norm.weight", h.n_embd)
        if not h.n_expert or layer < h.leading_dense:
            self.feed_forward(layer, b + "ffn_{}.weight", h.n_ff)
            return
        self.floats(b + "ffn_gate_inp.weight", h.n_embd, h.n_expert)
        if has_bias:
            self.floats(b + "exp_probs_b.bias", h.n_expert)
        self.feed_forward(layer, b + "ffn_{}_exps.weight", h.n_ff_exp, h.n_expert)
        self.feed_forward(layer, b + "ffn_{}_shexp.weight", h.n_ff_exp * h.n_expert_shared)


def _metadata(writer: GGUFWriter, shape: Shape) -> None:
    h = shape.hyper
    writer.add_name(f"Sparse {shape.architecture}")
    writer.add_tokenizer_model("no_vocab")
    writer.add_vocab_size(h.n_vocab)
    writer.add_block_count(h.n_layer)
    writer.add_context_length(shape.context_train)
    writer.add_embedding_length(h.n_embd)
    writer.add_feed_forward_length(h.n_ff)
    writer.add_head_count(h.n_head)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    is_mla, is_legacy = shape.architecture in _MLA, shape.is_legacy
    writer.add_head_count_kv(h.n_head if is_legacy else h.n_head_kv)
    writer.add_key_length(_NOPE + h.rope_dim if is_legacy else h.head_dim_k)
    writer.add_value_length(_VALUE if is_legacy else h.head_dim_v)
    writer.add_rope_dimension_count(h.rope_dim or h.head_dim_k)
    if h.n_expert:
        writer.add_expert_count(h.n_expert)
        writer.add_expert_used_count(h.n_expert_used)
        writer.add_expert_shared_count(h.n_expert_shared)
        writer.add_expert_feed_forward_length(h.n_ff_exp)
        writer.add_expert_weights_scale(2.5)
        writer.add_expert_weights_norm(True)
        writer.add_leading_dense_block_count(h.leading_dense)
    if h.q_lora_rank:
        writer.add_q_lora_rank(h.q_lora_rank)
    if is_mla:
        writer.add_kv_lora_rank(h.kv_lora_rank)
        # 1 is softmax, 2 sigmoid.
        writer.add_uint32(f"{shape.architecture}.expert_gating_func", 2 if shape.has_sigmoid_router else 1)
        if not is_legacy:
            writer.add_key_length_mla(_NOPE + h.rope_dim)
            writer.add_value_length_mla(_VALUE)
    if h.indexer_n_head:
        writer.add_uint32(f"{shape.architecture}.attention.indexer.head_count", h.indexer_n_head)
        writer.add_uint32(f"{shape.architecture}.attention.indexer.key_length", h.indexer_head_dim)
        writer.add_uint32(f"{shape.architecture}.attention.indexer.top_k", h.indexer_top_k)


def _attention(t: _Tensors) -> None:
    """llama, qwen2, qwen3 and deepseek (dense attention; the last with experts)."""
    h, arch = t.h, t.shape.architecture
    t.ends()
    for layer in range(h.n_layer):
        b = f"blk.{layer}."
        t.floats(b + "attn_norm.weight", h.n_embd)
        for part, rows in (
            ("q", h.n_head * h.head_dim_k),
            ("k", h.n_head_kv * h.head_dim_k),
            ("v", h.n_head_kv * h.head_dim_v),
        ):
            t.add(f"{b}attn_{part}.weight", (h.n_embd, rows), t.more(layer) if part == "v" else None)
            if arch == "qwen2":
                t.floats(f"{b}attn_{part}.bias", rows)
            if arch == "qwen3" and part != "v":
                t.floats(f"{b}attn_{part}_norm.weight", h.head_dim_k)
        t.add(b + "attn_output.weight", (h.n_head * h.head_dim_v, h.n_embd))
        t.experts_or_dense(layer, b, has_bias=False)


def _mla(t: _Tensors) -> None:
    """deepseek2, split or legacy, and deepseek32 with its indexer."""
    h, head = t.h, _NOPE + t.h.rope_dim
    t.ends()
    for layer in range(h.n_layer):
        b = f"blk.{layer}."
        t.floats(b + "attn_norm.weight", h.n_embd)
        if h.q_lora_rank:
            t.add(b + "attn_q_a.weight", (h.n_embd, h.q_lora_rank))
            t.floats(b + "attn_q_a_norm.weight", h.q_lora_rank)
            t.add(b + "attn_q_b.weight", (h.q_lora_rank, h.n_head * head))
        else:
            t.add(b + "attn_q.weight", (h.n_embd, h.n_head * head))
        t.add(b + "attn_kv_a_mqa.weight", (h.n_embd, h.kv_lora_rank + h.rope_dim), Type.Q8_0)
        t.floats(b + "attn_kv_a_norm.weight", h.kv_lora_rank)
        if t.shape.is_legacy:
            t.add(b + "attn_kv_b.weight", (h.kv_lora_rank, h.n_head * (_NOPE + _VALUE)))
        else:
            t.add(b + "attn_k_b.weight", (_NOPE, h.kv_lora_rank, h.n_head), Type.Q8_0)
            t.add(b + "attn_v_b.weight", (h.kv_lora_rank, _VALUE, h.n_head), Type.Q8_0)
        t.add(b + "attn_output.weight", (h.n_head * _VALUE, h.n_embd))
        if h.indexer_n_head:
            _indexer_head(t, b, h.indexer_n_head * h.indexer_head_dim)
            t.floats(b + "indexer.k_norm.weight", h.indexer_head_dim)
            t.floats(b + "indexer.k_norm.bias", h.indexer_head_dim)
            t.add(b + "indexer.attn_k.weight", (h.n_embd, h.indexer_head_dim), Type.Q8_0)
        t.experts_or_dense(layer, b, has_bias=t.shape.has_sigmoid_router)


def _indexer_head(t: _Tensors, b: str, width: int) -> None:
    t.add(b + "indexer.proj.weight", (t.h.n_embd, t.h.indexer_n_head), Type.F16)
    t.add(b + "indexer.attn_q_b.weight", (t.h.q_lora_rank, width), Type.Q8_0)


def _compressed(t: _Tensors) -> None:
    """deepseek4: sliding window, compressed caches, hyper-connections, the first layers routed by a hash."""
    h, writer, streams, hash_layers, out_rank = t.h, t.writer, 4, 3, 1024
    groups = h.n_head // 8  # 8 in Flash, 16 in Pro
    _compressed_metadata(writer, h, streams, hash_layers, groups, out_rank)
    wide, mixed, head = streams * h.n_embd, (2 + streams) * streams, h.head_dim_k
    t.ends()
    t.floats("output_hc_fn.weight", wide, streams)
    t.floats("output_hc_base.weight", streams)
    t.floats("output_hc_scale.weight", 1)
    for layer in range(h.n_layer):
        b = f"blk.{layer}."
        t.floats(b + "attn_norm.weight", h.n_embd)
        t.floats(b + "attn_sinks.weight", h.n_head)
        t.add(b + "attn_q_a.weight", (h.n_embd, h.q_lora_rank), Type.Q8_0)
        t.floats(b + "attn_q_a_norm.weight", h.q_lora_rank)
        t.add(b + "attn_q_b.weight", (h.q_lora_rank, h.n_head * head), Type.Q8_0)
        t.add(b + "attn_kv.weight", (h.n_embd, head), Type.Q8_0)
        t.floats(b + "attn_kv_a_norm.weight", head)
        t.add(b + "attn_output_a.weight", (h.n_head * head // groups, out_rank * groups), Type.Q8_0)
        t.add(b + "attn_output_b.weight", (groups * out_rank, h.n_embd), Type.Q8_0)
        for part in ("attn", "ffn"):
            t.floats(f"{b}hc_{part}_fn.weight", wide, mixed)
            t.floats(f"{b}hc_{part}_base.weight", mixed)
            t.floats(f"{b}hc_{part}_scale.weight", 3)
        ratio = h.compress_ratios[layer]
        if ratio:
            _compressor(t, b + "attn_compressor_{}.weight", head, ratio)
        if ratio == 4:
            _indexer_head(t, b, h.indexer_n_head * h.indexer_head_dim)
            _compressor(t, b + "indexer_compressor_{}.weight", h.indexer_head_dim, ratio)
        if layer < hash_layers:
            t.add(b + "ffn_gate_tid2eid.weight", (h.n_expert_used, h.n_vocab), Type.I32)
        t.experts_or_dense(layer, b, has_bias=layer >= hash_layers)


def _compressor(t: _Tensors, pattern: str, width: int, ratio: int) -> None:
    wide = width * (2 if ratio == 4 else 1)
    t.add(pattern.format("kv"), (t.h.n_embd, wide), Type.Q8_0)
    t.add(pattern.format("gate"), (t.h.n_embd, wide), Type.Q8_0)
    t.floats(pattern.format("ape"), wide, ratio)
    t.floats(pattern.format("norm"), width)


def _compressed_metadata(
    writer: GGUFWriter, h: HyperParameters, streams: int, hash_layers: int, groups: int, out_rank: int
) -> None:
    def put(kind: Callable[[str, object], None], key: str, value: object) -> None:
        kind(f"deepseek4.{key}", value)

    whole: Callable[[str, object], None] = writer.add_uint32  # type: ignore[assignment]
    real: Callable[[str, object], None] = writer.add_float32  # type: ignore[assignment]
    several: Callable[[str, object], None] = writer.add_array  # type: ignore[assignment]
    writer.add_sliding_window(h.sliding_window)
    put(whole, "expert_gating_func", 4)
    put(several, "swiglu_clamp_exp", [10.0] * h.n_layer)
    put(several, "swiglu_clamp_shexp", [10.0] * h.n_layer)
    put(whole, "attention.output_group_count", groups)
    put(whole, "attention.output_lora_rank", out_rank)
    put(real, "attention.compress_rope_freq_base", 160_000.0)
    put(several, "attention.compress_ratios", list(h.compress_ratios))
    put(whole, "hyper_connection.count", streams)
    put(whole, "hyper_connection.sinkhorn_iterations", 20)
    put(real, "hyper_connection.epsilon", 1e-6)
    put(whole, "hash_layer_count", hash_layers)
