from dataclasses import replace

import pytest

from launcher import catalog, planner
from launcher.core.errors import UserError
from launcher.core.models import LayerWeights
from launcher.core.plans import Wishes
from launcher.core.units import GIB
from tests.unit.planner_machines import NAMES, described

KNOWN = catalog.load()
OFFERED = [(v, q) for v in KNOWN.variants for q in v.quants]


def plan(machine, model, quant, **wishes):
    variant = KNOWN.find(model)
    return planner.plan(machine, variant, variant.quant(quant), Wishes(**wishes))


def check_sums(machine, variant, quant, p):
    """Every byte is somewhere, and a plan that says it fits leaves the reserves free."""
    facts = quant.facts
    paged = p.paged_bytes > 0
    weights = sum(d.weights_bytes for d in p.memory.devices)
    assert weights == facts.weights_bytes or (paged and weights < facts.weights_bytes)
    if not p.fits:
        return
    for device in p.memory.devices:
        assert device.total_bytes <= device.free_bytes, device
    if any(g.unified_memory for g in machine.gpus):
        assert p.memory.total_bytes <= machine.ram.free_bytes
    if p.placement.tensor_split:
        assert sum(p.placement.tensor_split) == p.placement.n_gpu_layers


@pytest.mark.parametrize("name", NAMES)
def test_every_file_on_every_machine_adds_up(name):
    machine = described(name)
    for variant, quant in OFFERED[::10]:
        check_sums(machine, variant, quant, planner.plan(machine, variant, quant))


def test_levers_fixed_by_hand_are_obeyed_exactly():
    machine = described("rtx4090-192gb")
    p = plan(
        machine, "v4-flash-0731", "UD-Q4_K_XL", context=20_000, n_gpu_layers=30, expert_layers_on_cpu=40,
        kv_type="q8_0", n_batch=1024, n_ubatch=256, threads=7,
    ).placement  # fmt: skip
    assert (p.n_ctx, p.n_gpu_layers, p.expert_layers_on_cpu) == (20_000, 30, 40)
    assert (p.kv_type_k, p.kv_type_v, p.n_batch, p.n_ubatch, p.threads) == ("q8_0", "q8_0", 1024, 256, 7)
    two = plan(described("rtx3090x2-128gb"), "r1-distill-qwen-32b", "Q4_K_M", tensor_split=(3.0, 1.0))
    assert two.placement.tensor_split == (3.0, 1.0)
    first, second = two.memory.devices[:2]
    assert 2 < first.weights_bytes / second.weights_bytes < 4


def test_a_tied_output_matrix_is_held_twice_only_beside_a_card():
    """llama.cpp loads the table once more as output matrix for a GPU; the processor reads the one it has."""
    variant = KNOWN.find("r1-distill-qwen-1.5b")
    quant = variant.quant("Q4_K_M")
    facts = replace(quant.facts, tied_bytes=quant.facts.token_embd_bytes)
    tied = replace(quant, facts=facts)
    on_card, in_ram = (
        planner.plan(described("rtx4090-64gb"), variant, tied, Wishes(n_gpu_layers=n)) for n in (None, 0)
    )
    assert on_card.memory.devices[0].kind == "gpu"
    assert sum(d.weights_bytes for d in on_card.memory.devices) == facts.weights_bytes + facts.tied_bytes
    assert [d.weights_bytes for d in in_ram.memory.devices] == [facts.weights_bytes]
    apart = planner.plan(described("rtx4090-64gb"), variant, quant, Wishes(n_gpu_layers=0))
    assert in_ram.speed.decode_tokens_s == apart.speed.decode_tokens_s  # it is read all the same


def test_a_fixed_lever_that_does_not_fit_is_planned_and_said():
    p = plan(described("gtx1650-16gb"), "r1-distill-qwen-7b", "Q4_K_M", n_gpu_layers=29)
    assert not p.fits
    assert p.placement.n_gpu_layers == 29
    assert any("more memory on the graphics card" in w for w in p.warnings)


@pytest.mark.parametrize(
    "wish",
    [
        {"n_gpu_layers": 99},
        {"n_gpu_layers": -1},
        {"expert_layers_on_cpu": 99},
        {"kv_type": "q9"},
        {"context": 0},
        {"threads": 0},
        {"tensor_split": (0.0, 0.0)},
    ],
)
def test_impossible_levers_are_refused_with_the_range(wish):
    with pytest.raises(UserError, match="cannot be planned") as caught:
        plan(described("rtx4090-64gb"), "r1-distill-qwen-7b", "Q4_K_M", **wish)
    assert caught.value.why.startswith("Allowed:")


