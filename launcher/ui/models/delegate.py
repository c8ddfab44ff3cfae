"""Paints the table's cells: two lines, mini bars, download button. No widgets in cells, so 700 rows stay fast."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from launcher.core.downloads import DownloadProgress, DownloadState
from launcher.ui.components import frame, paint_icon_line, paint_line, two_lines
from launcher.ui.models import words
from launcher.ui.models.mini_bars import paint_devices
from launcher.ui.models.nodes import Column, Link, LinkNode, ModelNode, Node, NodeRole, SizeNode, lead_of, node_of
from launcher.ui.models.rows import SizeRow
from launcher.ui.models.tree_model import ModelsTree
from launcher.ui.theme import Role, Tone, colour, current, font, line_height, paint_icon, px

ROW_HEIGHT, LINK_HEIGHT = 42, 34
_BUTTON = 30
NAME_LEFT, SIZE_LEFT = 32, 54
"""Where names begin, px from the table's left edge."""

_LEFT = Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignRight


def button_rect(cell: QRectF) -> QRectF:
    """The download button inside its cell."""
    side = px(_BUTTON)
    return QRectF(cell.right() - px(10) - side, cell.center().y() - side / 2, side, side)


def can_download(size: SizeRow | None, progress: DownloadProgress | None) -> bool:
    """Whether the row offers a download button."""
    if size is None or size.installed or size.plan is None or not size.plan.fits or not size.can_be_fetched:
        return False
    return progress is None or progress.state in (DownloadState.PAUSED, DownloadState.FAILED, DownloadState.DONE)


