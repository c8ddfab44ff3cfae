"""The plan editor: one row per lever. What was not touched follows the planner; what was touched stays where it was put."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from launcher.core.downloads import DownloadProgress
from launcher.core.machine import Gpu, Machine
from launcher.core.models import ModelFacts
from launcher.core.plans import Plan, Wishes
from launcher.core.units import GIB, gib, whole
from launcher.services.drafts import DraftChoice, has_own_layers
from launcher.services.plan_editing import KV_TYPES, Edited, why_not_kv_type
from launcher.ui.components import SegmentedButtons, Text
from launcher.ui.models import levers as scale
from launcher.ui.models.draft_row import DraftRow
from launcher.ui.models.lever_row import LeverRow, add_row
from launcher.ui.models.levers import OWN_LAYERS, Levers
from launcher.ui.models.more_levers import MoreLevers
from launcher.ui.theme import Role, Tone, px

_NAME_WIDTH, _VALUE_WIDTH, _KV_HEIGHT = 102, 112, 34
_THIRDS = ("", "\u2153", "\u2154")
_MINUS = "\u2212"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is edited. `recommended` is the plan without levers, `drafts` who can draft for the model."""

    facts: ModelFacts
    machine: Machine
    base: Wishes
    recommended: Plan
    drafts: tuple[DraftChoice, ...] = ()


