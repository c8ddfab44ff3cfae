"""Saved KV states: the same answer as without, refused when they do not belong, whole or not there after any kill."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from launcher.core.generation import Answer
from launcher.core.plans import Placement
from launcher.engine.kv_states import PART_SUFFIX, StateFolder
from launcher.engine.protocol import EngineState, PromptProgress, StateChanged, StateRefused, StatesSaved, TextDelta
from launcher.engine.supervision import Patience
from launcher.engine.worker import states
from launcher.engine.worker.states import Header, StateDamagedError
from tests.engine.conftest import Engine, question

Models = Callable[..., Path]
LONG_A = "The small model reads your question. " * 60
LONG_B = "A good plan uses the card well. " * 60
GREEDY = {"max_tokens": 12}


def placement(n_parallel: int = 1, kv_type: str = "f16", **levers: Any) -> Placement:
    return Placement(
        n_gpu_layers=0,
        n_ctx=4096,
        threads=1,
        n_parallel=n_parallel,
        kv_type_k=kv_type,
        kv_type_v=kv_type,
        **levers,
    )


def path_of(tmp_path: Path, chat: str) -> str:
    return str(StateFolder(tmp_path / "states", 0).path(chat))


def save(engine: Engine) -> StatesSaved:
    operation = engine.client.save_states()
    return engine.seen.wait(StatesSaved, lambda e: e.id == operation)


def kill(engine: Engine) -> None:
    pid = engine.client.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    engine.seen.wait(StateChanged, lambda e: e.state is EngineState.CRASHED)


def refusals(engine: Engine) -> list[str]:
    return [e.why for e in engine.seen.of(StateRefused)]


CASES = [
    ("qwen2", "f16", "auto"),
    ("qwen2", "f16", "off"),  # V lies transposed in the cache
    ("llama", "q8_0", "auto"),
    ("deepseek2", "f16", "auto"),
    ("deepseek2", "q8_0", "auto"),
    ("granite_swa", "f16", "auto"),  # the windowed layers keep their last tokens only
]


@pytest.mark.parametrize(("arch", "kv_type", "flash"), CASES)
def test_a_restored_chat_goes_on_as_if_nothing_had_happened(
    make_engine: Callable[..., Engine], models: Models, tmp_path: Path, arch: str, kv_type: str, flash: str
) -> None:
    model = models(arch, template="v3")
    where = placement(2, kv_type, flash_attention=flash)
    first = make_engine()
    first.load(model, where)
    chats = {"a": [LONG_A], "b": [LONG_B]}
    for chat, turns in chats.items():
        answer = first.ask(*turns, state_file=path_of(tmp_path, chat), **GREEDY)
        assert answer.timings.restored_tokens == 0
        turns += [answer.answer, "Go on."]
    saved = save(first)
    assert (saved.count, saved.problem) == (2, "")
    assert saved.size_bytes == StateFolder(tmp_path / "states", 0).total_bytes()
    without = {chat: first.ask(*turns, **GREEDY) for chat, turns in chats.items()}
    kill(first)

    second = make_engine()
    second.load(model, where)
    # The other way round: a state fits every slot.
    for chat, turns in reversed(chats.items()):
        restored = second.ask(*turns, state_file=path_of(tmp_path, chat), **GREEDY)
        assert restored.answer == without[chat].answer
        t = restored.timings
        assert t.restored_tokens == t.reused_tokens == without[chat].timings.reused_tokens > 400
        assert t.prompt_tokens - t.reused_tokens < 20
    assert not refusals(second)


def test_back_to_a_chat_only_new_tokens_are_read(engine: Engine, models: Models, tmp_path: Path) -> None:
    engine.load(models("deepseek2", template="v3"), placement())
    a, b = path_of(tmp_path, "a"), path_of(tmp_path, "b")
    first = engine.ask(LONG_A, state_file=a, **GREEDY)
    assert engine.ask(LONG_B, state_file=b, **GREEDY).timings.restored_tokens == 0
    operation = engine.client.generate(question(LONG_A, first.answer, "Go on.", state_file=a, **GREEDY))
    began = engine.seen.wait(PromptProgress, lambda e: e.id == operation)
    assert began.done_tokens == began.reused_tokens > 400
    assert began.total_tokens - began.done_tokens < 20
    # An edit goes back to what is common, as in the cache.
    edited = engine.ask(LONG_B[: len(LONG_B) // 2 * 2], "No.", "And now?", state_file=b, **GREEDY).timings
    assert edited.restored_tokens == edited.reused_tokens > 300


def test_a_window_that_cannot_go_back_is_not_read_in_vain(engine: Engine, models: Models, tmp_path: Path) -> None:
    engine.load(models("granite_swa", template="v3"), placement())
    a = path_of(tmp_path, "a")
    engine.ask(LONG_A, state_file=a, **GREEDY)
    engine.ask("Something else.", **GREEDY)
    # Only a part of what was saved is wanted now, and the window before its end is gone.
    edited = engine.ask(LONG_A[: len(LONG_A) * 3 // 4], state_file=a, **GREEDY).timings
    assert edited.restored_tokens == 0
    assert edited.reused_tokens < 10


def test_a_branch_that_is_taken_up_again_comes_from_the_disk(engine: Engine, models: Models, tmp_path: Path) -> None:
    engine.load(models("qwen2", template="v3"), placement())
    a = path_of(tmp_path, "a")
    engine.ask(LONG_A, state_file=a, **GREEDY)
    save(engine)
    assert engine.ask("Short.", state_file=a, **GREEDY).timings.reused_tokens < 10
    assert engine.ask(LONG_A, state_file=a, **GREEDY).timings.restored_tokens > 400


def test_states_are_private_and_not_written_twice(engine: Engine, models: Models, tmp_path: Path) -> None:
    engine.load(models("qwen2", template="v3"), placement())
    a = path_of(tmp_path, "a")
    engine.ask(LONG_A, state_file=a, **GREEDY)
    assert save(engine).count == 1
    assert save(engine) == StatesSaved(
        engine.seen.of(StatesSaved)[-1].id, 0, 0, engine.seen.of(StatesSaved)[-1].seconds
    )
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / "states").stat().st_mode) == 0o700
        assert {stat.S_IMODE(f.stat().st_mode) for f in (tmp_path / "states").iterdir()} == {0o600}
    assert {f.name for f in (tmp_path / "states").iterdir()} == {Path(a).name, "secret"}


def test_saved_when_nothing_happens_and_before_the_end(engine: Engine, models: Models, tmp_path: Path) -> None:
    engine.load(models("qwen2", template="v3"), placement())
    a, b = path_of(tmp_path, "a"), path_of(tmp_path, "b")
    engine.ask(LONG_A, state_file=a, state_idle_s=0.02, **GREEDY)
    assert engine.seen.wait(StatesSaved).id == 0
    assert Path(a).exists()
    engine.ask(LONG_B, state_file=b, **GREEDY)
    engine.client.unload()
    engine.seen.wait(StateChanged, lambda e: e.state is EngineState.STOPPED)
    told = [e.state for e in engine.seen.of(StateChanged)]
    assert told[-2:] == [EngineState.SAVING, EngineState.STOPPED]
    assert Path(b).exists()


def test_another_load_and_an_unload_in_the_middle_of_an_answer_save_too(
    engine: Engine, models: Models, tmp_path: Path
) -> None:
    slow = models(slow=True, template="v3", end_weight=0.0)
    engine.load(slow, placement())
    a = path_of(tmp_path, "a")
    operation = engine.client.generate(question(LONG_A, state_file=a, max_tokens=None))
    engine.seen.wait(TextDelta, lambda e: e.id == operation)
    engine.load(models("qwen2", template="v3"), placement())
    assert Path(a).exists()
    engine.load(slow, placement())
    assert engine.ask(LONG_A, state_file=a, max_tokens=1).timings.restored_tokens > 400


def test_a_close_waits_for_the_disk_no_longer_than_it_may(
    make_engine: Callable[..., Engine], models: Models, tmp_path: Path
) -> None:
    engine = make_engine(patience=Patience(save_s=60))
    engine.load(models("qwen2", template="v3"), placement())
    engine.ask(LONG_A, state_file=path_of(tmp_path, "a"), **GREEDY)
    pid = engine.client.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # a disk that does not answer
    engine.client.unload()
    closing = threading.Thread(target=engine.client.close, args=(0.05,))
    closing.start()
    engine.seen.wait(StateChanged, lambda e: e.state is EngineState.STOPPED)
    closing.join()
    assert not any(e.state is EngineState.CRASHED for e in engine.seen.of(StateChanged))


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good state of LONG_A and its answer by qwen2, f16."""
    folder = tmp_path_factory.mktemp("kept")
    engine = Engine()
    engine.load(models("qwen2", template="v3"), placement())
    engine.ask(LONG_A, state_file=path_of(folder, "a"), **GREEDY)
    engine.client.close()
    return Path(path_of(folder, "a"))


