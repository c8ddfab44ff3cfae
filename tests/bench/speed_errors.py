"""How far the speed model is from measured rows, without any calibration: python -m tests.bench.speed_errors [--rows].

The rows are public measurements (tests/bench/speed_rows.json, each with its source). Every row goes through the whole
planner with the placement it was measured with; the machine has memory to spare, so only the speed is judged.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from statistics import median

from launcher import catalog, planner
from launcher.core.codec import from_json
from launcher.core.machine import Cpu, Machine
from launcher.core.models import HyperParameters, KvLayout, LayerWeights, ModelFacts
from launcher.core.plans import SpeedEstimate, Wishes
from launcher.hardware.presets import described_machine, preset_gpus
from launcher.planner.plans import plan_file

ROWS = Path(__file__).parent / "speed_rows.json"
_PLENTY_BYTES = 2**42
# Decode is judged at this position: the rows are mostly llama-bench's 128 tokens, answers of 300 and runs of 1,024. A plan
# is quoted at 1,024, which on a processor costs some percent.
_CONTEXT = 512


@dataclass(frozen=True, slots=True)
class Shape:
    """A model that is not in the catalog, by its published shape; bytes of the file."""

    architecture: str
    n_layer: int
    n_embd: int
    n_head: int
    n_head_kv: int
    head_dim_k: int
    head_dim_v: int
    n_ff: int
    n_vocab: int
    total: float
    token_embd: float
    output: float
    routed: float = 0.0
    n_expert: int = 0
    n_expert_used: int = 0
    n_ff_exp: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement; `kind` is the kind of placement."""

    source: str
    gpus: str
    model: str
    quant: str
    kind: str
    decode: float
    held_out: bool
    prefill: float | None = None
    backend: str | None = None
    ram_gb_s: float | None = None
    cores: int = 8
    gpu_layers: int | None = None
    expert_layers_on_cpu: int = 0
    bus_gb_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Table:
    rows: tuple[Row, ...]
    shapes: dict[str, Shape] = field(default_factory=dict[str, Shape])


@dataclass(frozen=True, slots=True)
class Judged:
    """A row and what the planner says of it."""

    row: Row
    estimate: SpeedEstimate

    @property
    def decode_error(self) -> float:
        """Relative: 0.2 is a fifth too fast."""
        return self.estimate.decode_tokens_s / self.row.decode - 1.0

    @property
    def prefill_error(self) -> float | None:
        """As `decode_error`; None where it was not measured."""
        return self.estimate.prefill_tokens_s / self.row.prefill - 1.0 if self.row.prefill else None

    @property
    def is_in_range(self) -> bool:
        """The measured decode speed lies in the stated range."""
        return self.estimate.decode_low <= self.row.decode <= self.estimate.decode_high


@cache
def _table() -> _Table:
    return from_json(_Table, json.loads(ROWS.read_text("utf-8")))


@cache
def _catalog() -> catalog.Catalog:
    return catalog.load()


def judged_rows() -> tuple[Judged, ...]:
    """All rows through the planner."""
    return tuple(Judged(row, _estimate(row)) for row in _table().rows)


def machine_of(row: Row) -> Machine:
    """The computer of a row, with memory to spare."""
    gpus = preset_gpus(row.gpus) if row.gpus else ()
    machine = described_machine(gpus, 2**36)
    ram = replace(
        machine.ram,
        total_bytes=_PLENTY_BYTES,
        free_bytes=_PLENTY_BYTES,
        bandwidth_bytes_s=row.ram_gb_s * 1e9 if row.ram_gb_s else machine.ram.bandwidth_bytes_s,
    )
    bus = row.bus_gb_s * 1e9 if row.bus_gb_s else None
    placed = tuple(
        replace(
            g,
            backend=row.backend or g.backend,
            vram_total_bytes=_PLENTY_BYTES,
            vram_free_bytes=_PLENTY_BYTES,
            pcie_bytes_s=bus or g.pcie_bytes_s,
        )
        for g in machine.gpus
    )
    return replace(machine, cpu=Cpu("", row.cores, row.cores), ram=ram, gpus=placed)


