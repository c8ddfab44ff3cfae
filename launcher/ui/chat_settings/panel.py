"""The settings of the open chat, at its right side."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.chat.chat_settings import ChatSettings
from launcher.chat.prompts import PromptPreset
from launcher.core.downloads import Installed
from launcher.core.errors import UserError
from launcher.ui.chat_settings.length_section import LengthSection
from launcher.ui.chat_settings.model_section import ModelSection
from launcher.ui.chat_settings.number_row import NumberRow
from launcher.ui.chat_settings.prompt_section import PromptSection
from launcher.ui.chat_settings.sampling_section import SamplingSection
from launcher.ui.chat_settings.schema_section import SchemaSection
from launcher.ui.chat_settings.section import ModelWords, Section
from launcher.ui.components import ButtonSize, Divider, IconButton, LinkButton, ScrollPage, Text
from launcher.ui.theme import Role, Tone, px

PANEL_WIDTH = 368


class ChatSettingsPanel(QWidget):
    """Model, system prompt, sampling, lengths and form of the answers of one chat. Its widgets are made when it is first shown.

    Signals:
        settings_changed(str, ChatSettings): id of the chat, and all its settings with what the user changed.
        schema_check_wanted(str): `show_schema_checked` is to follow.
        preset_saved(str, str), preset_renamed(str, str), preset_deleted(str): the user's own presets.
        use_for_new_chats(ChatSettings): new chats are to begin with these.
        close_requested(): the cross at its top.
    """

    settings_changed = Signal(str, object)
    schema_check_wanted = Signal(str)
    preset_saved = Signal(str, str)
    preset_renamed = Signal(str, str)
    preset_deleted = Signal(str)
    use_for_new_chats = Signal(object)
    close_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Settings of this chat"))
        self._chat_id = ""
        self._settings = ChatSettings()
        self._model = ModelWords()
        self._installed: tuple[Installed, ...] = ()
        self._presets: tuple[PromptPreset, ...] = ()
        self._program_prompt = ""
        self._drafts: dict[str, dict[str, str]] = {}
        self._parts: _Parts | None = None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(Divider(self, vertical=True))
        self._set_width()

    # -- values

    def set_chat(self, chat_id: str, settings: ChatSettings) -> None:
        """Show another chat, or other values of the same one. What is no value in a field comes back with its chat."""
        if chat_id != self._chat_id:
            self.flush()
            self._keep_drafts()
            self._chat_id, self._settings = chat_id, settings
            if self._parts is not None:
                self._parts.done.set_text("")
                drafts = self._drafts.pop(chat_id, {})
                for name, row in self._parts.rows().items():
                    row.forget()
                    row.set_draft(drafts.get(name, ""))
        self._settings = settings
        self._show()

    def set_model(self, model: ModelWords) -> None:
        """What is known of the model that answers."""
        if model != self._model:
            self._model = model
            self._show()

    def set_installed(self, installed: Sequence[Installed]) -> None:
        """The models that can be chosen."""
        self._installed = tuple(installed)
        if self._parts is not None:
            self._parts.model.set_installed(self._installed)

    def set_program_prompt(self, text: str) -> None:
        """The system prompt of the program's settings."""
        self._program_prompt = text
        if self._parts is not None:
            self._parts.prompt.set_program_prompt(text)
            self._show()

    def set_presets(self, presets: Sequence[PromptPreset]) -> None:
        """The library of system prompts."""
        self._presets = tuple(presets)
        if self._parts is not None:
            self._parts.prompt.set_presets(self._presets)
            self._show()

    def show_schema_checked(self, text: str, problem: UserError | None) -> None:
        """Whether a schema can be used."""
        if self._parts is not None:
            self._parts.schema.show_checked(text, problem)

    def say_done(self, words: str) -> None:
        """What came of `use_for_new_chats`."""
        if self._parts is not None:
            self._parts.done.set_text(words)

    def flush(self) -> None:
        """Take what is being written."""
        if self._parts is not None:
            for section in self._parts.sections():
                section.flush()

    def show_part(self, name: str) -> None:
        """Bring a part into view and the keyboard to it: "schema", or the first one."""
        parts = self._made()
        target = parts.schema.area if name == "schema" else parts.cross
        # Positions are known only once the panel was laid out.
        parts.content.adjustSize()
        parts.area.ensureWidgetVisible(target, 0, px(60))
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def take_focus(self) -> None:
        """The first control."""
        self._made().cross.setFocus(Qt.FocusReason.TabFocusReason)

    # -- events

    def showEvent(self, event: QShowEvent) -> None:
        """Make the widgets."""
        self._made()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """What is being written is kept."""
        self.flush()
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """A new text size."""
        if event.type() == QEvent.Type.StyleChange:
            self._set_width()
        super().changeEvent(event)

    # -- inside

    def _set_width(self) -> None:
        self.setFixedWidth(px(PANEL_WIDTH))

    def _made(self) -> _Parts:
        if self._parts is None:
            parts = self._parts = _Parts(self)
            self._row.addWidget(parts, 1)
            parts.cross.clicked.connect(self.close_requested)
            parts.use.clicked.connect(self._on_use)
            parts.schema.check_wanted.connect(self.schema_check_wanted)
            parts.prompt.preset_saved.connect(self.preset_saved)
            parts.prompt.preset_renamed.connect(self.preset_renamed)
            parts.prompt.preset_deleted.connect(self.preset_deleted)
            for section in parts.sections():
                section.edited.connect(self._on_edited)
            parts.model.set_installed(self._installed)
            parts.prompt.set_program_prompt(self._program_prompt)
            parts.prompt.set_presets(self._presets)
            self._show()
            parts.show()
        return self._parts

    def _show(self) -> None:
        if self._parts is not None:
            for section in self._parts.sections():
                section.show_settings(self._settings, self._model)

    def _keep_drafts(self) -> None:
        if self._parts is not None:
            drafts = {name: row.draft for name, row in self._parts.rows().items() if row.draft}
            if drafts:
                self._drafts[self._chat_id] = drafts

    def _on_edited(self, settings: ChatSettings) -> None:
        self._settings = settings
        if self._parts is not None:
            self._parts.done.set_text("")
        self._show()
        self.settings_changed.emit(self._chat_id, settings)

    def _on_use(self) -> None:
        self.flush()
        self.use_for_new_chats.emit(self._settings)


