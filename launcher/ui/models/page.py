"""The Models page: searchable table of every model and size on the left, the plan of the chosen one on the right."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, Signal
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from launcher.catalog import NotOffered
from launcher.core.downloads import DownloadProgress, Installed
from launcher.core.errors import UserError
from launcher.core.machine import Machine
from launcher.core.models import Family, Quant, Variant
from launcher.core.plans import Plan
from launcher.services.linked import LINKED_FAMILY
from launcher.services.plan_service import Planned
from launcher.ui.components import Divider
from launcher.ui.models import words
from launcher.ui.models.arrange import Shown, arrange
from launcher.ui.models.empty import EmptySearch
from launcher.ui.models.list_head import ListHead
from launcher.ui.models.nodes import Link, LinkNode, ModelNode, node_of
from launcher.ui.models.plan_panel import PlanPanel
from launcher.ui.models.rows import ModelRow, SizeRow, build
from launcher.ui.models.tree_model import ModelsTree
from launcher.ui.models.tree_view import ModelsTreeView
from launcher.ui.theme import px

_NARROW_BELOW = 1000
_PANEL_WIDTH = 461


class ModelsPage(QWidget):
    """Takes the catalog, the plans and what is installed; asks for downloads and chats.

    Signals:
        download_and_chat_requested(Plan): the panel's main button.
        download_requested(Plan): a row's button, or "Only download".
        chat_requested(Installed): load this file and chat.
        plan_selected(Plan): another size with a plan is shown in the panel.
        link_pasted(str): the search text is a link or "owner/repo"; link_dropped(): it is not any more.
        edit_requested(EditRequest), machine_chosen(MachineWish | None), verify_requested(VerifyRequest),
        verify_cancelled(), step_chosen(NextStep): of the panel.
    """

    download_and_chat_requested = Signal(object)
    download_requested = Signal(object)
    chat_requested = Signal(object)
    plan_selected = Signal(object)
    link_pasted = Signal(str)
    link_dropped = Signal()
    edit_requested = Signal(object)
    machine_chosen = Signal(object)
    verify_requested = Signal(object)
    verify_cancelled = Signal()
    step_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._families: tuple[Family, ...] = ()
        self._linked: tuple[Variant, ...] = ()
        self._files: tuple[Variant, ...] = ()
        self._is_what_if = False
        self._wanted: tuple[str, str, str] | None = None
        self._not_offered: tuple[NotOffered, ...] = ()
        self._plans: tuple[Plan, ...] | None = None
        self._installed: tuple[Installed, ...] = ()
        self._recommended: Plan | None = None
        self._catalogue_date = ""
        self._progress: dict[str, DownloadProgress] = {}
        self._rows: tuple[ModelRow, ...] = ()
        self._unfolded: set[str] = set()
        self._open: set[str] = set()
        self._chosen: SizeRow | None = None
        self._is_rebuilding = False
        self._is_panel_wanted = False
        self._is_untouched = True
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._list_side = QWidget(self)
        self._line = Divider(self, vertical=True)
        self._panel = PlanPanel(self)
        row.addWidget(self._list_side, 1)
        row.addWidget(self._line)
        row.addWidget(self._panel)
        self._build_list_side()
        self._panel.back_requested.connect(self._on_back_requested)
        self._panel.size_chosen.connect(self._on_size_chosen)
        self._panel.download_and_chat_requested.connect(self.download_and_chat_requested)
        self._panel.download_requested.connect(self.download_requested)
        self._panel.chat_requested.connect(self.chat_requested)
        self._panel.edit_requested.connect(self.edit_requested)
        self._panel.machine_chosen.connect(self._on_machine_chosen)
        self._panel.verify_requested.connect(self.verify_requested)
        self._panel.verify_cancelled.connect(self.verify_cancelled)
        self._panel.step_chosen.connect(self.step_chosen)
        self._rebuild()
        self._lay_out()

    # --- values ---

    def set_variants(
        self, families: tuple[Family, ...], not_offered: tuple[NotOffered, ...] = (), catalogue_date: str = ""
    ) -> None:
        """Show the catalog.

        Args:
            families: with all variants, also those that cannot be loaded.
            not_offered: file sets that are listed with their reason.
            catalogue_date: ISO date for "as of"; "" when unknown.
        """
        self._families, self._not_offered, self._catalogue_date = families, not_offered, catalogue_date
        self._rebuild()

    @property
    def panel(self) -> PlanPanel:
        """The plan at the right."""
        return self._panel

    @property
    def plans(self) -> tuple[Plan, ...]:
        """Of the machine planned for; none while they are made."""
        return self._plans or ()

    def set_plans(self, plans: tuple[Plan, ...]) -> None:
        """The plan of every loadable size on the machine planned for, matched by (model, quant, repo)."""
        self._plans = plans
        self._panel.set_pending(False)
        self._rebuild()
        if self._wanted is not None:
            size = self._size_of(self._wanted)
            if size is not None and size.plan is not None:
                self._wanted = None
                self._show_size(size)

    def set_pending(self) -> None:
        """Plans are being made: fits and speeds show "…"."""
        self._plans = None
        self._panel.set_pending(True)
        self._rebuild()

    def set_recommended(self, plan: Plan | None) -> None:
        """Mark the planner's choice for this machine and put it first."""
        self._recommended = plan
        if self._is_untouched:
            self._chosen = None
            self._open.clear()
        self._rebuild()

    def set_installed(self, installed: tuple[Installed, ...]) -> None:
        """What is on the disk, also files that the catalog does not know."""
        self._installed = installed
        self._head.set_n_installed(len(installed))
        self._rebuild()

    def set_machine(self, machine: Machine) -> None:
        """This PC."""
        self._panel.set_this_pc(machine)
        if not self._is_what_if:
            self._tree.set_has_cards(bool(machine.gpus))

    def set_planned(self, planned: Planned) -> None:
        """All plans for a machine, this PC or a described one."""
        best = planned.recommendation
        self._is_what_if = planned.is_what_if
        self._tree.set_has_cards(bool(planned.machine.gpus))
        self._head.set_what_if(planned.is_what_if)
        self._panel.set_target(planned.machine, planned.wishes, best.why_not_bigger, is_what_if=planned.is_what_if)
        self._recommended = best.recommended
        if self._is_untouched:
            self._chosen = None
            self._open.clear()
        self._files = planned.files
        self.set_plans(planned.plans)

    def add_linked(self, variant: Variant, quant: Quant) -> None:
        """A model from a pasted link: a row like the others, chosen as soon as it is planned."""
        is_known = any(v.id == variant.id for family in self._families for v in family.variants)
        if not is_known:
            self._linked = (*(v for v in self._linked if v.id != variant.id), variant)
        self._wanted = (variant.id, quant.name, quant.repo)
        self._head.end_link()

    def show_link_error(self, error: UserError) -> None:
        """The pasted link cannot be read."""
        self._head.show_link_error(error)

    def set_download(self, progress: DownloadProgress) -> None:
        """How far a download is; cheap, several times a second."""
        self._progress[progress.key] = progress
        self._tree.set_progress(progress)
        self._panel.set_progress(progress)

    def show_plan(self, plan: Plan) -> None:
        """Choose the plan's size, also when a search or filter hides it, and show it in the panel."""
        size = self._size_of((plan.model, plan.quant, plan.repo))
        if size is not None:
            self._show_size(size)
            self._on_plan_wanted()

    def _size_of(self, key: tuple[str, str, str]) -> SizeRow | None:
        return next((s for row in self._rows for s in row.sizes if s.key == key), None)

    def _show_size(self, size: SizeRow) -> None:
        self._is_untouched = False
        if not self._unfold_to(size).isValid():
            self._head.show_everything()
        self._on_size_chosen(size)

    def focus_search(self) -> None:
        """For Ctrl+F."""
        self._head.search.setFocus()
        self._head.search.selectAll()

    # --- building ---

    def _build_list_side(self) -> None:
        column = QVBoxLayout(self._list_side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._head = ListHead(self)
        self._head.view_changed.connect(self._show)
        self._head.link_pasted.connect(self.link_pasted)
        self._head.link_dropped.connect(self.link_dropped)
        self._head.step_chosen.connect(self.step_chosen)
        column.addWidget(self._head)
        self._line_above = Divider(self)
        column.addWidget(self._line_above)
        self._tree = ModelsTree(self)
        self._table = ModelsTreeView(self._tree, self)
        self._table.row_chosen.connect(self._on_row_chosen)
        self._table.plan_wanted.connect(self._on_plan_wanted)
        self._table.download_wanted.connect(self._on_download_wanted)
        self._table.link_followed.connect(self._on_link_followed)
        self._table.expanded.connect(self._on_expanded)
        self._table.collapsed.connect(self._on_collapsed)
        self._empty = EmptySearch(self)
        self._empty.near_requested.connect(self._on_near_requested)
        self._empty.filters_cleared.connect(self._head.clear_filters)
        self._empty.search_cleared.connect(self._head.search.clear)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._table)
        self._stack.addWidget(self._empty)
        column.addWidget(self._stack, 1)

    # --- showing ---

    def _rebuild(self) -> None:
        """Match catalog, plans and library again, then show."""
        families = self._families
        if self._linked:
            families = (Family(LINKED_FAMILY, self.tr("From links"), "", self._linked), *families)
        self._rows = build(
            families, self._plans or (), self._installed, self._recommended, self._not_offered, self._files
        )
        self._show()

    def _show(self) -> None:
        has_plans = self._plans is not None
        shown = arrange(self._rows, self._head.view(frozenset(self._unfolded)), has_plans=has_plans)
        self._is_rebuilding = True
        self._tree.set_shown(shown, has_plans=has_plans)
        for progress in self._progress.values():
            self._tree.set_progress(progress)
        if not self._open and has_plans and shown.models:
            self._open.add(shown.models[0].model.id)
        for model in self._open:
            index = self._tree.find_model(model)
            if index.isValid():
                self._table.expand(index)
        self._is_rebuilding = False
        self._head.set_counts(len(shown.models), len(self._rows))
        self._stack.setCurrentWidget(self._table if shown.models or shown.n_not_running else self._empty)
        self._empty.show_for(self._head.search.text(), shown, len(self._rows), words.date_words(self._catalogue_date))
        self._choose_again(shown)

    def _choose_again(self, shown: Shown) -> None:
        """Keep the chosen size; at the start take the first model's."""
        wanted = self._chosen
        if wanted is None and self._plans is not None and shown.models:
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
        self._choose(next((s for row in self._rows for s in row.sizes if s.key == wanted.key), None))

    def _unfold_to(self, size: SizeRow) -> QModelIndex:
        """The row of a size, also where it is behind "show more sizes"; invalid when search or filters hide it."""
        index = self._tree.find(size.key)
        if not index.isValid():
            self._unfolded.add(self._model_id(size))
            self._show()
            index = self._tree.find(size.key)
        return index

    def _model_id(self, size: SizeRow) -> str:
        return next((row.id for row in self._rows if any(s.key == size.key for s in row.sizes)), size.model)

    def _choose(self, size: SizeRow | None) -> None:
        is_other = size is not None and (self._chosen is None or size.key != self._chosen.key)
        self._chosen = size
        model = next((row for row in self._rows if size and any(s.key == size.key for s in row.sizes)), None)
        self._panel.show_size(model, size, self._progress.get(size.download_key) if size else None)
        if is_other and size and size.plan:
            self.plan_selected.emit(size.plan)

    # --- narrow windows: the panel is a page of its own ---

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Side by side from 1000 px on (more with larger text)."""
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        """A new text size changes the widths."""
        super().changeEvent(event)
        # Also sent while Qt builds the base class.
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_panel"):
            self._lay_out()

    def _lay_out(self) -> None:
        is_narrow = self.width() < px(_NARROW_BELOW)
        self._panel.set_narrow(is_narrow)
        self._panel.setMinimumWidth(0 if is_narrow else px(_PANEL_WIDTH))
        self._panel.setMaximumWidth(16777215 if is_narrow else px(_PANEL_WIDTH))
        self._panel.setVisible(not is_narrow or self._is_panel_wanted)
        self._list_side.setVisible(not is_narrow or not self._is_panel_wanted)
        self._line.setVisible(not is_narrow)

    # --- slots ---

    def _on_machine_chosen(self, wish: object) -> None:
        self._panel.set_pending(True)
        self.machine_chosen.emit(wish)

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
                self._panel.show_size(row, None, None)
                return
            row = lead
        self._choose(row)

    def _on_plan_wanted(self) -> None:
        self._is_panel_wanted = True
        self._panel.show()
        self._panel.focus_main_button()
        self._lay_out()

    def _on_back_requested(self) -> None:
        self._is_panel_wanted = False
        self._list_side.show()
        self._table.setFocus()
        self._lay_out()

    def _on_size_chosen(self, size: SizeRow) -> None:
        index = self._unfold_to(size)
        if index.isValid():
            self._table.expand(index.parent())
            self._table.setCurrentIndex(index)
        self._choose(size)

    def _on_download_wanted(self, size: SizeRow) -> None:
        if size.plan and size.can_be_fetched:
            self.download_requested.emit(size.plan)

    def _on_link_followed(self, node: LinkNode) -> None:
        if node.link is Link.MORE_SIZES:
            self._unfolded.add(node.model)
            self._show()
        else:
            self._head.show_not_running()

    def _on_near_requested(self, model: ModelRow) -> None:
        # The nearest model may be one that does not run here.
        if self._plans is not None and not model.running:
            self._head.show_not_running()
        self._head.search.setText(model.short_name)
