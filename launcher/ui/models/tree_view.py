"""The table itself: columns, mouse and keyboard. Arrows move, Enter opens the plan, Space unfolds, the button downloads."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTreeView, QWidget

from launcher.core.downloads import DownloadProgress
from launcher.ui.components import FocusRing
from launcher.ui.models.delegate import NAME_LEFT, RowDelegate, button_rect, can_download
from launcher.ui.models.nodes import AnyIndex, Column, LinkNode, ModelNode, NodeRole, SizeNode, lead_of, node_of
from launcher.ui.models.tree_model import ModelsTree
from launcher.ui.theme import Role, Tone, colour, current, font, px

_WIDTHS = {Column.DOWNLOAD: 98, Column.FIT: 172, Column.SPEED: 78, Column.QUALITY: 124, Column.ACTION: 64}
_LEAST_NAME = 190


class ModelsTreeView(QTreeView):
    """Shows a `ModelsTree`.

    Signals:
        row_chosen(SizeRow | ModelRow): another row is current; a model stands for its lead size.
        plan_wanted(): Enter or a double click on a row that has a plan.
        download_wanted(SizeRow): the row's button.
        link_followed(LinkNode): a link row was clicked or entered.
    """

    row_chosen = Signal(object)
    plan_wanted = Signal()
    download_wanted = Signal(object)
    link_followed = Signal(object)

    def __init__(self, tree: ModelsTree, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tree = tree
        self.setModel(tree)
        self.setItemDelegate(RowDelegate(self))
        self.setAccessibleName(self.tr("Models"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHeader(_Header(self))
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setItemsExpandable(True)
        self.setExpandsOnDoubleClick(False)
        self.setMouseTracking(True)
        self.setAllColumnsShowFocus(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        FocusRing(self, 0, reach=0)
        self._fit_columns()

    def reset(self) -> None:
        """Link rows go over the whole width."""
        super().reset()
        for row in range(self._tree.rowCount()):
            top = self._tree.index(row, 0)
            if isinstance(node_of(top), LinkNode):
                self.setFirstColumnSpanned(row, QModelIndex(), True)
            for child in range(self._tree.rowCount(top)):
                if isinstance(node_of(self._tree.index(child, 0, top)), LinkNode):
                    self.setFirstColumnSpanned(child, top, True)

    def currentChanged(self, current: AnyIndex, previous: AnyIndex) -> None:
        """Tell which row is chosen."""
        super().currentChanged(current, previous)
        node = node_of(current)
        if isinstance(node, ModelNode):
            self.row_chosen.emit(node.shown.model)
        elif isinstance(node, SizeNode):
            self.row_chosen.emit(node.size)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens the plan, Space unfolds; the rest is Qt's."""
        index = self.currentIndex().siblingAtColumn(Column.NAME)
        node = node_of(index) if index.isValid() else None
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and node is not None:
            if isinstance(node, LinkNode):
                self.link_followed.emit(node)
            else:
                self.plan_wanted.emit()
        elif event.key() == Qt.Key.Key_Space and node is not None:
            if isinstance(node, LinkNode):
                self.link_followed.emit(node)
            else:
                owner = index if isinstance(node, ModelNode) else index.parent()
                if isinstance(node, SizeNode):
                    self.setCurrentIndex(owner)
                self.setExpanded(owner, not self.isExpanded(owner))
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Chevron, link rows and the download button."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        node = node_of(index) if index.isValid() else None
        if event.button() != Qt.MouseButton.LeftButton or node is None:
            return
        if isinstance(node, LinkNode):
            self.link_followed.emit(node)
        elif isinstance(node, ModelNode) and event.position().x() < px(NAME_LEFT):
            self.setExpanded(index, not self.isExpanded(index))
        elif (size := lead_of(node)) and self._is_on_button(index, event.position().toPoint()):
            self.download_wanted.emit(size)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A double click on a model unfolds it, on a size it opens the plan."""
        index = self.indexAt(event.position().toPoint()).siblingAtColumn(Column.NAME)
        node = node_of(index) if index.isValid() else None
        if isinstance(node, ModelNode) and event.position().x() >= px(NAME_LEFT):
            self.setExpanded(index, not self.isExpanded(index))
        elif isinstance(node, SizeNode):
            self.plan_wanted.emit()

    def changeEvent(self, event: QEvent) -> None:
        """A new text size changes the columns."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit_columns()

    def resizeEvent(self, event: object) -> None:
        """The name takes what the figures leave."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._fit_columns()

    def drawBranches(self, painter: QPainter, rect: QRect, index: QModelIndex) -> None:  # type: ignore[override]
        """Nothing: the delegate paints the chevron."""

    def _is_on_button(self, index: QModelIndex, position: object) -> bool:
        if index.column() != Column.ACTION:
            return False
        node = node_of(index)
        if isinstance(node, ModelNode) and self.isExpanded(index.siblingAtColumn(Column.NAME)):
            return False
        progress: object = index.data(NodeRole.PROGRESS)
        known = progress if isinstance(progress, DownloadProgress) else None
        cell = QRectF(self.visualRect(index))
        return can_download(lead_of(node), known) and button_rect(cell).contains(position)  # type: ignore[arg-type]

    def _fit_columns(self) -> None:
        header = self.header()
        if header.count() != len(Column):
            return
        widths = {column: px(width) for column, width in _WIDTHS.items()}
        for column, width in widths.items():
            header.resizeSection(column, width)
        header.resizeSection(Column.NAME, max(px(_LEAST_NAME), self.viewport().width() - sum(widths.values())))


class _Header(QHeaderView):
    """Small muted titles over a line."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumSectionSize(px(40))
        self.setStretchLastSection(False)
        self.setSectionsClickable(False)

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(super().sizeHint().width(), px(28))

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803
        """Title, and the line below."""
        tokens = current()
        column = Column(logicalIndex)
        painter.save()
        painter.fillRect(rect, QColor(tokens.surface))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), QColor(tokens.border))
        insets = {Column.NAME: (NAME_LEFT, 0), Column.FIT: (8, 0), Column.QUALITY: (12, 0)}
        left, right = insets.get(column, (0, 8))
        area = rect.adjusted(px(left), 0, -px(right) if right else 0, 0)
        painter.setFont(font(Role.SMALL_MEDIUM))
        painter.setPen(colour(Tone.MUTED))
        is_right = column in (Column.DOWNLOAD, Column.SPEED)
        align = Qt.AlignmentFlag.AlignRight if is_right else Qt.AlignmentFlag.AlignLeft
        text = self.model().headerData(logicalIndex, Qt.Orientation.Horizontal)
        shown = painter.fontMetrics().elidedText(str(text or ""), Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, align | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.restore()