class _Parts(QWidget):
    """Head, sections and foot."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(px(16), px(11), px(11), px(10))
        head.addWidget(Text(self.tr("Settings of this chat"), Role.SECTION, parent=self), 1)
        self.cross = IconButton("x", self.tr("Close the settings of this chat"), self)
        head.addWidget(self.cross)
        column.addLayout(head)
        scroll = ScrollPage(self)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area = scroll
        self.content = scroll.content
        column.addWidget(scroll, 1)
        self.model = ModelSection(self.content)
        self.prompt = PromptSection(self.content)
        self.sampling = SamplingSection(self.content)
        self.length = LengthSection(self.content)
        self.schema = SchemaSection(self.content)
        inner = QVBoxLayout(self.content)
        inner.setContentsMargins(px(16), 0, px(16), px(14))
        inner.setSpacing(px(14))
        for section in self.sections():
            inner.addWidget(section)
        self.use = LinkButton(self.tr("Use for new chats"), self.content, size=ButtonSize.SMALL)
        self.use.setToolTip(self.tr("All but the model; the system prompt becomes the one of the program's settings."))
        self.done = Text("", Role.SMALL, Tone.MUTED, self.content, wrap=True)
        inner.addWidget(Divider(self.content))
        inner.addWidget(self.use)
        inner.addWidget(self.done)
        inner.addStretch(1)

    def sections(self) -> tuple[Section, ...]:
        return self.model, self.prompt, self.sampling, self.length, self.schema

    def rows(self) -> dict[str, NumberRow]:
        return {**self.sampling.rows, "thinking_budget": self.length.budget, "max_tokens": self.length.most}
