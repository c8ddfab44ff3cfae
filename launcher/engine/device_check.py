"""Does every device compute what the processor computes? Small models on each, and the built-in model's answer to a sum, compared.

The reference is the processor with plain kernels (no special weight layouts). Each device gets a worker of its own (device_run.py).
The processor as loads use it is checked last.
"""

from __future__ import annotations

import math
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from launcher.core.errors import NextStep, UserError
from launcher.core.machine import EngineDevice
from launcher.core.words import joined, known, say
from launcher.engine import answer_check, quirks
from launcher.engine.check_models import CASES, CheckCase
from launcher.engine.device_findings import CaseError, DeviceFinding, Verdict, percent
from launcher.engine.device_run import DeviceRun, Steps, Target, run_device
from launcher.engine.devices import EngineInfo
from launcher.engine.errand import Ending
from launcher.engine.outcome import crash_failure, signal_name
from launcher.hardware.engine_view import is_software

DEADLINE_S = 120.0
"""For each step of a device. Seconds are usual; a driver that compiles its shaders for the first time takes a minute or two."""

_GPU_KINDS = ("gpu", "igpu")
_LAST_WORDS = 5
# A computer that is slow or busy gets more: so many times what the processor's own run took in all (2 to 3 s where it is idle).
_SLOWER = 40.0
_MOST_DEADLINE_S = 3600.0
# For the processor's own run, before it is known how slow the computer is; no driver can hang there.
_REFERENCE_DEADLINE_S = 600.0


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
        deadline_s: for each step of a device; None is `DEADLINE_S`, and more on a computer that is slow.
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
        check = _Check(info, Path(name), tuple(cases), deadline_s, stop, on_progress)
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


def stretched(reference_seconds: float) -> float:
    """The time for a step on a computer whose processor took so many seconds for all of them."""
    return min(_MOST_DEADLINE_S, max(DEADLINE_S, _SLOWER * reference_seconds))


class _Check:
    """One run over all devices."""

    def __init__(
        self,
        info: EngineInfo,
        folder: Path,
        cases: tuple[CheckCase, ...],
        deadline_s: float | None,
        stop: threading.Event | None,
        on_progress: Callable[[str, float], None],
    ) -> None:
        self._info = info
        self._cases = cases
        self._given_deadline_s = deadline_s
        self._deadline_s = deadline_s or _REFERENCE_DEADLINE_S
        self._stop = stop
        self._on_progress = on_progress
        # The graphics devices, and the processor twice: as the reference and as a load uses it.
        self._n_runs = 2 + sum(d.kind in _GPU_KINDS for d in info.devices)
        self._n_runs_done = 0
        n_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._steps = Steps(cases, folder, min(4, n_threads))

    def write_models(self) -> None:
        """All of them, once for all devices."""
        try:
            self._steps.write_models(self._stop)
        except OSError as error:
            raise _not_written(error) from error

    def run(self) -> Iterator[DeviceFinding]:
        """The findings, as they come."""
        if self._is_stopped:
            return
        reference = self._go_through(Target(use_extra_bufts=False))
        if self._given_deadline_s is None and reference.is_sound:
            self._deadline_s = stretched(reference.all_seconds)
        for device in self._info.devices:
            if device.kind in _GPU_KINDS and not self._is_stopped:
                if reference.is_sound:
                    yield self._judge(device, self._go_through(Target(device.name, is_software(device))), reference)
                else:
                    nothing = say("There is nothing to compare with: the processor's own check failed.")
                    yield _finding(device, Verdict.UNCHECKED, nothing)
        if not self._is_stopped:
            yield self._processor(reference)

    @property
    def _is_stopped(self) -> bool:
        return self._stop is not None and self._stop.is_set()

    def _processor(self, reference: DeviceRun) -> DeviceFinding:
        """The processor as a load uses it."""
        fallback = EngineDevice("CPU", self._info.processor, "cpu", "cpu", 0, 0)
        device = next((d for d in self._info.devices if d.kind == "cpu"), fallback)
        if not reference.is_sound:
            return self._judge(device, reference, reference)
        of_engine = (self._info.processor, self._info.engine_version)
        extra = False if quirks.crashes_with_extra_buffers(*of_engine) else None
        run = self._go_through(Target(use_extra_bufts=extra))
        if run.ending and run.used_extra and signal_name(run.ending.returncode) in ("SIGILL", "SIGABRT"):
            quirks.remember_crash_with_extra_buffers(*of_engine)
            without = say("The engine dies with this processor's special weight layouts; loads leave them out now.")
            finding = self._judge(device, reference, reference)
            return replace(finding, detail=joined(finding.detail, without))
        return self._judge(device, run, reference)

    def _go_through(self, target: Target) -> DeviceRun:
        """All steps on one device."""

        def on_step(run: DeviceRun) -> None:
            fraction = (self._n_runs_done + run.n_done / len(run.names)) / self._n_runs
            self._on_progress(f"{target.device or 'CPU'}: {run.step}", min(1.0, fraction))

        run = run_device(self._steps, target, deadline_s=self._deadline_s, stop=self._stop, on_step=on_step)
        self._n_runs_done += 1
        return run

    def _judge(self, device: EngineDevice, run: DeviceRun, reference: DeviceRun) -> DeviceFinding:
        cases = tuple(self._case_errors(run, reference))
        finding = _finding(device, Verdict.OK, "", cases)
        n_wrong, worst = sum(c.is_wrong for c in cases), finding.worst
        if run.error is not None:
            why = joined(known(run.error.what), known(run.error.why))
            words = tuple(run.error.detail.splitlines()[-_LAST_WORDS:])
            return replace(finding, verdict=Verdict.FAILED, detail=f"{run.step}: {why}", last_words=words)
        if run.ending is not None:
            return _ended(finding, run.ending, run.step, self._deadline_s)
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
        finding = answer_check.judged(replace(finding, detail=_rounding(finding)), run.answer, reference.answer)
        return replace(finding, detail=joined(finding.detail, self._of_software())) if finding.is_software else finding

    def _of_software(self) -> str:
        """What such a device is, and what was left out there (device_run.py)."""
        words = say("This is the processor pretending to be a graphics card; it is slow.")
        if not any(case.is_latent for case in self._cases):
            return words
        return joined(words, say("Latent attention (MLA) was computed without flash attention there."))

    def _case_errors(self, run: DeviceRun, reference: DeviceRun) -> Iterator[CaseError]:
        for case in self._cases:
            if case.key in run.logits:
                error = compare(reference.logits[case.key], run.logits[case.key])
                yield CaseError(case.key, error, case.tolerance, run.seconds[case.key])


def _finding(device: EngineDevice, verdict: Verdict, detail: str, cases: tuple[CaseError, ...] = ()) -> DeviceFinding:
    software = is_software(device)
    return DeviceFinding(device.name, device.description, device.backend, verdict, detail, cases, is_software=software)


def _ended(finding: DeviceFinding, ending: Ending, step: str, deadline_s: float) -> DeviceFinding:
    """Its worker did not come to the end."""
    words = ending.log[-_LAST_WORDS:]
    if ending.was_stopped:
        return replace(finding, verdict=Verdict.UNCHECKED, detail=say("The check was stopped."))
    if ending.because:
        late = say("It had no result within {n} s ({case}).", n=f"{deadline_s:.0f}", case=step)
        return replace(finding, verdict=Verdict.SLOW, detail=late, last_words=words)
    why = crash_failure(ending.returncode, "starting", None, ending.log).why
    return replace(finding, verdict=Verdict.CRASHED, detail=f"{step}: {why}", last_words=words)


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
