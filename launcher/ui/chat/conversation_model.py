"""The chats as a list model: pinned ones, folders, then headings by age; in a search the hits under their chats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from itertools import groupby
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from launcher.chat.attachments import shown_name
from launcher.chat.conversation import ChatList, ConversationEntry, Folder, Role, SearchHit

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
    """One line of the list.

    Attributes:
        heading: words that cannot be chosen; "" otherwise.
        entry: a chat, also on the rows of its hits.
        folder: a folder; `n_chats` are in it.
        hit: a message that a search found in `entry`.
        is_inside: a chat in a folder.
    """

    heading: str = ""
    entry: ConversationEntry | None = None
    folder: Folder | None = None
    hit: SearchHit | None = None
    n_chats: int = 0
    is_inside: bool = False


class ConversationModel(QAbstractListModel):
    """Rows for a list view; titles and names of folders can be edited.

    Signals:
        renamed(str, str): chat id and its new title.
        folder_changed(Folder): it has another name.
    """

    renamed = Signal(str, str)
    folder_changed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rows: list[ListRow] = []
        self.folders: tuple[Folder, ...] = ()

    def set_chats(self, chats: ChatList, today: date) -> None:
        """Show other chats, the last used first."""
        rows = list(self._found_rows(chats) if chats.words else self._all_rows(chats, today))
        self.folders = chats.folders
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
        found = (i for i, r in enumerate(self._rows) if r.entry is not None and r.entry.id == chat_id)
        return self._index(next(found, -1))

    def index_of_folder(self, folder_id: str) -> QModelIndex:
        """Where a folder stands; an invalid index when it does not."""
        found = (i for i, r in enumerate(self._rows) if r.folder is not None and r.folder.id == folder_id)
        return self._index(next(found, -1))

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        """All lines."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for view and screen reader."""
        row = self.row(index)
        if row is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row)
        if role == Qt.ItemDataRole.EditRole and row.hit is None:
            return row.folder.name if row.folder else row.entry.title if row.entry else None
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole) and row.entry is not None:
            return row.hit.snippet if row.hit else row.entry.title
        return None

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A title or a name was typed: it is only announced; the new list comes from the store."""
        row = self.row(index)
        words = " ".join(str(value).split())
        if row is None or role != Qt.ItemDataRole.EditRole or not words:
            return False
        if row.folder is not None and words != row.folder.name:
            self.folder_changed.emit(Folder(row.folder.id, words, row.folder.is_folded))
            return True
        if row.entry is not None and row.folder is None and words != row.entry.title:
            self.renamed.emit(row.entry.id, words)
            return True
        return False

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Headings cannot be chosen."""
        row = self.row(index)
        if row is None or row.heading:
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags if row.hit else flags | Qt.ItemFlag.ItemIsEditable

    def _index(self, number: int) -> QModelIndex:
        return self.index(number) if number >= 0 else QModelIndex()

    def _all_rows(self, chats: ChatList, today: date) -> Iterator[ListRow]:
        pinned = [e for e in chats.entries if e.is_pinned]
        if pinned:
            yield ListRow(self.tr("Pinned"))
            yield from (ListRow(entry=e) for e in pinned)
        rest = [e for e in chats.entries if not e.is_pinned]
        if chats.folders:
            yield ListRow(self.tr("Folders"))
        for folder in chats.folders:
            inside = [e for e in rest if e.folder_id == folder.id]
            yield ListRow(folder=folder, n_chats=len(inside))
            if not folder.is_folded:
                yield from (ListRow(entry=e, is_inside=True) for e in inside)
        yield from self._by_age((e for e in rest if e.folder_id is None), today)

    def _by_age(self, entries: Iterable[ConversationEntry], today: date) -> Iterator[ListRow]:
        names = {
            Age.TODAY: self.tr("Today"),
            Age.YESTERDAY: self.tr("Yesterday"),
            Age.LAST_WEEK: self.tr("Last week"),
            Age.OLDER: self.tr("Older"),
        }
        for age, group in groupby(entries, lambda e: age_of(e.updated_at, today)):
            yield ListRow(names[age])
            yield from (ListRow(entry=e) for e in group)

    def _found_rows(self, chats: ChatList) -> Iterator[ListRow]:
        n_hits = sum(e.n_hits for e in chats.entries)
        if chats.is_cut:
            yield ListRow(self.tr("The newest {count} messages found").format(count=n_hits))
        elif n_hits:
            yield ListRow(
                self.tr("1 message found") if n_hits == 1 else self.tr("{count} messages found").format(count=n_hits)
            )
        for entry in chats.entries:
            yield ListRow(entry=entry)
            yield from (ListRow(entry=entry, hit=hit) for hit in entry.hits)

    def _words(self, row: ListRow) -> str:
        if row.hit is not None:
            return row.hit.snippet
        if row.folder is not None:
            return row.folder.name
        return row.heading if row.entry is None else row.entry.title or self.tr("New chat")

    def _spoken(self, row: ListRow) -> str:
        words = self._words(row)
        if row.hit is not None:
            who = self.tr("You") if row.hit.role is Role.USER else self.tr("Answer")
            place = (
                self.tr("Thought")
                if row.hit.is_reasoning
                else shown_name(row.hit.file_name)
                if row.hit.file_name
                else who
            )
            return f"{place}: {words}"
        if row.folder is not None:
            state = self.tr("folded") if row.folder.is_folded else self.tr("unfolded")
            return self.tr("Folder {name}, chats: {count}, {state}").format(name=words, count=row.n_chats, state=state)
        if row.entry is not None and row.entry.is_pinned:
            return self.tr("{title}, pinned").format(title=words)
        return words
