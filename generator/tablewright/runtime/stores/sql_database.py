"""A SQL database: the connections that are read and written by, and the tables that programs have asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection, Engine

from tablewright.expressions.sql import Dialect
from tablewright.runtime.codec import Row
from tablewright.runtime.errors import StoreUnavailable
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores import sql_errors, sql_links
from tablewright.runtime.stores.sql_engine import WRITES, OneConnection
from tablewright.runtime.stores.sql_forks import leaves_in_children
from tablewright.runtime.stores.sql_retries import done_again
from tablewright.runtime.stores.sql_selecting import scope_over
from tablewright.runtime.stores.sql_statements import KnownTable, table_statements
from tablewright.runtime.stores.sql_tables import created_schema, full_case_collation

T = TypeVar("T")


class SqlDatabase:
    """One database. What met another transaction is done again, and what goes wrong is told in the words of the schema."""

    def __init__(self, engine: Engine, dialect: Dialect, description: str) -> None:
        self._description = description
        self.dialect: Dialect = dialect
        self.engine = engine
        # SQLite reads outside of transactions anyway; there, SQLAlchemy's AUTOCOMMIT would undo our own setting.
        self.reader = (
            engine
            if dialect == "sqlite"
            else engine.execution_options(isolation_level="AUTOCOMMIT")
        )
        self.writer = engine.execution_options(**{WRITES: True})
        # Two transactions could each write half of a circle, or one of two records of a key, without seeing the other's.
        self._linker = (
            self.writer
            if dialect == "sqlite"
            else engine.execution_options(isolation_level="SERIALIZABLE")
        )
        self._lock = threading.Lock()
        self._tables: dict[TableSpec, KnownTable] = {}
        leaves_in_children(self)

    def close(self) -> None:
        """Close every connection. No other is opened from then on."""
        sa.event.listen(self.engine, "do_connect", _refusing(self._description))
        self.engine.dispose()

    def leave(self) -> object:
        """Forget the connections, which belong to the process that this one was forked from."""
        self._lock = threading.Lock()
        pool = self.engine.pool
        # What is in memory was copied with the process.
        if not isinstance(pool, OneConnection):
            self.engine.dispose(close=False)
        return pool

    def known(self, table: TableSpec) -> KnownTable:
        """Return what there is to know of a table, whose whole schema is created where it is missing."""
        known = self._tables.get(table)
        if known is not None:
            return known
        with self._lock:
            if table not in self._tables:
                family = table.family
                with sql_errors.translated(self._description):
                    schema = created_schema(self.writer, family, self.dialect, self._description)
                    collation = full_case_collation(self.reader, self.dialect)
                for one in family:
                    scope = scope_over(one, schema, self.dialect, collation, None)
                    statements = table_statements(one, schema, self.dialect, scope)
                    self._tables[one] = KnownTable(one, schema, statements, collation)
            return self._tables[table]

    def read(self, table: TableSpec, work: Callable[[Connection, KnownTable], T]) -> T:
        """Do *work* on a connection that reads, each statement by itself."""
        known = self.known(table)

        def once() -> T:
            with self.reader.connect() as connection:
                return work(connection, known)

        with sql_errors.translated(self._description):
            return done_again(self._description, once)

    def write(
        self,
        table: TableSpec,
        work: Callable[[Connection, KnownTable], T],
        rows: Sequence[Row],
        *,
        deleting: Sequence[str] = (),
        serializable: bool = False,
    ) -> T:
        """Do *work* in a transaction. *rows* and *deleting* are what an error is about."""
        known = self.known(table)
        has_to_see = serializable or sql_links.could_close_a_circle(table, rows)
        engine = self._linker if has_to_see else self.writer

        def once() -> T:
            with engine.begin() as connection:
                return work(connection, known)

        try:
            with sql_errors.translated(self._description):
                return done_again(self._description, once)
        except exc.IntegrityError as error:
            with (
                sql_errors.translated(self._description),
                self.reader.connect() as connection,
            ):
                raise sql_errors.integrity_error(
                    error, connection, known.schema, table, rows, deleting
                ) from error


def _refusing(description: str) -> Callable[..., None]:
    """Return what refuses to connect. It does not hold the store: SQLAlchemy keeps dialects, listeners included."""

    def refuse(*_: object) -> None:
        raise StoreUnavailable(f"{description} was closed: call tablewright.connect() again")

    return refuse
