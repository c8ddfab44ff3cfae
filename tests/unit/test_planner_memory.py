"""The memory model against the engine's own figures.

The rows below were printed by llama.cpp 0c1e57098 (llama-cpp-python 0.3.36) in dry runs of sparse files with the true
shapes, on the processor and on one RPC device, with one row of logits, ubatch 512 and flash attention "auto".
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.catalog import sizes
from launcher.catalog.facts import facts_of as facts_of_header
from launcher.catalog.gguf import read_header
from launcher.core.machine import Cpu, Gpu, Machine, Ram
from launcher.core.models import HyperParameters, KvLayout, LayerWeights, ModelFacts
from launcher.core.plans import Wishes
from launcher.core.units import GIB, MIB
from launcher.planner import memory
from launcher.planner.layout import Loader
from launcher.planner.machine_view import view
from tests.fakes.gguf_shapes import shapes, write_shape

RESOURCES = Path(__file__).parents[2] / "resources"
# Bytes by which a device may be off. V4 has a row where layers that are left out in the simulation pack differently.
SLACK_BYTES = {"deepseek4": 36 * MIB}

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


def catalog_facts(shape: str) -> ModelFacts:
    """Facts of a catalog shape, as the engine's file of the table had them."""
    name = shape.removesuffix("-tied")
    entry = json.loads((RESOURCES / "catalog" / "models.json").read_text())["shapes"][name.removesuffix("-legacy")]
    layout = KvLayout.MLA_LEGACY if name.endswith("-legacy") else None
    quant = "UD-Q4_K_XL" if entry["architecture"] == "deepseek4" else "Q4_K_M"
    facts, _ = sizes.facts(sizes.shape_from(entry), quant, None, layout, 163_840)
    if name == "v4-pro":  # the table's file began with two layers without compression, like V4-Flash
        facts = replace(facts, hyper=replace(facts.hyper, compress_ratios=(0, 0, *facts.hyper.compress_ratios[2:])))
    return facts


def engine_rows() -> dict[str, list[list]]:
    """The engine's own figures (engine_memory.json), by shape."""
    rows: dict[str, list[list]] = {}
    for row in json.loads(Path(__file__).with_name("engine_memory.json").read_text())["rows"]:
        rows.setdefault(row[0], []).append(row)
    return rows


@pytest.mark.parametrize(("shape", "rows"), engine_rows().items(), ids=engine_rows())
def test_every_device_holds_what_the_engine_allocates(shape, rows):
    """KV to the byte; compute buffers within 2 MiB (V4: 36)."""
    facts = catalog_facts(shape)
    for _, n_gpu_layers, blocks, experts, boundary, n_ctx, n_ubatch, type_k, type_v, kv, compute in rows:
        cache = memory.kv_cache(facts, n_ctx, type_k, type_v, n_ubatch)
        ratios = facts.hyper.compress_ratios or (0,) * facts.hyper.n_layer
        held = [0] * len(kv)
        for i, ratio in enumerate(ratios):
            device = next((d for d, (a, b) in enumerate(blocks) if a <= i < b), -1)
            held[device] += cache.layers_bytes(1, int(ratio == 4), int(ratio == 128))
        assert held == kv
        load = memory.Load(
            n_ctx,
            n_ubatch,
            type_k,
            type_v,
            n_gpu_layers,
            tuple((a, b) for a, b in blocks),
            ("rpc",) * len(blocks),
            experts,
            tuple(boundary),
        )
        found = memory.compute_buffers(facts, load)
        slack = SLACK_BYTES.get(facts.architecture, 2 * MIB)
        assert [*found.gpus, found.host] == pytest.approx(compute, abs=slack), (load, compute)


