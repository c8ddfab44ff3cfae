# pyright: reportPrivateUsage=false
"""Damaged GGUF files through the app's own path: its engine may die, the app never does, and there is a message each time.

    python -m tests.bench.gguf_fuzz [--n 2000] [--seed 1] [--first 0] [--keep FOLDER]

Each file is made of "seed:number" (tests/bench/gguf_mutations.py) from a small deepseek2, qwen2, deepseek or llama model, then
identified, planned, (every fifth) verified by a dry run, loaded and asked as the window and `launcher chat FILE` do. Both sides may hold `LIMIT_BYTES` of private memory at most: a number in a file
must not eat a computer. Prints what became of the files; exits with 1 when the app failed, said nothing, or showed a traceback.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from launcher.core.errors import UserError
from launcher.core.generation import LoadRequest
from launcher.core.machine import Cpu, EngineDevice, Machine, Ram
from launcher.core.plans import Plan, Wishes
from launcher.core.units import GIB
from launcher.engine.devices import engine_info
from launcher.engine.protocol import (
    AnswerFinished,
    EngineEvent,
    EngineState,
    LoadCancelled,
    LoadFinished,
    OperationFailed,
)
from launcher.engine.supervision import Patience
from launcher.services.opening import Opening, OpenRequest
from tests.bench.gguf_mutations import Parts, damaged, take_apart
from tests.engine.conftest import Engine, question
from tests.fakes.gguf_models import Shape, make_model

LIMIT_BYTES = 3 * GIB
PATIENCE_S = 60.0
"""Nothing about such small files may take longer, on however busy a machine."""
_SMALL = Shape(n_layer=2, n_ff=256, n_ff_exp=32, n_expert=4)
_ARCHITECTURES = ("deepseek2", "qwen2", "llama", "deepseek")


@dataclass
class Outcome:
    """What became of the files.

    Attributes:
        ends: (where it ended, error code or how it went on) -> how many.
        failures: where the app did not do what it should.
        slowest: (seconds, case).
    """

    files: int = 0
    ends: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    failures: list[str] = field(default_factory=list[str])
    slowest: tuple[float, str] = (0.0, "")

    def __str__(self) -> str:
        lines = [
            f"{self.files} files, {len(self.failures)} failures of the app; slowest {self.slowest[0]:.1f} s ({self.slowest[1]})"
        ]
        lines += [f"{n:6}  {where}: {what}" for (where, what), n in sorted(self.ends.items())]
        return "\n".join((*lines, *self.failures))  # fmt: skip


def good_models(folder: Path) -> list[Parts]:
    """What is damaged."""
    return [
        take_apart(make_model(folder / f"{arch}.gguf", arch, shape=_SMALL, template="v3", end_weight=0.0))
        for arch in _ARCHITECTURES
    ]


@contextmanager
def limited_memory() -> Generator[None]:
    """For this process and the workers it starts meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def run(models: list[Parts], seed: int, numbers: range, keep: Path | None = None) -> Outcome:
    """One file after the other; a file of a failure is kept in `keep`."""
    outcome = Outcome()
    for number in numbers:
        if _stopped:
            break
        chance = random.Random(f"{seed}:{number}")
        with tempfile.TemporaryDirectory(prefix="gguf-fuzz-") as name:
            folder = Path(name)
            what, path = damaged(chance, chance.choice(models), folder)
            known, started = len(outcome.failures), time.monotonic()
            _try(path, f"{seed}:{number} {what}", outcome)
            taken = time.monotonic() - started
            outcome.slowest = max(outcome.slowest, (taken, f"{seed}:{number} {what}"))
            if keep and len(outcome.failures) > known:
                shutil.copytree(folder, keep / f"{seed}-{number}-{what}", dirs_exist_ok=True)
                print(outcome.failures[-1], flush=True)
        outcome.files += 1
        if numbers.stop - numbers.start >= 500 and outcome.files % 100 == 0:
            print(f"{outcome.files} files, {len(outcome.failures)} failures, slowest {outcome.slowest}", flush=True)
    return outcome


_stopped: list[int] = []


def _on_interrupt(number: int, _frame: object) -> None:
    _stopped.append(number)


