"""A worker that is started for one thing and ends: it is asked once, answers with events, and is gone when this returns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from launcher.core.errors import UserError
from launcher.core.words import say
from launcher.engine.outcome import COPY_REPORT
from launcher.engine.process import WorkerProcess
from launcher.engine.protocol import Command, Heartbeat, Hello, OperationFailed, WorkerEvent, decode_event, encode

_LOOK_S = 0.02  # how often a stop is looked for
_END_S = 2.0  # for a worker that was let go


@dataclass(frozen=True, slots=True)
class Ending:
    """How a worker ended before it was done.

    Attributes:
        because: why we ended it ourselves (no sign of life, out of time), or "".
        was_stopped: because the caller's event was set.
    """

    returncode: int
    log: tuple[str, ...]
    because: str
    was_stopped: bool


def run_errand(
    command_of: Callable[[Hello], Command | tuple[Command, ...] | None],
    take: Callable[[WorkerEvent], bool],
    *,
    rpc_servers: tuple[str, ...] = (),
    deadline_s: float,
    is_renewed: bool = False,
    stop: threading.Event | None = None,
    libraries: Path | None = None,
) -> Ending | None:
    """Start a worker, ask, and hand on what it says until that is enough.

    Args:
        command_of: what to ask, given the worker's hello; several things in their order; None when that says enough already.
        take: gets every event; True when nothing more is needed.
        rpc_servers: "host:port" of other computers whose devices count.
        deadline_s: for everything, start included; then the worker is killed.
        is_renewed: every event but a heartbeat begins that time anew: it is for each step, not for all of them.
        stop: set from any thread to kill the worker at once.
        libraries: folder of the engine pack; None takes the one chosen for this computer.

    Returns:
        None when `take` had enough, else how the worker ended.

    Raises:
        UserError: the worker does not start or reports a failure.
    """
    try:
        process = WorkerProcess(rpc_servers, libraries=libraries)
    except OSError as error:
        raise UserError("engine_not_started", "The engine could not be started.", str(error)) from error
    guard = _Guard(process, time.monotonic() + deadline_s, stop)
    is_done = False

    def heed(event: WorkerEvent) -> bool:
        if is_renewed and not isinstance(event, Heartbeat):
            guard.renew(deadline_s)
        return take(event)

    try:
        is_done = _talk(process, command_of, heed)
    finally:
        # A worker that is done has nothing to lose, one that failed may hang: neither is waited for.
        guard.close()
        process.kill()
        code = process.wait(_END_S)
    if is_done:
        return None
    because = say("It did not answer within {n} s.", n=f"{deadline_s:.0f}") if guard.is_late else ""
    return Ending(code or 0, tuple(process.log), because, guard.is_stopped)


def _talk(
    process: WorkerProcess,
    command_of: Callable[[Hello], Command | tuple[Command, ...] | None],
    take: Callable[[WorkerEvent], bool],
) -> bool:
    for line in process.lines():
        try:
            event = decode_event(line)
        except ValueError as error:
            raise UserError(
                "engine_not_started",
                "The engine does not speak our language.",
                str(error),
                (COPY_REPORT,),
                "\n".join(process.log),
            ) from error
        if isinstance(event, Hello):
            command = command_of(event)
            if command is None:
                return True
            for one in command if isinstance(command, tuple) else (command,):
                process.send(encode(one))
        elif isinstance(event, OperationFailed):
            raise event.failure.error()
        elif event is not None and take(event):
            return True
    return False


class _Guard:
    """Kills the worker when it is late or no longer wanted."""

    def __init__(self, process: WorkerProcess, deadline: float, stop: threading.Event | None) -> None:
        self.is_late = False
        self.is_stopped = False
        self._process = process
        self._deadline = deadline
        self._stop = stop
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="engine-errand", daemon=True)
        self._thread.start()

    def renew(self, seconds: float) -> None:
        """It has so long from now on."""
        self._deadline = time.monotonic() + seconds

    def close(self) -> None:
        """The worker has ended or is about to."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_S):
            self.is_stopped = self._stop is not None and self._stop.is_set()
            self.is_late = time.monotonic() >= self._deadline
            if self.is_stopped or self.is_late:
                self._process.kill()
                return
