"""The engine for the window: plans a file on what is free right now, loads it, streams answers, survives its death."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from launcher.core.downloads import Installed
from launcher.core.errors import NextStep, UserError
from launcher.core.generation import ChatTurn, GenerateRequest, Loaded, LoadRequest
from launcher.core.machine import Machine
from launcher.core.models import Variant
from launcher.core.plans import Plan, Wishes
from launcher.core.units import gib
from launcher.core.words import say
from launcher.engine import protocol
from launcher.engine.client import EngineClient
from launcher.engine.protocol import EngineState
from launcher.services.tasks import TaskRunner


@dataclass(frozen=True, slots=True)
class _Opening:
    """A model file with the plan it will be loaded by."""

    installed: Installed
    machine: Machine
    plan: Plan
    variant: Variant | None


class EngineService(QObject):
    """One engine, at most one loaded model.

    Signals:
        state_changed(EngineState): for status bar and buttons.
        machine_read(Machine): the hardware as it was right before a load.
        planned(Plan): how the file will be placed; sent before the load begins.
        load_progressed(LoadProgress): while weights are read.
        loaded(Loaded): ready; actual memory inside.
        load_failed(UserError): nothing is loaded.
        load_cancelled(): the user stopped it; nothing is loaded.
        text_streamed(TextDelta): new text of the answer.
        answer_finished(Answer): complete or stopped.
        answer_failed(OperationFailed): the text so far is inside; the engine may be gone (see `state`).
        tokens_counted(TokensCounted): the answer to `count_tokens`.
        crashed(UserError): the engine process ended by itself.
    """

    state_changed = Signal(object)
    machine_read = Signal(object)
    planned = Signal(object)
    load_progressed = Signal(object)
    loaded = Signal(object)
    load_failed = Signal(object)
    load_cancelled = Signal()
    text_streamed = Signal(object)
    answer_finished = Signal(object)
    answer_failed = Signal(object)
    tokens_counted = Signal(object)
    crashed = Signal(object)
    _arrived = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("engine", self, serial=True)
        # Events come from the client's reader thread; the queued signal carries them into the GUI thread, in order.
        self._arrived.connect(self._on_event, Qt.ConnectionType.QueuedConnection)
        self._client = EngineClient(self._arrived.emit)
        self._load_id: int | None = None
        self._answer_id: int | None = None
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.timeout.connect(self.unload)
        self._idle_minutes = 0
        self.state = EngineState.STOPPED
        self.installed: Installed | None = None
        self.plan: Plan | None = None
        self.variant: Variant | None = None
        self.model: Loaded | None = None

    def set_idle_minutes(self, minutes: int) -> None:
        """Give the memory back after so long without a question; 0 never."""
        self._idle_minutes = minutes
        self._restart_idle()

    @property
    def pid(self) -> int | None:
        """Process id of the worker, None while there is none."""
        return self._client.pid

    def open(self, installed: Installed, wishes: Wishes) -> None:
        """Plan the file on the memory that is free now and load it. What was loaded before is unloaded first."""
        self._forget_model()
        self.installed = installed
        self._set_state(EngineState.STARTING)
        self._tasks.run(lambda: self._plan(installed, wishes), self._on_planned, self._on_plan_failed)

    def generate(self, request: GenerateRequest) -> None:
        """Make an answer; `text_streamed` and one of `answer_finished`, `answer_failed` follow."""
        try:
            self._answer_id = self._client.generate(request)
        except UserError as error:
            self.answer_failed.emit(protocol.OperationFailed(0, protocol.Failure.of(error)))

    def count_tokens(self, turns: tuple[ChatTurn, ...], *, thinking: bool) -> None:
        """How much of the context these turns take; `tokens_counted` follows while a model is loaded."""
        if self.state in (EngineState.READY, EngineState.ANSWERING):
            with contextlib.suppress(UserError):  # it ended this instant: the state change says so
                self._client.count_tokens(turns, thinking)

    def stop(self) -> None:
        """End the running answer or the running load."""
        self._client.stop()

    @Slot()
    def unload(self) -> None:
        """Give the memory back; which model it was is remembered, so that the next message loads it again."""
        self.model = None
        self._client.unload()

    def close(self) -> None:
        """End the worker and the threads."""
        self._client.close()
        self._tasks.close()

    def _plan(self, installed: Installed, wishes: Wishes) -> _Opening:
        from launcher import catalog, hardware, planner
        from launcher.catalog.gguf import read_set
        from launcher.catalog.identify import identify
        from launcher.engine.calibration_store import calibration_for
        from launcher.engine.devices import engine_info

        self._client.close()  # wait until the old model's memory is really free; the client can load again
        path = Path(installed.path)
        found = identify(catalog.load(), path, read_set(path))
        info = engine_info(fresh=True)
        machine = replace(hardware.probe(info.devices), calibration=calibration_for(info))
        plan = planner.plan_file(
            machine, found.facts, installed.path, installed.name, installed.quant, installed.size_bytes, wishes
        )
        if not plan.fits:
            short = max((-d.left_bytes for d in plan.memory.devices), default=0)
            raise UserError(
                "does_not_fit",
                say(
                    "{name} {quant} does not fit into the memory that is free now.",
                    name=installed.name,
                    quant=installed.quant,
                ),
                say(
                    "It needs {size}; {missing} are missing. Closing other programs frees memory.",
                    size=gib(plan.memory.total_bytes),
                    missing=gib(max(0, short)),
                ),
                (NextStep("Look again", "load_again"), NextStep("Choose a smaller model", "choose_model")),
            )
        named = replace(plan, model=installed.model, repo=installed.repo or "")
        return _Opening(installed, machine, named, found.variant)

    def _on_planned(self, opening: _Opening) -> None:
        if opening.installed is not self.installed:
            return  # another model was chosen meanwhile
        self.plan, self.variant = opening.plan, opening.variant
        self.machine_read.emit(opening.machine)
        self.planned.emit(opening.plan)
        request = LoadRequest(
            opening.installed.path, opening.installed.name, opening.installed.quant, opening.plan.placement
        )
        self._load_id = self._client.load(request)

    def _on_plan_failed(self, error: UserError) -> None:
        self._set_state(EngineState.STOPPED)
        self.load_failed.emit(error)

    def _forget_model(self) -> None:
        self.installed, self.plan, self.variant, self.model = None, None, None, None
        self._load_id, self._answer_id = None, None

    def _set_state(self, state: EngineState) -> None:
        if state is not self.state:
            self.state = state
            self._restart_idle()
            self.state_changed.emit(state)

    def _restart_idle(self) -> None:
        if self._idle_minutes and self.state is EngineState.READY:
            self._idle.start(self._idle_minutes * 60_000)
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
                self.model = event.loaded
                self.loaded.emit(event.loaded)
            case protocol.LoadCancelled():
                self.load_cancelled.emit()
            case protocol.TextDelta():
                self.text_streamed.emit(event)
            case protocol.AnswerFinished():
                self._answer_id = None
                self.answer_finished.emit(event.answer)
            case protocol.TokensCounted():
                self.tokens_counted.emit(event)
            case protocol.OperationFailed():
                self._on_operation_failed(event)
            case _:
                pass

    def _on_state(self, event: protocol.StateChanged) -> None:
        # A state of STOPPED in the middle of opening is the old model leaving, not the end.
        if event.state is EngineState.STOPPED and self.state is EngineState.STARTING:
            return
        if event.state is EngineState.CRASHED:
            self.model = None
        self._set_state(event.state)
        if event.state is EngineState.CRASHED and event.failure is not None:
            self.crashed.emit(event.failure.error())

    def _on_operation_failed(self, event: protocol.OperationFailed) -> None:
        if event.id == self._answer_id:
            self._answer_id = None
            self.answer_failed.emit(event)
        elif event.id == self._load_id:
            self._load_id = None
            self.load_failed.emit(event.failure.error())
