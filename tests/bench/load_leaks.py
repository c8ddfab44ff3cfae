"""Nothing grows: hundreds of loads, answers and unloads in one app process, and on RPC servers that stand for cards.

    python -m tests.bench.load_leaks [--loads 200] [--servers 2]

Loads alternate between architectures and between the processor and the servers; every fifth worker is killed instead of unloaded.
Prints memory, descriptors, threads and children of this process, and the memory of the servers, along the way, and how long after a
worker's end the servers' memory was free; exits with 1 when something has grown.
"""

from __future__ import annotations

import argparse
import os
import queue
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from launcher.core.generation import LoadRequest
from launcher.core.plans import Placement
from launcher.core.units import MIB
from launcher.engine.client import EngineClient
from launcher.engine.protocol import (
    AnswerFinished,
    EngineEvent,
    EngineState,
    LoadFinished,
    OperationFailed,
    StateChanged,
)
from tests.engine.conftest import question, rpc_server_processes
from tests.fakes.gguf_models import Shape, make_model

WAIT_S = 120.0
BACK_S = 2.0
# What may be more at the end than after the first tenth: allocators keep some, and a thread may be on its way out.
ALLOWED = {"MiB": 8.0, "descriptors": 0, "threads": 0, "children": 0, "server MiB": 24.0}


@dataclass
class Outcome:
    """What was measured: a row of figures now and then, and seconds until a card's memory was back."""

    loads: int = 0
    rows: list[tuple[int, dict[str, float]]] = field(default_factory=list[tuple[int, dict[str, float]]])
    back_s: list[float] = field(default_factory=list[float])
    failures: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        names = list(ALLOWED)
        lines = [f"{'loads':>6}" + "".join(f"{n:>13}" for n in names)]
        lines += [f"{n:6}" + "".join(f"{row[name]:13.1f}" for name in names) for n, row in self.rows]
        if self.back_s:
            lines.append(
                f"the servers' memory was free {statistics.median(self.back_s):.2f} s after a worker's end (median), "
                f"{max(self.back_s):.2f} s at most"
            )
        return "\n".join((*lines, *self.failures))


class Loop:
    """One client and its cards."""

    def __init__(self, servers: dict[str, int], models: list[Path], outcome: Outcome) -> None:
        self._events: queue.SimpleQueue[EngineEvent] = queue.SimpleQueue()
        self._client = EngineClient(self._events.put, tuple(servers))
        self._cards = [psutil.Process(pid) for pid in servers.values()]
        self._models, self._outcome = models, outcome

    def close(self) -> None:
        """End the worker."""
        self._client.close()

    def once(self, number: int) -> None:
        """Load, ask, unload or kill.

        Raises:
            AssertionError: something did not work, or the servers' memory did not come back.
        """
        on_cards = bool(self._cards) and number % 2 == 0
        path = self._models[number // 2 % len(self._models)]
        placement = Placement(n_gpu_layers=99 if on_cards else 0, n_ctx=4096, threads=1)
        before = self._card_bytes()
        load = self._client.load(LoadRequest(str(path), path.stem, "F16", placement))
        assert isinstance(self._end_of(load), LoadFinished)
        held = self._card_bytes() - before
        answer = self._client.generate(question("Tell me more.", max_tokens=8))
        assert isinstance(self._end_of(answer), AnswerFinished)
        if number % 5 == 4:
            os.kill(self._client.pid or 0, signal.SIGKILL)
        else:
            self._client.unload()
        self._wait(lambda e: isinstance(e, StateChanged) and e.state in (EngineState.STOPPED, EngineState.CRASHED))
        ended = time.monotonic()
        while on_cards and number >= 4 and self._card_bytes() - before > max(0.1 * held, 8 * MIB):
            assert time.monotonic() - ended < BACK_S, f"load {number}: {held / MIB:.0f} MiB are not back"
            time.sleep(0.005)
        if on_cards and number >= 4:  # the first times a server takes what it keeps for itself
            self._outcome.back_s.append(time.monotonic() - ended)
        self._client.close()
        self._outcome.loads += 1

    def figures(self) -> dict[str, float]:
        """Of this process and the servers."""
        me = psutil.Process()
        servers = {c.pid for c in self._cards}
        return {
            "MiB": me.memory_info().rss / MIB,
            "descriptors": me.num_fds(),
            "threads": me.num_threads(),
            "children": len({c.pid for c in me.children(recursive=True)} - servers),
            "server MiB": self._card_bytes() / MIB,
        }

    def _card_bytes(self) -> int:
        return sum(c.memory_info().rss for c in self._cards)

    def _end_of(self, operation: int) -> EngineEvent:
        ends = (LoadFinished, AnswerFinished, OperationFailed)
        return self._wait(lambda e: isinstance(e, ends) and e.id == operation)

    def _wait(self, matches: Callable[[EngineEvent], bool]) -> EngineEvent:
        while True:
            event = self._events.get(timeout=WAIT_S)
            if matches(event):
                return event


def make_models(folder: Path) -> list[Path]:
    """Small ones of three kinds."""
    shape = Shape(n_layer=6, n_vocab=8000)
    return [
        make_model(folder / f"{arch}.gguf", arch, shape=shape, template="v3")
        for arch in ("deepseek2", "qwen2", "llama")
    ]


def run(loads: int, servers: dict[str, int], models: list[Path]) -> Outcome:
    """All loads; a row of figures ten times."""
    outcome = Outcome()
    loop = Loop(servers, models, outcome)
    every = max(1, loads // 10)
    try:
        for number in range(loads):
            loop.once(number)
            if (number + 1) % every == 0:
                outcome.rows.append((number + 1, loop.figures()))
                print(outcome.rows[-1], flush=True)
    except (AssertionError, queue.Empty) as error:
        outcome.failures.append(f"load {outcome.loads}: {type(error).__name__} {error}")
    finally:
        loop.close()
    if outcome.rows:
        (_, first), (_, last) = outcome.rows[0], outcome.rows[-1]
        outcome.failures += [
            f"{name} grew from {first[name]:.1f} to {last[name]:.1f}"
            for name, allowed in ALLOWED.items()
            if last[name] - first[name] > allowed
        ]
    return outcome


def main(argv: list[str]) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load_leaks")
    parser.add_argument("--loads", type=int, default=200)
    parser.add_argument("--servers", type=int, default=2)
    options = parser.parse_args(argv)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="load-leaks-") as folder, rpc_server_processes(options.servers) as servers:
        os.environ["LAUNCHER_HOME"] = f"{folder}/home"
        pids = {endpoint: process.pid for endpoint, process in servers.items()}
        outcome = run(options.loads, pids, make_models(Path(folder)))
    print(outcome, f"{outcome.loads} loads, {time.monotonic() - started:.0f} s", sep="\n")
    return int(bool(outcome.failures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
