"""The engine may die, the app may not: kill, crash, hang, disobedience, orphans."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from launcher.core.plans import Placement
from launcher.engine import quirks
from launcher.engine.outcome import crash_failure
from launcher.engine.process import WorkerProcess, worker_command
from launcher.engine.protocol import (
    AnswerStarted,
    EngineState,
    Hello,
    LoadFinished,
    LoadStarted,
    OperationFailed,
    PromptProgress,
    StateChanged,
    Stop,
    TextDelta,
    decode_command,
    decode_event,
    encode,
)
from launcher.engine.supervision import Patience
from tests.engine.conftest import Engine, question, request_for

Models = Callable[..., Path]


def pid_of(engine: Engine) -> int:
    pid = engine.client.pid
    assert pid is not None
    return pid


def test_killed_while_answering(engine: Engine, models: Models) -> None:
    path = models(slow=True, template="v3", end_weight=0.0)
    engine.load(path)
    operation = engine.client.generate(question("Go on.", max_tokens=None))
    engine.seen.wait(TextDelta, lambda e: e.decode_tokens >= 3)
    os.kill(pid_of(engine), signal.SIGKILL)
    failed = engine.seen.wait(OperationFailed, lambda e: e.id == operation)
    crashed = engine.seen.wait(StateChanged, lambda e: e.state is EngineState.CRASHED)
    streamed = "".join(d.text for e in engine.seen.of(TextDelta) for d in e.deltas)
    assert failed.answer == streamed != ""
    failure = failed.failure
    assert failure == crashed.failure
    assert failure.what == "The engine stopped. Your chat is complete up to this point."
    if sys.platform == "linux":  # which tells whether it was the kernel
        assert failure.why.startswith("Another program ended it (signal 9); it was not the system for want of memory.")
        assert [s.action for s in failure.next_steps] == ["load_again", "copy_report"]
    assert "GiB of RAM are free now" in failure.why
    assert "llama" in failure.detail or "load" in failure.detail
    engine.load(path)
    again = engine.ask("Go on.", prefix=failed.answer, max_tokens=3)
    assert again.answer.startswith(failed.answer)


def test_killed_while_loading(engine: Engine, models: Models) -> None:
    path = models(slow=True)
    engine.seen.at_once(LoadStarted, lambda: os.kill(pid_of(engine), signal.SIGKILL))
    operation = engine.client.load(request_for(path))
    failed = engine.seen.wait(OperationFailed, lambda e: e.id == operation)
    assert failed.failure.what == "The engine stopped while it loaded Tiny."
    assert "signal 9" in failed.failure.why
    assert engine.load(path).architecture == "deepseek2"


@pytest.mark.parametrize(
    ("number", "words"), [(signal.SIGSEGV, "memory that is not its own"), (signal.SIGABRT, "gave up on an inner check")]
)
def test_a_crash_becomes_a_sentence(engine: Engine, models: Models, number: signal.Signals, words: str) -> None:
    engine.load(models())
    os.kill(pid_of(engine), number)
    crashed = engine.seen.wait(StateChanged, lambda e: e.state is EngineState.CRASHED)
    assert crashed.failure is not None
    assert words in crashed.failure.why
    assert engine.client.pid is None
    assert engine.load(models()).n_layer == 4


def test_a_hung_engine_is_ended(make_engine: Callable[..., Engine], models: Models) -> None:
    engine = make_engine(patience=Patience(hang_s=3.0))
    engine.load(models(slow=True, template="v3", end_weight=0.0))
    operation = engine.client.generate(question("Go on.", max_tokens=None))
    engine.seen.wait(TextDelta, lambda e: e.decode_tokens >= 2)
    os.kill(pid_of(engine), signal.SIGSTOP)
    failed = engine.seen.wait(OperationFailed, lambda e: e.id == operation)
    assert failed.failure.why.startswith("It gave no sign of life for 3 s, so the launcher ended it: it hung")
    assert "Its last words: " in failed.failure.why
    assert [s.action for s in failed.failure.next_steps] == ["load_again", "copy_report"]
    assert failed.answer


def test_what_does_not_obey_is_ended(engine: Engine, models: Models) -> None:
    engine.load(models(slow=True, template="v3", end_weight=0.0))
    operation = engine.client.generate(question("Go on.", max_tokens=None))
    engine.seen.wait(TextDelta, lambda e: e.decode_tokens >= 2)
    os.kill(pid_of(engine), signal.SIGSTOP)
    asked = time.monotonic()
    engine.client.stop(operation)
    failed = engine.seen.wait(OperationFailed, lambda e: e.id == operation)
    assert "did not stop within" in failed.failure.why
    assert engine.seen.time_of(failed) - asked > 1.9


def test_unload_of_a_stopped_process(engine: Engine, models: Models) -> None:
    engine.load(models())
    pid = pid_of(engine)
    os.kill(pid, signal.SIGSTOP)
    engine.client.close()
    assert not psutil.pid_exists(pid)
    assert engine.client.state is EngineState.STOPPED


@pytest.mark.expected_logs("died with special weight layouts")
def test_extra_buffers_that_crash_are_left_out_and_remembered(engine: Engine, models: Models) -> None:
    """A worker that dies by SIGILL while loading with them is started once more without, by itself."""
    engine.seen.at_once(LoadStarted, lambda: os.kill(pid_of(engine), signal.SIGILL))
    operation = engine.client.load(request_for(models(slow=True)))
    hello = engine.seen.wait(Hello)
    finished = engine.seen.wait(LoadFinished)
    assert finished.id == operation
    assert [e.use_extra_bufts for e in engine.seen.of(LoadStarted)] == [True, False]
    assert not engine.seen.of(OperationFailed)
    assert quirks.crashes_with_extra_buffers(hello.processor, hello.engine_version)
    engine.load(models())
    assert engine.seen.of(LoadStarted)[-1].use_extra_bufts is False


def test_stdin_end_ends_the_worker_even_while_it_computes(models: Models) -> None:
    from launcher.engine.protocol import Generate, Load

    worker = WorkerProcess()
    try:
        worker.send(encode(Load(1, request_for(models(slow=True), Placement(n_gpu_layers=0, n_ctx=8192, threads=1)))))
        worker.send(encode(Generate(2, question("Hello there " * 600))))
        for line in worker.lines():
            if isinstance(decode_event(line), PromptProgress):
                break
        worker.let_go()
        assert worker.wait(1.0) == 0
    finally:
        worker.kill()
        worker.wait()


@pytest.mark.parametrize("is_stopped", [False, True])
def test_no_orphan_when_the_app_is_killed(models: Models, is_stopped: bool) -> None:
    """Neither a working worker nor one that cannot see the end of its stdin."""
    script = """
