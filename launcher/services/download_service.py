"""Downloads and the library of installed models, for the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot

from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, Installed
from launcher.downloads.disk.disks import DiskUse, disk_use
from launcher.downloads.library import remove
from launcher.downloads.library import scan as library
from launcher.downloads.queue.queue import DownloadQueue
from launcher.downloads.transfer.retry import Policy
from launcher.services.copies import copies
from launcher.services.tasks import TaskRunner


class DownloadService(QObject):
    """Runs the download queue and knows what is installed.

    Every method returns at once. What is asked before the list of downloads has been read is done as soon as it has.

    Signals:
        jobs_changed(tuple[tuple[DownloadRequest, DownloadProgress], ...]): items came, went, or stand at another place.
        progressed(DownloadProgress): any change of any item, in the GUI thread.
        finished(DownloadProgress): the item is complete and verified.
        note_changed(str): a sentence about the list as a whole ("The list of downloads was damaged ...").
        library_changed(tuple[Installed, ...]): after a finished download, a removal or a rescan.
        disk_measured(DiskUse): with every `library_changed`.
        remove_failed(UserError): a model could not be removed.

    Attributes:
        installed, broken: complete models, and model files that cannot be used, as the last scan found them.
    """

    jobs_changed = Signal(object)
    progressed = Signal(object)
    finished = Signal(object)
    note_changed = Signal(str)
    library_changed = Signal(object)
    disk_measured = Signal(object)
    remove_failed = Signal(object)
    _arrived = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("library", self, serial=True)
        self._queue: DownloadQueue | None = None
        self._made: DownloadQueue | None = None
        self._waiting: list[Callable[[DownloadQueue], object]] = []
        self._is_closed = False
        self._order: tuple[tuple[str, str | None], ...] = ()
        self._at_once, self._connections = 2, 4
        self._limit_bytes_s: int | None = None
        self.installed: tuple[Installed, ...] = ()
        self.broken: tuple[library.Broken, ...] = ()
        # The queue calls back from its own threads; the queued signal carries the value into the GUI thread.
        self._arrived.connect(self._on_arrived, Qt.ConnectionType.QueuedConnection)

    def start_service(self, resume_on_start: bool = True) -> None:
        """Read the list of downloads and the disk.

        Args:
            resume_on_start: what ran or waited when the program ended goes on by itself.
        """
        self._tasks.run(lambda: self._open(resume_on_start), self._on_queue_read)
        self.rescan()

    def close(self) -> None:
        """Pause everything and end the threads; the queue continues next time. At any time, also twice."""
        self._is_closed = True
        self._tasks.close()  # first: it may be just making the queue
        if self._made is not None:
            self._made.close()

    # Items.

    def jobs(self) -> tuple[tuple[DownloadRequest, DownloadProgress], ...]:
        """Every item that is not forgotten, in order, with its last state."""
        return () if self._queue is None else self._queue.jobs()

    def start(self, request: DownloadRequest) -> None:
        """Begin or continue fetching."""
        self._do(lambda queue: queue.start(request))

    @Slot(str)
    def pause(self, key: str) -> None:
        """Stop fetching, keep every byte."""
        self._do(lambda queue: queue.pause(key))

    @Slot(str)
    def resume(self, key: str) -> None:
        """Go on where it stopped."""
        self._do(lambda queue: queue.resume(key))

    @Slot(str)
    def retry_now(self, key: str) -> None:
        """End its wait for the network, for a disk or for another program."""
        self._do(lambda queue: queue.retry_now(key))

    @Slot()
    def pause_all(self) -> None:
        """Pause everything that runs, waits, or would go on by itself."""
        self._do(lambda queue: queue.pause_all())

    @Slot()
    def resume_all(self) -> None:
        """Go on with everything that is paused or failed."""
        self._do(lambda queue: queue.resume_all())

    def retry_failed(self, *codes: str) -> None:
        """Go on with what failed for one of these reasons, which are gone now (a token was entered, offline mode is off)."""
        for request, progress in self.jobs():
            if progress.state is DownloadState.FAILED and progress.error is not None and progress.error.code in codes:
                self.resume(request.key)

    @Slot(str)
    def remove(self, key: str) -> None:
        """Stop and delete the partial file; a finished item is only forgotten."""
        self._do(lambda queue: queue.remove(key))
        self.rescan()

    @Slot(str)
    def restart(self, key: str) -> None:
        """Delete what is there and fetch the newest revision from the beginning."""
        self._do(lambda queue: queue.restart(key))

    @Slot(str, int)
    def move(self, key: str, index: int) -> None:
        """Give an item another place: the one in `jobs()` that it has afterwards."""
        self._do(lambda queue: queue.move(key, index))

    def change_folder(self, key: str, folder: str | None) -> None:
        """Move what is there to another folder (None: the hub cache) and go on there; `pause` ends the move."""
        self._do(lambda queue: queue.change_folder(key, folder))

    def alternatives(self, key: str) -> tuple[DownloadRequest, ...]:
        """The same model from other repositories of the catalog: see `copies`."""
        request = next((r for r, _progress in self.jobs() if r.key == key), None)
        return () if request is None else copies(request)

    def use_copy(self, key: str, copy_key: str) -> None:
        """Fetch another repository's copy instead, at the same place in the order. What is there of the first is deleted."""
        copy = next((c for c in self.alternatives(key) if c.key == copy_key), None)
        if copy is None:
            return
        index = [r.key for r, _progress in self.jobs()].index(key)
        self._do(lambda queue: queue.remove(key))
        self.start(copy)
        self.move(copy_key, index)

    # Limits.

    def set_item_limit(self, key: str, bytes_s: int | None) -> None:
        """Limit one item; None lifts it."""
        self._do(lambda queue: queue.set_item_limit(key, bytes_s))

    def set_limit(self, bytes_s: int | None) -> None:
        """Limit all items together; None lifts it."""
        self._limit_bytes_s = bytes_s
        self._do(lambda queue: queue.set_limit(bytes_s))

    def set_at_once(self, count: int) -> None:
        """Fetch so many at a time."""
        self._at_once = count
        self._do(lambda queue: queue.set_at_once(count))

    def set_connections(self, count: int) -> None:
        """Connections of one file, for items that start from now on."""
        self._connections = count
        self._do(lambda queue: queue.set_connections(count))

    # What is installed.

    @Slot()
    def rescan(self) -> None:
        """Look at the disk again; `library_changed` and `disk_measured` follow."""

        def scan() -> tuple[tuple[Installed, ...], tuple[library.Broken, ...], DiskUse]:
            models, broken = library.scan()
            return models, broken, disk_use(models)

        self._tasks.run(scan, self._on_scanned)

    def remove_installed(self, model: Installed) -> None:
        """Delete a model that we fetched."""
        self._tasks.run(lambda: remove.remove(model), lambda _freed: self.rescan(), self.remove_failed.emit)

    # Inside.

    def _open(self, resume_on_start: bool) -> None:
        """In the worker thread. Kept at once: a queue that nobody holds could never be closed."""
        policy = Policy(attempts=None, connections=self._connections)
        self._made = DownloadQueue(
            self._tell, self._at_once, policy, limit_bytes_s=self._limit_bytes_s, resume_on_start=resume_on_start
        )

    def _tell(self, progress: DownloadProgress) -> None:
        """In the queue's threads; after the end nobody listens any more, and this object may be gone."""
        if not self._is_closed:
            self._arrived.emit(progress)

    def _do(self, call: Callable[[DownloadQueue], object]) -> None:
        if self._is_closed:
            return
        if self._queue is None:
            self._waiting.append(call)
            return
        call(self._queue)
        self._tell_jobs()

    def _on_queue_read(self, _nothing: None) -> None:
        queue = self._queue = self._made
        if queue is None:
            return
        if queue.note:
            self.note_changed.emit(queue.note)
        waiting, self._waiting = self._waiting, []
        for call in waiting:
            call(queue)
        self._tell_jobs()

    def _on_scanned(self, found: tuple[tuple[Installed, ...], tuple[library.Broken, ...], DiskUse]) -> None:
        self.installed, self.broken, disk = found
        self.library_changed.emit(self.installed)
        self.disk_measured.emit(disk)

    @Slot(object)
    def _on_arrived(self, progress: DownloadProgress) -> None:
        if self._is_closed:
            return
        self.progressed.emit(progress)
        self._tell_jobs()
        if progress.state is DownloadState.DONE:
            self.finished.emit(progress)
            self.rescan()

    def _tell_jobs(self) -> None:
        """Only when items came, went or moved: their progress has a signal of its own."""
        jobs = self.jobs()
        order = tuple((request.key, request.folder) for request, _progress in jobs)
        if order != self._order:
            self._order = order
            self.jobs_changed.emit(jobs)
