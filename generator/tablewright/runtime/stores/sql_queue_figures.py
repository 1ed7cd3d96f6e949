"""The figures of a queue, gathered by the database: one statement for each way of grouping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from tablewright.expressions import tree
from tablewright.runtime.queue.figures import (
    MOST_BUCKETS,
    MOST_ERRORS,
    Bucket,
    FurtherErrors,
    Group,
    QueueFigures,
    further_errors,
    most_frequent,
)
from tablewright.runtime.stores.sql_queue_columns import after, as_text, in_line

if TYPE_CHECKING:
    from tablewright.runtime.stores.sql_queue_table import QueueTable


def gathered(
    cursor: Any,
    made: QueueTable,
    guard: tree.Node,
    where: Sequence[tree.Node],
    since: float | None,
    bucket: float,
    by: str | None,
) -> QueueFigures:
    """Return the figures over the rows that meet *where*; of ended ones, those of the last *since* seconds.

    Waiting rows that are due are blocked where *guard* does not hold, or where somebody asked them to stop.
    """
    asking = _Asking(cursor, made, guard, where, since)
    standing = asking.standing().get("", _Standing())
    completed, failed, first, last, waited, longest_wait, ran, longest_run = asking.ended()
    number = completed + failed
    errors, further = asking.errors()
    minutes = (last - first).total_seconds() / 60 if number > 1 else 0.0
    return QueueFigures(
        waiting=standing.number("ready", "blocked"),
        blocked=standing.number("blocked"),
        delayed=standing.number("delayed"),
        running=standing.number("running"),
        expired_leases=standing.number("lapsed"),
        oldest_waiting=standing.oldest,
        completed=completed,
        failed=failed,
        throughput_per_minute=number / minutes if minutes else None,
        success_rate=completed / number if number else None,
        avg_waiting_time=_span(waited),
        max_waiting_time=_span(longest_wait),
        avg_running_time=_span(ran),
        max_running_time=_span(longest_run),
        attempts=asking.attempts(),
        workers=asking.workers(),
        errors=errors,
        further_errors=further,
        by_time=asking.buckets(bucket),
        groups=asking.groups(by) if by is not None else {},
    )


@dataclass(slots=True)
class _Standing:
    """How many rows stand where, of those that have not ended, and for how long the oldest ready one has waited."""

    numbers: Counter[str] = field(default_factory=Counter)
    oldest: timedelta | None = None

    def number(self, *places: str) -> int:
        """Return how many rows stand in some places."""
        return sum(self.numbers[one] for one in places)


class _Asking:
    def __init__(
        self,
        cursor: Any,
        made: QueueTable,
        guard: tree.Node,
        where: Sequence[tree.Node],
        since: float | None,
    ) -> None:
        self._cursor = cursor
        self._made = made
        scope = made.scope(row_by_row=False)
        self._where = [scope.condition(one) for one in where]
        own = made.table
        self._takable = sa.and_(sa.not_(own.c.cancel_requested), scope.condition(guard))
        lifecycle, queue = made.lifecycle, made.queue
        done, fail = lifecycle.by_name[queue.done].target, lifecycle.by_name[queue.fail].target
        self._completed = made.state == sa.literal_column(f"'{done.name}'")
        self._failed = made.state == sa.literal_column(f"'{fail.name}'")
        self._ended = [own.c.settled_at.is_not(None), sa.or_(self._completed, self._failed)]
        self._logged: Callable[[Any], list[Any]] = lambda _: []
        if since == 0:
            # Nothing has ended since now, and to know that no row has to be looked at.
            self._ended, self._logged = [sa.false()], lambda _: [sa.false()]
        elif since is not None:
            begin = after(made.dialect, made.known.schema.moment, sa.literal_column(repr(-since)))
            self._ended.append(own.c.settled_at >= begin)
            self._logged = lambda at: [at >= begin]
        self._held = made.state == made.taken
        self._due = sa.or_(own.c.ready_at.is_(None), own.c.ready_at <= made.now)
        self._ready = sa.func.coalesce(own.c.ready_at, own.c.created_time)

    def _rows(self, statement: Any, *conditions: Any) -> list[list[Any]]:
        asked = statement.where(*conditions, *self._where)
        return self._made.prepared(asked, [*statement.selected_columns]).run(self._cursor, {})

    def _seconds(self, late: Any, early: Any) -> Any:
        if self._made.dialect == "postgresql":
            return sa.cast(sa.extract("epoch", late - early), sa.Double())
        day = sa.func.julianday(late) - sa.func.julianday(early)
        return sa.type_coerce(day * 86_400.0, sa.Double())

    def _waited(self, until: Any) -> Any:
        """Return the seconds between being ready and a moment; the clock of who created the row may have been ahead."""
        own = self._made.table
        seconds = self._seconds(until, sa.type_coerce(self._ready, own.c.created_time.type))
        largest = sa.func.greatest if self._made.dialect == "postgresql" else sa.func.max
        # Each gives a blank for a blank here: PostgreSQL's own would give 0.
        return sa.case((seconds.is_not(None), sa.type_coerce(largest(seconds, 0.0), sa.Double())))

    def _ends(self, ended: Any) -> list[Any]:
        """Return the columns that tell what became of those rows that have *ended*, as `_ends_of` reads them."""
        own = self._made.table
        ran = self._seconds(own.c.settled_at, own.c.taken_at)
        return [
            _number(sa.and_(ended, self._completed)),
            _number(sa.and_(ended, self._failed)),
            sa.func.coalesce(sa.func.sum(sa.case((ended, own.c.attempt - 1))), 0),
            sa.func.avg(sa.case((ended, self._waited(own.c.taken_at)))),
            sa.func.avg(sa.case((ended, ran))),
        ]

    def standing(self, column: Any = None) -> dict[str, _Standing]:
        """Return how many rows stand where, by the values of a column; without one, all of them under a blank.

        The first that holds of a row is where it stands, so its guard is looked at once, and only if it is due.
        """
        own, now = self._made.table, self._made.now
        stands = sa.case(
            (sa.and_(self._held, own.c.lease_until < now), _word("lapsed")),
            (sa.and_(self._held, own.c.lease_until >= now), _word("running")),
            (self._held, _word("unclaimed")),
            (~self._due, _word("delayed")),
            (self._takable, _word("ready")),
            else_=_word("blocked"),
        )
        value = _word("") if column is None else column
        statement = sa.select(value, stands, sa.func.count(), sa.func.max(self._waited(now)))
        grouped = statement.select_from(own).group_by(sa.text("1"), sa.text("2"))
        found: dict[str, _Standing] = {}
        for of, place, number, waited in self._rows(
            grouped, sa.text(in_line(self._made.known.spec))
        ):
            standing = found.setdefault(_shown(of), _Standing())
            standing.numbers[place] = int(number)
            if place == "ready":
                standing.oldest = _span(waited)
        return found

    def ended(self) -> list[Any]:
        """Return numbers of ends, the first and the last, and how long tasks waited and ran."""
        own = self._made.table
        waited = self._waited(own.c.taken_at)
        ran = self._seconds(own.c.settled_at, own.c.taken_at)
        moment = own.c.settled_at.type
        statement = sa.select(
            _number(self._completed),
            _number(self._failed),
            sa.type_coerce(sa.func.min(own.c.settled_at), moment),
            sa.type_coerce(sa.func.max(own.c.settled_at), moment),
            sa.func.avg(waited),
            sa.func.max(waited),
            sa.func.avg(ran),
            sa.func.max(ran),
        ).select_from(own)
        return self._rows(statement, *self._ended)[0]

    def attempts(self) -> dict[int, int]:
        """Return ended rows by their attempts."""
        tries = self._made.table.c.attempt
        found = self._rows(
            sa.select(tries, sa.func.count()).group_by(tries).order_by(tries), *self._ended
        )
        return {int(row[0]): int(row[1]) for row in found}

    def workers(self) -> dict[str, int]:
        """Return running rows by who holds them."""
        own = self._made.table
        statement = sa.select(own.c.worker_id, sa.func.count()).group_by(own.c.worker_id)
        found = self._rows(
            statement.order_by(sa.func.count().desc(), own.c.worker_id),
            self._held,
            own.c.lease_until >= self._made.now,
        )
        return {_shown(row[0]): int(row[1]) for row in found}

    def errors(self) -> tuple[dict[str, int], FurtherErrors]:
        """Return the most frequent errors of attempts, and how many more there are."""
        log, own = self._made.history, self._made.table
        if log is None:
            return {}, FurtherErrors()
        joined = sa.join(log, own, log.c.record_id == own.c.id)
        number = sa.func.count()
        # What stands OVER all groups is worked out before the limit: texts, and attempts of all of them.
        whole = sa.func.count().over(), sa.func.sum(number).over()
        statement = sa.select(log.c.error, number, *whole).select_from(joined)
        ordered = statement.group_by(log.c.error).order_by(number.desc(), log.c.error)
        found = self._rows(
            ordered.limit(MOST_ERRORS), log.c.error.is_not(None), *self._logged(log.c.at)
        )
        errors = {row[0]: int(row[1]) for row in found}
        texts, attempts = found[0][2:] if found else (0, 0)
        return errors, further_errors(errors, int(texts), int(attempts))

    def errors_by(self, column: Any) -> dict[str, dict[str, int]]:
        """Return the errors of attempts by the values of a column, the most frequent first."""
        log, own = self._made.history, self._made.table
        found: dict[str, dict[str, int]] = {}
        if log is None:
            return found
        joined = sa.join(log, own, log.c.record_id == own.c.id)
        statement = sa.select(column, log.c.error, sa.func.count()).select_from(joined)
        grouped = statement.group_by(column, log.c.error)
        ordered = grouped.order_by(sa.func.count().desc(), log.c.error)
        for value, error, number in self._rows(
            ordered, log.c.error.is_not(None), *self._logged(log.c.at)
        ):
            found.setdefault(_shown(value), {})[error] = int(number)
        return found

    def buckets(self, seconds: float) -> tuple[Bucket, ...]:
        """Return ended rows by spans of so many seconds."""
        own = self._made.table
        if self._made.dialect == "postgresql":
            epoch: Any = sa.extract("epoch", own.c.settled_at)
        else:
            epoch = sa.cast(sa.func.strftime("%s", own.c.settled_at), sa.Double())
        number = sa.cast(
            (
                sa.func.floor(epoch / sa.literal_column(repr(float(seconds))))
                if self._made.dialect == "postgresql"
                else epoch / sa.literal_column(repr(float(seconds)))
            ),
            sa.BigInteger(),
        )
        statement = sa.select(number, *self._ends(sa.true()))
        grouped = statement.select_from(own).group_by(sa.text("1"))
        latest = grouped.order_by(sa.text("1 DESC")).limit(MOST_BUCKETS)
        return tuple(
            Bucket(since=datetime.fromtimestamp(int(row[0]) * seconds, UTC), **_ends_of(row[1:]))
            for row in reversed(self._rows(latest, *self._ended))
        )

    def groups(self, by: str) -> dict[str, Group]:
        """Return the figures of each value of a column."""
        own = self._made.table
        column = own.c[by]
        statement = sa.select(column, *self._ends(sa.and_(*self._ended))).select_from(own)
        every, errors = self.standing(column), self.errors_by(column)
        found: dict[str, Group] = {}
        for value, *ends in self._rows(statement.group_by(column).order_by(column)):
            name = _shown(value)
            standing = every.get(name, _Standing())
            listed, further = most_frequent(errors.get(name, {}))
            found[name] = Group(
                waiting=standing.number("ready", "blocked", "delayed"),
                blocked=standing.number("blocked"),
                running=standing.number("running", "lapsed"),
                oldest_waiting=standing.oldest,
                errors=listed,
                further_errors=further,
                **_ends_of(ends),
            )
        return found


def _word(name: str) -> Any:
    return sa.literal_column(as_text(name))


def _number(condition: Any) -> Any:
    return sa.func.count(sa.case((condition, 1)))


def _ends_of(row: Sequence[Any]) -> dict[str, Any]:
    """Return the figures of `Ends` from its columns."""
    completed, failed, retries, waited, ran = row
    number = completed + failed
    return {
        "completed": completed,
        "failed": failed,
        "success_rate": completed / number if number else None,
        "retries": int(retries),
        "avg_waiting_time": _span(waited),
        "avg_running_time": _span(ran),
    }


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


def _span(seconds: Any) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=float(seconds))
