"""What stands in the table's place when no model matches."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from launcher.ui.components import ButtonSize, Card, FlowLayout, LinkButton, SecondaryButton, Text
from launcher.ui.models.arrange import Shown
from launcher.ui.models.rows import ModelRow
from launcher.ui.theme import Role, Tone


class EmptySearch(QWidget):
    """Says what was not found and offers the nearest name, the hidden models, or an empty search.

    Signals:
        near_requested(ModelRow): show this model instead.
        filters_cleared(): show what the chips hide.
        search_cleared(): empty the search field.
    """

    near_requested = Signal(object)
    filters_cleared = Signal()
    search_cleared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._near: ModelRow | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 20, 20, 20)
        card = Card(self)
        column = QVBoxLayout(card)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(2)
        self._what = Text("", Role.BODY_STRONG, parent=card, wrap=True)
        self._why = Text("", Role.BODY, Tone.MUTED, card, wrap=True)
        self._show_near = SecondaryButton("", card, size=ButtonSize.SMALL)
        self._show_hidden = SecondaryButton(self.tr("Show them"), card, size=ButtonSize.SMALL)
        self._clear = LinkButton(self.tr("Clear the search"), card)
        self._show_near.clicked.connect(self._on_show_near_clicked)
        self._show_hidden.clicked.connect(self.filters_cleared)
        self._clear.clicked.connect(self.search_cleared)
        column.addWidget(self._what)
        column.addWidget(self._why)
        column.addSpacing(10)
        buttons = QWidget(card)
        flow = FlowLayout(buttons, gap=8)
        for button in (self._show_near, self._show_hidden, self._clear):
            flow.addWidget(button)
        column.addWidget(buttons)
        outer.addWidget(card)
        outer.addStretch(1)

    def show_for(self, query: str, shown: Shown, n_models: int, catalogue_date: str) -> None:
        """Explain an empty table."""
        name = query.strip()[:60]
        n_hidden = shown.n_not_running + shown.n_other_filters
        self._near = shown.near[0] if shown.near and not n_hidden else None
        if n_hidden:
            self._what.set_text(self.tr("Nothing to show with these filters"))
            self._why.set_text(
                self.tr("1 model matches but is hidden by the filters above.")
                if n_hidden == 1
                else self.tr("{n} models match but are hidden by the filters above.").format(n=n_hidden)
            )
        elif n_models:
            self._what.set_text(self.tr("No model called \u201c{name}\u201d").format(name=name))
            self._why.set_text(
                self.tr("The catalogue of {date} lists {n} DeepSeek models; none has this name.").format(
                    date=catalogue_date, n=n_models
                )
                if catalogue_date
                else self.tr("The catalogue lists {n} DeepSeek models; none has this name.").format(n=n_models)
            )
        else:
            self._what.set_text(self.tr("Reading the catalogue…"))
            self._why.set_text("")
        self._why.setVisible(bool(self._why.text()))
        if self._near:
            self._show_near.setText(self.tr("Show {name}").format(name=self._near.short_name))
            self._show_near.updateGeometry()
        self._show_near.setVisible(self._near is not None)
        self._show_hidden.setVisible(bool(n_hidden))
        self._clear.setVisible(bool(name))

    def _on_show_near_clicked(self) -> None:
        if self._near:
            self.near_requested.emit(self._near)
