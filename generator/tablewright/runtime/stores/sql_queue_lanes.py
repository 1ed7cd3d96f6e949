"""Connections of the queue's own: statements go straight to the driver, one transaction or none at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Final, TypeVar

from sqlalchemy import exc
from sqlalchemy.engine import Engine
from sqlalchemy.pool import PoolProxiedConnection

from tablewright.expressions.sql import Dialect
from tablewright.runtime.errors import StoreUnavailable, TablewrightError
from tablewright.runtime.stores.sql_engine import OneConnection
from tablewright.runtime.stores.sql_errors import (
    SAYS_TOO_LARGE,
    all_in_use,
    is_refusal,
    reason_of,
    refusal,
)
from tablewright.runtime.stores.sql_forks import leaves_in_children
from tablewright.runtime.stores.sql_plans import CHANGED, Plans
from tablewright.runtime.stores.sql_retries import GAVE_UP, READ_ONLY, Patience, too_busy

T = TypeVar("T")
MOST: Final = 15
"""How many connections a PostgreSQL server is asked for, as SQLAlchemy's own pool asks for by default; more threads wait."""


class Lanes:
    """Cursors of driver connections that are kept open: what SQLAlchemy does for every checkout costs as much as a claim."""

    def __init__(self, engine: Engine, dialect: Dialect, description: str) -> None:
        self._engine = engine
        self._dialect = dialect
        self._description = description
        self._idle: list[Any] = []
        # A database in memory has one connection, which is the engine's.
        self._is_alone = isinstance(engine.pool, OneConnection)
        self._plans = Plans(engine) if dialect == "postgresql" else None
        self._closed = False
        self._take_turns()
        leaves_in_children(self)

    def _take_turns(self) -> None:
        self._lock = threading.Lock()
        # On SQLite each waits for the others anyway, and readers wait for nobody.
        bounded = self._dialect == "postgresql"
        self._turns = threading.BoundedSemaphore(MOST) if bounded else nullcontext()

    def leave(self) -> object:
        """Forget the connections, which belong to the process that this one was forked from."""
        self._take_turns()
        idle, self._idle = self._idle, []
        return idle

    def close(self) -> None:
        """Close every connection that is not in use."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for one in idle:
            one.connection.close()

    def run(self, work: Callable[[Any], T]) -> T:
        """Do *work* with a cursor, again where the connection was found broken or the database asks for it.

        On SQLite it is one transaction that holds the write lock; on PostgreSQL each statement is its own.

        Raises:
            StoreUnavailable: the database cannot be reached or used.
            StoreError: it refused.
        """
        return self._done(work, "BEGIN IMMEDIATE")

    def read(self, work: Callable[[Any], T]) -> T:
        """Do *work* that only reads: as `run`, and on SQLite beside whoever writes."""
        return self._done(work, "BEGIN")

    def read_at_once(self, work: Callable[[Any], T]) -> T:
        """Do *work* that only reads, all of it from the database as it is at one moment."""
        if self._dialect == "sqlite":
            return self.read(work)

        def at_once(cursor: Any) -> T:
            # Where the work fails, the connection is closed, and the transaction with it.
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            found = work(cursor)
            cursor.execute("COMMIT")
            return found

        return self.read(at_once)

    def is_about_statements(self, error: Exception) -> bool:
        """Tell whether the database refused a statement as such, whatever the rows are: a missing column, no rights."""
        return isinstance(error.__cause__, self._engine.dialect.loaded_dbapi.ProgrammingError)

    def _done(self, work: Callable[[Any], T], begin: str) -> T:
        driver = self._engine.dialect.loaded_dbapi
        patience = Patience()
        mended = False
        while True:
            try:
                return self._once(work, begin)
            except driver.IntegrityError as error:
                raise exc.IntegrityError("", None, error) from error
            except driver.Error as error:
                if reason_of(error) in SAYS_TOO_LARGE:
                    raise refusal(self._description, error) from error
                state = getattr(error, "sqlstate", None)
                if CHANGED in str(error) and not mended:
                    mended = True
                    self._forget()
                    continue
                is_down = isinstance(error, (driver.OperationalError, driver.InterfaceError))
                if state != READ_ONLY and (not is_down or is_refusal(error)):
                    raise refusal(self._description, error) from error
                if state in GAVE_UP:
                    if patience.pause():
                        continue
                    raise StoreUnavailable(too_busy(self._description)) from error
                broken = self._dialect == "postgresql" and (
                    state is None or state == READ_ONLY or state[:2] in ("08", "57")
                )
                if broken and not mended:
                    mended = True
                    self._forget()
                    continue
                raise StoreUnavailable(
                    f"{self._description} cannot be used: {reason_of(error)}"
                ) from error

    def connection(self) -> Any:
        """Return a new driver connection, which the caller has to close. PostgreSQL's take values as $1, $2, …"""
        pooled = self._pooled()
        made: Any = pooled.driver_connection
        pooled.detach()
        if self._dialect == "postgresql":
            from psycopg import RawCursor

            made.autocommit = True
            made.cursor_factory = RawCursor
        return made

    def _pooled(self) -> PoolProxiedConnection:
        try:
            return self._engine.raw_connection()
        except exc.TimeoutError as error:
            raise StoreUnavailable(all_in_use(self._description)) from error
        except exc.DBAPIError as error:
            raise StoreUnavailable(
                f"{self._description} cannot be used: {reason_of(error.orig or error)}"
            ) from error

    def _once(self, work: Callable[[Any], T], begin: str) -> T:
        if self._is_alone:
            lent = self._pooled()
            try:
                return self._in_transaction(lent.cursor(), work, begin)
            finally:
                lent.close()
        with self._turns:
            return self._in_lane(work, begin)

    def _in_lane(self, work: Callable[[Any], T], begin: str) -> T:
        cursor: Any = None
        good = False
        try:
            with self._lock:
                cursor = self._idle.pop() if self._idle else None
            cursor = cursor if cursor is not None else self.connection().cursor()
            if self._plans is not None:
                self._plans.renew(cursor.connection)
                found = work(cursor)
                good = True
                return found
            try:
                found = self._in_transaction(cursor, work, begin)
                good = True
            except (TablewrightError, self._engine.dialect.loaded_dbapi.Error):
                good = True
                raise
            return found
        finally:
            self._put_back(cursor, good=good)

    @staticmethod
    def _in_transaction(cursor: Any, work: Callable[[Any], T], begin: str) -> T:
        """Do *work* on SQLite as one transaction, of which nothing is left where it fails."""
        cursor.execute(begin)
        try:
            found = work(cursor)
            cursor.execute("COMMIT")
        except BaseException:
            cursor.connection.rollback()
            raise
        return found

    def _put_back(self, cursor: Any, *, good: bool) -> None:
        if cursor is None:
            return
        with self._lock:
            keep = good and not self._closed
            if keep:
                self._idle.append(cursor)
        if not keep:
            cursor.connection.close()

    def _forget(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for one in idle:
            one.connection.close()
