"""Cards by name and described computers: found as people write them, refused with the near names, usable in a plan."""

from __future__ import annotations

import pytest

from launcher import catalog, planner
from launcher.core.errors import UserError
from launcher.core.machine import Gpu, machine_to_json
from launcher.core.units import GIB
from launcher.hardware.datasheet import with_datasheet
from launcher.hardware.presets import (
    DESKTOP_RAM_BYTES,
    DESKTOP_VRAM_BYTES,
    described_machine,
    preset_gpu,
    preset_gpus,
    preset_names,
    ram_kind,
    ram_kinds,
)


@pytest.mark.parametrize(
    ("name", "gpu", "gib", "gb_s"),
    [
        ("RTX 3060", "NVIDIA GeForce RTX 3060", 12, 360),
        ("3060 12gb", "NVIDIA GeForce RTX 3060", 12, 360),
        ("3060 8 GB", "NVIDIA GeForce RTX 3060", 8, 240),
        ("rtx3060ti", "NVIDIA GeForce RTX 3060 Ti", 8, 448),
        ("RTX 4060 Ti 16GB", "NVIDIA GeForce RTX 4060 Ti", 16, 288),
        ("7900xtx", "AMD Radeon RX 7900 XTX", 24, 960),
        ("b580", "Intel Arc B580", 12, 456),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", "NVIDIA GeForce RTX 4090 Laptop GPU", 16, 576),
        ("a100", "NVIDIA A100-PCIE-40GB", 40, 1555),
        ("A100 80GB", "NVIDIA A100 80GB PCIe", 80, 1935),
        ("GH200 480GB", "NVIDIA GH200 480GB", 96, 4000),
        ("TITAN RTX", "NVIDIA TITAN RTX", 24, 672),
        ("gtx 1060", "NVIDIA GeForce GTX 1060 6GB", 6, 192),
        ("Radeon(TM) 8060S Graphics", "AMD Radeon 8060S", 96, 256),
    ],
)
def test_a_card_as_people_write_it(name: str, gpu: str, gib: int, gb_s: float) -> None:
    found = preset_gpu(name)
    assert (found.name, found.vram_total_bytes, found.bandwidth_bytes_s) == (gpu, gib * GIB, gb_s * 1e9)


@pytest.mark.parametrize(("name", "gpu"), [("m4", "Apple M4"), ("M4 Pro", "Apple M4 Pro"), ("m3max", "Apple M3 Max")])
def test_apple_chips_share_the_memory(name: str, gpu: str) -> None:
    found = preset_gpu(name)
    assert found.name == gpu
    assert found.unified_memory
    assert found.pcie_bytes_s == found.bandwidth_bytes_s


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("rx 7900", "RX 7900 XTX, RX 7900 XT, RX 7900 GRE"),
        ("3060 24gb", "RTX 3060 8 GB, RTX 3060 12 GB"),
        ("RTX 4098", "RTX 4090"),
        ("voodoo", "No known name"),
        ("rtx", "RTX "),
        ("gpu", ""),
        ("", "No known name"),
    ],
)
def test_what_is_not_one_card_is_refused_with_near_names(name: str, near: str) -> None:
    with pytest.raises(UserError) as caught:
        preset_gpu(name)
    assert caught.value.code == "unknown_gpu"
    # Said once: the window writes reason and advice after one another.
    (step,) = caught.value.next_steps
    assert near in step.label
    assert "Near names" not in caught.value.why
    assert str(len(preset_names())) in caught.value.why


def test_every_offered_name_is_one_card() -> None:
    names = preset_names()
    assert len(names) >= 190
    assert len(set(names)) == len(names)
    for name in names:
        gpu = preset_gpu(name)
        assert gpu.vram_total_bytes, name
        assert gpu.bandwidth_bytes_s, name


def test_a_preset_is_what_the_probe_says_of_that_card() -> None:
    for name in ("RTX 3080 12 GB", "RTX 3080 10 GB", "RX 6800 XT"):
        gpu = preset_gpu(name)
        seen = with_datasheet(Gpu(gpu.name, gpu.vendor, vram_total_bytes=gpu.vram_total_bytes))
        assert (seen.bandwidth_bytes_s, seen.fp16_flops) == (gpu.bandwidth_bytes_s, gpu.fp16_flops)


def test_several_cards() -> None:
    assert [g.name[-4:] for g in preset_gpus("2x RTX 3090 + 3060 12gb")] == ["3090", "3090", "3060"]
    assert len(preset_gpus("4 x 4090")) == 4
    for text in ("17x RTX 3090", "0x RTX 3090", "2x", "RTX 3090,"):
        with pytest.raises(UserError):
            preset_gpus(text)


def test_a_described_computer() -> None:
    machine = described_machine(preset_gpus("2x RTX 3090 + RX 7900 XTX"), 64 * GIB, "ddr5 6000")
    assert machine.name == "2x RTX 3090, RX 7900 XTX, 64 GiB RAM"
    assert machine.ram.free_bytes == 64 * GIB - DESKTOP_RAM_BYTES
    assert machine.ram.kind == "DDR5-6000"
    assert machine.ram.bandwidth_bytes_s == pytest.approx(96e9 * 0.7)
    assert [g.engine_device for g in machine.gpus] == ["CUDA0", "CUDA1", "Vulkan0"]
    free = [(g.vram_total_bytes or 0) - (g.vram_free_bytes or 0) for g in machine.gpus]
    assert free == [DESKTOP_VRAM_BYTES, 0, 0]
    assert machine.disks == ()
    assert "4.0 GiB" in machine.notes[0]
    assert machine_to_json(machine)["gpus"]


def test_a_described_mac() -> None:
    machine = described_machine([preset_gpu("M3 Max")], 64 * GIB)
    (gpu,) = machine.gpus
    assert machine.os == "macos"
    assert (gpu.backend, gpu.engine_device, gpu.vram_total_bytes) == ("metal", "MTL0", 48 * GIB)
    assert machine.ram.bandwidth_bytes_s == 400e9


def test_a_computer_without_a_card_and_a_large_one() -> None:
    small = described_machine([], 8 * GIB, "DDR4-3200, 1 channel")
    assert small.name == "No graphics card, 8 GiB RAM"
    assert small.ram.free_bytes == 6 * GIB
    large = described_machine([], 768 * GIB)
    assert large.cpu.cores == 32
    assert large.ram.kind == "DDR4-3200, 8 channels"
    for wrong in (0, 10**18):
        with pytest.raises(UserError):
            described_machine([], wrong)


def test_memory_classes() -> None:
    names = [k.name for k in ram_kinds()]
    assert len(set(names)) == len(names) >= 24
    for kind in ram_kinds():
        assert 0.5 < kind.read_share <= 1
        assert ram_kind(kind.name.lower()) == kind
    with pytest.raises(UserError) as caught:
        ram_kind("DDR4-3201")
    assert "DDR4-3200" in caught.value.next_steps[0].label


def test_a_plan_uses_the_described_cards() -> None:
    known = catalog.load()
    variant = known.find("r1-distill-qwen-14b")
    quant = variant.quant("Q4_K_M")
    assert quant
    for names in ("RTX 3060", "RX 7900 XT", "B580", "M4 Max", "2x RTX 3060", "GB10"):
        machine = described_machine(preset_gpus(names), 64 * GIB)
        plan = planner.plan(machine, variant, quant)
        assert plan.fits
        assert plan.placement.n_gpu_layers == plan.n_layer + 1, names
