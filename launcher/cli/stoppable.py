"""Long work on the command line: Ctrl+C asks it to stop in good order, a second one ends the program."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


def run_stoppable(work: Callable[[threading.Event], T]) -> T:
    """Run something in a thread that hears of Ctrl+C (and SIGTERM) by an event."""
    stop = threading.Event()
    with _stop_on_signals(stop), ThreadPoolExecutor(1, "work") as pool:
        job = pool.submit(work, stop)
        # Short waits: on Windows a signal is only heard between them.
        while not job.done():
            wait((job,), 0.2)
        return job.result()


@contextmanager
def _stop_on_signals(stop: threading.Event) -> Generator[None]:
    """Ctrl+C stops; a second one is Python's own KeyboardInterrupt again."""

    def on_signal(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
