"""What came of checking files against their checksums, and when. A file that changed since is not checked any more."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path

from launcher.core.downloads import Installed
from launcher.core.paths import data_dir
from launcher.downloads.json_file import read_json, set_aside, write_json

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Check:
    """One file set at one time.

    Attributes:
        changed_ns: when the first file was last changed, as it was when checked.
        state: "matches", "differs" or "no_checksum".
        expected_from: who published the checksum; "" where nobody did.
        bad_files: names that differ.
    """

    path: str
    size_bytes: int
    changed_ns: int
    state: str
    expected_from: str
    bad_files: tuple[str, ...]
    checked_unix_s: float


@dataclass(frozen=True, slots=True)
class _Checks:
    checks: tuple[Check, ...] = ()


def checks_of(models: tuple[Installed, ...]) -> dict[str, Check]:
    """The last check of each file, by path; blocks for a stat per file."""
    known = {check.path: check for check in _read()}
    found = ((model.path, known.get(model.path), model.size_bytes) for model in models)
    return {
        path: check
        for path, check, size in found
        if check is not None and (check.size_bytes, check.changed_ns) == (size, _changed_ns(path))
    }


def remember(model: Installed, state: str, expected_from: str, bad_files: tuple[str, ...]) -> Check:
    """Keep a result; it replaces the former one of that file, and those of files that are gone."""
    check = Check(
        model.path, model.size_bytes, _changed_ns(model.path), state, expected_from, bad_files, time.time()
    )
    with _lock:
        others = (c for c in _read() if c.path != model.path and Path(c.path).exists())
        write_json(_path(), _Checks((check, *others)))
    return check


def _read() -> tuple[Check, ...]:
    try:
        return (read_json(_Checks, _path()) or _Checks()).checks
    except ValueError as error:
        set_aside(_path(), error)
        return ()


def _changed_ns(path: str) -> int:
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return 0


def _path() -> Path:
    return data_dir() / "checks.json"
