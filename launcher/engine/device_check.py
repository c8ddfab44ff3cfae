"""Does every device compute what the processor computes? Small models on each, their logits and an answer (answer_check.py) compared.

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
from pathlib import Path

from launcher.core.errors import NextStep, UserError
from launcher.core.generation import LoadRequest
from launcher.core.machine import EngineDevice
from launcher.core.plans import Placement
from launcher.core.words import joined, known, say
from launcher.engine import quirks
from launcher.engine.answer_check import AnswerCheck
from launcher.engine.calibration_models import write_model
from launcher.engine.check_models import CASES, N_CTX, N_PROMPT, N_SINGLE, CheckCase, sound_weights
from launcher.engine.device_findings import CaseError, DeviceFinding, Verdict, percent
from launcher.engine.devices import EngineInfo
from launcher.engine.errand import Ending, run_errand
from launcher.engine.outcome import crash_failure, signal_name
from launcher.engine.process import known_rpc_servers
from launcher.engine.protocol import ComputeLogits, LoadStarted, LogitsComputed, WorkerEvent

DEADLINE_S = 180.0
"""Per device. Seconds are usual; a driver that compiles its shaders for the first time takes a minute or two."""

_GPU_KINDS = ("gpu", "igpu")
_LAST_WORDS = 5


def check_devices(
    info: EngineInfo,
    on_finding: Callable[[DeviceFinding], None] = lambda _: None,
    *,
    on_progress: Callable[[str, float], None] = lambda _what, _fraction: None,
    cases: Sequence[CheckCase] = CASES,
    deadline_s: float | None = None,
    stop: threading.Event | None = None,
) -> tuple[DeviceFinding, ...]:
    """Check every graphics device alone, then the processor. Blocks for some seconds per device.

    Args:
        info: the engine and what it lists.
        on_finding: told of each device as it is done.
        on_progress: told what is computed now ("CUDA0: dense F32") and how much of all is done, 0 to 1.
        cases: the models.
        deadline_s: for each device; None is `DEADLINE_S`.
        stop: set from any thread to end it; the findings so far are returned.

    Raises:
        UserError: the models cannot be written.
    """
    try:
        # A worker that was killed may hold its model for another moment, which Windows minds.
        folder = tempfile.TemporaryDirectory(prefix="launcher-check-", ignore_cleanup_errors=True)
    except OSError as error:
        raise _not_written(error) from error
    with folder as name:
        check = _Check(info, Path(name), cases, deadline_s or DEADLINE_S, stop, on_progress)
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
        on_progress: Callable[[str, float], None],
    ) -> None:
        self._info = info
        self._folder = folder
        self._cases = cases
        self._deadline_s = deadline_s
        self._stop = stop
        self._on_progress = on_progress
        # The graphics devices, and the processor twice: as the reference and as a load uses it.
        self._n_runs = 2 + sum(d.kind in _GPU_KINDS for d in info.devices)
        self._n_runs_done = 0
        n_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._n_threads = min(4, n_threads)
        self._answers = AnswerCheck(deadline_s, stop)

    def write_models(self) -> None:
        """All of them, once for all devices."""
        try:
            for case in self._cases:
                if not self._is_stopped:
                    write_model(case.model, self._path(case), sound_weights())
        except OSError as error:
            raise _not_written(error) from error

    def run(self) -> Iterator[DeviceFinding]:
        """The findings, as they come."""
        if self._is_stopped:
            return
        reference = self._ask("", False)
        if reference.is_complete and not self._is_stopped:
            self._answers.set_reference()
        for device in self._info.devices:
            if device.kind in _GPU_KINDS and not self._is_stopped:
                if reference.is_complete:
                    finding = self._judge(device, self._ask(device.name, None), reference)
                    yield self._answers.checked(finding, device.name, None)
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
        extra = False if quirks.crashes_with_extra_buffers(*of_engine) else None
        answer = self._ask("", extra)
        ending = answer.ending
        if ending and answer.used_extra and signal_name(ending.returncode) in ("SIGILL", "SIGABRT"):
            quirks.remember_crash_with_extra_buffers(*of_engine)
            without = say("The engine dies with this processor's special weight layouts; loads leave them out now.")
            finding = self._judge(device, reference, reference)
            return replace(finding, detail=joined(finding.detail, without))
        return self._answers.checked(self._judge(device, answer, reference), "", extra)

    def _ask(self, device: str, extra: bool | None) -> _Answer:
        """Every case on one device ("" is the processor), in a worker of its own."""
        answer = _Answer(len(self._cases))

        def take(event: WorkerEvent) -> bool:
            is_done = answer.take(event)
            if isinstance(event, LogitsComputed) and not is_done:
                self._tell(device, len(answer.logits))
            return is_done

        self._tell(device, 0)
        command = ComputeLogits(1, tuple(self._request(c, device) for c in self._cases), N_PROMPT, N_SINGLE, extra)
        try:
            answer.ending = run_errand(
                lambda _hello: command,
                take,
                # Another computer that hangs must not cost the processor its check.
                rpc_servers=known_rpc_servers() if device else (),
                deadline_s=self._deadline_s,
                stop=self._stop,
            )
        except UserError as error:
            answer.error = error
        except ValueError as error:  # logits that cannot be read
            answer.error = UserError("engine_mismatch", "The engine does not speak our language.", str(error))
        self._n_runs_done += 1
        return answer

    def _tell(self, device: str, n_done: int) -> None:
        """`n_done` of the cases are through on this device; the next one begins."""
        case = self._cases[min(n_done, len(self._cases) - 1)].key
        fraction = (self._n_runs_done + n_done / len(self._cases)) / self._n_runs
        self._on_progress(f"{device or 'CPU'}: {case}", min(1.0, fraction))

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
        n_wrong, worst = sum(c.is_wrong for c in cases), finding.worst
        if n_wrong and worst:
            return replace(
                finding,
                verdict=Verdict.WRONG,
                detail=say(
                    "Its results differ from the processor's by {error} in {cases} of {all} models ({case}; up to {most} is rounding).",
                    error=percent(worst.error),
                    cases=n_wrong,
                    all=len(cases),
                    case=worst.case,
                    most=percent(worst.tolerance),
                ),
            )
        return replace(finding, detail=_rounding(finding))

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
            threads=self._n_threads,
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


def _rounding(finding: DeviceFinding) -> str:
    worst = finding.worst
    return say(
        "{n} models as the processor computes them, within {error} ({case}), {s} s.",
        n=len(finding.cases),
        error=percent(worst.error if worst else 0.0),
        case=worst.case if worst else "",
        s=f"{sum(c.seconds for c in finding.cases):.1f}",
    )


def _not_written(error: OSError) -> UserError:
    return UserError(
        "check_not_written",
        "The check's models could not be written.",
        f"{error}.",
        (NextStep("Make the folder for temporary files writable"),),
    )
