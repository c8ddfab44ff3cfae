"""What the check of a device showed, for a person and for a report. The check itself is device_check.py."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from launcher.core.words import say


class Verdict(StrEnum):
    """How a device did."""

    OK = "ok"
    WRONG = "wrong results"
    CRASHED = "crashed"
    FAILED = "failed"
    SLOW = "too slow"
    UNCHECKED = "not compared"


@dataclass(frozen=True, slots=True)
class CaseError:
    """One model on one device: |difference| / |logits| and what is allowed. `error` is infinite for logits that are no numbers."""

    case: str
    error: float
    tolerance: float
    seconds: float

    @property
    def is_wrong(self) -> bool:
        """Beyond what rounding explains."""
        return not self.error <= self.tolerance


@dataclass(frozen=True, slots=True)
class DeviceFinding:
    """One device's check.

    Attributes:
        cases: the models it got through.
        detail: a sentence: what is wrong, or how far off the worst model was.
        last_words: of its worker's log, for a report.
        answer: what the built-in model said there, its thought included; "" where it was not asked.
        is_software: no card, but the processor pretending to be one.
    """

    device: str
    description: str
    backend: str
    verdict: Verdict
    detail: str
    cases: tuple[CaseError, ...] = ()
    last_words: tuple[str, ...] = ()
    answer: str = ""
    is_software: bool = False

    @property
    def is_ok(self) -> bool:
        """It computes rightly."""
        return self.verdict is Verdict.OK

    @property
    def is_bad(self) -> bool:
        """Something is wrong with it: not right, and not left out either."""
        return self.verdict not in (Verdict.OK, Verdict.UNCHECKED)

    @property
    def worst(self) -> CaseError | None:
        """The model that came nearest to what it is allowed, or furthest beyond; None when it got through none."""
        return max(self.cases, key=lambda c: c.error / c.tolerance, default=None)

    @property
    def advice(self) -> str:
        """What to do now, in a sentence; "" when nothing is to be done."""
        match self.verdict:
            case Verdict.OK | Verdict.UNCHECKED:
                return ""
            case Verdict.SLOW:
                return say("Check again: a driver that prepares its programs for the first time may take minutes.")
            case _ if self.backend == "cpu":
                return say("Choose another engine in Settings or install the launcher again, and report it.")
            case _ if self.backend == "rpc":
                return say("Do not use it before the engine of that computer is the same as here; then check again.")
            case _:
                return say("Do not use it before its driver is updated or another engine is chosen in Settings.")


def percent(error: float) -> str:
    """An error as people read it: "0.71 %"; what is no number is said so."""
    if not math.isfinite(error):
        return say("not a number")
    per_cent = max(0.01, 100 * error)
    return f"{per_cent:.0f} %" if per_cent >= 10 else f"{per_cent:.2g} %"
