"""The engine's device list put together with the drivers' GPUs; names; the table of data sheets; Apple's share."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest

from launcher.core.machine import EngineDevice, Gpu
from launcher.core.paths import resource
from launcher.hardware import apple
from launcher.hardware.apple import AppleSource, gpu_share_bytes
from launcher.hardware.datasheet import Entry, normal_name, with_datasheet
from launcher.hardware.engine_view import backend_name, is_software, merge, vendor_of
from launcher.hardware.pcie import link_bytes_s, normal_address

GIB = 2**30
CPU = EngineDevice("CPU", "AMD Ryzen 9 7950X", "CPU", "cpu", 64 * GIB, 50 * GIB)
BLAS = EngineDevice("BLAS", "OpenBLAS", "BLAS", "accel", 0, 0)
RTX = Gpu("NVIDIA GeForce RTX 4090", "nvidia", None, 24 * GIB, 22 * GIB, pci_bus_id="0000:01:00.0")
SECOND = Gpu("NVIDIA GeForce RTX 3060", "nvidia", None, 12 * GIB, 11 * GIB, pci_bus_id="0000:04:00.0")
IGPU = Gpu("AMD GPU (1002:164e)", "amd", None, 16 * GIB, 15 * GIB, unified_memory=True, pci_bus_id="0000:11:00.0")


def device(
    name: str, description: str, backend: str, gib: float = 24, pci: str | None = None, kind: str = "gpu"
) -> EngineDevice:
    return EngineDevice(name, description, backend, kind, int(gib * GIB), int((gib - 2) * GIB), pci)


def test_nothing_is_said_when_the_engine_was_not_asked() -> None:
    assert merge((RTX, IGPU), ()) == (RTX, IGPU)


def test_processor_only_engine_says_what_is_needed() -> None:
    (gpu,) = merge((RTX,), (CPU, BLAS))
    assert gpu.backend is None
    assert gpu.engine_device is None
    assert gpu.notes == (
        "The present engine cannot use this GPU: CUDA or Vulkan is needed, it runs on the processor only.",
    )
    assert merge((), (CPU, BLAS)) == ()


def test_matched_by_bus_address_even_if_the_order_differs() -> None:
    devices = (
        device("CUDA0", "NVIDIA GeForce RTX 3060", "CUDA", 12, "0000:04:00.0"),
        device("CUDA1", "NVIDIA GeForce RTX 4090", "CUDA", 24, "00000000:01:00.0"),
        CPU,
    )
    first, second = merge((RTX, SECOND), devices)
    assert (first.backend, first.engine_device) == ("cuda", "CUDA1")
    assert (second.backend, second.engine_device) == ("cuda", "CUDA0")
    assert first.vram_free_bytes == RTX.vram_free_bytes  # the driver's figure


def test_matched_by_name_and_memory_without_addresses() -> None:
    small = Gpu("NVIDIA GeForce RTX 3060", "nvidia", None, 8 * GIB, 7 * GIB, pci_bus_id="0000:05:00.0")
    devices = (
        device("Vulkan0", "NVIDIA GeForce RTX 3060", "Vulkan", 8),
        device("Vulkan1", "NVIDIA GeForce RTX 3060", "Vulkan", 12),
    )
    first, second = merge((SECOND, small), devices)
    assert (first.engine_device, second.engine_device) == ("Vulkan1", "Vulkan0")


def test_two_equal_cards_get_a_device_each() -> None:
    other = Gpu(RTX.name, "nvidia", None, 24 * GIB, 20 * GIB, pci_bus_id="0000:02:00.0")
    devices = (device("CUDA0", RTX.name, "CUDA"), device("CUDA1", RTX.name, "CUDA"))
    assert [gpu.engine_device for gpu in merge((RTX, other), devices)] == ["CUDA0", "CUDA1"]


def test_a_card_listed_by_two_backends_is_one_card() -> None:
    (gpu,) = merge((RTX,), (device("CUDA0", RTX.name, "CUDA"), device("Vulkan0", RTX.name, "Vulkan")))
    assert gpu.engine_device == "CUDA0"


def test_a_nameless_card_takes_the_engines_name_and_its_data_sheet() -> None:
    gpu = Gpu("AMD GPU (1002:744c)", "amd", None, 24 * GIB, 23 * GIB, pci_bus_id="0000:03:00.0")
    (merged,) = merge((gpu,), (device("Vulkan0", "AMD Radeon RX 7900 XTX (RADV NAVI31)", "Vulkan"),))
    assert merged.name == "AMD Radeon RX 7900 XTX"
    assert with_datasheet(merged).bandwidth_bytes_s == 960e9


def test_missing_memory_comes_from_the_engine() -> None:
    gpu = Gpu("Intel Arc B580", "intel", pci_bus_id="0000:03:00.0")
    (merged,) = merge((gpu,), (device("Vulkan0", "Intel(R) Arc(tm) B580 Graphics (BMG G21)", "Vulkan", 12),))
    assert (merged.vram_total_bytes, merged.vram_free_bytes) == (12 * GIB, 10 * GIB)
    assert merged.engine_device == "Vulkan0"


def test_a_part_of_a_card_is_what_counts() -> None:
    card = Gpu("NVIDIA A100-SXM4-40GB", "nvidia", None, 40 * GIB, 39 * GIB, pci_bus_id="0000:01:00.0")
    (merged,) = merge((card,), (device("CUDA0", "NVIDIA A100-SXM4-40GB MIG 1g.5gb", "CUDA", 4.75),))
    assert merged.vram_total_bytes == int(4.75 * GIB)
    assert merged.notes == ("The engine sees 4.8 GiB of this card's 40.0 GiB.",)


def test_integrated_memory_is_what_the_engine_may_take() -> None:
    (gpu,) = merge(
        (IGPU,), (device("Vulkan0", "AMD Radeon Graphics (RADV RAPHAEL_MENDOCINO)", "Vulkan", 31, kind="igpu"),)
    )
    assert gpu.engine_device == "Vulkan0"
    assert (gpu.vram_total_bytes, gpu.vram_free_bytes) == (31 * GIB, 29 * GIB)
    assert gpu.name == "AMD Radeon Graphics"


def test_integrated_gpu_beside_a_card_is_left_out_for_a_reason() -> None:
    used, left = merge((RTX, IGPU), (device("Vulkan0", RTX.name, "Vulkan"), CPU))
    assert used.backend == "vulkan"
    assert left.notes == ("The engine leaves this integrated GPU out, because there is a better device.",)


def test_gpus_that_only_the_engine_sees_are_added() -> None:
    devices = (
        device("RPC0[192.168.1.5:50052]", "192.168.1.5:50052", "RPC", 16),
        device("Vulkan0", "AMD Radeon(TM) RX 6800 XT", "Vulkan", 16),
        device("Vulkan1", "llvmpipe (LLVM 15.0.6, 256 bits)", "Vulkan", 2),
    )
    remote, amd, software = merge((), devices)
    assert (remote.backend, remote.vendor, remote.name) == ("rpc", "other", "RPC0[192.168.1.5:50052]")
    assert "network" in remote.notes[0]
    assert (amd.backend, amd.vendor, amd.name) == ("vulkan", "amd", "AMD Radeon RX 6800 XT")
    assert with_datasheet(amd).bandwidth_bytes_s == 512e9
    assert "slow" in software.notes[0]


def test_a_remote_device_is_never_a_local_card() -> None:
    local, remote = merge((RTX,), (device("RPC0[10.0.0.2:50052]", RTX.name, "RPC"),))
    assert local.backend is None
    assert remote.backend == "rpc"


def test_unknown_address_with_a_known_name_is_another_card() -> None:
    merged = merge((RTX,), (device("CUDA0", RTX.name, "CUDA", 24, "0000:99:00.0"),))
    assert len(merged) == 2


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("CUDA", "cuda"),
        ("MTL", "metal"),
        ("Vulkan", "vulkan"),
        ("ROCm", "rocm"),
        ("RPC", "rpc"),
        ("HIP", "rocm"),
        ("", "other"),
    ],
)
def test_backend_names(raw: str, name: str) -> None:
    assert backend_name(EngineDevice("x", "", raw, "gpu", 1, 1)) == name


def test_vendors() -> None:
    assert vendor_of("Tesla T4") == "nvidia"
    assert vendor_of("Radeon RX 580 Series") == "amd"
    assert vendor_of("Intel(R) UHD Graphics 770 (ADL-S GT1)") == "intel"
    assert vendor_of("Apple M3 Max") == "apple"
    assert vendor_of("Adreno X1-85") == "other"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("NVIDIA GeForce RTX 3060", "GeForce RTX 3060"),
        ("Intel(R) Arc(tm) B580 Graphics (BMG G21)", "Intel Arc B580"),
        ("AMD Radeon RX 7900 XTX (RADV NAVI31)", "Radeon RX 7900 XTX"),
        ("AMD Radeon RX 580 Series (RADV POLARIS10)", "AMD Radeon RX 580"),
        ("NVIDIA A100-SXM4-40GB MIG 1g.5gb", "A100 SXM4 40GB"),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", "RTX 4090 Laptop"),
    ],
)
def test_names_that_mean_the_same(one: str, other: str) -> None:
    assert normal_name(one) == normal_name(other)


def test_names_that_differ() -> None:
    assert normal_name("NVIDIA GeForce RTX 4090 Laptop GPU") != normal_name("NVIDIA GeForce RTX 4090")
    assert normal_name("NVIDIA GeForce RTX 4060 Ti") != normal_name("NVIDIA GeForce RTX 4060")


@pytest.mark.parametrize(
    ("name", "vendor", "gib", "cores", "bandwidth"),
    [
        ("NVIDIA GeForce RTX 3060", "nvidia", 12, None, 360e9),
        ("NVIDIA GeForce RTX 3060", "nvidia", 8, None, 240e9),
        ("NVIDIA GeForce RTX 3080", "nvidia", 10, None, 760e9),
        ("NVIDIA GeForce RTX 3060", "nvidia", None, None, None),  # cannot be told apart
        ("Apple M3 Max", "apple", 48, 16, 400e9),
        ("Apple M3 Max", "apple", 27, 14, 300e9),
        ("NVIDIA GeForce RTX 9999", "nvidia", 24, None, None),
        ("GeForce RTX 4090", "amd", 24, None, None),
    ],
)
def test_data_sheet_by_name_and_version(
    name: str, vendor: str, gib: int | None, cores: int | None, bandwidth: float | None
) -> None:
    gpu = with_datasheet(Gpu(name, vendor, vram_total_bytes=gib and gib * GIB), cores)
    assert gpu.bandwidth_bytes_s == bandwidth


def test_known_values_are_kept() -> None:
    measured = Gpu("NVIDIA GeForce RTX 4090", "nvidia", bandwidth_bytes_s=912e9)
    assert with_datasheet(measured).bandwidth_bytes_s == 912e9


def test_the_table_is_sound() -> None:
    table = json.loads(resource("gpus.json").read_text("utf-8"))
    entries = table["gpus"]
    assert len(entries) >= 190
    allowed = {f.name for f in dataclasses.fields(Entry)} | {"basis"}
    keys = [(e["vendor"], normal_name(e["name"]), e.get("vram_gib"), e.get("cpu_cores")) for e in entries]
    assert len(set(keys)) == len(keys)
    for entry in entries:
        assert entry["source"] in table["sources"]
        assert 60 <= entry["bandwidth_gb_s"] <= 8000, entry["name"]
        flops = entry["fp16_tflops"]
        assert flops is None or 1 < flops < 3000
        assert set(entry) <= allowed
        assert entry.get("basis") in (None, "fp32", "computed")
        assert all(2 <= size <= 512 for size in entry["memory_gib"]), entry["name"]
        assert entry.get("vram_gib") in (None, *entry["memory_gib"])
        assert link_bytes_s(*entry.get("pcie", (4, 16))), entry["name"]
    for name in {(e["vendor"], normal_name(e["name"])) for e in entries}:
        versions = [e for e in entries if (e["vendor"], normal_name(e["name"])) == name]
        assert len(versions) == 1 or all(e.get("vram_gib") or e.get("cpu_cores") for e in versions), name


def test_apple_share_of_memory() -> None:
    assert gpu_share_bytes(64 * GIB, 0) == 48 * GIB
    assert gpu_share_bytes(16 * GIB, None) == 16 * GIB * 2 // 3
    assert gpu_share_bytes(16 * GIB, 12288) == 12 * GIB
    assert gpu_share_bytes(None, None) is None


def test_apple_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = {"hw.memsize": 64 * GIB}
    monkeypatch.setattr(apple, "sysctl_int", numbers.get)
    monkeypatch.setattr(apple, "sysctl_text", {"machdep.cpu.brand_string": "Apple M3 Max"}.get)
    monkeypatch.setattr(apple.platform, "machine", lambda: "arm64")
    (gpu,) = AppleSource().gpus()
    assert gpu.unified_memory
    assert gpu.vram_total_bytes == 48 * GIB
    gpu = with_datasheet(gpu, 16)
    assert (gpu.bandwidth_bytes_s, gpu.pcie_bytes_s) == (400e9, 400e9)
    (merged,) = merge((gpu,), (device("MTL0", "Apple M3 Max", "MTL", 47),))
    assert (merged.backend, merged.vram_total_bytes) == ("metal", 47 * GIB)
    (sample,) = AppleSource().sample(frozenset())
    assert sample.vram_total_bytes == 48 * GIB
    assert re.search("administrators", sample.note)
    numbers.clear()
    (gpu,) = AppleSource().gpus()
    assert gpu.vram_total_bytes is None


def test_sysctl_where_there_is_none() -> None:
    assert apple.sysctl_text("no.such.name") is None
    assert apple.sysctl_int("no.such.name") is None


def test_pcie_links() -> None:
    assert link_bytes_s(3, 16) == pytest.approx(12.6e9, rel=0.01)
    assert link_bytes_s(5, 16) == pytest.approx(50.4e9, rel=0.01)
    assert link_bytes_s(None, 16) is link_bytes_s(9, 16) is link_bytes_s(4, 0) is link_bytes_s(4, None) is None
    assert normal_address("00000000:0A:00.0") == normal_address("0a:00.0") == "0000:0a:00.0"
    assert normal_address("garbage") is normal_address("") is normal_address(None) is None


@pytest.mark.parametrize(
    ("description", "is_pretended"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", True),
        ("SwiftShader Device (LLVM 10.0.0)", True),
        ("NVIDIA GeForce RTX 4090", False),
        ("AMD Radeon Graphics (RADV NAVI33)", False),
    ],
)
def test_a_processor_that_pretends_to_be_a_card_is_told(description: str, is_pretended: bool) -> None:
    assert is_software(device("Vulkan0", description, "Vulkan")) is is_pretended
