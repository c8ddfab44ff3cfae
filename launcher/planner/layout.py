"""One placement of one model, measured: bytes per device and seconds per token. The search tries many of these.

llama.cpp offloads the *last* `n_gpu_layers - 1` blocks and the output; routed experts of the first N blocks can be kept
in RAM by overrides. Blocks go to several GPUs in order, by shares (src/llama-model.cpp).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from launcher.core.models import ModelFacts
from launcher.core.plans import DeviceMemory
from launcher.planner import memory, speed
from launcher.planner.machine_view import UNACCOUNTED_HOST_BYTES, View

# Position in the context at which decode speed is quoted: a few answers into a chat.
QUOTED_POSITION = 1024


@dataclass(frozen=True, slots=True)
class Setting:
    """The levers of one placement. `counts`: offloaded blocks per GPU in order, output included in the last used one."""

    n_ctx: int
    kv_type: str
    n_gpu_layers: int
    expert_layers_on_cpu: int
    counts: tuple[int, ...]
    n_ubatch: int


@dataclass(frozen=True, slots=True)
class Bytes:
    """Memory on one device."""

    weights: int
    kv: int
    compute: int

    @property
    def total(self) -> int:
        """All three."""
        return self.weights + self.kv + self.compute


@dataclass(frozen=True, slots=True)
class Layout:
    """A placement with its memory and speed. `missing_bytes` is what does not fit (0 when it fits)."""

    setting: Setting
    gpus: tuple[Bytes, ...]
    host: Bytes
    missing_gpu_bytes: int
    missing_host_bytes: int
    token_s: float

    @property
    def fits(self) -> bool:
        """Every device holds its part."""
        return not self.missing_gpu_bytes and not self.missing_host_bytes


class Loader:
    """Measures placements of one model on one machine. Sums over blocks are prepared once: a placement costs microseconds."""

    def __init__(self, facts: ModelFacts, view: View, quant: str) -> None:
        self.facts = facts
        self.view = view
        h = facts.hyper
        self.n_layer = h.n_layer
        self.n_dense = h.leading_dense if h.n_expert else h.n_layer
        self._always = [0, *accumulate(layer.always_read_bytes for layer in facts.layers)]
        self._routed = [0, *accumulate(layer.routed_expert_bytes for layer in facts.layers)]
        ratios = (h.compress_ratios + (0,) * h.n_layer)[: h.n_layer]
        self._ratio4 = [0, *accumulate(int(r == 4) for r in ratios)]
        self._ratio128 = [0, *accumulate(int(r == 128) for r in ratios)]
        self._kv_layers = h.n_layer - h.nextn_layers
        self._is_uniform = not h.nextn_layers and not any(ratios)
        self._used = h.n_expert_used / h.n_expert if h.n_expert else 0.0
        self._compute: dict[tuple[memory.Load, bool], int] = {}
        self.host_device = speed.host_device(view.ram_bandwidth_bytes_s, view.cores, quant)

    # --- sums over blocks [a, b) ---

    def always_bytes(self, a: int, b: int) -> int:
        """Bytes that every token reads."""
        return self._always[b] - self._always[a]

    def routed_bytes(self, a: int, b: int) -> int:
        """Bytes of routed experts."""
        return self._routed[b] - self._routed[a] if b > a else 0

    def kv_bytes(self, cache: memory.KvCache, a: int, b: int) -> int:
        """KV cache of the blocks; a multi-token-prediction block has none."""
        if self._is_uniform:
            return (b - a) * cache.plain_bytes
        a, b = min(a, self._kv_layers), min(b, self._kv_layers)
        return cache.layers_bytes(b - a, self._ratio4[b] - self._ratio4[a], self._ratio128[b] - self._ratio128[a])

    def cache(self, n_ctx: int, kv_type: str, n_ubatch: int) -> memory.KvCache:
        """The KV cache at these settings."""
        return memory.kv_cache(self.facts, n_ctx, kv_type, kv_type, n_ubatch)

    def load_of(
        self, n_ctx: int, kv_type: str, n_ubatch: int, n_gpu_layers: int, experts: int, counts: tuple[int, ...] = ()
    ) -> memory.Load:
        """What the compute buffers depend on; without `counts` the blocks are dealt out evenly (a search's first guess)."""
        n_gpus = len(self.view.gpus)
        counts = counts or self._by_share([1] * n_gpus, n_gpu_layers) if n_gpus else ()
        counts += (0,) * (n_gpus - len(counts))
        at, blocks = self.first_offloaded(n_gpu_layers), list[tuple[int, int]]()
        for count in counts:
            end = min(self.n_layer, at + count)
            blocks.append((at, end))
            at = end
        return memory.Load(
            n_ctx,
            n_ubatch,
            kv_type,
            kv_type,
            n_gpu_layers,
            tuple(blocks),
            expert_layers_on_cpu=experts,
            unified=self.view.unified,
        )

    def first_offloaded(self, n_gpu_layers: int) -> int:
        """Index of the first block on a GPU."""
        return max(0, self.n_layer + 1 - n_gpu_layers) if n_gpu_layers else self.n_layer

    def gpu_compute_bytes(self, load: memory.Load, *, has_output: bool = True) -> int:
        """Compute buffer of a GPU, remembered: the search asks for the same few settings again and again."""
        key = (load, has_output)
        if key not in self._compute:
            self._compute[key] = memory.gpu_compute_bytes(self.facts, load, has_output=has_output)
        return self._compute[key]

    # --- placing ---

    def split(self, cache: memory.KvCache, load: memory.Load, n_gpu_layers: int, experts: int) -> tuple[int, ...]:
        """Blocks per GPU so that every card is filled to the same share of its budget (output on the last one)."""
        n_gpus = len(self.view.gpus)
        if n_gpus <= 1 or not n_gpu_layers:
            return (n_gpu_layers,) * min(1, n_gpus)
        compute = self.gpu_compute_bytes(load)
        budgets = [max(0, g.budget_bytes - compute) for g in self.view.gpus]
        best = self._fill(cache, n_gpu_layers, experts, budgets, 1.0)
        if best is None:
            return self._by_share(budgets, n_gpu_layers)
        if n_gpu_layers <= self.n_layer or experts:
            return best  # the cards are full anyway: there is nothing to even out
        low, high = 0.0, 1.0
        for _ in range(7):
            middle = (low + high) / 2
            counts = self._fill(cache, n_gpu_layers, experts, budgets, middle)
            if counts is None:
                low = middle
            else:
                best, high = counts, middle
        return best

    def cards_hold(
        self, n_ctx: int, kv_type: str, n_gpu_layers: int, experts: int, n_ubatch: int, shares: tuple[float, ...] | None
    ) -> bool:
        """Whether the GPUs hold their part: what `place` would find, without measuring the rest."""
        gpus = self.view.gpus
        if shares is not None and len(gpus) > 1:
            return not self.place(n_ctx, kv_type, n_gpu_layers, experts, n_ubatch, shares).missing_gpu_bytes
        cache = self.cache(n_ctx, kv_type, n_ubatch)
        load = self.load_of(n_ctx, kv_type, n_ubatch, n_gpu_layers, experts)
        compute = self.gpu_compute_bytes(load)
        if not gpus:
            return True
        if len(gpus) == 1:
            first = self.first_offloaded(n_gpu_layers)
            need = self.always_bytes(first, self.n_layer) + self.routed_bytes(max(first, experts), self.n_layer)
            need += self.kv_bytes(cache, first, self.n_layer) + (self.facts.output_bytes if n_gpu_layers else 0)
            return need + (compute if n_gpu_layers or not self.view.unified else 0) <= gpus[0].budget_bytes
        if not n_gpu_layers:
            return compute <= gpus[0].budget_bytes or self.view.unified
        budgets = [g.budget_bytes - compute for g in gpus]
        return self._fill(cache, n_gpu_layers, experts, budgets, 1.0) is not None

    def _fill(
        self, cache: memory.KvCache, n_gpu_layers: int, experts: int, budgets: list[int], share: float
    ) -> tuple[int, ...] | None:
        """Blocks in order onto cards up to a share of their budgets; None when some are left over."""
        at = self.first_offloaded(n_gpu_layers)
        counts: list[int] = []
        for budget in budgets:
            room = budget * share
            low, high = at, self.n_layer + 1  # the output counts as the block after the last
            while low < high:
                end = (low + high + 1) // 2
                blocks = min(end, self.n_layer)
                need = self._always[blocks] - self._always[min(at, self.n_layer)]
                need += self.routed_bytes(max(at, experts), blocks) + self.kv_bytes(cache, at, blocks)
                need += self.facts.output_bytes if end > self.n_layer else 0
                low, high = (end, high) if need <= room else (low, end - 1)
            counts.append(low - at)
            at = low
        return tuple(counts) if at == self.n_layer + 1 else None

    @staticmethod
    def _by_share(budgets: list[int], n: int) -> tuple[int, ...]:
        total = sum(budgets) or 1
        ends = [round(n * s / total) for s in accumulate(budgets)]
        ends[-1] = n
        return tuple(b - a for a, b in zip([0, *ends], ends, strict=False))

    def place(
        self,
        n_ctx: int,
        kv_type: str,
        n_gpu_layers: int,
        experts: int,
        n_ubatch: int,
        shares: tuple[float, ...] | None = None,
    ) -> Layout:
        """Measure one placement; `shares` fixes how GPUs divide the blocks (llama.cpp's tensor_split)."""
        n_gpus = len(self.view.gpus)
        cache = self.cache(n_ctx, kv_type, n_ubatch)
        load = self.load_of(n_ctx, kv_type, n_ubatch, n_gpu_layers, experts)
        if shares is not None and n_gpus > 1:
            counts = self._by_share([round(s * 1e6) for s in (shares + (0.0,) * n_gpus)[:n_gpus]], n_gpu_layers)
        else:
            counts = self.split(cache, load, n_gpu_layers, experts)
        load = self.load_of(n_ctx, kv_type, n_ubatch, n_gpu_layers, experts, counts)
        return self._measure(Setting(n_ctx, kv_type, n_gpu_layers, experts, counts, n_ubatch), cache, load)

    def _measure(self, s: Setting, cache: memory.KvCache, load: memory.Load) -> Layout:
        facts, view = self.facts, self.view
        first = self.first_offloaded(s.n_gpu_layers)
        position = min(QUOTED_POSITION, s.n_ctx)
        kv_read = position / max(1, s.n_ctx)
        seconds, missing, handovers = 0.0, 0, 0
        gpus: list[Bytes] = []
        at = first
        buffers = memory.compute_buffers(facts, load)
        output_gpu = max((i for i, c in enumerate(s.counts) if c), default=-1)
        for i, gpu in enumerate(view.gpus):
            count = s.counts[i] if i < len(s.counts) else 0
            end = min(self.n_layer, at + count)
            has_output = i == output_gpu
            resident = self.routed_bytes(max(at, s.expert_layers_on_cpu), end)
            always = self.always_bytes(at, end) + (facts.output_bytes if has_output else 0)
            kv = self.kv_bytes(cache, at, end)
            compute = buffers.gpus[i]
            gpus.append(Bytes(always + resident, kv, compute))
            missing += max(0, always + resident + kv + compute - gpu.budget_bytes)
            if count:
                work = speed.Work(always + resident * self._used + kv * kv_read, *self._kinds(at, end))
                seconds += speed.device_seconds(gpu.device, work)
                handovers += 1
            at = end
        host_routed_on_gpu_layers = self.routed_bytes(first, min(s.expert_layers_on_cpu, self.n_layer))
        host_always = self.always_bytes(0, first) + (0 if s.n_gpu_layers else facts.output_bytes)
        host_routed = self.routed_bytes(0, first) + host_routed_on_gpu_layers
        host_kv = self.kv_bytes(cache, 0, first)
        host = Bytes(
            host_always + host_routed + facts.token_embd_bytes,
            host_kv,
            buffers.host,
        )
        if host_always + host_routed:
            work = speed.Work(host_always + host_routed * self._used + host_kv * kv_read, *self._kinds(0, first))
            seconds += speed.device_seconds(self.host_device, work)
            n_expert_layers = max(0, min(s.expert_layers_on_cpu, self.n_layer) - max(first, self.n_dense))
            handovers += 2 * n_expert_layers if host_routed_on_gpu_layers else 1
        pool = host.total + (sum(g.total for g in gpus) if view.unified else 0)
        return Layout(
            s, tuple(gpus), host, missing, max(0, pool - view.ram_budget_bytes), speed.token_seconds(seconds, handovers)
        )

    def _kinds(self, a: int, b: int) -> tuple[int, int]:
        """(dense blocks, expert or MLA blocks) of [a, b): the latter cost twice the constant."""
        if self.facts.hyper.kv_lora_rank or self.facts.hyper.compress_ratios:
            return 0, b - a
        dense = max(0, min(b, self.n_dense) - a)
        return dense, b - a - dense

    # --- the rest of the speed ---

    def prefill_tokens_s(self, layout: Layout, n_tokens: int) -> float:
        """Prompt tokens per second in batches of the ubatch."""
        s, view, h = layout.setting, self.view, self.facts.hyper
        batch = max(1, min(s.n_ubatch, n_tokens))
        first = self.first_offloaded(s.n_gpu_layers)
        total = self.facts.weights_bytes - self.facts.token_embd_bytes
        params = _params_per_byte(self.facts)
        host_routed = layout.host.weights - self.facts.token_embd_bytes - self.always_bytes(0, first)
        host_routed = host_routed if s.n_gpu_layers else self.routed_bytes(0, self.n_layer)
        host_always = layout.host.weights - self.facts.token_embd_bytes - host_routed
        routed = self.routed_bytes(0, self.n_layer)
        active = total - routed + routed * self._used
        host_active = host_always + host_routed * self._used
        gpu_flops = min((g.device.flops for g, b in zip(view.gpus, layout.gpus, strict=True) if b.compute), default=0.0)
        streamed = 0.0
        if gpu_flops and not view.unified and batch >= 32:
            streamed = host_always + host_routed * speed.used_expert_share(h.n_expert_used, h.n_expert, batch)
        seconds = speed.ubatch_seconds(
            batch,
            2 * params * (active - host_active),
            gpu_flops,
            2 * params * host_active,
            self.host_device.flops,
            streamed,
            view.bus_bytes_s,
        )
        return batch / seconds

    def disk_seconds(self, layout: Layout) -> float | None:
        """Extra seconds per token when the part that RAM cannot hold is read from disk; None without a known disk.

        Experts are picked token by token: a missing share is read at about half the disk's rate (small pages). Dense
        weights are read in the same order every token, the worst case for the page cache: twice the missing share.
        """
        if not self.view.disk_bytes_s or not layout.missing_host_bytes:
            return None if layout.missing_host_bytes else 0.0
        weights = max(1, layout.host.weights - self.facts.token_embd_bytes)
        share = min(1.0, layout.missing_host_bytes / weights)
        if not self._used:
            return min(1.0, 2 * share) * weights / self.view.disk_bytes_s
        s = layout.setting
        first = self.first_offloaded(s.n_gpu_layers)
        routed = self.routed_bytes(0, max(first, min(s.expert_layers_on_cpu, self.n_layer)))
        always = max(0, weights - routed)
        active = routed * self._used + (always if layout.missing_host_bytes > routed else 0)
        return share * active / (self.view.disk_bytes_s * 0.5)

    def memory_rows(
        self, layout: Layout, capacities: tuple[int | None, ...], ram_free: int, ram_total: int, *, is_paged: bool
    ) -> tuple[DeviceMemory, ...]:
        """One entry per device for the plan; weights that page from disk are not counted as resident."""
        rows = [
            DeviceMemory(g.name, "gpu", b.weights, b.kv, b.compute, g.unaccounted_bytes, g.free_bytes, capacity)
            for g, b, capacity in zip(self.view.gpus, layout.gpus, capacities, strict=True)
            if b.total
        ]
        weights = layout.host.weights - (min(layout.missing_host_bytes, layout.host.weights) if is_paged else 0)
        rows.append(
            DeviceMemory(
                "RAM", "host", weights, layout.host.kv, layout.host.compute, UNACCOUNTED_HOST_BYTES, ram_free, ram_total
            )
        )
        return tuple(rows)


def _params_per_byte(facts: ModelFacts) -> float:
    """Parameters per byte of weights, from the shape; close enough for arithmetic of prefill."""
    h = facts.hyper
    dense = h.leading_dense if h.n_expert else h.n_layer
    attention = h.n_embd * h.n_head * h.head_dim_v * 2
    if h.kv_lora_rank:
        attention = h.n_embd * h.n_head * 128 * 2
    experts = 3 * h.n_embd * h.n_ff_exp * (h.n_expert + h.n_expert_shared)
    params = h.n_layer * attention + dense * 3 * h.n_embd * h.n_ff + (h.n_layer - dense) * experts
    params += h.n_embd * h.n_vocab
    return params / max(1, facts.weights_bytes - facts.token_embd_bytes)
