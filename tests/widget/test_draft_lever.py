"""The draft as a lever of the plan editor: chosen, planned, fetched, and really loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox
from pytestqt.qtbot import QtBot

from launcher import planner
from launcher.catalog import load
from launcher.core.downloads import DownloadProgress, DownloadState, Installed
from launcher.core.generation import ChatTurn, GenerateRequest
from launcher.core.models import Sampling
from launcher.core.plans import Plan, Wishes
from launcher.core.units import rate
from launcher.ui.models import ModelsPage
from launcher.ui.models.editor import PlanEditor, Subject
from launcher.ui.models.levers import OWN_LAYERS, Levers
from tests.fakes.gguf_models import Shape, make_model
from tests.unit.planner_machines import described
from tests.widget.plan_desk import QWEN_7B, QWEN_32B, V4, Desk, planned, variants

pytestmark = pytest.mark.usefixtures("theme")
MACHINE, LOAD_MS = "rtx3060-32gb", 160_000
DEEP, QUICK = Shape(n_layer=10), Shape(n_layer=1)
_OPTIONS = {"weight_type": "f32", "template": "v3", "end_weight": 0.0}


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(qtbot, MACHINE)
    made.settle()
    yield made
    made.close()


@pytest.fixture(scope="module")
def draft_file(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The catalog's 7B, as far as its name goes."""
    path = tmp_path_factory.mktemp("draft") / "quick.gguf"
    make_model(path, "qwen2", shape=QUICK, disturbance=0.0, **_OPTIONS)  # type: ignore[arg-type]
    return Installed(QWEN_7B, "Quick", "F32", str(path), path.stat().st_size, "qwen2", "launcher", verified=False)


def box(page: ModelsPage) -> QComboBox:
    return next(b for b in page.findChildren(QComboBox) if b.accessibleName() == "Draft model")


def offered(page: ModelsPage) -> list[str]:
    return [box(page).itemText(i) for i in range(box(page).count())]


def pick(desk: Desk, start: str) -> None:
    """By keyboard, as a list is used: its beginning is typed."""
    control = box(desk.page)
    control.setFocus()
    at = next(i for i, words in enumerate(offered(desk.page)) if words.startswith(start))
    key = Qt.Key.Key_Down if at > control.currentIndex() else Qt.Key.Key_Up
    while control.currentIndex() != at:
        desk.qtbot.keyClick(control, key)
    desk.settle()


def by_hand(**wishes: object) -> Plan:
    variant = next(v for v in variants() if v.id == QWEN_32B)
    return planner.plan(described(MACHINE), variant, variant.quants[0], Wishes(**wishes))  # type: ignore[arg-type]


def test_who_can_draft_is_offered_and_where_nobody_can_there_is_no_row(desk: Desk) -> None:
    desk.choose(QWEN_32B, "Q4_K_M")
    assert box(desk.page).isVisible()
    assert offered(desk.page) == ["none", "R1-Distill-Qwen-7B Q4_K_M, not installed"]
    assert box(desk.page).currentText() == "none"
    for model, quant in ((QWEN_7B, "Q4_K_M"), (V4, "AD-IQ1_M")):
        desk.choose(model, quant)
        assert not box(desk.page).isVisible()


def test_a_chosen_draft_is_planned_and_its_price_is_said(desk: Desk) -> None:
    alone = desk.choose(QWEN_32B, "Q4_K_M")
    pick(desk, "R1-Distill-Qwen-7B")
    plan = by_hand(draft=QWEN_7B)
    assert desk.page.panel.shown_plan == plan
    assert desk.page.panel.wishes == Wishes(draft=QWEN_7B)
    lever = next(x for x in plan.levers if x.lever == "draft")
    for words in (
        f"{lever.setting} takes {lever.cost}.",
        f"{rate(plan.speed.decode_tokens_s)} instead of {rate(alone.speed.decode_tokens_s)} tokens/s",
        "Answers stay the same",
        "Until it is here, the model is loaded without it.",
    ):
        assert desk.says(words)
        assert words in box(desk.page).accessibleDescription()
    assert [bar.parts.weights_bytes for bar in desk.bars() if bar.parts] == [
        d.weights_bytes for d in plan.memory.devices
    ]
    pick(desk, "none")
    assert desk.page.panel.wishes is None
    assert desk.page.panel.shown_plan == alone
    assert not desk.says("Answers stay the same")


def test_back_to_recommended_lets_go_of_the_draft(desk: Desk) -> None:
    desk.choose(QWEN_32B, "Q4_K_M")
    pick(desk, "R1-Distill-Qwen-7B")
    desk.button("Back to recommended").click()
    desk.settle()
    assert desk.page.panel.wishes is None
    assert box(desk.page).currentText() == "none"


def test_without_the_draft_it_fits_is_said_where_it_is_so(desk: Desk) -> None:
    desk.choose(QWEN_32B, "Q4_K_M")
    desk.slider("Layers on card").setValue(24)
    pick(desk, "R1-Distill-Qwen-7B")
    assert desk.page.panel.shown_plan is not None
    assert not desk.page.panel.shown_plan.fits
    assert desk.says("Without the draft it fits.")


