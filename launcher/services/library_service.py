"""The library of models on this PC, for the window: what is there, whether it is whole, and what can be done with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from launcher.core.downloads import DownloadRequest, Installed
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.downloads.stopped import StoppedError
from launcher.services.download_service import DownloadService
from launcher.services.library_values import Check, Library, LibraryEntry, Plans, Uses, Work, WorkKind, check_of
from launcher.services.plan_service import Planned, PlanService
from launcher.services.tasks import CLOSE_PATIENCE_S, TaskRunner
from launcher.store.loads import LastLoad

if TYPE_CHECKING:
    from launcher.downloads.library.adopt import Adopted
    from launcher.downloads.library.updates import Update
    from launcher.downloads.library.verify import Verdict


_REPORT_S = 0.1


class LibraryService(QObject):
    """Knows every model on the disk and works on them. Long work runs one piece after the other.

    Signals:
        listed(Library): whenever anything of it changed.
        worked(Work): a step of long work.
        verified(Installed, Verdict): a comparison has ended.
        moved(Installed), removed(Installed, int): done; the int is the bytes freed.
        work_ended(str): no work on that path any more ("" for looking for updates), whatever came of it.
        updates_looked_for(int): how many newer versions there are.
        failed(str, UserError): path and reason.
        adopted(Adopted): of `adopt`.
        fetch_wanted(DownloadRequest): what `fetch_again` has found to be fetched.
    """

    listed = Signal(object)
    worked = Signal(object)
    verified = Signal(object, object)
    moved = Signal(object)
    removed = Signal(object, object)
    work_ended = Signal(str)
    updates_looked_for = Signal(int)
    failed = Signal(str, object)
    adopted = Signal(object)
    fetch_wanted = Signal(object)
    _progressed = Signal(object)

    def __init__(self, downloads: DownloadService, plans: PlanService, parent: QObject) -> None:
        super().__init__(parent)
        self._downloads = downloads
        self._looks = TaskRunner("library-look", self, serial=True)
        # Stopped by the events; a server that does not answer is not waited for, a move that was cut off is tidied at the next start.
        self._tasks = TaskRunner("library-work", self, serial=True, patience_s=CLOSE_PATIENCE_S)
        self._stops: dict[str, threading.Event] = {}
        self._works: dict[str, Work] = {}
        self._installed: tuple[Installed, ...] = ()
        self._library: Library | None = None
        self._planned: Planned | None = None
        self._checks: dict[str, Check] = {}
        self._updates: dict[str, Update] = {}
        self._loads: tuple[LastLoad, ...] = ()
        downloads.library_changed.connect(self._on_library_changed)
        plans.models_planned.connect(self._on_models_planned)
        # Progress comes from a worker thread.
        self._progressed.connect(self._on_progressed, Qt.ConnectionType.QueuedConnection)

    @property
    def works(self) -> tuple[Work, ...]:
        """What runs or waits."""
        return tuple(self._works.values())

    @property
    def library(self) -> Library | None:
        """What was listed last; None before the disk was looked at."""
        return self._library

    def set_last_loads(self, loads: tuple[LastLoad, ...]) -> None:
        """When models were last used; `listed` follows."""
        self._loads = loads
        self._tell()

    # --- long work ---

    def verify(self, model: Installed) -> None:
        """Compare with the publisher's checksum; `verified` follows."""

        def check(stop: threading.Event) -> Verdict:
            from launcher.downloads.library import verify

            return verify.verify(model, self._reporter(WorkKind.VERIFY, model.path), stop)

        def done(verdict: Verdict) -> None:
            self.verified.emit(model, verdict)
            self._downloads.rescan()  # what was compared is known from now on

        self._work(Work(WorkKind.VERIFY, model.path), check, done)

    def move(self, model: Installed, folder: str | None) -> None:
        """Put one of ours into another folder (None: the hub cache); `moved` follows."""

        def move_there(stop: threading.Event) -> Installed:
            from launcher.downloads.moving import move

            return move.move(model, folder, self._reporter(WorkKind.MOVE, model.path), stop)

        def done(result: Installed) -> None:
            self.moved.emit(result)
            self._downloads.rescan()

        self._work(Work(WorkKind.MOVE, model.path), move_there, done)

    def look_for_updates(self) -> None:
        """Ask the server for newer revisions of what is not pinned; only when the user wants to know."""
        models = self._installed

        def look(stop: threading.Event) -> tuple[Update, ...]:
            from launcher.downloads.library import updates

            return updates.look_for_updates(models, stop)

        def done(found: tuple[Update, ...]) -> None:
            self._updates = {update.model.path: update for update in found}
            self._tell()
            self.updates_looked_for.emit(len(found))

        self._work(Work(WorkKind.LOOK_FOR_UPDATES, ""), look, done)

    @Slot(str)
    def cancel(self, path: str) -> None:
        """Stop the work on a path; "" is looking for updates."""
        if path in self._stops:
            self._stops[path].set()

    # --- short work ---

    def remove(self, model: Installed) -> None:
        """Delete one of ours; `removed` follows."""

        def delete() -> int:
            from launcher.downloads.library import remove

            return remove.remove(model)

        def done(freed: int) -> None:
            self.removed.emit(model, freed)
            self._downloads.rescan()

        self._looks.run(delete, done, lambda error: self.failed.emit(model.path, error))

    def pin(self, model: Installed, pinned: bool) -> None:
        """Keep this version: no newer one is offered."""

        def change() -> None:
            from launcher.downloads.library import updates

            updates.pin(model, pinned)

        def done(_nothing: None) -> None:
            if pinned:
                self._updates.pop(model.path, None)
            self._downloads.rescan()

        self._looks.run(change, done, lambda error: self.failed.emit(model.path, error))

    def adopt(self, paths: tuple[str, ...]) -> None:
        """List files, and models in folders, where they lie; `adopted` follows."""

        def take() -> Adopted:
            from launcher.downloads.library import adopt

            return adopt.adopt_all(paths)

        def done(result: Adopted) -> None:
            self.adopted.emit(result)
            self._downloads.rescan()

        self._looks.run(take, done)

    def fetch_again(self, path: str) -> None:
        """Replace what is broken in a set of ours, or repair a model that differs; `fetch_wanted` or `failed` follows."""
        model = next((m for m in self._installed if m.path == path), None)
        self._looks.run(
            lambda: _request_for(path, model),
            self.fetch_wanted.emit,
            lambda error: self.failed.emit(path, error),
        )

    def close(self) -> None:
        """Stop what runs and end the threads."""
        for stop in self._stops.values():
            stop.set()
        self._tasks.close()
        self._looks.close()

    # --- parts ---

    def _work(self, work: Work, do: Callable[[threading.Event], object], on_done: Callable[..., None]) -> None:
        """Run one piece; a second of the same path is not begun."""
        if work.path in self._stops:
            return
        stop = self._stops[work.path] = threading.Event()
        self._works[work.path] = work
        self.worked.emit(work)

        def ended() -> None:
            self._stops.pop(work.path, None)
            self._works.pop(work.path, None)
            self.work_ended.emit(work.path)

        def done(result: object) -> None:
            ended()
            if result is not None:
                on_done(result)

        def failed(error: UserError) -> None:
            ended()
            if not stop.is_set():  # what the user stopped has not failed
                self.failed.emit(work.path, error)

        def run() -> object:
            try:
                return None if stop.is_set() else do(stop)
            except StoppedError:
                return None

        self._tasks.run(run, done, failed)

    def _reporter(self, kind: WorkKind, path: str) -> Callable[[int, int], None]:
        """For the worker thread, which reports every megabyte: ten times a second is enough for eyes."""
        told_s = 0.0

        def report(done_bytes: int, total_bytes: int) -> None:
            nonlocal told_s
            now_s = time.monotonic()
            if now_s - told_s >= _REPORT_S or done_bytes >= total_bytes:
                told_s = now_s
                self._progressed.emit(Work(kind, path, done_bytes, total_bytes))

        return report

    @Slot(object)
    def _on_progressed(self, work: Work) -> None:
        if work.path in self._works:
            self._works[work.path] = work
            self.worked.emit(work)

    @Slot(object)
    def _on_library_changed(self, installed: tuple[Installed, ...]) -> None:
        self._installed = installed
        here = {(model.repo, model.quant, model.revision) for model in installed}
        self._updates = {
            path: update
            for path, update in self._updates.items()
            if (update.request.repo, update.request.quant, update.revision) not in here
        }
        self._tell()

        def look() -> dict[str, Check]:
            from launcher.downloads.disk import checks

            known = checks.Known()
            found = ((m.path, check_of(m, known)) for m in installed)
            return {path: check for path, check in found if check is not None}

        self._looks.run(look, self._on_checked)

    def _on_checked(self, checks: dict[str, Check]) -> None:
        self._checks = checks
        self._tell()

    @Slot(object)
    def _on_models_planned(self, planned: Planned) -> None:
        if not planned.is_what_if:  # fits are about this PC
            self._planned = planned
            self._tell()

    def _tell(self) -> None:
        plans = Plans(self._planned)
        uses = Uses(self._loads, {model.path for model in self._installed})
        entries = tuple(
            LibraryEntry(
                replace(model, last_used_unix_s=uses.of(model)),
                plans.of(model),
                plans.are_made,
                self._checks.get(model.path),
                None if model.pinned else self._updates.get(model.path),
            )
            for model in self._installed
        )
        self._library = Library(entries, self._downloads.broken)
        self.listed.emit(self._library)


def _request_for(path: str, model: Installed | None) -> DownloadRequest:
    """What to fetch so that a file is whole again.

    Raises:
        UserError: "cannot_repair".
    """
    from launcher.downloads.disk import index
    from launcher.downloads.library import verify

    owner = index.owner_of(path)
    if owner is not None:
        return owner.request
    if model is not None:
        return verify.repair(model)
    raise UserError(
        "cannot_repair",
        "Where this file was fetched from is not known.",
        f"{path}.",
        (
            NextStep("Show it in its folder", StepAction.REVEAL, path),
            NextStep("Choose a model", StepAction.CHOOSE_MODEL),
        ),
    )
