"""How long PostgreSQL keeps to the plans of prepared statements: a second, so that what has grown is seen."""

from __future__ import annotations

import time
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy.engine import Engine

KEPT_SECONDS: Final = 1.0
"""Planning a claim takes about a millisecond, so that planning it again every second is not felt."""

CHANGED: Final = "cached plan must not change result type"
"""What PostgreSQL says of a prepared statement whose table got another type of column meanwhile."""
UNKNOWN: Final = frozenset({"0A", "42"})
"""Classes of SQLSTATEs by which a statement is refused that the database does not have."""


class Plans:
    """The plans that the connections of one engine have cached.

    PostgreSQL keeps a prepared statement's plan until its statistics change, as if tables stayed as large as they were
    (https://www.postgresql.org/docs/current/sql-prepare.html). A worker that waited at an empty queue would walk
    through a new graph of thousands of tasks in the way that was best for none.
    """

    def __init__(self, engine: Engine) -> None:
        self._error: type[Exception] = engine.dialect.loaded_dbapi.Error
        self._made: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
        self._can_forget = True

    def renew(self, connection: Any) -> None:
        """Have statements planned again on a psycopg connection, outside a transaction, if a second has gone by."""
        if connection.prepare_threshold is None or not self._can_forget:
            return
        now = time.monotonic()
        made = self._made.setdefault(connection, now)
        if now - made >= KEPT_SECONDS:
            self._made[connection] = now
            self._forget(connection)

    def _forget(self, connection: Any) -> None:
        autocommit = connection.autocommit
        try:
            connection.autocommit = True
            connection.execute("DISCARD PLANS", prepare=False)
        except self._error as error:
            # Kin of PostgreSQL may not know the statement. What else is wrong, the statement that follows will tell.
            if str(getattr(error, "sqlstate", None))[:2] in UNKNOWN:
                self._can_forget = False
        finally:
            if not connection.closed:
                connection.autocommit = autocommit
