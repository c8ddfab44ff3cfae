"""Every command that was accepted ends once, whatever becomes of its worker."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from launcher.core.errors import UserError
from launcher.core.plans import Placement
from launcher.engine import process as process_module
from launcher.engine.protocol import (
    AnswerFinished,
    EngineState,
    LoadFinished,
    OperationFailed,
    StateChanged,
    TokensCounted,
)
from launcher.engine.watch import Patience
from tests.engine.conftest import Engine, question, request_for

Models = Callable[..., Path]
MakeEngine = Callable[..., Engine]


def ends_of(engine: Engine, operation: int) -> int:
    """How often its end was told."""
    ends = (AnswerFinished, OperationFailed)
    return sum(isinstance(e, ends) and e.id == operation for _, e in engine.seen.events)


def test_stop_of_an_answer_that_waits_for_the_load(make_engine: MakeEngine, made_up: Callable[[str], None]) -> None:
    """Its turn to obey comes when the load is done: the load is not thrown away for it."""
    made_up("""
live(); time.sleep(1.5); load(); answer, stop = next(commands), next(commands)
say(OperationFailed(answer.id, Failure("stopped", "It never began."))); sys.stdin.buffer.read()""")
    engine = make_engine(patience=Patience(obey_s=0.5))
    load = engine.client.load(request_for(Path("x")))
    engine.seen.wait(StateChanged, lambda e: e.state is EngineState.LOADING)
    operation = engine.client.generate(question("Go on."))
    engine.client.stop(operation)
    engine.seen.wait(LoadFinished, lambda e: e.id == load)
    failed = engine.seen.wait(OperationFailed, lambda e: e.id == operation)
    assert failed.failure.code == "stopped"
    assert engine.client.state is EngineState.READY


@pytest.mark.parametrize("end", ["dies", "is unloaded", "closes its pipe"])
def test_every_accepted_command_ends_once(make_engine: MakeEngine, made_up: Callable[[str], None], end: str) -> None:
    """Commands come from several threads, and from the listener itself, while the worker goes."""
    fate = {
        "dies": "os._exit(1)",
        "is unloaded": "sys.stdin.buffer.read()",
        "closes its pipe": "out.close(); os.close(1)",
    }
    made_up(f"""
live(); load()
for n, command in zip(range(300), commands):
    say(TokensCounted(command.id, 1, (), 512))
{fate[end]}""")
    engine = make_engine(patience=Patience(obey_s=0.5))
    engine.load(Path("x"))
    accepted: list[int] = []
    is_over = threading.Event()

    def count() -> None:
        accepted.append(engine.client.count_tokens(()))

    def hammer() -> None:
        with contextlib.suppress(UserError):  # no model is loaded
            while not is_over.is_set():
                count()

    def from_the_listener() -> None:
        with contextlib.suppress(UserError):
            count()

    engine.seen.at_once(OperationFailed, from_the_listener)
    threads = [threading.Thread(target=hammer) for _ in range(4)]
    for thread in threads:
        thread.start()
    if end == "is unloaded":
        engine.seen.wait(TokensCounted)
        engine.client.unload()
    engine.seen.wait(StateChanged, lambda e: e.state in (EngineState.STOPPED, EngineState.CRASHED))
    is_over.set()
    for thread in threads:
        thread.join()
    told = Counter(e.id for _, e in engine.seen.events if isinstance(e, (TokensCounted, OperationFailed)))
    assert told == Counter(accepted)
    assert len(accepted) > 0


# What a worker with a defect does: once while an answer waits for room beside another one.
_DEFECT = """
import sys
from launcher.engine.worker.choice import Choice
from launcher.engine.worker.main import run_worker
from launcher.engine.worker.session import Session
record = open({record!r}, "a", buffering=1)
make, free, take = Choice.__init__, Choice.free, Session._take_results
def made(self, *args):
    make(self, *args)
    print("made", file=record)
def freed(self):
    free(self)
    print("freed", file=record)
def taken(self, *args):
    if any(w.work for w in self._waiting):
        raise ValueError("a defect")
    take(self, *args)
Choice.__init__, Choice.free, Session._take_results = made, freed, taken
sys.exit(run_worker(sys.argv[1:]))
"""


def test_a_defect_ends_all_answers_and_keeps_nothing(
    engine: Engine, models: Models, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script, record = tmp_path / "defect.py", tmp_path / "record"
    script.write_text(_DEFECT.format(record=str(record)))
    monkeypatch.setattr(process_module, "worker_command", lambda: [sys.executable, str(script)])
    placement = Placement(n_gpu_layers=0, n_ctx=512, threads=1, n_parallel=2)
    engine.load(models(template="v3", end_weight=0.0), placement)
    questions = ("Hello there " * 20, "Hello there " * 40, "Hi")
    operations = [engine.client.generate(question(q, max_tokens=200)) for q in questions]
    for operation in operations:
        failed = engine.seen.wait(OperationFailed, lambda e, wanted=operation: e.id == wanted)
        assert failed.failure.code == "engine_bug"
    assert engine.ask("Still there?", max_tokens=3).timings.decode_tokens == 3
    assert [ends_of(engine, o) for o in operations] == [1, 1, 1]
    assert Counter(record.read_text().split()) == {"made": 3, "freed": 3}  # the third never came so far
