"""What llama.cpp itself says a placement takes: a dry run, or a real load, in a child process with RPC servers as GPUs.

Used while the product's own dry run is written, and for real loads of thinned shapes, which the product (rightly) does not offer.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from launcher.core.codec import from_json, to_json
from launcher.core.plans import DeviceMemory, MemoryUse, Placement

ROOT = Path(__file__).resolve().parents[2]


def real_loads(path: Path, placements: list[Placement], n_gpus: int, *, real: bool = True) -> list[MemoryUse | str]:
    """One entry per placement, in order: the memory per device (GPUs in order, "RAM" last) or the engine's error."""
    task = {"path": str(path), "n_gpus": n_gpus, "real": real, "placements": [to_json(p) for p in placements]}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.plan_accuracy_truth"],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    found: list[MemoryUse | str] = []
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            data = json.loads(line)
            found.append(data["error"] if "error" in data else from_json(MemoryUse, data))
    words = " | ".join(done.stderr.strip().splitlines()[-3:])
    found += [f"engine ended with {done.returncode}: {words}"] * (len(placements) - len(found))
    return found


def _serve(task: dict[str, Any]) -> None:
    from launcher.engine.worker.binding import Binding

    binding = Binding()
    # The RPC servers print to standard output from C.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    n_gpus = task["n_gpus"]
    if n_gpus and not any(d.kind == "gpu" for d in binding.devices()):
        binding.add_rpc_servers(tuple(_start_server(binding) for _ in range(n_gpus)))
    handles = binding.device_handles()
    gpus = [n for n, h in handles.items() if binding.device_kind(h) in ("gpu", "igpu")][:n_gpus]
    models: dict[tuple[object, ...], Any] = {}
    keep: list[object] = []
    for data in task["placements"]:
        p = from_json(Placement, data)
        key = (p.n_gpu_layers, p.tensor_split, p.expert_layers_on_cpu, p.boundary_experts_on_cpu)
        if key not in models:
            for old in models.values():
                binding.llama.llama_model_free(old)
            models.clear()
            models[key] = _open(binding, task["path"], p, [handles[g] for g in gpus], task["real"], keep)
        print(json.dumps(_measure(binding, models[key], p, gpus)), file=out, flush=True)


def _start_server(binding: Any) -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"127.0.0.1:{probe.getsockname()[1]}"
    rpc = binding._library("ggml-rpc")
    by_type = binding._call(binding._ggml, "ggml_backend_dev_by_type", ctypes.c_void_p, ctypes.c_int)
    devices = (ctypes.c_void_p * 1)(by_type(0))
    start = rpc.ggml_backend_rpc_start_server
    start.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p]
    threading.Thread(target=start, args=(endpoint.encode(), None, 1, 1, devices), daemon=True).start()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", int(endpoint.split(":")[1])), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return endpoint
    raise RuntimeError("no RPC server")


def _open(binding: Any, path: str, p: Placement, gpus: list[int], real: bool, keep: list[object]) -> Any:
    class Override(ctypes.Structure):
        _fields_ = [("pattern", ctypes.c_char_p), ("buffer_type", ctypes.c_void_p)]

    llama = binding.llama
    params = llama.llama_model_default_params()
    devices = (ctypes.c_void_p * (len(gpus) + 1))(*gpus, None)
    params.devices = ctypes.cast(devices, ctypes.c_void_p)
    params.n_gpu_layers = p.n_gpu_layers
    params.load_mode = 0
    params.no_alloc = not real
    params.use_extra_bufts = False
    split = (ctypes.c_float * llama.llama_max_devices())(*p.tensor_split)
    if p.tensor_split:
        params.tensor_split = ctypes.cast(split, ctypes.POINTER(ctypes.c_float))
    patterns = [rf"blk\.{i}\.ffn_(up|down|gate|gate_up)_(ch|)exps".encode() for i in range(p.expert_layers_on_cpu)]
    patterns += [rf"blk\.{p.expert_layers_on_cpu}\.ffn_{part}_(ch|)exps".encode() for part in p.boundary_experts_on_cpu]
    overrides = (Override * (len(patterns) + 1))(*((x, binding.cpu_buffer_type) for x in patterns), (None, None))
    if patterns:
        params.tensor_buft_overrides = ctypes.cast(overrides, ctypes.c_void_p)
    keep += [devices, split, patterns, overrides]
    binding.log.mark()
    model = llama.llama_model_load_from_file(path.encode(), params)
    if not model:
        raise RuntimeError(" | ".join(binding.log.errors()))
    return model


def _measure(binding: Any, model: Any, p: Placement, gpus: list[str]) -> dict[str, object]:
    from launcher.engine.worker.memory import buffer_uses
    from launcher.engine.worker.params import KV_TYPES

    llama = binding.llama
    params = llama.llama_context_default_params()
    params.n_ctx, params.n_batch, params.n_ubatch = p.n_ctx, p.n_batch, p.n_ubatch
    params.n_seq_max, params.n_outputs_max = 1, p.n_outputs
    params.type_k, params.type_v = KV_TYPES[p.kv_type_k], KV_TYPES[p.kv_type_v]
    params.flash_attn_type = {"auto": -1, "off": 0, "on": 1}[p.flash_attention]
    params.swa_full = False
    binding.log.mark()
    context = llama.llama_init_from_model(model, params)
    if not context:
        return {"error": " | ".join(binding.log.errors()) or "no context"}
    uses = buffer_uses(binding, context)
    llama.llama_free(context)
    rows = []
    for name in (*gpus, None):
        mine = [u for u in uses if u.device == name]
        rows.append(
            DeviceMemory(
                name or "RAM",
                "gpu" if name else "host",
                sum(u.weights_bytes for u in mine),
                sum(u.context_bytes for u in mine),
                sum(u.compute_bytes for u in mine),
            )
        )
    return to_json(MemoryUse(tuple(rows), "engine"))


if __name__ == "__main__":
    _serve(json.load(sys.stdin))
