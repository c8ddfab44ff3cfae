"""Levers that the wishes leave open, in the order in which the search tries them."""

from __future__ import annotations

from launcher.core.models import KvLayout
from launcher.core.plans import Goal, Wishes
from launcher.planner.fitting import Levers
from launcher.planner.layout import Loader
from launcher.planner.worth import GOOD_CONTEXT, TARGET_CONTEXT

SMALLEST_CONTEXT = 2048
DEFAULT_UBATCH, DEFAULT_BATCH = 512, 2048
_SMALLEST_UBATCH = 128
_LONG_CONTEXTS = (1_048_576, 524_288, 262_144, 163_840, 131_072, 98_304, 65_536)


def levers_of(wishes: Wishes, n_ctx: int, kv_type: str) -> Levers:
    """What is fixed by hand, and the rest as given."""
    kind = wishes.kv_type or kv_type
    return Levers(
        n_ctx, kind, wishes.kv_type_v or kind, ubatch_of(wishes), wishes.tensor_split, wishes.boundary_experts_on_cpu
    )


def target_of(loader: Loader, wishes: Wishes) -> int:
    """The largest context to try."""
    return contexts_of(loader, wishes)[0]


def contexts_of(loader: Loader, wishes: Wishes) -> tuple[int, ...]:
    """Contexts to try, largest first. A wished context is taken as it is."""
    limit = loader.facts.context_train
    if wishes.context is not None:
        return (wishes.context,)
    if wishes.goal is Goal.LONGEST_CONTEXT:
        steps = (*_LONG_CONTEXTS, TARGET_CONTEXT, GOOD_CONTEXT, wishes.min_context)
        return (limit, *(c for c in steps if c < limit))
    wanted = {min(c, limit) for c in (TARGET_CONTEXT, GOOD_CONTEXT, wishes.min_context)}
    return tuple(sorted(wanted, reverse=True))


def ubatch_of(wishes: Wishes) -> int:
    """Tokens per ubatch: as wished, never more than a batch (llama.cpp cuts it down itself)."""
    return min(wishes.n_ubatch or DEFAULT_UBATCH, wishes.n_batch or DEFAULT_BATCH)


def squeezes(loader: Loader, wishes: Wishes) -> tuple[tuple[str, int], ...]:
    """(KV type, ubatch) in the order in which they cost something."""
    n_ubatch = ubatch_of(wishes)
    types = kv_types(loader, wishes)
    small = n_ubatch if wishes.n_ubatch is not None else min(n_ubatch, _SMALLEST_UBATCH)
    pairs = [(types[0], n_ubatch), *((t, n_ubatch) for t in types[1:2]), *((t, small) for t in types)]
    return tuple(dict.fromkeys(pairs))


def kv_types(loader: Loader, wishes: Wishes) -> tuple[str, ...]:
    """KV types to try, best first. A quantised cache would push the old MLA layout's attention to the processor."""
    if wishes.kv_type is not None:
        return (wishes.kv_type,)
    if wishes.kv_type_v is not None or loader.facts.kv_layout is KvLayout.MLA_LEGACY:
        return ("f16",)
    return ("f16", "q8_0", "q4_0")
