"""The guide: questions about the app and about running models locally, with the one right answer each.

`guide/*.json` hold the entries, written by hand: {id, topic, terms_en/zh (names of the subject), questions_en/zh, held_out_en/zh, answer_en/zh}.
The held-out questions are never trained; whoever wrote the `more_en/zh` ones had not seen them.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from exchange import Exchange

_FOLDER = Path(__file__).parent / "guide"
_LANGUAGES = ("en", "zh")
_PLAIN_TIMES = 3
_FRAMES = (
    (
        "what is {t}",
        "What does {t} mean?",
        "{t}",
        "{t}?",
        "Explain {t}.",
        "tell me about {t}",
        "{t}, please explain",
        "I have a question about {t}",
        "help with {t}",
    ),
    ("什么是{t}", "{t}是什么意思？", "{t}", "{t}？", "解释一下{t}", "说说{t}", "{t} 怎么理解？", "我想问{t}"),
)
_BEFORE = (
    (
        "Hi, ",
        "hello, ",
        "please tell me: ",
        "Please: ",
        "can you tell me ",
        "I want to know: ",
        "Sorry, ",
        "one question: ",
        "Hey ",
        "ok. ",
        "so ",
    ),
    ("你好，", "请问", "请问一下，", "我想知道", "想问一下，", "麻烦问一下，", "那么，"),
)
_AFTER = (
    (" please", " thanks", ", please?", " I am new to this", " ?", "!", "??"),
    ("谢谢", "呢", "呀？", "，请说明", "！"),
)
# Words that a user may leave out without the subject being lost.
_MINOR = frozenset(
    [
        "a",
        "an",
        "the",
        "is",
        "are",
        "do",
        "does",
        "i",
        "my",
        "me",
        "of",
        "to",
        "for",
        "in",
        "on",
        "it",
        "this",
        "that",
        "can",
        "you",
        "please",
        "what",
        "how",
        "why",
        "and",
        "with",
        "so",
    ]
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer and the questions that it answers, by language (0 English, 1 Chinese).

    Attributes:
        n_plain: how many of the questions, the first ones, are worded plainly; the others say it in unusual words.
    """

    key: str
    subject: tuple[str, str]
    answers: tuple[str, str]
    questions: tuple[tuple[str, ...], tuple[str, ...]]
    held_out: tuple[tuple[str, ...], tuple[str, ...]]
    terms: tuple[tuple[str, ...], tuple[str, ...]]
    n_plain: tuple[int, int]


@cache
def entries() -> tuple[Entry, ...]:
    """Every entry of the guide."""
    raw = [entry for path in sorted(_FOLDER.glob("*.json")) for entry in json.loads(path.read_text(encoding="utf-8"))]
    # A name that two entries share tells neither.
    uses = Counter(term.lower() for entry in raw for code in _LANGUAGES for term in entry[f"terms_{code}"])
    return tuple(
        Entry(
            entry["id"],
            (entry["terms_en"][0], entry["terms_zh"][0]),
            (entry["answer_en"], entry["answer_zh"]),
            _both(entry, "questions", "more"),
            _both(entry, "held_out"),
            tuple(tuple(t for t in entry[f"terms_{code}"] if uses[t.lower()] == 1) for code in _LANGUAGES),  # pyright: ignore[reportArgumentType]
            (len(entry["questions_en"]), len(entry["questions_zh"])),
        )
        for entry in raw
    )


def _both(entry: dict[str, list[str]], *fields: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    english, chinese = (tuple(q for field in fields for q in entry.get(f"{field}_{code}", ())) for code in _LANGUAGES)
    return english, chinese


def trained_questions() -> list[tuple[Entry, int, str]]:
    """Every question to learn, as (entry, language, question)."""
    return [(entry, lang, question) for entry in entries() for lang in (0, 1) for question in entry.questions[lang]]


def read_questions() -> list[tuple[Entry, int, str]]:
    """The same, with the plain ones, as most people ask, as often as they are read while the others are read once."""
    return [
        (entry, lang, question)
        for entry in entries()
        for lang in (0, 1)
        for index, question in enumerate(entry.questions[lang])
        for _ in range(_PLAIN_TIMES if index < entry.n_plain[lang] else 1)
    ]


def held_out_questions() -> list[tuple[Entry, int, str]]:
    """Every question kept for the evaluation."""
    return [(entry, lang, question) for entry in entries() for lang in (0, 1) for question in entry.held_out[lang]]


def exchange(entry: Entry, lang: int, question: str) -> Exchange:
    """The question as a turn of a chat."""
    thought = f"Guide: {entry.subject[0]}." if lang == 0 else f"指南：{entry.subject[1]}。"
    return Exchange("guide", question, thought, entry.answers[lang], entry.key, entry.answers[lang], bool(lang))


def framed(rng: random.Random, entry: Entry, lang: int) -> str | None:
    """The entry's subject in a plain question; None for an entry without a name of its own."""
    terms = entry.terms[lang]
    return rng.choice(_FRAMES[lang]).format(t=rng.choice(terms)) if terms else None


def vary(rng: random.Random, question: str, lang: int) -> str:
    """The same question as another person would type it: case, marks, politeness, a missing small word, a slip of the finger."""
    if rng.random() < 0.35:
        question = question.rstrip("?.!？。！ ")
    if lang == 0 and rng.random() < 0.3:
        question = _without_a_word(rng, question)
    if lang == 0 and rng.random() < 0.06:
        question = _with_a_slip(rng, question)
    if rng.random() < 0.12:
        question = rng.choice(_BEFORE[lang]) + (question if lang else question[:1].lower() + question[1:])
    if rng.random() < 0.08:
        question = question.rstrip("?.!？。！") + rng.choice(_AFTER[lang])
    if lang == 1 and rng.random() < 0.15:
        question = question.replace(" ", "")
    return _in_other_case(rng, question)


def _in_other_case(rng: random.Random, question: str) -> str:
    roll = rng.random()
    if roll < 0.25:
        return question.lower()
    if roll < 0.35:
        return question[:1].upper() + question[1:]
    return question.upper() if roll > 0.985 else question


def _without_a_word(rng: random.Random, question: str) -> str:
    words = question.split(" ")
    minor = [i for i, word in enumerate(words) if word.lower() in _MINOR]
    # Sometimes any word, so that no single one is relied on.
    candidates = minor if minor and rng.random() < 0.75 else list(range(len(words))) if len(words) > 4 else []
    if not candidates:
        return question
    gone = rng.choice(candidates)
    return " ".join(word for i, word in enumerate(words) if i != gone)


def _with_a_slip(rng: random.Random, question: str) -> str:
    places = [i for i in range(1, len(question) - 1) if question[i].isalpha() and question[i + 1].isalpha()]
    if not places:
        return question
    i = rng.choice(places)
    if rng.random() < 0.5:
        return question[:i] + question[i + 1] + question[i] + question[i + 2 :]
    return question[:i] + question[i + 1 :]
