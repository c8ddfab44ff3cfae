"""The history of loads: what was predicted and what came. Shown beside each other and used to improve the next prediction."""

from __future__ import annotations

import json
import logging
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from launcher.core.codec import from_json, to_json
from launcher.core.plans import MemoryUse, Placement, SpeedEstimate
from launcher.store import database

_log = logging.getLogger(__name__)
MIGRATIONS = (
    "CREATE TABLE loads (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, model TEXT NOT NULL, quant TEXT NOT NULL,"
    " loaded_at REAL NOT NULL, record TEXT NOT NULL);",
)
KEPT_LOADS = 500


@dataclass(frozen=True, slots=True)
class LoadRecord:
    """One load, predicted and actual. Figures that are not known yet are None.

    Attributes:
        loaded_at: seconds since the epoch.
        actual_decode_tokens_s: of the newest answer made with this load.
        path: the file that was loaded; "" in records of earlier versions.
        engine_version: the build that loaded it; "" likewise.
        steps: what had to be given up for want of memory, in words.
    """

    id: str
    loaded_at: float
    model: str
    quant: str
    placement: Placement
    predicted_memory: MemoryUse
    predicted_speed: SpeedEstimate | None = None
    predicted_load_seconds: float | None = None
    actual_memory: MemoryUse | None = None
    actual_load_seconds: float | None = None
    actual_decode_tokens_s: float | None = None
    actual_prefill_tokens_s: float | None = None
    actual_first_token_s: float | None = None
    path: str = ""
    engine_version: str = ""
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LastLoad:
    """When a file was last loaded; `path` is "" in records of earlier versions."""

    model: str
    quant: str
    path: str
    loaded_at: float


class LoadHistory:
    """Loads on the disk. Make it in the thread that uses it and close it there."""

    def __init__(self, path: Path) -> None:
        """Open or create the file; a damaged one is set aside, because measurements come again."""
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = database.connect(path, MIGRATIONS)
        except sqlite3.DatabaseError as error:
            _log.warning("The history of loads is damaged (%s); kept as %s", error, database.set_aside(path))
            self._db = database.connect(path, MIGRATIONS)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def save(self, record: LoadRecord) -> None:
        """Add a load, or replace the one of the same id; the oldest beyond 500 are forgotten."""
        with database.transaction(self._db):
            self._db.execute(
                "INSERT INTO loads (id, model, quant, loaded_at, record) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT(id) DO UPDATE SET record = excluded.record",
                (record.id, record.model, record.quant, record.loaded_at, json.dumps(to_json(record))),
            )
            self._db.execute("DELETE FROM loads WHERE n <= (SELECT max(n) FROM loads) - ?", (KEPT_LOADS,))

    def recent(self, limit: int = 20, model: str | None = None, quant: str | None = None) -> tuple[LoadRecord, ...]:
        """The newest loads, newest first; of one model or quantisation when given."""
        rows = self._db.execute(
            "SELECT record FROM loads WHERE (?1 IS NULL OR model = ?1) AND (?2 IS NULL OR quant = ?2) ORDER BY n DESC LIMIT ?3",
            (model, quant, limit),
        )
        records: list[LoadRecord] = []
        for row in rows:
            try:
                records.append(from_json(LoadRecord, json.loads(row["record"])))
            except ValueError as error:
                _log.warning("A load in the history cannot be read: %s", error)
        return tuple(records)

    def last_loads(self) -> tuple[LastLoad, ...]:
        """Each file that was loaded, with the newest time; newest first."""
        rows = self._db.execute("SELECT model, quant, loaded_at, record FROM loads ORDER BY loaded_at DESC")
        newest: dict[tuple[str, str, str], LastLoad] = {}
        for row in rows:
            try:
                path = str(json.loads(row["record"]).get("path", ""))
            except (ValueError, AttributeError):
                path = ""  # `recent` says that it is damaged
            load = LastLoad(row["model"], row["quant"], path, row["loaded_at"])
            newest.setdefault((load.model, load.quant, load.path), load)
        return tuple(newest.values())
