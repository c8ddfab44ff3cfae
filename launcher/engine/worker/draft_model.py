"""A small model of the same vocabulary that guesses what the large one will write; loaded beside it in the same process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from launcher.core.errors import UserError
from launcher.core.generation import LoadRequest
from launcher.core.plans import DeviceMemory, MemoryUse
from launcher.core.units import whole
from launcher.core.words import say
from launcher.engine.worker.abort import AbortSwitch
from launcher.engine.worker.binding import Binding
from launcher.engine.worker.draft_context import LEAST_CHANCE, DraftContext
from launcher.engine.worker.memory import BufferUse, buffer_uses
from launcher.engine.worker.model import NativeModel, load_model, warm_up

_CONTROL_IDS = 5  # the first ids are control tokens, which may be named differently (llama.cpp, common/speculative.cpp)
_MOST_VOCABULARY_DIFFERENCE = 128


class DraftModel:
    """Drafter (drafting.py) with a model of its own. The conversation is read when guesses are first wanted, not before."""

    def __init__(self, native: NativeModel, n_vocab: int) -> None:
        """Args: n_vocab: tokens that both models know."""
        self._native = native
        self._own = DraftContext(native.binding, native.context, n_vocab)

    def begin(self) -> None:
        """The next conversation may be another one."""
        self._own.begin()

    def catch_up_seconds(self, cached: Sequence[int]) -> float:
        """How long it takes to read what was not read yet."""
        return self._own.catch_up_seconds(cached)

    def propose(self, cached: Sequence[int], pending: int, most: int) -> list[int]:
        """The likeliest tokens after `cached` and `pending`, while they are likely enough."""
        own = self._own
        own.cut(own.common(cached))
        if len(cached) + 1 + most > own.n_ctx or not own.evaluate([*cached[own.end :], pending]):
            return []
        drafted: list[int] = []
        while len(drafted) < most:
            token, chance = own.likeliest.draw(own.context)
            if chance < LEAST_CHANCE or token >= own.n_vocab:
                break
            drafted.append(token)
            if len(drafted) < most and not own.evaluate([token]):
                break
        return drafted

    def follow(self, cached: Sequence[int], start: int, *, soon: bool) -> None:
        """Nothing: `propose` reads what is missing."""

    def free(self) -> None:
        """Give the model back."""
        self._own.free()
        self._native.binding.llama.llama_model_free(self._native.model)


def load_draft_model(
    main: NativeModel,
    request: LoadRequest,
    switch: AbortSwitch,
    on_progress: Callable[[str, float], None],
) -> tuple[NativeModel, int]:
    """Read the draft model of a request, ready to guess.

    Args:
        main: the model it drafts for.
        request: of the main model; its `draft` says which file and where it goes.
        switch: ends the load, and later every decode.
        on_progress: called with ("draft", fraction of the whole load).

    Returns:
        It, and how many tokens both know.

    Raises:
        UserError: "draft_mismatch" in words; or why it could not be loaded.
        Cancelled: the switch was set.
    """
    wanted = request.draft
    assert wanted is not None  # noqa: S101 - the caller looked
    # As long as the model's own context, whatever the plan says: it follows the same conversation, alone.
    placement = replace(wanted.placement, n_ctx=main.n_ctx, n_parallel=1, n_outputs=1, mtp=False)
    asked = LoadRequest(wanted.path, wanted.name, wanted.quant, placement)

    def on_part(_phase: str, fraction: float) -> None:
        on_progress("draft", 0.95 + 0.05 * fraction)

    native = load_model(main.binding, asked, main.use_extra_bufts, switch, on_part)
    try:
        n_vocab = common_vocabulary(main, native, wanted.name)
        use_threads_of(main, native.context)
        warm_up(native)
    except BaseException:
        native.free()
        raise
    return native, n_vocab


def use_threads_of(main: NativeModel, context: Any) -> None:
    """As many threads as the model was given, which may have been measured after the plan."""
    llama = main.binding.llama
    llama.llama_set_n_threads(context, llama.llama_n_threads(main.context), llama.llama_n_threads_batch(main.context))


def common_vocabulary(main: NativeModel, draft: NativeModel, name: str) -> int:
    """How many tokens both models know, by llama.cpp's own rule for drafts.

    Raises:
        UserError: "draft_mismatch": the draft's guesses would mean other words to the model.
    """
    llama, a, b = main.binding.llama, main.vocab, draft.vocab
    for what, has, read in (
        (say("kind of vocabulary"), None, llama.llama_vocab_type),
        (say("token that begins a text"), llama.llama_vocab_get_add_bos, llama.llama_vocab_bos),
        (say("token that ends a text"), llama.llama_vocab_get_add_eos, llama.llama_vocab_eos),
    ):
        values = [int(read(v)) if has is None or has(v) else None for v in (b, a)]
        if values[0] != values[1]:
            why = say("The {what} differs: {its} instead of {other}.", what=what, its=values[0], other=values[1])
            raise _mismatch(name, why)
    counts = [int(llama.llama_vocab_n_tokens(v)) for v in (a, b)]
    if abs(counts[0] - counts[1]) > _MOST_VOCABULARY_DIFFERENCE:
        raise _mismatch(
            name,
            say(
                "It knows {its} tokens, the model {other}; they may differ by {most}.",
                its=whole(counts[1]),
                other=whole(counts[0]),
                most=_MOST_VOCABULARY_DIFFERENCE,
            ),
        )
    text = llama.llama_vocab_get_text
    for token in range(_CONTROL_IDS, min(counts)):
        if text(a, token) != text(b, token):
            texts = [(text(v, token) or b"").decode("utf-8", "replace") for v in (b, a)]
            its, other = (repr(t) for t in texts)
            raise _mismatch(
                name, say("Token {number} is {its} instead of {other}.", number=whole(token), its=its, other=other)
            )
    return min(counts)


def _mismatch(name: str, why: str) -> UserError:
    what = say("{name} cannot draft for this model: their vocabularies differ.", name=name)
    return UserError("draft_mismatch", what, why)


def with_draft(memory: MemoryUse, binding: Binding, context: Any, *, weights: bool) -> MemoryUse:
    """A load's memory with that of a second context in the same rows.

    Args:
        memory: of the model.
        binding: the libraries.
        context: of the drafter.
        weights: its weights are its own, not the model's.
    """
    uses = buffer_uses(binding, context)
    rows = [_with(row, [u for u in uses if _is_in(u, row)], weights=weights) for row in memory.devices]
    known = {r.name for r in memory.devices}
    extra = sorted({u.device for u in uses if u.device is not None and u.device not in known})
    for name in extra:
        mine = [u for u in uses if u.device == name]
        if any(u.weights_bytes or u.context_bytes or u.compute_bytes for u in mine):
            rows.insert(len(rows) - 1, _with(DeviceMemory(name, "gpu"), mine, weights=weights))
    return MemoryUse(tuple(rows), memory.source)


def _is_in(use: BufferUse, row: DeviceMemory) -> bool:
    return use.device == row.name if row.kind == "gpu" else use.device is None


def _with(row: DeviceMemory, uses: Sequence[BufferUse], *, weights: bool) -> DeviceMemory:
    return replace(
        row,
        weights_bytes=row.weights_bytes + (sum(u.weights_bytes for u in uses) if weights else 0),
        kv_bytes=row.kv_bytes + sum(u.context_bytes for u in uses),
        compute_bytes=row.compute_bytes + sum(u.compute_bytes for u in uses),
    )
