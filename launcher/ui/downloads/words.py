"""The words of a download's state. Qt only for translation."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from launcher.core.downloads import DownloadProgress, DownloadState
from launcher.core.units import duration, gb
from launcher.ui.components import Run
from launcher.ui.theme import Role, Tone

_MINUTES_FROM_S = 180

RUNNING = (DownloadState.CHECKING, DownloadState.DOWNLOADING, DownloadState.VERIFYING)
WAITING = (DownloadState.QUEUED,)

ICONS = {
    DownloadState.QUEUED: ("arrow-down-to-line", Tone.MUTED),
    DownloadState.CHECKING: ("arrow-down-to-line", Tone.ACCENT),
    DownloadState.DOWNLOADING: ("arrow-down-to-line", Tone.ACCENT),
    DownloadState.VERIFYING: ("shield", Tone.ACCENT),
    DownloadState.PAUSED: ("pause", Tone.WARN),
    DownloadState.FAILED: ("circle-alert", Tone.BAD),
    DownloadState.DONE: ("check", Tone.GOOD),
}


def transfer_rate(rate_bytes_s: float) -> str:
    """Bytes per second: "46.8 MB/s", "820 kB/s"."""
    if rate_bytes_s >= 1e6:
        return f"{rate_bytes_s / 1e6:.1f} MB/s"
    return f"{rate_bytes_s / 1e3:.0f} kB/s"


def state_runs(progress: DownloadProgress) -> list[Run]:
    """The line under the name: how much is here, how fast, how long still."""
    state = progress.state
    amount = QCoreApplication.translate("Downloads", "{done} of {total}").format(
        done=gb(progress.done_bytes), total=gb(progress.total_bytes)
    )
    if state is DownloadState.DOWNLOADING:
        parts = [""]
        if progress.rate_bytes_s is not None:
            parts.append(transfer_rate(progress.rate_bytes_s))
        left = progress.seconds_left
        if left is not None:
            # Seconds of a long wait only flicker.
            left = left if left < _MINUTES_FROM_S else 60 * round(left / 60)
            parts.append(QCoreApplication.translate("Downloads", "{time} left").format(time=duration(left)))
        return [Run(amount, Role.SMALL_STRONG), Run(" · ".join(parts), Role.SMALL, Tone.MUTED)]
    words = {
        DownloadState.QUEUED: (QCoreApplication.translate("Downloads", "Waiting for its turn"), Tone.TEXT),
        DownloadState.CHECKING: (QCoreApplication.translate("Downloads", "Checking disk and server"), Tone.TEXT),
        DownloadState.VERIFYING: (QCoreApplication.translate("Downloads", "Comparing the checksum"), Tone.TEXT),
        DownloadState.PAUSED: (QCoreApplication.translate("Downloads", "Paused"), Tone.WARN),
    }
    text, tone = words.get(state, ("", Tone.TEXT))
    runs = [Run(text, Role.SMALL_STRONG, tone)]
    if progress.done_bytes and progress.total_bytes:
        here = amount if state is not DownloadState.PAUSED else _kept(amount)
        runs.append(Run(f" · {here}", Role.SMALL, Tone.MUTED))
    return runs


def _kept(amount: str) -> str:
    return QCoreApplication.translate("Downloads", "{amount} are here and stay").format(amount=amount)
