"""Greedy answers of our worker against llama.cpp's own server, token by token, for every way a model can be placed.

    python -m tests.bench.same_tokens --tools DIR [--prompts 12] [--tokens 96] [--longest 1500] [--seed 1] [--own]

DIR holds llama-server of the same source as the engine (packaging/engine/README.md). The server is the reference: on the
processor, one slot, nothing reused. Ours: processor, everything on one RPC device, split over two, half of the layers, experts in
RAM, several answers at once, a prompt whose beginning is in the cache, a state read back from the disk. `--own` takes the
engine's own graphics devices instead of RPC servers, and those rows alone (lavapipe: LLAMA_CPP_LIB_PATH, packaging/engine/README.md;
without flash attention, so without the models whose cache is quantised, which needs it).

The models are generated, with random weights: two tokens can be almost equally likely, and devices add in different orders. A row
that differs is therefore looked at: how far apart the two tokens were at the first difference. Exits with 1 when one that was
not close differs, or an answer did not come.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from launcher.core.errors import UserError
from launcher.core.generation import Answer, GenerateRequest, LoadRequest
from launcher.core.models import Sampling
from launcher.core.plans import Placement
from launcher.engine.devices import engine_info
from launcher.engine.kv_states import SUFFIX
from launcher.engine.protocol import AnswerFinished, OperationFailed
from launcher.engine.worker.keeping import WORTH_TOKENS
from tests.engine import conftest
from tests.engine.conftest import Engine, rpc_server_processes
from tests.fakes.gguf_models import make_model

_START_S = 60.0
_PATIENCE_S = 1800.0
"""For a load and for each answer: a software card compiles shaders for minutes."""
_LENGTHS = (1500, 700, 130, 40, 9)
_CLOSE_LOGPROB = 0.02
"""Two tokens whose logarithms of probability differ by less than this may change places."""
_KINDS = {
    "qwen2 f32": ("qwen2", "f32", "f16"),
    "llama f16": ("llama", "f16", "f16"),
    "llama q8_0, KV q8_0": ("llama", "q8_0", "q8_0"),
    "deepseek2 f32": ("deepseek2", "f32", "f16"),
    "deepseek2 f16": ("deepseek2", "f16", "f16"),
    "deepseek2 q8_0, KV q8_0": ("deepseek2", "q8_0", "q8_0"),
}


@dataclass
class Row:
    """One placement: how many answers were the same, how many differed at tokens that were equally likely, and the others."""

    same: int = 0
    close: int = 0
    wrong: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class Reference:
    """What llama-server wrote: token texts, and how far the second likeliest token was behind at each place."""

    texts: tuple[str, ...]
    lead: tuple[float, ...]


@contextlib.contextmanager
def server(tools: Path, model: Path, kv_type: str, n_ctx: int) -> Iterator[str]:
    """A llama-server on the processor; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [str(tools / "llama-server"), "-m", str(model), "-c", str(n_ctx), "-np", "1", "-t", "1", "-fa", "auto"]
    command += ["-ctk", kv_type, "-ctv", kv_type, "--port", str(port), "--host", "127.0.0.1", "-ngl", "0"]
    command += ["--cache-ram", "0", "--no-webui"]
    environment = {**os.environ, "LD_LIBRARY_PATH": str(tools)}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + _START_S
        while True:
            with contextlib.suppress(OSError, urllib.error.URLError):
                urllib.request.urlopen(f"{address}/health", timeout=5).close()
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"llama-server did not start: {' '.join(command)}")
            time.sleep(0.1)
        yield address
    finally:
        process.kill()
        process.wait()


def complete(address: str, prompt: Sequence[int], n_tokens: int) -> Reference:
    """Ask llama-server, greedily."""
    body: dict[str, Any] = {
        "prompt": list(prompt),
        "n_predict": n_tokens,
        "temperature": 0,
        "ignore_eos": True,
        "cache_prompt": False,
        "n_probs": 2,
    }
    request = urllib.request.Request(f"{address}/completion", json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=300) as response:
        places: list[dict[str, Any]] = json.load(response)["completion_probabilities"]
    leads = [p["top_logprobs"][0]["logprob"] - p["top_logprobs"][1]["logprob"] for p in places]
    return Reference(tuple(bytes(p["bytes"]).decode("utf-8", "replace") for p in places), tuple(leads))


