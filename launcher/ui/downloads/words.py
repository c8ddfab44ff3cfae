"""The words of downloads: rates, limits, times of day and summaries. Qt only for translation."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QTime

from launcher.core.downloads import DownloadProgress, DownloadState, PauseReason
from launcher.core.words import joined, listed, say

translate = QCoreApplication.translate

RUNNING = (DownloadState.CHECKING, DownloadState.DOWNLOADING, DownloadState.VERIFYING)
LIMITS_BYTES_S: tuple[int | None, ...] = (None, 10**6, 2 * 10**6, 5 * 10**6, 10**7, 2 * 10**7, 5 * 10**7)
"""The speed limits that lists offer; any other can be typed."""


def transfer_rate(rate_bytes_s: float) -> str:
    """Bytes per second: "46.8 MB/s", "820 kB/s"."""
    if rate_bytes_s >= 1e6:
        return f"{rate_bytes_s / 1e6:.1f} MB/s"
    return f"{rate_bytes_s / 1e3:.0f} kB/s"


def limit_words(limit_bytes_s: int | None) -> str:
    """A speed limit as a choice of a list: "None", "5 MB/s", "1.5 MB/s"."""
    if limit_bytes_s is None:
        return translate("Downloads", "None")
    return f"{limit_bytes_s / 1e6:g} MB/s" if limit_bytes_s >= 10**6 else f"{limit_bytes_s / 1e3:g} kB/s"


def total_rate(progresses: Iterable[DownloadProgress]) -> float | None:
    """Over everything that comes now; None when nothing does."""
    rates = (p.rate_bytes_s or 0.0 for p in progresses if p.state is DownloadState.DOWNLOADING)
    return sum(rates) or None


def is_waiting_for_network(progress: DownloadProgress) -> bool:
    """Whether the server is away at the moment."""
    return progress.state in RUNNING and progress.retry_in_s is not None


def wait_reason(progress: DownloadProgress) -> str:
    """Why it waits for the network, without the wait as it was at its beginning: that is counted down. "" when not known."""
    before = say("Trying again in {time}.", time="\0").partition("\0")[0]
    return progress.note.partition(before)[0].strip() if before else progress.note


def summary(progresses: Iterable[DownloadProgress]) -> str:
    """The line under the page's title; "" when nothing is under way."""
    now = list(progresses)
    waiting = sum(_is_waiting(p) for p in now)
    states = [p.state for p in now if not _is_waiting(p)]
    counts = (
        (sum(s in RUNNING for s in states), translate("Downloads", "{n} running")),
        (waiting, translate("Downloads", "{n} waiting")),
        (states.count(DownloadState.PAUSED), translate("Downloads", "{n} paused")),
        (states.count(DownloadState.FAILED), translate("Downloads", "{n} stopped")),
    )
    parts = [text.format(n=n) for n, text in counts if n]
    if not parts:
        return ""
    later = translate("Downloads", "If you close the app, they continue where they stopped next time.")
    return joined(say("{words}.", words=listed(*parts)), later)


def _is_waiting(progress: DownloadProgress) -> bool:
    """For its turn, for room on the disk, or for the user to accept terms."""
    has_no_room = progress.state is DownloadState.PAUSED and progress.pause_reason is PauseReason.DISK_FULL
    is_gated = progress.state is DownloadState.FAILED and progress.error is not None and progress.error.code == "gated"
    return progress.state is DownloadState.QUEUED or has_no_room or is_gated


def status_words(progresses: Iterable[DownloadProgress]) -> str:
    """For the status bar: "2 downloads, 65.0 MB/s"; "" when none runs."""
    running = [p for p in progresses if p.state in RUNNING]
    if not running:
        return ""
    count = translate("Downloads", "1 download") if len(running) == 1 else translate("Downloads", "{n} downloads")
    rate = total_rate(running)
    return listed(count.format(n=len(running)), *([transfer_rate(rate)] if rate else []))


def time_of_day(unix_s: float) -> str:
    """Local time in the language's short form; with the day when that is not today."""
    when = datetime.fromtimestamp(unix_s)
    clock = QLocale().toString(QTime(when.hour, when.minute), QLocale.FormatType.ShortFormat)
    if is_today(unix_s):
        return clock
    return listed(QLocale().toString(QDate(when.year, when.month, when.day), QLocale.FormatType.ShortFormat), clock)


def is_today(unix_s: float) -> bool:
    """Whether a time lies on this calendar day."""
    return datetime.fromtimestamp(unix_s).date() == datetime.now().date()
