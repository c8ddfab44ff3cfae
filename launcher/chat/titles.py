"""A chat's title, made from its first exchange."""

from __future__ import annotations

import re

MAX_TITLE_CHARS = 48
_FENCE = re.compile(r"^\s*(`{3,}|~{3,}).*?(^\s*\1|\Z)", re.DOTALL | re.MULTILINE)
_LINE_MARKS = re.compile(r"^\s*(?:[#>*+-]+\s+|\d+[.)]\s+)")
_INLINE_MARKS = re.compile(r"[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}")
# Characters that reorder or hide text must not disguise a title.
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# A question that names no topic by itself ("Hi", "Explain this", "Fix it please"): the answer knows better.
_SHORTEST_TOPIC_CHARS, _SHORTEST_TOPIC_WIDE = 12, 5
_POINTING = re.compile(
    r"\b(?:this|that|it|these|those|following|below|above|attached|code|text|file|error)\b|[这那此]|下面|以下|上面|如下|附件|代码|报错",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:hi|hello|hey|good (?:morning|evening|afternoon)|你好|您好|嗨|早上好|晚上好)\b[\s,!.，。！]*", re.IGNORECASE
)
_SHORT_SENTENCE_CHARS = 40
_HEADING = re.compile(r"^#{1,6}\s+(.+)$", re.MULTILINE)
_BOLD = re.compile(r"\*\*([^*\n]{3,80})\*\*")
_FORMULA = re.compile(r"\\\(|\\\[|\$")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s|(?<=[。！？])")


def title_from(text: str) -> str:
    """The first sentence in at most 48 characters, without Markdown marks; "" when there is nothing to say."""
    for source in (_FENCE.sub("", text), text):
        for line in source.splitlines():
            words = _plain(line)
            if any(c.isalnum() for c in words):
                return _shortened(_SENTENCE_END.split(words, maxsplit=1)[0])
    return ""


def title_from_exchange(question: str, answer: str) -> str:
    """The title of a chat that begins so: the question's, unless only the answer says what it is about."""
    asked = title_from(question)
    if not _is_vague(asked, question):
        return asked
    said = _topic_of(answer)
    return said or asked


def _is_vague(title: str, question: str) -> bool:
    rest = _GREETING.sub("", title, count=1) if _GREETING.match(title) else title
    n_wide = sum(1 for c in rest if c >= "\u2e80")
    if not title or (len(rest) < _SHORTEST_TOPIC_CHARS and n_wide < _SHORTEST_TOPIC_WIDE):
        return True
    # "Why does this fail?" above a listing: the words point at what cannot be read in a title.
    has_more = len(question.strip()) > len(title) + _SHORT_SENTENCE_CHARS
    return has_more and len(title) < _SHORT_SENTENCE_CHARS and bool(_POINTING.search(title))


def _topic_of(answer: str) -> str:
    """What an answer names as its topic: its first heading, its first words in bold, or its first sentence."""
    text = _FENCE.sub("", answer)
    for pattern in (_HEADING, _BOLD):
        match = pattern.search(text)
        topic = title_from(match.group(1)) if match else ""
        if len(topic) >= 3 and not _FORMULA.search(topic):
            return topic
    first = title_from(text)
    return "" if _GREETING.match(first) or _FORMULA.search(first) else first


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
