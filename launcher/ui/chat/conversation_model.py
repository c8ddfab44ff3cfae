"""The chats as a list model: headings by age, then titles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from launcher.chat.conversation import ConversationEntry

AnyIndex = QModelIndex | QPersistentModelIndex


class Age(IntEnum):
    """Under which heading a chat stands."""

    TODAY = 0
    YESTERDAY = 1
    LAST_WEEK = 2
    OLDER = 3


def age_of(updated_at: float, today: date) -> Age:
    """The heading of a chat last used at that time (seconds since the epoch, local time zone)."""
    day = datetime.fromtimestamp(updated_at).astimezone().date()
    if day >= today:
        return Age.TODAY
    if day == today - timedelta(days=1):
        return Age.YESTERDAY
    return Age.LAST_WEEK if day >= today - timedelta(days=7) else Age.OLDER


@dataclass(frozen=True, slots=True)
class ListRow:
    """A heading (entry None) or a chat."""

    heading: str
    entry: ConversationEntry | None = None


class ConversationModel(QAbstractListModel):
    """Rows for a list view; titles can be edited.

    Signals:
        renamed(str, str): chat id and its new title.
    """

    renamed = Signal(str, str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rows: list[ListRow] = []

    def set_entries(self, entries: Sequence[ConversationEntry], today: date) -> None:
        """Show other chats, the last used first."""
        rows: list[ListRow] = []
        names = {
            Age.TODAY: self.tr("Today"),
            Age.YESTERDAY: self.tr("Yesterday"),
            Age.LAST_WEEK: self.tr("Last week"),
            Age.OLDER: self.tr("Older"),
        }
        previous: Age | None = None
        for entry in entries:
            age = age_of(entry.updated_at, today)
            if age is not previous:
                rows.append(ListRow(names[age]))
                previous = age
            rows.append(ListRow("", entry))
        if rows == self._rows:
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def row(self, index: AnyIndex) -> ListRow | None:
        """What stands at an index."""
        return self._rows[index.row()] if index.isValid() else None

    def index_of(self, chat_id: str) -> QModelIndex:
        """Where a chat stands; an invalid index when it does not."""
        found = next((i for i, r in enumerate(self._rows) if r.entry is not None and r.entry.id == chat_id), -1)
        return self.index(found) if found >= 0 else QModelIndex()

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        """Headings and chats."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for view and screen reader."""
        row = self.row(index)
        if row is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.heading if row.entry is None else row.entry.title or self.tr("New chat")
        if row.entry is not None and role == Qt.ItemDataRole.EditRole:
            return row.entry.title
        if row.entry is not None and role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return row.entry.hits[0].snippet if row.entry.hits else row.entry.title
        return None

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A title was typed: it is only announced; the new list comes from the store."""
        row = self.row(index)
        title = " ".join(str(value).split())
        if (
            row is None
            or row.entry is None
            or role != Qt.ItemDataRole.EditRole
            or not title
            or title == row.entry.title
        ):
            return False
        self.renamed.emit(row.entry.id, title)
        return True

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Headings cannot be chosen."""
        row = self.row(index)
        if row is None or row.entry is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable
