"""Smaller plans for a load that ran out of memory: each needs less where it was short, says what it gives up, and it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from launcher import catalog
from launcher.core.machine import Machine
from launcher.core.models import KvLayout
from launcher.core.plans import Placement, Plan, Wishes
from launcher.core.units import GIB
from launcher.planner.ladder import RAM, LadderStep, Shortage, changes, freed, ladder, relaxed, step_down
from launcher.planner.plans import Item, item_of, plan_item
from tests.depth import is_short
from tests.unit.planner_machines import NAMES, described

KNOWN = catalog.load()
MODELS = (
    ("r1-distill-qwen-7b", "Q4_K_M"),
    ("r1-distill-qwen-32b", "Q4_K_M"),
    ("coder-v2-lite-instruct", "Q4_K_M"),
    ("v4-flash-0731", "UD-Q4_K_XL"),
    ("r1-0528", "UD-IQ1_S"),
)
ORDER = ("n_ctx", "kv_type_k", "n_ubatch", "expert_layers_on_cpu", "n_gpu_layers")


def item(model: str, quant: str) -> Item:
    variant = KNOWN.find(model)
    found = variant.quant(quant)
    assert found is not None
    return item_of(variant, found)


def steps_of(
    machine: Machine, what: Item, wishes: Wishes, device: str | None = None, missing: int = GIB
) -> tuple[Plan, list[LadderStep]]:
    plan = plan_item(machine, what, wishes)
    cards = [d.name for d in plan.memory.devices if d.kind == "gpu"]
    short = Shortage(device or (cards[0] if cards else RAM), missing)
    return plan, list(ladder(machine, what, wishes, plan, short))


CASES = [(m, q, n) for m, q in MODELS for n in NAMES]
# V4 takes as long as all others together, on each machine that simulates other splits of it; the short loop tries every model
# and every machine, V4 where the tests below need the same simulations.
STEPWISE = [*CASES[::5], ("r1-0528", "UD-IQ1_S", "rtx3090x2-128gb")] if is_short() else CASES


@pytest.mark.parametrize(("model", "quant", "name"), STEPWISE)
def test_every_step_needs_less_and_says_what_it_gives_up(model: str, quant: str, name: str) -> None:
    machine, what = described(name), item(model, quant)
    plan = plan_item(machine, what, Wishes())
    if not plan.fits:
        return
    for device in {d.name for d in plan.memory.devices}:
        steps = list(ladder(machine, what, Wishes(), plan, Shortage(device, GIB)))
        needs = [s.need_bytes for s in steps]
        assert needs == sorted(set(needs), reverse=True)
        assert len(steps) < 80
        before = plan.placement
        for step in steps:
            assert [f for f in ORDER if getattr(step.plan.placement, f) != getattr(before, f)], step.words
            assert step.words.startswith(f"1.0 GiB were missing on {device}: ")
            assert all(c in step.words for c in changes(plan.placement, step.plan.placement, plan.n_layer))
            assert changes(plan.placement, step.plan.placement, plan.n_layer)
            assert not step.is_by_hand
            rows = [d.total_bytes for d in step.plan.memory.devices if d.name == device and d.kind == "gpu"]
            assert not rows or step.need_bytes in rows
            before = step.plan.placement


@pytest.mark.parametrize(("model", "quant", "name"), CASES[::3])
@pytest.mark.parametrize("share", [0.05, 0.3, 1.0])
def test_a_step_down_saves_what_was_asked(model: str, quant: str, name: str, share: float) -> None:
    machine, what = described(name), item(model, quant)
    plan = plan_item(machine, what, Wishes())
    card = next((d for d in plan.memory.devices if d.kind == "gpu"), None)
    if not plan.fits or card is None:
        return
    short = Shortage(card.name)
    save = int(share * card.total_bytes)
    step = step_down(machine, what, Wishes(), plan, short, save)
    steps = list(ladder(machine, what, Wishes(), plan, short))
    enough = [s for s in steps if s.plan.fits and s.need_bytes <= card.total_bytes - save]
    if step is None:
        assert not any(s.plan.fits for s in steps)
        return
    assert step.plan.fits
    if enough:
        assert step.need_bytes <= card.total_bytes - save
        plain = enough[0].plan.placement
        assert step.plan.placement.n_gpu_layers >= plain.n_gpu_layers
        assert step.plan.context >= plain.n_ctx  # nothing is given up in vain


def test_the_order_is_that_of_what_it_costs() -> None:
    """A dense model on one card: shorter context, squeezed cache, smaller batches, layers, the processor."""
    machine, what = described("rtx4090-64gb"), item("r1-distill-qwen-32b", "Q4_K_M")
    plan, steps = steps_of(machine, what, Wishes(context=32_768, kv_type="f16", n_gpu_layers=65, n_ubatch=512))
    assert plan.placement.n_gpu_layers == 65
    levers = [changes(plan.placement, s.plan.placement, 64)[-1].split()[0] for s in steps]
    numbers = [lever for lever in levers if lever.isdigit()]
    assert levers == ["context", "context", "KV", "prompts", "prompts", *numbers, "on"]
    assert numbers == sorted(numbers, key=int, reverse=True)
    assert [s.plan.context for s in steps[:3]] == [16_384, 8192, 8192]
    assert steps[2].plan.placement.kv_type_k == "q8_0"
    assert steps[-1].plan.placement.n_gpu_layers == 0
    assert "on the processor alone instead of 64 of 64 layers on the graphics card" in steps[-1].words
    assert steps[-1].need_bytes == 0
    assert steps[-1].plan.fits


def test_experts_go_to_ram_before_layers() -> None:
    machine, what = described("rtx4090-64gb"), item("coder-v2-lite-instruct", "Q4_K_M")
    _, steps = steps_of(machine, what, Wishes())
    experts = [s.plan.placement.expert_layers_on_cpu for s in steps if s.plan.placement.n_gpu_layers]
    layers = [s.plan.placement.n_gpu_layers for s in steps]
    assert max(experts) == 27
    assert experts == sorted(experts)
    assert layers == sorted(layers, reverse=True)
    assert any("experts of 27 instead of 0 layers in RAM" in s.words for s in steps)


def test_the_old_mla_layout_keeps_its_cache() -> None:
    what = item("coder-v2-lite-instruct", "Q4_K_M")
    legacy = replace(what, facts=replace(what.facts, kv_layout=KvLayout.MLA_LEGACY))
    _, steps = steps_of(described("rtx4090-64gb"), legacy, Wishes())
    assert steps
    assert {s.plan.placement.kv_type_k for s in steps} == {"f16"}


def test_mla_squeezes_both_halves_alike() -> None:
    what = item("coder-v2-lite-instruct", "Q4_K_M")
    latent = replace(what, facts=replace(what.facts, kv_layout=KvLayout.MLA))
    _, steps = steps_of(described("rtx4090-64gb"), latent, Wishes())
    assert any(s.plan.placement.kv_type_k == "q8_0" for s in steps)
    assert all(s.plan.placement.kv_type_k == s.plan.placement.kv_type_v for s in steps)


def test_what_was_set_by_hand_comes_last_and_is_said() -> None:
    machine, what = described("rtx4090-64gb"), item("r1-distill-qwen-32b", "Q4_K_M")
    plan, steps = steps_of(machine, what, Wishes(context=32_768, n_gpu_layers=65))
    by_hand = [s.is_by_hand for s in steps]
    assert True in by_hand
    assert by_hand == sorted(by_hand)
    first = by_hand.index(True)
    assert {s.plan.context for s in steps[:first]} == {32_768}
    assert {s.plan.placement.n_gpu_layers for s in steps[:first]} == {plan.placement.n_gpu_layers}
    assert all("set by hand had to give way" in s.words for s in steps[first:])
    assert not any("by hand" in s.words for s in steps[:first])


def test_ram_alone_gives_context_and_cache() -> None:
    """Without a card: down to the least context that makes sense, then below it, and no further."""
    machine, what = described("laptop-cpu-16gb"), item("r1-distill-qwen-7b", "Q4_K_M")
    plan, steps = steps_of(machine, what, Wishes())
    assert plan.placement.n_gpu_layers == 0
    assert steps[-1].plan.context == 2048
    assert {s.plan.placement.n_gpu_layers for s in steps} == {0}


def test_an_unknown_shortage_is_said_as_such() -> None:
    machine, what = described("rtx4090-64gb"), item("r1-distill-qwen-7b", "Q4_K_M")
    plan, steps = steps_of(machine, what, Wishes(), missing=0)
    card = plan.memory.devices[0].name
    assert steps[0].words.startswith(f"The engine found no room on {card}: ")


def test_a_card_that_is_gone_leaves_the_processor() -> None:
    machine, what = described("rtx4090-64gb"), item("r1-distill-qwen-7b", "Q4_K_M")
    plan = plan_item(machine, what, Wishes())
    gone = replace(machine, gpus=())
    (step,) = ladder(gone, what, Wishes(), plan, Shortage(plan.memory.devices[0].name))
    assert step.plan.placement.n_gpu_layers == 0
    assert step.plan.fits


def test_wishes_give_way_one_after_the_other() -> None:
    wishes = Wishes(context=65_536, kv_type="f16", n_ubatch=2048, n_gpu_layers=30, expert_layers_on_cpu=0)
    given_way = list(relaxed(wishes))
    assert [w.context for w in given_way[:4]] == [32_768, 16_384, 8192, None]
    assert {w.kv_type for w in given_way[:4]} == {"f16"}
    assert given_way[-1] == Wishes()
    assert len(set(given_way)) == len(given_way)
    assert list(relaxed(Wishes())) == []


def test_relaxed_wishes_find_a_plan() -> None:
    machine, what = described("laptop-cpu-16gb"), item("r1-distill-qwen-7b", "Q4_K_M")
    wishes = Wishes(context=131_072, kv_type="f32")
    assert not plan_item(machine, what, wishes).fits
    found = next(p for w in relaxed(wishes) if (p := plan_item(machine, what, w)).fits)
    assert 8192 <= found.context < 131_072
    assert found.placement.kv_type_k == "f32"  # the context alone was enough


@pytest.mark.parametrize("mode", ["none", "mlock", "mmap+mlock", "direct_io"])
def test_only_a_mapped_file_may_be_larger_than_the_ram(mode: str) -> None:
    machine, what = described("laptop-cpu-16gb"), item("r1-distill-qwen-14b", "Q4_K_M")
    mapped = plan_item(machine, what, Wishes(load_mode="mmap"))
    assert mapped.fits
    assert mapped.paged_bytes
    held = plan_item(machine, what, Wishes(load_mode=mode))
    assert (held.fits, held.paged_bytes) == (False, 0)
    assert any(f"With load mode {mode} all weights have to fit" in w for w in held.warnings)
    given_way = next(w for w in relaxed(Wishes(load_mode=mode)) if plan_item(machine, what, w).fits)
    assert given_way.load_mode is None
    small = plan_item(machine, item("r1-distill-qwen-7b", "Q4_K_M"), Wishes(load_mode=mode))
    assert small.fits
    assert not any("load mode" in w for w in small.warnings)


def test_only_losses_are_changes() -> None:
    small = Placement(20, 8192, kv_type_k="q8_0", n_ubatch=128, expert_layers_on_cpu=5)
    large = Placement(28, 32_768)
    assert changes(small, large, 27) == ()
    assert changes(large, small, 27) == (
        "context 8,192 instead of 32,768 tokens",
        "KV cache q8_0 instead of f16",
        "prompts in pieces of 128 instead of 512 tokens",
        "experts of 5 instead of 0 layers in RAM",
        "19 instead of 27 layers on the graphics card",
    )


def test_every_lever_that_gives_way_is_named() -> None:
    before = Placement(28, 8192, mtp=True)
    assert changes(before, Placement(28, 8192, kv_type_v="q8_0", boundary_experts_on_cpu=("up",)), 27) == (
        "V cache q8_0 instead of f16",
        "without the file's own prediction layers (MTP)",
        "expert tensors up of one more layer in RAM",
    )
    by_hand = Wishes(tensor_split=(1.0, 2.0), draft="small", load_mode="none")
    *_, last = relaxed(by_hand)
    assert freed(by_hand, last) == (
        "other shares of the graphics cards",
        "load mode mmap instead of none",
        "without a draft model",
    )
    assert freed(last, last) == ()
