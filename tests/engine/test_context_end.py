"""Chats longer than the context, with the real engine: counts are exact, the cache holds between cuts, `launcher chat` says what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from launcher.chat.context_policy import ContextPolicy, Prompt
from launcher.cli.chat_talk import Manner, Talk
from launcher.cli.chat_terminal import Shown, TerminalEngine
from launcher.core.errors import UserError
from launcher.core.generation import Answer, GenerateRequest, Loaded
from launcher.core.models import Sampling
from launcher.core.plans import Placement
from tests.engine.conftest import request_for
from tests.engine.test_commands import command

Models = Callable[..., Path]
GREEDY = Sampling(temperature=0)
QUESTION = "How does a local engine keep every layer in memory, and why? " * 2


@pytest.fixture(scope="module")
def terminal_engine(models: Models) -> Iterator[tuple[TerminalEngine, Loaded]]:
    """A deepseek2 model, whose context cannot be shifted; it opens a thought in each answer."""
    with TerminalEngine() as engine:
        yield engine, engine.load(request_for(models(), Placement(n_gpu_layers=0, n_ctx=1024, threads=1)))


class Speaker:
    """A talk with its remarks and its answers."""

    def __init__(self, terminal_engine: tuple[TerminalEngine, Loaded], policy: ContextPolicy, most: int = 60) -> None:
        self.engine, self.loaded = terminal_engine
        self.said: list[str] = []
        self.most = most
        manner = Manner(policy, GREEDY, "Be brief.", "discouraged", True, None, self.loaded.memory)
        self.talk = Talk(self.engine, self.loaded, manner, self.said.append)
        self.prompts: list[Prompt] = []
        self.answers: list[Answer] = []

    def ask(self, text: str) -> Answer:
        prompt = self.talk.ask(text)
        answer = self.engine.answer(GenerateRequest(prompt.turns, GREEDY, max_tokens=self.most), Shown(None, None))
        self.talk.answered(answer, None)
        self.prompts.append(prompt)
        self.answers.append(answer)
        return answer

    def check_cache(self) -> int:
        """Turns that reused the whole prompt before; between cuts it must be so."""
        count = 0
        for (before, first), (after, second) in pairwise(zip(self.prompts, self.answers, strict=True)):
            assert second.timings.prompt_tokens == after.tokens, "counted exactly as it was sent"
            if before.selection == after.selection:
                # The template opens a thought behind the prompt; the history has none, so its mark is read again.
                assert second.timings.reused_tokens >= first.timings.prompt_tokens - 3
                count += 1
        return count


def test_trimming_is_exact_seldom_and_keeps_the_cache(terminal_engine: tuple[TerminalEngine, Loaded]) -> None:
    speaker = Speaker(terminal_engine, ContextPolicy.TRIM)
    for n in range(12):
        speaker.ask(f"{n}. {QUESTION}")
    cuts = sum(a.selection != b.selection for a, b in pairwise(speaker.prompts))
    assert 1 <= cuts <= 5
    assert speaker.check_cache() == 11 - cuts
    assert len([s for s in speaker.said if "are no longer sent to the model" in s]) == cuts
    assert all(a.timings.stop_reason != "context" for a in speaker.answers), "the room for the answer was there"


def test_a_summary_is_told_and_reused(terminal_engine: tuple[TerminalEngine, Loaded]) -> None:
    speaker = Speaker(terminal_engine, ContextPolicy.SUMMARISE)
    while not any(p.selection.summary for p in speaker.prompts) or len(speaker.prompts) < 8:
        speaker.ask(f"{len(speaker.prompts)}. {QUESTION}")
        assert len(speaker.prompts) < 20
    assert any(s.startswith("Summarising ") for s in speaker.said)
    assert any("go as a summary from now on:\n" in s for s in speaker.said)
    assert not any("no longer sent" in s for s in speaker.said)
    assert speaker.check_cache() >= 4
    first = next(p for p in speaker.prompts if p.selection.summary)
    assert first.selection.summary is not None
    assert first.selection.summary.text in first.turns[0].content
    assert "</think>" not in first.selection.summary.text


def test_stop_refuses_with_numbers_and_the_chat_goes_on_without(terminal_engine: tuple[TerminalEngine, Loaded]) -> None:
    speaker = Speaker(terminal_engine, ContextPolicy.STOP)
    refused: UserError | None = None
    while refused is None:
        path = speaker.talk._chat.path()
        try:
            speaker.ask(f"{len(speaker.answers)}. {QUESTION}")
        except UserError as error:
            refused = error
    assert refused.code == "context_stopped"
    assert "1,024" in refused.why
    assert speaker.talk._chat.path() == path
    speaker.talk.clear()
    assert speaker.ask("Why?").timings.prompt_tokens < 200


def test_an_answer_goes_on_after_the_context_has_ended(terminal_engine: tuple[TerminalEngine, Loaded]) -> None:
    speaker = Speaker(terminal_engine, ContextPolicy.TRIM, most=60)
    for n in range(3):
        speaker.ask(f"{n}. {QUESTION}")
    while speaker.talk.unfinished is None or not speaker.answers[-1].answer:
        speaker.ask("Go on.")
        assert len(speaker.answers) < 12
    cut_off = speaker.talk.unfinished
    prompt = speaker.talk.go_on(cut_off)
    longer = speaker.engine.answer(
        GenerateRequest(prompt.turns, GREEDY, max_tokens=40, prefix=cut_off.text), Shown(None, None)
    )
    assert longer.answer.startswith(cut_off.text)
    assert len(longer.answer) > len(cut_off.text)
    assert not longer.reasoning
    speaker.talk.answered(longer, cut_off)
    last = speaker.talk._chat.path()[-1]
    assert (last.id, last.text, last.reasoning) == (cut_off.id, longer.answer, cut_off.reasoning)


def test_a_single_question_that_is_too_long_is_an_error_with_numbers(models: Models) -> None:
    done = command("chat", str(models()), "Why does it? " * 300, "--ctx", "512", "--context-policy", "trim")
    assert done.returncode == 1
    assert "This message is too long for the model's context." in done.stderr
    assert "of the 512 tokens are left for it" in done.stderr
