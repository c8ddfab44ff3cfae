"""Answers that are being written: of each save only what is new is written, and after a kill what is there is the answer."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from launcher.chat.conversation import Message, MessageState
from launcher.store import database
from launcher.store.chat_schema import SAVE_MESSAGE, message_values, readable, storable


class GrowingAnswers:
    """Rows of answers that stream, and the pieces that came since each row was written."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._saved: dict[str, Message] = {}

    def add(self, message: Message) -> bool:
        """Write what is new since the last save; False when the whole message has to be written."""
        before = self._saved.get(message.id)
        if message.state is not MessageState.STREAMING or before is None or not _continues(message, before):
            return False
        text, reasoning = message.text[len(before.text) :], message.reasoning[len(before.reasoning) :]
        if text or reasoning:
            self._db.execute(
                "INSERT INTO pieces (message_id, text, reasoning) VALUES (?, ?, ?)",
                (message.id, storable(text), storable(reasoning)),
            )
            self._saved[message.id] = message
        return True

    def note(self, message: Message) -> None:
        """The whole message was written."""
        if message.state is MessageState.STREAMING:
            self._saved[message.id] = message
        else:
            self._saved.pop(message.id, None)

    def whole(self, message: Message) -> Message:
        """The message of a row with the pieces that came since."""
        if message.state is not MessageState.STREAMING:
            return message
        pieces = self._db.execute("SELECT text, reasoning FROM pieces WHERE message_id = ? ORDER BY n", (message.id,))
        texts = [(r["text"], r["reasoning"]) for r in pieces]
        return replace(
            message,
            text=message.text + "".join(t for t, _ in texts),
            reasoning=message.reasoning + "".join(r for _, r in texts),
        )

    def end_all(self) -> None:
        """The program ended in the middle of an answer: what was saved of it is what there is."""
        # A literal, so that SQLite takes the index of just these.
        rows = self._db.execute("SELECT * FROM messages WHERE state = 'streaming'").fetchall()
        if not rows:
            return
        with database.transaction(self._db):
            for row in rows:
                for message in readable((row,)):
                    whole = replace(self.whole(message), state=MessageState.STOPPED)
                    self._db.execute(SAVE_MESSAGE, message_values(row["chat_id"], whole))
            self._db.execute("DELETE FROM pieces")


def _continues(message: Message, before: Message) -> bool:
    return message.text.startswith(before.text) and message.reasoning.startswith(before.reasoning)
