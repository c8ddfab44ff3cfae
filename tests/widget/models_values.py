"""Small hand-made catalogs and plans for the tests of the Models page."""

from __future__ import annotations

from dataclasses import replace

from launcher.core.models import Family, ModelFile, Quant, QuantQuality, Sampling, Thinking, Variant
from launcher.core.plans import DeviceMemory, MemoryUse, Placement, Plan, Quality, SpeedEstimate

GIB = 2**30
GB = 10**9
N_LAYER = 32


def quant(name: str, size_gb: float, repo: str = "someone/model", loss: float | None = 0.0, **rest: object) -> Quant:
    words = "unknown" if loss is None else "strong loss" if loss >= 0.1 else "slight loss" if loss else "no loss"
    quality = QuantQuality(words, "", loss, "hand-made")
    return Quant(
        name, repo, (ModelFile(f"{name}.gguf"),), round(size_gb * GB), "published", 4.5, quality=quality, **rest
    )  # type: ignore[arg-type]


def variant(id_: str, quants: tuple[Quant, ...], score: float | None = 50.0, **rest: object) -> Variant:
    values: dict[str, object] = {
        "id": id_,
        "name": f"DeepSeek-{id_.title()}",
        "short_name": id_.title(),
        "family": "f",
        "hf_repo": f"deepseek-ai/{id_}",
        "architecture": "qwen2",
        "params_total": 7_000_000_000,
        "params_active": 7_000_000_000,
        "released": "2025-01-20",
        "licence": "MIT",
        "context_train": 131072,
        "strengths": "Good at examples.",
        "honest_note": "Not a real model.",
        "tags": ("chat",),
        "sampling": Sampling(),
        "thinking": Thinking.NEVER,
        "system_prompt": "allowed",
        "benchmarks": {"GPQA_D": 49.1},
        "benchmarks_source": "hand-made",
        "score": score,
        "quants": quants,
    }
    return Variant(**{**values, **rest})  # type: ignore[arg-type]


def plan(model: Variant, q: Quant, rate: float = 40.0, *, fits: bool = True, **rest: object) -> Plan:
    """All on a 24 GiB card, unless `rest` says otherwise."""
    made = Plan(
        model=model.id,
        name=model.name,
        short_name=model.short_name,
        quant=q.name,
        repo=q.repo,
        files=q.files,
        file_bytes=q.file_bytes,
        fits=fits,
        context=16384,
        placement=Placement(N_LAYER + 1, 16384),
        memory=MemoryUse((card(q.file_bytes), host(0)), "model"),
        speed=SpeedEstimate(rate, rate * 0.9, rate * 1.1, 1200.0, 1.0),
        quality=Quality(
            model.score, q.quality.words, q.quality.figure, loss=q.quality.loss, is_measured=q.quality.measured
        ),
        thinking=model.thinking,
        n_layer=N_LAYER,
        reasons=("A reason with 12 GiB.",),
    )
    return replace(made, **rest)  # type: ignore[arg-type]


def card(weights_bytes: int, free: int = 23 * GIB) -> DeviceMemory:
    return DeviceMemory("RTX 4090", "gpu", weights_bytes, GIB, GIB // 2, GIB // 2, free, 24 * GIB)


def host(weights_bytes: int, free: int = 56 * GIB, total: int = 64 * GIB) -> DeviceMemory:
    return DeviceMemory("RAM", "host", weights_bytes, 0, GIB // 4, 0, free, total)


SMALL = variant(
    "small",
    (quant("Q4_K_M", 5.0, loss=0.01), quant("Q8_0", 8.0)),
    tags=("chat", "reasoning"),
    released="2025-05-28",
)
CODER = variant(
    "coder", (quant("Q4_K_M", 10.0, "one/coder"), quant("Q4_K_M", 10.5, "two/coder")), tags=("chat", "coder")
)
MANY = variant(
    "many",
    tuple(
        quant(name, 10 + i, "someone/many")
        for i, name in enumerate(
            ("IQ2_M", "IQ3_M", "Q3_K_S", "Q3_K_M", "Q4_0", "Q4_K_S", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0", "BF16")
        )
    ),
    score=60.0,
    released="2024-01-01",
)
HUGE = variant("huge", (quant("Q4_K_M", 400.0, "someone/huge", 0.2),), score=80.0)
NEXT = variant("next", (quant("Q4_K_M", 200.0, "someone/next"),), loadable=False, why_not="Needs a newer engine.")
FAMILIES = (Family("f", "Family", "", (SMALL, CODER, MANY, HUGE, NEXT)),)

PLANS = (
    *(plan(v, q, 60.0 - i) for v in (SMALL, CODER, MANY) for i, q in enumerate(v.quants)),
    plan(
        HUGE,
        HUGE.quants[0],
        0.4,
        fits=False,
        memory=MemoryUse((card(20 * GIB), host(380 * GIB)), "model"),
        missing_bytes=round(324.25 * GIB),
        warnings=("Needs 400.0 GiB of memory; 76.5 GiB can be used here.",),
    ),
)