def ask(engine: Engine, prompts: Sequence[Sequence[int]], n_tokens: int, **options: object) -> list[Answer]:
    """Our worker, all prompts at once."""
    requests = [
        GenerateRequest(
            (),
            Sampling(temperature=0),
            max_tokens=n_tokens,
            logprobs=1,
            prompt_tokens=tuple(prompt),
            ignores_end=True,
            **options,  # type: ignore[arg-type]
        )
        for prompt in prompts
    ]
    ids = [engine.client.generate(r) for r in requests]
    answers: list[Answer] = []
    for operation in ids:
        event = engine.seen.wait(AnswerFinished | OperationFailed, lambda e, i=operation: e.id == i)  # type: ignore[arg-type]
        if isinstance(event, OperationFailed):
            raise event.failure.error()
        answers.append(event.answer)
    return answers


def compare(row: Row, reference: Reference, answer: Answer) -> None:
    """Count one answer."""
    texts = [p.text for p in answer.logprobs]
    pairs = zip(reference.texts, texts, strict=False)
    first = next((i for i, (a, b) in enumerate(pairs) if a != b), None)
    if first is None and len(texts) == len(reference.texts):
        row.same += 1
    elif first is not None and reference.lead[first] < _CLOSE_LOGPROB:
        row.close += 1
    else:
        where = len(texts) if first is None else first
        lead = reference.lead[where] if where < len(reference.lead) else 0.0
        row.wrong.append(f"at {where} of {len(reference.texts)}, lead {lead:.3f}")


