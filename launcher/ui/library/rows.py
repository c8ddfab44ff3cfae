"""The list as values: models and broken files that match the search, in order, with a heading between them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractListModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt

from launcher.core.units import gb, rate
from launcher.core.words import known, listed
from launcher.services.library_values import Library, LibraryEntry
from launcher.ui.library import words

if TYPE_CHECKING:
    from launcher.downloads.library.scan import Broken

ROW_ROLE = Qt.ItemDataRole.UserRole


class Order(Enum):
    """What the list is sorted by."""

    USED = "used"
    NAME = "name"
    SIZE = "size"


@dataclass(frozen=True, slots=True)
class Heading:
    """Above the files that cannot be used."""

    text: str


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A file that cannot be used."""

    broken: Broken


Row = LibraryEntry | BrokenRow | Heading


def key_of(row: Row) -> str:
    """Identifies a row from one list to the next."""
    if isinstance(row, LibraryEntry):
        return row.model.path
    return str(row.broken.path) if isinstance(row, BrokenRow) else ""


def arrange(library: Library, search: str, order: Order) -> tuple[Row, ...]:
    """The rows to show."""
    asked = search.lower().split()
    entries = [entry for entry in library.entries if _matches(_searched(entry), asked)]
    if order is Order.SIZE:
        entries.sort(key=lambda e: -e.model.size_bytes)
    elif order is Order.NAME:
        entries.sort(key=lambda e: (e.model.name.lower(), e.model.quant))
    else:
        entries.sort(key=lambda e: (-(e.model.last_used_unix_s or 0.0), e.model.name.lower(), e.model.quant))
    broken = [BrokenRow(b) for b in library.broken if _matches(f"{b.path} {words.origin_words(b.origin)}", asked)]
    if not broken:
        return tuple(entries)
    text = QCoreApplication.translate("Library", "Cannot be used: {n}").format(n=len(broken))
    return (*entries, Heading(text), *broken)


def _searched(entry: LibraryEntry) -> str:
    model = entry.model
    size = gb(model.size_bytes)
    return " ".join((model.name, model.quant, size, model.repo or "", model.path, words.origin_words(model.origin)))


def _matches(text: str, asked: list[str]) -> bool:
    text = text.lower()
    return all(word in text for word in asked)


class LibraryModel(QAbstractListModel):
    """The rows for the view."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()

    def set_rows(self, rows: tuple[Row, ...]) -> None:
        """Show other rows; where they are the same items, only their values change and the selection stays."""
        if [key_of(r) for r in rows] == [key_of(r) for r in self._rows]:
            before, self._rows = self._rows, rows
            for i, (old, new) in enumerate(zip(before, rows, strict=True)):
                if old != new:
                    self.dataChanged.emit(self.index(i), self.index(i))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def row(self, index: QModelIndex | QPersistentModelIndex) -> Row | None:
        """The value behind an index."""
        return self._rows[index.row()] if index.isValid() and index.row() < len(self._rows) else None

    def index_of(self, key: str) -> QModelIndex:
        """Where a path is; invalid when it is not shown."""
        return next((self.index(i) for i, r in enumerate(self._rows) if key and key_of(r) == key), QModelIndex())

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own
        """Rows of the list."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row itself for the delegate, a sentence for screen readers."""
        row = self.row(index)
        if row is None:
            return None
        if role == ROW_ROLE:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return sentence(row)
        return None

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        """A heading cannot be chosen."""
        if isinstance(self.row(index), Heading):
            return Qt.ItemFlag.ItemIsEnabled
        return super().flags(index)


def sentence(row: Row) -> str:
    """All that a row shows, for screen readers."""
    if isinstance(row, Heading):
        return row.text
    if isinstance(row, BrokenRow):
        return listed(str(row.broken.path), known(row.broken.why))
    model = row.model
    parts = [words.about(model), gb(model.size_bytes), words.entry_fit(row)[1]]
    if row.plan is not None and row.plan.fits:
        text = QCoreApplication.translate("Library", "{n} tokens/s")
        parts.append(text.format(n=rate(row.plan.speed.decode_tokens_s)))
    used = QCoreApplication.translate("Library", "last used {when}").format(
        when=words.use_words(model.last_used_unix_s)
    )
    parts += [words.origin_words(model.origin), used, words.check_words(row)[1]]
    if row.update is not None:
        parts.append(QCoreApplication.translate("Library", "newer version"))
    return listed(*parts)
