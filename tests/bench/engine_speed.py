"""The worker against llama.cpp's own programs, built from the same source: both in turn, many short runs, ratios of medians.

    python -m tests.bench.engine_speed --tools DIR [--arch NAME] [--threads N] [--repeat N] [--models DIR] [--split]

DIR holds llama-bench and llama-server. Decode and prefill: `launcher bench --greedy` and llama-bench (which samples nothing) on a
dense and a deepseek2 model that are too large for the caches. Four answers at once: the same prompts sent to this engine and to
llama-server, both greedy, from the first prompt token to the last token written. llama-server runs as it starts by itself: four
answers that share one context, as ours do; with `--split` the context is cut into four (-np 4), which no answer may be longer
than. A ratio above 1 is in our favour; the bar is 0.98.

What a shared machine gives changes by a tenth from one second to the next. So both programs run at once and one is always
suspended: each has the machine for one and a half seconds, then the other. Runs in which a program was suspended are told by
their length and left out.
"""

from __future__ import annotations

import argparse
import contextlib
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
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil

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
        n_layer=20,
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
"""Of either 300 to 400 MB are read for each token, in Q8_0: a third of what the smallest DeepSeek models read."""

_TURN_S = 1.5
_SUSPENDED_TIMES = 1.7  # so much longer than the others no run is by chance
_ANSWERS = 4  # llama-server's own number of slots
_ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Print the tables."""
    args = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LAUNCHER_HOME"] = f"{folder}/home"  # no pack, calibration or finding of the user's own
        for arch, shape in SHAPES.items():
            if args.arch not in (None, arch):
                continue
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
    parser.add_argument("--arch", choices=SHAPES, help="only this one")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--repeat", type=int, default=400, help="short runs; an eighth of it for four at once")
    parser.add_argument("--prompt", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=16)
    parser.add_argument("--split", action="store_true", help="llama-server cuts the context into four (-np 4)")
    parser.add_argument("--models", type=Path, metavar="DIR", help="keep the generated models here")
    return parser.parse_args()


# --- one answer ---------------------------------------------------------------------------------------------------------


def _one_answer(args: argparse.Namespace, path: Path) -> None:
    for what, prompt, tokens in (("prefill", args.prompt, 0), ("decode", 0, args.tokens)):
        ours, theirs = _in_turn(
            [_launcher_bench(args, path, prompt, tokens), _llama_bench(args, path, prompt, tokens)],
            [{**os.environ, "PYTHONPATH": str(_ROOT)}, _environment(args.tools)],
        )
        ours_tokens_s = json.loads(ours)["depths"][0][what]["runs"]
        (row,) = json.loads(theirs)
        _row(f"{what} {prompt or tokens}", "llama-bench", _turns(ours_tokens_s), _turns(row["samples_ts"]))


def _launcher_bench(args: argparse.Namespace, path: Path, prompt: int, tokens: int) -> list[str]:
    n_ctx = -(-(args.prompt + args.tokens + 16) // 256) * 256
    options = {
        "threads": args.threads,
        "prompt": prompt or 1,
        "tokens": tokens or 1,
        "ctx": n_ctx,
        "repeat": args.repeat,
    }
    command = [sys.executable, "-P", "-m", "launcher", "bench", str(path), "--json", "--greedy", "--depth", "0"]
    return command + [part for name, value in options.items() for part in (f"--{name}", str(value))]


def _llama_bench(args: argparse.Namespace, path: Path, prompt: int, tokens: int) -> list[str]:
    command = [str(args.tools / "llama-bench"), "-m", str(path), "-t", str(args.threads), "-p", str(prompt)]
    return [*command, "-n", str(tokens), "-r", str(args.repeat), "-fa", "auto", "-o", "json", *_like_ours()]


def _in_turn(commands: list[list[str]], environments: list[dict[str, str]]) -> list[bytes]:
    """What they write, after both ran at once with one always suspended."""
    with tempfile.TemporaryFile() as said, contextlib.ExitStack() as files:
        outputs = [files.enter_context(tempfile.TemporaryFile()) for _ in commands]
        programs = [
            psutil.Popen(command, stdout=output, stderr=said, env=environment)
            for command, output, environment in zip(commands, outputs, environments, strict=True)
        ]
        try:
            turn = 0
            while all(program.poll() is None for program in programs):
                for program in programs:
                    _suspend(program, program is not programs[turn % 2])
                turn += 1
                with contextlib.suppress(psutil.TimeoutExpired):
                    programs[(turn - 1) % 2].wait(_TURN_S)
            for program in programs:
                _suspend(program, False)
                if program.wait():
                    said.seek(0)
                    raise RuntimeError(f"{program.args} failed:\n{said.read().decode()[-2000:]}")
        finally:
            for program in programs:
                _suspend(program, False)
                with contextlib.suppress(psutil.NoSuchProcess):
                    program.kill()
        for output in outputs:
            output.seek(0)
        return [output.read() for output in outputs]


def _suspend(program: psutil.Popen, is_suspended: bool) -> None:
    """With all its children."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in (program, *program.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend() if is_suspended else process.resume()


