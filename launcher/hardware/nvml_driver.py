"""NVML through nvidia-ml-py: every question has an answer or None, and the reason is remembered in plain words."""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from launcher.core.words import say

# Return codes of nvml.h (nvmlReturn_t).
UNINITIALIZED = 1
NOT_SUPPORTED = 3
NO_PERMISSION = 4
DRIVER_NOT_LOADED = 9
LIBRARY_NOT_FOUND = 12
FUNCTION_NOT_FOUND = 13
GPU_IS_LOST = 15
RESET_REQUIRED = 16
LIB_RM_VERSION_MISMATCH = 18
# Not NVML's: the answer came but makes no sense.
GARBAGE = -1

# After one of these a handle is worth nothing until NVML is started again.
GONE = frozenset({UNINITIALIZED, DRIVER_NOT_LOADED, GPU_IS_LOST, RESET_REQUIRED})

# A question has no answer for one of these; the card is fine.
_NO_ANSWER = frozenset({NOT_SUPPORTED, NO_PERMISSION, FUNCTION_NOT_FOUND, GARBAGE})

# PROC_PID_INIT_INO of the Linux kernel (include/linux/proc_ns.h): the pid namespace outside all containers.
_FIRST_PID_NAMESPACE = "pid:[4026531836]"


@dataclass
class Card:
    """One card as long as this program runs; `handle` is None while the card does not answer.

    Attributes:
        key: PCI bus id, or the position where that is unknown.
        codes: question -> why it had no answer.
    """

    key: str
    name: str
    pci_bus_id: str | None
    handle: Any
    codes: dict[str, int] = field(default_factory=dict[str, int])

    def missing(self) -> tuple[str, ...]:
        """Sentences about what could not be read, one per reason."""
        by_code: dict[int, list[str]] = {}
        for what, code in self.codes.items():
            by_code.setdefault(code, []).append(_named(what))
        return tuple(_reason(code, ", ".join(whats)) for code, whats in by_code.items())


def start_problem(code: int) -> str:
    """Why NVML does not start."""
    return {
        DRIVER_NOT_LOADED: say("NVIDIA's driver is installed but not running."),
        FUNCTION_NOT_FOUND: say("NVIDIA's driver is too old to be read; a newer one is needed."),
        LIB_RM_VERSION_MISMATCH: say(
            "NVIDIA's driver was updated while the computer ran; restart the computer to use it."
        ),
        LIBRARY_NOT_FOUND: say("NVIDIA's driver is not installed."),
        NO_PERMISSION: say("This user may not read NVIDIA's driver."),
    }.get(code, say("NVIDIA's driver gave an error (code {code}).", code=code))


def _reason(code: int, what: str) -> str:
    return {
        NOT_SUPPORTED: say("This card does not report {what}.", what=what),
        NO_PERMISSION: say("This user may not read {what}.", what=what),
        FUNCTION_NOT_FOUND: say("NVIDIA's driver is too old to report {what}.", what=what),
        GARBAGE: say("NVIDIA's driver gave a senseless value for {what}.", what=what),
    }.get(code, say("NVIDIA's driver gave error {code} for {what}.", code=code, what=what))


def _named(what: str) -> str:
    """The name of a question in the user's language."""
    return {
        "memory": say("memory"),
        "load": say("load"),
        "power": say("power"),
        "power limit": say("power limit"),
        "temperature": say("temperature"),
        "PCIe link": say("PCIe link"),
    }.get(what, what)


def _is_installed() -> bool:
    """Whether NVIDIA's library is here: pynvml takes 40 ms and 2 MB, which PCs without such a card can do without."""
    if sys.platform == "win32":
        places = (("WINDIR", "System32/nvml.dll"), ("ProgramFiles", "NVIDIA Corporation/NVSMI/nvml.dll"))
        return any(Path(os.environ.get(variable, ""), name).exists() for variable, name in places)
    try:
        ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return False
    return True


