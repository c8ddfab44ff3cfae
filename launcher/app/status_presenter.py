"""The status bar: what the engine is doing, with which model, how fast."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from launcher.catalog import Catalog
from launcher.core.generation import Answer, Loaded
from launcher.core.machine import Machine, Sample
from launcher.core.words import listed
from launcher.engine.protocol import EngineState, LoadProgress, TextDelta, TokensCounted
from launcher.services.engine_service import EngineService
from launcher.services.hardware_service import HardwareService
from launcher.services.plan_editing import Edited
from launcher.services.plan_service import PlanService
from launcher.ui.main_window import MainWindow
from launcher.ui.models.words import date_words
from launcher.ui.shell.status_bar import EngineState as Shown

_SHOWN = {
    EngineState.STOPPED: Shown.EMPTY,
    EngineState.STARTING: Shown.LOADING,
    EngineState.LOADING: Shown.LOADING,
    EngineState.READY: Shown.READY,
    EngineState.ANSWERING: Shown.ANSWERING,
    EngineState.SAVING: Shown.LOADING,
    EngineState.CRASHED: Shown.STOPPED,
}


class StatusPresenter(QObject):
    """Connects the status bar."""

    def __init__(
        self,
        window: MainWindow,
        engine: EngineService,
        hardware: HardwareService,
        plans: PlanService,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._bar = window.status_bar
        self._page = window.page_key
        self._plan_words = self._catalogue_words = ""
        self._engine = engine
        self._machine: Machine | None = None
        engine.state_changed.connect(self._on_state_changed)
        engine.load_progressed.connect(self._on_load_progressed)
        engine.loaded.connect(self._on_loaded)
        engine.text_streamed.connect(self._on_text_streamed)
        engine.answer_finished.connect(self._on_answer_finished)
        engine.tokens_counted.connect(self._on_tokens_counted)
        hardware.machine_probed.connect(self._on_machine_probed)
        hardware.sample_taken.connect(self._on_sample_taken)
        plans.plan_edited.connect(self._on_plan_edited)
        plans.catalog_read.connect(self._on_catalog_read)
        window.page_changed.connect(self._on_page_changed)

    @Slot(object)
    def _on_state_changed(self, state: EngineState) -> None:
        self._bar.set_state(_SHOWN[state], self.tr("Saving the chats' states") if state is EngineState.SAVING else "")
        if state is not EngineState.ANSWERING:
            self._bar.set_rate(None)
        if state in (EngineState.STOPPED, EngineState.CRASHED):
            self._bar.set_context(None, None)
            self._show_engine()

    @Slot(object)
    def _on_load_progressed(self, progress: LoadProgress) -> None:
        self._bar.set_state(Shown.LOADING, self.tr("Loading, {share}").format(share=f"{progress.fraction:.0%}"))

    @Slot(object)
    def _on_loaded(self, loaded: Loaded) -> None:
        plan = self._engine.plan
        kv = loaded.placement.kv_type_k
        words = [f"{loaded.name} {loaded.quant}".strip()]
        if plan is not None and plan.summary:
            words.append(plan.summary)
        words.append(self.tr("KV cache {kind}").format(kind=kv))
        self._bar.set_model(listed(*words))
        self._bar.set_context(0, loaded.n_ctx)

    @Slot(object)
    def _on_text_streamed(self, event: TextDelta) -> None:
        self._bar.set_rate(event.decode_tokens_s)
        if self._engine.model is not None:
            self._bar.set_context(event.context_used, self._engine.model.n_ctx)

    @Slot(object)
    def _on_answer_finished(self, answer: Answer) -> None:
        if self._engine.model is not None:
            self._bar.set_context(answer.timings.context_used, self._engine.model.n_ctx)

    @Slot(object)
    def _on_tokens_counted(self, event: TokensCounted) -> None:
        if self._engine.state is EngineState.READY:
            self._bar.set_context(event.tokens, event.n_ctx)

    @Slot(object)
    def _on_machine_probed(self, machine: Machine) -> None:
        self._machine = machine
        self._show_engine()

    def _show_engine(self) -> None:
        """While nothing is loaded: what the engine would use."""
        machine = self._machine
        if machine is None or self._engine.model is not None:
            return
        usable = [gpu for gpu in machine.gpus if gpu.backend]
        if usable:
            words = self.tr("Engine ready: {backend} on {card}").format(
                backend=(usable[0].backend or "").upper(), card=" + ".join(gpu.name for gpu in usable)
            )
        elif machine.engine_devices:
            words = self.tr("Engine ready: processor")
        else:
            words = self.tr("The engine did not start")
        self._bar.set_model(words)

    @Slot(object)
    def _on_sample_taken(self, sample: Sample) -> None:
        # Raster painting only: the window allocates nothing on any card (design principle 3).
        self._bar.set_app_memory(sample.ram_used_by_window_bytes, 0)

    @Slot(str)
    def _on_page_changed(self, page: str) -> None:
        self._page = page
        self._show_notes()

    @Slot(object)
    def _on_plan_edited(self, edited: Edited) -> None:
        self._plan_words = self.tr("Plan {time} ms").format(time=f"{edited.seconds * 1000:.1f}")
        self._show_notes()

    @Slot(object)
    def _on_catalog_read(self, catalog: Catalog) -> None:
        self._catalogue_words = self.tr("catalogue of {date}").format(date=date_words(catalog.date))
        self._show_notes()

    def _show_notes(self) -> None:
        """On the Models page: how fast its plans are made, and how old the list is."""
        is_shown = self._page == "models"
        self._bar.set_notes(*((self._plan_words, self._catalogue_words) if is_shown else ("", "")))
