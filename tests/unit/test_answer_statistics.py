"""The table of an answer's figures: what is known is said with its unit, what is not known is never made up."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.chat.conversation import Conversation, Message, MessageState, Role
from launcher.chat.export_formulas import Formulas
from launcher.chat.export_html import to_html
from launcher.chat.statistics import statistics, statistics_text, together
from launcher.core.codec import to_json
from launcher.core.generation import AnswerCost, DeviceShare, Timings
from launcher.core.units import GIB
from launcher.hardware.rapl import PackageEnergy
from launcher.store.chats import ChatStore

COST = AnswerCost(
    41.25,
    (DeviceShare("RTX 4090", "gpu", 9 * GIB), DeviceShare("CPU", "host", GIB), DeviceShare("CUDA_Host", "host", GIB)),
    3 * GIB,
    10 * GIB,
    cpu_joules=500.0,
    gpu_joules=2000.0,
)
TIMINGS = Timings(1500, 1400, 1301, 912, 0.25, 800.0, 38.12, 24.0, 2801, "end", cost=COST)


def _answer(timings: Timings | None) -> Message:
    return Message("a", Role.ASSISTANT, "Six.", model="R1-Distill-Qwen-7B", quant="Q4_K_M", timings=timings)


def _table(timings: Timings) -> dict[str, str]:
    return dict(statistics(_answer(timings)))


def test_every_figure_has_its_line() -> None:
    timings = replace(TIMINGS, restored_tokens=1300, drafted_tokens=400, accepted_tokens=300)
    assert _table(timings) == {
        "Model": "R1-Distill-Qwen-7B Q4_K_M",
        "Time in all": "41.2 s",
        "First token after": "0.25 s",
        "Reading the prompt": "800 tokens/s",
        "Writing": "38 tokens/s",
        "Thinking": "24.0 s",
        "Prompt": "1,500 tokens: 100 read, 1,400 reused, 1,300 from disk",
        "Written": "1,301 tokens: 912 thought, 389 answer",
        "Guessed": "400 tokens, 300 of them right (75 %)",
        "In the context then": "2,801 tokens",
        "Model on RTX 4090": "9.0 GiB",
        "Model in RAM": "2.0 GiB",
        "Most VRAM used": "10.0 GiB",
        "Most RAM used": "3.0 GiB",
        "Energy": "2,500 J (processor 500 J, graphics card 2,000 J)",
        "Tokens per joule": "0.52",
        "Ended": "by itself",
    }
    assert statistics_text(_answer(timings)).splitlines()[2] == "First token after: 0.25 s"


def test_what_is_not_known_is_not_made_up() -> None:
    nowhere = _table(replace(TIMINGS, cost=replace(COST, cpu_joules=None, gpu_joules=None, vram_peak_bytes=None)))
    assert nowhere["Energy"] == "not known on this PC"
    assert "Tokens per joule" not in nowhere
    assert "Most VRAM used" not in nowhere
    half = _table(replace(TIMINGS, cost=replace(COST, cpu_joules=None)))
    assert (half["Energy"], half["Tokens per joule"]) == ("2,000 J (graphics card alone)", "0.65")
    # An answer of an earlier version, and one of another program: no zeros that nobody measured.
    old = _table(Timings(0, 0, 12, 0, 0.0, 0.0, 0.0, 0.0, 0, ""))
    assert old == {"Model": "R1-Distill-Qwen-7B Q4_K_M", "Written": "12 tokens", "Energy": "not measured"}
    assert statistics(_answer(None)) == ()


def test_an_answer_in_two_parts_is_one() -> None:
    second = replace(TIMINGS, decode_tokens=10, cost=replace(COST, seconds=2.0, ram_peak_bytes=4 * GIB, gpu_joules=8.0))
    whole = together(TIMINGS, second)
    assert whole.decode_tokens == 1311
    assert whole.cost == replace(COST, seconds=43.25, ram_peak_bytes=4 * GIB, cpu_joules=1000.0, gpu_joules=2008.0)
    # What one part lacks, the whole lacks.
    assert together(replace(TIMINGS, cost=None), second).cost is None
    unknown = together(TIMINGS, replace(second, cost=replace(COST, cpu_joules=None))).cost
    assert unknown is not None
    assert (unknown.cpu_joules, unknown.gpu_joules) == (None, 4000.0)
    assert together(None, second) is second


def test_figures_that_come_later_are_kept_and_older_ones_are_read(tmp_path: Path) -> None:
    path = tmp_path / "chats.sqlite"
    early = replace(TIMINGS, cost=None)
    chat = Conversation("c", "Coins", 1.0, 1.0).with_message(_answer(early))
    with closing(ChatStore(path)) as store:
        store.create(chat)
        store.save_timings("a", TIMINGS)
        loaded = store.load("c")
        assert loaded is not None
        assert loaded.messages[0].timings == TIMINGS
        # An answer that goes on meanwhile keeps what it has.
        store.save_message("c", replace(_answer(None), state=MessageState.STREAMING))
        store.save_timings("a", TIMINGS)
        assert store._db.execute("SELECT timings FROM messages").fetchone()[0] is None
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        # As a version wrote it that knew no cost.
        row = {k: v for k, v in to_json(early).items() if k != "cost"}
        db.execute("UPDATE messages SET timings = ?", (json.dumps(row),))
    with closing(ChatStore(path)) as store:
        loaded = store.load("c")
        assert loaded is not None
        assert loaded.messages[0].timings == early


def test_processor_packages_are_added_up_over_the_turn_of_their_counters(tmp_path: Path) -> None:
    for number in range(2):
        package = tmp_path / f"intel-rapl:{number}"
        package.mkdir()
        (package / "max_energy_range_uj").write_text("10000000")
        (package / "energy_uj").write_text("9000000")
    (tmp_path / "intel-rapl:0:0").mkdir()  # a part of the first one
    (tmp_path / "intel-rapl:0:0" / "energy_uj").write_text("5000000")
    meter = PackageEnergy(tmp_path)
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("9500000")
    assert meter.joules() == pytest.approx(0.5)
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("500000")
    (tmp_path / "intel-rapl:1" / "energy_uj").write_text("9250000")
    assert meter.joules() == pytest.approx(1.75)
    assert PackageEnergy(tmp_path / "none").joules() is None


def test_a_page_unfolds_the_table_and_no_name_becomes_markup() -> None:
    answer = replace(_answer(TIMINGS), model="<b>R1</b>")
    question = Message("q", Role.USER, "How many?")
    chat = Conversation("c", "Coins", 1.0, 1.0).with_message(question).with_message(replace(answer, parent_id="q"))
    page = to_html(chat, Formulas())
    assert '<details class="figures"><summary>38.1 tokens/s · 1,301 tokens</summary><table>' in page
    assert "<tr><th>First token after</th><td>0.25 s</td></tr>" in page
    assert "<b>R1" not in page
    assert page.count('class="figures"') == 1
