"""What the system tells about a worker from outside: whether it moves, what it holds, and whether memory ran out when it died."""

from __future__ import annotations

import contextlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

_MEMORY_CGROUP = re.compile(r"^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$", re.MULTILINE)
_UNIFIED_CGROUP = re.compile(r"^0::(.*)$", re.MULTILINE)
_OOM_KILLS = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)
_CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Activity:
    """Work that a process has done so far; whatever of it cannot be read here is 0.

    Attributes:
        cpu_s: processor time of all its threads.
        io: bytes read and written, pages of mapped files read from disk included where the system counts them.
        is_runnable: its main thread computes, or would if other programs let it (Linux tells); what hangs in a driver or waits for
            a disk is neither.
    """

    cpu_s: float = 0.0
    io: int = 0
    is_runnable: bool = False


class Vitals:
    """Looks at one process, about once a second. Everything here may fail: the process may be gone."""

    def __init__(self, pid: int) -> None:
        self.held_bytes = 0
        self._process: psutil.Process | None = None
        self._oom_file: Path | None = None
        self._oom_kills: int | None = None
        with contextlib.suppress(psutil.Error):
            self._process = psutil.Process(pid)
        self._oom_file = _oom_file(pid)
        self._oom_kills = _oom_kills(self._oom_file)

    def look(self) -> Activity:
        """What it has done so far. Remembers what it holds now."""
        self._oom_kills = _oom_kills(self._oom_file)
        process = self._process
        if process is None:
            return Activity()
        cpu_s, io, is_runnable = 0.0, 0, False
        with contextlib.suppress(psutil.Error, OSError):
            with process.oneshot():
                times, memory = process.cpu_times(), process.memory_info()
                # Other systems call every process that is not stopped a running one.
                is_runnable = sys.platform == "linux" and process.status() == psutil.STATUS_RUNNING
            self.held_bytes = memory.rss
            cpu_s = times.user + times.system
            # Pages read on demand: macOS and Windows count them here, Linux among the bytes read.
            io = int(getattr(memory, "pageins", 0) or getattr(memory, "num_page_faults", 0))
        if not sys.platform.startswith("darwin"):
            with contextlib.suppress(psutil.Error, OSError, AttributeError):
                counters = process.io_counters()
                io += counters.read_bytes + counters.write_bytes
        return Activity(cpu_s, io, is_runnable)

    def was_ended_for_memory(self) -> bool | None:
        """After its death by SIGKILL: whether the kernel's memory killer struck since the last look; None if that is not known."""
        before, now = self._oom_kills, _oom_kills(self._oom_file)
        return None if before is None or now is None else now > before


def _oom_file(pid: int) -> Path | None:
    """Where the kernel counts the processes that it ended for memory: in the group of the process, else in all of the system.

    A kill because the whole system ran out is counted in the group too.
    """
    if sys.platform != "linux":
        return None
    with contextlib.suppress(OSError, UnicodeDecodeError):
        groups = Path(f"/proc/{pid}/cgroup").read_text("utf-8")
        found = _UNIFIED_CGROUP.search(groups), _MEMORY_CGROUP.search(groups)
        for match, folder, name in zip(
            found, (_CGROUPS, _CGROUPS / "memory"), ("memory.events", "memory.oom_control"), strict=True
        ):
            if match and _oom_kills(file := folder / match[1].lstrip("/") / name) is not None:
                return file
    return Path("/proc/vmstat")


def _oom_kills(file: Path | None) -> int | None:
    if file is None:
        return None
    with contextlib.suppress(OSError, UnicodeDecodeError):
        match = _OOM_KILLS.search(file.read_text("ascii"))
        return int(match[1]) if match else None
    return None
