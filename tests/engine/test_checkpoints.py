"""Caches that cannot go back (sliding windows, deepseek4): later turns read what follows a checkpoint, and say the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.catalog.facts import facts_of
from launcher.catalog.gguf import read_header
from launcher.core.generation import Answer
from launcher.core.plans import Placement
from launcher.engine.kv_states import SUFFIX
from launcher.engine.protocol import AnswerFinished, PromptProgress, StatesSaved
from launcher.engine.worker import states
from launcher.engine.worker.checkpoints import BEFORE_END_TOKENS, LEAST_TOKENS, STEP_TOKENS
from launcher.planner import checkpoints as planned
from tests.engine.conftest import Engine, question

Models = Callable[..., Path]
ARCHITECTURES = ("granite_swa", "deepseek4")
THINKING = {"thinking_budget": 12, "max_tokens": 60}
ELSEWHERE = "Nothing of this. " * 40


def text(name: str, sentences: int) -> str:
    return " ".join(f"{name}{i} the engine keeps every word of your question." for i in range(sentences))


def placement(n_parallel: int = 1, n_ctx: int = 2048) -> Placement:
    # Small pieces, so that the windowed cache has little room beside its window.
    return Placement(n_gpu_layers=0, n_ctx=n_ctx, threads=1, n_parallel=n_parallel, n_ubatch=32)


def load(engine: Engine, models: Models, arch: str, template: str, where: Placement) -> Engine:
    engine.load(models(arch, template=template, weight_type="f32", end_weight=0.0), where)
    return engine


def afresh(engine: Engine, *turns: str, **options: object) -> Answer:
    """The answer of a context that holds nothing of the conversation."""
    engine.ask(ELSEWHERE, max_tokens=1)
    answer = engine.ask(*turns, **options)
    assert answer.timings.reused_tokens < 10
    return answer


def evaluated(answer: Answer) -> int:
    return answer.timings.prompt_tokens - answer.timings.reused_tokens


@pytest.fixture(scope="module", params=ARCHITECTURES)
def arch(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def thinker(models: Models, arch: str) -> Iterator[Engine]:
    """Drops its thoughts from the history."""
    engine = Engine()
    yield load(engine, models, arch, "r1", placement())
    engine.client.close()


@pytest.fixture(scope="module")
def reference(models: Models, arch: str) -> Iterator[Engine]:
    engine = Engine()
    yield load(engine, models, arch, "r1", placement())
    engine.client.close()


def test_a_turn_after_a_thought_reads_only_what_follows_the_checkpoint(thinker: Engine, reference: Engine) -> None:
    turns = [text("a", 40)]
    before = thinker.ask(*turns, **THINKING)
    for i in range(3):
        assert before.reasoning
        turns += [before.answer, text(f"q{i}.", 3)]
        answer = thinker.ask(*turns, **THINKING)
        # The end of the last prompt but for what opened the answer; the thought came right after it.
        assert answer.timings.reused_tokens >= before.timings.prompt_tokens - BEFORE_END_TOKENS
        fresh = afresh(reference, *turns, **THINKING)
        assert (answer.answer, answer.reasoning) == (fresh.answer, fresh.reasoning)
        before = answer


def test_an_answer_made_again_reads_the_end_of_its_prompt(thinker: Engine) -> None:
    first = thinker.ask(text("again", 30), **THINKING)
    second = thinker.ask(text("again", 30), **THINKING)
    assert 1 <= evaluated(second) <= BEFORE_END_TOKENS
    assert (second.answer, second.reasoning) == (first.answer, first.reasoning)


def test_an_edited_question_goes_back_behind_the_answer_before_it(thinker: Engine, reference: Engine) -> None:
    first = thinker.ask(text("e", 30), **THINKING)
    thinker.ask(text("e", 30), first.answer, text("x", 20), **THINKING)
    turns = (text("e", 30), first.answer, text("y", 20))
    edited = thinker.ask(*turns, **THINKING)
    assert edited.timings.reused_tokens >= first.timings.prompt_tokens - BEFORE_END_TOKENS
    fresh = afresh(reference, *turns, **THINKING)
    assert (edited.answer, edited.reasoning) == (fresh.answer, fresh.reasoning)


def test_what_another_conversation_left_is_not_gone_back_to(thinker: Engine, reference: Engine) -> None:
    thinker.ask(text("a", 20), **THINKING)
    other = thinker.ask(text("b", 40), **THINKING)
    assert other.timings.reused_tokens < 10
    # Edited behind the place of the first one's checkpoint, and before its own.
    edited = text("b", 24) + " Changed. " + text("c", 15)
    answer = thinker.ask(edited, **THINKING)
    assert answer.timings.reused_tokens < 10
    fresh = afresh(reference, edited, **THINKING)
    assert (answer.answer, answer.reasoning) == (fresh.answer, fresh.reasoning)


def test_a_prompt_stopped_half_way_is_taken_up_again(thinker: Engine, reference: Engine) -> None:
    long = text("s", 60)
    operation = thinker.client.generate(question(long, **THINKING))
    thinker.seen.wait(PromptProgress, lambda e: e.id == operation and e.done_tokens > 200)
    thinker.client.stop(operation)
    thinker.seen.wait(AnswerFinished, lambda e: e.id == operation)
    answer, fresh = thinker.ask(long, **THINKING), afresh(reference, long, **THINKING)
    assert (answer.answer, answer.reasoning) == (fresh.answer, fresh.reasoning)


def test_edits_at_several_depths_of_a_long_prompt(
    make_engine: Callable[..., Engine], models: Models, arch: str
) -> None:
    where = Placement(n_gpu_layers=0, n_ctx=3072, threads=1)
    engine, other = (load(make_engine(), models, arch, "v3", where) for _ in range(2))
    sentences = text("d", 190).split(". ")
    whole = engine.ask(". ".join(sentences), max_tokens=4)
    assert STEP_TOKENS + 300 < whole.timings.prompt_tokens < 3000
    reached: list[int] = []
    # From the end towards the beginning: each drops the checkpoints after it, and the ones before stay.
    for share in (0.95, 0.3):
        at = int(len(sentences) * share)
        prompt = ". ".join([*sentences[:at], "Instead of it, something new", *sentences[at + 1 :]])
        answer = engine.ask(prompt, max_tokens=20)
        reached.append(answer.timings.reused_tokens)
        assert answer.answer == afresh(other, prompt, max_tokens=20).answer
    assert reached[0] >= STEP_TOKENS > reached[1]


def test_several_slots_go_back_each_on_its_own(engine: Engine, models: Models, arch: str, reference: Engine) -> None:
    load(engine, models, arch, "r1", placement(3, 4096))
    chats = [[text(name, 25 + 5 * i)] for i, name in enumerate("abc")]
    before = [0, 0, 0]
    for turn in range(3):
        operations = [engine.client.generate(question(*turns, **THINKING)) for turns in chats]
        for i, operation in enumerate(operations):
            answer = engine.seen.wait(AnswerFinished, lambda e, o=operation: e.id == o).answer
            fresh = afresh(reference, *chats[i], **THINKING)
            assert (answer.answer, answer.reasoning) == (fresh.answer, fresh.reasoning)
            assert answer.timings.reused_tokens >= before[i] - BEFORE_END_TOKENS
            before[i] = answer.timings.prompt_tokens
            chats[i] += [answer.answer, text(f"{turn}.{i}.", 4)]


def test_a_state_from_the_disk_goes_back_as_the_live_one_does(
    make_engine: Callable[..., Engine], models: Models, arch: str, tmp_path: Path
) -> None:
    state = {"state_file": str(tmp_path / "states" / f"a{SUFFIX}"), **THINKING}
    live, later = make_engine(), make_engine()
    load(live, models, arch, "r1", placement())
    turns = [text("s", 40)]
    first = live.ask(*turns, **state)
    assert first.reasoning
    operation = live.client.save_states()
    assert live.seen.wait(StatesSaved, lambda e: e.id == operation).count == 1
    # The next turn drops the thought, so it goes back into what was saved.
    turns += [first.answer, text("t", 5)]
    without = live.ask(*turns, **THINKING)
    load(later, models, arch, "r1", placement())
    restored = later.ask(*turns, **state)
    assert restored.timings.restored_tokens == restored.timings.reused_tokens > 300
    # The end of the first prompt but for what opened the answer; a live window sometimes reaches these tokens by itself.
    assert restored.timings.reused_tokens >= first.timings.prompt_tokens - BEFORE_END_TOKENS
    assert restored.timings.reused_tokens >= without.timings.reused_tokens - BEFORE_END_TOKENS
    assert (restored.answer, restored.reasoning) == (without.answer, without.reasoning)


def test_a_state_from_the_disk_has_its_own_checkpoints_and_none_of_the_slot_s_before(
    make_engine: Callable[..., Engine], models: Models, arch: str, tmp_path: Path
) -> None:
    engine, state = make_engine(), {"state_file": str(tmp_path / "states" / f"a{SUFFIX}"), "max_tokens": 20}
    load(engine, models, arch, "v3", placement())
    turns = [text("k", 40)]
    first = engine.ask(*turns, **state)
    operation = engine.client.save_states()
    assert engine.seen.wait(StatesSaved, lambda e: e.id == operation).count == 1
    # The slot is another's now, with checkpoints of its own; then the first one's state comes into it.
    engine.ask(text("other", 20), max_tokens=20)
    turns += [first.answer, text("x", 12)]
    second = engine.ask(*turns, **state)
    kept = second.timings.restored_tokens
    assert kept == first.timings.context_used > 300
    assert second.timings.reused_tokens == kept
    turns[-1] = text("y", 12)
    third = engine.ask(*turns, **state)
    # None is made so close behind the one that came with it.
    assert third.timings.reused_tokens >= kept - LEAST_TOKENS
    # Before the one that came from the disk nothing leads back, least of all the other's checkpoint, whose place is there.
    early = text("k", 30) + " Changed. " + text("c", 9)
    fourth = engine.ask(early, **state)
    assert fourth.timings.reused_tokens < 10
    other = load(make_engine(), models, arch, "v3", placement())
    assert fourth.answer == other.ask(early, max_tokens=20).answer
    assert third.answer == afresh(other, *turns, max_tokens=20).answer


# --- their memory, as a plan predicts it ------------------------------------------------------------------------------


def sizes_in(path: Path) -> list[int]:
    """Bytes of every checkpoint in a state on the disk."""
    data = path.read_bytes()
    end = len(data) - states._FOOTER.size  # pyright: ignore[reportPrivateUsage]
    _, _, header_bytes, _, _ = states._FOOTER.unpack(data[end:])  # pyright: ignore[reportPrivateUsage]
    return [size for _, size in json.loads(data[end - header_bytes : end])["checkpoints"]]


@pytest.mark.parametrize(("n_parallel", "kv_type"), [(1, "f16"), (3, "q8_0")])
def test_a_plan_knows_their_size_to_the_byte(
    engine: Engine, models: Models, tmp_path: Path, n_parallel: int, kv_type: str
) -> None:
    """By what the engine keeps of a conversation, as its state on the disk says."""
    where = replace(placement(n_parallel), kv_type_k=kv_type, kv_type_v=kv_type)
    kept = kept_of(engine, models, "deepseek4", where, tmp_path)
    model = models("deepseek4", template="v3", weight_type="f32", end_weight=0.0)
    assert len(kept) >= 2
    assert set(kept) == {planned.checkpoint_bytes(facts_of(read_header(model)), kv_type, n_parallel)}


def test_models_that_go_back_by_themselves_keep_none_and_are_planned_so(
    engine: Engine, models: Models, tmp_path: Path
) -> None:
    for arch in ("deepseek2", "deepseek", "qwen2", "llama"):
        assert kept_of(engine, models, arch, placement(), tmp_path) == []
        assert planned.kept_bytes(facts_of(read_header(models(arch))), "f16") == 0


def kept_of(engine: Engine, models: Models, arch: str, where: Placement, folder: Path) -> list[int]:
    """Bytes of every checkpoint of a conversation of two turns."""
    load(engine, models, arch, "v3", where)
    path = folder / f"{arch}{SUFFIX}"
    first = text("k", 40)
    answer = engine.ask(first, state_file=str(path), max_tokens=8)
    engine.ask(first, answer.answer, text("l", 20), state_file=str(path), max_tokens=8)
    operation = engine.client.save_states()
    assert engine.seen.wait(StatesSaved, lambda e: e.id == operation).count == 1
    return sizes_in(path)
