"""Values for tests of the look: one machine with a card, one without, and plans as the planner makes them."""

from __future__ import annotations

from dataclasses import replace

from launcher.core.generation import Loaded
from launcher.core.machine import Cpu, Disk, Gpu, GpuSample, Machine, Ram, Sample
from launcher.core.models import ModelFile, Thinking
from launcher.core.plans import (
    DeviceMemory,
    Goal,
    MemoryUse,
    Placement,
    Plan,
    Quality,
    Recommendation,
    SpeedEstimate,
)
from launcher.store.loads import LoadRecord

GIB = 2**30
GB = 10**9


def gib(n: float) -> int:
    return int(n * GIB)


MACHINE = Machine(
    name="RTX 4090 24 GB, 64 GB RAM",
    os="linux",
    cpu=Cpu("AMD Ryzen 9 7950X 16-Core Processor", 16, 32, ("avx2", "avx512f")),
    ram=Ram(64 * GIB, 56 * GIB, 65e9, "DDR5"),
    gpus=(
        Gpu(
            "NVIDIA GeForce RTX 4090", "nvidia", "cuda", 24 * GIB, 23 * GIB, 1008e9, 165e12, 25e9, 450.0,
            engine_device="CUDA0", pci_bus_id="0000:01:00.0", pcie_generation=4, pcie_width=16, driver="580.95",
        ),
    ),
    disks=(Disk("/", int(96.3 * GB), 10**12, 6e9, "SSD"),),
)  # fmt: skip

LAPTOP = Machine(
    name="Laptop",
    os="linux",
    cpu=Cpu("12th Gen Intel(R) Core(TM) i5-1240P", 12, 16, ("avx2",)),
    ram=Ram(16 * GIB, 10 * GIB, 51e9, "LPDDR5"),
    disks=(Disk("/", 200 * GB, 512 * GB, 3e9, "SSD"),),
)


def card(weights: float, kv: float, compute: float, name: str = "CUDA0") -> DeviceMemory:
    return DeviceMemory(name, "gpu", gib(weights), gib(kv), gib(compute - 0.4), gib(0.4), 23 * GIB, 24 * GIB)


def host(weights: float, kv: float, compute: float, total: int = 64, free: int = 56) -> DeviceMemory:
    return DeviceMemory("CPU", "host", gib(weights), gib(kv), gib(compute), 0, free * GIB, total * GIB)


def plan(
    short_name: str,
    quant: str,
    size_gb: float,
    rates: tuple[float, float, float],
    devices: tuple[DeviceMemory, ...],
    context: int = 24576,
    thinking: Thinking = Thinking.ALWAYS,
) -> Plan:
    repo = f"unsloth/DeepSeek-{short_name}-GGUF"
    return Plan(
        model=short_name.lower(),
        name=f"DeepSeek-{short_name}",
        short_name=short_name,
        quant=quant,
        repo=repo,
        files=(ModelFile(f"{short_name}-{quant}.gguf", int(size_gb * GB)),),
        file_bytes=int(size_gb * GB),
        fits=True,
        context=context,
        placement=Placement(n_gpu_layers=65, n_ctx=context, kv_type_k="q8_0", kv_type_v="q8_0"),
        memory=MemoryUse(devices, "model"),
        speed=SpeedEstimate(rates[0], rates[1], rates[2], 1520.0, 0.3),
        quality=Quality(77.8, "no loss", "+0.2 %, 9 tests", ("https://example.org/ladder",)),
        n_layer=64,
        summary="all 64 layers on RTX 4090",
        strengths="Thinks before it answers; strong at maths, code and reasoning.",
        honest_note="Trained on R1's answers; not the 671B R1.",
        thinking=thinking,
        reasons=("All 64 layers fit on the card.",),
    )


PLAN = plan("R1-Distill-Qwen-32B", "Q4_K_M", 19.85, (38, 34, 41), (card(18.1, 3.2, 0.7), host(0.4, 0, 0.2)))

