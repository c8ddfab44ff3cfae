"""The worker as an operating system process: how it is started, spoken to and ended. No protocol state lives here."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from launcher.core import own_program
from launcher.core.engine_packs import GIVEN
from launcher.engine import pack_choice

LOG_LINES = 60
MAX_LINE_BYTES = 64 * 2**20
"""Of one message; the largest true ones are answers of a whole context with logprobs."""
_MAX_LOG_LINE_BYTES = 2000
_CHUNK_BYTES = 2**16
# Untrusted text that ends up in windows and terminals: nothing that moves a cursor.
_UNPRINTABLE = dict.fromkeys((*range(32), *range(127, 160)), " ")
RPC_VARIABLE = "LAUNCHER_RPC_SERVERS"


def known_rpc_servers() -> tuple[str, ...]:
    """The llama.cpp RPC servers ("host:port") that LAUNCHER_RPC_SERVERS names, with commas between."""
    return tuple(e.strip() for e in os.environ.get(RPC_VARIABLE, "").split(",") if e.strip())


def worker_command() -> list[str]:
    """How this program starts itself as an engine worker, from source or frozen."""
    return own_program.command("engine-worker")


class WorkerProcess:
    """A running worker. `kill` is always safe: it owns nothing but memory."""

    def __init__(self, rpc_servers: tuple[str, ...] = (), mode: str = "", libraries: Path | None = None) -> None:
        """Start it, in its own group and session, so that Ctrl+C in a terminal does not reach it.

        `mode` is the first argument of a worker that does one other job than answering ("calibrate"). `libraries` is the folder
        of its engine pack; None takes the one chosen for this computer, which blocks while packs are tried (pack_choice.py).

        The calling thread must outlive the worker: on Linux the worker is killed when it ends (see worker/main.py).
        """
        command = [*worker_command(), *([mode] if mode else [])]
        if rpc_servers:
            command += ["--rpc", ",".join(rpc_servers)]
        environment = own_program.environment()
        folder = libraries or pack_choice.libraries()
        if folder is not None:
            environment[GIVEN] = str(folder)
        # Where a debugger is installed ggml runs it when it aborts: seconds, and its lines push out the reason.
        environment.setdefault("GGML_NO_BACKTRACE", "1")
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        self._process = subprocess.Popen(  # noqa: S603 - our own executable
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tempfile.gettempdir(),
            env=environment,
            start_new_session=sys.platform != "win32",
            creationflags=flags,
        )
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._read_log, name="engine-log", daemon=True),
            threading.Thread(target=self._write, name="engine-commands", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def log(self) -> list[str]:
        """The last lines of its stderr."""
        return list(self._log)

    def send(self, line: bytes) -> None:
        """Hand over one line; never waits, even when the worker does not read."""
        self._outbox.put(line)

    def lines(self) -> Iterator[bytes]:
        """Its stdout, whole line by whole line, up to its end; one of more than `MAX_LINE_BYTES` comes cut to b""."""
        yield from whole_lines(self._process.stdout, MAX_LINE_BYTES)

    def let_go(self) -> None:
        """Close its stdin after what was sent: it ends itself at once, even while computing."""
        self._outbox.put(None)

    def kill(self) -> None:
        """End it by force."""
        self._process.kill()

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Its return code, or None when it still runs after the time. Call it when nobody reads `lines` any more."""
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None
        self.let_go()
        for thread in self._threads:
            thread.join(1.0)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        return code

    def _write(self) -> None:
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 - Popen was given PIPE
        with contextlib.suppress(OSError):  # it is gone: its stdout says so too
            while (line := self._outbox.get()) is not None:
                stdin.write(line)
                stdin.flush()
        with contextlib.suppress(OSError):
            stdin.close()

    def _read_log(self) -> None:
        with contextlib.suppress(ValueError):  # closed under us
            for line in whole_lines(self._process.stderr, _MAX_LOG_LINE_BYTES, clip=True):
                self._log.append(line.decode("utf-8", "replace").translate(_UNPRINTABLE))


def whole_lines(stream: IO[bytes] | None, limit_bytes: int, *, clip: bool = False) -> Iterator[bytes]:
    """The lines of a pipe as they come, without their ends, with bounded memory whatever the other side writes.

    Args:
        stream: a binary pipe that nobody else reads.
        limit_bytes: the longest line handed on.
        clip: a longer line is cut to the limit, and a last line without end counts; otherwise b"" stands for a longer one, and
            half a line at the end (its writer was killed) is dropped.
    """
    assert stream is not None  # noqa: S101 - Popen was given PIPE
    held, is_longer = bytearray(), False
    while chunk := os.read(stream.fileno(), _CHUNK_BYTES):
        for number, piece in enumerate(chunk.split(b"\n")):
            if number:  # before it a line ended
                yield b"" if is_longer and not clip else bytes(held)
                held, is_longer = bytearray(), False
            room = limit_bytes - len(held)
            held += piece[:room]
            is_longer = is_longer or len(piece) > room
    if clip and held:
        yield bytes(held)
