"""Connects the About section with the check for updates and the list of licences."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, Signal, Slot

from launcher import __version__
from launcher.app.steps import copy_text
from launcher.catalog.releases import feed_address
from launcher.core.errors import NextStep, StepAction
from launcher.services.tasks import TaskRunner
from launcher.services.update_service import UpdateService
from launcher.store.settings import RELEASE_FEED, Settings

if TYPE_CHECKING:
    from launcher.ui.settings.about_section import AboutSection


class AboutPresenter(QObject):
    """Asks and reads only when a button is pressed.

    Signals:
        next_step_chosen(NextStep): a page that the user confirmed, or a step of an error.
    """

    next_step_chosen = Signal(object)
    _licences_read = Signal(object)

    def __init__(self, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._settings = settings
        self._updates = UpdateService(self)
        self._tasks = TaskRunner("licences", self)
        self._section: AboutSection | None = None

    def set_section(self, section: AboutSection) -> None:
        """Connect the section, which is made when Settings is first shown."""
        self._section = section
        section.set_about(__version__, self.tr("llama.cpp through llama-cpp-python"))
        section.update_check_requested.connect(self._on_update_check_requested)
        section.licences_requested.connect(self._on_licences_requested)

    def close(self) -> None:
        """End the threads."""
        self._updates.close()
        self._tasks.close()

    @Slot()
    def _on_update_check_requested(self) -> None:
        from launcher.ui.settings.update_dialog import UpdateDialog

        assert self._section is not None  # noqa: S101 - its signal
        dialog = UpdateDialog(urlsplit(self._feed()).netloc, self._section.window())
        self._updates.answered.connect(dialog.show_answer)
        self._updates.failed.connect(dialog.show_error)
        dialog.check_requested.connect(self._check)
        dialog.stop_requested.connect(self._updates.stop)
        dialog.page_confirmed.connect(self._on_page_confirmed)
        dialog.step_chosen.connect(self.next_step_chosen)
        dialog.open()
        self._check()

    @Slot()
    def _on_licences_requested(self) -> None:
        from launcher.services import licences
        from launcher.ui.settings.licences_dialog import LicencesDialog

        assert self._section is not None  # noqa: S101 - its signal
        dialog = LicencesDialog(self._section.window())
        dialog.copy_requested.connect(copy_text)
        self._licences_read.connect(dialog.set_shipped)
        dialog.open()
        self._tasks.run(licences.shipped, self._licences_read.emit)

    @Slot()
    def _check(self) -> None:
        self._updates.check(self._feed())

    @Slot(str)
    def _on_page_confirmed(self, address: str) -> None:
        self.next_step_chosen.emit(NextStep(self.tr("Open the release page…"), StepAction.OPEN_PAGE, address))

    def _feed(self) -> str:
        return feed_address(self._settings.get(RELEASE_FEED))