class PlanEditor(QWidget):
    """Sliders for context, KV cache, layers, experts, card limits and batch; what drafts; and a fold with what is rarer.

    Signals:
        levers_changed(Levers): the user moved one, many times a second while dragging.
        draft_wanted(DraftChoice): download this one.
    """

    levers_changed = Signal(object)
    draft_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Levers of the plan"))
        self._subject: Subject | None = None
        self._levers = Levers()
        self._contexts: tuple[int, ...] = (1,)
        self._ubatches: tuple[int, ...] = scale.UBATCHES
        self._caps: dict[int, LeverRow] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnMinimumWidth(0, px(_NAME_WIDTH))
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(2, px(_VALUE_WIDTH))
        self._context = self._add_slider(self.tr("Context"), self._on_context_moved, self._on_context_reset)
        self._kv_name = Text(self.tr("KV cache"), Role.SMALL, parent=self)
        self._kv = SegmentedButtons(self.tr("KV cache"), tuple((kind, kind) for kind in KV_TYPES), self)
        self._kv_value = Text("", Role.SMALL, Tone.MUTED, self)
        self._kv.chosen.connect(self._on_kv_chosen)
        self._kv_value.setMinimumHeight(px(_KV_HEIGHT))
        add_row(self._grid, self._grid.rowCount(), self._kv_name, self._kv, self._kv_value)
        self._layers = self._add_slider(self.tr("Layers on card"), self._on_layers_moved, self._on_layers_reset)
        self._experts = self._add_slider(self.tr("Experts on card"), self._on_experts_moved, self._on_experts_reset)
        self._batch = self._add_slider(self.tr("Batch"), self._on_batch_moved, self._on_batch_reset)
        self._draft = DraftRow(self)
        self._draft.chosen.connect(self._on_draft_chosen)
        self._draft.download_requested.connect(self.draft_wanted)
        self._more = MoreLevers(self)
        self._more.threads_moved.connect(self._on_threads_moved)
        self._more.threads_reset.connect(self._on_threads_reset)
        self._more.load_mode_chosen.connect(self._on_load_mode_chosen)
        self._more.numa_chosen.connect(self._on_numa_chosen)
        self._place_last()
        self.hide()

    @property
    def levers(self) -> Levers:
        """What the user fixed."""
        return self._levers

    def set_subject(self, subject: Subject | None, levers: Levers | None = None) -> None:
        """Edit another plan, with nothing touched or with these levers. None hides the editor."""
        self._subject, self._levers = subject, levers or Levers()
        self.setVisible(subject is not None)
        if subject is None:
            return
        self._set_drafts(subject)
        self._levers = self._levers.possible_on(subject.machine)
        self._more.set_machine(subject.machine, subject.recommended)
        self._kv_value.set_text("")
        for kind in KV_TYPES:
            self._kv.set_locked(kind, why_not_kv_type(subject.facts, kind))
        self._contexts = scale.context_steps(subject.facts.context_train)
        self._ubatches = scale.ubatch_steps(subject.facts.context_train)
        has_cards = any(d.kind == "gpu" for d in subject.recommended.memory.devices)
        self._layers.set_shown(has_cards)
        self._experts.set_shown(has_cards and bool(scale.expert_layers(subject.facts)))
        self._make_cap_rows(subject.machine)

    def set_recommended(self, plan: Plan) -> None:
        """The plan without levers, now with exact buffers: where the ticks are."""
        if self._subject is not None:
            self._subject = replace(self._subject, recommended=plan)

    def reset(self) -> None:
        """Back to recommended."""
        self._change(Levers())

    def show_progress(self, progress: DownloadProgress) -> None:
        """How far a download is: it may be of a draft."""
        self._draft.show_progress(progress)

    def show_plan(self, plan: Plan, edited: Edited | None) -> None:
        """Show what a plan has; touched knobs stay under the hand that moved them.

        Args:
            plan: with the present levers, or an older one while a newer is being made.
            edited: what is known beside it; None for the size's own plan.
        """
        if self._subject is None:
            return
        self._show_context(plan)
        self._show_kv(plan, edited.kv_bytes if edited else {})
        self._show_layers(plan)
        self._show_experts(plan, self._subject)
        self._show_caps(self._subject)
        self._show_batch(plan)
        self._draft.show_plan(plan, self._levers.draft, edited.undrafted if edited else None)
        self._more.show_plan(plan, self._levers, self._subject.recommended)

    # --- rows ---

    def _add_slider(self, name: str, on_moved: Callable[[int], None], on_reset: Callable[[], None]) -> LeverRow:
        row = LeverRow.named(name, self)
        row.slider.moved.connect(on_moved)
        row.slider.reset_requested.connect(on_reset)
        add_row(self._grid, self._grid.rowCount(), row.name, row.slider, row.value)
        return row

    def _place_last(self) -> None:
        """The draft and the fold, below everything else, also after rows were added: the layout takes widgets from where they were.

        A list has no value beside it; what is said of it stands under it.
        """
        at = self._grid.rowCount()
        self._grid.addWidget(self._draft.name, at, 0, Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(self._draft.box, at, 1, 1, 2)
        self._grid.addWidget(self._draft.hint, at + 1, 0, 1, 3)
        self._grid.addWidget(self._draft.fetch, at + 2, 0, 1, 3, Qt.AlignmentFlag.AlignLeft)
        self._more.place_in(self._grid, at + 3)

    def _set_drafts(self, subject: Subject) -> None:
        """Offer who can draft; who cannot any more is let go of."""
        has_layers, is_mixture = has_own_layers(subject.facts), bool(scale.expert_layers(subject.facts))
        able = [*(c.model for c in subject.drafts), *([OWN_LAYERS] if has_layers else [])]
        if self._levers.draft not in able:
            self._levers = replace(self._levers, draft=None)
        self._draft.set_choices(subject.drafts, has_own_layers=has_layers, is_mixture=is_mixture)

    def _make_cap_rows(self, machine: Machine) -> None:
        """One limit per card, between the experts and the batch."""
        wanted = scale.capped_gpus(machine)
        if tuple(self._caps) != wanted:
            for row in (*self._caps.values(), self._batch):
                self._grid.removeWidget(row.name)
                self._grid.removeWidget(row.slider)
                self._grid.removeWidget(row.value)
            for row in self._caps.values():
                row.delete()
            self._caps = {index: self._make_cap_row(index, len(wanted)) for index in wanted}
            add_row(self._grid, self._grid.rowCount(), self._batch.name, self._batch.slider, self._batch.value)
            self._place_last()
            before: QWidget = self._experts.slider
            sliders = (row.slider for row in (*self._caps.values(), self._batch))
            for widget in (*sliders, self._draft.box, self._draft.fetch, *self._more.stops):
                QWidget.setTabOrder(before, widget)
                before = widget

    def _make_cap_row(self, index: int, n_cards: int) -> LeverRow:
        name = self.tr("Card limit") if n_cards == 1 else self.tr("Limit of card {n}").format(n=index + 1)
        row = self._add_slider(name, self._on_cap_moved, self._on_cap_reset)
        row.slider.setProperty("gpu", index)
        for widget in (row.name, row.slider, row.value):
            widget.show()
        return row

    # --- showing ---

    def _recommended(self) -> Plan | None:
        return self._subject.recommended if self._subject and self._subject.recommended.fits else None

    def _show_context(self, plan: Plan) -> None:
        best = self._recommended()
        tick = scale.nearest_step(self._contexts, best.context) if best else None
        kv = sum(d.kv_bytes for d in plan.memory.devices)
        words = self.tr("{n} tokens, {size}").format(n=whole(plan.context), size=gib(kv))
        at = plan.context if self._levers.context is None else self._levers.context
        self._context.slider.set_scale(len(self._contexts) - 1, tick)
        self._context.show(scale.nearest_step(self._contexts, at), words, whole(plan.context), gib(kv))

    def _show_kv(self, plan: Plan, kv_bytes: dict[str, int]) -> None:
        kind = self._levers.kv_type or plan.placement.kv_type_k
        if kind in KV_TYPES:
            self._kv.set_key(kind)
        now, other = kv_bytes.get(plan.placement.kv_type_k), "f16" if kind == "q8_0" else "q8_0"
        then = kv_bytes.get(other)
        if now is None or then is None:
            return  # not known yet: the last figure stays while dragging
        sign = _MINUS if then < now else "+"
        self._kv_value.set_text(f"{other}: {sign}{gib(abs(then - now))}")
        self._kv.setAccessibleDescription(self._kv_value.text())

    def _show_layers(self, plan: Plan) -> None:
        subject = self._subject
        if subject is None:
            return
        n, best = len(subject.facts.layers), self._recommended()
        on_card = scale.layers_on_card(subject.facts, plan.placement)
        at = on_card if self._levers.layers_on_card is None else self._levers.layers_on_card
        self._layers.slider.set_scale(n, scale.layers_on_card(subject.facts, best.placement) if best else None)
        words = self.tr("{n} of {m}").format(n=on_card, m=n)
        self._layers.show(at, words, words, "")

    def _show_experts(self, plan: Plan, subject: Subject) -> None:
        n, best = len(scale.expert_layers(subject.facts)), self._recommended()
        on_card = scale.expert_parts_on_card(subject.facts, plan.placement)
        at = on_card if self._levers.expert_parts_on_card is None else self._levers.expert_parts_on_card
        tick = scale.expert_parts_on_card(subject.facts, best.placement) if best else None
        self._experts.slider.set_scale(n * scale.PARTS, tick)
        layers, parts = divmod(on_card, scale.PARTS)
        count = f"{layers or '' if parts else layers}{_THIRDS[parts]}"
        figure = self.tr("{n} of {m}").format(n=count, m=n)
        size = gib(scale.expert_bytes_on_card(subject.facts, plan.placement))
        self._experts.show(at, self.tr("{n} layers, {size}").format(n=figure, size=size), figure, size)

    def _show_caps(self, subject: Subject) -> None:
        for index, row in self._caps.items():
            gpu = subject.machine.gpus[index]
            free, usual = gpu.vram_free_bytes or 0, scale.free_for_models(gpu, subject.base)
            caps = self._levers.caps_bytes
            cap = caps[index] if caps else None
            now = usual if cap is None else cap
            row.slider.set_scale(_cap_steps(gpu), usual // scale.CAP_STEP_BYTES)
            of = self.tr("of {size}").format(size=f"{free / GIB:.1f}")
            row.show(now // scale.CAP_STEP_BYTES, f"{gib(now)} {of} GiB", gib(now), of)

    def _show_batch(self, plan: Plan) -> None:
        best, size = self._recommended(), plan.placement.n_ubatch
        compute = sum(d.compute_bytes for d in plan.memory.devices)
        at = scale.nearest_step(self._ubatches, size if self._levers.n_ubatch is None else self._levers.n_ubatch)
        tick = scale.nearest_step(self._ubatches, best.placement.n_ubatch) if best else None
        self._batch.slider.set_scale(len(self._ubatches) - 1, tick)
        words = self.tr("{n} tokens, {size}").format(n=whole(size), size=gib(compute))
        self._batch.show(at, words, whole(size), gib(compute))

    # --- the user ---

    def _change(self, levers: Levers) -> None:
        if levers != self._levers:
            self._levers = levers
            self.levers_changed.emit(levers)

    def _on_context_moved(self, step: int) -> None:
        self._change(replace(self._levers, context=self._contexts[step]))

    def _on_context_reset(self) -> None:
        self._change(replace(self._levers, context=None))

    def _on_kv_chosen(self, kind: str) -> None:
        self._change(replace(self._levers, kv_type=kind))

    def _on_layers_moved(self, layers: int) -> None:
        self._change(replace(self._levers, layers_on_card=layers))

    def _on_layers_reset(self) -> None:
        self._change(replace(self._levers, layers_on_card=None))

    def _on_experts_moved(self, parts: int) -> None:
        self._change(replace(self._levers, expert_parts_on_card=parts))

    def _on_experts_reset(self) -> None:
        self._change(replace(self._levers, expert_parts_on_card=None))

    def _on_cap_moved(self, steps: int) -> None:
        self._set_cap(steps)

    def _on_cap_reset(self) -> None:
        self._set_cap(None)

    def _set_cap(self, steps: int | None) -> None:
        slider, subject = self.sender(), self._subject
        if subject is None:
            return
        index = int(slider.property("gpu"))
        gpu = subject.machine.gpus[index]
        cap = None if steps is None else steps * scale.CAP_STEP_BYTES
        if steps == _cap_steps(gpu):
            cap = gpu.vram_free_bytes or 0  # the end of the scale is all of it, not the last whole step
        self._change(self._levers.with_cap(index, cap, len(subject.machine.gpus)))

    def _on_batch_moved(self, step: int) -> None:
        self._change(replace(self._levers, n_ubatch=self._ubatches[step]))

    def _on_batch_reset(self) -> None:
        self._change(replace(self._levers, n_ubatch=None))

    def _on_draft_chosen(self, draft: str | None) -> None:
        self._change(replace(self._levers, draft=draft))

    def _on_threads_moved(self, threads: int) -> None:
        self._change(replace(self._levers, threads=threads))

    def _on_threads_reset(self) -> None:
        self._change(replace(self._levers, threads=None))

    def _on_load_mode_chosen(self, mode: str | None) -> None:
        self._change(replace(self._levers, load_mode=mode))

    def _on_numa_chosen(self, mode: str | None) -> None:
        self._change(replace(self._levers, numa=mode))


def _cap_steps(gpu: Gpu) -> int:
    return -(-(gpu.vram_free_bytes or 0) // scale.CAP_STEP_BYTES)
