"""Loading on a terminal: the same way as in the window, with what is being done and what had to be given up on stderr."""

from __future__ import annotations

import sys

from launcher.cli.chat_terminal import TerminalEngine
from launcher.core.errors import UserError
from launcher.core.generation import Loaded
from launcher.services.opening import Opening, OpenRequest, Prepared, Stage

_STAGES = {
    Stage.PLANNING: "Planning on the memory that is free now …",
    Stage.CHECKING: "The engine checks the plan …",
    Stage.STEPPING_DOWN: "Not enough memory: planning with less …",
}
_RED, _NORMAL = "\x1b[1;31m", "\x1b[0m"


def load(engine: TerminalEngine, request: OpenRequest) -> tuple[Prepared, Loaded]:
    """Plan on what is free now, let the engine verify it, load; with less where memory runs out.

    Raises:
        UserError: it cannot be loaded, not even with less.
        Quit: Ctrl+C while it loaded.
    """
    opening = Opening(request, lambda stage: engine.show(_STAGES[stage]))
    told = 0
    prepared = opening.prepare()
    while True:
        engine.show("")
        for words in prepared.steps[told:]:
            _say(words)
        told = len(prepared.steps)
        try:
            loaded = engine.load(prepared.request)
        except UserError as error:
            prepared = opening.step_down(error)
            continue
        opening.learn(loaded)
        if prepared.is_fallback:
            _alarm(prepared.fallback_words)
        return prepared, loaded


def load_facts(prepared: Prepared, loaded: Loaded) -> dict[str, object]:
    """How the load came about, for JSON documents.

    `steps`: what had to be given up and why; `verified`: the engine's dry run judged the plan, else `unverified` says why not.
    """
    return {
        "notes": [*prepared.steps, *loaded.notes],
        "steps": list(prepared.steps),
        "processor_fallback": prepared.is_fallback,
        "verified": not prepared.unverified,
        "unverified": prepared.unverified,
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _alarm(text: str) -> None:
    """What nobody may overlook."""
    _say(f"{_RED}{text}{_NORMAL}" if sys.stderr.isatty() else f"WARNING: {text}")
