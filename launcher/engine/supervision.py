"""One worker from start to end: its messages, its state, and what is said when it dies, hangs or does not obey.

All events come from one thread, in order: it takes what another thread reads off the worker's pipe (inbox.py), and looks after
the worker between two messages (watch.py). What is to be done waits in orders.py, which every thread may ask. A worker serves
one load; another load is another worker, so that the memory of the first is really free again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from launcher.core.generation import Loaded
from launcher.core.words import say
from launcher.engine.endings import Texts, last_events
from launcher.engine.extra_buffers import ExtraBuffers
from launcher.engine.inbox import Inbox, Item, Sign
from launcher.engine.orders import Orders
from launcher.engine.outcome import crash_failure, mismatch, not_ended, not_started, signal_name
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
    LoadProgress,
    LoadStarted,
    OperationFailed,
    PromptProgress,
    SaveStates,
    StateChanged,
    StatesSaved,
    TextDelta,
    TokensCounted,
    WorkerEvent,
)
from launcher.engine.thread_counts import remember_threads, remembered_threads
from launcher.engine.vitals import Vitals
from launcher.engine.watch import Patience, Watch

__all__ = ["Patience", "Supervision"]

_log = logging.getLogger(__name__)
_DOING = {EngineState.STARTING: "starting", EngineState.LOADING: "loading", EngineState.ANSWERING: "answering"}
_ABOUT_ONE = (
    LoadStarted,
    LoadProgress,
    LoadFinished,
    AnswerStarted,
    PromptProgress,
    TextDelta,
    AnswerFinished,
    TokensCounted,
)
"""Events that belong to an operation; one that nobody asked for is dropped."""
_LOOK_S = 1.0
_MAX_MALFORMED = 100
_LOGGED_MALFORMED = 3


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
        # Another computer that works for us shows in none of this process's figures.
        self._patience = replace(patience, stall_s=10 * patience.stall_s) if rpc_servers else patience
        self._rpc_servers = rpc_servers
        self._previous = previous
        self._orders = Orders(load, self._patience)
        self._extra_buffers = ExtraBuffers()
        self._processor = ""
        self._texts = Texts()
        self._failure: Failure | None = None
        self._ended_by_us = ""
        self._killed_at: float | None = None
        self._malformed = 0
        self._inbox = Inbox()
        self._thread = threading.Thread(target=self._run, name="engine-client", daemon=True)

    # --- from any thread ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin; events follow."""
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """Of the running process."""
        return self._orders.pid

    @property
    def is_alive(self) -> bool:
        """The worker runs or is about to."""
        return self.state not in (EngineState.STOPPED, EngineState.CRASHED)

    def request(self, command: Command) -> bool:
        """Send a command (after the load, if that is still to come); False when the worker is gone or going."""
        return self._orders.accept(command)

    def stop(self, operation: int | None) -> None:
        """End an operation (None: the oldest open load or answer); what does not obey in time is killed."""
        self._orders.stop(operation)
        self._inbox.wake()

    def save_and_end(self, saving: SaveStates, save_s: float) -> None:
        """Let the worker write the states of its chats, where there may be some, and end it; killed when that takes longer."""
        self._orders.save_and_end(saving, save_s)
        self._inbox.wake()

    def end(self) -> None:
        """Ask the worker to end; killed when it does not."""
        self._orders.end()
        self._inbox.wake()

    def join(self, timeout_s: float | None = None) -> None:
        """Wait until the worker is gone and the last event is out."""
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)

    # --- the thread ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        if self._previous:
            self._previous.join()  # the client has asked it to end
            self._previous = None
        if self._orders.is_ending:
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
            self._close(EngineState.CRASHED, not_started(error))
            return False
        self._orders.use(process)
        vitals, watch = Vitals(process.pid), Watch(self._patience)
        self._inbox.fill_from(process)
        has_ended = self._listen(process, vitals, watch)
        code = self._return_code(process) if has_ended else None
        self._orders.leave()
        if code is None:
            threading.Thread(target=process.wait, name="engine-left-behind", daemon=True).start()
            self._close(EngineState.CRASHED, not_ended(process.pid, process.log))
            return False
        return self._conclude(process, vitals, code)

    def _listen(self, process: WorkerProcess, vitals: Vitals, watch: Watch) -> bool:
        """Until the worker closes its pipe; False when it does not even after it was killed."""
        patience = self._patience
        pause_s = min(_LOOK_S, patience.hang_s / 4, patience.stall_s / 4, patience.obey_s / 2)
        look_at = time.monotonic()
        while True:
            now = time.monotonic()
            if now >= look_at:
                look_at = now + pause_s
                if reason := watch.look(vitals.look(), is_working=self._orders.is_busy):
                    self._kill(process, reason)
            self._keep_deadlines(process, watch)
            if self._orders.saving is not None and self.state is not EngineState.SAVING:
                self._set_state(EngineState.SAVING)
            if self._killed_at is not None and now >= self._killed_at + patience.give_up_s:
                return False
            until = min(look_at, self._orders.next_deadline()) if self._killed_at is None else look_at
            item = self._inbox.next(until - time.monotonic())
            if item is Sign.END:
                return True
            self._take(item, process, watch)

    def _take(self, item: Item, process: WorkerProcess, watch: Watch) -> None:
        match item:
            case Heartbeat():
                watch.hear(item.steps)
            case ValueError():
                self._on_malformed(item, process)
            case Sign():
                if item is Sign.UNKNOWN:
                    watch.hear()
            case _:
                watch.hear()
                self._handle(item)

    def _on_malformed(self, error: ValueError, process: WorkerProcess) -> None:
        """No sign of life: a worker that writes nothing else is ended."""
        self._malformed += 1
        if self._malformed <= _LOGGED_MALFORMED:
            _log.warning("the engine sent a malformed message: %s", str(error)[:300])
        if self._malformed >= _MAX_MALFORMED:
            why = say(
                "It sent {n} messages that make no sense, so the launcher ended it: a defect of the engine or of its libraries.",
                n=self._malformed,
            )
            self._kill(process, why)

    def _handle(self, event: WorkerEvent) -> None:
        if isinstance(event, _ABOUT_ONE) and not self._orders.is_open(event.id):
            _log.info("the engine speaks of operation %d, which is not open", event.id)
            return
        match event:
            case Hello():
                self._on_hello(event)
            case LoadStarted():
                self._extra_buffers.use(event.use_extra_bufts)
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
                self._texts.add(event)
                self._tell(event)
            case AnswerFinished() | OperationFailed() | TokensCounted() | StatesSaved():
                self._on_operation_end(event)
            case _:
                self._tell(event)

    def _on_hello(self, hello: Hello) -> None:
        if hello.protocol != PROTOCOL_VERSION:
            self._failure = mismatch(hello.protocol)
            self.end()
            return
        self._processor = hello.processor
        if self._extra_buffers.meet(hello.processor, hello.engine_version) and self._load.use_extra_bufts is None:
            self._load = replace(self._load, use_extra_bufts=False)
        self._load = replace(self._load, threads=remembered_threads(hello.processor, self._load.request))
        self._tell(hello)
        self._orders.send_load(self._load)
        self._set_state(EngineState.LOADING)

    def _on_loaded(self, event: LoadFinished) -> None:
        self._extra_buffers.worked()
        if event.loaded.is_threads_measured:
            remember_threads(self._processor, self._load.request, event.loaded.threads)
        self._orders.finish(event.id)
        self.loaded = event.loaded
        self._tell(event)
        self._set_state(EngineState.READY)

    def _on_operation_end(self, event: AnswerFinished | OperationFailed | TokensCounted | StatesSaved) -> None:
        command = self._orders.finish(event.id)
        answer, reasoning = self._texts.take(event.id)
        if isinstance(event, OperationFailed):
            if command is None:
                _log.info("operation %d failed, which is not open: %s", event.id, event.failure.what)
                return
            event = replace(event, answer=answer, reasoning=reasoning, is_crash=False)
        self._tell(event)
        if event.id == self._orders.saving:
            self.end()
        is_last = isinstance(command, Generate) and not self._orders.is_answering
        if is_last and self.state is EngineState.ANSWERING:
            self._set_state(EngineState.READY)

    # --- the end ------------------------------------------------------------------------------------------------------

    def _return_code(self, process: WorkerProcess) -> int | None:
        """After its pipe was closed; None for a process that the system does not let go."""
        code = process.wait(self._patience.obey_s)
        if code is None:  # it lives on, deaf and dumb
            self._kill(process, say("It closed its connection with the launcher but ran on, so the launcher ended it."))
            code = process.wait(self._patience.give_up_s)
        return code

    def _conclude(self, process: WorkerProcess, vitals: Vitals, code: int) -> bool:
        """Say how it ended; True when it is worth another process."""
        if self._failure is not None or self._orders.is_ending or self._orders.is_stopped(self._load.id):
            self._close(EngineState.STOPPED, self._failure)
            return False
        name = signal_name(code)
        if self._extra_buffers.died(name, process.log, is_loading=self.state is EngineState.LOADING):
            _log.warning("the engine died with special weight layouts (%s); loading again without", name)
            self._load = replace(self._load, use_extra_bufts=False)
            return True
        failure = crash_failure(
            code,
            _DOING.get(self.state, "ready"),
            self._load.request,
            process.log,
            self._ended_by_us,
            held_bytes=vitals.held_bytes,
            was_for_memory=vitals.was_ended_for_memory(),
        )
        self._close(EngineState.CRASHED, failure)
        return False

    def _close(self, state: EngineState, failure: Failure | None) -> None:
        """Answer every open operation and say the last state."""
        left = self._orders.close()
        for event in last_events(left, self._texts, failure, is_crash=state is EngineState.CRASHED):
            self._tell(event)
        self._set_state(state, failure)

    def _keep_deadlines(self, process: WorkerProcess, watch: Watch) -> None:
        """Kill what did not obey in time; for one answer a worker that evidently computes gets more of it."""
        seconds = self._orders.overdue_s(watch.is_lively) if self._killed_at is None else None
        if seconds is not None:
            self._kill(process, say("It did not stop within {n} s, so the launcher ended it.", n=f"{seconds:.0f}"))

    def _kill(self, process: WorkerProcess, reason: str) -> None:
        if self._killed_at is None:
            self._killed_at = time.monotonic()
            self._ended_by_us = reason
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
