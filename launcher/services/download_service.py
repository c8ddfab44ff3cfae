"""Downloads and the library of installed models, for the window."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Qt, Signal, Slot

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, Installed
from launcher.core.models import ModelFile
from launcher.downloads import DownloadQueue, library
from launcher.services.tasks import TaskRunner


class DownloadService(QObject):
    """Runs the download queue and knows what is installed.

    Signals:
        jobs_changed(tuple[tuple[DownloadRequest, DownloadProgress], ...]): items came or went.
        progressed(DownloadProgress): any change of any item, in the GUI thread.
        finished(DownloadProgress): the item is complete and verified.
        library_changed(tuple[Installed, ...]): after a finished download, a removal or a rescan.
        disk_measured(DiskUse): with every `library_changed`.
        remove_failed(UserError): a model could not be removed.
    """

    jobs_changed = Signal(object)
    progressed = Signal(object)
    finished = Signal(object)
    library_changed = Signal(object)
    disk_measured = Signal(object)
    remove_failed = Signal(object)
    _arrived = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("library", self, serial=True)
        self._queue: DownloadQueue | None = None
        self._keys: tuple[str, ...] = ()
        self.installed: tuple[Installed, ...] = ()
        # The queue calls back from its own threads; the queued signal carries the value into the GUI thread.
        self._arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)

    def start_service(self) -> None:
        """Read the list of downloads and the disk."""
        self._tasks.run(lambda: DownloadQueue(self._arrived.emit), self._on_queue_read)
        self.rescan()

    def start(self, request: DownloadRequest) -> None:
        """Begin or continue fetching."""
        if self._queue is not None:
            self._queue.start(request)
            self._tell_jobs()

    @Slot(str)
    def pause(self, key: str) -> None:
        """Stop fetching, keep every byte."""
        if self._queue is not None:
            self._queue.pause(key)

    @Slot(str)
    def resume(self, key: str) -> None:
        """Go on where it stopped."""
        if self._queue is not None:
            self._queue.resume(key)

    @Slot()
    def pause_all(self) -> None:
        """Pause everything that runs or waits."""
        if self._queue is not None:
            self._queue.pause_all()

    @Slot()
    def resume_all(self) -> None:
        """Go on with everything that is paused or failed."""
        for request, progress in self.jobs():
            if progress.state in (DownloadState.PAUSED, DownloadState.FAILED):
                self.resume(request.key)

    @Slot(str)
    def remove(self, key: str) -> None:
        """Stop and delete the partial file; a finished item is only forgotten."""
        if self._queue is not None:
            self._queue.remove(key)
            self._tell_jobs()
            self.rescan()

    def restart(self, key: str) -> None:
        """Delete what is there and fetch the newest revision from the beginning."""
        request = next((r for r, _progress in self.jobs() if r.key == key), None)
        if request is not None:
            self.remove(key)
            self.start(replace(request, revision=None, files=tuple(ModelFile(f.name) for f in request.files)))

    def jobs(self) -> tuple[tuple[DownloadRequest, DownloadProgress], ...]:
        """Every item that is not forgotten, with its last state."""
        return () if self._queue is None else self._queue.jobs()

    @Slot()
    def rescan(self) -> None:
        """Look at the disk again; `library_changed` and `disk_measured` follow."""

        def scan() -> tuple[tuple[Installed, ...], library.DiskUse]:
            models = library.installed()
            return models, library.disk_use(models)

        self._tasks.run(scan, self._on_scanned)

    def remove_installed(self, model: Installed) -> None:
        """Delete a model that we fetched."""
        self._tasks.run(lambda: library.remove(model), lambda _freed: self.rescan(), self.remove_failed.emit)

    def close(self) -> None:
        """Pause everything and end the threads; the queue continues next time."""
        if self._queue is not None:
            self._queue.close()
        self._tasks.close()

    def _on_queue_read(self, queue: DownloadQueue) -> None:
        self._queue = queue
        self._tell_jobs()

    def _on_scanned(self, found: tuple[tuple[Installed, ...], library.DiskUse]) -> None:
        self.installed, disk_use = found
        self.library_changed.emit(self.installed)
        self.disk_measured.emit(disk_use)

    @Slot(object)
    def _on_arrived(self, progress: DownloadProgress) -> None:
        self.progressed.emit(progress)
        self._tell_jobs()
        if progress.state is DownloadState.DONE:
            self.finished.emit(progress)
            self.rescan()

    def _tell_jobs(self) -> None:
        """Only when items came or went: their progress has a signal of its own."""
        jobs = self.jobs()
        keys = tuple(request.key for request, _progress in jobs)
        if keys != self._keys:
            self._keys = keys
            self.jobs_changed.emit(jobs)
