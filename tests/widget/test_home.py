"""Home: the recommendation, the download in its place, what is missing, and what the buttons ask for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton, QWidget

from launcher.core.downloads import DownloadProgress, DownloadState
from launcher.core.errors import NextStep, UserError
from launcher.core.models import Thinking
from launcher.core.plans import Goal, Recommendation, Rejection, SpeedEstimate
from launcher.ui.components import Banner, StackedBar
from launcher.ui.home import HomePage, words
from launcher.ui.home.choice_card import ChoiceCard
from launcher.ui.main_window import MainWindow
from tests.widget.look_values import (
    GIB,
    LAPTOP,
    LAPTOP_RECOMMENDATION,
    MACHINE,
    PLAN,
    RECOMMENDATION,
    SAMPLE,
    plan,
)

KEY = "unsloth/DeepSeek-R1-Distill-Qwen-32B-GGUF::Q4_K_M"

pytestmark = pytest.mark.usefixtures("theme")


@pytest.fixture
def home(qtbot) -> HomePage:
    page = HomePage()
    qtbot.addWidget(page)
    page.resize(1200, 770)
    page.show()
    return page


@pytest.fixture
def ready(home: HomePage) -> HomePage:
    home.set_machine(MACHINE)
    home.set_recommendation(RECOMMENDATION)
    return home


def shown_texts(widget: QWidget) -> list[str]:
    QApplication.processEvents()  # children added to a shown page appear in the next turn of the loop
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible() and label.text()]


def button(widget: QWidget, starts: str) -> QPushButton:
    """A visible button by its words or by the name a screen reader says."""
    QApplication.processEvents()
    found = [
        b
        for b in widget.findChildren(QPushButton)
        if b.isVisible() and (b.text().startswith(starts) or b.accessibleName().startswith(starts))
    ]
    assert len(found) == 1, [b.text() or b.accessibleName() for b in found]
    return found[0]


def test_everything_a_newcomer_needs_is_there(ready: HomePage) -> None:
    texts = shown_texts(ready)
    for expected in (
        "Your PC can run DeepSeek",
        "DeepSeek-R1-Distill-Qwen-32B",
        "Q4_K_M",
        "Thinks before it answers; strong at maths, code and reasoning. Trained on R1's answers; not the 671B R1.",
        "38 tokens/s",
        "likely 34–41; 8× reading speed",
        "24,576 tokens",
        "about 18,000 words",
        "No loss measured",
        "RTX 4090",
        "1.0 GiB free",
        "Why not bigger? " + RECOMMENDATION.why_not_bigger,
        "GeForce RTX 4090",
        "23.0 GiB free",
        "Ryzen 9 7950X",
        "16 cores",
        "96.3 GB free",
        "96.3 GB free on disk. You can pause at any time.",
    ):
        assert expected in texts, expected
    assert button(ready, "Download and chat").text() == "Download and chat · 19.9 GB"


def test_bars_read_their_sums(ready: HomePage) -> None:
    names = [bar.accessibleName() for bar in ready.findChildren(StackedBar) if bar.isVisible()]
    assert "RTX 4090, 24.0 GiB: Weights 18.1, KV cache 3.2, Compute 0.7, Other programs 1.0, Free 1.0" in names
    assert any(name.startswith("RAM, 64.0 GiB: Weights 0.4") for name in names)


def test_the_buttons_say_what_is_wished(ready: HomePage, qtbot) -> None:
    with qtbot.waitSignal(ready.download_and_chat_requested) as blocker:
        button(ready, "Download and chat").click()
    assert blocker.args == [PLAN]
    with qtbot.waitSignal(ready.adjust_requested) as blocker:
        button(ready, "Adjust").click()
    assert blocker.args == [PLAN]
    with qtbot.waitSignal(ready.look_again_requested):
        button(ready, "Look again").click()
    goal = ready.findChild(QComboBox)
    with qtbot.waitSignal(ready.goal_changed) as blocker:
        goal.activated.emit(goal.findData(Goal.FASTEST))
    assert blocker.args == [Goal.FASTEST]


def test_showing_a_goal_does_not_ask_for_it_again(ready: HomePage, qtbot) -> None:
    with qtbot.assertNotEmitted(ready.goal_changed):
        ready.set_recommendation(replace(RECOMMENDATION, goal=Goal.BIGGEST))
    assert ready.findChild(QComboBox).currentText() == "Biggest that runs"


def test_other_choices_open_their_plan(ready: HomePage, qtbot) -> None:
    cards = [card for card in ready.findChildren(ChoiceCard) if card.isVisible()]
    assert [card.accessibleName().split(":")[0] for card in cards] == [
        "Smartest",
        "Fastest",
        "Longest chats",
        "Biggest that runs",
    ]
    assert "15× slower" in cards[0].accessibleDescription()
    with qtbot.waitSignal(ready.plan_opened) as blocker:
        qtbot.keyClick(cards[1], Qt.Key.Key_Return)
    assert blocker.args == [RECOMMENDATION.alternatives["fastest"]]


def test_tab_goes_in_reading_order(qtbot) -> None:
    window = MainWindow("Launcher")
    qtbot.addWidget(window)
    page = HomePage()
    window.add_page("home", "house", "Home", page)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    page.set_machine(MACHINE)
    page.set_recommendation(RECOMMENDATION)
    page.set_error(UserError("x", "Something failed.", "", (NextStep("Try again", "retry"),)))
    QApplication.processEvents()
    button(window, "Home").setFocus()
    order: list[str] = []
    for _ in range(9):
        focus = window.focusWidget()
        order.append((focus.accessibleName() or focus.property("text")).split(":")[0].split(" ·")[0])
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    assert order == [
        "Home", "Try again", "Goal", "Download and chat", "Adjust…", "Look again", "Smartest", "Fastest", "Longest chats",
    ]  # fmt: skip


def test_new_choices_replace_the_old(ready: HomePage) -> None:
    ready.set_recommendation(replace(RECOMMENDATION, alternatives={"fastest": PLAN}))
    assert len([card for card in ready.findChildren(ChoiceCard) if card.isVisible()]) == 1


# --- Download ---------------------------------------------------------------------------------------------------------


def progress(state: DownloadState, done: int = 12_400_000_000, **more: object) -> DownloadProgress:
    return DownloadProgress(KEY, state, done, 19_850_000_000, 0, 46.8e6, **more)  # type: ignore[arg-type]


def test_the_button_turns_into_the_download_and_then_loads(ready: HomePage, qtbot) -> None:
    ready.set_download(progress(DownloadState.DOWNLOADING))
    assert "12.4 GB of 19.9 GB · 47 MB/s · 2 min 39 s left" in shown_texts(ready)
    with qtbot.waitSignal(ready.pause_requested) as blocker:
        button(ready, "Pause the download").click()
    assert blocker.args == [KEY]
    ready.set_download(progress(DownloadState.PAUSED))
    assert "12.4 GB of 19.9 GB · paused; continues where it stopped" in shown_texts(ready)
    with qtbot.waitSignal(ready.resume_requested) as blocker:
        button(ready, "Continue the download").click()
    assert blocker.args == [KEY]
    with qtbot.waitSignal(ready.cancel_download_requested) as blocker:
        button(ready, "Cancel the download").click()
    assert blocker.args == [KEY]
    ready.set_download(progress(DownloadState.DONE, 19_850_000_000))
    assert button(ready, "Load and chat").isEnabled()
    with qtbot.waitSignal(ready.download_and_chat_requested):
        button(ready, "Load and chat").click()


def test_another_models_download_changes_nothing_here(ready: HomePage) -> None:
    ready.set_download(replace(progress(DownloadState.DOWNLOADING), key="other::Q8_0"))
    assert button(ready, "Download and chat").isVisible()


def test_a_failed_download_says_why_and_can_be_tried_again(ready: HomePage, qtbot) -> None:
    step = NextStep("Free up space…", "free_space")
    error = UserError("disk_full", "Not enough disk space.", "Needs 2.5 GB more.", (step,))
    ready.set_download(progress(DownloadState.FAILED, error=error))
    banner = next(b for b in ready.findChildren(Banner) if b.isVisible())
    assert banner.texts == ("Not enough disk space.", "Needs 2.5 GB more.")
    assert button(ready, "Download and chat").isEnabled()
    with qtbot.waitSignal(ready.next_step_chosen) as blocker:
        button(ready, "Free up space").click()
    assert blocker.args == [step]
    ready.set_error(None)
    assert not banner.isVisible()


def test_what_is_installed_is_not_downloaded_again(ready: HomePage) -> None:
    ready.set_installed(frozenset({KEY}))
    assert button(ready, "Load and chat").isVisible()
    ready.set_installed(frozenset())
    assert button(ready, "Download and chat").isVisible()


def test_too_little_disk_is_said_before_the_click(home: HomePage) -> None:
    home.set_machine(replace(MACHINE, disks=(replace(MACHINE.disks[0], free_bytes=5 * 10**9),)))
    home.set_recommendation(RECOMMENDATION)
    assert "Needs 19.9 GB; 5.0 GB are free on disk." in shown_texts(home)


# --- States -----------------------------------------------------------------------------------------------------------


def test_before_anything_is_known_the_frame_stands_and_words_come_after_300_ms(home: HomePage, qtbot) -> None:
    assert "…" in shown_texts(home)
    assert "Looking at this PC…" not in shown_texts(home)
    assert not button(home, "Download and chat").isEnabled()
    qtbot.waitUntil(lambda: "Looking at this PC…" in shown_texts(home), timeout=2000)
    home.set_machine(MACHINE)
    home.set_recommendation(RECOMMENDATION)
    assert "Looking at this PC…" not in shown_texts(home)
    assert "…" not in shown_texts(home)


def test_a_machine_without_a_card_is_told_so_and_gets_one_bar(home: HomePage, qtbot) -> None:
    home.set_machine(LAPTOP)
    home.set_recommendation(LAPTOP_RECOMMENDATION)
    texts = shown_texts(home)
    assert "No graphics card that can help was found" in texts
    sentence = next(t for t in texts if t.startswith("The processor does the work"))
    assert "a little faster than you read" in sentence
    assert "Core i5-1240P, 16.0 GiB, 10.0 GiB free" in sentence
    bars = [bar.accessibleName() for bar in home.findChildren(StackedBar) if bar.isVisible()]
    assert bars == ["RAM, 16.0 GiB: Weights 4.4, KV cache 0.9, Compute 0.3, Other programs 6.0, Free 4.4"]
    assert "Recommended for this PC" not in texts
    with qtbot.waitSignal(home.look_again_requested):
        button(home, "Look again").click()


def test_a_card_the_engine_cannot_use_is_named_with_the_reason(home: HomePage) -> None:
    note = "This engine build has no Vulkan."
    card = replace(MACHINE.gpus[0], backend=None, notes=(note,))
    home.set_machine(replace(LAPTOP, gpus=(card,)))
    home.set_recommendation(LAPTOP_RECOMMENDATION)
    assert any(f"GeForce RTX 4090: {note}" in text for text in shown_texts(home))


def test_nothing_fits_is_a_page_too(home: HomePage, qtbot) -> None:
    home.set_machine(LAPTOP)
    rejection = Rejection("R1-Distill-Qwen-1.5B", "Needs 1.6 GiB; 0.4 GiB are free.")
    home.set_recommendation(Recommendation("x", Goal.BALANCED, None, {}, {}, "", (rejection,)))
    assert "No DeepSeek model fits this PC" in shown_texts(home)
    assert any("Needs 1.6 GiB; 0.4 GiB are free." in text for text in shown_texts(home))
    home.set_recommendation(LAPTOP_RECOMMENDATION)
    assert "Your PC can run DeepSeek" in shown_texts(home)
    assert not [b for b in home.findChildren(Banner) if b.isVisible()]


def test_offline_is_a_bar_and_goes_away(ready: HomePage) -> None:
    ready.set_offline("Chats and installed models work as always.", (NextStep("Try now", "retry"),))
    assert "No connection to the model hub" in shown_texts(ready)
    ready.set_offline("")
    assert "No connection to the model hub" not in shown_texts(ready)


def test_the_sample_moves_what_is_free(ready: HomePage) -> None:
    ready.set_sample(SAMPLE)
    assert "1.0 GiB free" in shown_texts(ready)
    assert "55.4 GiB free" in shown_texts(ready)


def test_two_cards_have_two_bars_and_two_names(home: HomePage) -> None:
    gpus = tuple(replace(MACHINE.gpus[0], engine_device=f"CUDA{i}") for i in range(2))
    home.set_machine(replace(MACHINE, gpus=gpus))
    devices = tuple(replace(PLAN.memory.devices[0], name=f"CUDA{i}") for i in range(2))
    both = replace(PLAN, memory=replace(PLAN.memory, devices=(*devices, PLAN.memory.devices[1])))
    home.set_recommendation(replace(RECOMMENDATION, recommended=both, alternatives={}))
    names = [bar.accessibleName().split(",")[0] for bar in home.findChildren(StackedBar) if bar.isVisible()]
    assert names == ["RTX 4090 (1)", "RTX 4090 (2)", "RAM"]


def test_a_narrow_window_has_the_pc_in_one_line_and_nothing_is_cut(ready: HomePage, qtbot) -> None:
    ready.resize(840, 600)
    qtbot.waitUntil(lambda: "RTX 4090  23.0 of 24.0 GiB free" in shown_texts(ready))
    assert "likely 34–41" in shown_texts(ready)
    assert ready.content.width() <= ready.viewport().width()
    assert ready.verticalScrollBar().maximum() > 0


def test_at_1280_by_800_no_scrolling_is_needed(ready: HomePage) -> None:
    assert ready.horizontalScrollBar().maximum() == 0


# --- Words ------------------------------------------------------------------------------------------------------------


def speed(tokens_s: float, basis: str = "datasheet") -> SpeedEstimate:
    return SpeedEstimate(tokens_s, tokens_s * 0.9, tokens_s * 1.1, 1000, 0.3, basis)


@pytest.mark.parametrize(
    ("tokens_s", "expected"),
    [
        (38, "likely 34–42; 8× reading speed"),
        (8.1, "likely 7.3–8.9; 1.6× reading speed"),
        (5, "likely 4.5–5.5; as fast as you read"),
        (1, "likely 0.9–1.1; slower than you read"),
    ],
)
def test_speed_in_words(tokens_s: float, expected: str) -> None:
    assert words.speed_note(speed(tokens_s)) == expected


def test_a_measured_speed_has_no_range() -> None:
    assert words.speed_note(speed(38, "measured"), short=True) == "measured here"


@pytest.mark.parametrize(
    ("tokens_s", "expected"), [(38, "10–55 s"), (8.1, "50 s – 4 min"), (2.5, "3–15 min"), (0.2, "35 min – 3 h")]
)
def test_thinking_time_is_computed_from_the_speed(tokens_s: float, expected: str) -> None:
    figure, note, tip = words.thinking_words(replace(PLAN, speed=speed(tokens_s)))
    assert (figure, note) == (expected, "usual, at this speed")
    assert "400 to 2,000 tokens" in tip


def test_models_that_do_not_think_say_so() -> None:
    figure, note, _ = words.thinking_words(replace(PLAN, thinking=Thinking.NEVER))
    assert (figure, note) == ("No", "answers at once")


def test_unknown_quality_is_said_in_words() -> None:
    unknown = replace(PLAN, quality=replace(PLAN.quality, quant_loss="unknown", figure=""))
    assert words.quality_words(unknown) == ("Unknown", "not measured")
    carried = replace(PLAN, quality=replace(PLAN.quality, figure=""))
    assert words.quality_words(carried) == ("No loss expected", "as measured on similar models")
    assert words.thinking_words(replace(PLAN, thinking=None))[0] == "Unknown"
    assert (words.disk_size(2 * 10**12), words.disk_size(96_300_000_000)) == ("2.0 TB", "96.3 GB")
    assert words.quality_words(PLAN) == ("No loss measured", "+0.2 %, 9 tests")


def test_warnings_of_a_plan_are_shown(home: HomePage) -> None:
    home.set_machine(MACHINE)
    warning = "Only 0.3 GiB of RAM stay free."
    home.set_recommendation(replace(RECOMMENDATION, recommended=replace(PLAN, warnings=(warning,))))
    assert warning in shown_texts(home)
    home.set_recommendation(RECOMMENDATION)
    assert warning not in shown_texts(home)


def test_long_names_do_not_widen_the_window(home: HomePage) -> None:
    home.set_machine(replace(MACHINE, gpus=(replace(MACHINE.gpus[0], name="NVIDIA " + "Very Long Card Name " * 6),)))
    long = plan("R1-" + "Very-Long-Name-" * 4, "UD-IQ2_XXS", 5, (9, 8, 10), PLAN.memory.devices)
    home.set_recommendation(replace(RECOMMENDATION, alternatives=dict.fromkeys(RECOMMENDATION.alternatives, long)))
    assert home.horizontalScrollBar().maximum() == 0
    assert GIB  # values are bytes


TRY = "Try it now (built in, 4 MB)"


def test_the_built_in_model_is_offered_while_nothing_is_installed(ready: HomePage, qtbot) -> None:
    assert not [b for b in ready.findChildren(QPushButton) if b.isVisible() and "Try it now" in b.text()]
    ready.set_builtin(4_263_168)
    with qtbot.waitSignal(ready.try_requested):
        button(ready, TRY).click()
    ready.set_download(DownloadProgress(KEY, DownloadState.DOWNLOADING, 10, 100))
    assert button(ready, TRY).isVisible(), "while a download runs most of all"
    ready.set_installed(frozenset({"someone/else::Q4_K_M"}))
    assert not [b for b in ready.findChildren(QPushButton) if b.isVisible() and "Try it now" in b.text()]


def test_offline_the_built_in_model_is_the_filled_button(ready: HomePage, qtbot) -> None:
    ready.set_builtin(4_263_168)
    ready.set_offline("This PC is not connected to any network.")
    with qtbot.waitSignal(ready.try_requested):
        button(ready, TRY).click()
    row = ready._hero.action_row
    assert button(ready, TRY).parent() is row or row.isAncestorOf(button(ready, TRY))
    ready.set_offline("")
    assert not row.isAncestorOf(button(ready, TRY))


def test_where_nothing_fits_it_is_still_offered(ready: HomePage) -> None:
    ready.set_builtin(4_263_168)
    ready.set_offline("This PC is not connected to any network.")
    rejection = Rejection("R1", "Needs 400 GiB.")
    nothing = Recommendation("x", Goal.BALANCED, None, {}, {}, "", (rejection,))
    ready.set_recommendation(nothing)
    assert button(ready, TRY).isVisible()
    ready.set_recommendation(RECOMMENDATION)
    assert ready._hero.action_row.isAncestorOf(button(ready, TRY))
