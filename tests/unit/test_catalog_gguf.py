import contextlib
import os
import struct
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFWriter
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.catalog import gguf
from launcher.catalog.facts import facts_of, quant_name
from launcher.catalog.ggml_types import GGML_TYPES
from launcher.catalog.gguf_header import parse_header
from launcher.core.errors import UserError
from launcher.core.models import KvLayout
from tests.depth import part
from tests.fakes import gguf_raw

T = GGMLQuantizationType


def write_model(
    path: Path, *, arch="deepseek2", is_legacy=False, name="tiny", vocab=320, n_layer=3, types=None
) -> Path:
    """A small file with the tensors that decide: MLA or legacy, experts, embedding, output."""
    writer = GGUFWriter(path, arch)
    embd, heads = 256, 4
    writer.add_name(name)
    writer.add_file_type(15)
    writer.add_block_count(n_layer)
    writer.add_context_length(4096)
    writer.add_embedding_length(embd)
    writer.add_feed_forward_length(512)
    writer.add_head_count(heads)
    writer.add_head_count_kv(1)
    writer.add_expert_count(4)
    writer.add_expert_used_count(2)
    writer.add_expert_feed_forward_length(256)
    writer.add_leading_dense_block_count(1)
    writer.add_kv_lora_rank(512)
    writer.add_rope_dimension_count(64)
    if is_legacy:
        writer.add_key_length(192)
        writer.add_value_length(128)
    writer.add_token_list([f"t{i}" for i in range(vocab)])
    rows = [
        ("token_embd.weight", (vocab, embd), T.Q4_K),
        ("output.weight", (vocab, embd), T.Q6_K),
        ("output_norm.weight", (embd,), T.F32),
    ]
    for i in range(n_layer):
        rows.append((f"blk.{i}.attn_norm.weight", (embd,), T.F32))
        rows.append(
            (f"blk.{i}.attn_kv_b.weight" if is_legacy else f"blk.{i}.attn_k_b.weight", (heads * 8, 256), T.Q8_0)
        )
        if i:
            rows += [(f"blk.{i}.ffn_{k}_exps.weight", (4, 256, 256), T.Q4_K) for k in ("up", "down", "gate")]
            rows.append((f"blk.{i}.ffn_up_shexp.weight", (256, 256), T.Q4_K))
    for tensor, shape, kind in rows:
        block, size = GGML_QUANT_SIZES[(types or {}).get(tensor, kind)]
        elements = int(np.prod(shape))
        raw = np.zeros(elements // block * size, dtype=np.uint8).reshape(*shape[:-1], -1)
        writer.add_tensor(tensor, raw, raw_dtype=(types or {}).get(tensor, kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_type_sizes_agree_with_the_gguf_package():
    for kind in T:
        if kind is T.Q8_1:  # the package counts a float scale, ggml-common.h two halves; never stored in files
            continue
        ours = GGML_TYPES[kind.value]
        assert (ours.name, ours.block_elements, ours.block_bytes) == (kind.name, *GGML_QUANT_SIZES[kind])


def test_header_and_facts_of_a_real_file(tmp_path):
    path = write_model(tmp_path / "m.gguf")
    header = gguf.read_header(path)
    facts = facts_of(header)
    assert facts.exact
    assert facts.kv_layout is KvLayout.MLA
    assert quant_name(header) == "Q4_K_M"
    assert facts.hyper.n_vocab == 320
    assert facts.token_embd_bytes == 320 * 144
    assert facts.output_bytes == 320 * 210 + 256 * 4
    assert [layer.routed_expert_bytes for layer in facts.layers] == [0, 3 * 4 * 256 * 144, 3 * 4 * 256 * 144]
    attention = 256 * 4 + 32 * (256 // 32) * 34
    assert [layer.always_read_bytes for layer in facts.layers] == [
        attention,
        attention + 256 * 144,
        attention + 256 * 144,
    ]
    assert facts.weights_bytes == sum(t.size_bytes for t in header.tensors)


def test_the_header_decides_between_old_and_new_mla(tmp_path):
    assert facts_of(gguf.read_header(write_model(tmp_path / "a.gguf", is_legacy=True))).kv_layout is KvLayout.MLA_LEGACY


@pytest.mark.parametrize("arch", ["deepseek41", "clip"])
def test_an_architecture_this_engine_lacks_is_refused_by_name(tmp_path, arch):
    with pytest.raises(UserError, match="cannot load") as caught:
        facts_of(gguf.read_header(write_model(tmp_path / "a.gguf", arch=arch)))
    assert arch in caught.value.why


def test_a_type_of_another_program_is_refused(tmp_path):
    path = write_model(tmp_path / "a.gguf")
    data = bytearray(path.read_bytes())
    at = data.index(b"blk.1.ffn_up_exps.weight") + len(b"blk.1.ffn_up_exps.weight") + 4 + 3 * 8
    data[at : at + 4] = struct.pack("<I", 137)  # IQ2_K of ik_llama.cpp
    path.write_bytes(data)
    with pytest.raises(UserError) as caught:
        facts_of(gguf.read_header(path))
    assert "ik_llama" in caught.value.why


def test_large_vocabularies_are_stepped_over(tmp_path):
    header = gguf.read_header(write_model(tmp_path / "a.gguf", vocab=8192))
    assert "tokenizer.ggml.tokens" not in header.metadata
    assert header.metadata["deepseek2.block_count"] == 3


def test_a_shard_set_is_read_whole_and_a_missing_shard_is_named(tmp_path):
    whole = gguf.read_header(write_model(tmp_path / "m.gguf"))
    paths = gguf_raw.write_set(tmp_path, "m", whole.metadata, whole.tensors, 3)
    headers = gguf.read_set(paths[1])
    assert [len(h.tensors) for h in headers] == [0, 9, 8]
    assert headers[0].file_bytes == headers[0].data_offset, "the first one is metadata alone"
    assert facts_of(headers) == facts_of(whole)
    paths[1].unlink()
    with pytest.raises(UserError, match="missing") as caught:
        gguf.read_set(paths[0])
    assert "m-00002-of-00003.gguf" in caught.value.why


def test_a_set_that_the_engine_would_refuse_is_refused(tmp_path):
    whole = gguf.read_header(write_model(tmp_path / "m.gguf"))
    one, two, three = gguf_raw.write_set(tmp_path, "m", whole.metadata, whole.tensors, 3)

    def why():
        with pytest.raises(UserError) as caught:
            gguf.read_set(one)
        assert caught.value.code == "damaged_gguf"
        return caught.value.what + " " + caught.value.why

    second = two.read_bytes()
    two.write_bytes(three.read_bytes())
    assert "m-00002-of-00003.gguf" in why()
    assert "By its name it is part 2, its header says 3." in why()
    two.write_bytes(second)
    three.write_bytes(two.read_bytes().replace(b"split.no\2\0\0\0\1", b"split.no\2\0\0\0\2"))
    assert "is in another part too" in why()
    lone = one.rename(tmp_path / "renamed.gguf")
    with pytest.raises(UserError) as caught:
        gguf.read_set(lone)
    assert "counts 3 parts, its name 1" in caught.value.why


@pytest.mark.parametrize("keep", [0, 3, 10, 23, 100, 900, 0.5, 0.999])
def test_a_truncated_file_is_an_error_with_numbers(tmp_path, keep):
    path = write_model(tmp_path / "m.gguf")
    data = path.read_bytes()
    path.write_bytes(data[: int(keep if keep >= 1 or keep == 0 else keep * len(data))])
    with pytest.raises(UserError) as caught:
        gguf.read_header(path)
    assert caught.value.code in ("not_gguf", "damaged_gguf")


def hostile(*parts: bytes, tensors: int = 0, entries: int = 1, version: int = 3) -> bytes:
    return gguf_raw.start(tensors, entries, version) + b"".join(parts) + b"\0" * 256


def tensor(name: bytes = b"t", shape=(32,), kind: int = 0, offset: int = 0) -> bytes:
    return gguf_raw.row(name, shape, kind, offset)


KEY = gguf_raw.text("k")
NAMED = KEY + struct.pack("<I", 4) + b"\1\0\0\0"
HOSTILE = {
    "tensor count": (hostile(tensors=2**60, entries=0), "1,152,921,504,606,846,976 tensors"),
    "entry count": (hostile(entries=2**61), "metadata entries"),
    "key length": (hostile(struct.pack("<Q", 2**63)), "metadata entry 1"),
    "empty key": (hostile(struct.pack("<Q", 0)), "metadata entry 1"),
    "key of no text": (hostile(gguf_raw.text(b"\xff\xfe"), gguf_raw.typed(1)), "not text (UTF-8)"),
    "key twice": (hostile(NAMED, NAMED, entries=2), "there twice"),
    "string length": (hostile(KEY, struct.pack("<IQ", 8, 2**62)), "middle of its header"),
    "string of all there is": (hostile(KEY, struct.pack("<IQ", 8, 2**64 - 1)), "the metadata entry “k”"),
    "array length": (hostile(KEY, struct.pack("<IIQ", 9, 4, 2**62)), "middle of its header"),
    "string array length": (hostile(KEY, struct.pack("<IIQ", 9, 8, 2**40)), "1,099,511,627,776 items"),
    "long string in a long array": (
        hostile(KEY, struct.pack("<IIQ", 9, 8, 5000), struct.pack("<Q", 2**63), b"\0" * 40_000),
        "middle of its header",
    ),
    "nesting": (hostile(KEY, struct.pack("<I", 9), struct.pack("<IQ", 9, 1) * 30), "array of arrays"),
    "value type": (hostile(KEY, struct.pack("<I", 77)), "unknown type 77"),
    "array type": (hostile(KEY, struct.pack("<IIQ", 9, 77, 1)), "unknown type 77"),
    "alignment": (hostile(gguf_raw.entry("general.alignment", 33)), "alignment"),
    "huge alignment": (hostile(gguf_raw.entry("general.alignment", 2**31)), "alignment"),
    "alignment as text": (hostile(gguf_raw.entry("general.alignment", "32")), "alignment"),
    "dimensions": (hostile(gguf_raw.text("t"), struct.pack("<I", 9), tensors=1, entries=0), "9 dimensions"),
    "shape": (hostile(tensor(shape=(2**40, 2**40)), tensors=1, entries=0), "larger than any model"),
    "shape beyond 64 bits": (hostile(tensor(shape=(2**63, 2**63, 4)), tensors=1, entries=0), "larger than any"),
    "row that is no multiple": (hostile(tensor(shape=(100,), kind=12), tensors=1, entries=0), "Q4_K cannot store"),
    "tensor twice": (hostile(tensor(), tensor(), tensors=2, entries=0), "the tensor “t”"),
    "tensor without a name": (hostile(tensor(b""), tensors=1, entries=0), "tensor 1"),
    "tensor name": (hostile(tensor(b"n" * 64), tensors=1, entries=0), "64 bytes"),
    "tensor name of no text": (hostile(tensor(b"\xc3("), tensors=1, entries=0), "not text"),
    "data beyond the file": (hostile(tensor(shape=(2**20,)), tensors=1, entries=0), "not complete"),
    "data over one another": (hostile(tensor(), tensor(b"u"), tensors=2, entries=0), "not where they must be"),
    "data with a gap": (hostile(tensor(offset=32), tensors=1, entries=0), "not where they must be"),
    "data at the end of 64 bits": (hostile(tensor(offset=2**64 - 32), tensors=1, entries=0), "not where"),
    "unknown type, then back": (
        hostile(tensor(kind=139), tensor(b"u", offset=64), tensor(b"v", offset=0), tensors=3, entries=0),
        "not where they must be",
    ),
    "version": (hostile(entries=0, version=9), "version is 9"),
    "version 1": (hostile(entries=0, version=1), "version is 1"),
    "big endian": (b"GGUF" + struct.pack(">IQQ", 3, 0, 0) + b"\0" * 64, "big-endian"),
    "web page": (b"<!DOCTYPE html><html>" + b" " * 64, "web page"),
    "git lfs pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\n", "pointer"),
    "text in many entries": (
        hostile(*(gguf_raw.entry(f"k{i}", "x" * 200_000) for i in range(40)), entries=40),
        "more text than",
    ),
    "numbers in many arrays": (
        hostile(*(gguf_raw.entry(f"k{i}", [1] * 4096) for i in range(40)), entries=40),
        "more text than",
    ),
}


@pytest.mark.parametrize(("data", "why"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_headers_are_refused_with_the_place(tmp_path, data, why):
    path = tmp_path / "h.gguf"
    path.write_bytes(data)
    with pytest.raises(UserError) as caught:
        gguf.read_header(path)
    assert "h.gguf" in caught.value.what
    assert why in caught.value.why
    assert caught.value.code == "not_gguf" or "at byte" in caught.value.why


def test_untrusted_names_in_errors_are_one_printable_line(tmp_path):
    path = tmp_path / "h.gguf"
    path.write_bytes(hostile(gguf_raw.text("a\x1b[31m\n" + "b" * 200), struct.pack("<I", 77)))
    with pytest.raises(UserError) as caught:
        gguf.read_header(path)
    assert caught.value.why.isprintable()
    assert len(caught.value.why) < 200


@pytest.mark.parametrize("where", ["one string", "numbers", "strings", "tensors", "entries"])
def test_memory_and_time_do_not_follow_what_a_header_claims(tmp_path, where):
    """Files of 80 MB that claim to be all header."""
    path = tmp_path / "h.gguf"
    size = 80 * 2**20
    repeated = b""
    data = {
        "one string": hostile(KEY, struct.pack("<IQ", 8, size - 1000)),
        "numbers": hostile(KEY, struct.pack("<IIQ", 9, 0, size - 1000)),
        "strings": hostile(KEY, struct.pack("<IIQ", 9, 8, 2**18)),
        "tensors": hostile(tensors=8192, entries=0)[:-256],
        "entries": hostile(entries=16_384)[:-256],
    }[where]
    if where == "tensors":
        repeated = b"".join(tensor(f"{i:063d}".encode(), (32, 1, 1, 1), 0, i * 128) for i in range(8192))
    if where == "entries":
        repeated = b"".join(gguf_raw.entry(f"{i:050d}", [1] * 60) for i in range(16_384))
    path.write_bytes(data + repeated)
    with path.open("r+b") as file:
        file.truncate(size)
    tracemalloc.start()
    try:
        with contextlib.suppress(UserError):
            assert len(gguf.read_header(path).tensors) in (0, 8192)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12e6


def test_any_piece_at_a_time_gives_the_same_header(tmp_path):
    """The parser asks for what it lacks, front to back, and never for tensor data."""
    path = write_model(tmp_path / "m.gguf", vocab=8192)
    data = path.read_bytes()
    asked = []

    def read(start, end):
        asked.append((start, end))
        return data[start:end]

    header = parse_header(read, len(data), "m.gguf")
    assert header == gguf.read_header(path)
    assert header.data_offset == len(data) - sum(t.size_bytes + -t.size_bytes % 32 for t in header.tensors)
    assert asked == sorted(asked)
    assert max(end for _, end in asked) <= header.data_offset


def test_a_header_alone_is_read_with_the_size_of_its_file(tmp_path):
    path = write_model(tmp_path / "m.gguf")
    whole = gguf.read_header(path)
    alone = tmp_path / "alone.gguf"
    alone.write_bytes(path.read_bytes()[: whole.data_offset])
    assert gguf.read_header(alone, whole.file_bytes) == whole
    with pytest.raises(UserError, match="not complete"):
        gguf.read_header(alone)


def test_a_pipe_is_not_waited_for(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes with names here")
    os.mkfifo(tmp_path / "m.gguf")
    with pytest.raises(UserError) as caught:
        gguf.read_header(tmp_path / "m.gguf")
    assert caught.value.code == "unreadable_file"


def test_types_that_this_engine_lacks_are_told_by_name(tmp_path):
    for number, name in ((137, "IQ2_K"), (155, "IQ4_KT"), (339, "IQ4_K_R4"), (31, "Q4_0_4_4"), (43, "43")):
        keys = gguf.read_header(write_model(tmp_path / "a.gguf")).metadata
        path = gguf_raw.write(tmp_path / "b.gguf", keys, [("token_embd.weight", (256, 320), number), ("x", (32,), 0)])
        with pytest.raises(UserError) as caught:
            facts_of(gguf.read_header(path))
        assert caught.value.code == "not_loadable"
        assert name in caught.value.why


@pytest.mark.parametrize(
    ("is_legacy", "key", "value"),
    [
        (False, "attention.kv_lora_rank", 0),
        (False, "rope.dimension_count", 0),
        (True, "attention.kv_lora_rank", 0),
        (True, "attention.key_length", 64),  # nothing beside the part with positions
        (True, "attention.value_length", 0),
    ],
)
def test_what_is_cached_of_a_token_has_a_size(tmp_path, is_legacy, key, value):
    header = gguf.read_header(write_model(tmp_path / "m.gguf", is_legacy=is_legacy))
    facts_of(header)
    with pytest.raises(UserError) as caught:
        facts_of(replace(header, metadata={**header.metadata, f"deepseek2.{key}": value}))
    assert caught.value.code == "not_loadable"
    assert key in caught.value.why


@pytest.fixture(scope="module")
def good_bytes(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("g") / "m.gguf").read_bytes()


def read_bytes(data: bytes) -> gguf.GgufHeader:
    return parse_header(lambda start, end: data[start:end], len(data), "m.gguf")


@settings(max_examples=part(200))
@given(st.binary(max_size=400), st.integers(0, 3), st.integers(0, 3))
def test_any_bytes_are_a_user_error_or_a_header(data, tensors, entries):
    with contextlib.suppress(UserError):
        read_bytes(hostile(data, tensors=tensors, entries=entries))


@settings(max_examples=part(300))
@given(data=st.data())
def test_any_damage_is_a_user_error_or_harmless(good_bytes, data):
    damaged = bytearray(good_bytes)
    end = 3000
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, end))
        how = data.draw(st.sampled_from(["write", "flip", "length", "cut", "drop"]))
        if how == "write":
            damaged[at : at + 8] = data.draw(st.binary(min_size=1, max_size=8))
        elif how == "flip":
            damaged[at % len(damaged)] ^= 1 << data.draw(st.integers(0, 7))
        elif how == "length":
            value = data.draw(st.sampled_from([0, 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1]))
            damaged[at : at + 8] = struct.pack("<Q", value)
        elif how == "drop":
            del damaged[at : at + data.draw(st.integers(1, 40))]
        else:
            del damaged[max(24, at) :]
    with contextlib.suppress(UserError):  # anything else is a failure
        facts_of(read_bytes(bytes(damaged)))
