"""Speculative decoding: guesses of a quick drafter, checked by the model in one batch, used only while that is faster.

The session evaluates the newest token and the guesses together, draws each place with the answer's own sampler in turn and
keeps guesses for as long as they are what was drawn. The text is therefore what it would have been without guesses; only
the time differs. Whether it is less is measured here, in the answers themselves: `Pace` compares seconds per token with and
without, and what it learns holds for the next answer of the loaded model too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from launcher.core.plans import MOST_DRAFTED_TOKENS
from launcher.engine.worker.answering import Answering

_FIRST_LENGTH = 3  # llama.cpp's own default for draft models
_TRIAL_TOKENS = 24
_PLAIN_TRIAL_TOKENS = 16
_WINDOW_TOKENS = 64
_HOPELESS_AFTER_TOKENS = 6  # a trial that is so much slower needs no more tokens
_HOPELESS = 1.2
_WORTH = 0.97  # of the time per token without guesses
_ON_TOKENS = 512  # then the time without them is measured again
_OFF_TOKENS, _OFF_TOKENS_MOST = 1024, 16384  # then another trial; doubled each time it is in vain
# What the reading of a prompt by the drafter may take: what so many written tokens will gain, or, for a trial, as long as the
# model takes to write so many.
_CATCH_UP_TOKENS = 256
_CATCH_UP_FIRST_TRIAL, _CATCH_UP_TRIAL = 128, 16


class Drafter(Protocol):
    """Guesses how one conversation goes on. What it knows of the conversation follows the session's cache."""

    def begin(self) -> None:
        """The next conversation may be another one."""
        ...

    def catch_up_seconds(self, cached: Sequence[int]) -> float:
        """How long it takes before it can guess after these tokens, about; 0 where it has read them."""
        ...

    def propose(self, cached: Sequence[int], pending: int, most: int) -> list[int]:
        """The tokens that may follow `cached` and `pending`; fewer than `most`, or none, where it is not sure."""
        ...

    def follow(self, cached: Sequence[int], start: int, *, soon: bool) -> None:
        """The model has evaluated the tokens from `start` on, the first of its last batch. `soon`: guesses will be wanted."""
        ...

    def free(self) -> None:
        """Give its memory back."""
        ...


@dataclass
class _Window:
    """Tokens written and the seconds that took. The first step after a change is not typical and not counted."""

    tokens: int = 0
    seconds: float = 0.0
    is_begun: bool = False

    def add(self, tokens: int, seconds: float) -> None:
        """One step."""
        if self.is_begun:
            self.tokens += tokens
            self.seconds += seconds
        self.is_begun = True

    @property
    def per_token(self) -> float:
        """Seconds."""
        return self.seconds / self.tokens if self.tokens else 0.0


class Pace:
    """Decides whether to draft, from what both ways were measured to take.

    Attributes:
        phase: "plain" (measured without), "trial" (measured with), "on" or "off".
        drafting_s: seconds per token with guesses, of the last measurement; None before the first.
        plain_s: the same without.
    """

    def __init__(self) -> None:
        self.phase = "plain"
        self.drafting_s: float | None = None
        self.plain_s: float | None = None
        self._window = _Window()
        self._since_change = 0
        self._off_tokens = _OFF_TOKENS

    @property
    def wants_drafts(self) -> bool:
        """Whether the next step should have guesses."""
        return self.phase in ("trial", "on")

    @property
    def gain_s(self) -> float:
        """Seconds that a token is quicker with guesses; 0 while that is not known."""
        if self.plain_s is None or self.drafting_s is None:
            return 0.0
        return self.plain_s - self.drafting_s

    def add(self, tokens: int, seconds: float) -> None:
        """A step of the way that `wants_drafts` asked for has written so many tokens."""
        self._window.add(tokens, seconds)
        self._since_change += tokens
        match self.phase:
            case "plain":
                self._end_plain()
            case "trial":
                self._end_trial()
            case "on":
                self._watch()
            case _:
                self._wait()

    def _end_plain(self) -> None:
        if self._window.tokens < _PLAIN_TRIAL_TOKENS:
            return
        self.plain_s = self._window.per_token
        if self.drafting_s is None:
            self._change("trial")
        else:
            self._decide()

    def _end_trial(self) -> None:
        window, plain_s = self._window, self.plain_s or 0.0
        is_hopeless = window.tokens >= _HOPELESS_AFTER_TOKENS and window.per_token > _HOPELESS * plain_s
        if window.tokens >= _TRIAL_TOKENS or is_hopeless:
            self.drafting_s = window.per_token
            self._decide()

    def _decide(self) -> None:
        if (self.drafting_s or 0.0) < _WORTH * (self.plain_s or 0.0):
            self._off_tokens = _OFF_TOKENS
            self._change("on")
        else:
            self._change("off")

    def _watch(self) -> None:
        if self._window.tokens < _WINDOW_TOKENS:
            return
        self.drafting_s = self._window.per_token
        is_slower = self.drafting_s >= _WORTH * (self.plain_s or 0.0)
        if is_slower or self._since_change >= _ON_TOKENS:
            self._change("plain")
        else:
            self._window = _Window(is_begun=True)

    def _wait(self) -> None:
        if self._window.tokens >= _WINDOW_TOKENS:
            self.plain_s = self._window.per_token
            self._window = _Window(is_begun=True)
        if self._since_change >= self._off_tokens:
            self._off_tokens = min(2 * self._off_tokens, _OFF_TOKENS_MOST)
            self._change("trial")

    def _change(self, phase: str) -> None:
        self.phase = phase
        self._window = _Window()
        self._since_change = 0