class NvmlDriver:
    """The library: started, stopped, asked. NVML counts starts per process, so several of these do not disturb each other."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._is_started = False

    def start(self) -> int:
        """Start NVML; 0 or the code that says why not."""
        self.stop()
        if self._nvml is None:
            if not _is_installed():
                return LIBRARY_NOT_FOUND
            self._nvml = importlib.import_module("pynvml")
        try:
            self._nvml.nvmlInit()
        except self._nvml.NVMLError as error:
            return int(error.value)
        self._is_started = True
        return 0

    def stop(self) -> None:
        """Release NVML; handles die with it."""
        if self._is_started:
            self._is_started = False
            try:
                self._nvml.nvmlShutdown()
            except self._nvml.NVMLError:
                return  # it lost its driver: nothing is left to release

    def ask(self, function: str, *arguments: object) -> tuple[Any, int]:
        """Call one NVML function.

        Returns:
            (answer, 0), or (None, code).
        """
        if self._nvml is None:
            return None, UNINITIALIZED
        try:
            return getattr(self._nvml, function)(*arguments), 0
        except self._nvml.NVMLError as error:
            return None, int(error.value)
        except UnicodeDecodeError:
            return None, GARBAGE

    def ask_card(self, card: Card, what: str, function: str, *arguments: object) -> Any:
        """Ask about a card; None when there is no answer, and `card.codes[what]` says why.

        A card that has gone loses its handle here, so that nothing else is asked of it.
        """
        if card.handle is None:
            return None
        answer, code = self.ask(function, card.handle, *arguments)
        if code in GONE or (what == "memory" and code and code not in _NO_ANSWER):
            card.handle = None  # a dead card also answers with "unknown error"
        elif code:
            card.codes[what] = code
        else:
            card.codes.pop(what, None)
        return answer

    def ask_number(self, card: Card, what: str, function: str, *arguments: object, most: int) -> int | None:
        """Ask for a number between 0 and `most`; anything else is garbage."""
        answer = self.ask_card(card, what, function, *arguments)
        if answer is None:
            return None
        if not isinstance(answer, int) or not 0 <= answer <= most:
            card.codes[what] = GARBAGE
            return None
        return answer

    def pci_bus_id(self, handle: object) -> str | None:
        """The address as NVML writes it."""
        pci, _ = self.ask("nvmlDeviceGetPciInfo", handle)
        try:
            return pci.busId if pci is not None else None
        except UnicodeDecodeError:  # the binding decodes when the field is read
            return None

    def memory(self, card: Card) -> tuple[int | None, int | None]:
        """(total, free) in bytes. Memory that the driver reserves for itself is not free."""
        answer = self.ask_card(card, "memory", "nvmlDeviceGetMemoryInfo")
        if answer is None:
            return None, None
        total, free = int(answer.total), int(answer.free)
        if not 0 < total < 1 << 50 or free > total:
            card.codes["memory"] = GARBAGE
            return None, None
        return total, free

    def used_by(self, card: Card, pids: frozenset[int]) -> int | None:
        """Bytes these processes hold on the card; None where the driver does not tell (Windows' WDDM, containers)."""
        if not sees_host_pids():
            return None
        held: dict[int, int] = {}
        for kind in ("Compute", "Graphics"):
            name = f"nvmlDeviceGet{kind}RunningProcesses"
            processes = self.ask_card(card, "memory by program", f"{name}_v3")
            if processes is None and card.codes.get("memory by program") == FUNCTION_NOT_FOUND:
                processes = self.ask_card(card, "memory by program", f"{name}_v2")
            if processes is None:
                return None
            for process in processes:
                if process.pid in pids:
                    if process.usedGpuMemory is None or not process.usedGpuMemory < 1 << 50:
                        return None
                    # A program that computes and draws stands in both lists with the same figure.
                    held[process.pid] = max(held.get(process.pid, 0), int(process.usedGpuMemory))
        return sum(held.values())


def sees_host_pids() -> bool:
    """Whether NVML's process numbers mean anything here: inside a container they are the host's, or the list is empty."""
    namespace = Path("/proc/self/ns/pid")
    try:
        return str(namespace.readlink()) == _FIRST_PID_NAMESPACE
    except OSError:
        return True  # no such thing on Windows, or no /proc: the numbers are ours
