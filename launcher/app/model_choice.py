"""Which model the chat talks to: the picker, whether something can be sent, and the thinking switch."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from launcher.catalog import builtin
from launcher.chat.chat_settings import ChatSettings
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
    """Keeps the head of the chat page and its thinking switch as the engine is, and as the open chat wants it.

    Signals:
        target_changed(Installed): what would be loaded now; None for nothing.
    """

    target_changed = Signal(object)

    def __init__(self, page: ChatPage, engine: EngineService, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._page = page
        self._engine = engine
        self._settings = settings
        self._installed: tuple[Installed, ...] = ()
        self._builtin: Installed | None = None
        self._wants_thought = True
        self._chat = ChatSettings()
        engine.state_changed.connect(self._on_state_changed)
        engine.loaded.connect(self._on_loaded)
        page.thinking_toggled.connect(self._on_thinking_toggled)
        page.set_model("", "", ModelState.NONE)

    @property
    def thinks(self) -> bool:
        """Whether the next answer begins with a thought: the switch, where the model has one."""
        loaded = self._engine.model
        return self._chat.thinks(loaded.thinking if loaded else None, self._wants_thought)

    def set_installed(self, installed: tuple[Installed, ...]) -> None:
        """What the picker offers."""
        self._installed = installed
        self._show_choices()

    def set_builtin(self, model: Installed) -> None:
        """The built-in model: last in the picker, and what answers as long as nothing is installed."""
        self._builtin = model
        self._show_choices()

    def set_chat(self, settings: ChatSettings) -> None:
        """What the open chat wants."""
        self._chat = settings
        self._show_thinking()
        self._show_model()

    @property
    def choices(self) -> tuple[Installed, ...]:
        """What the picker offers, the built-in model last."""
        return (*self._installed, *((self._builtin,) if self._builtin else ()))

    def own_model(self, settings: ChatSettings) -> Installed | None:
        """The model that a chat is to be answered with; None for whichever is loaded, also where its own is gone."""
        return next((i for i in self.choices if i.path == settings.model_path), None)

    def other_than_loaded(self, settings: ChatSettings) -> Installed | None:
        """The model that must be loaded first for a chat; None when the one in use will do."""
        own, used = self.own_model(settings), self._engine.installed
        return own if own is not None and (used is None or used.path != own.path) else None

    def target(self) -> Installed | None:
        """What would be loaded now: the chat's own, the one in use, the one used last, the first on the disk, the built-in one."""
        own = self.own_model(self._chat)
        if own is not None:
            return own
        if self._engine.installed is not None:
            return self._engine.installed
        last = self._settings.get(LAST_MODEL)
        first = self._installed[0] if self._installed else self._builtin
        return next((i for i in self._installed if i.path == last), first)

    def _show_choices(self) -> None:
        self._page.set_installed(self.choices)
        self._show_model()

    def _show_model(self) -> None:
        """A message can be sent as soon as there is something to load; it waits for the load."""
        target = self.target()
        self.target_changed.emit(target)
        is_builtin = target is not None and target.is_builtin
        used = self._engine.installed
        is_other = target is not None and used is not None and used.path != target.path
        is_chosen = is_builtin and used is not None and not is_other
        self._page.set_demonstration(builtin.knows() if is_builtin else "", builtin.honest_words(), is_chosen=is_chosen)
        if target is None:
            self._page.set_model("", "", ModelState.NONE)
            self._page.set_blocked(self.tr("Download a model first."))
        else:
            state = ModelState.UNLOADED if is_other else _STATES[self._engine.state]
            self._page.set_model(target.name, target.quant, state)
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