def test_the_32b_fits_a_24_gib_card_whole_and_the_cache_type_is_explained():
    p = plan(described("rtx4090-64gb"), "r1-distill-qwen-32b", "Q4_K_M")
    assert p.summary == "all 64 layers on RTX 4090"
    assert (p.placement.kv_type_k, p.context % 1024) == ("q8_0", 0)
    assert p.context >= 24_576
    assert any("q8_0 instead of f16" in r for r in p.reasons)


def test_experts_go_to_ram_before_layers():
    p = plan(described("rtx4090-192gb"), "v4-flash-0731", "UD-Q4_K_XL")
    assert p.placement.n_gpu_layers == 44
    assert 30 < p.placement.expert_layers_on_cpu < 43
    assert p.summary.startswith("attention on RTX 4090, experts of")


def test_unequal_cards_are_filled_by_their_free_memory():
    machine = described("rtx3090x2-128gb")
    small = replace(machine.gpus[1], vram_free_bytes=12 * GIB, vram_total_bytes=12 * GIB)
    p = planner.plan(
        replace(machine, gpus=(machine.gpus[0], small)), *_pair("r1-distill-qwen-32b", "Q6_K"), Wishes(context=8192)
    )
    assert p.fits
    first, second = p.memory.devices[:2]
    assert first.weights_bytes > 1.6 * second.weights_bytes
    assert abs(first.total_bytes / first.free_bytes - second.total_bytes / second.free_bytes) < 0.12


def test_paging_from_disk_is_honest_and_not_offered_when_useless():
    machine = described("rtx4090-64gb")
    slow = plan(machine, "v4-flash-0731", "UD-Q4_K_XL")
    assert slow.fits
    assert any("read from the disk" in w for w in slow.warnings)
    assert 1 <= slow.speed.decode_tokens_s < 3
    assert not plan(machine, "v4-pro-0813", "UD-Q4_K_XL").fits
    assert not plan(described("laptop-cpu-16gb"), "r1-distill-llama-70b", "Q4_K_M").fits


def test_shared_memory_is_one_pool():
    machine = described("macbook-m3max-64gb")
    p = plan(machine, "r1-distill-llama-70b", "Q4_K_M")
    assert p.fits
    assert p.memory.total_bytes <= machine.ram.free_bytes
    assert not plan(machine, "r1-distill-llama-70b", "Q5_K_M", context=65_536).fits


def test_a_card_the_engine_cannot_use_is_said_and_left_out():
    machine = described("rtx4090-64gb")
    blind = replace(machine, gpus=(replace(machine.gpus[0], backend=None),))
    p = plan(blind, "r1-distill-qwen-7b", "Q4_K_M")
    assert p.summary == "on the processor"
    assert any("is not used" in w for w in p.warnings)


def test_squeezed_files_carry_a_warning_and_old_files_a_reason():
    assert any(
        "At 2 bits this model makes clearly more mistakes" in w
        for w in plan(described("rtx4090-64gb"), "v4-flash-0731", "AD-IQ1_M").warnings
    )
    old = plan(described("rtx4090-64gb"), "coder-v2-lite-instruct", "Q4_K_M")
    assert any("old layout" in r and "276 kB" in r for r in old.reasons)
    assert old.placement.kv_type_k == "f16"  # a quantised cache would push its attention to the processor


def test_a_local_file_is_planned_from_its_facts():
    variant, quant = _pair("r1-distill-qwen-7b", "Q4_K_M")
    machine = described("rtx4090-64gb")
    p = planner.plan_file(machine, quant.facts, "/m/x.gguf", "My model", "Q4_K_M", quant.file_bytes)
    catalogued = planner.plan(machine, variant, quant)
    assert (p.placement, p.memory) == (catalogued.placement, catalogued.memory)
    assert (p.model, p.quality.score, p.quality.quant_loss) == ("/m/x.gguf", None, "unknown")


def _pair(model, quant):
    variant = KNOWN.find(model)
    return variant, variant.quant(quant)


def test_a_context_beyond_the_model_is_planned_and_said():
    p = plan(described("rtx4090-64gb"), "llm-7b-chat", "Q4_K_M", context=16_384)
    assert p.context == 16_384
    assert any("made for 4,096 tokens" in w for w in p.warnings)


@pytest.mark.parametrize("name", ["rtx4090-192gb", NAMES[0]])
def test_a_file_whose_layers_hold_nothing_is_refused(name):
    facts = KNOWN.find("r1-distill-qwen-7b").quants[0].facts
    empty = replace(facts, layers=tuple(LayerWeights(0) for _ in facts.layers))
    with pytest.raises(UserError) as caught:
        planner.plan_file(described(name), empty, "/models/odd.gguf", "odd", "Q4_K_M", 1000)
    assert caught.value.code == "not_loadable"
    assert "None of its layers holds a tensor" in caught.value.why
