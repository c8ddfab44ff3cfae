"""Sequences of the context: which tokens the KV cache holds of each, and which one the next prompt should go to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from launcher.engine.worker.answering import Answering
from launcher.engine.worker.checkpoints import Checkpoint, Checkpoints
from launcher.engine.worker.model import NativeModel


class Slot:
    """One sequence.

    Attributes:
        sequence: its number in the context.
        cached: the tokens that the KV cache holds of it, in order.
        work: the answer being made in it.
        state_file: where the state of the conversation in it belongs; "" when nobody asked for that.
        is_saved: the file holds what the cache holds.
        used_at: when it last answered; 0 for never.
    """

    def __init__(self, native: NativeModel, sequence: int) -> None:
        self.sequence = sequence
        self.cached: list[int] = []
        self.work: Answering | None = None
        self.state_file = ""
        self.is_saved = True
        self.used_at = 0.0
        self._native = native
        self._llama: Any = native.binding.llama
        self._checkpoints = Checkpoints(native, sequence)
        self._n_swa = int(self._llama.llama_model_n_swa(native.model))

    def common(self, tokens: Sequence[int]) -> int:
        """How many tokens at its beginning are those of the cache; the last one is always computed again."""
        cached = self.cached
        count = min(len(cached), len(tokens) - 1)
        if cached[:count] == list(tokens[:count]):
            return count
        return next(i for i in range(count) if cached[i] != tokens[i])

    def keep(self, count: int) -> int:
        """Drop all but the first `count` tokens; returns how many could be kept."""
        count = self._cut(count)
        del self.cached[count:]
        return count

    def begin(self, work: Answering) -> int:
        """Make an answer here; returns how many of its prompt's first tokens are in the cache already."""
        self.work = work
        reused = self.keep(self.common(work.prompt.tokens))
        self._checkpoints.make(reused)
        return reused

    def replace(self, tokens: Sequence[int], checkpoints: Sequence[Checkpoint] = ()) -> None:
        """The native cache holds this now, whatever it held before; the checkpoints are of these tokens."""
        self._checkpoints.replace(checkpoints)
        self.cached[:] = tokens

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """The ways back in what is cached, for caches that cannot go back by themselves."""
        return self._checkpoints.made

    def piece(self, count: int) -> int:
        """How many of the next `count` tokens go into one batch: it ends where a checkpoint is to be made."""
        if self.work and not self.work.is_reading:
            return count
        return min(count, self._next_stop() - len(self.cached))

    def evaluated(self, count: int) -> None:
        """The native cache has the first `count` tokens of what is to do."""
        work = self.work
        assert work is not None  # noqa: S101 - it was in the batch
        if count == len(work.todo):
            self.cached += work.todo
            work.todo.clear()
            return
        stop = self._next_stop()
        self.cached += work.todo[:count]
        del work.todo[:count]
        if len(self.cached) == stop:
            self._checkpoints.make(stop)

    def take_back(self) -> None:
        """After a decode that failed or was broken off: what it put into the cache goes; what had to go with it is to do again."""
        count = self._cut(len(self.cached))
        if self.work:
            self.work.todo[:0] = self.cached[count:]
        del self.cached[count:]

    def release(self) -> None:
        """The answer is made; the cache stays for the next turn."""
        self.work = None
        self.used_at = time.monotonic()

    def _next_stop(self) -> int:
        """How many tokens of the prompt the cache is to have next."""
        work, n_cached = self.work, len(self.cached)
        n_wanted = n_cached + (len(work.todo) if work else 0)
        return self._checkpoints.next_stop(n_cached, n_wanted) if work and work.is_reading else n_wanted

    def _cut(self, count: int) -> int:
        """Remove the native cache's entries from position `count` on; returns how many tokens are left, `count` or fewer."""
        left = count if self._goes_back(count) else self._checkpoints.restore(count)
        if not left:
            self._llama.llama_memory_seq_rm(self._native.memory, self.sequence, -1, -1)
        self._checkpoints.drop_after(left)
        return left

    def _goes_back(self, count: int) -> bool:
        """Take the cache itself back; False where it cannot, and then it may be of no use before a checkpoint is restored."""
        llama, memory = self._llama, self._native.memory
        if llama.llama_memory_seq_pos_max(memory, self.sequence) == count - 1:
            return True
        # Some caches cannot go back at all (recurrent states, deepseek4) and say so.
        if count == 0 or not llama.llama_memory_seq_rm(memory, self.sequence, count, -1):
            return False
        if not self._n_swa:
            return True
        # A sliding window keeps its last positions only: after going back, the ones before the cut may be gone.
        oldest = llama.llama_memory_seq_pos_min(memory, self.sequence)
        return 0 <= oldest <= max(0, count - self._n_swa)


def choose(slots: Sequence[Slot], tokens: Sequence[int], state_file: str) -> Slot | None:
    """The idle slot for a prompt: the one of the same conversation, else the longest common beginning, else the one longest unused."""
    idle = [s for s in slots if s.work is None]
    if not idle:
        return None
    if state_file:
        mine = next((s for s in idle if s.state_file == state_file), None)
        if mine is not None:
            return mine
    return max(idle, key=lambda s: (_worth(s, tokens), -s.used_at))


def _worth(slot: Slot, tokens: Sequence[int]) -> int:
    """Tokens saved; a short common beginning (BOS, a system prompt) is no reason to throw another conversation away."""
    common = slot.common(tokens)
    return common if common * 2 >= len(slot.cached) or common * 2 >= len(tokens) else 0
