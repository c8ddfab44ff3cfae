"""Home: the machine, the ranked models, and the one button."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from launcher.app.flow import ChatFlow, key_of
from launcher.core.downloads import DownloadProgress, DownloadRequest, Installed
from launcher.core.errors import NextStep, StepAction
from launcher.core.plans import Goal, Recommendation
from launcher.core.words import joined
from launcher.services.connection_service import ConnectionService
from launcher.services.download_service import DownloadService
from launcher.services.hardware_service import HardwareService
from launcher.services.network import Unreachable
from launcher.services.plan_service import PlanService
from launcher.ui.home import HomePage

_Jobs = tuple[tuple[DownloadRequest, DownloadProgress], ...]


class HomePresenter(QObject):
    """Connects the Home page.

    Signals:
        model_page_wanted(Plan): show this plan on the Models page.
    """

    model_page_wanted = Signal(object)

    def __init__(
        self,
        page: HomePage,
        hardware: HardwareService,
        plans: PlanService,
        downloads: DownloadService,
        flow: ChatFlow,
        connection: ConnectionService,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._plans = plans
        self._downloads = downloads
        hardware.machine_probed.connect(page.set_machine)
        hardware.machine_probed.connect(plans.set_machine)
        hardware.probe_failed.connect(page.set_error)
        hardware.sample_taken.connect(page.set_sample)
        plans.recommended.connect(self._on_recommended)
        downloads.progressed.connect(page.set_download)
        downloads.jobs_changed.connect(self._on_jobs_changed)
        downloads.library_changed.connect(self._on_library_changed)
        connection.changed.connect(self._on_connection_changed)
        page.goal_changed.connect(self._on_goal_changed)
        page.download_and_chat_requested.connect(flow.download_and_chat)
        page.adjust_requested.connect(self.model_page_wanted)
        page.plan_opened.connect(self.model_page_wanted)
        page.look_again_requested.connect(hardware.probe)
        page.pause_requested.connect(downloads.pause)
        page.resume_requested.connect(downloads.resume)
        page.cancel_download_requested.connect(downloads.remove)

    @Slot(object)
    def _on_goal_changed(self, goal: Goal) -> None:
        self._page.set_pending(self.tr("Ranking the models…"))
        self._plans.set_goal(goal)

    @Slot(object)
    def _on_recommended(self, recommendation: Recommendation) -> None:
        self._page.set_recommendation(recommendation)
        self._on_jobs_changed(self._downloads.jobs())

    @Slot(object)
    def _on_jobs_changed(self, jobs: _Jobs) -> None:
        """A download that goes on from an earlier start shows on the button at once."""
        self._page.set_download(None)
        for _request, progress in jobs:
            self._page.set_download(progress)

    @Slot(object)
    def _on_library_changed(self, installed: tuple[Installed, ...]) -> None:
        self._page.set_installed(frozenset(key_of(model) for model in installed))

    @Slot(object)
    def _on_connection_changed(self, why: Unreachable | None) -> None:
        here = self.tr("What is on this PC works as always.")
        if why is None:
            self._page.set_offline("")
        elif why is Unreachable.OFFLINE_MODE:
            step = NextStep(self.tr("Go online"), StepAction.GO_ONLINE)
            self._page.set_offline(joined(self.tr("Offline mode is on."), here), (step,))
        elif why is Unreachable.VARIABLE:
            variable = self.tr("HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set, so nothing is sent.")
            self._page.set_offline(joined(variable, here))
        else:
            step = NextStep(self.tr("Test the connection"), StepAction.TEST_CONNECTION)
            self._page.set_offline(joined(self.tr("This PC is not connected to any network."), here), (step,))