@pytest.fixture
def state(kept: Path, tmp_path: Path) -> Path:
    """A copy: what a test does with it is its own."""
    folder = tmp_path / "copy"
    folder.mkdir()
    for file in kept.parent.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder / kept.name


def key_of(path: Path) -> str:
    data = path.read_bytes()
    _, _, header_bytes, state_bytes, _ = states._FOOTER.unpack(data[-states._FOOTER.size :])  # pyright: ignore[reportPrivateUsage]
    return str(json.loads(data[state_bytes : state_bytes + header_bytes])["key"])


def ask_with(engine: Engine, path: Path) -> Answer:
    return engine.ask_request(question(LONG_A, state_file=str(path), **GREEDY))


@pytest.mark.parametrize("other", ["weights", "cache", "flash"])
def test_a_state_of_something_else_is_refused(engine: Engine, models: Models, state: Path, other: str) -> None:
    model = models("qwen2", template="v3", **({"seed": 8} if other == "weights" else {}))
    levers = {"cache": placement(kv_type="q8_0"), "flash": placement(flash_attention="off")}
    engine.load(model, levers.get(other, placement()))
    before = state.read_bytes()
    assert ask_with(engine, state).timings.restored_tokens == 0
    (why,) = refusals(engine)
    # Whether flash attention is on is resolved inside llama.cpp: its own reader finds the cache to be another.
    assert ("V transposition" if other == "flash" else "another model, engine or kind of cache") in why
    assert state.read_bytes() == before  # with the right model it is good again