def _estimate(row: Row) -> SpeedEstimate:
    machine = machine_of(row)
    if row.model.startswith("shape:"):
        facts = _facts(_table().shapes[row.model.removeprefix("shape:")])
        wishes = _wishes(row, facts.hyper.n_layer, len(machine.gpus))
        return plan_file(machine, facts, row.model, row.model, row.quant, facts.weights_bytes, wishes).speed
    variant = _catalog().find(row.model)
    quant = variant.quant(row.quant)
    if quant is None or quant.facts is None:
        raise ValueError(f"{row.model} has no {row.quant}")
    return planner.plan(machine, variant, quant, _wishes(row, quant.facts.hyper.n_layer, len(machine.gpus))).speed


def _wishes(row: Row, n_layer: int, n_gpus: int) -> Wishes:
    n_gpu_layers = (n_layer + 1 if row.gpu_layers is None else row.gpu_layers) if n_gpus else 0
    return Wishes(
        context=_CONTEXT,
        kv_type="f16",
        n_ubatch=512,
        n_gpu_layers=n_gpu_layers,
        expert_layers_on_cpu=row.expert_layers_on_cpu,
        tensor_split=(1.0,) * n_gpus if n_gpus > 1 else None,
        vram_reserve_bytes=0,
    )


def _facts(shape: Shape) -> ModelFacts:
    """Facts with every layer alike."""
    always = (shape.total - shape.token_embd - shape.output - shape.routed) / shape.n_layer
    routed = shape.routed / shape.n_layer
    third = int(routed / 3)
    layer = LayerWeights(int(always), int(routed), third, third, int(routed) - 2 * third, int(always / 4))
    names = ("n_layer", "n_embd", "n_head", "n_head_kv", "head_dim_k", "head_dim_v", "n_ff", "n_vocab")
    experts = ("n_expert", "n_expert_used", "n_ff_exp")
    hyper = HyperParameters(**{n: getattr(shape, n) for n in (*names, *experts)})
    return ModelFacts(
        shape.architecture,
        hyper,
        KvLayout.GQA,
        32768,
        int(shape.token_embd),
        int(shape.output),
        (layer,) * shape.n_layer,
        exact=False,
    )


# --- The table --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Errors:
    """Of a group of rows, as sizes: 0.2 is 20 % off in either direction."""

    n: int
    median: float
    p90: float
    worst: float
    bias: float


def errors(values: Sequence[float]) -> Errors:
    """Summary of relative errors; `bias` is their median with its sign."""
    sizes = sorted(abs(v) for v in values)
    return Errors(len(sizes), median(sizes), sizes[math.ceil(0.9 * len(sizes)) - 1], sizes[-1], median(values))


def _line(name: str, rows: Sequence[Judged]) -> str:
    decode = errors([j.decode_error for j in rows])
    covered = sum(j.is_in_range for j in rows) / len(rows)
    text = f"{name:16} {decode.n:4} {decode.median:7.1%} {decode.p90:7.1%} {decode.worst:7.1%} {decode.bias:+7.1%} {covered:7.0%}"
    prefill = [e for j in rows if (e := j.prefill_error) is not None]
    if prefill:
        e = errors(prefill)
        text += f"   {e.n:4} {e.median:7.1%} {e.p90:7.1%} {e.worst:7.1%} {e.bias:+7.1%}"
    return text


def table(rows: Sequence[Judged]) -> str:
    """Errors by kind of placement, then of the rows that constants were fitted to and of the others."""
    groups = {kind: [j for j in rows if j.row.kind == kind] for kind in dict.fromkeys(j.row.kind for j in rows)}
    groups["fitted"] = [j for j in rows if not j.row.held_out]
    groups["held out"] = [j for j in rows if j.row.held_out]
    groups["all"] = list(rows)
    head = f"{'':16} {'decode':>4} {'median':>5} {'p90':>7} {'worst':>7} {'bias':>7} {'in range':>8}   prefill: n, median, p90, worst, bias"
    return "\n".join([head, *(_line(name, group) for name, group in groups.items())])


def main() -> None:
    """Print the table; with --rows every row too."""
    rows = judged_rows()
    if "--rows" in sys.argv:
        for j in rows:
            r, e = j.row, j.estimate
            where = f"{r.gpus or 'processor'} {r.backend or ''}".strip()
            prefill = f"{r.prefill:8.0f} {e.prefill_tokens_s:8.0f}" if r.prefill else ""
            print(
                f"{r.kind:12}{'*' if r.held_out else ' '} {where:32} {r.model:24} {r.quant:12} {r.decode:7.1f} "
                f"{e.decode_tokens_s:7.1f} {j.decode_error:+6.0%} {'' if j.is_in_range else 'out'} {prefill}"
            )
    print(table(rows))


if __name__ == "__main__":
    main()
