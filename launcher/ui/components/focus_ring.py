"""The focus ring: 2 px accent, 2 px off the control, only when the keyboard brought the focus."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from launcher.ui.theme import current

_REACH = 4  # 2 px gap and 2 px line
_KEYBOARD = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
_KEEP = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason, Qt.FocusReason.MenuBarFocusReason)


class FocusRing(QObject):
    """Watches one widget and draws the ring around it. Make one per focusable widget: `FocusRing(widget, radius)`."""

    def __init__(self, widget: QWidget, radius: float = 8.0, reach: int = _REACH) -> None:
        """Watch `widget`; the ring is freed with it.

        Args:
            widget: the control.
            radius: the control's own corner radius.
            reach: how far outside the control the ring ends; 0 draws it just inside (rows that fill their parent).
        """
        super().__init__(widget)
        self._widget = widget
        self._radius = radius
        self._reach = reach
        self._overlay: _Overlay | None = None
        self._by_keyboard = False
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow focus and geometry of the control and of what it sits in."""
        kind = event.type()
        if watched is self._widget and kind == QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
            if event.reason() not in _KEEP:
                self._by_keyboard = event.reason() in _KEYBOARD
            if self._by_keyboard:
                self._show()
        elif watched is self._widget and kind in (QEvent.Type.FocusOut, QEvent.Type.Hide):
            self._hide()
        elif kind in (QEvent.Type.Move, QEvent.Type.Resize) and self._overlay:
            self._place(self._overlay)
        return False

    def _host(self) -> QWidget:
        """The nearest ancestor that has room for the ring: it scrolls with the control and is not cut."""
        host = self._widget.parentWidget() or self._widget
        while not host.isWindow():
            outer = host.parentWidget()
            if outer is None or isinstance(outer, QAbstractScrollArea):
                break
            if host.rect().contains(self._rect_in(host)):
                break
            host = outer
        return host

    def _rect_in(self, host: QWidget) -> QRect:
        top_left = self._widget.mapTo(host, QPoint(0, 0))
        reach = self._reach
        return QRect(top_left, self._widget.size()).adjusted(-reach, -reach, reach, reach)

    def _show(self) -> None:
        self._hide()
        host = self._host()
        overlay = _Overlay(host, self._radius + self._reach)
        self._overlay = overlay
        step: QWidget | None = self._widget.parentWidget()
        while step is not None and step is not host:
            step.installEventFilter(self)
            step = step.parentWidget()
        self._place(overlay)
        overlay.show()
        overlay.raise_()

    def _place(self, overlay: _Overlay) -> None:
        host = overlay.parentWidget()
        if host is not None and host.isAncestorOf(self._widget):
            overlay.setGeometry(self._rect_in(host))

    def _hide(self) -> None:
        if self._overlay is None:
            return
        overlay, self._overlay = self._overlay, None
        host = overlay.parentWidget()
        step: QWidget | None = self._widget.parentWidget()
        while step is not None and step is not host:
            step.removeEventFilter(self)
            step = step.parentWidget()
        overlay.hide()
        overlay.deleteLater()


class _Overlay(QWidget):
    def __init__(self, host: QWidget, radius: float) -> None:
        super().__init__(host)
        self._radius = radius
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(current().accent), 2.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), self._radius - 1, self._radius - 1)
        painter.end()
