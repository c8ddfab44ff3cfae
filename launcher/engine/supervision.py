"""One worker from start to end: its messages, its state, and what is said when it dies, hangs or does not obey.

All events come from one thread, in order: it takes what another thread reads off the worker's pipe, and looks after the worker
between two messages. A worker serves one load; another load is another worker, so that the memory of the first is really free
again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from launcher.core.generation import Loaded
from launcher.core.words import say
from launcher.engine import quirks
from launcher.engine.inbox import Inbox, Item, Sign
from launcher.engine.outcome import LOAD_AGAIN, crash_failure, not_ended, signal_name
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
    Stop,
    TextDelta,
    TokensCounted,
    WorkerEvent,
    encode,
)
from launcher.engine.thread_counts import remember_threads, remembered_threads
from launcher.engine.vitals import Vitals
from launcher.engine.watch import Asked, Patience, Watch, asked_now

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
        self._lock = threading.Lock()
        self._process: WorkerProcess | None = None
        self._processor = ("", "")  # name and engine version, from Hello
        self._extra_in_use = False
        self._extra_suspected = False
        self._waiting: list[Command] | None = []  # commands before the load was sent; None afterwards
        self._open: dict[int, Command] = {load.id: load}
        self._texts: dict[int, tuple[str, str]] = {}
        self._is_ending = False
        self._has_states = False
        self._saving: int | None = None
        self._failure: Failure | None = None
        self._ended_by_us = ""
        self._asked: dict[int | None, Asked] = {}  # what is to end: operations, or the process (None)
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
            self._has_states = self._has_states or (isinstance(command, Generate) and bool(command.request.state_file))
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
                self._asked.setdefault(operation, asked_now(self._patience.obey_s))
            elif self._waiting is not None:
                self._waiting.append(Stop(operation))
        self._inbox.wake()

    def save_and_end(self, saving: SaveStates, save_s: float) -> None:
        """Let the worker write the states of its chats, where there may be some, and end it; killed when that takes longer."""
        with self._lock:
            if self._saving is not None:
                if asked := self._asked.get(self._saving):
                    asked.until = min(asked.until, time.monotonic() + save_s)
            elif self._process and self._has_states and not self._is_ending and self.loaded:
                self._is_ending = True
                self._saving = saving.id
                self._asked[saving.id] = asked_now(save_s)
                for operation in [i for i, c in self._open.items() if isinstance(c, Generate)]:
                    self._process.send(encode(Stop(operation)))
                self._open[saving.id] = saving
                self._process.send(encode(saving))
        if self._saving is None:
            self.end()
        self._inbox.wake()

    def end(self) -> None:
        """Ask the worker to end; killed when it does not."""
        with self._lock:
            self._is_ending = True
            if self._process:
                self._process.let_go()
            self._asked.setdefault(None, asked_now(self._patience.obey_s))
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
            if self._is_ending:
                process.let_go()
        vitals, watch = Vitals(process.pid), Watch(self._patience)
        self._inbox.fill_from(process)
        has_ended = self._listen(process, vitals, watch)
        code = self._return_code(process) if has_ended else None
        with self._lock:
            self._process = None
        if code is None:
            threading.Thread(target=process.wait, name="engine-left-behind", daemon=True).start()
            self._close(EngineState.CRASHED, not_ended(process.pid, process.log))
            return False
        return self._conclude(process, vitals, code)

    def _listen(self, process: WorkerProcess, vitals: Vitals, watch: Watch) -> bool:
        """Until the worker closes its pipe; False when it does not even after it was killed."""
        pause_s = min(_LOOK_S, self._patience.hang_s / 4, self._patience.stall_s / 4)
        look_at = time.monotonic()
        while True:
            now = time.monotonic()
            if now >= look_at:
                look_at = now + pause_s
                if reason := watch.look(vitals.look(), is_working=bool(self._open)):
                    self._kill(process, reason)
            self._keep_deadlines(process, watch)
            if self._saving is not None and self.state is not EngineState.SAVING:
                self._set_state(EngineState.SAVING)
            if self._killed_at is not None and now >= self._killed_at + self._patience.give_up_s:
                return False
            with self._lock:
                until = min((look_at, *(a.until for a in self._asked.values()))) if self._killed_at is None else look_at
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
            self._kill(process, say("It sent {n} messages that make no sense and was ended.", n=self._malformed))

    def _handle(self, event: WorkerEvent) -> None:
        if isinstance(event, _ABOUT_ONE) and event.id not in self._open:
            _log.info("the engine speaks of operation %d, which is not open", event.id)
            return
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
            case AnswerFinished() | OperationFailed() | TokensCounted() | StatesSaved():
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
        self._load = replace(self._load, threads=remembered_threads(hello.processor, self._load.request))
        self._tell(hello)
        with self._lock:
            waiting, self._waiting = self._waiting or [], None
            if self._process and not self._is_ending:
                for command in (self._load, *waiting):
                    self._process.send(encode(command))
        self._set_state(EngineState.LOADING)

    def _on_loaded(self, event: LoadFinished) -> None:
        if self._extra_suspected:  # it died with the special layouts and works without them: only now that is known
            quirks.remember_crash_with_extra_buffers(*self._processor)
        if event.loaded.is_threads_measured:
            remember_threads(self._processor[0], self._load.request, event.loaded.threads)
        with self._lock:
            self._open.pop(event.id, None)
            self.loaded = event.loaded
        self._tell(event)
        self._set_state(EngineState.READY)

    def _on_operation_end(self, event: AnswerFinished | OperationFailed | TokensCounted | StatesSaved) -> None:
        with self._lock:
            command = self._open.pop(event.id, None)
            self._asked.pop(event.id, None)
        texts = self._texts.pop(event.id, None)
        if isinstance(event, OperationFailed):
            if command is None:
                _log.info("operation %d failed, which is not open: %s", event.id, event.failure.what)
                return
            if texts:
                event = replace(event, answer=texts[0], reasoning=texts[1])
        self._tell(event)
        if isinstance(command, SaveStates) and event.id == self._saving:
            self.end()
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

    def _return_code(self, process: WorkerProcess) -> int | None:
        """After its pipe was closed; None for a process that the system does not let go."""
        code = process.wait(self._patience.obey_s)
        if code is None:  # it lives on, deaf and dumb
            self._kill(process, say("It closed its connection with the launcher and was ended."))
            code = process.wait(self._patience.give_up_s)
        return code

    def _conclude(self, process: WorkerProcess, vitals: Vitals, code: int) -> bool:
        """Say how it ended; True when it is worth another process."""
        if self._failure is not None or self._is_ending:
            self._close(EngineState.STOPPED, self._failure)
            return False
        name = signal_name(code)
        if self._extra_in_use and name in ("SIGILL", "SIGABRT"):
            if self.state is EngineState.LOADING:
                _log.warning("the engine died with special weight layouts (%s); loading again without", name)
                with self._lock:
                    self._load = self._open[self._load.id] = replace(self._load, use_extra_bufts=False)
                    self._extra_in_use, self._extra_suspected = False, True
                    self._waiting = [c for i, c in self._open.items() if i != self._load.id]
                return True
            if name == "SIGILL" or quirks.speak_of_extra_buffers(process.log):
                quirks.remember_crash_with_extra_buffers(*self._processor)
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
        with self._lock:
            open_operations, self._open = self._open, {}
            self._is_ending = True  # nothing can be asked any more
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

    def _keep_deadlines(self, process: WorkerProcess, watch: Watch) -> None:
        """Kill what did not obey in time; for one answer a worker that evidently computes gets more of it."""
        now = time.monotonic()
        with self._lock:
            asked = {o: a for o, a in self._asked.items() if o is None or o in self._open}
            self._asked = asked
            due = [(o, a) for o, a in asked.items() if now >= a.until]
            for operation, one in due:
                if isinstance(self._open.get(operation or 0), Generate) and watch.is_lively():
                    one.until = min(now + _LOOK_S, one.at + self._patience.linger_s)
        for operation, one in due:
            if now < one.until or self._killed_at is not None:
                continue
            self._is_ending = self._is_ending or operation == self._load.id  # the load was to end: it has
            self._kill(process, say("It did not stop within {n} s and was ended.", n=f"{now - one.at:.0f}"))

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
