"""What an answer takes of the computer while it is made, from the meters that run anyway."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject, Signal, Slot

from launcher.core.generation import AnswerCost
from launcher.core.machine import Sample

# Between samples further apart the computer slept or stood still: what was taken meanwhile is not known.
_MOST_GAP_S = 5.0


@dataclass(frozen=True, slots=True)
class _Taken:
    """Joules since some time before, at one instant; None where unknown."""

    at_s: float
    cpu: float | None
    gpu: float | None


@dataclass(slots=True)
class _Watch:
    begun_s: float
    ended_s: float | None = None
    first: _Taken | None = None
    is_known: bool = True
    cost: AnswerCost = field(default_factory=AnswerCost)


class AnswerMeter(QObject):
    """Adds up energy between the beginning and the end of each answer, and keeps the most memory in between.

    The processor counts joules itself; cards tell watts, which are added up between samples. Beginnings and ends lie between two
    samples, so an answer is measured when the sample after its end has come.

    Signals:
        measured(str, AnswerCost): the answer of that id; only peaks and energy are filled in.
    """

    measured = Signal(str, object)

    def __init__(self, parent: QObject, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self._clock = clock
        self._watches: dict[str, _Watch] = {}
        self._before: Sample | None = None
        self._taken: _Taken | None = None

    @Slot(str)
    def begin(self, answer_id: str) -> None:
        """The answer is asked for now."""
        # One answer at a time: one that has not ended broke off.
        self._watches = {i: w for i, w in self._watches.items() if w.ended_s is not None}
        self._watches[answer_id] = _Watch(self._clock())

    @Slot(str)
    def end(self, answer_id: str) -> None:
        """Its last token has come; `measured` follows with the next sample. One that never began is left alone."""
        watch = self._watches.get(answer_id)
        if watch is not None:
            watch.ended_s = self._clock()

    @Slot(object)
    def on_sample_taken(self, sample: Sample) -> None:
        """The meters, twice a second."""
        before, now = self._taken, self._next(sample)
        for answer_id, watch in list(self._watches.items()):
            _look(watch, before, now)
            watch.cost = _with_peaks(watch.cost, sample)
            if watch.ended_s is not None and watch.ended_s <= now.at_s:
                del self._watches[answer_id]
                self.measured.emit(answer_id, _with_energy(watch, before, now))
        self._before, self._taken = sample, now

    def _next(self, sample: Sample) -> _Taken:
        watts, before, taken = _watts(sample), self._before, self._taken
        gpu: float | None = None if watts is None else 0.0
        if before is not None and taken is not None and watts is not None:
            watts_before = _watts(before)
            gpu = 0.0 if watts_before is None or taken.gpu is None else taken.gpu
            if watts_before is not None:
                gpu += (watts_before + watts) / 2 * (sample.monotonic_s - before.monotonic_s)
        return _Taken(sample.monotonic_s, sample.cpu_joules, gpu)


def _look(watch: _Watch, before: _Taken | None, now: _Taken) -> None:
    if before is None or now.at_s - before.at_s > _MOST_GAP_S or now.at_s < before.at_s:
        watch.is_known = False
    elif watch.first is None and now.at_s >= watch.begun_s:
        watch.first = _between(before, now, watch.begun_s)


def _between(before: _Taken, now: _Taken, at_s: float) -> _Taken:
    """The counters at an instant between two samples."""
    share = min(1.0, max(0.0, (at_s - before.at_s) / (now.at_s - before.at_s))) if now.at_s > before.at_s else 1.0

    def mixed(first: float | None, second: float | None) -> float | None:
        return None if first is None or second is None else first + share * (second - first)

    return _Taken(at_s, mixed(before.cpu, now.cpu), mixed(before.gpu, now.gpu))


def _with_energy(watch: _Watch, before: _Taken | None, now: _Taken) -> AnswerCost:
    first, ended_s = watch.first, watch.ended_s
    if not watch.is_known or first is None or before is None or ended_s is None:
        return watch.cost
    last = _between(before, now, ended_s)

    def taken(begin: float | None, end: float | None) -> float | None:
        return None if begin is None or end is None else max(0.0, end - begin)

    return replace(watch.cost, cpu_joules=taken(first.cpu, last.cpu), gpu_joules=taken(first.gpu, last.gpu))


def _with_peaks(cost: AnswerCost, sample: Sample) -> AnswerCost:
    vram = [g.vram_used_by_app_bytes for g in sample.gpus if g.vram_used_by_app_bytes is not None]
    return replace(
        cost,
        ram_peak_bytes=max(cost.ram_peak_bytes or 0, sample.ram_used_by_app_bytes),
        vram_peak_bytes=max(cost.vram_peak_bytes or 0, sum(vram)) if vram else cost.vram_peak_bytes,
    )


def _watts(sample: Sample) -> float | None:
    """Of all cards that tell; None when none does."""
    known = [g.power_w for g in sample.gpus if g.power_w is not None]
    return sum(known) if known else None
