"""A thought is closed after so many tokens, in the way of its template, and the answer follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher.core.errors import UserError
from launcher.core.generation import Answer
from launcher.core.models import Sampling
from launcher.engine.protocol import AnswerFinished, TextDelta
from tests.engine.conftest import Engine
from tests.fakes.gguf_models import ANSWER, REASONING

Models = Callable[..., Path]
SELF_OPENING = """{{- bos_token -}}
{%- for m in messages -%}
{%- if m['role'] == 'user' -%}{{- '<｜User｜>' + m['content'] -}}{%- endif -%}
{%- if m['role'] == 'assistant' -%}
{{- '<｜Assistant｜>' + m['content'].split('</think>')[-1] + '<｜end▁of▁sentence｜>' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<｜Assistant｜>' -}}{%- endif -%}"""


def words(text: str) -> set[str]:
    return {w.strip(".,;").lower() for w in text.split()}


def is_split_well(answer: Answer) -> bool:
    return words(answer.reasoning) <= words(REASONING) and words(answer.answer) <= words(ANSWER)


@pytest.fixture(scope="module", params=["r1", "v31", "self-opening"])
def thinker(request: pytest.FixtureRequest, models: Models) -> Iterator[Engine]:
    """A model whose thought never ends by itself."""
    own = request.param == "self-opening"
    engine = Engine()
    engine.load(
        models(template=SELF_OPENING if own else request.param, opens_thought=own, think_end_weight=0.0, end_weight=3.0)
    )
    yield engine
    engine.client.close()


def test_the_thought_ends_at_its_budget_and_an_answer_follows(thinker: Engine) -> None:
    endless = thinker.ask("Think.", max_tokens=80)
    assert not endless.answer
    held = thinker.ask("Think.", max_tokens=80, thinking_budget=20)
    assert held.timings.reasoning_tokens == 20
    assert held.answer
    assert is_split_well(held)
    # What was thought is the beginning of what would have been thought.
    assert endless.reasoning.startswith(held.reasoning)
    assert held.timings.reasoning_seconds > 0


def test_the_marks_that_we_write_are_in_the_context_and_not_counted_as_the_models(thinker: Engine) -> None:
    held = thinker.ask("Think.", max_tokens=40, thinking_budget=10)
    t = held.timings
    marks = t.context_used - t.prompt_tokens - (t.decode_tokens - (t.stop_reason == "length"))
    assert 1 <= marks <= 3  # "</think>", with the line breaks of its template or without


def test_a_budget_of_nothing_goes_straight_to_the_answer(thinker: Engine) -> None:
    answer = thinker.ask("Think.", max_tokens=40, thinking_budget=0)
    assert not answer.reasoning
    assert answer.timings.reasoning_tokens == 0
    assert answer.answer
    assert words(answer.answer) <= words(ANSWER)
    again = thinker.ask("Think.", answer.answer, "And now?", max_tokens=20, thinking_budget=5)
    assert again.timings.reasoning_tokens == 5


def test_a_grammar_holds_the_answer_after_the_thought(thinker: Engine) -> None:
    for budget in (0, 7):
        answer = thinker.ask("Think.", max_tokens=60, thinking_budget=budget, grammar='root ::= "yes" | "no"')
        assert answer.answer in ("yes", "no")
        assert answer.timings.reasoning_tokens == budget
        assert answer.timings.stop_reason == "end"


def test_the_length_counts_before_the_budget(thinker: Engine) -> None:
    answer = thinker.ask("Think.", max_tokens=10, thinking_budget=10)
    assert answer.timings.stop_reason == "length"
    assert answer.timings.decode_tokens == 10


def test_a_thought_that_was_cut_off_goes_on_where_it_was(thinker: Engine) -> None:
    cut = thinker.ask("Think.", max_tokens=20)
    assert cut.answer == ""
    again = thinker.ask("Think.", thought=cut.reasoning, max_tokens=40)
    assert again.answer == ""
    assert again.reasoning.startswith(cut.reasoning)
    assert words(again.reasoning) <= words(REASONING)
    assert again.timings.reasoning_tokens == 40, "what is new"
    streamed = [e for e in thinker.seen.of(TextDelta) if e.id == thinker.seen.of(AnswerFinished)[-1].id]
    new = "".join(d.text for e in streamed for d in e.deltas)
    assert cut.reasoning + new == again.reasoning
    held = thinker.ask("Think.", thought=cut.reasoning, max_tokens=80, thinking_budget=5)
    assert held.reasoning.startswith(cut.reasoning)
    assert held.timings.reasoning_tokens == 5
    assert is_split_well(held)
    assert held.answer


def test_a_thought_does_not_go_on_where_the_model_knows_none(engine: Engine, models: Models) -> None:
    engine.load(models(template="v3"))
    with pytest.raises(UserError, match="cannot go on with this model"):
        engine.ask("Think.", thought="First I")
    assert engine.ask("Hi", max_tokens=3).answer, "nothing else is harmed"


def test_a_thought_within_its_budget_is_left_alone(engine: Engine, models: Models) -> None:
    engine.load(models(think_end_weight=3.0, end_weight=3.0))
    free = engine.ask("Hi", max_tokens=200, sampling=Sampling(temperature=0.8, seed=4))
    assert free.answer
    budget = free.timings.reasoning_tokens + 50
    held = engine.ask("Hi", max_tokens=200, sampling=Sampling(temperature=0.8, seed=4), thinking_budget=budget)
    assert (held.reasoning, held.answer) == (free.reasoning, free.answer)
    grammar = 'root ::= "{" [^}]* "}"'
    after = engine.ask("Hi", max_tokens=400, sampling=Sampling(temperature=0.8, seed=4), grammar=grammar)
    assert after.reasoning == free.reasoning
    assert after.answer.startswith("{")


def test_with_thinking_off_nothing_changes(engine: Engine, models: Models) -> None:
    engine.load(models(template="v31"))
    plain = engine.ask("Hi", thinking=False)
    held = engine.ask("Hi", thinking=False, thinking_budget=3)
    assert not held.reasoning
    assert held.answer == plain.answer
    assert held.timings.prompt_tokens == plain.timings.prompt_tokens
