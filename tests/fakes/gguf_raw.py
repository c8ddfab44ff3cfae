"""GGUF headers byte by byte: what GGUFWriter would refuse to write, shard sets as llama-gguf-split cuts them, real vocabularies.

The tensor data is a hole: a file of hundreds of GB takes the disk space of its header.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from launcher.catalog.ggml_types import GGML_TYPES
from launcher.catalog.gguf import TensorInfo

ALIGNMENT = 32
_I8 = 24
Value = bool | int | float | str | bytes | Sequence[str] | Sequence[int] | Sequence[float]


class U16(int):
    """Written as a 16-bit number, which the engine wants for split.no and split.count."""


class I32(int):
    """Written as a signed number, which the engine wants for split.tensors.count."""


def text(value: str | bytes) -> bytes:
    """Length and bytes."""
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def typed(value: Value) -> bytes:
    """Type number and value; bytes are taken as just that."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, U16):
        return struct.pack("<IH", 2, value)
    if isinstance(value, I32):
        return struct.pack("<Ii", 5, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value, str):
        return struct.pack("<I", 8) + text(value)
    if value and isinstance(value[0], str):
        return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(text(str(v)) for v in value)
    code, kind = ("f", 6) if value and isinstance(value[0], float) else ("i", 5)
    return struct.pack("<IIQ", 9, kind, len(value)) + struct.pack(f"<{len(value)}{code}", *value)


def entry(key: str | bytes, value: Value) -> bytes:
    """One metadata entry."""
    return text(key) + typed(value)


def row(name: str | bytes, shape: Sequence[int], kind: int, offset: int) -> bytes:
    """One row of the tensor table."""
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def start(n_tensors: int, n_entries: int, version: int = 3) -> bytes:
    """Magic, version and counts."""
    return b"GGUF" + struct.pack("<IQQ", version, n_tensors, n_entries)


def header(metadata: Mapping[str, Value], tensors: Sequence[tuple[str, Sequence[int], int]]) -> tuple[bytes, int]:
    """A whole header with its padding, and the bytes of data that follow it."""
    rows: list[bytes] = []
    offset = 0
    for name, shape, kind in tensors:
        rows.append(row(name, shape, kind, offset))
        elements = 1
        for n in shape:
            elements *= n
        known = GGML_TYPES.get(kind)
        size = elements // known.block_elements * known.block_bytes if known else elements
        offset += size + -size % ALIGNMENT
    entries = (entry(k, v) for k, v in metadata.items())
    raw = start(len(tensors), len(metadata)) + b"".join(entries) + b"".join(rows)
    return raw + b"\0" * (-len(raw) % ALIGNMENT if tensors else 0), offset


def model_bytes(
    name: str = "Tiny of the tests", architecture: str = "deepseek2", elements: int = 256, **metadata: Value
) -> bytes:
    """A complete model as small as one can be: a header and one tensor of single-byte numbers."""
    keys: dict[str, Value] = {"general.architecture": architecture, "general.name": name, **metadata}
    raw, data_bytes = header(keys, [("token_embd.weight", (elements,), _I8)])
    return raw + bytes(i % 251 for i in range(data_bytes))


def shard_bytes(count: int, elements: int = 256) -> list[bytes]:
    """The files of a complete set, one tensor of single-byte numbers in each, the metadata in the first."""
    contents: list[bytes] = []
    for number in range(count):
        keys: dict[str, Value] = {"general.architecture": "deepseek2", "general.name": "Tiny"} if number == 0 else {}
        keys |= {"split.no": U16(number), "split.count": U16(count), "split.tensors.count": I32(count)}
        raw, data_bytes = header(keys, [(f"blk.{number}.weight", (elements,), _I8)])
        contents.append(raw + bytes((i + number) % 251 for i in range(data_bytes)))
    return contents


def write(path: Path, metadata: Mapping[str, Value], tensors: Sequence[tuple[str, Sequence[int], int]]) -> Path:
    """A file whose tensor data is a hole."""
    raw, data_bytes = header(metadata, tensors)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    with path.open("r+b") as file:
        file.truncate(len(raw) + data_bytes)
    return path


def write_set(
    folder: Path, stem: str, metadata: Mapping[str, Value], tensors: Sequence[TensorInfo], count: int
) -> list[Path]:
    """A shard set whose first file holds the metadata alone, as the large publishers make them."""
    plain = [(t.name, t.shape, t.type_number) for t in tensors]
    size = -(-len(plain) // (count - 1))
    parts = [[], *(plain[i * size : (i + 1) * size] for i in range(count - 1))]
    paths: list[Path] = []
    for number, part in enumerate(parts):
        keys: dict[str, Value] = {
            **(metadata if number == 0 else {}),
            "split.no": U16(number),
            "split.count": U16(count),
        }
        keys["split.tensors.count"] = I32(len(plain))
        paths.append(write(folder / f"{stem}-{number + 1:05d}-of-{count:05d}.gguf", keys, part))
    return paths


@cache
def vocabulary(n_vocab: int = 129_280) -> dict[str, Value]:
    """Tokenizer keys of DeepSeek V3's size: 4.7 MB for 129,280 tokens and nearly as many merges."""
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "deepseek-v3",
        "tokenizer.ggml.tokens": typed([f"t{i:06d}" for i in range(n_vocab)]),
        "tokenizer.ggml.token_type": typed([1] * n_vocab),
        "tokenizer.ggml.merges": typed([f"a{i:05d} {i % 99}" for i in range(n_vocab - 1539)]),
        "tokenizer.ggml.bos_token_id": 0,
        "tokenizer.ggml.eos_token_id": 1,
        "tokenizer.chat_template": "{{ messages }}" * 500,
    }
