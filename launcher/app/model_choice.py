"""Which model the chat talks to: the picker, whether something can be sent, and the thinking switch."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from launcher.catalog import builtin
from launcher.core.downloads import Installed
from launcher.core.generation import Loaded
from launcher.core.models import Thinking
from launcher.engine.protocol import EngineState
from launcher.services.engine_service import EngineService
from launcher.store.settings import LAST_MODEL, Settings
from launcher.ui.chat import ChatPage, ModelState, ThinkingMode

_STATES = {
    EngineState.STOPPED: ModelState.UNLOADED,
    EngineState.STARTING: ModelState.LOADING,
    EngineState.LOADING: ModelState.LOADING,
    EngineState.READY: ModelState.READY,
    EngineState.ANSWERING: ModelState.ANSWERING,
    EngineState.SAVING: ModelState.UNLOADED,
    EngineState.CRASHED: ModelState.STOPPED,
}
_MODES = {
    Thinking.ALWAYS: ThinkingMode.ALWAYS,
    Thinking.NEVER: ThinkingMode.NEVER,
    Thinking.SWITCH: ThinkingMode.SWITCH,
}


class ModelChoice(QObject):
    """Keeps the head of the chat page and its thinking switch as the engine is."""

    def __init__(self, page: ChatPage, engine: EngineService, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._page = page
        self._engine = engine
        self._settings = settings
        self._installed: tuple[Installed, ...] = ()
        self._builtin: Installed | None = None
        self._wants_thought = True
        engine.state_changed.connect(self._on_state_changed)
        engine.loaded.connect(self._on_loaded)
        page.thinking_toggled.connect(self._on_thinking_toggled)
        page.set_model("", "", ModelState.NONE)

    @property
    def thinks(self) -> bool:
        """Whether the next answer begins with a thought: the switch, where the model has one."""
        loaded = self._engine.model
        if loaded is None or loaded.thinking is Thinking.SWITCH:
            return self._wants_thought
        return loaded.thinking is Thinking.ALWAYS

    def set_installed(self, installed: tuple[Installed, ...]) -> None:
        """What the picker offers."""
        self._installed = installed
        self._show_choices()

    def set_builtin(self, model: Installed) -> None:
        """The built-in model: last in the picker, and what answers as long as nothing is installed."""
        self._builtin = model
        self._show_choices()

    def target(self) -> Installed | None:
        """What would be loaded now: the model in use, else the one used last, else the first on the disk, else the built-in one."""
        if self._engine.installed is not None:
            return self._engine.installed
        last = self._settings.get(LAST_MODEL)
        first = self._installed[0] if self._installed else self._builtin
        return next((i for i in self._installed if i.path == last), first)

    def _show_choices(self) -> None:
        self._page.set_installed((*self._installed, *((self._builtin,) if self._builtin else ())))
        self._show_model()

    def _show_model(self) -> None:
        """A message can be sent as soon as there is something to load; it waits for the load."""
        target = self.target()
        is_builtin = target is not None and target.is_builtin
        is_chosen = is_builtin and self._engine.installed is not None
        self._page.set_demonstration(builtin.knows() if is_builtin else "", builtin.honest_words(), is_chosen=is_chosen)
        if target is None:
            self._page.set_model("", "", ModelState.NONE)
            self._page.set_blocked(self.tr("Download a model first."))
        else:
            self._page.set_model(target.name, target.quant, _STATES[self._engine.state])
            self._page.set_blocked("")

    def _show_thinking(self) -> None:
        loaded = self._engine.model
        if loaded is None:
            return
        reasons = {
            Thinking.ALWAYS: self.tr("always on for this model"),
            Thinking.NEVER: self.tr("this model does not think first"),
        }
        self._page.set_thinking(_MODES[loaded.thinking], self.thinks, reasons.get(loaded.thinking, ""))

    @Slot(object)
    def _on_state_changed(self, state: EngineState) -> None:
        del state  # the service has it
        self._show_model()

    @Slot(object)
    def _on_loaded(self, loaded: Loaded) -> None:
        del loaded  # the service has it
        self._wants_thought = True
        self._show_thinking()
        self._show_model()

    @Slot(bool)
    def _on_thinking_toggled(self, is_on: bool) -> None:
        self._wants_thought = is_on
        self._show_thinking()
