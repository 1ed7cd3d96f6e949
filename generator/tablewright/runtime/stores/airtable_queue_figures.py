"""The figures of a queue on Airtable, worked out here: states come from the base, times from the leases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tablewright.expressions import tree
from tablewright.runtime.choice import Choice
from tablewright.runtime.codec import Row
from tablewright.runtime.queue.figures import (
    MOST_BUCKETS,
    Bucket,
    Group,
    QueueFigures,
    most_frequent,
)
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.airtable_candidates import all_of, in_states, parts
from tablewright.runtime.stores.airtable_history import History
from tablewright.runtime.stores.airtable_reading import Base, ids, read_parts
from tablewright.runtime.stores.base import Selection


@dataclass(frozen=True, slots=True)
class Known:
    """What leases tell of one record."""

    attempt: int = 0
    worker: str | None = None
    lease_until: datetime | None = None
    ready_at: datetime | None = None
    taken_at: datetime | None = None
    settled_at: datetime | None = None
    cancel_requested: bool = False


@dataclass(frozen=True, slots=True)
class _Task:
    row: Row
    state: Choice
    known: Known
    passes: bool
    """Whether the guard of a claim holds for it."""

    @property
    def ready(self) -> datetime:
        """When it could be taken first."""
        found: datetime = self.known.ready_at or self.row["created_time"]
        return found

    @property
    def waited(self) -> timedelta | None:
        return None if self.known.taken_at is None else self.waited_until(self.known.taken_at)

    def waited_until(self, moment: datetime) -> timedelta:
        """For how long it had waited; the clock of who created it may have been ahead."""
        return max(moment - self.ready, timedelta())

    def is_due(self, now: datetime) -> bool:
        return self.known.ready_at is None or self.known.ready_at <= now

    @property
    def is_blocked(self) -> bool:
        """Whether no claim takes it, even if it waits and is due."""
        return self.known.cancel_requested or not self.passes

    @property
    def ran(self) -> timedelta | None:
        if self.known.taken_at is None or self.known.settled_at is None:
            return None
        return self.known.settled_at - self.known.taken_at


class _States:
    def __init__(self, table: TableSpec) -> None:
        lifecycle, queue = parts(table)
        take = lifecycle.by_name[queue.take]
        self.waiting, self.taken = take.sources, take.target
        self.done = lifecycle.by_name[queue.done].target
        self.failed = lifecycle.by_name[queue.fail].target

    @property
    def standing(self) -> tuple[Choice, ...]:
        return tuple(dict.fromkeys((*self.waiting, self.taken)))

    @property
    def all(self) -> tuple[Choice, ...]:
        return tuple(dict.fromkeys((*self.standing, self.done, self.failed)))


def gathered(
    base: Base,
    history: History,
    table: TableSpec,
    guard: tree.Node,
    where: Sequence[tree.Node],
    known: Callable[[Sequence[Row]], Mapping[str, Known]],
    now: datetime,
    since: float | None,
    bucket: float,
    by: str | None,
) -> QueueFigures:
    """Return the figures over the records that meet *where*; of ended ones, those of the last *since* seconds.

    Only the fields that are looked at are read: one request for every hundred records, one for a hundred errors, and
    where *guard* asks something of waiting records, as many again for the ids of those for which it holds.
    """
    lifecycle, queue = parts(table)
    states = _States(table)
    # Nothing has ended since now: what stands where is known without those that ended.
    wanted = states.standing if since == 0 and by is None else states.all
    condition = all_of((in_states(table, wanted), *where))
    noted = [] if queue.lease_field is None else [queue.lease_field]
    keys = [lifecycle.field, *noted, *([] if by is None else [by])]
    rows = read_parts(base, Selection(table, condition, now=now), keys)
    takable, leases = _takable(base, table, guard, where, now), known(rows)
    tasks = [
        _Task(
            row,
            row[lifecycle.field],
            leases.get(row["id"], Known()),
            takable is None or row["id"] in takable,
        )
        for row in rows
    ]
    held = [one for one in tasks if one.state is states.taken]
    running = [
        one for one in held if one.known.lease_until is not None and one.known.lease_until >= now
    ]
    lapsed = [
        one for one in held if one.known.lease_until is not None and one.known.lease_until < now
    ]
    waiting = [one for one in tasks if one.state in states.waiting]
    due = [one for one in waiting if one.is_due(now)]
    begin = None if since is None else now - timedelta(seconds=since)
    ended = [one for one in tasks if _has_ended(one, states, begin)]
    completed = sum(one.state is states.done for one in ended)
    moments = [one.known.settled_at for one in ended if one.known.settled_at is not None]
    minutes = (max(moments) - min(moments)).total_seconds() / 60 if len(moments) > 1 else 0.0
    waited, ran = _spans(one.waited for one in ended), _spans(one.ran for one in ended)
    told = {} if since == 0 else _errors(history, table, {row["id"] for row in rows}, begin)
    errors, further = most_frequent(_most_common(one for found in told.values() for one in found))
    return QueueFigures(
        waiting=len(due),
        blocked=sum(one.is_blocked for one in due),
        delayed=len(waiting) - len(due),
        running=len(running),
        expired_leases=len(lapsed),
        oldest_waiting=_oldest(due, now),
        completed=completed,
        failed=len(ended) - completed,
        throughput_per_minute=len(ended) / minutes if minutes else None,
        success_rate=completed / len(ended) if ended else None,
        avg_waiting_time=_mean(waited),
        max_waiting_time=max(waited, default=None),
        avg_running_time=_mean(ran),
        max_running_time=max(ran, default=None),
        attempts=dict(sorted(Counter(one.known.attempt for one in ended).items())),
        workers=_most_common(one.known.worker or "" for one in running),
        errors=errors,
        further_errors=further,
        by_time=_buckets(ended, states, bucket),
        groups=_groups(tasks, ended, states, told, now, by) if by is not None else {},
    )


def _takable(
    base: Base, table: TableSpec, guard: tree.Node, where: Sequence[tree.Node], now: datetime
) -> set[str] | None:
    """Return the ids of waiting records for which the guard of a claim holds; None where it asks for nothing."""
    if guard == tree.TRUE:
        return None
    condition = all_of((in_states(table, _States(table).waiting), guard, *where))
    return set(ids(base, Selection(table, condition, now=now)))


def _oldest(waiting: Iterable[_Task], now: datetime) -> timedelta | None:
    """Return for how long the oldest of some records has waited that could be taken."""
    could = (one.waited_until(now) for one in waiting if one.is_due(now) and not one.is_blocked)
    return max(could, default=None)


def _has_ended(task: _Task, states: _States, begin: datetime | None) -> bool:
    at = task.known.settled_at
    if at is None or task.state not in (states.done, states.failed):
        return False
    return begin is None or at >= begin


def _spans(found: Iterable[timedelta | None]) -> list[timedelta]:
    return [one for one in found if one is not None]


def _mean(spans: Sequence[timedelta]) -> timedelta | None:
    return sum(spans, timedelta()) / len(spans) if spans else None


def _most_common(texts: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(texts).items(), key=lambda one: (-one[1], one[0])))


def _errors(
    history: History, table: TableSpec, ids: set[str], begin: datetime | None
) -> dict[str, list[str]]:
    """Return the errors of attempts by record, where the base keeps a history."""
    lifecycle, _ = parts(table)
    found: dict[str, list[str]] = {}
    for record_id, at, error in history.errors(table) if lifecycle.history else ():
        if record_id in ids and (begin is None or at >= begin):
            found.setdefault(record_id, []).append(error)
    return found


def _ends(ended: Sequence[_Task], states: _States) -> dict[str, Any]:
    """Return the figures of `Ends`."""
    completed = sum(one.state is states.done for one in ended)
    return {
        "completed": completed,
        "failed": len(ended) - completed,
        "success_rate": completed / len(ended) if ended else None,
        "retries": sum(one.known.attempt - 1 for one in ended),
        "avg_waiting_time": _mean(_spans(one.waited for one in ended)),
        "avg_running_time": _mean(_spans(one.ran for one in ended)),
    }


def _buckets(ended: Sequence[_Task], states: _States, seconds: float) -> tuple[Bucket, ...]:
    spans: dict[int, list[_Task]] = {}
    for one in ended:
        assert one.known.settled_at is not None  # noqa: S101  # that is what ended means
        number = int(one.known.settled_at.timestamp() // seconds)
        spans.setdefault(number, []).append(one)
    return tuple(
        Bucket(since=datetime.fromtimestamp(number * seconds, UTC), **_ends(spans[number], states))
        for number in sorted(spans)[-MOST_BUCKETS:]
    )


def _groups(
    tasks: Sequence[_Task],
    ended: Sequence[_Task],
    states: _States,
    errors: dict[str, list[str]],
    now: datetime,
    by: str,
) -> dict[str, Group]:
    every: dict[str, list[_Task]] = {}
    for one in tasks:
        every.setdefault(_shown(one.row[by]), []).append(one)
    over = {id(one) for one in ended}
    found = {}
    for value in sorted(every):
        listed = every[value]
        ends = [one for one in listed if id(one) in over]
        waiting = [one for one in listed if one.state in states.waiting]
        told = _most_common(error for one in listed for error in errors.get(one.row["id"], ()))
        most, further = most_frequent(told)
        found[value] = Group(
            waiting=len(waiting),
            blocked=sum(one.is_due(now) and one.is_blocked for one in waiting),
            running=sum(
                one.state is states.taken and one.known.lease_until is not None for one in listed
            ),
            oldest_waiting=_oldest(waiting, now),
            errors=most,
            further_errors=further,
            **_ends(ends, states),
        )
    return found


def _shown(value: Any) -> str:
    return "" if value is None else str(value)
