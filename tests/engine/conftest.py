"""Real llama.cpp on small generated models."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from launcher.core.generation import Answer, ChatTurn, GenerateRequest, Loaded, LoadRequest
from launcher.core.models import Sampling
from launcher.core.plans import Placement
from launcher.engine import process as process_module
from launcher.engine.client import EngineClient
from launcher.engine.protocol import (
    AnswerFinished,
    EngineEvent,
    EngineState,
    Failure,
    LoadFinished,
    OperationFailed,
    StateChanged,
)
from launcher.engine.supervision import Patience
from tests.fakes.gguf_models import SLOW, Shape, make_model

E = TypeVar("E", bound=EngineEvent)
PATIENCE_S = 60.0
"""For events that must come: generous, because the machine may be busy."""


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make a model once per set of arguments."""
    folder = tmp_path_factory.mktemp("models")
    made: dict[str, Path] = {}

    def make(arch: str = "deepseek2", slow: bool = False, n_vocab: int = 0, **options: object) -> Path:
        key = repr((arch, slow, n_vocab, sorted(options.items())))
        if key not in made:
            shape = SLOW if slow else Shape(n_vocab=n_vocab)
            made[key] = make_model(folder / f"{len(made)}.gguf", arch, shape=shape, **options)  # type: ignore[arg-type]
        return made[key]

    return make


class Recorder:
    """Collects a client's events and waits for them, each time `patience_s` at most."""

    def __init__(self) -> None:
        self.patience_s = PATIENCE_S
        self.events: list[tuple[float, EngineEvent]] = []
        self._news = threading.Condition()
        self._reactions: list[tuple[type[EngineEvent], Callable[[], None]]] = []

    def at_once(self, kind: type[EngineEvent], reaction: Callable[[], None]) -> None:
        """Do something in the client's own thread at the first such event, before it reads on."""
        self._reactions.append((kind, reaction))

    def __call__(self, event: EngineEvent) -> None:
        with self._news:
            self.events.append((time.monotonic(), event))
            self._news.notify_all()
        for entry in [r for r in self._reactions if isinstance(event, r[0])]:
            self._reactions.remove(entry)
            entry[1]()

    def of(self, kind: type[E]) -> list[E]:
        with self._news:
            return [e for _, e in self.events if isinstance(e, kind)]

    def time_of(self, event: EngineEvent) -> float:
        with self._news:
            return next(t for t, e in self.events if e is event)

    def wait(self, kind: type[E], matches: Callable[[E], bool] = lambda _: True) -> E:
        """The first such event, past or to come."""
        deadline = time.monotonic() + self.patience_s
        seen = 0
        with self._news:
            while True:
                for _, event in self.events[seen:]:
                    if isinstance(event, kind) and matches(event):
                        return event
                seen = len(self.events)
                if not self._news.wait(deadline - time.monotonic()):
                    raise AssertionError(f"no {kind} among {[e for _, e in self.events][-8:]}")


class Engine:
    """A client with its recorder, and the sentences a test wants to say."""

    def __init__(self, patience: Patience | None = None, rpc_servers: tuple[str, ...] = ()) -> None:
        self.seen = Recorder()
        self.client = EngineClient(self.seen, rpc_servers, patience)

    def load(self, path: Path, placement: Placement | None = None) -> Loaded:
        return self.load_request(request_for(path, placement))

    def load_request(self, request: LoadRequest) -> Loaded:
        operation = self.client.load(request)
        event = self.seen.wait(LoadFinished | OperationFailed, lambda e: e.id == operation)  # type: ignore[arg-type]
        if isinstance(event, OperationFailed):
            raise event.failure.error()
        return event.loaded

    def ask(self, *turns: str, **options: object) -> Answer:
        return self.ask_request(question(*turns, **options))

    def ask_request(self, request: GenerateRequest) -> Answer:
        operation = self.client.generate(request)
        event = self.seen.wait(AnswerFinished | OperationFailed, lambda e: e.id == operation)  # type: ignore[arg-type]
        if isinstance(event, OperationFailed):
            raise event.failure.error()
        return event.answer


