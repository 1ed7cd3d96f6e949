"""Bases and records ↔ one SQLite file. An answered write is in the file before its answer is sent.

The journal is a write-ahead log with `synchronous=NORMAL`: a commit survives the end of the process at any
moment (`kill -9`), and the file is never damaged by a loss of power, though the last commits may then be gone.
One process holds the file at a time.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tablewright.airtable import RECORDS_PER_WRITE
from tablewright.server.jsontext import Json, JsonObject, dumps
from tablewright.server.jsontext import loads as loads_json
from tablewright.server.rows import Row

_FORMAT = 1
# A record's place is its table's position and its own number in one integer: the records of a table lie together
# and in order, and a new one is appended, which changes half as many pages as a key of two columns would.
_NUMBER_BITS = 40

_TABLES = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE bases (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    workspace_id TEXT NOT NULL, created_time TEXT NOT NULL
);
CREATE TABLE tables (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, base_id TEXT NOT NULL, definition TEXT NOT NULL,
    next_number INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE records (
    place INTEGER PRIMARY KEY, id TEXT NOT NULL, created_time TEXT NOT NULL, created_by TEXT NOT NULL,
    modified_time TEXT, modified_by TEXT, touched TEXT, cells TEXT NOT NULL
);
CREATE TABLE comments (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, record_id TEXT NOT NULL, document TEXT NOT NULL
);
CREATE INDEX comments_of_record ON comments (record_id);
CREATE TABLE attachments (id TEXT PRIMARY KEY, base_id TEXT NOT NULL, content_type TEXT NOT NULL, content BLOB NOT NULL);
CREATE TABLE webhooks (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, base_id TEXT NOT NULL, document TEXT NOT NULL
);
CREATE TABLE payloads (
    webhook_id TEXT NOT NULL, cursor INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (webhook_id, cursor)
) WITHOUT ROWID;
"""


_INSERT = "INSERT INTO records (place, id, created_time, created_by, cells) VALUES "
_COLUMNS = 5
_AT_ONCE = _COLUMNS * RECORDS_PER_WRITE


@cache
def _insertion(count: int) -> str:
    return _INSERT + ", ".join(["(?, ?, ?, ?, ?)"] * count)


class DataFileError(RuntimeError):
    """The data file cannot be used; the message says why and what to do."""


