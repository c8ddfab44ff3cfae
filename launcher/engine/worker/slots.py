"""Sequences of the context: which tokens the KV cache holds of each, and which one the next prompt should go to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from launcher.engine.worker.answering import Answering
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
        self._n_swa = int(self._llama.llama_model_n_swa(native.model))

    def common(self, tokens: Sequence[int]) -> int:
        """How many tokens at its beginning are those of the cache; the last one is always computed again."""
        count = 0
        for cached, wanted in zip(self.cached, tokens, strict=False):
            if cached != wanted:
                break
            count += 1
        return min(count, len(tokens) - 1)

    def keep(self, count: int) -> int:
        """Drop all but the first `count` tokens; returns how many could be kept."""
        memory = self._native.memory
        kept = count > 0 and self._llama.llama_memory_seq_rm(memory, self.sequence, count, -1)
        if kept and self._n_swa and count < len(self.cached):
            # A sliding window keeps its last positions only: after going back, the ones before the cut may be gone.
            oldest = self._llama.llama_memory_seq_pos_min(memory, self.sequence)
            kept = 0 <= oldest <= max(0, count - self._n_swa)
        if not kept:
            self._llama.llama_memory_seq_rm(memory, self.sequence, -1, -1)
            count = 0
        del self.cached[count:]
        return count

    def take_back(self) -> None:
        """After a decode that was aborted: what it put into the cache beyond `cached` goes."""
        if not self._llama.llama_memory_seq_rm(self._native.memory, self.sequence, len(self.cached), -1):
            self.keep(0)

    def release(self) -> None:
        """The answer is made; the cache stays for the next turn."""
        self.work = None
        self.used_at = time.monotonic()


def choose(slots: Sequence[Slot], tokens: Sequence[int], state_file: str) -> Slot | None:
    """The idle slot for a prompt: the one of the same conversation, else the longest common beginning, else the one longest unused."""
    idle = [s for s in slots if s.work is None]
    if not idle:
        return None
    if state_file:
        mine = next((s for s in idle if s.state_file == state_file), None)
        if mine is not None:
            return mine
    return max(idle, key=lambda s: (s.common(tokens) if _worth(s, tokens) else 0, -s.used_at))


def _worth(slot: Slot, tokens: Sequence[int]) -> bool:
    """A short common beginning (BOS, a system prompt) is no reason to throw another conversation away."""
    common = slot.common(tokens)
    return common * 2 >= len(slot.cached) or common * 2 >= len(tokens)
