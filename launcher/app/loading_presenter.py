"""The loading strip above the composer: what is done before and during a load, how long it takes, what had to be given up."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from launcher.core.plans import Plan
from launcher.core.units import duration, gb
from launcher.core.words import listed
from launcher.engine.protocol import WEIGHTS_SHARE, EngineState, LoadProgress
from launcher.services.engine_service import EngineService
from launcher.services.opening import Stage
from launcher.ui.chat import ChatPage

# Shorter waits need no figure.
_TOLD_FROM_S = 2.0


class LoadingPresenter(QObject):
    """Connects the strip."""

    def __init__(self, page: ChatPage, engine: EngineService, parent: QObject) -> None:
        super().__init__(parent)
        self._page = page
        self._engine = engine
        engine.state_changed.connect(self._on_state_changed)
        engine.stage_changed.connect(self._on_stage_changed)
        engine.planned.connect(self._on_planned)
        engine.stepped_down.connect(self._on_stepped_down)
        engine.load_progressed.connect(self._on_load_progressed)
        engine.load_failed.connect(self._on_ended)
        engine.load_cancelled.connect(self._on_ended)

    @Slot(object)
    def _on_state_changed(self, state: EngineState) -> None:
        if state is EngineState.STARTING:
            self._page.set_loading(None, self.tr("Planning on the memory that is free now…"))
        elif state is not EngineState.LOADING:
            self._on_ended()

    @Slot(object)
    def _on_stage_changed(self, stage: Stage) -> None:
        words = {
            Stage.PLANNING: self.tr("Planning on the memory that is free now…"),
            Stage.CHECKING: self.tr("The engine checks the plan…"),
            Stage.STEPPING_DOWN: self.tr("Not enough memory: planning with less…"),
        }
        self._page.set_loading(None, words[stage])

    @Slot(object)
    def _on_planned(self, plan: Plan) -> None:
        words = self.tr("Loading {model}: {placement}").format(model=plan.name, placement=plan.summary)
        self._page.set_loading(None, words)

    @Slot(object)
    def _on_stepped_down(self, steps: tuple[str, ...]) -> None:
        self._page.set_load_steps(steps)

    @Slot(object)
    def _on_load_progressed(self, progress: LoadProgress) -> None:
        phases = {
            "weights": self.tr("Reading the weights"),
            "context": self.tr("Making room for the context"),
            "warm_up": self.tr("Warming up"),
            "draft": self.tr("Loading the draft model"),
        }
        words = phases.get(progress.phase, self.tr("Loading"))
        self._page.set_loading(progress.fraction, words, listed(*self._figures(progress)))

    def _figures(self, progress: LoadProgress) -> list[str]:
        """Share, bytes and time left, as far as they are known."""
        figures = [f"{progress.fraction:.0%}"]
        installed = self._engine.installed
        if progress.phase == "weights" and installed is not None and installed.size_bytes:
            done = min(1.0, progress.fraction / WEIGHTS_SHARE) * installed.size_bytes
            figures.append(self.tr("{done} of {all}").format(done=gb(done), all=gb(installed.size_bytes)))
        if progress.seconds_left is not None and progress.seconds_left >= _TOLD_FROM_S:
            figures.append(self.tr("{time} left").format(time=duration(progress.seconds_left)))
        return figures

    @Slot()
    def _on_ended(self, *_: object) -> None:
        self._page.set_loading(None, "")
        self._page.set_load_steps(())
