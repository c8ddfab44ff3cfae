"""What was found out about model files, kept between starts, so that a scan reads no header twice.

One JSON file in the cache folder. An entry holds as long as path, size, time of change and inode of every file are the same, and the
program and its catalog too. Everything here can be found out again: a damaged file is simply made anew.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from launcher import __version__
from launcher.core.codec import from_json, to_json
from launcher.core.paths import cache_dir, resource
from launcher.downloads.library.examine import Kind, Verdict, examine
from launcher.downloads.library.tools.candidate import Candidate

MAX_ENTRIES = 4096
_FORMAT = 1
# A file that changed a moment ago may change again within the same tick of its clock (FAT counts in 2 s).
_SETTLED_NS = 2 * 10**9
_log = logging.getLogger("launcher.downloads")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A verdict and what it depends on. `files` holds name, size, time of change (ns) and inode of each, `about` the names."""

    files: tuple[tuple[str, ...], ...]
    about: tuple[str, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class _Document:
    version: str
    entries: dict[str, _Entry]


class Seen:
    """The memory during one scan: asked for each file set, then saved."""

    def __init__(self) -> None:
        self._version = _version()
        self._old = _load(self._version)
        self._used: dict[str, _Entry] = {}
        self._is_changed = False

    def verdict(self, candidate: Candidate, stats: Sequence[os.stat_result]) -> Verdict:
        """What the files are, from memory or from their headers.

        Raises:
            OSError: a file vanished meanwhile or cannot be read any more.
        """
        key = str(candidate.files[0])
        files = tuple(
            (path.name, str(s.st_size), str(s.st_mtime_ns), str(s.st_ino))
            for path, s in zip(candidate.files, stats, strict=True)
        )
        about = (candidate.repo or "", candidate.name)
        entry = self._old.get(key)
        if entry is None or (entry.files, entry.about) != (files, about):
            entry = _Entry(files, about, examine(candidate))
            # Broken files are looked at each time: that is quick, and its sentences are in the user's language.
            if entry.verdict.kind is Kind.BROKEN or not _is_settled(stats):
                return entry.verdict
            self._is_changed = True
        self._used[key] = entry
        return entry.verdict

    def save(self) -> None:
        """Write what is new. A failure costs only time at the next scan."""
        if not self._is_changed:
            return
        # Not seen this time, but not for good either: a disk that is not plugged in.
        others = [(k, e) for k, e in self._old.items() if k not in self._used]
        kept = dict([*self._used.items(), *others][:MAX_ENTRIES])
        temporary = _path().with_name(f"{_path().name}.{os.getpid()}-{threading.get_ident()}.tmp")
        try:
            # ASCII: file names may hold what is no text.
            temporary.write_text(json.dumps(to_json(_Document(self._version, kept))), "ascii")
            os.replace(temporary, _path())
        except OSError as error:
            _log.info("What was found out about the models could not be kept: %s", error)
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _load(version: str) -> dict[str, _Entry]:
    try:
        document = from_json(_Document, json.loads(_path().read_text("ascii")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        _log.info("What was found out about the models is found out again: %s", error)
        return {}
    return document.entries if document.version == version else {}


def _is_settled(stats: Sequence[os.stat_result]) -> bool:
    now = time.time_ns()
    return all(abs(now - s.st_mtime_ns) > _SETTLED_NS for s in stats)


def _version() -> str:
    """Of the program and its catalog: another one may know more models."""
    try:
        catalog = crc32(resource("catalog", "models.json").read_bytes())
    except OSError:
        catalog = 0
    return f"{_FORMAT}-{__version__}-{catalog:08x}"


def _path() -> Path:
    return cache_dir() / "seen-models.json"
