"""The Models page: searchable table of every model and size on the left, the plan of the chosen one on the right."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from launcher.catalog import NotOffered
from launcher.core.downloads import DownloadProgress, Installed
from launcher.core.errors import UserError
from launcher.core.machine import Machine
from launcher.core.models import Family, Quant, Variant
from launcher.core.plans import Plan
from launcher.services.drafts import DraftChoice
from launcher.services.linked import LINKED_FAMILY
from launcher.services.plan_editing import Edited
from launcher.services.plan_service import Planned
from launcher.ui.components import Divider
from launcher.ui.models.model_list import ModelList
from launcher.ui.models.plan_panel import PlanPanel
from launcher.ui.models.rows import ModelRow, SizeRow, build
from launcher.ui.theme import px

_NARROW_BELOW = 1000
_PANEL_WIDTH = 461


class ModelsPage(QWidget):
    """Takes the catalog, the plans and what is installed; asks for downloads and chats.

    Signals:
        download_and_chat_requested(Plan): the panel's main button.
        download_requested(Plan): a row's button, "Only download", or the draft of the plan shown.
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
        self._not_offered: tuple[NotOffered, ...] = ()
        self._plans: tuple[Plan, ...] | None = None
        self._installed: tuple[Installed, ...] = ()
        self._recommended: Plan | None = None
        self._catalogue_date = ""
        self._progress: dict[str, DownloadProgress] = {}
        self._is_what_if = False
        self._machine: Machine | None = None
        self._wanted: tuple[str, str, str] | None = None
        self._shown_key: tuple[str, str, str] | None = None
        self._is_panel_wanted = False
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Base)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._list = ModelList(self)
        self._line = Divider(self, vertical=True)
        self._panel = PlanPanel(self)
        row.addWidget(self._list, 1)
        row.addWidget(self._line)
        row.addWidget(self._panel)
        self._connect()
        self._rebuild()
        self._lay_out()

    def _connect(self) -> None:
        self._list.chosen.connect(self._on_chosen)
        self._list.plan_wanted.connect(self._on_plan_wanted)
        self._list.download_wanted.connect(self._on_download_wanted)
        self._list.head.link_pasted.connect(self.link_pasted)
        self._list.head.link_dropped.connect(self.link_dropped)
        self._list.head.step_chosen.connect(self.step_chosen)
        self._panel.back_requested.connect(self._on_back_requested)
        self._panel.size_chosen.connect(self._list.choose)
        self._panel.download_and_chat_requested.connect(self.download_and_chat_requested)
        self._panel.download_requested.connect(self.download_requested)
        self._panel.chat_requested.connect(self.chat_requested)
        self._panel.draft_wanted.connect(self._on_draft_wanted)
        self._panel.edit_requested.connect(self.edit_requested)
        self._panel.machine_chosen.connect(self._on_machine_chosen)
        self._panel.verify_requested.connect(self.verify_requested)
        self._panel.verify_cancelled.connect(self.verify_cancelled)
        self._panel.step_chosen.connect(self.step_chosen)

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
            size = self._list.size_of(self._wanted)
            if size is not None and size.plan is not None:
                self._wanted = None
                self._list.show_size(size)

    def set_pending(self) -> None:
        """Plans are being made: fits and speeds show "…"."""
        self._plans = None
        self._panel.set_pending(True)
        self._rebuild()

    def set_recommended(self, plan: Plan | None) -> None:
        """Mark the planner's choice for this machine and put it first."""
        self._recommended = plan
        self._list.follow_recommendation()
        self._rebuild()

    def set_installed(self, installed: tuple[Installed, ...]) -> None:
        """What is on the disk, also files that the catalog does not know."""
        self._installed = installed
        self._list.head.set_n_installed(len(installed))
        self._rebuild()

    def set_machine(self, machine: Machine) -> None:
        """This PC."""
        self._panel.set_this_pc(machine)
        if not self._is_what_if:
            self._list.set_has_cards(bool(machine.gpus))

    def set_planned(self, planned: Planned) -> None:
        """All plans for a machine, this PC or a described one."""
        best = planned.recommendation
        self._is_what_if, self._machine = planned.is_what_if, planned.machine
        self._list.set_has_cards(bool(planned.machine.gpus))
        self._list.head.set_what_if(planned.is_what_if)
        self._panel.set_target(planned.machine, planned.wishes, best.why_not_bigger, is_what_if=planned.is_what_if)
        self._recommended = best.recommended
        self._list.follow_recommendation()
        self._files = planned.files
        self.set_plans(planned.plans)

    def show_edited(self, edited: Edited) -> None:
        """An answer to the plan editor. Without levers it is the size's own plan, which its row shows from now on too."""
        self._panel.show_edited(edited)
        plan, key = edited.plan, edited.request.key
        if not (edited.is_exact and edited.is_recommended and edited.request.machine is self._machine):
            return
        old = next((p for p in self.plans if (p.model, p.quant, p.repo) == key), None)
        if old is not None and old != plan:
            self._plans = tuple(plan if p is old else p for p in self.plans)
            self._list.set_plan(plan)

    def add_linked(self, variant: Variant, quant: Quant) -> None:
        """A model from a pasted link: a row like the others, chosen as soon as it is planned."""
        is_known = any(v.id == variant.id for family in self._families for v in family.variants)
        if not is_known:
            self._linked = (*(v for v in self._linked if v.id != variant.id), variant)
        self._wanted = (variant.id, quant.name, quant.repo)
        self._list.head.end_link()

    def show_link_error(self, error: UserError) -> None:
        """The pasted link cannot be read."""
        self._list.head.show_link_error(error)

    def set_download(self, progress: DownloadProgress) -> None:
        """How far a download is; cheap, several times a second."""
        self._progress[progress.key] = progress
        self._list.set_progress(progress)
        self._panel.set_progress(progress)

    def show_plan(self, plan: Plan) -> None:
        """Choose the plan's size, also when a search or filter hides it, and show it in the panel."""
        size = self._list.size_of((plan.model, plan.quant, plan.repo))
        if size is not None:
            self._list.show_size(size)
            self._on_plan_wanted()

    def focus_search(self) -> None:
        """For Ctrl+F."""
        self._list.focus_search()

    def _rebuild(self) -> None:
        """Match catalog, plans and library again, then show."""
        families = self._families
        if self._linked:
            families = (Family(LINKED_FAMILY, self.tr("From links"), "", self._linked), *families)
        rows = build(families, self._plans or (), self._installed, self._recommended, self._not_offered, self._files)
        self._list.set_rows(rows, has_plans=self._plans is not None, catalogue_date=self._catalogue_date)

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
        self._list.setVisible(not is_narrow or not self._is_panel_wanted)
        self._line.setVisible(not is_narrow)

    # --- slots ---

    def _on_chosen(self, model: ModelRow | None, size: SizeRow | None) -> None:
        self._panel.show_size(model, size, self._progress.get(size.download_key) if size else None)
        key = size.key if size else None
        is_other, self._shown_key = key != self._shown_key, key
        if is_other and size and size.plan:
            self.plan_selected.emit(size.plan)

    def _on_machine_chosen(self, wish: object) -> None:
        self._panel.set_pending(True)
        self.machine_chosen.emit(wish)

    def _on_plan_wanted(self) -> None:
        self._is_panel_wanted = True
        self._panel.show()
        self._panel.focus_main_button()
        self._lay_out()

    def _on_back_requested(self) -> None:
        self._is_panel_wanted = False
        self._list.show()
        self._list.focus_table()
        self._lay_out()

    def _on_draft_wanted(self, choice: DraftChoice) -> None:
        size = self._list.size_of(choice.key)
        if size is not None:
            self._on_download_wanted(size)

    def _on_download_wanted(self, size: SizeRow) -> None:
        if size.plan and size.can_be_fetched:
            self.download_requested.emit(size.plan)
