"""What is said of operations that end with their worker, and what interrupted answers had written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from launcher.engine.outcome import LOAD_AGAIN
from launcher.engine.protocol import Command, Failure, Load, LoadCancelled, OperationFailed, TextDelta

_UNLOADED = Failure("engine_unloaded", "The model was unloaded.", "The answer ends here.", (LOAD_AGAIN,))


class Texts:
    """What the answers in the making have written so far: it is kept whatever becomes of the worker."""

    def __init__(self) -> None:
        self._texts: dict[int, tuple[str, str]] = {}

    def add(self, event: TextDelta) -> None:
        """More of an answer."""
        answer, reasoning = self._texts.get(event.id, ("", ""))
        if event.reclassified:
            answer, reasoning = "", reasoning + answer
        for delta in event.deltas:
            if delta.channel == "reasoning":
                reasoning += delta.text
            else:
                answer += delta.text
        self._texts[event.id] = (answer, reasoning)

    def take(self, operation: int) -> tuple[str, str]:
        """Answer and reasoning of one that has ended; "" for what it did not write."""
        return self._texts.pop(operation, ("", ""))


def last_events(
    left: Mapping[int, Command], texts: Texts, failure: Failure | None, *, is_crash: bool
) -> Iterator[LoadCancelled | OperationFailed]:
    """One for each operation that is open when the worker is gone.

    Args:
        left: these operations, by their ids.
        texts: what they have written.
        failure: why the worker is gone; None when it was to go.
        is_crash: that failure is what the run ends with.
    """
    for operation, command in left.items():
        if failure is None and isinstance(command, Load):
            yield LoadCancelled(operation)
        else:
            yield OperationFailed(operation, failure or _UNLOADED, *texts.take(operation), is_crash=is_crash)
