"""What the accuracy matrix tries: placements by name, the settings beside them, and machines that have room for everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from launcher.core.machine import Cpu, EngineDevice, Gpu, Machine, Ram
from launcher.core.models import HyperParameters
from launcher.core.plans import Wishes
from tests.fakes.gguf_shapes import Shape, shapes

_PLENTY = 64 * 2**40
Levers = Callable[[HyperParameters], Wishes | None]


@dataclass(frozen=True)
class Case:
    """One row of the matrix. `n_gpus` 0 is the processor alone."""

    shape: str
    placement: str
    n_gpus: int
    wishes: Wishes

    @property
    def setting(self) -> str:
        """What differs between the cases of one placement."""
        w = self.wishes
        return _words(w.context or 0, w.kv_type, w.n_ubatch)


def _layers(share: float) -> Levers:
    """The last part of the layers; 1.0 is all of them and the output."""
    return lambda h: Wishes(n_gpu_layers=h.n_layer + 1 if share == 1 else int(h.n_layer * share))


def _experts(share: float, boundary: tuple[str, ...] = ()) -> Levers:
    """All layers, with the routed experts of the first part in RAM, and of the layer after it some tensors."""

    def levers(h: HyperParameters) -> Wishes | None:
        if not h.n_expert:
            return None
        n = int(h.n_layer * share)
        return Wishes(n_gpu_layers=h.n_layer + 1, expert_layers_on_cpu=n, boundary_experts_on_cpu=boundary)

    return levers


def _split(levers: Levers, *shares: float) -> Levers:
    def split(h: HyperParameters) -> Wishes | None:
        wishes = levers(h)
        return None if wishes is None else replace(wishes, tensor_split=shares)

    return split


PLACEMENTS: dict[str, tuple[int, Levers]] = {
    "CPU": (0, lambda _h: Wishes(n_gpu_layers=0)),
    "1 GPU, all": (1, _layers(1)),
    "1 GPU, 3/4 of the layers": (1, _layers(0.75)),
    "1 GPU, 1/4 of the layers": (1, _layers(0.25)),
    "1 GPU, experts in RAM": (1, _experts(1)),
    "1 GPU, half of the experts in RAM": (1, _experts(0.5)),
    "1 GPU, half and a down tensor": (1, _experts(0.5, ("down",))),
    "1 GPU, a third, an up and a gate tensor": (1, _experts(0.33, ("up", "gate"))),
    "2 GPUs 1:1": (2, _split(_layers(1), 1, 1)),
    "2 GPUs 3:1": (2, _split(_layers(1), 3, 1)),
    "2 GPUs 2:3, 3/4 of the layers": (2, _split(_layers(0.75), 2, 3)),
    "2 GPUs 1:1, experts in RAM": (2, _split(_experts(1), 1, 1)),
    "2 GPUs 3:1, half and a down tensor": (2, _split(_experts(0.5, ("down",)), 3, 1)),
    "3 GPUs 1:1:1": (3, _split(_layers(1), 1, 1, 1)),
    "3 GPUs 5:3:2": (3, _split(_layers(1), 5, 3, 2)),
    "3 GPUs 1:2:3, half of the experts in RAM": (3, _split(_experts(0.5), 1, 2, 3)),
}

# (context, KV type, ubatch)
SETTINGS = (
    (8_192, "f16", 512),
    (32_768, "q8_0", 512),
    (65_536, "f16", 256),
    (131_072, "q8_0", 512),
    (32_768, "f16", 2048),
)
# For thinned shapes, which are really loaded or stand on a software GPU.
SMALL_SETTINGS = ((4096, "f16", 128), (8192, "q8_0", 256), (2048, "f16", 256))
# Mesa's lavapipe binds no more of one buffer: wider operations go to the processor, a larger cache makes ggml-vulkan abort.
LAVAPIPE_BINDING_BYTES = 128 * 2**20
# Architectures that differ in what their graphs hold; the others repeat one of these in another size.
_QUICK_SHAPES = ("llama-8b", "qwen2-7b", "moe-16b", "v2-lite", "v2", "v3", "v32", "v4-flash", "v3-legacy", "qwen3-8b")


def tried_shape(name: str, *, thin: bool) -> Shape:
    """A catalog shape, or what a real load of it keeps: layers for three GPUs and of every kind, some experts and words."""
    return shapes()[name].thinned(n_layer=8, n_expert=16, n_vocab=16_384) if thin else shapes()[name]


def all_cases(names: Sequence[str] = (), *, thin: bool = False) -> Iterator[Case]:
    """Every catalog architecture, placement and setting; sorted so that neighbours share a model load."""
    for name in names or tuple(shapes()):
        hyper = tried_shape(name, thin=thin).hyper
        for placement, (n_gpus, levers) in PLACEMENTS.items():
            wishes = levers(hyper)
            for setting in SMALL_SETTINGS if thin else SETTINGS:
                if wishes is not None and not (
                    thin and _cache_row_bytes(name, hyper) * setting[0] > LAVAPIPE_BINDING_BYTES
                ):
                    yield Case(name, placement, n_gpus, _set(wishes, *setting))


def _cache_row_bytes(name: str, h: HyperParameters) -> int:
    """K cache of one token and layer at f16."""
    heads, width = (h.n_head, 192) if name.endswith("-legacy") else (h.n_head_kv, h.head_dim_k)
    return 2 * heads * width


def quick_cases() -> list[Case]:
    """About forty, with every placement, setting and kind of architecture among them."""
    chosen: list[Case] = []
    for i, name in enumerate(_QUICK_SHAPES):
        context, kv_type, n_ubatch = SETTINGS[i % len(SETTINGS)]
        every = [c for c in all_cases((name,)) if c.setting == _words(context, kv_type, n_ubatch)]
        chosen += [c for j, c in enumerate(every) if (i + j) % 3 == 0][:5]
    return chosen


def _words(context: int, kv_type: str | None, n_ubatch: int | None) -> str:
    return f"{context // 1024}k {kv_type} ub{n_ubatch}"


def _set(wishes: Wishes, context: int, kv_type: str, n_ubatch: int) -> Wishes:
    return replace(wishes, context=context, kv_type=kv_type, n_ubatch=n_ubatch)


def roomy_machine(n_gpus: int, own: tuple[EngineDevice, ...] = ()) -> Machine:
    """A machine on which every placement fits: RPC devices, or the engine's own devices with unlimited memory."""
    gpus = tuple(Gpu(f"RPC{i}", "other", "rpc", _PLENTY, _PLENTY) for i in range(n_gpus))
    if own:
        gpus = tuple(
            Gpu(d.name, "other", d.backend, _PLENTY, _PLENTY, engine_device=d.name)
            for d in [d for d in own if d.kind in ("gpu", "igpu")][:n_gpus]
        )
    return Machine("Roomy", "linux", Cpu("CPU", 16, 32), Ram(_PLENTY, _PLENTY, 50e9), gpus=gpus, engine_devices=own)