class RowDelegate(QStyledItemDelegate):
    """Paints one cell from the values in the model."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Rows of two lines; link rows are lower."""
        height = LINK_HEIGHT if isinstance(node_of(index), LinkNode) else ROW_HEIGHT
        return QSize(px(60), px(height))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Background by state, then the cell's content."""
        node = node_of(index)
        if node is None:
            return
        painter.save()
        # PySide's stubs do not list the fields of style options.
        cell = QRectF(option.rect)  # pyright: ignore
        state: QStyle.StateFlag = option.state  # pyright: ignore
        is_open = bool(state & QStyle.StateFlag.State_Open)
        self._paint_ground(painter, cell, node, state, is_first=index.column() == Column.NAME)
        painter.setClipRect(cell)
        if isinstance(node, LinkNode):
            self._paint_link(painter, cell, node, index)
        else:
            self._paint_cell(painter, cell, node, index, is_open=is_open)
        painter.restore()

    def _paint_ground(
        self, painter: QPainter, cell: QRectF, node: Node, state: QStyle.StateFlag, *, is_first: bool
    ) -> None:
        tokens = current()
        is_chosen = bool(state & QStyle.StateFlag.State_Selected) and not isinstance(node, LinkNode)
        fill = tokens.surface
        if is_chosen:
            fill = tokens.soft_accent
        elif state & QStyle.StateFlag.State_MouseOver:
            fill = tokens.raised
        elif isinstance(node, ModelNode) and state & QStyle.StateFlag.State_Open:
            fill = tokens.window
        ground = cell.adjusted(-cell.left(), 0, 0, 0) if is_first else cell
        painter.fillRect(ground, QColor(fill))
        painter.fillRect(QRectF(ground.left(), ground.bottom() - 1, ground.width(), 1), QColor(tokens.border))
        if is_first and is_chosen:
            painter.fillRect(QRectF(0, ground.top(), 3, ground.height()), QColor(tokens.accent))

    def _paint_cell(
        self,
        painter: QPainter,
        cell: QRectF,
        node: ModelNode | SizeNode,
        index: QModelIndex | QPersistentModelIndex,
        *,
        is_open: bool,
    ) -> None:
        column = Column(index.column())
        size = lead_of(node)
        raw: object = index.data(NodeRole.PROGRESS)
        progress = raw if isinstance(raw, DownloadProgress) else None
        is_folded = isinstance(node, SizeNode) or not is_open
        if column is Column.NAME:
            self._paint_name(painter, cell, node, is_open=is_open)
        elif column is Column.DOWNLOAD:
            self._paint_download(painter, cell, node, size, progress if is_folded else None, is_folded=is_folded)
        elif column is Column.FIT:
            self._paint_fit(
                painter, cell, node, size, is_folded=is_folded, has_plans=bool(index.data(NodeRole.HAS_PLANS))
            )
        elif column is Column.SPEED and size and is_folded:
            tokens_s, spread = words.speed_words(size)
            self._two_lines(
                painter, cell.adjusted(0, 0, -px(8), 0), (tokens_s, Role.BODY_MEDIUM, Tone.TEXT), spread, _RIGHT
            )
        elif column is Column.QUALITY:
            self._paint_quality(painter, cell, node)
        elif column is Column.ACTION and size and is_folded:
            self._paint_action(painter, cell, size, progress)

    def _paint_name(self, painter: QPainter, cell: QRectF, node: ModelNode | SizeNode, *, is_open: bool) -> None:
        if isinstance(node, SizeNode):
            area = cell.adjusted(px(SIZE_LEFT) - cell.left(), 0, 0, 0)
            self._two_lines(painter, area, (node.size.quant, Role.MONO, Tone.TEXT), words.size_details(node.size))
            return
        model = node.shown.model
        side = px(16)
        if node.shown.sizes:
            place = QRectF(px(11), cell.center().y() - side / 2, side, side)
            paint_icon(painter, "chevron-down" if is_open else "chevron-right", Tone.MUTED, place)
        area = cell.adjusted(px(NAME_LEFT) - cell.left(), 0, 0, 0)
        details = words.model_details(model, node.shown.lead, is_open=is_open)
        if QFontMetricsF(font(Role.SMALLEST)).horizontalAdvance(details) > area.width():
            details = words.model_details(model, node.shown.lead, is_open=is_open, is_short=True)
        self._two_lines(painter, area, (model.short_name, Role.BODY_MEDIUM, Tone.TEXT), details)

    def _paint_download(
        self,
        painter: QPainter,
        cell: QRectF,
        node: ModelNode | SizeNode,
        size: SizeRow | None,
        progress: DownloadProgress | None,
        *,
        is_folded: bool,
    ) -> None:
        if size and is_folded:
            first = words.size_words(size)
        else:
            sizes = node.shown.sizes if isinstance(node, ModelNode) else ()
            first = words.size_range(sizes) if sizes else self.tr("no files")
        second, tone = words.download_words(progress)
        area = cell.adjusted(0, 0, -px(8), 0)
        self._two_lines(painter, area, (first, Role.BODY, Tone.TEXT), second, _RIGHT, tone)

    def _paint_fit(
        self,
        painter: QPainter,
        cell: QRectF,
        node: ModelNode | SizeNode,
        size: SizeRow | None,
        *,
        is_folded: bool,
        has_plans: bool,
    ) -> None:
        area = cell.adjusted(px(8), 0, 0, 0)
        if isinstance(node, ModelNode) and node.shown.model.why_not:
            paint_line(painter, area, self.tr("cannot be loaded here"), Role.SMALL, Tone.MUTED)
            return
        if isinstance(node, ModelNode) and not is_folded:
            n, m = len(node.shown.model.running), len(node.shown.model.sizes)
            text = self.tr("{n} of {m} sizes run").format(n=n, m=m) if has_plans else "…"
            paint_line(painter, area, text, Role.SMALL, Tone.MUTED)
            return
        if size is None:
            paint_line(painter, area, "" if has_plans else "…", Role.SMALL, Tone.MUTED)
            return
        icon, text, tone = words.size_fit(size, has_plans=has_plans)
        if size.plan is None:
            paint_icon_line(painter, area, icon, text, Role.SMALL, tone)
            return
        paint_devices(painter, size.plan.memory.devices, area.left(), cell.top() + px(8), px(9))
        lower = area.adjusted(0, px(19), 0, -px(4))
        paint_icon_line(painter, lower, icon, text, Role.SMALL, tone)

    def _paint_quality(self, painter: QPainter, cell: QRectF, node: ModelNode | SizeNode) -> None:
        area = cell.adjusted(px(12), 0, 0, 0)
        if isinstance(node, ModelNode):
            figure, what = words.test_words(node.shown.model)
            self._two_lines(painter, area, (figure, Role.BODY_MEDIUM, Tone.TEXT), what)
            return
        loss, figure, tone = words.quality_words(node.size)
        self._two_lines(painter, area, (loss, Role.BODY_MEDIUM, tone), figure)

    def _paint_action(self, painter: QPainter, cell: QRectF, size: SizeRow, progress: DownloadProgress | None) -> None:
        tokens = current()
        if size.installed:
            text = self.tr("Ready")
            width = QFontMetricsF(font(Role.SMALL_MEDIUM)).horizontalAdvance(text) + px(12)
            chip = QRectF(cell.right() - px(10) - width, cell.center().y() - px(11), width, px(22))
            frame(painter, chip, 4, tokens.soft_good, tokens.good if tokens.name == "high-contrast" else None)
            painter.setFont(font(Role.SMALL_MEDIUM))
            painter.setPen(colour(Tone.GOOD))
            painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)
        elif can_download(size, progress):
            place = button_rect(cell)
            frame(painter, place, 6, tokens.surface, tokens.border)
            inset = (place.width() - px(16)) / 2
            paint_icon(painter, "arrow-down-to-line", Tone.TEXT, place.adjusted(inset, inset, -inset, -inset))
        elif progress is not None and progress.state is not DownloadState.DONE:
            self._paint_progress(painter, cell, progress)

    def _paint_progress(self, painter: QPainter, cell: QRectF, progress: DownloadProgress) -> None:
        tokens = current()
        height = px(8)
        bar = QRectF(cell.right() - px(10) - px(40), cell.center().y() - height / 2, px(40), height)
        share = progress.done_bytes / max(1, progress.total_bytes)
        frame(painter, bar, height / 2, tokens.surface, tokens.outline)
        if share > 0:
            frame(
                painter,
                QRectF(bar.left(), bar.top(), max(height, bar.width() * min(1.0, share)), height),
                height / 2,
                tokens.accent,
            )

    def _paint_link(
        self, painter: QPainter, cell: QRectF, node: LinkNode, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = index.model()
        if not isinstance(model, ModelsTree):
            return
        text = model.link_words(node)
        left = px(SIZE_LEFT if node.link is Link.MORE_SIZES else NAME_LEFT)
        area = cell.adjusted(left - cell.left(), 0, 0, 0)
        if node.link is Link.MORE_SIZES:
            paint_line(painter, area, text, Role.SMALL_MEDIUM, Tone.ACCENT)
            return
        # The sentence is muted, the link at its end is accent.
        label = model.link_label()
        plain = text.removesuffix(label)
        paint_line(painter, area, plain, Role.SMALL, Tone.MUTED)
        used = QFontMetricsF(font(Role.SMALL)).horizontalAdvance(plain)
        paint_line(painter, area.adjusted(used, 0, 0, 0), label, Role.SMALL_MEDIUM, Tone.ACCENT)

    def _two_lines(
        self,
        painter: QPainter,
        area: QRectF,
        first: tuple[str, Role, Tone],
        second: str,
        align: Qt.AlignmentFlag = _LEFT,
        second_tone: Tone = Tone.MUTED,
    ) -> None:
        text, role, tone = first
        if not second:
            paint_line(painter, area, text, role, tone, align)
            return
        upper, lower = two_lines(area, line_height(Role.BODY), line_height(Role.SMALLEST))
        paint_line(painter, upper, text, role, tone, align)
        paint_line(painter, lower, second, Role.SMALLEST, second_tone, align)
