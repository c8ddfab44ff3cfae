"""The disk that models are on: a bar in accent and grey (memory colours are for memory), and its figures in GB."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from launcher.core.machine import Disk
from launcher.core.units import GB, gb, rounded_parts
from launcher.core.words import listed, say
from launcher.ui.components import ButtonSize, Card, Divider, FlowLayout, LinkButton, SecondaryButton, Text
from launcher.ui.theme import Role, Tone, current, px


class Share(Enum):
    """A part of the disk, in the order of the bar."""

    MODELS = "models"
    RESERVED = "reserved"
    OTHER = "other"
    FREE = "free"


def disk_shares(disk: Disk, models_bytes: int, reserved_bytes: int) -> dict[Share, int]:
    """Bytes by part; they add up to the disk, or to what is known of it."""
    reserved = min(max(0, reserved_bytes), disk.free_bytes)
    other = 0 if disk.total_bytes is None else max(0, disk.total_bytes - disk.free_bytes - models_bytes)
    return {
        Share.MODELS: models_bytes,
        Share.RESERVED: reserved,
        Share.OTHER: other,
        Share.FREE: disk.free_bytes - reserved,
    }


def _paint_share(painter: QPainter, share: Share, area: QRectF) -> None:
    tokens = current()
    painter.save()
    painter.setClipRect(area, Qt.ClipOperation.IntersectClip)
    if share in (Share.MODELS, Share.RESERVED):
        painter.fillRect(area, QColor(tokens.accent))
    else:
        painter.fillRect(area, QColor(tokens.surface))
    if share is Share.RESERVED:
        x = area.left() + 2
        while x < area.right():
            painter.fillRect(QRectF(x, area.top(), 2, area.height()), QColor(tokens.surface))
            x += 4
    elif share is Share.OTHER:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.other_programs), 1.8))
        x = area.left() - area.height()
        while x < area.right():
            painter.drawLine(QPointF(x, area.top()), QPointF(x + area.height(), area.bottom()))
            x += 6.1
    painter.restore()


def _outline(painter: QPainter, area: QRectF, radius: float) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(current().outline), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)


class DiskBar(QWidget):
    """All parts in one bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shares: dict[Share, int] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_shares(self, shares: dict[Share, int], sentence: str) -> None:
        """Show parts; the sentence is for screen readers and the tool tip."""
        self._shares = shares
        self.setAccessibleName(sentence)
        self.setToolTip(sentence)
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(120, px(22))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Parts of at least 3 px, then the outline."""
        painter = QPainter(self)
        area = QRectF(self.rect())
        clip = QPainterPath()
        clip.addRoundedRect(area, 5, 5)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipPath(clip)
        painter.fillRect(area, QColor(current().surface))
        total = max(1, sum(self._shares.values()))
        x = area.left()
        for share, size in self._shares.items():
            if not size or share is Share.FREE:
                continue
            right = min(area.right(), x + max(3.0, size / total * area.width()))
            _paint_share(painter, share, QRectF(x, area.top(), right - x, area.height()))
            painter.fillRect(QRectF(right - 0.5, area.top(), 1, area.height()), QColor(current().surface))
            x = right
        painter.restore()
        _outline(painter, area, 5)
        painter.end()


class _Swatch(QWidget):
    def __init__(self, share: Share, parent: QWidget) -> None:
        super().__init__(parent)
        self._share = share
        self.setFixedSize(px(14), px(14))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = QRectF(self.rect())
        clip = QPainterPath()
        clip.addRoundedRect(area, 3, 3)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipPath(clip)
        _paint_share(painter, self._share, area)
        painter.restore()
        if self._share in (Share.OTHER, Share.FREE):
            _outline(painter, area, 3)
        painter.end()


class DiskCard(Card):
    """Bar, legend with figures, what the folder is, and the way to it.

    Signals:
        open_folder_requested(): show the models' folder in the file manager.
        change_requested(): another disk or folder for new models.
    """

    open_folder_requested = Signal()
    change_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.addWidget(Text(self.tr("Model disk"), Role.SECTION, parent=self))
        head.addStretch(1)
        self._size = Text("…", Role.SMALL, Tone.MUTED, self)
        head.addWidget(self._size)
        column.addLayout(head)
        column.addSpacing(12)
        self._bar = DiskBar(self)
        column.addWidget(self._bar)
        column.addSpacing(10)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(1, 1)
        self._names = {
            Share.MODELS: self.tr("Models and partial downloads"),
            Share.RESERVED: self.tr("Kept for running downloads"),
            Share.OTHER: self.tr("Other files"),
            Share.FREE: self.tr("Free"),
        }
        self._rows: dict[Share, tuple[QWidget, Text, Text]] = {}
        for i, (share, name) in enumerate(self._names.items()):
            swatch = _Swatch(share, self)
            label = Text(name, Role.SMALL, Tone.MUTED, self)
            value = Text("…", Role.SMALL_STRONG, parent=self)
            grid.addWidget(swatch, i, 0)
            grid.addWidget(label, i, 1)
            grid.addWidget(value, i, 2, Qt.AlignmentFlag.AlignRight)
            self._rows[share] = (swatch, label, value)
        column.addLayout(grid)
        column.addSpacing(12)
        column.addWidget(Divider(self))
        column.addSpacing(12)
        self._about = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        column.addWidget(self._about)
        self.set_shared(is_shared=True)
        column.addSpacing(10)
        column.addWidget(self._build_buttons())

    def set_shared(self, *, is_shared: bool) -> None:
        """Whether new models go into the hub's own cache, which other programs use too."""
        shared = self.tr(
            "Folder shared with other programs that use the Hugging Face cache. Nothing is deleted unless you delete it."
        )
        own = self.tr(
            "A folder that you chose, in the layout of the Hugging Face cache. Nothing is deleted unless you delete it."
        )
        self._about.set_text(shared if is_shared else own)

    def _build_buttons(self) -> QWidget:
        holder = QWidget(self)
        flow = FlowLayout(holder, gap=8)
        self._open = SecondaryButton(self.tr("Open folder"), holder, size=ButtonSize.SMALL, icon="folder")
        change = LinkButton(self.tr("Change…"), holder)
        change.setAccessibleName(self.tr("Change the folder of new models…"))
        self._open.clicked.connect(self.open_folder_requested)
        change.clicked.connect(self.change_requested)
        for button in (self._open, change):
            flow.addWidget(button)
        return holder

    def set_disk(self, disk: Disk, models_bytes: int, reserved_bytes: int) -> None:
        """Show a disk.

        Args:
            disk: free and total as measured.
            models_bytes: models and partial files in the models' folder.
            reserved_bytes: what running downloads still need.
        """
        shares = disk_shares(disk, models_bytes, reserved_bytes)
        total = sum(shares.values())
        capacity = gb(total, 0) if total < 1000 * GB else f"{total / 1e12:.1f} TB"
        size = capacity if disk.total_bytes is not None else self.tr("size unknown")
        self._size.set_text(f"{size}, {disk.kind}" if disk.kind else size)
        rounded = rounded_parts([value / GB for value in shares.values()], total / GB)
        figures = [f"{value:.1f} GB" for value in rounded]
        for (share, size_bytes), figure in zip(shares.items(), figures, strict=True):
            is_shown = bool(size_bytes) or share in (Share.MODELS, Share.FREE)
            for widget in self._rows[share]:
                widget.setVisible(is_shown)
            self._rows[share][2].set_text(figure)
        words = [f"{self._names[share]} {figure}" for share, figure in zip(shares, figures, strict=True)]
        self._bar.set_shares(shares, say("{name}: {words}", name=listed(disk.path, capacity), words=listed(*words)))
        self._open.setToolTip(disk.path)
