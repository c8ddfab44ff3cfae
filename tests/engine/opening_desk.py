"""A machine whose graphics card is a llama.cpp RPC server with memory that the operating system really limits."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from launcher.engine.process import RPC_VARIABLE
from tests.engine.conftest import PATIENCE_S, rpc_server_processes

MIB = 2**20
SERVER_BYTES = 96 * MIB
"""What a server needs beside the buffers: graphs, work memory of matrix products, thread stacks."""


class Card:
    """The server."""

    def __init__(self, endpoint: str, process: subprocess.Popen[bytes]) -> None:
        self.endpoint = endpoint
        self.process = process
        self._base_bytes = self._held_bytes()

    def limit(self, room_bytes: int | None) -> None:
        """Private memory (RLIMIT_DATA) beyond what it took when it started; None without a limit.

        Waits until what earlier loads held is free again: a server frees it when it has seen their connection end.
        """
        hard = resource.RLIM_INFINITY
        deadline = time.monotonic() + PATIENCE_S
        while self._held_bytes() > self._base_bytes + SERVER_BYTES:
            assert time.monotonic() < deadline, "the server did not free its buffers"
            time.sleep(0.05)
        limit = hard if room_bytes is None else self._base_bytes + room_bytes
        resource.prlimit(self.process.pid, resource.RLIMIT_DATA, (limit, hard))

    def _held_bytes(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        return int(re.findall(r"VmData:\s+(\d+)", status)[0]) * 1024


@contextlib.contextmanager
def card_of_this_machine() -> Iterator[Card]:
    """One RPC server that the engine takes for a graphics card, named by the environment."""
    with rpc_server_processes(1) as servers:
        before = os.environ.get(RPC_VARIABLE)
        os.environ[RPC_VARIABLE] = ",".join(servers)
        try:
            yield Card(*next(iter(servers.items())))
        finally:
            if before is None:
                del os.environ[RPC_VARIABLE]
            else:
                os.environ[RPC_VARIABLE] = before
