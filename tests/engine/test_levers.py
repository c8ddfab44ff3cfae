"""Every lever of a placement on real llama.cpp: obeyed, refused in words, or said where the system does not let it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from launcher.core.errors import UserError
from launcher.core.plans import Placement
from launcher.engine.protocol import LoadProgress
from launcher.engine.worker.binding import EngineLog
from launcher.engine.worker.load_notes import lock_note
from tests.engine.conftest import Engine
from tests.fakes.gguf_models import make_model

Models = Callable[..., Path]
QUESTION = "Where do the layers go?"


def place(**levers: object) -> Placement:
    return Placement(**{"n_gpu_layers": 0, "n_ctx": 1024, "threads": 1, **levers})  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["none", "mmap", "mlock", "mmap+mlock", "direct_io"])
def test_every_load_mode_loads_the_same(engine: Engine, models: Models, mode: str) -> None:
    path = models(template="v3")
    loaded = engine.load(path, place(load_mode=mode))
    (ram,) = loaded.memory.devices
    assert 0.95 * path.stat().st_size < ram.weights_bytes <= path.stat().st_size + 2**20
    answers = engine.ask(QUESTION).answer
    engine.load(path, place())
    assert engine.ask(QUESTION).answer == answers
    fractions = [e.fraction for e in engine.seen.of(LoadProgress)]
    assert 0.9 in fractions


def test_weights_that_cannot_be_locked_are_said(models: Models) -> None:
    """The limit does not bind root, so the same is seen of a log that has llama.cpp's own words."""
    log = EngineLog()
    binding = SimpleNamespace(log=log)
    assert lock_note(place(load_mode="mlock"), binding) == ""  # type: ignore[arg-type]
    log.write(
        3, "warning: failed to mlock 73400320-byte buffer (after previously locking 0 bytes): Cannot allocate memory\n"
    )
    note = lock_note(place(load_mode="mmap+mlock"), binding)  # type: ignore[arg-type]
    assert "could not be locked in RAM" in note
    assert "70 MiB was asked for" in note
    assert lock_note(place(load_mode="mmap"), binding) == ""  # type: ignore[arg-type]


def test_direct_io_that_the_disk_refuses_is_said(engine: Engine) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:  # tmpfs of older kernels has no O_DIRECT
        loaded = engine.load(make_model(Path(folder) / "model.gguf"), place(load_mode="direct_io"))
        try:
            os.close(os.open(Path(folder) / "model.gguf", os.O_RDONLY | os.O_DIRECT))
            assert loaded.notes == ()
        except OSError:
            assert "through the page cache" in loaded.notes[0]


def test_numa_on_one_node_changes_nothing_and_says_so(engine: Engine, models: Models) -> None:
    loaded = engine.load(models(), place(numa="distribute"))
    assert engine.ask(QUESTION).reasoning
    if len(list(Path("/sys/devices/system/node").glob("node[0-9]*"))) == 1:
        assert loaded.notes == ("One NUMA node was found: the setting distribute changes nothing.",)


def test_tensors_go_where_they_are_told(
    make_engine: Callable[..., Engine], models: Models, rpc_servers: tuple[str, ...]
) -> None:
    path = models(template="v3", weight_type="f32")
    pooled = make_engine(rpc_servers=rpc_servers)
    plain = pooled.load(path, place(n_gpu_layers=5, tensor_split=(1.0, 1.0)))
    expected = pooled.ask(QUESTION).answer
    first, second = (d.name for d in plain.memory.devices[:-1])
    one_expert_part = 8 * 128 * 256 * 4
    moved = pooled.load(
        path,
        place(
            n_gpu_layers=5,
            tensor_split=(1.0, 1.0),
            expert_layers_on_cpu=2,  # an override comes before: layer 1's up stays on a card
            tensor_overrides=((r"blk\.1\.ffn_up_exps", second), (r"blk\.3\.ffn_(up|down)_exps", "CPU")),
        ),
    )
    before, after = ([d.weights_bytes for d in m.memory.devices] for m in (plain, moved))
    assert after[2] - before[2] == (2 + 2) * one_expert_part
    assert sum(before) == sum(after)
    assert pooled.ask(QUESTION).answer == expected
    with pytest.raises(UserError) as caught:
        pooled.load(path, place(n_gpu_layers=5, devices=(first,), tensor_overrides=(("ffn", second),)))
    assert caught.value.code == "device_missing"
    assert first in caught.value.why


@pytest.mark.parametrize(
    "pattern",
    ["", "(", "blk)", "[a-", "(a+)+b", "(" * 40 + "a" + ")" * 40, "x" * 2000, "a{99999999999}", "*", "(?<=x)y", "\\"],
)
def test_a_pattern_that_is_none(engine: Engine, models: Models, pattern: str) -> None:
    with pytest.raises(UserError) as caught:
        engine.load(models(), place(tensor_overrides=((pattern, "CPU"),)))
    assert caught.value.code == "bad_placement"
    assert "pattern" in caught.value.what


@pytest.mark.parametrize(
    ("levers", "words"),
    [
        ({"split_mode": "diagonal"}, "diagonal"),
        ({"load_mode": "floppy"}, "floppy"),
        ({"numa": "mirror"}, "mirror"),
        ({"n_parallel": 0}, "0"),
        ({"n_parallel": 257}, "256"),
        ({"threads": 0}, "0"),
        ({"threads_batch": 10_000}, "512"),
        ({"n_batch": 0}, "0"),
        ({"split_mode": "tensor", "flash_attention": "off"}, "flash attention"),
    ],
)
def test_levers_that_no_engine_obeys(engine: Engine, models: Models, levers: dict[str, object], words: str) -> None:
    with pytest.raises(UserError) as caught:
        engine.load(models(), place(**levers))
    assert caught.value.code == "bad_placement"
    assert words in f"{caught.value.what} {caught.value.why}"


def test_layers_split_by_tensors(
    make_engine: Callable[..., Engine], models: Models, rpc_servers: tuple[str, ...]
) -> None:
    path = models("llama", template="v3", weight_type="f32")
    pooled = make_engine(rpc_servers=rpc_servers)
    whole = pooled.load(path, place())
    expected = pooled.ask(QUESTION).answer
    halves = pooled.load(path, place(n_gpu_layers=5, split_mode="tensor"))
    one, other, ram = halves.memory.devices
    assert one.weights_bytes == other.weights_bytes > 0
    assert one.kv_bytes == other.kv_bytes == whole.memory.devices[0].kv_bytes // 2
    assert ram.kv_bytes == 0
    assert pooled.ask(QUESTION).answer == expected
    shares = pooled.load(path, place(n_gpu_layers=5, split_mode="tensor", tensor_split=(3.0, 1.0)))
    assert shares.memory.devices[0].kv_bytes == 3 * shares.memory.devices[1].kv_bytes
    assert pooled.ask(QUESTION).answer == expected
    with pytest.raises(UserError) as caught:
        pooled.load(models(), place(n_gpu_layers=5, split_mode="tensor"))
    assert caught.value.code == "bad_placement"
    assert "deepseek2" in caught.value.what
