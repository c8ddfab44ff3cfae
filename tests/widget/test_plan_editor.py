"""The plan editor as a person uses it: the real planner answers, through the real service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from launcher import planner
from launcher.core.plans import Plan, Wishes
from launcher.core.units import GIB, gib, rate, whole
from launcher.services.plan_editing import Edited, EditRequest
from launcher.ui.components import planned_parts
from launcher.ui.models import levers as scale
from launcher.ui.models.editor import PlanEditor, Subject
from launcher.ui.models.nodes import Column
from launcher.ui.models.tree_model import ModelsTree
from tests.unit.planner_machines import described
from tests.widget.plan_desk import QWEN_7B, QWEN_32B, V4, Desk, planned, variants

MACHINES = ("gtx1650-16gb", "rtx3060-32gb", "rtx4090-64gb", "rtx3090x2-128gb")


@pytest.fixture
def make_desk(qtbot: QtBot) -> Iterator[Callable[[str], Desk]]:
    made: list[Desk] = []

    def make(machine: str) -> Desk:
        made.append(Desk(qtbot, machine))
        return made[-1]

    yield make
    for desk in made:
        desk.close()


@pytest.fixture
def desk(make_desk: Callable[[str], Desk]) -> Desk:
    made = make_desk("rtx4090-64gb")
    made.settle()
    return made


def shown_bytes(desk: Desk) -> list[tuple[int, ...]]:
    found = [bar.parts for bar in desk.bars()]
    return [(p.weights_bytes, p.kv_bytes, p.compute_bytes, p.other_bytes) for p in found if p]


def bytes_of(plan: Plan) -> list[tuple[int, ...]]:
    parts = [planned_parts("", device) for device in plan.memory.devices]
    return [(p.weights_bytes, p.kv_bytes, p.compute_bytes, p.other_bytes) for p in parts]


def by_hand(machine: str, model: str, quant: str, **levers: object) -> Plan:
    """The planner asked directly."""
    variant = next(v for v in variants() if v.id == model)
    found = variant.quant(quant)
    assert found is not None
    return planner.plan(described(machine), variant, found, Wishes(**levers))  # type: ignore[arg-type]


# --- what is shown ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(("model", "quant"), [(QWEN_7B, "Q4_K_M"), (V4, "AD-IQ1_M")])
def test_every_lever_shows_what_the_plan_has(
    make_desk: Callable[[str], Desk], machine: str, model: str, quant: str
) -> None:
    desk = make_desk(machine)
    desk.settle()
    plan = by_hand(machine, model, quant)
    desk.choose(model, quant)
    assert shown_bytes(desk) == bytes_of(plan)
    kv = sum(d.kv_bytes for d in plan.memory.devices)
    assert desk.beside("Context") == f"{whole(plan.context)} {gib(kv)}"
    compute = sum(d.compute_bytes for d in plan.memory.devices)
    assert desk.beside("Batch") == f"{whole(plan.placement.n_ubatch)} {gib(compute)}"
    assert desk.kv().key == plan.placement.kv_type_k
    n_layer = plan.n_layer
    on_card = min(n_layer, max(0, plan.placement.n_gpu_layers - 1))
    assert desk.beside("Layers on card") == f"{on_card} of {n_layer}"
    assert desk.slider("Layers on card").value() == on_card
    gpus = described(machine).gpus
    for i, gpu in enumerate(gpus):
        name = "Card limit" if len(gpus) == 1 else f"Limit of card {i + 1}"
        free = gpu.vram_free_bytes or 0
        assert desk.beside(name) == f"{gib(free - Wishes().vram_reserve_bytes)} of {free / GIB:.1f}"


def test_ticks_are_where_the_exact_plan_is(desk: Desk) -> None:
    """The list is planned with estimated buffers, which may choose another batch than the exact plan."""
    exact, known = by_hand("rtx4090-64gb", V4, "AD-IQ1_M"), planned("rtx4090-64gb")
    estimated = replace(exact, placement=replace(exact.placement, n_ubatch=exact.placement.n_ubatch // 2))
    desk.page.set_planned(replace(known, plans=(estimated,)))
    desk.choose(V4, "AD-IQ1_M")
    assert desk.page.panel.shown_plan == exact
    assert desk.slider("Batch").recommended == desk.slider("Batch").value()
    desk.slider("Batch").setValue(0)
    desk.settle()
    assert desk.slider("Batch").recommended != desk.slider("Batch").value() == 0


def test_the_row_shows_the_plan_that_the_panel_made_exact(desk: Desk) -> None:
    exact, known = by_hand("rtx4090-64gb", QWEN_32B, "Q4_K_M"), planned("rtx4090-64gb")
    slow = replace(exact, speed=replace(exact.speed, decode_tokens_s=1.25, decode_low=1.0, decode_high=1.5))
    others = tuple(p for p in known.plans if (p.model, p.quant) != (QWEN_32B, "Q4_K_M"))
    desk.page.set_planned(replace(known, plans=(*others, slow)))
    desk.choose(QWEN_32B, "Q4_K_M")
    tree = next(iter(desk.page.findChildren(ModelsTree)))

    def shown() -> object:
        return tree.find((exact.model, exact.quant, exact.repo)).siblingAtColumn(Column.SPEED).data()

    assert str(shown()).startswith(rate(exact.speed.decode_tokens_s))
    assert exact in desk.page.plans
    before = shown()
    # With levers it is another plan, which is not the row's.
    desk.slider("Context").setValue(0)
    desk.settle()
    assert desk.page.panel.shown_plan != exact
    assert shown() == before
    # The row keeps it when the table is made anew, and the levers stay.
    next(f for f in desk.page.findChildren(QLineEdit) if f.accessibleName() == "Search models").setText("32b")
    desk.settle()
    assert shown() == before
    assert desk.page.panel.wishes is not None


def test_a_cache_type_that_the_model_cannot_have_is_locked_and_says_why(desk: Desk) -> None:
    plan = desk.choose(QWEN_7B, "Q4_K_M")
    facts = next(v for v in variants() if v.id == QWEN_7B).quants[0].facts
    assert facts is not None
    odd = replace(facts, hyper=replace(facts.hyper, head_dim_k=80))
    editor = next(iter(desk.page.findChildren(PlanEditor)))
    editor.set_subject(Subject(odd, described("rtx4090-64gb"), Wishes(), plan))
    assert desk.button("KV cache: f16").isEnabled()
    for kind in ("q8_0", "q4_0"):
        button = desk.button(f"KV cache: {kind}")
        assert not button.isEnabled()
        assert "80" in button.toolTip()
        assert button.accessibleDescription() == button.toolTip()
    editor.set_subject(Subject(facts, described("rtx4090-64gb"), Wishes(), plan))
    assert desk.button("KV cache: q4_0").isEnabled()
    assert desk.button("KV cache: q4_0").toolTip() == ""


def test_dense_models_have_no_expert_slider_and_machines_without_cards_no_layers(
    make_desk: Callable[[str], Desk],
) -> None:
    desk = make_desk("laptop-cpu-16gb")
    desk.choose(QWEN_7B, "Q4_K_M")
    names = {s.accessibleName() for s in desk.page.findChildren(type(desk.slider("Context"))) if s.isVisible()}
    assert names == {"Context", "Batch"}


def test_what_the_cache_would_save_is_the_difference_of_two_plans(desk: Desk) -> None:
    plan = desk.choose(QWEN_7B, "Q8_0")
    assert plan.placement.kv_type_k == "f16"
    squeezed = by_hand("rtx4090-64gb", QWEN_7B, "Q8_0", kv_type="q8_0", context=plan.context)
    kv = [sum(d.kv_bytes for d in p.memory.devices) for p in (plan, squeezed)]
    assert desk.says(f"q8_0: \u2212{gib(kv[0] - kv[1])}")
    with desk.qtbot.waitSignal(desk.plans.plan_edited):
        desk.button("KV cache: q8_0").click()
    desk.settle()
    assert desk.says(f"f16: +{gib(kv[0] - kv[1])}")
    assert sum(parts[1] for parts in shown_bytes(desk)) == kv[1]


# --- dragging ---------------------------------------------------------------------------------------------------------


def test_dragging_moves_bars_and_figures_before_the_mouse_is_let_go(desk: Desk, qtbot: QtBot) -> None:
    desk.choose(QWEN_7B, "Q4_K_M")
    slider = desk.slider("Context")
    steps = scale.context_steps(next(v for v in variants() if v.id == QWEN_7B).quants[0].facts.context_train)  # type: ignore[union-attr]
    seen: list[list[tuple[int, ...]]] = [shown_bytes(desk)]
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=slider.knob_at(slider.value()).toPoint())
    for step in (10, 20, 30):
        qtbot.mouseMove(slider, slider.knob_at(step).toPoint())
        desk.settle()
        assert slider.isSliderDown()
        plan = by_hand("rtx4090-64gb", QWEN_7B, "Q4_K_M", context=steps[step])
        assert shown_bytes(desk) == bytes_of(plan)
        assert desk.beside("Context").startswith(whole(steps[step]))
        seen.append(shown_bytes(desk))
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton)
    assert len({str(s) for s in seen}) == 4
    assert slider.value() == 30


def test_only_the_newest_position_is_planned_when_the_mouse_is_faster(desk: Desk) -> None:
    desk.choose(QWEN_7B, "Q4_K_M")
    answers: list[Edited] = []
    desk.plans.plan_edited.connect(answers.append)
    slider = desk.slider("Context")
    for step in range(1, 41):
        slider.setValue(step)
    desk.settle()
    # The first was under way; of the other 39 only the last was wanted by then, and it is completed.
    steps = scale.context_steps(131072)
    assert [answer.request.wishes.context for answer in answers] == [steps[1], steps[40], steps[40]]
    assert [answer.helps is None for answer in answers] == [True, True, False]
    assert answers[-1].plan == desk.page.panel.shown_plan
    assert slider.value() == 40


def test_a_touched_lever_stays_while_the_others_are_searched(desk: Desk) -> None:
    desk.choose(V4, "AD-IQ1_M")
    experts = desk.slider("Experts on card")
    experts.setValue(3 * scale.PARTS)
    desk.settle()
    plan = desk.page.panel.shown_plan
    assert plan is not None
    assert plan.fits
    assert desk.beside("Experts on card").startswith("3 of 43 ")
    wishes = desk.page.panel.wishes
    assert wishes is not None
    assert wishes.expert_layers_on_cpu == 40
    assert wishes.context is None
    desk.slider("Batch").setValue(scale.UBATCHES.index(128))
    desk.settle()
    assert desk.beside("Batch").startswith("128 ")
    assert desk.beside("Experts on card").startswith("3 of 43 ")
    assert desk.page.panel.shown_plan == by_hand(
        "rtx4090-64gb",
        V4,
        "AD-IQ1_M",
        expert_layers_on_cpu=40,
        boundary_experts_on_cpu=(),
        n_gpu_layers=44,
        n_ubatch=128,
        n_batch=2048,
    )


def test_parts_of_a_layer_can_stay_in_ram(desk: Desk) -> None:
    desk.choose(V4, "AD-IQ1_M")
    desk.slider("Experts on card").setValue(3 * scale.PARTS + 1)
    desk.settle()
    wishes = desk.page.panel.wishes
    assert wishes is not None
    assert (wishes.expert_layers_on_cpu, wishes.boundary_experts_on_cpu) == (39, ("up", "gate"))
    assert desk.beside("Experts on card").startswith("3\u2153 of 43 ")


def test_back_to_recommended(desk: Desk) -> None:
    plan = desk.choose(QWEN_7B, "Q4_K_M")
    assert not desk.has_button("Back to recommended")
    assert desk.page.panel.wishes is None
    desk.slider("Layers on card").setValue(5)
    desk.slider("Context").setValue(3)
    desk.settle()
    assert desk.page.panel.shown_plan != plan
    desk.button("Back to recommended").click()
    desk.settle()
    assert desk.page.panel.shown_plan == plan
    assert shown_bytes(desk) == bytes_of(plan)
    assert desk.page.panel.wishes is None
    assert desk.slider("Layers on card").value() == plan.n_layer


def test_a_double_click_lets_go_of_one_lever(desk: Desk, qtbot: QtBot) -> None:
    desk.choose(QWEN_7B, "Q4_K_M")
    desk.slider("Layers on card").setValue(5)
    desk.slider("Context").setValue(3)
    slider = desk.slider("Layers on card")
    qtbot.mouseDClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(3, 10))
    desk.settle()
    wishes = desk.page.panel.wishes
    assert wishes is not None
    assert wishes.n_gpu_layers is None
    assert wishes.context == scale.context_steps(131072)[3]


def test_another_size_starts_untouched_and_new_plans_keep_the_levers(desk: Desk) -> None:
    desk.choose(QWEN_7B, "Q4_K_M")
    desk.slider("Context").setValue(3)
    desk.settle()
    # This PC was looked at again: a little more memory is free.
    old = desk.page.panel._machine
    assert old is not None
    gpu = replace(old.gpus[0], vram_free_bytes=(old.gpus[0].vram_free_bytes or 0) + GIB // 4)
    again = replace(old, gpus=(gpu,))
    plans = tuple(planner.plan(again, v, q, Wishes()) for v in variants() for q in v.quants)
    from tests.widget.plan_desk import planned

    desk.page.set_planned(replace(planned("rtx4090-64gb"), machine=again, plans=plans))
    desk.settle()
    assert desk.page.panel.wishes is not None
    assert desk.page.panel.wishes.context == scale.context_steps(131072)[3]
    desk.choose(QWEN_32B, "Q4_K_M")
    assert desk.page.panel.wishes is None


# --- limits -----------------------------------------------------------------------------------------------------------


def test_a_card_limit_is_obeyed(make_desk: Callable[[str], Desk]) -> None:
    desk = make_desk("rtx3090x2-128gb")
    desk.choose(V4, "AD-IQ1_M")
    desk.slider("Limit of card 2").setValue(60)  # 6.0 GiB
    desk.settle()
    plan = desk.page.panel.shown_plan
    assert plan is not None
    second = [d for d in plan.memory.devices if d.kind == "gpu"][1]
    assert desk.beside("Limit of card 2").startswith("6.0 GiB of ")
    assert 0 < second.total_bytes <= 60 * scale.CAP_STEP_BYTES
    assert desk.page.panel.wishes is not None
    # The other card keeps its reserve, now as a limit.
    first = described("rtx3090x2-128gb").gpus[0].vram_free_bytes or 0
    assert desk.page.panel.wishes.vram_caps_bytes == (first - Wishes().vram_reserve_bytes, 60 * scale.CAP_STEP_BYTES)


def test_what_does_not_fit_says_by_how_much_and_which_slider_helps(desk: Desk) -> None:
    desk.choose(V4, "AD-IQ1_M")
    desk.slider("Experts on card").setValue(43 * scale.PARTS)
    desk.settle()
    plan = desk.page.panel.shown_plan
    assert plan is not None
    assert not plan.fits
    card = desk.bars()[0].parts
    assert card is not None
    assert card.used_bytes > (card.capacity_bytes or 0)
    assert desk.says("too little")
    assert not desk.button("Does not fit").isEnabled()
    helped = by_hand("rtx4090-64gb", V4, "AD-IQ1_M", n_gpu_layers=44)
    facts = next(v for v in variants() if v.id == V4).quants[0].facts
    assert facts is not None
    n = scale.expert_parts_on_card(facts, helped.placement) // scale.PARTS
    assert desk.says(f"With the experts of {n} of 43 layers on the graphics card it fits.")
    # And so it does.
    desk.slider("Experts on card").setValue(n * scale.PARTS)
    desk.settle()
    assert desk.page.panel.shown_plan is not None
    assert desk.page.panel.shown_plan.fits
    assert desk.button("Download and chat · 70.2 GB").isEnabled()


def test_a_lever_that_cannot_be_planned_is_said_in_place(desk: Desk) -> None:
    desk.choose(QWEN_7B, "Q4_K_M")
    variant = next(v for v in variants() if v.id == QWEN_7B)
    wrong = replace(Wishes(), kv_type="q9_9")
    with desk.qtbot.waitSignal(desk.plans.edit_failed):
        desk.plans.edit(EditRequest(described("rtx4090-64gb"), variant, variant.quants[0], Wishes(), wrong))
    assert desk.says("KV")
    desk.slider("Context").setValue(5)
    desk.settle()
    assert not desk.says("q9_9")


# --- keyboard and screen readers --------------------------------------------------------------------------------------


def test_sliders_by_keyboard(desk: Desk, qtbot: QtBot) -> None:
    desk.choose(QWEN_7B, "Q4_K_M")
    slider = desk.slider("Context")
    steps = scale.context_steps(131072)
    for key, step in (
        (Qt.Key.Key_Home, 0),
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_PageUp, 11),
        (Qt.Key.Key_Left, 10),
        (Qt.Key.Key_PageDown, 0),
        (Qt.Key.Key_End, len(steps) - 1),
    ):
        qtbot.keyClick(slider, key)
        assert slider.value() == step
    qtbot.keyClick(slider, Qt.Key.Key_Home)
    desk.settle()
    assert desk.beside("Context").startswith(whole(steps[0]))
    interface = QAccessible.queryAccessibleInterface(slider)
    assert interface.text(QAccessible.Text.Name) == "Context"
    kv = sum(d.kv_bytes for d in by_hand("rtx4090-64gb", QWEN_7B, "Q4_K_M", context=steps[0]).memory.devices)
    assert interface.text(QAccessible.Text.Description) == f"{whole(steps[0])} tokens, {gib(kv)}"


def test_every_lever_is_a_stop_of_the_tab_key_in_order(make_desk: Callable[[str], Desk]) -> None:
    desk = make_desk("rtx3090x2-128gb")
    desk.choose(V4, "AD-IQ1_M")
    wanted = ["Context", "Layers on card", "Experts on card", "Limit of card 1", "Limit of card 2", "Batch"]
    found, widget = list[str](), desk.slider("Context").previousInFocusChain()
    for _ in range(40):
        widget = widget.nextInFocusChain()
        if widget.isVisible() and widget.accessibleName() in wanted and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            found.append(widget.accessibleName())
    assert found[: len(wanted)] == wanted


# --- the scales -------------------------------------------------------------------------------------------------------


def test_expert_positions_and_placements_are_the_same_thing() -> None:
    facts = next(v for v in variants() if v.id == V4).quants[0].facts
    assert facts is not None
    place = by_hand("rtx4090-64gb", V4, "AD-IQ1_M", n_gpu_layers=44).placement
    for parts in range(len(scale.expert_layers(facts)) * scale.PARTS + 1):
        layers, boundary = scale.experts_on_cpu(facts, parts)
        moved = replace(place, expert_layers_on_cpu=layers, boundary_experts_on_cpu=boundary)
        assert scale.expert_parts_on_card(facts, moved) == parts


@pytest.mark.parametrize("limit", [1000, 4096, 16384, 131072, 163840, 1048576])
def test_context_steps(limit: int) -> None:
    steps = scale.context_steps(limit)
    assert steps[-1] == limit
    assert list(steps) == sorted(set(steps))
    assert all(step % 256 == 0 for step in steps[:-1])
    assert all(2**i in steps for i in range(10, limit.bit_length() - 1))
