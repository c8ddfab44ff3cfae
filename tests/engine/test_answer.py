"""Answers: text, reasoning, sampling, stop, prefix reuse, the end of the context."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from launcher.core.errors import UserError
from launcher.core.generation import ChatTurn, GenerateRequest, Loaded
from launcher.core.models import Sampling, Thinking
from launcher.core.plans import Placement
from launcher.engine.protocol import AnswerFinished, EngineState, PromptProgress, StateChanged, TextDelta, TokensCounted
from tests.engine.conftest import Engine, question
from tests.fakes.gguf_models import ANSWER, REASONING

Models = Callable[..., Path]


def words(text: str) -> set[str]:
    return {w.strip(".,;").lower() for w in text.split()}


@pytest.mark.parametrize("arch", ["deepseek2", "qwen2", "llama"])
def test_reasoning_and_answer_are_separate_streams(engine: Engine, models: Models, arch: str) -> None:
    loaded = engine.load(models(arch))
    assert loaded.architecture == arch
    assert loaded.thinking is Thinking.ALWAYS
    assert loaded.template_origin == "file"
    answer = engine.ask("Where do the experts go?", max_tokens=60, sampling=Sampling(temperature=0.6, seed=3))
    assert words(answer.reasoning) <= words(REASONING)
    assert words(answer.answer) <= words(ANSWER)
    assert answer.reasoning
    assert answer.answer
    t = answer.timings
    assert 0 < t.reasoning_tokens < t.decode_tokens <= 60
    assert t.context_used >= t.prompt_tokens + t.decode_tokens - 1
    assert t.time_to_first_token_s > 0
    assert t.reasoning_seconds > 0
    assert t.decode_tokens_s > 0
    assert t.prefill_tokens_s > 0


def test_what_streams_is_what_the_answer_says(engine: Engine, models: Models) -> None:
    engine.load(models())
    answer = engine.ask("Say something.", max_tokens=80)
    sent = engine.seen.of(TextDelta)
    for channel, whole in (("reasoning", answer.reasoning), ("answer", answer.answer)):
        assert "".join(d.text for event in sent for d in event.deltas if d.channel == channel) == whole
    assert sent[-1].decode_tokens == answer.timings.decode_tokens


def test_deltas_come_in_batches(engine: Engine, models: Models) -> None:
    engine.load(models())
    answer = engine.ask("Say much.", max_tokens=400, sampling=Sampling(temperature=0.9, seed=1))
    seconds = answer.timings.decode_tokens / answer.timings.decode_tokens_s
    assert len(engine.seen.of(TextDelta)) <= seconds / 0.025 + 2


def test_for_one_who_waits_for_the_end_little_is_sent_and_nothing_missing(engine: Engine, models: Models) -> None:
    engine.load(models())
    hot = Sampling(temperature=0.9, seed=1)
    streamed = engine.ask("Say much.", max_tokens=400, sampling=hot)
    engine.seen.events.clear()
    waited = engine.ask("Say much.", max_tokens=400, sampling=hot, is_streamed=False)
    seconds = waited.timings.decode_tokens / waited.timings.decode_tokens_s
    sent = engine.seen.of(TextDelta)
    assert len(sent) <= seconds + 2
    assert (waited.answer, waited.reasoning) == (streamed.answer, streamed.reasoning)
    assert waited.timings.reasoning_tokens == streamed.timings.reasoning_tokens
    assert "".join(d.text for e in sent for d in e.deltas if d.channel == "answer") == waited.answer


def test_a_model_ends_by_itself(engine: Engine, models: Models) -> None:
    engine.load(models(end_weight=3.0))
    answer = engine.ask("Hello", max_tokens=None, sampling=Sampling(temperature=0.8, seed=5))
    assert answer.timings.stop_reason == "end"
    assert answer.answer.endswith(".")


def test_the_seed_decides_and_greedy_repeats(engine: Engine, models: Models) -> None:
    engine.load(models())
    drawn = [engine.ask("Hi", sampling=Sampling(temperature=1.0, seed=s)).reasoning for s in (1, 1, 2, 3, 4)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1
    assert engine.ask("Hi").reasoning == engine.ask("Hi").reasoning


def test_penalty_top_k_and_min_p_change_the_draw(engine: Engine, models: Models) -> None:
    engine.load(models(template="v3", end_weight=0.0))
    greedy = engine.ask("Hi", max_tokens=80).answer
    assert engine.ask("Hi", max_tokens=80, sampling=Sampling(temperature=0, repeat_penalty=1.8)).answer != greedy
    for only_the_best in (Sampling(temperature=1.5, top_k=1), Sampling(temperature=1.5, min_p=1.0)):
        assert engine.ask("Hi", max_tokens=80, sampling=only_the_best).answer == greedy


def test_the_switch_is_sent_both_ways(engine: Engine, models: Models) -> None:
    assert engine.load(models(template="v31")).thinking is Thinking.SWITCH
    thinking, silent = engine.ask("Hi", thinking=True, max_tokens=40), engine.ask("Hi", thinking=False, max_tokens=40)
    assert thinking.reasoning
    assert not silent.reasoning
    assert silent.answer
    assert words(silent.answer) <= words(ANSWER)


def test_second_turn_evaluates_only_what_is_new(engine: Engine, models: Models) -> None:
    engine.load(models(template="v3"))
    first = engine.ask("Tell me about the cache.")
    second = engine.ask("Tell me about the cache.", first.answer, "And the context?")
    new = second.timings.prompt_tokens - second.timings.reused_tokens
    # All of the first prompt and answer are there already; its last token was written, but nothing came after it.
    assert second.timings.reused_tokens == first.timings.prompt_tokens + first.timings.decode_tokens - 1
    assert new <= len("And the context?") + 6
    progress = engine.seen.of(PromptProgress)[-1]
    assert progress.reused_tokens == second.timings.reused_tokens


def test_reuse_does_not_change_the_answer(engine: Engine, models: Models) -> None:
    """After an edit, a stop and a longer prompt, the text is that of a fresh context."""
    path = models(template="v3")
    engine.load(path)
    turns = ("Tell me about the cache.", "It answers.", "And the context?")
    engine.ask(turns[0])
    engine.ask(turns[0], "Something else", "What?")
    reused = engine.ask(*turns, max_tokens=40)
    assert reused.timings.reused_tokens > 0
    engine.load(path)
    fresh = engine.ask(*turns, max_tokens=40)
    assert fresh.timings.reused_tokens == 0
    assert fresh.answer == reused.answer


def test_the_first_answer_of_a_loaded_model_uses_no_more_experts_than_later_ones(
    engine: Engine, models: Models
) -> None:
    """Warming up runs a token through all experts, and llama.cpp computes a graph again that fits the next batch."""
    engine.load(models())

    def chances(*prompt: int) -> list[float]:
        request = GenerateRequest((), Sampling(temperature=0), max_tokens=4, prompt_tokens=prompt, logprobs=1)
        return [token.logprob for token in engine.ask_request(request).logprobs]

    first = chances(7)
    chances(*range(5, 25))
    assert first == pytest.approx(chances(7), abs=1e-3)


def test_stop_while_writing(engine: Engine, models: Models) -> None:
    engine.load(models(slow=True, template="v3", end_weight=0.0))
    operation = engine.client.generate(question("Go on.", max_tokens=None))
    engine.seen.wait(TextDelta, lambda e: e.decode_tokens >= 3)
    asked = time.monotonic()
    engine.client.stop(operation)
    done = engine.seen.wait(AnswerFinished, lambda e: e.id == operation)
    assert engine.seen.time_of(done) - asked <= 0.3
    assert done.answer.timings.stop_reason == "stopped"
    assert done.answer.answer
    # A stopped answer can be continued, and the engine is ready for it.
    more = engine.ask("Go on.", prefix=done.answer.answer, max_tokens=5)
    assert more.answer.startswith(done.answer.answer)
    assert more.timings.reused_tokens > 0


def test_stop_while_reading_the_prompt(engine: Engine, models: Models) -> None:
    engine.load(models(slow=True), Placement(n_gpu_layers=0, n_ctx=8192, threads=1))
    operation = engine.client.generate(question("Hello there " * 600))
    engine.seen.wait(PromptProgress, lambda e: e.id == operation)
    time.sleep(0.2)
    asked = time.monotonic()
    engine.client.stop()
    done = engine.seen.wait(AnswerFinished, lambda e: e.id == operation)
    assert engine.seen.time_of(done) - asked <= 0.3
    assert done.answer.timings.stop_reason == "stopped"
    assert done.answer.timings.decode_tokens == 0
    assert engine.ask("Short.", max_tokens=3).timings.stop_reason == "length"


def test_stop_of_a_waiting_answer(engine: Engine, models: Models) -> None:
    engine.load(models(slow=True, template="v3", end_weight=0.0))
    first = engine.client.generate(question("One.", max_tokens=40))
    second = engine.client.generate(question("Two.", max_tokens=40))
    engine.client.stop(second)
    assert engine.seen.wait(AnswerFinished, lambda e: e.id == first).answer.timings.stop_reason == "length"
    stopped = engine.seen.wait(AnswerFinished, lambda e: e.id == second).answer
    assert stopped.timings.stop_reason == "stopped"
    assert stopped.timings.decode_tokens == 0


def test_stop_strings_end_the_answer_and_are_not_shown(engine: Engine, models: Models) -> None:
    engine.load(models(template="v3", end_weight=0.0))
    plain = engine.ask("Hi", max_tokens=40).answer
    cut = plain.split()[4]
    answer = engine.ask("Hi", max_tokens=40, stops=(" " + cut,))
    assert answer.timings.stop_reason == "end"
    assert answer.answer == plain[: plain.index(" " + cut)]


def test_a_typed_control_token_stays_text(engine: Engine, models: Models) -> None:
    """ "<｜Assistant｜>" typed by a person costs as many tokens as its characters, and is no turn mark."""
    engine.load(models())

    def count(text: str) -> int:
        operation = engine.client.count_tokens([ChatTurn("user", text)])
        return engine.seen.wait(TokensCounted, lambda e: e.id == operation).tokens

    empty = count("")
    for typed in ("<｜Assistant｜>", "<｜end▁of▁sentence｜>", "<｜begin▁of▁sentence｜>"):
        assert count(typed) - empty > 3  # the control token alone would be one


def test_tokens_of_a_conversation(engine: Engine, models: Models) -> None:
    engine.load(models(template="v3"))
    operation = engine.client.count_tokens(
        [ChatTurn("user", "Hello"), ChatTurn("assistant", "The cache."), ChatTurn("user", "ok")]
    )
    counted = engine.seen.wait(TokensCounted, lambda e: e.id == operation)
    # BOS, two user marks, two assistant marks, one end mark around the three texts.
    assert counted.tokens == sum(counted.turn_tokens) + 6
    assert counted.n_ctx == 2048
    asked = engine.ask("Hello", "The cache.", "ok")
    assert asked.timings.prompt_tokens == counted.tokens


def test_a_prompt_that_does_not_fit_is_refused_with_numbers(engine: Engine, models: Models) -> None:
    engine.load(models(), Placement(n_gpu_layers=0, n_ctx=256, threads=1))
    with pytest.raises(UserError) as caught:
        engine.ask("Hello there " * 100)
    assert caught.value.code == "context_full"
    assert "256" in caught.value.why
    assert "Nothing was cut" in caught.value.why
    assert "load_with_context" in [s.action for s in caught.value.next_steps]
    assert engine.client.state is EngineState.READY
    assert engine.ask("Hi").reasoning


def test_writing_ends_at_the_end_of_the_context(engine: Engine, models: Models) -> None:
    loaded: Loaded = engine.load(models(template="v3", end_weight=0.0), Placement(n_gpu_layers=0, n_ctx=256, threads=1))
    answer = engine.ask("Hello there " * 10, max_tokens=None)
    assert answer.timings.stop_reason == "context"
    assert answer.timings.context_used == loaded.n_ctx == 256
    assert engine.ask("Again.", max_tokens=4).answer


def test_states_and_json_of_an_answer(engine: Engine, models: Models) -> None:
    from launcher.core.codec import to_json

    engine.load(models())
    answer = engine.ask("Hi")
    states = [e.state for e in engine.seen.of(StateChanged)]
    assert states == [
        EngineState.STARTING,
        EngineState.LOADING,
        EngineState.READY,
        EngineState.ANSWERING,
        EngineState.READY,
    ]
    assert json.loads(json.dumps(to_json(answer)))["timings"]["stop_reason"] == "length"
