# pyright: reportPrivateUsage=false
"""The engine killed, aborted, hung and starved at random moments, hundreds of times, under the app's own objects.

    python -m tests.bench.engine_faults [--runs 300] [--seed 1]

Each run is made of its seed: a model, a moment (while planning, loading, reading the prompt, writing, idle, unloading) and a fault. The
objects are the window's: EngineService, ChatPresenter, ChatService with its database, the chat page off screen. After each fault: the
app lives, it said what happened in a sentence with buttons, the memory of the worker is back within 2 s, the chat on the disk is what
was shown, the next message loads and is answered, and nobody is left behind. Over all runs threads, descriptors and memory of the app
stay flat. Prints a table; exits with 1 when something did not hold.
"""

from __future__ import annotations

import argparse
import functools
import os
import random
import re
import resource
import signal
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from launcher.app.chat_presenter import ChatPresenter
from launcher.chat.conversation import Conversation, Message, MessageState, Role
from launcher.core.downloads import Installed
from launcher.core.errors import UserError
from launcher.core.paths import data_dir
from launcher.core.plans import Wishes
from launcher.core.units import MIB
from launcher.engine import devices
from launcher.engine.client import EngineClient
from launcher.engine.protocol import EngineState, OperationFailed
from launcher.engine.supervision import Patience
from launcher.services import engine_service
from launcher.services.chat_service import ChatService
from launcher.services.engine_service import EngineService
from launcher.services.opening import Opening
from launcher.store.settings import Settings
from launcher.ui.chat import ChatPage
from tests.fakes.gguf_models import SLOW, Shape, make_model

PATIENCE = Patience(hang_s=6.0, stall_s=10.0)
"""Short, so that a hang is over soon; heartbeats come every second, on a busy machine too."""
WAIT_S = 90.0
MEMORY_BACK_S = 2.0
WISHES = Wishes(context=2048, threads=1, ram_reserve_bytes=0, kv_type="f16")
MOMENTS = ("planning", "loading", "reading", "writing", "idle", "unloading")


@dataclass
class Outcome:
    """What happened.

    Attributes:
        counts: (moment, fault) -> runs.
        said: what the app said -> how often.
        memory_back_s: from the worker's end until its memory was free, of every run that had one.
        growth: what the app has more of after the runs than after the first few.
    """

    runs: int = 0
    counts: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    said: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    memory_back_s: list[float] = field(default_factory=list[float])
    growth: dict[str, float] = field(default_factory=dict[str, float])
    failures: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        faults = sorted({fault for _, fault in self.counts})
        lines = [f"{'':10}" + "".join(f"{fault:>9}" for fault in faults)]
        for moment in MOMENTS:
            lines.append(f"{moment:10}" + "".join(f"{self.counts[moment, fault] or '':>9}" for fault in faults))
        lines += [f"{n:5}  {said}" for said, n in sorted(self.said.items(), key=lambda e: -e[1])]
        if self.memory_back_s:
            lines.append(
                f"the worker's memory is back after {statistics.median(self.memory_back_s):.2f} s (median), "
                f"{max(self.memory_back_s):.2f} s at most"
            )
        lines.append("the app grew by " + ", ".join(f"{value:+.1f} {name}" for name, value in self.growth.items()))
        return "\n".join((f"{self.runs} runs, {len(self.failures)} failures", *lines, *self.failures))


# --- faults: what is done to a worker ---------------------------------------------------------------------------------


def _starve(pid: int) -> None:
    """Its next allocation of more than a page or two fails."""
    process = psutil.Process(pid)
    resource.prlimit(pid, resource.RLIMIT_AS, (process.memory_info().vms, resource.RLIM_INFINITY))


FAULTS: dict[str, Callable[[int], None]] = {
    "SIGKILL": lambda pid: os.kill(pid, signal.SIGKILL),
    "SIGSEGV": lambda pid: os.kill(pid, signal.SIGSEGV),
    "SIGABRT": lambda pid: os.kill(pid, signal.SIGABRT),
    "SIGBUS": lambda pid: os.kill(pid, signal.SIGBUS),
    "hang": lambda pid: os.kill(pid, signal.SIGSTOP),
    "starved": _starve,
}


# --- the app ----------------------------------------------------------------------------------------------------------