import sys, time
from launcher.core.generation import LoadRequest
from launcher.core.plans import Placement
from launcher.engine.client import EngineClient
from launcher.engine.protocol import EngineState
client = EngineClient(lambda event: None)
client.load(LoadRequest(sys.argv[1], "Tiny", "F16", Placement(n_gpu_layers=0, n_ctx=512, threads=1)))
while client.state is not EngineState.READY:
    time.sleep(0.02)
print(client.pid, flush=True)
time.sleep(600)
"""
    app = subprocess.Popen(
        [sys.executable, "-c", script, str(models())], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert app.stdout is not None
    try:
        worker = psutil.Process(int(app.stdout.readline()))
        if is_stopped:
            worker.suspend()
    finally:
        app.kill()
        app.wait()
        app.stdout.close()
    psutil.wait_procs([worker], timeout=2)
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE


def test_native_prints_do_not_reach_the_protocol(models: Models) -> None:
    """What C code prints on its stdout (file descriptor 1) lands in the log."""
    script = (
        "import ctypes, os, threading; from launcher.engine.worker.main import run_worker;"
        "libc = ctypes.CDLL(None);"
        "threading.Timer(0.3, lambda: [libc.puts(b'native noise'), libc.fflush(None)]).start();"
        "run_worker([])"
    )
    worker = subprocess.run(
        [sys.executable, "-c", f"{script}"],
        input=b"",
        capture_output=True,
        cwd=Path(__file__).parents[2],
        timeout=60,
        check=True,
    )
    assert all(decode_event(line) is not None for line in worker.stdout.splitlines())


@pytest.mark.expected_logs("a listener of engine events failed")
def test_a_listener_that_fails_does_not_stop_the_client(models: Models, caplog: pytest.LogCaptureFixture) -> None:
    from launcher.engine.client import EngineClient

    seen: list[object] = []

    def listener(event: object) -> None:
        seen.append(event)
        if isinstance(event, Hello):
            raise ValueError("a defect of the listener")  # noqa: TRY004 - any exception

    client = EngineClient(listener)
    client.load(request_for(models()))
    deadline = time.monotonic() + 60
    while client.state is not EngineState.READY:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    client.close()
    assert any(isinstance(e, LoadFinished) for e in seen)
    assert "a listener of engine events failed" in caplog.text


def test_a_malformed_command_is_ignored(models: Models) -> None:
    worker = WorkerProcess()
    try:
        for line in (b"nonsense\n", b'{"type":"Stop"}\n', b'{"type":"Unknown","id":3}\n', encode(Stop(99))):
            worker.send(line)
        assert isinstance(next(e for line in worker.lines() if isinstance(e := decode_event(line), Hello)), Hello)
        worker.let_go()
        assert worker.wait(2.0) == 0
        assert sum("malformed" in line for line in worker.log) == 2
    finally:
        worker.kill()
        worker.wait()


def test_messages_survive_the_wire() -> None:
    odd = 'quote " backslash \\ newline \n null \0 smile \U0001f600 <｜User｜>'
    from launcher.core.generation import ChatTurn, Delta
    from launcher.engine.protocol import CountTokens

    command = CountTokens(3, (ChatTurn("user", odd),), thinking=False)
    assert decode_command(encode(command)) == command
    event = TextDelta(1, (Delta("answer", odd),), 1, 0, 5, 1.5)
    assert decode_event(encode(event)) == event
    assert encode(event).count(b"\n") == 1
    assert decode_event(b'{"type":"FromTheFuture"}') is None
    assert decode_event(encode(AnswerStarted(1)).replace(b"}", b',"new_key":1}')) == AnswerStarted(1)
    for bad in (
        b"[]",
        b"{",
        b'{"type":"AnswerStarted"}',
        b'{"type":"AnswerStarted","id":"x"}',
        b"\xff",
        b"[" * 100_000,
    ):
        with pytest.raises(ValueError):  # noqa: PT011 - any ValueError is the promise
            decode_event(bad)


def test_sentences_without_a_signal() -> None:
    log = [
        "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 512.00 MiB on device 0: cudaMalloc failed: out of memory"
    ]
    request = request_for(Path("x"), Placement(n_gpu_layers=9, n_ctx=32768))
    failure = crash_failure(1, "answering", request, log)
    assert failure.why == f"It ran out of video memory (code 0x1). Its last words: {log[0]}"
    assert ("Load with 16,384 context", "load_with_context", "16384") in [
        (s.label, s.action, s.argument) for s in failure.next_steps
    ]
    in_ram = crash_failure(1, "answering", request, ["std::bad_alloc", "llama_decode: done"])
    assert in_ram.why.startswith("It ran out of memory (code 0x1): ")
    assert in_ram.why.endswith("Its last words: std::bad_alloc"), "the line that names the cause, not the last one"
    assert crash_failure(3, "ready", None, []).why == "It ended with exit code 3."


def test_a_frozen_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert worker_command() == [sys.executable, "engine-worker"]
