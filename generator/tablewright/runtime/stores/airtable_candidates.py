"""Which records of a base can be taken from a queue, in its order, and what taking one sets."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Final

from tablewright.airtable import RECORDS_PER_PAGE
from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.types import enum_type
from tablewright.runtime.codec import Row, encode_changes
from tablewright.runtime.errors import RecordInvalid
from tablewright.runtime.queue.store import Taking
from tablewright.runtime.spec import LifecycleSpec, QueueSpec, TableSpec
from tablewright.runtime.stores import airtable_reading as reading
from tablewright.runtime.stores.airtable_reading import Base
from tablewright.runtime.stores.base import Order, Selection
from tablewright.runtime.stores.linked_rows import linked_rows

KEPT_SECONDS: Final = 5.0
"""For how long a reading of several pages is used: a long queue is not read anew for every claim."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One claim's question: a table, what its queue looks at, and the caller's own conditions."""

    table: TableSpec
    taking: Taking
    where: tuple[tree.Node, ...]

    @property
    def key(self) -> tuple[Any, ...]:
        """Return what two equal questions have in common."""
        return self.table, id(self.taking), self.where


@dataclass(slots=True)
class Reading:
    """Records that can be taken, in order, as they were at *read_at*, a moment of the clock that leases go by."""

    rows: list[Row]
    read_at: datetime
    began: float
    lapsed: frozenset[str] = frozenset()
    is_new: bool = True

    def leave_out(self, ids: Sequence[str]) -> None:
        """Forget records that were tried."""
        tried = set(ids)
        self.rows = [row for row in self.rows if row["id"] not in tried]


@dataclass(frozen=True, slots=True)
class Change:
    """What taking one record sets; *unfit* is why it is the state alone."""

    row: Row
    unfit: str = ""


class Candidates:
    """Reads them from one base."""

    def __init__(self, base: Base) -> None:
        self._base = base
        self._kept: dict[tuple[Any, ...], Reading] = {}

    def forget(self) -> None:
        """Read anew at the next claim."""
        self._kept.clear()

    def kept(self, asked: Asked) -> Reading | None:
        """Return an earlier reading that can still be used."""
        found = self._kept.get(asked.key)
        if found is None or not found.rows or time.monotonic() - found.began > KEPT_SECONDS:
            self._kept.pop(asked.key, None)
            return None
        found.is_new = False
        return found

    def read(self, asked: Asked, now: datetime, lapsed: Sequence[str]) -> Reading:
        """Return the waiting records that can be taken, and those of *lapsed* ones that can be taken again."""
        began = time.monotonic()
        rows = self._waiting(asked, now)
        is_long = len(rows) > RECORDS_PER_PAGE
        again = self.still(asked, now, lapsed) if lapsed else {}
        if again:
            known = {row["id"] for row in rows}
            rows += [row for record_id, row in again.items() if record_id not in known]
            rows = _in_order(rows, asked.taking.order, self._evaluator(asked.table, now))
        found = Reading(rows, now, began, frozenset(again))
        if is_long:
            self._kept[asked.key] = found
        return found

    def _waiting(self, asked: Asked, now: datetime) -> list[Row]:
        lifecycle, queue = parts(asked.table)
        where = (in_states(asked.table, lifecycle.by_name[queue.take].sources), asked.taking.guard)
        selection = Selection(
            asked.table, all_of((*where, *asked.where)), asked.taking.order, now=now
        )
        return plain_rows(self._base, reading.read(self._base, selection))

    def still(self, asked: Asked, now: datetime, ids: Sequence[str]) -> dict[str, Row]:
        """Return those of some records, read anew, that can be taken, or taken again."""
        lifecycle, queue = parts(asked.table)
        take = lifecycle.by_name[queue.take]
        rows = list(self._base.fitting(asked.table, ids).values())
        evaluator = self._evaluator(asked.table, now)
        found: dict[str, Row] = {}
        for row, view in zip(rows, linked_rows(asked.table, rows, self._base), strict=True):
            state = row[lifecycle.field]
            guard = asked.taking.guard if state in take.sources else asked.taking.again
            possible = state in take.sources or state is take.target
            if possible and all(evaluator.holds(one, view) for one in (guard, *asked.where)):
                found[row["id"]] = row
        return found

    def changes(self, asked: Asked, rows: Sequence[Row], now: datetime) -> dict[str, Change]:
        """Return what taking each of some records sets, at the moment *now*: the state alone where the rest does not fit."""
        lifecycle, queue = parts(asked.table)
        take = lifecycle.by_name[queue.take]
        evaluator = self._evaluator(asked.table, now)
        found: dict[str, Change] = {}
        for row, view in zip(rows, linked_rows(asked.table, rows, self._base), strict=True):
            is_lapsed = row[lifecycle.field] is take.target
            sets: Mapping[str, Any] = asked.taking.sets_again if is_lapsed else asked.taking.sets
            values = {
                key: evaluator.value(one, {"": view}) if isinstance(one, tree.Node) else one
                for key, one in sets.items()
            }
            taken = {lifecycle.field: take.target}
            try:
                # Airtable itself knows no limits: it would take what makes the record unreadable.
                encode_changes(asked.table, values, f"{asked.table.key} {row['id']}")
            except RecordInvalid as unfit:
                found[row["id"]] = Change(taken, str(unfit))
            else:
                found[row["id"]] = Change({**values, **taken})
        return found

    def is_hopeless(self, asked: Asked, row: Row, now: datetime) -> bool:
        """Tell whether a record whose lease ran out is not to be taken again."""
        (view,) = linked_rows(asked.table, [row], self._base)
        return not self._evaluator(asked.table, now).holds(asked.taking.again, view)

    @staticmethod
    def _evaluator(table: TableSpec, now: datetime) -> Evaluator:
        return Evaluator({}, now.astimezone(UTC), table.enums())


