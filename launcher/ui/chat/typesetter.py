"""Formulas, code colours and the blocks of long texts for the chat, made in a worker thread and kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import QByteArray, QObject, QRectF, Signal
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from launcher.chat.blocks import Block, split
from launcher.chat.formulas import Formula, FormulaError, refusal, typeset
from launcher.chat.highlight import Span, spans
from launcher.services.tasks import TaskRunner

_KEPT_FORMULAS = 1500
_KEPT_LISTINGS = 200
_KEPT_TEXTS = 4
# Longer texts are taken apart in the worker: 100,000 tokens take a fifth of a second.
LONG_TEXT = 40_000
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class FormulaKey:
    """A formula as it is to look. `size_px` is the font size around it; `dpr` the device pixel ratio."""

    tex: str
    is_display: bool
    size_px: float
    colour: str
    dpr: float


@dataclass(frozen=True, slots=True)
class FormulaImage:
    """A picture of a formula; sizes in logical pixels, `ascent` above the baseline."""

    image: QImage
    width: float
    height: float
    ascent: float


@dataclass(frozen=True, slots=True)
class CodeKey:
    """A listing to colour."""

    language: str
    code: str


class _Kept(Generic[K, V]):
    """The newest results; None means that it cannot be done."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[K, V] = OrderedDict()
        self.pending: set[K] = set()

    def __contains__(self, key: K) -> bool:
        return key in self._values

    def get(self, key: K) -> V | None:
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key]

    def put(self, key: K, value: V) -> None:
        self.pending.discard(key)
        self._values[key] = value
        while len(self._values) > self._limit:
            self._values.popitem(last=False)


class Typesetter(QObject):
    """Asks a worker for pictures of formulas and colours of code; answers at once when it has them.

    Signals:
        formula_set(FormulaKey): `formula_image` knows the result now.
        code_coloured(CodeKey): `code_spans` knows the result now.
        text_split(str): `blocks_of` knows the blocks of this text now.
    """

    formula_set = Signal(object)
    code_coloured = Signal(object)
    text_split = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._formulas: _Kept[FormulaKey, FormulaImage | None] = _Kept(_KEPT_FORMULAS)
        self._listings: _Kept[CodeKey, tuple[Span, ...]] = _Kept(_KEPT_LISTINGS)
        self._texts: _Kept[str, tuple[Block, ...]] = _Kept(_KEPT_TEXTS)
        # One thread: formulas come in the order of reading, and the GUI thread keeps its share of the interpreter.
        self._tasks = TaskRunner("typesetter", self, serial=True)

    def close(self) -> None:
        """End the thread; nothing more will be set."""
        self._tasks.close()

    def has_formula(self, key: FormulaKey) -> bool:
        """Whether the result is known; asks for it otherwise, and `formula_set` follows."""
        if key in self._formulas:
            return True
        if refusal(key.tex):
            self._formulas.put(key, None)
            return True
        if key not in self._formulas.pending:
            self._formulas.pending.add(key)
            self._tasks.run(lambda: (key, _picture(key)), self._on_formula_done)
        return False

    def formula_image(self, key: FormulaKey) -> FormulaImage | None:
        """The picture; None when the source is to be shown instead."""
        return self._formulas.get(key)

    def code_spans(self, key: CodeKey) -> tuple[Span, ...] | None:
        """The colours; None while they are being made, and `code_coloured` follows."""
        if key in self._listings:
            return self._listings.get(key)
        if key not in self._listings.pending:
            self._listings.pending.add(key)
            self._tasks.run(lambda: (key, spans(key.language, key.code)), self._on_code_done)
        return None

    def blocks_of(self, text: str) -> tuple[Block, ...] | None:
        """The blocks of a long finished text; None while it is taken apart, and `text_split` follows."""
        if text in self._texts:
            return self._texts.get(text)
        if text not in self._texts.pending:
            self._texts.pending.add(text)
            self._tasks.run(lambda: (text, split(text)), self._on_text_done)
        return None

    def _on_text_done(self, result: tuple[str, tuple[Block, ...]]) -> None:
        text, blocks = result
        self._texts.put(text, blocks)
        self.text_split.emit(text)

    def _on_formula_done(self, result: tuple[FormulaKey, FormulaImage | None]) -> None:
        key, image = result
        self._formulas.put(key, image)
        self.formula_set.emit(key)

    def _on_code_done(self, result: tuple[CodeKey, tuple[Span, ...]]) -> None:
        key, found = result
        self._listings.put(key, found)
        self.code_coloured.emit(key)


def _picture(key: FormulaKey) -> FormulaImage | None:
    try:
        formula = typeset(key.tex, key.size_px, key.colour, key.is_display)
    except FormulaError:
        return None
    return _painted(formula, key.dpr)


def _painted(formula: Formula, dpr: float) -> FormulaImage:
    """Rendered through QtSvg into an image, which may be done in any thread."""
    width, height = max(1, round(formula.width * dpr)), max(1, round(formula.height * dpr))
    image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(formula.svg)).render(painter, QRectF(0, 0, width, height))
    painter.end()
    return FormulaImage(image, formula.width, formula.height, formula.ascent)
