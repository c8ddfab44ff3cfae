"""Whether llama.cpp computes what PyTorch computed: `python compare.py FOLDER` compares logits.json with what the launcher's engine makes of each GGUF there.

Runs in the project's environment (no PyTorch).
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from array import array
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from launcher.core.generation import LoadRequest
from launcher.core.plans import Placement
from launcher.engine.device_check import compare
from launcher.engine.errand import run_errand
from launcher.engine.protocol import ComputeLogits, LogitsComputed, WorkerEvent

# Of |difference| / |logits|. F32 leaves rounding only. Q8_0 keeps eight bits of every weight, and the tokens that are read make no sense: a few of them
# go to another expert.
BARS = {"tiny-f32.gguf": 1e-3, "tiny-q8_0.gguf": 0.15}
_DEADLINE_S = 120.0


def main() -> int:
    """Compares; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    reference = json.loads((folder / "logits.json").read_text("utf-8"))
    expected = array("f", base64.b64decode(reference["logits_f32"]))
    missed = False
    for name, bar in BARS.items():
        error = compare(expected, engine_logits(folder / name, reference["n_prompt"], reference["n_single"]))
        missed = missed or error > bar
        print(f"{name}: relative error {error:.2e} (bar {bar:.0e})")
    return int(missed)


def engine_logits(model: Path, n_prompt: int, n_single: int) -> array[float]:
    """The logits behind the prompt and behind each single token, on the processor with F32 keys and values."""
    rows = array("f")

    def take(event: WorkerEvent) -> bool:
        if isinstance(event, LogitsComputed):
            rows.frombytes(base64.b64decode(event.logits))
            return True
        return False

    placement = Placement(n_gpu_layers=0, n_ctx=256, n_batch=256, n_ubatch=256, kv_type_k="f32", kv_type_v="f32")
    command = ComputeLogits(1, (LoadRequest(str(model), model.name, "", placement),), n_prompt, n_single, False)
    ending = run_errand(lambda _hello: command, take, rpc_servers=(), deadline_s=_DEADLINE_S)
    if ending is not None:
        raise SystemExit(f"the engine ended with {ending.returncode}: {' '.join(ending.log[-3:])}")
    return rows


if __name__ == "__main__":
    raise SystemExit(main())
