"""What a worker may do to its client: talk nonsense, not end; and what a dying one leaves behind."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from launcher.core.plans import Placement
from launcher.core.units import MIB
from launcher.engine import quirks
from launcher.engine.outcome import crash_failure
from launcher.engine.process import whole_lines
from launcher.engine.protocol import (
    AnswerFinished,
    EngineState,
    Hello,
    LoadFinished,
    LoadStarted,
    OperationFailed,
    TextDelta,
)
from launcher.engine.watch import Patience
from tests.engine.conftest import Engine, crash_of, pid_of, question, request_for, rpc_server_processes

Models = Callable[..., Path]
MakeEngine = Callable[..., Engine]


# --- nonsense ---------------------------------------------------------------------------------------------------------


@pytest.mark.expected_logs("malformed message")
def test_a_worker_that_writes_nonsense_is_ended(make_engine: MakeEngine, made_up: Callable[[str], None]) -> None:
    made_up("""
request = next(commands)
for line in (b"\\xff\\xfe\\n", b"\\n", b"[]\\n", b"x" * 1_000_000 + b"\\n", b"{" * 5000 + b"\\n"):
    out.write(line)
say(LoadProgress(request.id, "weights", 0.5))
sys.stderr.buffer.write(b"\\xff\\x1b[2Jodd" + b"y" * 3_000_000 + b"\\nlast line\\n"); sys.stderr.flush()
while True: out.write(b"nonsense\\n" * 1000)""")
    engine = make_engine()
    operation = engine.client.load(request_for(Path("x")))
    failed = engine.seen.wait(OperationFailed, lambda e: e.id == operation)
    assert failed.failure.why.startswith("It sent 100 messages that make no sense, so the launcher ended it: a defect")
    assert failed.failure.why.endswith("Its last words: last line")
    assert "last line" in failed.failure.detail
    assert "\x1b" not in failed.failure.detail
    assert len(failed.failure.detail) < 10_000


def test_lines_of_any_length_take_bounded_memory() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as source, os.fdopen(writer, "wb", buffering=0) as sink:
        sink.write(b"short\n\n" + b"x" * 10_000 + b"\n" + b"y" * 20_001 + b"\nlast\nhalf")
        sink.close()
        assert list(whole_lines(source, 10_000)) == [b"short", b"", b"x" * 10_000, b"", b"last"]
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as source, os.fdopen(writer, "wb", buffering=0) as sink:
        sink.write(b"\xff" * 300 + b"\nhalf")
        sink.close()
        assert list(whole_lines(source, 100, clip=True)) == [b"\xff" * 100, b"half"]


def test_what_nobody_asked_for_is_dropped(make_engine: MakeEngine, made_up: Callable[[str], None]) -> None:
    made_up("""
live(); load(); load_again = Heartbeat(1)
for id in (99, 1):
    say(AnswerStarted(id)); say(TextDelta(id, (Delta("answer", "who asked?"),), 1, 0, 1, 1.0))
    say(AnswerFinished(id, Answer("nobody", "", Timings(0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0, "end"))))
say(OperationFailed(98, Failure("x", "Not open.")))
command = next(commands)
say(AnswerFinished(command.id, Answer("yes", "", Timings(0, 0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0, "end"))))
sys.stdin.buffer.read()""")
    engine = make_engine()
    engine.load(Path("x"))
    assert engine.ask("Well?").answer == "yes"
    assert not engine.seen.of(TextDelta)
    assert not engine.seen.of(OperationFailed)
    assert len(engine.seen.of(AnswerFinished)) == 1


def test_a_worker_that_closes_its_pipe_but_lives_on(make_engine: MakeEngine, made_up: Callable[[str], None]) -> None:
    made_up("load(); out.close(); os.close(1); time.sleep(600)")
    engine = make_engine(patience=Patience(obey_s=0.5))
    engine.load(Path("x"))
    assert crash_of(engine).why.startswith(
        "It closed its connection with the launcher but ran on, so the launcher ended it."
    )


def test_a_worker_that_does_not_mind_the_end_of_its_stdin(
    make_engine: MakeEngine, made_up: Callable[[str], None]
) -> None:
    made_up("live(); load(); time.sleep(600)")
    engine = make_engine(patience=Patience(obey_s=0.5))
    engine.load(Path("x"))
    pid = pid_of(engine)
    engine.client.close()
    assert engine.client.state is EngineState.STOPPED
    assert not psutil.pid_exists(pid)


# --- deaths -----------------------------------------------------------------------------------------------------------


def test_every_open_answer_ends_with_its_own_text(engine: Engine, models: Models) -> None:
    path = models(slow=True, template="v3", end_weight=0.0)
    engine.load(path, Placement(n_gpu_layers=0, n_ctx=2048, threads=1, n_parallel=3))
    first, second, third = (engine.client.generate(question(text, max_tokens=None)) for text in ("A", "B", "C"))

    def streamed(operation: int) -> str:
        return "".join(d.text for e in engine.seen.of(TextDelta) if e.id == operation for d in e.deltas)

    for operation in (first, second, third):
        engine.seen.wait(TextDelta, lambda e, o=operation: e.id == o)  # type: ignore[misc]
    engine.client.stop(second)
    engine.seen.wait(AnswerFinished, lambda e: e.id == second)
    assert engine.client.state is EngineState.ANSWERING
    os.kill(pid_of(engine), signal.SIGKILL)
    crash_of(engine)
    failed = {e.id: e.answer for e in engine.seen.of(OperationFailed)}
    assert failed == {first: streamed(first), third: streamed(third)}
    assert all(failed.values())


def test_a_file_cut_while_it_is_mapped(engine: Engine, models: Models, tmp_path: Path) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(models(template="v3", end_weight=0.0).read_bytes())
    engine.load(path, Placement(n_gpu_layers=0, n_ctx=512, threads=1, load_mode="mmap"))
    os.truncate(path, 4096)
    operation = engine.client.generate(question("Still there?", max_tokens=4))
    failed = engine.seen.wait(OperationFailed, lambda e: e.id == operation)
    assert "part of the model file could not be read (signal 7)" in failed.failure.why
    assert ("download_again", str(path)) in [(s.action, s.argument) for s in failed.failure.next_steps]


@pytest.mark.expected_logs("died with special weight layouts")
def test_a_file_that_kills_the_engine_says_nothing_about_the_processor(
    engine: Engine, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a load that works without the special layouts proves that they were the cause."""
    engine.seen.at_once(LoadStarted, lambda: os.kill(pid_of(engine), signal.SIGABRT))

    def again() -> None:
        engine.seen.at_once(LoadStarted, lambda: os.kill(pid_of(engine), signal.SIGABRT))

    engine.seen.at_once(Hello, lambda: engine.seen.at_once(Hello, again))
    operation = engine.client.load(replace(request_for(models(slow=True))))
    failed = engine.seen.wait(OperationFailed | LoadFinished, lambda e: e.id == operation)  # type: ignore[arg-type]
    hello = engine.seen.of(Hello)[0]
    if isinstance(failed, OperationFailed) and len(engine.seen.of(LoadStarted)) == 2:
        assert "signal 6" in failed.failure.why
    assert isinstance(failed, OperationFailed)
    assert not quirks.crashes_with_extra_buffers(hello.processor, hello.engine_version)


