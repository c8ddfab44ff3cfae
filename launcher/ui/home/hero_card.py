"""The recommended model as one card: what it is, how fast, where it goes in memory, and the one button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.goals import Goal
from launcher.core.units import gib
from launcher.core.words import joined
from launcher.ui.components import Card, Chip, ChipKind, ComboBox, IconLabel, Run, SkeletonText, Text
from launcher.ui.components.device_names import card_name, cpu_name, usable_gpus
from launcher.ui.home import words
from launcher.ui.home.action_row import ActionRow
from launcher.ui.home.figures import FigureRow
from launcher.ui.home.plan_bars import PlanBars
from launcher.ui.theme import Role, Tone

if TYPE_CHECKING:
    from launcher.core.downloads import DownloadProgress
    from launcher.core.machine import Machine
    from launcher.core.plans import Plan


class HeroCard(Card):
    """The big card of Home.

    Signals:
        goal_changed(Goal): the user wants something else most.
    """

    goal_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Recommended model"))
        self._plan: Plan | None = None
        self._machine: Machine | None = None
        self._is_short = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(24, 18, 24, 22)
        self._column.setSpacing(0)
        self._column.addLayout(self._make_head())
        self._no_card = Text("", Role.BODY, parent=self, wrap=True)
        self._no_card.hide()
        self._no_card.setContentsMargins(0, 6, 0, 0)
        self._column.addWidget(self._no_card)
        self._column.addSpacing(8)
        name_row = QHBoxLayout()
        name_row.setSpacing(10)
        self._name = SkeletonText(Role.MODEL, parent=self)
        self._quant = Chip(parent=self, mono=True)
        self._quant.hide()
        name_row.addWidget(self._name)
        name_row.addWidget(self._quant)
        name_row.addStretch(1)
        self._column.addLayout(name_row)
        self._summary = Text("", Role.BODY, parent=self, wrap=True)
        self._column.addSpacing(4)
        self._column.addWidget(self._summary)
        self._column.addSpacing(18)
        self._figures = FigureRow(self)
        self._column.addWidget(self._figures)
        self._column.addSpacing(20)
        self._bars = PlanBars(self)
        self._column.addWidget(self._bars)
        self._warning = self._make_warning()
        self._column.addWidget(self._warning)
        self._column.addSpacing(16)
        self._column.addStretch(1)
        self.action_row = ActionRow(self)
        self._column.addWidget(self.action_row)

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(8)
        self._chip = Chip(self.tr("Recommended for this PC"), ChipKind.ACCENT, self, icon="check")
        self._no_card_icon = IconLabel("gpu", Tone.MUTED, 20, self)
        self._no_card_title = Text(self.tr("No graphics card that can help was found"), Role.SECTION, parent=self)
        self._pending = Text("", Role.SMALL, Tone.MUTED, self)
        for widget in (self._chip, self._no_card_icon, self._no_card_title):
            widget.hide()
        self._goal = ComboBox(self.tr("Goal"), self)
        self._goal.setMinimumWidth(128)
        titles = {
            Goal.BALANCED: self.tr("Balanced"),
            Goal.SMARTEST: self.tr("Smartest"),
            Goal.FASTEST: self.tr("Fastest"),
            Goal.LONGEST_CONTEXT: self.tr("Longest chats"),
            Goal.BIGGEST: self.tr("Biggest that runs"),
        }
        for goal, title in titles.items():
            self._goal.addItem(title, goal)
        self._goal.activated.connect(self._on_goal_activated)
        for widget in (self._chip, self._no_card_icon, self._no_card_title, self._pending):
            head.addWidget(widget)
        head.addStretch(1)
        head.addWidget(Text(self.tr("Goal"), Role.SMALL, Tone.MUTED, self))
        head.addWidget(self._goal)
        return head

    def _make_warning(self) -> QWidget:
        holder = QWidget(self)
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 10, 0, 0)
        row.setSpacing(8)
        row.addWidget(IconLabel("triangle-alert", Tone.WARN, 16, holder), 0, Qt.AlignmentFlag.AlignTop)
        self._warning_text = Text("", Role.SMALL, parent=holder, wrap=True, max_lines=2)
        row.addWidget(self._warning_text, 1)
        holder.hide()
        return holder

    @property
    def plan(self) -> Plan | None:
        """The plan shown."""
        return self._plan

    def set_short(self, is_short: bool) -> None:
        """Narrow windows: less padding and shorter notes."""
        self._is_short = is_short
        margin = 20 if is_short else 24
        self._column.setContentsMargins(margin, 15 if is_short else 18, margin, 17 if is_short else 22)
        if self._plan:
            self._figures.set_plan(self._plan, short=is_short)

    def set_goal(self, goal: Goal) -> None:
        """Show the goal without a signal."""
        self._goal.setCurrentIndex(self._goal.findData(goal))

    def set_pending(self, what: str = "") -> None:
        """Values are on their way; `what` says so in words once it takes longer."""
        self._pending.set_text(what)
        if self._plan is None:
            self._name.set_pending()
            self._figures.set_pending()
            self._bars.set_pending()
            self.action_row.set_plan(None, None, is_installed=False, can_look_again=False)

    def set_plan(self, plan: Plan, machine: Machine | None, *, is_installed: bool) -> None:
        """Show a recommended plan."""
        self._plan, self._machine = plan, machine
        self._pending.set_text("")
        self._chip.setToolTip("\n".join(plan.reasons))
        self._chip.setAccessibleDescription(joined(*plan.reasons))
        self._name.set_text(plan.name)
        self._quant.set_text(plan.quant)
        self._quant.show()
        note = f" {plan.honest_note}" if plan.honest_note else ""
        self._summary.set_text([Run(plan.strengths), Run(note, Role.BODY, Tone.MUTED)])
        self._figures.set_plan(plan, short=self._is_short)
        self._bars.set_plan(plan, machine)
        self._warning_text.set_text(joined(*plan.warnings))
        self._warning.setVisible(bool(plan.warnings))
        has_card = machine is None or bool(usable_gpus(machine))
        self._show_no_card(machine if not has_card else None, plan)
        free = machine.disks[0].free_bytes if machine and machine.disks else None
        self.action_row.set_plan(plan, free, is_installed=is_installed, can_look_again=not has_card)

    def set_download(self, progress: DownloadProgress | None) -> None:
        """The download of the plan shown, or None."""
        self.action_row.set_download(progress)

    def _show_no_card(self, machine: Machine | None, plan: Plan) -> None:
        is_missing = machine is not None
        self._chip.setVisible(not is_missing)
        self._no_card_icon.setVisible(is_missing)
        self._no_card_title.setVisible(is_missing)
        self._no_card.setVisible(is_missing)
        if machine is None:
            return
        here = self.tr("{cpu}, {total}, {free} free").format(
            cpu=cpu_name(machine.cpu.name), total=gib(machine.ram.total_bytes), free=gib(machine.ram.free_bytes)
        )
        unusable = "".join(f" {card_name(gpu.name)}: {note}" for gpu in machine.gpus for note in gpu.notes[:1])
        best = self.tr(" Best choice for this computer ({here}):").format(here=here)
        self._no_card.set_text(words.pace_sentence(plan.speed.decode_tokens_s) + unusable + best)

    def _on_goal_activated(self, index: int) -> None:
        self.goal_changed.emit(self._goal.itemData(index))
