"""A plan that says it fits loads: random machines and wishes, planned, loaded by the real engine, and asked something.

    python -m tests.bench.random_loads [--n 300] [--seed 1] [--own]

Small generated models of every kind of attention, on one to three RPC devices whose memory the operating system really limits
to what the plan was allowed to take; `--own` takes the engine's own GPUs instead (lavapipe: packaging/engine/README.md) and asks
nothing, since lavapipe needs half a minute for a sentence.
Prints how far plan and reality were apart and exits with 1 at the first lie: a load that fails, an answer that does not come,
or a device that holds more than was planned.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launcher import planner
from launcher.catalog.facts import facts_of
from launcher.catalog.gguf import read_header
from launcher.core.errors import UserError
from launcher.core.generation import Loaded, LoadRequest
from launcher.core.machine import Cpu, EngineDevice, Gpu, Machine, Ram
from launcher.core.models import ModelFacts
from launcher.core.plans import Goal, Plan, Wishes
from launcher.core.units import GIB, MIB
from launcher.engine.devices import engine_info
from launcher.engine.process import RPC_VARIABLE
from tests.engine.conftest import Engine, question, rpc_server_processes
from tests.fakes.gguf_models import Shape, make_model

BAR_SHARE, BAR_BYTES = 0.01, 32 * MIB
# What an RPC server holds beside the buffers: graphs, work memory of matrix products, thread stacks.
SERVER_ROOM_BYTES = 96 * MIB
# Kept free on every GPU of the made-up machines: a card with less than 1 GiB free would not be used at all.
_RESERVE_BYTES = 2 * GIB
_DENSE = Shape(n_layer=9, n_head=4, n_ff=1024, n_vocab=8_000)
_EXPERTS = Shape(n_layer=8, n_ff=1024, n_vocab=8_000, n_ff_exp=256)
_MODELS = {
    "llama": ("llama", _DENSE, "f16"),
    "qwen2": ("qwen2", _DENSE, "q8_0"),
    "deepseek": ("deepseek", _EXPERTS, "f16"),
    "deepseek2": ("deepseek2", _EXPERTS, "f16"),
    "deepseek2 legacy": ("deepseek2", Shape(**{**_EXPERTS.__dict__, "is_legacy": True}), "q8_0"),
}
# Some 60 tokens (the models' vocabulary has few whole words): enough for llama.cpp to copy weights from RAM to a GPU (32).
_PROMPT = "Where do the layers go, and what does every token need?"


@dataclass(frozen=True)
class Model:
    """A generated file with its facts."""

    name: str
    path: Path
    facts: ModelFacts
    size_bytes: int


@dataclass
class Outcome:
    """What happened. `over_bytes`: per device of every load, actual minus planned."""

    loads: int = 0
    refused: int = 0
    answers: int = 0
    over_bytes: list[int] = field(default_factory=list[int])
    failures: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        n = len(self.over_bytes)
        exact = sum(o == 0 for o in self.over_bytes)
        worst, best = max(self.over_bytes, default=0) / MIB, min(self.over_bytes, default=0) / MIB
        return "\n".join(
            (
                f"{self.loads} plans that fit were loaded, {self.answers} answered; {len(self.failures)} failures; "
                f"{self.refused} plans said that they do not fit.",
                f"Actual less planned, {n} devices: {best:+.1f} to {worst:+.1f} MiB, {exact} to the byte.",
                *self.failures,
            )
        )


def make_models(folder: Path) -> list[Model]:
    """One of each kind, some 10 to 40 MB."""
    made: list[Model] = []
    for name, (arch, shape, weight_type) in _MODELS.items():
        path = make_model(folder / f"{name.replace(' ', '-')}.gguf", arch, shape=shape, weight_type=weight_type)
        made.append(Model(name, path, facts_of(read_header(path)), path.stat().st_size))
    return made


@contextlib.contextmanager
def rpc_devices(count: int) -> Iterator[tuple[tuple[EngineDevice, ...], tuple[subprocess.Popen[bytes], ...]]]:
    """The engine's devices with so many RPC servers, and the servers."""
    with rpc_server_processes(count) as servers:
        before = os.environ.get(RPC_VARIABLE)
        os.environ[RPC_VARIABLE] = ",".join(servers)
        try:
            yield engine_info(fresh=True).devices, tuple(servers.values())
        finally:
            if before is None:
                del os.environ[RPC_VARIABLE]
            else:
                os.environ[RPC_VARIABLE] = before


def run(
    n: int,
    seed: int,
    models: Sequence[Model],
    devices: Sequence[EngineDevice],
    servers: Sequence[subprocess.Popen[bytes]] = (),
    *,
    asks: bool = True,
) -> Outcome:
    """`n` loads of plans that fit, each with a question if `asks`; every random choice follows from `seed`."""
    chance, outcome = random.Random(seed), Outcome()
    gpus = [d for d in devices if d.kind in ("gpu", "igpu")]
    while outcome.loads < n and not outcome.failures:
        model = chance.choice(models)
        used = chance.sample(gpus, chance.randint(1, len(gpus)))
        used.sort(key=gpus.index)
        budgets = {g.name: int(chance.choice((0.1, 0.2, 0.4, 0.8, 3.0)) * 100 * MIB) + _drivers(g) for g in used}
        machine = _machine(chance, budgets, devices)
        wishes = _wishes(chance, model, len(used))
        case = f"{model.name} on {budgets}, seed {seed} load {outcome.loads}, {wishes}"
        try:
            plan = planner.plan_file(machine, model.facts, str(model.path), model.name, "F16", model.size_bytes, wishes)
        except UserError as error:
            outcome.failures.append(f"not planned: {error.what} {error.why} ({case})")
            break
        if not plan.fits:
            outcome.refused += 1
            continue
        limits = {s: budgets.get(g.name, 0) for g, s in zip(gpus, servers, strict=False)}
        _load(plan, model, case, limits, budgets, outcome, asks=asks)
    return outcome


