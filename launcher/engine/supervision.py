"""One worker from start to end: its messages, its state, and what is said when it dies, hangs or does not obey.

All events come from one thread, in order. A worker serves one load; another load is another worker, so that the memory of
the first is really free again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from launcher.core.generation import Loaded
from launcher.core.words import say
from launcher.engine import quirks
from launcher.engine.outcome import LOAD_AGAIN, crash_failure, signal_name
from launcher.engine.process import WorkerProcess
from launcher.engine.protocol import (
    PROTOCOL_VERSION,
    AnswerFinished,
    AnswerStarted,
    Command,
    EngineEvent,
    EngineState,
    Failure,
    Generate,
    Heartbeat,
    Hello,
    Load,
    LoadCancelled,
    LoadFinished,
    LoadStarted,
    OperationFailed,
    StateChanged,
    Stop,
    TextDelta,
    TokensCounted,
    WorkerEvent,
    decode_event,
    encode,
)

_log = logging.getLogger(__name__)
_DOING = {EngineState.STARTING: "starting", EngineState.LOADING: "loading", EngineState.ANSWERING: "answering"}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the client waits, in seconds.

    Attributes:
        hang_s: without any sign of life (a heartbeat comes every second) the worker counts as hung.
        obey_s: for a stop or an unload, before it is killed.
    """

    hang_s: float = 30.0
    obey_s: float = 2.0