def test_weights_of_a_header_are_split_as_the_engine_places_them(tmp_path):
    """Every tensor counts once, rounded up to the buffer's alignment; expert tensors by part."""
    header = read_header(write_shape(tmp_path / "lite.gguf", shapes()["v2-lite"]))
    facts = facts_of_header(header)
    by_name = {t.name: -(-(t.size_bytes or 0) // 32) * 32 for t in header.tensors}
    assert facts.weights_bytes == sum(by_name.values())
    assert facts.token_embd_bytes == by_name["token_embd.weight"]
    dense, routed = facts.layers[0], facts.layers[5]
    assert dense.largest_dense_bytes == by_name["blk.0.ffn_down.weight"]
    assert (dense.routed_expert_bytes, dense.up_exps_bytes) == (0, 0)
    assert routed.gate_exps_bytes == by_name["blk.5.ffn_gate_exps.weight"]
    assert routed.up_exps_bytes == by_name["blk.5.ffn_up_exps.weight"]
    assert routed.down_exps_bytes == by_name["blk.5.ffn_down_exps.weight"]
    assert routed.routed_expert_bytes == routed.gate_exps_bytes + routed.up_exps_bytes + routed.down_exps_bytes


def test_computed_sizes_give_every_part_of_the_experts():
    """Before the header is read: parts add up, and the mixtures favour "down"."""
    for quant, favours_down in (("Q4_K_M", True), ("Q8_0", False)):
        entry = json.loads((RESOURCES / "catalog" / "models.json").read_text())["shapes"]["v3"]
        facts, _ = sizes.facts(sizes.shape_from(entry), quant, None, None, 4096)
        for layer in facts.layers:
            parts = (layer.gate_exps_bytes, layer.up_exps_bytes, layer.down_exps_bytes)
            assert sum(parts) == layer.routed_expert_bytes
            assert 0 < layer.largest_dense_bytes < layer.always_read_bytes
        last = facts.layers[-1]
        assert (last.down_exps_bytes > 1.2 * last.up_exps_bytes) is favours_down


def test_more_context_or_a_larger_batch_never_takes_less():
    for shape in ("llama-8b", "v3", "v2-lite", "v4-flash"):
        facts = catalog_facts(shape)
        n = facts.hyper.n_layer
        for blocks, layers in (((), 0), (((0, n),), n + 1), (((n // 2, n),), n - n // 2)):
            load = memory.Load(4096, 256, "f16", "f16", layers, blocks, ("rpc",) * len(blocks))
            smaller = memory.compute_buffers(facts, load)
            for larger in (replace(load, n_ctx=16384), replace(load, n_ubatch=512)):
                found = memory.compute_buffers(facts, larger)
                assert all(b >= a for a, b in zip(smaller.gpus, found.gpus, strict=True))
                assert found.host >= smaller.host


def test_rows_of_logits_are_what_small_models_pay_for():
    facts = catalog_facts("llama-8b")
    load = memory.Load(32768, 512, "f16", "f16", 33, ((0, 32),), ("rpc",))
    one, all_rows = (memory.compute_buffers(facts, replace(load, n_outputs=n)).gpus[0] for n in (1, 512))
    assert all_rows == pytest.approx(258.5 * MIB, abs=MIB)
    assert one == pytest.approx(140 * MIB, abs=MIB)


def test_without_flash_attention_scores_are_written_out():
    """V3 at 32k takes 8,648 MiB on the processor without it (440 with it)."""
    load = memory.Load(32768, 512, "f16", "f16", 0, (), flash_attention="off", n_outputs=512)
    assert memory.compute_buffers(catalog_facts("v3"), load).host == pytest.approx(8648 * MIB, rel=0.01)


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
    """Op offload: R1 Q4_K_M with all experts in RAM at 32k took 3,176 MiB of the card's compute buffer, not 458."""
    expert = LayerWeights(MIB, 6972 * MIB, 2016 * MIB, 2016 * MIB, 2940 * MIB, MIB)
    facts = replace(catalog_facts("v3"), layers=(LayerWeights(MIB, largest_dense_bytes=MIB),) * 3 + (expert,) * 58)
    load = memory.Load(32768, 512, "f16", "f16", 62, ((0, 61),), ("cuda",), expert_layers_on_cpu=61)
    assert memory.compute_buffers(facts, load).gpus[0] / MIB == pytest.approx(3176, abs=1)
    shared = memory.compute_buffers(facts, replace(load, unified=True))
    assert shared.gpus[0] / MIB == pytest.approx(458.6, abs=1)
    assert memory.compute_buffers(facts, replace(load, backends=("rpc",))) == shared


def test_a_vulkan_device_holds_what_it_copies_over():
    """Dry runs on a Vulkan device (lavapipe), 32k: Llama 8B with 16 layers in RAM, V2-Lite with all experts in RAM."""
    block = LayerWeights(138_936_320, largest_dense_bytes=48_168_960)
    llama = replace(catalog_facts("llama-8b"), layers=(block,) * 32)
    load = memory.Load(32768, 512, "f16", "f16", 17, ((16, 32),), ("vulkan",))
    found = memory.compute_buffers(llama, load)
    assert (found.gpus[0] / MIB, found.host / MIB) == pytest.approx((185.0, 48.0), abs=0.2)
    expert = LayerWeights(MIB, 334_495_744, 103_809_024, 103_809_024, 126_877_696)
    lite = replace(catalog_facts("v2-lite"), layers=(LayerWeights(MIB),) + (expert,) * 26)
    load = memory.Load(32768, 512, "f16", "f16", 28, ((0, 27),), ("vulkan",), expert_layers_on_cpu=27)
    found = memory.compute_buffers(lite, load)
    assert (found.gpus[0] / MIB, found.host / MIB) == pytest.approx((202.0, 40.0), abs=0.2)


def test_old_mla_files_have_no_flash_attention_on_cuda():
    """R1 legacy at 32k takes more than 8 GiB of compute there, unless a quantised V cache forces the processor's."""
    load = memory.Load(32768, 512, "f16", "f16", 62, ((0, 61),), ("cuda",))
    facts = catalog_facts("v3-legacy")
    assert memory.compute_buffers(facts, load).gpus[0] > 8 * GIB
    assert memory.compute_buffers(facts, replace(load, backends=("vulkan",))).gpus[0] < GIB


def test_pipelined_gpus_hold_four_copies_of_the_inputs():
    one, two = loader_of("llama8b", 1), loader_of("llama8b", 2)
    single = one.place(32768, "f16", 33, 0, 512)
    double = two.place(32768, "f16", 33, 0, 512)
    mask = 2 * 32768 * 512
    assert double.host.compute - single.host.compute >= 3 * mask
    assert sum(double.setting.counts) == 33
    assert sum(b.weights for b in double.gpus) == single.gpus[0].weights
