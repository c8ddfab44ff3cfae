"""The tree behind the table. Rows are values and are replaced as a whole; download progress and a newer plan change in place."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt

from launcher.core.downloads import DownloadProgress
from launcher.core.plans import Plan
from launcher.core.words import listed
from launcher.ui.models import words
from launcher.ui.models.arrange import Shown
from launcher.ui.models.nodes import AnyIndex, Column, Link, LinkNode, ModelNode, Node, NodeRole, SizeNode, lead_of

_TOP = 0  # internal id of top rows; a child's is its parent's row + 1
_ROOT = QModelIndex()


class ModelsTree(QAbstractItemModel):
    """Models with their sizes, as `arrange` ordered them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._tops: list[Node] = []
        self._children: list[list[Node]] = []
        self._progress: dict[str, DownloadProgress] = {}
        self._has_plans = False
        self._has_cards = True

    def set_shown(self, shown: Shown, *, has_plans: bool) -> None:
        """Replace all rows."""
        self.beginResetModel()
        self._has_plans = has_plans
        self._tops = [ModelNode(entry) for entry in shown.models]
        self._children = []
        for entry in shown.models:
            nodes: list[Node] = [SizeNode(size) for size in entry.sizes]
            if entry.n_more:
                nodes.append(LinkNode(Link.MORE_SIZES, entry.n_more, entry.model.id))
            self._children.append(nodes)
        if shown.n_not_running:
            self._tops.append(LinkNode(Link.NOT_RUNNING, shown.n_not_running))
            self._children.append([])
        self.endResetModel()

    def set_has_cards(self, has_cards: bool) -> None:
        """Whether the header speaks of a graphics card."""
        self._has_cards = has_cards
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, Column.FIT, Column.FIT)

    def set_progress(self, progress: DownloadProgress) -> None:
        """Show how far a download is."""
        self._progress[progress.key] = progress
        for row, (top, children) in enumerate(zip(self._tops, self._children, strict=True)):
            if self._is_about(top, progress.key):
                self._touch(self.index(row, 0))
            for i, child in enumerate(children):
                if self._is_about(child, progress.key):
                    self._touch(self.index(i, 0, self.index(row, 0)))

    def set_plan(self, plan: Plan) -> None:
        """Show a size with a newer plan, where it stands."""
        key = (plan.model, plan.quant, plan.repo)
        for row, top in enumerate(self._tops):
            if isinstance(top, ModelNode) and top.shown.lead and top.shown.lead.key == key:
                self._tops[row] = ModelNode(replace(top.shown, lead=replace(top.shown.lead, plan=plan)))
                self._touch(self.index(row, 0))
            for i, child in enumerate(self._children[row]):
                if isinstance(child, SizeNode) and child.size.key == key:
                    self._children[row][i] = SizeNode(replace(child.size, plan=plan))
                    self._touch(self.index(i, 0, self.index(row, 0)))

    def find(self, key: tuple[str, str, str]) -> QModelIndex:
        """The row of a size; invalid when it is not shown."""
        for row, children in enumerate(self._children):
            for i, child in enumerate(children):
                if isinstance(child, SizeNode) and child.size.key == key:
                    return self.index(i, 0, self.index(row, 0))
        return QModelIndex()

    def find_model(self, model: str) -> QModelIndex:
        """The row of a model; invalid when it is not shown."""
        for row, top in enumerate(self._tops):
            if isinstance(top, ModelNode) and top.shown.model.id == model:
                return self.index(row, 0)
        return QModelIndex()

    # --- QAbstractItemModel ---

    def index(self, row: int, column: int, parent: AnyIndex = _ROOT) -> QModelIndex:
        """The index of a row."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else _TOP)

    def parent(self, child: AnyIndex = _ROOT) -> QModelIndex:  # type: ignore[override]
        """The model of a size."""
        owner = child.internalId() if child.isValid() else _TOP
        return QModelIndex() if owner == _TOP else self.createIndex(owner - 1, 0, _TOP)

    def rowCount(self, parent: AnyIndex = _ROOT) -> int:
        """Models, or the sizes of one."""
        if not parent.isValid():
            return len(self._tops)
        is_top = parent.internalId() == _TOP and parent.column() == 0
        return len(self._children[parent.row()]) if is_top else 0

    def columnCount(self, parent: AnyIndex = _ROOT) -> int:
        """Fixed."""
        return len(Column)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Every row can be chosen."""
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | None:
        """Column titles."""
        if orientation != Qt.Orientation.Horizontal or role not in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return None
        where = self.tr("Where it runs: card, RAM") if self._has_cards else self.tr("Where it runs: RAM")
        titles = {
            Column.NAME: self.tr("Model and size"),
            Column.DOWNLOAD: self.tr("Download"),
            Column.FIT: where,
            Column.SPEED: self.tr("Tokens/s"),
            Column.QUALITY: self.tr("Quality"),
            Column.ACTION: "",
        }
        return titles[Column(section)]

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row itself for the delegate; words for screen readers, tool tips and tests."""
        node = self._node(index)
        if role == NodeRole.NODE:
            return node
        if role == NodeRole.HAS_PLANS:
            return self._has_plans
        if role == NodeRole.PROGRESS:
            size = lead_of(node)
            return self._progress.get(size.download_key) if size else None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._sentence(node) if index.column() == Column.NAME else self._cell(node, Column(index.column()))
        if role == Qt.ItemDataRole.DisplayRole:
            return self._cell(node, Column(index.column()))
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tool_tip(node, Column(index.column())) or None
        return None

    def _node(self, index: AnyIndex) -> Node:
        owner = index.internalId()
        return self._tops[index.row()] if owner == _TOP else self._children[owner - 1][index.row()]

    def _is_about(self, node: Node, key: str) -> bool:
        size = lead_of(node)
        return size is not None and size.download_key == key

    def _touch(self, index: QModelIndex) -> None:
        self.dataChanged.emit(index, index.siblingAtColumn(Column.ACTION))

    def _cell(self, node: Node, column: Column) -> str:
        if isinstance(node, LinkNode):
            return self.link_words(node) if column is Column.NAME else ""
        size = lead_of(node)
        if column is Column.NAME:
            return node.shown.model.short_name if isinstance(node, ModelNode) else node.size.quant
        if size is None:
            return ""
        if column is Column.DOWNLOAD:
            return words.size_words(size)
        if column is Column.FIT:
            return words.size_fit(size, has_plans=self._has_plans)[1]
        if column is Column.SPEED:
            return words.speed_words(size)[0]
        if column is Column.QUALITY:
            pair = words.test_words(node.shown.model) if isinstance(node, ModelNode) else words.quality_words(size)[:2]
            return listed(*pair)
        return self.tr("Ready") if size.installed else ""

    def _sentence(self, node: Node) -> str:
        """A whole row for a screen reader: name, size, fit, speed."""
        if isinstance(node, LinkNode):
            return self.link_words(node)
        size = lead_of(node)
        parts = [node.shown.model.short_name if isinstance(node, ModelNode) else node.size.quant]
        if isinstance(node, ModelNode):
            n_sizes = len(node.shown.sizes) + node.shown.n_more
            if n_sizes > 1:
                parts.append(self.tr("{n} sizes").format(n=n_sizes))
            if node.shown.model.why_not:
                parts.append(node.shown.model.why_not)
        if size is None:
            return listed(*parts)
        if isinstance(node, ModelNode):
            parts.append(size.quant)
        parts.append(words.size_words(size))
        parts.append(words.size_fit(size, has_plans=self._has_plans)[1])
        tokens_s, spread = words.speed_words(size)
        if tokens_s:
            parts.append(self.tr("{rate} tokens/s ({range})").format(rate=tokens_s, range=spread))
        if size.is_recommended:
            parts.append(self.tr("recommended"))
        if size.installed:
            parts.append(self.tr("ready"))
        return listed(*parts)

    def _tool_tip(self, node: Node, column: Column) -> str:
        size = lead_of(node)
        if isinstance(node, LinkNode) or size is None:
            return ""
        if column is Column.FIT:
            return size.why_not or (size.plan.summary if size.plan else "")
        if column is Column.QUALITY:
            variant = node.shown.model.variant if isinstance(node, ModelNode) else None
            return variant.benchmarks_source if variant else size.quality.source
        if column is Column.ACTION and size.plan and size.plan.fits and not size.installed:
            return self.tr("Download · {size}").format(size=words.size_words(size))
        if column is Column.NAME:
            return node.shown.model.name if isinstance(node, ModelNode) else size.repo
        return ""

    def link_words(self, node: LinkNode) -> str:
        """The words of a link row."""
        if node.link is Link.MORE_SIZES:
            return self.tr("Show 1 more size") if node.n == 1 else self.tr("Show {n} more sizes").format(n=node.n)
        if node.n == 1:
            text = self.tr("1 model does not fit, answers below 1 token/s, or needs another engine. {link}")
            return text.format(link=self.link_label())
        text = self.tr("{n} models do not fit, answer below 1 token/s, or need another engine. {link}")
        return text.format(n=node.n, link=self.link_label())

    def link_label(self) -> str:
        """The clickable end of the line under the list."""
        return self.tr("Show them and what they need")
