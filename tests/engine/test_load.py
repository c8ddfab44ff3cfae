"""Loads: progress, cancel, every placement, actual memory, files that are broken, missing or hostile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from launcher.core import words
from launcher.core.errors import UserError
from launcher.core.models import Thinking
from launcher.core.plans import DeviceMemory, Placement
from launcher.engine.devices import engine_info, list_devices
from launcher.engine.protocol import EngineState, LoadCancelled, LoadProgress, LoadStarted, StateChanged
from launcher.engine.thread_counts import forget_threads, remember_threads, remembered_threads
from launcher.engine.worker.progress import TimeLeft, WeightsProgress
from tests.engine.conftest import Engine, request_for
from tests.fakes.gguf_models import make_model

Models = Callable[..., Path]
N_CTX = 1024
QUESTION = "Where do the layers go?"


def place(**levers: object) -> Placement:
    return Placement(**{"n_gpu_layers": 0, "n_ctx": N_CTX, "threads": 1, **levers})  # type: ignore[arg-type]


def test_devices_are_the_engine_s_own() -> None:
    info = engine_info(fresh=True)
    assert [d.kind for d in info.devices if d.name == "CPU"] == ["cpu"]
    assert "0.3.36" in info.engine_version
    assert "CPU" in info.system_info
    assert list_devices() is info.devices  # asked once


def test_devices_of_other_computers_count(rpc_servers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAUNCHER_RPC_SERVERS", ",".join(rpc_servers))
    devices = engine_info(fresh=True).devices
    assert [d.backend for d in devices if d.kind == "gpu"] == ["rpc", "rpc"]
    monkeypatch.delenv("LAUNCHER_RPC_SERVERS")
    assert all(d.backend != "rpc" for d in engine_info(fresh=True).devices)


def test_a_computer_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAUNCHER_RPC_SERVERS", "127.0.0.1:9")
    with pytest.raises(UserError) as caught:
        engine_info(fresh=True)
    assert caught.value.code == "rpc_unreachable"
    assert "127.0.0.1:9" in caught.value.what


def test_progress_goes_up_and_the_model_is_described(engine: Engine, models: Models) -> None:
    loaded = engine.load(models(template="v3"), place())
    fractions = [e.fraction for e in engine.seen.of(LoadProgress)]
    assert fractions == sorted(fractions)
    assert {e.phase for e in engine.seen.of(LoadProgress)} == {"weights", "context", "warm_up"}
    assert (loaded.n_layer, loaded.gpu_layers, loaded.n_ctx, loaded.n_ctx_train) == (4, 0, N_CTX, 32768)
    assert loaded.thinking is Thinking.NEVER
    assert loaded.notes == ()
    assert loaded.load_seconds > 0
    assert engine.client.loaded == loaded
    assert engine.client.pid is not None


def test_actual_memory_is_what_the_file_and_the_cache_need(engine: Engine, models: Models) -> None:
    path = models()
    memory = engine.load(path, place()).memory
    assert memory.source == "actual"
    (ram,) = memory.devices
    assert ram.kind == "host"
    assert 0.95 * path.stat().st_size < ram.weights_bytes <= path.stat().st_size + 2**20
    # MLA: latent + rope, one row per token and layer, two bytes each.
    assert ram.kv_bytes == 4 * N_CTX * (128 + 32) * 2
    assert 0 < ram.compute_bytes < 64 * 2**20
    assert (
        engine.load(path, place(kv_type_k="q8_0", kv_type_v="q8_0")).memory.devices[0].kv_bytes
        == ram.kv_bytes * 34 // 64
    )


def test_one_row_of_logits_is_reserved(engine: Engine, models: Models) -> None:
    """With a vocabulary of 30,000 the default of one row per batch token would take 60 MB more."""
    path = models("llama", n_vocab=30_000)
    ram = engine.load(path, place()).memory.devices[0]
    assert ram.compute_bytes < 16 * 2**20


def test_the_same_answer_from_every_placement(
    make_engine: Callable[..., Engine], models: Models, rpc_servers: tuple[str, ...]
) -> None:
    """Processor; all layers on two devices; experts of the first layers kept in RAM; a part of the layers."""
    path = models(template="v3", weight_type="f32")
    alone = make_engine()
    alone.load(path, place())
    expected = alone.ask(QUESTION).answer
    alone.client.close()

    pooled = make_engine(rpc_servers=rpc_servers)
    split = pooled.load(path, place(n_gpu_layers=5, tensor_split=(3.0, 2.0)))
    assert split.gpu_layers == 5
    names = [d.name for d in split.memory.devices]
    assert names[-1] == "RAM"
    assert len(names) == 3
    gpus = split.memory.devices[:-1]
    assert all(d.kind == "gpu" and d.weights_bytes > 0 and d.kv_bytes > 0 and d.capacity_bytes for d in gpus)
    assert pooled.ask(QUESTION).answer == expected

    experts = pooled.load(path, place(n_gpu_layers=5, tensor_split=(3.0, 2.0), expert_layers_on_cpu=3))
    # Layers 1 and 2 of the first three have experts: 3 matrices x 8 experts x 128 x 256 numbers of 4 bytes, in RAM now.
    moved = weights(split.memory.devices[:-1]) - weights(experts.memory.devices[:-1])
    assert moved == 2 * 3 * 8 * 128 * 256 * 4
    assert pooled.ask(QUESTION).answer == expected

    part = pooled.load(path, place(n_gpu_layers=2, devices=(names[1],)))
    assert part.gpu_layers == 2
    assert [d.name for d in part.memory.devices] == [names[1], "RAM"]
    assert pooled.ask(QUESTION).answer == expected

    one = pooled.load(path, place(n_gpu_layers=5, split_mode="none", devices=(names[0],)))
    assert [d.name for d in one.memory.devices] == [names[0], "RAM"]
    assert pooled.ask(QUESTION).answer == expected

    none = pooled.load(path, place(split_mode="none"))
    assert [d.name for d in none.memory.devices] == ["RAM"]  # no video memory for a plan without any
    assert pooled.ask(QUESTION).answer == expected


def weights(devices: tuple[DeviceMemory, ...]) -> int:
    return sum(d.weights_bytes for d in devices)


def test_layers_that_did_not_reach_a_card_are_said(engine: Engine, models: Models) -> None:
    loaded = engine.load(models(), place(n_gpu_layers=5))
    assert loaded.gpu_layers == 0
    assert loaded.notes[0].startswith("Planned: 4 of 4 layers on the graphics card. Actual: 0.")


def test_the_engine_s_sentences_arrive_in_the_language_of_who_shows_them(engine: Engine, models: Models) -> None:
    chinese = {
        "Planned: {planned} of {all} layers on the graphics card. Actual: {actual}. The processor does the rest.": "{planned}/{all} → {actual}",
        "The engine does not see {names} any more.": "引擎找不到 {names}。",
    }
    words.set_translation(lambda template: chinese.get(template, template))
    try:
        assert engine.load(models(), place(n_gpu_layers=5)).notes == ("4/4 → 0",)
        with pytest.raises(UserError) as caught:
            engine.load(models(), place(n_gpu_layers=5, devices=("CUDA7",)))
    finally:
        words.set_translation(None)
    assert caught.value.what == "引擎找不到 CUDA7。"


def test_a_device_that_is_gone(engine: Engine, models: Models) -> None:
    with pytest.raises(UserError) as caught:
        engine.load(models(), place(n_gpu_layers=5, devices=("CUDA7",)))
    assert caught.value.code == "device_missing"
    assert "CUDA7" in caught.value.what


def test_a_quantised_cache_and_read_mode(engine: Engine, models: Models) -> None:
    engine.load(
        models(template="v3"), place(kv_type_k="q8_0", kv_type_v="q8_0", load_mode="none", n_batch=64, n_ubatch=32)
    )
    answer = engine.ask("Hello there " * 20, max_tokens=30)
    assert answer.timings.prompt_tokens > 64
    assert answer.answer


def test_cancel_of_a_load_frees_everything(engine: Engine, models: Models) -> None:
    path = models(slow=True)
    engine.seen.at_once(LoadStarted, engine.client.stop)
    operation = engine.client.load(request_for(path, place(load_mode="none")))
    assert engine.seen.wait(LoadCancelled).id == operation
    engine.seen.wait(StateChanged, lambda e: e.state is EngineState.STOPPED)
    assert engine.client.pid is None
    assert engine.load(path, place()).n_ctx == N_CTX


def test_cancel_before_the_worker_has_started(engine: Engine, models: Models) -> None:
    operation = engine.client.load(request_for(models()))
    engine.client.stop(operation)
    assert engine.seen.wait(LoadCancelled).id == operation
    engine.seen.wait(StateChanged, lambda e: e.state is EngineState.STOPPED)


def test_a_second_load_replaces_the_first(engine: Engine, models: Models) -> None:
    first = engine.load(models("qwen2"))
    pid = engine.client.pid
    second = engine.load(models())
    assert (first.architecture, second.architecture) == ("qwen2", "deepseek2")
    assert engine.client.pid != pid


def test_unload_ends_the_process(engine: Engine, models: Models) -> None:
    engine.load(models())
    engine.client.unload()
    engine.seen.wait(StateChanged, lambda e: e.state is EngineState.STOPPED)
    assert engine.client.pid is None
    assert engine.client.loaded is None
    with pytest.raises(UserError) as caught:
        engine.ask("Anybody there?")
    assert caught.value.code == "not_loaded"


def test_an_absurd_context_is_an_error_with_the_engine_s_words(engine: Engine, models: Models) -> None:
    # 40 layers x 160 numbers x 4 bytes for each of 8 million tokens: 200 GiB.
    with pytest.raises(UserError) as caught:
        engine.load(models(slow=True), place(n_ctx=2**23, kv_type_k="f32", kv_type_v="f32"))
    assert caught.value.code == "out_of_memory"
    assert "8,388,608 tokens" in caught.value.why
    assert "alloc" in caught.value.detail
    assert caught.value.next_steps[0].action == "load_with_context"
    assert engine.load(models(), place()).n_ctx == N_CTX


@pytest.mark.parametrize("keep", [4, 100, 0.5, 0.98])
def test_a_cut_file(engine: Engine, models: Models, tmp_path: Path, keep: float) -> None:
    data = models().read_bytes()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(data[: int(keep if keep > 1 else keep * len(data))])
    with pytest.raises(UserError) as caught:
        engine.load(cut)
    assert caught.value.code == "load_failed"
    assert caught.value.detail
    assert "download_again" in [s.action for s in caught.value.next_steps]


def test_files_that_are_no_models(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        engine.load(tmp_path / "gone.gguf")
    assert caught.value.code == "model_missing"
    (tmp_path / "page.gguf").write_text("<html>")
    with pytest.raises(UserError) as caught:
        engine.load(tmp_path / "page.gguf")
    assert caught.value.code == "bad_model_file"


def test_an_architecture_of_the_future(engine: Engine, models: Models, tmp_path: Path) -> None:
    data = models().read_bytes()
    future = tmp_path / "future.gguf"
    future.write_bytes(data.replace(b"deepseek2", b"deepseek9"))
    with pytest.raises(UserError) as caught:
        engine.load(future)
    assert caught.value.code == "unsupported_model"
    assert "deepseek9" in caught.value.what


def test_the_file_may_go_while_it_is_loaded(engine: Engine, tmp_path: Path) -> None:
    path = make_model(tmp_path / "short-lived.gguf")
    engine.load(path, place(load_mode="none"))
    path.unlink()
    assert engine.ask("Still there?").reasoning


HOSTILE = {
    "endless": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "huge": "{% for a in range(99999) %}{{ 'x' * 1 }}{% endfor %}{{ 'y' * 999999999 }}",
    "long": "{% for a in range(99999) %}{{ 'some text that repeats without an end ' }}{% for b in range(999) %}z{% endfor %}{% endfor %}",
    "escape": "{{ messages.__class__.__mro__[1].__subclasses__() }}",
    "syntax": "{% if %}",
    "raises": "{{ raise_exception('no') }}",
    "math": "{{ 1 // 0 }}",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_template_is_replaced_and_said(engine: Engine, models: Models, kind: str) -> None:
    started = time.monotonic()
    loaded = engine.load(models(template=HOSTILE[kind]))
    assert time.monotonic() - started < 20
    assert loaded.template_origin == "builtin:deepseek-v3"
    assert "template does not work" in loaded.notes[0]
    assert engine.ask("Hi").answer


@pytest.mark.parametrize(
    ("name", "origin", "thinking"),
    [
        ("Tiny test model", "builtin:deepseek-v3", Thinking.NEVER),
        ("DeepSeek R1 tiny", "builtin:deepseek-r1", Thinking.ALWAYS),
        ("DeepSeek V3.1 tiny", "builtin:deepseek-v31", Thinking.SWITCH),
    ],
)
def test_files_without_a_template(engine: Engine, models: Models, name: str, origin: str, thinking: Thinking) -> None:
    loaded = engine.load(models(template=None, name=name))
    assert (loaded.template_origin, loaded.thinking) == (origin, thinking)
    answer = engine.ask("Hi", max_tokens=40)
    assert answer.answer
    assert bool(answer.reasoning) is (thinking is not Thinking.NEVER)


# --- progress and threads ---------------------------------------------------------------------------------------------


def test_the_time_left_follows_the_last_seconds() -> None:
    now = [0.0]
    left = TimeLeft(lambda: now[0])
    assert left.at("weights", 0.0) is None
    for second in range(1, 5):
        now[0] = second
        found = left.at("weights", 0.1 * second)
    assert found == pytest.approx(5.0)  # 0.9 is the end, at a tenth a second
    now[0] = 12.0
    assert left.at("weights", 0.42) == pytest.approx(0.48 * 8 / 0.02, rel=0.01)  # a slow disk now
    assert left.at("context", 0.9) is None


def test_progress_within_one_call_of_the_engine(tmp_path: Path) -> None:
    """What system calls read counts, between two words of llama.cpp."""
    path = tmp_path / "file"
    path.write_bytes(bytes(2**20))
    told: list[float] = []
    is_half = threading.Event()

    def tell(fraction: float) -> None:
        told.append(fraction)
        if fraction >= 0.5:
            is_half.set()

    with WeightsProgress(4 * 2**20, is_mapped=False, is_copied=False, tell=tell) as progress:
        path.read_bytes()
        path.read_bytes()
        assert is_half.wait(30)
        progress.count(1.0)
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize("mode", ["mmap", "none", "mlock", "direct_io"])
def test_a_load_ends_at_once_in_every_mode(engine: Engine, models: Models, mode: str) -> None:
    path = models(slow=True, weight_type="f32")
    operation = engine.client.load(request_for(path, place(load_mode=mode, n_ctx=32768)))
    engine.seen.wait(LoadStarted)
    engine.client.stop(operation)
    assert engine.seen.wait(LoadCancelled).id == operation
    engine.seen.wait(StateChanged, lambda e: e.state is EngineState.STOPPED)
    assert engine.client.pid is None


def test_threads_are_measured_once_where_the_plan_leaves_them_open(
    make_engine: Callable[..., Engine], models: Models
) -> None:
    path = models("llama")
    fixed = make_engine().load(path, place(threads=1))
    assert (fixed.threads, fixed.is_threads_measured) == (1, False)
    request = request_for(path, place(threads=2, is_threads_fixed=False))
    processor = engine_info().processor
    remember_threads(processor, request, 1)
    again = make_engine().load_request(request)
    assert (again.threads, again.is_threads_measured) == (1, False)
    assert remembered_threads(processor, request_for(path, place(threads=2))) == 0  # given by hand
    forget_threads()
    assert remembered_threads(processor, request) == 0
