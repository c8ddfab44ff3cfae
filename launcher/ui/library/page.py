"""The library page: the list of everything on the disk, and the chosen model beside it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.errors import NextStep, UserError
from launcher.core.units import gb
from launcher.core.words import listed, say
from launcher.services.library_values import Library, LibraryEntry, Work, WorkKind
from launcher.ui.components import (
    Banner,
    BannerKind,
    Card,
    ComboBox,
    LinkButton,
    PrimaryButton,
    ScrollPage,
    SearchField,
    SecondaryButton,
    Text,
    TitleLine,
)
from launcher.ui.library import words
from launcher.ui.library.list_view import LibraryList
from launcher.ui.library.panel import LibraryPanel
from launcher.ui.library.rows import BrokenRow, Order, arrange
from launcher.ui.theme import Role, Tone, px

_NARROW_BELOW = 900
_PANEL_WIDTH = 336


class LibraryPage(ScrollPage):
    """Shows a `Library`; what is wanted with a model is told by `panel`'s signals.

    Signals:
        chat_requested(Installed): Enter or a double click in the list, or the panel's button.
        add_file_requested(), add_folder_requested(), updates_requested(), home_requested(): the page's own buttons.
        updates_cancelled(): stop asking the server.
        next_step_chosen(NextStep): of a message.
    """

    chat_requested = Signal(object)
    add_file_requested = Signal()
    add_folder_requested = Signal()
    updates_requested = Signal()
    updates_cancelled = Signal()
    home_requested = Signal()
    next_step_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Models on this PC"))
        self._library: Library | None = None
        self._works: dict[str, Work] = {}
        self._is_passing = False
        column = QVBoxLayout(self.content)
        column.setContentsMargins(32, 20, 32, 20)
        column.setSpacing(14)
        column.addLayout(self._build_head())
        self.message = Banner(self.content)
        self.message.step_chosen.connect(self.next_step_chosen)
        column.addWidget(self.message)
        self._tools = self._build_tools()
        column.addWidget(self._tools)
        column.addWidget(self._build_asking())
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(16)
        column.addLayout(self._body, 1)
        self._list = LibraryList(self.content)
        self._list.row_chosen.connect(self._on_row_chosen)
        self._list.opened.connect(self._on_opened)
        self.panel = LibraryPanel(self.content)
        self.panel.chat_requested.connect(self.chat_requested)
        self._body.addWidget(self._list, 1)
        self._side = QVBoxLayout()
        self._side.addWidget(self.panel)
        self._side.addStretch(1)
        self._body.addLayout(self._side)
        self._empty = self._build_empty()
        column.addWidget(self._empty)
        column.addStretch(0)
        self._lay_out()
        self._refresh()

    # --- values ---

    def set_library(self, library: Library) -> None:
        """Show what is on the disk."""
        self._library = library
        self._refresh()

    def set_work(self, work: Work) -> None:
        """A step of something that takes long."""
        self._works[work.path] = work
        self._show_work()

    def end_work(self, path: str) -> None:
        """It has ended."""
        self._works.pop(path, None)
        self._show_work()

    def show_message(self, kind: BannerKind, what: str, why: str = "", steps: tuple[NextStep, ...] = ()) -> None:
        """Above the list, until the next one; good news also only until another page is shown."""
        self._is_passing = kind in (BannerKind.GOOD, BannerKind.INFO)
        self.message.show_message(kind, what, why, steps)

    def show_error(self, error: UserError) -> None:
        """Something that was asked for did not work."""
        self._is_passing = False
        self.message.show_error(error)

    def focus_search(self) -> None:
        """Put the keyboard into the search."""
        self._search.setFocus()

    def choose(self, path: str) -> None:
        """Choose a model in the list."""
        self._search.clear()
        self._list.choose(path)

    # --- building ---

    def _build_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(8)
        titles = QVBoxLayout()
        titles.setSpacing(0)
        self.title_line = TitleLine(self.tr("On this PC"), self.content)
        titles.addWidget(self.title_line)
        self._summary = Text("…", Role.BODY, Tone.MUTED, self.content, wrap=True)
        titles.addWidget(self._summary)
        head.addLayout(titles, 1)
        self._add_file = SecondaryButton(self.tr("Add a file…"), self.content, icon="plus")
        self._add_file.clicked.connect(self.add_file_requested)
        self._add_folder = SecondaryButton(self.tr("Add a folder…"), self.content, icon="folder")
        self._add_folder.clicked.connect(self.add_folder_requested)
        head.addWidget(self._add_file)
        head.addWidget(self._add_folder)
        return head

    def _build_tools(self) -> QWidget:
        holder = QWidget(self.content)
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        self._search = SearchField(self.tr("Search the models on this PC"), self.tr("Name, size or folder"), holder)
        self._search.textChanged.connect(self._refresh)
        self._order = ComboBox(self.tr("Sort by"), holder, height=34)
        for order, text in (
            (Order.USED, self.tr("Last used first")),
            (Order.NAME, self.tr("By name")),
            (Order.SIZE, self.tr("Largest first")),
        ):
            self._order.addItem(text, order.value)
        self._order.currentIndexChanged.connect(self._refresh)
        self._ask_updates = SecondaryButton(self.tr("Look for updates"), holder, icon="refresh-cw")
        self._ask_updates.setToolTip(self.tr("Asks the download server once; nothing is fetched."))
        self._ask_updates.clicked.connect(self.updates_requested)
        row.addWidget(self._search, 1)
        row.addWidget(self._order)
        row.addWidget(self._ask_updates)
        return holder

    def _build_asking(self) -> QWidget:
        self._asking = QWidget(self.content)
        row = QHBoxLayout(self._asking)
        row.setContentsMargins(0, 0, 0, 0)
        self._asking_words = Text("", Role.SMALL_MEDIUM, Tone.MUTED, self._asking)
        row.addWidget(self._asking_words, 1)
        cancel = LinkButton(self.tr("Cancel"), self._asking)
        cancel.setAccessibleName(self.tr("Stop looking for updates"))
        cancel.clicked.connect(self.updates_cancelled)
        row.addWidget(cancel)
        return self._asking

    def _build_empty(self) -> QWidget:
        card = Card(self.content)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(24, 24, 24, 24)
        inside.setSpacing(16)
        self._empty_words = Text("", Role.BODY, parent=card, wrap=True)
        inside.addWidget(self._empty_words)
        self._home = PrimaryButton(self.tr("Choose a model"), card)
        self._home.clicked.connect(self.home_requested)
        inside.addWidget(self._home)
        self._clear = SecondaryButton(self.tr("Clear the search"), card)
        self._clear.clicked.connect(self._search.clear)
        inside.addWidget(self._clear)
        return card

    # --- showing ---

    def _refresh(self) -> None:
        library = self._library
        is_known = library is not None
        has_any = is_known and bool(library.entries or library.broken)
        search = self._search.text().strip()
        rows = arrange(library, search, Order(self._order.currentData())) if library is not None else ()
        self._summary.set_text(self._sentence())
        self._list.set_rows(rows)
        for widget in (self._tools, self._ask_updates):
            widget.setVisible(has_any)
        self._list.setVisible(bool(rows))
        self._empty.setVisible(is_known and not rows)
        self._home.setVisible(not has_any)
        self._clear.setVisible(has_any)
        nothing = self.tr("No model on this PC is called \u201c{name}\u201d.").format(name=search[:60])
        none = self.tr(
            "No model is on this PC yet. What you fetch is listed here, and what LM Studio, Ollama, Jan, GPT4All, "
            "llama.cpp and the Hugging Face tools have put on the disk. GGUF files can be dropped on the window."
        )
        self._empty_words.set_text(nothing if has_any else none)
        self._show_work()

    def _sentence(self) -> str:
        library = self._library
        if library is None:
            return self.tr("Looking at the disk…")
        if not library.entries:
            return ""
        models = [entry.model for entry in library.entries]
        ours = sum(model.size_bytes for model in models if model.is_ours)
        text = self.tr("1 model, {size}") if len(models) == 1 else self.tr("{n} models, {size}")
        total = sum(model.size_bytes for model in models)
        all_words = text.format(n=len(models), size=gb(total))
        own = self.tr("{size} of them fetched here").format(size=gb(ours))
        return say("{words}.", words=listed(all_words, own) if 0 < ours < total else all_words)

    def _show_work(self) -> None:
        asking = self._works.get("")
        self._asking.setVisible(asking is not None)
        if asking is not None:
            self._asking_words.set_text(words.work_words(asking))
        self._ask_updates.setEnabled(not any(w.kind is WorkKind.LOOK_FOR_UPDATES for w in self._works.values()))
        self.panel.set_work(self._works.get(self.panel.path) if self.panel.path else None)

    def _on_row_chosen(self, row: object) -> None:
        self.panel.show_row(row if isinstance(row, (LibraryEntry, BrokenRow)) else None)
        self._show_work()

    def _on_opened(self, entry: LibraryEntry) -> None:
        self.chat_requested.emit(entry.model)

    # --- layout ---

    def hideEvent(self, event: QHideEvent) -> None:
        """Another page: what went well was read."""
        super().hideEvent(event)
        if self._is_passing:
            self.message.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the panel goes under the list."""
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        """A new text size changes the widths."""
        super().changeEvent(event)
        # Also sent while Qt builds the base class.
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_side"):
            self._lay_out()

    def _lay_out(self) -> None:
        is_narrow = self.width() < px(_NARROW_BELOW)
        direction = QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
        self._body.setDirection(direction)
        self.panel.setMinimumWidth(0 if is_narrow else px(_PANEL_WIDTH))
        self.panel.setMaximumWidth(16777215 if is_narrow else px(_PANEL_WIDTH))
        self._list.setMinimumHeight(px(300))
        side = 20 if is_narrow else 32
        layout = self.content.layout()
        if layout is not None:
            layout.setContentsMargins(side, 20, side, 20)
