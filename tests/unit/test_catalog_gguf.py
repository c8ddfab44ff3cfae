import contextlib
import struct
from pathlib import Path

import numpy as np
import pytest
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFWriter
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.catalog import gguf
from launcher.catalog.facts import facts_of, quant_name
from launcher.catalog.ggml_types import GGML_TYPES
from launcher.catalog.identify import identify
from launcher.catalog.listing import load
from launcher.core.errors import UserError
from launcher.core.models import KvLayout

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
    first = write_model(tmp_path / "m-00001-of-00002.gguf")
    with pytest.raises(UserError, match="missing") as caught:
        gguf.read_set(first)
    assert "m-00002-of-00002.gguf" in caught.value.why
    write_model(tmp_path / "m-00002-of-00002.gguf")
    assert len(gguf.read_set(first)) == 2


@pytest.mark.parametrize("keep", [0, 3, 10, 23, 100, 900, 0.5, 0.999])
def test_a_truncated_file_is_an_error_with_numbers(tmp_path, keep):
    path = write_model(tmp_path / "m.gguf")
    data = path.read_bytes()
    path.write_bytes(data[: int(keep if keep >= 1 or keep == 0 else keep * len(data))])
    with pytest.raises(UserError) as caught:
        gguf.read_header(path)
    assert caught.value.code in ("not_gguf", "damaged_gguf")


def header_bytes(*parts: bytes, tensors: int = 0, entries: int = 1) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, entries) + b"".join(parts) + b"\0" * 64


KEY = struct.pack("<Q", 1) + b"k"
HOSTILE = {
    "tensor count": header_bytes(tensors=2**60, entries=0),
    "entry count": header_bytes(entries=2**61),
    "key length": header_bytes(struct.pack("<Q", 2**63)),
    "string length": header_bytes(KEY, struct.pack("<IQ", 8, 2**62)),
    "array length": header_bytes(KEY, struct.pack("<IIQ", 9, 4, 2**62)),
    "string array length": header_bytes(KEY, struct.pack("<IIQ", 9, 8, 2**40)),
    "nesting": header_bytes(KEY, struct.pack("<I", 9), struct.pack("<IQ", 9, 1) * 30),
    "value type": header_bytes(KEY, struct.pack("<I", 77)),
    "array type": header_bytes(KEY, struct.pack("<IIQ", 9, 77, 1)),
    "dimensions": header_bytes(struct.pack("<Q", 1), b"t", struct.pack("<I", 9), tensors=1, entries=0),
    "shape": header_bytes(struct.pack("<Q", 1), b"t", struct.pack("<IQQ", 2, 2**40, 2**40), tensors=1, entries=0),
    "version": b"GGUF" + struct.pack("<IQQ", 9, 0, 0) + b"\0" * 64,
    "big endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0) + b"\0" * 64,
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_headers_are_refused(tmp_path, data):
    path = tmp_path / "h.gguf"
    path.write_bytes(data)
    with pytest.raises(UserError):
        gguf.read_header(path)


@pytest.fixture(scope="module")
def good_bytes(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("g") / "m.gguf").read_bytes()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_damage_is_a_user_error_or_harmless(good_bytes, tmp_path_factory, data):
    damaged = bytearray(good_bytes)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, 3000))
        damaged[at : at + 8] = data.draw(st.binary(min_size=1, max_size=8))
    path = tmp_path_factory.mktemp("d") / "m.gguf"
    path.write_bytes(damaged)
    with contextlib.suppress(UserError):  # anything else is a failure
        facts_of(gguf.read_header(path))


def test_identity_needs_shape_and_name(tmp_path):
    catalog = load()
    path = write_model(tmp_path / "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf", name="DeepSeek R1 Distill Qwen 7B")
    found = identify(catalog, path, gguf.read_set(path))
    assert found.variant is None  # the name says 7B, the shape does not
    assert found.quant_name == "Q4_K_M"
    assert found.name == "DeepSeek R1 Distill Qwen 7B"


def test_identity_of_a_catalog_model(tmp_path):
    known = load().find("r1-distill-qwen-7b").quants[0].facts.hyper
    metadata = {
        "general.architecture": "qwen2",
        "general.name": "DeepSeek R1 Distill Qwen 7B",
        "qwen2.block_count": known.n_layer,
        "qwen2.context_length": 131_072,
        "qwen2.embedding_length": known.n_embd,
        "qwen2.feed_forward_length": known.n_ff,
        "qwen2.attention.head_count": known.n_head,
        "qwen2.attention.head_count_kv": known.n_head_kv,
    }
    tensors = (gguf.TensorInfo("token_embd.weight", (known.n_embd, known.n_vocab), T.Q4_K.value, 0),)
    header = gguf.GgufHeader(3, metadata, tensors, 1)
    found = identify(load(), tmp_path / "some-file-UD-Q4_K_XL.gguf", (header,))
    assert found.variant is not None
    assert found.variant.id == "r1-distill-qwen-7b"
    assert found.quant_name == "UD-Q4_K_XL"
    assert found.quant is None  # the catalog has no such file of this model
    other = gguf.GgufHeader(3, metadata | {"general.name": "My fine-tune"}, tensors, 1)
    assert identify(load(), tmp_path / "mine.Q8_0.gguf", (other,)).variant is None
