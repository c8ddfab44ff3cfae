"""Does every device compute what the processor computes? Small models on each of them, their logits compared.

The reference is the processor with plain kernels (no special weight layouts). Each device gets a worker of its own with a time
limit: a driver that crashes or hangs costs that device's check only. The processor as loads use it is checked last.
"""

from __future__ import annotations

import base64
import math
import os
import sys
import tempfile
import threading
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from launcher.core.errors import UserError
from launcher.core.generation import LoadRequest
from launcher.core.machine import EngineDevice
from launcher.core.plans import Placement
from launcher.core.words import joined, known, say
from launcher.engine import quirks
from launcher.engine.calibration_models import write_model
from launcher.engine.check_models import CASES, N_CTX, N_PROMPT, N_SINGLE, CheckCase, sound_weights
from launcher.engine.devices import EngineInfo
from launcher.engine.errand import Ending, run_errand
from launcher.engine.outcome import crash_failure, signal_name
from launcher.engine.process import known_rpc_servers
from launcher.engine.protocol import ComputeLogits, LoadStarted, LogitsComputed, WorkerEvent

DEADLINE_S = 180.0
"""Per device. Seconds are usual; a driver that compiles its shaders for the first time takes a minute or two."""

_GPU_KINDS = ("gpu", "igpu")
_LAST_WORDS = 5


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
    """

    device: str
    description: str
    backend: str
    verdict: Verdict
    detail: str
    cases: tuple[CaseError, ...] = ()
    last_words: tuple[str, ...] = ()

    @property
    def is_ok(self) -> bool:
        """It computes rightly."""
        return self.verdict is Verdict.OK


def check_devices(
    info: EngineInfo,
    on_finding: Callable[[DeviceFinding], None] = lambda _: None,
    *,
    cases: Sequence[CheckCase] = CASES,
    deadline_s: float | None = None,
    stop: threading.Event | None = None,
) -> tuple[DeviceFinding, ...]:
    """Check every graphics device alone, then the processor. Blocks for some seconds per device.

    Args:
        info: the engine and what it lists.
        on_finding: told of each device as it is done.
        cases: the models.
        deadline_s: for each device; None is `DEADLINE_S`.
        stop: set from any thread to end it; the findings so far are returned.

    Raises:
        UserError: the models cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="launcher-check-") as name:
        check = _Check(info, Path(name), cases, deadline_s or DEADLINE_S, stop)
        check.write_models()
        findings: list[DeviceFinding] = []
        for finding in check.run():
            findings.append(finding)
            on_finding(finding)
    return tuple(findings)


def compare(reference: Sequence[float], found: Sequence[float]) -> float:
    """|found - reference| / |reference|; infinite when they cannot be compared or something is no number."""
    if len(reference) != len(found) or not reference:
        return math.inf
    size = math.sqrt(math.fsum(x * x for x in reference))
    difference = math.sqrt(math.fsum((x - y) ** 2 for x, y in zip(reference, found, strict=True)))
    error = difference / size if size else math.inf
    return error if math.isfinite(error) else math.inf


