"""Which bytes of a file are fetched next, by which connection. Pure: no clock, no threads, no disk.

A connection claims a run, advances in it, and releases it when it ends or breaks. Runs are handed out from the front, so that
the hash can follow; each is long, so that a request pays; towards the end they get shorter and the rest of a slow one is split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

LONGEST_RUN_BYTES = 256 << 20
_SPLIT_AFTER_S = 2.0


@dataclass(eq=False)
class Run:
    """Bytes that one connection fetches. `end` may come nearer while it runs.

    Attributes:
        at: the next byte to be written.
        end: the first byte that is not of it.
        began_s: when it was claimed.
        reserved: bytes up to here are being written at this moment; no split takes them away.
    """

    at: int
    end: int
    began_s: float
    first: int = field(init=False)
    reserved: int = field(init=False)

    def __post_init__(self) -> None:
        self.first = self.reserved = self.at

    def seconds_left(self, now_s: float) -> float:
        """At the rate so far; infinite for one that has brought nothing."""
        done = self.at - self.first
        return (self.end - self.at) * max(now_s - self.began_s, 1e-6) / done if done else float("inf")


def connections_for(size_bytes: int, wanted: int, run_bytes: int) -> int:
    """How many connections a file is worth."""
    return max(1, min(wanted, size_bytes // run_bytes))


class Schedule:
    """What of a file is present, under way and missing.

    Args:
        size_bytes: of the file.
        block_bytes: of a block; runs meet at block borders, so that each block has one writer.
        present: bytes present from the start of each block.
        run_bytes: the shortest run worth a request of its own, as long as there is more than that to do.
        connections: among how many the work is shared.
    """

    def __init__(
        self, size_bytes: int, block_bytes: int, present: Sequence[int], run_bytes: int, connections: int
    ) -> None:
        self.size_bytes, self.block_bytes = size_bytes, block_bytes
        self._present = list(present)
        self._run_bytes, self._connections = run_bytes, connections
        self._runs: list[Run] = []
        self._first_open = 0
        self.present_bytes = sum(self._present)

    @property
    def is_complete(self) -> bool:
        """Whether every byte is present."""
        return self.present_bytes == self.size_bytes

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return len(self._present)

    def length_of(self, block: int) -> int:
        """Full length of a block; the last one is shorter."""
        return min(self.block_bytes, self.size_bytes - block * self.block_bytes)

    def is_present(self, block: int) -> bool:
        """Whether a block is there in full."""
        return self._present[block] == self.length_of(block)

    def claim(self, now_s: float) -> Run | None:
        """The next run for a connection without work; None when there is nothing (left) that it could do."""
        at = self._first_gap()
        if at is None:
            return self._split(now_s)
        unclaimed = self.size_bytes - self.present_bytes - sum(r.end - r.at for r in self._runs)
        target = max(self._run_bytes, min(LONGEST_RUN_BYTES, unclaimed // self._connections))
        run = Run(at, self._end_of(at, target), now_s)
        self._runs.append(run)
        return run

    def reserve(self, run: Run, count: int) -> int:
        """A connection has `count` bytes for a run and is about to write them. Returns how many of them still belong to it."""
        count = min(count, run.end - run.at)
        run.reserved = run.at + count
        return count

    def advance(self, run: Run, count: int) -> None:
        """`count` more bytes of a run were written."""
        left = count
        while left:
            block, inside = divmod(run.at, self.block_bytes)
            step = min(left, self.length_of(block) - inside)
            self._present[block] = inside + step
            run.at += step
            left -= step
        self.present_bytes += count

    def release(self, run: Run) -> None:
        """A connection is done with a run; what it did not bring is open again."""
        if run in self._runs:
            self._runs.remove(run)
        self._first_open = min(self._first_open, run.at // self.block_bytes)

    def lose(self, block: int) -> int:
        """A complete block turned out to be bad: it has to be fetched again. Returns its length."""
        lost, self._present[block] = self._present[block], 0
        self.present_bytes -= lost
        self._first_open = min(self._first_open, block)
        return lost

    def _first_gap(self) -> int | None:
        """The first byte that is missing and not under way."""
        taken = {run.at // self.block_bytes: run for run in self._runs if run.at < run.end}
        block = self._first_open
        while block < len(self._present):
            if self.is_present(block):
                if block == self._first_open:
                    self._first_open += 1
            elif block not in taken:
                return block * self.block_bytes + self._present[block]
            else:
                block = -(-taken[block].end // self.block_bytes)
                continue
            block += 1
        return None

    def _end_of(self, at: int, target: int) -> int:
        """Where a run ends that begins at `at`: about `target` further, before anything present or under way."""
        block = at // self.block_bytes + 1
        starts = {run.at // self.block_bytes for run in self._runs if run.at < run.end}
        while (
            block < len(self._present)
            and block * self.block_bytes - at < target
            and not self._present[block]
            and block not in starts
        ):
            block += 1
        return min(self.size_bytes, block * self.block_bytes)

    def _split(self, now_s: float) -> Run | None:
        """Take over the second half of the run that would end last."""
        settled = (r for r in self._runs if now_s - r.began_s >= _SPLIT_AFTER_S)
        slowest = max(settled, key=lambda r: r.seconds_left(now_s), default=None)
        if slowest is None or slowest.seconds_left(now_s) < _SPLIT_AFTER_S:
            return None
        first = max(slowest.at + 1, slowest.reserved)  # whole blocks behind what it has in its hands
        first = -(-first // self.block_bytes)
        last = -(-slowest.end // self.block_bytes)
        middle = max(first, (first + last) // 2)
        if middle >= last:
            return None
        run = Run(middle * self.block_bytes, slowest.end, now_s)
        slowest.end = run.at
        self._runs.append(run)
        return run
