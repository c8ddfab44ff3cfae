"""Tells of finished downloads, and of those that need the user, while the window is not in front."""

from __future__ import annotations

import os
import unicodedata

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QSystemTrayIcon, QWidget

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, PauseReason
from launcher.core.words import joined, known, listed
from launcher.services.desktop_notes import DesktopNotes, Note
from launcher.services.download_service import DownloadService
from launcher.store.settings import NOTIFY, Settings

_TOGETHER_MS = 1500
"""What ends within this time is told in one notification."""

_TRAY_MS = 30_000
_MAX_NAME = 80
_NEEDS_USER, _READY = "needs:", "ready:"

_Jobs = tuple[tuple[DownloadRequest, DownloadProgress], ...]


class Notifications(QObject):
    """Listens to the downloads.

    Signals:
        chat_wanted(str): a click on "… is ready": the download's key.
        downloads_wanted(): a click on anything else.
    """

    chat_wanted = Signal(str)
    downloads_wanted = Signal()

    def __init__(self, window: QWidget, downloads: DownloadService, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._window = window
        self._downloads = downloads
        self._settings = settings
        self._states: dict[str, str] = {}
        self._ready: dict[str, str] = {}
        self._needing: dict[str, str] = {}
        self._notes = DesktopNotes(self)
        self._notes.activated.connect(self._on_activated)
        self._notes.undeliverable.connect(self._on_undeliverable)
        self._tray: QSystemTrayIcon | None = None
        self._tray_tag = ""
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(_TOGETHER_MS)
        self._wait.timeout.connect(self._tell)
        downloads.jobs_changed.connect(self._on_jobs_changed)
        downloads.progressed.connect(self._on_progressed)

    def close(self) -> None:
        """Say nothing more."""
        self._wait.stop()
        self._notes.close()
        if self._tray is not None:
            self._tray.hide()

    @Slot(object)
    def _on_jobs_changed(self, jobs: _Jobs) -> None:
        """What is found at the start is no news."""
        self._states = {r.key: self._states.get(r.key) or _trouble(p) or p.state.value for r, p in jobs}

    @Slot(object)
    def _on_progressed(self, progress: DownloadProgress) -> None:
        state = _trouble(progress) or progress.state.value
        before = self._states.get(progress.key)
        self._states[progress.key] = state
        if state == before or self._window.isActiveWindow() or not self._settings.get(NOTIFY):
            return
        name = self._name_of(progress.key)
        if progress.state is DownloadState.DONE:
            self._ready[progress.key] = name
        elif _trouble(progress) and before is not None:
            error = progress.error
            self._needing[progress.key] = joined(known(error.what), known(error.why)) if error else ""
        else:
            return
        self._wait.start()

    def _name_of(self, key: str) -> str:
        request = next((r for r, _progress in self._downloads.jobs() if r.key == key), None)
        return shown(f"{request.short_name} {request.quant}" if request else key)

    def _tell(self) -> None:
        ready, needing = self._ready, self._needing
        self._ready, self._needing = {}, {}
        if self._window.isActiveWindow():
            return  # the user came back meanwhile and sees it
        if len(ready) == 1:
            key, name = next(iter(ready.items()))
            title = self.tr("{name} is ready").format(name=name)
            body = self.tr("It is complete and checked. Click to chat with it.")
            self._notes.show(Note(_READY + key, title, body, self.tr("Chat")))
        elif ready:
            title = self.tr("{n} models are ready").format(n=len(ready))
            self._notes.show(Note("", title, listed(*ready.values()), self.tr("Show")))
        if len(needing) == 1:
            key, why = next(iter(needing.items()))
            title = self.tr("{name} needs you").format(name=self._name_of(key))
            self._notes.show(Note(_NEEDS_USER + key, title, shown(why, 300), self.tr("Show")))
        elif needing:
            title = self.tr("{n} downloads need you").format(n=len(needing))
            names = listed(*(self._name_of(key) for key in needing))
            self._notes.show(Note(_NEEDS_USER, title, names, self.tr("Show")))

    @Slot(str, str)
    def _on_activated(self, tag: str, token: str) -> None:
        if token:
            os.environ["XDG_ACTIVATION_TOKEN"] = token  # Qt takes it from there when it asks for the focus
        window = self._window
        window.setWindowState(window.windowState() & ~window.windowState().WindowMinimized)
        window.raise_()
        window.activateWindow()
        if tag.startswith(_READY):
            self.chat_wanted.emit(tag.removeprefix(_READY))
        else:
            self.downloads_wanted.emit()

    # --- without a service: the system's tray, which is also how Windows and macOS show them ---

    @Slot(object)
    def _on_undeliverable(self, note: Note) -> None:
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return  # the window itself shows everything
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._window.windowIcon(), self)
            self._tray.messageClicked.connect(self._on_message_clicked)
        self._tray.show()
        self._tray_tag = note.tag
        self._tray.showMessage(note.title, note.body)
        QTimer.singleShot(_TRAY_MS, self._tray, self._tray.hide)

    @Slot()
    def _on_message_clicked(self) -> None:
        self._on_activated(self._tray_tag, "")


def _trouble(progress: DownloadProgress) -> str:
    """What the user has to do something about; "" for nothing."""
    if progress.state is DownloadState.FAILED:
        return f"failed {progress.error.code if progress.error else ''}"
    if progress.state is DownloadState.PAUSED and progress.pause_reason is PauseReason.DISK_FULL:
        return "disk_full"
    return ""


def shown(text: str, most: int = _MAX_NAME) -> str:
    """A name from a server as one line of plain text: no control or direction characters, not endless."""
    plain = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp") else " " for c in text)
    plain = " ".join(plain.split())
    return plain if len(plain) <= most else f"{plain[: most - 1]}\u2026"
