"""The worker's other job: measure. It gets one `ProbeJob` as a line on stdin, times it and ends (see engine/calibration.py)."""

from __future__ import annotations

import ctypes
import json
import os
import queue
import random
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from launcher.core.codec import from_json
from launcher.core.errors import UserError
from launcher.core.generation import LoadRequest
from launcher.core.machine import EngineDevice
from launcher.core.models import Sampling
from launcher.core.plans import Placement
from launcher.engine.calibration_models import write_model
from launcher.engine.calibration_probes import (
    KV_STEP,
    SAMPLED_VOCABULARY,
    JobEvent,
    JobFailed,
    JobFinished,
    MemoryHeld,
    Probe,
    ProbeJob,
    ProbeStarted,
    ProbeTimes,
    Timing,
    encode_event,
    is_gpu,
    is_steady,
    timing_of,
)
from launcher.engine.protocol import Failure
from launcher.engine.worker.abort import AbortSwitch
from launcher.engine.worker.binding import Binding
from launcher.engine.worker.load_errors import decode_error
from launcher.engine.worker.memory import buffer_uses
from launcher.engine.worker.model import NativeModel, load_model
from launcher.engine.worker.processor import cpu_flags, wants_extra_buffers
from launcher.engine.worker.sampler import SamplerChain

_ATTEMPTS = 4
_ATTEMPTS_S = 3.0  # and no new one after this long: a busy computer must not take minutes to be called busy
_LEAST_REPEATS = 8
_SERIES_S = 1.5  # a series may be shorter than that after this long
_MOST_TOKENS = KV_STEP - 16  # the attention looks at one more step of the cache then
_PROMPT_REPEATS = 3
_BATCH = 512


def run_calibration(argv: list[str], commands: BinaryIO, protocol: BinaryIO) -> int:
    """Do the job on stdin; argv may name RPC servers (`--rpc host:port,…`). Returns the exit code."""
    lines: queue.Queue[bytes] = queue.Queue()

    def read() -> None:
        while line := commands.readline():
            lines.put(line)
        os._exit(0)  # nobody waits for us any more

    threading.Thread(target=read, name="commands", daemon=True).start()

    def send(event: JobEvent) -> None:
        protocol.write(encode_event(event))

    try:
        job = from_json(ProbeJob, json.loads(lines.get()))
        binding = Binding()
        binding.add_rpc_servers(tuple(e for e in argv[1].split(",") if e) if argv[:1] == ["--rpc"] else ())
        send(_Job(binding, job, send, lines.get).run())
    except UserError as error:
        send(JobFailed(Failure.of(error)))
        return 1
    except Exception as error:  # noqa: BLE001 - a bug must reach the one who waits
        traceback.print_exc()
        text = f"{type(error).__name__}: {error}"
        send(JobFailed(Failure("engine_bug", "The engine worker has a bug.", text, (), traceback.format_exc())))
        return 1
    return 0


class _Job:
    """One device's probes, one after the other."""

    def __init__(
        self, binding: Binding, job: ProbeJob, send: Callable[[JobEvent], None], wait_for_line: Callable[[], bytes]
    ) -> None:
        self._binding = binding
        self._job = job
        self._send = send
        self._wait_for_line = wait_for_line
        self._switch = AbortSwitch()
        has_gpu = any(is_gpu(device) for device in binding.devices())
        wanted = wants_extra_buffers(binding.system_info, has_gpu, cpu_flags())
        self._use_extra_bufts = wanted if job.use_extra_bufts is None else job.use_extra_bufts
        self._neighbours = _Neighbours()
        self._before = {device.name: device for device in binding.devices()}

    def run(self) -> JobFinished:
        """Time everything."""
        times = tuple(self._measure(probe) for probe in self._job.probes)
        sampling = _sampling(self._binding, self._job.seconds) if self._job.sampling else None
        return JobFinished(times, sampling, self._neighbours.load())

    def _measure(self, probe: Probe) -> ProbeTimes:
        self._send(ProbeStarted(probe.key, self._use_extra_bufts, self._neighbours.load()))
        path = Path(self._job.folder) / f"{probe.key}.gguf"
        try:
            write_model(probe.model, path)
            native = self._load(probe, path)
            try:
                times = _times(native, probe, self._job.seconds)
                # After a large batch: its kernels' workspaces are a part of what the books lack.
                if self._job.unaccounted and probe.decode and probe.prompt_tokens:
                    self._hold(native, self._job.unaccounted)
            finally:
                native.free()
        finally:
            path.unlink(missing_ok=True)
        return times

    def _load(self, probe: Probe, path: Path) -> NativeModel:
        placement = Placement(
            n_gpu_layers=probe.n_gpu_layers,
            n_ctx=probe.depth + max(2 * KV_STEP, probe.prompt_tokens),
            n_batch=_BATCH,
            n_ubatch=_BATCH,
            threads=self._job.threads,
            devices=probe.devices,
        )
        request = LoadRequest(str(path), probe.key, probe.model.quant, placement)
        return load_model(self._binding, request, self._use_extra_bufts, self._switch, lambda _phase, _part: None)

    def _hold(self, native: NativeModel, device: str) -> None:
        """Keep the memory until it was looked at from outside: a driver counts this process's context only there."""
        uses = buffer_uses(self._binding, native.context)
        books = sum(u.weights_bytes + u.context_bytes + u.compute_bytes for u in uses if u.device == device)
        self._send(MemoryHeld(device, books, _beyond(self._binding, self._before[device], books)))
        self._wait_for_line()


