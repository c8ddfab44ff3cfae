"""The catalog and the planner's answers, for the window."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from launcher.catalog import Catalog
from launcher.core.downloads import Installed
from launcher.core.errors import UserError
from launcher.core.machine import Machine
from launcher.core.models import Quant, Variant
from launcher.core.plans import Goal, Plan, Recommendation, Wishes
from launcher.services.plan_editing import Edited, EditRequest, complete, edit, quick_plan
from launcher.services.tasks import TaskRunner
from launcher.services.what_if import MachineWish, build

_log = logging.getLogger("launcher.services")


@dataclass(frozen=True, slots=True)
class Planned:
    """Every loadable quantisation on one machine, for the Models page.

    Attributes:
        wishes: the plans were made with these.
        is_what_if: the machine is only described; nothing can be loaded on it.
        files: models on the disk that the catalog does not have, described by their headers; their plans are in `plans`.
    """

    machine: Machine
    wishes: Wishes
    plans: tuple[Plan, ...]
    recommendation: Recommendation
    is_what_if: bool
    files: tuple[Variant, ...] = ()


class PlanService(QObject):
    """Ranks the catalog for a machine whenever the machine or the wishes change, and plans what the editor asks.

    Signals:
        catalog_read(Catalog): once, for the Models page.
        recommended(Recommendation): the ranked answer for this PC.
        models_planned(Planned): the whole catalog on this PC or on the what-if machine.
        what_if_failed(UserError): the wished machine cannot be described; the one before stays.
        gpu_names_read(tuple[str, ...]): cards that a what-if machine may have.
        plan_edited(Edited), edit_failed(UserError): the answer to the newest `edit`, at once and again when it is complete;
            of requests that come faster than plans are made only the newest is answered.
    """

    catalog_read = Signal(object)
    recommended = Signal(object)
    models_planned = Signal(object)
    what_if_failed = Signal(object)
    gpu_names_read = Signal(object)
    plan_edited = Signal(object)
    edit_failed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = TaskRunner("plans", self, serial=True)
        # A thread of its own: dragging never waits for the ranking of the catalog.
        self._edits = TaskRunner("edits", self, serial=True)
        self._machine: Machine | None = None
        self._wish: MachineWish | None = None
        self._what_if: Machine | None = None
        self._linked: tuple[tuple[Variant, Quant], ...] = ()
        self._files: tuple[tuple[Variant, Quant], ...] = ()
        self._wanted_edit: EditRequest | None = None
        self._is_editing = False
        self.wishes = Wishes()
        self.recommendation: Recommendation | None = None

    def start(self) -> None:
        """Read the catalog and the names of known cards; `catalog_read` and `gpu_names_read` follow."""

        def read() -> Catalog:
            from launcher import catalog

            return catalog.load()

        def read_names() -> tuple[str, ...]:
            from launcher.hardware.presets import preset_names

            return preset_names()

        self._tasks.run(read, self.catalog_read.emit)
        self._tasks.run(read_names, self.gpu_names_read.emit)

    def set_machine(self, machine: Machine) -> None:
        """Plan for this machine from now on; a what-if machine stays on the Models page."""
        self._machine = machine
        self._recommend()

    def plan_for(self, wish: MachineWish | None) -> None:
        """Show the Models page for another machine; None is this PC again. `models_planned` follows."""
        self._wish = wish
        if wish is None:
            self._what_if = None
            self._plan_models()
        else:
            self._tasks.run(lambda: (wish, build(wish)), self._on_what_if_built, self.what_if_failed.emit)

    def add_linked(self, variant: Variant, quant: Quant) -> None:
        """Plan a model from a link too; `models_planned` follows."""
        others = (e for e in self._linked if (e[0].id, e[1].name) != (variant.id, quant.name))
        self._linked = (*others, (variant, quant))
        self._plan_models()

    def set_installed(self, installed: tuple[Installed, ...]) -> None:
        """Plan the files that the catalog does not have too; `models_planned` follows when there are others than before."""

        def read() -> tuple[tuple[Variant, Quant], ...]:
            from launcher.services.local_files import read_files

            return read_files(installed)

        self._tasks.run(read, self._on_files_read)

    def set_goal(self, goal: Goal) -> None:
        """Rank for another goal."""
        self._set_wishes(replace(self.wishes, goal=goal))

    def set_vram_reserve(self, vram_reserve_bytes: int) -> None:
        """Keep this much of every GPU free."""
        self._set_wishes(replace(self.wishes, vram_reserve_bytes=vram_reserve_bytes))

    def edit(self, request: EditRequest) -> None:
        """Plan with levers set by hand. While one plan is being made only the newest request waits."""
        self._wanted_edit = request
        if not self._is_editing:
            self._edit_next()

    @property
    def is_editing(self) -> bool:
        """An `edit` has not been answered in full."""
        return self._is_editing

    def close(self) -> None:
        """End the threads."""
        self._edits.close()
        self._tasks.close()

    def _set_wishes(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self._recommend()
        if self._what_if is not None:
            self._plan_models()

    def _recommend(self) -> None:
        machine, wishes = self._machine, self.wishes
        if machine is not None:
            self._tasks.run(lambda: _rank(machine, wishes), self._on_ranked)

    def _plan_models(self) -> None:
        machine, wishes, linked, files = self._what_if or self._machine, self.wishes, self._linked, self._files
        is_what_if = self._what_if is not None
        ranked = None if is_what_if else self.recommendation
        if machine is None:
            return

        def plan_all() -> Planned:
            from launcher import catalog

            known = (
                (variant, quant)
                for variant in catalog.load().variants
                if variant.loadable
                for quant in variant.quants
                if quant.loadable and quant.facts is not None
            )
            plans = [quick_plan(machine, variant, quant, wishes) for variant, quant in known]
            plans += _plans_outside(machine, (*linked, *files), wishes)
            described = tuple(variant for variant, _ in files)
            return Planned(machine, wishes, tuple(plans), ranked or _rank(machine, wishes), is_what_if, described)

        self._tasks.run(plan_all, self._on_models_planned)

    def _edit_next(self) -> None:
        request, self._wanted_edit = self._wanted_edit, None
        self._is_editing = request is not None
        if request is not None:
            self._edits.run(lambda: edit(request), self._on_edited, self._on_edit_failed)

    def _on_edited(self, edited: Edited) -> None:
        # Shown also while a newer one waits: the bars follow the knob instead of waiting for it to rest.
        self.plan_edited.emit(edited)
        if self._wanted_edit is None:
            self._edits.run(lambda: complete(edited, self._is_nothing_waiting), self._on_completed)
        else:
            self._edit_next()

    def _is_nothing_waiting(self) -> bool:
        return self._wanted_edit is None

    def _on_completed(self, edited: Edited) -> None:
        if self._wanted_edit is None:
            self.plan_edited.emit(edited)
        self._edit_next()

    def _on_edit_failed(self, error: UserError) -> None:
        if self._wanted_edit is None:
            self.edit_failed.emit(error)
        self._edit_next()

    def _on_what_if_built(self, built: tuple[MachineWish, Machine]) -> None:
        wish, machine = built
        if wish is self._wish:  # else another was chosen meanwhile
            self._what_if = machine
            self._plan_models()

    def _on_files_read(self, files: tuple[tuple[Variant, Quant], ...]) -> None:
        if files != self._files:
            self._files = files
            self._plan_models()

    def _on_models_planned(self, planned: Planned) -> None:
        if planned.machine is (self._what_if or self._machine):
            self.models_planned.emit(planned)

    def _on_ranked(self, recommendation: Recommendation) -> None:
        self.recommendation = recommendation
        self.recommended.emit(recommendation)
        if self._what_if is None:
            self._plan_models()


def _plans_outside(machine: Machine, found: Iterable[tuple[Variant, Quant]], wishes: Wishes) -> Iterator[Plan]:
    """Plans of models that nobody has checked as the catalog's are: one that cannot be planned stays a row without plan."""
    for variant, quant in found:
        try:
            yield quick_plan(machine, variant, quant, wishes)
        except UserError as error:
            _log.info("%s cannot be planned: %s", variant.name, error)


def _rank(machine: Machine, wishes: Wishes) -> Recommendation:
    from launcher import catalog, planner

    return planner.recommend(machine, catalog.load().variants, wishes)
