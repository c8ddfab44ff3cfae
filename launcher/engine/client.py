"""The engine as the rest of the program sees it: load, answer, stop, unload. No Qt; safe from any thread."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from launcher.core.errors import NextStep, UserError
from launcher.core.generation import ChatTurn, GenerateRequest, Loaded, LoadRequest
from launcher.engine.process import known_rpc_servers
from launcher.engine.protocol import Command, CountTokens, EngineEvent, EngineState, Generate, Load, SaveStates
from launcher.engine.supervision import Patience, Supervision


class EngineClient:
    """Drives at most one worker process.

    Nothing here waits, except `close`. Every call that starts something returns its id; the events about it carry that id
    and come, in order, from a thread of the client:

        load      -> StateChanged(STARTING), Hello, StateChanged(LOADING), LoadStarted?, LoadProgress*, then
                     LoadFinished + StateChanged(READY), or LoadCancelled / OperationFailed + StateChanged(STOPPED)
        generate  -> StateChanged(ANSWERING), AnswerStarted, PromptProgress*, TextDelta*, then
                     AnswerFinished or OperationFailed (with the text so far) + StateChanged(READY)
        a crash   -> OperationFailed for everything open, StateChanged(CRASHED, failure)
    """

    def __init__(
        self,
        on_event: Callable[[EngineEvent], None],
        rpc_servers: tuple[str, ...] | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Make a client; no process starts yet.

        Args:
            on_event: called from the client's thread; must be quick.
            rpc_servers: "host:port" of llama.cpp RPC servers whose devices count as this computer's; None takes them
                from LAUNCHER_RPC_SERVERS (commas between). No authentication, no encryption: trusted networks only.
            patience: how long to wait before a worker that hangs or does not obey is killed.
        """
        self._on_event = on_event
        self._rpc_servers = known_rpc_servers() if rpc_servers is None else rpc_servers
        self._patience = patience or Patience()
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._run: Supervision | None = None

    @property
    def state(self) -> EngineState:
        """What the engine is doing."""
        with self._lock:
            return self._run.state if self._run else EngineState.STOPPED

    @property
    def loaded(self) -> Loaded | None:
        """What is loaded and can answer."""
        with self._lock:
            return self._run.loaded if self._run and self._run.is_alive else None

    @property
    def pid(self) -> int | None:
        """Of the worker process, for the meters."""
        with self._lock:
            return self._run.pid if self._run else None

    def load(self, request: LoadRequest) -> int:
        """Load a model in a new worker; what was loaded before is unloaded first."""
        operation = next(self._ids)
        absolute = replace(request, path=str(Path(request.path).absolute()))
        with self._lock:
            if self._run:  # under the lock, so that no load waits for one that nobody has asked to end
                self._run.save_and_end(SaveStates(next(self._ids)), self._patience.save_s)
            self._run = Supervision(
                Load(operation, absolute), self._on_event, self._patience, self._rpc_servers, self._run
            )
            self._run.start()
        return operation

    def generate(self, request: GenerateRequest) -> int:
        """Make an answer; it waits for a load or an answer in progress.

        Raises:
            UserError: nothing is loaded or being loaded.
        """
        return self._send(Generate(next(self._ids), request))

    def count_tokens(self, turns: Sequence[ChatTurn], thinking: bool = True) -> int:
        """Ask how much of the context a conversation takes; TokensCounted answers.

        Raises:
            UserError: nothing is loaded or being loaded.
        """
        return self._send(CountTokens(next(self._ids), tuple(turns), thinking))

    def stop(self, operation: int | None = None) -> None:
        """End a load or an answer within one token; None means the oldest that is open. Text so far is kept."""
        with self._lock:
            run = self._run
        if run:
            run.stop(operation)

    def unload(self, save_s: float | None = None) -> None:
        """End the worker: its memory is really free. StateChanged(STOPPED) follows.

        The states of its chats are written first, in `save_s` seconds at most (None: `Patience.save_s`); StateChanged(SAVING)
        says so, and StatesSaved what was written.
        """
        with self._lock:
            run = self._run
        if run:
            saving = SaveStates(next(self._ids))
            run.save_and_end(saving, self._patience.save_s if save_s is None else save_s)

    def save_states(self) -> int:
        """Write the states of all chats that are not on the disk; StatesSaved answers.

        Raises:
            UserError: nothing is loaded or being loaded.
        """
        return self._send(SaveStates(next(self._ids)))

    def close(self, save_s: float | None = None) -> None:
        """Unload and wait until the worker is gone (a few seconds at most after `save_s`, killed if need be)."""
        self.unload(save_s)
        with self._lock:
            run = self._run
        if run:
            run.join((self._patience.save_s if save_s is None else save_s) + self._patience.obey_s + 5.0)

    def _send(self, command: Command) -> int:
        with self._lock:
            run = self._run
        if run is None or not run.request(command):
            raise UserError(
                "not_loaded",
                "No model is loaded.",
                "The engine is not running.",
                (NextStep("Load again", "load_again"), NextStep("Choose a model", "choose_model")),
            )
        return command.id
