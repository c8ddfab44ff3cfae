"""What was found out about this computer's engine and must not be found out again: a small JSON file in the data folder."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Sequence

from launcher.core.paths import data_dir

_FILE = "engine-quirks.json"
_KEY = "crashes_with_extra_buffers"
_EXTRA_WORDS = re.compile(r"repack|\bamx|cur_backend_id", re.IGNORECASE)
_log = logging.getLogger(__name__)


def crashes_with_extra_buffers(processor: str, engine_version: str) -> bool:
    """Whether this engine build died here with the processor's special weight layouts."""
    return _name(processor, engine_version) in _read()


def speak_of_extra_buffers(log: Sequence[str]) -> bool:
    """Whether the last words of an aborted engine name the special layouts, or the assertion that they are known to fail."""
    return any(_EXTRA_WORDS.search(line) for line in log[-20:])


def remember_crash_with_extra_buffers(processor: str, engine_version: str) -> None:
    """From now on this build loads without them here."""
    names = sorted({*_read(), _name(processor, engine_version)})
    path = data_dir() / _FILE
    try:
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps({_KEY: names}, indent=2), "utf-8")
        os.replace(temporary, path)
    except OSError as error:  # it will be found out again; nothing is lost but a retry
        _log.info("could not write %s: %s", path, error)


def _name(processor: str, engine_version: str) -> str:
    return f"{processor} | {engine_version}"


def _read() -> list[str]:
    try:
        data = json.loads((data_dir() / _FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return []
    names = data.get(_KEY) if isinstance(data, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return [str(n) for n in names] if isinstance(names, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
