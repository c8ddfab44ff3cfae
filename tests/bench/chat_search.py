"""How long a search takes in a large chats file, how large its index is, and what the start costs.

    python -m tests.bench.chat_search [--messages 100000] [--repeat 5] [--keep FOLDER]

Messages are made by seed: English words with the frequencies of language, a fifth Chinese, answers with thoughts of three times their
length, listings now and then, in chats of 2 to 400 messages.
"""

from __future__ import annotations

import argparse
import random
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from itertools import accumulate
from pathlib import Path

from launcher.chat.conversation import Conversation, Message, Role
from launcher.store import database
from launcher.store.chats import ChatStore

_CODE = "\n```python\ndef tosses():\n    run = n = 0\n    while run < 2:\n        n += 1\n```\n"


class Author:
    """Writes texts: the few thousand words of a language, the common ones often."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        letters = "eeeeeetttaaaooinshrdlucmfwypvbgkjqxz"
        self.words = ["".join(self._rng.choices(letters, k=self._rng.randint(2, 10))) for _ in range(20_000)]
        self.han = [chr(0x4E00 + i) for i in range(3000)]
        self._word_weights = list(accumulate(1 / (i + 3) for i in range(len(self.words))))
        self._han_weights = list(accumulate(1 / (i + 20) for i in range(len(self.han))))

    def text(self, n: int) -> str:
        """About n words, or twice as many Chinese characters."""
        if self._rng.random() < 0.2:
            return "，".join(
                "".join(self._rng.choices(self.han, cum_weights=self._han_weights, k=12)) for _ in range(n // 6 + 1)
            )
        words = " ".join(self._rng.choices(self.words, cum_weights=self._word_weights, k=n))
        return words + (_CODE if self._rng.random() < 0.1 else "")

    def chats(self, n_messages: int) -> list[Conversation]:
        """Chats with so many messages together."""
        found: list[Conversation] = []
        left, n = n_messages, 0
        while left > 0:
            size = min(left, round(2 + 398 * self._rng.random() ** 3))
            left -= size
            messages: list[Message] = []
            for i in range(size):
                n += 1
                parent = messages[-1].id if messages else None
                is_answer = bool(i % 2)
                text = self.text(self._rng.randint(40, 160) if is_answer else self._rng.randint(3, 30))
                thought = self.text(3 * self._rng.randint(40, 160)) if is_answer and self._rng.random() < 0.5 else ""
                messages.append(
                    Message(f"m{n}", Role.ASSISTANT if is_answer else Role.USER, text, parent, float(n), thought)
                )
            found.append(Conversation(f"c{n}", self.text(4)[:40], float(n), float(n), tuple(messages), messages[-1].id))
        return found


def _memory_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _timed(work: Callable[[], object], repeat: int) -> tuple[float, float, object]:
    """Median and longest, in milliseconds, and the last result."""
    times: list[float] = []
    result: object = None
    for _ in range(repeat):
        begin = time.perf_counter()
        result = work()
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times), max(times), result


def searches(author: Author) -> dict[str, str]:
    """What is searched for, from common to absent."""
    words, han = author.words, author.han
    return {
        "a common word": words[0] if len(words[0]) > 2 else words[1] + words[0],
        "a usual word": next(w for w in words[300:] if len(w) > 4),
        "a rare word": next(w for w in words[15_000:] if len(w) > 6),
        "part of a word": next(w for w in words[5000:] if len(w) > 7)[1:6],
        "two words": next(w for w in words[100:] if len(w) > 3) + " " + next(w for w in words[2000:] if len(w) > 3),
        "a phrase": '"n += 1"',
        "two letters": "qz",
        "one letter": "e",
        "Chinese, 4 characters": "".join(han[i] for i in (10, 200, 30, 5)),
        "Chinese, 2 characters, common": han[0] + han[1],
        "Chinese, 2 characters, rare": han[900] + han[1500],
        "Chinese, 1 character, rare": han[2500],
        "absent": "zzqqxxjj",
    }


def fill(store: ChatStore, chats: list[Conversation]) -> float:
    """Puts the chats into the file; returns milliseconds per message."""
    begin = time.perf_counter()
    for chat in chats:
        store.create(chat)
    return 1000 * (time.perf_counter() - begin) / sum(len(c.messages) for c in chats)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="make the file here, or measure the one that is here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure((options.keep or Path(folder)) / "chats.sqlite", options.messages, options.repeat)


def measure(path: Path, n_messages: int, repeat: int) -> None:
    """Makes the file if it is not there, and prints all figures."""
    author = Author(1)
    if not path.exists():
        with closing(ChatStore(path)) as store:
            print(f"written with its index: {fill(store, author.chats(n_messages)):.2f} ms per message")
    with closing(sqlite3.connect(path)) as db:
        n, size, longest = db.execute(
            "SELECT count(*), sum(length(text) + length(reasoning)), max(length(text) + length(reasoning)) FROM messages"
        ).fetchone()
        sizes = dict(
            db.execute(
                "SELECT CASE WHEN name LIKE 'text_index%' THEN 'index' ELSE 'other' END, sum(pgsize) FROM dbstat GROUP BY 1"
            )
        )
    print(
        f"{n:,} messages, {size / 1e6:.1f} million characters; file {path.stat().st_size / 1e6:.0f} MB, of that the index {sizes['index'] / 1e6:.0f} MB"
    )
    print(f"the longest message has {longest:,} characters")
    base = _memory_mib()
    opened, _, _ = _timed(lambda: ChatStore(path)._db.close(), repeat)
    checked, _, is_damaged = _timed(lambda: database.is_damaged(path, lambda: False), 1)
    print(
        f"opening the file: {opened:.1f} ms; looking for damage beside the work: {checked:.0f} ms ({'damaged' if is_damaged else 'none'})"
    )
    with closing(ChatStore(path)) as store:
        listed, _, _ = _timed(store.list, repeat)
        print(
            f"listing all chats: {listed:.1f} ms\n\n{'search for':34}{'median ms':>11}{'longest ms':>11}{'messages':>10}{'chats':>8}"
        )
        for name, words in searches(author).items():
            median, longest_ms, result = _timed(lambda words=words: store.search(words), repeat)
            n_hits = sum(e.n_hits for e in result.entries)  # type: ignore[attr-defined]
            more = "+" if result.is_cut else ""  # type: ignore[attr-defined]
            print(f"{name:34}{median:11.1f}{longest_ms:11.1f}{f'{n_hits}{more}':>10}{len(result.entries):>8}")  # type: ignore[attr-defined]
    print(
        f"\nmemory of this process at its highest: {_memory_mib():.0f} MiB, {_memory_mib() - base:.0f} MiB more than before the first search"
    )


if __name__ == "__main__":
    main()
