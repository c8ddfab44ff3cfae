"""What the Models page shows, before anything is painted: fits in words, search, filters, order, sizes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from launcher.core.downloads import Installed
from launcher.core.models import Family
from launcher.core.plans import MemoryUse, Placement, Plan
from launcher.ui.models import words
from launcher.ui.models.arrange import Filter, Order, Shown, View, arrange
from launcher.ui.models.fit import FitKind, fit_of, runs
from launcher.ui.models.rows import ModelRow, SizeRow, build
from tests.widget import models_values as v
from tests.widget.models_values import GIB, N_LAYER

ROWS = build(v.FAMILIES, v.PLANS, (), None)
SMALL_Q4 = v.PLANS[0]


def placed(n_gpu_layers: int, *, experts: int = 0, on_card: float = 4.0, on_host: float = 0.0, **rest: object) -> Plan:
    memory = MemoryUse((v.card(round(on_card * GIB)), v.host(round(on_host * GIB), **rest)), "model")  # type: ignore[arg-type]
    place = Placement(n_gpu_layers, 16384, experts)
    return replace(SMALL_Q4, placement=place, memory=memory)


@pytest.mark.parametrize(
    ("plan", "kind", "text"),
    [
        (placed(N_LAYER + 1), FitKind.ALL_ON_CARD, "all on card"),
        (placed(21, on_card=3, on_host=2), FitKind.SOME_LAYERS_ON_CARD, "20 of 32 layers on card"),
        (placed(N_LAYER + 1, experts=10, on_card=3, on_host=20), FitKind.CARD_AND_RAM, "card and RAM"),
        (placed(0, on_card=-2, on_host=6), FitKind.ALL_IN_RAM, "all in RAM"),
        (
            placed(20, on_card=3, on_host=20, free=24 * GIB, total=32 * GIB),
            FitKind.RAM_NEARLY_FULL,
            "only 3.8 GiB RAM left",
        ),
        (
            replace(placed(20, on_card=3, on_host=20), paged_bytes=7 * GIB),
            FitKind.PARTLY_FROM_DISK,
            "partly from disk",
        ),
    ],
)
def test_a_fit_is_named_by_where_the_bytes_are(plan: Plan, kind: FitKind, text: str) -> None:
    if kind is FitKind.ALL_IN_RAM:
        plan = replace(plan, memory=MemoryUse(plan.memory.devices[1:], "model"))
    fit = fit_of(plan)
    assert fit.kind is kind
    assert words.fit_words(fit)[1] == text


def test_what_does_not_fit_says_how_much_is_missing() -> None:
    plan = v.PLANS[-1]
    assert fit_of(plan).kind is FitKind.TOO_LARGE
    # 380.25 GiB wanted of 56 free.
    assert words.fit_words(fit_of(plan))[1] == "needs 324.2 GiB more"
    assert not runs(plan)


def test_one_token_a_second_is_the_least_that_runs() -> None:
    slow = replace(SMALL_Q4.speed, decode_tokens_s=0.99)
    assert not runs(replace(SMALL_Q4, speed=slow))
    assert runs(replace(SMALL_Q4, speed=replace(slow, decode_tokens_s=1.0)))


def test_plans_and_files_find_their_rows() -> None:
    file = Installed("coder", "Coder", "q4_k_m", "/m/coder.gguf", 1, "qwen2", "hf-cache", True, "two/coder")
    stranger = Installed("mine", "My model", "Q5_0", "/m/mine.gguf", 7, "llama", "file", False)
    rows = build(v.FAMILIES, v.PLANS, (file, stranger), v.PLANS[1])
    coder = _row(rows, "coder")
    assert [bool(size.installed) for size in coder.sizes] == [False, True]
    assert [size.publisher for size in coder.sizes] == ["one", "two"]
    assert [size.is_recommended for size in _row(rows, "small").sizes] == [False, True]
    unknown = rows[-1]
    assert unknown.variant is None
    assert unknown.name == "My model"
    assert unknown.sizes[0].installed is stranger


def test_only_what_runs_is_shown_and_the_rest_is_counted() -> None:
    shown = arrange(ROWS, View(), has_plans=True)
    assert {entry.model.id for entry in shown.models} == {"small", "coder", "many"}
    assert shown.n_not_running == 2
    everything = arrange(ROWS, View(filters=frozenset()), has_plans=True)
    assert len(everything.models) == 5
    assert everything.n_not_running == 0
    # What does not run comes last in every order but by date.
    assert [entry.model.id for entry in everything.models[-2:]] == ["huge", "next"]


def test_nothing_is_hidden_while_plans_are_made() -> None:
    rows = build(v.FAMILIES, (), (), None)
    shown = arrange(rows, View(), has_plans=False)
    assert [entry.model.id for entry in shown.models] == ["small", "coder", "many", "huge", "next"]
    assert all(entry.lead is None for entry in shown.models)


@pytest.mark.parametrize(
    ("order", "first"),
    [(Order.BEST, "many"), (Order.FASTEST, "coder"), (Order.SMALLEST, "small"), (Order.NEWEST, "small")],
)
def test_orders(order: Order, first: str) -> None:
    assert arrange(ROWS, View(order=order), has_plans=True).models[0].model.id == first


def test_the_recommended_model_comes_first_and_its_size_leads() -> None:
    rows = build(v.FAMILIES, v.PLANS, (), v.PLANS[1])
    first = arrange(rows, View(), has_plans=True).models[0]
    assert (first.model.id, first.lead and first.lead.quant) == ("small", "Q8_0")


def test_the_folded_row_is_about_the_order() -> None:
    lead = {order: _shown_model(order, "small").quant for order in Order}
    assert lead[Order.SMALLEST] == "Q4_K_M"
    assert lead[Order.FASTEST] == "Q4_K_M"
    assert lead[Order.BEST] == "Q8_0"  # lossless and as fluent, for 3 GB more


def test_few_sizes_are_shown_until_asked_for() -> None:
    entry = next(e for e in arrange(ROWS, View(), has_plans=True).models if e.model.id == "many")
    shown = {size.quant for size in entry.sizes}
    assert {"Q3_K_M", "Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"} <= shown
    assert len(entry.sizes) + entry.n_more == 11
    assert entry.n_more >= 5
    whole = arrange(ROWS, View(unfolded=frozenset({"many"})), has_plans=True)
    assert next(e for e in whole.models if e.model.id == "many").n_more == 0


@pytest.mark.parametrize(
    ("query", "found"),
    [("SMALL", {"small"}), ("coder q4_k", {"coder"}), ("bf16", {"many"}), ("reasoning", {"small"}), ("r2", set())],
)
def test_search_takes_every_word(query: str, found: set[str]) -> None:
    shown = arrange(ROWS, View(query), has_plans=True)
    assert {entry.model.id for entry in shown.models} == found


def test_a_size_that_is_searched_for_is_among_the_shown() -> None:
    entry = arrange(ROWS, View("bf16"), has_plans=True).models[0]
    assert "BF16" in {size.quant for size in entry.sizes}


def test_chips_narrow_together() -> None:
    def ids(*filters: Filter) -> set[str]:
        return {e.model.id for e in arrange(ROWS, View(filters=frozenset(filters)), has_plans=True).models}

    assert ids(Filter.CODE) == {"coder"}
    assert ids(Filter.REASONING, Filter.RUNS) == {"small"}
    assert ids(Filter.REASONING, Filter.CODE) == set()
    assert ids(Filter.INSTALLED) == set()


def test_an_empty_search_knows_the_nearest_name() -> None:
    shown: Shown = arrange(ROWS, View("smoll"), has_plans=True)
    assert [row.id for row in shown.near] == ["small"]
    assert arrange(ROWS, View("zzzz"), has_plans=True).near == ()


def test_quality_is_never_stronger_than_its_evidence() -> None:
    size = SizeRow("m", "Q4_K_M", "r/m", 1, quality=v.quant("Q4_K_M", 1, loss=0.01).quality)
    assert words.quality_words(size)[:2] == ("slight loss", "estimated")
    measured = replace(size.quality, figure="+41 % perplexity", measured=True)
    assert words.quality_words(replace(size, quality=measured))[1] == "+41 % perplexity"
    unknown = replace(size.quality, loss=None)
    assert words.quality_words(replace(size, quality=unknown))[:2] == ("unknown", "not measured")


def test_the_second_line_of_a_folded_row_keeps_its_size_where_there_is_little_room() -> None:
    small = _row(ROWS, "small")
    lead = small.sizes[0]
    long = words.model_details(small, lead, is_open=False)
    short = words.model_details(small, lead, is_open=False, is_short=True)
    assert " · reasoning · " in long
    assert short == long.replace(" · reasoning", "")
    assert short.endswith(lead.quant)


def test_ranges_of_sizes() -> None:
    assert words.size_range(_row(ROWS, "small").sizes) == "5.0\u20138.0 GB"
    assert words.size_range(_row(ROWS, "many").sizes) == "10\u201320 GB"


def _row(rows: tuple[ModelRow, ...], id_: str) -> ModelRow:
    return next(row for row in rows if row.id == id_)


def _shown_model(order: Order, id_: str) -> SizeRow:
    shown = arrange(ROWS, View(order=order), has_plans=True)
    lead = next(entry for entry in shown.models if entry.model.id == id_).lead
    assert lead is not None
    return lead


def test_a_squeezed_file_does_not_lead_a_well_kept_one() -> None:
    squeezed, kept = v.quant("Q2_K", 3.0, loss=0.04), v.quant("Q4_K_M", 5.0, loss=0.01)
    model = v.variant("both", (squeezed, kept))
    # Faster, smaller, and still not what one should fetch.
    plans = (v.plan(model, squeezed, 11.0), v.plan(model, kept, 7.0))
    row = build((Family("f", "F", "", (model,)),), plans, (), None)[0]
    lead = row.best(row.sizes)
    assert lead is not None
    assert lead.quant == "Q4_K_M"