def _machine(chance: random.Random, budgets: dict[str, int], devices: Sequence[EngineDevice]) -> Machine:
    gpus = tuple(
        Gpu(
            d.name,
            "other",
            d.backend,
            16 * GIB,
            budgets[d.name] + _RESERVE_BYTES,
            chance.choice((100e9, 400e9, 1000e9)),
            engine_device=d.name,
        )
        for d in devices
        if d.name in budgets
    )
    # A RAM so slow that GPUs are worth their trouble even for such small models.
    ram = Ram(16 * GIB, 8 * GIB, 4e9)
    return Machine("Random", "linux", Cpu("CPU", 1, 1), ram, gpus=gpus, engine_devices=tuple(devices))


def _drivers(device: EngineDevice) -> int:
    """Room for what the planner sets aside on a card that has a driver."""
    return 0 if device.backend == "rpc" else 256 * MIB


def _wishes(chance: random.Random, model: Model, n_gpus: int) -> Wishes:
    """Every lever free or fixed."""
    h = model.facts.hyper
    kv_type = chance.choice((None, None, "f16", "q8_0", "q4_0"))
    fixed = chance.random() < 0.25
    return Wishes(
        goal=chance.choice(list(Goal)),
        min_context=chance.choice((1024, 2048, 8192)),
        context=chance.choice((None, None, 512, 3000, 8192, 16_384)),
        n_gpu_layers=chance.randint(0, h.n_layer + 1) if fixed else None,
        expert_layers_on_cpu=chance.randint(0, h.n_layer) if fixed and h.n_expert else None,
        tensor_split=tuple(chance.choice((1.0, 2.0, 3.0)) for _ in range(n_gpus)) if chance.random() < 0.2 else None,
        kv_type=kv_type,
        n_ubatch=chance.choice((None, None, 64, 128, 256, 1024)),
        threads=1,
        vram_reserve_bytes=_RESERVE_BYTES,
        vram_caps_bytes=(0,) if n_gpus > 1 and chance.random() < 0.1 else (),
    )


def _load(
    plan: Plan,
    model: Model,
    case: str,
    limits: dict[subprocess.Popen[bytes], int],
    budgets: dict[str, int],
    outcome: Outcome,
    *,
    asks: bool,
) -> None:
    outcome.loads += 1
    outcome.failures += [
        f"planned {d.total_bytes / MIB:.1f} MiB on {d.name} of {budgets[d.name] / MIB:.1f} MiB ({case})"
        for d in plan.memory.devices
        if d.kind == "gpu" and d.total_bytes - d.unaccounted_bytes > budgets[d.name]
    ]
    engine = Engine(rpc_servers=tuple(e for e in os.environ.get(RPC_VARIABLE, "").split(",") if e))
    try:
        with _limited(limits):
            loaded = engine.load_request(LoadRequest(str(model.path), model.name, "F16", plan.placement))
            if asks:
                answer = engine.ask_request(question(_PROMPT, max_tokens=4))
                outcome.answers += bool(answer.timings.decode_tokens)
    except (UserError, AssertionError) as error:
        outcome.failures.append(f"failed: {error} {getattr(error, 'detail', '')[-300:]} ({case}, {plan.placement})")
    else:
        _compare(plan, loaded, case, outcome)
    finally:
        engine.client.close()


def _compare(plan: Plan, loaded: Loaded, case: str, outcome: Outcome) -> None:
    planned = {d.name: d.total_bytes - d.unaccounted_bytes for d in plan.memory.devices}
    for d in loaded.memory.devices:
        actual = d.total_bytes - d.unaccounted_bytes
        over = actual - planned.pop(d.name, 0)
        outcome.over_bytes.append(over)
        if over > max(BAR_BYTES, BAR_SHARE * actual):
            outcome.failures.append(f"{d.name} holds {over / MIB:.1f} MiB more than planned ({case}, {plan.placement})")
    if loaded.n_ctx < plan.context:
        outcome.failures.append(f"context of {loaded.n_ctx} instead of {plan.context} ({case})")


@contextlib.contextmanager
def _limited(limits: dict[subprocess.Popen[bytes], int]) -> Iterator[None]:
    """The servers' private memory (RLIMIT_DATA) ends where the plan's budget ends."""
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    try:
        for server, budget in limits.items():
            status = Path(f"/proc/{server.pid}/status").read_text("ascii")
            held = int(re.findall(r"VmData:\s+(\d+)", status)[0]) * 1024
            limit = held + budget + SERVER_ROOM_BYTES
            resource.prlimit(server.pid, resource.RLIMIT_DATA, (limit, resource.RLIM_INFINITY))
        yield
    finally:
        for server in limits:
            resource.prlimit(server.pid, resource.RLIMIT_DATA, unlimited)


def main(argv: list[str]) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.random_loads")
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--own", action="store_true", help="the engine's own GPUs; no question: loading decodes one token"
    )
    options = parser.parse_args(argv)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="random-loads-") as folder, contextlib.ExitStack() as held:
        models = make_models(Path(folder))
        if options.own:
            devices, servers = engine_info(fresh=True).devices, ()
        else:
            devices, servers = held.enter_context(rpc_devices(3))
        outcome = run(options.n, options.seed, models, devices, servers, asks=not options.own)
    print(outcome, f"{time.monotonic() - started:.0f} s", sep="\n")
    return int(bool(outcome.failures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
