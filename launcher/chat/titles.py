"""A chat's title, made from its first message."""

from __future__ import annotations

import re

MAX_TITLE_CHARS = 48
_FENCE = re.compile(r"^\s*(`{3,}|~{3,}).*?(^\s*\1|\Z)", re.DOTALL | re.MULTILINE)
_LINE_MARKS = re.compile(r"^\s*(?:[#>*+-]+\s+|\d+[.)]\s+)")
_INLINE_MARKS = re.compile(r"[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}")
# Characters that reorder or hide text must not disguise a title.
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s|(?<=[。！？])")


def title_from(text: str) -> str:
    """The first sentence in at most 48 characters, without Markdown marks; "" when there is nothing to say."""
    for source in (_FENCE.sub("", text), text):
        for line in source.splitlines():
            words = _plain(line)
            if any(c.isalnum() for c in words):
                return _shortened(_SENTENCE_END.split(words, maxsplit=1)[0])
    return ""


def _plain(line: str) -> str:
    line = _INLINE_MARKS.sub("", _LINE_MARKS.sub("", line))
    return " ".join(_INVISIBLE.sub(" ", line).split())


def _shortened(words: str) -> str:
    words = words.rstrip(".。 ")
    if len(words) <= MAX_TITLE_CHARS:
        return words
    cut = words[: MAX_TITLE_CHARS - 1]
    at_word = cut.rfind(" ")
    # A language without spaces, or one long word: cut where we are.
    return (cut[:at_word] if at_word > MAX_TITLE_CHARS // 2 else cut).rstrip(",;:，；： ") + "…"
