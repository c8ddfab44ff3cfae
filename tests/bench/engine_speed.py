"""The worker against llama.cpp's own programs, built from the same source: alternating runs, medians, ratios.

    python -m tests.bench.engine_speed --tools DIR [--threads N] [--repeat N] [--models DIR] [--split]

DIR holds llama-bench and llama-server. Decode and prefill: `launcher bench --greedy` and llama-bench (which samples nothing) on a
dense and a deepseek2 model that are too large for the caches. Four answers at once: the same prompts sent to this engine and to
llama-server, both greedy, from the first prompt token to the last token written. llama-server runs as it starts by itself: four
answers that share one context, as ours do; with `--split` the context is cut into four (-np 4), which no answer may be longer
than. A ratio above 1 is in our favour; the bar is 0.98. The machine should be idle: a busy neighbour costs both sides, but
never alike.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from launcher.core.generation import GenerateRequest, LoadRequest
from launcher.core.models import Sampling
from launcher.core.plans import Placement
from launcher.engine.client import EngineClient
from launcher.engine.protocol import AnswerFinished, EngineEvent, LoadFinished, OperationFailed
from tests.fakes.gguf_models import Shape, make_model

_VOCABULARY = 16_000
SHAPES = {
    "qwen2": Shape(n_layer=9, n_embd=1536, n_head=12, n_ff=6144, n_vocab=_VOCABULARY),
    "deepseek2": Shape(
        n_layer=9,
        n_embd=1024,
        n_head=16,
        n_ff=4096,
        n_vocab=_VOCABULARY,
        n_expert=16,
        n_expert_used=4,
        n_ff_exp=768,
        q_lora_rank=512,
        kv_lora_rank=512,
        rope_dim=64,
        nope_dim=64,
        value_dim=64,
    ),
}
"""300 to 400 MB each in Q8_0."""

_ANSWERS = 4  # llama-server's own number of slots
_ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Print the tables."""
    args = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAUNCHER_HOME"] = f"{folder}/home"  # no pack, calibration or finding of the user's own
        for arch, shape in SHAPES.items():
            path = (args.models or Path(folder)) / f"{arch}-speed.gguf"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                make_model(path, arch, shape=shape, template="v3", weight_type="q8_0")
            print(f"\n{arch}, {path.stat().st_size / 1e6:,.0f} MB, {args.threads} threads")
            _one_answer(args, path)
            _several(args, path)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", type=Path, required=True, metavar="DIR")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--split", action="store_true", help="llama-server cuts the context into four (-np 4)")
    parser.add_argument("--models", type=Path, metavar="DIR", help="keep the generated models here")
    return parser.parse_args()


# --- one answer ---------------------------------------------------------------------------------------------------------


def _one_answer(args: argparse.Namespace, path: Path) -> None:
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    for _ in range(args.repeat):
        ours.append(_launcher_bench(args, path))
        theirs.append(_llama_bench(args, path))
    for i, name in enumerate((f"prefill {args.prompt}", f"decode {args.tokens}")):
        _row(name, "llama-bench", [o[i] for o in ours], [t[i] for t in theirs])


