"""Known rows that the speed constants must reproduce; the last digits are not the point, the class is."""

import pytest

from launcher import catalog, planner
from launcher.core.machine import Cpu, Disk, Gpu, Machine, Ram
from launcher.core.plans import Wishes
from launcher.core.units import GIB
from tests.unit.planner_machines import described

KNOWN = catalog.load()


def plan(machine, model, quant, **levers):
    variant = KNOWN.find(model)
    return planner.plan(machine, variant, variant.quant(quant), Wishes(**levers))


RTX5090 = Machine(
    "RTX 5090, DDR5-5600",
    "linux",
    Cpu("x", 16, 32),
    Ram(256 * GIB, 240 * GIB, 62.7e9),
    (Gpu("RTX 5090", "nvidia", "cuda", 32 * GIB, 31 * GIB, 1792e9, 209e12, 50e9),),
)


def test_v4_flash_with_all_experts_in_ram():
    """Measured: 13.7 tokens/s on an RTX 5090 with 62.7 GB/s RAM."""
    p = plan(RTX5090, "v4-flash-0731", "UD-Q4_K_XL", expert_layers_on_cpu=43)
    assert p.speed.decode_tokens_s == pytest.approx(13.7, rel=0.08)
    assert p.speed.decode_low < 13.7 < p.speed.decode_high


def test_an_8b_alone_reaches_57_to_60_percent_of_the_bandwidth():
    p = plan(described("rtx4090-64gb"), "r1-distill-llama-8b", "Q4_K_M", context=4096)
    bytes_per_token = 4_912_898_304 - 128256 * 4096 * 4.5 / 8  # the embedding is a row look-up
    assert 0.55 < p.speed.decode_tokens_s * bytes_per_token / 1008e9 < 0.61


def test_a_7b_on_a_laptop():
    p = plan(described("laptop-cpu-16gb"), "r1-distill-qwen-7b", "Q4_K_M")
    assert p.speed.decode_tokens_s == pytest.approx(8.1, rel=0.1)


def test_a_70b_split_over_card_and_ram():
    p = plan(described("rtx4090-64gb"), "r1-distill-llama-70b", "Q4_K_M")
    assert p.speed.decode_tokens_s == pytest.approx(2.5, rel=0.1)


def test_few_active_parameters_answer_faster_than_a_dense_model_of_that_size():
    machine = described("rtx4090-64gb")
    lite = plan(machine, "coder-v2-lite-instruct", "Q4_K_M").speed.decode_tokens_s
    assert lite > 1.8 * plan(machine, "r1-distill-qwen-14b", "Q4_K_M").speed.decode_tokens_s
    # ... but not in proportion to the bytes: its layers have twice the constant.
    assert lite < 1008e9 / 1.61e9 * 0.5


def test_unknown_bandwidth_is_assumed_low_and_said():
    machine = Machine(
        "odd",
        "linux",
        Cpu("x", 8, 16),
        Ram(64 * GIB, 50 * GIB),
        (Gpu("Mystery", "other", "vulkan", 24 * GIB, 23 * GIB),),
        (Disk("/", 10**12),),
    )
    p = plan(machine, "r1-0528-qwen3-8b", "Q4_K_M")
    known = plan(described("rx7900xtx-64gb"), "r1-0528-qwen3-8b", "Q4_K_M")
    assert p.speed.decode_tokens_s < known.speed.decode_tokens_s / 4
    assert p.speed.decode_high / p.speed.decode_low > 2
    assert any("not known" in w for w in p.warnings)


def test_the_types_weights_are_packed_in_limit_few_cores():
    from launcher.planner import speed

    rates = [speed.host_device(60e9, 2, q).bandwidth_bytes_s for q in ("UD-IQ2_XXS", "Q4_K_M", "Q8_0", "BF16")]
    assert rates == sorted(set(rates))
    assert speed.core_bytes_s("IQ4_XS") == speed.core_bytes_s("UD-Q4_K_XL") == speed.core_bytes_s("unknown")
    many = {speed.host_device(60e9, 24, q).bandwidth_bytes_s for q in ("UD-IQ2_XXS", "Q4_K_M", "Q8_0", "BF16")}
    assert len(many) == 1  # there the RAM is the limit


def test_two_cores_with_real_weights():
    """Measured: 0.17 GB of Q4_K_M per token at 80-90 tokens/s, 0.62 GB of Q8_0 at 29-34, with RAM that reads 24-30 GB/s."""
    from launcher.planner import speed

    for quant, read_bytes, n_layer, measured in (("Q4_K_M", 0.166e9, 10, 88.6), ("Q8_0", 0.615e9, 16, 32)):
        device = speed.host_device(27e9, 2, quant)
        seconds = speed.token_seconds(speed.device_seconds(device, speed.Work(read_bytes, n_layer, 0)), 0)
        assert 1 / seconds == pytest.approx(measured, rel=0.15)


def test_prefill_streams_experts_over_the_bus():
    """With 125 GB of experts in RAM a batch of 512 copies nearly all of them: 25 GB/s allow about 100 tokens/s."""
    p = plan(described("rtx4090-192gb"), "v4-flash-0731", "UD-Q4_K_XL")
    assert 70 < p.speed.prefill_tokens_s < 130
    assert p.speed.time_to_first_token_s == pytest.approx(
        1000 / p.speed.prefill_tokens_s + 1 / p.speed.decode_tokens_s, rel=0.02
    )
