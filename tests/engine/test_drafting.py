"""Guessed tokens change when an answer is there, never what it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFReader

from launcher.core.generation import Answer, DraftModel, Loaded, LoadRequest
from launcher.core.models import Sampling
from launcher.core.plans import Placement
from launcher.engine.protocol import AnswerFinished, TextDelta
from launcher.engine.worker.drafting import Pace
from tests.engine.conftest import Engine, question
from tests.engine.test_commands import command
from tests.fakes.gguf_models import Shape, make_model

# The model's many layers only disturb a table of word pairs that the one layer of the draft holds too: a quick draft that is
# often right. All in 32 bits: a batch of several tokens is then rounded as one token is, to far below what tips a choice.
_DEEP = {"llama": Shape(n_layer=10), "qwen2": Shape(n_layer=10), "deepseek2": Shape(n_layer=8, n_expert=2)}
_OPTIONS = {"weight_type": "f32", "template": "v3", "end_weight": 0.0}
_PLACEMENT = Placement(n_gpu_layers=0, n_ctx=512, threads=1, n_outputs=9, kv_type_k="f32", kv_type_v="f32")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """A model by architecture and kind: "deep", "draft", "useless" or "mtp"."""
    folder = tmp_path_factory.mktemp("drafting")

    def make(arch: str, kind: str) -> Path:
        path = folder / f"{arch}-{kind}.gguf"
        if not path.exists():
            shape, disturbance = {
                "deep": (_DEEP[arch], 0.3),
                "draft": (Shape(n_layer=1), 0.0),
                "useless": (Shape(n_layer=4), 40.0),
                "mtp": (Shape(n_layer=9, nextn_layers=1), 0.0),
            }[kind]
            make_model(path, arch, shape=shape, disturbance=disturbance, **_OPTIONS)  # type: ignore[arg-type]
            if kind == "mtp":
                _let_the_layer_guess(path)
        return path

    return make


def _let_the_layer_guess(path: Path) -> None:
    """Make the prediction layer pass the token on, and some of what the model computed: the table then guesses well."""
    tensor = next(t for t in GGUFReader(path, "r+").tensors if t.name.endswith("nextn.eh_proj.weight"))
    n_embd = tensor.data.shape[0]
    tensor.data[:] = np.hstack([np.eye(n_embd), 0.1 * np.eye(n_embd)])


@contextmanager
def loaded_engine(main: Path, draft: Path | None, **placement: object) -> Iterator[tuple[Engine, Loaded]]:
    where = replace(_PLACEMENT, **placement)  # type: ignore[arg-type]
    small = DraftModel(str(draft), "Small", "F32", _PLACEMENT) if draft else None
    engine = Engine()
    try:
        yield engine, engine.load_request(LoadRequest(str(main), "Deep", "F32", where, small))
    finally:
        engine.client.close()


def ask(engine: Engine, text: str, **options: object) -> Answer:
    return engine.ask(text, **{"max_tokens": 80, **options})


@pytest.mark.parametrize("arch", ["llama", "qwen2", "deepseek2"])
def test_the_text_is_the_same_with_and_without_guesses(files: Callable[[str, str], Path], arch: str) -> None:
    with loaded_engine(files(arch, "deep"), files(arch, "draft")) as (engine, loaded):
        assert loaded.drafting == "Small F32"
        assert not loaded.notes
        drafted = accepted = 0
        for i, sampling in enumerate((Sampling(temperature=0), Sampling(temperature=0.7, seed=5, repeat_penalty=1.1))):
            for text in ("Tell me", "And then"):
                without = ask(engine, f"{text} {i}", sampling=sampling, draft=False)
                with_it = ask(engine, f"{text} {i}", sampling=sampling)
                assert with_it.answer == without.answer
                assert with_it.timings.decode_tokens == without.timings.decode_tokens == 80
                assert without.timings.drafted_tokens == 0
                drafted += with_it.timings.drafted_tokens
                accepted += with_it.timings.accepted_tokens
        assert 0 < accepted <= drafted


def test_what_was_guessed_is_counted_as_evaluated_by_the_next_turn(files: Callable[[str, str], Path]) -> None:
    with loaded_engine(files("llama", "deep"), files("llama", "draft")) as (engine, _):
        first = ask(engine, "Tell me", max_tokens=120)
        assert first.timings.accepted_tokens
        second = engine.ask("Tell me", first.answer, "And then", max_tokens=60)
        # All but the newest token, which was never evaluated.
        assert second.timings.reused_tokens >= first.timings.prompt_tokens + first.timings.decode_tokens - 1
        alone = engine.ask("Tell me", first.answer, "And then", max_tokens=60, draft=False)
        assert second.answer == alone.answer


def test_an_answer_ends_where_it_would_have_ended(files: Callable[[str, str], Path]) -> None:
    with loaded_engine(files("llama", "deep"), files("llama", "draft")) as (engine, _):
        whole = ask(engine, "Tell me", max_tokens=200, draft=False)
        words = whole.answer.split()
        for length in (61, 62, 63, 64):
            cut = ask(engine, "Tell me", max_tokens=length)
            assert cut.timings.stop_reason == "length"
            assert cut.timings.decode_tokens == length
            assert whole.answer.startswith(cut.answer)
        stop = " ".join(words[70:72])
        plain, drafted = (ask(engine, "Tell me", stops=(stop,), max_tokens=200, draft=d) for d in (False, True))
        assert drafted.answer == plain.answer
        assert drafted.timings.stop_reason == plain.timings.stop_reason == "end"
        full, also_full = (ask(engine, "Tell me", max_tokens=None, draft=d) for d in (False, True))
        assert full.timings.stop_reason == also_full.timings.stop_reason == "context"
        assert full.answer == also_full.answer
        assert full.timings.context_used == also_full.timings.context_used == 512


def test_a_stop_comes_in_the_middle_of_guesses(files: Callable[[str, str], Path]) -> None:
    with loaded_engine(files("llama", "deep"), files("llama", "draft")) as (engine, _):
        whole = ask(engine, "Tell me", max_tokens=200, draft=False)
        operation = engine.client.generate(question("Tell me", max_tokens=400))
        engine.seen.wait(TextDelta, lambda e: e.id == operation and e.decode_tokens > 60)
        engine.client.stop(operation)
        stopped = engine.seen.wait(AnswerFinished, lambda e: e.id == operation).answer
        assert stopped.timings.stop_reason == "stopped"
        common = min(len(stopped.answer), len(whole.answer))
        assert stopped.answer[:common] == whole.answer[:common]
        again = ask(engine, "Tell me", max_tokens=200)
        assert again.answer == whole.answer


def test_the_model_itself_as_draft_is_always_right(files: Callable[[str, str], Path]) -> None:
    with loaded_engine(files("qwen2", "deep"), files("qwen2", "deep")) as (engine, _):
        answer = ask(engine, "Tell me", max_tokens=120)
        assert answer.timings.drafted_tokens
        assert answer.timings.accepted_tokens == answer.timings.drafted_tokens
        assert answer.timings.drafting_s > 0
        assert answer.timings.plain_s > 0


def test_a_useless_draft_is_switched_off_and_stays_off_in_the_next_answer(files: Callable[[str, str], Path]) -> None:
    with loaded_engine(files("llama", "deep"), files("llama", "useless")) as (engine, _):
        plain = ask(engine, "Tell me", draft=False)
        for _ in range(20):  # a busy machine may mislead a measurement, never for long
            answer = ask(engine, "Tell me")
            assert answer.answer == plain.answer
            assert answer.timings.accepted_tokens <= answer.timings.drafted_tokens // 4
            if answer.timings.drafting == "off":
                break
        assert answer.timings.drafting == "off"
        assert answer.timings.drafting_s > answer.timings.plain_s
        after = ask(engine, "And then")
        assert after.timings.drafted_tokens == 0
        assert after.timings.drafting == "off"


def test_answers_that_share_the_context_have_no_guesses(files: Callable[[str, str], Path]) -> None:
    with loaded_engine(files("llama", "deep"), files("llama", "draft"), n_parallel=2, n_ctx=1024) as (engine, _):
        texts = ("Tell me", "And then")
        alone = [ask(engine, text, draft=False) for text in texts]
        # Warm and measured, so that the first answer alone would draft at once.
        ask(engine, "Before", max_tokens=100)
        both = [engine.client.generate(question(text, max_tokens=80)) for text in texts]
        answers = [engine.seen.wait(AnswerFinished, lambda e, o=o: e.id == o).answer for o in both]
        assert [a.answer for a in answers] == [a.answer for a in alone]


def test_a_draft_of_another_vocabulary_is_left_out_in_words(files: Callable[[str, str], Path], tmp_path: Path) -> None:
    other = make_model(tmp_path / "other.gguf", "llama", shape=Shape(n_layer=1, n_vocab=2000), template="v3")
    with loaded_engine(files("llama", "deep"), other) as (engine, loaded):
        assert loaded.drafting == ""
        said = " ".join(loaded.notes)
        assert "vocabularies differ" in said
        assert "2,000 tokens" in said
        assert ask(engine, "Tell me", max_tokens=20).timings.drafting == ""
    with loaded_engine(files("llama", "deep"), tmp_path / "none.gguf") as (engine, loaded):
        assert loaded.drafting == ""
        assert any("without guesses" in note for note in loaded.notes)
        assert ask(engine, "Tell me", max_tokens=20).answer


def test_a_plan_without_rows_for_guesses_loads_without_them(files: Callable[[str, str], Path]) -> None:
    with loaded_engine(files("llama", "deep"), files("llama", "draft"), n_outputs=1) as (_, loaded):
        assert loaded.drafting == ""
        assert any("room for guesses" in note for note in loaded.notes)


def test_the_memory_of_a_draft_is_in_the_books(files: Callable[[str, str], Path]) -> None:
    with loaded_engine(files("llama", "deep"), None) as (_, alone):
        pass
    with loaded_engine(files("llama", "deep"), files("llama", "draft")) as (_, both):
        pass
    size = files("llama", "draft").stat().st_size
    more, less = both.memory.devices[-1], alone.memory.devices[-1]
    assert 0.8 * size < more.weights_bytes - less.weights_bytes <= size
    assert more.kv_bytes - less.kv_bytes == less.kv_bytes // _DEEP["llama"].n_layer
    assert more.compute_bytes > less.compute_bytes


def test_the_model_s_own_prediction_layer_guesses(files: Callable[[str, str], Path]) -> None:
    with loaded_engine(files("deepseek2", "mtp"), None, mtp=True) as (engine, loaded):
        assert loaded.drafting == "MTP"
        assert not loaded.notes
        plain = ask(engine, "Tell me", draft=False)
        drafted = ask(engine, "Tell me")
        assert drafted.answer == plain.answer
        second = engine.ask("Tell me", drafted.answer, "And then", max_tokens=60)
        alone = engine.ask("Tell me", drafted.answer, "And then", max_tokens=60, draft=False)
        assert second.answer == alone.answer
        guessed = drafted.timings.drafted_tokens + second.timings.drafted_tokens
        assert drafted.timings.accepted_tokens + second.timings.accepted_tokens > guessed // 2 > 0


def test_a_header_that_promises_a_prediction_layer_is_not_believed(
    files: Callable[[str, str], Path], tmp_path: Path
) -> None:
    with loaded_engine(files("deepseek2", "deep"), None, mtp=True) as (engine, loaded):
        assert loaded.drafting == ""
        assert any("(MTP) cannot be used" in note for note in loaded.notes)
        assert ask(engine, "Tell me", max_tokens=20).answer


def seconds_for(tokens: int, plain_s: float, drafting_s: float) -> tuple[float, Pace]:
    """Time for so many tokens where each way takes always the same."""
    pace, total = Pace(), 0.0
    for _ in range(tokens):
        step_s = drafting_s if pace.wants_drafts else plain_s
        total += step_s
        pace.add(1, step_s)
    return total, pace


@pytest.mark.parametrize("slower", [1.0, 1.1, 1.5, 3.0])
@pytest.mark.parametrize("tokens", [600, 20_000])
def test_a_draft_that_does_not_pay_costs_at_most_3_percent(slower: float, tokens: int) -> None:
    total, pace = seconds_for(tokens, 1.0, slower)
    assert pace.phase in ("off", "trial")
    assert total <= 1.03 * tokens


@pytest.mark.parametrize("quicker", [0.3, 0.7, 0.9])
def test_a_draft_that_pays_brings_nearly_all_that_it_can(quicker: float) -> None:
    total, _ = seconds_for(4000, 1.0, quicker)
    assert total <= quicker * 4000 + 0.05 * (1 - quicker) * 4000


def test_drafting_ends_when_it_stops_paying_and_begins_again_when_it_does() -> None:
    pace = Pace()
    drafting_s = 0.5
    used: list[bool] = []
    for token in range(9000):
        drafting_s = 2.0 if 2000 <= token < 5000 else 0.5
        used.append(pace.wants_drafts)
        pace.add(1, drafting_s if pace.wants_drafts else 1.0)
    assert sum(used[1000:2000]) > 900
    assert sum(used[2200:5000]) < 100
    assert sum(used[8000:]) > 900


def test_launcher_chat_loads_a_draft_beside_the_model(files: Callable[[str, str], Path], tmp_path: Path) -> None:
    asked = ("chat", str(files("llama", "deep")), "Hello", "--json", "--ctx", "512", "--max-tokens", "60")
    done = command(*asked, "--temperature", "0", "--draft", str(files("llama", "draft")))
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["draft"]["model"].startswith("Tiny test model")
    assert answer["draft"]["drafted_tokens"] >= answer["draft"]["accepted_tokens"] > 0
    assert answer["draft"]["decode_tokens_s_without"] > 0
    wrong = command(*asked, "--draft", str(tmp_path / "none.gguf"))
    assert wrong.returncode == 1
    assert "none.gguf cannot be read" in wrong.stdout
    # A model of the catalog that is not here: the load goes on without it, which is said.
    absent = command(*asked, "--temperature", "0", "--draft", "r1-distill-qwen-1.5b")
    assert absent.returncode == 0, absent.stderr
    plain = json.loads(absent.stdout)
    assert plain["draft"] is None
    assert any("is not installed" in step for step in plain["steps"])
    assert plain["answer"] == answer["answer"]
