"""Opening a model: plan, dry run, load, and the ladder where memory really runs out; processes, nothing made up."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.core.errors import UserError
from launcher.core.generation import Loaded
from launcher.core.plans import Plan, Wishes
from launcher.engine.process import known_rpc_servers
from launcher.services import opening as opening_module
from launcher.services.opening import MOST_LOADS, Opening, OpeningStopped, OpenRequest, Prepared, Stage
from tests.engine.conftest import Engine, question
from tests.engine.opening_desk import SERVER_BYTES, Card, card_of_this_machine
from tests.fakes.gguf_models import Shape, make_model

ROOT = Path(__file__).parents[2]
WISHES = Wishes(threads=1, min_context=1024)


@pytest.fixture(scope="module")
def card() -> Iterator[Card]:
    with card_of_this_machine() as made:
        yield made


@pytest.fixture
def limited(card: Card) -> Iterator[Card]:
    yield card
    card.limit(None)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """640 MiB of KV cache at 32,768 tokens: what a shorter context saves is more than a server's own needs."""
    shape = Shape(n_layer=40, n_head=4, n_ff=256, n_vocab=2000)
    return make_model(tmp_path_factory.mktemp("models") / "tiny-F16.gguf", "llama", shape=shape)


def load_all(opening: Opening, engine: Engine) -> tuple[list[Prepared], Loaded]:
    """As the window and the command line do."""
    tries = [opening.prepare()]
    while True:
        try:
            return tries, engine.load_request(tries[-1].request)
        except UserError as error:
            tries.append(opening.step_down(error))


def need(plan: Plan) -> int:
    return sum(d.total_bytes for d in plan.memory.devices if d.kind == "gpu")


@pytest.fixture
def engine(card: Card) -> Iterator[Engine]:
    made = Engine(rpc_servers=known_rpc_servers())
    yield made
    made.client.close()


def test_with_room_the_first_load_is_the_verified_plan(model: Path, card: Card, engine: Engine) -> None:
    stages: list[Stage] = []
    opening = Opening(OpenRequest(str(model), WISHES), stages.append)
    tries, loaded = load_all(opening, engine)
    (prepared,) = tries
    assert stages == [Stage.PLANNING, Stage.CHECKING]
    assert prepared.unverified == ""
    assert prepared.plan.memory.source == "engine"
    assert prepared.steps == ()
    assert not prepared.is_fallback
    assert prepared.plan.placement.n_gpu_layers == loaded.gpu_layers == 41
    planned = [d for d in prepared.plan.memory.devices if d.kind == "gpu"]
    came = [d for d in loaded.memory.devices if d.kind == "gpu"]
    assert [(d.weights_bytes, d.kv_bytes, d.compute_bytes) for d in planned] == [
        (d.weights_bytes, d.kv_bytes, d.compute_bytes) for d in came
    ]


