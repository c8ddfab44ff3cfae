"""What the built-in model is taught: right answers, and nothing of what it is examined in."""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "packaging" / "tiny_model"))
import guide
import held_out
import reasoning
import small_talk


def tasks(name: str, n: int = 400) -> list[reasoning.Exchange]:
    rng = random.Random(3)
    return [reasoning.make_task(name, rng) for _ in range(n)]


@pytest.mark.parametrize("name", ["addition", "subtraction", "multiplication"])
def test_sums_are_right_in_the_answer_and_in_the_thought(name: str) -> None:
    for task in tasks(name):
        for a, sign, b, c in re.findall(r"(\d+) ?([-+*]) ?(\d+) ?= ?(-?\d+)", f"{task.answer} {task.thought}"):
            # "4+3+1=8" and "4-3-1=0": the last two numbers of a longer sum.
            if f"{sign}{a}{sign}{b}=" in task.thought.replace(" ", ""):
                continue
            computed = {"+": int(a) + int(b), "-": int(a) - int(b), "*": int(a) * int(b)}[sign]
            assert computed == int(c), task
        assert task.result in task.answer


def test_comparisons_are_right() -> None:
    for task in tasks("comparison") + tasks("decimals"):
        first, second = (float(x) for x in re.findall(r"\d+(?:\.\d+)?", task.answer))
        is_larger = "larger" in task.answer or "大" in task.answer
        for a, sign, b in re.findall(r"(\d)([<=>])(\d)", task.thought):
            assert sign == ("<" if a < b else ">" if a > b else "="), task
        assert (first > second) == is_larger, task
        assert task.answer.startswith(task.result)


def test_sorting_is_right_and_every_step_of_it() -> None:
    for task in tasks("sorting"):
        numbers = [int(x) for x in re.findall(r"\d+", task.question)]
        descending = task.thought.startswith("Largest")
        assert task.answer == ", ".join(map(str, sorted(numbers, reverse=descending)))
        left = list(numbers)
        steps = re.findall(r"(\d+) \| ((?:\d+ ?)+)", task.thought)
        assert len(steps) == len(numbers) - 1
        for step in steps:
            left.remove(int(step[0]))
            assert left == [int(x) for x in step[1].split()]


def test_letters_are_counted_rightly() -> None:
    for task in tasks("letters"):
        word, letter = task.key.split(":")
        named, spelled, count = task.thought.rstrip(".").split(": ")
        assert named == f"Letter {letter}"
        assert re.findall(r"[a-z]", spelled) == list(word)
        assert int(count) == word.count(letter)
        assert str(word.count(letter)) in task.answer


@pytest.mark.parametrize("name", [n for n in reasoning.TASKS if n != "multiplication"])
def test_what_is_held_out_is_never_trained(name: str) -> None:
    rng = random.Random(5)
    trained = {held_out.reasoning_task(rng, name).key for _ in range(600)}
    asked = {held_out.reasoning_task(rng, name, for_evaluation=True).key for _ in range(200)}
    assert asked
    assert not asked & trained


def test_the_guide_has_a_few_hundred_entries_with_questions_of_their_own() -> None:
    def plain(text: str) -> str:
        return re.sub(r"[\s?.!？。！,，'\"“”]", "", text.lower())

    entries = guide.entries()
    assert len(entries) >= 290
    assert len({entry.key for entry in entries}) == len(entries)
    for lang in (0, 1):
        owners: dict[str, str] = {}
        for entry in entries:
            assert entry.answers[lang].strip()
            assert len(entry.questions[lang]) >= 10
            assert 1 <= len(entry.held_out[lang]) <= 4
            for question in entry.questions[lang] + entry.held_out[lang]:
                assert owners.setdefault(plain(question), entry.key) == entry.key
        # Nor in the other language: what is the same text in both cannot be asked for an answer in one of them.
        held = {plain(question) for entry in entries for question in entry.held_out[lang]}
        assert not held & {plain(question) for _, _, question in guide.trained_questions()}
    assert len({entry.answers for entry in entries}) == len(entries)


def test_answers_are_short_enough_to_be_learned() -> None:
    for entry in guide.entries():
        assert len(entry.answers[0].split()) <= 50, entry.key
        assert len(entry.answers[1]) <= 90, entry.key


def test_refusals_of_the_evaluation_are_about_other_things() -> None:
    rng = random.Random(7)
    trained = {small_talk.make_refusal(rng, is_held_out=False).question for _ in range(3000)}
    asked = {small_talk.make_refusal(rng, is_held_out=True).question for _ in range(300)}
    assert len(asked & trained) == 0
    assert len(asked) > 150


def test_nothing_unknown_is_a_question_of_the_guide() -> None:
    known = {question.lower() for entry in guide.entries() for lang in (0, 1) for question in entry.questions[lang]}
    for path in ("unknown_en.txt", "unknown_zh.txt"):
        lines = (Path(small_talk.__file__).parent / path).read_text("utf-8").splitlines()
        assert len(lines) == len(set(lines)) > 1000
        assert not {line.lower() for line in lines} & known


def test_another_wording_keeps_the_question() -> None:
    rng = random.Random(11)
    varied = {guide.vary(rng, "What does the KV cache do?", 0) for _ in range(300)}
    assert len(varied) > 40
    assert all("cache" in text.lower() or "kv" in text.lower() for text in varied)
