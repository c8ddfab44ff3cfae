"""What a worker says, as it comes: read and decoded in a thread of its own, so that nobody ever waits for a pipe."""

from __future__ import annotations

import contextlib
import queue
import threading
from enum import Enum, auto

from launcher.engine.process import WorkerProcess
from launcher.engine.protocol import WorkerEvent, decode_event


class Sign(Enum):
    """What is no event: the pipe was closed, a message of a type that this side does not know, nothing came, look around."""

    END = auto()
    UNKNOWN = auto()
    SILENCE = auto()
    WAKE = auto()


Item = WorkerEvent | ValueError | Sign
"""A ValueError stands for a malformed message."""


class Inbox:
    """The messages of one worker at a time, in order."""

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()

    def fill_from(self, process: WorkerProcess) -> None:
        """Read until the worker closes its pipe; END follows then."""
        threading.Thread(target=self._read, args=(process,), name="engine-events", daemon=True).start()

    def wake(self) -> None:
        """`next` returns now; from any thread."""
        self._items.put(Sign.WAKE)

    def next(self, timeout_s: float) -> Item:
        """The next message; SILENCE when none comes in time."""
        try:
            return self._items.get(timeout=max(0.0, timeout_s))
        except queue.Empty:
            return Sign.SILENCE

    def _read(self, process: WorkerProcess) -> None:
        # Whatever a worker writes, what is kept of it here is small: nonsense is dropped where it is read.
        try:
            with contextlib.suppress(OSError, ValueError):  # of a process left behind the pipe may be closed under us
                for line in process.lines():
                    self._items.put(_decoded(line))
        finally:
            self._items.put(Sign.END)


def _decoded(line: bytes) -> Item:
    try:
        return decode_event(line) or Sign.UNKNOWN
    except ValueError as error:
        return ValueError(str(error)[:300])
