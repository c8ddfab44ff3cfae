"""What an answer that streams costs the window: event-loop gaps, processor time per token, time to open a chat, memory.

    QT_QPA_PLATFORM=offscreen python -m tests.bench.chat_stream [--seconds 8] [--messages 10 1000 10000] [--answer-tokens 50000] [--listing-lines 20000]

A gap is the time between two turns of the event loop, asked every 2 ms while 200 tokens/s come in. On a busy machine the wall clock
also counts what other programs take, so beside it stands the processor time that the GUI thread used in the same gap: that is ours alone.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psutil
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from launcher.chat.conversation import Conversation, Message, MessageState, Role
from launcher.ui.chat import ChatPage
from launcher.ui.theme import LIGHT, ThemeManager

TOKENS_S = 200
_TICK_MS = 2
_CHARS_PER_TOKEN = 4
_WORDS = (
    "model",
    "memory",
    "layer",
    "context",
    "window",
    "therefore",
    "weights",
    "of",
    "the",
    "a",
    "is",
    "on",
    "expert",
    "显存",
    "上下文",
)
_FORMULAS = (
    r"\frac{{a_{{{n}}}}}{{b}}", r"\sum_{{i=1}}^{{{n}}} x_i", r"\sqrt{{x^2+{n}}}", r"e^{{i\pi {n}}}",
    r"\begin{{pmatrix}}1 & {n} \\ 0 & 1\end{{pmatrix}}", r"\int_0^{{{n}}} f(x)\,dx",
)  # fmt: skip


@dataclass(frozen=True)
class Figures:
    """Of one streamed answer; times in ms."""

    wall: tuple[float, float, float]
    cpu: tuple[float, float, float]
    cpu_per_token: float
    tokens: int


class Ticks(QObject):
    """Asks for a turn of the event loop every 2 ms and notes when it comes."""

    def __init__(self) -> None:
        super().__init__()
        self.wall: list[float] = []
        self.cpu: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._on_timeout)
        self._last = (0.0, 0.0)

    def start(self) -> None:
        """Begin."""
        self._last = (time.perf_counter(), time.thread_time())
        self._timer.start()

    def stop(self) -> None:
        """No more."""
        self._timer.stop()

    def _on_timeout(self) -> None:
        now = (time.perf_counter(), time.thread_time())
        self.wall.append((now[0] - self._last[0]) * 1000)
        self.cpu.append((now[1] - self._last[1]) * 1000)
        self._last = now


def sections(seed: int, formulas: int, tokens: int) -> Iterator[str]:
    """An answer of about so many tokens: headings, prose, lists, tables, listings and so many formulas."""
    rng = random.Random(seed)
    chars = tokens * _CHARS_PER_TOKEN
    written = made = 0
    number = 0
    while written < chars:
        number += 1
        parts = [f"## Step {number}\n\n", " ".join(rng.choices(_WORDS, k=60)) + ". **Strong** and `code`.\n\n"]
        while made < formulas * (written + 600) / chars:
            made += 1
            tex = rng.choice(_FORMULAS).format(n=made)
            parts.append(f"\\[\n{tex}\n\\]\n\n" if made % 2 else f"Where ${tex}$ holds.\n\n")
        kind = number % 4
        if kind == 0:
            parts += [
                "```python\n",
                *(f"def f{i}(x):\n    return x + {i}  # {rng.choice(_WORDS)}\n" for i in range(8)),
                "```\n\n",
            ]
        elif kind == 1:
            parts += [f"{i}. {' '.join(rng.choices(_WORDS, k=12))}\n" for i in range(1, 12)] + ["\n"]
        elif kind == 2:
            parts += ["| name | value | words |\n|---|--:|---|\n"]
            parts += [f"| {rng.choice(_WORDS)} | {i} | {' '.join(rng.choices(_WORDS, k=4))} |\n" for i in range(10)] + [
                "\n"
            ]
        else:
            parts += [f"> {' '.join(rng.choices(_WORDS, k=30))}\n\n", " ".join(rng.choices(_WORDS, k=150)), "\n\n"]
        text = "".join(parts)
        written += len(text)
        yield text


def conversation(count: int) -> Conversation:
    """A chat of `count` messages, every second one an answer of 300 to 600 tokens, some with thinking."""
    messages: list[Message] = []
    for n in range(count):
        parent = messages[-1].id if messages else None
        if n % 2 == 0:
            messages.append(Message(f"{count}-{n}", Role.USER, f"Question {n}: why?", parent))
        else:
            text = "".join(sections(n, 2, 300 + n % 300))
            thinking = "Let me see. " * 50 if n % 6 == 1 else ""
            messages.append(Message(f"{count}-{n}", Role.ASSISTANT, text, parent, reasoning=thinking))
    return Conversation(f"chat-{count}", "", 0.0, 0.0, tuple(messages), messages[-1].id if messages else None)


def settle(seconds: float = 0.3) -> None:
    """Let the window do what it has put off."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        QApplication.processEvents()
        time.sleep(0.001)


