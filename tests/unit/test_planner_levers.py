"""What the search says it did, and the memory of models and layers that only help another one."""

from dataclasses import replace

import pytest

from launcher import catalog, planner
from launcher.core.calibration import Calibration, DeviceCalibration
from launcher.core.errors import UserError
from launcher.core.models import KvLayout
from launcher.core.plans import Wishes
from launcher.core.plans import plan_to_json as planner_json
from launcher.core.units import GIB, MIB
from launcher.planner.draft import why_not_by_itself
from launcher.planner.machine_view import UNACCOUNTED_HOST_BYTES
from tests.unit.planner_machines import described

KNOWN = catalog.load()


def plan(machine, model, quant, **wishes):
    variant = KNOWN.find(model)
    machine = described(machine) if isinstance(machine, str) else machine
    return planner.plan(machine, variant, variant.quant(quant), Wishes(**wishes))


def pulled(p):
    return {lever.lever: lever for lever in p.levers}


def test_nothing_is_pulled_where_everything_fits_as_it_is():
    assert plan("rtx4090-64gb", "r1-distill-qwen-1.5b", "BF16").levers == ()


def test_every_lever_has_a_gain_in_numbers():
    p = plan("rtx4090-192gb", "v4-flash-0731", "UD-Q4_K_XL")
    levers = pulled(p)
    assert list(levers) == ["quantisation", "experts", "ubatch"]
    assert "GB" in levers["quantisation"].gain
    assert "GB per token are read from RAM" in levers["experts"].cost
    assert levers["ubatch"].setting == "2,048"
    assert p.placement.n_ubatch == 2048
    assert all(any(c.isdigit() for c in lever.gain) for lever in p.levers)


def test_a_larger_ubatch_reads_prompts_faster_where_experts_are_in_ram():
    free = plan("rtx4090-192gb", "v4-flash-0731", "UD-Q4_K_XL")
    fixed = plan("rtx4090-192gb", "v4-flash-0731", "UD-Q4_K_XL", n_ubatch=512)
    assert free.speed.prefill_tokens_s > 1.5 * fixed.speed.prefill_tokens_s
    assert free.speed.decode_tokens_s > 0.9 * fixed.speed.decode_tokens_s


@pytest.mark.parametrize("mode", ["layer", "tensor"])
def test_a_split_by_tensors_is_predicted_by_the_rules_of_layers_and_says_so(mode):
    p = plan("rtx3090x2-128gb", "r1-distill-llama-70b", "Q4_K_M", split_mode=mode)
    assert any("by tensors it differs a little" in w for w in p.warnings) == (mode == "tensor")


def test_one_card_alone_is_better_than_two_where_it_holds_everything():
    p = plan("rtx3090x2-128gb", "r1-0528-qwen3-8b", "Q4_K_M")
    assert (p.summary, p.placement.tensor_split) == ("all 36 layers on RTX 3090", ())
    assert pulled(p)["split"].setting == "RTX 3090 alone"
    both = plan("rtx3090x2-128gb", "r1-distill-llama-70b", "Q4_K_M")
    assert len(both.placement.tensor_split) == 2


def test_a_faster_card_is_filled_first_and_a_slow_one_left_out():
    machine = described("rtx3090x2-128gb")
    fast, other = machine.gpus
    slow = replace(other, name="GT 1030", bandwidth_bytes_s=300e9)
    p = plan(replace(machine, gpus=(slow, fast)), "r1-distill-llama-70b", "Q4_K_M", context=8192)
    first, second = p.memory.devices[:2]
    assert first.total_bytes < second.total_bytes
    useless = replace(other, name="GT 1030", bandwidth_bytes_s=48e9, vram_free_bytes=2 * GIB, vram_total_bytes=2 * GIB)
    p = plan(replace(machine, gpus=(useless, fast)), "v4-flash-0731", "AD-IQ2_XXS")
    assert [d.name for d in p.memory.devices] == ["RTX 3090", "RAM"]
    assert p.fits
    needed = plan(replace(machine, gpus=(useless, fast)), "v4-flash-0731", "UD-Q4_K_XL")
    assert "RTX 3090" in [d.name for d in needed.memory.devices]
    assert "GT 1030: not used" in pulled(p)["split"].cost


def test_a_cap_is_kept_and_a_card_with_none_left_alone():
    p = plan("rtx3090x2-128gb", "r1-distill-qwen-32b", "Q4_K_M", vram_caps_bytes=(8 * GIB, 0))
    assert [d.kind for d in p.memory.devices] == ["gpu", "host"]
    assert p.memory.devices[0].total_bytes <= 8 * GIB
    assert "8.0 GiB" in pulled(p)["cap"].setting
    assert any("left alone" in w for w in p.warnings)


