"""Plans made exact: the engine's own dry run, and headers read from a link, without the download."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from launcher.core.errors import UserError
from launcher.core.models import Quant, Variant
from launcher.core.plans import Plan
from launcher.services.tasks import TaskRunner

if TYPE_CHECKING:
    from launcher.engine.dry_run import DryRunFile
    from launcher.planner.verified import RowDifference


class Stage(Enum):
    """What the verification is doing."""

    HEADER = "header"
    ENGINE = "engine"


@dataclass(frozen=True, slots=True)
class Progress:
    """`bytes_read`: of the headers, all shards; 0 while unknown."""

    stage: Stage
    bytes_read: int = 0


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """A plan to be judged by the engine.

    Attributes:
        installed_path: the file to load (the first shard) when it is on the disk; "" fetches only the header.
        is_what_if: the cards are not here: stand-ins of their names and sizes take their place.
    """

    plan: Plan
    installed_path: str = ""
    is_what_if: bool = False


@dataclass(frozen=True, slots=True)
class Verified:
    """What the formulas said and what the engine says; `rows` are both per device, `after.memory.source` is "engine"."""

    before: Plan
    after: Plan
    rows: tuple[RowDifference, ...]


class ExactService(QObject):
    """One verification or link at a time; a newer one cancels the one before.

    Signals:
        progressed(Progress): of the verification.
        verified(Verified), verify_failed(UserError): its end; nothing comes after `cancel`.
        link_read(Variant, Quant), link_failed(UserError): what a pasted link holds.
    """

    progressed = Signal(object)
    verified = Signal(object)
    verify_failed = Signal(object)
    link_read = Signal(object, object)
    link_failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("exact", self)
        self._stop = threading.Event()
        self._stop_link = threading.Event()

    def verify(self, request: VerifyRequest) -> None:
        """Run the engine's dry run of a plan."""
        self.cancel()
        stop = self._stop = threading.Event()

        def done(result: Verified) -> None:
            if not stop.is_set():
                self.verified.emit(result)

        def failed(error: UserError) -> None:
            if not stop.is_set():
                self.verify_failed.emit(error)

        self._tasks.run(lambda: self._verify(request, stop), done, failed)

    def cancel(self) -> None:
        """Stop the verification; its answer is dropped."""
        self._stop.set()

    def read_link(self, source: str) -> None:
        """Read the header of a model on the hub or any server: a URL of a .gguf, or "owner/repo"."""
        self.forget_link()
        stop = self._stop_link = threading.Event()

        def read() -> tuple[Variant, Quant]:
            from launcher.services.linked import read_linked

            return read_linked(source, stop)

        def done(found: tuple[Variant, Quant]) -> None:
            if not stop.is_set():
                self.link_read.emit(*found)

        def failed(error: UserError) -> None:
            if not stop.is_set():
                self.link_failed.emit(error)

        self._tasks.run(read, done, failed)

    def forget_link(self) -> None:
        """The user typed something else: the answer is not wanted any more."""
        self._stop_link.set()

    def close(self) -> None:
        """End what runs and the threads."""
        self.cancel()
        self.forget_link()
        self._tasks.close()

    def _verify(self, request: VerifyRequest, stop: threading.Event) -> Verified:
        from launcher.engine.dry_run import DryRunRequest, dry_run
        from launcher.planner.verified import differences, verified

        plan = request.plan
        files = self._files(request, stop)
        if not stop.is_set():
            self.progressed.emit(Progress(Stage.ENGINE))
        cards = tuple(d.name for d in plan.memory.devices if d.kind == "gpu")
        engine = dry_run(DryRunRequest(files, plan.placement, cards if request.is_what_if else None), stop)
        return Verified(plan, verified(plan, engine), differences(plan, engine))

    def _files(self, request: VerifyRequest, stop: threading.Event) -> tuple[DryRunFile, ...]:
        from launcher.catalog.gguf import shard_paths
        from launcher.engine.dry_run import DryRunFile

        if request.installed_path:
            paths = shard_paths(Path(request.installed_path))
            return tuple(DryRunFile(path, path.stat().st_size) for path in paths)
        from launcher.catalog.remote import read_remote_set

        plan = request.plan
        self.progressed.emit(Progress(Stage.HEADER))
        # A link's "repository" is its address, which names the file already.
        quant = None if "://" in plan.repo else plan.quant
        found = read_remote_set(plan.repo, quant=quant, revision=plan.revision, stop=stop)
        if not stop.is_set():
            self.progressed.emit(Progress(Stage.HEADER, sum(p.stat().st_size for p in found.header_paths)))
        return tuple(
            DryRunFile(path, file.size_bytes or 0) for path, file in zip(found.header_paths, found.files, strict=True)
        )
