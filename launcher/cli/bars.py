"""Progress on a terminal: one line that is redrawn; elsewhere a line now and then."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable

from launcher.core.downloads import DownloadProgress, DownloadState, PauseReason
from launcher.core.units import duration, gb

_LINE_EVERY_S = 10.0
_DRAW_EVERY_S = 0.1


class WorkBar:
    """A piece of work of known size: reading a model, moving it."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._is_terminal = sys.stderr.isatty()
        self._every_s = _DRAW_EVERY_S if self._is_terminal else _LINE_EVERY_S
        self._shown_at = self._began_at = time.monotonic()

    def show(self, done_bytes: int, total_bytes: int) -> None:
        """Draw, unless it was drawn a moment ago."""
        now = time.monotonic()
        if done_bytes < total_bytes and now - self._shown_at < self._every_s:
            return
        self._shown_at = now
        parts = [self._title, _share(done_bytes, total_bytes), f"{gb(done_bytes)} of {gb(total_bytes)}"]
        seconds = now - self._began_at
        if 0 < done_bytes < total_bytes and seconds > 1:
            parts.append(f"{duration(seconds * (total_bytes - done_bytes) / done_bytes)} left")
        line = _fitting(parts, shutil.get_terminal_size().columns if self._is_terminal else 100)
        is_over = done_bytes >= total_bytes
        begin, end = ("\r\x1b[K", "\n" if is_over else "") if self._is_terminal else ("", "\n")
        print(f"{begin}{line}", end=end, file=sys.stderr, flush=True)


class DownloadBar:
    """One line on a terminal, redrawn; elsewhere a line now and then. Notes get their own line."""

    def __init__(self, title: str, files_done: Callable[[], str] = str) -> None:
        """`files_done` says how many files of a set are complete ("2 of 5 files"); "" of a single one."""
        self._title, self._files_done = title, files_done
        self._is_terminal = sys.stderr.isatty()
        self._note = ""
        self._state: DownloadState | None = None
        self._shown_at = 0.0

    def show(self, progress: DownloadProgress) -> None:
        """Draw a report."""
        if progress.note and progress.note != self._note:
            self._note = progress.note
            print(f"{self._clear()}{progress.note}", file=sys.stderr)
        is_over = progress.state in (DownloadState.DONE, DownloadState.PAUSED, DownloadState.FAILED)
        if self._is_terminal:
            line = describe(self._title, progress, shutil.get_terminal_size().columns, self._files_done())
            print(f"{self._clear()}{line}", end="\n" if is_over else "", file=sys.stderr, flush=True)
        elif is_over or progress.state is not self._state or time.monotonic() - self._shown_at >= _LINE_EVERY_S:
            self._shown_at = time.monotonic()
            print(describe(self._title, progress, 120, self._files_done()), file=sys.stderr, flush=True)
        self._state = progress.state

    def _clear(self) -> str:
        return "\r\x1b[K" if self._is_terminal else ""


class StepLine:
    """What is computed now, on stderr: a line that is drawn anew on a terminal, elsewhere a line for each step."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._is_terminal = sys.stderr.isatty()

    def show(self, what: str, fraction: float) -> None:
        """A step begins; `fraction` of all is done."""
        begin, end = ("\r\x1b[K", "") if self._is_terminal else ("", "\n")
        line = f"      {self._name:<10}{fraction:4.0%}  {what}"
        print(f"{begin}{line[: shutil.get_terminal_size().columns - 1]}", end=end, file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Nothing of it stays on a terminal."""
        if self._is_terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def describe(title: str, progress: DownloadProgress, columns: int, files_done: str = "") -> str:
    """One line of at most `columns` characters: title, bar, bytes, rate, time left; the last parts go first when it is tight."""
    words = {DownloadState.CHECKING: "checking", DownloadState.VERIFYING: "verifying"}.get(
        progress.state, progress.state.value
    )
    parts = [title]
    if progress.total_bytes:
        parts += [
            _share(progress.done_bytes, progress.total_bytes),
            f"{gb(progress.done_bytes)} of {gb(progress.total_bytes)}",
        ]
    if progress.retry_in_s is not None:
        parts.insert(1, f"no connection, next try in {duration(max(1, progress.retry_in_s))}")
    elif progress.state is DownloadState.DOWNLOADING:
        parts += [f"{gb(progress.rate_bytes_s)}/s"] if progress.rate_bytes_s is not None else []
        parts += [f"{duration(progress.seconds_left)} left"] if progress.seconds_left is not None else []
    elif progress.pause_reason is PauseReason.DISK_FULL:
        parts.insert(1, "paused: the disk is full")
    else:
        parts.insert(1, words)
    return _fitting([*parts, files_done] if files_done else parts, columns)


def _share(done_bytes: int, total_bytes: int) -> str:
    share = min(1.0, done_bytes / total_bytes) if total_bytes else 1.0
    filled = int(share * 20)
    return f"[{'#' * filled}{'.' * (20 - filled)}] {int(share * 100):3d} %"


def _fitting(parts: list[str], columns: int) -> str:
    while len(parts) > 1 and len("  ".join(parts)) >= columns:
        parts.pop()
    return "  ".join(parts)[: max(1, columns - 1)]
