"""Who can draft for whom, and that what is planned of a draft is what is loaded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from launcher import planner
from launcher.catalog import load
from launcher.core.downloads import Installed
from launcher.core.models import KvLayout, Variant
from launcher.core.plans import Wishes
from launcher.planner.draft import source_of
from launcher.services.drafts import draft_choices, draft_model, has_own_layers
from launcher.services.plan_editing import Edited, EditRequest, complete, edit
from tests.unit.planner_machines import described

CATALOG = load().variants
LARGE, SMALL, MIDDLE = "r1-distill-qwen-32b", "r1-distill-qwen-1.5b", "r1-distill-qwen-7b"


def known(model: str) -> Variant:
    return next(v for v in CATALOG if v.id == model)


def on_disk(model: str, quant: str, size_bytes: int) -> Installed:
    return Installed(model, model, quant, f"/models/{model}-{quant}.gguf", size_bytes, "qwen2", "launcher", True, "a/b")


def names(model: Variant, *installed: Installed) -> list[str]:
    return [choice.model for choice in draft_choices(model, CATALOG, installed)]


@pytest.mark.parametrize(
    ("model", "drafts"),
    [
        (LARGE, [SMALL, MIDDLE]),
        ("r1-distill-qwen-14b", [SMALL]),  # 7B is half of it
        ("r1-distill-llama-70b", ["r1-distill-llama-8b"]),
        ("coder-33b-instruct", ["coder-1.3b-instruct", "coder-6.7b-instruct"]),  # not llm-7b: other words
        ("coder-v2-instruct", ["coder-v2-lite-instruct"]),
        (SMALL, []),
        ("r1-0528-qwen3-8b", []),  # the one of its architecture
        ("v4-pro-0813", []),  # its cache cannot go back, although V4-Flash is smaller
    ],
)
def test_drafts_are_of_the_same_base_and_much_smaller(model: str, drafts: list[str]) -> None:
    assert names(known(model)) == drafts


@pytest.mark.parametrize("variant", CATALOG, ids=lambda v: v.id)
def test_whatever_is_offered_can_be_planned(variant: Variant) -> None:
    facts = next((q.facts for q in variant.quants if q.facts), None)
    for choice in draft_choices(variant, CATALOG, ()):
        source = source_of(choice.source)
        assert facts is not None
        assert (source.quant, source.facts.architecture) == (choice.quant, facts.architecture)
        assert abs(source.facts.hyper.n_vocab - facts.hyper.n_vocab) <= 128
        assert 2 * choice.file_bytes < max(q.file_bytes for q in variant.quants)
        assert any(q.name == choice.quant and q.repo == choice.repo for q in known(choice.model).quants)


def test_installed_ones_come_first_and_the_smallest_file_is_taken() -> None:
    large, small = on_disk(MIDDLE, "Q8_0", 8 * 10**9), on_disk(MIDDLE, "IQ4_XS", 4 * 10**9)
    first, second = draft_choices(known(LARGE), CATALOG, (large, small))
    assert (first.model, first.quant, first.path) == (MIDDLE, "IQ4_XS", small.path)
    assert first.source == small.path
    assert (second.model, second.path, second.source) == (SMALL, "", SMALL)


def test_another_file_of_a_known_model_has_the_same_drafts() -> None:
    other = replace(known(LARGE), id="file:/models/mine.gguf", family="file")
    assert names(other) == [SMALL, MIDDLE]
    assert names(replace(other, hf_repo="somebody/else")) == []


def test_a_sliding_window_cannot_drop_guesses() -> None:
    def with_window(variant: Variant) -> Variant:
        facts = variant.quants[0].facts
        assert facts is not None
        windowed = replace(facts, hyper=replace(facts.hyper, sliding_window=4096))
        return replace(variant, quants=(replace(variant.quants[0], facts=windowed),))

    assert names(with_window(known(LARGE))) == []


def test_own_layers_are_those_the_engine_can_draft_with() -> None:
    facts = known("v3.1").quants[0].facts
    assert facts is not None
    assert facts.kv_layout is KvLayout.MLA
    assert not has_own_layers(facts)
    assert has_own_layers(replace(facts, hyper=replace(facts.hyper, nextn_layers=1)))
    assert not has_own_layers(replace(facts, hyper=replace(facts.hyper, nextn_layers=2)))


# --- planned with a draft ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("machine", ["rtx4090-64gb", "rtx3060-32gb", "laptop-cpu-16gb"])
def test_room_is_kept_for_the_context_that_is_found_not_for_the_longest(machine: str) -> None:
    variant, wishes = known(MIDDLE), Wishes(draft=SMALL)
    quant = variant.quant("Q8_0")
    assert quant is not None
    found = planner.plan(described(machine), variant, quant, wishes)
    fixed = planner.plan(described(machine), variant, quant, replace(wishes, context=found.context))
    assert found.memory == fixed.memory
    assert found.placement == fixed.placement


def test_the_draft_is_loaded_where_the_plan_has_it() -> None:
    """Beside the longest context a card would be too small for it, beside the one that was found it is not."""
    variant, wishes = known("coder-v2-instruct"), Wishes(draft="coder-v2-lite-instruct")
    quant, machine = variant.quant("Q2_K"), described("rtx4090-192gb")
    machine = replace(machine, gpus=(replace(machine.gpus[0], vram_free_bytes=16 * 2**30),))
    assert quant is not None
    plan = planner.plan(machine, variant, quant, wishes)
    assert plan.context < 32_768
    lever = next(x for x in plan.levers if x.lever == "draft")
    assert lever.setting.endswith(" on RTX 4090")
    made = draft_model(machine, wishes, plan)
    assert made is not None
    assert made.placement.n_gpu_layers > 0


def completed(wishes: Wishes) -> Edited:
    variant = known(LARGE)
    quant = variant.quant("Q4_K_M")
    assert quant is not None
    request = EditRequest(described("rtx3060-32gb"), variant, quant, Wishes(), wishes)
    first = edit(request)
    assert first.undrafted is None
    return complete(first, lambda: True)


def test_an_edited_plan_knows_what_it_would_be_without_the_draft() -> None:
    drafted = completed(Wishes(draft=MIDDLE, n_ubatch=256, n_batch=2048))
    plain = completed(Wishes(n_ubatch=256, n_batch=2048))
    assert plain.undrafted is None
    assert drafted.undrafted == plain.plan
    assert drafted.plan.speed.decode_tokens_s < plain.plan.speed.decode_tokens_s


def test_letting_go_of_the_draft_is_advice_where_that_helps() -> None:
    edited = completed(Wishes(draft=MIDDLE, context=8192, n_gpu_layers=24))
    assert not edited.plan.fits
    assert edited.helps is not None
    assert "draft" in [lever for lever, _ in edited.helps]
