"""Thinking and how long thoughts and answers may become."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QHBoxLayout, QWidget

from launcher.chat.chat_settings import BUDGET_LIMIT, TOKENS_LIMIT, ChatSettings
from launcher.ui.chat.states import ThinkingMode
from launcher.ui.chat_settings.number_row import NumberRow
from launcher.ui.chat_settings.section import ModelWords, Section
from launcher.ui.components import Text, ToggleSwitch, show_checked
from launcher.ui.theme import Role, Tone


class LengthSection(Section):
    """Switch, longest thought, longest answer."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(self._section_title(), parent)
        self._row = QWidget(self)
        row = QHBoxLayout(self._row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(Text(self.tr("Think before answering"), Role.BODY, parent=self._row), 1)
        self._switch = ToggleSwitch(self.tr("Think before answering"), self._row)
        self._switch.toggled.connect(self._on_toggled)
        row.addWidget(self._switch)
        self._reason = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        no_limit = self.tr("no limit")
        self.budget = NumberRow(
            self.tr("Longest thought, tokens"),
            BUDGET_LIMIT,
            self,
            help_words=self.tr("The thought is closed after so many tokens, and the answer begins."),
            without=no_limit,
        )
        self.most = NumberRow(
            self.tr("Longest answer, tokens"),
            TOKENS_LIMIT,
            self,
            help_words=self.tr("The answer, with its thought, ends after so many tokens; it can be continued then."),
            without=no_limit,
        )
        self.budget.changed.connect(self._on_budget_changed)
        self.most.changed.connect(self._on_most_changed)
        for part in (self._row, self._reason, self.budget, self.most):
            self.column.addWidget(part)

    def show_settings(self, settings: ChatSettings, model: ModelWords) -> None:
        """The switch only where the model thinks."""
        super().show_settings(settings, model)
        mode = model.thinking
        thinks = mode is not ThinkingMode.NEVER
        self._row.setVisible(thinks)
        reasons = {
            ThinkingMode.ALWAYS: self.tr("always on for this model"),
            ThinkingMode.NEVER: self.tr("This model does not think first."),
        }
        reason = reasons.get(mode, "") if mode is not None else ""
        self._switch.set_locked(reason if mode is ThinkingMode.ALWAYS else "")
        show_checked(self._switch, mode is ThinkingMode.ALWAYS or settings.thinking is not False)
        self._reason.set_text(reason)
        self._reason.setVisible(bool(reason))
        is_off = mode is ThinkingMode.SWITCH and settings.thinking is False
        self.budget.setVisible((thinks and not is_off) or bool(self.budget.draft))
        self.budget.show_value(settings.thinking_budget, None)
        self.most.show_value(settings.max_tokens, None)

    def _section_title(self) -> str:
        return self.tr("Thinking and length")

    def _on_toggled(self, is_on: bool) -> None:
        self.edit(replace(self.settings, thinking=is_on))

    def _on_budget_changed(self, value: int | None) -> None:
        self.edit(replace(self.settings, thinking_budget=value))

    def _on_most_changed(self, value: int | None) -> None:
        self.edit(replace(self.settings, max_tokens=value))