def test_a_draft_model_has_its_memory_on_the_card():
    alone = plan("rtx4090-64gb", "r1-distill-qwen-32b", "Q4_K_M", context=8192)
    both = plan("rtx4090-64gb", "r1-distill-qwen-32b", "Q4_K_M", context=8192, draft="r1-distill-qwen-1.5b")
    more = both.memory.devices[0].total_bytes - alone.memory.devices[0].total_bytes
    assert GIB < more < 3 * GIB
    assert "R1-Distill-Qwen-1.5B" in pulled(both)["draft"].setting
    assert (alone.placement.n_outputs, both.placement.n_outputs) == (1, 9)
    assert both.memory.devices[0].total_bytes <= both.memory.devices[0].free_bytes
    with pytest.raises(UserError):
        plan("rtx4090-64gb", "r1-distill-qwen-32b", "Q4_K_M", draft="no-such-model")


def test_a_draft_model_goes_to_ram_where_no_card_has_room():
    p = plan("laptop-cpu-16gb", "r1-distill-qwen-7b", "Q4_K_M", context=4096, draft="r1-distill-qwen-1.5b")
    assert pulled(p)["draft"].setting.endswith("RAM")
    assert p.memory.devices[0].weights_bytes > p.file_bytes


def test_mtp_layers_count_only_where_the_file_has_them():
    p = plan("rtx4090-192gb", "v4-flash-0731", "UD-Q4_K_XL", mtp=True)
    assert not p.placement.mtp
    assert any("no layers for multi-token prediction" in w for w in p.warnings)
    variant = KNOWN.find("r1-distill-qwen-7b")
    quant = variant.quant("Q4_K_M")
    facts = quant.facts
    empty = replace(facts.layers[-1], always_read_bytes=0, routed_expert_bytes=0)
    with_block = replace(facts, hyper=replace(facts.hyper, n_layer=29, nextn_layers=1), layers=(*facts.layers, empty))
    extra = 200 * MIB
    quant = replace(quant, facts=with_block, file_bytes=facts.weights_bytes + extra)
    off, on = (
        planner.plan(described("rtx4090-64gb"), variant, quant, Wishes(context=8192, mtp=mtp)) for mtp in (False, True)
    )
    assert on.placement.mtp
    assert on.memory.devices[0].weights_bytes - off.memory.devices[0].weights_bytes == extra
    assert on.memory.devices[0].kv_bytes * 28 == off.memory.devices[0].kv_bytes * 29
    assert "mtp" in pulled(on)
    assert any("does not draft with them" in w and "this is qwen2" in w for w in on.warnings)
    assert on.placement.n_outputs == 1


def test_why_prediction_layers_do_not_draft_is_said():
    facts = KNOWN.find("r1-0528").quant("Q4_K_M").facts

    def why(architecture="deepseek2", layout=KvLayout.MLA, n=1):
        hyper = replace(facts.hyper, nextn_layers=n)
        return why_not_by_itself(replace(facts, architecture=architecture, kv_layout=layout, hyper=hyper))

    assert why() == ""
    assert "deepseek32" in why("deepseek32", KvLayout.INDEXED_MLA)
    assert "deepseek4" in why("deepseek4", KvLayout.COMPRESSED)
    assert "April 2025" in why(layout=KvLayout.MLA_LEGACY)
    assert "has 2 of them" in why(n=2)


def test_parts_of_a_layer_stay_in_ram_where_the_sizes_are_known():
    variant = KNOWN.find("v4-flash-0731")
    quant = variant.quant("UD-Q4_K_XL")

    def split(layer):
        third = layer.routed_expert_bytes // 3
        return replace(
            layer, gate_exps_bytes=third, up_exps_bytes=third, down_exps_bytes=layer.routed_expert_bytes - 2 * third
        )

    facts = replace(quant.facts, layers=tuple(map(split, quant.facts.layers)))
    machine = described("rtx4090-192gb")
    for gib in range(15, 24):
        gpu = replace(machine.gpus[0], vram_free_bytes=gib * GIB)
        at = replace(machine, gpus=(gpu,))
        wishes = Wishes(context=16_384, n_ubatch=512)
        fine = planner.plan(at, variant, replace(quant, facts=facts), wishes)
        whole = replace(wishes, boundary_experts_on_cpu=())
        coarse = planner.plan(at, variant, replace(quant, facts=facts), whole)
        assert not coarse.placement.boundary_experts_on_cpu
        assert fine.memory.devices[0].weights_bytes >= coarse.memory.devices[0].weights_bytes
        if fine.placement.boundary_experts_on_cpu and coarse.placement.n_gpu_layers == fine.placement.n_gpu_layers:
            break
    else:
        pytest.fail("no layer was split")
    assert fine.placement.boundary_experts_on_cpu in (("up",), ("up", "gate"))
    assert fine.placement.expert_layers_on_cpu == coarse.placement.expert_layers_on_cpu - 1
    assert fine.memory.devices[0].weights_bytes > coarse.memory.devices[0].weights_bytes


