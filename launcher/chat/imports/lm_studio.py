"""LM Studio's `<time>.conversation.json`: a row of messages, each in one or several versions of which one is selected.

A version of the user has `content`; one of the model has `steps`: blocks of text, thoughts (`style.type` "thinking"), tools.
Files of before version 0.3 have messages of role and content only.
"""

from __future__ import annotations

from launcher.chat.conversation import Message, Role
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

_SYSTEM = "llm.prediction.systemPrompt"
_STOPS = {"eosFound": "end", "stopStringFound": "end", "userStopped": "stopped", "maxPredictedTokensReached": "length"}


def is_chat(value: Json) -> bool:
    """Whether this is such a file: a message tells."""
    messages = items(value.get("messages"))
    if not messages:
        return isinstance(value.get("messages"), list) and "clientInput" in value
    first = table(messages[0])
    return isinstance(first.get("versions"), list) or ("role" in first and "content" in first)


def read(value: Json, position: int, found: Imported) -> None:
    """Add the chat to what was found."""
    created_at = seconds(value.get("createdAt"))
    title = text(value.get("name")) or text(value.get("title"))
    chat_id = f"{created_at}:{position if not created_at else ''}:{'' if created_at else title}"
    messages: list[Message] = []
    parent: str | None = None
    for at, entry in enumerate(map(table, items(value.get("messages")))):
        versions = [table(v) for v in items(entry.get("versions"))] or [entry]
        selected = int(number(entry.get("currentlySelected")))
        chosen: str | None = None
        for which, version in enumerate(versions):
            made = _message(version, own_id(Source.LM_STUDIO, chat_id, str(at), str(which)), parent, created_at, found)
            if made is None:
                continue
            messages.append(made)
            if which == selected or chosen is None:
                chosen = made.id
        parent = chosen or parent
    found.add_foreign(
        chat_id,
        title,
        (created_at, seconds(value.get("assistantLastMessagedAt"), created_at)),
        messages,
        leaf_id=parent,
        is_pinned=value.get("pinned") is True,
        system_prompt=_system_prompt(value, found),
    )


def _system_prompt(value: Json, found: Imported) -> str:
    fields = [table(f) for f in items(table(value.get("perChatPredictionConfig")).get("fields"))]
    found.left_out[LeftOut.SETTINGS] += any(text(f.get("key")) not in ("", _SYSTEM) for f in fields)
    own = next((text(f.get("value")) for f in fields if f.get("key") == _SYSTEM), "")
    return own.strip() or text(value.get("systemPrompt")).strip()


def _message(version: Json, made_id: str, parent: str | None, created_at: float, found: Imported) -> Message | None:
    role = text(version.get("role"))
    if role not in ("user", "assistant"):
        # A system prompt in a row of messages; the chat's own is read elsewhere.
        found.left_out[LeftOut.INSTRUCTIONS if role == "system" else LeftOut.MESSAGES] += 1
        return None
    if role == "user":
        words = _words(version.get("content"), found)
        return Message(made_id, Role.USER, words, parent, created_at) if words.strip() else None
    words, thought, timings = _steps(version, found)
    if not words.strip() and not thought:
        return None
    model = text(table(version.get("senderInfo")).get("senderName"))
    return Message(made_id, Role.ASSISTANT, words, parent, created_at, thought, model=model, timings=timings)


def _steps(version: Json, found: Imported) -> tuple[str, str, Timings | None]:
    """Text, thought and figures of an answer."""
    if not isinstance(version.get("steps"), list):
        return (*without_thought(_words(version.get("content"), found)), None)
    words: list[str] = []
    thoughts: list[str] = []
    timings: Timings | None = None
    for step in map(table, items(version.get("steps"))):
        kind = text(step.get("type"))
        if kind == "contentBlock":
            said = _words(step.get("content"), found)
            is_thought = table(step.get("style")).get("type") == "thinking"
            (thoughts if is_thought else words).append(said)
            timings = _timings(table(table(step.get("genInfo")).get("stats"))) or timings
        elif kind not in ("debugInfoBlock", "status"):
            found.left_out[LeftOut.TOOLS] += 1
    answer, thought = without_thought(joined(words))
    return answer, joined((*thoughts, thought)), timings


def _words(content: object, found: Imported) -> str:
    if isinstance(content, str):
        return text(content)
    parts: list[str] = []
    for part in map(table, items(content)):
        kind = text(part.get("type"))
        if kind == "text":
            parts.append(text(part.get("text")))
        elif kind == "file":
            is_picture = text(part.get("fileType")).startswith("image")
            found.left_out[LeftOut.PICTURES if is_picture else LeftOut.FILES] += 1
        else:
            found.left_out[LeftOut.TOOLS] += 1
    return joined(parts, "")


def _timings(stats: Json) -> Timings | None:
    tokens = int(number(stats.get("predictedTokensCount")))
    if not tokens:
        return None
    return Timings(
        prompt_tokens=int(number(stats.get("promptTokensCount"))),
        reused_tokens=0,
        decode_tokens=tokens,
        reasoning_tokens=0,
        time_to_first_token_s=number(stats.get("timeToFirstTokenSec")),
        prefill_tokens_s=0.0,
        decode_tokens_s=number(stats.get("tokensPerSecond")),
        reasoning_seconds=0.0,
        context_used=int(number(stats.get("totalTokensCount"))),
        stop_reason=_STOPS.get(text(stats.get("stopReason")), "end"),
    )
