"""Components: what they print, how they behave with keyboard and mouse, and that what is painted is what is meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from launcher.core.errors import NextStep, UserError
from launcher.core.plans import DeviceMemory
from launcher.core.units import rate
from launcher.ui import gallery
from launcher.ui.components import (
    Banner,
    BannerKind,
    ElidedLabel,
    FilterChip,
    FlowLayout,
    MemoryLegend,
    MemoryParts,
    Part,
    PrimaryButton,
    Run,
    SearchField,
    SecondaryButton,
    SegmentedButtons,
    StackedBar,
    Text,
    ToggleSwitch,
    live_parts,
    planned_parts,
)
from launcher.ui.components.device_names import card_name, cpu_name, cpu_vendor, short_card_name
from launcher.ui.components.focus_ring import _Overlay
from launcher.ui.components.sparkline import Sparkline, scale_figure
from launcher.ui.theme import DARK, HIGH_CONTRAST, LIGHT, Role, ThemeManager, Tokens, Tone, current

GIB = 2**30
PARTS = MemoryParts("RTX 4090", 24 * GIB, int(18.1 * GIB), int(3.2 * GIB), int(0.7 * GIB), GIB)

pytestmark = pytest.mark.usefixtures("theme")


# --- Memory -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 200 * GIB), min_size=4, max_size=4), st.integers(0, 900 * GIB), st.sampled_from([1, 2]))
def test_printed_parts_add_up_to_the_printed_capacity(sizes: list[int], capacity: int, digits: int) -> None:
    parts = MemoryParts("x", capacity, *sizes)
    total = sum(float(figure) for figure in parts.printed(digits).values())
    assert total == pytest.approx(round(parts.total_bytes / GIB, digits), abs=10**-digits / 2)


def test_a_bar_reads_its_sum_and_shows_bytes_and_two_digits() -> None:
    assert (
        PARTS.sentence() == "RTX 4090, 24.0 GiB: Weights 18.1, KV cache 3.2, Compute 0.7, Other programs 1.0, Free 1.0"
    )
    assert f"Weights: 18.10 GiB · {int(18.1 * GIB):,} B · 75.4 %" in PARTS.tool_tip()


def test_planned_parts_count_the_drivers_share_as_compute() -> None:
    parts = planned_parts("c", DeviceMemory("CUDA0", "gpu", 10, 20, 30, 4, 90, 100))
    assert (parts.weights_bytes, parts.kv_bytes, parts.compute_bytes, parts.other_bytes) == (10, 20, 34, 10)


def test_live_parts_give_the_rest_to_other_programs() -> None:
    device = DeviceMemory("CPU", "host", 40, 5, 5)
    assert live_parts("RAM", device, 100, 30).other_bytes == 20
    # Mapped weights that the system counts as free are still shown as weights, and not as somebody else's.
    mapped = live_parts("RAM", device, 100, 70, are_weights_in_free=True)
    assert (mapped.weights_bytes, mapped.other_bytes, mapped.free_bytes) == (40, 20, 30)
    assert live_parts("RAM", None, 100, 30).other_bytes == 70


@pytest.mark.parametrize("tokens", [LIGHT, DARK, HIGH_CONTRAST], ids=lambda t: t.name)
def test_the_bar_paints_parts_in_order_at_their_length(qtbot, theme: ThemeManager, tokens: Tokens) -> None:
    theme.force(tokens)
    bar = StackedBar()
    qtbot.addWidget(bar)
    bar.resize(480, 24)
    bar.set_parts(PARTS)
    image = bar.grab().toImage()
    scale = 480 / 24
    assert image.pixelColor(60, 4) == QColor(tokens.weights)
    free = [image.pixelColor(int(23.5 * scale), y) for y in range(3, 21)]
    assert set(map(QColor.name, free)) == {QColor(tokens.surface).name()}
    # Patterned parts: their own colour dominates and a second one is there.
    for part_at, colour in ((19.5, tokens.kv_cache), (21.7, tokens.compute)):
        x = int(part_at * scale)
        column = [image.pixelColor(x + dx, y) for dx in range(-3, 4) for y in range(3, 21)]
        assert QColor(colour) in column
        assert len({c.name() for c in column}) > 1


def test_small_parts_stay_visible(qtbot) -> None:
    bar = StackedBar(height=10)
    qtbot.addWidget(bar)
    bar.resize(100, 10)
    bar.set_parts(MemoryParts("RAM", 1000 * GIB, GIB))
    assert bar.grab().toImage().pixelColor(2, 5) == QColor(LIGHT.weights)


def test_the_bar_names_itself_and_forgets(qtbot) -> None:
    bar = StackedBar()
    qtbot.addWidget(bar)
    bar.set_parts(PARTS)
    assert bar.accessibleName() == PARTS.sentence()
    bar.set_parts(None)
    assert bar.accessibleName() == ""


def test_the_legend_prints_every_part(qtbot) -> None:
    legend = MemoryLegend()
    qtbot.addWidget(legend)
    legend.set_parts(PARTS)
    texts = [label.text() for label in legend.findChildren(Text)]
    assert texts == ["Weights  18.1", "KV cache  3.2", "Compute  0.7", "Other programs  1.0", "Free  1.0"]
    assert len(texts) == len(Part)


# --- Text -------------------------------------------------------------------------------------------------------------


def test_wrapped_text_grows_in_lines(qtbot) -> None:
    text = Text("one two three four five six seven eight nine ten " * 4, wrap=True)
    qtbot.addWidget(text)
    wide, narrow = text.heightForWidth(2000), text.heightForWidth(150)
    assert wide == 20
    assert narrow > 4 * wide
    assert narrow % 20 == 0


def test_at_most_so_many_lines(qtbot) -> None:
    text = Text("word " * 100, wrap=True, max_lines=2)
    qtbot.addWidget(text)
    assert text.heightForWidth(120) == 40


def test_elided_text_keeps_the_whole_in_the_tool_tip(qtbot) -> None:
    label = ElidedLabel("A" * 300)
    qtbot.addWidget(label)
    label.resize(100, 20)
    assert label.minimumSizeHint().width() < 100
    assert label.toolTip() == "A" * 300
    plain = Text("A" * 300)
    qtbot.addWidget(plain)
    assert plain.minimumSizeHint().width() > 1000


def test_characters_beyond_the_basic_plane_keep_their_runs(qtbot) -> None:
    text = Text([Run("🙂🙂", Role.BODY, Tone.TEXT), Run("red", Role.BODY, Tone.BAD)])
    qtbot.addWidget(text)
    text.resize(text.sizeHint())
    image = text.grab().toImage()
    reddest = max(
        (image.pixelColor(x, y) for x in range(image.width() // 2, image.width()) for y in range(image.height())),
        key=lambda c: c.red() - c.blue(),
    )
    assert reddest.red() - reddest.blue() > 80


def test_markup_is_shown_as_text(qtbot) -> None:
    text = Text("<b>x</b>")
    qtbot.addWidget(text)
    assert text.text() == "<b>x</b>"
    assert text.textFormat() is Qt.TextFormat.PlainText


# --- Focus and keys ---------------------------------------------------------------------------------------------------


def _window(qtbot, *widgets: QWidget) -> QWidget:
    """A shown window; the caller holds it, because qtbot does not."""
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    for widget in widgets:
        column.addWidget(widget)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def test_the_ring_shows_for_the_keyboard_only(qtbot) -> None:
    first, second = SecondaryButton("One"), SecondaryButton("Two")
    window = _window(qtbot, first, second)

    def rings() -> list[QWidget]:
        return [o for o in window.findChildren(_Overlay) if not o.isHidden()]

    first.setFocus(Qt.FocusReason.MouseFocusReason)
    assert not rings()
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    assert second.hasFocus()
    (ring,) = rings()
    assert ring.geometry() == second.geometry().adjusted(-4, -4, 4, 4)
    window.resize(window.width() + 100, window.height() + 60)
    qtbot.waitUntil(lambda: ring.geometry() == second.geometry().adjusted(-4, -4, 4, 4))
    second.clearFocus()
    assert not rings()


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_buttons_answer_to_enter_and_space(qtbot, key: Qt.Key) -> None:
    button = PrimaryButton("Go")
    window = _window(qtbot, button)
    assert window.isVisible()
    with qtbot.waitSignal(button.clicked):
        qtbot.keyClick(button, key)


def test_buttons_never_cut_their_words(qtbot) -> None:
    button = SecondaryButton("A very long German compound on a button")
    qtbot.addWidget(button)
    assert button.minimumSizeHint() == button.sizeHint()
    short = SecondaryButton("A")
    qtbot.addWidget(short)
    assert button.sizeHint().width() > short.sizeHint().width() + 150


def test_escape_empties_the_search_first(qtbot) -> None:
    field = SearchField("Search", "Search")
    window = _window(qtbot, field)
    assert window.isVisible()
    field.setText("r1")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == ""


def test_segments_choose_one(qtbot) -> None:
    row = SegmentedButtons("KV cache", (("f16", "f16"), ("q8_0", "q8_0")))
    window = _window(qtbot, row)
    assert window.isVisible()
    assert row.key == "f16"
    button = next(b for b in row.findChildren(QPushButton) if b.text() == "q8_0")
    with qtbot.waitSignal(row.chosen) as blocker:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert blocker.args == ["q8_0"]
    assert button.accessibleName() == "KV cache: q8_0"
    with qtbot.assertNotEmitted(row.chosen):
        row.set_key("f16")
    assert row.key == "f16"


def test_a_locked_switch_says_why_and_stays(qtbot) -> None:
    switch = ToggleSwitch("Thinking")
    window = _window(qtbot, switch)
    assert window.isVisible()
    switch.setChecked(True)
    switch.set_locked("R1 always thinks")
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert switch.isChecked()
    assert switch.toolTip() == "R1 always thinks"
    switch.set_locked("")
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(20, 14))
    assert not switch.isChecked()


def test_a_checked_filter_shows_a_tick(qtbot) -> None:
    chip = FilterChip("Code")
    qtbot.addWidget(chip)
    before = chip.sizeHint().width()
    chip.setChecked(True)
    assert chip.sizeHint().width() > before


# --- Banner, flow, sparkline ------------------------------------------------------------------------------------------


def test_a_banner_shows_an_error_and_offers_its_steps(qtbot) -> None:
    banner = Banner()
    qtbot.addWidget(banner)
    assert banner.isHidden()
    steps = (NextStep("Free up space…", "free_space"), NextStep("Ask the owner for access."))
    banner.show_error(UserError("disk_full", "Not enough disk space.", "Needs 2 GB.", steps))
    # A step that only a person can follow is a sentence, not a button.
    assert banner.texts == ("Not enough disk space.", "Needs 2 GB. Ask the owner for access.")
    (button,) = [b for b in banner.findChildren(QPushButton) if not b.isHidden()]
    with qtbot.waitSignal(banner.step_chosen) as blocker:
        button.click()
    assert blocker.args == [steps[0]]


def test_a_banner_replaces_its_buttons(qtbot) -> None:
    banner = Banner()
    qtbot.addWidget(banner)
    banner.show_message(BannerKind.WARN, "a", "b", (NextStep("Old", "x"),))
    banner.show_message(BannerKind.WARN, "a", "b", (NextStep("New", "y"),), has_primary=True)
    shown = [b.text() for b in banner.findChildren(QPushButton) if not b.isHidden()]
    assert shown == ["New"]
    banner.show_message(BannerKind.WARN, "a", "b", [NextStep(str(i), "x") for i in range(5)])
    assert [b.text() for b in banner.findChildren(QPushButton) if not b.isHidden()] == list("01234")
    banner.show_message(BannerKind.WARN, "a")
    assert not [b for b in banner.findChildren(QPushButton) if not b.isHidden()]


def test_flow_goes_on_in_the_next_line(qtbot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    flow = FlowLayout(holder, gap=8, line_gap=6)
    for _ in range(4):
        child = QWidget()
        child.setFixedSize(50, 20)
        flow.addWidget(child)
    assert flow.heightForWidth(4 * 50 + 3 * 8) == 20
    assert flow.heightForWidth(4 * 50 + 3 * 8 - 1) == 20 + 6 + 20


@pytest.mark.parametrize(
    ("largest", "figure"), [(41.8, 40), (9.6, 8), (0.42, 0.4), (127, 100), (2.8, 2), (1, 1), (0, 1)]
)
def test_the_scale_figure_is_round(largest: float, figure: float) -> None:
    assert scale_figure(largest) == pytest.approx(figure)


@pytest.mark.parametrize("fastest", [3.0, 40.0, 800.0, 1000.0, 20_000.0])
def test_figures_beside_the_sparkline_stand_clear_of_the_predicted_band(qtbot, fastest: float) -> None:
    line = Sparkline("Speed")
    qtbot.addWidget(line)
    line.resize(260, 66)
    line.set_band((0.0, fastest))
    image = line.grab().toImage()
    band = QColor(current().soft_accent).rgb()
    middle = image.height() // 2  # between the two figures
    edge = max(x for x in range(image.width()) if image.pixel(x, middle) == band)
    background = image.pixel(image.width() - 1, middle)
    beside = {image.pixel(x, y) for x in range(edge + 2, edge + 5) for y in range(image.height())}
    assert beside == {background}
    # The upper figure is there, with all of its digits.
    inked = [x for x in range(edge + 5, image.width()) if any(image.pixel(x, y) != background for y in range(17))]
    assert len(inked) >= 3 * len(rate(scale_figure(fastest)))


def test_the_sparkline_paints_the_newest_value_at_its_height(qtbot) -> None:
    line = Sparkline("Speed")
    qtbot.addWidget(line)
    line.resize(240, 66)
    empty = line.grab().toImage()
    for value in [10.0] * 30 + [None] * 30 + [40.0] * 60:
        line.add(value)
    image = line.grab().toImage()
    assert image != empty
    accent = QColor(LIGHT.accent)
    ys = [y for y in range(66) for x in range(200, 215) if image.pixelColor(x, y) == accent]
    assert ys
    assert max(ys) < 66 / 3  # 40 is the largest value, so it is near the top


# --- Names, gallery ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "card", "short"),
    [
        ("NVIDIA GeForce RTX 4090", "GeForce RTX 4090", "RTX 4090"),
        ("AMD Radeon RX 7900 XTX", "Radeon RX 7900 XTX", "RX 7900 XTX"),
        ("Intel(R) Arc(TM) A770 Graphics", "Arc A770 Graphics", "Arc A770 Graphics"),
        ("Apple M3 Max", "Apple M3 Max", "Apple M3 Max"),
        ("NVIDIA H100 80GB HBM3", "H100 80GB HBM3", "H100 80GB HBM3"),
    ],
)
def test_card_names(name: str, card: str, short: str) -> None:
    assert (card_name(name), short_card_name(name)) == (card, short)


@pytest.mark.parametrize(
    ("name", "plain", "vendor"),
    [
        ("AMD Ryzen 9 7950X 16-Core Processor", "Ryzen 9 7950X", "AMD"),
        ("12th Gen Intel(R) Core(TM) i5-1240P", "Core i5-1240P", "Intel"),
        ("Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz", "Xeon E5-2680 v4", "Intel"),
        ("Apple M3 Max", "Apple M3 Max", "Apple"),
        ("", "", ""),
    ],
)
def test_cpu_names(name: str, plain: str, vendor: str) -> None:
    assert (cpu_name(name), cpu_vendor(name)) == (plain, vendor)


def test_the_gallery_shows_every_component_in_every_theme(theme: ThemeManager, tmp_path: Path) -> None:
    written = gallery.render_all(theme, tmp_path)
    assert len(written) == len(gallery.Gallery().boards()) * 4
    for path in written:
        assert path.stat().st_size > 2000, path


@pytest.mark.parametrize("levers", [{}, {"elide": Qt.TextElideMode.ElideRight}, {"wrap": True, "max_lines": 1}])
def test_half_a_surrogate_pair_is_painted_like_any_text(qtbot, levers: dict[str, Any]) -> None:
    """File names and imported JSON can hold one; an error in a paint event ends the program."""
    label = Text("half \ud83d of a pair, and then far more than fits on one line", **levers)
    qtbot.addWidget(label)
    label.resize(90, 40)
    assert not label.grab().toImage().isNull()


def test_lines_of_a_wrapped_text_end_where_they_were_ended(qtbot) -> None:
    label = Text("one.md\ntwo.csv", wrap=True)
    qtbot.addWidget(label)
    assert label.heightForWidth(500) == 2 * Text("one.md", wrap=True).heightForWidth(500)
    line = Text("a name with\na line break")
    qtbot.addWidget(line)
    assert line.sizeHint().height() == Text("a name").sizeHint().height()
