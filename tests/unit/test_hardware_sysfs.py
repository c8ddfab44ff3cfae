"""AMD and Intel GPUs from recorded kernel trees, and what happens when such files hold garbage."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from launcher.core.machine import Gpu, GpuSample
from launcher.hardware.datasheet import with_datasheet
from launcher.hardware.drm import DrmSource
from tests.depth import part
from tests.fakes.sysfs import replay

ENGINE = frozenset({4711})


def only_gpu(root: Path) -> Gpu:
    (gpu,) = DrmSource(root).gpus()
    return gpu


def only_sample(source: DrmSource, pids: frozenset[int] = ENGINE) -> GpuSample:
    (sample,) = source.sample(pids)
    return sample


def card_folder(root: Path) -> Path:
    return next((root / "sys/bus/pci/devices").iterdir()).resolve()


def test_discrete_amd(tmp_path: Path) -> None:
    root = replay("amdgpu_rx7900xtx", tmp_path)
    gpu = only_gpu(root)
    assert gpu.name == "AMD Radeon RX 7900 XTX"
    assert (gpu.vendor, gpu.driver, gpu.pci_bus_id) == ("amd", "amdgpu", "0000:03:00.0")
    assert gpu.vram_total_bytes == 25753026560
    assert gpu.vram_free_bytes == 25753026560 - 1189560320
    assert (gpu.pcie_generation, gpu.pcie_width) == (4, 16)
    assert gpu.power_limit_w == 339
    assert not gpu.unified_memory
    assert gpu.notes == ()
    assert with_datasheet(gpu).bandwidth_bytes_s == 960e9


def test_discrete_amd_meters(tmp_path: Path) -> None:
    sample = only_sample(DrmSource(replay("amdgpu_rx7900xtx", tmp_path)))
    assert sample.load == 0.12
    assert sample.temperature_c == 47
    assert (sample.power_w, sample.power_limit_w) == (31, 339)
    assert sample.vram_used_by_app_bytes == 1_000_000 * 1024  # two files, one client
    assert sample.vram_used_by_others_bytes == 1189560320 - 1_000_000 * 1024


def test_a_narrow_slot_is_found_behind_the_cards_own_switch(tmp_path: Path) -> None:
    root = replay("amdgpu_rx7900xtx", tmp_path)
    (root / "sys/devices/pci0000:00/0000:00:01.1/max_link_width").write_text("4\n")
    gpu = only_gpu(root)
    assert (gpu.pcie_generation, gpu.pcie_width) == (4, 4)
    assert gpu.pcie_bytes_s == pytest.approx(6.3e9, rel=0.01)


def test_a_sleeping_card_is_not_woken(tmp_path: Path) -> None:
    sample = only_sample(DrmSource(replay("amdgpu_rx7900xtx", tmp_path, runtime_status="suspended")))
    assert sample.load is None
    assert sample.vram_free_bytes is None
    assert "sleeps" in sample.note


def test_a_card_leaves_and_comes_back(tmp_path: Path) -> None:
    root = replay("amdgpu_rx7900xtx", tmp_path)
    source = DrmSource(root)
    folder = (root / "sys/bus/pci/devices/0000:03:00.0").resolve()
    shutil.move(folder, tmp_path / "aside")
    gone = only_sample(source)
    assert (gone.vram_total_bytes, gone.load) == (None, None)
    assert gone.note == "This card is not on the bus any more."
    shutil.move(tmp_path / "aside", folder)
    assert only_sample(source).load == 0.12


def test_own_memory_is_unknown_without_the_kernels_figures(tmp_path: Path) -> None:
    root = replay("amdgpu_rx7900xtx", tmp_path)
    (root / "proc/4711/fdinfo/9").write_text("pos: 0\n")
    assert only_sample(DrmSource(root)).vram_used_by_app_bytes is None
    assert only_sample(DrmSource(root), frozenset({1})).vram_used_by_app_bytes is None  # may not be looked into


def test_a_process_that_does_not_use_the_card_holds_nothing(tmp_path: Path) -> None:
    root = replay("amdgpu_rx7900xtx", tmp_path)
    for number in ("7", "9"):
        (root / "proc/4711/fd" / number).unlink()
    assert only_sample(DrmSource(root)).vram_used_by_app_bytes == 0


def test_integrated_amd_counts_the_ram_it_may_map(tmp_path: Path) -> None:
    root = replay("amdgpu_780m", tmp_path)
    gpu = only_gpu(root)
    assert gpu.name == "AMD GPU (1002:15bf)"  # no list of names installed
    assert gpu.unified_memory
    assert gpu.vram_total_bytes == 2147483648 + 15032385536
    assert gpu.vram_free_bytes == gpu.vram_total_bytes - 838860800 - 104857600
    assert gpu.pcie_bytes_s is None
    sample = only_sample(DrmSource(root))
    assert sample.power_w == pytest.approx(9.126)
    assert sample.power_limit_w is None


def test_integrated_intel(tmp_path: Path) -> None:
    root = replay("i915_uhd770", tmp_path)
    gpu = only_gpu(root)
    assert gpu.name == "Intel UHD Graphics 770"
    assert gpu.unified_memory
    assert gpu.vram_total_bytes is None
    assert gpu.notes == ("Its memory is the computer's RAM.", "Intel's driver does not report load here.")
    sample = only_sample(DrmSource(root))
    assert sample == GpuSample("Intel UHD Graphics 770", pci_bus_id="0000:00:02.0")


def test_discrete_intel(tmp_path: Path) -> None:
    now = 100.0
    root = replay("xe_b580", tmp_path)
    source = DrmSource(root, clock=lambda: now)
    (gpu,) = source.gpus()
    assert gpu.name == "Intel Arc B580"
    assert not gpu.unified_memory
    assert gpu.vram_total_bytes is None
    assert "The driver does not tell how much memory this card has." in gpu.notes
    assert (gpu.pcie_generation, gpu.pcie_width) == (4, 8)  # not the 2.5 GT/s x1 of its inner end
    assert with_datasheet(gpu).bandwidth_bytes_s == 456e9
    first = only_sample(source)
    assert first.power_w is None  # an energy counter needs two readings
    assert first.temperature_c == 44
    assert first.vram_used_by_app_bytes == 300 * 2**20
    now = 102.0
    (card_folder(root) / "hwmon/hwmon4/energy1_input").write_text("5090000000\n")
    assert only_sample(source).power_w == 45
    now = 103.0
    (card_folder(root) / "hwmon/hwmon4/energy1_input").write_text("12\n")  # the counter wrapped
    assert only_sample(source).power_w is None


def test_nvidia_card_without_its_driver(tmp_path: Path) -> None:
    gpu = only_gpu(replay("nouveau_4090", tmp_path))
    assert gpu.name == "NVIDIA GPU (10de:2684)"
    assert gpu.notes[0] == "This GPU needs the driver nvidia; it uses nouveau."
    assert gpu.vram_total_bytes is None


def test_nvidia_card_whose_library_is_missing(tmp_path: Path) -> None:
    root = replay("nouveau_4090", tmp_path)
    (root / "sys/bus/pci/drivers/nouveau").rename(root / "sys/bus/pci/drivers/nvidia")
    link = card_folder(root) / "driver"
    link.unlink()
    link.symlink_to("../../../../bus/pci/drivers/nvidia")
    assert only_gpu(root).notes[0] == "Its driver runs, but NVIDIA's library tells nothing about it here."


def test_ambiguous_names_get_no_data_sheet(tmp_path: Path) -> None:
    root = replay("amdgpu_rx7900xtx", tmp_path)
    (root / "usr/share/libdrm/amdgpu.ids").unlink()
    (root / "usr/share/hwdata").mkdir()
    (root / "usr/share/hwdata/pci.ids").write_text("1002  AMD\n\t744c  Navi 31 [Radeon RX 7900 XT/7900 XTX/7900 GRE]\n")
    gpu = with_datasheet(only_gpu(root))
    assert gpu.name == "AMD Radeon RX 7900 XT/7900 XTX/7900 GRE"
    assert gpu.bandwidth_bytes_s is None


def test_no_pci_bus_at_all(tmp_path: Path) -> None:
    source = DrmSource(tmp_path)
    assert (source.gpus(), source.sample(ENGINE), source.problem) == ((), (), "")


GARBAGE = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"", b"N/A\n", b"-5", b"1e9", b"9" * 5000, b"0x", b"\xff\xfe", b"1_000", "١٢".encode(), b"nan", b"\0"]
    ),
)
_NAMES = (
    "class", "vendor", "device", "revision", "mem_info_vram_total", "mem_info_vram_used", "gpu_busy_percent", "max_link_speed",
    "max_link_width", "temp1_input", "temp2_input", "power1_average", "power1_input", "power1_cap", "power1_max",
    "energy1_input", "in1_label", "runtime_status", "product_name", "amdgpu.ids", "pci.ids", "7", "9", "5",
)  # fmt: skip


@settings(max_examples=part(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    recording=st.sampled_from(["amdgpu_rx7900xtx", "amdgpu_780m", "i915_uhd770", "xe_b580"]),
    garbage=st.dictionaries(st.sampled_from(_NAMES), GARBAGE, min_size=1, max_size=6),
)
def test_garbage_never_raises_and_never_shows(
    recording: str, garbage: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = replay(recording, tmp_path_factory.mktemp("garbage"))
    for folder, _, files in os.walk(root):
        for name in set(files) & set(garbage):
            path = Path(folder) / name
            if not path.is_symlink():
                path.write_bytes(garbage[name])
    source = DrmSource(root)
    for gpu in source.gpus():
        for number in (gpu.vram_total_bytes, gpu.vram_free_bytes, gpu.pcie_bytes_s, gpu.power_limit_w):
            assert number is None or number >= 0
        assert 0 < len(gpu.name) <= 100
    for sample in source.sample(ENGINE):
        assert sample.load is None or 0 <= sample.load <= 1
        assert sample.power_w is None or sample.power_w >= 0
        free, total = sample.vram_free_bytes, sample.vram_total_bytes
        assert free is None or (total is not None and free <= total)
