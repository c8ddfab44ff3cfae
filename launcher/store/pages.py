"""Rows of chats and messages straight from the pages of an SQLite file, where damage keeps SQLite itself from reaching them.

The format is described at sqlite.org/fileformat2.html, sections 1.3 to 2.1. Nothing in the file is trusted.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.chat.conversation import MessageState, Role

_LEAF = 13
_PAGE_SIZES = tuple(2**n for n in range(9, 17))
_USUAL_PAGE_SIZE = 4096
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_COLUMNS = {
    "chats": (
        "n", "id", "title", "created_at", "updated_at", "leaf_id", "deleted_at", "cut_id", "is_named", "is_pinned", "folder_id",
        "settings",
    ),
    "messages": (
        "n", "id", "chat_id", "parent_id", "role", "text", "reasoning", "state", "model", "quant", "created_at", "timings",
        "is_edited", "deleted_at", "attachments",
    ),
}  # fmt: skip
_LEAST = {"chats": 6, "messages": 12}  # columns in the first version

Value = None | int | float | str | bytes


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    page_size: int
    usable: int

    def page(self, number: int) -> int:
        """Where page `number` (from 1) begins."""
        return (number - 1) * self.page_size


def found_rows(path: Path, table: str) -> dict[int, dict[str, Value]]:
    """All rows of a table that lie in leaves which can be read, by number; also of leaves that were freed and not used again.

    Args:
        path: the damaged file; it is only read.
        table: "chats" or "messages".
    """
    data = path.read_bytes()
    size = int.from_bytes(data[16:18], "big")
    size = 65536 if size == 1 else size
    has_header = data[:16] == b"SQLite format 3\0" and size in _PAGE_SIZES
    file = _File(data, size, size - data[20]) if has_header else _File(data, _USUAL_PAGE_SIZE, _USUAL_PAGE_SIZE)
    rows: dict[int, dict[str, Value]] = {}
    for number in range(1, len(data) // file.page_size + 1):
        for n, values in _leaf(file, number):
            row = _row(table, n, values)
            # Of two copies the longer one is the newer: a text grows.
            if row is not None and (n not in rows or _size(row) >= _size(rows[n])):
                rows[n] = row
    return rows


def _leaf(file: _File, number: int) -> Iterator[tuple[int, list[Value]]]:
    start = file.page(number)
    head = start + (100 if number == 1 else 0)
    if file.data[head] != _LEAF:
        return
    (n_cells,) = struct.unpack_from(">H", file.data, head + 3)
    for i in range(min(n_cells, file.page_size // 4)):
        try:
            (pointer,) = struct.unpack_from(">H", file.data, head + 8 + 2 * i)
            yield _cell(file, start + pointer)
        except (IndexError, struct.error, ValueError):
            continue


def _cell(file: _File, at: int) -> tuple[int, list[Value]]:
    n_bytes, at = _varint(file.data, at)
    n, at = _varint(file.data, at)
    if n_bytes > len(file.data):
        raise ValueError("longer than the file")
    return n, _record(_payload(file, at, n_bytes))


def _payload(file: _File, at: int, n_bytes: int) -> bytes:
    most, least = file.usable - 35, (file.usable - 12) * 32 // 255 - 23
    if n_bytes <= most:
        return file.data[at : at + n_bytes]
    here = least + (n_bytes - least) % (file.usable - 4)
    here = here if here <= most else least
    pieces = [file.data[at : at + here]]
    (following,) = struct.unpack_from(">I", file.data, at + here)
    left = n_bytes - here
    while left > 0 and following:
        start = file.page(following)
        piece = file.data[start + 4 : start + 4 + min(left, file.usable - 4)]
        if not piece:
            raise ValueError("the chain leaves the file")
        pieces.append(piece)
        left -= len(piece)
        (following,) = struct.unpack_from(">I", file.data, start)
    if left:
        raise ValueError("the chain is too short")
    return b"".join(pieces)


def _record(payload: bytes) -> list[Value]:
    end, at = _varint(payload, 0)
    kinds: list[int] = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values: list[Value] = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    return values


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    if kind in _INTEGER_BYTES:
        end = at + _INTEGER_BYTES[kind]
        return int.from_bytes(payload[at:end], "big", signed=True), end
    if kind == 7:
        return struct.unpack_from(">d", payload, at)[0], at + 8
    if kind < 12:
        raise ValueError("no such kind of value")
    end = at + (kind - 12) // 2
    if end > len(payload):
        raise ValueError("longer than its record")
    data = payload[at:end]
    return (data.decode("utf-8", "replace") if kind % 2 else data), end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for i in range(8):
        byte = data[at + i]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + i + 1
    return value << 8 | data[at + 8], at + 9


def _row(table: str, n: int, values: Sequence[Value]) -> dict[str, Value] | None:
    """The record as a row of the table; None when it is not one."""
    names = _COLUMNS[table]
    if not _LEAST[table] <= len(values) <= len(names) or values[0] is not None:
        return None
    row = dict(zip(names, values, strict=False)) | {"n": n}
    if not all(isinstance(row[k], str) for k in ("id", "title" if table == "chats" else "text")):
        return None
    if table == "chats":
        return row if all(isinstance(row[k], int | float) for k in ("created_at", "updated_at")) else None
    is_message = isinstance(row["chat_id"], str) and row["role"] in set(Role) and row["state"] in set(MessageState)
    return row if is_message else None


def _size(row: dict[str, Value]) -> int:
    return sum(len(v) for v in row.values() if isinstance(v, str))
