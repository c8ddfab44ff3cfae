"""Chats of other programs: files as those programs write them, and files that somebody has spoilt."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from launcher.chat.conversation import Conversation, Role
from launcher.chat.imports import Imported, LeftOut, Source, read_file
from launcher.core.errors import UserError


def _node(key: str, parent: str | None, children: list[str], message: dict[str, Any] | None) -> dict[str, Any]:
    return {"id": key, "parent": parent, "children": children, "message": message}


def _said(role: str, *parts: Any, kind: str = "text", **more: Any) -> dict[str, Any]:
    content = {"content_type": kind, "parts": list(parts)} | more.pop("content", {})
    return {"author": {"role": role}, "create_time": 1_700_000_000.5, "content": content, "recipient": "all"} | more


def chatgpt_chat() -> dict[str, Any]:
    """One chat with a thought, a tool, a picture, an edited question and hidden instructions."""
    hidden = {"is_visually_hidden_from_conversation": True}
    model = {"model_slug": "o3"}
    thoughts = {"thoughts": [{"summary": "Counting", "content": "Let E be it."}, {"summary": "Then", "content": ""}]}
    picture = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x", "width": 10}
    mapping = {
        "root": _node("root", None, ["sys"], None),
        "sys": _node("sys", "root", ["ctx"], _said("system", "", metadata=hidden)),
        "ctx": _node("ctx", "sys", ["q1", "q1b"], _said("user", "Be brief", kind="user_editable_context", metadata={})),
        "q1": _node("q1", "ctx", ["t"], _said("user", "How many tosses?", picture, kind="multimodal_text")),
        "q1b": _node("q1b", "ctx", ["a1b"], _said("user", "How many tosses until two heads?")),
        "t": _node("t", "q1", ["call"], _said("assistant", kind="thoughts", content=thoughts)),
        "call": _node(
            "call", "t", ["out"], _said("assistant", kind="code", content={"text": "1+1"}, recipient="python")
        ),
        "out": _node("out", "call", ["a1"], _said("tool", kind="execution_output", content={"text": "2"})),
        "a1": _node("a1", "out", ["more"], _said("assistant", "Six.", metadata=model)),
        "more": _node("more", "a1", [], _said("assistant", "On average.", metadata=model)),
        "a1b": _node("a1b", "q1b", [], _said("assistant", "Exactly six.", metadata=model)),
    }
    return {
        "title": "Coin tosses",
        "create_time": 1_700_000_000.25,
        "update_time": 1_700_000_100.75,
        "mapping": mapping,
        "current_node": "more",
        "conversation_id": "6841-aa",
        "is_starred": True,
    }


def lm_studio_chat() -> dict[str, Any]:
    """A chat whose first answer was made twice."""

    def block(text: str, thinking: bool = False) -> dict[str, Any]:
        style = {"style": {"type": "thinking", "ended": True, "title": "Thought for 3 s"}} if thinking else {}
        stats = {"stopReason": "eosFound", "tokensPerSecond": 38.1, "timeToFirstTokenSec": 0.2, "promptTokensCount": 12}
        stats |= {"predictedTokensCount": 55, "totalTokensCount": 67}
        part = {"type": "text", "text": text, "fromDraftModel": False, "tokensCount": 5, "isStructural": False}
        return {
            "type": "contentBlock",
            "stepIdentifier": "1-0.1",
            "content": [part],
            "genInfo": {"stats": stats},
        } | style

    def answer(*steps: dict[str, Any]) -> dict[str, Any]:
        sender = {"senderName": "deepseek-r1-distill-qwen-7b"}
        return {"type": "multiStep", "role": "assistant", "senderInfo": sender, "steps": list(steps)}

    def user(text: str, *files: dict[str, Any]) -> dict[str, Any]:
        return {"type": "singleStep", "role": "user", "content": [{"type": "text", "text": text}, *files]}

    debug = {"type": "debugInfoBlock", "stepIdentifier": "2", "debugInfo": "Conversation naming technique: 'prompt'"}
    file = {"type": "file", "fileIdentifier": "1 - 4.pdf", "fileType": "application/pdf", "sizeBytes": 9}
    first = [answer(block("five")), answer(block("Let me count", True), block("Six."), debug)]
    return {
        "name": None,
        "pinned": True,
        "createdAt": 1_736_451_234_567,
        "tokenCount": 67,
        "systemPrompt": "",
        "messages": [
            {"versions": [user("How many tosses?", file)], "currentlySelected": 0},
            {"versions": first, "currentlySelected": 1},
            {"versions": [user("And three?")], "currentlySelected": 0},
        ],
        "perChatPredictionConfig": {
            "fields": [
                {"key": "llm.prediction.systemPrompt", "value": "Be brief."},
                {"key": "llm.prediction.temperature", "value": 0.7},
            ]
        },
        "clientInput": "",
    }


def open_webui_chat() -> dict[str, Any]:
    """Two models answered one question; thought and tool stand in the text."""
    thought = '<details type="reasoning" done="true" duration="3">\n<summary>Thought for 3 seconds</summary>\n&gt; if a &lt; b\n&gt; then\n</details>\n'
    tool = '<details type="tool_calls" done="true" id="1">\n<summary>Tool Executed</summary>\n</details>\n'
    messages = {
        "u": {
            "id": "u",
            "parentId": None,
            "childrenIds": ["a", "b"],
            "role": "user",
            "content": "Smaller?",
            "timestamp": 1_700_000_001,
            "files": [
                {"type": "file", "name": "n.txt", "size": 4, "file": {"data": {"content": "1 2\n"}}},
                {"type": "image", "url": "data:"},
            ],
        },
        "a": {
            "id": "a",
            "parentId": "u",
            "childrenIds": [],
            "role": "assistant",
            "content": f"{thought}{tool}Yes.",
            "modelName": "DeepSeek R1",
            "timestamp": 1_700_000_002,
            "usage": {
                "eval_count": 40,
                "eval_duration": 2_000_000_000,
                "prompt_eval_count": 10,
                "prompt_eval_duration": 500_000_000,
            },
        },
        "b": {
            "id": "b",
            "parentId": "u",
            "childrenIds": [],
            "role": "assistant",
            "content": "<think>hm</think>No.",
            "model": "llama",
        },
    }
    return {
        "id": "c-1",
        "user_id": "x",
        "title": "Order",
        "created_at": 1_700_000_000,
        "updated_at": 1_700_000_009,
        "pinned": True,
        "meta": {"tags": ["maths"]},
        "chat": {
            "title": "Order",
            "models": ["r1", "llama"],
            "params": {"system": "Be brief.", "temperature": 0.5},
            "history": {"messages": messages, "currentId": "a"},
            "messages": [],
        },
    }


def _read(tmp_path: Path, document: object, name: str = "chats.json") -> Imported:
    path = tmp_path / name
    path.write_text(json.dumps(document), "utf-8")
    return read_file(path)


def _lines(chat: Conversation) -> list[tuple[str, str]]:
    return [(m.role.value, m.text) for m in chat.path()]


def test_chatgpt(tmp_path: Path) -> None:
    found = _read(tmp_path, [chatgpt_chat()])
    (chat,) = found.chats
    assert found.source is Source.CHATGPT
    assert (chat.title, chat.created_at, chat.is_pinned) == ("Coin tosses", 1_700_000_000.25, True)
    # The open branch; the answers on both sides of a tool are one.
    assert _lines(chat) == [("user", "How many tosses?"), ("assistant", "Six.\n\nOn average.")]
    assert chat.path()[1].reasoning == "Let E be it.\n\nThen"
    assert chat.path()[1].model == "o3"
    other = [m for m in chat.messages if m not in chat.path()]
    assert [m.text for m in other] == ["How many tosses until two heads?", "Exactly six."]
    assert other[1].parent_id == other[0].id
    assert dict(+found.left_out) == {LeftOut.PICTURES: 1, LeftOut.TOOLS: 2, LeftOut.INSTRUCTIONS: 1}


def test_the_archive_that_chatgpt_sends(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("user.json", "{}")
        archive.writestr("conversations-000.json", json.dumps([chatgpt_chat()]))
        archive.writestr("conversations-001.json", json.dumps([chatgpt_chat() | {"conversation_id": "other"}]))
    assert len(read_file(path).chats) == 2


def test_lm_studio(tmp_path: Path) -> None:
    found = _read(tmp_path, lm_studio_chat(), "1736451234567.conversation.json")
    (chat,) = found.chats
    assert found.source is Source.LM_STUDIO
    assert (chat.title, chat.created_at, chat.is_pinned) == ("How many tosses?", 1_736_451_234.567, True)
    assert _lines(chat) == [("user", "How many tosses?"), ("assistant", "Six."), ("user", "And three?")]
    assert [m.text for m in chat.messages] == ["How many tosses?", "five", "Six.", "And three?"]
    answer = chat.path()[1]
    assert (answer.reasoning, answer.model) == ("Let me count", "deepseek-r1-distill-qwen-7b")
    assert answer.timings is not None
    assert (answer.timings.decode_tokens, answer.timings.decode_tokens_s, answer.timings.stop_reason) == (
        55,
        38.1,
        "end",
    )
    assert chat.settings.system_prompt == "Be brief."
    assert dict(+found.left_out) == {LeftOut.FILES: 1, LeftOut.SETTINGS: 1}


def test_open_webui(tmp_path: Path) -> None:
    found = _read(tmp_path, [open_webui_chat()])
    (chat,) = found.chats
    assert found.source is Source.OPEN_WEBUI
    assert _lines(chat) == [("user", "Smaller?"), ("assistant", "Yes.")]
    question, answer, other = chat.messages
    assert [(a.name, a.text) for a in question.attachments] == [("n.txt", "1 2\n")]
    assert (answer.reasoning, answer.model) == ("if a < b\nthen", "DeepSeek R1")
    assert answer.timings is not None
    assert (answer.timings.decode_tokens_s, answer.timings.prefill_tokens_s) == (20.0, 20.0)
    assert (other.text, other.reasoning, other.parent_id) == ("No.", "hm", question.id)
    assert (chat.settings.system_prompt, chat.updated_at) == ("Be brief.", 1_700_000_009.0)
    left = {LeftOut.PICTURES: 1, LeftOut.TOOLS: 1, LeftOut.SETTINGS: 1, LeftOut.TAGS: 1}
    assert dict(+found.left_out) == left


def test_the_same_file_gives_the_same_ids(tmp_path: Path) -> None:
    for make in (chatgpt_chat, open_webui_chat):
        assert _read(tmp_path, [make()]).chats == _read(tmp_path, [make()]).chats
    assert _read(tmp_path, lm_studio_chat()).chats == _read(tmp_path, lm_studio_chat()).chats


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "import_unknown"),
        (b"[]", "import_unknown"),
        (b"{}", "import_unknown"),
        (b'[{"x": 1}]', "import_unknown"),
        (b"[{", "import_unknown"),
        (b'[{"mapping": {}}; {}]', "import_unknown"),
        (b"\xff\xfe\x00", "import_unknown"),
        (b"[" * 100_000, "import_unknown"),
        (b"PK\x03\x04nothing", "file_unreadable"),
    ],
)
def test_what_is_no_export_is_refused_with_a_reason(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_file(path)
    assert caught.value.code == code
    assert caught.value.why


def test_a_file_that_is_cut_off_gives_nothing(tmp_path: Path) -> None:
    whole = json.dumps([chatgpt_chat(), chatgpt_chat()])
    (tmp_path / "cut.json").write_text(whole[:-20], "utf-8")
    with pytest.raises(UserError):
        read_file(tmp_path / "cut.json")


def test_an_archive_that_unpacks_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launcher.chat.imports.reading.MOST_BYTES", 10_000)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", b" " * 5_000_000)
    assert path.stat().st_size < 10_000
    with pytest.raises(UserError) as caught:
        read_file(path)
    assert caught.value.code == "import_too_large"


def test_circles_and_lost_parents_end(tmp_path: Path) -> None:
    chat = chatgpt_chat()
    chat["mapping"]["more"]["children"] = ["q1", "nowhere"]
    chat["mapping"]["island"] = _node("island", "island2", ["island2"], _said("user", "lost"))
    chat["mapping"]["island2"] = _node("island2", "island", ["island"], _said("user", "lost too"))
    found = _read(tmp_path, [chat])
    assert _lines(found.chats[0])[0] == ("user", "How many tosses?")
    assert found.left_out[LeftOut.MESSAGES] == 2
    ring = open_webui_chat()
    nodes = ring["chat"]["history"]["messages"]
    nodes["u"]["parentId"] = "a"
    found = _read(tmp_path, [ring, open_webui_chat()])
    assert [len(c.messages) for c in found.chats] == [3]
    assert (found.left_out[LeftOut.EMPTY], found.left_out[LeftOut.MESSAGES]) == (1, 3)


_SPOILS: tuple[Callable[[random.Random], Any], ...] = (
    lambda _: None,
    lambda _: [],
    lambda _: {},
    lambda _: "x" * 50,
    lambda _: -1,
    lambda _: 10**400,
    lambda _: float("nan"),
    lambda _: True,
    lambda _: "\ud800\u202e\x00",
    lambda dice: dice.random(),
)


def _spoilt(value: Any, dice: random.Random) -> Any:
    if dice.random() < 0.06:
        return dice.choice(_SPOILS)(dice)
    if isinstance(value, dict):
        return {k: _spoilt(v, dice) for k, v in value.items() if dice.random() > 0.02}
    return [_spoilt(v, dice) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("make", [chatgpt_chat, lm_studio_chat, open_webui_chat])
def test_spoilt_files_give_sound_chats_or_a_reason(tmp_path: Path, make: Callable[[], dict[str, Any]]) -> None:
    n_read = 0
    for seed in range(100):
        spoilt = _spoilt(make(), random.Random(seed))
        try:
            found = _read(tmp_path, [spoilt, make()])
        except UserError:
            continue
        for chat in found.chats:
            n_read += 1
            assert_sound(chat)
    assert n_read > 100


def assert_sound(chat: Conversation) -> None:
    """What the rest of the program relies on."""
    known = set[str]()
    for message in chat.messages:
        assert message.id not in known
        assert message.parent_id is None or message.parent_id in known
        known.add(message.id)
        assert isinstance(message.role, Role)
        assert all(isinstance(t, str) for t in (message.text, message.reasoning, message.model))
        assert 0 <= message.created_at < 1e11
    assert chat.leaf_id in known
    assert chat.path()
    assert isinstance(chat.title, str)