class Supervision:
    """Runs one load's worker in its own thread."""

    def __init__(
        self,
        load: Load,
        emit: Callable[[EngineEvent], None],
        patience: Patience,
        rpc_servers: tuple[str, ...],
        previous: Supervision | None,
    ) -> None:
        self.state = EngineState.STARTING
        self.loaded: Loaded | None = None
        self._load = load
        self._emit = emit
        self._patience = patience
        self._rpc_servers = rpc_servers
        self._previous = previous
        self._lock = threading.Lock()
        self._process: WorkerProcess | None = None
        self._processor = ("", "")  # name and engine version, from Hello
        self._extra_in_use = False
        self._waiting: list[Command] | None = []  # commands before the load was sent; None afterwards
        self._open: dict[int, Command] = {load.id: load}
        self._texts: dict[int, tuple[str, str]] = {}
        self._is_ending = False
        self._failure: Failure | None = None
        self._ended_by_us = ""
        self._deadline: tuple[float, int | None] | None = None  # when, and for which operation (None: the process)
        self._heard = time.monotonic()
        self._changed = threading.Event()  # wakes the watcher
        self._thread = threading.Thread(target=self._run, name="engine-client", daemon=True)

    # --- from any thread ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin; events follow."""
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """Of the running process."""
        with self._lock:
            return self._process.pid if self._process and self.is_alive else None

    @property
    def is_alive(self) -> bool:
        """The worker runs or is about to."""
        return self.state not in (EngineState.STOPPED, EngineState.CRASHED)

    def request(self, command: Command) -> bool:
        """Send a command (after the load, if that is still to come); False when the worker is gone or going."""
        with self._lock:
            if self._is_ending or not self.is_alive:
                return False
            self._open[command.id] = command
            if self._waiting is not None:
                self._waiting.append(command)
            elif self._process:
                self._process.send(encode(command))
            return True

    def stop(self, operation: int | None) -> None:
        """End an operation (None: the oldest open load or answer); what does not obey in time is killed."""
        with self._lock:
            if operation is None:
                operation = next((i for i, c in self._open.items() if isinstance(c, (Load, Generate))), None)
            if operation is None or operation not in self._open:
                return
            if operation == self._load.id and self._waiting is not None:
                self._is_ending = True  # the worker has not even been asked to load
                if self._process:
                    self._process.kill()
                return
            if self._waiting is None and self._process:
                self._process.send(encode(Stop(operation)))
                self._deadline = (time.monotonic() + self._patience.obey_s, operation)
            elif self._waiting is not None:
                self._waiting.append(Stop(operation))
        self._changed.set()

    def end(self) -> None:
        """Ask the worker to end; killed when it does not."""
        with self._lock:
            self._is_ending = True
            if self._process:
                self._process.let_go()
            self._deadline = (time.monotonic() + self._patience.obey_s, None)
        self._changed.set()

    def join(self, timeout_s: float | None = None) -> None:
        """Wait until the worker is gone and the last event is out."""
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)

    # --- the thread ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        if self._previous:
            self._previous.end()
            self._previous.join()
            self._previous = None
        if self._is_ending:
            self._close(EngineState.STOPPED, None)
            return
        while self._run_once():
            pass

    def _run_once(self) -> bool:
        """One process; True when it is worth another, with other settings."""
        self._set_state(EngineState.STARTING)
        try:
            process = WorkerProcess(self._rpc_servers)
        except OSError as error:
            failure = Failure("engine_not_started", "The engine could not be started.", str(error), (LOAD_AGAIN,))
            self._close(EngineState.CRASHED, failure)
            return False
        with self._lock:
            self._process = process
            self._heard = time.monotonic()
            if self._is_ending:
                process.let_go()
        watcher = threading.Thread(target=self._watch, args=(process,), name="engine-watch", daemon=True)
        watcher.start()
        for line in process.lines():
            self._take(line)
        code = process.wait()
        with self._lock:
            self._process = None
        self._changed.set()
        watcher.join()
        return self._conclude(process, code if code is not None else 0)

    def _take(self, line: bytes) -> None:
        self._heard = time.monotonic()
        try:
            event = decode_event(line)
        except ValueError as error:
            _log.warning("the engine sent a malformed message: %s", error)
            return
        if event is not None and not isinstance(event, Heartbeat):
            self._handle(event)

    def _handle(self, event: WorkerEvent) -> None:
        match event:
            case Hello():
                self._on_hello(event)
            case LoadStarted():
                self._extra_in_use = event.use_extra_bufts
                self._tell(event)
            case LoadFinished():
                self._on_loaded(event)
            case LoadCancelled():
                self.end()  # the event itself follows when the memory is free
            case OperationFailed() if event.id in (0, self._load.id):
                self._failure = event.failure
                self.end()
            case AnswerStarted():
                if self.state is not EngineState.ANSWERING:
                    self._set_state(EngineState.ANSWERING)
                self._tell(event)
            case TextDelta():
                self._remember_text(event)
                self._tell(event)
            case AnswerFinished() | OperationFailed() | TokensCounted():
                self._on_operation_end(event)
            case _:
                self._tell(event)

    def _on_hello(self, hello: Hello) -> None:
        if hello.protocol != PROTOCOL_VERSION:
            self._failure = Failure(
                "engine_mismatch",
                "The engine and the launcher do not belong together.",
                say(
                    "The engine speaks version {theirs} of their protocol, the launcher version {ours}.",
                    theirs=hello.protocol,
                    ours=PROTOCOL_VERSION,
                ),
            )
            self.end()
            return
        self._processor = (hello.processor, hello.engine_version)
        if self._load.use_extra_bufts is None and quirks.crashes_with_extra_buffers(*self._processor):
            self._load = replace(self._load, use_extra_bufts=False)
        self._tell(hello)
        with self._lock:
            waiting, self._waiting = self._waiting or [], None
            if self._process and not self._is_ending:
                for command in (self._load, *waiting):
                    self._process.send(encode(command))
        self._set_state(EngineState.LOADING)

    def _on_loaded(self, event: LoadFinished) -> None:
        with self._lock:
            self._open.pop(event.id, None)
            self.loaded = event.loaded
        self._tell(event)
        self._set_state(EngineState.READY)

    def _on_operation_end(self, event: AnswerFinished | OperationFailed | TokensCounted) -> None:
        with self._lock:
            command = self._open.pop(event.id, None)
            if self._deadline and self._deadline[1] == event.id:
                self._deadline = None
        texts = self._texts.pop(event.id, None)
        if isinstance(event, OperationFailed) and texts:
            event = replace(event, answer=texts[0], reasoning=texts[1])
        self._tell(event)
        with self._lock:
            is_answering = any(isinstance(c, Generate) for c in self._open.values())
        if isinstance(command, Generate) and self.state is EngineState.ANSWERING and not is_answering:
            self._set_state(EngineState.READY)

    def _remember_text(self, event: TextDelta) -> None:
        answer, reasoning = self._texts.get(event.id, ("", ""))
        if event.reclassified:
            answer, reasoning = "", reasoning + answer
        for delta in event.deltas:
            if delta.channel == "reasoning":
                reasoning += delta.text
            else:
                answer += delta.text
        self._texts[event.id] = (answer, reasoning)

    # --- the end ------------------------------------------------------------------------------------------------------

    def _conclude(self, process: WorkerProcess, code: int) -> bool:
        if self._failure is not None:
            self._close(EngineState.STOPPED, self._failure)
            return False
        if self._is_ending:
            self._close(EngineState.STOPPED, None)
            return False
        may_be_extra = self._extra_in_use and signal_name(code) in ("SIGILL", "SIGABRT")
        if may_be_extra:
            quirks.remember_crash_with_extra_buffers(*self._processor)
            if self.state is EngineState.LOADING:
                _log.warning(
                    "the engine died with special weight layouts (%s); loading again without", signal_name(code)
                )
                with self._lock:
                    self._load = replace(self._load, use_extra_bufts=False)
                    self._extra_in_use = False
                    self._waiting = [c for i, c in self._open.items() if i != self._load.id]
                return True
        doing = _DOING.get(self.state, "ready")
        self._close(EngineState.CRASHED, crash_failure(code, doing, self._load.request, process.log, self._ended_by_us))
        return False

    def _close(self, state: EngineState, failure: Failure | None) -> None:
        """Answer every open operation and say the last state."""
        with self._lock:
            open_operations, self._open = self._open, {}
        for operation, command in open_operations.items():
            if failure is None and isinstance(command, Load):
                self._tell(LoadCancelled(operation))
                continue
            answer, reasoning = self._texts.pop(operation, ("", ""))
            reason = failure or Failure(
                "engine_unloaded", "The model was unloaded.", "The answer ends here.", (LOAD_AGAIN,)
            )
            self._tell(OperationFailed(operation, reason, answer, reasoning))
        self._set_state(state, failure)

    def _watch(self, process: WorkerProcess) -> None:
        """Kill what hangs or does not obey."""
        while True:
            with self._lock:
                if self._process is not process:
                    return
                deadline, operation = self._deadline or (None, None)
                if operation is not None and operation not in self._open:
                    self._deadline = deadline = None
            now = time.monotonic()
            hung_at = self._heard + self._patience.hang_s
            if deadline is not None and now >= deadline:
                self._kill(process, operation)
                return
            if now >= hung_at:
                self._ended_by_us = say(
                    "It gave no sign of life for {n} s and was ended.", n=f"{self._patience.hang_s:.0f}"
                )
                process.kill()
                return
            self._changed.wait(min(hung_at, deadline or hung_at) - now)
            self._changed.clear()

    def _kill(self, process: WorkerProcess, operation: int | None) -> None:
        if operation == self._load.id:
            self._is_ending = True  # the load was to end: it has
        elif operation is not None:
            self._ended_by_us = say("It did not stop within {n} s and was ended.", n=f"{self._patience.obey_s:.0f}")
        process.kill()

    def _set_state(self, state: EngineState, failure: Failure | None = None) -> None:
        self.state = state
        self._tell(StateChanged(state, failure))

    def _tell(self, event: EngineEvent) -> None:
        try:
            self._emit(event)
        except Exception:  # noqa: BLE001 - whatever a listener raises
            # A listener's defect must not leave a worker without its reader.
            _log.exception("a listener of engine events failed")
