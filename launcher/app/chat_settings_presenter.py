"""The settings of the open chat: the panel beside it, where they are kept, and what new chats begin with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from launcher.chat.chat_settings import ChatSettings
from launcher.chat.conversation import Conversation
from launcher.core.downloads import Installed
from launcher.core.generation import Loaded
from launcher.core.models import Thinking, Variant
from launcher.services.chat_service import ChatService
from launcher.services.chat_settings_service import ChatSettingsService
from launcher.services.engine_service import EngineService
from launcher.services.new_chats import settings_of_new_chats, text_of
from launcher.store.settings import CHAT_DEFAULTS, CHAT_SETTINGS_SHOWN, SYSTEM_PROMPT, Settings
from launcher.ui.chat import ChatPage, ThinkingMode
from launcher.ui.chat_settings import ChatSettingsPanel, ModelWords

_MODES = {
    Thinking.ALWAYS: ThinkingMode.ALWAYS,
    Thinking.NEVER: ThinkingMode.NEVER,
    Thinking.SWITCH: ThinkingMode.SWITCH,
}


class ChatSettingsPresenter(QObject):
    """Connects the panel. The chat itself is kept by the chat's presenter.

    Attributes:
        panel: the widget, which the page has taken.

    Signals:
        changed(ChatSettings): the user changed a setting of the open chat; it is not written yet.
        setting_changed(str, object): a setting of the program that is changed here: key and value.
    """

    changed = Signal(object)
    setting_changed = Signal(str, object)

    def __init__(
        self,
        page: ChatPage,
        store: ChatService,
        engine: EngineService,
        settings: Settings,
        chat: Callable[[], Conversation],
        parent: QObject,
    ) -> None:
        """Connect the page.

        Args:
            page: gets the panel.
            store: where settings of other chats than the open one are written.
            engine: whose model is described.
            settings: of the program.
            chat: the open one.
            parent: as for any object.
        """
        super().__init__(parent)
        self._page = page
        self._store = store
        self._engine = engine
        self._settings = settings
        self._chat = chat
        self._target: Installed | None = None
        self.panel = ChatSettingsPanel()
        self._service = ChatSettingsService(self)
        self._connect_panel()
        self._connect_service()
        engine.loaded.connect(self._on_loaded)
        page.thinking_toggled.connect(self._on_thinking_toggled)
        page.settings_toggled.connect(self._on_settings_toggled)
        self.panel.set_program_prompt(settings.get(SYSTEM_PROMPT))
        page.set_settings_panel(self.panel)
        self._is_listed = False
        self._show_panel(settings.get(CHAT_SETTINGS_SHOWN))

    def _connect_panel(self) -> None:
        panel = self.panel
        panel.settings_changed.connect(self._on_settings_changed)
        panel.schema_check_wanted.connect(self._service.check_schema)
        panel.preset_saved.connect(self._service.save_prompt)
        panel.preset_renamed.connect(self._service.rename_prompt)
        panel.preset_deleted.connect(self._service.delete_prompt)
        panel.use_for_new_chats.connect(self._on_use_for_new_chats)
        panel.close_requested.connect(self._on_close_requested)

    def _connect_service(self) -> None:
        service = self._service
        service.prompts_listed.connect(self.panel.set_presets)
        service.schema_checked.connect(self.panel.show_schema_checked)
        service.variant_found.connect(self._on_variant_found)
        service.failed.connect(self._page.show_banner)

    # -- from the chat

    def of_new_chats(self) -> ChatSettings:
        """What a new chat begins with."""
        return settings_of_new_chats(self._settings)

    def show_chat(self) -> None:
        """Another chat is open, or its settings were changed elsewhere."""
        chat = self._chat()
        self.panel.set_chat(chat.id, chat.settings)

    def set_installed(self, installed: tuple[Installed, ...]) -> None:
        """The models a chat can be answered with."""
        self.panel.set_installed(installed)

    @Slot(object)
    def set_target(self, target: Installed | None) -> None:
        """Which model will answer."""
        if target != self._target:
            self._target = target
            self._describe()

    def set_program_prompt(self, text: str) -> None:
        """The system prompt of the program's settings is another one."""
        self.panel.set_program_prompt(text)

    def open_panel(self, part: str) -> None:
        """Open the panel with the keyboard in a part of it."""
        self._on_settings_toggled(True)
        self.panel.show_part(part)

    def toggle(self) -> None:
        """Open the panel with the keyboard in it, or close it."""
        is_shown = self.panel.isVisible()
        self._on_settings_toggled(not is_shown)
        if not is_shown:
            self.panel.take_focus()

    def close(self) -> None:
        """Keep what is being written; before the store closes."""
        self.panel.flush()
        self._service.close()

    # -- from the panel

    @Slot(str, object)
    def _on_settings_changed(self, chat_id: str, settings: ChatSettings) -> None:
        if chat_id == self._chat().id:
            self.changed.emit(settings)
        else:
            self._store.save_settings(chat_id, settings)

    @Slot(bool)
    def _on_thinking_toggled(self, is_on: bool) -> None:
        self.changed.emit(replace(self._chat().settings, thinking=is_on))
        self.show_chat()

    @Slot(object)
    def _on_use_for_new_chats(self, settings: ChatSettings) -> None:
        text = text_of(settings)
        self._store.run(lambda: self._settings.set(CHAT_DEFAULTS, text))
        if settings.system_prompt is not None:
            self.setting_changed.emit(SYSTEM_PROMPT.key, settings.system_prompt)
            self.panel.set_program_prompt(settings.system_prompt)
        self.panel.say_done(self.tr("New chats begin like this."))

    @Slot()
    def _on_close_requested(self) -> None:
        self._on_settings_toggled(False)
        self._page.focus_composer()

    @Slot(bool)
    def _on_settings_toggled(self, is_shown: bool) -> None:
        self._show_panel(is_shown)
        self._store.run(lambda: self._settings.set(CHAT_SETTINGS_SHOWN, is_shown))

    def _show_panel(self, is_shown: bool) -> None:
        if is_shown and not self._is_listed:
            self._is_listed = True
            self._service.list_prompts()
            self._describe()
        self._page.set_settings_shown(is_shown)

    # -- the model

    @Slot(object)
    def _on_loaded(self, loaded: Loaded) -> None:
        del loaded  # the service has it
        self._describe()

    def _describe(self) -> None:
        target, engine = self._target, self._engine
        if not self._is_listed:
            return  # nobody sees it
        if target is None:
            self.panel.set_model(ModelWords())
        elif engine.model is not None and engine.installed is not None and engine.installed.path == target.path:
            self._show_model(target, engine.variant, engine.model.thinking)
        else:
            self.panel.set_model(ModelWords(target.name))
            self._service.find_variant(target.model)

    @Slot(str, object)
    def _on_variant_found(self, model: str, variant: Variant | None) -> None:
        target, engine = self._target, self._engine
        is_loaded = engine.model is not None and engine.installed == target
        if target is not None and target.model == model and not is_loaded:
            self._show_model(target, variant, variant.thinking if variant else None)

    def _show_model(self, target: Installed, variant: Variant | None, thinking: Thinking | None) -> None:
        if variant is None:
            self.panel.set_model(ModelWords(target.name, None, _MODES[thinking] if thinking else None))
            return
        mode = _MODES[thinking or variant.thinking]
        self.panel.set_model(ModelWords(variant.short_name, variant.sampling, mode, variant.system_prompt))
