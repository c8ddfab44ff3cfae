"""From token bytes to the two streams of an answer: reasoning and answer.

Characters may be split over tokens, and so may "</think>" and stop strings: what could still become one of them is held
back until it is decided. Blanks around each stream are dropped.
"""

from __future__ import annotations

import codecs
import itertools

from launcher.core.generation import Delta

_OPEN, _CLOSE = "<think>", "</think>"


class TextStream:
    """Feed bytes, take deltas.

    Attributes:
        stopped: a stop string came; nothing after it is taken.
        had_thought: some of it is reasoning, if only an empty one.
    """

    def __init__(
        self, *, in_thought: bool, may_think: bool, stops: tuple[str, ...] = (), prefix: str = "", thought: str = ""
    ) -> None:
        """Make a stream.

        Args:
            in_thought: the prompt ended inside a thought.
            may_think: thoughts are recognised at all; False once the template has closed the thought.
            stops: texts that end the answer and are not shown.
            prefix: answer text that the model goes on from.
            thought: reasoning that the model goes on from.
        """
        self.stopped = False
        self.had_thought = in_thought
        # Joined when somebody asks: a text that grew by each token would be copied by each token.
        self._pieces: dict[str, list[str]] = {
            "answer": [prefix] if prefix else [],
            "reasoning": [thought] if thought else [],
        }
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = tuple(s for s in stops if s)
        # Most tokens hold none of these and are text at once.
        self._first_letters = {mark[0] for mark in (_OPEN, _CLOSE, *self._stops)}
        self._channel = "reasoning" if in_thought else "answer"
        self._may_open = may_think and not in_thought
        self._may_close_unopened = may_think and not in_thought
        self._held = ""
        self._blanks = ""
        self._deltas: list[Delta] = []
        self._reclassified = False

    @property
    def answer(self) -> str:
        """All answer text so far."""
        return "".join(self._pieces["answer"])

    @property
    def reasoning(self) -> str:
        """All reasoning text so far."""
        return "".join(self._pieces["reasoning"])

    @property
    def in_reasoning(self) -> bool:
        """Whether the text written now is reasoning."""
        return self._channel == "reasoning"

    @property
    def may_open(self) -> bool:
        """Whether a thought could still begin."""
        return self._may_open

    @property
    def is_mid_character(self) -> bool:
        """Whether the bytes so far end inside a character."""
        return bool(self._decoder.getstate()[0])

    def feed(self, data: bytes) -> None:
        """Take the bytes of one token."""
        self._held += self._decoder.decode(data)
        while not self.stopped and self._step():
            pass

    def finish(self) -> None:
        """No more bytes will come: what was held back is text."""
        self._held += self._decoder.decode(b"", final=True)
        while not self.stopped and self._step():
            pass
        if not self.stopped:
            self._emit(self._held)
        self._held = ""

    def take(self) -> tuple[tuple[Delta, ...], bool]:
        """New text since the last call, and whether all answer text before it turned out to be reasoning."""
        deltas = tuple(
            Delta(channel, "".join(d.text for d in group))
            for channel, group in itertools.groupby(self._deltas, key=lambda d: d.channel)
        )
        reclassified = self._reclassified
        self._deltas, self._reclassified = [], False
        return deltas, reclassified

    def _step(self) -> bool:
        """Deal with the first mark in the held text; False when nothing is left that can be decided."""
        if self._first_letters.isdisjoint(self._held):
            self._emit(self._held)
            self._held = ""
            return False
        marks = self._marks()
        found = min(((at, m) for m in marks if (at := self._held.find(m)) >= 0), default=None)
        if found is None:
            keep = max((_overlap(self._held, m) for m in marks), default=0)
            self._emit(self._held[: len(self._held) - keep])
            self._held = self._held[len(self._held) - keep :]
            return False
        at, mark = found
        before, self._held = self._held[:at], self._held[at + len(mark) :]
        if mark == _OPEN and before.strip():
            # A model that writes about the mark, after its answer has begun.
            self._emit(before + mark)
            return True
        self._emit(before)
        if mark == _OPEN:
            self._switch("reasoning")
        elif mark == _CLOSE:
            if self._channel == "answer":
                self._reclassify()
            self._switch("answer")
        else:
            self.stopped = True
        return True

    def _marks(self) -> tuple[str, ...]:
        if self._channel == "reasoning":
            return (_CLOSE, *self._stops)
        opening = (_OPEN,) if self._may_open else ()
        closing = (_CLOSE,) if self._may_close_unopened else ()
        return (*opening, *closing, *self._stops)

    def _switch(self, channel: str) -> None:
        self.had_thought = True
        self._channel = channel
        self._blanks = ""
        self._may_open = self._may_close_unopened = False

    def _reclassify(self) -> None:
        self._pieces = {"answer": [], "reasoning": self._pieces["answer"]}
        self._deltas = [Delta("reasoning", d.text) for d in self._deltas]
        self._reclassified = True

    def _emit(self, text: str) -> None:
        written = self._pieces[self._channel]
        if not written:
            text = text.lstrip()
        solid = text.rstrip()
        if not solid:
            self._blanks += text
            return
        shown = self._blanks + solid
        self._blanks = text[len(solid) :]
        self._may_open = False
        written.append(shown)
        self._deltas.append(Delta(self._channel, shown))


def _overlap(text: str, mark: str) -> int:
    """How many characters at the end of `text` could be the beginning of `mark`."""
    return next((n for n in range(min(len(text), len(mark) - 1), 0, -1) if mark.startswith(text[-n:])), 0)