class _Neighbours:
    """How much of the processor other programs took: a disturbance that never pauses does not show in repeats."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._before = self._others_s()

    def load(self) -> float:
        """Their share of all processors since the start, 0 to 1."""
        available = (time.monotonic() - self._started) * (psutil.cpu_count() or 1)
        return min(1.0, max(0.0, self._others_s() - self._before) / available)

    @staticmethod
    def _others_s() -> float:
        everybody, ours = psutil.cpu_times(), psutil.Process().cpu_times()
        # Not a sum of all fields: guests are in "user" already.
        busy = everybody.user + everybody.system + getattr(everybody, "nice", 0.0) + getattr(everybody, "steal", 0.0)
        return busy - ours.user - ours.system


def _beyond(binding: Binding, before: EngineDevice, books_bytes: int) -> int:
    """What is gone from the device's free memory and not in the books; RPC devices tell another computer's memory: 0."""
    if before.backend == "rpc":
        return 0
    free, _total = binding.device_memory(binding.device_handles()[before.name])
    return max(0, before.free_bytes - free - books_bytes)


def _times(native: NativeModel, probe: Probe, seconds: float) -> ProbeTimes:
    decode = deep = prompt = None
    if probe.prompt_tokens:
        _fill(native, probe.prompt_tokens)  # kernels are built, pages are read
        prompt = _timing(lambda: [_fill(native, probe.prompt_tokens) for _ in range(_PROMPT_REPEATS)])
    if probe.decode:
        _fill(native, 0)
        _series(native, 0, 0.0)
        decode = _timing(lambda: _series(native, 0, seconds))
    if probe.depth:
        _fill(native, probe.depth)
        deep = _timing(lambda: _series(native, probe.depth, seconds))
    return ProbeTimes(probe.key, decode, deep, prompt)


def _timing(series: Callable[[], list[float]]) -> Timing:
    """Repeat series until they are steady, a few times at most."""
    attempts: list[list[float]] = []
    started = time.perf_counter()
    while not is_steady(attempts) and len(attempts) < _ATTEMPTS:
        attempts.append(series())
        if time.perf_counter() - started > _ATTEMPTS_S:
            break
    return timing_of(attempts)


def _fill(native: NativeModel, n_tokens: int) -> float:
    """Seconds of reading that many tokens into an empty cache."""
    native.binding.llama.llama_memory_clear(native.memory, False)
    return sum(_decode(native, min(_BATCH, n_tokens - start)) for start in range(0, n_tokens, _BATCH))


def _series(native: NativeModel, depth: int, seconds: float) -> list[float]:
    """Seconds of single tokens behind the first `depth` of the cache."""
    native.binding.llama.llama_memory_seq_rm(native.memory, 0, depth, -1)
    return _repeated(lambda: _decode(native, 1), seconds)


def _repeated(once: Callable[[], float], seconds: float) -> list[float]:
    """What it returns each time, for that long."""
    times: list[float] = []
    started = time.perf_counter()
    while len(times) < _MOST_TOKENS:
        times.append(once())
        elapsed = time.perf_counter() - started
        if elapsed > _SERIES_S or (elapsed > seconds and len(times) >= _LEAST_REPEATS):
            break
    return times


def _decode(native: NativeModel, n_tokens: int) -> float:
    """Seconds of one call, up to the end of what devices do on their own."""
    llama = native.binding.llama
    n_vocab = llama.llama_vocab_n_tokens(native.vocab)
    tokens = (ctypes.c_int32 * n_tokens)(*(random.randrange(n_vocab) for _ in range(n_tokens)))  # noqa: S311
    batch = llama.llama_batch_get_one(tokens, n_tokens)
    started = time.perf_counter()
    status = llama.llama_decode(native.context, batch)
    llama.llama_synchronize(native.context)
    if status != 0:
        raise decode_error(native.binding, status)
    return time.perf_counter() - started


def _sampling(binding: Binding, seconds: float) -> Timing:
    """Choosing one token as a chat does, among as many as DeepSeek V3 has."""
    llama = binding.llama
    candidates = (llama.llama_token_data * SAMPLED_VOCABULARY)()
    for i in range(SAMPLED_VOCABULARY):
        candidates[i].id = i
        # A model's usual picture: a few dozen likely tokens far above the rest.
        candidates[i].logit = random.uniform(18, 24) if i % 3000 == 0 else random.gauss(0.0, 2.5)  # noqa: S311
    work = (llama.llama_token_data * SAMPLED_VOCABULARY)()

    def once(chain: Any) -> float:
        started = time.perf_counter()
        ctypes.memmove(work, candidates, ctypes.sizeof(work))  # llama.cpp fills them from the logits each time
        array = llama.llama_token_data_array(work, SAMPLED_VOCABULARY, -1, False)
        llama.llama_sampler_apply(chain, ctypes.byref(array))
        return time.perf_counter() - started

    with SamplerChain(binding, Sampling(seed=1), SAMPLED_VOCABULARY) as sampler:
        return _timing(lambda: _repeated(lambda: once(sampler.chain), seconds))
