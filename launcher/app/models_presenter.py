"""Models: the whole catalog with fit and speed, the plan editor, what-if machines, links and the engine's own check."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from launcher.app.flow import ChatFlow
from launcher.catalog import Catalog
from launcher.core.downloads import Installed
from launcher.core.models import Quant, Variant
from launcher.core.plans import Plan
from launcher.services.download_service import DownloadService
from launcher.services.exact_service import ExactService
from launcher.services.hardware_service import HardwareService
from launcher.services.plan_service import PlanService
from launcher.ui.models import ModelsPage


class ModelsPresenter(QObject):
    """Connects the Models page.

    Signals:
        next_step_chosen(NextStep): of an error on the page.
    """

    next_step_chosen = Signal(object)

    def __init__(
        self,
        page: ModelsPage,
        hardware: HardwareService,
        plans: PlanService,
        exact: ExactService,
        downloads: DownloadService,
        flow: ChatFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._plans = plans
        self._flow = flow
        panel = page.panel
        hardware.machine_probed.connect(page.set_machine)
        plans.catalog_read.connect(self._on_catalog_read)
        plans.models_planned.connect(page.set_planned)
        plans.gpu_names_read.connect(panel.set_gpu_names)
        plans.what_if_failed.connect(panel.show_machine_error)
        plans.plan_edited.connect(page.show_edited)
        plans.edit_failed.connect(panel.show_edit_error)
        downloads.library_changed.connect(page.set_installed)
        downloads.library_changed.connect(plans.set_installed)
        downloads.progressed.connect(page.set_download)
        exact.progressed.connect(panel.show_verify_progress)
        exact.verified.connect(panel.show_verified)
        exact.verify_failed.connect(panel.show_verify_error)
        exact.link_read.connect(self._on_link_read)
        exact.link_failed.connect(page.show_link_error)
        page.download_and_chat_requested.connect(self._on_download_and_chat_requested)
        page.download_requested.connect(flow.download)
        page.chat_requested.connect(self._on_chat_requested)
        page.edit_requested.connect(plans.edit)
        page.machine_chosen.connect(plans.plan_for)
        page.verify_requested.connect(exact.verify)
        page.verify_cancelled.connect(exact.cancel)
        page.link_pasted.connect(exact.read_link)
        page.link_dropped.connect(exact.forget_link)
        page.step_chosen.connect(self.next_step_chosen)
        page.set_pending()

    def show_plan(self, plan: Plan) -> None:
        """Choose a size in the table and show its plan."""
        self._page.show_plan(plan)

    @Slot(object)
    def _on_catalog_read(self, catalog: Catalog) -> None:
        self._page.set_variants(catalog.families, catalog.not_offered, catalog.date)

    @Slot(object, object)
    def _on_link_read(self, variant: Variant, quant: Quant) -> None:
        self._page.add_linked(variant, quant)
        self._plans.add_linked(variant, quant)

    @Slot(object)
    def _on_download_and_chat_requested(self, plan: Plan) -> None:
        self._flow.download_and_chat(plan, self._page.panel.wishes)

    @Slot(object)
    def _on_chat_requested(self, installed: Installed) -> None:
        # What was set by hand is what is loaded.
        self._flow.chat_with(installed, self._page.panel.wishes)
