"""Downloads and the library of installed models, for the window."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal, Slot

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, Installed
from launcher.services.tasks import TaskRunner


class DownloadService(QObject):
    """Runs the download queue and knows what is installed.

    Signals:
        progressed(DownloadProgress): any change of any item, in the GUI thread.
        finished(DownloadProgress): the item is complete and verified.
        failed(DownloadProgress): its `error` says why; what was fetched is kept.
        library_changed(tuple[Installed, ...]): after a finished download, a removal or a rescan.
    """

    progressed = Signal(object)
    finished = Signal(object)
    failed = Signal(object)
    library_changed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        from launcher.downloads import DownloadQueue

        self._tasks = TaskRunner("library", self, serial=True)
        self.installed: tuple[Installed, ...] = ()
        self.progressed.connect(self._on_progressed, Qt.ConnectionType.QueuedConnection)
        # The queue calls back from its own threads; the signal carries the value over.
        self._queue = DownloadQueue(self.progressed.emit)

    def start(self, request: DownloadRequest) -> None:
        """Begin or continue fetching."""
        self._queue.start(request)

    def pause(self, key: str) -> None:
        """Stop fetching, keep every byte."""
        self._queue.pause(key)

    def resume(self, key: str) -> None:
        """Go on where it stopped."""
        self._queue.resume(key)

    def remove(self, key: str) -> None:
        """Stop and delete the partial file."""
        self._queue.remove(key)

    def jobs(self) -> tuple[tuple[DownloadRequest, DownloadProgress], ...]:
        """Every item that is not forgotten, with its last state."""
        return self._queue.jobs()

    def rescan(self) -> None:
        """Look at the disk again; `library_changed` follows."""
        from launcher.downloads import library

        self._tasks.run(library.installed, self._on_installed)

    def close(self) -> None:
        """Pause everything and end the threads; the queue continues next time."""
        self._queue.close()
        self._tasks.close()

    @Slot(object)
    def _on_progressed(self, progress: DownloadProgress) -> None:
        if progress.state is DownloadState.DONE:
            self.finished.emit(progress)
            self.rescan()
        elif progress.state is DownloadState.FAILED:
            self.failed.emit(progress)

    def _on_installed(self, installed: tuple[Installed, ...]) -> None:
        self.installed = installed
        self.library_changed.emit(installed)
