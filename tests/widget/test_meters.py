"""Meters and This PC: live parts that add up, machines without a card, alarms in words, predicted and actual."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from launcher.core.generation import Timings
from launcher.core.machine import EngineDevice, GpuSample
from launcher.core.plans import DeviceMemory, MemoryUse
from launcher.ui.components import StackedBar
from launcher.ui.meters import AlarmBanner, MeterPanel
from launcher.ui.meters.alarms import spilled_bytes
from launcher.ui.meters.load_table import side_by_side
from launcher.ui.thispc import ThisPcPage
from launcher.ui.thispc.history_table import DeviationBar
from tests.widget.look_values import (
    GIB,
    HISTORY,
    LAPTOP,
    LAPTOP_RECOMMENDATION,
    LOADED,
    MACHINE,
    PLAN,
    SAMPLE,
    gib,
)

pytestmark = pytest.mark.usefixtures("theme")


def shown_texts(widget: QWidget) -> list[str]:
    QApplication.processEvents()  # children added to a shown page appear in the next turn of the loop
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible() and label.text()]


def timings(tokens_s: float) -> Timings:
    return Timings(20, 0, 300, 100, 0.2, 900.0, tokens_s, 3.0, 667, "end")


@pytest.fixture
def panel(qtbot) -> MeterPanel:
    panel = MeterPanel()
    qtbot.addWidget(panel)
    panel.resize(268, 770)
    panel.show()
    panel.set_machine(MACHINE)
    return panel


def test_the_card_shows_parts_that_add_up(panel: MeterPanel) -> None:
    panel.set_loaded(LOADED, PLAN)
    panel.set_sample(SAMPLE)
    texts = shown_texts(panel)
    assert "23.0 of 24.0 GiB used" in texts
    figures = [float(t.removesuffix(" GiB")) for t in texts if t.endswith(" GiB") and t[0].isdigit()]
    assert figures == [18.1, 3.2, 0.7, 1.0, 1.0]
    assert sum(figures) == 24.0
    assert "KV cache, 24,576 tokens" in texts
    for expected in ("97 %", "61 °C", "312 W", "6 % of 16 cores"):
        assert expected in texts


def test_nothing_loaded_is_all_other_programs(panel: MeterPanel) -> None:
    panel.set_sample(SAMPLE)
    bars = [bar.accessibleName() for bar in panel.findChildren(StackedBar)]
    assert "RTX 4090, 24.0 GiB: Other programs 23.0, Free 1.0" in bars


def test_what_the_driver_does_not_say_is_said(panel: MeterPanel) -> None:
    panel.set_sample(replace(SAMPLE, gpus=(GpuSample("NVIDIA GeForce RTX 4090"),)))
    texts = shown_texts(panel)
    assert "unknown, not measured" in texts
    assert texts.count("unknown") == 3


def test_without_a_card_the_ram_carries_the_model(panel: MeterPanel) -> None:
    recommended = LAPTOP_RECOMMENDATION.recommended
    assert recommended is not None
    panel.set_machine(LAPTOP)
    panel.set_loaded(replace(LOADED, memory=recommended.memory, gpu_layers=0, n_ctx=16384), recommended)
    # Linux counts the 4.4 GiB of mapped weights as free: 10.0 free at first, less KV cache and compute.
    sample = replace(SAMPLE, gpus=(), ram_total_bytes=16 * GIB, ram_free_bytes=gib(8.8))
    panel.set_sample(sample)
    QApplication.processEvents()
    (bar,) = [bar for bar in panel.findChildren(StackedBar) if bar.isVisible()]
    assert bar.accessibleName() == "RAM, 16.0 GiB: Weights 4.4, KV cache 0.9, Compute 0.3, Other programs 6.0, Free 4.4"
    assert "KV cache, 16,384 tokens" in shown_texts(panel)


def test_a_card_more_or_less_rebuilds_the_panel(panel: MeterPanel, qtbot) -> None:
    panel.set_machine(replace(MACHINE, gpus=MACHINE.gpus * 2))
    panel.set_sample(replace(SAMPLE, gpus=SAMPLE.gpus * 2))
    assert "RTX 4090 (2)" in shown_texts(panel)
    panel.set_machine(MACHINE)
    assert "RTX 4090 (2)" not in shown_texts(panel)


def test_speed_and_joules(panel: MeterPanel) -> None:
    panel.set_loaded(LOADED, PLAN)
    assert "predicted 34–41" in shown_texts(panel)
    panel.set_sample(SAMPLE)
    panel.add_rate(37.8)
    assert "37.8 tokens/s" in shown_texts(panel)
    assert "0.12 per joule" in shown_texts(panel)
    panel.add_rate(None)
    assert "idle" in shown_texts(panel)
    assert "0.12 per joule" not in shown_texts(panel)


def figures(panel: MeterPanel) -> dict[str, str]:
    """Predicted and actual by the names that a screen reader says."""
    QApplication.processEvents()
    found = [label for label in panel.findChildren(QLabel) if label.isVisible()]
    return {
        label.accessibleName(): label.text() for label in found if label.accessibleName().endswith(("ed", "actual"))
    }


def test_predicted_and_actual_stand_side_by_side(panel: MeterPanel) -> None:
    panel.set_loaded(LOADED, PLAN, 6.0)
    panel.set_timings(timings(37.8))
    shown = figures(panel)
    for name, predicted, actual in (
        ("CUDA0, GiB", "22.00", "22.00"),
        ("CPU, GiB", "0.60", "0.60"),
        ("Tokens/s", "34–41", "37.8"),
        ("First token, s", "0.3", "0.2"),
        ("Loading, s", "6.0", "5.8"),
    ):
        assert (shown[f"{name}, predicted"], shown[f"{name}, actual"]) == (predicted, actual)


def test_every_device_has_its_row(panel: MeterPanel) -> None:
    """Two cards, of which the engine has other names, and the RAM; nothing of a load before is left."""
    card, ram = PLAN.memory.devices[0], DeviceMemory("RAM", "host", gib(1.0), 0, gib(0.5), gib(0.2))
    plan = replace(PLAN, memory=MemoryUse((card, replace(card, weights_bytes=gib(10)), ram), "engine"))
    came = (replace(card, name="CUDA0"), replace(card, name="CUDA1", weights_bytes=gib(10.5)), ram)
    panel.set_loaded(LOADED, PLAN)
    panel.set_loaded(replace(LOADED, memory=MemoryUse(came, "actual")), plan)
    assert [
        (p.name, p.predicted_bytes, p.actual_bytes) for p in side_by_side(plan.memory, MemoryUse(came, "actual"))
    ] == [
        (card.name, card.total_bytes, card.total_bytes),
        (card.name, card.total_bytes - card.weights_bytes + gib(10), card.total_bytes - card.weights_bytes + gib(10.5)),
        ("RAM", gib(1.5), gib(1.5)),
    ]
    shown = figures(panel)
    assert (shown["RAM, GiB, predicted"], shown["RAM, GiB, actual"]) == ("1.50", "1.50")
    panel.set_loaded(None, None)
    assert figures(panel)["Memory, GiB, actual"] == "–"
    assert "RAM, GiB, actual" not in figures(panel)


@pytest.mark.parametrize(
    ("tokens_s", "sentence"),
    [
        (11.0, "Slower than predicted: 11 instead of 34–41 tokens/s."),
        (60.0, "Faster than predicted: 60 instead of 34–41 tokens/s."),
    ],
)
def test_a_value_outside_the_range_is_said_in_words(panel: MeterPanel, tokens_s: float, sentence: str) -> None:
    panel.set_loaded(LOADED, PLAN)
    panel.set_timings(timings(tokens_s))
    assert sentence in shown_texts(panel)
    panel.set_timings(timings(38.0))
    assert sentence not in shown_texts(panel)


def test_a_folded_panel_goes_on_recording(panel: MeterPanel) -> None:
    panel.set_folded(True)
    assert not panel.isVisible()
    panel.set_sample(SAMPLE)
    panel.add_rate(20.0)
    panel.set_folded(False)
    assert "20.0 tokens/s" in shown_texts(panel)


# --- Alarms -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def alarms(qtbot) -> AlarmBanner:
    banner = AlarmBanner()
    qtbot.addWidget(banner)
    banner.set_machine(MACHINE)
    banner.show()
    return banner


def test_all_is_well_takes_no_room(alarms: AlarmBanner) -> None:
    alarms.set_loaded(LOADED, PLAN)
    for _ in range(10):
        alarms.set_sample(SAMPLE)
    assert alarms.words == ()


def test_the_processor_doing_the_cards_work_is_an_alarm(alarms: AlarmBanner, qtbot) -> None:
    alarms.set_loaded(replace(LOADED, gpu_layers=0), PLAN)
    assert alarms.words == ("This answer is being made by the processor, not by your graphics card",)
    assert any("Planned: 64 of 64 layers on RTX 4090. Actual: 0." in text for text in shown_texts(alarms))
    button = next(b for b in alarms.findChildren(QPushButton) if b.isVisible() and b.text() == "Load again")
    with qtbot.waitSignal(alarms.step_chosen) as blocker:
        button.click()
    assert blocker.args[0].action == "load_again"
    # It stays when the model is given back: it was perhaps not read yet.
    alarms.set_loaded(None, None)
    assert len(alarms.words) == 1
    (cross,) = [b for b in alarms.findChildren(QPushButton) if b.isVisible() and b.accessibleName() == "Dismiss"]
    cross.click()
    assert alarms.words == ()
    alarms.set_loaded(replace(LOADED, gpu_layers=0), PLAN)
    alarms.begin()
    assert alarms.words == ()


def test_what_memory_made_of_the_plan_is_an_alarm_of_the_same_kind(alarms: AlarmBanner) -> None:
    """The ladder ended on the processor: that was the plan in the end, but not what was meant."""
    words = (
        "1.2 GiB were missing on RTX 4090: on the processor alone instead of 64 of 64 layers on the graphics card.",
    )
    placement = replace(LOADED.placement, n_gpu_layers=0)
    loaded = replace(LOADED, gpu_layers=0, placement=placement, notes=words)
    smaller = replace(PLAN, placement=placement, speed=replace(PLAN.speed, decode_tokens_s=2.5))
    alarms.set_loaded(loaded, smaller, PLAN, words)
    assert alarms.words == ("This answer is being made by the processor, not by your graphics card",)
    texts = shown_texts(alarms)
    assert any("Expect about 2.5 instead of 38 tokens/s." in text for text in texts)
    assert any(words[0] in text for text in texts)


def test_what_was_given_up_is_a_notice(alarms: AlarmBanner) -> None:
    words = ("The engine found no room on RTX 4090: context 16,384 instead of 32,768 tokens.",)
    alarms.set_loaded(replace(LOADED, notes=words), PLAN, PLAN, words)
    assert alarms.words == ("Loaded with less than planned",)
    (cross,) = [b for b in alarms.findChildren(QPushButton) if b.isVisible() and b.accessibleName() == "Dismiss"]
    cross.click()
    assert alarms.words == ()
    alarms.set_loaded(replace(LOADED, notes=("The file names no template.",)), PLAN, PLAN)
    assert alarms.words == ("Notes about this load",)


def test_a_plan_for_the_processor_is_no_alarm(alarms: AlarmBanner) -> None:
    placement = replace(LOADED.placement, n_gpu_layers=0)
    alarms.set_loaded(replace(LOADED, gpu_layers=0, placement=placement), PLAN)
    assert alarms.words == ()


def test_spilling_is_believed_after_two_seconds_and_ends(alarms: AlarmBanner) -> None:
    spilled = replace(SAMPLE, gpus=(replace(SAMPLE.gpus[0], vram_used_by_app_bytes=gib(20.3)),))
    # 21.6 GiB were allocated: 18.1 weights, 3.2 KV cache and 0.3 compute; the driver's own share is not the engine's.
    assert spilled_bytes(LOADED, spilled) == pytest.approx(gib(1.3), abs=GIB // 100)
    alarms.set_loaded(LOADED, PLAN)
    alarms.add_rate(11.0)
    for _ in range(3):
        alarms.set_sample(spilled)
    assert alarms.words == ()
    alarms.set_sample(spilled)
    assert alarms.words == ("Video memory spills into RAM: 1.3 GiB",)
    assert any("11 instead of 38 tokens/s." in text for text in shown_texts(alarms))
    alarms.set_sample(SAMPLE)
    assert alarms.words == ()


def test_a_driver_that_says_nothing_raises_no_alarm() -> None:
    assert spilled_bytes(LOADED, replace(SAMPLE, gpus=(GpuSample("x"),))) == 0


# --- This PC ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(qtbot) -> ThisPcPage:
    page = ThisPcPage()
    qtbot.addWidget(page)
    page.resize(1200, 770)
    page.show()
    page.set_machine(MACHINE)
    return page


def test_this_pc_says_what_is_here_and_what_is_unknown(page: ThisPcPage) -> None:
    texts = shown_texts(page)
    for expected in ("GeForce RTX 4090", "1,008 GB/s  data sheet", "25 GB/s  4.0 ×16", "unknown  limit 450 W"):
        assert expected in texts, expected
    for expected in ("580.95  CUDA", "Memory, 64.0 GiB", "Ryzen 9 7950X", "16  32 threads", "SSD, 1.0 TB"):
        assert expected in texts, expected


def test_this_pc_follows_the_meters(page: ThisPcPage) -> None:
    page.set_loaded(LOADED)
    page.set_sample(SAMPLE)
    texts = shown_texts(page)
    for expected in ("22.0 engine · 1.0 other programs", "312 W  limit 450 W", "61 °C", "6 %", "0 B", "in use"):
        assert expected in texts, expected
    assert any("0.3.36" in text for text in texts)


def test_this_pc_lists_the_engines_devices(page: ThisPcPage) -> None:
    page.set_machine(replace(MACHINE, engine_devices=(EngineDevice("CPU", "AMD Ryzen", "CPU", "cpu", 64 * GIB, GIB),)))
    assert "AMD Ryzen  CPU" in shown_texts(page)
    page.set_machine(MACHINE)
    assert "AMD Ryzen  CPU" not in shown_texts(page)


def test_the_history_of_loads(page: ThisPcPage) -> None:
    assert any(text.startswith("Nothing was loaded yet") for text in shown_texts(page))
    page.set_load_history(HISTORY)
    texts = shown_texts(page)
    assert "4 loads; speed off by 4 % on average" in texts
    at = texts.index("R1-Distill-Qwen-32B")
    assert texts[at + 1 : at + 8] == ["Q4_K_M", "21.97", "21.99", "+0.1 %", "38", "38", "−1 %"]
    assert len(page.findChildren(DeviationBar)) == 4
    page.set_load_history(())
    QApplication.processEvents()
    assert not [bar for bar in page.findChildren(DeviationBar) if bar.isVisible()]


def test_this_pc_asks_for_a_report_and_another_look(page: ThisPcPage, qtbot) -> None:
    buttons = {b.text(): b for b in page.findChildren(QPushButton) if b.isVisibleTo(page)}
    with qtbot.waitSignal(page.copy_report_requested):
        buttons["Copy report"].click()
    with qtbot.waitSignal(page.look_again_requested):
        buttons["Look again"].click()
