"""The Settings page: sections at the left, their cards at the right, a search over all of them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.errors import UserError
from launcher.core.words import joined, known
from launcher.store.settings import CONTEXT_POLICY, ENGINE_PACK, SYSTEM_PROMPT, THEME, UNLOAD_MINUTES, VRAM_RESERVE_GIB
from launcher.ui.components import (
    ButtonSize,
    Card,
    Chip,
    Divider,
    FlowLayout,
    LinkButton,
    ScrollPage,
    SearchField,
    SecondaryButton,
    SegmentedButtons,
    Text,
)
from launcher.ui.settings.about_section import AboutSection
from launcher.ui.settings.controls import NumberField, PromptField, with_unit
from launcher.ui.settings.downloads_section import DownloadsSection
from launcher.ui.settings.engine_choice import EngineChoice
from launcher.ui.settings.network_section import NetworkSection
from launcher.ui.settings.rows import NavItem, SectionCard, SettingRow
from launcher.ui.settings.storage_section import StorageSection
from launcher.ui.theme import Role, Tone, px

SECTIONS = ("general", "storage", "network", "downloads", "engine", "chat", "privacy", "about")
"""Their keys, in the order of the list."""

_NAV_WIDTH = 220
_CARD_WIDTH = 800


class SettingsPage(QWidget):
    """Shows values, emits changes. Only settings whose value was set are shown.

    `storage`, `network`, `downloads` and `about` are sections with more than settings: see their own signals.

    Signals:
        setting_changed(str, object): key of the registry and the new value, of the right type and range.
        restore_defaults_requested(): put every setting back.
    """

    setting_changed = Signal(str, object)
    restore_defaults_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Settings"))
        self._keyed: dict[str, SettingRow] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._nav_column = QVBoxLayout()
        nav = QWidget(self)
        self._nav = nav
        nav.setLayout(self._nav_column)
        scroll = ScrollPage(self)
        row.addWidget(nav)
        row.addWidget(Divider(self, vertical=True))
        row.addWidget(scroll, 1)
        self._nav_column.setContentsMargins(24, 18, 12, 16)
        self._nav_column.setSpacing(0)
        title = Text(self.tr("Settings"), Role.TITLE, parent=nav)
        title.setContentsMargins(8, 0, 0, 0)
        self._nav_column.addWidget(title)
        self._nav_column.addSpacing(10)
        self._search = SearchField(self.tr("Find a setting"), self.tr("Find a setting"), nav)
        self._search.textChanged.connect(self._on_search_changed)
        self._nav_column.addWidget(self._search)
        self._nav_column.addSpacing(12)
        outer = QHBoxLayout(scroll.content)
        outer.setContentsMargins(32, 16, 32, 24)
        holder = QWidget(scroll.content)
        self._holder = holder
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(16)
        outer.addWidget(holder, 100)
        outer.addStretch(1)
        self._build_top()
        self._sections = self._build_sections(holder)
        self._chosen = 0
        self._items = QButtonGroup(self)
        self._items.idToggled.connect(self._on_section_toggled)
        for i, section in enumerate(self._sections):
            item = NavItem(section.title, nav)
            self._items.addButton(item, i)
            self._nav_column.addWidget(item)
            self._column.addWidget(section)
        self._nav_column.addStretch(1)
        self._empty = self._build_empty(holder)
        self._column.addWidget(self._empty)
        self._column.addStretch(1)
        self._set_widths()
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """A new text size changes the widths."""
        super().changeEvent(event)
        # Also sent while Qt builds the base class.
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_holder"):
            self._set_widths()

    def _set_widths(self) -> None:
        self._nav.setFixedWidth(px(_NAV_WIDTH))
        self._holder.setMaximumWidth(px(_CARD_WIDTH))

    # --- values ---

    def set_values(self, values: dict[str, object]) -> None:
        """Show the values in force, by registry key; keys that are missing are not shown."""
        for key, row in self._keyed.items():
            row.is_wanted = key in values
        theme = values.get(THEME.key)
        if isinstance(theme, str) and THEME.accepts(theme):
            self._theme.set_key(theme)
        reserve = values.get(VRAM_RESERVE_GIB.key)
        if isinstance(reserve, (int, float)):
            self._reserve.set_value(float(reserve))
        minutes = values.get(UNLOAD_MINUTES.key)
        if isinstance(minutes, (int, float)):
            self._unload.set_value(float(minutes))
        self.storage.set_values(values)
        self.engine.set_wanted(str(values.get(ENGINE_PACK.key, ENGINE_PACK.default)))
        self.network.set_values(values)
        self.downloads.set_values(values)
        self.about.set_values(values)
        self._prompt.set_value(str(values.get(SYSTEM_PROMPT.key, "")))
        policy = values.get(CONTEXT_POLICY.key)
        if isinstance(policy, str) and CONTEXT_POLICY.accepts(policy):
            self._policy.set_key(policy)
        self._show()

    def show_section(self, key: str) -> None:
        """Open a section: one of `SECTIONS`."""
        self._chosen = SECTIONS.index(key)
        self._search.clear()
        self._show()

    def show_problem(self, key: str, error: UserError | None) -> None:
        """Say beside a setting why its value was not taken; None when it was."""
        self._keyed[key].set_problem("" if error is None else joined(known(error.what), known(error.why)))

    # --- building ---

    def _build_top(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(16)
        words = QWidget(self)
        flow = FlowLayout(words, gap=5)
        # The chip stands inside the sentence.
        sentence = self.tr("Changes apply at once; those marked {chip} wait for the next model load.")
        before, _, after = sentence.partition("{chip}")
        flow.addWidget(Text(before.strip(), Role.BODY, Tone.MUTED, words))
        flow.addWidget(Chip(self._next_load(), parent=words))
        flow.addWidget(Text(after.strip(), Role.BODY, Tone.MUTED, words))
        top.addWidget(words, 1)
        restore = LinkButton(self.tr("Restore defaults"), self)
        restore.clicked.connect(self.restore_defaults_requested)
        top.addWidget(restore)
        self._column.addLayout(top)

    def _next_load(self) -> str:
        return self.tr("at next load")

    def _build_sections(self, parent: QWidget) -> tuple[SectionCard, ...]:
        self.storage = StorageSection(parent)
        self.network = NetworkSection(parent)
        self.downloads = DownloadsSection(parent)
        self.about = AboutSection(parent)
        for section in (self.storage, self.network, self.downloads, self.about):
            section.setting_changed.connect(self.setting_changed)
            self._keyed |= section.keyed
        self.network.rows_changed.connect(self._show)
        return (
            self._general(parent),
            self.storage,
            self.network,
            self.downloads,
            self._engine_section(parent),
            self._chat(parent),
            self._privacy(parent),
            self.about,
        )

    def _general(self, parent: QWidget) -> SectionCard:
        name = self.tr("Appearance")
        self._theme = SegmentedButtons(
            name,
            (("system", self.tr("As the system")), ("light", self.tr("Light")), ("dark", self.tr("Dark"))),
            parent,
        )
        self._theme.chosen.connect(self._on_theme_chosen)
        look = self._row(THEME.key, name, self.tr("High contrast and text size always follow the system."), self._theme)
        # Translators write the name of their own language here.
        spoken = Text(self.tr("English"), Role.BODY, parent=parent)
        language = SettingRow(
            self.tr("Language"),
            self.tr("Follows the system where a translation is shipped; English otherwise."),
            spoken,
        )
        return SectionCard(self.tr("General"), (look, language), parent)

    def _engine_section(self, parent: QWidget) -> SectionCard:
        name = self.tr("Keep free on each card")
        low, high = VRAM_RESERVE_GIB.low, VRAM_RESERVE_GIB.high
        self._reserve = NumberField(name, low, high, digits=1, step=0.5, parent=parent)
        self._reserve.changed.connect(self._on_reserve_changed)
        reserve = self._row(
            VRAM_RESERVE_GIB.key,
            name,
            self.tr("For the desktop and other programs. The plan never uses this part."),
            with_unit(self._reserve, self.tr("GiB"), parent),
            mark=self._next_load(),
        )
        name = self.tr("Unload the model when idle")
        low, high = UNLOAD_MINUTES.low, UNLOAD_MINUTES.high
        self._unload = NumberField(name, low, high, digits=0, step=5, parent=parent)
        self._unload.changed.connect(self._on_unload_changed)
        unload = self._row(
            UNLOAD_MINUTES.key,
            name,
            self.tr("Gives the memory back to other programs. 0 keeps the model."),
            with_unit(self._unload, self.tr("minutes"), parent),
        )
        self.engine = EngineChoice(parent)
        self.engine.chosen.connect(self._on_engine_chosen)
        engine = self._row(
            ENGINE_PACK.key,
            self.tr("Engine"),
            self.tr("Which build of llama.cpp runs models. Automatic takes the best one that works here."),
            self.engine,
            mark=self._next_load(),
            below=True,
        )
        return SectionCard(self.tr("Engine"), (reserve, unload, engine), parent)

    def _chat(self, parent: QWidget) -> SectionCard:
        name = self.tr("System prompt")
        self._prompt = PromptField(name, self.tr("None"), parent)
        self._prompt.changed.connect(self._on_prompt_changed)
        row = self._row(
            SYSTEM_PROMPT.key,
            name,
            self.tr("Goes before every new chat."),
            self._prompt,
            below=True,
        )
        name = self.tr("When the context is full")
        self._policy = SegmentedButtons(
            name,
            (
                ("trim", self.tr("Leave out")),
                ("summarise", self.tr("Summarise")),
                ("stop", self.tr("Stop")),
            ),
            parent,
        )
        self._policy.chosen.connect(self._on_policy_chosen)
        full = self._row(
            CONTEXT_POLICY.key,
            name,
            self.tr(
                "The oldest messages are left out, or summarised by the model, or nothing is sent and the chat says so. "
                "Applies from the next message on."
            ),
            self._policy,
        )
        return SectionCard(self.tr("Chat"), (row, full), parent)

    def _privacy(self, parent: QWidget) -> SectionCard:
        row = SettingRow(
            self.tr("Nothing leaves this PC"),
            self.tr(
                "There is no telemetry. The app goes online only for downloads that you start, to the server set under "
                "Network, and for a check for updates that you ask for; chats stay in files on this PC."
            ),
        )
        return SectionCard(self.tr("Privacy"), (row,), parent)

    def _row(
        self, key: str, title: str, help_text: str, control: QWidget, *, mark: str = "", below: bool = False
    ) -> SettingRow:
        row = SettingRow(title, help_text, control, mark=mark, below=below)
        row.is_wanted = False
        self._keyed[key] = row
        return row

    def _build_empty(self, parent: QWidget) -> Card:
        card = Card(parent)
        column = QVBoxLayout(card)
        column.setContentsMargins(22, 18, 22, 18)
        column.setSpacing(8)
        self._nothing = Text("", Role.BODY_STRONG, parent=card, wrap=True)
        clear = SecondaryButton(self.tr("Clear the search"), card, size=ButtonSize.SMALL)
        clear.clicked.connect(self._search.clear)
        column.addWidget(self._nothing)
        column.addWidget(clear)
        return card

    # --- showing ---

    def _show(self) -> None:
        query = self._search.text().strip()
        n_shown = 0
        for i, section in enumerate(self._sections):
            has_rows = section.show_matching(query)
            is_shown = has_rows if query else i == self._chosen
            section.setVisible(is_shown)
            n_shown += is_shown
        self._nothing.set_text(self.tr("No setting called \u201c{name}\u201d").format(name=query[:60]))
        self._empty.setVisible(not n_shown)
        self._mark_chosen(not query)

    def _mark_chosen(self, is_marked: bool) -> None:
        """None is marked during a search: it goes through all sections, and choosing any of them ends it."""
        with QSignalBlocker(self._items):
            self._items.setExclusive(is_marked)  # an exclusive group does not let go of its button
            self._items.button(self._chosen).setChecked(is_marked)
            self._items.setExclusive(True)

    # --- slots ---

    def _on_search_changed(self) -> None:
        self._show()

    def _on_section_toggled(self, index: int, is_checked: bool) -> None:
        if is_checked:
            self.show_section(SECTIONS[index])

    def _on_theme_chosen(self, key: str) -> None:
        self.setting_changed.emit(THEME.key, key)

    def _on_reserve_changed(self, value: float) -> None:
        self.setting_changed.emit(VRAM_RESERVE_GIB.key, round(value, 1))

    def _on_unload_changed(self, value: float) -> None:
        self.setting_changed.emit(UNLOAD_MINUTES.key, round(value))

    def _on_policy_chosen(self, key: str) -> None:
        self.setting_changed.emit(CONTEXT_POLICY.key, key)

    def _on_engine_chosen(self, name: str) -> None:
        self.setting_changed.emit(ENGINE_PACK.key, name)

    def _on_prompt_changed(self, value: str) -> None:
        self.setting_changed.emit(SYSTEM_PROMPT.key, value)
