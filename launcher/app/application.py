"""The frame: window, rail and Home, on the screen as early as possible; the rest is made after the first paint."""

from __future__ import annotations

import importlib
import os
from types import ModuleType
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QCoreApplication, QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from launcher.app.crash import CrashReporter
from launcher.app.qt_application import QtApplication
from launcher.app.start_request import Start
from launcher.core.paths import config_dir
from launcher.services.tasks import TaskRunner
from launcher.store.settings import THEME, WINDOW_GEOMETRY, Settings
from launcher.ui.home import HomePage
from launcher.ui.main_window import MainWindow
from launcher.ui.theme import ThemeManager, ThemeMode

if TYPE_CHECKING:
    from launcher.app.workspace import Workspace


_NOT_PAINTED_MS = 1000


class Application(QObject):
    """The program as `main` sees it.

    Signals:
        painted(): the window is on the screen, or will not be soon (minimised, another desktop); sent once.
    """

    painted = Signal()

    def __init__(self, reporter: CrashReporter, qt: QApplication) -> None:
        super().__init__(qt)
        self._settings = Settings(config_dir() / "settings.toml")
        mode = ThemeMode(self._settings.get(THEME))
        self._theme = ThemeManager(qt, mode, is_fusion=isinstance(qt, QtApplication))
        self._tasks = TaskRunner("start", self)
        self._workspace: Workspace | None = None
        self._waiting_files: tuple[str, ...] = ()
        self._is_painted = False
        self._not_painted = QTimer(self)
        self._not_painted.setSingleShot(True)
        self._not_painted.setInterval(_NOT_PAINTED_MS)
        self._not_painted.timeout.connect(self._on_painted)
        self._window = MainWindow(QApplication.applicationDisplayName())
        self._home = HomePage(self._window.page_parent)
        self._add_pages()
        geometry = self._settings.get(WINDOW_GEOMETRY)
        if geometry:
            self._window.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
        reporter.crashed.connect(self._on_program_error)

    def _add_pages(self) -> None:
        """The rail is complete from the beginning; every page but Home is filled by the workspace."""
        add = self._window.add_page
        add("home", "house", self.tr("Home"), self._home)
        add("chat", "message-square", self.tr("Chat"))
        add("models", "layers", self.tr("Models"))
        add("downloads", "arrow-down-to-line", self.tr("Downloads"))
        add("this-pc", "monitor", self.tr("This PC"))
        add("settings", "sliders-horizontal", self.tr("Settings"), at_bottom=True)

    @property
    def workspace(self) -> Workspace | None:
        """All behind the frame; None until it is made."""
        return self._workspace

    @property
    def window(self) -> MainWindow:
        """The one window."""
        return self._window

    def show(self) -> None:
        """Put the window on the screen."""
        self._window.show()

    def start_when_painted(self) -> None:
        """Call `start` after the first paint: the window must not wait for drivers, disk or engine."""
        # Queued: the frame reaches the screen first.
        self._window.painted.connect(self._on_painted, Qt.ConnectionType.QueuedConnection)
        self._not_painted.start()

    @Slot()
    def _on_painted(self) -> None:
        if self._is_painted:
            return
        self._is_painted = True
        self._not_painted.stop()
        self.painted.emit()
        self.start()

    @Slot()
    def start(self) -> None:
        """Make the rest; called after the first paint. Its modules (parser, engine client, catalog) load in a thread."""
        from PySide6.QtGui import QKeySequence, QShortcut

        from launcher.ui.theme.menu_icons import app_icon

        # Not earlier: a panel shows the desktop entry's icon until then, and the first paint is sooner without.
        self._window.setWindowIcon(app_icon())
        quit_keys = QShortcut(QKeySequence(QKeySequence.StandardKey.Quit), self._window)
        quit_keys.activated.connect(self._window.close)
        notice = self._settings.notice
        if notice is not None:
            self._home.set_error(notice)
        self._tasks.run(lambda: importlib.import_module("launcher.app.workspace"), self._on_imported)

    def close(self) -> None:
        """End threads and processes, then the objects while Qt still runs: later they would go in any order."""
        self._tasks.close()
        self._window.close()
        if self._workspace is not None:
            self._workspace.close()
            # With what is still on its way to them from the threads.
            _delete_now(self._workspace)
        _delete_now(self._window)

    def open_files(self, paths: tuple[str, ...]) -> None:
        """Open model files that the user double-clicked."""
        if self._workspace is None:
            self._waiting_files += paths
        else:
            self._workspace.open_files(paths)

    @Slot(object)
    def open_from_other_start(self, start: Start) -> None:
        """Another start of the program: come to the front and open what it was given."""
        if start.activation_token:
            os.environ["XDG_ACTIVATION_TOKEN"] = start.activation_token  # Qt's Wayland part looks here
        self._window.setWindowState(self._window.windowState() & ~Qt.WindowState.WindowMinimized)
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()
        if start.files:
            self.open_files(start.files)

    def _on_imported(self, module: ModuleType) -> None:
        workspace: Workspace = module.Workspace(self._window, self._home, self._settings, self._theme, self)
        self._workspace = workspace
        workspace.start()
        if self._waiting_files:
            workspace.open_files(self._waiting_files)
            self._waiting_files = ()

    @Slot(str)
    def _on_program_error(self, report: str) -> None:
        from launcher.ui.crash_dialog import CrashDialog

        CrashDialog(report, self._window).open()


def _delete_now(item: QObject) -> None:
    item.deleteLater()
    QCoreApplication.sendPostedEvents(item, QEvent.Type.DeferredDelete.value)