def _launcher_bench(args: argparse.Namespace, path: Path) -> tuple[float, float]:
    """Prefill and decode, tokens per second."""
    n_ctx = -(-(args.prompt + args.tokens + 16) // 256) * 256
    options = {"threads": args.threads, "prompt": args.prompt, "tokens": args.tokens, "ctx": n_ctx, "repeat": 1}
    command = [sys.executable, "-P", "-m", "launcher", "bench", str(path), "--json", "--greedy", "--depth", "0"]
    command += [part for name, value in options.items() for part in (f"--{name}", str(value))]
    found = json.loads(_output(command, {**os.environ, "PYTHONPATH": str(_ROOT)}))
    return found["prefill_tokens_s"], found["decode_tokens_s"]


def _llama_bench(args: argparse.Namespace, path: Path) -> tuple[float, float]:
    command = [str(args.tools / "llama-bench"), "-m", str(path), "-t", str(args.threads), "-p", str(args.prompt)]
    command += ["-n", str(args.tokens), "-r", "1", "-fa", "auto", "-o", "json", *_like_ours()]
    rows = json.loads(_output(command, _environment(args.tools)))
    by_kind = {bool(row["n_prompt"]): float(row["avg_ts"]) for row in rows}
    return by_kind[True], by_kind[False]


def _output(command: list[str], environment: dict[str, str]) -> bytes:
    done = subprocess.run(command, check=False, capture_output=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{(done.stdout + done.stderr).decode()[-2000:]}")
    return done.stdout


def _like_ours() -> list[str]:
    """Where the worker leaves the special weight layouts alone (AMX), the other side does too."""
    has_amx = "amx" in Path("/proc/cpuinfo").read_text("utf-8") if sys.platform == "linux" else False
    return ["--repack", "0"] if has_amx else []


# --- several at once ----------------------------------------------------------------------------------------------------


def _several(args: argparse.Namespace, path: Path) -> None:
    """Tokens written per second of wall time, prompts included."""
    n_ctx = _ANSWERS * -(-(args.prompt + args.tokens + 16) // 256) * 256
    ours: list[float] = []
    theirs: list[float] = []
    with _our_engine(args, path, n_ctx) as we, _llama_server(args, path, n_ctx) as they:
        for run in range(args.repeat + 1):
            chosen = random.Random(run)
            prompts = [[chosen.randrange(300, _VOCABULARY) for _ in range(args.prompt)] for _ in range(_ANSWERS)]
            times = [_seconds(lambda p=prompts, f=each: f(p)) for each in (we, they)]
            if run:  # the first warms both up
                ours.append(_ANSWERS * args.tokens / times[0])
                theirs.append(_ANSWERS * args.tokens / times[1])
    _row(f"{_ANSWERS} at once", "llama-server -np 4" if args.split else "llama-server", ours, theirs)


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def _our_engine(args: argparse.Namespace, path: Path, n_ctx: int) -> Iterator[Callable[[list[list[int]]], None]]:
    events: queue.SimpleQueue[EngineEvent] = queue.SimpleQueue()
    client = EngineClient(events.put)

    def wait(operations: set[int]) -> None:
        while operations:
            event = events.get(timeout=600)
            if isinstance(event, OperationFailed):
                raise event.failure.error()
            if isinstance(event, AnswerFinished | LoadFinished):
                operations.discard(event.id)

    def answer(prompts: list[list[int]]) -> None:
        wait({client.generate(_request(args, tuple(prompt))) for prompt in prompts})

    try:
        placement = Placement(0, n_ctx, threads=args.threads, n_parallel=_ANSWERS)
        wait({client.load(LoadRequest(str(path), path.stem, "Q8_0", placement))})
        yield answer
    finally:
        client.close()


def _request(args: argparse.Namespace, prompt: tuple[int, ...]) -> GenerateRequest:
    return GenerateRequest(
        (),
        Sampling(temperature=0),
        max_tokens=args.tokens,
        prompt_tokens=prompt,
        ignores_end=True,
        draft=False,
        is_streamed=False,
    )


@contextmanager
def _llama_server(args: argparse.Namespace, path: Path, n_ctx: int) -> Iterator[Callable[[list[list[int]]], None]]:
    port = _free_port()
    command = [str(args.tools / "llama-server"), "-m", str(path), "-t", str(args.threads)]
    command += ["-c", str(n_ctx), "-fa", "auto", "--host", "127.0.0.1", "--port", str(port), *_server_like_ours()]
    command += ["-np", str(_ANSWERS)] if args.split else []
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment(args.tools)
    )
    address = f"http://127.0.0.1:{port}"

    def complete(prompt: list[int]) -> None:
        body = {"prompt": prompt, "n_predict": args.tokens, "temperature": 0, "ignore_eos": True, "cache_prompt": False}
        request = urllib.request.Request(
            f"{address}/completion", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=600) as reply:
            written = int(json.load(reply)["timings"]["predicted_n"])
        if written != args.tokens:
            raise RuntimeError(f"llama-server wrote {written} tokens instead of {args.tokens}")

    def answer(prompts: list[list[int]]) -> None:
        with ThreadPoolExecutor(len(prompts)) as pool:
            list(pool.map(complete, prompts))

    try:
        _wait_until_ready(address, process)
        yield answer
    finally:
        process.kill()
        process.wait()


def _server_like_ours() -> list[str]:
    return ["--no-repack"] if _like_ours() else []


def _wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/health", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("llama-server does not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(tools: Path) -> dict[str, str]:
    return {**os.environ, "LD_LIBRARY_PATH": str(tools)}


def _row(what: str, against: str, ours: list[float], theirs: list[float]) -> None:
    a, b = statistics.median(ours), statistics.median(theirs)
    spread = max((max(x) - min(x)) / statistics.median(x) for x in (ours, theirs))
    best = max(ours) / max(theirs)
    print(
        f"  {what:14}  ours {a:9.2f}   {against} {b:9.2f}   ratio {a / b:.3f} (of the best runs {best:.3f}; spread {spread:.0%})",
        flush=True,
    )


if __name__ == "__main__":
    main()
