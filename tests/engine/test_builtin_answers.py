"""The built-in model's answers are right or wrong: the same right ones however it is placed, cached or restored."""

from __future__ import annotations

import base64
import json
import os
import sys
from array import array
from pathlib import Path
from typing import Any

import pytest

from launcher.catalog import builtin
from launcher.core.generation import ChatTurn, GenerateRequest
from launcher.core.models import Sampling
from launcher.core.plans import Placement
from launcher.engine.device_check import compare
from launcher.engine.devices import engine_info
from launcher.engine.kv_states import StateFolder
from launcher.engine.protocol import AnswerFinished, StatesSaved
from tests.engine.conftest import Engine

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "packaging" / "tiny_model"))
from compare import BARS, engine_logits

N_LAYER = 5
QUESTIONS = {
    "47 + 38": "85",
    "What is 62 - 27?": "35",
    "Which is larger, 9.11 or 9.9?": "9.9 is larger than 9.11",
    "What does Q4_K_M mean?": "4",
    "什么是量化？": "位",
    "How do I free VRAM?": "experts in RAM",
    "How many r in strawberry?": "3 r in strawberry",
    "Sort 41, 7, 23": "7, 23, 41",
}
EARLIER = ("What is quantisation?", "It makes a model smaller.", "47 + 38", "47 + 38 = 85")


def placement(**levers: Any) -> Placement:
    return Placement(**{"n_gpu_layers": 0, "n_ctx": 2048, "threads": 1, **levers})


def request(*turns: str, **options: Any) -> GenerateRequest:
    roles = ("user", "assistant")
    given = {"sampling": Sampling(temperature=0), "max_tokens": 200, **options}
    return GenerateRequest(tuple(ChatTurn(roles[i % 2], text) for i, text in enumerate(turns)), **given)


def answers(engine: Engine) -> dict[str, str]:
    """What it says to every question, each asked alone."""
    return {asked: engine.ask_request(request(asked)).answer.strip() for asked in QUESTIONS}


@pytest.fixture(scope="module")
def reference() -> dict[str, str]:
    """On the processor, one after the other, nothing shared."""
    engine = Engine()
    try:
        engine.load(builtin.path(), placement())
        return answers(engine)
    finally:
        engine.client.close()


def test_it_answers_rightly_and_with_a_thought(engine: Engine, reference: dict[str, str]) -> None:
    wrong = {asked: said for asked, said in reference.items() if QUESTIONS[asked] not in said}
    assert not wrong
    engine.load(builtin.path(), placement())
    answer = engine.ask_request(request("47 + 38"))
    assert "7+8=15" in answer.reasoning
    assert answer.timings.stop_reason == "end"


def test_without_its_thought_it_answers_from_the_guide_all_the_same(engine: Engine, reference: dict[str, str]) -> None:
    engine.load(builtin.path(), placement())
    answer = engine.ask_request(request("What does Q4_K_M mean?", thinking=False))
    assert answer.reasoning == ""
    assert answer.answer.strip() == reference["What does Q4_K_M mean?"]


@pytest.mark.parametrize("kv_type", ["f32", "f16", "q8_0"])
def test_the_same_answers_with_every_type_of_cache(engine: Engine, reference: dict[str, str], kv_type: str) -> None:
    engine.load(builtin.path(), placement(kv_type_k=kv_type, kv_type_v=kv_type))
    assert answers(engine) == reference


@pytest.mark.parametrize(
    "levers",
    [
        {"n_gpu_layers": N_LAYER + 1},
        {"n_gpu_layers": N_LAYER + 1, "expert_layers_on_cpu": N_LAYER},
        {"n_gpu_layers": 3},
        {"n_gpu_layers": N_LAYER + 1, "tensor_split": (1.0, 1.0)},
        {"n_gpu_layers": N_LAYER + 1, "tensor_split": (1.0, 2.0), "kv_type_k": "q8_0", "kv_type_v": "q8_0"},
    ],
    ids=["all on one card", "experts in RAM", "half of the layers", "split over two cards", "split, small cache"],
)
def test_the_same_answers_on_other_devices(
    rpc_servers: tuple[str, ...], make_engine: Any, reference: dict[str, str], levers: dict[str, Any]
) -> None:
    n_cards = len(levers.get("tensor_split", (1.0,)))
    engine = make_engine(rpc_servers=rpc_servers[:n_cards])
    loaded = engine.load(builtin.path(), placement(**levers))
    assert len([d for d in loaded.memory.devices if d.kind == "gpu"]) == n_cards
    assert answers(engine) == reference