def test_one_that_is_not_here_can_be_fetched_and_is_then_the_file(desk: Desk, draft_file: Installed) -> None:
    desk.page.download_requested.disconnect(desk.flow.download)
    wanted: list[Plan] = []
    desk.page.download_requested.connect(wanted.append)
    desk.choose(QWEN_32B, "Q4_K_M")
    pick(desk, "R1-Distill-Qwen-7B")
    fetch = desk.button("Download R1-Distill-Qwen-7B · 4.7 GB")
    desk.qtbot.keyClick(fetch, Qt.Key.Key_Return)
    assert [(p.model, p.quant) for p in wanted] == [(QWEN_7B, "Q4_K_M")]
    key = f"{wanted[0].repo}::Q4_K_M"
    desk.page.set_download(DownloadProgress(key, DownloadState.DOWNLOADING, 10**9, 47 * 10**8))
    assert not desk.button("Downloading R1-Distill-Qwen-7B: 1.0 GB of 4.7 GB").isEnabled()
    desk.page.set_download(DownloadProgress(key, DownloadState.FAILED, 10**9, 47 * 10**8))
    assert fetch.isEnabled()
    # It has come: what was chosen stays chosen, and is the file now.
    desk.page.set_installed((draft_file,))
    desk.settle()
    assert offered(desk.page) == ["none", "R1-Distill-Qwen-7B F32"]
    assert box(desk.page).currentText() == "R1-Distill-Qwen-7B F32"
    assert desk.page.panel.wishes == Wishes(draft=draft_file.path)
    assert desk.page.panel.shown_plan == by_hand(draft=draft_file.path)
    assert not fetch.isVisible()
    assert not desk.says("Until it is here")
    # And gone again.
    desk.page.set_installed(())
    desk.settle()
    assert desk.page.panel.wishes == Wishes(draft=QWEN_7B)


def test_a_file_that_cannot_be_read_is_said_in_place(desk: Desk, tmp_path: Path) -> None:
    gone = Installed(QWEN_7B, "Quick", "F32", str(tmp_path / "gone.gguf"), 10**9, "qwen2", "launcher", verified=False)
    desk.page.set_installed((gone,))
    desk.choose(QWEN_32B, "Q4_K_M")
    with desk.qtbot.waitSignal(desk.plans.edit_failed):
        pick(desk, "R1-Distill-Qwen-7B")
    assert desk.says("gone.gguf cannot be read.")
    pick(desk, "none")
    assert not desk.says("gone.gguf cannot be read.")


def test_the_row_is_the_last_stop_of_the_levers(desk: Desk) -> None:
    desk.choose(QWEN_32B, "Q4_K_M")
    pick(desk, "R1-Distill-Qwen-7B")
    found, widget = list[str](), desk.slider("Batch").nextInFocusChain()
    while len(found) < 2:
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            found.append(widget.text() if isinstance(widget, QAbstractButton) else widget.accessibleName())
        widget = widget.nextInFocusChain()
    assert found == ["Draft model", "Download R1-Distill-Qwen-7B · 4.7 GB"]


def test_the_file_s_own_layers_are_offered_where_the_engine_can_use_them(qtbot: QtBot) -> None:
    variant = next(v for v in load().variants if v.id == "v3.1")
    quant = variant.quants[0]
    facts = quant.facts
    assert facts is not None
    machine = described("rtx4090-192gb")
    predicting = replace(facts, hyper=replace(facts.hyper, nextn_layers=1))
    quant = replace(quant, facts=predicting, file_bytes=facts.weights_bytes + 2**30)
    plan = planner.plan(machine, variant, quant, Wishes())
    editor = PlanEditor()
    qtbot.addWidget(editor)
    changed: list[Levers] = []
    editor.levers_changed.connect(changed.append)
    editor.set_subject(Subject(predicting, machine, Wishes(), plan))
    editor.show_plan(plan, None)
    editor.show()
    control = next(b for b in editor.findChildren(QComboBox) if b.accessibleName() == "Draft model")
    qtbot.keyClick(control, Qt.Key.Key_Down)
    assert control.currentText() == "its own prediction layers (MTP)"
    assert changed == [Levers(draft=OWN_LAYERS)]
    wishes = changed[0].wishes(Wishes(), predicting, machine)
    assert wishes == Wishes(mtp=True)
    drafting = planner.plan(machine, variant, quant, wishes)
    editor.show_plan(drafting, None)
    assert "These layers take 1.0 GiB of memory." in control.accessibleDescription()
    assert "mixture of experts" in control.accessibleDescription()
    # Another file of the model, without them.
    editor.set_subject(Subject(facts, machine, Wishes(), plan), editor.levers)
    assert editor.levers.is_untouched
    assert not control.isVisible()


def test_a_chat_from_that_plan_guesses(desk: Desk, draft_file: Installed, tmp_path: Path) -> None:
    path = tmp_path / "deep.gguf"
    make_model(path, "qwen2", shape=DEEP, disturbance=0.3, **_OPTIONS)  # type: ignore[arg-type]
    deep = Installed(QWEN_32B, "Deep", "Q4_K_M", str(path), path.stat().st_size, "qwen2", "launcher", verified=False)
    desk.page.set_installed((deep, draft_file))
    known = planned(MACHINE)
    desk.page.set_planned(replace(known, wishes=Wishes(threads=1, min_context=512)))
    desk.choose(QWEN_32B, "Q4_K_M")
    pick(desk, "R1-Distill-Qwen-7B F32")
    with desk.qtbot.waitSignal(desk.engine.loaded, timeout=LOAD_MS) as loaded:
        desk.button("Load and chat").click()
    assert desk.engine.steps == ()
    assert loaded.args[0].drafting
    request = GenerateRequest((ChatTurn("user", "Tell me"),), Sampling(temperature=0), max_tokens=80)
    with desk.qtbot.waitSignal(desk.engine.answer_finished, timeout=LOAD_MS) as answered:
        desk.engine.generate(request)
    timings = answered.args[0].timings
    assert 0 < timings.accepted_tokens <= timings.drafted_tokens
    assert desk.engine.plan is not None
    assert [x.lever for x in desk.engine.plan.levers] == ["draft"]
