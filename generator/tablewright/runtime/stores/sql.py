"""Records in a SQL database, through SQLAlchemy Core."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.engine.url import make_url

from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.sql import Dialect, SqlCompiler, SqlScope
from tablewright.runtime.codec import Row
from tablewright.runtime.errors import (
    NotConfigured,
    NotSupported,
    RecordInvalid,
    RecordNotFound,
    StoreUnavailable,
    held_by_several,
)
from tablewright.runtime.measures import Measure
from tablewright.runtime.spec import RelationSpec, TableSpec
from tablewright.runtime.stores import sql_errors, sql_links, sql_measures, sql_queue_columns
from tablewright.runtime.stores.base import (
    Capabilities,
    Comment,
    HistoryRow,
    Move,
    Moved,
    Plan,
    Progress,
    Selection,
    Upload,
)
from tablewright.runtime.stores.sql_engine import WRITES, postgres_engine, sqlite_engine
from tablewright.runtime.stores.sql_queue import KnownTable, SqlQueue
from tablewright.runtime.stores.sql_rows import (
    FROM_ROW,
    is_many,
    new_values,
    own_columns,
    stamped,
    with_identity,
)
from tablewright.runtime.stores.sql_schema import CREATED, ID, SchemaTables, link_column
from tablewright.runtime.stores.sql_statements import Explained, TableStatements, table_statements
from tablewright.runtime.stores.sql_tables import created_schema, full_case_collation
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
    calculates=frozenset({"created_time", "last_modified_time"}),
)


def open_sql_store(address: str) -> SqlStore:
    """Return the store behind a sqlite or postgresql URL. Nothing is opened before it is needed.

    Raises:
        NotConfigured: the URL cannot be read.
    """
    try:
        url = make_url(address)
    except (exc.ArgumentError, ValueError):
        # The text itself stays unsaid: it may hold a password.
        kind = address.partition(":")[0]
        raise NotConfigured(
            f"the {kind} URL cannot be read: write {kind}://user@host/database"
        ) from None
    if url.get_backend_name() == "sqlite":
        return SqlStore(sqlite_engine(url), "sqlite", f"SQLite {url.database or 'in memory'}")
    shown = url.set(query={}).render_as_string(hide_password=True)
    return SqlStore(postgres_engine(url), "postgresql", f"PostgreSQL {shown}")


class SqlStore:
    """A store on SQLite or PostgreSQL. Missing tables are created when they are first used."""

    capabilities = SQL

    def __init__(self, engine: Engine, dialect: Dialect, description: str) -> None:
        self.description = description
        self.unfit = UnfitRows()
        self._dialect: Dialect = dialect
        self._engine = engine
        # SQLite reads outside of transactions anyway; there, SQLAlchemy's AUTOCOMMIT would undo our own setting.
        self._reader = (
            engine
            if dialect == "sqlite"
            else engine.execution_options(isolation_level="AUTOCOMMIT")
        )
        self._writer = engine.execution_options(**{WRITES: True})
        self._lock = threading.Lock()
        self._schemas: dict[TableSpec, SchemaTables] = {}
        self._statements: dict[TableSpec, TableStatements] = {}
        self._case_collation: str | None = None
        self._queues = SqlQueue(engine, dialect, description, self._known)

    def __repr__(self) -> str:
        return f"<SqlStore {self.description}>"

    def close(self) -> None:
        """Close every connection. Nothing can be read or written from then on."""
        self._queues.close()
        sa.event.listen(self._engine, "do_connect", self._refuse)
        self._engine.dispose()

    def _refuse(self, *_: Any) -> None:
        raise StoreUnavailable(f"{self.description} was closed: call tablewright.connect() again")

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
        with self._writing(table, stored) as (connection, schema):
            self._insert(connection, schema, table, stored)
            if table.queue is not None:
                self._queues.announce(connection, table)
        if progress is not None:
            progress(len(stored), len(stored))
        return stored

    def _insert(
        self, connection: Connection, schema: SchemaTables, table: TableSpec, rows: list[Row]
    ) -> None:
        singles = [relation for relation in table.relations if not relation.many]
        columns = [
            ID,
            CREATED,
            *(field.key for field in table.fields if field.kind not in FROM_ROW),
        ]
        values = []
        for row in rows:
            found = {key: row.get(key) for key in columns}
            for relation in singles:
                found[link_column(relation)] = row.get(relation.key)
            values.append(found)
        connection.execute(self._statements[table].insert, values)
        links = sql_links.LinkWriter(connection, schema, table, self._dialect)
        for row in rows:
            for relation in table.relations:
                if relation.many and row.get(relation.key):
                    links.add(relation, row[ID], row[relation.key])
        links.flush()

    def update(self, table: TableSpec, changes: Sequence[tuple[str, Row]]) -> list[Row]:
        """Write changes to rows, all or none."""
        if not changes:
            return []
        changes = [(record_id, stamped(table, row)) for record_id, row in changes]
        with self._writing(table, [{ID: one, **row} for one, row in changes]) as (
            connection,
            schema,
        ):
            self._update(connection, schema, table, changes)
        return [row for _, row in changes]

    def _update(
        self,
        connection: Connection,
        schema: SchemaTables,
        table: TableSpec,
        changes: Sequence[tuple[str, Row]],
    ) -> None:
        statements = self._statements[table]
        ids = [record_id for record_id, _ in changes]
        if len(changes) > 1 or not own_columns(table, changes[0][1]):
            there = set(connection.execute(statements.lock(ids, self._dialect)).scalars())
            self._require(table, [one for one in ids if one not in there])
        groups: dict[tuple[str, ...], list[Row]] = {}
        for record_id, row in changes:
            columns = own_columns(table, row)
            if columns:
                groups.setdefault(tuple(columns), []).append(
                    {"_id": record_id, **new_values(columns)}
                )
        for keys, values in groups.items():
            done = connection.execute(statements.update(keys), values)
            if len(changes) == 1 and done.rowcount == 0:
                self._require(table, ids)
        links = sql_links.LinkWriter(connection, schema, table, self._dialect)
        for record_id, row in changes:
            for relation in table.relations:
                if relation.key in row:
                    links.replace(relation, record_id, row[relation.key])
        links.flush()

    def _require(self, table: TableSpec, missing: Sequence[str]) -> None:
        if missing:
            raise RecordNotFound(table.key, missing, self.description)

    def upsert(
        self, table: TableSpec, row: Row, on: Sequence[str], defaults: Row
    ) -> tuple[Row, bool]:
        """Update the row whose fields *on* have these values, or store a new one with *defaults*."""
        new = with_identity([{**defaults, **row}], datetime.now(UTC), table)
        with self._writing(table, new) as (connection, schema):
            own = schema.tables[table.key]
            wanted = [
                own.c[key].is_not_distinct_from(sa.literal(row[key], own.c[key].type)) for key in on
            ]
            query = sa.select(own.c.id).where(*wanted).limit(2)
            if self._dialect == "postgresql":
                query = query.with_for_update()
            found = connection.execute(query).scalars().all()
            if len(found) > 1:
                raise RecordInvalid(table.key, [held_by_several(on[0], row[on[0]])])
            if not found:
                self._insert(connection, schema, table, new)
                return new[0], True
            self._update(connection, schema, table, [(found[0], stamped(table, row))])
            fresh = connection.execute(self._statements[table].fetch([found[0]])).all()
        return self._rows(table, fresh)[0], False

    def delete(self, table: TableSpec, ids: Sequence[str]) -> list[str]:
        """Delete rows, all or none; links to them go the way the schema says."""
        if not ids:
            return []
        with self._writing(table, [], deleting=ids) as (connection, _):
            there = set(connection.execute(self._statements[table].delete(ids)).scalars())
        return [one for one in ids if one in there]

    def move(self, table: TableSpec, move: Move) -> Moved:
        """Write a transition and its history in one transaction, if the stored row is still the expected one."""
        lifecycle = table.lifecycle
        assert lifecycle is not None  # noqa: S101  # only tables with a lifecycle have transitions
        changes = stamped(table, move.changes)
        if table.queue is not None:
            changes |= sql_queue_columns.let_go(table, changes)
        with self._writing(table, [{ID: move.record_id, **changes}]) as (connection, schema):
            statements = self._statements[table]
            columns = own_columns(table, changes)
            many = [key for key in move.expected if is_many(table, key)]
            expected = {key: value for key, value in move.expected.items() if key not in many}
            statement = statements.move(tuple(columns), tuple(expected), tuple(many), schema)
            values = {
                "_id": move.record_id,
                **new_values(columns),
                **{f"was_{key}": one for key, one in expected.items()},
            }
            for key in many:
                values |= {
                    f"was_{key}": move.expected[key],
                    f"number_{key}": len(move.expected[key]),
                }
            if connection.execute(statement, values).rowcount == 0:
                found = connection.execute(statements.fetch([move.record_id])).all()
                return Moved(done=False, row=self._rows(table, found)[0] if found else None)
            links = sql_links.LinkWriter(connection, schema, table, self._dialect)
            for relation in table.relations:
                if relation.key in changes:
                    links.replace(relation, move.record_id, changes[relation.key])
            links.flush()
            if lifecycle.history:
                connection.execute(
                    statements.add_history(schema),
                    {
                        "record_id": move.record_id,
                        "at": move.at,
                        "transition": move.transition,
                        "from_state": move.expected[lifecycle.field].name,
                        "to_state": changes[lifecycle.field].name,
                        "by": move.by,
                        "why": move.why,
                    },
                )
        return Moved(done=True, row=changes)

    # -- reading --------------------------------------------------------------------------------------------------

    def fetch(self, table: TableSpec, ids: Sequence[str]) -> dict[str, Row]:
        """Return the rows with these ids, in one statement."""
        if not ids:
            return {}
        with self._reading(table) as connection:
            found = connection.execute(self._statements[table].fetch(ids)).all()
        return {row[ID]: row for row in self._rows(table, found)}

    def select(self, selection: Selection) -> list[Row]:
        """Return the wanted rows in order."""
        table = selection.table
        with self._reading(table) as connection:
            statements = self._statements[table]
            found = connection.execute(self._picked(selection, statements.columns)).all()
        return self._rows(table, found)

    def ids(self, selection: Selection) -> list[str]:
        """Return the ids of the wanted rows in order."""
        with self._reading(selection.table) as connection:
            own = self._schemas[selection.table].tables[selection.table.key]
            return list(connection.execute(self._picked(selection, [own.c.id])).scalars())

    def count(self, selection: Selection) -> int:
        """Return how many rows are wanted."""
        with self._reading(selection.table) as connection:
            own = self._schemas[selection.table].tables[selection.table.key]
            if selection.limit is None and not selection.offset:
                condition = self._scope(selection).condition(selection.where)
                statement = sa.select(sa.func.count()).select_from(own).where(condition)
            else:
                rows = self._picked(selection, [own.c.id], ordered=False).subquery()
                statement = sa.select(sa.func.count()).select_from(rows)
            return int(connection.execute(statement).scalar_one())

    def linked(
        self, table: TableSpec, relation: RelationSpec, ids: Sequence[str]
    ) -> Mapping[str, Sequence[str]]:
        """Return, for each of *ids*, the ids of the rows of *table* whose *relation* holds it, oldest first."""
        found: dict[str, list[str]] = {one: [] for one in ids}
        with self._reading(table) as connection:
            statement = sql_links.linked(self._schemas[table], table, relation, ids, self._dialect)
            for linked_id, record_id in connection.execute(statement):
                found[linked_id].append(record_id)
        return found

    def history(self, table: TableSpec, record_id: str) -> list[HistoryRow]:
        """Return the transitions of a record, oldest first."""
        with self._reading(table) as connection:
            log = self._schemas[table].history.get(table.key)
            if log is None:
                return []
            names = [column.name for column in log.c if column.name != "number"]
            statement = sa.select(*(log.c[name] for name in names)).where(
                log.c.record_id == record_id
            )
            found = connection.execute(statement.order_by(log.c.number)).all()
        return [HistoryRow(**dict(zip(names, row, strict=True))) for row in found]

    def measure(self, selection: Selection, wanted: Mapping[str, Measure]) -> dict[str, Any]:
        """Return the value of every measure over the wanted rows, in one statement."""
        table = selection.table
        with self._reading(table) as connection:
            scope = self._scope(selection)
            gathering = sql_measures.Gathering(scope, wanted, self._dialect)
            own = self._schemas[table].tables[table.key]
            limited = selection.limit is not None or selection.offset
            picked = self._picked(selection, gathering.columns(), scope, ordered=bool(limited))
            found = connection.execute(gathering.statement(picked.select_from(own))).one()
        return gathering.results(tuple(found))

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
        table = selection.table
        with self._reading(table) as connection:
            statement = self._picked(selection, self._statements[table].columns)
            compiled = statement.compile(self._engine, compile_kwargs={"render_postcompile": True})
            shown = "\n".join(f"{name} = {value!r}" for name, value in compiled.params.items())
            steps = connection.execute(Explained(statement)).all()
        request = str(compiled) + (f"\n{shown}" if shown else "")
        return Plan(self.description, request, tuple(str(step[-1]).strip() for step in steps))

    # -- shared ---------------------------------------------------------------------------------------------------

    def _scope(self, selection: Selection) -> SqlScope:
        schema = self._schemas[selection.table]
        evaluator = Evaluator({}, selection.now or datetime.now(UTC), selection.table.enums())
        compiler = SqlCompiler(
            self._dialect, schema.seen, schema.moment, evaluator, self._case_collation
        )
        return compiler.over(selection.table.key)

    def _picked(
        self,
        selection: Selection,
        columns: Sequence[Any],
        scope: SqlScope | None = None,
        *,
        ordered: bool = True,
    ) -> sa.Select[Any]:
        scope = scope or self._scope(selection)
        own = self._schemas[selection.table].tables[selection.table.key]
        statement = sa.select(*columns).select_from(own).where(scope.condition(selection.where))
        if ordered:
            for order in selection.order:
                by = scope.ordering(order.by)
                direction = by.desc() if order.descending else by.asc()
                if self._dialect == "postgresql":
                    direction = (
                        direction.nulls_last() if order.descending else direction.nulls_first()
                    )
                statement = statement.order_by(direction)
            statement = statement.order_by(own.c.created_time, own.c.id)
        if selection.limit is not None:
            statement = statement.limit(selection.limit)
        return statement.offset(selection.offset) if selection.offset else statement

    def _rows(self, table: TableSpec, found: Sequence[Any]) -> list[Row]:
        keys = self._statements[table].keys
        return [dict(zip(keys, row, strict=False)) for row in found]

    def _schema(self, table: TableSpec) -> SchemaTables:
        known = self._schemas.get(table)
        if known is not None:
            return known
        with self._lock:
            if table not in self._schemas:
                family = table.family
                with sql_errors.translated(self.description):
                    schema = created_schema(self._writer, family, self._dialect, self.description)
                    self._case_collation = full_case_collation(self._reader, self._dialect)
                for one in family:
                    self._statements[one] = table_statements(one, schema, self._dialect)
                    self._schemas[one] = schema
            return self._schemas[table]

    def _known(self, table: TableSpec) -> KnownTable:
        """Return what the queue has to know of a table."""
        schema = self._schema(table)
        return KnownTable(table, schema, self._statements[table], self._case_collation)

    @contextmanager
    def _reading(self, table: TableSpec) -> Iterator[Connection]:
        self._schema(table)
        with sql_errors.translated(self.description), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def _writing(
        self, table: TableSpec, rows: Sequence[Row], *, deleting: Sequence[str] = ()
    ) -> Iterator[tuple[Connection, SchemaTables]]:
        schema = self._schema(table)
        try:
            with sql_errors.translated(self.description), self._writer.begin() as connection:
                yield connection, schema
        except exc.IntegrityError as error:
            with self._reading(table) as connection:
                raise sql_errors.integrity_error(
                    error, connection, schema, table, rows, deleting
                ) from error


__all__ = ["SqlStore", "open_sql_store"]
