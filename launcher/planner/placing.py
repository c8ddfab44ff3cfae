"""What the engine is told: a placement of what the search found, with the levers that it does not search as they are wished."""

from __future__ import annotations

from launcher.core.errors import NextStep, UserError
from launcher.core.machine import Machine
from launcher.core.plans import Placement, Wishes
from launcher.core.words import say
from launcher.planner.machine_view import View
from launcher.planner.memory import keeps_flash_attention
from launcher.planner.search import Found
from launcher.planner.wanted import DEFAULT_BATCH


def placement(machine: Machine, wishes: Wishes, seen: View, found: Found) -> Placement:
    """All of it, so that nothing is left for the engine to decide.

    Raises:
        UserError: "bad_wish": a split mode that contradicts the plan.
    """
    s, used = found.layout.setting, found.loader.view
    n_gpus = len(used.gpus) if s.n_gpu_layers else 0
    names = tuple(g.engine_device for g in used.gpus)
    split: tuple[float, ...] = wishes.tensor_split or tuple(float(c) for c in s.counts)
    # The engine takes all its devices unless told otherwise; a described machine has no names to tell.
    is_part = len(used.gpus) < max(len(machine.gpus), sum(d.kind in ("gpu", "igpu") for d in machine.engine_devices))
    measured = machine.calibration.threads if machine.calibration else None
    return Placement(
        n_gpu_layers=s.n_gpu_layers,
        n_ctx=s.n_ctx,
        expert_layers_on_cpu=s.expert_layers_on_cpu,
        boundary_experts_on_cpu=s.boundary,
        tensor_split=split if n_gpus > 1 else (),
        split_mode=_split_mode(wishes, n_gpus),
        kv_type_k=s.kv_type,
        kv_type_v=s.kv_type_v,
        n_batch=wishes.n_batch or DEFAULT_BATCH,
        n_ubatch=s.n_ubatch,
        threads=wishes.threads or measured or machine.cpu.performance_cores or seen.cores,
        devices=tuple(n for n in names if n) if n_gpus and all(names) and is_part else (),
        load_mode=wishes.load_mode or "mmap",
        n_outputs=found.loader.n_outputs,
        mtp=found.loader.has_mtp,
        n_parallel=wishes.n_parallel or 1,
        threads_batch=wishes.threads_batch or 0,
        numa=wishes.numa or "off",
        tensor_overrides=wishes.tensor_overrides,
        is_threads_fixed=bool(wishes.threads or measured),
    )


def _split_mode(wishes: Wishes, n_gpus: int) -> str:
    """As wished; "none" would put all of a plan for several cards on the first.

    Raises:
        UserError: "bad_wish".
    """
    if wishes.split_mode == "none" and n_gpus > 1:
        raise UserError(
            "bad_wish",
            "This split mode cannot be planned.",
            say("The model needs {n} cards, and none puts all of it on one.", n=n_gpus),
            (NextStep("Leave it out"), NextStep("Leave cards alone with --vram-cap 0")),
        )
    return wishes.split_mode or ("layer" if n_gpus > 1 else "none")


def lever_warnings(wishes: Wishes, found: Found) -> tuple[str, ...]:
    """What levers by hand bring with them, and those that the formulas do not follow."""
    out: list[str] = []
    if not keeps_flash_attention(found.loader.facts, found.loader.load_of(found.layout.setting)):
        out.append(
            say(
                "Tensors of the attention lie apart from its cache: the engine does without flash attention, in all layers."
            )
        )
    if wishes.split_mode == "tensor":
        out.append(say("The predicted memory is that of a split by layers; by tensors it differs a little."))
    if wishes.load_mode not in (None, "mmap") and not found.fits and found.layout.missing_host_bytes:
        out.append(
            say(
                "With load mode {mode} all weights have to fit in memory; only with mmap may some be read from the disk while it answers.",
                mode=wishes.load_mode,
            )
        )
    return tuple(out)
