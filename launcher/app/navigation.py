"""Where the user is taken: by keys, by links between the pages, by the buttons of errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from launcher.app.chat_presenter import ChatPresenter
from launcher.app.library_presenter import LibraryPresenter
from launcher.app.models_presenter import ModelsPresenter
from launcher.core.plans import Plan
from launcher.ui.chat import ChatPage
from launcher.ui.library import DOWNLOADS, LIBRARY, DownloadsArea
from launcher.ui.main_window import MainWindow
from launcher.ui.models import ModelsPage

if TYPE_CHECKING:
    from launcher.ui.settings import SettingsPage


class Navigation(QObject):
    """Shows pages, and the part of them that is meant."""

    def __init__(
        self,
        window: MainWindow,
        chat: tuple[ChatPage, ChatPresenter],
        models: tuple[ModelsPage, ModelsPresenter],
        downloads: DownloadsArea,
        library: LibraryPresenter,
        settings: Callable[[], SettingsPage],
        parent: QObject,
    ) -> None:
        """Listen to the keys of the window.

        Args:
            window: has the pages.
            chat: the page and who connects it.
            models: the same.
            downloads: two pages in one.
            library: makes its page when that is first needed.
            settings: the page, which is there once it is shown.
            parent: as for any object.
        """
        super().__init__(parent)
        self._window = window
        self._chat, self._chat_presenter = chat
        self._models, self._models_presenter = models
        self._downloads = downloads
        self._library = library
        self._settings = settings
        window.new_chat_requested.connect(self.new_chat)
        window.search_requested.connect(self._on_search_requested)
        window.chat_search_requested.connect(self._on_chat_search_requested)
        window.chat_settings_requested.connect(self._on_chat_settings_requested)

    @Slot()
    def show_home(self) -> None:
        """What this computer can run."""
        self._window.show_page("home")

    @Slot()
    def show_chat(self) -> None:
        """The open chat."""
        self._window.show_page("chat")

    @Slot()
    def new_chat(self) -> None:
        """An empty chat."""
        self.show_chat()
        self._chat_presenter.new_chat()

    @Slot()
    def show_models(self) -> None:
        """The catalog."""
        self._window.show_page("models")

    @Slot(object)
    def show_plan(self, plan: Plan) -> None:
        """The catalog with a plan for changing."""
        self.show_models()
        self._models_presenter.show_plan(plan)

    @Slot()
    def show_downloads(self) -> None:
        """What runs and what waits."""
        self._downloads.show_part(DOWNLOADS)
        self._window.show_page("downloads")

    @Slot()
    def show_library(self) -> None:
        """What is on the disk."""
        self._downloads.show_part(LIBRARY)
        self._window.show_page("downloads")

    @Slot()
    def show_engine_settings(self) -> None:
        """Which engine is used."""
        self._show_settings("engine")

    @Slot()
    def show_network_settings(self) -> None:
        """How the hub is reached."""
        self._show_settings("network")

    def _show_settings(self, section: str) -> None:
        self._window.show_page("settings")
        self._settings().show_section(section)

    @Slot()
    def _on_search_requested(self) -> None:
        """In what the page shows; where there is nothing to search, in the open chat."""
        if self._window.page_key == "models":
            self._models.focus_search()
        elif self._window.page_key == "downloads" and self._downloads.part == LIBRARY:
            self._library.page.focus_search()
        else:
            self.show_chat()
            self._chat.find_in_chat()

    @Slot()
    def _on_chat_search_requested(self) -> None:
        self.show_chat()
        self._chat.focus_search()

    @Slot()
    def _on_chat_settings_requested(self) -> None:
        self.show_chat()
        self._chat_presenter.settings.toggle()
