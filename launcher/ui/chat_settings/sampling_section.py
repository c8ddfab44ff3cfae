"""How words are drawn: each value with the family's recommendation, and the way back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QWidget

from launcher.chat.chat_settings import SAMPLING_LIMITS, ChatSettings, SamplingChanges
from launcher.core.models import Sampling
from launcher.ui.chat_settings.number_row import NumberRow
from launcher.ui.chat_settings.section import ModelWords, Section
from launcher.ui.components import LinkButton, Text
from launcher.ui.theme import Role, Tone

_USUAL = ("temperature", "top_p", "top_k", "min_p", "repeat_penalty", "seed")


class SamplingSection(Section):
    """Sampling of this chat."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(self._section_title(), parent)
        self._reset = LinkButton(self.tr("Reset all"), self)
        self._reset.setAccessibleName(self.tr("Reset all sampling values"))
        self._reset.clicked.connect(self._on_reset)
        self.head.addWidget(self._reset)
        self._about = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        self.column.addWidget(self._about)
        self.rows: dict[str, NumberRow] = {}
        for name, (title, words) in self._titles().items():
            without = self.tr("random") if name == "seed" else ""
            row = NumberRow(title, SAMPLING_LIMITS[name], self, help_words=words, without=without)
            row.changed.connect(partial(self._on_changed, name))
            row.setVisible(name in _USUAL)
            self.rows[name] = row
        self._more = LinkButton(self.tr("More penalties"), self)
        self._more.set_icon_name("chevron-down")
        self._more.clicked.connect(self._on_more)
        for name in _USUAL:
            self.column.addWidget(self.rows[name])
        self.column.addWidget(self._more)
        for name, row in self.rows.items():
            if name not in _USUAL:
                self.column.addWidget(row)

    def show_settings(self, settings: ChatSettings, model: ModelWords) -> None:
        """Each value beside the recommended one."""
        super().show_settings(settings, model)
        changes, recommended = settings.sampling or SamplingChanges(), model.sampling or Sampling()
        for name, row in self.rows.items():
            row.show_value(getattr(changes, name), getattr(recommended, name))
            if getattr(changes, name) is not None and row.isHidden():
                self._on_more()
        self._show_reset()
        if model.sampling is not None:
            words = self.tr("Empty fields take the values recommended for {name}.").format(name=model.name)
        elif model.name:
            words = self.tr("Nothing is recommended for {name}; empty fields take general values.").format(
                name=model.name
            )
        else:
            words = self.tr("Empty fields take the values recommended for the model that answers.")
        self._about.set_text(words)

    def _section_title(self) -> str:
        return self.tr("Sampling")

    def _titles(self) -> dict[str, tuple[str, str]]:
        return {
            "temperature": (
                self.tr("Temperature"),
                self.tr("How freely words are drawn; 0 always takes the likeliest one."),
            ),
            "top_p": (
                self.tr("Top-p"),
                self.tr("Drawn from the likeliest words that together have this probability."),
            ),
            "top_k": (self.tr("Top-k"), self.tr("Drawn from so many of the likeliest words only; 0 is off.")),
            "min_p": (
                self.tr("Min-p"),
                self.tr("Words with less than this share of the likeliest one's probability are left out; 0 is off."),
            ),
            "repeat_penalty": (
                self.tr("Repeat penalty"),
                self.tr("Makes words that came before rarer; 1 is off."),
            ),
            "seed": (self.tr("Seed"), self.tr("The same seed and question give the same answer.")),
            "frequency_penalty": (
                self.tr("Frequency penalty"),
                self.tr("Makes words rarer by how often they came; 0 is off."),
            ),
            "presence_penalty": (
                self.tr("Presence penalty"),
                self.tr("Makes words rarer that came at all; 0 is off."),
            ),
            "penalty_tokens": (
                self.tr("Penalties look back"),
                self.tr("How many tokens the penalties look at; 0 is off."),
            ),
            "dry_multiplier": (
                self.tr("DRY strength"),
                self.tr("Makes sequences of words that came before rarer; 0 is off."),
            ),
            "dry_base": (self.tr("DRY growth"), self.tr("How the penalty grows with the length of the sequence.")),
            "dry_allowed_length": (
                self.tr("DRY free length"),
                self.tr("Sequences of so many tokens may be repeated freely."),
            ),
        }

    def _on_changed(self, name: str, value: float | None) -> None:
        self.edit(self.settings.with_sampling(name, value))
        self._show_reset()

    def _on_reset(self) -> None:
        for row in self.rows.values():
            row.reset()
        self.edit(replace(self.settings, sampling=None))
        self._show_reset()

    def _on_more(self) -> None:
        for row in self.rows.values():
            row.show()
        had_focus = self._more.hasFocus()
        self._more.hide()
        if had_focus:
            self.rows["frequency_penalty"].setFocus()

    def _show_reset(self) -> None:
        self._reset.setEnabled(self.settings.sampling is not None or any(r.draft for r in self.rows.values()))
