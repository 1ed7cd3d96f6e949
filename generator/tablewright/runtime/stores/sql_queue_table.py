"""One table with a queue: what its statements are made of, and those that are kept as text."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Dialect as EngineDialect

from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.sql import Dialect, SqlCompiler, SqlScope
from tablewright.runtime.spec import LifecycleSpec, QueueSpec
from tablewright.runtime.stores.sql_queue_columns import (
    after,
    as_text,
    looked_at,
    quoted,
    store_now,
)
from tablewright.runtime.stores.sql_queue_prepared import Prepared
from tablewright.runtime.stores.sql_statements import KnownTable

OVERTIME: Final = 1.0
"""Seconds that a lease runs beyond the time of an attempt, for its worker to say that time is up."""
LOGGED: Final = (
    "record_id", "at", "transition", "from_state", "to_state", "by", "why", "attempt", "error",
)  # fmt: skip
"""The columns of the history that are written, in order."""
KEPT: Final = 64
"""How many claims with conditions of their own are kept compiled."""


@dataclass(frozen=True, slots=True)
class StoreClock:
    """The store's time: as it was read once, and what this process has counted since, whatever its own clock says."""

    read_at: datetime
    read_after: float

    def now(self) -> datetime:
        """Return the store's time."""
        return self.read_at + timedelta(seconds=time.monotonic() - self.read_after)


@dataclass(slots=True)
class QueueTable:
    """What the statements of one table's queue are made of; those that were made are kept."""

    known: KnownTable
    dialect: Dialect
    engine: EngineDialect
    clock: StoreClock
    made: dict[Any, Any] = field(default_factory=dict)

    @property
    def table(self) -> sa.Table:
        """Return the table."""
        return self.known.statements.table

    @property
    def lifecycle(self) -> LifecycleSpec:
        """Return the lifecycle, which every table with a queue has."""
        found = self.known.spec.lifecycle
        assert found is not None  # noqa: S101  # the checks saw to it
        return found

    @property
    def queue(self) -> QueueSpec:
        """Return the queue's specification."""
        found = self.known.spec.queue
        assert found is not None  # noqa: S101  # the store asks for tables with a queue only
        return found

    @property
    def state(self) -> Any:
        """Return the column of the state."""
        return self.table.c[self.lifecycle.field]

    @property
    def taken(self) -> Any:
        """Return the name of the state of a row that is held, as SQL."""
        return sa.literal_column(as_text(self._taken))

    @property
    def held(self) -> Any:
        """Return the condition that a row, found by another condition, is in the state of those that are held."""
        return self.stands(self._taken)

    @property
    def _taken(self) -> str:
        return self.lifecycle.by_name[self.queue.take].target.name

    def stands(self, state: str) -> Any:
        """Return the condition that a row, found by another condition, has this state."""
        is_so = f"{quoted(self.lifecycle.field)} = {as_text(state)}"
        return sa.text(looked_at(is_so, self.dialect))

    @property
    def now(self) -> Any:
        """Return the store's own clock."""
        return store_now(self.dialect, self.known.schema.moment)

    @property
    def history(self) -> sa.Table | None:
        """Return the table of transitions that were made."""
        return self.known.schema.history.get(self.known.spec.key)

    def until(self) -> Any:
        """Return the end of a lease that begins now."""
        seconds = self.queue.lease
        if self.queue.timeout is not None:
            seconds = min(seconds, self.queue.timeout + OVERTIME)
        return after(self.dialect, self.known.schema.moment, sa.literal_column(repr(seconds)))

    def scope(self, *, row_by_row: bool = True) -> SqlScope:
        """Return the place from which conditions are compiled; `now()` inside them is the store's time.

        A claim looks at few records, *row_by_row*; what looks at all of them leaves the way to linked ones to the database.
        """
        evaluator = Evaluator({}, self.clock.now(), self.known.spec.enums())
        schema = self.known.schema
        compiler = SqlCompiler(
            self.dialect,
            schema.seen,
            schema.moment,
            evaluator,
            self.known.collation,
            row_by_row=row_by_row and self.dialect == "postgresql",
        )
        return compiler.over(self.known.spec.key)

    def prepared(self, statement: Any, columns: Sequence[Any] = ()) -> Prepared:
        """Return a statement as text."""
        return Prepared(statement, self.engine, columns)

    def kept(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what was made under this key, or make it; without a key it is not kept."""
        if key is None:
            return make()
        found = self.made.get(key)
        if found is None:
            if len(self.made) >= KEPT:
                self.made.clear()
            found = self.made[key] = make()
        return found
