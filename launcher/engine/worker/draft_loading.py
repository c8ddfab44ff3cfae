"""What of a load request can draft, made ready; or the sentence why it cannot, and the load goes on without."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass

from launcher.core.errors import UserError
from launcher.core.generation import LoadRequest
from launcher.core.plans import MemoryUse
from launcher.core.words import known
from launcher.engine.worker.abort import AbortSwitch
from launcher.engine.worker.draft_model import DraftModel, load_draft_model, use_threads_of, with_draft
from launcher.engine.worker.drafting import Drafting
from launcher.engine.worker.model import NativeModel
from launcher.engine.worker.mtp import OwnLayers, check_file


@dataclass(frozen=True)
class LoadedDraft:
    """What came of it.

    Attributes:
        drafting: for the session; None where nothing drafts.
        name: what drafts, for `Loaded.drafting`; "" for nothing.
        memory: of the load, the drafter's included.
        notes: why something asked for does not draft.
    """

    drafting: Drafting | None
    name: str
    memory: MemoryUse
    notes: tuple[str, ...] = ()


def load_draft(
    native: NativeModel,
    request: LoadRequest,
    memory: MemoryUse,
    switch: AbortSwitch,
    on_progress: Callable[[str, float], None],
) -> LoadedDraft:
    """Load the draft model of a request, or make the file's own prediction layers (MTP) ready.

    Args:
        native: the model, loaded.
        request: what was asked for; a draft model goes before prediction layers.
        memory: of the model alone.
        switch: ends it, and later every decode.
        on_progress: called with ("draft", fraction of the whole load).

    Raises:
        Cancelled: the switch was set.
    """
    if request.draft is None and not request.placement.mtp:
        return LoadedDraft(None, "", memory)
    try:
        most = _rows_for_guesses(native)
        if request.draft is not None:
            draft, n_vocab = load_draft_model(native, request, switch, on_progress)
            memory = with_draft(memory, native.binding, draft.context, weights=True)
            name = f"{request.draft.name} {request.draft.quant}".strip()
            return LoadedDraft(Drafting(DraftModel(draft, n_vocab), most), name, memory)
        check_file(native.binding, request.path, int(native.binding.llama.llama_model_n_layer(native.model)))
        layers = OwnLayers(native, switch)
        use_threads_of(native, layers.context)
        memory = with_draft(memory, native.binding, layers.context, weights=False)
        return LoadedDraft(Drafting(layers, most), "MTP", memory)
    except UserError as error:
        # Sentence by sentence: the window knows each in its language.
        return LoadedDraft(None, "", memory, (error.what, error.why, known("Answers are written without guesses.")))


def _rows_for_guesses(native: NativeModel) -> int:
    """How many guesses a batch can have.

    Raises:
        UserError: "draft_impossible": none.
    """
    placement = native.placement
    rows = min(max(placement.n_parallel, placement.n_outputs), placement.n_batch) - 1
    if rows < 1:
        raise UserError(
            "draft_impossible",
            "This model is loaded without room for guesses.",
            "The plan reserves one row of logits only; each guess needs another.",
        )
    if not _can_go_back(native):
        raise UserError(
            "draft_impossible",
            "Nothing can draft for this model.",
            "Its cache cannot drop the guesses that did not come true.",
        )
    return rows


def _can_go_back(native: NativeModel) -> bool:
    """Whether the last token can leave the cache: recurrent states cannot, and a sliding window loses what was before."""
    llama = native.binding.llama
    if llama.llama_model_n_swa(native.model):
        return False
    bos = max(0, llama.llama_vocab_bos(native.vocab))
    tokens = (ctypes.c_int32 * 2)(bos, bos)
    is_done = llama.llama_decode(native.context, llama.llama_batch_get_one(tokens, 2)) == 0
    can = is_done and bool(llama.llama_memory_seq_rm(native.memory, 0, 1, -1))
    llama.llama_memory_clear(native.memory, True)
    return can