def _try(path: Path, case: str, outcome: Outcome) -> None:
    try:
        opening = _Opening(OpenRequest(str(path), Wishes(threads=1, ram_reserve_bytes=0)))
        opening.is_verified = int(case.split()[0].partition(":")[2]) % 5 == 0
        request = opening.prepare().request
    except UserError as error:
        _judge("not planned", error, case, outcome)
        return
    except BaseException:  # noqa: BLE001 - whatever escapes would have ended the app
        outcome.ends["the app", "died"] += 1
        outcome.failures.append(f"{case}: planning raised\n{traceback.format_exc()}")
        return
    _load(request, case, outcome)


def _load(request: LoadRequest, case: str, outcome: Outcome) -> None:
    engine = Engine(Patience(hang_s=20.0))
    try:
        load = engine.client.load(request)
        event = _end_of(engine, load)
        if isinstance(event, OperationFailed):
            _judge("not loaded", event.failure.error(), case, outcome)
        elif isinstance(event, LoadFinished):
            answer = engine.client.generate(question("How are you?", max_tokens=4))
            end = _end_of(engine, answer)
            if isinstance(end, OperationFailed):
                _judge("not answered", end.failure.error(), case, outcome)
            else:
                outcome.ends["answered", f"template: {event.loaded.template_origin}"] += 1
        else:
            outcome.failures.append(f"{case}: the load ended with {event}")
    except (AssertionError, UserError):
        outcome.failures.append(f"{case}: no end of it, the engine is {engine.client.state}\n{traceback.format_exc()}")
    finally:
        started = time.monotonic()
        engine.client.close()
        if engine.client.state not in (EngineState.STOPPED, EngineState.CRASHED) or time.monotonic() - started > 6:
            outcome.failures.append(f"{case}: the engine did not end")


def _end_of(engine: Engine, operation: int) -> EngineEvent:
    kinds: Callable[[EngineEvent], bool] = lambda e: getattr(e, "id", None) == operation  # noqa: E731
    return engine.seen.wait(LoadFinished | LoadCancelled | AnswerFinished | OperationFailed, kinds)  # type: ignore[arg-type]


def _judge(where: str, error: UserError, case: str, outcome: Outcome) -> None:
    """A message has a code, says what and why in words, and offers something."""
    died = error.why if error.code == "engine_stopped" else ""
    outcome.ends[where, f"{error.code} {died.split(':')[0]}".strip()] += 1
    shown = f"{error.what} {error.why}"
    if not error.code or not error.what.strip() or not error.why.strip() or not error.next_steps:
        outcome.failures.append(f"{case}: says too little: {error.code} {shown!r} {error.next_steps}")
    if "Traceback" in shown or error.code == "engine_bug":
        outcome.failures.append(f"{case}: a defect is shown: {shown} {error.detail[-1500:]}")
    if len(shown) > 2000 or "\0" in shown:
        outcome.failures.append(f"{case}: nobody can read this: {shown[:200]!r}, {len(shown)} characters")


class _Opening(Opening):
    """On a machine with little memory; the engine is not asked each time what it can use."""

    is_verified = True

    def _read_machine(self) -> Machine:
        self._info = engine_info()
        return _machine()

    def _verified(self, machine: Machine, plan: Plan) -> tuple[Plan, str]:
        return super()._verified(machine, plan) if self.is_verified else (plan, "")


def _machine() -> Machine:
    return Machine(
        "Fuzzed", "linux", Cpu("CPU", 1, 1), Ram(16 * GIB, LIMIT_BYTES, 10e9), gpus=(), engine_devices=(_CPU,)
    )


_CPU = EngineDevice("CPU", "CPU", "cpu", "cpu", 16 * GIB, LIMIT_BYTES)


def main(argv: list[str]) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gguf_fuzz")
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--keep", type=Path, help="keep the files of failures here")
    options = parser.parse_args(argv)
    started = time.monotonic()
    signal.signal(signal.SIGINT, _on_interrupt)  # the table of what was done is worth having
    with tempfile.TemporaryDirectory(prefix="gguf-fuzz-models-") as folder, limited_memory():
        os.environ["LAUNCHER_HOME"] = (
            f"{folder}/home"  # what damaged files do to an engine is no finding about this computer
        )
        outcome = run(
            good_models(Path(folder)), options.seed, range(options.first, options.first + options.n), options.keep
        )
    print(outcome, f"{time.monotonic() - started:.0f} s", sep="\n")
    return int(bool(outcome.failures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