def open_chat(page: ChatPage, chat: Conversation) -> tuple[float, float]:
    """Milliseconds until the chat is painted: by the clock, and of the processor."""
    start, cpu = time.perf_counter(), time.thread_time()
    page.set_conversation(chat)
    QApplication.processEvents()
    return (time.perf_counter() - start) * 1000, (time.thread_time() - cpu) * 1000


def stream(page: ChatPage, name: str, text: str, quick_tokens: int = 0, thinking_tokens: int = 0) -> Figures:
    """Stream an answer at 200 tokens/s; the first `quick_tokens` as fast as they can be shown, not measured in gaps."""
    tokens = [text[i : i + _CHARS_PER_TOKEN] for i in range(0, len(text), _CHARS_PER_TOKEN)]
    page.begin_answer(Message(name, Role.ASSISTANT, "", state=MessageState.STREAMING))
    process = time.process_time()
    for i in range(0, quick_tokens, 10):  # as many as one flush brings at 200 tokens/s
        page.append_delta("answer", "".join(tokens[i : i + 10]), 10)
        page._stream.flush()
        QApplication.processEvents()
    quick = (time.process_time() - process) * 1000 / quick_tokens if quick_tokens else 0.0
    ticks = Ticks()
    process = time.process_time()
    begin = time.perf_counter()
    at = quick_tokens
    ticks.start()
    while at < len(tokens):
        due = min(len(tokens), quick_tokens + int((time.perf_counter() - begin) * TOKENS_S))
        for token in tokens[at:due]:
            page.append_delta("reasoning" if at < thinking_tokens else "answer", token)
            at += 1
        QApplication.processEvents()
        time.sleep(0.0005)
    ticks.stop()
    used = (time.process_time() - process) * 1000 / max(1, len(tokens) - quick_tokens)
    page.finish_answer(
        Message(name, Role.ASSISTANT, text[thinking_tokens * 4 :], reasoning=text[: thinking_tokens * 4])
    )
    settle()
    return Figures(_percentiles(ticks.wall), _percentiles(ticks.cpu), quick or used, len(tokens))


def rss_mib() -> float:
    """Memory of this process."""
    return psutil.Process().memory_info().rss / 2**20