def test_the_memory_of_a_card_is_free_again_within_two_seconds(make_engine: MakeEngine, models: Models) -> None:
    """A killed worker's buffers on RPC servers, which stand for cards, go with its connection."""
    with rpc_server_processes(1) as servers:
        engine = make_engine(rpc_servers=tuple(servers))
        card = psutil.Process(next(iter(servers.values())).pid)
        placement = Placement(n_gpu_layers=99, n_ctx=8192, threads=1)
        for _ in range(2):  # the first time the server takes what it keeps for itself
            before = card.memory_info().rss
            engine.load(models(slow=True), placement)
            held = card.memory_info().rss - before
            os.kill(pid_of(engine), signal.SIGKILL)
            killed = time.monotonic()
            while card.memory_info().rss - before > 0.1 * held:
                assert time.monotonic() - killed < 2.0, (
                    f"{(card.memory_info().rss - before) / MIB:.0f} of {held / MIB:.0f} MiB"
                )
                time.sleep(0.02)  # fmt: skip
            assert held > 50 * MIB
            engine.client.close()


@contextlib.contextmanager
def _memory_group(limit_bytes: int) -> Iterator[Path]:
    """A group of processes that may hold so much; skips where we may not make one."""
    name, folder = f"launcher-test-{os.getpid()}", Path("/sys/fs/cgroup")
    group, limit = (
        (folder / "memory" / name, "memory.limit_in_bytes") if (folder / "memory").is_dir() else (folder / name, "memory.max")
    )  # fmt: skip
    try:
        group.mkdir()
        (group / limit).write_text(str(limit_bytes))
        with contextlib.suppress(OSError):
            (group / "memory.swap.max").write_text("0")
    except OSError as error:
        pytest.skip(f"no memory group can be made here: {error}")
    try:
        yield group
    finally:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                group.rmdir()
            except OSError:  # the last of its processes is still leaving
                time.sleep(0.05)
            else:
                return


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's memory killer")
def test_the_memory_killer_is_told_from_others(engine: Engine, models: Models) -> None:
    with _memory_group(120 * MIB) as group:

        def join() -> None:
            (group / "cgroup.procs").write_text(str(pid_of(engine)))

        engine.seen.at_once(Hello, join)
        placement = Placement(n_gpu_layers=0, n_ctx=65536, threads=1, load_mode="none")
        operation = engine.client.load(request_for(models(slow=True), placement))
        failed = engine.seen.wait(OperationFailed, lambda e: e.id == operation)
        assert failed.failure.why.startswith("The system ended it because memory ran out (signal 9).")
        assert "load_with_context" in [s.action for s in failed.failure.next_steps]
        engine.client.close()


def test_sentences_of_a_kill() -> None:
    request = request_for(Path("x"), Placement(n_gpu_layers=0, n_ctx=4096))
    log = ["llama_context: n_ctx = 4096"]
    for_memory = crash_failure(-9, "answering", request, log, held_bytes=3 * 2**30, was_for_memory=True)
    assert "The system ended it because memory ran out (signal 9). It held 3.0 GiB." in for_memory.why
    assert for_memory.why.endswith(f"Its last words: {log[0]}")
    by_another = crash_failure(-9, "answering", request, [], was_for_memory=False)
    assert "Another program ended it" in by_another.why
    assert "load_with_context" not in [s.action for s in by_another.next_steps]
    unknown = crash_failure(-9, "answering", request, [])
    assert "the system does that when memory runs out" in unknown.why
    assert "load_with_context" in [s.action for s in unknown.next_steps]
    while_loading = crash_failure(-6, "loading", request, ["GGML_ASSERT(n > 0) failed"])
    assert [s.action for s in while_loading.next_steps] == ["load_again", "download_again", "choose_model", "copy_report"]  # fmt: skip
