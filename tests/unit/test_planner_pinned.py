"""Tensors that overrides name: which, how large, and what is refused."""

from dataclasses import replace

import pytest

from launcher import planner
from launcher.catalog import load as load_catalog
from launcher.catalog.facts import facts_of
from launcher.catalog.gguf import read_header
from launcher.core.errors import UserError
from launcher.core.plans import Wishes
from launcher.planner.machine_view import view
from launcher.planner.pinned import _guessed, pins_of  # pyright: ignore[reportPrivateUsage]
from tests.fakes.gguf_shapes import shapes, write_shape
from tests.unit.planner_machines import described

TWO_CARDS = described("rtx3090x2-128gb")
GPUS = view(TWO_CARDS, Wishes()).gpus


@pytest.fixture(scope="module")
def facts_of_shape(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shapes")
    return lambda name: facts_of(read_header(write_shape(folder / f"{name}.gguf", shapes()[name])))


@pytest.mark.parametrize(
    "name", ["v2-lite", "v3", "v3-legacy", "v32", "v4-flash", "llama-8b", "qwen2-7b", "qwen3-8b", "moe-16b"]
)
def test_names_before_a_header_is_read_are_those_of_the_files(name, facts_of_shape):
    facts = facts_of_shape(name)
    known = {name for name, _ in facts.tensors}
    guessed = dict(_guessed(replace(facts, tensors=())))
    # V2-Lite's router has no bias; the graph has its place.
    assert {n for n in set(guessed) - known if not n.endswith("exp_probs_b.bias")} == set()
    # Left out are numbers that weigh nothing.
    missing = sum(size for name, size in facts.tensors if name not in guessed)
    assert missing < 1e-4 * facts.weights_bytes
    assert sum(guessed.values()) == pytest.approx(facts.weights_bytes, rel=0.001)


def pinned(facts, *overrides, **wishes):
    return pins_of(facts, Wishes(tensor_overrides=overrides, **wishes), GPUS)


def test_the_first_pattern_decides_and_nothing_counts_twice(facts_of_shape):
    facts = facts_of_shape("v2-lite")
    found = pinned(facts, (r"blk\.3\.ffn_down", "1"), (r"blk\.3\.", "CPU"))
    by_name = {p.name: p for p in found.all}
    assert {p.block for p in found.all} == {3}
    assert by_name["blk.3.ffn_down_exps.weight"].gpu == 1
    assert by_name["blk.3.ffn_up_exps.weight"].gpu is None
    assert found.rest.layers[3].always_read_bytes == found.rest.layers[3].routed_expert_bytes == 0
    assert found.rest.weights_bytes + sum(p.size_bytes for p in found.all) == facts.weights_bytes
    assert found.gpus == {1}
    assert pinned(facts, ("nowhere", "CPU")).all == ()
    assert pins_of(facts, Wishes(), GPUS) is None


def test_a_tied_table_is_moved_as_both_and_held_once(facts_of_shape):
    facts = facts_of_shape("qwen2-1.5b")
    if not facts.tied_bytes:
        size = facts.token_embd_bytes
        facts = replace(
            facts,
            output_bytes=size + 4 * facts.hyper.n_embd,
            tied_bytes=size,
            tensors=tuple(t for t in facts.tensors if t[0] != "output.weight"),
        )
    found = pinned(facts, ("token_embd", "0"))
    assert sum(p.size_bytes for p in found.all) == facts.token_embd_bytes
    assert found.rest.token_embd_bytes == found.rest.tied_bytes == 0
    assert found.rest.weights_bytes + facts.token_embd_bytes == facts.weights_bytes


@pytest.mark.parametrize("pattern", ["", "(", "[a", "(a+)+b", "x" * 1001, "a{99999999999}", "*"])
def test_patterns_that_no_engine_takes(pattern, facts_of_shape):
    with pytest.raises(UserError) as caught:
        pinned(facts_of_shape("v2-lite"), (pattern, "CPU"))
    assert caught.value.code == "bad_wish"


def test_devices_that_are_not_there(facts_of_shape):
    facts = facts_of_shape("v2-lite")
    for device in ("CUDA2", "TPU"):
        with pytest.raises(UserError) as caught:
            pinned(facts, ("ffn", device))
        assert "RTX 3090" in caught.value.why
    with pytest.raises(UserError):
        pinned(facts, ("ffn", "CUDA0"), n_gpu_layers=0)


def test_a_card_that_an_override_names_is_used_and_the_search_fills_the_rest():
    variant = load_catalog().find("r1-distill-qwen-7b")
    quant = variant.quant("Q4_K_M")
    free = planner.plan(TWO_CARDS, variant, quant, Wishes(context=8192))
    assert len(free.memory.devices) == 2  # one card holds it
    other = planner.plan(TWO_CARDS, variant, quant, Wishes(context=8192, tensor_overrides=((r"^output\.", "CUDA1"),)))
    assert other.fits
    rows = other.memory.devices
    assert [d.kind for d in rows] == ["gpu", "gpu", "host"]
    assert sum(d.weights_bytes for d in rows) == sum(d.weights_bytes for d in free.memory.devices)
    in_ram = planner.plan(TWO_CARDS, variant, quant, Wishes(context=8192, tensor_overrides=(("ffn", "CPU"),)))
    assert in_ram.fits
    assert in_ram.speed.decode_tokens_s < 0.5 * free.speed.decode_tokens_s
