import re

import pytest

from launcher import catalog
from launcher.catalog import scores
from launcher.core.errors import UserError
from launcher.core.models import KvLayout, Thinking

KNOWN = catalog.load()
OFFERED = [(v, q) for v in KNOWN.variants for q in v.quants]


def test_every_model_of_the_facts_is_listed_once():
    ids = [v.id for v in KNOWN.variants]
    assert len(ids) == len(set(ids)) == 39
    assert {"r1-0528", "v4-flash-0731", "coder-v2-lite-instruct", "r1-distill-qwen-7b", "ocr", "v4.1-flash"} <= set(ids)


@pytest.mark.parametrize(("variant", "quant"), OFFERED, ids=lambda x: getattr(x, "id", getattr(x, "name", "")))
def test_offered_quantisations_are_complete(variant, quant):
    facts = quant.facts
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", quant.repo)
    assert len(facts.layers) == facts.hyper.n_layer
    assert all(layer.always_read_bytes > 0 for layer in facts.layers)
    # All tensors and the metadata make the file; nothing is lost when bytes are spread over the blocks.
    assert 0 < quant.file_bytes - facts.weights_bytes < 10_000_000
    assert 1.3 < quant.bits_per_weight < 17
    sizes = [f.size_bytes for f in quant.files]
    assert None in sizes or not sizes or sum(sizes) == quant.file_bytes


@pytest.mark.parametrize(
    "name",
    [
        "r1-0528",
        "deepseek-r1-0528",
        "DeepSeek-R1-0528",
        "deepseek-ai/DeepSeek-R1-0528",
        "unsloth/deepseek-r1-0528-gguf",
    ],
)
def test_a_model_is_found_by_all_its_names(name):
    assert KNOWN.find(name).id == "r1-0528"


def test_an_unknown_model_names_its_neighbours():
    with pytest.raises(UserError) as caught:
        KNOWN.find("r1-distil-qwen-7b")
    assert any("r1-distill-qwen-7b" in s.label for s in caught.value.next_steps)
    with pytest.raises(UserError, match="R2 weights"):
        KNOWN.find("r2")


def test_files_this_engine_cannot_load_are_listed_with_the_reason_and_not_offered():
    for name in ("v4.1-flash", "v4.1-flash-1017"):
        variant = KNOWN.find(name)
        assert not variant.loadable
        assert not variant.quants
        assert "deepseek41" in variant.why_not
    foreign = {n.repo: n.why for n in KNOWN.not_offered}
    assert "ik_llama" in foreign["ubergarm/DeepSeek-R1-0528-GGUF"]
    assert not [q for _, q in OFFERED if q.repo.startswith("ubergarm/")]


def test_v4_is_not_offered_with_experts_made_worse():
    names = {q.name for v, q in OFFERED if v.architecture == "deepseek4"}
    assert not names & {"Q4_K_M", "Q5_K_M", "Q6_K"}


def test_old_and_new_mla_files_are_told_apart():
    layouts = {(v.id, q.repo): q.facts.kv_layout for v, q in OFFERED}
    assert layouts["coder-v2-lite-instruct", "bartowski/DeepSeek-Coder-V2-Lite-Instruct-GGUF"] is KvLayout.MLA_LEGACY
    assert layouts["r1", "unsloth/DeepSeek-R1-GGUF"] is KvLayout.MLA_LEGACY
    assert layouts["r1-0528", "unsloth/DeepSeek-R1-0528-GGUF"] is KvLayout.MLA
    assert layouts["v3.2", "unsloth/DeepSeek-V3.2-GGUF"] is KvLayout.INDEXED_MLA
    assert layouts["v4-flash-0731", "AtomicChat/DeepSeek-V4-Flash-0731-GGUF"] is KvLayout.COMPRESSED


def test_published_bytes():
    q4 = KNOWN.find("r1-distill-qwen-32b").quant("q4_k_m")
    assert (q4.file_bytes, q4.size_basis) == (19_851_335_584, "published")
    v4 = KNOWN.find("v4-flash-0731").quant("UD-IQ2_M")
    assert v4.file_bytes == 5_257_664 + 49_956_780_160 + 40_964_890_464
    assert v4.files[0].name == "UD-IQ2_M/DeepSeek-V4-Flash-0731-UD-IQ2_M-00001-of-00003.gguf"


def test_thinking_sampling_and_system_prompt_per_family():
    r1, v31, v3 = KNOWN.find("r1"), KNOWN.find("v3.1"), KNOWN.find("v3")
    assert (r1.thinking, v31.thinking, v3.thinking) == (Thinking.ALWAYS, Thinking.SWITCH, Thinking.NEVER)
    assert (r1.sampling.temperature, r1.sampling.top_p, r1.system_prompt) == (0.6, 0.95, "discouraged")
    assert KNOWN.find("v4-flash-0731").sampling.temperature == 1.0
    assert KNOWN.find("coder-6.7b-instruct").sampling.temperature == 0.0


def test_losses_are_measured_where_somebody_measured_and_say_so_where_not():
    q32 = {q.name: q.quality for q in KNOWN.find("r1-distill-qwen-32b").quants}
    assert (q32["Q4_K_M"].words, q32["Q4_K_M"].figure, q32["Q4_K_M"].measured) == ("no loss", "+0.2 %, 9 tests", True)
    assert q32["Q3_K_M"].words == "slight loss"
    assert not q32["Q5_K_M"].measured
    assert q32["Q5_K_M"].figure == ""
    assert "not measured" in q32["Q5_K_M"].source
    v4 = {q.name: q.quality for q in KNOWN.find("v4-flash-0731").quants}
    assert (v4["AD-IQ1_M"].words, v4["AD-IQ1_M"].figure) == ("strong loss", "+41 % perplexity")
    assert v4["UD-Q4_K_XL"].words == "no loss"
    assert KNOWN.find("v3").quant("Q2_K_L").quality.words == "strong loss"


def test_a_larger_file_never_counts_as_worse_than_a_measured_smaller_one():
    for variant in KNOWN.variants:
        proven = 1.0
        for quant in variant.quants:
            if quant.quality.measured:
                proven = min(proven, quant.quality.loss)
            else:
                assert quant.quality.loss <= proven, (variant.id, quant.name)


def test_scores_rank_models_with_different_tests_on_one_scale():
    score = {v.id: v.score for v in KNOWN.variants}
    assert score["r1-distill-qwen-1.5b"] < score["r1-distill-qwen-7b"] < score["r1-distill-qwen-14b"]
    assert (
        score["r1-distill-qwen-14b"]
        < score["r1-distill-qwen-32b"]
        < score["r1-distill-llama-70b"]
        < score["r1"]
        < score["r1-0528"]
    )
    assert score["llm-67b-chat"] < score["r1-distill-llama-8b"]  # size without results earns nothing
    assert score["r1-0528-qwen3-8b"] < score["r1-distill-qwen-32b"]  # the documented judgement on breadth
    assert scores.test_score(KNOWN.find("r1-0528-qwen3-8b").benchmarks) > scores.test_score(
        KNOWN.find("r1-distill-qwen-32b").benchmarks
    )
    assert score["coder-7b-instruct-v1.5"] is None  # nothing published: unknown
    assert scores.score({"Codeforces": 1691.0}, 1e9) is None
