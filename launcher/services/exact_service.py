"""Plans made exact in the window: `exact.py` in a thread, and headers read from a link."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from launcher.core.errors import UserError
from launcher.core.models import Quant, Variant
from launcher.services.exact import Progress, Verified, VerifyRequest, verify
from launcher.services.tasks import TaskRunner


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

        def check() -> Verified:
            return verify(request, self._progressed(stop), stop)

        self._tasks.run(check, done, failed)

    def _progressed(self, stop: threading.Event) -> Callable[[Progress], None]:
        return lambda progress: None if stop.is_set() else self.progressed.emit(progress)

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
