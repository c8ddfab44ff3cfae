"""Which of a transfer's connections may try at this moment: all, one that goes ahead, or nobody for a while."""

from __future__ import annotations

from collections.abc import Callable

from launcher.core.words import say
from launcher.downloads.transfer.retry import Backoff, TransientError


class Crew:
    """Connections by number. Call everything with the transfer's lock held.

    At the start, and after the network was away, one connection goes ahead; when it is answered the others follow. So the
    hub is asked once, and a server in trouble is not run over.

    Args:
        connections: the most that may be open.
        backoff: the wait that all share.
        present_bytes: of the file at this moment.
        on_lost: called with a sentence when nobody is connected any more and a wait begins.
        on_connected: called when somebody is again.
    """

    def __init__(
        self,
        connections: int,
        backoff: Backoff,
        present_bytes: Callable[[], int],
        on_lost: Callable[[str], None],
        on_connected: Callable[[], None],
    ) -> None:
        self._width, self._backoff, self._present_bytes = connections, backoff, present_bytes
        self._on_lost, self._on_connected = on_lost, on_connected
        self._opening: set[int] = set()
        self._open: set[int] = set()
        self._alone: int | None = None
        self._is_sure = False
        self.is_over = False

    def may_open(self, number: int) -> bool:
        """Whether a connection may send a request now."""
        if number >= self._width or self._alone is not None or self._backoff.is_waiting:
            return False
        return self._is_sure or not (self._opening or self._open)

    def is_alone(self, number: int) -> bool:
        """Whether this connection gets the whole file from the server, and nobody else is needed."""
        return self._alone == number

    def opening(self, number: int) -> None:
        """A connection sends its request."""
        self._opening.add(number)

    def opened(self, number: int, *, is_whole: bool) -> None:
        """It is answered.

        Args:
            number: which.
            is_whole: the server ignores ranges and sends the file from its start.

        Raises:
            TransientError: others get ranges, so this answer is not needed.
        """
        if is_whole and (self._open or self._opening - {number}):
            raise TransientError(say("The server sends only the whole file."), is_refusal=True)
        self._alone = number if is_whole else None
        self._opening.discard(number)
        self._open.add(number)
        self._is_sure = True
        self._on_connected()

    def failed(self, number: int, error: TransientError, began_s: float) -> None:
        """Its request or its connection failed.

        Raises:
            UserError: there is no other try.
        """
        if self.is_over:
            return
        others = self._open - {number}
        if others:  # the way is open: only this one waits a little, or leaves the work to them
            if error.is_refusal:
                self._width = max(1, len(others))
            self._backoff.pause(error)
            return
        self._is_sure = False
        note = self._backoff.failed(error, began_s, self._present_bytes())
        if note:
            self._on_lost(note)

    def left(self, number: int) -> None:
        """It is neither sending nor receiving."""
        self._opening.discard(number)
        self._open.discard(number)
        if self._alone == number:
            self._alone = None

    def seconds_to_wait(self) -> float | None:
        """While nobody is connected: until the next try."""
        return None if self._open else self._backoff.left_s
