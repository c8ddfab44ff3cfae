"""Answers that want to do harm: thousands of seeded texts are streamed, shown, scrolled and copied; nothing may raise, hang or be opened.

    QT_QPA_PLATFORM=offscreen python -m tests.bench.hostile_chats [--texts 10000] [--seed 1]

Any file that is opened outside the app's own folders, any connection, process, exception in an event and any message of Qt is a
failure. Prints the slowest texts, in processor time.
"""

from __future__ import annotations

import argparse
import random
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QEvent, QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QWidget

from launcher.chat.blocks import BlockSplitter, split
from launcher.chat.rich_text import to_html, to_plain
from launcher.ui.chat.answer_body import AnswerBody
from launcher.ui.chat.reasoning import ReasoningFold
from launcher.ui.chat.selected_text import body_markdown
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.theme import LIGHT, ThemeManager

_OWN = tuple(
    str(Path(p).resolve())
    for p in {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, str(Path(__file__).parents[2]), *filter(None, sys.path)}
)  # fmt: skip
_FORBIDDEN = (
    "socket.connect",
    "socket.getaddrinfo",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "webbrowser.open",
    "urllib.Request",
)
# Of the platform without windows, whatever is shown.
_USUAL = ("does not support propagateSizeHints()", "does not support raise()")
_BIDI = "\u202e\u202d\u2066\u2067\u2069\u200f\u061c\u200b\ufeff"
_PIECES = (
    "a ", "**b**", "*", "_", "`", "``", "\n", "\n\n", "# ", "- ", "1. ", "> ", "```\n", "```py\n", "~~~\n", "|a|b|\n|-|-|\n|1|2|\n", "$x$", "$$\nz\n$$\n",
    "\\(", "\\)", "\\[", "\\]", "\\begin{align}", "\\end{align}", "\\frac{", "}", "{", "---\n", "===\n", "[l](http://127.0.0.1:9/)", "![i](file:///etc/passwd)",
    "![i](http://127.0.0.1:9/x.png)", "<img src='file:///etc/passwd'>", "<script>alert(1)</script>", "<style>@import 'http://127.0.0.1:9/'</style>",
    "[x](javascript:alert(1))", "[a]: file:///etc/passwd\n", "<http://127.0.0.1:9/>", "    ", "\t", "\r", "\x00", "\u2028", "\u2029", "\ufffc", "\ud83d",
    "\U0001f600", "汉字", "é", "&lt;", "&#x202e;", "\\", "~~", "<details>", "</div>", *_BIDI,
)  # fmt: skip


def hostile(rng: random.Random) -> str:
    """One text: pieces of the dialect at random, deep nesting, long lines, cells and marks without end."""
    kind = rng.random()
    if kind < 0.8:
        return "".join(rng.choices(_PIECES, k=rng.randint(1, 60)))
    size = int(10 ** rng.uniform(1, 4))
    one = rng.choice(
        (
            ">",
            "> ",
            "- ",
            "1. ",
            "  - ",
            "[",
            "![",
            "*",
            "_",
            "`",
            "$",
            "{",
            "\\[",
            "(",
            "<",
            "~~",
            "|",
            "a",
            "\u202e",
            "&amp;",
            "汉",
        )
    )
    text = one * size
    if kind < 0.9:
        return text + rng.choice(_PIECES)
    if kind < 0.95:
        return "\n".join(" " * (2 * i % 400) + "- x" for i in range(min(size, 300)))
    return "$" + "\\frac{" * min(size, 600) + "x" + "}{2}" * min(size, 600) + "$ " + text


