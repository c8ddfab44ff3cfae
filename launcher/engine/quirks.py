"""What was found out about this computer's engine and must not be found out again: a small JSON file in the data folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from launcher.engine.findings import keep_finding, read_finding

_FILE = "engine-quirks.json"
_EXTRA_WORDS = re.compile(r"repack|\bamx|cur_backend_id", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Quirks:
    """The file. `crashes_with_extra_buffers`: processors and engine builds."""

    crashes_with_extra_buffers: tuple[str, ...] = ()


def crashes_with_extra_buffers(processor: str, engine_version: str) -> bool:
    """Whether this engine build died here with the processor's special weight layouts."""
    return _name(processor, engine_version) in _read()


def speak_of_extra_buffers(log: Sequence[str]) -> bool:
    """Whether the last words of an aborted engine name the special layouts, or the assertion that they are known to fail."""
    return any(_EXTRA_WORDS.search(line) for line in log[-20:])


def remember_crash_with_extra_buffers(processor: str, engine_version: str) -> None:
    """From now on this build loads without them here."""
    names = {*_read(), _name(processor, engine_version)}
    keep_finding(_FILE, _Quirks(tuple(sorted(names))))


def _name(processor: str, engine_version: str) -> str:
    return f"{processor} | {engine_version}"


def _read() -> tuple[str, ...]:
    found = read_finding(_FILE, _Quirks)
    return found.crashes_with_extra_buffers if found else ()