def crash_of(engine: Engine) -> Failure:
    """What is said of the worker's end."""
    failure = engine.seen.wait(StateChanged, lambda e: e.state is EngineState.CRASHED).failure
    assert failure is not None
    return failure


def pid_of(engine: Engine) -> int:
    """Of the worker that there is."""
    pid = engine.client.pid
    assert pid is not None
    return pid


def request_for(path: Path, placement: Placement | None = None) -> LoadRequest:
    return LoadRequest(str(path), "Tiny", "F16", placement or Placement(n_gpu_layers=0, n_ctx=2048, threads=1))


def question(*turns: str, **options: object) -> GenerateRequest:
    """Greedy; the turns alternate between user and assistant."""
    roles = ("user", "assistant")
    given = {"sampling": Sampling(temperature=0), "max_tokens": 24, **options}
    return GenerateRequest(tuple(ChatTurn(roles[i % 2], t) for i, t in enumerate(turns)), **given)  # type: ignore[arg-type]


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.client.close()


@pytest.fixture
def make_engine() -> Iterator[Callable[..., Engine]]:
    made: list[Engine] = []

    def make(**options: object) -> Engine:
        made.append(Engine(**options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.client.close()


# What every made-up worker begins with. `say` sends an event, `commands` are those that come in.
_BEGIN = """
import os, sys, threading, time
from launcher.core.generation import *
from launcher.core.models import Thinking
from launcher.core.plans import *
from launcher.engine.protocol import *
out = os.fdopen(os.dup(1), "wb", buffering=0)
say = lambda event: out.write(encode(event))
say(Hello(PROTOCOL_VERSION, "engine", "", "", "processor", ()))
commands = (decode_command(line) for line in sys.stdin.buffer)
def beat():
    while True:
        say(Heartbeat(7)); time.sleep(0.1)
def live():
    threading.Thread(target=beat, daemon=True).start()
def load():
    request = next(commands)
    placement = request.request.placement
    say(LoadFinished(request.id, Loaded("Tiny", "F16", "llama", 512, 512, 1, 0, MemoryUse((), "actual"), 0.1,
        Thinking.NEVER, "file", placement, "engine")))
"""


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """The next workers run this script instead."""

    def use(script: str) -> None:
        path = tmp_path / "worker.py"
        path.write_text(_BEGIN + script)
        monkeypatch.setattr(process_module, "worker_command", lambda: [sys.executable, str(path)])

    return use


_RPC_SERVER = """
import ctypes, sys
from pathlib import Path
import llama_cpp.llama_cpp as llama
folder = Path(llama.__file__).parent / "lib"
rpc, ggml = ctypes.CDLL(str(folder / "libggml-rpc.so")), ctypes.CDLL(str(folder / "libggml.so"))
ggml.ggml_backend_dev_by_type.restype = ctypes.c_void_p
devices = (ctypes.c_void_p * 1)(ggml.ggml_backend_dev_by_type(0))
rpc.ggml_backend_rpc_start_server.argtypes = [
    ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p
]
rpc.ggml_backend_rpc_start_server(sys.argv[1].encode(), None, 1, 1, devices)
"""


@contextlib.contextmanager
def rpc_server_processes(count: int) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Real llama.cpp RPC servers on loopback by endpoint: graphics cards, as far as the engine can tell."""
    processes = {
        endpoint: subprocess.Popen(
            [sys.executable, "-c", _RPC_SERVER, endpoint],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        for endpoint in (f"127.0.0.1:{_free_port()}" for _ in range(count))
    }
    try:
        for endpoint in processes:
            _wait_for_port(int(endpoint.rpartition(":")[2]))
        yield processes
    finally:
        for process in processes.values():
            process.kill()
            process.wait()


@pytest.fixture
def rpc_servers() -> Iterator[tuple[str, ...]]:
    """Two of them."""
    with rpc_server_processes(2) as servers:
        yield tuple(servers)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return
