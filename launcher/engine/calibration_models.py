"""The small models that a computer is measured with: true architectures, quantised random weights on real pages, no vocabulary.

Written by hand because the `gguf` package is no part of the product. Layout: ggml's docs/gguf.md; tensors and metadata keys
that the architectures need: src/models/{llama,deepseek2}.cpp of llama.cpp 0c1e57098; blocks: ggml-common.h there.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from launcher.catalog.ggml_types import GGML_TYPES, GgmlType

_ALIGNMENT = 32
_CHUNK_BYTES = 1 << 20
_NUMBERS = {kind.name.lower(): number for number, kind in GGML_TYPES.items()}
# Where in a block the half-precision scales are: random bytes there would be infinities. Everything else may be any byte.
_SCALES = {"q4_k": (0, 2), "q6_k": (208,), "q8_0": (0,), "iq3_s": (0,)}
_SCALE = struct.pack("<e", 1e-4)
_UINT32, _FLOAT32, _BOOL, _STRING = 4, 6, 7, 8  # enum gguf_type
Tensor = tuple[str, tuple[int, ...], str]


@dataclass(frozen=True, slots=True)
class ProbeModel:
    """A shape. `n_expert` 0 is a dense llama; otherwise a deepseek2 with MLA and experts in every layer.

    Attributes:
        quant: ggml type of all matrices, lower case.
        n_ff: of the dense layers, or of each expert (the shared one too).
        n_vocab: rows of the embedding and of the output.
    """

    quant: str
    n_layer: int
    n_embd: int
    n_ff: int
    n_head: int
    n_head_kv: int = 1
    head_dim: int = 64
    n_vocab: int = 512
    n_expert: int = 0
    n_expert_used: int = 0
    q_lora_rank: int = 128
    kv_lora_rank: int = 512
    rope_dim: int = 64
    nope_dim: int = 32
    value_dim: int = 32

    @property
    def architecture(self) -> str:
        """As general.architecture names it."""
        return "deepseek2" if self.n_expert else "llama"

    @property
    def read_bytes(self) -> float:
        """Weights that one token reads: all but the embedding (a row of it), and of the experts the used ones."""
        return self._bytes_of(self._share)

    @property
    def layer_bytes(self) -> int:
        """All weights of all layers."""
        return round(self._bytes_of(lambda name: float(name.startswith("blk."))))

    @property
    def layer_params(self) -> int:
        """Weights in all layers, each of which costs two operations per token (dense models)."""
        return sum(_count(dims) for name, dims, _kind in self.tensors() if name.startswith("blk."))

    @property
    def file_bytes(self) -> int:
        """Of the weights; the header adds some kilobytes."""
        return round(self._bytes_of(lambda _name: 1.0))

    @property
    def kv_token_bytes(self) -> int:
        """One token in an f16 cache: keys and values per head, or MLA's one latent row."""
        if self.n_expert:
            return self.n_layer * (self.kv_lora_rank + self.rope_dim) * 2
        return self.n_layer * 2 * self.n_head_kv * self.head_dim * 2

    def _share(self, name: str) -> float:
        if name == "token_embd.weight":
            return 0.0
        return self.n_expert_used / self.n_expert if "_exps." in name else 1.0

    def _bytes_of(self, share: Callable[[str], float]) -> float:
        return sum(share(name) * _size(dims, kind) for name, dims, kind in self.tensors())

    def tensors(self) -> Iterator[Tensor]:
        """Name, dimensions (the first is a row's length) and type."""
        yield "token_embd.weight", (self.n_embd, self.n_vocab), self.quant
        yield "output_norm.weight", (self.n_embd,), "f32"
        yield "output.weight", (self.n_embd, self.n_vocab), self.quant
        for layer in range(self.n_layer):
            parts = self._mla() if self.n_expert else self._dense()
            yield from ((f"blk.{layer}.{name}", dims, kind) for name, dims, kind in parts)

    def _dense(self) -> Iterator[Tensor]:
        q, kv = self.n_head * self.head_dim, self.n_head_kv * self.head_dim
        yield "attn_norm.weight", (self.n_embd,), "f32"
        yield "attn_q.weight", (self.n_embd, q), self.quant
        yield "attn_k.weight", (self.n_embd, kv), self.quant
        yield "attn_v.weight", (self.n_embd, kv), self.quant
        yield "attn_output.weight", (q, self.n_embd), self.quant
        yield "ffn_norm.weight", (self.n_embd,), "f32"
        yield "ffn_gate.weight", (self.n_embd, self.n_ff), self.quant
        yield "ffn_up.weight", (self.n_embd, self.n_ff), self.quant
        yield "ffn_down.weight", (self.n_ff, self.n_embd), self.quant

    def _mla(self) -> Iterator[Tensor]:
        embd, rank, heads = self.n_embd, self.kv_lora_rank, self.n_head
        yield "attn_norm.weight", (embd,), "f32"
        yield "attn_q_a.weight", (embd, self.q_lora_rank), self.quant
        yield "attn_q_a_norm.weight", (self.q_lora_rank,), "f32"
        yield "attn_q_b.weight", (self.q_lora_rank, heads * (self.nope_dim + self.rope_dim)), self.quant
        yield "attn_kv_a_mqa.weight", (embd, rank + self.rope_dim), self.quant
        yield "attn_kv_a_norm.weight", (rank,), "f32"
        yield "attn_k_b.weight", (self.nope_dim, rank, heads), self.quant
        yield "attn_v_b.weight", (rank, self.value_dim, heads), self.quant
        yield "attn_output.weight", (heads * self.value_dim, embd), self.quant
        yield "ffn_norm.weight", (embd,), "f32"
        yield "ffn_gate_inp.weight", (embd, self.n_expert), "f32"
        yield "exp_probs_b.bias", (self.n_expert,), "f32"
        for part, dims in (("gate", (embd, self.n_ff)), ("up", (embd, self.n_ff)), ("down", (self.n_ff, embd))):
            yield f"ffn_{part}_exps.weight", (*dims, self.n_expert), self.quant
            yield f"ffn_{part}_shexp.weight", dims, self.quant