class App(QObject):
    """The objects of the window that have to do with chatting, put together as app/workspace.py does."""

    def __init__(self, qt: QApplication) -> None:
        super().__init__()
        self._qt = qt
        self.engine = EngineService(self)
        self.store = ChatService(self)
        self.page = ChatPage()
        self.presenter = ChatPresenter(self.page, self.store, self.engine, Settings(data_dir() / "settings.toml"), self)
        self.presenter.model_wanted.connect(self._on_model_wanted)
        self.errors: list[UserError] = []
        self.finished = self.written = 0
        for failed in (self.engine.load_failed, self.engine.crashed):
            failed.connect(self.errors.append)
        self.engine.answer_failed.connect(self._on_answer_failed)
        self.engine.answer_finished.connect(self._on_finished)
        self.engine.text_streamed.connect(self._on_text)
        self.store.start()

    def _on_model_wanted(self, installed: Installed) -> None:
        self.engine.open(installed, WISHES)

    def _on_answer_failed(self, event: OperationFailed) -> None:
        if not event.is_crash:  # `crashed` follows
            self.errors.append(event.failure.error())

    def _on_finished(self, _answer: object) -> None:
        self.finished += 1

    def _on_text(self, _event: object) -> None:
        self.written += 1

    def choose(self, installed: Installed) -> None:
        """As the picker."""
        self.presenter.set_installed((installed,))
        self.presenter.model_wanted.emit(installed)

    def send(self, text: str) -> None:
        """As the composer."""
        self.page.message_sent.emit(text)

    def wait(self, what: str, is_so: Callable[[], bool], seconds: float = WAIT_S) -> None:
        """Let the window work until something holds.

        Raises:
            AssertionError: it did not in time.
        """
        deadline = time.monotonic() + seconds
        while not is_so():
            self._qt.processEvents()
            if time.monotonic() > deadline:
                raise AssertionError(f"no end of waiting for {what}; the engine is {self.engine.state}, {self.errors}")
            time.sleep(0.002)

    def wait_for_unload(self) -> None:
        """Until there is no worker."""
        self.wait("the unload", lambda: self.engine.pid is None)

    def settle(self) -> None:
        """Deliver what is on its way."""
        until = time.monotonic() + 0.05
        while time.monotonic() < until:
            self._qt.processEvents()
            time.sleep(0.002)

    def close(self) -> None:
        """As Workspace.close."""
        self.page.shut_down()
        self.presenter.save()
        self.engine.close()
        self.store.close()
        self.page.deleteLater()
        self.deleteLater()
        self._qt.sendPostedEvents(None, 52)  # QEvent.DeferredDelete
        self._qt.processEvents()


@contextmanager
def quick_engine() -> Generator[None]:
    """For all engines made meanwhile: short patience, and what comes before a load is asked of the engine only once.

    That leaves one worker per load instead of three; how opening a model takes a dying worker has tests of its own.
    """
    usual, ask, verified = engine_service.EngineClient, devices.engine_info, Opening._verified
    info = ask()
    engine_service.EngineClient = functools.partial(EngineClient, patience=PATIENCE)  # type: ignore[misc, assignment]
    devices.engine_info = lambda **_: info  # type: ignore[assignment]
    Opening._verified = lambda _self, _machine, plan: (plan, "")  # type: ignore[method-assign]
    try:
        yield
    finally:
        engine_service.EngineClient, devices.engine_info, Opening._verified = usual, ask, verified  # type: ignore[misc]


def make_models(folder: Path) -> list[Installed]:
    """One quick and two slow ones, that write for ever."""
    made: list[Installed] = []
    for name, arch, shape in (
        ("Quick", "deepseek2", Shape()),
        ("Slow", "deepseek2", SLOW),
        ("Dense", "qwen2", Shape(n_layer=30)),
    ):
        path = make_model(folder / f"{name}.gguf", arch, shape=shape, template="v3", end_weight=0.0)
        made.append(
            Installed(name.lower(), name, "F16", str(path), path.stat().st_size, arch, "launcher", verified=False)
        )
    return made


# --- one run ----------------------------------------------------------------------------------------------------------


