"""The left side of the Models page: search and filters, and under them the table of every model and size."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from launcher.core.downloads import DownloadProgress
from launcher.core.plans import Plan
from launcher.ui.components import Divider
from launcher.ui.models import words
from launcher.ui.models.arrange import Shown, arrange
from launcher.ui.models.empty import EmptySearch
from launcher.ui.models.list_head import ListHead
from launcher.ui.models.nodes import Link, LinkNode, ModelNode, node_of
from launcher.ui.models.rows import ModelRow, SizeRow
from launcher.ui.models.tree_model import ModelsTree
from launcher.ui.models.tree_view import ModelsTreeView


class ModelList(QWidget):
    """Takes all rows, shows those that were asked for, and remembers what is open and chosen while they change.

    Signals:
        chosen(ModelRow | None, SizeRow | None): the row to show a plan of; again with the newest values after every change of
            the rows. A model without a size has none that could be planned.
        plan_wanted(): Enter or a double click.
        download_wanted(SizeRow): a row's button.
    """

    chosen = Signal(object, object)
    plan_wanted = Signal()
    download_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ModelRow, ...] = ()
        self._has_plans = False
        self._catalogue_date = ""
        self._unfolded: set[str] = set()
        self._open: set[str] = set()
        self._chosen: SizeRow | None = None
        self._is_rebuilding = False
        self._is_untouched = True
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.head = ListHead(self)
        self.head.view_changed.connect(self._show)
        column.addWidget(self.head)
        column.addWidget(Divider(self))
        self._tree = ModelsTree(self)
        self._table = ModelsTreeView(self._tree, self)
        self._table.row_chosen.connect(self._on_row_chosen)
        self._table.plan_wanted.connect(self.plan_wanted)
        self._table.download_wanted.connect(self.download_wanted)
        self._table.link_followed.connect(self._on_link_followed)
        self._table.expanded.connect(self._on_expanded)
        self._table.collapsed.connect(self._on_collapsed)
        self._empty = EmptySearch(self)
        self._empty.near_requested.connect(self._on_near_requested)
        self._empty.filters_cleared.connect(self.head.clear_filters)
        self._empty.search_cleared.connect(self.head.search.clear)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._table)
        self._stack.addWidget(self._empty)
        column.addWidget(self._stack, 1)

    # --- values ---

    def set_rows(self, rows: tuple[ModelRow, ...], *, has_plans: bool, catalogue_date: str) -> None:
        """Show these.

        Args:
            rows: everything that there is.
            has_plans: False while they are made: fits and speeds show "…".
            catalogue_date: ISO date for "as of"; "" when unknown.
        """
        self._rows, self._has_plans, self._catalogue_date = rows, has_plans, catalogue_date
        self._show()

    def set_has_cards(self, has_cards: bool) -> None:
        """Whether the header speaks of a graphics card."""
        self._tree.set_has_cards(has_cards)

    def set_progress(self, progress: DownloadProgress) -> None:
        """How far a download is."""
        self._tree.set_progress(progress)

    def set_plan(self, plan: Plan) -> None:
        """Show a newer plan in its row; nothing moves."""
        key = (plan.model, plan.quant, plan.repo)
        self._rows = tuple(
            replace(row, sizes=tuple(replace(s, plan=plan) if s.key == key else s for s in row.sizes))
            for row in self._rows
        )
        self._tree.set_plan(plan)

    def follow_recommendation(self) -> None:
        """With the next rows choose the first again, unless the user has chosen or opened one."""
        if self._is_untouched:
            self._chosen = None
            self._open.clear()

    def size_of(self, key: tuple[str, str, str]) -> SizeRow | None:
        """The row of (model, quant, repo)."""
        return next((s for row in self._rows for s in row.sizes if s.key == key), None)

    def show_size(self, size: SizeRow) -> None:
        """Choose a size, also where search or filters hide it."""
        self._is_untouched = False
        if not self._unfold_to(size).isValid():
            self.head.show_everything()
        self.choose(size)

    def choose(self, size: SizeRow) -> None:
        """Choose a size of a model that is shown."""
        index = self._unfold_to(size)
        if index.isValid():
            self._table.expand(index.parent())
            self._table.setCurrentIndex(index)
        self._choose(size)

    def focus_search(self) -> None:
        """For Ctrl+F."""
        self.head.search.setFocus()
        self.head.search.selectAll()

    def focus_table(self) -> None:
        """Put the keyboard on the rows."""
        self._table.setFocus()

    # --- showing ---

    def _show(self) -> None:
        shown = arrange(self._rows, self.head.view(frozenset(self._unfolded)), has_plans=self._has_plans)
        self._is_rebuilding = True
        self._tree.set_shown(shown, has_plans=self._has_plans)
        if not self._open and self._has_plans and shown.models:
            self._open.add(shown.models[0].model.id)
        for model in self._open:
            index = self._tree.find_model(model)
            if index.isValid():
                self._table.expand(index)
        self._is_rebuilding = False
        self.head.set_counts(len(shown.models), len(self._rows))
        self._stack.setCurrentWidget(self._table if shown.models or shown.n_not_running else self._empty)
        self._empty.show_for(self.head.search.text(), shown, len(self._rows), words.date_words(self._catalogue_date))
        self._choose_again(shown)

    def _choose_again(self, shown: Shown) -> None:
        """Keep the chosen size; at the start take the first model's."""
        wanted = self._chosen
        if wanted is None and self._has_plans and shown.models:
            wanted = shown.models[0].lead
        if wanted is None:
            return
        index = self._tree.find(wanted.key)
        if not index.isValid() or not self._table.isExpanded(index.parent()):
            owner = self._tree.find_model(self._model_id(wanted))
            index = owner if owner.isValid() and not index.isValid() else index
        if index.isValid():
            self._is_rebuilding = True
            self._table.setCurrentIndex(index)
            self._is_rebuilding = False
        self._choose(self.size_of(wanted.key))

    def _unfold_to(self, size: SizeRow) -> QModelIndex:
        """The row of a size, also where it is behind "show more sizes"; invalid when search or filters hide it."""
        index = self._tree.find(size.key)
        if not index.isValid():
            self._unfolded.add(self._model_id(size))
            self._show()
            index = self._tree.find(size.key)
        return index

    def _owner(self, size: SizeRow) -> ModelRow | None:
        return next((row for row in self._rows if any(s.key == size.key for s in row.sizes)), None)

    def _model_id(self, size: SizeRow) -> str:
        owner = self._owner(size)
        return owner.id if owner else size.model

    def _choose(self, size: SizeRow | None) -> None:
        self._chosen = size
        self.chosen.emit(self._owner(size) if size else None, size)

    # --- slots ---

    def _on_expanded(self, index: QModelIndex) -> None:
        node = node_of(index)
        if isinstance(node, ModelNode) and not self._is_rebuilding:
            self._is_untouched = False
            self._open.add(node.shown.model.id)

    def _on_collapsed(self, index: QModelIndex) -> None:
        node = node_of(index)
        if isinstance(node, ModelNode) and not self._is_rebuilding:
            self._open.discard(node.shown.model.id)

    def _on_row_chosen(self, row: SizeRow | ModelRow) -> None:
        if self._is_rebuilding:
            return
        self._is_untouched = False
        if isinstance(row, ModelRow):
            node = node_of(self._tree.find_model(row.id))
            lead = node.shown.lead if isinstance(node, ModelNode) else None
            if lead is None:
                self._chosen = None
                self.chosen.emit(row, None)
                return
            row = lead
        self._choose(row)

    def _on_link_followed(self, node: LinkNode) -> None:
        if node.link is Link.MORE_SIZES:
            self._unfolded.add(node.model)
            self._show()
        else:
            self.head.show_not_running()

    def _on_near_requested(self, model: ModelRow) -> None:
        # The nearest model may be one that does not run here.
        if self._has_plans and not model.running:
            self.head.show_not_running()
        self.head.search.setText(model.short_name)
