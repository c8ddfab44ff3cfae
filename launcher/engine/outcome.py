"""How a process ended, as a sentence with the engine's last words and the right next steps."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from launcher.core.errors import NextStep
from launcher.core.generation import LoadRequest
from launcher.core.units import gib, whole
from launcher.core.words import joined, say
from launcher.engine.protocol import PROTOCOL_VERSION, Failure

LOAD_AGAIN = NextStep("Load again", "load_again")
COPY_REPORT = NextStep("Copy report", "copy_report")
_MOST_WORDS = 300
"""Characters of the engine's last line that a sentence quotes; the report has all of it."""

# Windows ends a process with the exception's number instead of a signal.
_WINDOWS_CODES = {
    0xC0000005: "SIGSEGV",
    0xC000001D: "SIGILL",
    0xC0000409: "SIGABRT",
    0xC0000017: "SIGKILL",
    0xC000012D: "SIGKILL",
}
_MEMORY_WORDS = re.compile(
    r"out of memory|failed to allocate|unable to allocate|cudaMalloc failed|bad_alloc|MemoryError|cannot allocate memory|not enough memory",
    re.I,
)
_VIDEO_WORDS = re.compile(r"cuda|vulkan|rocm|hip|metal|OutOfDeviceMemory|on device \d", re.I)


def signal_name(returncode: int) -> str | None:
    """The signal's name ("SIGKILL"), or None for an ordinary exit."""
    if sys.platform == "win32":
        return _WINDOWS_CODES.get(returncode & 0xFFFFFFFF)
    if returncode >= 0:
        return None
    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"


@dataclass(frozen=True, slots=True)
class _Death:
    returncode: int
    log: Sequence[str]
    ended_by_us: str
    held_bytes: int
    was_for_memory: bool | None

    @property
    def is_memory(self) -> bool:
        """Less memory in use may help."""
        if self.ended_by_us:
            return False
        if signal_name(self.returncode) == "SIGKILL":
            return self.was_for_memory is not False
        return bool(self.words_of_memory)

    @property
    def words_of_memory(self) -> str:
        """The engine's last line about memory that it did not get, "" for none."""
        return next((line for line in reversed(self.log[-20:]) if _MEMORY_WORDS.search(line)), "")


