"""Levers by hand that no engine can obey are refused before anything is planned."""

from __future__ import annotations

from launcher.core.errors import NextStep, UserError
from launcher.core.models import KvLayout, ModelFacts
from launcher.core.plans import EXPERT_TENSORS, LOAD_MODES, NUMA_MODES, SPLIT_MODES, Wishes
from launcher.planner import memory


def check(wishes: Wishes, facts: ModelFacts) -> None:
    """Refuse levers that no engine can obey.

    Raises:
        UserError: "bad_wish", with the allowed range.
    """
    n = facts.hyper.n_layer
    problems = (
        (wishes.context is not None and not 1 <= wishes.context <= 16 * 2**20, "context", "1 to 16,777,216 tokens"),
        (wishes.n_gpu_layers is not None and not 0 <= wishes.n_gpu_layers <= n + 1, "GPU layers", f"0 to {n + 1}"),
        (
            wishes.expert_layers_on_cpu is not None and not 0 <= wishes.expert_layers_on_cpu <= n,
            "expert layers in RAM",
            f"0 to {n}",
        ),
        (
            not {wishes.kv_type, wishes.kv_type_v} <= {None, *memory.KV_TYPE_BYTES},
            "KV type",
            ", ".join(memory.KV_TYPE_BYTES),
        ),
        (
            wishes.kv_type_v not in (None, wishes.kv_type or "f16") and not _has_values(facts),
            "type of the V cache",
            "the type of the K cache; this model keeps both in one",
        ),
        (
            not {*(wishes.boundary_experts_on_cpu or ())} <= {*EXPERT_TENSORS},
            "part of a layer",
            ", ".join(EXPERT_TENSORS),
        ),
        (wishes.n_ubatch is not None and wishes.n_ubatch < 1, "ubatch", "1 or more"),
        (wishes.n_batch is not None and wishes.n_batch < 1, "batch", "1 or more"),
        (not 1 <= (wishes.threads or 1) <= 512 or wishes.threads == 0, "number of threads", "1 to 512"),
        (not 1 <= (wishes.threads_batch or 1) <= 512 or wishes.threads_batch == 0, "number of threads", "1 to 512"),
        (
            not 1 <= (wishes.n_parallel or 1) <= 256 or wishes.n_parallel == 0,
            "number of answers at once",
            "1 to 256",
        ),
        (wishes.split_mode not in (None, *SPLIT_MODES), "split mode", ", ".join(SPLIT_MODES)),
        (wishes.load_mode not in (None, *LOAD_MODES), "load mode", ", ".join(LOAD_MODES)),
        (wishes.numa not in (None, *NUMA_MODES), "NUMA setting", ", ".join(NUMA_MODES)),
        (
            wishes.tensor_split is not None
            and (min(wishes.tensor_split, default=-1) < 0 or not sum(wishes.tensor_split)),
            "tensor split",
            "shares of 0 or more, not all 0",
        ),
    )
    for wrong, what, allowed in problems:
        if wrong:
            raise UserError(
                "bad_wish", f"This {what} cannot be planned.", f"Allowed: {allowed}.", (NextStep("Leave it out"),)
            )


def _has_values(facts: ModelFacts) -> bool:
    """The cache holds values of their own; MLA and V4 caches are one latent row."""
    return facts.kv_layout in (KvLayout.GQA, KvLayout.MLA_LEGACY)
