"""The plan editor's fold: threads, load mode and memory nodes, as a person sets them, with the real planner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from launcher.core.machine import Machine
from launcher.core.plans import LOAD_MODES, NUMA_MODES, Placement
from launcher.ui.components import ElidedLabel
from launcher.ui.components.slider import Slider
from tests.unit.planner_machines import described
from tests.widget.plan_desk import QWEN_7B, QWEN_32B, V4, Desk, planned

MACHINE = "rtx3060-32gb"


@pytest.fixture
def open_desk(qtbot: QtBot) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def make(model: str = QWEN_32B, quant: str = "Q4_K_M", *, numa_nodes: int | None = None) -> Desk:
        desk = Desk(qtbot)
        made.append(desk)
        show_machine(desk, with_nodes(numa_nodes))
        desk.settle()
        desk.choose(model, quant)
        desk.button("More levers").click()
        return desk

    yield make
    for desk in made:
        desk.close()


def with_nodes(numa_nodes: int | None) -> Machine:
    machine = described(MACHINE)
    return replace(machine, cpu=replace(machine.cpu, numa_nodes=numa_nodes))


def show_machine(desk: Desk, machine: Machine) -> None:
    desk.page.set_machine(machine)
    desk.page.set_planned(replace(planned(MACHINE), machine=machine))


def box(desk: Desk, name: str) -> QComboBox:
    return next(b for b in desk.page.findChildren(QComboBox) if b.accessibleName() == name)


def pick(desk: Desk, name: str, value: str | None) -> None:
    """By keyboard."""
    control = box(desk, name)
    control.setFocus()
    at = control.findData(value)
    key = Qt.Key.Key_Down if at > control.currentIndex() else Qt.Key.Key_Up
    while control.currentIndex() != at:
        desk.qtbot.keyClick(control, key)
    desk.settle()


def placement(desk: Desk) -> Placement:
    plan = desk.page.panel.shown_plan
    assert plan is not None
    return plan.placement


def folded_words(desk: Desk) -> list[str]:
    return [label.text() for label in desk.page.panel.findChildren(ElidedLabel) if label.isVisible()]


def test_the_fold_is_closed_until_it_is_asked_for(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    assert desk.slider("Threads").isVisible()
    assert box(desk, "Load mode").isVisible()
    desk.button("More levers").click()
    assert not [s for s in desk.page.findChildren(Slider) if s.accessibleName() == "Threads" and s.isVisible()]
    assert not box(desk, "Load mode").isVisible()
    assert "Folded" in desk.button("More levers").accessibleDescription()


def test_threads_are_planned_and_let_go_of(open_desk: Callable[..., Desk], qtbot: QtBot) -> None:
    desk = open_desk()
    automatic = placement(desk).threads
    slider = desk.slider("Threads")
    assert desk.beside("Threads") == f"{automatic} of 12 6 cores"
    assert slider.recommended == slider.value() == automatic - 1
    assert desk.says(f"Automatic: {automatic}.")
    slider.setValue(11)
    desk.settle()
    assert placement(desk).threads == 12
    assert placement(desk).is_threads_fixed
    assert desk.says("More threads than cores seldom make it faster")
    slider.setValue(2)
    desk.settle()
    assert placement(desk).threads == 3
    assert desk.says("Other programs keep the rest of the processor")
    qtbot.mouseDClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(3, 10))
    desk.settle()
    assert desk.page.panel.wishes is None
    assert placement(desk).threads == automatic


@pytest.mark.parametrize("mode", LOAD_MODES)
def test_each_load_mode_says_what_it_costs_and_is_planned(open_desk: Callable[..., Desk], mode: str) -> None:
    desk = open_desk()
    assert box(desk, "Load mode").currentText() == "automatic (mmap)"
    pick(desk, "Load mode", mode)
    assert placement(desk).load_mode == mode
    words = box(desk, "Load mode").accessibleDescription()
    assert words
    assert desk.says(words)
    pick(desk, "Load mode", None)
    assert desk.page.panel.wishes is None


def test_a_load_mode_that_cannot_page_says_what_would_fit(open_desk: Callable[..., Desk]) -> None:
    """V4 is larger than this PC's memory: only a mapped file may be."""
    desk = open_desk(V4, "AD-IQ1_M")
    plan = desk.page.panel.shown_plan
    assert plan is not None
    assert plan.fits
    pick(desk, "Load mode", "none")
    plan = desk.page.panel.shown_plan
    assert plan is not None
    assert not plan.fits
    assert desk.says("With the automatic load mode it fits.")


def test_what_is_fixed_stays_named_while_it_is_folded(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(numa_nodes=2)
    desk.slider("Threads").setValue(3)
    pick(desk, "Load mode", "direct_io")
    pick(desk, "NUMA", "isolate")
    assert placement(desk).numa == "isolate"
    desk.button("More levers").click()
    named = "4 threads · direct_io · NUMA isolate"
    assert named in folded_words(desk)
    assert named in desk.button("More levers").accessibleDescription()
    desk.button("Back to recommended").click()
    desk.settle()
    assert desk.page.panel.wishes is None
    assert named not in folded_words(desk)


@pytest.mark.parametrize(("nodes", "is_offered"), [(None, False), (1, False), (2, True)])
def test_memory_nodes_are_offered_where_there_are_several(
    open_desk: Callable[..., Desk], nodes: int | None, is_offered: bool
) -> None:
    desk = open_desk(numa_nodes=nodes)
    assert box(desk, "NUMA").isVisible() == is_offered
    assert [box(desk, "NUMA").itemData(i) for i in range(4)] == [None, *NUMA_MODES]


def test_what_another_machine_does_not_have_is_let_go_of(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(QWEN_7B, numa_nodes=2)
    desk.slider("Threads").setValue(3)
    pick(desk, "NUMA", "distribute")
    show_machine(desk, with_nodes(1))
    desk.settle()
    assert desk.page.panel.wishes is not None
    assert desk.page.panel.wishes.threads == 4
    assert desk.page.panel.wishes.numa is None


def test_the_fold_is_the_end_of_the_tab_keys_way(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(numa_nodes=2)
    wanted = ["Batch", "Draft model", "More levers", "Threads", "Load mode", "NUMA"]
    found, widget = list[str](), desk.slider("Batch").previousInFocusChain()
    for _ in range(40):
        widget = widget.nextInFocusChain()
        name = widget.accessibleName() or getattr(widget, "text", str)()
        if widget.isVisible() and name in wanted and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            found.append(name)
    assert found[: len(wanted)] == wanted
