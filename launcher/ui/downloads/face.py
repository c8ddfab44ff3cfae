"""What a card shows of a download at one instant: words, colours and buttons, from values alone. Qt only for translation."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QCoreApplication

from launcher.core.downloads import DownloadProgress, DownloadState, PauseReason
from launcher.core.errors import NextStep, StepAction
from launcher.core.units import duration, gb
from launcher.core.words import joined, known, say
from launcher.ui.components import Run
from launcher.ui.downloads.words import is_waiting_for_network, limit_words, transfer_rate, wait_reason
from launcher.ui.theme import Role, Tone

translate = QCoreApplication.translate
_MINUTES_FROM_S = 180
_ICONS = {
    DownloadState.QUEUED: ("arrow-down-to-line", Tone.MUTED),
    DownloadState.CHECKING: ("arrow-down-to-line", Tone.ACCENT),
    DownloadState.DOWNLOADING: ("arrow-down-to-line", Tone.ACCENT),
    DownloadState.VERIFYING: ("shield", Tone.ACCENT),
    DownloadState.PAUSED: ("pause", Tone.WARN),
    DownloadState.FAILED: ("circle-alert", Tone.BAD),
    DownloadState.DONE: ("check", Tone.GOOD),
}
# Failures that wait for the user rather than being wrong.
_KINDER = {
    "gated": ("lock", Tone.TEXT),
    "disk_full": ("pause", Tone.WARN),
    "offline_mode": ("wifi-off", Tone.MUTED),
    "hub_unreachable": ("wifi-off", Tone.WARN),
}

_ASKS_MORE = (StepAction.FREE_SPACE, StepAction.CHANGE_FOLDER, StepAction.ENTER_TOKEN)


@dataclass(frozen=True, slots=True)
class Face:
    """A card's content.

    Attributes:
        state: the line under the name.
        bar_tone: None is the usual accent.
        has_bar: a bar is shown.
        note: what happened on the way; `note_icon` stands before it.
        why: the reason with the numbers, and advice that no button can follow.
        steps: buttons under it in order; REMOVE asks before it deletes.
        can_pause, can_resume: which button the head has.
        has_remove: the head has the cross (otherwise Remove is among the steps).
        has_chat: "Chat when done" can be ticked.
    """

    icon: str
    icon_tone: Tone
    state: tuple[Run, ...]
    bar_tone: Tone | None = None
    has_bar: bool = True
    note: str = ""
    note_icon: tuple[str, Tone] = ("rotate-cw", Tone.GOOD)
    why: str = ""
    steps: tuple[NextStep, ...] = ()
    can_pause: bool = False
    can_resume: bool = False
    has_remove: bool = True
    has_chat: bool = True


def face_of(progress: DownloadProgress, host: str, copies: tuple[NextStep, ...] = ()) -> Face:
    """The content for a state.

    Args:
        progress: the instant.
        host: the server, for "No connection to …".
        copies: open copies elsewhere, offered where the owner asks for terms first.
    """
    if is_waiting_for_network(progress):
        return _waiting(progress, host)
    if progress.state is DownloadState.QUEUED and progress.note:
        return _held_up(progress)
    if progress.state is DownloadState.PAUSED and progress.pause_reason is PauseReason.DISK_FULL:
        return _no_room(progress)
    if progress.state is DownloadState.FAILED:
        return _failed(progress, copies)
    icon, tone = _ICONS[progress.state]
    is_paused = progress.state is DownloadState.PAUSED
    return Face(
        icon,
        tone,
        _state_runs(progress),
        bar_tone=tone if is_paused else None,
        note=progress.note,
        can_pause=progress.state in (DownloadState.QUEUED, DownloadState.CHECKING, DownloadState.DOWNLOADING),
        can_resume=is_paused,
    )


def _waiting(progress: DownloadProgress, host: str) -> Face:
    """The server is away: why, when the next try comes, and a button for now."""
    why = wait_reason(progress) or translate("Downloads", "No connection to {host}.").format(host=host)
    runs = [Run(joined(why, _next_try(progress)), Role.SMALL_STRONG)]
    if progress.done_bytes:
        runs.append(Run(f" · {_kept(progress)}", Role.SMALL, Tone.MUTED))
    return Face(
        "wifi-off",
        Tone.MUTED,
        tuple(runs),
        bar_tone=Tone.MUTED,
        steps=(_try_now(),),
        can_pause=True,
    )


def _next_try(progress: DownloadProgress) -> str:
    wait = duration(max(1.0, progress.retry_in_s or 0.0))
    return translate("Downloads", "Next try in {time}").format(time=wait)


def _held_up(progress: DownloadProgress) -> Face:
    """Something is in the way that goes away by itself (another program has the file); the note says what."""
    text = _next_try(progress) if progress.retry_in_s is not None else translate("Downloads", "Waiting")
    runs = [Run(text, Role.SMALL_STRONG)]
    if progress.done_bytes and progress.total_bytes:
        runs.append(Run(f" · {_kept(progress)}", Role.SMALL, Tone.MUTED))
    return Face(
        "arrow-down-to-line",
        Tone.MUTED,
        tuple(runs),
        bar_tone=Tone.MUTED,
        note=progress.note,
        note_icon=("info", Tone.MUTED),
        steps=(_try_now(),),
        can_pause=True,
    )


def _try_now() -> NextStep:
    return NextStep(translate("Downloads", "Try now"), StepAction.RETRY)


def _no_room(progress: DownloadProgress) -> Face:
    """Paused until the disk has room."""
    error = progress.error
    what = known(error.what).rstrip(".。") if error else translate("Downloads", "the disk is full")
    why = known(error.why) if error else translate("Downloads", "It goes on by itself when there is room.")
    offered = tuple(step for step in error.next_steps if step.action) if error else ()
    usual = (
        NextStep(translate("Downloads", "Free up space…"), StepAction.FREE_SPACE),
        NextStep(translate("Downloads", "Use another disk…"), StepAction.CHANGE_FOLDER, progress.key),
    )
    given = {step.action for step in offered}
    steps = tuple(step for step in usual if step.action not in given)
    others = tuple(step for step in offered if step.action != StepAction.REMOVE)
    return Face(
        "pause",
        Tone.WARN,
        (Run(translate("Downloads", "Paused: {what}").format(what=what), Role.SMALL_STRONG, Tone.WARN),),
        bar_tone=Tone.WARN,
        has_bar=progress.done_bytes > 0,
        why=why,
        steps=(*map(_dotted, _in_order((*others, *steps))), _remove()),
        has_remove=False,
        has_chat=False,
    )


def _in_order(steps: tuple[NextStep, ...]) -> tuple[NextStep, ...]:
    """What helps most first."""
    first = (StepAction.FREE_SPACE, StepAction.CHANGE_FOLDER)
    return tuple(sorted(steps, key=lambda s: first.index(StepAction(s.action)) if s.action in first else len(first)))


def _failed(progress: DownloadProgress, copies: tuple[NextStep, ...]) -> Face:
    """Stopped until the user does something: what, why, what now."""
    error = progress.error
    icon, tone = _ICONS[DownloadState.FAILED]
    what, why = translate("Downloads", "It stopped."), ""
    steps: tuple[NextStep, ...] = ()
    if error is not None:
        icon, tone = _KINDER.get(error.code, (icon, tone))
        is_gated = error.code == "gated"
        what = (
            translate("Downloads", "Waiting for you: the owner asks you to accept terms first")
            if is_gated
            else known(error.what)
        )
        why = known(error.why)
        steps = (*error.next_steps, *(copies if is_gated else ()))
    advice = [say("{words}.", words=known(step.label).rstrip(".。")) for step in steps if not step.action]
    size = gb(progress.done_bytes)
    kept = (
        translate("Downloads", "The {size} that are here stay.").format(size=size)
        if progress.done_bytes and size not in why
        else ""
    )
    return Face(
        icon,
        tone,
        (Run(what, Role.SMALL_STRONG, tone),),
        bar_tone=tone,
        has_bar=progress.done_bytes > 0,
        why=joined(why, kept, *advice),
        steps=(*(_dotted(s) for s in steps if s.action and s.action != StepAction.REMOVE), _remove()),
        has_remove=False,
        has_chat=False,
    )


def _dotted(step: NextStep) -> NextStep:
    """An ellipsis where something more is asked before anything happens."""
    label = known(step.label)
    return replace(step, label=f"{label}…") if step.action in _ASKS_MORE and not label.endswith("…") else step


def _remove() -> NextStep:
    return NextStep(translate("Downloads", "Remove"), StepAction.REMOVE)


def _state_runs(progress: DownloadProgress) -> tuple[Run, ...]:
    """The line under the name: how much is here, how fast, how long still."""
    state = progress.state
    if state is DownloadState.DOWNLOADING:
        return (
            Run(_amount(progress), Role.SMALL_STRONG),
            Run("".join(f" · {part}" for part in _speed_parts(progress)), Role.SMALL, Tone.MUTED),
        )
    words = {
        DownloadState.QUEUED: (translate("Downloads", "Waiting for its turn"), Tone.TEXT),
        DownloadState.CHECKING: (translate("Downloads", "Checking disk and server"), Tone.TEXT),
        DownloadState.VERIFYING: (translate("Downloads", "Comparing the checksum"), Tone.TEXT),
        DownloadState.PAUSED: (translate("Downloads", "Paused"), Tone.WARN),
    }
    text, tone = words.get(state, ("", Tone.TEXT))
    if progress.pause_reason is PauseReason.CLOSED and state is DownloadState.PAUSED:
        text = translate("Downloads", "Paused when the app was closed")
    runs = [Run(text, Role.SMALL_STRONG, tone)]
    if progress.done_bytes and progress.total_bytes:
        here = _kept(progress) if state is DownloadState.PAUSED else _amount(progress)
        runs.append(Run(f" · {here}", Role.SMALL, Tone.MUTED))
    return tuple(runs)


def _speed_parts(progress: DownloadProgress) -> list[str]:
    parts: list[str] = []
    if progress.rate_bytes_s is not None:
        parts.append(transfer_rate(progress.rate_bytes_s))
    left = progress.seconds_left
    if left is not None:
        # Seconds of a long wait only flicker.
        left = left if left < _MINUTES_FROM_S else 60 * round(left / 60)
        parts.append(translate("Downloads", "{time} left").format(time=duration(left)))
    if progress.limit_bytes_s is not None:
        parts.append(translate("Downloads", "limited to {rate}").format(rate=limit_words(progress.limit_bytes_s)))
    if not progress.note:  # where there is a note, that is the news
        parts.append(translate("Downloads", "checksum computed while writing"))
    return parts


def _amount(progress: DownloadProgress) -> str:
    return translate("Downloads", "{done} of {total}").format(
        done=gb(progress.done_bytes), total=gb(progress.total_bytes)
    )


def _kept(progress: DownloadProgress) -> str:
    return translate("Downloads", "{amount} are here and stay").format(amount=_amount(progress))
