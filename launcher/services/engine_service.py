"""The engine for the window: plans a file on what is free right now, loads it, streams answers, survives its death."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from launcher.core.downloads import Installed
from launcher.core.errors import UserError
from launcher.core.generation import ChatTurn, GenerateRequest, Loaded
from launcher.core.models import Variant
from launcher.core.plans import Plan, Wishes
from launcher.core.words import known
from launcher.engine import protocol
from launcher.engine.client import EngineClient
from launcher.engine.kv_states import StateFolder, chat_states, not_kept
from launcher.engine.protocol import EngineState
from launcher.engine.restarts import Restarts
from launcher.services.load_failures import is_for_memory
from launcher.services.opening import Opening, OpeningStopped, OpenRequest, Prepared, Stage
from launcher.services.tasks import TaskRunner

_log = logging.getLogger(__name__)
_MS_PER_MINUTE = 60_000
_CLOSE_SAVE_S = 5.0
"""The window is gone by then, and who closes it wants to be done."""


class EngineService(QObject):
    """One engine, at most one loaded model.

    Signals:
        state_changed(EngineState): for status bar and buttons.
        machine_read(Machine): the hardware as it was right before a load.
        stage_changed(Stage): what is being done before a load.
        planned(Plan): how the file will be placed; sent before the load begins, and again before each smaller one.
        stepped_down(tuple[str, ...]): what had to be given up so far for want of memory, and why; sentences in order.
        load_progressed(LoadProgress): while weights are read.
        loaded(Loaded): ready; actual memory inside, and among the notes what had to be given up.
        load_failed(UserError): nothing is loaded.
        load_cancelled(): the user stopped it; nothing is loaded.
        text_streamed(TextDelta): new text of the answer.
        answer_finished(Answer): complete or stopped.
        answer_failed(OperationFailed): the text so far is inside; where the engine died (`is_crash`) `crashed` says it.
        tokens_counted(TokensCounted): the answer to `count_tokens`.
        count_failed(OperationFailed): no answer to `count_tokens`: the template refuses the turns, or the engine is gone.
        crashed(UserError): the engine process ended by itself, and no `load_failed` said so.
        states_changed(): the saved states of chats are others than before.
        state_not_kept(UserError): the disk is too full for one; sent once, whatever follows.
    """

    state_changed = Signal(object)
    machine_read = Signal(object)
    stage_changed = Signal(object)
    planned = Signal(object)
    stepped_down = Signal(object)
    load_progressed = Signal(object)
    loaded = Signal(object)
    load_failed = Signal(object)
    load_cancelled = Signal()
    text_streamed = Signal(object)
    answer_finished = Signal(object)
    answer_failed = Signal(object)
    tokens_counted = Signal(object)
    count_failed = Signal(object)
    crashed = Signal(object)
    states_changed = Signal()
    state_not_kept = Signal(object)
    _arrived = Signal(object)
    _stage_reached = Signal(object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("engine", self, serial=True)
        # Events come from the client's reader thread; the queued signal carries them into the GUI thread, in order.
        self._arrived.connect(self._on_event, Qt.ConnectionType.QueuedConnection)
        self._stage_reached.connect(self._on_stage, Qt.ConnectionType.QueuedConnection)
        self._client = EngineClient(self._arrived.emit)
        self._opening: Opening | None = None
        self._is_preparing = False
        # What each file was last opened with, to tell what there is less of than the time before.
        self._opened: dict[str, tuple[Wishes, Plan]] = {}
        self._load_id: int | None = None
        self._answer_id: int | None = None
        self._told: protocol.Failure | None = None  # by `load_failed`
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.timeout.connect(self.unload)
        self._idle_minutes = 0
        self._restarts = Restarts()
        self._states: StateFolder | None = None
        self._has_told_full = False
        self.state = EngineState.STOPPED
        self.installed: Installed | None = None
        self.plan: Plan | None = None
        self.intended: Plan | None = None
        self.steps: tuple[str, ...] = ()
        self.variant: Variant | None = None
        self.model: Loaded | None = None

    def set_state_cap(self, cap_bytes: int) -> None:
        """How much of the disk the states of chats may take; 0 keeps none."""
        states = chat_states(cap_bytes)
        self._states = states if cap_bytes else None
        self._tasks.run(states.trim, lambda _nothing: self.states_changed.emit())

    def set_idle_minutes(self, minutes: int) -> None:
        """Give the memory back after so long without a question; 0 never."""
        self._idle_minutes = minutes
        self._restart_idle()

    @property
    def pid(self) -> int | None:
        """Process id of the worker, None while there is none."""
        return self._client.pid

    def open(self, installed: Installed, wishes: Wishes, expected: Plan | None = None) -> None:
        """Plan the file on the memory that is free now, verify the plan and load it. What was loaded before is unloaded first.

        Args:
            installed: the file.
            wishes: for the plan.
            expected: the plan that the user saw, made with the same wishes: what is less than there is said. None takes the
                one that the file was opened with before.
        """
        self._end_opening()
        self._forget_model()
        self.installed = installed
        before = self._opened.get(installed.path)
        if expected is None and before is not None and before[0] == wishes:
            expected = before[1]
        request = OpenRequest(
            installed.path, wishes, installed.name, installed.quant, installed.model, installed.repo or "", expected
        )
        opening = self._opening = Opening(request, lambda stage: self._stage_reached.emit(opening, stage))
        self._set_state(EngineState.STARTING)

        def prepare() -> Prepared:
            self._client.close()  # wait until the old model's memory is really free; the client can load again
            return opening.prepare()

        self._prepare(opening, prepare)

    def restart_pause_s(self) -> float:
        """How long a load that nobody clicked for should wait, in seconds; 0 normally.

        Raises:
            UserError: "engine_unstable": the engine dies again and again; only a click should load now.
        """
        return self._restarts.pause_s()

    def restart_reason(self) -> str:
        """Why such a load waits, in words."""
        return self._restarts.reason()

    def generate(self, request: GenerateRequest, chat_id: str = "") -> None:
        """Make an answer; `text_streamed` and one of `answer_finished`, `answer_failed` follow.

        The engine's state of the chat is kept on the disk, where the user gave room for that; "" keeps none.
        """
        if chat_id and self._states:
            path, cap_bytes = self._states.path(chat_id), self._states.cap_bytes
            request = replace(request, state_file=str(path), state_cap_bytes=cap_bytes)
        try:
            self._answer_id = self._client.generate(request)
        except UserError as error:
            self.answer_failed.emit(protocol.OperationFailed(0, protocol.Failure.of(error)))

    def count_tokens(self, turns: tuple[ChatTurn, ...], *, thinking: bool) -> int | None:
        """How much of the context these turns take: `tokens_counted` or `count_failed` follows with the id returned here.

        None while no model is loaded: nothing follows.
        """
        if self.model is None:
            return None
        try:
            return self._client.count_tokens(turns, thinking)
        except UserError:
            return None  # it ended this instant: the state change says so

    def stop(self) -> None:
        """End the running answer or the running load, also between two tries of it."""
        if self._is_preparing:
            self._end_opening()
            self._set_state(EngineState.STOPPED)
            self.load_cancelled.emit()
            return
        if self.model is None and self._opening is not None:
            self._opening.stop()  # should this try fail in this instant there is no other one
        self._client.stop()

    @Slot()
    def unload(self) -> None:
        """Give the memory back; which model it was is remembered, so that the next message loads it again."""
        if self._is_preparing:
            self.stop()
        self.model = None
        self._client.unload()

    def close(self) -> None:
        """End the worker and the threads."""
        self._end_opening()
        self._client.close(_CLOSE_SAVE_S)
        self._tasks.close()

    # --- opening ---

    def _prepare(self, opening: Opening, work: Callable[[], Prepared]) -> None:
        """Let a thread do what comes before a load, at first or after a failed one."""
        self._is_preparing = True
        self._tasks.run(
            work,
            lambda prepared: self._on_prepared(opening, prepared),
            lambda error: self._on_prepare_failed(opening, error),
        )

    def _on_prepared(self, opening: Opening, prepared: Prepared) -> None:
        if opening is not self._opening:
            return  # cancelled, or another model was chosen meanwhile
        self._is_preparing = False
        self.plan, self.intended, self.variant = prepared.plan, prepared.intended, prepared.variant
        self.machine_read.emit(prepared.machine)
        if prepared.steps:
            self.stepped_down.emit(prepared.steps)
        self.planned.emit(prepared.plan)
        self._load_id = self._client.load(prepared.request)

    def _on_prepare_failed(self, opening: Opening, error: UserError) -> None:
        if opening is not self._opening or isinstance(error, OpeningStopped):
            return
        self._is_preparing = False
        self._opening = None
        self._set_state(EngineState.STOPPED)
        self.load_failed.emit(error)

    def _on_load_failed(self, failure: protocol.Failure) -> None:
        """For want of memory: once more with less; the dead worker's own end is not worth telling then."""
        opening, self._load_id = self._opening, None
        error = failure.error()
        if opening is not None and opening.is_stopped:
            self._opening = None
            self._set_state(EngineState.STOPPED)
            self.load_cancelled.emit()
        elif opening is not None and is_for_memory(error):
            self._set_state(EngineState.STARTING)
            self._prepare(opening, lambda: opening.step_down(error))
        else:
            self._told = failure
            self.load_failed.emit(error)

    def _end_opening(self) -> None:
        if self._opening is not None:
            self._opening.stop()
        self._opening, self._is_preparing = None, False

    @Slot(object, object)
    def _on_stage(self, opening: Opening, stage: Stage) -> None:
        if opening is self._opening and self._is_preparing:
            self.stage_changed.emit(stage)

    def _on_loaded(self, loaded: Loaded) -> None:
        opening, installed = self._opening, self.installed
        if opening is None or installed is None or self.plan is None or self.intended is None:
            return  # unloaded in this instant
        self._opening = None
        self._opened[installed.path] = opening.wishes, self.intended
        self.steps = opening.steps
        self.model = replace(loaded, notes=(*opening.steps, *map(known, loaded.notes)))
        self.loaded.emit(self.model)
        self._tasks.run(lambda: opening.learn(loaded))

    # --- events ---

    def _forget_model(self) -> None:
        self.installed, self.plan, self.intended, self.variant, self.model = None, None, None, None, None
        self._load_id, self._answer_id, self.steps = None, None, ()

    def _set_state(self, state: EngineState) -> None:
        if state is not self.state:
            self.state = state
            self._restart_idle()
            self.state_changed.emit(state)

    def _restart_idle(self) -> None:
        if self._idle_minutes and self.state is EngineState.READY:
            self._idle.start(self._idle_minutes * _MS_PER_MINUTE)
        else:
            self._idle.stop()

    @Slot(object)
    def _on_event(self, event: protocol.EngineEvent) -> None:
        match event:
            case protocol.StateChanged():
                self._on_state(event)
            case protocol.LoadProgress():
                self.load_progressed.emit(event)
            case protocol.LoadFinished():
                self._on_loaded(event.loaded)
            case protocol.LoadCancelled() if event.id == self._load_id:
                self.load_cancelled.emit()
            case protocol.TextDelta() if event.id == self._answer_id:
                self.text_streamed.emit(event)
            case protocol.AnswerFinished() if event.id == self._answer_id:
                self._answer_id = None
                self.answer_finished.emit(event.answer)
            case protocol.TokensCounted():
                self.tokens_counted.emit(event)
            case protocol.OperationFailed():
                self._on_operation_failed(event)
            case protocol.StatesSaved():
                self._on_states_saved(event)
            case protocol.StateRefused():
                _log.info("the saved state of a chat was not used: %s", event.why)
            case _:
                pass

    def _on_state(self, event: protocol.StateChanged) -> None:
        # In the middle of opening these are the old model or a failed try leaving, not the end.
        if self._is_preparing and event.state in (EngineState.SAVING, EngineState.STOPPED, EngineState.CRASHED):
            return
        if event.state is EngineState.CRASHED:
            self.model = None
            self._restarts.note_crash()
        self._set_state(event.state)
        if event.state is EngineState.CRASHED and event.failure is not None and event.failure is not self._told:
            self.crashed.emit(event.failure.error())

    def _on_states_saved(self, event: protocol.StatesSaved) -> None:
        if event.problem:
            _log.warning("the state of a chat could not be saved: %s", event.problem)
        if event.missing_bytes and not self._has_told_full:
            self._has_told_full = True
            self.state_not_kept.emit(not_kept(event.missing_bytes))
        if event.count:
            self.states_changed.emit()

    def _on_operation_failed(self, event: protocol.OperationFailed) -> None:
        if event.id == self._answer_id:
            self._answer_id = None
            self.answer_failed.emit(event)
        elif event.id == self._load_id:
            self._on_load_failed(event.failure)
        else:
            self.count_failed.emit(event)
