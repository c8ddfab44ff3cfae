"""What is dragged over the window: models, folders, links, texts, exported chats. While it hovers, the window says what dropping it does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from PySide6.QtCore import QEvent, QMimeData, QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from launcher.ui.components import frame
from launcher.ui.dropped import DropKind, kind_of, sorted_out
from launcher.ui.theme import Role, Tone, colour, current, font, line_height, paint_icon, px

_LINGER_MS = 200
_MAX_PATHS = 1000
_HUB_HOSTS = ("huggingface.co", "hf.co", "www.huggingface.co")


@dataclass(frozen=True, slots=True)
class Offer:
    """What is dragged: files and folders of this PC, or one link."""

    paths: tuple[str, ...] = ()
    link: str = ""


def offer_of(data: QMimeData) -> Offer | None:
    """What of a drag concerns the library; None for everything else (text for a field)."""
    paths = tuple(url.toLocalFile() for url in data.urls()[:_MAX_PATHS] if url.isLocalFile())
    if paths:
        return Offer(paths)
    text = data.urls()[0].toString() if data.hasUrls() else data.text() if data.hasText() else ""
    link = text.strip()
    return Offer(link=link) if _is_model_link(link) else None


def _is_model_link(text: str) -> bool:
    if any(c.isspace() for c in text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return False
    return parts.path.lower().endswith(".gguf") or (parts.hostname or "") in _HUB_HOSTS


class DropOverlay(QWidget):
    """Covers the window while something is dragged over it, and takes the drop.

    Signals:
        files_dropped(tuple[str, ...]): files and folders.
        link_dropped(str): an address.
    """

    files_dropped = Signal(object)
    link_dropped = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._offer: Offer | None = None
        self._linger = QTimer(self)
        self._linger.setSingleShot(True)
        self._linger.setInterval(_LINGER_MS)
        self._linger.timeout.connect(self.hide)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        window.installEventFilter(self)
        self.hide()

    def catch_from(self, page: QWidget) -> None:
        """Take files also from the fields of a page, which would write their paths; text stays theirs."""
        for widget in (page, *page.findChildren(QWidget)):
            if widget.acceptDrops():
                widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Files that enter the window, or a field in it."""
        if event.type() == QEvent.Type.DragEnter and isinstance(event, QDragEnterEvent):
            return self._enter(watched, event)
        if isinstance(watched, QWidget) and watched is self.parentWidget():
            if event.type() == QEvent.Type.DragLeave:
                self._linger.start()  # Qt also says so when the drag goes from the window to this overlay
            elif isinstance(event, QDropEvent) and event.type() == QEvent.Type.Drop:
                self.dropEvent(event)  # dropped before it was ever moved
                return True
            elif event.type() == QEvent.Type.Resize and self.isVisible():
                self.setGeometry(watched.rect())
        return False

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """It is over the overlay itself now."""
        self._linger.stop()
        event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Anywhere is right."""
        self._linger.stop()
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """It left the window."""
        self.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell what was dropped."""
        self.hide()
        offer = offer_of(event.mimeData())
        if offer is None:
            event.ignore()
            return
        # Never a move: the other program would delete the file.
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if offer.link:
            self.link_dropped.emit(offer.link)
        else:
            self.files_dropped.emit(offer.paths)

    def texts(self) -> tuple[str, str]:
        """What dropping does, in two lines."""
        offer = self._offer or Offer()
        if offer.link:
            return self.tr("Download from this link"), self.tr("You see what it is before anything is fetched.")
        if len(offer.paths) == 1:
            return self._texts_of_one(Path(offer.paths[0]))
        there = sorted_out(offer.paths)
        n = len(offer.paths)
        if len(there.library) == n:
            text = self.tr("Add {n} files to the library").format(n=n)
            return text, self.tr("They stay where they are.")
        if len(there.message) == n:
            text = self.tr("Attach {n} files to the message").format(n=n)
            return text, self.tr("Their text goes with your next message.")
        if len(there.chats) == n:
            text = self.tr("Import the chats of {n} files").format(n=n)
            return text, self.tr("Chats that are here already are not doubled.")
        how = self.tr("Models to the library, chats to the chats, texts to the message.")
        return self.tr("Take {n} files").format(n=n), how

    def _texts_of_one(self, path: Path) -> tuple[str, str]:
        kind, name = kind_of(str(path)), path.name
        if kind is DropKind.LIBRARY:
            if path.is_dir():
                return self.tr("Look for models in {name}").format(name=name), self.tr(
                    "Nothing in the folder is changed."
                )
            return self.tr("Add {name} to the library").format(name=name), self.tr("The file stays where it is.")
        if kind is DropKind.CHATS:
            text = self.tr("Import the chats of {name}").format(name=name)
            return text, self.tr("Chats that are here already are not doubled.")
        if kind is DropKind.UNREADABLE:
            text = self.tr("{name} cannot be attached").format(name=name)
            return text, self.tr("Text, source, Markdown, CSV, PDF and DOCX files can be attached.")
        how = {
            DropKind.TABLE: self.tr("The table goes as text with your next message."),
            DropKind.DOCUMENT: self.tr("Its text goes with your next message, without pictures."),
            DropKind.SOURCE: self.tr("The code goes with your next message."),
        }
        text = self.tr("Attach {name} to the message").format(name=name)
        return text, how.get(kind, self.tr("Its text goes with your next message."))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A veil, and a card with the words."""
        tokens = current()
        painter = QPainter(self)
        veil = QColor(tokens.window)
        veil.setAlphaF(0.88)
        painter.fillRect(self.rect(), veil)
        inner = QRectF(self.rect()).adjusted(px(16), px(16), -px(16), -px(16))
        frame(painter, inner, 12, None, tokens.accent, 2.0, dashed=True)
        what, how = self.texts()
        side, centre = px(32), inner.center()
        width = min(inner.width() - px(48), px(520))
        card = QRectF(centre.x() - width / 2, centre.y() - px(84), width, px(156))
        frame(painter, card, 12, tokens.surface, tokens.border)
        icon = QRectF(centre.x() - side / 2, centre.y() - px(56), side, side)
        paint_icon(painter, "arrow-down-to-line", Tone.ACCENT, icon)
        top = icon.bottom() + px(12)
        for text, role, tone in ((what, Role.FIGURE, Tone.TEXT), (how, Role.BODY, Tone.MUTED)):
            height = line_height(role)
            painter.setFont(font(role))
            painter.setPen(colour(tone))
            area = card.adjusted(px(24), 0, -px(24), 0)
            area.setTop(top)
            area.setHeight(height)
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, round(area.width()))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, shown)
            top += height + px(4)
        painter.end()

    def _enter(self, watched: QObject, event: QDragEnterEvent) -> bool:
        offer = offer_of(event.mimeData())
        is_window = watched is self._window
        if offer is None or (offer.link and not is_window):
            return False
        if not is_window:
            event.ignore()  # goes on to the window
            return True
        self._linger.stop()
        self._offer = offer
        self.setAccessibleName(" ".join(self.texts()))
        self.setGeometry(self._window.rect())
        self.show()
        self.raise_()
        self.update()
        event.acceptProposedAction()
        return True