def write_model(model: ProbeModel, path: Path, content: Callable[[Tensor], bytes] | None = None) -> None:
    """Write the file.

    Args:
        model: its shape.
        path: where.
        content: makes a tensor's bytes; None takes random ones, which are good enough to be timed.

    Raises:
        OSError: the disk is full or not writable; a part of the file may be left.
    """
    tensors = list(model.tensors())
    weights = {} if content else {kind: _Weights(kind) for kind in {kind for _name, _dims, kind in tensors}}
    with path.open("wb") as stream:
        stream.write(_header(model, tensors))
        for tensor in tensors:
            _name, dims, kind = tensor
            stream.write(b"\0" * (-stream.tell() % _ALIGNMENT))
            if content is None:
                weights[kind].write(stream, _size(dims, kind))
            else:
                stream.write(content(tensor))


def _header(model: ProbeModel, tensors: list[Tensor]) -> bytes:
    """Everything before the tensors' bytes."""
    pairs = list(_metadata(model))
    data = bytearray(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs)) + b"".join(pairs))
    offset = 0
    for name, dims, kind in tensors:
        data += _string(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, _NUMBERS[kind], offset)
        offset += _size(dims, kind)
        offset += -offset % _ALIGNMENT
    return bytes(data)


def _metadata(model: ProbeModel) -> Iterator[bytes]:
    """Key-value pairs, ready to be written."""
    arch = model.architecture
    yield _pair("general.architecture", arch)
    yield _pair("general.name", "Measuring model")
    yield _pair("tokenizer.ggml.model", "none")
    numbers: dict[str, int | float | bool] = {
        "vocab_size": model.n_vocab,
        "block_count": model.n_layer,
        "context_length": 32768,
        "embedding_length": model.n_embd,
        "feed_forward_length": model.n_ff,
        "attention.head_count": model.n_head,
        "attention.head_count_kv": model.n_head_kv,
        "attention.layer_norm_rms_epsilon": 1e-6,
        "rope.freq_base": 10000.0,
        "rope.dimension_count": model.rope_dim if model.n_expert else model.head_dim,
    }
    if model.n_expert:
        numbers |= {
            "attention.q_lora_rank": model.q_lora_rank,
            "attention.kv_lora_rank": model.kv_lora_rank,
            "attention.key_length": model.kv_lora_rank + model.rope_dim,
            "attention.value_length": model.kv_lora_rank,
            "attention.key_length_mla": model.nope_dim + model.rope_dim,
            "attention.value_length_mla": model.value_dim,
            "expert_count": model.n_expert,
            "expert_used_count": model.n_expert_used,
            "expert_shared_count": 1,
            "expert_feed_forward_length": model.n_ff,
            "expert_gating_func": 2,
            "expert_weights_scale": 1.0,
            "expert_weights_norm": True,
            "leading_dense_block_count": 0,
        }
    else:
        numbers |= {"attention.key_length": model.head_dim, "attention.value_length": model.head_dim}
    for key, value in numbers.items():
        yield _pair(f"{arch}.{key}", value)


def _pair(key: str, value: str | float | bool) -> bytes:
    if isinstance(value, bool):
        return _string(key) + struct.pack("<I?", _BOOL, value)
    if isinstance(value, int):
        return _string(key) + struct.pack("<II", _UINT32, value)
    if isinstance(value, float):
        return _string(key) + struct.pack("<If", _FLOAT32, value)
    return _string(key) + struct.pack("<I", _STRING) + _string(value)


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


class _Weights:
    """An endless supply of random blocks of one type: a chunk, repeated at changing places."""

    def __init__(self, kind: str) -> None:
        self._random = random.Random(7)  # noqa: S311 - weights, not secrets
        block = _type(kind).block_bytes
        count = _CHUNK_BYTES // block
        self._block_bytes = block
        self._chunk = self._floats(kind, count) if kind in ("f16", "f32") else self._blocks(kind, block, count)

    def _floats(self, kind: str, count: int) -> bytes:
        values = [self._random.uniform(-0.02, 0.02) for _ in range(count)]
        return struct.pack(f"<{count}{'e' if kind == 'f16' else 'f'}", *values)

    def _blocks(self, kind: str, block_bytes: int, count: int) -> bytes:
        data = bytearray(self._random.randbytes(count * block_bytes))
        for place in _SCALES[kind]:
            for i, byte in enumerate(_SCALE):
                data[place + i :: block_bytes] = bytes([byte]) * count
        return bytes(data)

    def write(self, stream: BinaryIO, size: int) -> None:
        """That many bytes, whole blocks."""
        while size > 0:
            start = self._random.randrange(len(self._chunk) // self._block_bytes) * self._block_bytes
            piece = self._chunk[start : start + size]
            stream.write(piece)
            size -= len(piece)


def _type(kind: str) -> GgmlType:
    return GGML_TYPES[_NUMBERS[kind]]


def _count(dims: tuple[int, ...]) -> int:
    count = 1
    for size in dims:
        count *= size
    return count


def _size(dims: tuple[int, ...], kind: str) -> int:
    block = _type(kind)
    return _count(dims) // block.block_elements * block.block_bytes
