"""Text with the roles and tones of the theme, exact line heights, wrapping and eliding.

A QLabel underneath, so screen readers and tests see an ordinary label with its plain text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from launcher.ui.theme import Role, Tone, colour, font, line_height

_MOST_WIDTHS = 8

if TYPE_CHECKING:
    from PySide6.QtGui import QColor


class Run(NamedTuple):
    """A piece of text in one role and tone."""

    text: str
    role: Role = Role.BODY
    tone: Tone = Tone.TEXT


class Text(QLabel):
    """One or more runs of text; wraps when asked, otherwise one line that can elide."""

    def __init__(
        self,
        text: str | Sequence[Run] = "",
        role: Role = Role.BODY,
        tone: Tone = Tone.TEXT,
        parent: QWidget | None = None,
        *,
        wrap: bool = False,
        elide: Qt.TextElideMode = Qt.TextElideMode.ElideNone,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
        max_lines: int = 0,
    ) -> None:
        """Make a label.

        Args:
            text: plain text in `role` and `tone`, or runs with their own.
            role: size and weight of plain text.
            tone: colour of plain text.
            parent: as for any widget.
            wrap: break lines at the width given by the layout.
            elide: where one line that does not fit is cut; ElideNone makes the whole line the minimum width.
            align: left, right or centre.
            max_lines: with `wrap`, the most lines shown (the last one elides); 0 shows all.
        """
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._role, self._tone = role, tone
        self._runs: tuple[Run, ...] = ()
        # Layouts ask again and again: lines by width in px, width and height of one line.
        self._line_counts: dict[int, int] = {}
        self._line_width_px: int | None = None
        self._line_height_px: int | None = None
        self._wraps, self._elide, self._align, self._max_lines = wrap, elide, align, max_lines
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        if wrap:
            policy.setVerticalPolicy(QSizePolicy.Policy.Preferred)
            policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.set_text(text)

    def set_text(self, text: str | Sequence[Run]) -> None:
        """Replace the text; nothing happens when it is the same."""
        runs = (Run(text, self._role, self._tone),) if isinstance(text, str) else tuple(text)
        if runs == self._runs:
            return
        self._runs = runs
        self._forget_sizes()
        super().setText("".join(run.text for run in runs))
        self.updateGeometry()
        self.update()

    def set_tone(self, tone: Tone) -> None:
        """Give all runs another tone."""
        self._tone = tone
        self.set_text([Run(run.text, run.role, tone) for run in self._runs])

    def set_role(self, role: Role) -> None:
        """Give all runs another size."""
        self._role = role
        self.set_text([Run(run.text, role, run.tone) for run in self._runs])

    def sizeHint(self) -> QSize:
        """The whole text on one line, or a readable width for wrapped text."""
        width = self._natural_width()
        if self._wraps:
            width = min(width, 320 if self._max_lines != 1 else width)
            return QSize(width, self.heightForWidth(width))
        return QSize(width, self._line_height())

    def minimumSizeHint(self) -> QSize:
        """Wrapped and elided text may shrink; a plain line may not."""
        if self._wraps:
            return QSize(self._widest_word(), self._line_height())
        if self._elide != Qt.TextElideMode.ElideNone:
            few_letters = _ceil(QFontMetricsF(font(self._role)).averageCharWidth() * 6)
            return QSize(min(self._natural_width(), few_letters), self._line_height())
        return QSize(self._natural_width(), self._line_height())

    def hasHeightForWidth(self) -> bool:
        """Only wrapped text."""
        return self._wraps

    def heightForWidth(self, width: int) -> int:
        """Lines needed at that width times the line height."""
        margins = self.contentsMargins()
        inner = width - margins.left() - margins.right()
        lines = self._line_count(inner) if self._wraps else 1
        if self._max_lines:
            lines = min(lines, self._max_lines)
        return max(1, lines) * self._line_height() + margins.top() + margins.bottom()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the runs on the role's line grid."""
        if not self.text():
            return
        painter = QPainter(self)
        painter.setPen(self._ink(self._runs[0]))
        if self._wraps:
            self._paint_wrapped(painter)
        else:
            self._paint_line(painter)
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        """A new text size changes the geometry."""
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._forget_sizes()
            self.updateGeometry()
        super().changeEvent(event)

    def _forget_sizes(self) -> None:
        self._line_counts.clear()
        self._line_width_px = self._line_height_px = None

    def _line_count(self, width: int) -> int:
        if not self.text():
            return 1
        count = self._line_counts.get(width)
        if count is None:
            if len(self._line_counts) >= _MOST_WIDTHS:  # the window is being resized
                self._line_counts.clear()
            count = self._line_counts[width] = self._layout(float(width)).lineCount()
        return count

    def _line_height(self) -> int:
        if self._line_height_px is None:
            self._line_height_px = max((line_height(run.role) for run in self._runs), default=line_height(self._role))
        return self._line_height_px

    def _natural_width(self) -> int:
        if self._line_width_px is None:
            runs = [run for run in self._runs if run.text]
            self._line_width_px = _ceil(sum(QFontMetricsF(font(run.role)).horizontalAdvance(run.text) for run in runs))
        return self._line_width_px

    def _widest_word(self) -> int:
        widths = [
            QFontMetricsF(font(run.role)).horizontalAdvance(word) for run in self._runs for word in run.text.split()
        ]
        return min(_ceil(max(widths, default=0.0)), 160)

    def _layout(self, width: float, runs: tuple[Run, ...] | None = None) -> QTextLayout:
        runs = self._runs if runs is None else runs
        text = "".join(run.text for run in runs)
        if self._wraps:
            text = text.replace("\n", "\u2028")  # what a QTextLayout takes for the end of a line
        layout = QTextLayout(text, font(runs[0].role if runs else self._role))
        option = QTextOption()
        option.setWrapMode(
            QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere if self._wraps else QTextOption.WrapMode.NoWrap
        )
        layout.setTextOption(option)
        if len(runs) > 1:  # one alone has the layout's font and the painter's pen
            layout.setFormats(self._formats(runs))
        layout.beginLayout()
        height, y = self._line_height(), 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(1.0, width))
            # Centred in the role's line height, with baselines on whole pixels.
            top = round(y + (height - line.height()) / 2)
            line.setPosition(QPointF(self._left(width, line.naturalTextWidth()), top))
            y += height
        layout.endLayout()
        return layout

    def _ink(self, run: Run) -> QColor:
        return colour(run.tone if self.isEnabled() else Tone.MUTED)

    def _formats(self, runs: tuple[Run, ...]) -> list[QTextLayout.FormatRange]:
        from PySide6.QtGui import QTextCharFormat  # the first frame has texts of one run only

        ranges: list[QTextLayout.FormatRange] = []
        start = 0
        for run in runs:
            piece = QTextLayout.FormatRange()
            # QTextLayout counts UTF-16 units.
            length = len(run.text.encode("utf-16-le", "surrogatepass")) // 2
            shape = QTextCharFormat()
            shape.setFont(font(run.role))
            shape.setForeground(self._ink(run))
            # PySide's stubs show these two as attributes of the C++ struct.
            piece.start, piece.length, piece.format = start, length, shape
            ranges.append(piece)
            start += length
        return ranges

    def _left(self, width: float, used: float) -> float:
        if self._align & Qt.AlignmentFlag.AlignRight:
            return max(0.0, width - used)
        if self._align & Qt.AlignmentFlag.AlignHCenter:
            return max(0.0, (width - used) / 2)
        return 0.0

    def _paint_line(self, painter: QPainter) -> None:
        area: QRect = self.contentsRect()
        runs = self._runs
        if self._elide != Qt.TextElideMode.ElideNone and self._natural_width() > area.width():
            runs = self._elided(area.width())
        top = area.top() + (area.height() - self._line_height()) // 2
        self._layout(float(area.width()), runs).draw(painter, QPointF(area.left(), top))

    def _elided(self, width: int) -> tuple[Run, ...]:
        """Cut the longest run; the others stay whole as long as they can."""
        runs = list(self._runs)
        room = float(width)
        order = sorted(range(len(runs)), key=lambda i: len(runs[i].text))
        for i in order:
            metrics = QFontMetricsF(font(runs[i].role))
            text = metrics.elidedText(runs[i].text, self._elide, max(0.0, room))
            runs[i] = Run(text, runs[i].role, runs[i].tone)
            room -= metrics.horizontalAdvance(text)
        return tuple(runs)

    def _paint_wrapped(self, painter: QPainter) -> None:
        area = self.contentsRect()
        layout = self._layout(float(area.width()))
        if not self._max_lines or layout.lineCount() <= self._max_lines:
            layout.draw(painter, QPointF(area.topLeft()))
            return
        cut = layout.lineAt(self._max_lines - 1)
        units = self.text().encode("utf-16-le", "surrogatepass")
        rest = units[cut.textStart() * 2 :].decode("utf-16-le", "ignore")
        metrics = QFontMetricsF(font(self._runs[0].role))
        shown = metrics.elidedText(rest, Qt.TextElideMode.ElideRight, area.width())
        head = units[: cut.textStart() * 2].decode("utf-16-le", "ignore")
        run = self._runs[0]
        self._layout(float(area.width()), (Run(head + shown, run.role, run.tone),)).draw(
            painter, QPointF(area.topLeft())
        )


class ElidedLabel(Text):
    """One line that shows "…" where it does not fit; the whole text is in the tool tip."""

    def __init__(
        self,
        text: str | Sequence[Run] = "",
        role: Role = Role.BODY,
        tone: Tone = Tone.TEXT,
        parent: QWidget | None = None,
        *,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(text, role, tone, parent, elide=mode)

    def set_text(self, text: str | Sequence[Run]) -> None:
        """Replace the text."""
        super().set_text(text)
        self.setToolTip(self.text())


class SkeletonText(Text):
    """Shows "…" in muted until a value is known."""

    def __init__(self, role: Role = Role.BODY, tone: Tone = Tone.TEXT, parent: QWidget | None = None) -> None:
        super().__init__([Run("…", role, Tone.MUTED)], role, tone, parent)

    def set_pending(self) -> None:
        """Back to "…"."""
        self.set_text([Run("…", self._role, Tone.MUTED)])


def _ceil(width: float) -> int:
    return int(-(-width // 1))
