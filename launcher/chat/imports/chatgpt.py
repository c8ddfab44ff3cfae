"""ChatGPT's export: `conversations.json`, a list of chats whose messages are nodes of a tree in `mapping`.

Nodes that are no message of either side (tools, thoughts, hidden instructions) stand between those that are. A thought goes
to the answer after it; answers that only tools stand between are one answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from launcher.chat.conversation import Message, Role
from launcher.chat.imports.found import Imported, Json, LeftOut, Source, items, joined, own_id, seconds, table, text

_TEXT = ("text", "multimodal_text")
_INSTRUCTIONS = ("user_editable_context", "model_editable_context")


@dataclass
class _Place:
    """Where a walk through the tree stands: what the next message follows, and what belongs to it."""

    parent: str | None = None
    thought: str = ""
    is_only_way: bool = True  # nothing branched since the parent


def is_chat(value: Json) -> bool:
    """Whether this is one chat of such a file."""
    return isinstance(value.get("mapping"), dict)


def read(value: Json, number: int, found: Imported) -> None:
    """Add one chat to what was found."""
    created_at = seconds(value.get("create_time"))
    chat_id = text(value.get("conversation_id")) or text(value.get("id")) or f"{number}:{created_at}"
    tree = _Tree(table(value.get("mapping")), chat_id, created_at, found)
    tree.walk()
    messages = tuple(tree.messages.values())
    leaf = tree.place_of.get(text(value.get("current_node"))) or (messages[-1].id if messages else None)
    found.add_foreign(
        chat_id,
        text(value.get("title")),
        (created_at, seconds(value.get("update_time"), created_at)),
        messages,
        leaf,
        is_pinned=value.get("is_starred") is True,
    )


class _Tree:
    """One walk over a mapping.

    Attributes:
        messages: what was made, parents before children.
        place_of: for every node the message that shows it, or that it follows.
    """

    def __init__(self, mapping: Json, chat_id: str, created_at: float, found: Imported) -> None:
        self._nodes = {key: table(node) for key, node in mapping.items()}
        self._chat_id, self._created_at, self._found = chat_id, created_at, found
        self.messages: dict[str, Message] = {}
        self.place_of: dict[str, str | None] = {}

    def walk(self) -> None:
        """All nodes from the roots, in the order of the file; one that is reached twice (a circle) counts once."""
        roots = [k for k, node in self._nodes.items() if text(node.get("parent")) not in self._nodes]
        waiting = [(key, _Place()) for key in reversed(roots)]
        seen = set[str]()
        while waiting:
            key, place = waiting.pop()
            if key in seen:
                continue
            seen.add(key)
            node = self._nodes[key]
            after = self._take(key, table(node.get("message")), place)
            self.place_of[key] = after.parent
            children = [c for c in self._children(node) if c not in seen]
            after.is_only_way = after.is_only_way and len(children) < 2
            waiting += [(child, replace(after)) for child in reversed(children)]
        self._found.left_out[LeftOut.MESSAGES] += len(self._nodes) - len(seen)

    def _children(self, node: Json) -> Iterator[str]:
        return (child for child in map(text, items(node.get("children"))) if child in self._nodes)

    def _take(self, key: str, message: Json, place: _Place) -> _Place:
        role = text(table(message.get("author")).get("role"))
        content = table(message.get("content"))
        kind = text(content.get("content_type"))
        if not message or not role:
            return place
        if table(message.get("metadata")).get("is_visually_hidden_from_conversation") or kind in _INSTRUCTIONS:
            self._found.left_out[LeftOut.INSTRUCTIONS] += bool(_words(content))
            return place
        if role == "assistant" and kind == "thoughts":
            thoughts = (table(t) for t in items(content.get("thoughts")))
            words = joined(text(t.get("content")) or text(t.get("summary")) for t in thoughts)
            return replace(place, thought=joined((place.thought, words)))
        if kind == "reasoning_recap":
            return place  # "Thought for 20 seconds"
        self._found.left_out[LeftOut.PICTURES] += _n_pictures(content)
        if role in ("user", "assistant") and (kind in _TEXT or (kind == "code" and _is_for_all(message))):
            return self._add(key, message, Role(role), place)
        if role == "system":
            self._found.left_out[LeftOut.INSTRUCTIONS] += bool(_words(content))
        else:
            self._found.left_out[LeftOut.TOOLS] += 1
        return place

    def _add(self, key: str, message: Json, role: Role, place: _Place) -> _Place:
        content = table(message.get("content"))
        words = _words(content)
        metadata = table(message.get("metadata"))
        if role is Role.USER:
            self._found.left_out[LeftOut.FILES] += sum(1 for a in items(metadata.get("attachments")) if _is_file(a))
        if not words.strip() or not (role is Role.USER or _is_for_all(message)):
            return place
        before = self.messages.get(place.parent or "")
        if before is not None and role is Role.ASSISTANT and before.role is role and place.is_only_way:
            self.messages[before.id] = replace(
                before, text=joined((before.text, words)), reasoning=joined((before.reasoning, place.thought))
            )
            return _Place(before.id)
        made = Message(
            id=own_id(Source.CHATGPT, self._chat_id, key),
            role=role,
            text=words,
            parent_id=place.parent,
            created_at=seconds(message.get("create_time"), before.created_at if before else self._created_at),
            reasoning=place.thought if role is Role.ASSISTANT else "",
            model=text(metadata.get("model_slug")) if role is Role.ASSISTANT else "",
        )
        self.messages[made.id] = made
        return _Place(made.id)


def _is_for_all(message: Json) -> bool:
    return text(message.get("recipient")) in ("", "all")


def _words(content: Json) -> str:
    if text(content.get("content_type")) == "code":
        return f"```\n{text(content.get('text'))}\n```" if text(content.get("text")) else ""
    parts = items(content.get("parts"))
    words = (part if isinstance(part, str) else text(table(part).get("text")) for part in parts)
    return joined(words, "\n") or text(content.get("text"))


def _n_pictures(content: Json) -> int:
    # What was spoken comes with its words; other tables are pictures and recordings.
    return sum(1 for part in map(table, items(content.get("parts"))) if part and not text(part.get("text")))


def _is_file(value: object) -> bool:
    return not text(table(value).get("mime_type")).startswith("image/")