class Drafting:
    """Between the session and a drafter: when to guess, how far, and what came of it."""

    def __init__(self, drafter: Drafter, most: int, clock: Callable[[], float] = time.perf_counter) -> None:
        """Args: most: rows of logits beside the newest token's that the context has."""
        self.pace = Pace()
        self._drafter = drafter
        self._most = min(most, MOST_DRAFTED_TOKENS)
        self._length = min(_FIRST_LENGTH, self._most)
        self._clock = clock
        self._began: float | None = None

    def begin(self, work: Answering) -> None:
        """An answer begins."""
        self._drafter.begin()
        self._began = None
        self._tell(work)

    def guess(self, work: Answering, cached: Sequence[int], n_ctx: int, *, is_alone: bool) -> list[int]:
        """Set `work.drafted` at the beginning of a step: guesses after the newest token of an answer that is alone."""
        work.drafted, self._began = [], None
        if not is_alone or work.is_reading or len(work.todo) != 1 or not work.request.draft:
            return work.drafted
        most = n_ctx - len(cached) - 1
        if work.request.max_tokens is not None:
            most = min(most, work.request.max_tokens - work.figures.decode_tokens - 1)
        work.drafted = self._guess(cached, work.todo[0], min(most, self._length))
        return work.drafted

    def settle(self, work: Answering, accepted: int) -> None:
        """At the end of a step: so many of `work.drafted` came true."""
        drafted, work.drafted = len(work.drafted), []
        work.figures.drafted_tokens += drafted
        work.figures.accepted_tokens += accepted
        if self._began is None:
            return
        self.pace.add(accepted + 1, self._clock() - self._began)
        self._began = None
        self._tell(work)
        if accepted == drafted >= self._length:
            self._length = min(self._length + 1, self._most)
        elif 2 * accepted < drafted:
            self._length = max(1, self._length - 1)

    def _tell(self, work: Answering) -> None:
        figures, pace = work.figures, self.pace
        figures.drafting = pace.phase if pace.phase in ("on", "off") else "trial"
        figures.drafting_s, figures.plain_s = pace.drafting_s or 0.0, pace.plain_s or 0.0

    def _guess(self, cached: Sequence[int], pending: int, most: int) -> list[int]:
        self._began = self._clock()
        if not self.pace.wants_drafts:
            return []
        waiting_s = self._drafter.catch_up_seconds(cached)
        if most < 1 or self._is_too_late(waiting_s):
            self._began = None  # a step without guesses says nothing about the pace with them
            return []
        if waiting_s:
            # Read once per prompt: not a part of the pace.
            self._drafter.propose(cached, pending, 0)
            self._began = self._clock()
        return self._drafter.propose(cached, pending, most)

    def _is_too_late(self, waiting_s: float) -> bool:
        pace = self.pace
        if pace.phase == "on":
            return waiting_s > _CATCH_UP_TOKENS * pace.gain_s
        tokens = _CATCH_UP_FIRST_TRIAL if pace.drafting_s is None else _CATCH_UP_TRIAL
        return waiting_s > tokens * (pace.plain_s or 0.0)

    def follow(self, cached: Sequence[int], start: int) -> None:
        """A batch of one conversation alone is evaluated: its tokens from `start` on are now in the cache."""
        self._drafter.follow(cached, start, soon=self.pace.phase != "off")

    def free(self) -> None:
        """Give the drafter's memory back."""
        self._drafter.free()