class Run:
    """One fault at one moment, and what must hold after it."""

    def __init__(self, app: App, chance: random.Random, installed: Installed, outcome: Outcome, number: int) -> None:
        self._app, self._chance, self._installed, self._outcome = app, chance, installed, outcome
        self.moment = chance.choice(MOMENTS)
        self.fault = chance.choice(list(FAULTS))
        self.name = f"run {number}: {self.fault} while {self.moment}, {installed.name}"

    def play(self) -> None:
        """Everything.

        Raises:
            AssertionError: something did not hold.
        """
        app = self._app
        app.presenter.new_chat()
        app.errors.clear()
        getattr(self, f"_to_{self.moment}")()
        time.sleep(self._chance.random() * 0.05)
        pid = app.engine.pid
        struck = pid is not None and self._strike(pid)
        if struck and pid is not None:
            self._await_end(pid)
        app.settle()
        self._outcome.counts[self.moment, self.fault] += 1
        self._check_words()
        shown = self._shown_chat()
        self._go_on()
        self._check_disk(shown)

    # -- to the moment of the fault

    def _to_planning(self) -> None:
        self._app.choose(self._installed)
        if self._chance.random() < 0.5:
            self._app.send("Are you there?")

    def _to_loading(self) -> None:
        self._app.choose(self._installed)
        self._app.wait("a load", lambda: self._app.engine.state is EngineState.LOADING)

    def _to_idle(self) -> None:
        self._app.choose(self._installed)
        self._app.wait("a model", lambda: self._app.engine.model is not None)

    def _to_reading(self) -> None:
        self._to_idle()
        self._app.send("Read all of this and tell me what you think of it. " * 20)
        self._app.wait("an answer", lambda: self._app.engine.state is EngineState.ANSWERING or bool(self._app.errors))

    def _to_writing(self) -> None:
        self._to_idle()
        before, n = self._app.written, self._chance.randint(1, 8)
        self._app.send("Go on.")
        self._app.wait("text", lambda: self._app.written >= before + n or bool(self._app.errors))

    def _to_unloading(self) -> None:
        self._to_writing()
        self._app.engine.unload()

    # -- the fault and its end

    def _strike(self, pid: int) -> bool:
        try:
            FAULTS[self.fault](pid)
        except (ProcessLookupError, psutil.NoSuchProcess):
            return False  # it had just ended
        return True

    def _await_end(self, pid: int) -> None:
        app = self._app
        if self.fault == "starved":
            # It may never need another page; then somebody stops it.
            deadline = time.monotonic() + 1.0
            while time.monotonic() < deadline and not app.errors:
                app.settle()
            app.engine.unload()
        app.wait("the worker's end", lambda: not _is_running(pid))
        ended = time.monotonic()
        app.wait("the engine's end", lambda: app.engine.pid != pid, MEMORY_BACK_S)
        self._outcome.memory_back_s.append(time.monotonic() - ended)
        app.wait("a last word", lambda: app.engine.state in _AT_REST)

    def _check_words(self) -> None:
        for error in self._app.errors:
            self._outcome.said[f"{error.code}: {error.what} {_sentence(error.why)}"] += 1
            assert error.code, error
            assert error.what, error
            assert error.why, error
            assert error.next_steps, error
            assert "Traceback" not in str(error), error
            assert error.code != "engine_bug", f"{error} {error.detail}"

    def _shown_chat(self) -> Conversation:
        return self._app.presenter.chat  # what the page shows

    # -- after it

    def _go_on(self) -> None:
        """Another message: the model is loaded again and answers."""
        app = self._app
        if app.engine.state is EngineState.ANSWERING:  # the fault came too late for anything
            app.engine.stop()
            app.wait("the stop", lambda: app.engine.state is not EngineState.ANSWERING)
        app.errors.clear()
        finished, before = app.finished, app.written
        app.send("And now?")
        if app.engine.model is None and app.engine.state in _AT_REST:
            app.choose(self._installed)  # what "Load again" does
        app.wait("new text", lambda: app.written > before or bool(app.errors))
        assert not app.errors, f"the next answer failed: {app.errors[0]} {app.errors[0].detail[-600:]}"
        app.engine.stop()
        app.wait("the end of the next answer", lambda: app.finished > finished)
        app.settle()

    def _check_disk(self, shown: Conversation) -> None:
        """Every message that was shown right after the fault is on the disk, word by word."""
        app, done = self._app, [False]
        app.store.run(functools.partial(_set, done))
        app.wait("the disk", lambda: done[0])
        with sqlite3.connect(f"file:{data_dir() / 'chats.sqlite'}?mode=ro", uri=True) as db:
            rows = {r[0]: r[1:] for r in db.execute("SELECT id, text, reasoning, state FROM messages")}
        db.close()
        for message in (*shown.messages, *self._shown_chat().messages):
            self._compare(message, rows.get(message.id))

    @staticmethod
    def _compare(message: Message, row: tuple[str, str, str] | None) -> None:
        assert row is not None, f"a message of {message.role} is not on the disk"
        if message.role is Role.ASSISTANT and message.state is MessageState.STREAMING:
            return  # shown before it was at its end; it is compared as it is now
        assert row == (message.text, message.reasoning, message.state.value), f"{row} is not {message}"


