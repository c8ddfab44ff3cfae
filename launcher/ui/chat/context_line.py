"""The context meter under the composer: how much is used, what is inside, what was cut."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from launcher.chat.context_policy import ContextPolicy
from launcher.chat.conversation import Summary
from launcher.chat.turns import ContextUse
from launcher.core.units import whole
from launcher.ui.chat.policy_button import PolicyButton
from launcher.ui.components import ElidedLabel, Run, Text
from launcher.ui.theme import Role, Tone, current, px

_BAR_WIDTH, _BAR_MIN_WIDTH, _BAR_HEIGHT = 104, 32, 8
_HEIGHT = 28  # of something to click on


class ContextLine(QWidget):
    """One line of words with a bar, and at its end what was cut: a button with what is to happen when the context is full.

    Signals:
        policy_chosen(ContextPolicy): an entry of the button's menu.
    """

    policy_chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._used = Text("", Role.SMALL, Tone.MUTED, self)
        self._used.setSizePolicy(
            QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred
        )  # where it is narrow the rest gives way
        self._bar = _Bar(self)
        self._parts = ElidedLabel("", Role.SMALL, Tone.MUTED, self)
        self._policy = PolicyButton(self)
        self._policy.policy_chosen.connect(self.policy_chosen)
        row = QHBoxLayout(self)
        row.setContentsMargins(px(4), 0, 0, 0)
        row.setSpacing(px(10))
        row.addWidget(self._used)
        row.addWidget(self._bar)
        row.addWidget(self._parts, 1)
        row.addWidget(self._policy)
        self.setFixedHeight(px(_HEIGHT))
        self.set_use(None, 0)

    def set_policy(self, policy: ContextPolicy) -> None:
        """What happens when the context is full."""
        self._policy.set_policy(policy)

    def set_use(self, use: ContextUse | None, cut: int, summary: Summary | None = None) -> None:
        """Show what is inside; None while no model is loaded.

        Args:
            use: tokens by part.
            cut: how many of the oldest messages are not sent word for word.
            summary: goes in place of the first of them.
        """
        for widget in (self._used, self._bar, self._parts, self._policy):
            widget.setVisible(use is not None)
        if use is None:
            self.setAccessibleName("")
            return
        about = self.tr("about ") if use.estimated else ""
        head, tail = self.tr("Context"), self.tr("of {total}").format(total=whole(use.total_tokens))
        self._used.set_text(
            [
                Run(f"{head} {about}", Role.SMALL, Tone.MUTED),
                Run(whole(use.used_tokens), Role.SMALL_STRONG, Tone.TEXT),
                Run(f" {tail}", Role.SMALL, Tone.MUTED),
            ]
        )
        parts = self._part_words(use)
        self._parts.set_text(" · ".join(parts))
        left_out = self._cut_words(cut, summary)
        self._policy.set_words(left_out, has_cut=bool(cut))
        self._bar.set_use(use)
        kept = (
            self.tr("{count} tokens are kept free for the next answer.").format(count=whole(use.answer_tokens))
            if use.answer_tokens
            else ""
        )
        self.setToolTip(kept)
        self.setAccessibleName(f"{self._used.text()}: {', '.join(parts)}. {left_out}. {kept}".strip())

    def changeEvent(self, event: QEvent) -> None:
        """A new text size."""
        if event.type() == QEvent.Type.StyleChange:
            self.setFixedHeight(px(_HEIGHT))
        super().changeEvent(event)

    def _cut_words(self, cut: int, summary: Summary | None) -> str:
        summarised = summary.n_messages if summary is not None else 0
        if not cut:
            return self.tr("Nothing cut")
        if not summarised:
            return self.tr("{count} oldest messages cut").format(count=whole(cut))
        if cut > summarised:
            return self.tr("{count} summarised, {cut} cut").format(count=whole(summarised), cut=whole(cut - summarised))
        return self.tr("{count} oldest messages summarised").format(count=whole(summarised))

    def _part_words(self, use: ContextUse) -> list[str]:
        words: list[str] = []
        if use.system_tokens:
            words.append(self.tr("{count} system").format(count=whole(use.system_tokens)))
        words.append(self.tr("{count} chat").format(count=whole(use.chat_tokens)))
        if use.thinking_tokens:
            words.append(
                self.tr("{count} thinking, dropped after each answer").format(count=whole(use.thinking_tokens))
            )
        return words


class _Bar(QWidget):
    """System and chat in accent, thinking hatched."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._use = ContextUse(1)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def set_use(self, use: ContextUse) -> None:
        self._use = use
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(px(_BAR_WIDTH), px(_BAR_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return QSize(px(_BAR_MIN_WIDTH), px(_BAR_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, use = current(), self._use
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        radius = area.height() / 2
        clip = QPainterPath()
        clip.addRoundedRect(area, radius, radius)
        painter.setClipPath(clip)
        painter.fillRect(area, QColor(tokens.surface))
        x = 0.0
        for count, is_hatched in ((use.system_tokens + use.chat_tokens, False), (use.thinking_tokens, True)):
            if not count:
                continue
            # At least 3 px, as every bar of the design.
            width = max(3.0, count / max(1, use.total_tokens) * area.width())
            painter.fillRect(QRectF(x, 0, width, area.height()), QColor(tokens.accent))
            if is_hatched:
                painter.setPen(QPen(QColor(tokens.surface), 1))
                at = x + 1.5
                while at < x + width:
                    painter.drawLine(round(at), 0, round(at), self.height())
                    at += 3
            x += width
        painter.setClipping(False)
        painter.setPen(QPen(QColor(tokens.outline), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), radius - 0.5, radius - 0.5)
        painter.end()
