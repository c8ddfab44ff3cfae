"""The decisions for the eight machines: each line must be one that an expert would defend."""

import re
from dataclasses import replace

import pytest

from launcher import catalog, planner
from launcher.core.machine import Cpu, Machine, Ram
from launcher.core.plans import Goal, Wishes, recommendation_to_json
from launcher.core.units import GIB
from tests.unit.planner_machines import NAMES, described

VARIANTS = catalog.load().variants
LOSS = {(v.id, q.repo, q.name): q.quality.loss for v in VARIANTS for q in v.quants}


@pytest.fixture(scope="module")
def recommended():
    return {name: planner.recommend(described(name), VARIANTS) for name in NAMES}


# machine -> (model, quantisation, placement begins with)
BALANCED = {
    "gtx1650-16gb": ("r1-0528-qwen3-8b", "Q4_K_M", "12 of 36 layers on GTX 1650"),
    "laptop-cpu-16gb": ("r1-0528-qwen3-8b", "Q4_K_M", "on the processor"),
    "macbook-m3max-64gb": ("r1-distill-qwen-32b", "Q4_K_M", "all 64 layers"),
    "rtx3060-32gb": ("r1-distill-qwen-14b", "Q4_K_M", "all 48 layers"),
    "rtx3090x2-128gb": ("v4-flash-0731", "UD-Q4_K_XL", "attention on 2\u00d7 RTX 3090"),
    "rtx4090-192gb": ("v4-flash-0731", "UD-Q4_K_XL", "attention on RTX 4090"),
    "rtx4090-64gb": ("r1-distill-qwen-32b", "Q4_K_M", "all 64 layers"),
    "rx7900xtx-64gb": ("r1-distill-qwen-32b", "Q4_K_M", "all 64 layers"),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_recommended_model(recommended, name):
    plan = recommended[name].recommended
    model, quant, where = BALANCED[name]
    assert (plan.model, plan.quant) == (model, quant)
    assert plan.summary.startswith(where)


@pytest.mark.parametrize("name", NAMES)
def test_balanced_is_comfortable_and_keeps_its_quality(recommended, name):
    plan = recommended[name].recommended
    assert plan.fits
    assert plan.speed.decode_tokens_s >= 7
    assert plan.context >= 8192
    assert LOSS[plan.model, plan.repo, plan.quant] <= 0.03


@pytest.mark.parametrize("name", NAMES)
def test_the_alternatives_are_what_they_say(recommended, name):
    found = recommended[name]
    roles = found.alternatives
    best = found.recommended
    assert set(roles) == set(found.role_reasons) == {"smartest", "fastest", "longest_context", "biggest"}
    assert all(p.fits and p.speed.decode_tokens_s >= 1 for p in roles.values())
    assert roles["smartest"].quality.score >= best.quality.score
    assert roles["fastest"].speed.decode_tokens_s >= best.speed.decode_tokens_s
    assert roles["longest_context"].context >= best.context
    params = {v.id: v.params_total for v in VARIANTS}
    assert params[roles["biggest"].model] >= max(params[p.model] for p in (best, roles["smartest"], roles["fastest"]))
    assert all(text.endswith(".") for text in found.role_reasons.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_squeezed_giant_is_never_recommended_nor_called_smartest(recommended, name):
    found = recommended[name]
    for plan in (found.recommended, found.alternatives["smartest"], found.alternatives["fastest"]):
        assert LOSS[plan.model, plan.repo, plan.quant] <= 0.03


def test_smartest_and_biggest_of_known_machines(recommended):
    picks = {(name, role): p.model for name, r in recommended.items() for role, p in r.alternatives.items()}
    assert picks["rtx4090-64gb", "smartest"] == "r1-distill-llama-70b"
    assert picks["rtx4090-64gb", "fastest"] == "r1-0528-qwen3-8b"
    assert picks["rtx4090-64gb", "biggest"] == "v4-flash-0731"
    assert picks["macbook-m3max-64gb", "smartest"] == "r1-distill-llama-70b"
    assert picks["rtx3060-32gb", "smartest"] == "r1-distill-qwen-32b"
    assert picks["laptop-cpu-16gb", "fastest"] == "r1-distill-qwen-1.5b"
    params = {v.id: v.params_total for v in VARIANTS}
    for name in ("rtx4090-192gb", "rtx3090x2-128gb"):
        assert params[picks[name, "biggest"]] > 670e9  # 671B at 1 to 2 bits, experts in RAM
        assert recommended[name].alternatives["longest_context"].context == 1_048_576


def test_why_not_bigger_has_the_numbers(recommended):
    text = recommended["rtx4090-64gb"].why_not_bigger
    assert re.match(r"The next model up, R1-Distill-Llama-70B, needs 4[2-5]\.\d GiB \(Q4_K_M\)\.", text)
    assert re.search(r"would sit in RAM, which is 16 times slower to read: 2\.\d instead of 3\d tokens/s\.", text)
    assert "can be used here" in recommended["laptop-cpu-16gb"].why_not_bigger


def test_every_model_that_does_not_run_has_its_sentence(recommended):
    found = recommended["rtx4090-64gb"]
    rejected = {r.model: r.why for r in found.rejected}
    assert "deepseek41" in rejected["v4.1-flash"]
    assert "GiB more memory" in rejected["r1-0528"]
    assert all(rejected.values())
    assert found.recommended.model not in rejected


@pytest.mark.parametrize("goal", [g for g in Goal if g is not Goal.BALANCED])
def test_the_goal_decides_what_is_recommended(goal):
    machine = described("rtx4090-64gb")
    found = planner.recommend(machine, VARIANTS, Wishes(goal=goal))
    assert found.recommended == found.alternatives[goal.value]
    balanced = planner.recommend(machine, VARIANTS).recommended
    assert (found.recommended.model, found.recommended.quant) != (balanced.model, balanced.quant)


def test_a_machine_too_small_for_anything_gets_reasons_instead():
    machine = Machine("tiny", "linux", Cpu("c", 2, 2), Ram(2 * GIB, GIB))
    found = planner.recommend(machine, VARIANTS)
    assert found.recommended is None
    assert len(found.rejected) == len(VARIANTS)


def test_more_ram_never_lowers_the_recommendation():
    machine = described("rtx4090-64gb")
    last = 0.0
    for extra in range(0, 200, 40):
        ram = replace(machine.ram, free_bytes=machine.ram.free_bytes + extra * GIB)
        plan = planner.recommend(replace(machine, ram=ram), VARIANTS).recommended
        assert plan.quality.score >= last
        last = plan.quality.score


def test_a_full_disk_offers_what_it_has_room_for_and_what_is_already_there():
    machine = described("rtx4090-64gb")
    full = replace(machine, disks=tuple(replace(d, free_bytes=int(8e9)) for d in machine.disks))
    found = planner.recommend(full, VARIANTS)
    plans = (found.recommended, *found.alternatives.values())
    assert all(p.file_bytes <= 8e9 for p in plans)
    rejected = {r.model: r.why for r in found.rejected}
    assert "8.0 GB are free" in rejected["r1-distill-qwen-32b"]
    here = planner.recommend(full, VARIANTS, installed={("r1-distill-qwen-32b", "Q4_K_M")})
    assert (here.recommended.model, here.recommended.quant) == ("r1-distill-qwen-32b", "Q4_K_M")
    assert "download" not in " ".join(here.recommended.warnings)


def test_the_old_layout_of_attention_does_not_fill_the_ram_with_its_cache():
    machine = Machine("box", "linux", Cpu("c", 8, 16), Ram(24 * GIB, 22 * GIB, 50e9))
    variant = catalog.load().find("coder-v2-lite-instruct")
    plan = planner.plan(machine, variant, variant.quant("Q4_K_M"))
    ram = plan.memory.devices[-1]
    assert plan.context >= 8192
    assert ram.kv_bytes < ram.weights_bytes / 2
    by_hand = planner.plan(machine, variant, variant.quant("Q4_K_M"), Wishes(context=32_768))
    assert by_hand.context == 32_768


def test_plans_are_ranked_by_goal():
    machine = described("rtx4090-64gb")
    plans = [
        planner.plan(machine, v, q) for v in VARIANTS for q in v.quants[:6] if v.loadable and q.facts and q.loadable
    ]
    ranked = {goal: planner.rank_plans(plans, goal) for goal in Goal}
    assert all(set(map(id, r)) == set(map(id, plans)) for r in ranked.values())
    for goal, order in ranked.items():
        fits = [p.fits and not p.paged_bytes for p in order]
        assert fits == sorted(fits, reverse=True), goal
    assert LOSS[ranked[Goal.SMARTEST][0].model, ranked[Goal.SMARTEST][0].repo, ranked[Goal.SMARTEST][0].quant] <= 0.03
    fastest = ranked[Goal.FASTEST][0]
    assert fastest.model == "r1-distill-qwen-1.5b" or fastest.params_total < 2e9
    assert ranked[Goal.BIGGEST][0].params_total == max(p.params_total for p in plans if p.fits and not p.paged_bytes)
    assert planner.points(ranked[Goal.BALANCED][0]) > planner.points(ranked[Goal.BALANCED][-1]) == 0.0


def test_json_has_the_keys_of_the_contract(recommended):
    data = recommendation_to_json(recommended["rtx4090-64gb"])
    assert {"machine", "goal", "recommended", "alternatives", "rejected"} <= set(data)
    plan = data["recommended"]
    assert {
        "model",
        "quant",
        "files",
        "file_bytes",
        "fits",
        "context",
        "placement",
        "memory",
        "speed",
        "quality",
        "reasons",
        "warnings",
    } <= set(plan)
    assert plan["memory"]["source"] == "model"
    assert {"total_bytes", "free_bytes", "capacity_bytes"} <= set(plan["memory"]["devices"][0])
    assert plan["speed"]["basis"] == "datasheet"
