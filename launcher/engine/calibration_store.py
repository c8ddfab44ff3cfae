"""The measured values on disk: one small JSON file per engine build and processor, so that none destroys another's."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import replace
from pathlib import Path

from launcher.core.calibration import Calibration
from launcher.core.codec import from_json
from launcher.core.errors import NextStep, UserError
from launcher.core.machine import EngineDevice
from launcher.core.paths import data_dir
from launcher.engine.devices import EngineInfo
from launcher.engine.findings import write_json

_PREFIX = "calibration-"
_log = logging.getLogger(__name__)


def save_calibration(calibration: Calibration, processor: str = "") -> Path:
    """Keep it in the data folder, in one step: a reader sees the old or the new file. Returns the file.

    `processor` is the engine's name of it: a portable copy of this program may come to another computer.

    Raises:
        UserError: the data folder cannot be written.
    """
    path = _path(calibration.engine_version, processor)
    try:
        write_json(path, calibration)
    except OSError as error:
        raise UserError(
            "not_saved",
            "What was measured could not be saved.",
            f"{path}: {error}",
            (NextStep("Free up space", "free_space"),),
        ) from error
    return path


def load_calibration(engine_version: str, processor: str = "") -> Calibration | None:
    """What was measured with this engine build on this processor, or None. A damaged file is renamed, not deleted."""
    if not _paths():
        return None
    path = _path(engine_version, processor)
    try:
        calibration = from_json(Calibration, json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except OSError as error:
        _log.warning("%s could not be read: %s", path, error)
        return None
    except (ValueError, RecursionError) as error:
        kept = path.with_suffix(".damaged")
        os.replace(path, kept)
        _log.warning("%s could not be understood (%s); kept as %s", path.name, error, kept.name)
        return None
    return calibration if calibration.engine_version == engine_version else None


def calibration_for(info: EngineInfo) -> Calibration | None:
    """What was measured on this computer with this engine, for the devices that are still there."""
    found = load_calibration(info.engine_version, info.processor)
    return valid_for(found, info.devices) if found else None


def forget_calibrations() -> int:
    """Delete all of them, of other engine builds too; returns how many there were."""
    paths = _paths()
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


def valid_for(calibration: Calibration, devices: tuple[EngineDevice, ...]) -> Calibration:
    """Without the devices that are not there any more or are others under the same name."""
    here = {(device.name, device.description) for device in devices}
    kept = tuple(d for d in calibration.devices if (d.name, d.description) in here)
    return replace(calibration, devices=kept)


def _paths() -> list[Path]:
    return list(data_dir().glob(f"{_PREFIX}*.json"))


def _path(engine_version: str, processor: str) -> Path:
    import hashlib  # OpenSSL, 4 MB: only where something was measured

    name = hashlib.sha256(f"{engine_version}\n{processor}".encode()).hexdigest()[:12]
    return data_dir() / f"{_PREFIX}{name}.json"
