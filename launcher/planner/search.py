"""Finds the placement: every way of laying the model out at every sensible lever, and of those that fit the best one.

What is tried, each measured by the same formulas and judged by `worth`:

1. everything on the GPUs, on the fewest and fastest cards that hold it, with the largest context up to the target; then
   the KV cache in q8_0, a smaller ubatch and at last q4_0, where those buy context;
2. mixture of experts: attention, shared experts and KV on the GPUs, routed experts of the first N blocks in RAM, down to
   single tensors of the next block; 3. the last layers on the GPUs, the others in RAM; 4. the processor alone. Of these
   the best is tried again with larger ubatches: weights in RAM are copied to the card once per ubatch of a prompt;
5. paging from disk, when the RAM is short.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from launcher.core.plans import Goal, Wishes
from launcher.planner import pace
from launcher.planner.candidates import Candidate, candidates, value
from launcher.planner.layout import Layout, Loader
from launcher.planner.machine_view import View
from launcher.planner.wanted import DEFAULT_BATCH, target_of
from launcher.planner.worth import PROMPT_TOKENS, worth

_LARGER_UBATCHES = (1024, 2048)
# How often a search is repeated with what the exact buffers leave, and how close estimates need not be corrected.
_CORRECTIONS, _CLOSE_BYTES = 3, 48 * 2**20
# Another set of cards is looked at exactly too where the estimate puts it so close to the best one.
_CLOSE_VALUE = 0.85
_TINY_CARD_BYTES = 2**29
# Paging is offered while it is still usable.
SLOWEST_PAGING_TOKENS_S = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """The chosen placement.

    Attributes:
        loader: the model on the devices that are used.
        disk_s: seconds per token for reading from disk, 0 when all is in memory.
    """

    loader: Loader
    layout: Layout
    fits: bool
    disk_s: float = 0.0

    @property
    def decode_tokens_s(self) -> float:
        """Tokens per second."""
        return 1.0 / (self.layout.token_s + self.disk_s)


def search(loader: Loader, wishes: Wishes, *, is_exact: bool = True) -> Found:
    """The best placement under the wishes; when nothing fits, the one that misses least, with `fits` False.

    Args:
        loader: the model on the machine.
        wishes: levers fixed by hand are obeyed, the others searched.
        is_exact: the compute buffers of the choice are simulated as the engine allocates them; where they differ from
            the estimate, the search is repeated with what is really left. False is for ranking many files quickly.
    """
    if not is_exact:
        return _estimated(loader, wishes, is_quick=True)[0]
    best, rival = _corrected(loader, wishes)
    gpus = loader.view.gpus
    least = min(range(len(gpus)), key=lambda i: gpus[i].budget_bytes, default=0)
    if rival is None and len(gpus) > 1 and loader.can_leave_cards and gpus[least].budget_bytes < _TINY_CARD_BYTES:
        # A tiny card may spoil it: its buffers leave room for next to nothing.
        rival = loader.view.only([i for i in range(len(gpus)) if i != least])
    if rival is None:
        return best
    other, _ = _corrected(loader.on(rival), wishes)
    return max(best, other, key=lambda f: _rank(f, wishes))


def _corrected(loader: Loader, wishes: Wishes) -> tuple[Found, View | None]:
    """The best placement with exact buffers, and other cards that may turn out better."""
    found, rival = _estimated(loader, wishes)
    best = _checked(loader.view, found)
    more: dict[int | None, int] = {}
    for _ in range(_CORRECTIONS):
        change = {i: max(n, more.get(i, n)) if not best.fits else n for i, n in _beyond(found, wishes).items()}
        if change == more or _is_settled(found, best, change):
            break
        more = change
        found, _ = _estimated(loader.on(_with_room(loader.view, more)), wishes)
        best = max(best, _checked(loader.view, found), key=lambda f: _rank(f, wishes))
    return best, rival


def _rank(found: Found, wishes: Wishes) -> tuple[bool, bool, tuple[float, float]]:
    return found.fits, not found.disk_s, _value_of(found, wishes)


def _is_settled(found: Found, best: Found, change: dict[int | None, int]) -> bool:
    """Knowing the exact buffers would not change the choice: they are close, or much more than they is missing."""
    if best.fits != found.fits:
        return False
    missing = best.layout.missing_gpu_bytes + best.layout.missing_host_bytes
    return all(abs(n) <= _CLOSE_BYTES for n in change.values()) or missing > sum(map(abs, change.values()))


def _checked(view: View, found: Found) -> Found:
    """A placement with the exact buffers, on the cards as they are."""
    used = {g.index for g in found.loader.view.gpus}
    loader = found.loader.on(view.only([i for i, g in enumerate(view.gpus) if g.index in used]))
    setting = found.layout.setting
    layout = loader.measure(setting, loader.buffers(setting, exact=True))
    if layout.fits or layout.missing_gpu_bytes or not found.disk_s:
        return Found(loader, layout, layout.fits)
    disk_s = pace.disk_seconds(loader, layout)
    if disk_s is None:
        return Found(loader, layout, fits=False)
    paged = Found(loader, layout, True, disk_s)
    return paged if paged.decode_tokens_s >= SLOWEST_PAGING_TOKENS_S else Found(loader, layout, fits=False)


def _beyond(found: Found, wishes: Wishes) -> dict[int | None, int]:
    """What the exact buffers take beyond the estimate, by GPU of the machine (None: the RAM).

    Less than estimated is of interest only where something is outside of the cards or the context is short.
    """
    s, loader = found.layout.setting, found.loader
    exact, estimated = loader.buffers(s, exact=True), loader.buffers(s)
    more: dict[int | None, int] = {None: exact.host - estimated.host}
    for gpu, a, b in zip(loader.view.gpus, exact.gpus, estimated.gpus, strict=True):
        more[gpu.index] = a - b
    is_all_there = not found.disk_s and found.fits and s.n_gpu_layers > loader.n_layer and not s.expert_layers_on_cpu
    if is_all_there and s.n_ctx >= target_of(loader, wishes):
        return {i: max(0, n) for i, n in more.items()}
    return more


def _with_room(view: View, more: dict[int | None, int]) -> View:
    """The machine with budgets changed by what the estimates miss."""
    for place, gpu in enumerate(view.gpus):
        view = view.less(more.get(gpu.index, 0), place)
    return view.less(more.get(None, 0), None)


def _value_of(found: Found, wishes: Wishes) -> tuple[float, float]:
    s = found.layout.setting
    prompt_s = pace.prefill_seconds(found.loader, found.layout, PROMPT_TOKENS)
    return worth(s.n_ctx, s.kv_type, s.kv_type_v, s.n_ubatch, 1 / found.decode_tokens_s, prompt_s, wishes)


def _estimated(loader: Loader, wishes: Wishes, *, is_quick: bool = False) -> tuple[Found, View | None]:
    """The best placement by estimated buffers, and other cards that come close; quick leaves out levers of little effect."""
    found = list(candidates(loader, wishes, is_quick=is_quick))
    fitting = [c for c in found if c.layout.fits]
    if fitting:
        best = max(fitting, key=lambda c: value(c, wishes)) if len(fitting) > 1 else fitting[0]
        rival = None if is_quick else _rival(loader.view, best, fitting, wishes)
        best = best if is_quick else _better_prompts(best, wishes)
        return Found(best.loader, best.layout, fits=True), rival
    paged = [
        Found(c.loader, c.layout, fits=True, disk_s=seconds)
        for c in found
        if not c.layout.missing_gpu_bytes and (seconds := pace.disk_seconds(c.loader, c.layout)) is not None
    ]
    usable = [p for p in paged if p.decode_tokens_s >= SLOWEST_PAGING_TOKENS_S]
    if usable:
        is_long = wishes.goal is Goal.LONGEST_CONTEXT  # every token of context would be read again from the disk
        return max(usable, key=lambda p: p.decode_tokens_s if is_long else _value_of(p, wishes)[0]), None
    least = min(found, key=lambda c: c.layout.missing_gpu_bytes + c.layout.missing_host_bytes)
    return Found(least.loader, least.layout, fits=False), None


def _rival(view: View, best: Candidate, fitting: list[Candidate], wishes: Wishes) -> View | None:
    """The cards of the best candidate on other cards than the best one, where estimates may have chosen wrongly."""
    used = _cards_of(best)
    others = [c for c in fitting if _cards_of(c) != used and _cards_of(c)]
    if not others:
        return None
    other = max(others, key=lambda c: value(c, wishes))
    if value(other, wishes)[0] < _CLOSE_VALUE * value(best, wishes)[0]:
        return None
    return view.only([i for i, g in enumerate(view.gpus) if g.index in _cards_of(other)])


def _cards_of(c: Candidate) -> tuple[int, ...]:
    return tuple(g.index for g in c.loader.view.gpus)


def _better_prompts(best: Candidate, wishes: Wishes) -> Candidate:
    """The same way with larger ubatches, where weights in RAM are copied over for every one of them."""
    view = best.loader.view
    streams = view.gpus and not view.unified and best.layout.host.weights > best.loader.rest.token_embd_bytes
    if not streams or wishes.n_ubatch is not None or not best.layout.setting.n_gpu_layers:
        return best
    tries = [best]
    for n_ubatch in _LARGER_UBATCHES:
        if n_ubatch <= (wishes.n_batch or DEFAULT_BATCH):
            tries.append(best.at(replace(best.levers, n_ubatch=n_ubatch)))
    return max((c for c in tries if c.layout.fits), key=lambda c: value(c, wishes))
