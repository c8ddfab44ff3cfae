"""From a load request to a session ready to answer, with the report of what really happened."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil

from launcher.core.errors import UserError
from launcher.core.generation import Loaded, LoadRequest
from launcher.core.machine import EngineDevice
from launcher.core.plans import DeviceMemory, MemoryUse
from launcher.core.words import joined, say
from launcher.engine.protocol import WorkerEvent
from launcher.engine.worker.abort import AbortSwitch
from launcher.engine.worker.binding import GPU_KINDS, Binding
from launcher.engine.worker.draft_loading import load_draft
from launcher.engine.worker.load_notes import placement_notes
from launcher.engine.worker.memory import BufferUse, buffer_uses, dealt
from launcher.engine.worker.model import NativeModel, load_model, warm_up
from launcher.engine.worker.params import MAPPED, chosen_devices
from launcher.engine.worker.prompt import Vocabulary
from launcher.engine.worker.session import Session, Stops
from launcher.engine.worker.template import ChatTemplate, builtin_template, make_template
from launcher.engine.worker.threads import settle_threads


def load_session(
    binding: Binding,
    request: LoadRequest,
    use_extra_bufts: bool,
    switch: AbortSwitch,
    stops: Stops,
    on_progress: Callable[[str, float], None],
    send: Callable[[WorkerEvent], None],
    threads: int = 0,
) -> tuple[Session, Loaded]:
    """Load everything a conversation needs. `send` is for what the session has to say later, `threads` as in `Load`.

    Raises:
        UserError: with the engine's own words and the numbers.
        Cancelled: the switch was set.
    """
    started = time.monotonic()
    before = {d.name: d for d in binding.devices()}
    ram_free = psutil.virtual_memory().available
    native = load_model(binding, request, use_extra_bufts, switch, on_progress)
    said = list(placement_notes(request, native, binding))
    try:
        vocabulary = Vocabulary(binding, native.vocab)
        template, notes = choose_template(native, vocabulary)
        size = int(binding.llama.llama_model_size(native.model))
        if size < ram_free:  # a larger model is paged from disk: reading all of it now would only push itself out again
            on_progress("warm_up", 0.95)
            warm_up(native)
            said += filter(None, (settle_threads(native, threads),))
        memory = actual_memory(binding, native, before, ram_free)
        draft = load_draft(native, request, memory, switch, on_progress)
    except BaseException:
        native.free()
        raise
    loaded = Loaded(
        name=request.name,
        quant=request.quant,
        architecture=native.metadata("general.architecture"),
        n_ctx=native.n_ctx,
        n_ctx_train=int(binding.llama.llama_model_n_ctx_train(native.model)),
        n_layer=int(binding.llama.llama_model_n_layer(native.model)),
        gpu_layers=native.gpu_layers,
        memory=draft.memory,
        load_seconds=time.monotonic() - started,
        thinking=template.thinking,
        template_origin=template.origin,
        placement=request.placement,
        engine_version=binding.engine_version,
        notes=(*said, *notes, *draft.notes),
        threads=native.threads,
        is_threads_measured=native.is_threads_measured,
        n_vocab=vocabulary.size,
        drafting=draft.name,
    )
    session = Session(native, vocabulary, template, stops, send)
    session.drafting = draft.drafting
    return session, loaded


def choose_template(native: NativeModel, vocabulary: Vocabulary) -> tuple[ChatTemplate, tuple[str, ...]]:
    """The file's own template; ours where it has none or one that does not work, which is then said."""
    own = native.binding.llama.llama_model_chat_template(native.model, None)
    notes: tuple[str, ...] = ()
    texts = vocabulary.bos_text, vocabulary.eos_text
    if own:
        try:
            return make_template(own.decode("utf-8", "replace"), "file", *texts), ()
        except UserError as error:
            notes = (joined(error.what, error.why, say("A built-in one is used instead.")),)
    name = _builtin_name(native, vocabulary)
    if name is None:
        return builtin_template("deepseek-v2", "fallback", *texts), (
            *notes,
            say("The file names no working chat template and its family is not known: answers may be odd."),
        )
    return builtin_template(name, f"builtin:{name}", *texts), notes


def _builtin_name(native: NativeModel, vocabulary: Vocabulary) -> str | None:
    architecture = native.metadata("general.architecture")
    name = (native.metadata("general.name") + native.metadata("general.basename")).lower()
    if "<｜User｜>" in vocabulary.special:
        if architecture in ("deepseek4", "deepseek32") or "v3.1" in name or "v3.2" in name:
            return "deepseek-v31"
        return "deepseek-r1" if "r1" in name else "deepseek-v3"
    if "<|EOT|>" in vocabulary.special and "coder" in name:
        return "deepseek-coder"
    return "deepseek-v2" if architecture.startswith("deepseek") or "deepseek" in name else None


def actual_memory(
    binding: Binding, native: NativeModel, before: dict[str, EngineDevice], ram_free_bytes: int
) -> MemoryUse:
    """What the load holds, per device, from the engine's own books; the host last, as "RAM"."""
    placement = native.placement
    cards = [binding.device_name(h) for h in chosen_devices(binding, placement)]
    uses = dealt(buffer_uses(binding, native.context), cards, placement.tensor_split, is_dry=False)
    rows: list[DeviceMemory] = []
    for name, handle in binding.device_handles().items():
        if binding.device_kind(handle) not in GPU_KINDS:
            continue
        weights, context, compute = _sum(uses, name)
        known = before[name]
        if not weights + context + compute and name not in native.placement.devices:
            continue
        rows.append(
            DeviceMemory(
                name=name,
                kind="gpu",
                weights_bytes=weights,
                kv_bytes=context,
                compute_bytes=compute,
                unaccounted_bytes=_unaccounted(binding, handle, known, weights + context + compute),
                free_bytes=known.free_bytes,
                capacity_bytes=known.total_bytes,
            )
        )
    weights, context, compute = _sum(uses, None)
    if rows and placement.load_mode in MAPPED:
        # The engine counts the mapped range of the file, which spans the tensors that went to the GPUs too.
        size = int(binding.llama.llama_model_size(native.model))
        weights = min(weights, max(0, size - sum(r.weights_bytes for r in rows)))
    ram = psutil.virtual_memory()
    rows.append(
        DeviceMemory(
            name="RAM",
            kind="host",
            weights_bytes=weights,
            kv_bytes=context,
            compute_bytes=compute,
            free_bytes=ram_free_bytes,
            capacity_bytes=ram.total,
        )
    )
    return MemoryUse(tuple(rows), "actual")


def _sum(uses: tuple[BufferUse, ...], device: str | None) -> tuple[int, int, int]:
    mine = [u for u in uses if u.device == device]
    return sum(u.weights_bytes for u in mine), sum(u.context_bytes for u in mine), sum(u.compute_bytes for u in mine)


def _unaccounted(binding: Binding, handle: int, before: EngineDevice, counted_bytes: int) -> int:
    """Driver context and workspaces: what is gone from the free memory beyond the engine's books.

    An RPC device reports the memory of another computer, where other things come and go in larger steps: not measured.
    """
    if before.backend == "rpc":
        return 0
    free, _total = binding.device_memory(handle)
    return max(0, before.free_bytes - free - counted_bytes)
