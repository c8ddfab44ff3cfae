"""The Models page with its real services and presenter, for a described machine."""

from __future__ import annotations

import functools
from dataclasses import replace

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QAbstractButton, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from launcher import planner
from launcher.app.flow import ChatFlow
from launcher.app.models_presenter import ModelsPresenter
from launcher.catalog import load
from launcher.core.models import Family, Variant
from launcher.core.plans import Plan, Wishes
from launcher.services.download_service import DownloadService
from launcher.services.engine_service import EngineService
from launcher.services.exact_service import ExactService
from launcher.services.hardware_service import HardwareService
from launcher.services.plan_service import Planned, PlanService
from launcher.ui.components import SegmentedButtons, StackedBar, Text
from launcher.ui.components.slider import Slider
from launcher.ui.models import ModelsPage
from tests.unit.planner_machines import described

V4, QWEN_32B, QWEN_7B = "v4-flash-0731", "r1-distill-qwen-32b", "r1-distill-qwen-7b"
PATIENCE_MS = 30_000


@functools.cache
def variants() -> tuple[Variant, ...]:
    """Three models of the catalog with a few sizes each: enough for a table, quick to plan."""
    catalog = {v.id: v for v in load().variants}
    few = {V4: ("AD-IQ1_M", "AD-IQ2_XS"), QWEN_32B: ("Q4_K_M", "Q8_0"), QWEN_7B: ("Q4_K_M", "Q8_0")}
    return tuple(
        replace(catalog[id_], quants=tuple(q for q in catalog[id_].quants if q.name in names))
        for id_, names in few.items()
    )


@functools.cache
def planned(machine: str) -> Planned:
    """All their sizes on a described machine."""
    on, wishes = described(machine), Wishes()
    plans = tuple(planner.plan(on, v, q, wishes) for v in variants() for q in v.quants)
    return Planned(on, wishes, plans, planner.recommend(on, variants(), wishes), is_what_if=False)


class Desk:
    """Services, page and presenter as the program builds them."""

    def __init__(self, qtbot: QtBot, machine: str = "") -> None:
        self.qtbot = qtbot
        self.root = QObject()
        self.hardware = HardwareService(lambda: None, self.root)
        self.plans = PlanService(self.root)
        self.exact = ExactService(self.root)
        self.downloads = DownloadService(self.root)
        self.engine = EngineService(self.root)
        self.flow = ChatFlow(self.downloads, self.engine, self.plans, self.root)
        self.page = ModelsPage()
        self.page.resize(1200, 770)
        qtbot.addWidget(self.page)
        self.presenter = ModelsPresenter(
            self.page, self.hardware, self.plans, self.exact, self.downloads, self.flow, self.root
        )
        self.page.show()
        self.page.set_variants((Family("f", "Family", "", variants()),))
        if machine:
            self.page.set_machine(described(machine))
            self.page.set_planned(planned(machine))

    def close(self) -> None:
        for service in (self.engine, self.downloads, self.hardware, self.exact, self.plans):
            service.close()

    def choose(self, model: str, quant: str) -> Plan:
        """Show one of the plans, and wait until the editor has its own."""
        plan = next(p for p in self.page.plans if (p.model, p.quant) == (model, quant))
        self.page.show_plan(plan)
        self.settle()
        return plan

    def is_quiet(self) -> bool:
        return not self.plans.is_editing

    def settle(self) -> None:
        """Wait for the answer to everything that was asked of the editor."""
        self.qtbot.waitUntil(self.is_quiet, timeout=PATIENCE_MS)

    def slider(self, name: str) -> Slider:
        return next(s for s in self.page.findChildren(Slider) if s.accessibleName() == name and s.isVisible())

    def kv(self) -> SegmentedButtons:
        return self.page.findChildren(SegmentedButtons)[0]

    def bars(self) -> list[StackedBar]:
        return [b for b in self.page.panel.findChildren(StackedBar) if b.isVisible()]

    def button(self, name: str) -> QAbstractButton:
        found = [b for b in self.page.findChildren(QAbstractButton) if name in (b.text(), b.accessibleName())]
        shown = [b for b in found if b.isVisible()]
        assert len(shown) == 1, f"{name}: {len(shown)} buttons"
        return shown[0]

    def has_button(self, name: str) -> bool:
        return any(b.text() == name and b.isVisible() for b in self.page.findChildren(QAbstractButton))

    def machines(self) -> QComboBox:
        return next(c for c in self.page.findChildren(QComboBox) if c.accessibleName() == "Plan for")

    def says(self, text: str) -> bool:
        return any(text in label.text() and label.isVisible() for label in texts(self.page))

    def beside(self, name: str) -> str:
        """The value at the right of a lever."""
        slider = self.slider(name)
        grid = slider.parentWidget().layout()
        at = grid.indexOf(slider)
        value = grid.itemAt(at + 1).widget()
        assert isinstance(value, Text)
        return value.text()


def texts(widget: QWidget) -> list[Text]:
    return widget.findChildren(Text)
