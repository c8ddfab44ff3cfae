"""Downloads under random faults, and under SIGKILL, in numbers: what tests/hub does with a few seeds, hundreds of times.

    python -m tests.bench.download_faults [--runs 500] [--kills 200] [--seed 1]

Each download is made of its seed: files, faults (tests/fakes/hub_faults.py), pauses, restarts. What is checked all the way is in
tests/hub/download_runs.py and download_kills.py. Prints tables; exits with 1 when something did not hold.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.hub import FakeHub
from tests.hub import download_kills, download_runs
from tests.hub.download_children import Children
from tests.hub.download_kills import Killed
from tests.hub.download_runs import Outcome


@dataclass
class Broken:
    """Seeds where something did not hold, with the last line of why."""

    seeds: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def note(self, seed: int, error: BaseException) -> None:
        """Say it at once: a long run may be interrupted."""
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__} {Path(where.filename).name}:{where.lineno} {str(error).splitlines()[:1]}"
        self.seeds.append((seed, text))
        print(f"  seed {seed}: {text}", file=sys.stderr, flush=True)


@contextmanager
def fresh_home(folder: Path) -> Generator[FakeHub]:
    """A hub, and folders of their own for everything that is written."""
    from huggingface_hub.utils import close_session

    home = Path(tempfile.mkdtemp(dir=folder))
    with FakeHub() as hub:
        os.environ |= {"HOME": str(home), "LAUNCHER_HOME": str(home / "launcher"), "HF_HOME": str(home / "huggingface")}
        os.environ |= {**hub.environment(), "HF_TOKEN": download_runs.TOKEN}
        try:
            yield hub
        finally:
            close_session()
    shutil.rmtree(home)


def fault_runs(folder: Path, runs: int, seed: int, broken: Broken) -> list[Outcome]:
    """Random faults, pauses and new queues."""
    outcomes: list[Outcome] = []
    for number in range(seed, seed + runs):
        with fresh_home(folder) as hub:
            try:
                outcomes.append(download_runs.run(number, hub))
            except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to this seed
                broken.note(number, error)
        _show(number - seed, number - seed + 1, runs, "downloads")
    return outcomes


def kill_runs(folder: Path, kills: int, seed: int, broken: Broken) -> list[Killed]:
    """As many downloads as it takes."""
    outcomes: list[Killed] = []
    with Children(folder) as children:
        number = seed
        while (so_far := sum(o.kills for o in outcomes)) < kills and len(broken.seeds) < kills:
            with fresh_home(folder) as hub:
                try:
                    outcomes.append(download_kills.run(number, hub, children, dict(os.environ), kills=8))
                except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to this seed
                    broken.note(number, error)
                    break  # the child may be left in the middle
            number += 1
            _show(so_far, sum(o.kills for o in outcomes), kills, "kills")
    return outcomes


def _show(before: int, done: int, wanted: int, what: str) -> None:
    """A line for every 50: this takes minutes."""
    if done // 50 > before // 50:
        print(f"  {done} of {wanted} {what}", file=sys.stderr, flush=True)


def print_faults(outcomes: list[Outcome], broken: Broken) -> None:
    """The first table: how the runs stood while the hub failed, what happened to them, and what it cost."""
    stood = Counter(_end_with_faults(o) for o in outcomes)
    hits: Counter[str] = sum((o.hits for o in outcomes), Counter[str]())
    met = Counter(kind for o in outcomes for kind, count in o.hits.items() if count)
    print(f"\n## Random faults: {len(outcomes) + len(broken.seeds)} downloads\n")
    _print_table(
        ("what", "number"),
        [
            ("downloads", len(outcomes) + len(broken.seeds)),
            (
                "runs it took (pauses, new queues, errors, the last one without faults)",
                sum(len(o.ends) for o in outcomes),
            ),
            ("with at least two connections at the same time", sum(o.connections > 1 for o in outcomes)),
            ("faults that happened", sum(hits.values())),
            ("done while the hub was still failing", stood["done"]),
            ("clear error while it was failing, done when it no longer was", _clear(stood)),
            ("ended with the right sha256", sum(o.ends[-1] == "done" for o in outcomes)),
            ("wrong, lost or stuck", len(broken.seeds)),
        ],
    )
    print()
    _print_table(("while the hub failed it ended with", "downloads"), stood.most_common())
    print()
    _print_table(("fault", "times", "downloads"), [(kind, hits[kind], met[kind]) for kind, _ in hits.most_common()])
    _print_cost([(o.waste_bytes, o.total_bytes, o.seconds) for o in outcomes])


def _clear(stood: Counter[str]) -> int:
    return sum(count for end, count in stood.items() if end not in ("done", "paused"))


def _end_with_faults(outcome: Outcome) -> str:
    """How it stood when the faults were taken away: done, an error's code, or paused."""
    if len(outcome.ends) == 1:
        return outcome.ends[0]
    return next((end for end in reversed(outcome.ends[:-1]) if end != "paused"), outcome.ends[-1])


