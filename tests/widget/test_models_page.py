"""The Models page as a person uses it: mouse, keyboard, names for screen readers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QRectF, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from launcher.catalog import load
from launcher.core.downloads import DownloadProgress, DownloadState, Installed
from launcher.core.machine import Cpu, Machine, Ram
from launcher.core.plans import Plan
from launcher.planner import plan
from launcher.ui.components import Text
from launcher.ui.models import ModelsPage
from launcher.ui.models.delegate import button_rect
from launcher.ui.models.nodes import Column
from launcher.ui.models.rows import build
from launcher.ui.models.tree_view import ModelsTreeView
from tests.widget import models_values as v

LAPTOP = Machine("Laptop", "linux", Cpu("i5", 4, 8), Ram(16 * v.GIB, 10 * v.GIB))
INSTALLED = Installed("small", "Small", "Q8_0", "/m/small.gguf", 8 * v.GB, "qwen2", "launcher", True, "someone/model")


@pytest.fixture
def page(qtbot: QtBot) -> ModelsPage:
    made = ModelsPage()
    qtbot.addWidget(made)
    made.resize(1200, 770)
    made.show()
    made.set_variants(v.FAMILIES, (), "2026-11-21")
    made.set_plans(v.PLANS)
    return made


def named(page: QWidget, name: str) -> QAbstractButton:
    """The visible button with that text or accessible name."""
    found = [b for b in page.findChildren(QAbstractButton) if name in (b.text(), b.accessibleName()) and b.isVisible()]
    assert len(found) == 1, f"{name}: {len(found)} buttons"
    return found[0]


def has_button(page: QWidget, name: str) -> bool:
    return any(b.text() == name and b.isVisible() for b in page.findChildren(QAbstractButton))


def says(page: QWidget, text: str) -> bool:
    return any(text in label.text() and label.isVisible() for label in page.findChildren(Text))


def table(page: ModelsPage) -> ModelsTreeView:
    return page.findChildren(ModelsTreeView)[0]


def sentences(page: ModelsPage) -> list[str]:
    """What a screen reader says for every row that is unfolded."""
    view, out = table(page), []
    index = view.model().index(0, 0)
    while index.isValid():
        out.append(str(index.data(Qt.ItemDataRole.AccessibleTextRole)))
        index = view.indexBelow(index)
    return out


def row(page: ModelsPage, start: str) -> QModelIndex:
    """The index of the row whose sentence starts so."""
    index = table(page).model().index(0, 0)
    while index.isValid():
        if str(index.data(Qt.ItemDataRole.AccessibleTextRole)).startswith(start):
            return index
        index = table(page).indexBelow(index)
    raise AssertionError(f"no row {start!r} in {sentences(page)}")


def click(qtbot: QtBot, page: ModelsPage, index: QModelIndex, *, on_button: bool = False) -> None:
    cell = table(page).visualRect(index.siblingAtColumn(Column.ACTION if on_button else Column.NAME))
    at = button_rect(QRectF(cell)).center().toPoint() if on_button else cell.center()
    qtbot.mouseClick(table(page).viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_each_row_says_name_size_fit_and_speed(page: ModelsPage) -> None:
    said = sentences(page)
    # The best model is unfolded: its sizes follow it.
    assert said[0] == "Many, 11 sizes, Q4_K_M, 16.0 GB, all on card, 54 tokens/s (49\u201359)"
    assert "Q8_0, 19.0 GB, all on card, 51 tokens/s (46\u201356)" in said
    assert said[-1].startswith("2 models do not fit, answer below 1 token/s, or need another engine.")
    interface = QAccessible.queryAccessibleInterface(table(page))
    assert interface.text(QAccessible.Text.Name) == "Models"


def test_the_count_and_the_line_under_the_list(page: ModelsPage, qtbot: QtBot) -> None:
    assert says(page, "3 of 5 models")
    click(qtbot, page, row(page, "2 models do not fit"))
    assert says(page, "5 of 5 models")
    assert not named(page, "Runs on this PC").isChecked()
    assert row(page, "Huge, Q4_K_M, 400.0 GB, needs 324.2 GiB more").isValid()
    assert row(page, "Next, Needs a newer engine.").isValid()


def test_more_sizes_on_request(page: ModelsPage, qtbot: QtBot) -> None:
    before = len(sentences(page))
    more = row(page, "Show ")
    table(page).setCurrentIndex(more)
    qtbot.keyClick(table(page), Qt.Key.Key_Return)
    assert len(sentences(page)) == before + 5  # six sizes instead of the link
    assert not any(s.startswith("Show ") for s in sentences(page))


def test_space_unfolds_and_arrows_choose(page: ModelsPage, qtbot: QtBot) -> None:
    view = table(page)
    view.setCurrentIndex(row(page, "Small"))
    assert not view.isExpanded(row(page, "Small"))
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert view.isExpanded(row(page, "Small"))
    with qtbot.waitSignal(page.plan_selected) as caught:
        qtbot.keyClick(view, Qt.Key.Key_Down)
    assert (caught.args[0].model, caught.args[0].quant) == ("small", "Q4_K_M")
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert not view.isExpanded(row(page, "Small"))


def test_the_row_button_downloads_that_size(page: ModelsPage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.download_requested) as caught:
        click(qtbot, page, row(page, "Q6_K"), on_button=True)
    wanted: Plan = caught.args[0]
    assert (wanted.model, wanted.quant) == ("many", "Q6_K")


def test_the_panel_button_names_its_cost_and_asks_for_the_plan(page: ModelsPage, qtbot: QtBot) -> None:
    click(qtbot, page, row(page, "Q6_K"))
    with qtbot.waitSignal(page.download_and_chat_requested) as caught:
        qtbot.mouseClick(named(page, "Download and chat · 18.0 GB"), Qt.MouseButton.LeftButton)
    assert caught.args[0].quant == "Q6_K"
    with qtbot.waitSignal(page.download_requested) as caught:
        named(page, "Only download").click()
    assert caught.args[0].quant == "Q6_K"


def test_enter_goes_to_the_button_of_the_plan(page: ModelsPage, qtbot: QtBot) -> None:
    page.activateWindow()
    click(qtbot, page, row(page, "Q6_K"))
    qtbot.keyClick(table(page), Qt.Key.Key_Return)
    assert page.focusWidget() is named(page, "Download and chat · 18.0 GB")


def test_what_is_installed_can_be_chatted_with(page: ModelsPage, qtbot: QtBot) -> None:
    page.set_recommended(v.PLANS[1])
    page.set_installed((INSTALLED,))
    assert any(s.endswith("recommended, ready") for s in sentences(page))
    with qtbot.waitSignal(page.chat_requested) as caught:
        named(page, "Load and chat").click()
    assert caught.args[0] is INSTALLED
    assert not has_button(page, "Only download")
    # A row that is ready has no download button: the click only chooses it.
    with qtbot.assertNotEmitted(page.download_requested):
        click(qtbot, page, row(page, "Q8_0"), on_button=True)
    named(page, "Installed 1").click()
    assert says(page, "1 of 5 models")


def test_files_that_the_catalog_does_not_know_are_listed(page: ModelsPage, qtbot: QtBot, tmp_path: Path) -> None:
    mine = replace(INSTALLED, model="mine", name="My model", path=str(tmp_path / "mine.gguf"), repo=None)
    page.set_installed((mine,))
    click(qtbot, page, row(page, "My model"))
    with qtbot.waitSignal(page.chat_requested) as caught:
        named(page, "Load and chat").click()
    assert caught.args[0] is mine


def test_a_running_download_is_followed_in_row_and_panel(page: ModelsPage, qtbot: QtBot) -> None:
    click(qtbot, page, row(page, "Q6_K"))
    now = DownloadProgress("someone/many::Q6_K", DownloadState.DOWNLOADING, 6 * v.GB, 18 * v.GB)
    page.set_download(now)
    assert says(page, "6.0 GB of 18.0 GB are here")
    assert not named(page, "Downloading").isEnabled()
    with qtbot.assertNotEmitted(page.download_requested):
        click(qtbot, page, row(page, "Q6_K"), on_button=True)
    page.set_download(replace(now, state=DownloadState.PAUSED))
    assert named(page, "Continue and chat · 12.0 GB left").isEnabled()


def test_what_cannot_run_says_why_and_offers_no_chat(page: ModelsPage, qtbot: QtBot) -> None:
    named(page, "Runs on this PC").click()
    click(qtbot, page, row(page, "Next"))
    assert says(page, "Needs a newer engine.")
    assert not any(b.isVisible() and "chat" in b.text() for b in page.findChildren(QAbstractButton))
    click(qtbot, page, row(page, "Huge"))
    assert says(page, "Needs 400.0 GiB of memory; 76.5 GiB can be used here.")
    assert not any(b.isVisible() and "chat" in b.text() for b in page.findChildren(QAbstractButton))
    # For another computer it can still be fetched.
    assert named(page, "Only download").isEnabled()


def test_the_size_can_be_changed_in_the_panel(page: ModelsPage, qtbot: QtBot) -> None:
    sizes = next(c for c in page.findChildren(QComboBox) if c.accessibleName() == "Quantisation")
    with qtbot.waitSignal(page.plan_selected) as caught:
        sizes.setCurrentText("Q8_0")
        sizes.activated.emit(sizes.currentIndex())
    assert caught.args[0].quant == "Q8_0"
    assert table(page).currentIndex().data() == "Q8_0"


def test_a_plan_from_elsewhere_is_shown_wherever_it_hides(page: ModelsPage) -> None:
    in_more_sizes = next(p for p in v.PLANS if p.quant == "BF16")
    page.show_plan(in_more_sizes)
    assert table(page).currentIndex().data() == "BF16"
    assert named(page, "Runs on this PC").isChecked()
    assert has_button(page, "Download and chat · 20.0 GB")
    page.show_plan(v.PLANS[-1])
    assert not named(page, "Runs on this PC").isChecked()
    assert says(page, "DeepSeek-Huge")


def test_the_whole_catalog_on_a_real_machine(page: ModelsPage) -> None:
    catalog = load()
    plans = tuple(
        plan(LAPTOP, variant, quant)
        for variant in catalog.variants
        if variant.loadable
        for quant in variant.quants
        if quant.loadable and quant.facts is not None
    )
    page.set_variants(catalog.families, catalog.not_offered, catalog.date)
    page.set_plans(plans)
    rows = build(catalog.families, plans, (), None, catalog.not_offered)
    assert sum(size.plan is not None for row in rows for size in row.sizes) == len(plans) > 300
    assert says(page, f"of {len(catalog.variants)} models")
    running = sentences(page)
    assert len(running) > 3
    # The 671B needs more than this laptop has; with the chip off it is there and says so.
    assert not any(s.startswith("R1-0528,") for s in running)
    named(page, "Runs on this PC").click()
    assert any(s.startswith("R1-0528,") and "GiB more" in s for s in sentences(page))
    assert any(s.startswith("V4.1-Flash,") and "deepseek41" in s for s in sentences(page))


def test_an_empty_search_helps(page: ModelsPage, qtbot: QtBot) -> None:
    search = next(f for f in page.findChildren(QLineEdit) if f.accessibleName() == "Search models")
    qtbot.keyClicks(search, "smoll")
    assert says(page, "No model called \u201csmoll\u201d")
    assert says(page, "The catalogue of 21 Nov 2026 lists 5 DeepSeek models; none has this name.")
    named(page, "Show Small").click()
    assert sentences(page)[0].startswith("Small")
    search.setText("zzz")
    named(page, "Clear the search").click()
    assert says(page, "3 of 5 models")
    search.setText("coder")
    named(page, "Reasoning").click()
    assert says(page, "Nothing to show with these filters")
    named(page, "Show them").click()
    assert sentences(page)[0].startswith("Coder")


def test_sorting_changes_the_first_row(page: ModelsPage) -> None:
    order = next(c for c in page.findChildren(QComboBox) if c.accessibleName() == "Sort by")
    order.setCurrentText("Smallest")
    assert sentences(page)[0].startswith("Small, 2 sizes, Q4_K_M, 5.0 GB")


def test_while_plans_are_made_everything_is_listed_without_numbers(page: ModelsPage) -> None:
    page.set_pending()
    assert says(page, "5 of 5 models")
    assert not any("tokens/s" in s for s in sentences(page))
    page.set_plans(v.PLANS)
    assert says(page, "3 of 5 models")


def test_new_plans_keep_the_choice(page: ModelsPage, qtbot: QtBot) -> None:
    click(qtbot, page, row(page, "Q6_K"))
    with qtbot.assertNotEmitted(page.plan_selected):
        page.set_plans(tuple(replace(p, reasons=("Looked again.",)) for p in v.PLANS))
    assert table(page).currentIndex().data() == "Q6_K"
    assert says(page, "Looked again.")


def test_a_machine_without_a_card_is_not_asked_about_one(page: ModelsPage) -> None:
    page.set_machine(LAPTOP)
    title = table(page).model().headerData(Column.FIT, Qt.Orientation.Horizontal)
    assert title == "Where it runs: RAM"
    machines = next(c for c in page.findChildren(QComboBox) if c.accessibleName() == "Plan for")
    assert machines.currentText() == "This PC: i5, 16 GiB RAM"


def test_in_a_narrow_window_the_plan_is_a_page(page: ModelsPage, qtbot: QtBot) -> None:
    page.resize(840, 600)
    assert not has_button(page, "Back to the list")
    click(qtbot, page, row(page, "Q6_K"))
    qtbot.keyClick(table(page), Qt.Key.Key_Return)
    assert not table(page).isVisible()
    assert has_button(page, "Download and chat · 18.0 GB")
    named(page, "Back to the list").click()
    assert table(page).isVisible()
    assert not has_button(page, "Download and chat · 18.0 GB")


def test_every_control_has_a_name(page: ModelsPage) -> None:
    controls = [w for w in page.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isVisible()]
    nameless = [w for w in controls if not QAccessible.queryAccessibleInterface(w).text(QAccessible.Text.Name)]
    assert len(controls) > 8
    assert not nameless
