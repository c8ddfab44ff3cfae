"""The memory model against the engine's own figures.

The rows below were printed by llama.cpp 0c1e57098 (llama-cpp-python 0.3.36) in dry runs of sparse files with the true
shapes, on the processor and on one RPC device, with one row of logits, ubatch 512 and flash attention "auto".
"""

from dataclasses import replace

import pytest

from launcher.core.machine import Cpu, Gpu, Machine, Ram
from launcher.core.models import HyperParameters, KvLayout, LayerWeights, ModelFacts
from launcher.core.plans import Wishes
from launcher.core.units import GIB, MIB
from launcher.planner import memory
from launcher.planner.layout import Loader
from launcher.planner.machine_view import view

V3 = HyperParameters(61, 7168, 128, 1, 576, 512, 18432, 129280, 256, 8, 1, 2048, 3, 1536, 512, 64)
SHAPES = {
    "llama8b": ("llama", KvLayout.GQA, HyperParameters(32, 4096, 32, 8, 128, 128, 14336, 128256)),
    "v2lite": (
        "deepseek2",
        KvLayout.MLA,
        HyperParameters(27, 2048, 16, 1, 576, 512, 10944, 102400, 64, 6, 2, 1408, 1, 0, 512, 64),
    ),
    "v3": ("deepseek2", KvLayout.MLA, V3),
    "v32": (
        "deepseek32",
        KvLayout.INDEXED_MLA,
        HyperParameters(
            61, 7168, 128, 1, 576, 512, 18432, 129280, 256, 8, 1, 2048, 3, 1536, 512, 64, 64, 128, 2048
        ),
    ),
    "v4flash": (
        "deepseek4",
        KvLayout.COMPRESSED,
        HyperParameters(
            43, 4096, 64, 1, 512, 512, 2048, 129280, 256, 6, 1, 2048, 0, 0, 0, 64, 64, 128, 512, 128,
            (0, 0, *(4 if i % 2 == 0 else 128 for i in range(2, 43))),
        ),
    ),
}  # fmt: skip


def facts_of(shape: str) -> ModelFacts:
    arch, layout, hyper = SHAPES[shape]
    layers = (LayerWeights(50 * MIB, 500 * MIB if hyper.n_expert else 0),) * hyper.n_layer
    return ModelFacts(arch, hyper, layout, 163_840, 300 * MIB, 300 * MIB, layers)


def loader_of(shape: str, n_gpus: int) -> Loader:
    gpus = tuple(Gpu(f"RPC{i}", "other", "rpc", 900 * GIB, 900 * GIB, 1e12) for i in range(n_gpus))
    return Loader(
        facts_of(shape),
        view(Machine("m", "linux", Cpu("c", 8, 8), Ram(900 * GIB, 900 * GIB, 1e11), gpus), Wishes()),
        "Q4_K_M",
    )


# (shape, context, KV type) -> bytes; byte for byte
ENGINE_KV = [
    ("llama8b", 32768, "f16", 4294967296),
    ("llama8b", 8192, "f16", 1073741824),
    ("llama8b", 32768, "q8_0", 2281701376),
    ("v2lite", 32768, "f16", 1019215872),
    ("v2lite", 32768, "q8_0", 541458432),
    ("v3", 32768, "f16", 2302672896),
    ("v3", 32768, "q8_0", 1223294976),
    ("v32", 32768, "f16", 2814377984),
    ("v32", 32768, "q8_0", 1495138304),
    ("v4flash", 32768, "f16", 271466496),
    ("v4flash", 8192, "f16", 106315776),
    ("v4flash", 32768, "q8_0", 149938176),
]


@pytest.mark.parametrize(("shape", "n_ctx", "kv_type", "engine_bytes"), ENGINE_KV)
def test_kv_cache_is_exact(shape, n_ctx, kv_type, engine_bytes):
    loader = loader_of(shape, 0)
    cache = loader.cache(n_ctx, kv_type, 512)
    assert loader.kv_bytes(cache, 0, loader.n_layer) == engine_bytes


# (shape, devices, context) -> MiB of compute on the GPU (None: no GPU) and on the host
ENGINE_COMPUTE = [
    ("llama8b", 0, 32768, None, 148.01),
    ("llama8b", 0, 8192, None, 124.01),
    ("llama8b", 1, 32768, 140.01, 48.01),
    ("llama8b", 1, 131072, 236.01, 144.01),
    ("v2lite", 0, 32768, None, 121.01),
    ("v2lite", 0, 8192, None, 97.01),
    ("v2lite", 1, 32768, 108.13, 40.01),
    ("v2lite", 1, 131072, 204.13, 136.01),
    ("v3", 0, 32768, None, 440.01),
    ("v3", 0, 8192, None, 416.01),
    ("v3", 1, 32768, 410.01, 60.01),
    ("v3", 1, 131072, 506.01, 156.01),
    ("v32", 0, 32768, None, 798.08),
    ("v32", 1, 32768, 784.07, 92.08),
    ("v32", 1, 131072, 1123.07, 284.07),
    ("v4flash", 0, 32768, None, 299.63),
    ("v4flash", 1, 32768, 235.59, 33.09),
    ("v4flash", 1, 131072, 413.09, 81.84),
]


