"""Open WebUI's export: a list of chats, each with `chat.history.messages`, a tree by `parentId`, and the open branch's `currentId`.

Thoughts and tools stand inside the text of an answer, as `<details type="…">` elements.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict

from launcher.chat.attachments import Attachment, shown_name
from launcher.chat.conversation import Message, MessageState, Role
from launcher.chat.imports.found import (
    Imported,
    Json,
    LeftOut,
    Source,
    items,
    joined,
    number,
    own_id,
    seconds,
    table,
    text,
    without_thought,
)
from launcher.core.generation import Timings

_DETAILS = re.compile(r'<details type="([a-z_]{1,40})"([^>]{0,20000})>(.*?)</details>\s*', re.DOTALL)
_SUMMARY = re.compile(r"\A\s*<summary>.*?</summary>\n?", re.DOTALL)


def is_chat(value: Json) -> bool:
    """Whether this is one chat of such a file, with or without its envelope."""
    chat = table(value.get("chat")) or value
    return isinstance(table(chat.get("history")).get("messages"), dict)


def read(value: Json, position: int, found: Imported) -> None:
    """Add one chat to what was found."""
    chat = table(value.get("chat")) or value
    history = table(chat.get("history"))
    created_at = seconds(value.get("created_at"), seconds(chat.get("timestamp")))
    chat_id = text(value.get("id")) or text(chat.get("id")) or f"{position}:{created_at}"
    nodes = {key: table(node) for key, node in table(history.get("messages")).items()}
    ids: dict[str, str | None] = {}
    messages = _messages(nodes, chat_id, created_at, ids, found)
    leaf = ids.get(text(history.get("currentId"))) or (messages[-1].id if messages else None)
    title = text(value.get("title")) or text(chat.get("title"))
    tags = items(table(value.get("meta")).get("tags")) or items(chat.get("tags"))
    found.left_out[LeftOut.TAGS] += bool(tags)
    found.add_foreign(
        chat_id,
        title,
        (created_at, seconds(value.get("updated_at"), created_at)),
        messages,
        leaf,
        is_pinned=value.get("pinned") is True,
        system_prompt=_system_prompt(chat, found),
    )


def _system_prompt(chat: Json, found: Imported) -> str:
    params = table(chat.get("params"))
    found.left_out[LeftOut.SETTINGS] += any(v is not None for key, v in params.items() if key != "system")
    return text(params.get("system")).strip() or text(chat.get("system")).strip()


def _messages(
    nodes: dict[str, Json], chat_id: str, created_at: float, ids: dict[str, str | None], found: Imported
) -> list[Message]:
    """All messages, parents before children; `ids` gets for every node the message that shows it, or that it follows."""
    children: dict[str, list[str]] = defaultdict(list)
    for key, node in nodes.items():
        parent = text(node.get("parentId"))
        children[parent if parent in nodes else ""].append(key)
    made: list[Message] = []
    waiting = list(reversed(children[""]))
    while waiting:
        key = waiting.pop()
        node = nodes[key]
        follows = ids.get(text(node.get("parentId")))
        message = _message(node, own_id(Source.OPEN_WEBUI, chat_id, key), follows, created_at, found)
        ids[key] = message.id if message else follows
        if message:
            made.append(message)
        waiting += reversed(children.pop(key, []))
    found.left_out[LeftOut.MESSAGES] += sum(map(len, children.values())) - len(children.get("", []))
    return made


def _message(node: Json, made_id: str, parent: str | None, created_at: float, found: Imported) -> Message | None:
    role = text(node.get("role"))
    if role not in ("user", "assistant"):
        found.left_out[LeftOut.INSTRUCTIONS if role == "system" else LeftOut.MESSAGES] += 1
        return None
    stamp = seconds(node.get("timestamp"), created_at)
    attachments = _files(node, found)
    content = _content(node.get("content"), found)
    if role == "user":
        if not content.strip() and not attachments:
            return None
        return Message(made_id, Role.USER, content, parent, stamp, attachments=attachments)
    words, thought = _without_details(content, found)
    words, inline = without_thought(words)
    thought = joined((text(node.get("reasoning_content")), thought, inline))
    if not words.strip() and not thought:
        return None
    return Message(
        id=made_id,
        role=Role.ASSISTANT,
        text=words,
        parent_id=parent,
        created_at=stamp,
        reasoning=thought,
        state=MessageState.FAILED if node.get("error") else MessageState.DONE,
        model=text(node.get("modelName")) or text(node.get("model")),
        timings=_timings(table(node.get("usage")) or table(node.get("info"))),
    )


def _content(value: object, found: Imported) -> str:
    if isinstance(value, str):
        return text(value)
    parts = [table(p) for p in items(value)]
    found.left_out[LeftOut.PICTURES] += sum(1 for p in parts if p.get("type") == "image_url")
    return joined((text(p.get("text")) for p in parts), "\n")


def _without_details(content: str, found: Imported) -> tuple[str, str]:
    thoughts: list[str] = []

    def taken(match: re.Match[str]) -> str:
        if match[1] == "reasoning":
            lines = html.unescape(_SUMMARY.sub("", match[3])).strip().splitlines()
            thoughts.append("\n".join(line.removeprefix(">").removeprefix(" ") for line in lines))
        else:
            found.left_out[LeftOut.TOOLS] += 1
        return ""

    return _DETAILS.sub(taken, content).strip(), joined(thoughts)


def _files(node: Json, found: Imported) -> tuple[Attachment, ...]:
    """Files whose text is in the export go with their message."""
    taken: list[Attachment] = []
    for entry in map(table, items(node.get("files"))):
        file = table(entry.get("file"))
        content = text(table(file.get("data")).get("content"))
        name = text(entry.get("name")) or text(file.get("filename"))
        if content:
            taken.append(Attachment(shown_name(name), content, size_bytes=int(number(entry.get("size")))))
        else:
            found.left_out[LeftOut.PICTURES if entry.get("type") == "image" else LeftOut.FILES] += 1
    return tuple(taken)


def _timings(usage: Json) -> Timings | None:
    """Figures as Ollama tells them (nanoseconds), or llama.cpp and OpenAI."""
    tokens = int(number(usage.get("eval_count")) or number(usage.get("completion_tokens")))
    if not tokens:
        return None
    decode_s = number(usage.get("eval_duration")) / 1e9
    prompt = int(number(usage.get("prompt_eval_count")) or number(usage.get("prompt_tokens")))
    prefill_s = number(usage.get("prompt_eval_duration")) / 1e9
    return Timings(
        prompt_tokens=prompt,
        reused_tokens=0,
        decode_tokens=tokens,
        reasoning_tokens=0,
        time_to_first_token_s=prefill_s,
        prefill_tokens_s=prompt / prefill_s if prefill_s else 0.0,
        decode_tokens_s=tokens / decode_s if decode_s else number(usage.get("response_token/s")),
        reasoning_seconds=0.0,
        context_used=prompt + tokens,
        stop_reason="end",
    )
