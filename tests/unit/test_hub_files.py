"""Which files make one quantisation: every publisher's naming."""

from __future__ import annotations

import pytest

from launcher.catalog import hub_files
from launcher.core.errors import UserError
from launcher.core.models import ModelFile


def files(*names: str) -> list[ModelFile]:
    return [ModelFile(n, 1000 + i, f"{i:064x}") for i, n in enumerate(names)]


def shards(stem: str, count: int) -> list[str]:
    return [f"{stem}-{i:05d}-of-{count:05d}.gguf" for i in range(1, count + 1)]


def chosen(repo: str, quant: str, *names: str) -> list[str]:
    return [f.name for f in hub_files.select(repo, files(*names), quant)]


@pytest.mark.parametrize(
    ("path", "quant"),
    [
        ("DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf", "Q4_K_M"),
        ("deepseek-ai_DeepSeek-R1-0528-Qwen3-8B-IQ4_XS.gguf", "IQ4_XS"),
        ("deepseek-coder-6.7b-instruct.Q5_K_S.gguf", "Q5_K_S"),
        ("DeepSeek-V2-Lite.i1-IQ2_XXS.gguf", "i1-IQ2_XXS"),
        ("UD-IQ1_M/DeepSeek-V3-0324-UD-IQ1_M-00001-of-00005.gguf", "UD-IQ1_M"),
        ("DeepSeek-R1-0528-UD-TQ1_0.gguf", "UD-TQ1_0"),
        ("deepseek-ai.DeepSeek-V3.2.Q4_K_M-00001-of-00029.gguf", "Q4_K_M"),
        ("DeepSeek-V4-Flash-0731-MXFP4.gguf", "MXFP4"),
        ("DeepSeek-V4-Flash-0731-AD-IQ1_M.gguf", "AD-IQ1_M"),
        (
            "deepseek-ai_DeepSeek-V3-0324-Q4_K_M-V2/deepseek-ai_DeepSeek-V3-0324-Q4_K_M-V2-00001-of-00010.gguf",
            "Q4_K_M-V2",
        ),
        ("x-q4_0.gguf", "q4_0"),
        ("DeepSeek-R1-DQ3_K_M.gguf", "DQ3_K_M"),
        ("x-FP16.gguf", "FP16"),
        ("Q6_K/model-00001-of-00002.gguf", "Q6_K"),
        ("DeepSeek-V4-Flash-IQ2XXS-w2Q2K-AProjQ8-chat-v2.gguf", None),
        ("Model.gguf", None),
    ],
)
def test_quant_is_read_from_the_end_of_the_name(path: str, quant: str | None) -> None:
    assert hub_files.quant_of(path) == quant


def test_single_file_beside_others_of_similar_names() -> None:
    names = ("M-Q4_K_M.gguf", "M-Q4_K_S.gguf", "M-UD-Q4_K_XL.gguf", "M-IQ4_XS.gguf", "README.md")
    assert chosen("o/m", "q4_k_m", *names) == ["M-Q4_K_M.gguf"]
    assert chosen("o/m", "UD-Q4_K_XL", *names) == ["M-UD-Q4_K_XL.gguf"]
    assert chosen("o/m", "Q4_K_XL", *names) == ["M-UD-Q4_K_XL.gguf"]


def test_plain_quant_wins_over_the_dynamic_one_of_the_same_name() -> None:
    assert chosen("o/m", "IQ4_XS", "M-UD-IQ4_XS.gguf", "M-IQ4_XS.gguf") == ["M-IQ4_XS.gguf"]


def test_imatrix_repository_spells_quants_with_i1() -> None:
    assert chosen("mradermacher/M-i1-GGUF", "Q4_K_M", "M.i1-Q4_K_M.gguf", "M.i1-Q4_K_S.gguf", "M.imatrix.dat") == [
        "M.i1-Q4_K_M.gguf"
    ]


def test_shards_in_a_folder_are_one_item_in_order() -> None:
    names = shards("UD-IQ2_XXS/V4-UD-IQ2_XXS", 12)
    assert chosen("unsloth/V4-GGUF", "UD-IQ2_XXS", *reversed(names)) == names


