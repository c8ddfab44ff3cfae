"""The status bar: what the engine is doing, with which model, where; at the right the live figures. Never two lines."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from launcher.core.units import MIB, gib, rate, whole
from launcher.ui.components import Divider, Dot, ElidedLabel, Text
from launcher.ui.theme import Role, Tone, current, px


class EngineState(Enum):
    """What the engine is doing."""

    EMPTY = "empty"
    LOADING = "loading"
    READY = "ready"
    ANSWERING = "answering"
    STOPPED = "stopped"


_TONES = {
    EngineState.EMPTY: Tone.MUTED,
    EngineState.LOADING: Tone.ACCENT,
    EngineState.READY: Tone.GOOD,
    EngineState.ANSWERING: Tone.ACCENT,
    EngineState.STOPPED: Tone.BAD,
}


class StatusBar(QWidget):
    """One line of 30 px at the bottom of the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Status"))
        self.setFixedHeight(px(30))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 1, 16, 0)
        row.setSpacing(16)
        self._dot = Dot(Tone.MUTED, self)
        self._state = Text("", Role.SMALL_STRONG, parent=self)
        self._model = ElidedLabel("", Role.SMALL, Tone.MUTED, self, mode=Qt.TextElideMode.ElideMiddle)
        self._rate = Text("", Role.SMALL, Tone.MUTED, self)
        self._divider = Divider(self, vertical=True)
        self._divider.setFixedHeight(px(14))
        self._context = Text("", Role.SMALL, Tone.MUTED, self)
        self._memory = Text("", Role.SMALL, Tone.MUTED, self)
        self._downloads = Text("", Role.SMALL, Tone.MUTED, self)
        self._downloads_divider = Divider(self, vertical=True)
        self._downloads_divider.setFixedHeight(px(14))
        self._notes = (Text("", Role.SMALL, Tone.MUTED, self), Text("", Role.SMALL, Tone.MUTED, self))
        self._note_divider = Divider(self, vertical=True)
        self._note_divider.setFixedHeight(px(14))
        row.addWidget(self._dot)
        row.addWidget(self._state)
        row.addWidget(self._model, 1)
        notes = (self._notes[0], self._note_divider, self._notes[1])
        for widget in (self._rate, self._divider, self._context, self._memory, *notes):
            row.addWidget(widget)
        row.addWidget(self._downloads_divider)
        row.addWidget(self._downloads)
        self.set_state(EngineState.EMPTY)
        self.set_rate(None)
        self.set_context(None, None)

    def set_state(self, state: EngineState, words: str = "") -> None:
        """Show what the engine is doing; `words` adds a figure ("Loading, 40 %")."""
        names = {
            EngineState.EMPTY: self.tr("No model loaded"),
            EngineState.LOADING: self.tr("Loading"),
            EngineState.READY: self.tr("Ready"),
            EngineState.ANSWERING: self.tr("Answering"),
            EngineState.STOPPED: self.tr("Stopped"),
        }
        self._dot.set_tone(_TONES[state])
        self._state.set_text(words or names[state])

    def set_model(self, words: str) -> None:
        """The model and its placement in words, or what the engine is when nothing is loaded."""
        self._model.set_text(words)

    def set_rate(self, tokens_s: float | None) -> None:
        """Speed of the answer that is being made; None hides it."""
        self._rate.set_text("" if tokens_s is None else self.tr("{rate} tokens/s").format(rate=rate(tokens_s)))
        self._arrange()

    def set_context(self, used: int | None, total: int | None) -> None:
        """Tokens in the context of the loaded model; None hides it."""
        words = ""
        if used is not None and total is not None:
            words = self.tr("context {used} of {total}").format(used=whole(used), total=whole(total))
        self._context.set_text(words)
        self._arrange()

    def set_app_memory(self, ram_bytes: int | None, vram_bytes: int | None = None) -> None:
        """What the window itself takes; shown while no model is loaded."""
        parts: list[str] = []
        if vram_bytes is not None:
            size = "0 B" if vram_bytes == 0 else gib(vram_bytes)
            parts.append(self.tr("{size} of video memory").format(size=size))
        if ram_bytes is not None:
            parts.append(self.tr("{size} of RAM").format(size=f"{ram_bytes / MIB:.0f} MiB"))
        self._memory.set_text(self.tr("This app uses {parts}").format(parts=" · ".join(parts)) if parts else "")
        self._arrange()

    def set_notes(self, first: str = "", second: str = "") -> None:
        """What the page shown says about its figures ("Plan 1.4 ms"), in the place of the app's memory; "" for none."""
        for text, words in zip(self._notes, (first, second), strict=True):
            text.set_text(words)
        self._arrange()

    def set_downloads(self, words: str) -> None:
        """What is being fetched ("2 downloads, 65.0 MB/s"); "" hides it."""
        self._downloads.set_text(words)
        self._arrange()

    def _arrange(self) -> None:
        has_rate, has_context = bool(self._rate.text()), bool(self._context.text())
        has_notes = [bool(text.text()) and not has_rate and not has_context for text in self._notes]
        for text, is_shown in zip(self._notes, has_notes, strict=True):
            text.setVisible(is_shown)
        self._note_divider.setVisible(all(has_notes))
        self._rate.setVisible(has_rate)
        self._context.setVisible(has_context)
        self._divider.setVisible(has_rate and has_context)
        has_downloads = bool(self._downloads.text())
        self._downloads.setVisible(has_downloads)
        self._downloads_divider.setVisible(has_downloads and (has_rate or has_context or any(has_notes)))
        is_memory_alone = not (has_rate or has_context or has_downloads or any(has_notes))
        self._memory.setVisible(is_memory_alone and bool(self._memory.text()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line at the top."""
        painter = QPainter(self)
        painter.fillRect(0, 0, self.width(), 1, QColor(current().border))
        painter.end()
