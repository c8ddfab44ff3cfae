"""Ways back for caches that cannot go back: snapshots of what llama.cpp overwrites, one series for each slot.

A sliding window keeps its last positions only, a recurrent state and DeepSeek V4's compressors the last one. The next turn goes
back all the same: where a thought is dropped, an answer is made again or a message is edited. A checkpoint holds those parts
(llama.cpp's "partial" state), everything else is still in the cache, so going back to one costs a copy instead of the prompt.
llama-server does the same with its context checkpoints. Models whose caches can go back never get here.

The snapshots are in the worker's own memory, beside the context and outside of what `Loaded.memory` counts: up to
MOST_CHECKPOINT_BYTES while a model is loaded, and only as conversations need them. The plan counts them at their most
(planner/checkpoints.py). One of V4-Flash has about 17 MiB at any length.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from launcher.core.plans import MOST_CHECKPOINT_BYTES, MOST_CHECKPOINTS
from launcher.engine.worker.model import NativeModel

STEP_TOKENS = 2048
"""Between those inside a long prompt: an edit deep in it reads half of that again on average, and one batch in so many tokens is
split. llama-server's 8,192 take most of a minute to read where V4-Flash has its experts in RAM."""
BEFORE_END_TOKENS = 4
"""Room for what a template opens the answer with ("<｜Assistant｜><think>\\n" has three tokens): the history has it otherwise."""
LEAST_TOKENS = 32
"""Closer to the one before a checkpoint saves less than it costs: near a prompt's end a batch more, of the last four tokens."""

_PARTIAL_ONLY = 1  # LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the cache's forgetful parts held when the sequence had its first `n_tokens`."""

    n_tokens: int
    state: ctypes.Array[Any]

    @property
    def size_bytes(self) -> int:
        """Of the state."""
        return len(self.state)


class Checkpoints:
    """Of one sequence. Valid as long as the cache holds the tokens they were made of: tell `drop_after` of every cut."""

    def __init__(self, native: NativeModel, sequence: int) -> None:
        llama = native.binding.llama
        self._native = native
        self._llama: Any = llama
        self._sequence = sequence
        self._limit_bytes = MOST_CHECKPOINT_BYTES // native.placement.n_parallel
        self._made: list[Checkpoint] = []
        self.are_needed = bool(
            llama.llama_model_n_swa(native.model)
            or llama.llama_model_is_recurrent(native.model)
            or llama.llama_model_is_hybrid(native.model)
        )

    def next_stop(self, n_cached: int, n_prompt: int) -> int:
        """How many tokens the cache is to have for the next checkpoint of a prompt; the whole prompt where there is no more."""
        if not self.are_needed:
            return n_prompt
        earliest = max(n_cached + 1, self._newest + LEAST_TOKENS)
        step, end = -(-earliest // STEP_TOKENS) * STEP_TOKENS, n_prompt - BEFORE_END_TOKENS
        # One that would be too close to the end leaves it to the other.
        stop = step if step + LEAST_TOKENS <= end else end
        return stop if stop >= earliest else n_prompt

    def make(self, n_tokens: int) -> None:
        """Keep what the cache holds now, of a sequence of so many tokens. Where that cannot be, nothing happens."""
        if not self.are_needed or n_tokens - self._newest < LEAST_TOKENS:
            return
        context = self._native.context
        size = int(self._llama.llama_state_seq_get_size_ext(context, self._sequence, _PARTIAL_ONLY))
        if not 0 < size <= self._limit_bytes:
            return
        self._make_room(size)
        state = (ctypes.c_uint8 * size)()
        if self._llama.llama_state_seq_get_data_ext(context, state, size, self._sequence, _PARTIAL_ONLY) == size:
            self._made.append(Checkpoint(n_tokens, state))

    def restore(self, n_tokens: int) -> int:
        """Put back the newest state of at most so many tokens, and take what follows out of the cache.

        Returns:
            How many tokens the sequence has now; 0 where there is no such state: the sequence is to be emptied then.
        """
        self.drop_after(n_tokens)
        if not self._made:
            return 0
        llama, context, memory = self._llama, self._native.context, self._native.memory
        found = self._made[-1]
        size = found.size_bytes
        if llama.llama_state_seq_set_data_ext(context, found.state, size, self._sequence, _PARTIAL_ONLY) != size:
            return 0
        if not llama.llama_memory_seq_rm(memory, self._sequence, found.n_tokens, -1):
            return 0
        is_there = llama.llama_memory_seq_pos_max(memory, self._sequence) == found.n_tokens - 1
        return found.n_tokens if is_there else 0

    def drop_after(self, n_tokens: int) -> None:
        """The cache has only so many tokens of these any more; 0 for none."""
        while self._made and self._made[-1].n_tokens > n_tokens:
            self._made.pop()

    @property
    def made(self) -> tuple[Checkpoint, ...]:
        """Those there are, from the beginning of the sequence to its end."""
        return tuple(self._made)

    def replace(self, others: Sequence[Checkpoint]) -> None:
        """The cache holds another sequence now, and these lead back in it: the ones that were saved with it."""
        self._made = list(others) if self.are_needed else []
        self._make_room(0)

    @property
    def _newest(self) -> int:
        return self._made[-1].n_tokens if self._made else 0

    def _make_room(self, size_bytes: int) -> None:
        """The newest stay; of the others the one goes whose neighbours are closest: what is left is spread evenly."""
        made = self._made
        while made and (
            len(made) + bool(size_bytes) > MOST_CHECKPOINTS
            or sum(c.size_bytes for c in made) + size_bytes > self._limit_bytes
        ):
            made.pop(_least_missed([c.n_tokens for c in made]))


def _least_missed(places: Sequence[int]) -> int:
    """The index of the place whose going leaves the smallest gap; the last one only where it is the only one."""
    gaps = [after - before for before, after in zip([0, *places], places[1:], strict=False)]
    return gaps.index(min(gaps)) if gaps else 0