def test_a_state_longer_than_the_context_is_left_alone(engine: Engine, models: Models, tmp_path: Path) -> None:
    model, a = models("qwen2", template="v3"), path_of(tmp_path, "a")
    engine.load(model, placement())
    engine.ask(LONG_A, "No.", LONG_B, state_file=a, **GREEDY)
    engine.load(model, Placement(n_gpu_layers=0, n_ctx=512, threads=1))
    short = LONG_A[: len(LONG_A) * 3 // 4]
    assert engine.ask(short, state_file=a, max_tokens=2).timings.restored_tokens == 0


def test_damaged_and_foreign_files_are_refused_and_the_worker_lives(
    engine: Engine, models: Models, kept: Path, tmp_path: Path
) -> None:
    engine.load(models("qwen2", template="v3"), placement())
    good = kept.read_bytes()
    flipped = bytearray(good)
    flipped[len(good) // 3] ^= 1
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "secret").write_bytes((kept.parent / "secret").read_bytes())
    (tmp_path / "elsewhere").mkdir()
    cases = {
        tmp_path / "here" / "61.kvstate": bytes(flipped),
        tmp_path / "here" / "62.kvstate": good[: len(good) // 2],
        tmp_path / "here" / "63.kvstate": b"",
        tmp_path / "elsewhere" / "61.kvstate": good,  # whole, but not written under this folder's secret
    }
    pid = engine.client.pid
    for n, (path, data) in enumerate(cases.items(), 1):
        path.write_bytes(data)
        engine.ask("Something else.", max_tokens=1)
        assert ask_with(engine, path).timings.restored_tokens == 0
        assert len(refusals(engine)) == n
        assert not path.exists()  # it is of no use to anybody
    # The same bytes in the right place are taken.
    whole = tmp_path / "here" / "64.kvstate"
    whole.write_bytes(good)
    engine.ask("Something else.", max_tokens=1)
    assert ask_with(engine, whole).timings.restored_tokens > 400
    assert engine.client.pid == pid


def read_without_a_model(path: Path, key: str) -> None:
    """AttributeError: all checks are passed, and llama.cpp would be asked now."""
    found = states.look(path, key)
    assert found is not None
    states.read(cast("Any", None), 0, found, lambda: False)


def test_no_damage_reaches_llama(kept: Path, tmp_path: Path) -> None:
    """Seeded: every cut and every flip is found by what reads before llama.cpp; a native model of None would not survive it."""
    dice = random.Random(5)
    good, key = kept.read_bytes(), key_of(kept)
    (tmp_path / "secret").write_bytes((kept.parent / "secret").read_bytes())
    path = tmp_path / "61.kvstate"
    for _ in range(300):
        data = bytearray(good)
        match dice.randrange(4):
            case 0:
                del data[dice.randrange(len(data)) :]
            case 1:
                data[dice.choice((dice.randrange(len(data)), -1 - dice.randrange(3000)))] ^= 1 << dice.randrange(8)
            case 2:  # a length in the footer is anything
                at = len(data) - states._FOOTER.size + 8 + dice.randrange(16)  # pyright: ignore[reportPrivateUsage]
                data[at : at + 1] = bytes([(data[at] + 1 + dice.randrange(255)) % 256])
            case _:
                data[0:0] = dice.randbytes(1 + dice.randrange(64))
        path.write_bytes(data)
        with pytest.raises(states.StateRefused):
            read_without_a_model(path, key)
    path.write_bytes(good)
    assert states.look(path, key) is not None


def test_a_header_that_makes_no_sense_under_a_good_tag(kept: Path, tmp_path: Path) -> None:
    """Not even what was sealed here is trusted to have the right shape."""
    folder = tmp_path
    for wrong in ('{"key": 3}', "[" * 5000, "null", '{"key": "k", "tokens": "x"}'):
        secret = states._secret(folder)  # pyright: ignore[reportPrivateUsage]
        tag = states._tag(secret, 4, wrong.encode())  # pyright: ignore[reportPrivateUsage]
        footer = states._FOOTER.pack(b"KVSTATE\x00", states._VERSION, len(wrong), 4, tag)  # pyright: ignore[reportPrivateUsage]
        (folder / "61.kvstate").write_bytes(b"abcd" + wrong.encode() + footer)
        with pytest.raises(StateDamagedError):
            states.look(folder / "61.kvstate", "k")


# --- kills, full disks, caps ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_killed_while_writing_leaves_the_old_one_or_the_new_one(
    make_engine: Callable[..., Engine], models: Models, kept: Path, tmp_path: Path, seed: int
) -> None:
    key, path = key_of(kept), Path(path_of(tmp_path, "a"))
    path.parent.mkdir()
    path.write_bytes(kept.read_bytes())
    (path.parent / "secret").write_bytes((kept.parent / "secret").read_bytes())
    old = path.read_bytes()
    engine = make_engine()
    engine.load(models("qwen2", template="v3"), placement())
    engine.ask(LONG_A, "No.", LONG_B, state_file=str(path), **GREEDY)
    engine.client.save_states()
    time.sleep(random.Random(seed).uniform(0.0, 0.03))
    kill(engine)
    found = states.look(path, key)
    assert found is not None
    assert path.read_bytes() == old or len(found.header.tokens) > 800
    with pytest.raises(AttributeError):
        read_without_a_model(path, key)
    left = [f for f in path.parent.iterdir() if f.name.endswith(PART_SUFFIX)]
    folder = StateFolder(path.parent, 10**9)
    assert folder.make_room(1, path)
    assert not any(f.exists() for f in left)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are Linux's")
def test_a_full_disk_costs_the_state_and_nothing_else(engine: Engine, models: Models, tmp_path: Path) -> None:
    import resource

    engine.load(models("qwen2", template="v3"), placement())
    pid = engine.client.pid
    assert pid is not None
    a = path_of(tmp_path, "a")
    answer = engine.ask(LONG_A, state_file=a, **GREEDY)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
    saved = save(engine)
    assert saved.count == 0
    assert saved.problem
    assert not [f for f in (tmp_path / "states").iterdir() if f.name != "secret"]
    again = engine.ask(LONG_A, answer.answer, "Go on.", state_file=a, **GREEDY)
    assert again.timings.reused_tokens > 400
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert save(engine).count == 1


_ON_A_SMALL_DISK = """
import sys
from pathlib import Path
from tests.engine.test_states import GREEDY, LONG_A, Engine, path_of, placement, save
engine, small = Engine(), Path(sys.argv[2])
engine.load(Path(sys.argv[1]), placement())
answer = engine.ask(LONG_A, state_file=path_of(small, "a"), **GREEDY)
print("missing", save(engine).missing_bytes, save(engine).problem, flush=True)
again = engine.ask(LONG_A, answer.answer, "Go on.", state_file=path_of(small, "a"), **GREEDY)
print("reused", again.timings.reused_tokens, flush=True)
engine.client.close()
"""


def test_a_disk_without_room_is_told_with_what_is_missing(models: Models, tmp_path: Path) -> None:
    """A disk of 64 MiB in a namespace of its own: states leave a GiB to others."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("this system has no namespaces")
    mount = 'mount -t tmpfs -o size=64m tmpfs "$0" || exit 99; exec "$@"'
    script = [sys.executable, "-c", _ON_A_SMALL_DISK, str(models("qwen2", template="v3")), str(tmp_path)]
    done = subprocess.run(
        [unshare, "-rm", "sh", "-c", mount, str(tmp_path), *script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode == 99 or done.stderr.startswith("unshare:"):
        pytest.skip(f"no namespaces here: {done.stderr[-200:]}")
    told, reused = done.stdout.splitlines()
    assert told.startswith("missing "), done.stderr
    assert 2**30 - 64 * 2**20 <= int(told.split()[1]) <= 2**30
    assert int(reused.split()[1]) > 400, "nothing else is harmed"


def test_a_folder_that_cannot_be_made_costs_the_state_only(engine: Engine, models: Models, tmp_path: Path) -> None:
    engine.load(models("qwen2", template="v3"), placement())
    (tmp_path / "states").write_text("a file where the folder should be")
    assert engine.ask(LONG_A, state_file=path_of(tmp_path, "a"), **GREEDY).answer
    assert save(engine).problem
    assert engine.ask(LONG_B, state_file=path_of(tmp_path, "a"), **GREEDY).answer


def test_the_cap_holds_and_short_chats_are_not_kept(engine: Engine, models: Models, tmp_path: Path) -> None:
    engine.load(models("qwen2", template="v3"), placement())
    folder = StateFolder(tmp_path / "states", 2_600_000)  # two of about 1.1 MB
    for chat in "abc":
        engine.ask(chat, LONG_A, "Go on.", state_file=path_of(tmp_path, chat), state_cap_bytes=2_600_000, **GREEDY)
        save(engine)
    assert [folder.path(c).exists() for c in "abc"] == [False, True, True]
    engine.ask("Hello.", state_file=path_of(tmp_path, "d"), **GREEDY)
    assert save(engine).count == 0
    engine.ask(LONG_B, state_file=path_of(tmp_path, "e"), state_cap_bytes=1000, **GREEDY)
    assert save(engine).count == 0
    assert not folder.path("e").exists()


def test_a_header_is_kept_as_it_was(tmp_path: Path) -> None:
    part = tmp_path / f"61{PART_SUFFIX}"
    part.write_bytes(b"x" * 40_000_000)  # several pieces of the digest
    path = tmp_path / "61.kvstate"
    ways_back = ((1, 20_000_000), (3, 10))
    states.seal(part, path, Header("k", (1, 2, 3), written={"An answer 回答 \ud800": (2, 3)}, checkpoints=ways_back))
    found = states.look(path, "k")
    assert found is not None
    assert found.header.tokens == (1, 2, 3)
    assert found.header.written == {"An answer 回答 \ud800": (2, 3)}
    assert found.header.checkpoints == ways_back
    assert found.state_bytes == 40_000_000
    for wrong in (((2, 5), (1, 5)), ((4, 5),), ((1, -5),), ((1, 39_999_999), (2, 2))):
        part.write_bytes(b"x" * 40_000_000)
        states.seal(part, path, Header("k", (1, 2, 3), checkpoints=wrong))
        with pytest.raises(StateDamagedError):
            states.look(path, "k")
    assert states.look(tmp_path / "none.kvstate", "k") is None