def test_a_measured_machine_is_believed():
    machine = described("rtx4090-64gb")
    machine = replace(machine, gpus=(replace(machine.gpus[0], engine_device="CUDA0"),))
    measured = DeviceCalibration("CUDA0", {"q4_K": 500e9}, 1e-4, 2e-4, None, 5e13, 700 * MIB)
    calibration = Calibration("0.3.36", "2026-11-20T00:00:00Z", (measured,), threads=9)
    p = plan(replace(machine, calibration=calibration), "r1-distill-qwen-7b", "Q4_K_M")
    assert p.memory.devices[0].unaccounted_bytes == 700 * MIB
    assert p.placement.threads == 9
    before = plan(machine, "r1-distill-qwen-7b", "Q4_K_M")
    assert before.speed.basis == "datasheet"
    assert p.speed.basis == "calibrated"
    assert p.speed.decode_tokens_s < before.speed.decode_tokens_s


def test_a_v_cache_of_its_own_type_is_refused_where_there_is_none():
    with pytest.raises(UserError) as caught:
        plan("rtx4090-192gb", "v4-flash-0731", "UD-Q4_K_XL", kv_type_v="q8_0")
    assert "keeps both in one" in caught.value.why
    p = plan("rtx4090-64gb", "r1-distill-qwen-7b", "Q4_K_M", kv_type="q8_0", kv_type_v="f16")
    assert (p.placement.kv_type_k, p.placement.kv_type_v) == ("q8_0", "f16")


@pytest.mark.parametrize("quant", ["Q6_K", "UD-IQ1_S"])
def test_a_card_with_room_for_nothing_is_no_crash(quant):
    """Its free memory is all reserved: no layer sits on it, and nothing can be compared with its speed."""
    for name in ("rtx4090-64gb", "gtx1650-16gb"):
        free = described(name).gpus[0].vram_free_bytes
        p = plan(name, "v3-0324" if quant == "Q6_K" else "v3.2", quant, vram_reserve_bytes=free - 420 * MIB)
        assert not any(d.weights_bytes for d in p.memory.devices if d.kind == "gpu")


def test_a_rough_calibration_has_a_wide_range():
    cpu = DeviceCalibration("CPU", bandwidth_bytes_s={"q4_k": 20e9, "q6_k": 20e9}, layer_s=1e-5, moe_layer_s=2e-5)
    steady = Calibration("0.3.36", "2026-11-21T00:00:00+00:00", (cpu,), token_s=1e-3)

    def spread(calibration):
        made = plan(replace(described("laptop-cpu-16gb"), calibration=calibration), "r1-distill-qwen-7b", "Q4_K_M")
        assert made.speed.basis == "calibrated"
        return made.speed.decode_high / made.speed.decode_low

    assert spread(replace(steady, spread=2.0)) > 2 * spread(steady)


def test_snapshots_of_conversations_take_ram():
    """V4-Flash keeps 15 of 17 MiB; all its answers at once share the room, and other models need none."""
    p = plan("rtx4090-192gb", "v4-flash-0731", "UD-Q4_K_XL", context=8192)
    ram = p.memory.devices[-1]
    assert ram.checkpoint_bytes == pytest.approx(15 * 17.02 * MIB, rel=0.001)
    assert ram.unaccounted_bytes == UNACCOUNTED_HOST_BYTES + ram.checkpoint_bytes
    assert planner_json(p)["memory"]["devices"][-1]["checkpoint_bytes"] == ram.checkpoint_bytes
    assert all(d.checkpoint_bytes == 0 for d in p.memory.devices[:-1])
    several = plan("rtx4090-192gb", "v4-flash-0731", "UD-Q4_K_XL", context=8192, n_parallel=4).memory.devices[-1]
    assert several.checkpoint_bytes == pytest.approx(4 * 3 * 17.02 * MIB, rel=0.001)
    assert plan("rtx4090-64gb", "r1-0528-qwen3-8b", "Q4_K_M").memory.devices[-1].checkpoint_bytes == 0


def test_a_plan_fits_only_with_its_snapshots():
    machine = described("rtx4090-192gb")
    wishes = {"context": 8192, "n_gpu_layers": 0, "n_ubatch": 512, "kv_type": "f16"}
    ram = plan(machine, "v4-flash-0731", "UD-Q4_K_XL", **wishes).memory.devices[-1]
    for less, fits in ((0, True), (1, False)):
        room = replace(machine.ram, free_bytes=ram.total_bytes + Wishes().ram_reserve_bytes - less)
        at = replace(machine, ram=room, disks=())
        assert plan(at, "v4-flash-0731", "UD-Q4_K_XL", **wishes).fits is fits