def _turns(tokens_s: list[float]) -> list[list[float]]:
    """The runs of each turn, without those in which the program was suspended."""
    turns: list[list[float]] = [[]]
    for rate in tokens_s:
        if rate > statistics.median(tokens_s) / _SUSPENDED_TIMES:
            turns[-1].append(rate)
        elif turns[-1]:
            turns.append([])
    return turns


def _like_ours() -> list[str]:
    """Where the worker leaves the special weight layouts alone (AMX), the other side does too."""
    has_amx = "amx" in Path("/proc/cpuinfo").read_text("utf-8") if sys.platform == "linux" else False
    return ["--repack", "0"] if has_amx else []


# --- several at once ----------------------------------------------------------------------------------------------------


def _several(args: argparse.Namespace, path: Path) -> None:
    """Tokens written per second of wall time, prompts included."""
    n_ctx = _ANSWERS * -(-(args.prompt + args.tokens + 16) // 256) * 256
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    with _our_engine(args, path, n_ctx) as we, _llama_server(args, path, n_ctx) as they:
        sides = [(ours, we), (theirs, they)]
        for run in range(args.repeat // 8 + 1):
            chosen = random.Random(run)
            prompts = [[chosen.randrange(300, _VOCABULARY) for _ in range(args.prompt)] for _ in range(_ANSWERS)]
            for runs, answer in sides if run % 2 else sides[::-1]:
                seconds = _seconds(lambda p=prompts, f=answer: f(p))
                if run:  # the first warms both up
                    runs.append([_ANSWERS * args.tokens / seconds])
    _row(f"{_ANSWERS} at once", "llama-server -np 4" if args.split else "llama-server", ours, theirs)


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@contextmanager
def _our_engine(args: argparse.Namespace, path: Path, n_ctx: int) -> Generator[Callable[[list[list[int]]], None]]:
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
def _llama_server(args: argparse.Namespace, path: Path, n_ctx: int) -> Generator[Callable[[list[list[int]]], None]]:
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


def _row(what: str, against: str, ours: list[list[float]], theirs: list[list[float]]) -> None:
    """The ratio of the medians, and between what 95 of 100 such ratios lie when turns are drawn from these anew."""
    chosen = random.Random(0)
    again = sorted(
        _median(chosen.choices(ours, k=len(ours))) / _median(chosen.choices(theirs, k=len(theirs))) for _ in range(1000)
    )
    a, b = _median(ours), _median(theirs)
    print(
        f"  {what:14}  ours {a:9.2f}   {against} {b:9.2f}   ratio {a / b:.3f} ({again[25]:.3f} to {again[-26]:.3f}; {len(ours)} and {len(theirs)} turns)",
        flush=True,
    )


def _median(turns: list[list[float]]) -> float:
    return statistics.median(rate for turn in turns for rate in turn)


if __name__ == "__main__":
    main()
