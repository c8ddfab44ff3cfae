"""What the engine itself can use: the truth about devices, from a short-lived worker (drivers may abort a process)."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from launcher.core.errors import NextStep, UserError
from launcher.core.machine import EngineDevice
from launcher.core.words import say
from launcher.engine.outcome import COPY_REPORT, crash_failure
from launcher.engine.process import WorkerProcess, known_rpc_servers
from launcher.engine.protocol import Hello, OperationFailed, decode_event

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
    try:
        process = WorkerProcess(known_rpc_servers())
    except OSError as error:
        raise UserError("engine_not_started", "The engine could not be started.", str(error)) from error
    timer = threading.Timer(_TIMEOUT_S, process.kill)
    timer.daemon = True
    timer.start()
    try:
        for line in process.lines():
            event = decode_event(line)
            if isinstance(event, Hello):
                seconds = time.monotonic() - started
                return EngineInfo(
                    event.engine_version, event.system_info, event.library_path, event.processor, event.devices, seconds
                )
            if isinstance(event, OperationFailed):
                raise event.failure.error()
    except ValueError as error:
        raise UserError(
            "engine_not_started",
            "The engine does not speak our language.",
            str(error),
            (COPY_REPORT,),
            "\n".join(process.log),
        ) from error
    finally:
        timer.cancel()
        process.let_go()
        code = process.wait(2.0)
        if code is None:
            process.kill()
            code = process.wait()
    because = (
        say("It gave no sign of life for {n} s.", n=f"{_TIMEOUT_S:.0f}")
        if time.monotonic() - started >= _TIMEOUT_S
        else ""
    )
    failure = crash_failure(code or 0, "starting", None, process.log, because)
    raise UserError(
        "engine_not_started",
        failure.what,
        failure.why,
        (NextStep("Check with: launcher doctor"), COPY_REPORT),
        failure.detail,
    )
