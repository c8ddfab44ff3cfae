"""Plans as readable text."""

from __future__ import annotations

from launcher.cli.output import table
from launcher.core.plans import DeviceMemory, Plan
from launcher.core.units import MIB, gb, gib, rate, whole
from launcher.services.exact import Verified


def speed(plan: Plan) -> str:
    """Tokens per second with the range."""
    s = plan.speed
    return f"{rate(s.decode_tokens_s)} ({rate(s.decode_low)}\u2013{rate(s.decode_high)})"


def _row(device: DeviceMemory) -> tuple[str, ...]:
    beside_weights = gib(device.kv_bytes), gib(device.compute_bytes + device.unaccounted_bytes)
    free = "unknown" if device.free_bytes is None else gib(device.free_bytes)
    return device.name, gib(device.weights_bytes), *beside_weights, gib(device.total_bytes), free


def plan_lines(plan: Plan) -> list[str]:
    """A whole plan: placement, memory by device, speed, reasons, warnings."""
    p, s = plan.placement, plan.speed
    rows = [_row(d) for d in plan.memory.devices]
    fit = "fits" if plan.fits else "does not fit"
    quality = plan.quality.quant_loss + (f" ({plan.quality.figure})" if plan.quality.figure else ", not measured on it")
    levers = f"{p.n_gpu_layers} of {plan.n_layer + 1} layers on GPUs, experts of {p.expert_layers_on_cpu} layers in RAM"
    return [
        f"{plan.name}  {plan.quant}  {gb(plan.file_bytes)}: {fit}, {plan.summary}",
        "",
        table(("Device", "Weights", "KV cache", "Compute", "Total", "Free now"), rows, frozenset(range(1, 6))),
        "",
        f"Answering       {speed(plan)} tokens/s, estimated from {s.basis} values",
        f"Reading text    {rate(s.prefill_tokens_s)} tokens/s; first token of a 1,000-token prompt after "
        f"{s.time_to_first_token_s:.1f} s",
        f"Context         {whole(plan.context)} tokens, KV cache {p.kv_type_k}",
        f"Placement       {levers}; {p.threads} threads, batch {p.n_batch}/{p.n_ubatch}",
        f"Quality kept    {quality}",
        *([""] if plan.reasons else []),
        *(f"  {r}" for r in plan.reasons),
        *(f"  Note: {w}" for w in plan.warnings),
    ]


def verified_lines(found: Verified, header_fetched_bytes: int) -> list[str]:
    """What the engine's dry run said against what the formulas said."""
    rows = [
        (r.name, gib(r.engine_bytes, 2), gib(r.predicted_bytes, 2), f"{r.difference_bytes / MIB:+.1f} MiB")
        for r in found.rows
    ]
    fetched = f"; {gb(header_fetched_bytes)} of headers were fetched" if header_fetched_bytes else ""
    return [
        f"Checked by the engine's own dry run{fetched}:",
        table(("Device", "Engine", "Predicted", "Difference"), rows, frozenset({1, 2, 3})),
    ]