def _percentiles(values: list[float]) -> tuple[float, float, float]:
    found = sorted(values)
    if not found:
        return (0.0, 0.0, 0.0)
    return found[len(found) // 2], found[min(len(found) - 1, len(found) * 95 // 100)], found[-1]


def _line(name: str, figures: Figures, opened: tuple[float, float], rss: float) -> str:
    wall = " ".join(f"{v:7.1f}" for v in figures.wall)
    cpu = " ".join(f"{v:7.1f}" for v in figures.cpu)
    return f"{name:<34}{wall}   {cpu}   {figures.cpu_per_token:8.2f}   {opened[0]:7.0f} {opened[1]:7.0f}   {rss:7.0f}"


def _use(page: ChatPage) -> list[tuple[str, float, float]]:
    """Processor ms, median and worst, of scrolling by a page through 100 places and of 10 widths."""
    bar = page.message_list.verticalScrollBar()
    found: list[tuple[str, float, float]] = []
    costs: list[float] = []
    for i in range(100):
        start = time.thread_time()
        bar.setValue(bar.maximum() * i // 100)
        QApplication.processEvents()
        costs.append((time.thread_time() - start) * 1000)
    found.append(("jump to another place", sorted(costs)[50], max(costs)))
    costs = []
    for _ in range(100):
        start = time.thread_time()
        bar.setValue(bar.value() - 80)
        QApplication.processEvents()
        costs.append((time.thread_time() - start) * 1000)
    found.append(("scroll by 80 px", sorted(costs)[50], max(costs)))
    costs = []
    for i in range(10):
        start = time.thread_time()
        page.resize(1000 - 30 * i, 800)  # narrower than the column at its widest
        QApplication.processEvents()
        costs.append((time.thread_time() - start) * 1000)
    page.resize(1200, 800)
    found.append(("another width", sorted(costs)[5], max(costs)))
    return found


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=8.0, help="of streaming at 200 tokens/s in each chat")
    options.add_argument("--messages", type=int, nargs="*", default=[10, 1000, 10_000])
    options.add_argument("--answer-tokens", type=int, default=50_000, help="of the long answer; 0 leaves it out")
    options.add_argument(
        "--listing-lines", type=int, default=20_000, help="of the answer that is one listing; 0 leaves it out"
    )
    chosen = options.parse_args()
    app = QApplication([])
    ThemeManager(app).force(LIGHT)
    page = ChatPage()
    page.resize(1200, 800)
    page.show()
    settle()
    print(f"RSS with an empty page: {rss_mib():.0f} MiB")
    head = f"{'':<34}{'gap p50     p95     max':>23}   {'CPU p50     p95     max':>23}   {'CPU ms/t':>8}   {'open ms':>7} {'CPU':>7}   {'RSS MiB':>7}"
    print(head)
    tokens = round(chosen.seconds * TOKENS_S)
    text = "".join(sections(1, tokens // 160, tokens))[: tokens * _CHARS_PER_TOKEN]
    uses: list[tuple[str, list[tuple[str, float, float]]]] = []
    for count in chosen.messages:
        chat = conversation(count)
        opened = open_chat(page, chat)
        settle()
        figures = stream(page, f"new-{count}", text)
        print(_line(f"{count:,} messages", figures, opened, rss_mib()), flush=True)
        uses.append((f"{count:,} messages", _use(page)))
    if chosen.answer_tokens:
        long_text = "".join(sections(2, 300, chosen.answer_tokens))
        opened = open_chat(page, conversation(2))
        figures = stream(page, "long", long_text, max(0, chosen.answer_tokens - tokens) // 10 * 10)
        print(_line(f"one answer of {figures.tokens:,} tokens", figures, opened, rss_mib()), flush=True)
        again = conversation(3)
        chat = Conversation(
            "again", "", 0.0, 0.0, (*again.messages, Message("l", Role.ASSISTANT, long_text, again.leaf_id)), "l"
        )
        opened = open_chat(page, chat)
        print(f"opening it again: {opened[0]:.0f} ms, CPU {opened[1]:.0f} ms; RSS {rss_mib():.0f} MiB")
        uses.append(("the long answer", _use(page)))
        thinking = "".join(sections(3, 20, tokens))
        figures = stream(page, "thinking", thinking[: tokens * 4], thinking_tokens=tokens)
        print(_line("thinking only", figures, (0, 0), rss_mib()), flush=True)
    if chosen.listing_lines:
        lines = (f"value_{i} = work({i}, scale={i % 7})  # {_WORDS[i % 13]}\n" for i in range(chosen.listing_lines))
        listing = "```python\n" + "".join(lines) + "```\n"
        n_tokens = len(listing) // _CHARS_PER_TOKEN
        opened = open_chat(page, conversation(2))
        figures = stream(page, "listing", listing, max(0, n_tokens - tokens) // 10 * 10)
        print(_line(f"one listing of {chosen.listing_lines:,} lines", figures, opened, rss_mib()), flush=True)
        uses.append(("the listing", _use(page)))
    for name, found in uses:
        print(f"{name}: " + "; ".join(f"{what} {p50:.1f} / {worst:.1f} ms CPU" for what, p50, worst in found))
    page.shut_down()


if __name__ == "__main__":
    main()