def parts(table: TableSpec) -> tuple[LifecycleSpec, QueueSpec]:
    """Return the lifecycle and the queue of a table that has both."""
    lifecycle, queue = table.lifecycle, table.queue
    assert lifecycle is not None  # noqa: S101  # a queue has one
    assert queue is not None  # noqa: S101  # only tables with a queue come here
    return lifecycle, queue


def plain_rows(base: Base, rows: Sequence[Row]) -> list[Row]:
    """Return rows converted; those that do not fit are reported and left out."""
    found: list[Row] = []
    for row in rows:
        try:
            found.append(row.copy())
        except RecordInvalid as unfit:
            base.unfit.report(unfit)
    return found


def in_states(table: TableSpec, states: Sequence[Any]) -> tree.Node:
    """Return the condition that a record is in one of some states."""
    lifecycle, _ = parts(table)
    enum = type(lifecycle.initial).__name__
    members = tuple(tree.EnumMember(enum, one.name) for one in states)
    return tree.Membership(tree.Field(lifecycle.field, enum_type(enum)), members)


def all_of(nodes: Sequence[tree.Node]) -> tree.Node:
    """Return the condition that all of some conditions hold; there is one at least."""
    kept = tuple(one for one in nodes if one != tree.TRUE)
    return kept[0] if len(kept) == 1 else tree.Logic("and", kept)


def _in_order(rows: list[Row], order: Sequence[Order], evaluator: Evaluator) -> list[Row]:
    def rank(row: Row, one: Order) -> tuple[bool, Any]:
        value = evaluator.value(one.by, {"": row})
        if one.by.type.kind == "enum" and value is not None:
            value = list(evaluator.enums[one.by.type.name]).index(value)
        return value is not None, 0 if value is None else value

    rows = sorted(rows, key=itemgetter("created_time", "id"))
    for one in reversed(order):
        rows.sort(key=lambda row, one=one: rank(row, one), reverse=one.descending)  # type: ignore[misc]  # a default binds it
    return rows