class _Check:
    """One run over all devices."""

    def __init__(
        self,
        info: EngineInfo,
        folder: Path,
        cases: Sequence[CheckCase],
        deadline_s: float,
        stop: threading.Event | None,
    ) -> None:
        self._info = info
        self._folder = folder
        self._cases = cases
        self._deadline_s = deadline_s
        self._stop = stop
        self._n_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    def write_models(self) -> None:
        """All of them, once for all devices."""
        try:
            for case in self._cases:
                write_model(case.model, self._path(case), sound_weights())
        except OSError as error:
            raise UserError("check_not_written", "The check's models could not be written.", f"{error}.") from error

    def run(self) -> Iterator[DeviceFinding]:
        """The findings, as they come."""
        reference = self._ask("", False)
        for device in self._info.devices:
            if device.kind in _GPU_KINDS and not self._is_stopped:
                if reference.is_complete:
                    yield self._judge(device, self._ask(device.name, None), reference)
                else:
                    nothing = say("There is nothing to compare with: the processor's own check failed.")
                    yield _finding(device, Verdict.UNCHECKED, nothing)
        if not self._is_stopped:
            yield self._processor(reference)

    @property
    def _is_stopped(self) -> bool:
        return self._stop is not None and self._stop.is_set()

    def _processor(self, reference: _Answer) -> DeviceFinding:
        """The processor as a load uses it."""
        fallback = EngineDevice("CPU", self._info.processor, "cpu", "cpu", 0, 0)
        device = next((d for d in self._info.devices if d.kind == "cpu"), fallback)
        if not reference.is_complete:
            return self._judge(device, reference, reference)
        of_engine = (self._info.processor, self._info.engine_version)
        answer = self._ask("", False if quirks.crashes_with_extra_buffers(*of_engine) else None)
        ending = answer.ending
        if ending and answer.used_extra and signal_name(ending.returncode) in ("SIGILL", "SIGABRT"):
            quirks.remember_crash_with_extra_buffers(*of_engine)
            without = say("The engine dies with this processor's special weight layouts; loads leave them out now.")
            finding = self._judge(device, reference, reference)
            return replace(finding, detail=joined(finding.detail, without))
        return self._judge(device, answer, reference)

    def _ask(self, device: str, extra: bool | None) -> _Answer:
        """Every case on one device ("" is the processor), in a worker of its own."""
        answer = _Answer(len(self._cases))
        command = ComputeLogits(1, tuple(self._request(c, device) for c in self._cases), N_PROMPT, N_SINGLE, extra)
        try:
            answer.ending = run_errand(
                lambda _hello: command,
                answer.take,
                # Another computer that hangs must not cost the processor its check.
                rpc_servers=known_rpc_servers() if device else (),
                deadline_s=self._deadline_s,
                stop=self._stop,
            )
        except UserError as error:
            answer.error = error
        except ValueError as error:  # logits that cannot be read
            answer.error = UserError("engine_mismatch", "The engine does not speak our language.", str(error))
        return answer

    def _judge(self, device: EngineDevice, answer: _Answer, reference: _Answer) -> DeviceFinding:
        cases = tuple(self._case_errors(answer, reference))
        finding = _finding(device, Verdict.OK, "", cases)
        failed_in = self._cases[min(len(answer.logits), len(self._cases) - 1)].key
        if answer.error is not None:
            why = joined(known(answer.error.what), known(answer.error.why))
            words = tuple(answer.error.detail.splitlines()[-_LAST_WORDS:])
            return replace(finding, verdict=Verdict.FAILED, detail=f"{failed_in}: {why}", last_words=words)
        if answer.ending is not None:
            return _ended(finding, answer.ending, failed_in, self._deadline_s)
        wrong = [c for c in cases if c.is_wrong]
        if wrong:
            worst = max(wrong, key=lambda c: c.error)
            return replace(
                finding,
                verdict=Verdict.WRONG,
                detail=say(
                    "Its results differ from the processor's by {error} in {cases} of {all} models ({case}; up to {most} is rounding).",
                    error=_percent(worst.error),
                    cases=len(wrong),
                    all=len(cases),
                    case=worst.case,
                    most=_percent(worst.tolerance),
                ),
            )
        return replace(finding, detail=_rounding(cases))

    def _case_errors(self, answer: _Answer, reference: _Answer) -> Iterator[CaseError]:
        for case in self._cases:
            if case.key in answer.logits:
                error = compare(reference.logits[case.key], answer.logits[case.key])
                yield CaseError(case.key, error, case.tolerance, answer.seconds[case.key])

    def _request(self, case: CheckCase, device: str) -> LoadRequest:
        placement = Placement(
            n_gpu_layers=case.model.n_layer + 1 if device else 0,
            n_ctx=N_CTX,
            n_batch=N_CTX,
            n_ubatch=N_CTX,
            kv_type_k=case.kv_type,
            kv_type_v=case.kv_type,
            threads=min(4, self._n_threads),
            devices=(device,) if device else (),
        )
        return LoadRequest(str(self._path(case)), case.key, case.model.quant.upper(), placement)

    def _path(self, case: CheckCase) -> Path:
        return self._folder / f"{self._cases.index(case)}.gguf"


@dataclass
class _Answer:
    """What a device's worker said."""

    n_cases: int
    logits: dict[str, array[float]] = field(default_factory=dict[str, "array[float]"])
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    used_extra: bool = False
    ending: Ending | None = None
    error: UserError | None = None

    @property
    def is_complete(self) -> bool:
        """Every case has its logits, and they are numbers."""
        return len(self.logits) == self.n_cases and all(math.isfinite(math.fsum(row)) for row in self.logits.values())

    def take(self, event: WorkerEvent) -> bool:
        """One event; True after the last."""
        if isinstance(event, LoadStarted):
            self.used_extra = event.use_extra_bufts
        if not isinstance(event, LogitsComputed):
            return False
        rows = array("f", base64.b64decode(event.logits, validate=True))
        if sys.byteorder == "big":
            rows.byteswap()
        self.logits[event.name] = rows
        self.seconds[event.name] = event.seconds
        return event.done


def _finding(device: EngineDevice, verdict: Verdict, detail: str, cases: tuple[CaseError, ...] = ()) -> DeviceFinding:
    return DeviceFinding(device.name, device.description, device.backend, verdict, detail, cases)


def _ended(finding: DeviceFinding, ending: Ending, case: str, deadline_s: float) -> DeviceFinding:
    """Its worker did not come to the end."""
    words = ending.log[-_LAST_WORDS:]
    if ending.was_stopped:
        return replace(finding, verdict=Verdict.UNCHECKED, detail=say("The check was stopped."))
    if ending.because:
        late = say("It had no result within {n} s ({case}).", n=f"{deadline_s:.0f}", case=case)
        return replace(finding, verdict=Verdict.SLOW, detail=late, last_words=words)
    why = crash_failure(ending.returncode, "starting", None, ending.log).why
    return replace(finding, verdict=Verdict.CRASHED, detail=f"{case}: {why}", last_words=words)


def _rounding(cases: tuple[CaseError, ...]) -> str:
    worst = max(cases, key=lambda c: c.error / c.tolerance)
    return say(
        "{n} models as the processor computes them, within {error} ({case}), {s} s.",
        n=len(cases),
        error=_percent(worst.error),
        case=worst.case,
        s=f"{sum(c.seconds for c in cases):.1f}",
    )


def _percent(error: float) -> str:
    if not math.isfinite(error):
        return say("not a number")
    return f"{100 * error:.2g} %" if error >= 1e-4 else "0.01 %"
