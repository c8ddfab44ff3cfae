"""The form of answers: free text, or JSON of a schema that is checked while it is written."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from launcher.chat.chat_settings import ChatSettings
from launcher.core.errors import UserError
from launcher.core.words import known
from launcher.ui.chat_settings.section import ModelWords, Section
from launcher.ui.chat_settings.text_area import TextArea
from launcher.ui.components import ButtonSize, LinkButton, Text
from launcher.ui.theme import Role, Tone

_ANY = "{}"
_EXAMPLE = """{
  "type": "object",
  "properties": {
    "title": {"type": "string"},
    "year": {"type": "integer", "minimum": 1800, "maximum": 2100},
    "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 5}
  },
  "required": ["title", "year"]
}"""


class SchemaSection(Section):
    """A field for a JSON schema and what is to be said about it.

    Signals:
        check_wanted(str): say by `show_checked` whether this text can be used.
    """

    check_wanted = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(self._section_title(), parent)
        self._status = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        self.area = TextArea(self.tr("JSON schema of answers"), Role.MONO_SMALL, 8, self)
        self.area.set_placeholder(self.tr("No schema: answers are free text"))
        self.area.typed.connect(self._on_typed)
        self.area.taken.connect(self._on_taken)
        row = QHBoxLayout()
        row.setSpacing(0)
        for words, on_clicked in (
            (self.tr("Any JSON"), self._on_any),
            (self.tr("Example"), self._on_example),
            (self.tr("No schema"), self._on_none),
        ):
            button = LinkButton(words, self, size=ButtonSize.SMALL)
            button.clicked.connect(on_clicked)
            row.addWidget(button)
        row.addStretch(1)
        for part in (self.area, self._status):
            self.column.addWidget(part)
        self.column.addLayout(row)

    def show_settings(self, settings: ChatSettings, model: ModelWords) -> None:
        """The schema in force, or the draft with what is wrong with it."""
        super().show_settings(settings, model)
        if self.area.is_being_written:
            return
        text = settings.json_schema_draft or settings.json_schema
        is_other = text != self.area.text
        if not settings.json_schema_draft or is_other:
            self.area.show_text(text)
        if not settings.json_schema_draft:
            self._say_in_force()
        elif is_other:
            self._check()

    def show_checked(self, text: str, problem: UserError | None) -> None:
        """What the check found; one of a text that was changed since is of no use."""
        if text != self.area.text or not text.strip():
            return
        if problem is None:
            self.edit(replace(self.settings, json_schema=text, json_schema_draft=""))
            self._say_in_force()
            return
        self.edit(replace(self.settings, json_schema="", json_schema_draft=text))
        not_sent = self.tr("Nothing is sent until it is right, or removed.")
        self._say(f"{known(problem.why)} {not_sent}", Tone.BAD)

    def flush(self) -> None:
        """Keep what is being written, right or wrong."""
        self.area.flush()

    def _section_title(self) -> str:
        return self.tr("JSON answers")

    def _on_typed(self, text: str) -> None:
        """From the first key on the former schema does not hold any more."""
        if text.strip() and not self.settings.json_schema_draft:
            self.edit(replace(self.settings, json_schema="", json_schema_draft=text))
        self._say(self.tr("Checking…") if text.strip() else "", Tone.MUTED)

    def _on_taken(self, text: str) -> None:
        if not text.strip():
            self.edit(replace(self.settings, json_schema="", json_schema_draft=""))
            self._say_in_force()
            return
        self.edit(replace(self.settings, json_schema="", json_schema_draft=text))
        self._check()

    def _check(self) -> None:
        self._say(self.tr("Checking…"), Tone.MUTED)
        self.check_wanted.emit(self.area.text)

    def _say_in_force(self) -> None:
        schema = self.settings.json_schema.strip()
        if not schema:
            self._say("", Tone.MUTED)
        elif schema == _ANY:
            self._say(self.tr("Answers are JSON of any form."), Tone.GOOD)
        else:
            self._say(self.tr("Answers are JSON that follows this schema."), Tone.GOOD)

    def _say(self, words: str, tone: Tone) -> None:
        self._status.set_text(words)
        self._status.set_tone(tone)
        self._status.setVisible(bool(words))
        self.area.set_description(words)

    def _on_any(self) -> None:
        self.area.set_text(_ANY)

    def _on_example(self) -> None:
        self.area.set_text(_EXAMPLE)

    def _on_none(self) -> None:
        self.area.set_text("")
