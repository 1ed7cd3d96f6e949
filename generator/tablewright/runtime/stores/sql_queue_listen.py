"""PostgreSQL's LISTEN and NOTIFY: a waiting worker hears of new rows at once."""

from __future__ import annotations

import os
import selectors
import threading
import time
from collections.abc import Callable
from typing import Any, Final, Self

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection

from tablewright.runtime.errors import StoreError, StoreUnavailable
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.sql_queue_lanes import Lanes
from tablewright.sql_names import sql_name

REOPEN_SECONDS: Final = 5.0


def channel(table: TableSpec) -> str:
    """Return the channel on which new rows are told of."""
    return sql_name("tablewright", table.sql_name)


class Announcer:
    """Tells listeners of new rows, where the database can: its distributed kin often cannot."""

    def __init__(self) -> None:
        self._can: bool | None = None

    def tell(self, connection: Connection, table: TableSpec) -> None:
        """Wake whoever listens, once the transaction of *connection* is committed."""
        notify = sa.select(sa.func.pg_notify(channel(table), ""))
        if self._can:
            connection.execute(notify)
        elif self._can is None:
            # A refusal would end the transaction around it.
            try:
                with connection.begin_nested():
                    connection.execute(notify)
            except (exc.ProgrammingError, exc.NotSupportedError):
                self._can = False
            else:
                self._can = True

    def can_tell(self, lanes: Lanes, table: TableSpec) -> bool:
        """Tell whether the database can, by trying it once.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        if self._can is None:
            statement = f"SELECT pg_notify('{channel(table)}', '')"
            try:
                lanes.run(lambda cursor: cursor.execute(statement))
            except StoreUnavailable:
                raise
            except StoreError:
                self._can = False
            else:
                self._can = True
        return self._can


class PostgresListener:
    """Waits on a connection of its own. Where that breaks it waits without, and opens it anew now and then."""

    def __init__(self, connect: Callable[[], Any], table: TableSpec) -> None:
        self._connect = connect
        self._channel = channel(table)
        self._heard, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        self._lock = threading.Lock()
        self._closed = False
        self._connection: Any = None
        self._tried = 0.0
        self._open()

    @classmethod
    def opened(cls, connect: Callable[[], Any], table: TableSpec) -> Self:
        """Return a listener that listens from now on."""
        return cls(connect, table)

    @property
    def hears(self) -> bool:
        """Tell whether its connection listens: the database may be away, or one that cannot notify."""
        return self._connection is not None

    def wait(self, seconds: float) -> bool:
        """Wait for at most so long; tell whether there was a sign of new tasks."""
        if self._connection is None and time.monotonic() - self._tried > REOPEN_SECONDS:
            self._open()
            if self.hears:
                return True  # nobody listened meanwhile, so there may have been one
        # `select` would refuse the descriptors of a program that has more than a thousand open.
        with selectors.DefaultSelector() as watched:
            watched.register(self._heard, selectors.EVENT_READ)
            if self._connection is not None:
                watched.register(self._connection.fileno(), selectors.EVENT_READ)
            ready = [key.fd for key, _ in watched.select(max(seconds, 0.0))]
        if self._heard in ready:
            os.read(self._heard, 4096)
        return any(one != self._heard for one in ready) and self._told()

    def wake(self) -> None:
        """End the wait of another thread."""
        with self._lock:
            if self._closed:
                return  # its descriptor may be somebody else's by now
            try:
                os.write(self._wake, b".")
            except BlockingIOError:
                return  # full, so it is awake anyway

    def close(self) -> None:
        """Let go of the connection."""
        self._shut()
        with self._lock:
            is_open, self._closed = not self._closed, True
        if is_open:
            for end in (self._heard, self._wake):
                os.close(end)

    def _open(self) -> None:
        self._tried = time.monotonic()
        try:
            self._connection = self._connect()
            self._connection.execute(f'LISTEN "{self._channel}"')
        except (StoreUnavailable, self._errors()):
            self._shut()

    def _told(self) -> bool:
        told = False
        try:
            self._connection.pgconn.consume_input()
            while self._connection.pgconn.notifies() is not None:
                told = True
        except self._errors():
            self._shut()
        return told

    def _shut(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @staticmethod
    def _errors() -> type[Exception]:
        import psycopg

        return psycopg.Error
