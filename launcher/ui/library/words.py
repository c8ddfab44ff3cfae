"""The words of the library page: where a model comes from, when it was used, what came of its checksum."""

from __future__ import annotations

import datetime

from PySide6.QtCore import QCoreApplication, QDate, QDateTime, QLocale

from launcher.core.downloads import Installed, Origin
from launcher.core.units import gb
from launcher.services.library_values import CheckState, LibraryEntry, Work, WorkKind
from launcher.ui.models.fit import fit_of
from launcher.ui.models.words import fit_words
from launcher.ui.theme import Tone

_WEEK = 7


def origin_words(origin: str) -> str:
    """Who put the file there."""
    return {
        Origin.LAUNCHER: QCoreApplication.translate("Library", "Fetched here"),
        Origin.HF_CACHE: QCoreApplication.translate("Library", "Hugging Face cache"),
        Origin.LLAMA_CPP: "llama.cpp",
        Origin.LM_STUDIO: "LM Studio",
        Origin.OLLAMA: "Ollama",
        Origin.JAN: "Jan",
        Origin.GPT4ALL: "GPT4All",
        Origin.FOLDER: QCoreApplication.translate("Library", "A folder of yours"),
        Origin.FILE: QCoreApplication.translate("Library", "A file of yours"),
    }.get(Origin(origin) if origin in Origin else None, origin)  # type: ignore[arg-type]


def use_words(unix_s: float | None, now: datetime.datetime | None = None) -> str:
    """When a model was last loaded: "today", "yesterday", "3 days ago", a date, "never"."""
    if unix_s is None:
        return QCoreApplication.translate("Library", "never")
    then = datetime.datetime.fromtimestamp(unix_s).date()
    days = ((now or datetime.datetime.now()).date() - then).days
    if days <= 0:
        return QCoreApplication.translate("Library", "today")
    if days == 1:
        return QCoreApplication.translate("Library", "yesterday")
    if days < _WEEK:
        return QCoreApplication.translate("Library", "{n} days ago").format(n=days)
    return date_words(unix_s)


def date_words(unix_s: float) -> str:
    """A day in the user's language."""
    date: QDate = QDateTime.fromSecsSinceEpoch(int(unix_s)).date()
    form = QCoreApplication.translate("Models", "d MMM yyyy", "date as QLocale.toString takes it")
    return QLocale().toString(date, form)


def check_words(entry: LibraryEntry) -> tuple[str, str, Tone]:
    """Icon, words and tone of the checksum's state."""
    check = entry.check
    if check is None:
        return "", QCoreApplication.translate("Library", "not checked"), Tone.MUTED
    if check.state is CheckState.DIFFERS:
        return "triangle-alert", QCoreApplication.translate("Library", "checksum differs"), Tone.BAD
    if check.state is CheckState.NO_CHECKSUM:
        return "", QCoreApplication.translate("Library", "no checksum known"), Tone.MUTED
    if check.checked_unix_s is None:
        return "check", QCoreApplication.translate("Library", "verified"), Tone.GOOD
    text = QCoreApplication.translate("Library", "verified {date}")
    return "check", text.format(date=date_words(check.checked_unix_s)), Tone.GOOD


def entry_fit(entry: LibraryEntry) -> tuple[str, str, Tone]:
    """Icon, words and tone of how it sits on this PC; as on the Models page."""
    if entry.plan is not None:
        return fit_words(fit_of(entry.plan))
    unknown = QCoreApplication.translate("Library", "unknown")
    return "", unknown if entry.is_planned else "…", Tone.MUTED


def about(model: Installed) -> str:
    """A model in one line, for buttons and messages."""
    return f"{model.name} {model.quant}".strip()


def work_words(work: Work) -> str:
    """What is being done and how far it is."""
    if not work.total_bytes:
        return {
            WorkKind.VERIFY: QCoreApplication.translate("Library", "Waiting to be verified…"),
            WorkKind.MOVE: QCoreApplication.translate("Library", "Preparing the move…"),
            WorkKind.LOOK_FOR_UPDATES: QCoreApplication.translate("Library", "Asking the server for newer versions…"),
        }[work.kind]
    text = {
        WorkKind.VERIFY: QCoreApplication.translate("Library", "Verifying: {done} of {total} read"),
        WorkKind.MOVE: QCoreApplication.translate("Library", "Moving: {done} of {total} copied"),
    }[work.kind]
    return text.format(done=gb(work.done_bytes), total=gb(work.total_bytes))