class Watch:
    """Notes what must not happen while it looks, and in which text.

    Attributes:
        seen: one line for each.
        text: what is shown now.
    """

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.text = ""
        self.looks = False
        # Asked for now: the first call opens a file, and of a file opened inside the hook the hook would be told again.
        self._allowed = (*_OWN, tempfile.gettempdir())
        sys.addaudithook(self._on_event)

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look while this lasts."""
        # An error in a paint event never comes to the caller: it goes to the hook, and Qt complains of the painter that stayed.
        hook, handler = sys.excepthook, qInstallMessageHandler(self._on_message)
        sys.excepthook = self._on_exception
        self.looks = True
        try:
            yield
        finally:
            self.looks = False
            sys.excepthook = hook
            qInstallMessageHandler(handler)

    def _on_message(self, _kind: QtMsgType, _where: QMessageLogContext, message: str) -> None:
        if not any(usual in message for usual in _USUAL):
            self._note(f"Qt: {message}")

    def _on_exception(self, kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        self._note(f"{kind.__name__}: {error}")

    def _note(self, what: str) -> None:
        self.seen.append(f"{what} in {self.text[:200]!r}")

    def _on_event(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.looks:
            return
        if event in _FORBIDDEN:
            self._note(f"{event} {arguments!r:.200}")
        elif event == "open" and isinstance(arguments[0], (str, bytes)):
            path = arguments[0] if isinstance(arguments[0], str) else arguments[0].decode(errors="replace")
            if not str(Path(path).resolve()).startswith(self._allowed):
                self._note(f"open {path}")


def run(texts: int, seed: int, settle: Callable[[], None]) -> tuple[list[tuple[float, str]], list[str]]:
    """Stream, show and copy so many texts; seconds of the processor for each, and what must not have happened."""
    rng = random.Random(seed)
    owner = QWidget()
    owner.resize(640, 480)
    typesetter = Typesetter(owner)
    body = AnswerBody(typesetter, owner)
    body.resize(640, 480)
    fold = ReasoningFold(typesetter, owner)
    owner.show()
    watch = Watch()
    costs: list[tuple[float, str]] = []
    try:
        with watch.looking():
            for _ in range(texts):
                text = watch.text = hostile(rng)
                start = time.thread_time()
                _check_blocks(text, rng)
                _show(body, text, rng)
                _think(fold, text)
                costs.append((time.thread_time() - start, text))
                settle()
                # Without an event loop that runs, processEvents deletes nothing.
                QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    finally:
        typesetter.close()
        owner.close()
        owner.deleteLater()
    return costs, watch.seen


def _check_blocks(text: str, rng: random.Random) -> None:
    splitter = BlockSplitter()
    at = 0
    while at < len(text):
        step = rng.randint(1, max(1, len(text) // 4))
        splitter.feed(text[at : at + step])
        at += step
        if "".join(b.source for b in splitter.blocks) != text[:at]:
            raise AssertionError(f"blocks lose text: {text[:200]!r}")
    splitter.finish()
    if tuple(splitter.closed) != split(text):
        raise AssertionError(f"blocks depend on the pieces: {text[:200]!r}")


def _show(body: AnswerBody, text: str, rng: random.Random) -> None:
    half = rng.randint(0, len(text))
    body.set_text(text[:half], is_final=False)
    body.arrange(640)
    body.append(text[half:])
    body.arrange(640)
    body.finish()
    if body.arrange(rng.choice((640, 320))) < 0:
        raise AssertionError("a height below zero")
    body.grab()
    for _, view in body.views:
        view.selectAll()
        view.createMimeDataFromSelection().text()
    to_html(text)
    to_plain(text)
    body_markdown(body, None, None)


def _think(fold: ReasoningFold, text: str) -> None:
    """As a thought, while it runs with many lines above it, and when it is over."""
    for thought in (text, text + "\nline" * 40 + text):
        fold.set_running(thought, 1.0, None)
        fold.setGeometry(0, 0, 640, fold.arrange(640))
        fold.grab()
    fold.set_finished(text, 1.0, None)
    fold.setGeometry(0, 0, 640, fold.arrange(640))
    fold.grab()


def main() -> None:
    """Print what happened."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--texts", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    app = QApplication([])
    ThemeManager(app).force(LIGHT)
    costs, seen = run(chosen.texts, chosen.seed, QApplication.processEvents)
    costs.sort(key=lambda c: c[0], reverse=True)
    times = [c for c, _ in costs]
    print(
        f"{len(costs):,} texts; CPU ms: median {1000 * times[len(times) // 2]:.1f}, p95 {1000 * times[len(times) // 20]:.1f}, worst:"
    )
    for seconds, text in costs[:8]:
        print(f"  {1000 * seconds:8.1f} ms  {len(text):6} characters  {text[:60]!r}")
    print(f"{len(seen)} forbidden accesses, exceptions and messages of Qt", *seen[:20], sep="\n  ")
    sys.exit(1 if seen else 0)


if __name__ == "__main__":
    main()
