"""The rows of the tree as values: a model, one of its sizes, "show more", and the line under the list."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt

from launcher.ui.models.arrange import ShownModel
from launcher.ui.models.rows import SizeRow


class Column(IntEnum):
    """The columns, left to right."""

    NAME = 0
    DOWNLOAD = 1
    FIT = 2
    SPEED = 3
    QUALITY = 4
    ACTION = 5


class NodeRole(IntEnum):
    """Item data roles for the delegate."""

    NODE = Qt.ItemDataRole.UserRole + 1
    PROGRESS = Qt.ItemDataRole.UserRole + 2
    HAS_PLANS = Qt.ItemDataRole.UserRole + 3


class Link(Enum):
    """A row that is only a link."""

    MORE_SIZES = "more_sizes"
    NOT_RUNNING = "not_running"


@dataclass(frozen=True, slots=True)
class ModelNode:
    """A model."""

    shown: ShownModel


@dataclass(frozen=True, slots=True)
class SizeNode:
    """One of its sizes."""

    size: SizeRow


@dataclass(frozen=True, slots=True)
class LinkNode:
    """A link over the whole width. `model` is whose sizes are left out; "" for the line under the list."""

    link: Link
    n: int
    model: str = ""


Node = ModelNode | SizeNode | LinkNode
AnyIndex = QModelIndex | QPersistentModelIndex


def node_of(index: AnyIndex) -> Node | None:
    """The row behind an index."""
    node: object = index.data(NodeRole.NODE)
    return node if isinstance(node, (ModelNode, SizeNode, LinkNode)) else None


def lead_of(node: Node | None) -> SizeRow | None:
    """The size whose figures the row shows."""
    if isinstance(node, SizeNode):
        return node.size
    return node.shown.lead if isinstance(node, ModelNode) else None
