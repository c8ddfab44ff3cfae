"""The levers of a plan as command line options: what is given is fixed, the rest is searched."""

from __future__ import annotations

import argparse

from launcher.core.plans import EXPERT_TENSORS, LOAD_MODES, NUMA_MODES, SPLIT_MODES, Goal, Wishes
from launcher.core.units import GIB
from launcher.planner.memory import KV_TYPE_BYTES


def add_lever_options(parser: argparse.ArgumentParser) -> None:
    """--ctx, --gpu-layers, --cpu-moe, ... of `plan` and of the commands that load what it planned."""
    add = parser.add_argument
    add("--ctx", type=int, metavar="N", help="context in tokens")
    add("--goal", type=Goal, choices=list(Goal), default=Goal.BALANCED, metavar="GOAL", help=", ".join(Goal))
    group = parser.add_argument_group("levers fixed by hand; the rest is searched")
    add = group.add_argument
    add("--gpu-layers", type=int, metavar="N", help="layers on GPUs; one more than all takes the output")
    add("--cpu-moe", type=int, metavar="N", help="routed experts of the first N layers stay in RAM")
    add(
        "--cpu-moe-part",
        type=_expert_tensors,
        metavar="T,T",
        help="of the next layer these expert tensors too: up, gate, down",
    )
    add("--tensor-split", type=_shares, metavar="A,B", help="how GPUs share the layers")
    add(
        "--vram-cap",
        type=_caps,
        metavar="GIB,GIB",
        help="at most this much of each GPU; 0 leaves it alone, - is no cap",
    )
    add(
        "--kv",
        type=_kv_types,
        metavar="TYPE[,TYPE]",
        help="KV cache: " + ", ".join(KV_TYPE_BYTES) + "; K and V apart with a comma",
    )
    add("--batch", type=int, metavar="N")
    add("--ubatch", type=int, metavar="N")
    add("--threads", type=int, metavar="N", help="of the processor, while writing")
    add("--threads-batch", type=int, metavar="N", help="of the processor, while reading prompts")
    add("--parallel", type=int, metavar="N", help="answers at once; they share the context")
    add("--split-mode", choices=SPLIT_MODES, help="how several GPUs share the model")
    add("--load-mode", choices=LOAD_MODES, help="how the file gets into memory")
    add("--numa", choices=NUMA_MODES, help="several processor sockets")
    add(
        "--override",
        type=_override,
        action="append",
        metavar="REGEX=DEVICE",
        help="tensors whose names match go to this device, or to CPU; may be given several times",
    )
    add("--draft", metavar="MODEL|FILE", help="plan a smaller model beside it that drafts tokens")
    add("--mtp", action="store_true", help="plan the file's own multi-token-prediction layers")


def wishes_of(args: argparse.Namespace) -> Wishes:
    """What the options ask for."""
    kv_type, kv_type_v = args.kv or (None, None)
    return Wishes(
        goal=args.goal,
        context=args.ctx,
        n_gpu_layers=args.gpu_layers,
        expert_layers_on_cpu=args.cpu_moe,
        boundary_experts_on_cpu=args.cpu_moe_part,
        tensor_split=args.tensor_split,
        kv_type=kv_type,
        kv_type_v=kv_type_v,
        n_batch=args.batch,
        n_ubatch=args.ubatch,
        threads=args.threads,
        vram_caps_bytes=args.vram_cap or (),
        draft=args.draft,
        mtp=args.mtp,
        threads_batch=args.threads_batch,
        split_mode=args.split_mode,
        load_mode=args.load_mode,
        numa=args.numa,
        tensor_overrides=tuple(args.override or ()),
        n_parallel=args.parallel,
    )


def _override(text: str) -> tuple[str, str]:
    """The last "=" divides: a pattern may hold some."""
    pattern, _, device = text.rpartition("=")
    if not pattern or not device.strip():
        raise argparse.ArgumentTypeError(r"an override looks like blk\.[0-3]\.ffn_up=CPU")
    return pattern, device.strip()


def _shares(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError("shares look like 3,1") from None


def _caps(text: str) -> tuple[int | None, ...]:
    try:
        return tuple(None if part.strip() == "-" else int(float(part) * GIB) for part in text.split(","))
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError("caps look like 10,22.5 or -,8") from None


def _kv_types(text: str) -> tuple[str, str | None]:
    first, comma, second = text.lower().partition(",")
    for name in (first, *([second] if comma else [])):
        if name not in KV_TYPE_BYTES:
            raise argparse.ArgumentTypeError(f"{name[:20]!r} is none of " + ", ".join(KV_TYPE_BYTES))
    return first, second if comma else None


def _expert_tensors(text: str) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in text.lower().split(",") if part.strip())
    if any(part not in EXPERT_TENSORS for part in parts):
        raise argparse.ArgumentTypeError("expert tensors are up, gate and down")
    return parts
