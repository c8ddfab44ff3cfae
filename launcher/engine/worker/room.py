"""Answers made at once share the context's tokens: whether one more fits, and what is said when a conversation is too long."""

from __future__ import annotations

from collections.abc import Sequence

from launcher.core.errors import NextStep, UserError
from launcher.core.units import whole
from launcher.engine.worker.slots import Slot


def fits_beside(prompt_tokens: int, slots: Sequence[Slot], n_ctx: int) -> bool:
    """Whether a prompt can be read while the others go on writing. What idle conversations left does not count: it can go."""
    taken = [len(s.cached) + len(s.work.todo) for s in slots if s.work]
    return not taken or sum(taken) + prompt_tokens < n_ctx


def context_full(prompt_tokens: int, n_ctx: int, n_ctx_train: int) -> UserError:
    """The prompt alone is as long as the context; nothing was cut."""
    bigger = (prompt_tokens + 2048 + 255) // 256 * 256
    grow = (
        (NextStep(f"Load with {whole(bigger)} context", "load_with_context", str(bigger)),)
        if bigger <= n_ctx_train
        else ()
    )
    return UserError(
        "context_full",
        "This conversation is longer than the context.",
        f"It has {whole(prompt_tokens)} tokens; {whole(n_ctx)} are loaded and one must stay free for the answer. "
        "Nothing was cut.",
        (*grow, NextStep("Start a new chat", "new_chat"), NextStep("Shorten a message", "edit_message")),
    )
