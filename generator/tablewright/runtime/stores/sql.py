"""Records in a SQL database, through SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from tablewright.expressions.sql import Dialect
from tablewright.runtime.codec import Row
from tablewright.runtime.errors import NotSupported, RecordInvalid
from tablewright.runtime.measures import Measure
from tablewright.runtime.spec import RelationSpec, TableSpec
from tablewright.runtime.stores import sql_links, sql_queue_columns, sql_writing
from tablewright.runtime.stores.base import (
    Capabilities,
    Check,
    Comment,
    HistoryRow,
    Move,
    Moved,
    Plan,
    Progress,
    Selection,
    Upload,
)
from tablewright.runtime.stores.sql_database import SqlDatabase
from tablewright.runtime.stores.sql_engine import opened
from tablewright.runtime.stores.sql_measures import Gathering
from tablewright.runtime.stores.sql_queue import SqlQueue
from tablewright.runtime.stores.sql_rows import stamped, with_identity
from tablewright.runtime.stores.sql_schema import ID
from tablewright.runtime.stores.sql_selecting import counted, picked, scope_of
from tablewright.runtime.stores.sql_statements import Explained, KnownTable
from tablewright.runtime.unfit import UnfitRows

SQL: Final = Capabilities(
    atomic="whole call",
    compare_and_swap=True,
    groups=True,
    history=True,
    microseconds=True,
    references=True,
    rules="enforced",
    keeps_ids=True,
    comments=False,
    calculates=frozenset(
        {
            "auto_number",
            "count",
            "created_time",
            "formula",
            "last_modified_time",
            "lookup",
            "rollup",
        }
    ),
    claims="exclusive",
)


def open_sql_store(address: str) -> SqlStore:
    """Return the store behind a sqlite or postgresql URL. Nothing is opened before it is needed.

    Raises:
        NotConfigured: the URL cannot be read.
    """
    return SqlStore(*opened(address))


class SqlStore:
    """A store on SQLite or PostgreSQL. Missing tables are created when they are first used."""

    capabilities = SQL

    def __init__(self, engine: Engine, dialect: Dialect, description: str) -> None:
        self.description = description
        self.unfit = UnfitRows()
        self.passwords: frozenset[str] = frozenset()
        self.database = SqlDatabase(engine, dialect, description)
        self._queues = SqlQueue(engine, dialect, description, self.database.known)

    def __repr__(self) -> str:
        return f"<SqlStore {self.description}>"

    def close(self) -> None:
        """Close every connection. Nothing can be read or written from then on."""
        self._queues.close()
        self.database.close()

    @property
    def queues(self) -> SqlQueue:
        """Return what the store offers to queues."""
        return self._queues

    # -- writing --------------------------------------------------------------------------------------------------

    def insert(
        self, table: TableSpec, rows: Sequence[Row], *, progress: Progress | None = None
    ) -> list[Row]:
        """Store new rows, all or none, and return them as stored."""
        if not rows:
            return []
        stored = with_identity(rows, datetime.now(UTC), table)

        def work(connection: Connection, known: KnownTable) -> None:
            sql_writing.insert(connection, known, stored)
            if table.queue is not None:
                self._queues.announce(connection, table)

        self.database.write(table, work, stored)
        if progress is not None:
            progress(len(stored), len(stored))
        return stored

    def update(
        self,
        table: TableSpec,
        changes: Sequence[tuple[str, Row]],
        *,
        check: Check | None = None,
    ) -> list[Row]:
        """Write changes to rows, all or none; what *check* has seen stays until then."""
        if not changes:
            return []
        new = [(record_id, stamped(table, row)) for record_id, row in changes]
        return self.database.write(
            table,
            lambda connection, known: sql_writing.update(
                connection, known, new, self.description, check
            ),
            [{ID: one, **row} for one, row in new],
        )

    def upsert(
        self, table: TableSpec, row: Row, on: Sequence[str], defaults: Row
    ) -> tuple[Row, bool]:
        """Update the row whose fields *on* have these values, or store a new one with *defaults*."""
        new = with_identity([{**defaults, **row}], datetime.now(UTC), table)

        def work(connection: Connection, known: KnownTable) -> tuple[Row, bool]:
            return sql_writing.upsert(connection, known, row, on, new[0], self.description)

        # Without an index that lets in one of a key, transactions have to see what others store beside them.
        is_kept_apart = any(table.by_key[key].unique for key in on)
        try:
            return self.database.write(table, work, new, serializable=not is_kept_apart)
        except RecordInvalid:
            if self.database.dialect == "sqlite":
                raise
            # A transaction that is SERIALIZABLE does not see who took a unique value meanwhile. The next one does.
            return self.database.write(table, work, new, serializable=not is_kept_apart)

    def delete(self, table: TableSpec, ids: Sequence[str]) -> list[str]:
        """Delete rows, all or none; links to them go the way the schema says."""
        if not ids:
            return []

        there = self.database.write(
            table,
            lambda connection, known: sql_writing.delete(connection, known, ids),
            [],
            deleting=ids,
        )
        return [one for one in ids if one in there]

    def move(self, table: TableSpec, move: Move) -> Moved:
        """Write a transition and its history in one transaction, if the stored row is still the expected one."""
        changes = stamped(table, move.changes)
        if table.queue is not None:
            changes |= sql_queue_columns.let_go(table, changes)

        def work(connection: Connection, known: KnownTable) -> Moved:
            moved = sql_writing.move(connection, known, move, changes)
            if moved is not None:
                return Moved(done=True, row=sql_queue_columns.shown(moved))
            found = connection.execute(known.statements.fetch([move.record_id])).all()
            return Moved(done=False, row=next(iter(known.statements.rows(found)), None))

        return self.database.write(table, work, [{ID: move.record_id, **changes}])

    # -- reading --------------------------------------------------------------------------------------------------

    def fetch(self, table: TableSpec, ids: Sequence[str]) -> dict[str, Row]:
        """Return the rows with these ids, in one statement."""
        if not ids:
            return {}

        def work(connection: Connection, known: KnownTable) -> list[Row]:
            return known.statements.rows(connection.execute(known.statements.fetch(ids)).all())

        return {row[ID]: row for row in self.database.read(table, work)}

    def select(self, selection: Selection) -> list[Row]:
        """Return the wanted rows in order."""

        def work(connection: Connection, known: KnownTable) -> list[Row]:
            statements = known.statements
            wanted = picked(known, selection, statements.columns)
            return statements.rows(connection.execute(wanted).all())

        return self.database.read(selection.table, work)

    def ids(self, selection: Selection) -> list[str]:
        """Return the ids of the wanted rows in order."""

        def work(connection: Connection, known: KnownTable) -> list[str]:
            wanted = picked(known, selection, [known.statements.table.c.id])
            return list(connection.execute(wanted).scalars())

        return self.database.read(selection.table, work)

    def count(self, selection: Selection) -> int:
        """Return how many rows are wanted."""
        return self.database.read(
            selection.table,
            lambda connection, known: int(
                connection.execute(counted(known, selection)).scalar_one()
            ),
        )

    def linking(self, table: TableSpec, relation: RelationSpec, ids: Sequence[str]) -> list[Row]:
        """Return the rows of *table* whose *relation* holds one of *ids*, oldest first, in one statement."""

        def work(connection: Connection, known: KnownTable) -> list[Row]:
            statement = sql_links.linking(known, relation, ids)
            return known.statements.rows(connection.execute(statement).all())

        return self.database.read(table, work)

    def history(self, table: TableSpec, record_id: str) -> list[HistoryRow]:
        """Return the transitions of a record, oldest first."""

        def work(connection: Connection, known: KnownTable) -> list[HistoryRow]:
            log = known.schema.history.get(table.key)
            if log is None:
                return []
            names = [column.name for column in log.c if column.name != "number"]
            wanted = sa.select(*(log.c[name] for name in names)).where(log.c.record_id == record_id)
            found = connection.execute(wanted.order_by(log.c.number)).all()
            return [HistoryRow(**dict(zip(names, row, strict=True))) for row in found]

        return self.database.read(table, work)

    def measure(self, selection: Selection, wanted: Mapping[str, Measure]) -> dict[str, Any]:
        """Return the value of every measure over the wanted rows, in one statement."""

        def work(connection: Connection, known: KnownTable) -> dict[str, Any]:
            scope = scope_of(known, selection)
            gathering = Gathering(scope, wanted, self.database.dialect)
            limited = selection.limit is not None or bool(selection.offset)
            rows = picked(known, selection, gathering.columns(), scope, ordered=limited)
            return gathering.results(tuple(connection.execute(gathering.statement(rows)).one()))

        return self.database.read(selection.table, work)

    def comments(self, table: TableSpec, record_id: str) -> list[Comment]:
        """Refuse: comments are Airtable's."""
        raise NotSupported(f"{self.description} has no comments on {table.key} {record_id}")

    def add_comment(self, table: TableSpec, record_id: str, text: str) -> Comment:
        """Refuse: comments are Airtable's."""
        raise NotSupported(
            f"{self.description} takes no comments: {text!r:.40} on {table.key} {record_id} is not stored"
        )

    def upload(self, table: TableSpec, record_id: str, key: str, file: Upload) -> Row:
        """Refuse: files are kept by Airtable; here an attachment is its URL."""
        raise NotSupported(
            f"{self.description} keeps no files: {file.filename} cannot be added to {key} of {table.key} {record_id}; "
            "store a URL instead"
        )

    def plan(self, selection: Selection) -> Plan:
        """Return the SQL of a selection and how the database goes about it."""

        def work(connection: Connection, known: KnownTable) -> Plan:
            wanted = picked(known, selection, known.statements.columns)
            compiled = wanted.compile(
                self.database.engine, compile_kwargs={"render_postcompile": True}
            )
            shown = "\n".join(f"{name} = {value!r}" for name, value in compiled.params.items())
            steps = connection.execute(Explained(wanted)).all()
            request = str(compiled) + (f"\n{shown}" if shown else "")
            return Plan(self.description, request, tuple(str(step[-1]).strip() for step in steps))

        return self.database.read(selection.table, work)


__all__ = ["SqlStore", "open_sql_store"]
