"""The engine's own check, what-if machines and pasted links on the Models page; with the real engine and real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from launcher import planner
from launcher.catalog.facts import facts_of
from launcher.catalog.gguf import read_set
from launcher.core.downloads import Installed
from launcher.core.errors import NextStep, UserError
from launcher.core.machine import Machine, machine_to_json
from launcher.core.models import Family, ModelFile, Quant
from launcher.core.paths import hub_cache_dir
from launcher.core.plans import Goal, Plan, Recommendation, Wishes
from launcher.core.units import GIB, gb
from launcher.engine.protocol import EngineState
from launcher.services.exact import Verified, VerifyRequest
from launcher.services.local_files import file_model
from launcher.services.plan_service import Planned
from launcher.services.what_if import COMMON, MachineWish
from launcher.ui.components import Banner
from launcher.ui.models.delegate import can_download
from launcher.ui.models.machine_dialog import MachineDialog
from launcher.ui.models.plan_for import machine_words, wish_words
from launcher.ui.models.rows import SizeRow
from tests.fakes.gguf_models import make_model
from tests.fakes.hub import FakeHub, serving
from tests.unit.planner_machines import described
from tests.widget.plan_desk import PATIENCE_MS, QWEN_7B, Desk, variants

REPO = "someone/Tiny-GGUF"


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(qtbot, "rtx4090-64gb")
    made.settle()
    yield made
    made.close()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("tiny") / "Tiny-F16.gguf", "qwen2")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(monkeypatch) as server:
        yield server


def show_tiny(desk: Desk, path: Path, machine: Machine, *, is_what_if: bool = False) -> Plan:
    """The page with one generated model, as the catalog and the library would tell of it."""
    facts, size = facts_of(read_set(path)), path.stat().st_size
    quant = Quant("F16", REPO, (ModelFile(path.name, size),), size, "published", 16.0, facts)
    variant = replace(variants()[2], id="tiny", name="Tiny", short_name="Tiny", quants=(quant,), context_train=4096)
    plan = planner.plan(machine, variant, quant, Wishes(context=1024))
    best = Recommendation(machine.name, Goal.BALANCED, None, {}, {}, "")
    desk.page.set_variants((Family("f", "Family", "", (variant,)),))
    if not is_what_if:
        desk.page.set_installed(
            (Installed("tiny", "Tiny", "F16", str(path), size, "qwen2", "launcher", verified=True, repo=REPO),)
        )
    desk.page.set_planned(Planned(machine, Wishes(context=1024), (plan,), best, is_what_if))
    desk.page.show_plan(plan)
    desk.settle()
    return plan


def laptop() -> Machine:
    return described("laptop-cpu-16gb")


def banner(desk: Desk) -> tuple[str, str]:
    shown = [b for b in desk.page.findChildren(Banner) if b.isVisible()]
    assert len(shown) == 1
    return shown[0].texts


# --- the engine's check -----------------------------------------------------------------------------------------------


def test_the_engine_checks_an_installed_model(desk: Desk, tiny: Path) -> None:
    plan = show_tiny(desk, tiny, laptop())
    with desk.qtbot.waitSignal(desk.exact.verified, timeout=PATIENCE_MS) as caught:
        desk.button("Verify with the engine").click()
        desk.qtbot.waitUntil(lambda: desk.says("Asking the engine…"), timeout=PATIENCE_MS)
        assert not desk.button("Verify with the engine").isEnabled()
    verified: Verified = caught.args[0]
    assert verified.before == plan
    assert verified.after.memory.source == "engine"
    row = verified.rows[0]
    assert row.engine_bytes > tiny.stat().st_size * 0.9
    assert desk.says("Verified: it fits")
    assert desk.says(f"{row.engine_bytes / GIB:.2f} GiB")
    assert desk.says(f"{row.predicted_bytes / GIB:.2f} GiB")
    # The bars show the engine's figures now.
    parts = desk.bars()[-1].parts
    assert parts is not None
    assert parts.weights_bytes == verified.after.memory.devices[-1].weights_bytes
    # A lever that moves makes another plan, which nobody has checked.
    desk.slider("Context").setValue(1)
    desk.settle()
    assert not desk.says("Verified")


def test_the_engine_checks_a_model_on_the_hub_for_a_machine_that_is_not_here(
    desk: Desk, tiny: Path, hub: FakeHub
) -> None:
    hub.add_file(REPO, "Tiny-F16.gguf", tiny)
    plan = show_tiny(desk, tiny, described("rtx3060-32gb"), is_what_if=True)
    assert [d.kind for d in plan.memory.devices] == ["gpu", "host"]
    with desk.qtbot.waitSignal(desk.exact.verified, timeout=PATIENCE_MS) as caught:
        desk.button("Verify with the engine").click()
    rows = caught.args[0].rows
    assert [row.kind for row in rows] == ["gpu", "host"]
    # A stand-in held the weights: not this machine, which has no such card.
    assert rows[0].engine_bytes > plan.memory.devices[0].weights_bytes > 0
    assert desk.says("RTX 3060")
    assert 0 < hub.sent_bytes("Tiny-F16.gguf") <= tiny.stat().st_size


def test_an_engine_that_refuses_is_an_error_in_place(desk: Desk, tiny: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone.gguf"
    gone.write_bytes(tiny.read_bytes())
    show_tiny(desk, gone, laptop())
    gone.write_bytes(b"GGUF" + bytes(64))
    with desk.qtbot.waitSignal(desk.exact.verify_failed, timeout=PATIENCE_MS):
        desk.button("Verify with the engine").click()
    assert "gone.gguf" in " ".join(banner(desk))
    assert desk.button("Verify with the engine").isEnabled()


def test_the_check_can_be_cancelled(desk: Desk, tiny: Path) -> None:
    show_tiny(desk, tiny, laptop())
    ended: list[object] = []
    desk.exact.verified.connect(ended.append)
    desk.exact.verify_failed.connect(ended.append)
    desk.button("Verify with the engine").click()
    desk.qtbot.waitUntil(lambda: desk.says("Asking the engine…"), timeout=PATIENCE_MS)
    desk.button("Cancel").click()
    assert not desk.says("Asking the engine…")
    assert desk.button("Verify with the engine").isEnabled()
    desk.exact.close()  # waits for what was under way
    desk.qtbot.wait(50)
    assert ended == []


def test_a_newer_check_replaces_the_one_before(desk: Desk, tiny: Path) -> None:
    plan = show_tiny(desk, tiny, laptop())
    answers: list[Verified] = []
    desk.exact.verified.connect(answers.append)
    other = replace(plan, placement=replace(plan.placement, n_ctx=2048))
    with desk.qtbot.waitSignal(desk.exact.verified, timeout=PATIENCE_MS):
        desk.exact.verify(VerifyRequest(plan, str(tiny)))
        desk.exact.verify(VerifyRequest(other, str(tiny)))
    assert [answer.before for answer in answers] == [other]


# --- what-if ----------------------------------------------------------------------------------------------------------


def choose_machine(desk: Desk, words: str) -> Planned:
    box = desk.machines()
    at = box.findText(words)
    assert at >= 0
    with desk.qtbot.waitSignal(desk.plans.models_planned, timeout=PATIENCE_MS) as caught:
        box.setCurrentIndex(at)
        box.activated.emit(at)
    return caught.args[0]


def test_the_list_is_planned_for_another_machine_and_back(desk: Desk) -> None:
    here = described("gtx1650-16gb")
    desk.page.set_machine(here)
    with desk.qtbot.waitSignal(desk.plans.models_planned, timeout=PATIENCE_MS):
        desk.plans.set_machine(here)
    assert not desk.has_button("Plans only")
    planned = choose_machine(desk, "2x RTX 3090, 128 GiB RAM")
    assert [gpu.name for gpu in planned.machine.gpus] == ["NVIDIA GeForce RTX 3090"] * 2
    assert planned.is_what_if
    assert desk.says("Only described")
    assert desk.button("Runs on that machine").isChecked()
    main = desk.button("Plans only")
    assert not main.isEnabled()
    assert "This PC" in main.toolTip()
    names = ["RTX 3090 (1)", "RTX 3090 (2)", "RAM"]
    desk.qtbot.waitUntil(lambda: [bar.parts.name for bar in desk.bars() if bar.parts] == names)
    # It can still be fetched, and the home page still speaks of this PC.
    with desk.qtbot.waitSignal(desk.page.download_requested):
        desk.downloads.close()
        desk.button("Only download").click()
    assert desk.plans.recommendation is not None
    assert desk.plans.recommendation.machine == here.name
    back = choose_machine(desk, f"This PC: {machine_words(here)}")
    assert back.machine is here
    assert not back.is_what_if
    assert not desk.says("Only described")
    assert not desk.has_button("Plans only")


@pytest.mark.parametrize("wish", COMMON, ids=wish_words)
def test_every_usual_machine_can_be_described(wish: MachineWish) -> None:
    from launcher.services.what_if import build

    machine = build(wish)
    assert len(machine.gpus) == len(wish.gpus)
    assert all(gpu.vram_total_bytes for gpu in machine.gpus)
    assert machine.ram.total_bytes == wish.ram_bytes


def test_a_card_that_nobody_knows_is_said_with_near_names(desk: Desk) -> None:
    desk.plans.set_machine(described("rtx4090-64gb"))
    box = desk.page.panel.plan_for
    with desk.qtbot.waitSignal(desk.plans.what_if_failed, timeout=PATIENCE_MS):
        box.choose(MachineWish(("RTX 30600",), 32 * GIB), "RTX 30600, 32 GiB RAM")
    what, why = banner(desk)
    assert "30600" in what + why
    assert "RTX 3090" in why
    assert desk.machines().currentIndex() == 0


def test_a_machine_from_a_file(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(machine_to_json(described("rx7900xtx-64gb"))), "utf-8")
    box = desk.page.panel.plan_for
    with desk.qtbot.waitSignal(desk.plans.models_planned, timeout=PATIENCE_MS) as caught:
        box.choose(MachineWish(path=str(path)), "mine.json")
    assert caught.args[0].machine == described("rx7900xtx-64gb")
    path.write_text("{", "utf-8")
    with desk.qtbot.waitSignal(desk.plans.what_if_failed, timeout=PATIENCE_MS):
        box.choose(MachineWish(path=str(path)), "mine.json")
    assert banner(desk)[0] == "mine.json does not describe a machine."


def test_the_dialog_describes_another_machine(desk: Desk) -> None:
    dialog = MachineDialog(("RTX 3060 12 GB", "RTX 4060 Ti 16 GB"), desk.page)
    field = dialog.findChildren(QLineEdit)[0]
    completer = field.completer()
    completer.setCompletionPrefix("4060")
    assert completer.currentCompletion() == "RTX 4060 Ti 16 GB"
    field.setText(" RTX 3060 12 GB ")
    count = next(c for c in dialog.findChildren(QComboBox) if c.accessibleName() == "Number of cards")
    count.setCurrentIndex(1)
    with desk.qtbot.waitSignal(dialog.wished) as caught:
        next(b for b in dialog.findChildren(QPushButton) if b.text() == "Plan for it").click()
    assert caught.args[0] == MachineWish(("RTX 3060 12 GB",) * 2, 32 * GIB)


# --- links ------------------------------------------------------------------------------------------------------------


def search_field(desk: Desk) -> QLineEdit:
    return next(f for f in desk.page.findChildren(QLineEdit) if f.accessibleName() == "Search models")


def test_a_pasted_link_becomes_a_row_with_its_plan(desk: Desk, tiny: Path, hub: FakeHub) -> None:
    desk.plans.set_machine(described("rtx4090-64gb"))
    hub.add_file(REPO, "Tiny-F16.gguf", tiny)
    search_field(desk).setText(REPO)
    desk.qtbot.waitUntil(lambda: desk.says("From a link, not in the catalogue."), timeout=PATIENCE_MS)
    desk.settle()
    plan = desk.page.panel.shown_plan
    assert plan is not None
    assert (plan.quant, plan.repo, plan.file_bytes) == ("F16", REPO, tiny.stat().st_size)
    assert plan.fits
    assert search_field(desk).text() == ""
    assert desk.button(f"Download and chat · {gb(tiny.stat().st_size)}").isEnabled()


def test_a_link_outside_the_hub_is_planned_and_not_offered_for_download(desk: Desk, tiny: Path, hub: FakeHub) -> None:
    desk.plans.set_machine(described("rtx4090-64gb"))
    hub.add_file(REPO, "Tiny-F16.gguf", tiny)
    plain = f"{hub.cdn}/{REPO}/resolve/main/Tiny-F16.gguf"
    search_field(desk).setText(f"{plain}?signature=s3cret")
    desk.qtbot.waitUntil(lambda: desk.says(f"Reading the header of {plain}…"), timeout=PATIENCE_MS)
    desk.qtbot.waitUntil(lambda: desk.says("From a link, not in the catalogue."), timeout=PATIENCE_MS)
    desk.settle()
    plan = desk.page.panel.shown_plan
    assert plan is not None
    assert (plan.repo, plan.fits) == (plain, True)
    assert not desk.has_button("Only download")
    row = SizeRow(plan.model, plan.quant, plan.repo, plan.file_bytes, plan=plan)
    assert not can_download(row, None)
    assert can_download(replace(row, repo=REPO), None)


# --- files on the disk ------------------------------------------------------------------------------------------------


def test_a_file_outside_the_catalog_has_a_plan_and_its_levers(desk: Desk, tiny: Path) -> None:
    desk.plans.set_machine(described("rtx4090-64gb"))
    there = hub_cache_dir() / "models--some--one" / "snapshots" / ("a" * 40) / "weights.gguf"
    there.parent.mkdir(parents=True)
    there.symlink_to(tiny)
    desk.downloads.rescan()

    def plans() -> list[Plan]:
        return [plan for plan in desk.page.plans if plan.model == file_model(str(there))]

    desk.qtbot.waitUntil(lambda: bool(plans()), timeout=PATIENCE_MS)
    desk.page.show_plan(plans()[0])
    desk.settle()
    assert desk.says("A file on this PC, not in the catalogue.")
    assert desk.button("Load and chat").isEnabled()
    desk.slider("Context").setValue(0)
    desk.settle()
    plan = desk.page.panel.shown_plan
    assert plan is not None
    assert plan.context < plans()[0].context
    there.unlink()
    desk.downloads.rescan()
    desk.qtbot.waitUntil(lambda: not plans(), timeout=PATIENCE_MS)


def test_a_link_that_cannot_be_read_says_why(desk: Desk, hub: FakeHub) -> None:
    hub.add_file(REPO, "Tiny-F16.gguf", b"GGUF" + bytes(64))
    with desk.qtbot.waitSignal(desk.exact.link_failed, timeout=PATIENCE_MS):
        search_field(desk).setText("someone/nothing-here")
    what, why = banner(desk)
    assert "someone/nothing-here" in what + why
    with desk.qtbot.waitSignal(desk.exact.link_failed, timeout=PATIENCE_MS):
        search_field(desk).setText(f"{hub.endpoint}/{REPO}/resolve/main/Tiny-F16.gguf")
    assert "Tiny-F16.gguf" in " ".join(banner(desk))
    search_field(desk).setText("qwen")
    assert not [b for b in desk.page.findChildren(Banner) if b.isVisible()]


def test_words_are_searched_and_links_are_not(desk: Desk) -> None:
    asked: list[str] = []
    desk.page.link_pasted.connect(asked.append)
    search_field(desk).setText("qwen 32b")
    assert desk.says("1 of 3 models")
    desk.qtbot.wait(500)
    assert asked == []


# --- what is planned is what is loaded --------------------------------------------------------------------------------


def test_levers_set_by_hand_are_what_is_loaded(desk: Desk, tiny: Path) -> None:
    show_tiny(desk, tiny, laptop())
    desk.button("KV cache: q8_0").click()
    desk.settle()
    desk.button("Load and chat").click()
    desk.qtbot.waitUntil(lambda: desk.engine.state is EngineState.READY, timeout=PATIENCE_MS)
    assert desk.engine.plan is not None
    assert desk.engine.plan.placement.kv_type_k == "q8_0"
    assert desk.engine.plan.context == 1024


def test_levers_wait_for_a_download(desk: Desk) -> None:
    desk.downloads.close()
    plan = desk.choose(QWEN_7B, "Q4_K_M")
    desk.slider("Context").setValue(3)
    desk.settle()
    wishes = desk.page.panel.wishes
    desk.button("Download and chat · 4.7 GB").click()
    assert wishes is not None
    assert desk.flow.wishes_waiting(f"{plan.repo}::{plan.quant}") == wishes


def test_next_steps_of_errors_reach_the_window(desk: Desk) -> None:
    step = NextStep("Look again", "look_again")
    desk.page.show_link_error(UserError("x", "It failed.", "Because of 3.", (step,)))
    with desk.qtbot.waitSignal(desk.presenter.next_step_chosen) as caught:
        desk.button("Look again").click()
    assert caught.args[0] == step
