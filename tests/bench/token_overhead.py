"""What one token costs beside llama.cpp: everything of a step but llama_decode and the native draw.

    python -m tests.bench.token_overhead [--tokens 3000] [--vocabulary 129280]

The worker's own session in this process on a tiny model, with events thrown away after they are encoded, as the outlet does.
Medians over the tokens: a busy machine shows in the mean.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from launcher.core.generation import ChatTurn, GenerateRequest, LoadRequest
from launcher.core.models import Sampling
from launcher.core.plans import Placement
from launcher.engine.protocol import Generate, WorkerEvent, encode
from launcher.engine.worker.abort import AbortSwitch
from launcher.engine.worker.binding import Binding
from launcher.engine.worker.loading import load_session
from launcher.engine.worker.operations import Operations
from tests.fakes.gguf_models import Shape, make_model

_DEEPSEEK = Sampling(temperature=0.6, top_p=0.95, seed=1)
_CASES: dict[str, dict[str, Any]] = {
    "greedy": {"sampling": Sampling(temperature=0)},
    "DeepSeek's settings": {"sampling": _DEEPSEEK},
    "with top-k 40": {"sampling": Sampling(temperature=0.6, top_p=0.95, top_k=40, seed=1)},
    "all penalties": {
        "sampling": Sampling(
            temperature=0.6, top_p=0.95, seed=1, repeat_penalty=1.1, frequency_penalty=0.2, dry_multiplier=0.8
        )
    },
    "two stop strings": {"sampling": _DEEPSEEK, "stops": ("</answer>", "\n\nUser:")},
    "a grammar (JSON)": {"sampling": _DEEPSEEK, "json_schema": '{"type": "array", "items": {"type": "string"}}'},
    "log probabilities": {"sampling": _DEEPSEEK, "logprobs": 5},
}


class _Clock:
    """Sums what native calls take."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, timed."""

        def timed(*args: Any) -> Any:
            began = time.perf_counter()
            result = function(*args)
            self.seconds += time.perf_counter() - began
            return result

        return timed


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", type=int, default=3000)
    parser.add_argument("--vocabulary", type=int, default=0, help="entries; 0 is the small one of the test models")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = make_model(
            Path(folder) / "tiny.gguf",
            "llama",
            template="v3",
            end_weight=0.0,
            shape=Shape(n_layer=1, n_vocab=args.vocabulary),
        )
        _measure(path, args.tokens)


def _throw_away(event: WorkerEvent) -> None:
    encode(event)


def _measure(path: Path, tokens: int) -> None:
    binding = Binding()
    operations = Operations(AbortSwitch())
    placement = Placement(n_gpu_layers=0, n_ctx=tokens + 256, threads=1)
    session, _ = load_session(
        binding,
        LoadRequest(str(path), "Tiny", "F16", placement),
        False,
        AbortSwitch(),
        operations,
        lambda *_: None,
        _throw_away,
    )
    decode, draw = _Clock(), _Clock()
    llama = binding.llama
    llama.llama_decode = decode.around(llama.llama_decode)
    for name in ("llama_sampler_sample", "llama_sampler_apply", "llama_sampler_accept"):
        setattr(llama, name, draw.around(getattr(llama, name)))
    print(f"{'per token, µs (median)':26} {'Python':>8} {'draw':>8} {'decode':>8}")
    for number, (label, options) in enumerate(_CASES.items(), 1):
        request = GenerateRequest((ChatTurn("user", f"{label}: write."),), max_tokens=tokens, **options)
        operations.begin(number)
        session.submit(Generate(number, request))
        rest: list[float] = []
        draws: list[float] = []
        decodes: list[float] = []
        while session.is_busy:
            decode.seconds = draw.seconds = 0.0
            began = time.perf_counter()
            session.step()
            took = time.perf_counter() - began
            rest.append(took - decode.seconds - draw.seconds)
            draws.append(draw.seconds)
            decodes.append(decode.seconds)
        medians = [statistics.median(times) * 1e6 for times in (rest, draws, decodes)]
        print(f"{label:26} {medians[0]:8.1f} {medians[1]:8.1f} {medians[2]:8.1f}", flush=True)


if __name__ == "__main__":
    main()
