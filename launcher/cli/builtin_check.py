"""Whether the built-in model answers a sum rightly: `launcher doctor`'s one check that goes the whole way of a chat."""

from __future__ import annotations

import re
import time

from launcher.catalog import builtin
from launcher.cli.chat_terminal import Shown, TerminalEngine
from launcher.core.errors import NextStep, UserError
from launcher.core.generation import ChatTurn, GenerateRequest
from launcher.services.opening import Opening, OpenRequest

_MOST_TOKENS = 200  # a short thought and a short answer; one that goes on for ever is no answer


def ask() -> str:
    """Load it as a chat would and ask the sum.

    Returns:
        What it answered, where, and how long that took.

    Raises:
        UserError: it is missing, cannot be loaded, or "builtin_wrong": it answers something else.
    """
    here = builtin.require()
    started = time.perf_counter()
    opening = Opening(OpenRequest(here.path))
    with TerminalEngine() as engine:
        prepared = opening.prepare()
        engine.load(prepared.request)
        turns = (ChatTurn("user", builtin.PROOF.question),)
        request = GenerateRequest(turns, prepared.sampling, True, _MOST_TOKENS)
        answer = engine.answer(request, Shown(None, None)).answer.strip()
    seconds = time.perf_counter() - started
    where = prepared.plan.summary
    if builtin.PROOF.answer not in re.findall(r"\d+", answer):
        raise UserError(
            "builtin_wrong",
            "The built-in model does not answer as it was trained to.",
            f"Asked {builtin.PROOF.question} {where}, it said {answer[:120]!r}, not {builtin.PROOF.answer}.",
            (
                NextStep("Update the graphics driver or choose another engine in Settings"),
                NextStep("Install the launcher again"),
            ),
        )
    return f"{here.name} answered {builtin.PROOF.question} with {answer[:120]!r} {where}, in {seconds:.1f} s"
