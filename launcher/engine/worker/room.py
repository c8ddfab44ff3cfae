"""Answers made at once share each batch and the context: how much a prompt gets, whether one more fits, what is said when none does."""

from __future__ import annotations

from collections.abc import Sequence

from launcher.core.errors import NextStep, UserError
from launcher.core.plans import Placement
from launcher.core.units import whole
from launcher.core.words import say
from launcher.engine.worker.slots import Slot

_CHUNK_LIMIT_S = 0.2  # a device without abort callback is silent within this time after a stop
# So long may a piece of a prompt keep the answers beside it from their next token. Smaller pieces cost more than they give:
# experts read in pieces of 0.25 s made four answers at once 10 to 15 % slower than llama-server's, which takes 2,048 tokens.
_SHARED_CHUNK_S = 2.0
_MIN_SHARED_CHUNK = 32


def chunk_tokens(placement: Placement, working: Sequence[Slot], seconds_per_token: float | None) -> int:
    """Tokens for one call: a whole batch where that is quick; one ubatch, or less where others wait for a token.

    Only the processor asks the abort switch while it computes; other devices are left between calls.
    """
    if all(s.work and len(s.work.todo) == 1 for s in working):
        return len(working)
    seconds = seconds_per_token or 1.0
    n_ubatch = min(placement.n_ubatch, placement.n_batch)
    if all(s.work and s.work.is_reading for s in working):
        return placement.n_batch if seconds * placement.n_batch <= _CHUNK_LIMIT_S else n_ubatch
    return min(n_ubatch, max(_MIN_SHARED_CHUNK, int(_SHARED_CHUNK_S / seconds)))


def fits_beside(prompt_tokens: int, slots: Sequence[Slot], n_ctx: int) -> bool:
    """Whether a prompt can be read while the others go on writing. What idle conversations left does not count: it can go."""
    taken = [len(s.cached) + len(s.work.todo) for s in slots if s.work]
    return not taken or sum(taken) + prompt_tokens < n_ctx


def context_full(prompt_tokens: int, n_ctx: int, n_ctx_train: int) -> UserError:
    """The prompt alone is as long as the context; nothing was cut."""
    bigger = (prompt_tokens + 2048 + 255) // 256 * 256
    grow = (
        (NextStep(say("Load with {n} context", n=whole(bigger)), "load_with_context", str(bigger)),)
        if bigger <= n_ctx_train
        else ()
    )
    return UserError(
        "context_full",
        "This conversation is longer than the context.",
        say(
            "It has {n} tokens; {loaded} are loaded and one must stay free for the answer. Nothing was cut.",
            n=whole(prompt_tokens),
            loaded=whole(n_ctx),
        ),
        (*grow, NextStep("Start a new chat", "new_chat"), NextStep("Shorten a message", "edit_message")),
    )
