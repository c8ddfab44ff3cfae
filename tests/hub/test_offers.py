"""What a pasted text offers, asked of a real listing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from launcher import catalog
from launcher.core.errors import UserError
from launcher.core.plans import Wishes
from launcher.planner import recommend
from launcher.services.offers import look_up
from tests.fakes.hub import FakeHub, serving
from tests.unit.planner_machines import described

REPO = "someone/Model-GGUF"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        server.add_file(REPO, "Model-Q8_0.gguf", b"8" * 800)
        server.add_file(REPO, "Model-Q4_K_M.gguf", b"4" * 400)
        for i in (1, 2):
            server.add_file(REPO, f"F16/Model-F16-0000{i}-of-00002.gguf", b"f" * 900)
        server.add_file(REPO, "Model-Q2_K-00001-of-00002.gguf", b"half")
        server.add_file(REPO, "mmproj-Model-F16.gguf", b"p")
        server.add_file(REPO, "README.md", b"# hello")
        yield server


def quants(text: str) -> list[tuple[str, int]]:
    return [(choice.request.quant, choice.request.file_bytes) for choice in look_up(text).choices]


def test_a_repository_offers_its_complete_models_by_size(hub: FakeHub) -> None:
    assert quants(REPO) == [("Q4_K_M", 400), ("Q8_0", 800), ("F16", 1800)]
    offer = look_up(f"  {hub.endpoint}/{REPO} ")
    assert offer.choices[offer.chosen].request.quant == "Q4_K_M"
    request = offer.choices[2].request
    assert (request.repo, request.short_name, len(request.files)) == (REPO, "Model", 2)
    assert request.revision == hub.commit(REPO)
    assert all(file.sha256 for file in request.files)


@pytest.mark.parametrize(
    "text",
    [
        REPO + ":Q8_0",
        REPO + ":Model-Q8_0.gguf",
        "{endpoint}/" + REPO + "/resolve/main/Model-Q8_0.gguf?download=true",
        "{endpoint}/" + REPO + "/blob/main/Model-Q8_0.gguf",
    ],
)
def test_a_file_or_quantisation_is_the_only_choice(hub: FakeHub, text: str) -> None:
    assert quants(text.format(endpoint=hub.endpoint)) == [("Q8_0", 800)]


def test_one_shard_stands_for_its_set(hub: FakeHub) -> None:
    del hub
    assert quants(f"{REPO}:F16/Model-F16-00002-of-00002.gguf") == [("F16", 1800)]


def test_models_without_or_with_the_same_quantisation_are_told_apart(hub: FakeHub) -> None:
    hub.add_file("someone/odd", "first.gguf", b"1")
    hub.add_file("someone/odd", "a-Q4_K_M.gguf", b"22")
    hub.add_file("someone/odd", "b-Q4_K_M.gguf", b"333")
    assert quants("someone/odd") == [("first", 1), ("a-Q4_K_M", 2), ("b-Q4_K_M", 3)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("someone/nothing", "repo_not_found"),
        (REPO + ":missing.gguf", "file_not_found"),
        (REPO + ":IQ1_S", "quant_not_found"),
        (REPO + ":Q2_K", "incomplete_set"),
        ("someone/empty", "no_gguf"),
        ("https://elsewhere.example/model.gguf", "not_a_hub_link"),
        ("ftp://x/y", "bad_link"),
        ("../../etc/passwd", "bad_link"),
        ("no such model", "unknown_model"),
    ],
)
def test_what_names_nothing_says_why(hub: FakeHub, text: str, code: str) -> None:
    hub.add_file("someone/empty", "README.md", b"nothing here")
    with pytest.raises(UserError) as caught:
        look_up(text)
    assert caught.value.code == code


def test_a_name_of_the_catalog_needs_no_network_and_knows_the_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    offer = look_up("r1-distill-qwen-7b", described("rtx4090-192gb"))
    variant = catalog.load().find("r1-distill-qwen-7b")
    assert offer.name == variant.name
    assert len(offer.choices) == len([q for q in variant.quants if q.loadable])
    assert all(choice.fits and choice.fit for choice in offer.choices)
    best = recommend(described("rtx4090-192gb"), (variant,), Wishes()).recommended
    assert best is not None
    assert offer.choices[offer.chosen].request.quant == best.quant


def test_a_repository_of_the_catalog_has_its_names_and_fit(hub: FakeHub) -> None:
    variant = catalog.load().find("r1-distill-qwen-7b")
    quant = next(q for q in variant.quants if q.loadable and len(q.files) == 1)
    hub.add_file(quant.repo, quant.files[0].name, b"x" * 100)
    offer = look_up(quant.repo, described("rtx4090-192gb"))
    assert offer.name == variant.name
    (choice,) = offer.choices
    assert (choice.request.model, choice.request.short_name) == (variant.id, variant.short_name)
    assert choice.fits
