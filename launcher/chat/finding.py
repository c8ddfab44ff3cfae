"""Finding words in texts: those of a search over all chats, and every place of a wish in the open one."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from launcher.chat.conversation import Message, MessageState, Role
from launcher.chat.json_text import as_shown, is_json, may_be_json

MOST_PLACES = 10_000
"""So many places are told of one chat at most."""

_SNIPPET_BEFORE, _SNIPPET_AFTER = 30, 90
_PHRASES = re.compile(r'"([^"]+)"|(\S+)')
_ESCAPABLE = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
# Between two words of an answer there may be marks of Markdown, and the marks of a quote after a line's end.
_BETWEEN = r"[*_`~]*\s+(?:>[ \t]*)*[*_`~]*"
_FENCES = ("```", "~~~")


class Words:
    """What is searched for: words that must all occur; a phrase in quotation marks is one of them. Case does not matter."""

    def __init__(self, text: str) -> None:
        found = (" ".join((phrase or word).split()) for phrase, word in _PHRASES.findall(text))
        self.all = tuple(dict.fromkeys(w for w in found if w.strip('"')))
        self._patterns = [re.compile(_pattern(w), re.IGNORECASE) for w in self.all]
        self._any = re.compile("|".join(_pattern(w) for w in sorted(self.all, key=len, reverse=True)), re.IGNORECASE)

    def __bool__(self) -> bool:
        return bool(self.all)

    def are_in(self, *texts: str) -> bool:
        """Whether every word occurs in one of the texts."""
        return bool(self.all) and all(any(p.search(t) for t in texts) for p in self._patterns)

    def snippet(self, text: str) -> tuple[str, tuple[tuple[int, int], ...]] | None:
        """The text around the first hit on one line, and (start, end) of the hits in it; None without a hit."""
        first = self._any.search(text)
        if first is None:
            return None
        begin, end = max(0, first.start() - _SNIPPET_BEFORE), max(first.end(), first.start() + _SNIPPET_AFTER)
        piece = ("…" if begin else "") + " ".join(text[begin:end].split()) + ("…" if end < len(text) else "")
        return piece, tuple(m.span() for m in self._any.finditer(piece))


@dataclass(frozen=True, slots=True)
class FindWish:
    """What is to be found in a chat.

    Attributes:
        text: as it was typed; blanks stand for any white space.
        minds_case: capital letters are others than small ones.
        is_words: the words of a search over all chats: each of them is a place.
    """

    text: str
    minds_case: bool = False
    is_words: bool = False

    def __bool__(self) -> bool:
        return bool(self._phrases())

    def in_source(self) -> re.Pattern[str]:
        """Matches Markdown as it was written; the wish must not be empty."""
        return self._compiled([_source_pattern(p) for p in self._phrases()])

    def in_shown(self) -> re.Pattern[str]:
        """Matches text as it is shown; the wish must not be empty."""
        return self._compiled([_pattern(p) for p in self._phrases()])

    def _phrases(self) -> Sequence[str]:
        """The longest first, so that it is the one that is marked."""
        if self.is_words:
            return sorted(Words(self.text).all, key=len, reverse=True)
        phrase = " ".join(self.text.split())
        return [phrase] if phrase else []

    def _compiled(self, patterns: Sequence[str]) -> re.Pattern[str]:
        return re.compile("|".join(patterns), 0 if self.minds_case else re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FindRequest:
    """A wish, and the messages in the order of reading."""

    wish: FindWish
    messages: Sequence[Message]


class FindPlace(NamedTuple):
    """One place.

    Attributes:
        start: counts characters of the message's text, of its thought without the white space around it, or of the lines
            of an answer that is shown as JSON (`json_text.as_shown`).
    """

    message_id: str
    is_reasoning: bool
    start: int


@dataclass(frozen=True, slots=True)
class Found:
    """All places of a wish in a chat, in the order of reading; `is_cut`: there are more."""

    wish: FindWish
    places: tuple[FindPlace, ...] = ()
    is_cut: bool = False


class ChatFinder:
    """Finds places again and again while a chat grows: a text that is the same is not read twice. For one thread."""

    def __init__(self) -> None:
        self._wish = FindWish("")
        self._known: dict[tuple[str, bool], tuple[str, bool, tuple[int, ...]]] = {}

    def find(
        self, wish: FindWish, messages: Sequence[Message], is_over: Callable[[], bool] = lambda: False
    ) -> Found | None:
        """Every place in these messages.

        Args:
            wish: what is to be found; an empty one is nowhere.
            messages: in the order of reading.
            is_over: asked before each message; True ends the work and None is returned.
        """
        known = self._known if wish == self._wish else {}
        self._wish, self._known = wish, {}
        if not wish:
            return Found(wish)
        patterns = _Patterns(wish.in_source(), wish.in_shown())
        places: list[FindPlace] = []
        for message in messages:
            if is_over():
                self._known = known | self._known
                return None
            for is_reasoning in (True, False):
                text = message.reasoning.strip() if is_reasoning else message.text
                if not text:
                    continue
                key = (message.id, is_reasoning)
                is_whole = message.state is not MessageState.STREAMING
                before = known.get(key)
                if before is not None and before[:2] == (text, is_whole):
                    starts = before[2]
                elif is_reasoning:
                    starts = _starts(patterns.in_source, text, is_plain=False)
                else:
                    starts = _starts_of(message, patterns, is_whole)
                self._known[key] = (text, is_whole, starts)
                places += [FindPlace(message.id, is_reasoning, start) for start in starts]
            if len(places) > MOST_PLACES:
                return Found(wish, tuple(places[:MOST_PLACES]), is_cut=True)
        return Found(wish, tuple(places))


def nearest(places: Sequence[FindPlace], order: dict[str, int], message_id: str, start: int = -1) -> int:
    """Number of the first place at or after a place of a message; 0 when all are before it.

    Args:
        places: in the order of reading; at least one.
        order: the number of each message.
        message_id: where to begin.
        start: characters of its text; -1 also takes its thought.
    """
    wanted = (order.get(message_id, 0), start >= 0, start)
    number = bisect_left(places, wanted, key=lambda p: (order.get(p.message_id, 0), not p.is_reasoning, p.start))
    return number if number < len(places) else 0


class _Patterns(NamedTuple):
    """One wish in both kinds of text."""

    in_source: re.Pattern[str]
    in_shown: re.Pattern[str]


def _starts_of(message: Message, patterns: _Patterns, is_whole: bool) -> tuple[int, ...]:
    if message.role is Role.USER:
        return _starts(patterns.in_source, message.text, is_plain=True)
    if is_json(message.text) if is_whole else may_be_json(message.text):
        return _starts(patterns.in_shown, as_shown(message.text, is_whole=is_whole), is_plain=True)
    return _starts(patterns.in_source, message.text, is_plain=False)


def _starts(pattern: re.Pattern[str], text: str, *, is_plain: bool) -> tuple[int, ...]:
    starts: list[int] = []
    for found in pattern.finditer(text):
        if is_plain or not _is_hidden(text, found.start()):
            starts.append(found.start())
        if len(starts) > MOST_PLACES:
            break
    return tuple(starts)


def _is_hidden(text: str, at: int) -> bool:
    """What is not shown of Markdown: the line that opens a listing, and addresses behind words."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    if line.lstrip(" >").startswith(_FENCES):
        return True
    address = line.rfind("](")
    return address >= 0 and ")" not in line[address:]


def _pattern(word: str) -> str:
    return r"\s+".join(re.escape(part) for part in word.split())


def _source_pattern(phrase: str) -> str:
    """Also with marks of Markdown between the words, and with backslashes before punctuation."""
    return _BETWEEN.join("".join(_character(c) for c in part) for part in phrase.split())


def _character(character: str) -> str:
    return (r"\\?" if character in _ESCAPABLE else "") + re.escape(character)
