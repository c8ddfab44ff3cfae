"""Plans as readable text."""

from __future__ import annotations

from collections.abc import Sequence

from launcher.cli.output import table
from launcher.core.plans import DeviceMemory, Plan
from launcher.core.units import MIB, gb, gib, rate, whole
from launcher.services.exact import Verified


def speed(plan: Plan) -> str:
    """Tokens per second with the range."""
    s = plan.speed
    return f"{rate(s.decode_tokens_s)} ({rate(s.decode_low)}\u2013{rate(s.decode_high)})"


def _memory_table(devices: Sequence[DeviceMemory]) -> str:
    """One row per device; the column of checkpoints only where the engine keeps any."""
    names = ("Weights", "KV cache", "Checkpoints", "Compute", "Total", "Free now")
    rows = [_row(d) for d in devices]
    shown = [i for i, name in enumerate(names) if name != "Checkpoints" or any(d.checkpoint_bytes for d in devices)]
    cells = [(d.name, *(row[i] for i in shown)) for d, row in zip(devices, rows, strict=True)]
    return table(("Device", *(names[i] for i in shown)), cells, frozenset(range(1, len(shown) + 1)))


def _row(device: DeviceMemory) -> tuple[str, ...]:
    compute = device.compute_bytes + device.unaccounted_bytes - device.checkpoint_bytes
    sizes = device.weights_bytes, device.kv_bytes, device.checkpoint_bytes, compute, device.total_bytes
    return *map(gib, sizes), "unknown" if device.free_bytes is None else gib(device.free_bytes)


def plan_lines(plan: Plan) -> list[str]:
    """A whole plan: placement, memory by device, speed, reasons, warnings."""
    p, s = plan.placement, plan.speed
    fit = "fits" if plan.fits else "does not fit"
    quality = plan.quality.quant_loss + (f" ({plan.quality.figure})" if plan.quality.figure else ", not measured on it")
    levers = f"--gpu-layers {p.n_gpu_layers}" + (
        f" --cpu-moe {p.expert_layers_on_cpu}" if p.expert_layers_on_cpu else ""
    )
    levers += f" --cpu-moe-part {','.join(p.boundary_experts_on_cpu)}" if p.boundary_experts_on_cpu else ""
    levers += f" --tensor-split {','.join(f'{s:g}' for s in p.tensor_split)}" if p.tensor_split else ""
    return [
        f"{plan.name}  {plan.quant}  {gb(plan.file_bytes)}: {fit}, {plan.summary}",
        "",
        _memory_table(plan.memory.devices),
        "",
        f"Answering       {speed(plan)} tokens/s, estimated from {s.basis} values",
        f"Reading text    {rate(s.prefill_tokens_s)} tokens/s; first token of a 1,000-token prompt after "
        f"{s.time_to_first_token_s:.1f} s",
        f"Context         {whole(plan.context)} tokens, KV cache {p.kv_type_k}{f' and {p.kv_type_v}' if p.kv_type_v != p.kv_type_k else ''}",
        f"Placement       {levers} --threads {p.threads} --batch {p.n_batch} --ubatch {p.n_ubatch}",
        f"Quality kept    {quality}",
        *([""] if plan.reasons or plan.honest_note else []),
        *(f"  {r}" for r in plan.reasons),
        *(f"  Note: {w}" for w in (plan.honest_note, *plan.warnings) if w),
        *_lever_lines(plan),
    ]


def _lever_lines(plan: Plan) -> list[str]:
    """What the search did and what it cost."""
    if not plan.levers:
        return []
    rows = [
        (lever.lever.replace("_", " "), lever.setting, lever.gain, lever.cost or "nothing") for lever in plan.levers
    ]
    return ["", table(("Lever", "Set to", "Gain", "Cost"), rows)]


def verified_lines(found: Verified, header_fetched_bytes: int) -> list[str]:
    """What the engine's dry run said against what the formulas said."""
    rows = [
        (r.name, gib(r.engine_bytes, 2), gib(r.predicted_bytes, 2), f"{r.difference_bytes / MIB:+.1f} MiB")
        for r in found.rows
    ]
    fetched = f"; {gb(header_fetched_bytes)} of headers were fetched" if header_fetched_bytes else ""
    note = (
        "The cards are not here: stand-ins took their place, which never stream weights from RAM and may need less for it.",
        "The larger compute buffers count above.",
    )
    return [
        f"Checked by the engine's own dry run{fetched}:",
        table(("Device", "Engine", "Predicted", "Difference"), rows, frozenset({1, 2, 3})),
        *(note if found.by_stand_ins else ()),
    ]
