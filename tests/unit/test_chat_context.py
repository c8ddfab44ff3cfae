"""What is sent of a chat that has outgrown the context: whole blocks leave, summaries hold, nothing goes unsaid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.chat.context_policy import (
    ContextPolicy,
    Count,
    Measured,
    Preparation,
    Prompt,
    Question,
    Selection,
    estimated,
    in_force,
    prepare,
)
from launcher.chat.context_room import answer_room, larger_context
from launcher.chat.conversation import Conversation, Maker, MessageState, Role, Summary
from launcher.chat.summary import summary_parts, summary_request, summary_text, summary_tokens, summary_turns
from launcher.chat.turns import build_turns
from launcher.core.errors import UserError
from launcher.core.generation import Answer, ChatTurn, Loaded, Timings
from launcher.core.models import Sampling, Thinking
from launcher.core.plans import DeviceMemory, MemoryUse, Placement

_FRAME = 3
SHORT = "s " * 30
TIMINGS = Timings(10, 0, 5, 0, 0.1, 1.0, 1.0, 0.0, 15, "end")


def words(turns: tuple[ChatTurn, ...]) -> Measured:
    """A tokenizer: a token per word, three around each turn and one at the beginning."""
    tokens = tuple(len(t.content.split()) for t in turns)
    return Measured(sum(tokens) + _FRAME * len(tokens) + 1, tokens)


class Desk:
    """Answers a preparation and remembers what was asked."""

    def __init__(self, summarise: Callable[[int], str | UserError] = lambda n: f"summary of {n}") -> None:
        self.counted: list[tuple[ChatTurn, ...]] = []
        self.summarised: list[tuple[ChatTurn, ...]] = []
        self._summarise = summarise

    def run(self, preparation: Preparation) -> Prompt:
        try:
            wish = next(preparation)
            while True:
                if isinstance(wish, Count):
                    self.counted.append(wish.turns)
                    wish = preparation.send(words(wish.turns))
                else:
                    self.summarised.append(wish.turns)
                    wish = preparation.send(self._summarise(wish.n_messages))
        except StopIteration as end:
            return end.value


class Talk:
    """A chat that is asked, answered and kept, as the window does it."""

    def __init__(self, policy: ContextPolicy, context: int = 1000, room: int = 200, **given: object) -> None:
        ids = count(1)
        self.make = Maker(now=lambda: 1.0, new_id=lambda: f"id{next(ids)}")
        self.chat: Conversation = self.make.conversation()
        self.desk = Desk()
        self.question = Question((), context, room, policy, **given)  # type: ignore[arg-type]

    def ask(self, text: str) -> Prompt:
        self.chat = self.chat.with_message(self.make.user_message(text, self.chat.leaf_id))
        return self.ask_again()

    def ask_again(self) -> Prompt:
        chat = self.chat
        path = chat.path()
        prompt = self.desk.run(prepare(replace(self.question, path=path), in_force(path, chat.cut_id, chat.summaries)))
        start = prompt.selection.start
        self.chat = chat.with_cut(path[start].id if start else None, prompt.selection.summary)
        return prompt

    def answer(self, text: str) -> None:
        answer = self.make.answer(self.chat.leaf_id or "", "R1", "Q4")
        self.chat = self.chat.with_message(replace(answer, text=text, reasoning="hm " * 90, state=MessageState.DONE))


def test_what_fits_is_sent_whole_and_counted_once() -> None:
    talk = Talk(ContextPolicy.TRIM, system_prompt="s t")
    prompt = talk.ask("a b")
    assert prompt.selection == Selection()
    assert prompt.use.system_tokens == 2
    assert prompt.tokens == prompt.use.used_tokens == 4 + 2 * _FRAME + 1
    assert len(talk.desk.counted) == 1


def test_old_exchanges_leave_in_a_block_and_the_cut_stays() -> None:
    talk = Talk(ContextPolicy.TRIM)
    cuts: list[int] = []
    prompts: list[Prompt] = []
    for n in range(30):
        prompts.append(talk.ask(f"q{n} " + "w " * 40))
        cuts.append(prompts[-1].selection.start)
        talk.answer("a " * 40)
    changes = [b - a for a, b in pairwise(cuts) if a != b]
    assert 2 <= len(changes) <= 6, "seldom"
    assert all(c >= 6 for c in changes), "in large blocks"
    for before, after in pairwise(prompts):
        if before.selection == after.selection:
            assert after.turns[: len(before.turns)] == before.turns


def test_a_summary_takes_the_place_of_what_leaves() -> None:
    talk = Talk(ContextPolicy.SUMMARISE, system_prompt="Be brief.")
    while not talk.desk.summarised:
        prompt = talk.ask("q " * 40)
        talk.answer("a " * 40)
    assert prompt.selection.summary is not None
    assert prompt.selection.n_cut == 0
    assert prompt.turns[0] == ChatTurn("system", "Be brief.")
    assert f"summary of {prompt.selection.start}" in prompt.turns[1].content
    assert prompt.turns[1].role == "user"
    asked = talk.desk.summarised[0]
    before = talk.desk.counted[0]
    assert asked[: len(before)] == before, "its beginning is in the engine's cache already"
    first = talk.chat.summaries
    while len(talk.desk.summarised) == 1:
        talk.ask("q " * 40)
        talk.answer("a " * 40)
    assert "summary of" in talk.desk.summarised[1][1].content, "the next one builds on the first"
    assert len(talk.chat.summaries) == 2
    assert talk.chat.summaries[0] == first[0]


def test_a_failed_summary_trims_and_says_why() -> None:
    talk = Talk(ContextPolicy.SUMMARISE)
    talk.desk = Desk(lambda n: UserError("summary_stopped", "The summary was cancelled."))
    prompts = []
    while not talk.desk.summarised:
        prompts.append(talk.ask("q " * 40))
        talk.answer("a " * 40)
    assert prompts[-1].problem is not None
    assert prompts[-1].problem.code == "summary_stopped"
    assert prompts[-1].selection.n_cut > 0
    assert all(p.problem is None for p in prompts[:-1])
    assert not talk.chat.summaries


def test_an_edit_before_the_summarised_point_makes_it_void() -> None:
    talk = Talk(ContextPolicy.SUMMARISE)
    while not talk.desk.summarised:
        prompt = talk.ask("q " * 40)
        talk.answer("a " * 40)
    start = prompt.selection.start
    path = talk.chat.path()
    # An edit of the first message that is still sent: the summary stays.
    talk.chat = talk.chat.with_leaf(path[start].parent_id)
    kept = talk.ask("other question")
    assert kept.selection.summary == prompt.selection.summary
    # One before it: everything that is left is sent, and the summary is there for the branch it belongs to.
    talk.chat = talk.chat.with_leaf(path[2].parent_id)
    edited = talk.ask("quite another question")
    assert edited.selection == Selection()
    assert in_force(path, path[start].id, talk.chat.summaries).summary == prompt.selection.summary


def test_a_larger_context_does_without_the_summary_for_good() -> None:
    talk = Talk(ContextPolicy.SUMMARISE)
    while not talk.chat.summaries:
        talk.ask("q " * 40)
        talk.answer("a " * 40)
    talk.question = replace(talk.question, context_tokens=4000, may_go_back=True)
    whole = talk.ask("q " * 40)
    assert whole.selection == Selection()
    talk.answer("a " * 40)
    talk.question = replace(talk.question, may_go_back=False)
    after = talk.ask("q")
    assert after.selection == Selection()
    assert after.turns[: len(whole.turns)] == whole.turns


def test_stop_changes_nothing_and_offers_what_helps() -> None:
    talk = Talk(ContextPolicy.STOP, larger_context=2048)
    for _ in range(8):
        talk.ask("q " * 40)
        talk.answer("a " * 40)
    with pytest.raises(UserError) as caught:
        talk.ask("q " * 120)
    assert caught.value.code == "context_stopped"
    assert "800" in caught.value.why
    assert "1,000" in caught.value.why
    assert [s.action for s in caught.value.next_steps] == [
        "new_chat", "load_with_context", "set_context_policy", "set_context_policy",
    ]  # fmt: skip
    assert talk.chat.cut_id is None
    assert not talk.desk.summarised


def test_a_message_that_cannot_fit_is_an_error_with_numbers() -> None:
    talk = Talk(ContextPolicy.TRIM, larger_context=4096)
    with pytest.raises(UserError) as caught:
        talk.ask("w " * 2000)
    assert caught.value.code == "message_too_long"
    assert "2,004" in caught.value.why
    assert "1,000" in caught.value.why
    assert [s.argument for s in caught.value.next_steps] == ["", "4096"]


def test_a_long_message_alone_may_use_the_room_of_the_answer() -> None:
    talk = Talk(ContextPolicy.TRIM, context=1000, room=400)
    talk.ask("q")
    talk.answer("a " * 40)
    prompt = talk.ask("w " * 700)
    assert prompt.selection.start == 2
    assert prompt.tokens > 600


def test_a_continued_answer_counts_and_older_messages_leave_for_it() -> None:
    talk = Talk(ContextPolicy.TRIM)
    for _ in range(3):
        talk.ask("q " * 40)
        talk.answer("a " * 40)
    talk.ask("q " * 40)
    path = talk.chat.path()
    prompt = Desk().run(prepare(replace(talk.question, path=path, prefix="p " * 650), Selection()))
    assert prompt.selection.start == 4, "60 % cannot be had: what fits"
    assert prompt.turns[-1].role == "user"
    with pytest.raises(UserError) as caught:
        Desk().run(prepare(replace(talk.question, path=path, prefix="p " * 950), Selection()))
    assert caught.value.code == "answer_too_long"


def test_a_larger_context_sends_everything_again() -> None:
    talk = Talk(ContextPolicy.TRIM)
    while not talk.chat.cut_id:
        talk.ask("q " * 40)
        talk.answer("a " * 40)
    talk.question = replace(talk.question, context_tokens=1100, may_go_back=True)
    assert talk.ask("q").selection.start > 0, "not for a little more room"
    talk.answer("a")
    talk.question = replace(talk.question, context_tokens=4000)
    assert talk.ask("q").selection == Selection()
    assert talk.chat.cut_id is None


@pytest.mark.parametrize("policy", [ContextPolicy.TRIM, ContextPolicy.SUMMARISE])
@given(data=st.data())
def test_every_message_is_sent_covered_or_behind_the_cut(policy: ContextPolicy, data: st.DataObject) -> None:
    """Over whole chats with edits, answers without text and summaries that fail."""
    fails = data.draw(st.booleans())
    talk = Talk(
        policy, context=data.draw(st.integers(600, 1500)), system_prompt=data.draw(st.sampled_from(["", "s t"]))
    )
    problem = UserError("summary_empty", "The model wrote no summary.")
    talk.desk = Desk(lambda n: problem if fails and n % 4 else "sum " * 30)
    before: Prompt | None = None
    for n in range(data.draw(st.integers(1, 25))):
        branches = n > 3 and data.draw(st.integers(0, 9)) == 0
        if branches:
            path = talk.chat.path()
            talk.chat = talk.chat.with_leaf(path[data.draw(st.integers(0, len(path) - 1)) // 2 * 2].parent_id)
        prompt = talk.ask(f"q{n} " + "w " * data.draw(st.integers(1, 90)))
        path, selection = talk.chat.path(), prompt.selection
        sent = "\n".join(t.content for t in prompt.turns)
        assert 0 <= selection.summarised <= selection.start < len(path)
        assert path[selection.start].role is Role.USER
        assert all(m.text in sent for m in path[selection.start :]), "sent word for word"
        assert prompt.turns[-1].content.endswith(path[-1].text), "the newest always"
        assert not any(f"\n{m.text}" in f"\n{sent}" for m in path[: selection.start] if m.text.startswith("q")), (
            "the others not"
        )
        if selection.summary is not None:
            assert selection.summary.text in sent
            assert path[selection.summarised - 1].id == selection.summary.until_id
        assert words(prompt.turns).tokens == prompt.tokens <= talk.question.room
        roles = [t.role for t in prompt.turns if t.role != "system"]
        assert roles == ["user" if i % 2 == 0 else "assistant" for i in range(len(roles))]
        if before is not None and not branches and before.selection == selection:
            # The last turn may go on when the answer to it was empty.
            same = len(before.turns) - 1
            assert prompt.turns[:same] == before.turns[:same]
            assert prompt.turns[same].content.startswith(before.turns[same].content)
        before = prompt
        talk.answer("a " * data.draw(st.sampled_from([0, 5, 60])))


# -- what the model is asked for a summary, and what is kept of its reply


def test_a_summary_is_asked_for_without_a_thought_and_bounded() -> None:
    request = summary_request((ChatTurn("user", "x"),), Sampling(temperature=0.7, min_p=0.05), 4096)
    assert request.max_tokens == summary_tokens(4096) == 256
    assert not request.thinking
    assert request.thinking_budget == 0
    assert request.prefix
    assert request.sampling == Sampling(temperature=0.3, min_p=0.05)
    assert summary_request((), Sampling(temperature=0), 4096).sampling.temperature == 0


@pytest.mark.parametrize(
    ("text", "reason", "kept"),
    [
        ("They spoke of two coins. ", "end", "They spoke of two coins."),
        ("They spoke of two coins, at length. Then of thr", "length", "They spoke of two coins, at length."),
        ("他们谈了两枚硬币的事情。然后", "length", "他们谈了两枚硬币的事情。"),
        ("hm, so what</think>\n\nThey spoke of coins.", "end", "They spoke of coins."),
        ("one endless sentence without an en", "length", "one endless sentence without an en"),
    ],
)
def test_what_is_kept_of_a_summary(text: str, reason: str, kept: str) -> None:
    prefix = summary_request((), Sampling(), 4096).prefix
    assert summary_text(Answer(prefix + text, "", replace(TIMINGS, stop_reason=reason))) == kept


@pytest.mark.parametrize(("reason", "code"), [("stopped", "summary_stopped"), ("end", "summary_empty")])
def test_no_summary_is_an_error(reason: str, code: str) -> None:
    prefix = summary_request((), Sampling(), 4096).prefix
    with pytest.raises(UserError) as caught:
        summary_text(Answer(prefix, "", replace(TIMINGS, stop_reason=reason)))
    assert caught.value.code == code


def test_a_long_beginning_is_summarised_in_parts() -> None:
    talk = Talk(ContextPolicy.TRIM)
    for n in range(12):
        talk.chat = talk.chat.with_message(talk.make.user_message(f"q{n} {SHORT * 5}", talk.chat.leaf_id))
        talk.answer(SHORT * 5)
    path = talk.chat.path()
    parts = summary_parts(path, 2048)
    assert len(parts) > 1
    assert [m for part in parts for m in part] == list(path)
    assert all(part[0].role is Role.USER for part in parts)
    with pytest.raises(UserError) as caught:
        summary_parts(path, 512)
    assert caught.value.code == "summary_too_long"
    previous = Summary("x", "earlier things", 4)
    turns = summary_turns(parts[0], previous, "Be brief.", "discouraged", 2048)
    assert "Be brief." in turns[0].content
    assert "earlier things" in turns[0].content
    assert turns[-1].role == "user"


def test_the_summary_stands_before_the_first_question_of_every_kind_of_model() -> None:
    talk = Talk(ContextPolicy.TRIM)
    talk.chat = talk.chat.with_message(talk.make.user_message("why?", None))
    summary = Summary("x", "earlier things", 4)
    for policy in ("allowed", "discouraged", "built-in"):
        turns = build_turns(talk.chat.path(), "", policy, summary)
        assert [t.role for t in turns] == ["user"]
        assert "earlier things" in turns[0].content
        assert turns[0].content.endswith("\n\nwhy?")
    with_system = build_turns(talk.chat.path(), "Be brief.", "discouraged", summary)[0].content
    assert with_system.index("Be brief.") < with_system.index("earlier things") < with_system.index("why?")


# -- figures


def test_the_room_for_the_answer() -> None:
    assert answer_room(4096) == 1024
    assert answer_room(24576) == 2048
    assert answer_room(4096, thinks=True) == 1536
    assert answer_room(131072, thinks=True) == 6144
    assert answer_room(4096, 300, thinks=True) == 300
    assert answer_room(4096, 100_000) == 2048


def test_the_estimate_is_on_the_high_side() -> None:
    assert estimated((ChatTurn("user", "The quick brown fox jumps over the lazy dog."),)).tokens >= 13
    assert estimated((ChatTurn("user", "敏捷的棕色狐狸"),)).turn_tokens == (7,)


GIB = 2**30


@pytest.mark.parametrize(
    ("left", "trained", "expected"),
    [(4.0, 131072, 16384), (1.2, 131072, 12288), (0.5, 131072, None), (4.0, 8192, None), (4.0, 10000, 10000)],
)
def test_a_larger_context_is_offered_where_the_memory_allows(left: float, trained: int, expected: int | None) -> None:
    device = DeviceMemory("CUDA0", "gpu", 4 * GIB, 2 * GIB, GIB // 4, 0, int((6.25 + left) * GIB), 24 * GIB)
    host = DeviceMemory("CPU", "host", GIB, 0, GIB, 0, GIB, GIB)
    loaded = Loaded("R1", "Q4", "qwen2", 8192, trained, 28, 28, MemoryUse((), "actual"), 1.0, Thinking.ALWAYS, "file", Placement(0, 8192), "x")  # fmt: skip
    assert larger_context(loaded, MemoryUse((device, host), "model")) == expected
    assert larger_context(loaded, None) is None
