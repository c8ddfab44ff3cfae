"""The words whose letters the model counts."""

from __future__ import annotations

from pathlib import Path


def _words(name: str) -> tuple[str, ...]:
    return tuple(Path(__file__).with_name(name).read_text("utf-8").split())


SPELLED_WORDS = _words("words.txt")
"""Those that it is examined in."""
ALL_WORDS = tuple(sorted((*SPELLED_WORDS, *_words("more_words.txt"))))
"""With those that are practised now and then: too many to learn all of them by heart."""
