"""The weights of a small deepseek4 model for gguf_models: sliding window, compressed caches, hyper-connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tests.fakes.gguf_models import Shape, Weights

_STREAMS = 4  # the only number that llama.cpp's graph takes
_HEAD, _GROUPS, _OUT_RANK = 128, 2, 64
_INDEXER_HEADS, _INDEXER_HEAD, _TOP_K = 4, 64, 16
_SQRT_SOFTPLUS = 4  # enum llama_expert_gating_func_type
_RATIOS = (0, 4, 128)
"""Of the layers, over and over: window only, with indexed and with heavily compressed rows."""


def write_metadata(weights: Weights, s: Shape) -> None:
    """What the architecture needs beside sizes and counts of experts."""
    w = weights.writer
    w.add_head_count_kv(1)
    w.add_key_length(_HEAD)
    w.add_value_length(_HEAD)
    w.add_rope_dimension_count(s.rope_dim)
    w.add_q_lora_rank(s.q_lora_rank)
    w.add_sliding_window(s.sliding_window)
    w.add_expert_weights_norm(True)
    for key, number in (
        ("expert_gating_func", _SQRT_SOFTPLUS),
        ("attention.indexer.head_count", _INDEXER_HEADS),
        ("attention.indexer.key_length", _INDEXER_HEAD),
        ("attention.indexer.top_k", _TOP_K),
        ("attention.output_group_count", _GROUPS),
        ("attention.output_lora_rank", _OUT_RANK),
        ("hyper_connection.count", _STREAMS),
        ("hyper_connection.sinkhorn_iterations", 20),
        ("hash_layer_count", 0),
    ):
        w.add_uint32(f"deepseek4.{key}", number)
    w.add_float32("deepseek4.attention.compress_rope_freq_base", 160_000.0)
    w.add_float32("deepseek4.hyper_connection.epsilon", 1e-6)
    w.add_array("deepseek4.swiglu_clamp_exp", [10.0] * s.n_layer)
    w.add_array("deepseek4.attention.compress_ratios", [_ratio(layer) for layer in range(s.n_layer)])


def write_ends(weights: Weights, s: Shape) -> None:
    """How the streams become one again."""
    _mixing(weights, "output_hc_{}.weight", s, _STREAMS, 1)


def write_attention(weights: Weights, s: Shape, layer: int) -> None:
    """Everything of a layer but its feed-forward part."""
    b, rows = f"blk.{layer}.", s.n_head * _HEAD
    weights.ones(b + "attn_norm.weight", s.n_embd)
    weights.zeros(b + "attn_sinks.weight", s.n_head)
    weights.matrix(b + "attn_q_a.weight", s.q_lora_rank, s.n_embd)
    weights.ones(b + "attn_q_a_norm.weight", s.q_lora_rank)
    weights.matrix(b + "attn_q_b.weight", rows, s.q_lora_rank)
    weights.matrix(b + "attn_kv.weight", _HEAD, s.n_embd)
    weights.ones(b + "attn_kv_a_norm.weight", _HEAD)
    weights.matrix(b + "attn_output_a.weight", _OUT_RANK * _GROUPS, rows // _GROUPS)
    weights.matrix(b + "attn_output_b.weight", s.n_embd, _GROUPS * _OUT_RANK, gain=weights.block_gain)
    for part in ("attn", "ffn"):
        _mixing(weights, b + "hc_" + part + "_{}.weight", s, (2 + _STREAMS) * _STREAMS, 3)
    ratio = _ratio(layer)
    if ratio:
        _compressor(weights, b + "attn_compressor_{}.weight", s, _HEAD, ratio)
    if ratio == 4:
        weights.matrix(b + "indexer.proj.weight", _INDEXER_HEADS, s.n_embd)
        weights.matrix(b + "indexer.attn_q_b.weight", _INDEXER_HEADS * _INDEXER_HEAD, s.q_lora_rank)
        _compressor(weights, b + "indexer_compressor_{}.weight", s, _INDEXER_HEAD, ratio)


def _ratio(layer: int) -> int:
    return _RATIOS[layer % len(_RATIOS)]


def _compressor(weights: Weights, pattern: str, s: Shape, width: int, ratio: int) -> None:
    wide = width * (2 if ratio == 4 else 1)
    weights.matrix(pattern.format("kv"), wide, s.n_embd)
    weights.matrix(pattern.format("gate"), wide, s.n_embd)
    weights.writer.add_tensor(pattern.format("ape"), np.zeros((ratio, wide), np.float32))
    weights.ones(pattern.format("norm"), width)


def _mixing(weights: Weights, pattern: str, s: Shape, rows: int, scales: int) -> None:
    wide = _STREAMS * s.n_embd
    values = weights.random.standard_normal((rows, wide), dtype=np.float32) * np.float32(wide**-0.5)
    weights.writer.add_tensor(pattern.format("fn"), values)
    weights.zeros(pattern.format("base"), rows)
    weights.ones(pattern.format("scale"), scales)
