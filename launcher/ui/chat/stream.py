"""Gathers the pieces of a streaming answer, so that the window paints 20 times per second however fast they come."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Signal

_INTERVAL_MS = 50
# After an expensive update the next one waits this many times as long: the window stays usable on any machine.
_REST = 4


class AnswerStream(QObject):
    """A buffer between the engine and the list.

    Signals:
        flushed(str, str, int): new reasoning, new answer text, reasoning tokens so far.
    """

    flushed = Signal(str, str, int)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._reasoning: list[str] = []
        self._text: list[str] = []
        self._tokens = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self.flush)

    def start(self) -> None:
        """A new answer begins; what was not shown of another one is dropped."""
        self._timer.stop()
        self._reasoning, self._text, self._tokens = [], [], 0

    def add(self, channel: str, text: str, tokens: int) -> None:
        """A piece of "reasoning" or "answer"."""
        if channel == "reasoning":
            self._reasoning.append(text)
            self._tokens += tokens
        else:
            self._text.append(text)
        if not self._timer.isActive():
            self._timer.start()

    def flush(self) -> None:
        """Hand over what has come."""
        self._timer.stop()
        if not (self._reasoning or self._text):
            return
        reasoning, text = "".join(self._reasoning), "".join(self._text)
        self._reasoning, self._text = [], []
        start = time.perf_counter()
        self.flushed.emit(reasoning, text, self._tokens)
        cost_ms = (time.perf_counter() - start) * 1000
        self._timer.setInterval(max(_INTERVAL_MS, round(_REST * cost_ms)))
