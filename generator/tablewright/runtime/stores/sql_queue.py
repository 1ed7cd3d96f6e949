"""Queues in a SQL database: claims, leases and settlements, each one statement on PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection, Engine

from tablewright.expressions import tree
from tablewright.expressions.sql import Dialect
from tablewright.runtime.codec import Row
from tablewright.runtime.queue.figures import QueueFigures
from tablewright.runtime.queue.store import (
    Beat,
    Claimed,
    Listener,
    Settled,
    Settlement,
    Taking,
)
from tablewright.runtime.spec import QUEUE_KEYS, TableSpec
from tablewright.runtime.stores import sql_queue_claiming as claiming
from tablewright.runtime.stores import sql_queue_holding as holding
from tablewright.runtime.stores import sql_queue_waiting as waiting
from tablewright.runtime.stores.sql_errors import refused_change
from tablewright.runtime.stores.sql_queue_claims import Claims
from tablewright.runtime.stores.sql_queue_columns import store_now
from tablewright.runtime.stores.sql_queue_figures import gathered
from tablewright.runtime.stores.sql_queue_lanes import Lanes
from tablewright.runtime.stores.sql_queue_listen import Announcer, PostgresListener
from tablewright.runtime.stores.sql_queue_prepared import Prepared, numbering
from tablewright.runtime.stores.sql_queue_table import QueueTable, StoreClock
from tablewright.runtime.stores.sql_queue_waking import may_wake
from tablewright.runtime.stores.sql_rows import own_columns
from tablewright.runtime.stores.sql_statements import KnownTable

T = TypeVar("T")


class SqlQueue:
    """The queues of one SQL store. *known* gives what the store knows of a table."""

    longest_pause = 2.0

    def __init__(
        self,
        engine: Engine,
        dialect: Dialect,
        description: str,
        known: Callable[[TableSpec], KnownTable],
    ) -> None:
        self._engine = engine
        self._dialect: Dialect = dialect
        self._description = description
        self._known = known
        self._lanes = Lanes(engine, dialect, description)
        self._statements: dict[TableSpec, QueueTable] = {}
        self._announcer = Announcer()

    def announce(self, connection: Connection, table: TableSpec) -> None:
        """Tell waiting workers of new rows, once the transaction of *connection* is committed."""
        if self._dialect == "postgresql":
            self._announcer.tell(connection, table)

    def close(self) -> None:
        """Close the queue's own connections."""
        self._lanes.close()

    def _of(self, table: TableSpec) -> QueueTable:
        found = self._statements.get(table)
        if found is None:
            known, engine = self._known(table), numbering(self._engine.dialect)
            now = store_now(self._dialect, known.schema.moment)
            ask, asked = Prepared(sa.select(now), engine, [now]), time.monotonic()
            ((read_at,),) = self._lanes.read(lambda cursor: ask.run(cursor, {}))
            found = QueueTable(known, self._dialect, engine, StoreClock(read_at, asked))
            self._statements[table] = found
        return found

    # -- claiming -------------------------------------------------------------------------------------------------

    def claim(
        self, table: TableSpec, taking: Taking, worker: str, n: int, where: Sequence[tree.Node]
    ) -> list[Claimed]:
        """Take up to *n* rows that are ready, in the queue's order, and write their history."""
        return Claims(self._of(table), self._lanes).claim(taking, worker, n, where)

    def lapsed(self, table: TableSpec, taking: Taking, limit: int) -> list[Claimed]:
        """Return rows whose lease ran out and that cannot be taken again, with their last token."""
        made = self._of(table)
        key = ("lapsed", id(taking), limit) if claiming.timeless(taking, ()) else None
        one: Prepared = made.kept(key, lambda: claiming.lapsed(made, taking, limit))
        keys = made.known.statements.keys
        found = self._lanes.read(lambda cursor: one.run(cursor, {}))
        return [
            Claimed(dict(zip(keys, row, strict=False)), row[-2], row[-1], row[-3] or row[-1])
            for row in found
        ]

    # -- holding --------------------------------------------------------------------------------------------------

    def beat(self, table: TableSpec, held: Mapping[str, str]) -> dict[str, Beat]:
        """Extend leases, given as tokens by id; those that are missing in the answer are lost."""
        if not held:
            return {}
        made = self._of(table)
        one: Prepared = made.kept("beat", lambda: holding.beat(made))
        values: dict[str, Any] = {"pairs": dict(held)}
        if self._dialect == "postgresql":
            # In one order everywhere, so that two workers cannot wait for each other.
            ids = sorted(held)
            values = {"ids": ids, "tokens": [held[record_id] for record_id in ids]}
        found = self._written(made, ", ".join(held), lambda cursor: one.run(cursor, values))
        return {row[0]: Beat(row[1], bool(row[2]), row[3]) for row in found}

    def settle(self, table: TableSpec, settlement: Settlement) -> Settled:
        """Write a settlement and its history as one step."""
        made = self._of(table)
        changes = own_columns(table, settlement.changes)
        columns = tuple(sorted(changes))
        tells = (
            self._dialect == "postgresql"
            and may_wake(table, settlement)
            and self._announcer.can_tell(self._lanes, table)
        )
        key = (
            "settle", columns, settlement.was, len(settlement.steps), settlement.pause is None,
            settlement.keeps_lease, settlement.waits, settlement.counts, settlement.only_lapsed,
            settlement.unless_cancelled, settlement.forgets, tells,
        )  # fmt: skip
        one: Prepared = made.kept(
            key, lambda: holding.settle(made, settlement, columns, tells=tells)
        )
        values: dict[str, Any] = {
            "id": settlement.record_id,
            "held_token": settlement.token,
            "pause": settlement.pause,
        }
        values |= {f"new_{name}": value for name, value in changes.items()}
        for place, step in enumerate(settlement.steps):
            values |= {
                f"transition_{place}": step.transition,
                f"from_state_{place}": step.from_state,
                f"to_state_{place}": step.to_state,
                f"by_{place}": step.by,
                f"why_{place}": step.why,
                f"error_{place}": step.error,
            }
        row = self._written(
            made,
            settlement.record_id,
            lambda cursor: self._settle(cursor, made, one, values, settlement),
        )
        if row is None:
            return Settled(None)
        found: Row = dict(zip(QUEUE_KEYS, row, strict=False))
        found["cancel_requested"] = bool(found["cancel_requested"])
        return Settled({**settlement.changes, **found}, row[-1])

    def _written(self, made: QueueTable, ids: str, work: Callable[[Any], T]) -> T:
        """Do *work*, which writes these rows, and tell what they do not fit."""
        try:
            return self._lanes.run(work)
        except exc.IntegrityError as error:
            spec = made.known.spec
            raise refused_change(error, made.table, spec, f"{spec.key} {ids}") from error

    def _settle(
        self,
        cursor: Any,
        made: QueueTable,
        one: Prepared,
        values: Mapping[str, Any],
        settlement: Settlement,
    ) -> list[Any] | None:
        rows = one.run(cursor, values)
        if not rows:
            return self._was_settled(cursor, made, settlement)
        if self._dialect == "sqlite" and settlement.forgets:
            forget = made.kept("forget_claim", lambda: holding.forget_claim(made))
            if forget is not None:
                forget.send(cursor, {"id": settlement.record_id})
        if self._dialect == "sqlite" and settlement.steps:
            log = made.kept("history", lambda: holding.add_history(made))
            if log is not None:
                attempt = rows[0][1] if settlement.counts else rows[0][1] + 1
                log.send_many(
                    cursor,
                    [
                        _history_row(settlement.record_id, rows[0][-1], attempt, step)
                        for step in settlement.steps
                    ],
                )
        return rows[0]

    def _was_settled(
        self, cursor: Any, made: QueueTable, settlement: Settlement
    ) -> list[Any] | None:
        """Return the row if this very settlement was stored before: then only its answer was lost."""
        if settlement.keeps_lease or settlement.only_lapsed:
            return None
        seen: Prepared = made.kept("seen", lambda: holding.seen(made))
        found = seen.run(cursor, {"id": settlement.record_id})
        if not found:
            return None
        state, token, until, *rest = found[0]
        target = settlement.changes[made.lifecycle.field]
        if state is target and token == settlement.token and until is None:
            return [*rest, None]
        return None

    # -- waiting --------------------------------------------------------------------------------------------------

    def request_cancel(self, table: TableSpec, record_id: str) -> Row | None:
        """Mark a row as to be stopped, and return its state and what the queue knows of it."""
        made = self._of(table)
        one: Prepared = made.kept("request_cancel", lambda: waiting.request_cancel(made))
        found = self._written(made, record_id, lambda cursor: one.run(cursor, {"id": record_id}))
        row = _queue_row([known for *known, _ in found])
        return None if row is None else {**row, made.lifecycle.field: found[0][-1]}

    def postpone(self, table: TableSpec, record_id: str, until: datetime | timedelta) -> Row | None:
        """Set the moment before which a row is not taken, or for how long; nothing where it is held or does not wait."""
        made = self._of(table)
        if isinstance(until, timedelta):
            late: Prepared = made.kept("postpone_for", lambda: waiting.postpone_for(made))
            span = {"id": record_id, "seconds": until.total_seconds()}
            return _queue_row(self._written(made, record_id, lambda cursor: late.run(cursor, span)))
        one: Prepared = made.kept("postpone", lambda: waiting.postpone(made))
        values = {"id": record_id, "moment": until}
        return _queue_row(self._written(made, record_id, lambda cursor: one.run(cursor, values)))

    def next_due(self, table: TableSpec, where: Sequence[tree.Node]) -> float | None:
        """Return in how many seconds the next row becomes due or its lease runs out; None where nothing is known."""
        made = self._of(table)
        key = None if claiming.look_at_a_clock(where) else ("next_due", tuple(where))
        one: Prepared = made.kept(key, lambda: waiting.next_due(made, where))
        due, end, now = self._lanes.read(lambda cursor: one.run(cursor, {}))[0]
        moments = [one for one in (due, end) if one is not None]
        return max((min(moments) - now).total_seconds(), 0.0) if moments else None

    def figures(
        self,
        table: TableSpec,
        guard: tree.Node,
        where: Sequence[tree.Node],
        since: float | None,
        bucket: float,
        by: str | None,
    ) -> QueueFigures:
        """Return the figures of the queue, each group in one statement, all of them as the queue is at one moment."""
        made = self._of(table)
        return self._lanes.read_at_once(
            lambda cursor: gathered(cursor, made, guard, where, since, bucket, by)
        )

    def listener(self, table: TableSpec) -> Listener | None:
        """Return what hears of new rows on PostgreSQL; SQLite tells nobody."""
        if self._dialect == "sqlite":
            return None
        return PostgresListener.opened(self._lanes.connection, table)


def _queue_row(found: list[list[Any]]) -> Row | None:
    if not found:
        return None
    row: Row = dict(zip(QUEUE_KEYS, found[0], strict=True))
    row["cancel_requested"] = bool(row["cancel_requested"])
    return row


def _history_row(record_id: str, at: datetime, attempt: int, step: Any) -> dict[str, Any]:
    return {
        "record_id": record_id, "at": at, "transition": step.transition, "from_state": step.from_state,
        "to_state": step.to_state, "by": step.by, "why": step.why, "attempt": attempt, "error": step.error,
    }  # fmt: skip


__all__ = ["KnownTable", "SqlQueue"]
