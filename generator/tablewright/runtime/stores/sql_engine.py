"""Engines of the SQL stores: how SQLite and PostgreSQL are opened, and what SQLite is taught."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import URL, Connection, Engine, ExceptionContext
from sqlalchemy.engine.url import make_url
from sqlalchemy.pool import QueuePool

from tablewright.expressions.operations import day_later, later, remainder, round_, span_of
from tablewright.expressions.sql import Dialect
from tablewright.runtime.errors import NotConfigured, StoreUnavailable
from tablewright.runtime.stores.sql_plans import CHANGED, Plans
from tablewright.runtime.stores.sql_retries import READ_ONLY
from tablewright.runtime.stores.sql_types import DayText, JsonText, moment_text

BUSY_SECONDS: Final = 30.0
_UTC: Final = frozenset({"UTC", "Etc/UTC", "GMT"})
_WORDS: Final = frozenset(
    {"nothing", "returning", "collation", "concurrently", "lateral", "system_user", "tablesample"}
)
"""Words of SQLite (the first two) and PostgreSQL that SQLAlchemy (2.1) does not put into quotes as names."""
WRITES: Final = "tablewright_writes"
"""The execution option of a connection whose transaction takes SQLite's write lock at once."""


class OneConnection(QueuePool):
    """The one connection of a database in memory, which threads use one after the other."""

    # Else what SQLAlchemy logs of its pools would stand in our own log.
    _sqla_logger_namespace = "sqlalchemy.pool.impl.OneConnection"


def opened(address: str) -> tuple[Engine, Dialect, str]:
    """Return the engine behind a sqlite or postgresql URL, its dialect, and what to call it without any secret.

    Raises:
        NotConfigured: the URL cannot be read.
    """
    try:
        url = make_url(address)
    except (exc.ArgumentError, ValueError):
        # The text itself stays unsaid: it may hold a password.
        kind = address.partition(":")[0]
        way = "sqlite:///tasks.db" if kind == "sqlite" else f"{kind}://user@host/database"
        raise NotConfigured(f"the {kind} URL cannot be read: write {way}") from None
    if url.get_backend_name() == "sqlite":
        return sqlite_engine(url), "sqlite", f"SQLite {url.database or 'in memory'}"
    return postgres_engine(url), "postgresql", postgres_name(url)


def sqlite_engine(url: URL) -> Engine:
    """Return an engine for a SQLite file, or for memory. `?synchronous=normal` trades power-cut safety for speed.

    Raises:
        NotConfigured: the URL asks for what there is not.
    """
    if url.host is not None:
        raise NotConfigured(
            f"a sqlite URL has three slashes before its file, four where the path begins at the root: "
            f"write sqlite:///{url.host}{f'/{url.database}' if url.database else ''}"
        )
    options = {name.lower(): value for name, value in url.query.items()}
    synchronous = str(options.pop("synchronous", "full")).upper()
    if options or synchronous not in ("FULL", "NORMAL"):
        raise NotConfigured("a sqlite URL takes one option, synchronous=full or synchronous=normal")
    in_memory = url.database in (None, "", ":memory:")
    one = {"poolclass": OneConnection, "pool_size": 1, "max_overflow": 0}
    extra: dict[str, Any] = one if in_memory else {}
    engine = sa.create_engine(
        url.set(query={}),
        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
        json_serializer=_compact_json,
        **extra,
    )
    own = {sa.Date: DayText, sa.JSON: JsonText}
    engine.dialect.colspecs = {**engine.dialect.colspecs, **own}
    _quote_words(engine)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        # Transactions are opened by `begin` below: sqlite3's own would take the write lock too late.
        connection.isolation_level = None
        _use_write_ahead_log(connection)
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA foreign_keys=ON")
        for name, number, function in _FUNCTIONS:
            connection.create_function(name, number, function, deterministic=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # SQLite does not wait for the lock that this change needs, so two programs that open a new file at once collide.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def postgres_engine(url: URL) -> Engine:
    """Return an engine for PostgreSQL by psycopg 3, with a pool that notices broken connections.

    `?prepare=off` keeps no prepared statements, for poolers that give each transaction another session.

    Raises:
        NotConfigured: psycopg is not installed, or the URL asks for what there is not.
    """
    prepare = str(url.query.get("prepare", "on")).lower()
    if prepare not in ("on", "off"):
        raise NotConfigured("prepare= in a postgresql URL is on or off")
    options: dict[str, Any] = {"application_name": "tablewright"}
    if prepare == "off":
        options["prepare_threshold"] = None
    try:
        engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg").difference_update_query(["prepare"]),
            pool_pre_ping=True,
            connect_args=options,
            json_serializer=_compact_json,
        )
    except ImportError as error:
        raise NotConfigured(
            "the PostgreSQL store needs psycopg: pip install 'tablewright[postgres]'"
        ) from error
    _quote_words(engine)

    @event.listens_for(engine, "connect")
    def agree(connection: Any, _: object) -> None:
        # The driver reads moments in ISO form alone, and the first and the last ones have a year in UTC alone.
        told = connection.info.parameter_status
        if not (told("DateStyle") or "ISO").startswith("ISO"):
            connection.execute("SET DateStyle TO ISO")
        if (told("TimeZone") or "UTC") not in _UTC:
            connection.execute("SET TimeZone TO 'UTC'")
        connection.commit()

    plans = Plans(engine)

    @event.listens_for(engine, "checkout")
    def renew(connection: object, *_: object) -> None:
        plans.renew(connection)

    @event.listens_for(engine, "handle_error")
    def leave(context: ExceptionContext) -> None:
        # A server that became a standby keeps its connections; new ones find the one that took over. And a connection
        # keeps statements as they were prepared, however often the changed table refuses them.
        error = context.original_exception
        if getattr(error, "sqlstate", None) == READ_ONLY or CHANGED in str(error):
            context.is_disconnect = True

    return engine


