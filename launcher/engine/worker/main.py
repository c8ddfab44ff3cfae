"""The worker process: `launcher engine-worker`. Commands come in on stdin, events go out on stdout, one JSON object per line.

Before anything native is loaded, stdout is set aside for the protocol and file descriptor 1 is pointed at stderr, so that
C prints cannot corrupt it. The main thread takes commands and, while answers are being made, computes one batch between two
looks at them; a reader thread takes commands off the pipe at once, so that a stop works while the main thread computes. End
of stdin ends the process at once: no orphan holds memory.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

import psutil

from launcher.core.errors import NextStep, UserError
from launcher.core.units import gib
from launcher.core.words import keep_templates, say
from launcher.engine.protocol import (
    PROTOCOL_VERSION,
    Command,
    ComputeLogits,
    CountTokens,
    DryRun,
    DryRunMeasured,
    Failure,
    Generate,
    Heartbeat,
    Hello,
    Load,
    LoadCancelled,
    LoadFinished,
    LoadProgress,
    LoadStarted,
    OperationFailed,
    SaveStates,
    StatesSaved,
    Stop,
    TokensCounted,
    WorkerEvent,
    decode_command,
    encode,
)
from launcher.engine.worker.abort import AbortSwitch
from launcher.engine.worker.operations import Operations

if TYPE_CHECKING:
    from launcher.engine.worker.session import Session

HEARTBEAT_INTERVAL_S = 1.0


def run_worker(argv: list[str]) -> int:
    """Serve until stdin ends."""
    _end_with_parent()
    _leave_no_core()
    protocol = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    if argv[:1] == ["calibrate"]:
        from launcher.engine.worker.calibrate import run_calibration

        return run_calibration(argv[1:], sys.stdin.buffer, protocol)
    parser = argparse.ArgumentParser(prog="launcher engine-worker")
    parser.add_argument("--rpc", default="", help="host:port of llama.cpp RPC servers, with commas between")
    args = parser.parse_args(argv)
    keep_templates()
    Worker(sys.stdin.buffer, protocol, tuple(e for e in args.rpc.split(",") if e)).run()
    return 0


def _end_with_parent() -> None:
    """On Linux the kernel ends us with the thread that started us, even while we are stopped or hung and see no end of stdin."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _leave_no_core() -> None:
    """Writing out a dead process of 100 GB would hold its memory for minutes; on Windows a dialog would until it is answered."""
    if sys.platform == "win32":
        failcriticalerrors, nogpfaulterrorbox = 0x1, 0x2
        ctypes.windll.kernel32.SetErrorMode(failcriticalerrors | nogpfaulterrorbox)
        return
    import resource

    # 1 byte: below 1 Linux still starts a core handler that is a program (man 5 core).
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (1 if hard == resource.RLIM_INFINITY else min(1, hard), hard))