def test_one_named_shard_stands_for_its_set() -> None:
    names = shards("Q8_0/M-Q8_0", 3)
    assert [f.name for f in hub_files.select("o/m", files(*names, "M-Q4_0.gguf"), "", (names[1],))] == names


def test_incomplete_set_is_an_error_with_numbers() -> None:
    names = [n for n in shards("Q8_0/M-Q8_0", 5) if "00003" not in n]
    with pytest.raises(UserError, match="not complete") as caught:
        chosen("o/m", "Q8_0", *names)
    assert caught.value.code == "incomplete_set"
    assert "1 of 5 parts are missing (number 3)" in caught.value.why


@pytest.mark.parametrize(
    "sidecar",
    [
        "mmproj-M-Q8_0.gguf",
        "dspark-M-Q8_0.gguf",
        "dspark/M-Q8_0.gguf",
        "M-mmproj-Q8_0.gguf",
        "imatrix-Q8_0.gguf",
        "DSpark-drafter-Q8_0.gguf",
        "mtp/M-Q8_0.gguf",
    ],
)
def test_sidecars_are_never_the_model(sidecar: str) -> None:
    assert chosen("o/m", "Q8_0", sidecar, "M-Q8_0.gguf") == ["M-Q8_0.gguf"]
    with pytest.raises(UserError, match="has no Q8_0"):
        chosen("o/m", "Q8_0", sidecar)


def test_a_model_that_mentions_mtp_is_still_found_when_it_is_the_only_one() -> None:
    assert chosen("o/m", "Q4_K_M", "M-MTP-Q4_K_M.gguf") == ["M-MTP-Q4_K_M.gguf"]
    assert chosen("o/m", "Q4_K_M", "M-MTP-Q4_K_M.gguf", "M-Q4_K_M.gguf") == ["M-Q4_K_M.gguf"]
    assert chosen("o/m", "Q4_K_M", "M-no-mtp-Q4_K_M.gguf") == ["M-no-mtp-Q4_K_M.gguf"]


def test_whole_file_is_taken_before_the_same_one_in_shards() -> None:
    assert chosen("o/m", "Q4_0", "M-Q4_0.gguf", *shards("M-Q4_0/M-Q4_0", 2)) == ["M-Q4_0.gguf"]


def test_two_models_of_the_same_quant_are_a_question() -> None:
    with pytest.raises(UserError) as caught:
        chosen("o/m", "Q4_0", "A-Q4_0.gguf", "B-Q4_0.gguf")
    assert caught.value.code == "ambiguous_files"
    assert "o/m:A-Q4_0.gguf" in caught.value.next_steps[0].label


@pytest.mark.parametrize("piece", ["M.Q8_0.gguf.part1of2", "m.Q8_0.gguf-split-a"])
def test_raw_pieces_are_refused_in_words(piece: str) -> None:
    with pytest.raises(UserError) as caught:
        chosen("o/m", "Q8_0", piece, "M.Q4_0.gguf")
    assert caught.value.code == "unsupported_split"


def test_missing_quant_lists_those_that_are_there() -> None:
    with pytest.raises(UserError) as caught:
        chosen("o/m", "Q2_K", "M-Q4_0.gguf", "M-Q8_0.gguf", "mmproj-M-F16.gguf")
    assert caught.value.code == "quant_not_found"
    assert caught.value.next_steps[0].label == "Choose one that is there: Q4_0, Q8_0"


def test_renamed_file_is_found_by_its_quant() -> None:
    found = hub_files.select("o/m", files("new-Q4_0.gguf"), "Q4_0", ("old-Q4_0.gguf",))
    assert [f.name for f in found] == ["new-Q4_0.gguf"]
    with pytest.raises(UserError, match=r"old-Q4_0.gguf is not in o/m"):
        hub_files.select("o/m", files("new-Q4_0.gguf"), "", ("old-Q4_0.gguf",))
