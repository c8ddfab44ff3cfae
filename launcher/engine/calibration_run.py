"""One job of the measuring worker, from its start to its end: the process, its events, a stop, its silence."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from launcher.core.codec import to_json
from launcher.core.errors import UserError
from launcher.core.words import say
from launcher.engine import quirks
from launcher.engine.calibration_probes import (
    JobEvent,
    JobFailed,
    JobFinished,
    MemoryHeld,
    ProbeJob,
    ProbeStarted,
    decode_event,
)
from launcher.engine.devices import EngineInfo
from launcher.engine.outcome import COPY_REPORT, crash_failure, signal_name
from launcher.engine.process import WorkerProcess, known_rpc_servers

_LOOK_S = 0.1  # how often a stop is looked for
_SILENCE_S = 180.0  # no single probe takes as long on anything that can answer at all
_END_S = 2.0


def run_job(
    job: ProbeJob, info: EngineInfo, on_event: Callable[[ProbeStarted | MemoryHeld], None], stop: threading.Event
) -> JobFinished:
    """Measure. Blocks; a worker that dies of the processor's special weight layouts is started once more without.

    Args:
        job: what to measure.
        info: the engine, for what is remembered about it.
        on_event: told what begins and what is held; the worker goes on when it returns.
        stop: set from any thread to end it at once.

    Raises:
        UserError: the worker failed or died; `calibration_stopped` when `stop` was set.
    """
    if job.use_extra_bufts is None and quirks.crashes_with_extra_buffers(info.processor, info.engine_version):
        job = replace(job, use_extra_bufts=False)
    run = _Run(job, on_event, stop)
    try:
        return run.result()
    except _DiedWithExtraBuffersError:
        quirks.remember_crash_with_extra_buffers(info.processor, info.engine_version)
        return _Run(replace(job, use_extra_bufts=False), on_event, stop).result()


class _DiedWithExtraBuffersError(Exception):
    """By a signal that those are known to cause."""


class _Run:
    """One process."""

    def __init__(
        self, job: ProbeJob, on_event: Callable[[ProbeStarted | MemoryHeld], None], stop: threading.Event
    ) -> None:
        self._job = job
        self._on_event = on_event
        self._stop = stop
        self._uses_extra_bufts = False
        self._heard = time.monotonic()
        self._over = threading.Event()

    def result(self) -> JobFinished:
        try:
            process = WorkerProcess(known_rpc_servers(), "calibrate")
        except OSError as error:
            raise UserError("engine_not_started", "The engine could not be started.", str(error)) from error
        watcher = threading.Thread(target=self._watch, args=(process,), name="calibration-watch", daemon=True)
        watcher.start()
        finished: JobFinished | None = None
        try:
            process.send(json.dumps(to_json(self._job)).encode() + b"\n")
            finished = self._listen(process)
        finally:
            self._over.set()
            watcher.join()
            process.let_go()
            code = process.wait(_END_S)
            if code is None:
                process.kill()
                code = process.wait()
        if self._stop.is_set():
            raise UserError("calibration_stopped", "The measurement was stopped.", "Nothing was changed.")
        if finished is None:
            raise self._death(code or 0, process.log)
        return finished

    def _listen(self, process: WorkerProcess) -> JobFinished | None:
        for line in process.lines():
            self._heard = time.monotonic()
            event = self._decoded(line, process)
            if isinstance(event, JobFinished):
                return event
            if isinstance(event, JobFailed):
                if self._stop.is_set():
                    return None
                raise event.failure.error()
            if isinstance(event, ProbeStarted):
                self._uses_extra_bufts = event.use_extra_bufts
            self._on_event(event)
            if isinstance(event, MemoryHeld):
                process.send(b"\n")
        return None

    @staticmethod
    def _decoded(line: bytes, process: WorkerProcess) -> JobEvent:
        try:
            return decode_event(line)
        except ValueError as error:
            log = "\n".join(process.log)
            what = "The engine does not speak our language."
            raise UserError("engine_mismatch", what, str(error), (COPY_REPORT,), log) from error

    def _watch(self, process: WorkerProcess) -> None:
        while not self._over.wait(_LOOK_S):
            if self._stop.is_set() or time.monotonic() - self._heard > _SILENCE_S:
                process.kill()
                return

    def _death(self, code: int, log: list[str]) -> Exception:
        if self._uses_extra_bufts and signal_name(code) in ("SIGILL", "SIGABRT"):
            return _DiedWithExtraBuffersError()
        is_silent = time.monotonic() - self._heard > _SILENCE_S
        because = say("It gave no sign of life for {n} s.", n=f"{_SILENCE_S:.0f}") if is_silent else ""
        return crash_failure(code, "measuring", None, log, because).error()
