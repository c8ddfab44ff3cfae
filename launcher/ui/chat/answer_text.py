"""The text of an answer: Markdown, or a listing where the whole answer is JSON, as one is that follows a schema."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from launcher.chat.json_text import OPENING, as_listing, is_json, may_be_json
from launcher.ui.chat.answer_body import AnswerBody
from launcher.ui.chat.text_spot import TextPart
from launcher.ui.chat.typesetter import Typesetter

_SURE_FROM = 80  # characters after which a growing text is not looked at again before its end


class AnswerText(AnswerBody):
    """While it grows its beginning decides; once it is whole it is a listing only if it is JSON."""

    def __init__(self, typesetter: Typesetter, parent: QWidget) -> None:
        super().__init__(typesetter, parent)
        self._text = ""
        self._is_listing = False

    def set_text(self, text: str, is_final: bool) -> None:
        """Show another text from the beginning."""
        self._text = text
        self._is_listing = is_json(text) if is_final else may_be_json(text)
        super().set_text(as_listing(text, is_whole=is_final) if self._is_listing else text, is_final)

    def append(self, text: str) -> None:
        """More of the answer."""
        is_sure = len(self._text) >= _SURE_FROM
        self._text += text
        if is_sure or may_be_json(self._text) == self._is_listing:
            super().append(text)
        else:
            self.set_text(self._text, is_final=False)

    def finish(self) -> None:
        """The answer is complete: JSON that came on one line is laid out."""
        if self._is_listing or is_json(self._text):
            self.set_text(self._text, is_final=True)
        else:
            super().finish()

    def text_part(self, area: int, at: int, top: int) -> TextPart:
        """Of a listing the characters are those of its lines (see `json_text.as_shown`)."""
        before = len(OPENING) if self._is_listing else 0
        part = super().text_part(area, at + before, top)
        return part._replace(start=part.start - before)