def crash_failure(
    returncode: int,
    doing: str,
    request: LoadRequest | None,
    log: Sequence[str],
    ended_by_us: str = "",
    *,
    held_bytes: int = 0,
    was_for_memory: bool | None = None,
) -> Failure:
    """Explain an end that nobody asked for.

    Args:
        returncode: of the process, negative for a signal.
        doing: "starting", "loading", "answering" or "ready".
        request: what was loaded or being loaded.
        log: the last lines of its stderr.
        ended_by_us: why the launcher itself ended it ("It gave no sign of life for 30 s, so the launcher ended it."), or "".
        held_bytes: what it held when it was last looked at; 0 when that is not known.
        was_for_memory: whether the kernel's memory killer ended it; None when the system does not tell.
    """
    death = _Death(returncode, log, ended_by_us, held_bytes, was_for_memory)
    what = {
        "starting": say("The engine did not start."),
        "loading": say("The engine stopped while it loaded {name}.", name=request.name if request else ""),
        "answering": say("The engine stopped. Your chat is complete up to this point."),
    }.get(doing, say("The engine stopped."))
    steps: list[NextStep] = []
    if request:
        steps.append(LOAD_AGAIN)
        if death.is_memory and request.placement.n_ctx > 512:
            half = max(512, request.placement.n_ctx // 2 // 256 * 256)
            steps.append(NextStep(say("Load with {n} context", n=whole(half)), "load_with_context", str(half)))
        if _may_be_the_file(death, doing):
            steps.append(NextStep("Download it again", "download_again", request.path))
        if doing == "loading":
            steps.append(NextStep("Choose another model", "choose_model"))
    why = joined(_cause(death), _last_words(death))
    return Failure("engine_stopped", what, why, (*steps, COPY_REPORT), "\n".join(death.log))


def not_ended(pid: int, log: Sequence[str]) -> Failure:
    """A killed process that the system does not let go: it is left behind."""
    return Failure(
        "engine_stuck",
        say("The engine cannot be ended."),
        say(
            "The system holds its process {pid} inside a driver or a disk that does not answer. What it holds of memory may stay "
            "taken until the computer is restarted.",
            pid=pid,
        ),
        (LOAD_AGAIN, COPY_REPORT),
        "\n".join(log),
    )


def not_started(error: OSError) -> Failure:
    """The process could not even be made."""
    return Failure("engine_not_started", "The engine could not be started.", str(error), (LOAD_AGAIN,))


def mismatch(theirs: int) -> Failure:
    """An engine of another version than this program's."""
    return Failure(
        "engine_mismatch",
        "The engine and the launcher do not belong together.",
        say(
            "The engine speaks version {theirs} of their protocol, the launcher version {ours}.",
            theirs=theirs,
            ours=PROTOCOL_VERSION,
        ),
    )


def _may_be_the_file(death: _Death, doing: str) -> bool:
    name = signal_name(death.returncode)
    return not death.ended_by_us and (
        name == "SIGBUS" or (doing == "loading" and name in ("SIGSEGV", "SIGABRT", "SIGFPE"))
    )


def _last_words(death: _Death) -> str:
    """The line that names the cause where there is one, else the last."""
    about_memory = death.words_of_memory.strip() if death.is_memory else ""
    last = about_memory or next((line.strip() for line in reversed(death.log) if line.strip()), "")
    return say("Its last words: {words}", words=last[:_MOST_WORDS]) if last else ""


def _killed(death: _Death, number: str, free: str) -> str:
    if death.was_for_memory:
        held = say("It held {size}.", size=gib(death.held_bytes)) if death.held_bytes else ""
        return joined(
            say("The system ended it because memory ran out ({number}).", number=number),
            held,
            say("{free} of RAM are free now that it is gone.", free=free),
        )
    if death.was_for_memory is None:
        # What it held is free again by now, so the figure proves nothing; it is given for what it is.
        return say(
            "It was ended from outside ({number}); the system does that when memory runs out. {free} of RAM are free now "
            "that it is gone.",
            number=number,
            free=free,
        )
    return say(
        "Another program ended it ({number}); it was not the system for want of memory. {free} of RAM are free now.",
        number=number,
        free=free,
    )


def _cause(death: _Death) -> str:
    """In one or two sentences, without the engine's own words."""
    if death.ended_by_us:
        return death.ended_by_us
    returncode = death.returncode
    free = gib(psutil.virtual_memory().available)
    name = signal_name(returncode)
    number = say("signal {n}", n=-returncode) if returncode < 0 else say("code {n}", n=f"{returncode & 0xFFFFFFFF:#x}")
    if name == "SIGKILL":
        return _killed(death, number, free)
    if death.is_memory and _VIDEO_WORDS.search(death.words_of_memory):
        return say("It ran out of video memory ({number}).", number=number)
    if death.is_memory:
        return say("It ran out of memory ({number}): {free} of RAM are free now.", number=number, free=free)
    causes = {
        "SIGSEGV": say(
            "It read memory that is not its own ({number}): a defect of the engine or its driver, or a damaged file.",
            number=number,
        ),
        "SIGBUS": say(
            "A part of the model file could not be read ({number}): it was cut, or its disk has a problem.",
            number=number,
        ),
        "SIGILL": say("This processor does not know an instruction that the engine uses ({number}).", number=number),
        "SIGABRT": say("It gave up on an inner check ({number}).", number=number),
        "SIGFPE": say("It divided by zero ({number}): a defect of the engine, or a damaged file.", number=number),
        "SIGTERM": say("Another program asked it to end ({number}).", number=number),
    }
    if name in causes:
        return causes[name]
    if name:
        return say("It was ended by {name} ({number}).", name=name, number=number)
    return say("It ended with exit code {n}.", n=returncode)
