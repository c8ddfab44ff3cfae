"""How a process ended, as a sentence with the engine's last words and the right next steps."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Sequence

import psutil

from launcher.core.errors import NextStep
from launcher.core.generation import LoadRequest
from launcher.core.units import gib, whole
from launcher.core.words import joined, say
from launcher.engine.protocol import Failure

LOAD_AGAIN = NextStep("Load again", "load_again")
COPY_REPORT = NextStep("Copy report", "copy_report")

# Windows ends a process with the exception's number instead of a signal.
_WINDOWS_CODES = {
    0xC0000005: "SIGSEGV",
    0xC000001D: "SIGILL",
    0xC0000409: "SIGABRT",
    0xC0000017: "SIGKILL",
    0xC000012D: "SIGKILL",
}
_MEMORY_WORDS = re.compile(r"out of memory|failed to allocate|unable to allocate|cudaMalloc failed|bad_alloc", re.I)


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


def crash_failure(
    returncode: int, doing: str, request: LoadRequest | None, log: Sequence[str], ended_by_us: str = ""
) -> Failure:
    """Explain an end that nobody asked for.

    Args:
        returncode: of the process, negative for a signal.
        doing: "starting", "loading", "answering" or "ready".
        request: what was loaded or being loaded.
        log: the last lines of its stderr.
        ended_by_us: why the client itself ended it ("It gave no sign of life for 30 s."), or "".
    """
    what = {
        "starting": say("The engine did not start."),
        "loading": say("The engine stopped while it loaded {name}.", name=request.name if request else ""),
        "answering": say("The engine stopped. Your chat is complete up to this point."),
    }.get(doing, say("The engine stopped."))
    memory = _is_memory(returncode, log) and not ended_by_us
    steps: tuple[NextStep, ...] = (LOAD_AGAIN,) if request else ()
    if memory and request and request.placement.n_ctx > 512:
        half = max(512, request.placement.n_ctx // 2 // 256 * 256)
        steps = (*steps, NextStep(say("Load with {n} context", n=whole(half)), "load_with_context", str(half)))
    detail = "\n".join(log)
    return Failure("engine_stopped", what, ended_by_us or _cause(returncode, log), (*steps, COPY_REPORT), detail)


def _is_memory(returncode: int, log: Sequence[str]) -> bool:
    return signal_name(returncode) == "SIGKILL" or any(_MEMORY_WORDS.search(line) for line in log[-20:])


def _cause(returncode: int, log: Sequence[str]) -> str:
    free = gib(psutil.virtual_memory().available)
    name = signal_name(returncode)
    number = say("signal {n}", n=-returncode) if returncode < 0 else say("code {n}", n=f"{returncode & 0xFFFFFFFF:#x}")
    if name == "SIGKILL":
        # What it held is free again by now, so the figure proves nothing; it is given for what it is.
        return say(
            "It was ended from outside ({number}); the system does that when memory runs out. {free} of RAM are free now "
            "that it is gone.",
            number=number,
            free=free,
        )
    last = next((line.strip() for line in reversed(log) if line.strip()), "")
    said = say("Its last words: {words}", words=last[:300]) if last else ""
    if any(_MEMORY_WORDS.search(line) for line in log[-20:]):
        return joined(
            say("It ran out of memory ({number}): {free} of RAM are free now.", number=number, free=free), said
        )
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
        "SIGTERM": say("Another program asked it to end ({number}).", number=number),
    }
    if name in causes:
        return joined(causes[name], said)
    if name:
        return joined(say("It was ended by {name} ({number}).", name=name, number=number), said)
    return joined(say("It ended with exit code {n}.", n=returncode), said)
