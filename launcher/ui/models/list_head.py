"""Above the table: search, order, filters, and what is happening to a pasted link."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.errors import UserError
from launcher.services.linked import is_link, shown_link
from launcher.ui.components import Banner, BannerKind, ComboBox, FilterChip, FlowLayout, SearchField, Text, show_checked
from launcher.ui.models.arrange import Filter, Order, View
from launcher.ui.theme import Role, Tone

_TYPING_MS = 400  # a link that is typed is not asked for at every letter


class ListHead(QWidget):
    """What the user asked to see.

    Signals:
        view_changed(): search, order or filters.
        link_pasted(str): the search text is a link or "owner/repo"; link_dropped(): it is not any more.
        step_chosen(NextStep): of a link that cannot be read.
    """

    view_changed = Signal()
    link_pasted = Signal(str)
    link_dropped = Signal()
    step_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._link = ""
        self._link_wait = QTimer(self)
        self._link_wait.setSingleShot(True)
        self._link_wait.setInterval(_TYPING_MS)
        self._link_wait.timeout.connect(self._on_link_settled)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 15, 20, 12)
        column.setSpacing(11)
        head = QHBoxLayout()
        head.setSpacing(10)
        self.search = SearchField(self.tr("Search models"), self.tr("Name, size, or paste a link to a GGUF"), self)
        self.search.textChanged.connect(self._on_search_changed)
        self._order = ComboBox(self.tr("Sort by"), self, height=34)
        for order, text in (
            (Order.BEST, self.tr("Best first")),
            (Order.FASTEST, self.tr("Fastest")),
            (Order.SMALLEST, self.tr("Smallest")),
            (Order.NEWEST, self.tr("Newest")),
        ):
            self._order.addItem(text, order.value)
        self._order.currentIndexChanged.connect(self._on_view_changed)
        head.addWidget(Text(self.tr("Models"), Role.TITLE, parent=self))
        head.addSpacing(6)
        head.addWidget(self.search, 1)
        head.addWidget(self._order)
        column.addLayout(head)
        column.addLayout(self._build_chips())
        self._link_state = Banner(self)
        self._link_state.step_chosen.connect(self.step_chosen)
        column.addWidget(self._link_state)

    def view(self, unfolded: frozenset[str]) -> View:
        """What to show, with the models whose every size is wanted."""
        return View(
            "" if self._link else self.search.text(),
            frozenset(kind for kind, chip in self._chips.items() if chip.isChecked()),
            Order(self._order.currentData()),
            unfolded,
        )

    def set_counts(self, n_shown: int, n_all: int) -> None:
        """How many models the table shows."""
        self._count.set_text(self.tr("{n} of {m} models").format(n=n_shown, m=n_all))

    def set_n_installed(self, n: int) -> None:
        """On the filter's chip."""
        self._set_chip(Filter.INSTALLED, self.tr("Installed {n}").format(n=n) if n else self.tr("Installed"))

    def set_what_if(self, is_what_if: bool) -> None:
        """Whether "this PC" is another machine."""
        self._set_chip(Filter.RUNS, self.tr("Runs on that machine") if is_what_if else self.tr("Runs on this PC"))

    def show_everything(self) -> None:
        """No search and no filter."""
        self.search.clear()
        self.clear_filters()

    def clear_filters(self) -> None:
        """All chips off."""
        for chip in self._chips.values():
            show_checked(chip, False)
        self.view_changed.emit()

    def show_not_running(self) -> None:
        """Also what does not run."""
        self._chips[Filter.RUNS].setChecked(False)

    def end_link(self) -> None:
        """The link has become a row."""
        self._link = ""
        self._link_state.hide()
        self.search.clear()

    def show_link_error(self, error: UserError) -> None:
        """The link cannot be read."""
        self._link_state.show_error(error)

    def _build_chips(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        holder = QWidget(self)
        flow = FlowLayout(holder, gap=8)
        self._chips: dict[Filter, FilterChip] = {}
        for kind, text in (
            (Filter.RUNS, self.tr("Runs on this PC")),
            (Filter.INSTALLED, self.tr("Installed")),
            (Filter.REASONING, self.tr("Reasoning")),
            (Filter.CODE, self.tr("Code")),
        ):
            chip = FilterChip(text, holder)
            chip.setChecked(kind is Filter.RUNS)
            chip.toggled.connect(self._on_view_changed)
            self._chips[kind] = chip
            flow.addWidget(chip)
        self._count = Text("", Role.SMALL, Tone.MUTED, self)
        row.addWidget(holder, 1)
        row.addWidget(self._count)
        return row

    def _set_chip(self, kind: Filter, text: str) -> None:
        self._chips[kind].setText(text)
        self._chips[kind].updateGeometry()

    def _on_view_changed(self) -> None:
        self.view_changed.emit()

    def _on_search_changed(self, text: str) -> None:
        link = text.strip() if is_link(text) else ""
        if link != self._link:
            self._link_wait.stop()
            self._link_state.hide()
            self.link_dropped.emit()
            if link:
                self._link_wait.start()
        self._link = link
        self.view_changed.emit()

    def _on_link_settled(self) -> None:
        words = self.tr("Reading the header of {link}…").format(link=shown_link(self._link))
        self._link_state.show_message(BannerKind.INFO, words)
        self.link_pasted.emit(self._link)
