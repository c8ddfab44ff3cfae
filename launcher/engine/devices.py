"""What the engine itself can use: the truth about devices, from a short-lived worker (drivers may abort a process)."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from launcher.core.errors import NextStep, UserError
from launcher.core.machine import EngineDevice
from launcher.engine.errand import run_errand
from launcher.engine.outcome import COPY_REPORT, crash_failure
from launcher.engine.process import known_rpc_servers
from launcher.engine.protocol import Hello

_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What a worker says about itself.

    Attributes:
        start_seconds: from starting the process to its first answer.
    """

    engine_version: str
    system_info: str
    library_path: str
    processor: str
    devices: tuple[EngineDevice, ...]
    start_seconds: float


_lock = threading.Lock()
_known: EngineInfo | None = None


def engine_info(*, fresh: bool = False) -> EngineInfo:
    """Version, build and devices; asked once per process unless `fresh` (free memory is of the time of asking).

    Raises:
        UserError: the engine does not start; says why and carries its last words.
    """
    global _known
    with _lock:
        if _known is None or fresh:
            _known = _ask()
        return _known


def list_devices(*, fresh: bool = False) -> tuple[EngineDevice, ...]:
    """The devices of `engine_info`.

    Raises:
        UserError: the engine does not start.
    """
    return engine_info(fresh=fresh).devices


def _ask() -> EngineInfo:
    started = time.monotonic()
    heard: list[Hello] = []

    def hear(hello: Hello) -> None:
        heard.append(hello)

    ending = run_errand(hear, lambda _: False, rpc_servers=known_rpc_servers(), deadline_s=_TIMEOUT_S)
    if ending is None:
        hello, seconds = heard[0], time.monotonic() - started
        return EngineInfo(
            hello.engine_version, hello.system_info, hello.library_path, hello.processor, hello.devices, seconds
        )
    failure = crash_failure(ending.returncode, "starting", None, ending.log, ending.because)
    raise UserError(
        "engine_not_started",
        failure.what,
        failure.why,
        (NextStep("Check with: launcher doctor"), COPY_REPORT),
        failure.detail,
    )
