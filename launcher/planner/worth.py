"""What a placement is worth: the one number that the search makes as large as it can.

A turn of a chat is a prompt of a page or two and an answer; its speed is the base. A longer context is worth some of it:
much up to 16,384 tokens (a reasoning model's one long answer), little beyond, nothing over 32,768. A cache in q8_0 costs
little quality, in q4_0 more; how much is not known for these models. The factors are estimates, set so that a squeezed
cache is only taken where it buys a usable context or keeps the model on the card.
"""

from __future__ import annotations

from launcher.core.plans import Goal, Plan, Wishes

PROMPT_TOKENS, ANSWER_TOKENS = 2048, 512
TARGET_CONTEXT = 32_768
GOOD_CONTEXT = 16_384
# Below this the longest context is of no use to anybody.
USABLE_TOKENS_S = 3.0
_UP_TO_GOOD, _UP_TO_TARGET = 0.2, 0.05
_TOO_SHORT = 0.25
_KV_FACTORS = {"f32": 1.0, "f16": 1.0, "bf16": 1.0, "q8_0": 0.955}
_KV_SQUEEZED = 0.85
# Cards work less well on small batches; the speed formulas do not know that.
_UBATCH_FACTORS = {256: 0.99, 128: 0.97}


def worth(
    n_ctx: int, kv_type_k: str, kv_type_v: str, n_ubatch: int, token_s: float, prompt_s: float, wishes: Wishes
) -> tuple[float, float]:
    """How good a placement is under the wishes; compare as tuples, larger is better.

    Args:
        n_ctx: context in tokens.
        kv_type_k: type of the K cache.
        kv_type_v: type of the V cache.
        n_ubatch: tokens per ubatch.
        token_s: seconds per token of the answer.
        prompt_s: seconds for a prompt of `PROMPT_TOKENS`.
        wishes: goal and minimum context.
    """
    kv = min(_KV_FACTORS.get(kv_type_k, _KV_SQUEEZED), _KV_FACTORS.get(kv_type_v, _KV_SQUEEZED))
    turns = kv * _UBATCH_FACTORS.get(n_ubatch, 1.0) * ANSWER_TOKENS / (prompt_s + ANSWER_TOKENS * token_s)
    if wishes.goal is Goal.LONGEST_CONTEXT:
        return n_ctx if token_s * USABLE_TOKENS_S <= 1.0 else n_ctx / 2**32, turns
    room = (min(n_ctx, GOOD_CONTEXT) / GOOD_CONTEXT) ** _UP_TO_GOOD
    room *= (min(n_ctx, TARGET_CONTEXT) / TARGET_CONTEXT) ** _UP_TO_TARGET
    if n_ctx < wishes.min_context and wishes.context is None:
        room *= _TOO_SHORT * n_ctx / wishes.min_context
    return turns * room, float(n_ctx)


def plan_worth(plan: Plan, wishes: Wishes) -> tuple[float, float]:
    """The same of a finished plan, from its rounded figures; (-1, 0) when it does not fit."""
    if not plan.fits:
        return -1.0, 0.0
    p, s = plan.placement, plan.speed
    prompt_s = PROMPT_TOKENS / s.prefill_tokens_s
    return worth(p.n_ctx, p.kv_type_k, p.kv_type_v, p.n_ubatch, 1 / s.decode_tokens_s, prompt_s, wishes)
