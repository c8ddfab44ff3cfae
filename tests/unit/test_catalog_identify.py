"""What a header decides: the KV cache, the prediction layers, and which catalog model it is."""

from dataclasses import replace
from pathlib import Path

import pytest
from gguf import GGMLQuantizationType as T

from launcher.catalog import gguf
from launcher.catalog.facts import facts_of
from launcher.catalog.identify import identify
from launcher.catalog.listing import load
from launcher.core.models import KvLayout
from tests.fakes.gguf_shapes import shapes, write_shape


def test_identity_needs_shape_and_name(tmp_path):
    catalog = load()
    path = write_shape(tmp_path / "DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf", shapes()["llama-8b"])
    found = identify(catalog, path, renamed(gguf.read_header(path), "DeepSeek R1 Distill Qwen 7B"))
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


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Headers of the true shape of every catalog architecture."""
    folder = tmp_path_factory.mktemp("shapes")
    wanted = ("v3", "v3-legacy", "v32", "v4-flash", "v2-lite", "moe-16b", "qwen2-7b", "qwen3-8b", "llama-8b")
    return {name: gguf.read_header(write_shape(folder / f"{name}.gguf", shapes()[name])) for name in wanted}


def renamed(header, name):
    return (replace(header, metadata={**header.metadata, "general.name": name}),)


LAYOUTS = {
    "v3": KvLayout.MLA,
    "v3-legacy": KvLayout.MLA_LEGACY,
    "v32": KvLayout.INDEXED_MLA,
    "v4-flash": KvLayout.COMPRESSED,
    "v2-lite": KvLayout.MLA,
    "moe-16b": KvLayout.GQA,
    "qwen2-7b": KvLayout.GQA,
    "qwen3-8b": KvLayout.GQA,
    "llama-8b": KvLayout.GQA,
}


@pytest.mark.parametrize(("name", "layout"), LAYOUTS.items())
def test_the_header_decides_the_cache(tables, name, layout):
    assert facts_of(tables[name]).kv_layout is layout


def test_prediction_layers_are_counted_off_but_not_planned(tables):
    plain = tables["v3"]
    keys = {**plain.metadata, "deepseek2.nextn_predict_layers": 1}
    extra = gguf.TensorInfo("blk.61.nextn.eh_proj.weight", (14336, 7168), T.Q8_0.value, 0)
    keys["deepseek2.block_count"] = 62
    found = facts_of(replace(plain, metadata=keys, tensors=(*plain.tensors, extra)))
    assert found.hyper.nextn_layers == 1
    assert found.layers[61].always_read_bytes == 0, "the engine does not load them"
    assert found.weights_bytes == facts_of(plain).weights_bytes
    assert identify(
        load(), Path("DeepSeek-V3-Q4_K_M.gguf"), (replace(plain, metadata=keys, tensors=(*plain.tensors, extra)),)
    ).variant


@pytest.mark.parametrize(
    ("shape", "file", "in_header", "repo", "expected"),
    [
        ("v3", "DeepSeek-R1-Q4_K_M-00001-of-00009.gguf", "DeepSeek R1 BF16", None, "r1"),
        ("v3", "DeepSeek-R1-0528-UD-IQ1_S-00001-of-00004.gguf", "Deepseek-R1-0528", None, "r1-0528"),
        ("v3", "deepseek-ai_DeepSeek-V3-0324-Q4_K_M-V2-00001-of-00010.gguf", "DeepSeek V3 0324", None, "v3-0324"),
        ("v3", "DeepSeek-V3.1-Terminus-Q4_K_M.gguf", "DeepSeek V3.1", None, "v3.1-terminus"),
        ("v3-legacy", "model.gguf", "", "bartowski/DeepSeek-V3-GGUF", "v3"),
        ("v3", "anything.gguf", "", "unsloth/DeepSeek-R1-0528-GGUF", "r1-0528"),
        ("v3", "V3.2-dense-Q4_K_M.gguf", "DeepSeek V3.2", None, "v3.2"),
        ("v32", "DeepSeek-V3.2-Speciale-Q4_K_M.gguf", "", None, "v3.2-speciale"),
        ("v4-flash", "DeepSeek-V4-Flash-0731-MXFP4.gguf", "", None, "v4-flash-0731"),
        ("v2-lite", "DeepSeek-Coder-V2-Lite-Instruct-Q4_K_M.gguf", "", None, "coder-v2-lite-instruct"),
        ("qwen3-8b", "deepseek-ai_DeepSeek-R1-0528-Qwen3-8B-Q4_K_M.gguf", "", None, "r1-0528-qwen3-8b"),
        # Other models of the same shape.
        ("v3", "DeepSeek-R1-Zero-Q4_K_M.gguf", "DeepSeek R1 Zero", None, None),
        ("v3", "DeepSeek-R1T2-Chimera-Q4_K_M.gguf", "", None, None),
        ("v3", "r1-1776-Q4_K_M.gguf", "R1 1776", None, None),
        ("v3", "DeepSeek-V3-Base-Q4_K_M.gguf", "", None, None),
        ("v3", "DeepSeek-R1-0909-Q4_K_M.gguf", "", None, None),
        ("v3", "DeepSeek-R1-Q4_K_M.gguf", "DeepSeek R1 abliterated", None, None),
        ("v3", "ggml-model-Q4_K_M.gguf", "", None, None),
        ("qwen2-7b", "DeepSeek-R1-Distill-Qwen-7B-uncensored-Q4_K_M.gguf", "", None, None),
        ("qwen2-7b", "DeepSeek-R1-Q4_K_M.gguf", "DeepSeek R1", None, None),
    ],
)  # fmt: skip
def test_a_model_is_known_by_shape_and_names(tables, shape, file, in_header, repo, expected):
    found = identify(load(), Path(file), renamed(tables[shape], in_header), repo)
    assert (found.variant.id if found.variant else None) == expected


def test_every_file_of_the_catalog_is_known_by_its_name():
    for variant in load().variants:
        for quant in variant.quants:
            if quant.facts is None or not quant.files:
                continue
            path = Path(quant.files[0].name)
            assert identity_of(quant.facts, path, quant.repo) == variant.id
            if "DQ3_K_M" not in quant.repo:  # named after its quantisation alone
                assert identity_of(quant.facts, path, None) == variant.id


def identity_of(facts, path, repo):
    """What `identify` says where the header has exactly these facts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("launcher.catalog.identify.facts_of", lambda headers: facts)
        found = identify(load(), path, (gguf.GgufHeader(3, {}, (), 0),), repo)
    return found.variant.id if found.variant else None