def test_the_same_answers_four_at_once(engine: Engine, reference: dict[str, str]) -> None:
    from launcher.engine.protocol import AnswerFinished

    engine.load(builtin.path(), placement(n_ctx=4096, n_parallel=4))
    asked = {engine.client.generate(request(question)): question for question in QUESTIONS}
    said = {
        question: engine.seen.wait(AnswerFinished, lambda e, n=operation: e.id == n).answer.answer.strip()
        for operation, question in asked.items()
    }
    assert said == reference


def test_a_second_turn_reuses_the_first_and_leans_on_it(engine: Engine) -> None:
    engine.load(builtin.path(), placement())
    first = engine.ask_request(request("47 + 38"))
    second = engine.ask_request(request("47 + 38", first.answer, "plus 4"))
    assert second.timings.reused_tokens > 0
    assert "= 89" in second.answer


@pytest.mark.parametrize("n_tokens", [1, 5, 12])
def test_a_thought_that_was_cut_off_goes_on_to_the_same_answer(engine: Engine, n_tokens: int) -> None:
    engine.load(builtin.path(), placement())
    whole = engine.ask_request(request("47 + 38"))
    cut = engine.ask_request(request("47 + 38", max_tokens=n_tokens))
    assert cut.answer == ""
    assert whole.reasoning.startswith(cut.reasoning)
    again = engine.ask_request(request("47 + 38", thought=cut.reasoning))
    assert (again.reasoning, again.answer) == (whole.reasoning, whole.answer)
    assert again.timings.stop_reason == "end"
    assert again.timings.reused_tokens >= cut.timings.prompt_tokens - 1, "what was read before is not read again"
    # Cut off once more before it went on at all: nothing is lost.
    operation = engine.client.generate(request("47 + 38", thought=cut.reasoning))
    engine.client.stop(operation)
    stopped = engine.seen.wait(AnswerFinished, lambda e: e.id == operation).answer
    assert stopped.reasoning.startswith(cut.reasoning)


def test_the_same_answer_after_a_restored_state(make_engine: Any, tmp_path: Path) -> None:
    state = str(StateFolder(tmp_path / "states", 0).path("chat"))
    turns = (*EARLIER * 10, "plus 4")  # states of less than 256 tokens are not worth a file
    before = make_engine()
    before.load(builtin.path(), placement())
    first = before.ask_request(request(*turns, state_file=state)).answer
    operation = before.client.save_states()
    before.seen.wait(StatesSaved, lambda e: e.id == operation)
    before.client.close()
    after = make_engine()
    after.load(builtin.path(), placement())
    again = after.ask_request(request(*turns, state_file=state))
    assert again.timings.restored_tokens > 250
    assert again.answer == first
    assert "= 89" in first


def test_the_engine_computes_what_pytorch_computed() -> None:
    """F32 in PyTorch against the shipped 8 bits here; the F32 file is compared when the model is made (packaging/tiny_model)."""
    made = json.loads(Path(__file__).with_name("builtin_logits.json").read_text("utf-8"))
    expected = array("f", base64.b64decode(made["logits_f32"]))
    found = engine_logits(builtin.path(), made["n_prompt"], made["n_single"])
    assert compare(expected, found) < BARS["tiny-q8_0.gguf"]


@pytest.mark.timeout(600)
@pytest.mark.skipif("LAUNCHER_TEST_OWN_GPU" not in os.environ, reason="asks for an engine with a graphics device")
def test_the_same_answers_on_the_engines_own_card(engine: Engine, reference: dict[str, str]) -> None:
    """Lavapipe or a real card: LAUNCHER_TEST_OWN_GPU=1 and LLAMA_CPP_LIB_PATH (packaging/engine/README.md)."""
    cards = [d.name for d in engine_info().devices if d.kind in ("gpu", "igpu")]
    assert cards
    engine.seen.patience_s = 300  # lavapipe compiles its shaders with the first tokens
    # Mesa 22.3's lavapipe dies with flash attention.
    engine.load(builtin.path(), placement(n_gpu_layers=N_LAYER + 1, flash_attention="off", devices=(cards[0],)))
    assert answers(engine) == reference
