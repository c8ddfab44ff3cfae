"""Opening a model file, from wishes to a load that the engine can be asked for, and down the ladder when memory runs out.

Without Qt: the window runs it in a thread (engine_service.py), the command line as it is, so that both open a model the same way:
the memory that is free is read again, the file is planned by the wishes, the engine's dry run verifies the plan, and only then it
is loaded. A load that fails for memory is planned smaller and tried again, each step said in words.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from launcher.core.errors import UserError
from launcher.core.generation import Loaded, LoadRequest
from launcher.core.machine import Machine
from launcher.core.models import Variant
from launcher.core.plans import Plan, Wishes
from launcher.core.units import gib
from launcher.core.words import joined, listed, say
from launcher.planner import ladder
from launcher.planner.ladder import RAM
from launcher.services.load_failures import (
    Row,
    does_not_fit,
    is_for_memory,
    need_on,
    nothing_smaller,
    rows_of,
    short_row,
    tightest_row,
)
from launcher.services.opening_values import OpeningStopped, OpenRequest, Prepared, Stage

if TYPE_CHECKING:
    from launcher.engine.devices import EngineInfo
    from launcher.planner.plans import Item
    from launcher.services.exact import Headers, Verified

__all__ = ["MOST_LOADS", "OpenRequest", "Opening", "OpeningStopped", "Prepared", "Stage"]

MOST_LOADS = 5
"""Loads of one opening, each in a fresh worker; the last but one failure leads to the processor."""

CHECK_S = 20.0
"""For all dry runs of one opening together; they take one or two seconds."""

# What a failed load's successor needs less on the card that was short, of what the failed one needed: the engine does not
# say how much was missing. Few and growing, because each failed load may have read all weights first.
_SAVED_SHARES = (0.06, 0.15, 0.4, 1.0)
# Other programs come and go; a card with this much less than before is worth a sentence.
_LESS_FREE_BYTES = 64 * 2**20

_log = logging.getLogger(__name__)


def _ignore(stage: Stage) -> None:
    del stage


class Opening:
    """One model file on its way to being loaded. Blocking calls, one at a time; `stop` from any thread."""

    def __init__(self, request: OpenRequest, on_stage: Callable[[Stage], None] | None = None) -> None:
        """`on_stage` is told, in the calling thread, what is being done."""
        self._request = request
        self._on_stage = on_stage or _ignore
        self._stop = threading.Event()
        self._check = threading.Event()  # ends a dry run: stopped, or out of time
        self._steps: list[str] = []
        self._failures = 0
        self._info: EngineInfo | None = None
        self._headers: Headers | None = None
        self._item: Item | None = None
        self._variant: Variant | None = None
        self._wishes = request.wishes
        self._asked_wishes = request.wishes
        self._draft = request.draft
        self._last: Prepared | None = None

    def stop(self) -> None:
        """Give up; the call in progress raises `OpeningStopped` within moments."""
        self._stop.set()
        self._check.set()

    @property
    def is_stopped(self) -> bool:
        """`stop` was called."""
        return self._stop.is_set()

    @property
    def wishes(self) -> Wishes:
        """As asked for."""
        return self._asked_wishes

    @property
    def steps(self) -> tuple[str, ...]:
        """What had to be given up so far."""
        return tuple(self._steps)

    def prepare(self) -> Prepared:
        """Read the free memory, plan, let the engine verify the plan.

        Raises:
            UserError: the file cannot be read or planned, or nothing of it fits; says what is missing.
            OpeningStopped: as asked.
        """
        self._on_stage(Stage.PLANNING)
        self._read_file()
        self._find_draft()
        machine = self._read_machine()
        plan = self._planned(machine)
        intended = self._request.expected or plan
        self._compare(machine, intended, plan)
        self._on_stage(Stage.CHECKING)
        plan, unverified = self._verified(machine, plan)
        return self._ready(plan, intended, machine, unverified)

    def step_down(self, error: UserError) -> Prepared:
        """A smaller plan after a load failed for memory.

        Args:
            error: what the load failed with.

        Raises:
            UserError: `error` itself where smaller plans would not help; else that nothing smaller is left.
            OpeningStopped: as asked.
        """
        last = self._last
        if last is None or not is_for_memory(error):
            raise error
        self._failures += 1
        self._on_stage(Stage.STEPPING_DOWN)
        machine = self._read_machine()
        short = short_row(error, last.plan, machine)
        if self._draft is not None:
            name, self._draft = self._draft.name, None
            self._wishes = replace(self._wishes, draft=None)
            self._say(say("{why}: without the draft model {name}.", why=short.shortage.words, name=name))
            return self._ready(last.plan, last.intended, machine, last.unverified)
        plan = None if self._failures >= MOST_LOADS else self._smaller(machine, last.plan, short)
        if plan is None:
            raise nothing_smaller(error, last.plan, short, self._failures, tuple(self._steps))
        return self._ready(plan, last.intended, machine, _not_again())

    def learn(self, loaded: Loaded) -> None:
        """Keep what the load really took beside the engine's figures, for the next plans."""
        from launcher.engine.load_memory import note_load

        if self._info is not None:
            note_load(self._info, loaded.memory)

    # --- reading ---

    def _read_file(self) -> None:
        from launcher import catalog
        from launcher.catalog import builtin
        from launcher.catalog.identify import identify
        from launcher.planner.plans import file_item
        from launcher.services.exact import read_headers

        request, path = self._request, Path(self._request.path)
        headers = read_headers("", "", None, request.path)
        found = identify(catalog.load(), path, headers.parsed)
        size = sum(f.total_bytes for f in headers.files)
        name, quant = request.name or found.name, request.quant or found.quant_name or "unknown"
        self._headers, self._variant = headers, found.variant
        if found.variant is not None and found.variant.id == builtin.MODEL_ID:
            self._request = replace(request, wishes=builtin.wishes_for(request.wishes))
        self._item = file_item(found.facts, request.path, name, quant, size)

    def _find_draft(self) -> None:
        """The file of the draft model that is wished for; without it the load goes on, which is said."""
        from launcher.services.drafts import with_file

        wishes = self._request.wishes
        try:
            wishes = with_file(wishes)
        except UserError as error:
            self._say(joined(error.what, error.why))
            wishes = replace(wishes, draft=None)
        self._request = replace(self._request, wishes=wishes)

    def _read_machine(self) -> Machine:
        from launcher.engine.devices import engine_info
        from launcher.services.this_machine import machine_of

        self._go_on()
        self._info = engine_info(fresh=True)
        self._go_on()
        return machine_of(self._info)

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise OpeningStopped

    # --- planning ---

    def _planned(self, machine: Machine) -> Plan:
        """By the wishes; where they leave nothing that fits, what was set by hand gives way, which is said."""
        wished = self._plan(machine, self._request.wishes)
        if wished.fits:
            self._wishes = self._request.wishes
            return wished
        for wishes in ladder.relaxed(self._request.wishes):
            self._go_on()
            plan = self._plan(machine, wishes)
            if plan.fits:
                self._wishes = wishes
                changed = ladder.changes(wished.placement, plan.placement, plan.n_layer)
                changed = listed(*changed, *ladder.freed(self._request.wishes, wishes)) or plan.summary
                why = say("{size} were missing", size=gib(wished.missing_bytes))
                self._say(say("{why}: {changes}. What was set by hand had to give way.", why=why, changes=changed))
                return plan
        raise does_not_fit(wished)

    def _plan(self, machine: Machine, wishes: Wishes) -> Plan:
        from launcher.planner.plans import plan_item

        assert self._item is not None  # noqa: S101 - read before anything is planned
        plan = plan_item(machine, self._item, wishes)
        return replace(plan, model=self._request.model or plan.model, repo=self._request.repo)

    def _compare(self, machine: Machine, expected: Plan, plan: Plan) -> None:
        """Say what there is less of than when the user saw the plan, where less memory is the reason."""
        changed = ladder.changes(expected.placement, plan.placement, plan.n_layer)
        then = [d.free_bytes or 0 for d in expected.memory.devices]
        lost = [(t - row.free_bytes, row.name) for t, row in zip(then, rows_of(expected, machine), strict=True)]
        size, name = max(lost, default=(0, ""))
        if changed and size >= _LESS_FREE_BYTES:
            less = say("{size} less are free on {device} than when it was planned", size=gib(size), device=name)
            self._say(say("{why}: {changes}.", why=less, changes=listed(*changed)))

    def _verified(self, machine: Machine, plan: Plan) -> tuple[Plan, str]:
        """The plan with the engine's own figures, or a smaller one where these do not fit; and why it was not verified."""
        from launcher.engine.dry_run import DryRunStopped

        try:
            found = self._asked(machine)
        except DryRunStopped:
            self._go_on()
            return plan, say("The engine's check took longer than {n} s.", n=f"{CHECK_S:.0f}")
        except UserError as error:  # what is really wrong, the load itself says best
            _log.info("the plan of %s was not verified: %s", plan.name, error)
            return plan, joined(error.what, error.why)
        if found.after.fits:
            changed = ladder.changes(plan.placement, found.after.placement, plan.n_layer)
            if changed:
                why = say("The engine needs more than was computed")
                self._say(say("{why}: {changes}.", why=why, changes=listed(*changed)))
            return found.after, ""
        smaller = self._smaller(machine, found.before, tightest_row(found.after, machine))
        if smaller is None:
            raise does_not_fit(found.after)
        return smaller, _not_again()

    def _asked(self, machine: Machine) -> Verified:
        from launcher.services.exact import plan_exactly

        assert self._headers is not None  # noqa: S101 - read before anything is planned
        if self._stop.is_set():
            raise OpeningStopped
        timer = threading.Timer(CHECK_S, self._check.set)
        timer.start()
        try:
            return plan_exactly(
                lambda wishes: self._plan(machine, wishes),
                self._wishes,
                self._headers.files,
                self._check,
                is_what_if=False,
            )
        finally:
            timer.cancel()
            timer.join()

    def _smaller(self, machine: Machine, failed: Plan, row: Row) -> Plan | None:
        """A plan that needs less where memory ran out: the best one where free memory explains it, else a step of the ladder."""
        assert self._item is not None  # noqa: S101 - read before anything is planned
        short = row.shortage
        if short.missing_bytes:
            again = self._plan(machine, self._wishes)
            saved = row.need_bytes - need_on(again, machine, row.device)
            if again.fits and saved >= short.missing_bytes:
                changed = listed(*ladder.changes(failed.placement, again.placement, again.n_layer))
                self._say(say("{why}: {changes}.", why=short.words, changes=changed or again.summary))
                return again
        share = _SAVED_SHARES[min(max(0, self._failures - 1), len(_SAVED_SHARES) - 1)]
        # Weights in RAM stay in the file: there the next step is taken, whatever it brings.
        save = short.missing_bytes or (1 if row.device == RAM else int(share * row.need_bytes))
        step = ladder.step_down(machine, self._item, self._wishes, failed, short, save)
        if step is None:
            return None
        self._say(step.words)
        return step.plan

    # --- telling ---

    def _say(self, words: str) -> None:
        _log.info("%s", words)
        self._steps.append(words)

    def _ready(self, plan: Plan, intended: Plan, machine: Machine, unverified: str) -> Prepared:
        from launcher.services.drafts import draft_model

        self._go_on()
        if self._wishes.draft is not None:
            self._draft = draft_model(machine, self._wishes, plan)
        request = LoadRequest(self._request.path, plan.name, plan.quant, plan.placement, self._draft)
        self._last = Prepared(request, plan, intended, machine, self._variant, tuple(self._steps), unverified)
        return self._last


def _not_again() -> str:
    return say("It is smaller than the plan that the engine verified, and was not verified again.")
