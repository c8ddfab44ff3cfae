"""Which reasoning tasks are learned and which are kept for the evaluation."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence

import reasoning
from exchange import Exchange
from words import SPELLED_WORDS

_HELD_OUT_ONE_IN = 10


def is_held_out(turn: Exchange) -> bool:
    """By what the task is about (its numbers; its word and letter), however it is worded."""
    return zlib.crc32(f"{turn.task} {turn.key}".encode()) % _HELD_OUT_ONE_IN == 0


def reasoning_task(
    rng: random.Random, name: str, for_evaluation: bool = False, words: Sequence[str] = SPELLED_WORDS
) -> Exchange:
    """A task that is trained, or one that is held out. The times table is too small to hold any of it out: all of it is trained."""
    while True:
        turn = reasoning.make_task(name, rng, words)
        if name == "multiplication" or is_held_out(turn) == for_evaluation:
            return turn
