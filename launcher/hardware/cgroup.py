"""What a Linux container allows: memory and processor time of the control groups (v1 and v2) this process is in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from launcher.hardware.kernel_files import read_count, read_pairs, read_text


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """The tightest limit. `free_bytes` counts file cache as free, because the kernel drops it first."""

    limit_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True)
class _Files:
    """File names of one cgroup version."""

    limit: str
    usage: str
    inactive_cache: str


_V1 = _Files("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_V2 = _Files("memory.max", "memory.current", "inactive_file")


def memory_limit(root: Path = Path("/")) -> MemoryLimit | None:
    """The tightest memory limit from this process's group up to the top; None without one."""
    found: list[MemoryLimit] = []
    for files, controller in ((_V1, "memory"), (_V2, "")):
        for folder in _groups(root, controller):
            limit = read_count(folder / files.limit)
            # v1 writes about 2^63 for "none", v2 the word "max".
            if limit is None or limit >= 1 << 60:
                continue
            usage = read_count(folder / files.usage) or 0
            cache = read_pairs(folder / "memory.stat").get(files.inactive_cache, 0)
            found.append(MemoryLimit(limit, max(0, limit - max(0, usage - cache))))
    if not found:
        return None
    return MemoryLimit(min(m.limit_bytes for m in found), min(m.free_bytes for m in found))


def cpu_limit(root: Path = Path("/")) -> float | None:
    """How many processors' time this process may use ("2.5"); None without a limit."""
    found: list[float] = []
    for folder in _groups(root, "cpu"):
        quota, period = read_count(folder / "cpu.cfs_quota_us"), read_count(folder / "cpu.cfs_period_us")
        if quota and period:
            found.append(quota / period)
    for folder in _groups(root, ""):
        words = (read_text(folder / "cpu.max") or "").split()
        if len(words) == 2 and all(w.isascii() and w.isdigit() and len(w) < 20 and int(w) for w in words):
            found.append(int(words[0]) / int(words[1]))
    return min(found, default=None)


@cache
def _groups(root: Path, controller: str) -> tuple[Path, ...]:
    """Folders of this process's group and of those above it; `controller` "" means version 2.

    Remembered, because nobody moves a running program to another group and the meters ask twice a second.
    """
    path = _own_path(root, controller)
    mount = _mount(root, controller)
    if path is None or mount is None:
        return ()
    mount_root, mount_point = mount
    top = root / mount_point.lstrip("/")
    # Inside a container the group's path is the host's, and the mount shows only the part below `mount_root`.
    below = PurePosixPath(path)
    if mount_root != "/" and below.is_relative_to(mount_root):
        below = PurePosixPath("/") / below.relative_to(mount_root)
    folder = top / str(below).lstrip("/") if ".." not in below.parts else top
    if not folder.is_dir():
        folder = top
    above = folder.parents[: len(folder.parts) - len(top.parts)]
    return (folder, *above)


def _own_path(root: Path, controller: str) -> str | None:
    """Lines read "4:memory:/user.slice" (v1) or "0::/user.slice" (v2)."""
    for line in (read_text(root / "proc/self/cgroup") or "").splitlines():
        parts = line.split(":", 2)
        if len(parts) == 3 and controller in parts[1].split(","):
            return parts[2] if parts[2].startswith("/") and "\0" not in parts[2] else None
    return None


def _mount(root: Path, controller: str) -> tuple[str, str] | None:
    """(what of the hierarchy is mounted, where), from proc(5) mountinfo."""
    for line in (read_text(root / "proc/self/mountinfo") or "").splitlines():
        left, dash, right = line.partition(" - ")
        fields, kind = left.split(), right.split()
        if not dash or len(fields) < 5 or len(kind) < 3:
            continue
        is_v1 = kind[0] == "cgroup" and controller != "" and controller in kind[2].split(",")
        if is_v1 or (kind[0] == "cgroup2" and controller == ""):
            return fields[3], fields[4]
    return None
