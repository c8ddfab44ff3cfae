"""Which operations run, and which of them somebody wants stopped. Safe from any thread."""

from __future__ import annotations

import threading

from launcher.engine.worker.abort import AbortSwitch


class Operations:
    """The native switch is set while something that runs is to stop.

    Several answers share one batch: all of it is broken off, so that the stop is not as slow as another answer's prompt. The
    others compute their part again, at most one batch.
    """

    def __init__(self, switch: AbortSwitch) -> None:
        self._switch = switch
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._stopped: set[int] = set()

    def begin(self, operation: int) -> None:
        """It runs from now on; a stop may have come before."""
        with self._lock:
            self._running.add(operation)
            self._update()

    def end(self, operation: int) -> None:
        """It does not run any more."""
        with self._lock:
            self._running.discard(operation)
            self._stopped.discard(operation)
            self._update()

    def stop(self, operation: int) -> None:
        """Stop it, or mark it for when its turn comes."""
        with self._lock:
            self._stopped.add(operation)
            self._update()

    @property
    def is_any_stopped(self) -> bool:
        """Whether some operation is to end, or was to before its turn came."""
        return bool(self._stopped)

    def is_stopped(self, operation: int) -> bool:
        """Whether it is to end."""
        with self._lock:
            return operation in self._stopped

    def _update(self) -> None:
        if self._running & self._stopped:
            self._switch.set()
        else:
            self._switch.clear()