RECOMMENDATION = Recommendation(
    machine=MACHINE.name,
    goal=Goal.BALANCED,
    recommended=PLAN,
    alternatives={
        "smartest": plan(
            "R1-Distill-Llama-70B", "Q4_K_M", 42.5, (2.5, 2.2, 2.8), (card(18.9, 2.1, 1.3), host(20, 2.4, 0.6))
        ),
        "fastest": plan("R1-0528-Qwen3-8B", "Q4_K_M", 5.0, (114, 102, 127), (card(4.4, 4.5, 0.9), host(0.3, 0, 0.3))),
        "longest_context": plan(
            "R1-0528-Qwen3-8B", "Q8_0", 8.7, (69, 61, 76), (card(7.7, 9, 1), host(0.6, 0, 0.3)), 131072
        ),
        "biggest": plan("V4-Flash-0731", "AD-IQ1_M", 70.2, (19, 13, 25), (card(20.3, 0.3, 0.7), host(45.1, 0, 0.6))),
    },
    role_reasons={
        "smartest": "Best science score here (GPQA 65.2, not 62.1), but 15× slower",
        "fastest": "3× faster, better at contest maths (86.0, not 72.6), knows less",
        "longest_context": "131,072 tokens: a whole book at once",
        "biggest": "284B squeezed to 2 bits: clearly more mistakes than the full model",
    },
    why_not_bigger=(
        "The next model up, R1-Distill-Llama-70B, needs 41.8 GiB. Only 22.3 GiB of it fit on your card; the other"
        " 19.5 GiB would sit in RAM, which is 15 times slower to read: 2.5 instead of 38 tokens/s."
    ),
)

LAPTOP_RECOMMENDATION = Recommendation(
    machine="Laptop",
    goal=Goal.BALANCED,
    recommended=plan("R1-Distill-Qwen-7B", "Q4_K_M", 4.7, (8.1, 6.7, 9.4), (host(4.4, 0.9, 0.3, 16, 10),), 16384),
    alternatives={},
    role_reasons={},
    why_not_bigger="",
)

SAMPLE = Sample(
    monotonic_s=1.0,
    ram_total_bytes=64 * GIB,
    ram_free_bytes=gib(55.4),
    ram_used_by_app_bytes=gib(0.7),
    ram_used_by_window_bytes=94 * 2**20,
    swap_used_bytes=0,
    cpu_load=0.06,
    gpus=(
        GpuSample(
            "NVIDIA GeForce RTX 4090", 24 * GIB, gib(1.0), gib(22.0), 0.97, 61.0, 312.0, 450.0,
            pci_bus_id="0000:01:00.0",
        ),
    ),
)  # fmt: skip

LOADED = Loaded(
    name="DeepSeek-R1-Distill-Qwen-32B",
    quant="Q4_K_M",
    architecture="qwen2",
    n_ctx=24576,
    n_ctx_train=131072,
    n_layer=64,
    gpu_layers=65,
    memory=replace(PLAN.memory, source="actual"),
    load_seconds=5.8,
    thinking=Thinking.ALWAYS,
    template_origin="file",
    placement=PLAN.placement,
    engine_version="0.3.36",
)


def record(model: str, quant: str, memory: tuple[float, float], rates: tuple[float, float]) -> LoadRecord:
    predicted = MemoryUse((DeviceMemory("CUDA0", "gpu", gib(memory[0])),), "model")
    actual = MemoryUse((DeviceMemory("CUDA0", "gpu", gib(memory[1])),), "actual")
    speed = SpeedEstimate(rates[0], rates[0] * 0.9, rates[0] * 1.08, 1000, 0.3)
    return LoadRecord(
        f"{model}{quant}", 1.0, model, quant, PLAN.placement, predicted, speed, 6.0, actual, 5.8, rates[1], 900.0, 0.2
    )


HISTORY = (
    record("R1-Distill-Qwen-32B", "Q4_K_M", (21.97, 21.99), (38, 37.8)),
    record("R1-Distill-Qwen-14B", "Q8_0", (17.68, 17.70), (49, 51.2)),
    record("R1-0528-Qwen3-8B", "Q8_0", (17.76, 17.75), (69, 66.1)),
    record("R1-Distill-Llama-70B", "Q4_K_M", (22.31, 22.42), (2.5, 2.3)),
)
