"""The catalog and the planner's answers, for the window."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from launcher.catalog import Catalog
from launcher.core.machine import Machine
from launcher.core.plans import Goal, Plan, Recommendation, Wishes
from launcher.services.tasks import TaskRunner


class PlanService(QObject):
    """Ranks the catalog for a machine whenever the machine or the wishes change.

    Signals:
        catalog_read(Catalog): once, for the Models page.
        recommended(Recommendation): the ranked answer.
        catalog_planned(tuple[Plan, ...]): the plan of every loadable quantisation on this machine, for the Models page.
    """

    catalog_read = Signal(object)
    recommended = Signal(object)
    catalog_planned = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("plans", self, serial=True)
        self._machine: Machine | None = None
        self.wishes = Wishes()
        self.recommendation: Recommendation | None = None

    def start(self) -> None:
        """Read the catalog; `catalog_read` follows."""

        def read() -> Catalog:
            from launcher import catalog

            return catalog.load()

        self._tasks.run(read, self.catalog_read.emit)

    def set_machine(self, machine: Machine) -> None:
        """Plan for this machine from now on."""
        self._machine = machine
        self._recommend()

    def set_goal(self, goal: Goal) -> None:
        """Rank for another goal."""
        self.wishes = replace(self.wishes, goal=goal)
        self._recommend()

    def set_vram_reserve(self, vram_reserve_bytes: int) -> None:
        """Keep this much of every GPU free."""
        self.wishes = replace(self.wishes, vram_reserve_bytes=vram_reserve_bytes)
        self._recommend()

    def close(self) -> None:
        """End the thread."""
        self._tasks.close()

    def _recommend(self) -> None:
        machine, wishes = self._machine, self.wishes
        if machine is None:
            return

        def rank() -> Recommendation:
            from launcher import catalog, planner

            return planner.recommend(machine, catalog.load().variants, wishes)

        def plan_all() -> tuple[Plan, ...]:
            from launcher import catalog, planner

            return tuple(
                planner.plan(machine, variant, quant, wishes)
                for variant in catalog.load().variants
                if variant.loadable
                for quant in variant.quants
                if quant.loadable and quant.facts is not None
            )

        self._tasks.run(rank, self._on_ranked)
        self._tasks.run(plan_all, self.catalog_planned.emit)

    def _on_ranked(self, recommendation: Recommendation) -> None:
        self.recommendation = recommendation
        self.recommended.emit(recommendation)
