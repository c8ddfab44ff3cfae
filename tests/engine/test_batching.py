"""Several answers at once in one context: each is what it would be alone, and none stands in another's way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from launcher.core.generation import Answer, ChatTurn
from launcher.core.plans import Placement
from launcher.engine.protocol import (
    AnswerFinished,
    AnswerStarted,
    EngineState,
    OperationFailed,
    PromptProgress,
    StateChanged,
    TextDelta,
    TokensCounted,
)
from tests.engine.conftest import Engine, question, request_for

Models = Callable[..., Path]
QUESTIONS = (
    "Where do the layers go?",
    "What does the engine keep in memory, and why? " * 20,
    "Which card?",
    "Tell me about the cache of a small model on my own computer. " * 5,
)


def placed(n_parallel: int, n_ctx: int = 4096, **more: Any) -> Placement:
    return Placement(
        n_gpu_layers=0, n_ctx=n_ctx, threads=1, n_parallel=n_parallel, kv_type_k="f32", kv_type_v="f32", **more
    )


def answers_of(engine: Engine, operations: Sequence[int]) -> list[Answer]:
    return [engine.seen.wait(AnswerFinished, lambda e, o=o: e.id == o).answer for o in operations]


def order(engine: Engine, operation: int) -> tuple[int, int]:
    """Where among all events an answer began and ended."""
    events = [e for _, e in engine.seen.events]
    found = [i for i, e in enumerate(events) if isinstance(e, AnswerStarted | AnswerFinished) and e.id == operation]
    return found[0], found[-1]


@pytest.fixture(scope="module")
def four(models: Models) -> Iterator[Engine]:
    engine = Engine()
    engine.load(models(template="v3", end_weight=0.0, weight_type="f32"), placed(4))
    yield engine
    engine.client.close()


@pytest.mark.parametrize("arch", ["deepseek2", "qwen2", "llama"])
def test_four_at_once_write_what_each_writes_alone(
    make_engine: Callable[..., Engine], models: Models, arch: str
) -> None:
    path = models(arch, template="v3", end_weight=0.0, weight_type="f32")
    alone, together = make_engine(), make_engine()
    alone.load(path, placed(1))
    together.load(path, placed(4))
    expected = [alone.ask(text, max_tokens=60).answer for text in QUESTIONS]
    operations = [together.client.generate(question(text, max_tokens=60)) for text in QUESTIONS]
    answers = answers_of(together, operations)
    assert [a.answer for a in answers] == expected
    assert all(a.timings.decode_tokens == 60 for a in answers)
    # They really overlapped: all had begun before the first ended.
    assert max(order(together, o)[0] for o in operations) < min(order(together, o)[1] for o in operations)
    # And the second turn of each finds its own cache, in whichever order they come.
    again = [
        together.client.generate(question(text, answer.answer, "And then?", max_tokens=20))
        for text, answer in list(zip(QUESTIONS, answers, strict=True))[::-1]
    ]
    for answer, text, first in zip(answers_of(together, again)[::-1], QUESTIONS, answers, strict=True):
        assert answer.timings.reused_tokens == first.timings.prompt_tokens + first.timings.decode_tokens - 1
        assert answer.answer == alone.ask(text, first.answer, "And then?", max_tokens=20).answer


def test_the_state_is_answering_until_the_last_is_done(four: Engine) -> None:
    before = len(four.seen.of(StateChanged))
    answers_of(four, [four.client.generate(question("Hello", max_tokens=n)) for n in (5, 30)])
    four.seen.wait(StateChanged, lambda e: e.state is EngineState.READY)
    states = [e.state for e in four.seen.of(StateChanged)[before:]]
    assert states in ([EngineState.ANSWERING, EngineState.READY], [EngineState.ANSWERING])


def test_a_stop_of_one_leaves_the_others(four: Engine) -> None:
    expected = four.ask(QUESTIONS[0], max_tokens=300).answer
    going, stopped = (four.client.generate(question(t, max_tokens=300)) for t in (QUESTIONS[0], QUESTIONS[2]))
    four.seen.wait(TextDelta, lambda e: e.id == stopped)
    four.client.stop(stopped)
    first, second = answers_of(four, (going, stopped))
    assert second.timings.stop_reason == "stopped"
    assert second.timings.decode_tokens < 300
    assert first.timings.stop_reason == "length"
    assert first.answer == expected


def test_a_stop_is_quick_while_another_reads_a_long_prompt(engine: Engine, models: Models) -> None:
    engine.load(models(slow=True, template="v3", end_weight=0.0), placed(2, n_ctx=8192))
    expected = engine.ask("Short.", max_tokens=5).answer
    writing = engine.client.generate(question("Go on.", max_tokens=None))
    engine.seen.wait(TextDelta, lambda e: e.id == writing and e.decode_tokens >= 3)
    reading = engine.client.generate(question("Hello there " * 600, max_tokens=4))
    engine.seen.wait(PromptProgress, lambda e: e.id == reading and e.done_tokens > 0)
    asked = time.monotonic()
    engine.client.stop(writing)
    done = engine.seen.wait(AnswerFinished, lambda e: e.id == writing)
    assert engine.seen.time_of(done) - asked <= 0.3
    assert done.answer.timings.stop_reason == "stopped"
    engine.client.stop(reading)
    assert answers_of(engine, [reading])[0].timings.stop_reason == "stopped"
    assert engine.ask("Short.", max_tokens=5).answer == expected


def test_writing_goes_on_while_another_reads(engine: Engine, models: Models) -> None:
    engine.load(models(slow=True, template="v3", end_weight=0.0), placed(2, n_ctx=8192, n_ubatch=32))
    engine.ask("Warm.", max_tokens=2)
    writing = engine.client.generate(question("Go on.", max_tokens=None))
    engine.seen.wait(TextDelta, lambda e: e.id == writing)
    reading = engine.client.generate(question("Hello there " * 40, max_tokens=2))
    answers_of(engine, [reading])
    engine.client.stop(writing)
    answers_of(engine, [writing])
    begun, ended = order(engine, reading)
    between = [e for _, e in engine.seen.events[begun:ended] if isinstance(e, TextDelta) and e.id == writing]
    assert len(between) >= 3  # a prompt in one piece would leave one


def test_a_fifth_waits_for_a_place(four: Engine) -> None:
    operations = [four.client.generate(question("Hello", max_tokens=40 + 20 * i)) for i in range(5)]
    answers = answers_of(four, operations)
    assert [a.timings.decode_tokens for a in answers] == [40, 60, 80, 100, 120]
    assert order(four, operations[4])[0] > min(order(four, o)[1] for o in operations[:4])


def test_an_answer_that_waits_can_be_stopped(four: Engine) -> None:
    operations = [four.client.generate(question("Hello", max_tokens=60)) for _ in range(4)]
    waiting = four.client.generate(question("Me too", max_tokens=60))
    four.client.stop(waiting)
    answers = answers_of(four, (*operations, waiting))
    assert [a.timings.decode_tokens for a in answers] == [60, 60, 60, 60, 0]
    assert len({a.answer for a in answers[:4]}) == 1


def test_a_bad_request_harms_nobody(four: Engine) -> None:
    good = four.client.generate(question("Hello", max_tokens=50))
    bad = four.client.generate(question("Hello", max_tokens=50, grammar="root ::= ("))
    assert four.seen.wait(OperationFailed, lambda e: e.id == bad).failure.code == "bad_grammar"
    assert answers_of(four, [good])[0].timings.decode_tokens == 50


def test_tokens_are_counted_while_answers_are_made(four: Engine) -> None:
    going = four.client.generate(question("Go on.", max_tokens=200))
    four.seen.wait(TextDelta, lambda e: e.id == going)
    operation = four.client.count_tokens([ChatTurn("user", "Hello")])
    counted = four.seen.wait(TokensCounted, lambda e: e.id == operation)
    finished = answers_of(four, [going])[0]
    assert counted.tokens > 0
    assert finished.timings.decode_tokens == 200
    events = [e for _, e in four.seen.events]
    assert events.index(counted) < order(four, going)[1]


# --- less room than all of them want ----------------------------------------------------------------------------------


def test_together_longer_than_the_context_the_longest_ends_first(engine: Engine, models: Models) -> None:
    engine.load(models(template="v3", end_weight=0.0), placed(2, n_ctx=512))
    long = engine.client.generate(question("Hello there " * 10, max_tokens=None))
    engine.seen.wait(TextDelta, lambda e: e.id == long)
    short = engine.client.generate(question("Hello", max_tokens=None))
    first, second = answers_of(engine, (long, short))
    assert first.timings.stop_reason == second.timings.stop_reason == "context"
    assert first.timings.context_used < 512
    assert second.timings.context_used == 512
    assert order(engine, long)[1] < order(engine, short)[1]
    assert engine.ask("Again.", max_tokens=4).timings.decode_tokens == 4


def test_a_prompt_waits_for_room_instead_of_ending_an_answer(engine: Engine, models: Models) -> None:
    engine.load(models(template="v3", end_weight=0.0), placed(2, n_ctx=512))
    first = engine.client.generate(question("Hello there " * 20, max_tokens=100))
    second = engine.client.generate(question("Hello there " * 40, max_tokens=20))
    answers = answers_of(engine, (first, second))
    assert [a.timings.stop_reason for a in answers] == ["length", "length"]
    assert order(engine, second)[0] > order(engine, first)[1]


def test_a_prompt_for_which_the_room_ran_out_begins_again_later(engine: Engine, models: Models) -> None:
    """It fitted when it began; while it was read the other answer took the rest."""
    engine.client.load(request_for(models(template="v3", end_weight=0.0), placed(2, n_ctx=512, n_ubatch=32)))
    # Asked while the model is loaded: both begin in the same step.
    first = engine.client.generate(question("Hi", max_tokens=300))
    second = engine.client.generate(question("Hello there " * 55, max_tokens=5))
    answers = answers_of(engine, (first, second))
    assert [a.timings.stop_reason for a in answers] == ["length", "length"]
    assert sum(a.timings.prompt_tokens for a in answers) < 512
    assert order(engine, second)[0] < order(engine, first)[1]
    progress = [e.done_tokens for e in engine.seen.of(PromptProgress) if e.id == second]
    assert progress != sorted(progress)
    assert progress[-1] < answers[1].timings.prompt_tokens
    assert engine.ask("Hello there " * 55, max_tokens=5).answer == answers[1].answer


def test_caches_of_idle_conversations_make_room(engine: Engine, models: Models) -> None:
    engine.load(models(template="v3", end_weight=0.0), placed(4, n_ctx=512))
    for i in range(4):
        engine.ask(f"{i} Hello there " * 8, max_tokens=20)
    answer = engine.ask("Hello there " * 20, max_tokens=None)
    assert answer.timings.stop_reason == "context"
    assert answer.timings.context_used == 512
