"""How many held-out questions the finished file answers right, asked through the launcher's own engine: `python evaluate.py [MODEL.gguf]`.

Runs in the project's environment (no PyTorch). Prints the table of README.md. The answers are greedy, with the thought.
"""

from __future__ import annotations

import argparse
import queue
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import guide
import reasoning
import small_talk
from exchange import Exchange
from held_out import reasoning_task
from settings import SEED

from launcher.core.generation import ChatTurn, GenerateRequest, LoadRequest
from launcher.core.models import Sampling
from launcher.core.plans import Placement
from launcher.engine.client import EngineClient
from launcher.engine.protocol import AnswerFinished, EngineEvent, LoadFinished, OperationFailed

E = TypeVar("E", bound=EngineEvent)
_SHIPPED = Path(__file__).resolve().parents[2] / "resources" / "models" / "launcher-tiny.gguf"
_N_PARALLEL = 4
_MOST_TOKENS = 220
_BARS = {"addition": 0.95, "subtraction": 0.95, "guide, English": 0.95, "guide, Chinese": 0.95}
_OTHER_BAR = 0.90


def main() -> int:
    """Evaluates; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=_SHIPPED)
    parser.add_argument(
        "--tasks", type=int, default=200, help="held-out tasks of each kind (the guide has its own number)"
    )
    parser.add_argument("--wrong", type=int, default=0, help="show so many wrong answers of each kind")
    parser.add_argument("--no-thinking", action="store_true", help="with the thinking switch off")
    options = parser.parse_args()
    started = time.monotonic()
    cases = list(held_out(options.tasks))
    right: dict[str, list[bool]] = defaultdict(list)
    wrong: dict[str, list[str]] = defaultdict(list)
    for turn, answer in zip(
        cases, ask(options.model, [turn.question for turn in cases], not options.no_thinking), strict=True
    ):
        row = _row(turn)
        is_right = turn.result in answer
        right[row].append(is_right)
        if not is_right:
            wrong[row].append(f"{turn.question!r} -> {answer[:90]!r}, not {turn.result[:60]!r}")
    print("| held-out questions | asked | right | bar |\n| --- | ---: | ---: | ---: |")
    missed = False
    for row, hits in right.items():
        share, bar = sum(hits) / len(hits), _BARS.get(row, _OTHER_BAR)
        missed = missed or share < bar
        print(f"| {row} | {len(hits)} | {share:.1%} | {bar:.0%} |")
        for line in wrong[row][: options.wrong]:
            print(f"    {line}", file=sys.stderr)
    print(f"\n{len(cases)} answers in {time.monotonic() - started:.0f} s", file=sys.stderr)
    return int(missed)


def held_out(n_tasks: int) -> Iterator[Exchange]:
    """What was never trained, the same every time. The times table is trained whole: its row is about wordings only."""
    rng = random.Random(SEED + 2)
    for task in reasoning.TASKS:
        for _ in range(n_tasks):
            yield reasoning_task(rng, task, for_evaluation=True)
    for entry, lang, question in guide.held_out_questions():
        yield guide.exchange(entry, lang, question)
    for _ in range(n_tasks):
        yield small_talk.make_refusal(rng, is_held_out=True)


def ask(model: Path, questions: Sequence[str], thinking: bool) -> list[str]:
    """The answers, in order, several made at once."""
    events: queue.SimpleQueue[EngineEvent] = queue.SimpleQueue()
    client = EngineClient(events.put)
    try:
        placement = Placement(n_gpu_layers=0, n_ctx=1024 * _N_PARALLEL, n_parallel=_N_PARALLEL)
        client.load(LoadRequest(str(model), "tiny", "", placement))
        _wait(events, LoadFinished)
        answers: dict[int, str] = {}
        waiting = [
            GenerateRequest((ChatTurn("user", q),), Sampling(temperature=0), thinking, _MOST_TOKENS) for q in questions
        ]
        order: dict[int, int] = {}
        while len(answers) < len(questions):
            while len(order) < len(questions) and len(order) - len(answers) < _N_PARALLEL:
                order[client.generate(waiting[len(order)])] = len(order)
            done = _wait(events, AnswerFinished)
            answers[order[done.id]] = done.answer.answer
        return [answers[i] for i in range(len(questions))]
    finally:
        client.close()


def _wait(events: queue.SimpleQueue[EngineEvent], kind: type[E]) -> E:
    while True:
        event = events.get()
        if isinstance(event, OperationFailed):
            raise event.failure.error()
        if isinstance(event, kind):
            return event


def _row(turn: Exchange) -> str:
    return turn.task if turn.task != "guide" else f"guide, {'Chinese' if turn.is_chinese else 'English'}"


if __name__ == "__main__":
    raise SystemExit(main())
