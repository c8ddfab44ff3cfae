"""What a placement would take, from llama.cpp itself, without weights: a model loaded with `no_alloc` and its contexts.

The compute buffers need care. llama.cpp's own dry run (`ggml_backend_sched_reserve_size`) resets the scheduler after the
graph is built and so forgets which device the norms of a layer were pinned to: with several GPUs it says up to hundreds of
MiB too much for each one that receives from another. `_reserve` therefore goes through the passes of the real load once more
(`llama_graph_reserve`: prompt, one token, prompt, as in llama_context::sched_reserve) and reads the sizes that the scheduler then
really took. Nothing is written to these buffers: on stand-ins they are address space only; on real cards they are held for
some milliseconds. Where that cannot be done (no such symbols: Windows; or no memory for it now) the plain figures stay.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from launcher.core.generation import LoadRequest
from launcher.core.plans import DeviceMemory, MemoryUse, Placement
from launcher.engine.protocol import DryRun
from launcher.engine.worker import load_errors
from launcher.engine.worker.binding import Binding
from launcher.engine.worker.memory import buffer_uses, dealt
from launcher.engine.worker.params import chosen_devices, context_params, model_params
from launcher.engine.worker.stand_ins import add_stand_ins, stand_in_names

_RESERVE = "_Z19llama_graph_reserveP13llama_contextjjj"
_SCHEDULER = "_ZNK13llama_context9get_schedEv"


class DryRunner:
    """Measures placements of one file; the model is loaded again only when the next one places it otherwise."""

    def __init__(self, binding: Binding, command: DryRun) -> None:
        """Make the stand-ins, if there are to be any.

        Raises:
            UserError: the file is missing or no GGUF, or stand-ins cannot be made.
        """
        load_errors.check_file(Path(command.path))
        self._binding = binding
        self._command = command
        self._stand_ins = None if command.gpus is None else add_stand_ins(binding, len(command.gpus))
        self._model: Any = None
        self._key: tuple[object, ...] = ()
        self._kept: list[object] = []

    def devices_of(self, placement: Placement) -> list[int]:
        """The devices that a placement uses: the stand-ins, or the engine's own.

        Raises:
            UserError: "device_missing".
        """
        if self._stand_ins is None:
            return chosen_devices(self._binding, placement)
        return self._stand_ins if placement.n_gpu_layers else []

    def measure(self, placement: Placement, use_extra_bufts: bool) -> MemoryUse:
        """Bytes per device, in the placement's order, the host last as "RAM"; free memory and capacities are not filled in.

        Raises:
            UserError: llama.cpp refuses the file or the placement.
        """
        devices = self.devices_of(placement)
        request = LoadRequest(self._command.path, self._command.name, "", placement)
        model = self._open(request, devices, use_extra_bufts)
        params = context_params(self._binding, placement)
        self._binding.log.mark()
        context = self._binding.llama.llama_init_from_model(model, params)
        if not context:
            raise load_errors.context_error(self._binding, request)
        try:
            return self._rows(context, devices, placement)
        finally:
            self._binding.llama.llama_free(context)

    def close(self) -> None:
        """Give the model back."""
        if self._model:
            self._binding.llama.llama_model_free(self._model)
            self._model = None

    def _open(self, request: LoadRequest, devices: list[int], use_extra_bufts: bool) -> Any:
        p = request.placement
        key = (
            *(p.n_gpu_layers, p.expert_layers_on_cpu, p.boundary_experts_on_cpu, p.tensor_split, p.split_mode, p.mtp),
            *(p.tensor_overrides, tuple(devices), use_extra_bufts),
        )
        if self._model and key == self._key:
            return self._model
        self.close()
        names = stand_in_names(len(devices)) if self._stand_ins and devices else None
        params, self._kept = model_params(self._binding, p, devices, use_extra_bufts, names)
        params.no_alloc = True
        params.load_mode = 0  # every other mode aborts the process together with no_alloc
        self._binding.log.mark()
        self._model = self._binding.llama.llama_model_load_from_file(request.path.encode(), params)
        if not self._model:
            raise load_errors.model_error(self._binding, request)
        self._key = key
        return self._model

    def _rows(self, context: Any, devices: list[int], placement: Placement) -> MemoryUse:
        uses = buffer_uses(self._binding, context)
        if not uses:
            raise load_errors.no_books(self._binding)
        cards = [self._binding.device_name(h) for h in devices]
        uses = dealt(uses, cards, placement.tensor_split, is_dry=True)
        compute: dict[str | None, int] = {}
        for use in uses:
            compute[use.device] = compute.get(use.device, 0) + use.compute_bytes
        if len(devices) > 1 and placement.split_mode != "tensor":
            compute = dict(_reserve(self._binding, context, placement) or compute)
        names = [*cards, None]
        shown = [*(self._command.gpus or names[:-1]), "RAM"] if devices else ["RAM"]
        rows = [
            DeviceMemory(
                name=shown_name or "",
                kind="gpu" if name else "host",
                weights_bytes=sum(u.weights_bytes for u in uses if u.device == name),
                kv_bytes=sum(u.context_bytes for u in uses if u.device == name),
                compute_bytes=compute.get(name, 0),
            )
            for name, shown_name in zip(names, shown, strict=True)
        ]
        return MemoryUse(tuple(rows), "engine")


def _reserve(binding: Binding, context: Any, placement: Placement) -> Mapping[str | None, int] | None:
    """Compute bytes per device (None: the host) after the passes of a real load; None where they cannot be made."""
    library: Any = binding.llama._lib
    reserve, scheduler_of = getattr(library, _RESERVE, None), getattr(library, _SCHEDULER, None)
    if reserve is None or scheduler_of is None:
        return None
    reserve.restype = ctypes.c_void_p
    reserve.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_uint32]
    scheduler_of.restype, scheduler_of.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    n_tokens = min(int(binding.llama.llama_n_ctx(context)), int(binding.llama.llama_n_ubatch(context)))
    n_answers = placement.n_parallel
    n_outputs = min(n_tokens, max(n_answers, placement.n_outputs))
    for tokens, outputs in ((n_tokens, n_outputs), (n_answers, n_answers), (n_tokens, n_outputs)):
        if not reserve(context, tokens, n_answers, outputs):
            return None
    found: dict[str | None, int] = {}
    for buffer_type, size in binding.scheduler_buffers(scheduler_of(context)):
        device = binding.buffer_device(buffer_type)
        found[device] = found.get(device, 0) + size
    return found