class Storage:
    """The file. It is written inside `transaction` only."""

    def __init__(self, path: Path | None) -> None:
        """Open or create *path*; without one everything stays in memory.

        Raises:
            DataFileError: the file belongs to another program or to another running server.
        """
        self._path = path
        self._positions: dict[str, int] = {}
        try:
            self._connection = sqlite3.connect(
                ":memory:" if path is None else path, isolation_level=None, check_same_thread=False
            )
        except sqlite3.DatabaseError as error:
            raise DataFileError(self._explain(error)) from error
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise DataFileError(self._explain(error)) from error

    def _prepare(self) -> None:
        execute = self._connection.execute
        execute("PRAGMA busy_timeout = 0")
        # Records are cached in memory, so a second process writing here would go unseen: it is kept out.
        execute("PRAGMA locking_mode = EXCLUSIVE")
        execute("PRAGMA page_size = 4096")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")
        # A checkpoint waits for the disk, and so does the request that meets it: one in 64 MiB of log, not in 4.
        execute("PRAGMA wal_autocheckpoint = 16000")
        execute("BEGIN IMMEDIATE")
        version = execute("PRAGMA user_version").fetchone()[0]
        occupied = execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version == 0 and not occupied:
            for statement in _TABLES.split(";"):
                execute(statement)
            execute(f"PRAGMA user_version = {_FORMAT}")
        elif version != _FORMAT:
            execute("ROLLBACK")
            self._connection.close()
            raise DataFileError(
                f"{self._path} is not a data file of this server (format {version}, expected {_FORMAT}): "
                "name another file"
            )
        execute("COMMIT")
        self._positions = dict(execute("SELECT id, position FROM tables"))

    def _place(self, table_id: str, number: int) -> int:
        return self._positions[table_id] << _NUMBER_BITS | number

    def _explain(self, error: sqlite3.DatabaseError) -> str:
        another = "name another file"
        if self._path is not None and not self._path.parent.is_dir():
            return f"{self._path}: there is no folder {self._path.parent}: make it, or {another}"
        if "locked" in str(error):
            return f"{self._path} is open in another server: stop that one, or {another}"
        return f"{self._path} cannot be opened as a data file ({error}): {another}"

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What the block writes is in the file at its end; when the block or the file fails, nothing of it is.

        Raises:
            DataFileError: the file takes nothing more.
        """
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except BaseException as error:
            # A full disk may have ended the transaction already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if not isinstance(error, sqlite3.DatabaseError):
                raise
            raise DataFileError(
                f"{self._path} cannot be written ({error}): make room on the disk, then ask again"
            ) from error

    def setting(self, name: str) -> str | None:
        found = self._connection.execute(
            "SELECT value FROM settings WHERE name = ?", (name,)
        ).fetchone()
        return None if found is None else str(found[0])

    def save_setting(self, name: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def users(self) -> list[tuple[str, str, str]]:
        return self._connection.execute("SELECT id, email, name FROM users").fetchall()

    def save_user(self, user_id: str, email: str, name: str) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO users VALUES (?, ?, ?)", (user_id, email, name)
        )

    def bases(self) -> list[tuple[str, str, str, str]]:
        """Id, name, workspace and creation time of every base, oldest first."""
        return self._connection.execute(
            "SELECT id, name, workspace_id, created_time FROM bases ORDER BY position"
        ).fetchall()

    def add_base(self, base_id: str, name: str, workspace_id: str, created_time: str) -> None:
        self._connection.execute(
            "INSERT INTO bases (id, name, workspace_id, created_time) VALUES (?, ?, ?, ?)",
            (base_id, name, workspace_id, created_time),
        )

    def tables(self, base_id: str) -> list[JsonObject]:
        """The definitions of a base's tables, oldest first."""
        found = self._connection.execute(
            "SELECT definition FROM tables WHERE base_id = ? ORDER BY position", (base_id,)
        )
        return [loads_json(definition.encode()) for (definition,) in found]

    def save_table(self, base_id: str, table_id: str, definition: JsonObject) -> None:
        self._connection.execute(
            "INSERT INTO tables (id, base_id, definition) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET definition = excluded.definition",
            (table_id, base_id, dumps(definition)),
        )
        if table_id not in self._positions:
            found = self._connection.execute(
                "SELECT position FROM tables WHERE id = ?", (table_id,)
            )
            self._positions[table_id] = found.fetchone()[0]

    def next_number(self, table_id: str) -> int:
        """The auto number of the next record; numbers of deleted records do not come again."""
        if table_id not in self._positions:
            return 1
        first, last = self._places_of(table_id)
        kept, highest = self._connection.execute(
            "SELECT (SELECT next_number FROM tables WHERE id = ?), "
            "(SELECT max(place) FROM records WHERE place BETWEEN ? AND ?)",
            (table_id, first, last),
        ).fetchone()
        following: int = (highest or first) - first + 1
        return max(int(kept), following)

    def _places_of(self, table_id: str) -> tuple[int, int]:
        first = self._place(table_id, 0)
        return first, first + (1 << _NUMBER_BITS) - 1

    def save_next_number(self, table_id: str, number: int) -> None:
        self._connection.execute(
            "UPDATE tables SET next_number = ? WHERE id = ?", (number, table_id)
        )

    def rows(self, table_id: str) -> Iterator[Row]:
        """The records of a table, oldest first."""
        if table_id not in self._positions:
            return
        first, last = self._places_of(table_id)
        found = self._connection.execute(
            "SELECT place, id, created_time, created_by, modified_time, modified_by, touched, cells "
            "FROM records WHERE place BETWEEN ? AND ? ORDER BY place",
            (first, last),
        )
        for place, record_id, created, creator, modified, modifier, touched, cells in found:
            yield Row(
                id=record_id,
                table_id=table_id,
                number=place - first,
                created_time=created,
                created_by=creator,
                modified_time=modified,
                modified_by=modifier,
                touched=loads_json(touched.encode()) if touched else None,
                cells=loads_json(cells.encode()),
            )

    def insert_rows(self, rows: Iterable[Row]) -> None:
        """Append new records, which nobody has edited yet."""
        place = self._place
        values: list[object] = []
        for row in rows:
            values += (
                place(row.table_id, row.number),
                row.id,
                row.created_time,
                row.created_by,
                dumps(row.cells),
            )
        # One statement for ten records takes two thirds of the time of ten.
        for start in range(0, len(values), _AT_ONCE):
            together = values[start : start + _AT_ONCE]
            self._connection.execute(_insertion(len(together) // _COLUMNS), together)

    def update_rows(self, rows: Iterable[Row]) -> None:
        self._connection.executemany(
            "UPDATE records SET modified_time = ?, modified_by = ?, touched = ?, cells = ? "
            "WHERE place = ?",
            [
                (
                    row.modified_time,
                    row.modified_by,
                    dumps(row.touched) if row.touched else None,
                    dumps(row.cells),
                    self._place(row.table_id, row.number),
                )
                for row in rows
            ],
        )

    def delete_rows(self, rows: Iterable[Row]) -> None:
        doomed = list(rows)
        self._connection.executemany(
            "DELETE FROM records WHERE place = ?",
            [(self._place(row.table_id, row.number),) for row in doomed],
        )
        self._connection.executemany(
            "DELETE FROM comments WHERE record_id = ?", [(row.id,) for row in doomed]
        )

    def comments(self, record_id: str) -> list[JsonObject]:
        """The comments of a record, oldest first."""
        found = self._connection.execute(
            "SELECT document FROM comments WHERE record_id = ? ORDER BY position", (record_id,)
        )
        return [loads_json(document.encode()) for (document,) in found]

    def comment_counts(self) -> dict[str, int]:
        """How many comments each commented record has."""
        return dict(
            self._connection.execute("SELECT record_id, count(*) FROM comments GROUP BY record_id")
        )

    def save_comment(self, record_id: str, comment: JsonObject) -> None:
        self._connection.execute(
            "INSERT INTO comments (id, record_id, document) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            (comment["id"], record_id, dumps(comment)),
        )

    def delete_comment(self, comment_id: str) -> None:
        self._connection.execute("DELETE FROM comments WHERE id = ?", (comment_id,))

    def attachment(self, attachment_id: str) -> tuple[str, bytes] | None:
        """Content type and bytes of an attachment the server holds."""
        found: tuple[str, bytes] | None = self._connection.execute(
            "SELECT content_type, content FROM attachments WHERE id = ?", (attachment_id,)
        ).fetchone()
        return found

    def save_attachment(
        self, base_id: str, attachment_id: str, content_type: str, content: bytes
    ) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO attachments VALUES (?, ?, ?, ?)",
            (attachment_id, base_id, content_type, content),
        )

    def webhooks(self, base_id: str) -> list[JsonObject]:
        """The webhooks of a base, oldest first."""
        found = self._connection.execute(
            "SELECT document FROM webhooks WHERE base_id = ? ORDER BY position", (base_id,)
        )
        return [loads_json(document.encode()) for (document,) in found]

    def save_webhook(self, base_id: str, webhook: JsonObject) -> None:
        self._connection.execute(
            "INSERT INTO webhooks (id, base_id, document) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            (webhook["id"], base_id, dumps(webhook)),
        )

    def delete_webhook(self, webhook_id: str) -> None:
        self._connection.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,))
        self._connection.execute("DELETE FROM payloads WHERE webhook_id = ?", (webhook_id,))

    def add_payload(self, webhook_id: str, cursor: int, payload: JsonObject) -> None:
        self._connection.execute(
            "INSERT INTO payloads VALUES (?, ?, ?)", (webhook_id, cursor, dumps(payload))
        )

    def payloads(self, webhook_id: str, cursor: int, limit: int) -> list[Json]:
        """Up to *limit* payloads from *cursor* on."""
        found = self._connection.execute(
            "SELECT document FROM payloads WHERE webhook_id = ? AND cursor >= ? ORDER BY cursor LIMIT ?",
            (webhook_id, cursor, limit),
        )
        return [loads_json(document.encode()) for (document,) in found]
