"""`launcher calibrate`: measures this machine for the speed predictions."""

from __future__ import annotations

import argparse
import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait

from launcher.cli.output import print_json, table
from launcher.core.calibration import Calibration, DeviceCalibration
from launcher.core.errors import NextStep, UserError
from launcher.core.units import gib

_NOT_MEASURED = "-"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--show", action="store_true", help="print what was measured before; measures nothing")
    what.add_argument("--forget", action="store_true", help="delete what was measured: plans use data sheets again")
    what.add_argument("--force", action="store_true", help="keep the result of a busy machine too, marked as such")


def run(args: argparse.Namespace) -> int:
    """Measure, print, keep; progress on stderr."""
    if args.forget:
        return _forget(as_json=args.json)
    calibration = _stored() if args.show else _measured(keep_noisy=args.force)
    if args.json:
        print_json(calibration)
    else:
        print(describe(calibration))
    return 0


def _forget(*, as_json: bool) -> int:
    from launcher.engine.calibration_store import forget_calibrations
    from launcher.engine.thread_counts import forget_threads

    count = forget_calibrations()
    forget_threads()
    if as_json:
        print_json({"forgotten": count})
    else:
        print("Forgotten: plans use data sheets again." if count else "Nothing was measured yet.")
    return 0


def _stored() -> Calibration:
    from launcher.engine.calibration import calibration_for
    from launcher.engine.devices import engine_info

    found = calibration_for(engine_info())
    if found is None:
        raise UserError(
            "not_calibrated",
            "This machine was not measured yet.",
            "There is no measurement with this build of the engine.",
            (NextStep("Measure it: launcher calibrate"),),
        )
    return found


def _measured(*, keep_noisy: bool) -> Calibration:
    from launcher.engine.calibration import Options, calibrate, save_calibration
    from launcher.engine.devices import engine_info

    stop = threading.Event()
    line = _Line()
    with ThreadPoolExecutor(1, "calibrate") as pool:
        job = pool.submit(calibrate, line.show, stop, Options(keep_noisy=keep_noisy))
        try:
            while not job.done():
                wait((job,), 0.2)  # on Windows Ctrl+C is only heard between short waits
        except KeyboardInterrupt:
            stop.set()
        finally:
            wait((job,))
            line.end()
        calibration = job.result()
    save_calibration(calibration, engine_info().processor)
    return calibration


class _Line:
    """One line on a terminal, redrawn; elsewhere one per step."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()

    def show(self, what: str, fraction: float) -> None:
        """Draw a step."""
        text = f"{100 * fraction:3.0f} %  {what}"
        if self._is_terminal:
            text = f"\r\x1b[K{text[: shutil.get_terminal_size().columns - 1]}"
        print(text, end="" if self._is_terminal else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Take the line away."""
        if self._is_terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def describe(calibration: Calibration) -> str:
    """The measured values as a table, then what holds for the whole machine."""
    c = calibration
    quants = list(dict.fromkeys(quant for device in c.devices for quant in device.bandwidth_bytes_s))
    rows = [(_read_words(quant), *(_rate(d.bandwidth_bytes_s.get(quant)) for d in c.devices)) for quant in quants]
    for words, cell in _DEVICE_ROWS:
        rows.append((words, *(cell(d) for d in c.devices)))
    measured_with = f", {c.threads} threads" if c.threads else ""
    lines = [
        table(("", *(d.name for d in c.devices)), rows, frozenset(range(1, len(c.devices) + 1))),
        "",
        f"Constant per token      {_micro(c.token_s)}",
        f"Per change of device    {_micro(c.handover_s)}",
        f"Streaming to the card   {_rate(c.pcie_bytes_s)}",
        f"Steadiness              {100 * (c.spread - 1):.0f} % between repeats",
        f"Measured                {c.measured_at} with {c.engine_version}{measured_with}",
    ]
    if c.is_noisy:
        lines.append("The machine was busy: these values are rough. Measure again when it is idle.")
    return "\n".join(lines)


def _read_words(quant: str) -> str:
    return f"Reads {quant.upper()} weights"


def _rate(bytes_s: float | None) -> str:
    return _NOT_MEASURED if bytes_s is None else f"{bytes_s / 1e9:,.1f} GB/s"


def _micro(seconds: float | None) -> str:
    return _NOT_MEASURED if seconds is None else f"{seconds * 1e6:,.0f} µs"


def _flops(device: DeviceCalibration) -> str:
    return _NOT_MEASURED if device.prefill_flops is None else f"{device.prefill_flops / 1e9:,.0f} GFLOPS"


def _beside(device: DeviceCalibration) -> str:
    return _NOT_MEASURED if device.unaccounted_bytes is None else gib(device.unaccounted_bytes)


def _kv(device: DeviceCalibration) -> str:
    return _rate(device.kv_bytes_s)


def _mla_kv(device: DeviceCalibration) -> str:
    return _rate(device.mla_kv_bytes_s)


def _dense(device: DeviceCalibration) -> str:
    return _micro(device.layer_s)


def _experts(device: DeviceCalibration) -> str:
    return _micro(device.moe_layer_s)


_DEVICE_ROWS = (
    ("Reads the context", _kv),
    ("Reads the context, MLA", _mla_kv),
    ("Per dense layer", _dense),
    ("Per expert layer", _experts),
    ("Prefill", _flops),
    ("Memory beside the engine's books", _beside),
)
