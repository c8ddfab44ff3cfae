"""Models: the whole catalog with fit and speed on this machine."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from launcher.app.flow import ChatFlow
from launcher.catalog import Catalog
from launcher.core.plans import Plan, Recommendation
from launcher.services.download_service import DownloadService
from launcher.services.hardware_service import HardwareService
from launcher.services.plan_service import PlanService
from launcher.ui.models import ModelsPage


class ModelsPresenter(QObject):
    """Connects the Models page."""

    def __init__(
        self,
        page: ModelsPage,
        hardware: HardwareService,
        plans: PlanService,
        downloads: DownloadService,
        flow: ChatFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._page = page
        hardware.machine_probed.connect(page.set_machine)
        plans.catalog_read.connect(self._on_catalog_read)
        plans.catalog_planned.connect(page.set_plans)
        plans.recommended.connect(self._on_recommended)
        downloads.library_changed.connect(page.set_installed)
        downloads.progressed.connect(page.set_download)
        page.download_and_chat_requested.connect(flow.download_and_chat)
        page.download_requested.connect(flow.download)
        page.chat_requested.connect(flow.open)
        page.set_pending()

    def show_plan(self, plan: Plan) -> None:
        """Choose a size in the table and show its plan."""
        self._page.show_plan(plan)

    @Slot(object)
    def _on_catalog_read(self, catalog: Catalog) -> None:
        self._page.set_variants(catalog.families, catalog.not_offered, catalog.date)

    @Slot(object)
    def _on_recommended(self, recommendation: Recommendation) -> None:
        self._page.set_recommended(recommendation.recommended)
