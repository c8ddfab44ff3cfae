"""Kills a program that keeps chats, at random moments, and looks at what its disk still has.

    python -m tests.bench.chat_kills --runs 300 --seed 1

Each run starts a process with the window's own `ChatService`, which streams answers at 200 pieces per second, edits, regenerates,
switches branches, deletes, undoes, forks, renames and pins, as a seed says; it gets SIGKILL at a moment the seed says. Then the
database must pass SQLite's integrity check, every chat of earlier runs must be as it was, and whatever was done more than a second
before the kill must be there; time in which the machine did not let the process run (gaps between its steps) is not counted. All runs work on one file, so each also begins with what the kill before it left.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from launcher.chat.branches import branch_ids, forked, showing, without
from launcher.chat.conversation import Conversation, Maker, Message, MessageState, Role
from launcher.store.chats import ChatStore

BOUND_S = 1.0
STEP_MS = 5
_USUAL_GAP_S = 0.05
_WORDS = [
    "the",
    "sum",
    "of",
    "two",
    "heads",
    "in",
    "a",
    "row",
    "is",
    "six",
    "根号二",
    "是",
    "无理数",
    "$x^2$",
    "`code`\n",
]

Op = tuple[str, tuple[object, ...]]
"""A method of ChatService and its arguments."""


def scenario(seed: int) -> Iterator[Op]:
    """What the user and the engine do, without end; the same for the same seed."""
    rng = random.Random(seed)
    ids, ticks = count(1), count(1)
    make = Maker(now=lambda: float(next(ticks)), new_id=lambda: f"{seed}-{next(ids)}")
    chat = make.conversation()
    chat = chat.with_message(make.user_message(_text(rng, 12), None))
    yield "create", (chat,)
    while True:
        kind = rng.choices(
            ("answer", "ask", "edit", "edit_answer", "again", "switch", "delete", "fork", "rename", "pin"),
            (6, 4, 3, 2, 3, 3, 2, 1, 1, 1),
        )[0]
        last = chat.path()[-1] if chat.path() else None
        any_one = rng.choice(chat.messages) if chat.messages else None
        if kind == "answer" and last is not None and last.role is Role.USER:
            for message in _streamed(rng, make.answer(last.id, "R1", "Q4")):
                chat = chat.with_message(message).with_leaf(message.id)
                yield "save_message", (chat.id, message)
        elif kind == "ask" and (last is None or last.role is Role.ASSISTANT):
            chat = chat.with_message(make.user_message(_text(rng, 20), chat.leaf_id))
            yield "save_message", (chat.id, chat.messages[-1])
        elif kind == "again":
            chat = chat.with_leaf(next((m.id for m in reversed(chat.path()) if m.role is Role.USER), None))
        elif kind.startswith("edit") and any_one is not None:
            text = _text(rng, 15)
            is_user = any_one.role is Role.USER
            new = make.user_message(text, any_one.parent_id) if is_user else make.edited_answer(any_one, text)
            chat = chat.with_message(new).with_leaf(new.id)
            yield "save_message", (chat.id, new)
        elif kind == "switch" and any_one is not None:
            chat = showing(chat, any_one.id)
            yield "set_leaf", (chat.id, chat.leaf_id)
        elif kind == "delete" and any_one is not None and len(chat.messages) > 3:
            gone, before = branch_ids(chat, any_one.id), chat
            chat = without(chat, any_one.id)
            yield "hide_messages", (chat.id, gone, chat.leaf_id)
            if rng.random() < 0.5:
                chat = before
                yield "show_messages", (chat.id, gone, chat.leaf_id)
        elif kind == "fork" and any_one is not None:
            chat = forked(chat, any_one.id, make)
            yield "create", (chat,)
        elif kind in ("rename", "pin"):
            yield kind, (chat.id, _text(rng, 3) if kind == "rename" else rng.random() < 0.5)


def _streamed(rng: random.Random, answer: Message) -> Iterator[Message]:
    yield answer
    for channel in ("reasoning", "text"):
        for _ in range(rng.randint(0, 150)):
            answer = replace(answer, **{channel: getattr(answer, channel) + rng.choice(_WORDS) + " "})
            yield answer
    yield replace(answer, state=rng.choice((MessageState.DONE, MessageState.STOPPED, MessageState.FAILED)))


def _text(rng: random.Random, n: int) -> str:
    return " ".join(rng.choices(_WORDS, k=n))


# -- the process that is killed


def child(seed: int) -> None:
    """Carries the scenario out, one step every 5 ms, and says when each step begins."""
    from PySide6.QtCore import QCoreApplication, QTimer

    from launcher.services.chat_service import ChatService

    app = QCoreApplication([])
    service = ChatService(app)
    service.start()
    steps = scenario(seed)

    def step() -> None:
        name, arguments = next(steps)
        os.write(1, f"{time.monotonic()}\n".encode())
        getattr(service, name)(*arguments)

    timer = QTimer(app)
    timer.timeout.connect(step)
    timer.start(STEP_MS)
    app.exec()


# -- what must be there

Key = tuple[str, str]
"""What is kept ("text", "title", "leaf", ...) and whose it is."""


@dataclass
class History:
    """Every value that each thing had, with the time it was given."""

    values: dict[Key, list[tuple[float, object]]] = field(default_factory=dict)

    def set(self, at_s: float, key: Key, value: object) -> None:
        self.values.setdefault(key, []).append((at_s, value))

    def apply(self, at_s: float, op: Op) -> None:
        """What one step changes."""
        name, a = op
        if name == "create":
            chat = a[0]
            assert isinstance(chat, Conversation)
            self.set(at_s, ("title", chat.id), chat.title)
            self.set(at_s, ("pinned", chat.id), chat.is_pinned)
            self.set(at_s, ("leaf", chat.id), chat.leaf_id)
            for message in chat.messages:
                self._message(at_s, message)
        elif name == "save_message":
            assert isinstance(a[1], Message)
            self._message(at_s, a[1])
            self.set(at_s, ("leaf", str(a[0])), a[1].id)
        elif name in ("hide_messages", "show_messages"):
            assert isinstance(a[1], tuple)
            for message_id in a[1]:
                self.set(at_s, ("hidden", message_id), name == "hide_messages")
            self.set(at_s, ("leaf", str(a[0])), a[2])
        else:
            self.set(at_s, ({"rename": "title", "set_leaf": "leaf", "pin": "pinned"}[name], str(a[0])), a[1])

    def _message(self, at_s: float, m: Message) -> None:
        self.set(at_s, ("text", m.id), (m.parent_id, m.role.value, m.text, m.reasoning, m.is_edited))
        if ("hidden", m.id) not in self.values:
            self.set(at_s, ("hidden", m.id), False)

    def losses(self, kept: dict[Key, object], killed_at_s: float) -> dict[Key, float]:
        """What is older on the disk than it was in the program, and by how many seconds: since its first value that is missing."""
        found: dict[Key, float] = {}
        for key, values in self.values.items():
            if key not in kept:
                found[key] = killed_at_s - values[0][0]
                continue
            same = [i for i, (_, value) in enumerate(values) if value == kept[key]]
            if not same:
                raise AssertionError(f"{key} has a value that it never had: {kept[key]!r}")
            if same[-1] + 1 < len(values):
                found[key] = killed_at_s - values[same[-1] + 1][0]
        return found


def kept(path: Path, seed: int) -> dict[Key, object]:
    """What the file has of a run."""
    found: dict[Key, object] = {}
    with closing(ChatStore(path)) as store, closing(sqlite3.connect(path)) as db:
        mine = f"{seed}-%"
        for chat_id, title, leaf, pinned in db.execute(
            "SELECT id, title, leaf_id, is_pinned FROM chats WHERE id LIKE ?", (mine,)
        ):
            found |= {("title", chat_id): title, ("leaf", chat_id): leaf, ("pinned", chat_id): bool(pinned)}
            chat = store.load(chat_id)
            assert chat is not None
            assert (chat.path()[-1].id if chat.path() else None) == leaf, "the open branch ends with its leaf"
            assert all(m.parent_id is None or chat.message(m.parent_id) for m in chat.messages), (
                "no message without its parent"
            )
        rows = db.execute(
            "SELECT id, parent_id, role, text, reasoning, is_edited, deleted_at, state FROM messages WHERE id LIKE ?",
            (mine,),
        )
        for message_id, parent, role, text, reasoning, edited, deleted, state in rows:
            assert state != "streaming"
            found["text", message_id] = (parent, role, text, reasoning, bool(edited))
            found["hidden", message_id] = deleted is not None
    return found


def digest(path: Path) -> dict[str, str]:
    """All that is to be seen, by chat."""
    with closing(ChatStore(path)) as store:
        return {e.id: repr(store.load(e.id)) for e in store.list().entries}


@dataclass(frozen=True)
class Run:
    """What a kill cost.

    Attributes:
        n_steps: so many were begun.
        streamed_s: the age of the oldest piece of an answer that was lost; 0 for none.
        other_s: the same for everything else.
        stalled_s: of the last seconds before the kill the process was not run for so long, because others were.
    """

    n_steps: int
    streamed_s: float
    other_s: float
    stalled_s: float


def one_run(home: Path, seed: int, delay_s: float, bound_s: float = BOUND_S) -> Run:
    """Starts the process, kills it `delay_s` after its first step (after its start, for every tenth seed), and looks."""
    command = [sys.executable, "-m", "tests.bench.chat_kills", "--child", str(seed)]
    environment = os.environ | {"LAUNCHER_HOME": str(home)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    stamps: list[float] = []
    if seed % 10:
        stamps.append(float(process.stdout.readline()))
    time.sleep(delay_s)
    killed_at_s = time.monotonic()
    process.send_signal(signal.SIGKILL)
    stamps += [float(line) for line in process.stdout.read().splitlines() if line]
    process.stdout.close()
    process.wait()
    return _judged(home, seed, stamps, killed_at_s, bound_s)


def _judged(home: Path, seed: int, stamps: list[float], killed_at_s: float, bound_s: float) -> Run:
    history, path = History(), home / "data" / "chats.sqlite"
    steps = scenario(seed)
    for at_s in stamps:
        history.apply(at_s, next(steps))
    if path.exists():
        with closing(sqlite3.connect(path)) as db:
            result = db.execute("PRAGMA integrity_check").fetchone()[0]
            assert result == "ok", result
    losses = history.losses(kept(path, seed), killed_at_s)
    streamed = max((s for (kind, _), s in losses.items() if kind == "text"), default=0.0)
    other = max((s for (kind, _), s in losses.items() if kind != "text"), default=0.0)
    stalled = stalled_s([*stamps, killed_at_s])
    late = {k: round(v, 3) for k, v in losses.items() if v > bound_s + stalled}
    assert not late, f"{late}, stalled {stalled:.3f} s"
    return Run(len(stamps), streamed, other, stalled)


def stalled_s(stamps: list[float]) -> float:
    """How long a process whose steps are 5 ms apart was not run in its last seconds."""
    gaps = [(after - before, after) for before, after in itertools.pairwise(stamps)]
    return sum(gap - _USUAL_GAP_S for gap, after in gaps if gap > _USUAL_GAP_S and after > stamps[-1] - 3 * BOUND_S)


def kills(home: Path, runs: int, seed: int, longest_s: float = 1.6, bound_s: float = BOUND_S) -> list[Run]:
    """So many runs on one file; raises at the first that lost too much."""
    rng = random.Random(seed)
    found: list[Run] = []
    seen: dict[str, str] = {}
    for number in range(runs):
        found.append(one_run(home, seed * 100_000 + number, rng.uniform(0.0, longest_s), bound_s))
        now = digest(home / "data" / "chats.sqlite")
        assert all(now.get(chat) == value for chat, value in seen.items()), "a chat of an earlier run has changed"
        seen = now
    return found


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", type=int)
    options = parser.parse_args()
    if options.child is not None:
        child(options.child)
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        found = kills(home, options.runs, options.seed)
        n_chats = len(digest(home / "data" / "chats.sqlite"))
    table: dict[str, dict[str, float]] = {}
    for name in ("streamed_s", "other_s", "stalled_s"):
        losses = sorted(getattr(run, name) for run in found)
        table[name] = {
            "median": losses[len(losses) // 2],
            "p95": losses[len(losses) * 95 // 100],
            "longest": losses[-1],
        }
    if options.json:
        print(json.dumps({"runs": len(found), "steps": sum(r.n_steps for r in found), "chats": n_chats} | table))
        return
    print(
        f"{len(found)} kills, {sum(r.n_steps for r in found):,} steps, {n_chats} chats; integrity ok every time, loss within {BOUND_S} s"
    )
    print(f"{'lost, in seconds before the kill':40}{'median':>8}{'p95':>8}{'longest':>9}")
    for name, words in (
        ("streamed_s", "of a streamed answer, edits, questions"),
        ("other_s", "titles, pins, branches, deletions"),
    ):
        print(
            f"{words:40}" + "".join(f"{table[name][k]:>{w}.3f}" for k, w in (("median", 8), ("p95", 8), ("longest", 9)))
        )


if __name__ == "__main__":
    main()
