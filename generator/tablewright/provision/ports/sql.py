"""SQL databases: compared with a schema's tables by Alembic, and changed in one transaction."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection, Engine

from tablewright.config import ConfigUnusable, Environment
from tablewright.expressions.sql import Dialect
from tablewright.model.schema import Schema
from tablewright.provision.apply import Applied, Outcome, Watcher
from tablewright.provision.errors import PlanOutdated, StepFailed, Unreachable
from tablewright.provision.plan import Plan
from tablewright.provision.ports.sql_changes import SqlWork, required_work
from tablewright.provision.specs import table_specs
from tablewright.provision.text import how
from tablewright.runtime.errors import NotConfigured
from tablewright.runtime.stores.sql_engine import (
    WRITES,
    postgres_engine,
    postgres_name,
    sqlite_engine,
)
from tablewright.runtime.stores.sql_errors import reason_of

LOCK_SECONDS: Final = 10
_APPLYING: Final = 0x7461626C65
"""The number of the lock that an apply holds in a database, unlikely to be anybody else's."""


class SqlTarget:
    """A SQLite file or a PostgreSQL database.

    Comparing renames inside a transaction that is rolled back, so a plan holds the write lock for a moment.
    """

    live = None
    left_to_people: tuple[str, ...] = ()

    def __init__(self, schema: Schema, environment: Environment) -> None:
        self._schema = schema
        self._environment = environment
        if environment.store.partition(":")[0] == "local":
            raise ConfigUnusable("a 'local:' store makes its tables when they are first used, so there is nothing to plan: 'tablewright serve --data FILE' starts a local Airtable that can be planned for, and prints what to set")  # fmt: skip
        try:
            url = sa.make_url(environment.store)
        except (exc.ArgumentError, ValueError):
            # The text itself stays unsaid: it may hold a password.
            raise ConfigUnusable("the store's URL cannot be read: write sqlite:///tasks.db or postgresql://user@host/database") from None  # fmt: skip
        kind = url.get_backend_name()
        if kind not in ("sqlite", "postgresql", "postgres"):
            raise ConfigUnusable(f"'{kind}:' stores are not known: there are airtable, sqlite and postgresql")  # fmt: skip
        if kind == "sqlite" and not url.host and url.database in (None, "", ":memory:"):
            raise ConfigUnusable("a database in memory ends with the command: name a file, as in sqlite:///tasks.db")  # fmt: skip
        self._dialect: Dialect = "sqlite" if kind == "sqlite" else "postgresql"
        try:
            self._engine: Engine = sqlite_engine(url) if kind == "sqlite" else postgres_engine(url)
        except NotConfigured as error:
            raise ConfigUnusable(str(error)) from error
        self.description = f"SQLite {url.database}" if kind == "sqlite" else postgres_name(url)
        self._file = Path(str(url.database)) if kind == "sqlite" else None

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def plan(self, *, allow_destructive: bool = False) -> Plan:
        """Return what brings the database to the schema. Nothing in it is changed, and no file made."""
        file = self._file
        if file is not None and not file.exists() and file.parent.is_dir():
            return self._plan_without_file(allow_destructive=allow_destructive)
        with self._transaction(self._engine, keep=False) as connection:
            work = self._work(connection, allow_destructive=allow_destructive)
        return self._plan(work)

    def _plan_without_file(self, *, allow_destructive: bool) -> Plan:
        # SQLite would make the file to look into it; an empty database in memory is just like it.
        engine = sqlite_engine(sa.make_url("sqlite://"))
        try:
            with self._transaction(engine, keep=False) as connection:
                return self._plan(self._work(connection, allow_destructive=allow_destructive))
        finally:
            engine.dispose()

    def apply(self, plan: Plan, *, watcher: Watcher | None = None, look: bool = True) -> Applied:
        """Run a plan: all of it, or nothing where anything of it fails.

        Raises:
            PlanOutdated: the database is not the one the plan was made for.
            StepFailed: the database refused a step.
        """
        del look  # the comparison is made anew inside the transaction that changes the database
        if not plan.steps:
            return Applied("", (), tuple(how(change) for change in plan.manual), 0)
        with self._transaction(self._engine, keep=True) as connection:
            dropping = any(one.sign == "-" and one.safety == "lossy" for one in plan.changes)
            work = self._work(connection, allow_destructive=dropping)
            if self._plan(work).changes != plan.changes:
                raise PlanOutdated(
                    f"{self.description} changed since this plan was made: run 'tablewright plan' again"
                )
            work.carry_out()
        outcomes = tuple(Outcome(change, "done") for change in plan.steps)
        if watcher is not None:
            for number, outcome in enumerate(outcomes, 1):
                watcher(number, len(outcomes), outcome)
        return Applied("", outcomes, tuple(how(change) for change in plan.manual), 0)

    def _work(self, connection: Connection, *, allow_destructive: bool) -> SqlWork:
        return required_work(
            connection, self._schema, table_specs(self._schema), self._dialect,
            allow_destructive=allow_destructive,
        )  # fmt: skip

    def _plan(self, work: SqlWork) -> Plan:
        return Plan(
            self._schema.name,
            self._schema.fingerprint,
            self._environment.name,
            self.description,
            work.fingerprint,
            work.changes,
        )

    @contextlib.contextmanager
    def _transaction(self, engine: Engine, *, keep: bool) -> Iterator[Connection]:
        try:
            with engine.connect() as connection:
                if self._dialect == "sqlite":
                    # Rebuilding a table drops it, which would delete the rows that refer to it.
                    _pragma(connection, "foreign_keys=OFF")
                    connection = connection.execution_options(**{WRITES: True})
                try:
                    with connection.begin() as transaction:
                        if self._dialect == "postgresql":
                            connection.execute(
                                sa.text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
                            )
                        if self._dialect == "postgresql" and keep:
                            # A second run waits here, and then sees that the database has changed.
                            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_APPLYING)))
                        yield connection
                        if self._dialect == "sqlite" and keep:
                            _require_sound_links(connection)
                        if not keep:
                            transaction.rollback()
                finally:
                    if self._dialect == "sqlite":
                        _pragma(connection, "foreign_keys=ON")
        except exc.OperationalError as error:
            raise Unreachable(f"{self.description} cannot be used: {_reason(error)}") from error
        except exc.IdentifierError as error:
            raise StepFailed(f"{self.description} cannot hold this schema: {_reason(error)}. Give the table or relation a shorter key") from error  # fmt: skip
        except exc.SQLAlchemyError as error:
            if type(error) is exc.DatabaseError:
                # So SQLite says that a file is none of its own, or damaged.
                raise Unreachable(f"{self.description} cannot be used: {_reason(error)}") from error
            raise StepFailed(f"{self.description} refused a step, and nothing was changed: {_reason(error)}") from error  # fmt: skip


def _pragma(connection: Connection, text: str) -> None:
    # By the driver's own connection: SQLAlchemy would open a transaction, inside which SQLite ignores it.
    raw: Any = connection.connection.dbapi_connection
    raw.execute(f"PRAGMA {text}")


def _require_sound_links(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise StepFailed(
            f"rows of '{broken[0][0]}' would be left without the rows of '{broken[0][2]}' that they link to; nothing was changed"
        )


def _reason(error: exc.SQLAlchemyError) -> str:
    return reason_of(getattr(error, "orig", None) or error)
