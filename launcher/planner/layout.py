"""One placement of one model, measured: bytes per device and seconds per token. The search tries many of these.

llama.cpp offloads the *last* `n_gpu_layers - 1` blocks and the output; routed experts of the first N blocks (and single
expert tensors of the next one) can be kept in RAM by overrides. Blocks go to several GPUs in order, by shares
(src/llama-model.cpp). With no layer offloaded the engine uses no GPU at all.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import accumulate
from operator import add

from launcher.core.models import ModelFacts
from launcher.planner import checkpoints, dealing, memory, pace
from launcher.planner.estimate import Estimator
from launcher.planner.machine_view import View
from launcher.planner.pinned import Pinned, Pins


@dataclass(frozen=True, slots=True)
class Setting:
    """The levers of one placement.

    Attributes:
        boundary: expert tensors ("up", "gate", "down") of block number `expert_layers_on_cpu` that stay in RAM too.
        counts: offloaded blocks per GPU in order, the output counted with the last used one.
    """

    n_ctx: int
    kv_type: str
    kv_type_v: str
    n_ubatch: int
    n_gpu_layers: int
    expert_layers_on_cpu: int = 0
    boundary: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Bytes:
    """Memory on one device."""

    weights: int = 0
    kv: int = 0
    compute: int = 0

    @property
    def total(self) -> int:
        """All three."""
        return self.weights + self.kv + self.compute

    def __add__(self, other: Bytes) -> Bytes:
        """Both together."""
        return Bytes(self.weights + other.weights, self.kv + other.kv, self.compute + other.compute)


@dataclass(frozen=True, slots=True)
class Layout:
    """A placement with its memory and speed.

    Attributes:
        gpus: per GPU of the view.
        host_routed: the part of `host` that is routed experts.
        checkpoint_bytes: RAM beside `host`: the snapshots of conversations at their most.
        missing_gpu_bytes, missing_host_bytes: what does not fit; 0 when it fits.
        token_s: seconds per token while answering.
    """

    setting: Setting
    gpus: tuple[Bytes, ...]
    host: Bytes
    host_routed: int
    missing_gpu_bytes: int
    missing_host_bytes: int
    token_s: float
    checkpoint_bytes: int = 0

    @property
    def ram_bytes(self) -> int:
        """All that the RAM holds."""
        return self.host.total + self.checkpoint_bytes

    @property
    def fits(self) -> bool:
        """Every device holds its part."""
        return not self.missing_gpu_bytes and not self.missing_host_bytes

    @property
    def kv_bytes(self) -> int:
        """The cache on all devices."""
        return self.host.kv + sum(b.kv for b in self.gpus)


class Loader:
    """Measures placements of one model on one machine. Sums over blocks are prepared once: a placement costs microseconds.

    Args:
        facts: of the file set.
        view: the machine.
        quant: its quantisation, for the speed.
        has_mtp: multi-token-prediction blocks are loaded: they have a KV cache of their own.
        n_parallel: answers at once.
        n_guesses: tokens that a draft guesses at once; each has a row of logits of its own beside those of the answers.
        pins: tensors that lie where overrides say, whatever the placement; None without overrides.

    Attributes:
        rest: the model without its pins: what a placement moves.
        can_leave_cards: none of the view's GPUs is named by an override.
        rooms_bytes: per GPU of the view what pins leave of the budget.
    """

    def __init__(
        self,
        facts: ModelFacts,
        view: View,
        quant: str,
        *,
        has_mtp: bool = False,
        n_parallel: int = 1,
        n_guesses: int = 0,
        pins: Pins | None = None,
    ) -> None:
        self.facts = facts
        self.pins = pins
        self.rest = rest = pins.rest if pins else facts
        self.can_leave_cards = not (pins and pins.gpus)
        self.quant = quant
        self.weights_bytes = facts.weights_bytes
        self.has_mtp = has_mtp
        self.n_parallel = n_parallel
        self.n_outputs = n_parallel + n_guesses
        h = facts.hyper
        self.n_layer = h.n_layer
        self.n_dense = h.leading_dense if h.n_expert else h.n_layer
        self._always = [0, *accumulate(layer.always_read_bytes for layer in rest.layers)]
        self._routed = [0, *accumulate(layer.routed_expert_bytes for layer in rest.layers)]
        ratios = (h.compress_ratios + (0,) * h.n_layer)[: h.n_layer]
        self._ratio4 = [0, *accumulate(int(r == 4) for r in ratios)]
        self._ratio128 = [0, *accumulate(int(r == 128) for r in ratios)]
        self._kv_layers = h.n_layer - (0 if has_mtp else h.nextn_layers)
        self.used_share = h.n_expert_used / h.n_expert if h.n_expert else 0.0
        self.has_experts = self._routed[-1] > 0
        self._is_uniform = self._kv_layers == h.n_layer and not any(ratios)
        self._estimator = Estimator(facts)
        # Remembered for all views of the model: the same sums and buffers are asked for many times in a search.
        self._kv: dict[memory.KvCache, list[int]] = {}
        self._ends: dict[tuple[memory.KvCache, int, tuple[str, ...]], list[int]] = {}
        self._exact: dict[memory.Load, memory.Buffers] = {}
        self._kept: dict[str, int] = {}
        self._set_view(view)

    def _set_view(self, view: View) -> None:
        self.view = view
        self.devices = tuple(g.device(self.quant) for g in view.gpus)
        self.host_device = view.host_device(self.quant)
        self._backends = tuple(g.backend for g in view.gpus)
        self._pinned = Pinned(self.pins, view)
        self.rooms_bytes = tuple(
            max(0, g.budget_bytes - held.total) for g, held in zip(view.gpus, self._pinned.gpus, strict=True)
        )

    def on(self, view: View) -> Loader:
        """The same model on other devices."""
        other = copy.copy(self)
        other._set_view(view)
        return other

    # --- sums over blocks [a, b) ---

    def always_bytes(self, a: int, b: int) -> int:
        """Bytes that every token reads."""
        return self._always[b] - self._always[a] if b > a else 0

    def routed_bytes(self, a: int, b: int) -> int:
        """Bytes of routed experts."""
        return self._routed[b] - self._routed[a] if b > a else 0

    def part_bytes(self, block: int, parts: tuple[str, ...]) -> int:
        """Bytes of some expert tensors of a block; 0 where the sizes of its parts are not known."""
        if not parts or block >= self.n_layer:
            return 0
        layer = self.rest.layers[block]
        sizes = {"up": layer.up_exps_bytes, "gate": layer.gate_exps_bytes, "down": layer.down_exps_bytes}
        return sum(sizes.get(p, 0) for p in parts)

    def kv_bytes(self, cache: memory.KvCache, a: int, b: int) -> int:
        """KV cache of the blocks; a multi-token-prediction block that is not loaded has none."""
        if self._is_uniform:
            return (b - a) * cache.plain_bytes
        a, b = min(a, self._kv_layers), min(b, self._kv_layers)
        return cache.layers_bytes(b - a, self._ratio4[b] - self._ratio4[a], self._ratio128[b] - self._ratio128[a])

    def cache(self, n_ctx: int, kv_type: str, n_ubatch: int, kv_type_v: str | None = None) -> memory.KvCache:
        """The KV cache at these settings."""
        return memory.kv_cache(self.facts, n_ctx, kv_type, kv_type_v or kv_type, n_ubatch, self.n_parallel)

    def checkpoint_bytes(self, kv_type: str) -> int:
        """Snapshots of conversations in RAM, at their most."""
        if kv_type not in self._kept:
            self._kept[kv_type] = checkpoints.kept_bytes(self.facts, kv_type, self.n_parallel)
        return self._kept[kv_type]

    def first_offloaded(self, n_gpu_layers: int) -> int:
        """Index of the first block on a GPU."""
        return max(0, self.n_layer + 1 - n_gpu_layers) if n_gpu_layers else self.n_layer

    def ends(self, cache: memory.KvCache, experts: int, boundary: tuple[str, ...] = ()) -> list[int]:
        """Bytes on GPUs of blocks [0, i) if all were there, for i up to the output as the block after the last."""
        key = cache, experts, boundary
        if key not in self._ends:
            self._ends[key] = self._summed(cache, experts, boundary)
        return self._ends[key]

    def _summed(self, cache: memory.KvCache, experts: int, boundary: tuple[str, ...]) -> list[int]:
        held = self._kv.get(cache)
        if held is None:
            held = self._kv[cache] = list(map(add, self._always, self._kv_sums(cache)))
        top = held[-1] + self.rest.output_bytes
        if not self.has_experts:
            return [*held, top]
        away = self._routed[min(experts, self.n_layer)] + self.part_bytes(experts, boundary)
        sums = [
            *held[: experts + 1],
            *(h + routed - away for h, routed in zip(held[experts + 1 :], self._routed[experts + 1 :], strict=True)),
        ]
        return [*sums, sums[-1] + self.rest.output_bytes]

    def _kv_sums(self, cache: memory.KvCache) -> list[int]:
        """KV bytes of blocks [0, i)."""
        if not self._is_uniform:
            n, last = self._kv_layers, self.n_layer + 1
            sums = map(cache.layers_bytes, range(n + 1), self._ratio4, self._ratio128)
            return [*sums, *[self.kv_bytes(cache, 0, n)] * (last - n - 1)]
        return [i * cache.plain_bytes for i in range(self.n_layer + 1)]

    # --- measuring ---

    def place(
        self,
        n_ctx: int,
        kv_type: str,
        n_gpu_layers: int,
        experts: int,
        n_ubatch: int,
        shares: tuple[float, ...] | None = None,
    ) -> Layout:
        """Measure a placement given by its main levers; without `shares` the cards get blocks by their budgets."""
        n_gpus = len(self.view.gpus)
        given = (*(shares or ()), *(0.0,) * n_gpus)[:n_gpus]
        counts = dealing.by_share(given if shares else [*map(float, self.rooms_bytes)], n_gpu_layers)
        return self.measure(Setting(n_ctx, kv_type, kv_type, n_ubatch, n_gpu_layers, experts, (), counts))

    def blocks(self, s: Setting) -> tuple[tuple[int, int], ...]:
        """Blocks [first, end) of every GPU."""
        at, out = self.first_offloaded(s.n_gpu_layers), list[tuple[int, int]]()
        for i in range(len(self.view.gpus)):
            end = min(self.n_layer, at + (s.counts[i] if i < len(s.counts) else 0))
            out.append((at, end))
            at = end
        return tuple(out)

    def load_of(self, s: Setting) -> memory.Load:
        """What the compute buffers depend on. With no layer offloaded the engine is given no GPU."""
        is_offloaded = s.n_gpu_layers > 0
        return memory.Load(
            s.n_ctx,
            s.n_ubatch,
            s.kv_type,
            s.kv_type_v,
            s.n_gpu_layers,
            self.blocks(s) if is_offloaded else (),
            self._backends if is_offloaded else (),
            s.expert_layers_on_cpu,
            s.boundary,
            n_outputs=self.n_outputs,
            n_parallel=self.n_parallel,
            unified=self.view.unified,
            pins=self._pinned.named if self.pins else None,
        )

    def buffers(self, s: Setting, *, exact: bool = False) -> memory.Buffers:
        """Compute buffers of a placement: estimated, or simulated as the engine allocates them (milliseconds)."""
        load = self.load_of(s)
        if exact:
            found = self._exact.get(load)
            if found is None:
                found = self._exact[load] = memory.compute_buffers(self.facts, load)
        else:
            found = self._estimator.buffers(load, host_experts=self.expert_layers(s) > 0 or self._pinned.host.total > 0)
        if not load.gpu_blocks:
            return memory.Buffers((0,) * len(self.view.gpus), found.host)
        return found

    def measure(self, s: Setting, buffers: memory.Buffers | None = None) -> Layout:
        """Bytes on every device and the speed, with estimated compute buffers unless others are given."""
        rest, view, pinned = self.rest, self.view, self._pinned
        cache = self.cache(s.n_ctx, s.kv_type, s.n_ubatch, s.kv_type_v)
        buffers = buffers or self.buffers(s)
        first, experts = self.first_offloaded(s.n_gpu_layers), s.expert_layers_on_cpu
        output_gpu = max((i for i, c in enumerate(s.counts) if c), default=-1)
        away = self.part_bytes(experts, s.boundary) if first <= experts < self.n_layer else 0
        gpus: list[Bytes] = []
        parts: list[pace.Part] = []
        # Without an offloaded layer the engine is given no card to put anything on.
        missing = 0 if s.n_gpu_layers else sum(held.total for held in pinned.gpus)
        for i, (a, b) in enumerate(self.blocks(s)):
            resident = self.routed_bytes(max(a, experts), b) - (away if a <= experts < b else 0)
            always = self.always_bytes(a, b) + (rest.output_bytes if i == output_gpu else 0) + pinned.gpus[i].always
            resident += pinned.gpus[i].routed
            held = Bytes(always + resident + pinned.gpus[i].table, self.kv_bytes(cache, a, b), buffers.gpus[i])
            gpus.append(held)
            missing += max(0, held.total - view.gpus[i].budget_bytes)
            parts.append(pace.Part(a, b, always, resident, held.kv))
        host_routed = self.routed_bytes(0, first) + self.routed_bytes(first, min(experts, self.n_layer)) + away
        host_routed += pinned.host.routed
        host_always = self.always_bytes(0, first) + (0 if s.n_gpu_layers else rest.output_bytes) + pinned.host.always
        # A tied output matrix is the table that is there anyway: read as both, held once.
        host_held = host_always + host_routed + rest.token_embd_bytes - (0 if s.n_gpu_layers else rest.tied_bytes)
        host = Bytes(host_held, self.kv_bytes(cache, 0, first), buffers.host)
        kept = self.checkpoint_bytes(s.kv_type)
        pool = host.total + kept + (sum(g.total for g in gpus) if view.unified else 0)
        token_s = pace.token_seconds(
            self, s.n_ctx, parts, pace.Part(0, first, host_always, host_routed, host.kv), self._crossings(s)
        )
        return Layout(
            s, tuple(gpus), host, host_routed, missing, max(0, pool - view.ram_budget_bytes), token_s, kept
        )  # fmt: skip

    def expert_layers(self, s: Setting) -> int:
        """Blocks on a GPU of which routed experts are in RAM, a block of which only parts are there included."""
        return len(self._shared_blocks(s))

    def _shared_blocks(self, s: Setting) -> range:
        first = self.first_offloaded(s.n_gpu_layers)
        end = min(s.expert_layers_on_cpu + bool(s.boundary), self.n_layer)
        return range(max(first, self.n_dense), end)

    def _crossings(self, s: Setting) -> int:
        """Blocks of which a part is on another device."""
        shared = self._shared_blocks(s)
        return len(shared) + (self._pinned.crossings(self.blocks(s), shared) if self.pins else 0)
