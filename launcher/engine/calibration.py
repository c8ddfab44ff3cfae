"""Measuring this computer: what it reads, computes and holds per device, for plans that need no data sheet.

Small models of true architecture are written to the cache folder, one at a time, timed in a worker process per device and
deleted. About half a minute for a processor, as much again for each card.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psutil

from launcher.core.calibration import MAX_SPREAD, Calibration
from launcher.core.errors import NextStep, UserError
from launcher.core.machine import EngineDevice
from launcher.core.paths import cache_dir
from launcher.core.units import MIB, gb, gib
from launcher.core.words import say
from launcher.engine.calibration_fit import DeviceFit, fit_device, handover_seconds, worst_spread
from launcher.engine.calibration_probes import (
    CARD,
    KV,
    MLA_KV,
    MOE,
    PROCESSOR,
    Extent,
    JobFinished,
    MemoryHeld,
    Probe,
    ProbeJob,
    ProbeStarted,
    device_probes,
    handover_probe,
    is_gpu,
)
from launcher.engine.calibration_run import run_job
from launcher.engine.calibration_store import calibration_for, load_calibration, save_calibration
from launcher.engine.devices import EngineInfo, engine_info

__all__ = ["calibrate", "calibration_for", "load_calibration", "measurable", "save_calibration"]

OnProgress = Callable[[str, float], None]
# A card this full is left alone: other programs fight for it.
_LEAST_FREE_BYTES = 384 * MIB
_FOLDER_PREFIX = "calibration-"
_LEFTOVER_AFTER_S = 600.0
# Other programs' share of the processors that no later pause can make good, judged after so many probes.
_HOPELESS_LOAD, _JUDGED_AFTER = 0.3, 2


@dataclass(frozen=True, slots=True)
class Options:
    """How it is done.

    Attributes:
        processor, card: how much is measured of each.
        keep_noisy: return a disturbed result too, marked by its spread.
        threads: of the processor; None is one per core, as plans use them.
    """

    processor: Extent = PROCESSOR
    card: Extent = CARD
    keep_noisy: bool = False
    threads: int | None = None


_DEFAULT = Options()


def calibrate(on_progress: OnProgress, stop: threading.Event, options: Options = _DEFAULT) -> Calibration:
    """Measure this computer; blocks, ends within a second of `stop`. Nothing is saved.

    Args:
        on_progress: called with (what is measured now, fraction of the whole), from this thread.
        stop: set from any thread.
        options: how much, and whether a disturbed result is wanted.

    Raises:
        UserError: too little disk or memory, an engine that fails, a computer that is too busy (`machine_busy`);
            `calibration_stopped` when `stop` was set.
    """
    info = engine_info(fresh=True)
    _check_room(options)
    _remove_leftovers()
    with tempfile.TemporaryDirectory(prefix=_FOLDER_PREFIX, dir=cache_dir()) as folder:
        return _Session(info, options, Path(folder), on_progress, stop).run()


def measurable(devices: Sequence[EngineDevice]) -> tuple[EngineDevice, ...]:
    """The devices that are measured: the processor, then every card with some memory free."""
    processor = [d for d in devices if d.kind == "cpu"][:1]
    return (*processor, *(d for d in devices if is_gpu(d) and d.free_bytes >= _LEAST_FREE_BYTES))


def _check_room(options: Options) -> None:
    """Twice the largest file on disk; in memory the file's pages and the engine's own copy."""
    largest = max(options.processor.weights_bytes, options.card.weights_bytes)
    disk, ram = shutil.disk_usage(cache_dir()).free, psutil.virtual_memory().available
    if disk < 2 * largest:
        raise UserError(
            "disk_full",
            "There is too little disk space to measure this PC.",
            say(
                "Needs {size} for a moment; {free} are free in {folder}.",
                size=gb(2 * largest),
                free=gb(disk),
                folder=cache_dir(),
            ),
            (NextStep("Free up space", "free_space"),),
        )
    if ram < 3 * largest:
        raise UserError(
            "too_little_memory",
            "There is too little memory to measure this PC.",
            say("Needs {size} of RAM for a moment; {free} are free.", size=gib(3 * largest), free=gib(ram)),
            (NextStep("Close other programs and measure again."),),
        )


def _remove_leftovers() -> None:
    """Folders of runs that were killed; one that another process works in now is younger."""
    for folder in cache_dir().glob(f"{_FOLDER_PREFIX}*"):
        if time.time() - folder.stat().st_mtime > _LEFTOVER_AFTER_S:
            shutil.rmtree(folder, ignore_errors=True)


_BUSY_STEPS = (
    NextStep("Close other programs and measure again."),
    NextStep("Or keep a rough result: launcher calibrate --force."),
)


class _Session:
    """One run over all devices."""

    def __init__(
        self, info: EngineInfo, options: Options, folder: Path, on_progress: OnProgress, stop: threading.Event
    ) -> None:
        self._info = info
        self._options = options
        self._folder = folder
        self._on_progress = on_progress
        self._stop = stop
        self._devices = measurable(info.devices)
        self._threads = options.threads or _cores()
        self._jobs: list[JobFinished] = []
        self._handover = handover_probe(self._devices, options.processor)
        self._probes = {d.name: device_probes(d, self._extent(d)) for d in self._devices}
        self._steps = sum(len(p) for p in self._probes.values()) + (1 if self._handover else 0)
        self._done = 0

    def run(self) -> Calibration:
        """Every device alone, then two together."""
        fits = {device.name: self._measured(device) for device in self._devices}
        handover_s = self._handover_s(self._handover, fits) if self._handover else None
        spread = worst_spread(self._jobs)
        if spread > MAX_SPREAD and not self._options.keep_noisy:
            raise _too_busy(spread, max(job.others_load for job in self._jobs))
        # Where there is a card, models answer on it: its constant counts.
        first = next((fits[d.name] for d in self._devices if is_gpu(d)), fits[self._devices[0].name])
        sampling = next(job.sampling for job in self._jobs if job.sampling)
        return Calibration(
            engine_version=self._info.engine_version,
            measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
            devices=tuple(fit.calibration for fit in fits.values()),
            token_s=first.token_s + sampling.seconds,
            handover_s=handover_s,
            pcie_bytes_s=next((fit.pcie_bytes_s for fit in fits.values() if fit.pcie_bytes_s), None),
            threads=self._threads,
            spread=spread,
        )

    def _extent(self, device: EngineDevice) -> Extent:
        if not is_gpu(device):
            return self._options.processor
        card = self._options.card
        return replace(card, weights_bytes=min(card.weights_bytes, device.free_bytes // 4))

    def _measured(self, device: EngineDevice) -> DeviceFit:
        probes = self._probes[device.name]
        on_gpu = is_gpu(device)
        job = self._job(probes, self._extent(device).seconds)
        job = replace(job, sampling=not on_gpu, unaccounted=device.name if on_gpu else None)
        meter = _CardMeter(device) if on_gpu else None
        finished = self._run(job, device.name, meter)
        times = {t.key: t for t in finished.times}
        return fit_device(device, probes, times, meter.unaccounted_bytes if meter else None)

    def _handover_s(self, probe: Probe, fits: dict[str, DeviceFit]) -> float:
        finished = self._run(self._job((probe,), self._options.processor.seconds), " + ".join(probe.devices))
        processor = next(d.name for d in self._devices if not is_gpu(d))
        first, second = (*probe.devices, processor)[:2]
        decode = finished.times[0].decode
        return handover_seconds(probe, decode, fits[first], fits[second]) if decode else 0.0

    def _job(self, probes: tuple[Probe, ...], seconds: float) -> ProbeJob:
        return ProbeJob(probes, str(self._folder), self._threads, seconds)

    def _run(self, job: ProbeJob, name: str, meter: _CardMeter | None = None) -> JobFinished:
        before = self._done

        def on_event(event: ProbeStarted | MemoryHeld) -> None:
            if isinstance(event, MemoryHeld):
                if meter:
                    meter.read(event)
                return
            if self._done - before >= _JUDGED_AFTER and not self._options.keep_noisy:
                _check_quiet(event.others_load)
            self._on_progress(_words(event.key, name), self._done / self._steps)
            self._done += 1

        finished = run_job(job, self._info, on_event, self._stop)
        self._done = before + len(job.probes)
        self._jobs.append(finished)
        return finished


class _CardMeter:
    """What a card's memory lost beside the engine's books, seen from outside: its driver counts our context only there."""

    def __init__(self, device: EngineDevice) -> None:
        self._device = device
        self._free_before = self._free_bytes()
        self.unaccounted_bytes: int | None = None

    def read(self, held: MemoryHeld) -> None:
        """Look again while the worker holds its memory; where no driver tells, what the worker saw itself."""
        free = self._free_bytes()
        if self._free_before is None or free is None:
            self.unaccounted_bytes = held.own_bytes
        else:
            self.unaccounted_bytes = max(0, self._free_before - free - held.books_bytes)

    def _free_bytes(self) -> int | None:
        """By the driver of this computer; None for what it does not list (another computer's card)."""
        from launcher.hardware import Meters

        if self._device.pci_bus_id is None:
            return None
        meters = Meters(lambda: None)
        try:
            known = (g for g in meters.sample().gpus if g.pci_bus_id == self._device.pci_bus_id)
            return next((g.vram_free_bytes for g in known), None)
        finally:
            meters.close()


def _cores() -> int:
    """Those that this program may use."""
    from launcher.hardware.cpu import read_cpu

    return read_cpu()[0].cores


def _words(key: str, device: str) -> str:
    what = {
        KV: say("context"),
        MLA_KV: say("context of expert models"),
        "bus": say("copies from RAM"),
        "handover": say("change of device"),
        MOE: say("expert layers"),
    }
    if key in ("thin", "shallow"):
        return say("{device}: {what}", device=device, what=say("layers"))
    return say("{device}: {what}", device=device, what=what.get(key) or say("{type} weights", type=key.upper()))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _check_quiet(others_load: float) -> None:
    if others_load > _HOPELESS_LOAD:
        raise UserError(
            "machine_busy",
            "This PC is too busy to be measured.",
            say("Other programs use {load} of the processor.", load=_percent(others_load)),
            _BUSY_STEPS,
        )


def _too_busy(spread: float, others_load: float) -> UserError:
    why = say(
        "The same work took up to {more} longer from one moment to the next (15 % are allowed), and other programs used "
        "{load} of the processor.",
        more=_percent(spread - 1),
        load=_percent(others_load),
    )
    return UserError(
        "machine_busy",
        "This PC is too busy to be measured.",
        why,
        (
            NextStep("Close other programs and measure again."),
            NextStep("Or keep a rough result: launcher calibrate --force."),
        ),
    )