def print_kills(outcomes: list[Killed], broken: Broken) -> None:
    """The second table: where the downloads were killed, and what a kill cost."""
    moments: Counter[str] = sum((o.moments for o in outcomes), Counter[str]())
    print(f"\n## SIGKILL: {sum(o.kills for o in outcomes)} kills in {len(outcomes) + len(broken.seeds)} downloads\n")
    _print_table(
        ("what", "number"),
        [
            ("downloads", len(outcomes) + len(broken.seeds)),
            ("kills", sum(o.kills for o in outcomes)),
            ("ended with the right sha256", len(outcomes)),
            ("wrong, lost or stuck", len(broken.seeds)),
            ("largest step back after a kill, bytes", max((o.lost_bytes for o in outcomes), default=0)),
        ],
    )
    print()
    _print_table(("killed while, or just before the file operation", "times"), moments.most_common())
    _print_cost([(o.waste_bytes, o.total_bytes, o.seconds) for o in outcomes])


def _print_table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    print(f"| {' | '.join(head)} |\n|{'---|' + '---:|' * (len(head) - 1)}")
    for row in rows:
        print(f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else str(cell) for cell in row)} |")


def _print_cost(runs: list[tuple[int, int, float]]) -> None:
    """Bytes that the hub sent beyond the files' sizes: lost with connections, damaged, or sent by servers without ranges."""
    if runs:
        shares = sorted(100 * waste / total for waste, total, _ in runs)
        total = 100 * sum(w for w, _, _ in runs) / sum(t for _, t, _ in runs)
        seconds = [s for _, _, s in runs]
        print(
            f"\nSent more than once: {total:.1f} % of all bytes (median download {statistics.median(shares):.1f} %)."
            f"\nSeconds per download: median {statistics.median(seconds):.2f}, longest {max(seconds):.1f}."
        )


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description="Random faults and kills while downloading, in numbers.")
    parser.add_argument("--runs", type=int, default=0, help="downloads with random faults")
    parser.add_argument("--kills", type=int, default=0, help="SIGKILLs at random moments")
    parser.add_argument("--seed", type=int, default=1, help="of the first run; the next ones count up")
    args = parser.parse_args()
    began = time.monotonic()
    is_broken = False
    kinds: tuple[tuple[int, Callable[[Path, Broken], None]], ...] = (
        (
            args.runs or (0 if args.kills else 500),
            lambda f, b: print_faults(fault_runs(f, args.runs or 500, args.seed, b), b),
        ),
        (args.kills, lambda f, b: print_kills(kill_runs(f, args.kills, args.seed, b), b)),
    )
    with tempfile.TemporaryDirectory(prefix="download-faults-") as name:
        for wanted, work in kinds:
            if wanted:
                broken = Broken()
                work(Path(name), broken)
                is_broken = is_broken or bool(broken.seeds)
    print(f"\n{time.monotonic() - began:.0f} s")
    return 1 if is_broken else 0


if __name__ == "__main__":
    sys.exit(main())