class Case:
    """One model: its prompts, the reference, and our placements."""

    def __init__(self, path: Path, kv_type: str, prompts: list[list[int]], n_tokens: int, references: list[Reference]):
        self._path, self.kv_type, self.prompts, self._n_tokens = path, kv_type, prompts, n_tokens
        self._references = references

    def placement(self, **options: Any) -> Placement:
        base = Placement(0, 4096, kv_type_k=self.kv_type, kv_type_v=self.kv_type, threads=1, n_ubatch=64)
        return replace(base, **options)

    def run(
        self, placement: Placement, rpc: tuple[str, ...], how: Callable[[Engine], list[Answer]] | None = None
    ) -> Row:
        """Load it so, ask, compare. An engine that fails is a row of its own, not the end of the table."""
        row = Row()
        engine = Engine(rpc_servers=rpc)
        try:
            engine.load_request(LoadRequest(str(self._path), "Same tokens", "", placement))
            answers = how(engine) if how else [ask(engine, [p], self._n_tokens)[0] for p in self.prompts]
        except (UserError, AssertionError) as error:
            row.wrong.append(f"no answer: {' '.join(str(error).split())[:300]}")
            return row
        finally:
            engine.client.close()
        for reference, answer in zip(self._references, answers, strict=True):
            compare(row, reference, answer)
        return row

    def together(self, engine: Engine) -> list[Answer]:
        """All at once: as many as there are slots in a batch, the others wait."""
        return ask(engine, self.prompts, self._n_tokens)

    def reused(self, engine: Engine) -> list[Answer]:
        """Each after a part of it was read for another answer."""
        answers: list[Answer] = []
        for prompt in self.prompts:
            ask(engine, [[*prompt[: len(prompt) * 2 // 3], 5, 9]], 3)
            answers += ask(engine, [prompt], self._n_tokens)
            assert answers[-1].timings.reused_tokens >= len(prompt) // 2, "nothing was reused"
        return answers

    def restored(self, folder: Path) -> Row:
        """Each from the disk, in a worker that has never seen it."""
        files = [str(folder / f"{i}{SUFFIX}") for i in range(len(self.prompts))]
        engine = Engine()
        try:
            engine.load_request(LoadRequest(str(self._path), "Same tokens", "", self.placement()))
            for prompt, file in zip(self.prompts, files, strict=True):
                ask(engine, [prompt], 3, state_file=file)
        finally:
            engine.client.close()

        def again(engine: Engine) -> list[Answer]:
            answers = [
                ask(engine, [p], self._n_tokens, state_file=f)[0] for p, f in zip(self.prompts, files, strict=True)
            ]
            # The shortest prompts are not worth a file.
            assert any(a.timings.restored_tokens for a in answers), "nothing was restored"
            return answers

        return self.run(self.placement(), (), again)


def run_model(
    tools: Path, name: str, folder: Path, options: argparse.Namespace, devices: Devices
) -> Iterator[tuple[str, Row]]:
    """All placements of one model, one after the other."""
    arch, weight_type, kv_type = _KINDS[name]
    path = make_model(folder / f"{arch}-{weight_type}.gguf", arch, weight_type=weight_type)
    chance = random.Random(f"{options.seed} {name}")
    lengths = [min(_LENGTHS[i % len(_LENGTHS)], options.longest) for i in range(options.prompts)]
    prompts = [[chance.randrange(9, 250) for _ in range(n)] for n in lengths]
    with server(tools, path, kv_type, 4096) as address:
        references = [complete(address, p, options.tokens) for p in prompts]
    case = Case(path, kv_type, prompts, options.tokens, references)
    if not options.own:
        yield from on_the_processor(case, folder / f"states-{arch}-{weight_type}")
    for label, placement, count in devices.placements(case, arch):
        yield label, case.run(placement, devices.endpoints[:count])


def on_the_processor(case: Case, states: Path) -> Iterator[tuple[str, Row]]:
    """What needs no device. `states` is a folder to be made."""
    states.mkdir()
    yield "processor", case.run(case.placement(), ())
    if case.kv_type == "f16":
        yield "flash attention off", case.run(case.placement(flash_attention="off"), ())
    yield "four at once", case.run(case.placement(n_parallel=4, n_outputs=4), (), case.together)
    yield "beginning in the cache", case.run(case.placement(), (), case.reused)
    if max(map(len, case.prompts)) > 2 * WORTH_TOKENS:
        yield "from the disk", case.restored(states)


@dataclass(frozen=True)
class Devices:
    """Graphics devices: their names in the engine, and the RPC servers that are to be told to a worker (none for its own)."""

    names: tuple[str, ...]
    endpoints: tuple[str, ...]

    def placements(self, case: Case, arch: str) -> Iterator[tuple[str, Placement, int]]:
        if not self.endpoints and case.kv_type != "f16":
            return
        one, two = self.names[:1], self.names[:2]
        off = {} if self.endpoints else {"flash_attention": "off"}  # lavapipe of Mesa 22.3 dies with it
        yield "one device", case.placement(n_gpu_layers=99, devices=one, **off), 1
        yield "half of the layers", case.placement(n_gpu_layers=2, devices=one, **off), 1
        if arch == "deepseek2":
            yield "experts in RAM", case.placement(n_gpu_layers=99, expert_layers_on_cpu=4, devices=one, **off), 1
        if len(two) == 2:
            yield "two devices, 1:1", case.placement(n_gpu_layers=99, devices=two, tensor_split=(1.0, 1.0), **off), 2
            yield "two devices, 3:1", case.placement(n_gpu_layers=99, devices=two, tensor_split=(3.0, 1.0), **off), 2


@contextlib.contextmanager
def graphics_devices(own: bool) -> Iterator[Devices]:
    """The engine's own, or two RPC servers."""
    if own:
        names = tuple(d.name for d in engine_info().devices if d.kind in ("gpu", "igpu"))
        if not names:
            raise SystemExit("this engine lists no graphics device")
        yield Devices(names, ())
        return
    with rpc_server_processes(2) as servers:
        yield Devices(("RPC0", "RPC1"), tuple(servers))


def main(arguments: Sequence[str]) -> int:
    """Run and print; 1 when something that was not close differs."""
    parser = argparse.ArgumentParser(
        prog="same_tokens", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--prompts", type=int, default=12)
    parser.add_argument("--tokens", type=int, default=96)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--longest", type=int, default=max(_LENGTHS), metavar="N", help="tokens of a prompt at the most"
    )
    parser.add_argument("--only", default="", help="models whose name holds this")
    parser.add_argument("--own", action="store_true", help="the engine's own graphics devices instead of RPC servers")
    options = parser.parse_args(arguments)
    conftest.PATIENCE_S = _PATIENCE_S
    failures = 0
    print(f"{options.prompts} prompts of 9 to {options.longest} tokens, {options.tokens} tokens each")
    print(f"{'model':26} {'placement':26} {'same':>5} {'close':>6} {'wrong':>6}")
    with contextlib.ExitStack() as held:
        folder = held.enter_context(tempfile.TemporaryDirectory())
        os.environ["LAUNCHER_HOME"] = f"{folder}/home"  # nothing that was found out on this computer before counts
        devices = held.enter_context(graphics_devices(options.own))
        for name in (n for n in _KINDS if options.only in n):
            for label, row in run_model(options.tools, name, Path(folder), options, devices):
                counts = f"{row.same:5} {row.close:6} {len(row.wrong):6}"
                print(f"{name:26} {label:26} {counts}  {'; '.join(row.wrong[:3])}", flush=True)
                failures += len(row.wrong)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