class _Outlet:
    """Writes events; whole lines, from any thread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, event: WorkerEvent) -> None:
        """Write one event. A reader that went away ends the process: there is nobody to work for."""
        try:
            with self._lock:
                self._stream.write(encode(event))
        except OSError:
            os._exit(0)


class Worker:
    """One process, at most one model."""

    def __init__(self, commands: BinaryIO, protocol: BinaryIO, rpc_servers: tuple[str, ...]) -> None:
        self._commands = commands
        self._outlet = _Outlet(protocol)
        self._rpc_servers = rpc_servers
        self._switch = AbortSwitch()
        self._operations = Operations(self._switch)
        self._queue: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._steps = 0
        self._session: Session | None = None
        self._load_lock = threading.Lock()
        self._loading: int | None = None

    def run(self) -> None:
        """Say hello and serve."""
        threading.Thread(target=self._read, name="commands", daemon=True).start()
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        try:
            self._start()
        except UserError as error:
            self._outlet.send(OperationFailed(0, Failure.of(error)))
            return
        while True:
            session = self._session
            if session is None or not session.is_busy:
                self._wait(session)
                continue
            while not self._queue.empty():  # nobody else takes from it
                self._serve(self._queue.get())
            self._answer_on(session)

    def _start(self) -> None:
        # Imported here, after stdout is safe and the reader runs: loading the libraries takes a while and may print.
        from launcher.engine.worker import binding, dry_run, loading, model, params, processor, progress

        self._binding = binding.Binding()
        self._binding.add_rpc_servers(self._rpc_servers)
        self._dry_run = dry_run
        self._load_module = loading
        self._model = model
        self._params = params
        self._processor = processor
        self._progress = progress
        self._outlet.send(
            Hello(
                protocol=PROTOCOL_VERSION,
                engine_version=self._binding.engine_version,
                system_info=self._binding.system_info,
                library_path=str(self._binding.library_path),
                processor=processor.processor_name(),
                devices=self._binding.devices(),
            )
        )

    # --- the two side threads -----------------------------------------------------------------------------------------

    def _read(self) -> None:
        while line := self._commands.readline():
            try:
                command = decode_command(line)
            except ValueError as error:
                print(f"ignored a malformed command: {error}", file=sys.stderr)  # noqa: T201 - stderr is the log here
                continue
            if isinstance(command, Stop):
                self._operations.stop(command.id)
                self._end_with_load(command.id)
            elif command is not None:
                self._queue.put(command)
        os._exit(0)

    def _end_with_load(self, operation: int) -> None:
        """A load that is not wanted any more ends with its process, at once.

        llama.cpp itself looks up only between two tensors, and not while it reads a mapped file.
        """
        with self._load_lock:
            if operation == self._loading:
                self._outlet.send(LoadCancelled(operation))
                os._exit(0)

    def _beat(self) -> None:
        pause = threading.Event()
        while not pause.wait(HEARTBEAT_INTERVAL_S):
            self._outlet.send(Heartbeat(self._steps))

    # --- the main thread ----------------------------------------------------------------------------------------------

    def _wait(self, session: Session | None) -> None:
        """Serve the next command; states are saved when none comes for a while."""
        try:
            self._serve(self._queue.get(timeout=session.keeper.idle_in() if session else None))
        except queue.Empty:
            if session:
                session.keeper.save_idle()

    def _serve(self, command: Command) -> None:
        self._operations.begin(command.id)
        if isinstance(command, Generate) and self._session is not None:
            self._session.submit(command)  # which says itself when it has ended
            return
        try:
            self._handler(command)()
        except UserError as error:
            self._outlet.send(OperationFailed(command.id, Failure.of(error)))
        except self._model.Cancelled:
            self._outlet.send(LoadCancelled(command.id))
        except Exception as error:  # noqa: BLE001 - a bug must reach the client as one, and the worker must not hang
            self._outlet.send(OperationFailed(command.id, _bug(error)))
        finally:
            self._operations.end(command.id)

    def _answer_on(self, session: Session) -> None:
        """One step of all answers; a bug in it ends them, not the worker."""
        try:
            session.step()
        except Exception as error:  # noqa: BLE001 - as above
            session.fail_all(_bug(error))
        self._steps = session.steps

    def _handler(self, command: Command) -> Callable[[], None]:
        match command:
            case Load():
                return lambda: self._load(command)
            case Generate():
                return self._refuse
            case CountTokens():
                return lambda: self._count(command)
            case DryRun():
                return lambda: self._measure(command)
            case ComputeLogits():
                return lambda: self._compute_logits(command)
            case SaveStates():
                return lambda: self._save_states(command)
            case Stop():
                return lambda: None

    def _load(self, command: Load) -> None:
        if self._session is not None:
            raise UserError(
                "engine_busy", "A model is already loaded in this process.", "Each load gets its own process."
            )
        has_gpu = bool(self._params.chosen_devices(self._binding, command.request.placement))
        extra = self._extra_buffers(command.use_extra_bufts, has_gpu)
        self._outlet.send(LoadStarted(command.id, extra))

        time_left = self._progress.TimeLeft()

        def on_progress(phase: str, fraction: float) -> None:
            self._steps += 1
            self._outlet.send(LoadProgress(command.id, phase, fraction, time_left.at(phase, fraction)))

        with self._load_lock:
            self._loading = command.id
        try:
            if self._operations.is_stopped(command.id):
                raise self._model.Cancelled
            self._session, loaded = self._load_module.load_session(
                self._binding,
                command.request,
                extra,
                self._switch,
                self._operations,
                on_progress,
                self._outlet.send,
                command.threads,
            )
        finally:
            with self._load_lock:
                self._loading = None
        self._outlet.send(LoadFinished(command.id, loaded))

    def _measure(self, command: DryRun) -> None:
        runner = self._dry_run.DryRunner(self._binding, command)
        for placement in command.placements:
            extra = self._extra_buffers(command.use_extra_bufts, bool(runner.devices_of(placement)))
            self._outlet.send(LoadStarted(command.id, extra))
            self._outlet.send(DryRunMeasured(command.id, runner.measure(placement, extra)))
        runner.close()

    def _compute_logits(self, command: ComputeLogits) -> None:
        from launcher.engine.worker.device_check import compute_logits

        for request in command.requests:
            has_gpu = bool(self._params.chosen_devices(self._binding, request.placement))
            extra = self._extra_buffers(command.use_extra_bufts, has_gpu)
            self._outlet.send(LoadStarted(command.id, extra))
            is_last = request is command.requests[-1]
            self._outlet.send(compute_logits(self._binding, command, request, extra, self._switch, is_last=is_last))

    def _extra_buffers(self, asked: bool | None, has_gpu: bool) -> bool:
        if asked is not None:
            return asked
        return self._processor.wants_extra_buffers(self._binding.system_info, has_gpu, self._processor.cpu_flags())

    def _count(self, command: CountTokens) -> None:
        session = self._need_session()
        tokens, turn_tokens = session.count_tokens(command.turns, command.thinking)
        self._outlet.send(TokensCounted(command.id, tokens, turn_tokens, session.native.n_ctx))

    def _save_states(self, command: SaveStates) -> None:
        if self._session:
            self._session.keeper.save_all(command.id)
        else:
            self._outlet.send(StatesSaved(command.id, 0, 0, 0.0))

    def _refuse(self) -> None:
        self._need_session()

    def _need_session(self) -> Session:
        if self._session is None:
            raise UserError("not_loaded", "No model is loaded.", "The engine process has started but holds no model.")
        return self._session


def _bug(error: Exception) -> Failure:
    """An exception that nobody expected, as the client gets it; also in the log. Want of memory is none of ours."""
    traceback.print_exc()
    why = f"{type(error).__name__}: {error}".rstrip(": ")
    steps = (NextStep("Load again", "load_again"), NextStep("Copy report", "copy_report"))
    if isinstance(error, MemoryError) or "can't start new thread" in why:
        free = gib(psutil.virtual_memory().available)
        why = say("The system gave it no more ({why}). {free} of RAM are free now.", why=why, free=free)
        return Failure("out_of_memory", "The engine ran out of memory.", why, steps, traceback.format_exc())
    return Failure("engine_bug", "The engine worker has a bug.", why, steps, traceback.format_exc())
