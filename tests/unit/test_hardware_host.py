"""Processor, RAM and disks, also inside a container's limits (recorded control groups v1 and v2)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.hardware import Meters, probe
from launcher.hardware.cgroup import cpu_limit, memory_limit
from launcher.hardware.cpu import read_cpu
from launcher.hardware.disks import read_disks
from launcher.hardware.memory import ram_notes, read_ram, speed_unknown
from tests.depth import part

GIB = 2**30

V2 = {
    "proc/self/cgroup": "0::/user.slice/app.scope\n",
    "proc/self/mountinfo": "22 27 0:21 / /proc rw - proc proc rw\n31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    "sys/fs/cgroup/user.slice/memory.max": f"{8 * GIB}\n",
    "sys/fs/cgroup/user.slice/memory.current": f"{5 * GIB}\n",
    "sys/fs/cgroup/user.slice/memory.stat": f"anon 1\ninactive_file {3 * GIB}\nactive_file 77\n",
    "sys/fs/cgroup/user.slice/cpu.max": "150000 100000\n",
    "sys/fs/cgroup/user.slice/app.scope/memory.max": "max\n",
    "sys/fs/cgroup/user.slice/app.scope/cpu.max": "max 100000\n",
}
# As Docker shows it with version 1: the path is the host's, the mount begins at it.
V1 = {
    "proc/self/cgroup": "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n",
    "proc/self/mountinfo": (
        "33 32 0:29 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"
        "34 32 0:30 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
    ),
    "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{2 * GIB}\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{GIB}\n",
    "sys/fs/cgroup/memory/memory.stat": f"inactive_file 5\ntotal_inactive_file {GIB // 2}\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
    "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
}


def lay_out(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_v2_limit_of_the_group_above_counts_and_cache_is_free(tmp_path: Path) -> None:
    limit = memory_limit(lay_out(tmp_path, V2))
    assert limit is not None
    assert limit.limit_bytes == 8 * GIB
    assert limit.free_bytes == 6 * GIB
    assert cpu_limit(tmp_path) == 1.5


def test_v1_in_a_container_that_sees_the_hosts_path(tmp_path: Path) -> None:
    limit = memory_limit(lay_out(tmp_path, V1))
    assert limit is not None
    assert limit.limit_bytes == 2 * GIB
    assert limit.free_bytes == GIB + GIB // 2
    assert cpu_limit(tmp_path) == 0.5


@pytest.mark.parametrize("none", ["9223372036854771712", "-1", "max", ""])
def test_no_limit(none: str, tmp_path: Path) -> None:
    files = {
        **V1,
        "sys/fs/cgroup/memory/memory.limit_in_bytes": none,
        "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1",
    }
    root = lay_out(tmp_path, files)
    assert memory_limit(root) is None
    assert cpu_limit(root) is None
    assert memory_limit(tmp_path / "nothing") is None


def test_ram_is_cut_to_the_container(tmp_path: Path) -> None:
    ram = read_ram(lay_out(tmp_path, V1))
    assert ram.total_bytes == 2 * GIB
    assert 0 < ram.free_bytes <= GIB + GIB // 2
    assert "This container may use 2.0 GiB of the computer's" in ram_notes(ram)[0]
    assert ram.bandwidth_bytes_s is None
    assert ram.kind is None


def test_ram_of_this_computer() -> None:
    ram = read_ram()
    assert 0 < ram.free_bytes <= ram.total_bytes <= psutil.virtual_memory().total


def test_zfs_cache_counts_as_free(tmp_path: Path) -> None:
    before = read_ram(tmp_path).free_bytes
    lay_out(tmp_path, {"proc/spl/kstat/zfs/arcstats": f"13 1 0x01\nname type data\nsize 4 {2**50}\nc_min 4 {GIB}\n"})
    after = read_ram(tmp_path)
    assert after.free_bytes == after.total_bytes > before


X86 = "processor : 0\nmodel name\t: 13th Gen Intel(R) Core(TM) i7-13700K CPU @ 3.40GHz\nflags\t\t: fpu avx avx2 f16c fma avx512vbmi amx_int8\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd asimddp sve i8mm\n"


def test_processor_names_and_instructions(tmp_path: Path) -> None:
    cpu, _ = read_cpu(lay_out(tmp_path / "x86", {"proc/cpuinfo": X86}))
    assert cpu.name == "13th Gen Intel Core i7-13700K"
    assert cpu.instruction_sets == ("avx", "avx2", "f16c", "fma", "avx512_vbmi", "amx_int8")
    cpu, _ = read_cpu(lay_out(tmp_path / "arm", {"proc/cpuinfo": ARM}))
    assert cpu.instruction_sets == ("neon", "dotprod", "i8mm", "sve")
    assert cpu.name


@pytest.mark.skipif(sys.platform != "linux", reason="the engine knows memory nodes on Linux only")
@pytest.mark.parametrize(
    ("names", "nodes"), [(["node0", "node1", "node10", "possible"], 3), (["node0"], 1), ([], None)]
)
def test_memory_nodes_are_counted(tmp_path: Path, names: list[str], nodes: int | None) -> None:
    for name in names:
        (tmp_path / "sys/devices/system/node" / name).mkdir(parents=True)
    assert read_cpu(tmp_path)[0].numa_nodes == nodes


def test_a_container_takes_processors_away(tmp_path: Path) -> None:
    cpu, notes = read_cpu(lay_out(tmp_path, V1))
    assert (cpu.cores, cpu.threads) == (1, 1)
    threads = psutil.cpu_count()
    assert notes == (f"This program may use 0.5 of the {threads} processor threads here.",)


def test_affinity_counts(tmp_path: Path) -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert read_cpu(tmp_path)[0].threads == 1
    finally:
        os.sched_setaffinity(0, allowed)


@settings(max_examples=part(80), deadline=None)
@given(
    name=st.sampled_from(sorted({*V1, *V2, "proc/cpuinfo", "proc/spl/kstat/zfs/arcstats"})),
    garbage=st.binary(max_size=80),
)
def test_garbage_in_kernel_files_never_raises(
    name: str, garbage: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = lay_out(tmp_path_factory.mktemp("garbage"), {**V2, **V1, "proc/cpuinfo": X86})
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(garbage)
    ram = read_ram(root)
    assert 0 <= ram.free_bytes <= ram.total_bytes
    assert read_cpu(root)[0].cores >= 1


def test_disk_of_the_hub_cache_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "not" / "made" / "yet"))
    disks = read_disks()
    assert tmp_path.is_relative_to(disks[0].path)
    assert disks[0].total_bytes == psutil.disk_usage(str(tmp_path)).total
    assert len({disk.path for disk in disks}) == len(disks)


@pytest.mark.parametrize(
    ("node", "rotational", "kind"),
    [("nvme0n1/nvme0n1p2", "0", "SSD"), ("sdb/sdb1", "1", "HDD"), ("vda", "1", None), ("sda", "?", None)],
)
def test_kind_of_disk(node: str, rotational: str, kind: str | None, tmp_path: Path) -> None:
    device = Path("/").stat().st_dev
    disk, _, partition = node.partition("/")
    lay_out(tmp_path, {f"sys/block/{disk}/queue/rotational": rotational})
    if partition:
        lay_out(tmp_path, {f"sys/block/{node}/partition": "1"})
    link = tmp_path / f"sys/dev/block/{os.major(device)}:{os.minor(device)}"
    link.parent.mkdir(parents=True)
    link.symlink_to(f"../../block/{node}")
    root_disk = next(d for d in read_disks(tmp_path) if d.path == "/")
    assert root_disk.kind == kind


def test_meters_of_this_computer() -> None:
    pid: int | None = None
    meters = Meters(lambda: pid)
    alone = meters.sample()
    assert alone.ram_used_by_app_bytes == alone.ram_used_by_window_bytes > 0
    pid = os.getppid()
    together = meters.sample()
    assert together.ram_used_by_app_bytes > together.ram_used_by_window_bytes
    pid = 2**22 + 1  # no such process: the engine died a moment ago
    dead = meters.sample()
    assert dead.ram_used_by_app_bytes == dead.ram_used_by_window_bytes
    assert alone.monotonic_s < together.monotonic_s < dead.monotonic_s
    assert 0 <= dead.cpu_load <= 1
    meters.close()


def test_meters_see_work() -> None:
    meters = Meters(lambda: None)
    end = psutil.Process().cpu_times().user + 0.15
    while psutil.Process().cpu_times().user < end:
        sum(range(10_000))
    assert meters.sample().cpu_load > 0
    meters.close()


def test_probe_of_this_computer() -> None:
    machine = probe()
    assert machine.os in ("linux", "windows", "macos")
    assert machine.cpu.cores <= machine.cpu.threads or machine.cpu.threads == 1
    assert machine.disks
    assert machine.name.endswith("RAM")
    assert speed_unknown() not in machine.notes
    is_known = machine.ram.bandwidth_bytes_s is not None
    assert bool(machine.ram.bandwidth_basis) == is_known
    assert any(note.startswith("How fast the RAM is") for note in machine.notes) != is_known


def test_nothing_is_measured_for_a_recorded_machine(tmp_path: Path) -> None:
    machine = probe(root=tmp_path)
    assert machine.ram.bandwidth_bytes_s is None
    assert speed_unknown() in machine.notes
