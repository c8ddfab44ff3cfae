"""How much of a context is kept for the answer, and whether a larger context would fit into the memory."""

from __future__ import annotations

from launcher.core.errors import NextStep, StepAction
from launcher.core.generation import Loaded
from launcher.core.plans import MemoryUse
from launcher.core.units import whole
from launcher.core.words import say

_CONTEXT_STEP = 1024


def answer_room(context_tokens: int, max_answer_tokens: int | None = None, *, thinks: bool = False) -> int:
    """Tokens kept free for the next answer.

    The longest answer the user allows (at most half the context), else a quarter of the context up to 2,048; a model that
    thinks first needs more: three eighths up to 6,144.
    """
    if max_answer_tokens is not None:
        return min(max_answer_tokens, context_tokens // 2)
    return min(6144, context_tokens * 3 // 8) if thinks else min(2048, context_tokens // 4)


def answer_room_of_a_thought(context_tokens: int) -> int:
    """Tokens kept free after a thought has filled the context: three quarters of it."""
    return context_tokens * 3 // 4


def larger_context(loaded: Loaded, planned: MemoryUse | None) -> int | None:
    """A longer context that the free memory allows by the plan's figures: twice, else one and a half times this one.

    None where the model was not trained for more, no plan is known, or it would not fit. The load itself looks again.
    """
    for factor in (2.0, 1.5):
        wanted = min(loaded.n_ctx_train, int(loaded.n_ctx * factor) // _CONTEXT_STEP * _CONTEXT_STEP)
        if planned is None or wanted <= loaded.n_ctx:
            return None
        growth = wanted / loaded.n_ctx - 1
        if all((d.kv_bytes + d.compute_bytes) * growth <= d.left_bytes for d in planned.devices if d.kv_bytes):
            return wanted
    return None


def load_step(context_tokens: int | None) -> tuple[NextStep, ...]:
    """The button for a larger context; none where there is none."""
    if context_tokens is None:
        return ()
    label = say("Load with {n} context", n=whole(context_tokens))
    return (NextStep(label, StepAction.LOAD_WITH_CONTEXT, str(context_tokens)),)
