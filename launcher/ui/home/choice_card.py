"""One of the "other good choices": a small card that opens the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.units import gb, rate
from launcher.ui.components import Chip, ClickableCard, ElidedLabel, IconLabel, Run, StackedBar, Text, planned_parts
from launcher.ui.components.device_names import device_label
from launcher.ui.home import words
from launcher.ui.theme import Role, Tone

if TYPE_CHECKING:
    from launcher.core.machine import Machine
    from launcher.core.plans import DeviceMemory, Plan

ROLES = ("smartest", "fastest", "longest_context", "biggest")
_ICONS = {"smartest": "mountain", "fastest": "zap", "longest_context": "align-left", "biggest": "layers"}


class ChoiceCard(ClickableCard):
    """Role, model, speed, memory and the reason.

    Signals:
        plan_chosen(Plan): the card was pressed.
    """

    plan_chosen = Signal(object)

    def __init__(
        self, role: str, plan: Plan, reason: str, machine: Machine | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._plan = plan
        titles = {
            "smartest": self.tr("Smartest"),
            "fastest": self.tr("Fastest"),
            "longest_context": self.tr("Longest chats"),
            "biggest": self.tr("Biggest that runs"),
        }
        title = titles[role]
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(3)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(IconLabel(_ICONS[role], Tone.ACCENT, 16, self))
        head.addWidget(Text(title, Role.SMALL_STRONG, Tone.ACCENT, self))
        head.addStretch(1)
        head.addWidget(Text(gb(plan.file_bytes), Role.SMALL, Tone.MUTED, self))
        column.addLayout(head)
        name = QHBoxLayout()
        name.addWidget(ElidedLabel(plan.short_name, Role.BODY_STRONG, parent=self), 1)
        name.addWidget(Chip(plan.quant, parent=self, mono=True))
        column.addLayout(name)
        speed = [Run(rate(plan.speed.decode_tokens_s), Role.FIGURE), Run(self.tr(" tokens/s"), Role.SMALL)]
        if plan.speed.basis != "measured":
            speed.append(Run(f"  ({words.range_words(plan.speed)})", Role.SMALL, Tone.MUTED))
        column.addWidget(Text(speed, parent=self))
        column.addLayout(self._make_bars(plan, machine))
        column.addSpacing(4)
        column.addWidget(Text(reason, Role.SMALL, Tone.MUTED, self, wrap=True, max_lines=3))
        column.addStretch(1)
        self.setToolTip(reason)
        self.setAccessibleName(f"{title}: {plan.short_name} {plan.quant}, {gb(plan.file_bytes)}")
        speed_words = self.tr("{rate} tokens/s").format(rate=rate(plan.speed.decode_tokens_s))
        self.setAccessibleDescription(f"{speed_words}. {reason}")
        self.clicked.connect(self._on_clicked)

    @property
    def plan(self) -> Plan:
        """The plan it opens."""
        return self._plan

    def _make_bars(self, plan: Plan, machine: Machine | None) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(5)
        cards = [d for d in plan.memory.devices if d.kind != "host"]
        hosts = [d for d in plan.memory.devices if d.kind == "host"]
        shown: list[tuple[str, DeviceMemory]] = []
        for i, card in enumerate(cards[:2]):
            shown.append((self.tr("GPU") if len(cards) == 1 else self.tr("GPU {n}").format(n=i + 1), card))
        shown += [(self.tr("RAM"), host) for host in hosts[:1]]
        for i, (label, device) in enumerate(shown):
            if i:
                row.addSpacing(7)
            row.addWidget(Text(label, Role.SMALLEST, Tone.MUTED, self))
            bar = StackedBar(self, height=10)
            bar.setMinimumWidth(32)
            bar.set_parts(planned_parts(device_label(device, plan.memory, machine), device))
            bar.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            row.addWidget(bar, 1)
        return row

    def _on_clicked(self) -> None:
        self.plan_chosen.emit(self._plan)
