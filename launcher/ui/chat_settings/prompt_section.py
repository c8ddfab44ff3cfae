"""The system prompt of a chat, with a library: the program's presets in two languages, and the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QLocale, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QWidget

from launcher.chat.chat_settings import ChatSettings
from launcher.chat.prompts import LANGUAGES, PromptPreset
from launcher.ui.chat_settings.section import ModelWords, Section
from launcher.ui.chat_settings.text_area import TextArea
from launcher.ui.components import ButtonSize, FocusRing, LinkButton, SecondaryButton, Text
from launcher.ui.theme import Role, Tone, font, px


class PromptSection(Section):
    """A field, a menu of presets, and a line for the name of a preset.

    Signals:
        preset_saved(str, str): keep a text under a name.
        preset_renamed(str, str): id of an own preset, another name.
        preset_deleted(str): id of an own preset.
    """

    preset_saved = Signal(str, str)
    preset_renamed = Signal(str, str)
    preset_deleted = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(self._section_title(), parent)
        self._presets: tuple[PromptPreset, ...] = ()
        self._program_prompt = ""
        self._renamed = ""
        self._actions: dict[QAction, PromptPreset] = {}
        self._menu_button = LinkButton(self.tr("Presets"), self, size=ButtonSize.SMALL)
        self._menu_button.set_icon_name("chevron-down")
        self._menu_button.clicked.connect(self._on_menu_clicked)
        self.head.addWidget(self._menu_button)
        self.area = TextArea(self.tr("System prompt"), Role.BODY, 5, self)
        self.area.taken.connect(self._on_taken)
        self._note = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        self._naming = QWidget(self)
        row = QHBoxLayout(self._naming)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px(6))
        self._name = QLineEdit(self._naming)
        self._name.setAccessibleName(self.tr("Name of the preset"))
        self._name.setPlaceholderText(self.tr("Name of the preset"))
        self._name.setMinimumHeight(px(28))
        self._name.setFont(font(Role.SMALL))
        self._name.textChanged.connect(self._on_name_changed)
        self._name.returnPressed.connect(self._on_keep)
        self._name.installEventFilter(self)
        FocusRing(self._name, 8, reach=2)
        self._keep = SecondaryButton(self.tr("Save"), self._naming, size=ButtonSize.SMALL)
        self._keep.setAccessibleName(self.tr("Save the preset"))
        self._keep.clicked.connect(self._on_keep)
        self._drop = LinkButton(self.tr("Cancel"), self._naming, size=ButtonSize.SMALL)
        self._drop.clicked.connect(self._end_naming)
        for part in (self._name, self._keep, self._drop):
            row.addWidget(part)
        self._naming.hide()
        for part in (self.area, self._naming, self._note):
            self.column.addWidget(part)

    def set_program_prompt(self, text: str) -> None:
        """The one of the program's settings, in force where a chat has none of its own."""
        self._program_prompt = text

    def set_presets(self, presets: Sequence[PromptPreset]) -> None:
        """What the menu offers."""
        self._presets = tuple(presets)

    def show_settings(self, settings: ChatSettings, model: ModelWords) -> None:
        """The chat's own text; in an empty field stands what holds instead."""
        super().show_settings(settings, model)
        self.area.show_text(settings.system_prompt or "")
        program = self._program_prompt
        holds_program = settings.system_prompt is None and bool(program)
        self.area.set_placeholder(program if holds_program else self.tr("No system prompt"))
        words: list[str] = []
        if holds_program:
            words.append(self.tr("This is the one of the program's settings; what is written here replaces it."))
        elif program and settings.system_prompt == "":
            words.append(self.tr("The one of the program's settings is not used in this chat."))
        name = next((p.name for p in self._presets if p.text == settings.system_prompt), "")
        if name:
            words.append(self.tr("This is the preset “{name}”.").format(name=name))
        if settings.prompt_over(program).strip():
            if model.system_policy == "discouraged":
                words.append(
                    self.tr("{name} was made without system prompts: the text goes before your first message.").format(
                        name=model.name
                    )
                )
        elif model.system_policy == "built-in":
            words.append(self.tr("{name} brings its own when there is none.").format(name=model.name))
        self._note.set_text(" ".join(words))
        self._note.setVisible(bool(words))
        self.area.set_description(" ".join(words))

    def flush(self) -> None:
        """Keep what is being written."""
        self.area.flush()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc leaves the name before it means "stop the answer" to the window."""
        is_escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if is_escape and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if is_escape and event.type() == QEvent.Type.KeyPress:
            self._end_naming()
            return True
        return False

    def _section_title(self) -> str:
        return self.tr("System prompt")

    def _on_taken(self, text: str) -> None:
        # Emptying the field takes the program's prompt away; a second time nothing is left to take.
        own: str | None = text if text.strip() else "" if self._program_prompt else None
        self.edit(replace(self.settings, system_prompt=own))

    # -- presets

    def _on_menu_clicked(self) -> None:
        self.flush()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName(self.tr("Presets"))
        self._actions = {}
        if self._program_prompt:
            menu.addAction(self.tr("As in the program's settings")).triggered.connect(self._on_program)
        menu.addAction(self.tr("No system prompt")).triggered.connect(self._on_none)
        menu.addSeparator()
        own = [p for p in self._presets if p.is_own]
        self._add_all(menu, own)
        if own:
            menu.addSeparator()
        code = "zh" if QLocale().language() == QLocale.Language.Chinese else "en"
        self._add_all(menu, [p for p in self._presets if p.language == code])
        for other, name in LANGUAGES.items():
            if other != code:
                self._add_all(menu.addMenu(name), [p for p in self._presets if p.language == other])
        menu.addSeparator()
        save = menu.addAction(self.tr("Save as a preset…"))
        save.setEnabled(bool(self.area.text.strip()))
        save.triggered.connect(self._on_save)
        for words, on_chosen in (
            (self.tr("Rename a preset"), self._on_rename_chosen),
            (self.tr("Delete a preset"), self._on_delete_chosen),
        ):
            inner = menu.addMenu(words)
            inner.setEnabled(bool(own))
            for preset in own:
                inner.addAction(_shown(preset.name)).setData(preset.id)
            inner.triggered.connect(on_chosen)
        menu.triggered.connect(self._on_triggered)
        place = QPoint(self._menu_button.width() - menu.sizeHint().width(), self._menu_button.height())
        menu.popup(self._menu_button.mapToGlobal(place))

    def _add_all(self, menu: QMenu, presets: Sequence[PromptPreset]) -> None:
        for preset in presets:
            action = menu.addAction(_shown(preset.name))
            action.setToolTip(preset.text)
            action.setCheckable(True)
            action.setChecked(preset.text == self.settings.system_prompt)
            self._actions[action] = preset
        menu.setToolTipsVisible(True)

    def _on_triggered(self, action: QAction) -> None:
        preset = self._actions.get(action)
        if preset is not None:
            self.area.set_text(preset.text)

    def _on_program(self) -> None:
        self.edit(replace(self.settings, system_prompt=None))

    def _on_none(self) -> None:
        self.edit(replace(self.settings, system_prompt="" if self._program_prompt else None))

    def _on_save(self) -> None:
        self._begin_naming("", "")

    def _on_rename_chosen(self, action: QAction) -> None:
        preset = next((p for p in self._presets if p.id == action.data()), None)
        if preset is not None:
            self._begin_naming(preset.id, preset.name)

    def _on_delete_chosen(self, action: QAction) -> None:
        self.preset_deleted.emit(action.data())

    def _begin_naming(self, renamed: str, name: str) -> None:
        self._renamed = renamed
        self._name.setText(name)
        self._naming.show()
        self._name.setFocus()
        self._name.selectAll()
        self._on_name_changed()

    def _end_naming(self) -> None:
        self._naming.hide()
        self.area.setFocus()

    def _on_name_changed(self) -> None:
        self._keep.setEnabled(bool(self._name.text().strip()))

    def _on_keep(self) -> None:
        name = self._name.text().strip()
        if not name:
            return
        if self._renamed:
            self.preset_renamed.emit(self._renamed, name)
        else:
            self.preset_saved.emit(name, self.area.text)
        self._end_naming()


def _shown(name: str) -> str:
    """In a menu & marks a key."""
    return name.replace("&", "&&")