def test_a_card_too_small_for_the_context_ends_in_an_answer(model: Path, limited: Card, engine: Engine) -> None:
    """The card says that it has all the memory; the engine is refused. Shorter context first, and it is said."""
    opening = Opening(OpenRequest(str(model), WISHES))
    first = opening.prepare()
    kv = sum(d.kv_bytes for d in first.plan.memory.devices)
    limited.limit(need(first.plan) - kv // 2 + SERVER_BYTES)
    tries, loaded = load_all(opening, engine)
    assert len(tries) > 1
    needs = [need(t.plan) for t in tries]
    assert needs == sorted(needs, reverse=True)
    assert len(set(needs)) == len(needs)
    last = tries[-1]
    assert loaded.n_ctx == last.plan.context < first.plan.context
    assert loaded.gpu_layers == 41
    assert not last.is_fallback
    assert len(last.steps) == len(tries) - 1
    assert f"context {last.plan.context:,} instead of" in last.steps[-1]
    assert "RPC0" in last.steps[-1]
    assert engine.ask_request(question("Hello")).timings.decode_tokens > 0


def test_a_card_with_next_to_nothing_ends_on_the_processor(model: Path, limited: Card, engine: Engine) -> None:
    limited.limit(SERVER_BYTES)
    tries, loaded = load_all(Opening(OpenRequest(str(model), WISHES)), engine)
    last = tries[-1]
    assert 1 < len(tries) <= MOST_LOADS
    assert last.is_fallback
    assert loaded.gpu_layers == 0
    assert "on the processor alone instead of 40 of 40 layers on the graphics card" in last.steps[-1]
    assert last.fallback_words.startswith("The processor does all the work, not RPC0: planned were 40 of 40 layers")
    assert engine.ask_request(question("Hello")).timings.decode_tokens > 0


def test_the_command_line_goes_the_same_way(model: Path, limited: Card) -> None:
    limited.limit(SERVER_BYTES)
    options = ("--json", "--max-tokens", "4", "--temperature", "0")
    done = subprocess.run(
        [sys.executable, "-m", "launcher", "chat", str(model), "Hello", *options],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ,
        timeout=170,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["processor_fallback"] is True
    assert answer["verified"] is False
    assert answer["decode_tokens"] == 4
    assert answer["steps"]
    assert all(step in done.stderr for step in answer["steps"])
    assert "WARNING: The processor does all the work" in done.stderr


def test_levers_by_hand_give_way_when_nothing_else_helps(model: Path, card: Card) -> None:
    """More tokens than the memory of any machine here: planned shorter instead of refused, and said."""
    prepared = Opening(OpenRequest(str(model), replace(WISHES, context=16_000_000))).prepare()
    assert prepared.plan.fits
    assert prepared.plan.context < 16_000_000
    assert len(prepared.steps) == 1
    assert "instead of 16,000,000 tokens" in prepared.steps[0]
    assert prepared.steps[0].endswith("set by hand had to give way.")


def test_memory_taken_since_the_plan_was_shown_is_said(model: Path, card: Card) -> None:
    """The user saw a plan of a card with more free memory."""
    shown = Opening(OpenRequest(str(model), replace(WISHES, context=32_768))).prepare().plan
    gib = 2**30
    rows = tuple(replace(d, free_bytes=(d.free_bytes or 0) + 3 * gib) for d in shown.memory.devices)
    richer = replace(shown, memory=replace(shown.memory, devices=rows))
    now = Opening(OpenRequest(str(model), replace(WISHES, context=8192), expected=richer)).prepare()
    assert len(now.steps) == 1
    assert "less are free on" in now.steps[0]
    assert "context 8,192 instead of 32,768 tokens" in now.steps[0]
    same = Opening(OpenRequest(str(model), replace(WISHES, context=32_768), expected=richer)).prepare()
    assert same.steps == ()  # less memory that takes nothing away is nobody's concern


def test_other_failures_are_told_as_they_are(model: Path, card: Card) -> None:
    opening = Opening(OpenRequest(str(model), WISHES))
    opening.prepare()
    broken = UserError("load_failed", "The engine cannot load it.", "It is damaged.")
    with pytest.raises(UserError) as told:
        opening.step_down(broken)
    assert told.value is broken


def test_the_ladder_ends_with_numbers_and_buttons(model: Path, card: Card) -> None:
    opening = Opening(OpenRequest(str(model), WISHES))
    opening.prepare()
    refused = UserError("out_of_memory", "Refused.", "", (), "failed to allocate RPC0 buffer of size 12345")
    tries = itertools.count()
    with pytest.raises(UserError) as told:
        all(opening.step_down(refused) for _ in tries)
    assert 2 <= next(tries) - 1 <= MOST_LOADS
    assert told.value.code == "out_of_memory"
    assert "GiB" in told.value.why or "MiB" in told.value.why
    assert {s.action for s in told.value.next_steps} == {"load_again", "choose_model", "copy_report"}
    assert "failed to allocate" in told.value.detail


def test_it_stops_at_any_moment(model: Path, card: Card) -> None:
    for stage in (Stage.PLANNING, Stage.CHECKING):
        made: list[Opening] = []

        def stop(reached: Stage, at: Stage = stage, made: list[Opening] = made) -> None:
            if reached is at:
                threading.Thread(target=made[0].stop).start()

        made.append(Opening(OpenRequest(str(model), WISHES), stop))
        with pytest.raises(OpeningStopped):
            made[0].prepare()


def test_a_check_that_takes_too_long_is_left_out(model: Path, card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening_module, "CHECK_S", 0.01)
    prepared = Opening(OpenRequest(str(model), WISHES)).prepare()
    assert prepared.unverified.startswith("The engine's check took longer than")
    assert prepared.plan.memory.source == "model"


def test_a_file_that_is_no_model_is_said_at_once(tmp_path: Path, models: Callable[..., Path]) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(models().read_bytes()[:1000])
    with pytest.raises(UserError):
        Opening(OpenRequest(str(broken), WISHES)).prepare()