def _quote_words(engine: Engine) -> None:
    """Let the engine put more words into quotes where they are names of tables and columns."""
    dialect = engine.dialect
    words = dialect.preparer.reserved_words | _WORDS
    dialect.preparer = type("Preparer", (dialect.preparer,), {"reserved_words": words})
    dialect.identifier_preparer = dialect.preparer(dialect)


def postgres_name(url: URL) -> str:
    """Return what to call a PostgreSQL database: its URL without the password, of the query only where the server is."""
    shown = url.set(query={}).render_as_string(hide_password=True)
    hosts = ",".join(url.normalized_query.get("host", ()))
    return f"PostgreSQL {shown}{f'?host={hosts}' if hosts else ''}"


def unavailable(description: str, error: exc.SQLAlchemyError) -> StoreUnavailable:
    """Return the error that says why the database cannot be used; it names no password."""
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    return StoreUnavailable(f"{description} cannot be used: {reason}")


def _compact_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# -- functions that SQLite lacks, or has with another meaning ---------------------------------------------------------


def _strict(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*values: Any) -> Any:
        return None if any(value is None for value in values) else function(*values)

    return call


def _seconds_between(late: str, early: str) -> float:
    return (datetime.fromisoformat(late) - datetime.fromisoformat(early)).total_seconds()


def _add_seconds(moment: str, seconds: float) -> str:
    return moment_text(later(datetime.fromisoformat(moment), span_of(seconds, "seconds")))


def _add_days(day: str, days: int) -> str:
    return day_later(date.fromisoformat(day), span_of(days, "days")).isoformat()


def _span(count: float, unit_seconds: int) -> float:
    return span_of(count * unit_seconds, "seconds").total_seconds()


def _exact(operator: str, left: int, right: int) -> int:
    # SQLite itself would go on in double precision without a word.
    return _kept(
        left + right if operator == "+" else left - right if operator == "-" else left * right
    )


def _floor(value: float) -> int:
    if math.isinf(value):
        raise ArithmeticError("there is no integer below or above the infinite")
    return _kept(math.floor(value))


def _kept(found: int) -> int:
    if not -(2**63) <= found < 2**63:
        # No OverflowError: of that, sqlite3 says that a string is too big.
        raise ArithmeticError("the integer needs more than 64 bits")
    return found


_FUNCTIONS: Final[tuple[tuple[str, int, Callable[..., Any]], ...]] = (
    ("tw_add_days", 2, _strict(_add_days)),
    ("tw_add_seconds", 2, _strict(_add_seconds)),
    ("tw_exact", 3, _strict(_exact)),
    ("tw_floor", 1, _strict(_floor)),
    ("tw_lower", 1, _strict(str.lower)),
    ("tw_remainder", 2, _strict(remainder)),
    ("tw_round", 2, _strict(round_)),
    ("tw_seconds_between", 2, _strict(_seconds_between)),
    ("tw_span", 2, _strict(_span)),
    ("tw_upper", 1, _strict(str.upper)),
)
