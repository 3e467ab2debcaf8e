"""Records in SQLite: looked up by id whatever its case, and read page by page."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import Any

from dpsctl.emulator.answers import Json
from dpsctl.errors import UsageError

MEMORY = ":memory:"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    label TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, key)
);
CREATE INDEX IF NOT EXISTS records_by_kind ON records (kind);
CREATE INDEX IF NOT EXISTS records_by_label ON records (kind, label);
"""
_TABLES = {"kept", "records"}
_MODE = 0o600
_JSON = json.JSONEncoder(separators=(",", ":"))
_PATIENCE = 5.0  # seconds, for who else writes to the file
_PUT = """
INSERT INTO records (kind, key, label, body) VALUES (?, ?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET label = excluded.label, body = excluded.body
"""


class Store:
    """Keep records of several kinds, each found by its id and, many at once, by one label.

    *revision* grows with everything that is written.
    The label is what a kind is asked for by: a registration's group, an enrollment's attestation.
    Every method may be called from any thread. What a method or a `writing` block has done when it
    returns is on disk if *path* is a file. Raises UsageError if that file cannot be used.
    """

    def __init__(self, path: str = MEMORY) -> None:
        self._lock = RLock()
        self.revision = 0
        self._database = _opened(path)

    def close(self) -> None:
        """Close the database; the store cannot be used again."""
        with self._lock:
            self._database.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Make what is read and written inside one step: all of it happens, or nothing."""
        with self._lock:
            if self._database.in_transaction:
                yield
                return
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")
            self.revision += 1

    def reset(self) -> None:
        """Forget all records, but not what was kept."""
        with self.writing():
            self._database.execute("DELETE FROM records")

    def get(self, kind: str, record_id: str) -> Json | None:
        """Return a record, or None."""
        text = self._value(
            "SELECT body FROM records WHERE kind = ? AND key = ?", kind, record_id.lower()
        )
        return None if text is None else dict(json.loads(text))

    def put(self, kind: str, record_id: str, record: Json, label: str = "") -> None:
        """Write a record; one that exists keeps its place in the pages."""
        body = _JSON.encode(record)
        with self.writing():
            self._database.execute(_PUT, (kind, record_id.lower(), label.lower(), body))

    def delete(self, kind: str, record_id: str) -> None:
        """Delete a record, if it is there."""
        with self.writing():
            self._database.execute(
                "DELETE FROM records WHERE kind = ? AND key = ?", (kind, record_id.lower())
            )

    def count(self, kind: str, label: str | None = None) -> int:
        """Count the records, those with *label* if it is given."""
        if label is None:
            return int(self._value("SELECT count(*) FROM records WHERE kind = ?", kind))
        sql = "SELECT count(*) FROM records WHERE kind = ? AND label = ?"
        return int(self._value(sql, kind, label.lower()))

    def found(
        self, kind: str, size: int, skipped: int, text: str, label: str | None = None
    ) -> tuple[list[tuple[str, Json]], int]:
        """Return records whose ids contain *text*, newest first, with their labels; and how many.

        Those are *size* of them at most, behind the first *skipped*.
        """
        labelled, values = ("", ()) if label is None else ("AND label = ?", (label.lower(),))
        such = f"FROM records WHERE kind = ? {labelled} AND instr(key, ?) > 0"
        wanted = (kind, *values, text.lower())
        with self._lock:
            total = self._value(f"SELECT count(*) {such}", *wanted)
            rows = self._database.execute(
                f"SELECT label, body {such} ORDER BY seq DESC LIMIT ? OFFSET ?",
                (*wanted, size, skipped),
            ).fetchall()
        return [(label, json.loads(body)) for label, body in rows], int(total)

    def page(
        self, kind: str, size: int, after: int = 0, label: str | None = None
    ) -> tuple[list[Json], int | None]:
        """Return up to *size* records and where the next page starts after, None at the end."""
        labelled, values = ("", ()) if label is None else ("AND label = ?", (label.lower(),))
        sql = f"SELECT seq, body FROM records WHERE kind = ? {labelled} AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608, E501 - no text from outside
        with self._lock:
            rows = self._database.execute(sql, (kind, *values, after, size + 1)).fetchall()
        found = json.loads(f"[{','.join(body for _, body in rows[:size])}]")  # at once is quicker
        return found, rows[size - 1][0] if len(rows) > size else None

    def kept(self, name: str) -> str | None:
        """Return a value that outlives resets, or None."""
        value = self._value("SELECT value FROM kept WHERE name = ?", name)
        return None if value is None else str(value)

    def keep(self, name: str, value: str) -> None:
        """Keep *value* for the next start too."""
        with self.writing():
            self._database.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, value))

    def _value(self, sql: str, *values: str) -> Any:
        with self._lock:
            row = self._database.execute(sql, values).fetchone()
        return row and row[0]


def _opened(path: str) -> sqlite3.Connection:
    if path != MEMORY:
        _make_file(path)
    database = sqlite3.connect(
        path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
    )
    try:
        _check_tables(database)
        # FULL: an acknowledged write is on disk, not only in the log of a process that may die.
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.executescript(_SCHEMA)
    except sqlite3.Error as error:
        database.close()
        raise unusable(path, error) from None
    if path != MEMORY:
        with suppress(OSError):
            Path(path).chmod(_MODE)  # it is the emulator's, and may be from elsewhere
    return database


def _make_file(path: str) -> None:
    """Make the file before SQLite does, so that it is nobody else's to read: it holds keys."""
    try:
        if Path(path).exists() and not Path(path).is_file():
            raise unusable(path, "it is not a file")
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, _MODE))
    except OSError as error:
        raise UsageError(
            f"--db {path}: {error.strerror}", "Give a file in a folder that you can write to."
        ) from None


def _check_tables(database: sqlite3.Connection) -> None:
    """Refuse the database of something else before anything in it changes."""
    found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    tables = {name for (name,) in found}
    if tables and not tables >= _TABLES:
        raise sqlite3.DatabaseError("it holds something else")


def unusable(path: str, problem: object) -> UsageError:
    """Return the complaint about a database, *problem* being SQLite's own or a few words."""
    if getattr(problem, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return UsageError(
            f"--db {path}: another process holds it locked", "Stop that, or give another file."
        )
    return UsageError(
        f"--db {path}: cannot be used as a database: {problem}",
        "Give a file that an emulator made, or one that does not exist yet.",
    )