@pytest.mark.parametrize(("shape", "n_gpus", "n_ctx", "gpu_mib", "host_mib"), ENGINE_COMPUTE)
def test_compute_buffers_are_close(shape, n_gpus, n_ctx, gpu_mib, host_mib):
    loader = loader_of(shape, n_gpus)
    layout = loader.place(n_ctx, "f16", loader.n_layer + 1 if n_gpus else 0, 0, 512)
    if gpu_mib is not None:
        assert layout.gpus[0].compute / MIB == pytest.approx(gpu_mib, rel=0.01, abs=2.5)
    assert layout.host.compute / MIB == pytest.approx(host_mib, rel=0.025, abs=2.5)


def test_old_mla_files_cost_what_the_engine_really_takes():
    """V2-Lite legacy at 32k: 8,640 MiB of KV, 276,480 bytes per token; V3 legacy 4,997,120 bytes per token."""
    lite = ModelFacts(
        "deepseek2",
        HyperParameters(27, 2048, 16, 16, 192, 128, 10944, 102400, kv_lora_rank=512, rope_dim=64),
        KvLayout.MLA_LEGACY,
        32768,
        0,
        0,
        (),
    )
    assert memory.kv_cache(lite, 32768, "f16", "f16", 512).plain_bytes * 27 == 8640 * MIB
    v3 = ModelFacts(
        "deepseek2",
        HyperParameters(61, 7168, 128, 128, 192, 128, 18432, 129280, kv_lora_rank=512, rope_dim=64),
        KvLayout.MLA_LEGACY,
        32768,
        0,
        0,
        (),
    )
    assert memory.kv_cache(v3, 4096, "f16", "f16", 512).plain_bytes * 61 == 4096 * 4_997_120


def test_context_is_padded_to_256():
    loader = loader_of("llama8b", 0)
    assert loader.cache(1000, "f16", 512) == loader.cache(1024, "f16", 512)


def test_a_multi_token_prediction_block_has_no_cache():
    arch, layout, _ = SHAPES["llama8b"]
    with_mtp = HyperParameters(33, 4096, 32, 8, 128, 128, 14336, 128256, nextn_layers=1)
    facts = ModelFacts(arch, with_mtp, layout, 4096, 0, 0, (LayerWeights(1),) * 33)
    empty = view(Machine("m", "linux", Cpu("c", 1, 1), Ram(GIB, GIB)), Wishes())
    loader = Loader(facts, empty, "")
    cache = loader.cache(4096, "f16", 512)
    assert loader.kv_bytes(cache, 0, 33) == loader.kv_bytes(cache, 0, 32) == 32 * cache.plain_bytes


def test_ram_weights_cost_a_copy_on_a_discrete_card_and_none_where_memory_is_shared():
    """Op offload: with experts in RAM the card holds the largest streamed tensor too."""
    load = memory.Load(32768, 512, "f16", "f16", 62, ((0, 61),), expert_layers_on_cpu=61)
    still = replace(load, unified=True)
    facts = facts_of("v3")
    assert memory.gpu_compute_bytes(facts, load) >= 0.4 * 500 * MIB
    assert memory.gpu_compute_bytes(facts, load) > memory.gpu_compute_bytes(facts, still) - 500 * MIB
    big = ModelFacts(
        facts.architecture, facts.hyper, facts.kv_layout, 163840, 0, 0, (LayerWeights(1, 6920 * MIB),) * 61
    )
    # R1 Q4_K_M, all experts in RAM, 32k: the engine asked for 3176 MiB.
    assert memory.gpu_compute_bytes(big, load) / MIB == pytest.approx(3176, rel=0.03)


def test_pipelined_gpus_hold_four_copies_of_the_inputs():
    one, two = loader_of("llama8b", 1), loader_of("llama8b", 2)
    single = one.place(32768, "f16", 33, 0, 512)
    double = two.place(32768, "f16", 33, 0, 512)
    mask = 2 * 32768 * 512
    assert double.host.compute - single.host.compute >= 3 * mask
    assert sum(double.setting.counts) == 33
    assert sum(b.weights for b in double.gpus) == single.gpus[0].weights
