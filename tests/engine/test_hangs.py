"""A worker that hangs in any way is ended, and one that only takes long is not."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from launcher.core.units import MIB
from launcher.engine.process import WorkerProcess
from launcher.engine.protocol import (
    AnswerFinished,
    EngineState,
    OperationFailed,
    StateChanged,
)
from launcher.engine.vitals import Activity, Vitals
from launcher.engine.watch import Patience, Watch
from tests.engine.conftest import PATIENCE_S, Engine, crash_of, pid_of, question, request_for

Models = Callable[..., Path]
MakeEngine = Callable[..., Engine]


def test_a_hung_main_thread_is_seen_though_the_heart_beats(
    make_engine: MakeEngine, made_up: Callable[[str], None]
) -> None:
    made_up("live(); next(commands); time.sleep(600)")
    engine = make_engine(patience=Patience(stall_s=2.0))
    operation = engine.client.load(request_for(Path("x")))
    failed = engine.seen.wait(OperationFailed, lambda e: e.id == operation)
    assert failed.failure.code == "engine_stopped"
    assert failed.failure.why.startswith("It did not get on for 2 s (no step of its work, no processor time")


def test_a_busy_main_thread_is_no_hang(make_engine: MakeEngine, made_up: Callable[[str], None]) -> None:
    """A giant model takes minutes for one step: what uses the processor or reads the disk is left alone."""
    made_up("""
live(); request = next(commands); until = time.monotonic() + 4
while time.monotonic() < until: pass
say(LoadCancelled(request.id)); sys.stdin.buffer.read()""")
    engine = make_engine(patience=Patience(stall_s=1.0))
    engine.client.load(request_for(Path("x")))
    assert engine.seen.wait(StateChanged, lambda e: e.state in (EngineState.STOPPED, EngineState.CRASHED)).state == "stopped"  # fmt: skip


def test_idle_is_no_hang(make_engine: MakeEngine, made_up: Callable[[str], None]) -> None:
    made_up("live(); load(); command = next(commands)\nsay(AnswerFinished(command.id, Answer('yes', '', None)))")
    engine = make_engine(patience=Patience(stall_s=4.0))  # the load too has to get on within it, on a busy machine
    engine.load(Path("x"))
    time.sleep(5.0)
    assert engine.client.state is EngineState.READY


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_watch_knows_work_from_hanging() -> None:
    clock = _Clock()
    watch = Watch(Patience(hang_s=30, stall_s=60), clock)
    cpu_s, io = 0.0, 0

    def pass_time(seconds: int, *, cpu: float = 0.0, read: int = 0, steps: int = 1, works: bool = True) -> str:
        nonlocal cpu_s, io
        for _ in range(seconds):
            clock.now += 1
            cpu_s, io = cpu_s + cpu, io + read
            watch.hear(steps)
            if reason := watch.look(Activity(cpu_s, io), is_working=works):
                return reason
        return ""

    assert pass_time(500, works=False) == ""
    assert pass_time(500, cpu=0.9) == ""
    assert pass_time(500, read=MIB) == ""
    assert pass_time(59, cpu=0.001, read=100) == ""
    assert "did not get on" in pass_time(2, cpu=0.001, read=100)
    watch = Watch(Patience(hang_s=30, stall_s=60), clock)
    watch.hear(0)
    clock.now += 3600  # the computer slept
    assert watch.look(Activity(cpu_s, io), is_working=True) == ""
    for _ in range(29):
        clock.now += 1
        assert watch.look(Activity(cpu_s, io), is_working=True) == ""
    clock.now += 1
    assert "no sign of life for 30 s" in watch.look(Activity(cpu_s, io), is_working=True)
    watch = Watch(Patience(start_s=120, hang_s=30, stall_s=60), clock)
    for _ in range(119):  # its libraries come from a slow disk
        clock.now += 1
        assert watch.look(Activity(cpu_s, io), is_working=True) == ""
    clock.now += 1
    assert "no sign of life for 120 s" in watch.look(Activity(cpu_s, io), is_working=True)


def test_a_worker_that_other_programs_starve_does_not_hang() -> None:
    clock = _Clock()
    watch = Watch(Patience(stall_s=60), clock)

    def pass_time(seconds: int, activity: Activity) -> str:
        for _ in range(seconds):
            clock.now += 1
            watch.hear(1)
            if reason := watch.look(activity, is_working=True):
                return reason
        return ""

    assert pass_time(500, Activity(is_runnable=True)) == ""
    assert "did not get on" in pass_time(61, Activity())


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells it")
def test_who_wants_the_processor_is_told_from_who_waits() -> None:
    for script, wants in (("while True: pass", True), ("import time; time.sleep(600)", False)):
        with psutil.Popen([sys.executable, "-c", script]) as process:
            try:
                vitals, deadline = Vitals(process.pid), time.monotonic() + PATIENCE_S
                while vitals.look().is_runnable is not wants:
                    assert time.monotonic() < deadline, script
                    time.sleep(0.01)
            finally:
                process.kill()
    assert not vitals.look().is_runnable  # it is gone


def test_a_stop_waits_for_a_worker_that_computes(make_engine: MakeEngine, made_up: Callable[[str], None]) -> None:
    """A card cannot be interrupted: the loaded model is not thrown away for one long batch."""
    made_up("""
live(); load(); command = next(commands); say(AnswerStarted(command.id)); stop = next(commands)
until = time.monotonic() + 5
while time.monotonic() < until: pass
say(AnswerFinished(command.id, Answer("so far", "", Timings(0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0, "stopped"))))
sys.stdin.buffer.read()""")
    engine = make_engine(patience=Patience(obey_s=2.5))
    engine.load(Path("x"))
    operation = engine.client.generate(question("Go on."))
    engine.seen.wait(StateChanged, lambda e: e.state is EngineState.ANSWERING)
    engine.client.stop(operation)
    finished = engine.seen.wait(AnswerFinished | OperationFailed)  # type: ignore[arg-type]
    assert isinstance(finished, AnswerFinished)
    assert engine.client.loaded is not None


def test_what_the_system_does_not_let_go_is_left_behind(
    make_engine: MakeEngine, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(patience=Patience(obey_s=0.3, give_up_s=0.5))
    engine.load(models())
    worker = psutil.Process(pid_of(engine))
    monkeypatch.setattr(WorkerProcess, "kill", lambda _self: None)  # as a process inside a driver behaves
    worker.suspend()
    while worker.status() != psutil.STATUS_STOPPED:  # the signal is on its way
        time.sleep(0.01)
    engine.client.unload()
    failure = crash_of(engine)
    worker.kill()
    assert failure.code == "engine_stuck"
    assert str(worker.pid) in failure.why
    monkeypatch.undo()
    assert engine.load(models()).n_layer == 4