def _sentence(why: str) -> str:
    """The first one, with figures made equal."""
    return re.sub(r"[\d.]+ (GiB|s)\b", r"N \1", re.split(r"[:;]|\. ", why)[0])


_SETTLED = 9  # after so many runs everything that is made once is made
_AT_REST = (EngineState.STOPPED, EngineState.CRASHED, EngineState.READY)


def _set(done: list[bool]) -> None:
    done[0] = True


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# --- all runs ---------------------------------------------------------------------------------------------------------


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def _figures() -> dict[str, float]:
    me = psutil.Process()
    return {
        "threads": me.num_threads(),
        "descriptors": me.num_fds(),
        "children": len(_children()),
        "MiB": me.memory_info().rss / MIB,
    }


_stopped: list[int] = []


def _on_interrupt(number: int, _frame: object) -> None:
    _stopped.append(number)


def run(runs: int, seed: int, models: list[Installed], qt: QApplication) -> Outcome:
    """`runs` faults; now and then the app is closed in the middle of one and opened again."""
    outcome, chance = Outcome(), random.Random(seed)
    settled: dict[str, float] = {}
    others = _children()  # of whoever called: a test session has a screen of its own
    app = App(qt)
    try:
        for number in range(runs):
            if _stopped:
                break
            one = Run(app, chance, chance.choice(models), outcome, number)
            try:
                one.play()
            except (AssertionError, Exception) as error:  # noqa: BLE001 - whatever it is, the table goes on
                outcome.failures.append(f"{one.name}: {type(error).__name__} {str(error)[:900]}")
                print(outcome.failures[-1], flush=True)
                app.close()
                app = App(qt)
            outcome.runs += 1
            app.engine.unload()
            app.wait_for_unload()
            if chance.random() < 0.08:
                app = reopened(app, qt, outcome, chance.choice(models))
            if number == _SETTLED:
                settled = _figures()
            if number % 25 == 24:
                print(f"{outcome.runs} runs, {len(outcome.failures)} failures", flush=True)
    finally:
        app.close()
    end = _figures()
    outcome.growth = {name: end[name] - settled.get(name, value) for name, value in end.items()}
    if left := _children() - others:
        outcome.failures.append(f"left behind: {left}")
    return outcome


def reopened(app: App, qt: QApplication, outcome: Outcome, installed: Installed) -> App:
    """Close the app while it answers: all that was shown, except of the last second, is there when it comes back."""
    app.presenter.new_chat()
    app.choose(installed)
    app.wait("a model", lambda: app.engine.model is not None)
    before, started = app.written, time.monotonic()
    app.send("Go on.")
    app.wait("text", lambda: app.written > before and time.monotonic() - started > 0.3)
    chat = app.presenter.chat  # what the page shows
    app.close()
    with sqlite3.connect(f"file:{data_dir() / 'chats.sqlite'}?mode=ro", uri=True) as db:
        rows = dict(db.execute("SELECT id, text FROM messages WHERE chat_id = ?", (chat.id,)).fetchall())
    db.close()
    outcome.counts["idle", "closed"] += 1
    for message in chat.messages:
        if rows.get(message.id) != message.text:
            outcome.failures.append(f"closed while answering: {message} is not on the disk")
    return App(qt)


def main(argv: list[str]) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.engine_faults")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    started = time.monotonic()
    signal.signal(signal.SIGINT, _on_interrupt)  # the table of what was done is worth having
    with tempfile.TemporaryDirectory(prefix="engine-faults-") as folder, quick_engine():
        os.environ["LAUNCHER_HOME"] = f"{folder}/home"
        qt = QApplication([])
        outcome = run(options.runs, options.seed, make_models(Path(folder)), qt)
    print(outcome, f"{time.monotonic() - started:.0f} s", sep="\n")
    return int(bool(outcome.failures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
