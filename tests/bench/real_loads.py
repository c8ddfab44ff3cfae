"""Really loads many placements of one file in a child process, with RPC servers as GPUs, and reads llama.cpp's books.

For the sparse files of `tests.fakes.gguf_shapes`: they have no vocabulary, so that the product (rightly) does not load them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from launcher.core.codec import from_json, to_json
from launcher.core.plans import DeviceMemory, MemoryUse, Placement

ROOT = Path(__file__).resolve().parents[2]


def real_loads(path: Path, placements: list[Placement], n_gpus: int) -> list[MemoryUse | str]:
    """One entry per placement, in order: the memory per device (GPUs in order, "RAM" last) or the engine's error."""
    task = {"path": str(path), "n_gpus": n_gpus, "placements": [to_json(p) for p in placements]}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.real_loads"],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    found: list[MemoryUse | str] = []
    for line in done.stdout.splitlines():
        data = json.loads(line)
        found.append(data["error"] if "error" in data else from_json(MemoryUse, data))
    words = " | ".join(done.stderr.strip().splitlines()[-3:])
    found += [f"engine ended with {done.returncode}: {words}"] * (len(placements) - len(found))
    return found


def _serve(task: dict[str, Any]) -> None:
    # The RPC servers print to standard output from C.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from launcher.engine.worker.binding import Binding
    from launcher.engine.worker.params import chosen_devices
    from launcher.engine.worker.stand_ins import add_stand_ins

    binding = Binding()
    has_own = any(d.kind in ("gpu", "igpu") for d in binding.devices())
    stand_ins = None if has_own else add_stand_ins(binding, task["n_gpus"])
    for data in task["placements"]:
        placement = from_json(Placement, data)
        devices = chosen_devices(binding, placement) if stand_ins is None else stand_ins
        print(json.dumps(_measure(binding, task["path"], placement, devices)), file=out, flush=True)


def _measure(binding: Any, path: str, placement: Placement, devices: list[int]) -> dict[str, object]:
    from launcher.engine.worker.memory import buffer_uses
    from launcher.engine.worker.params import context_params, model_params

    llama = binding.llama
    params, _kept = model_params(binding, placement, devices, False)
    params.load_mode = 0  # with mmap the host's row counts the mapped range
    binding.log.mark()
    model = llama.llama_model_load_from_file(path.encode(), params)
    if not model:
        return {"error": " | ".join(binding.log.errors())}
    context = llama.llama_init_from_model(model, context_params(binding, placement))
    if not context:
        llama.llama_model_free(model)
        return {"error": " | ".join(binding.log.errors())}
    uses = buffer_uses(binding, context)
    llama.llama_free(context)
    llama.llama_model_free(model)
    rows: list[DeviceMemory] = []
    for i, device in enumerate((*devices, None)):
        name = binding.device_name(device) if device else None
        mine = [u for u in uses if u.device == name]
        sums = (sum(getattr(u, part) for u in mine) for part in ("weights_bytes", "context_bytes", "compute_bytes"))
        shown = f"RPC{i}" if name and name.startswith("RPC") else name or "RAM"
        rows.append(DeviceMemory(shown, "gpu" if name else "host", *sums))
    return to_json(MemoryUse(tuple(rows), "actual"))


if __name__ == "__main__":
    _serve(json.load(sys.stdin))
