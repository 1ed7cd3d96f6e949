"""Claims in a SQL database: all rows at once, and one by one where the transition does not fit one of them."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import exc

from tablewright.expressions import tree
from tablewright.runtime.errors import StoreError, StoreOutdated, StoreUnavailable, TablewrightError
from tablewright.runtime.queue.steps import lapsed_steps
from tablewright.runtime.queue.store import LAPSED, Claimed, Taking
from tablewright.runtime.stores import sql_queue_claiming as claiming
from tablewright.runtime.stores import sql_queue_holding as holding
from tablewright.runtime.stores.sql_errors import refused_change
from tablewright.runtime.stores.sql_queue_lanes import Lanes
from tablewright.runtime.stores.sql_queue_prepared import Prepared
from tablewright.runtime.stores.sql_queue_table import QueueTable, StoreClock

SPARE: Final = 20
"""How many rows beyond those that are wanted are looked at one by one: some of them may not be to be had."""

_InSqlite = tuple[Prepared, tuple[Prepared, Prepared]]


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of one table."""

    made: QueueTable
    lanes: Lanes

    def claim(
        self, taking: Taking, worker: str, n: int, where: Sequence[tree.Node]
    ) -> list[Claimed]:
        """Take up to *n* rows that are ready, in the queue's order, and write their history.

        Where what the transition sets does not fit a row, this one is held as it was, and tells so.

        Raises:
            StoreOutdated: the stored table does not know the state of a task that is held.
            StoreUnavailable: the database cannot be reached or used.
            StoreError: it refused.
        """
        narrowed = (id(taking), tuple(where))
        keeps = self.made.kept(("timeless", *narrowed), lambda: claiming.timeless(taking, where))
        key = ("claim", n, *narrowed) if keeps else None
        statements = self.made.kept(key, lambda: self._statements(taking, where, n))
        try:
            return self._taken(statements, worker, {})
        except StoreUnavailable:
            raise
        except (exc.IntegrityError, StoreError) as error:
            if self.lanes.is_about_statements(error):
                raise
            why = self._explained(error, self.made.known.spec.key)
            if isinstance(why, StoreOutdated):
                raise why from error
            return self._one_by_one(taking, worker, n, where)

    def _statements(
        self, taking: Taking, where: Sequence[tree.Node], n: int, *, named: bool = False
    ) -> Prepared | _InSqlite:
        if self.made.dialect == "postgresql":
            return claiming.claim(self.made, taking, where, n, named=named)
        pick = claiming.pick(self.made, taking, where, n, named=named)
        return pick, claiming.takes(self.made, taking)

    def _one_by_one(
        self, taking: Taking, worker: str, n: int, where: Sequence[tree.Node]
    ) -> list[Claimed]:
        """Take rows each by itself: those that the transition does not fit without what it sets.

        A row that is not even to be had so is left where it is; where there are no others, that is the error.
        """
        look = claiming.pick(self.made, taking, where, n + SPARE)
        ids = [row[0] for row in self.lanes.read(lambda cursor: look.ask(cursor, {}))]
        plain = replace(taking, sets={}, sets_again={})
        whole, bare = (self._statements(one, where, 1, named=True) for one in (taking, plain))
        found: list[Claimed] = []
        left: TablewrightError | None = None
        # The leases of the first ones run while the others are looked at.
        deadline = time.monotonic() + self.made.queue.lease / 4
        for record_id in ids:
            is_late = bool(found) and time.monotonic() > deadline
            if is_late or sum(not one.unfit for one in found) >= n:
                break
            named = {claiming.NAMED: record_id}
            try:
                found += self._taken(whole, worker, named)
            except StoreUnavailable:
                raise
            except (exc.IntegrityError, StoreError) as error:
                why = self._explained(error, f"{self.made.known.spec.key} {record_id}")
                try:
                    held = self._taken(bare, worker, named)
                except (exc.IntegrityError, StoreError):
                    left = why
                else:
                    found += [replace(one, unfit=str(why)) for one in held]
        if left is not None and not found:
            raise left
        return found

    def _explained(self, error: exc.IntegrityError | StoreError, record: str) -> TablewrightError:
        if isinstance(error, StoreError):
            return error
        return refused_change(error, self.made.table, self.made.known.spec, record)

    def _taken(
        self, statements: Prepared | _InSqlite, worker: str, named: dict[str, str]
    ) -> list[Claimed]:
        token, asked = secrets.token_hex(16), time.monotonic()
        if isinstance(statements, Prepared):
            values = {"worker": worker, "token": token, **named}
            found = self.lanes.run(lambda cursor: statements.run(cursor, values))
        else:
            found = self.lanes.run(
                lambda cursor: self._take_in_sqlite(cursor, statements, worker, token, named)
            )
        keys = self.made.known.statements.keys
        width = len(keys)
        if found:
            self.made.clock = StoreClock(found[0][width], asked)
        return [
            Claimed(
                dict(zip(keys, row, strict=False)), token, row[width], row[width], row[width + 1]
            )
            for row in found
        ]

    def _take_in_sqlite(
        self, cursor: Any, statements: _InSqlite, worker: str, token: str, named: dict[str, str]
    ) -> list[list[Any]]:
        made, (pick, take) = self.made, statements
        picked = pick.ask(cursor, named)
        if not picked:
            return []
        ids = [row[0] for row in picked]
        given = {"id": ids[0]} if len(ids) == 1 else {"ids": json.dumps(ids)}
        stored = take[len(ids) > 1].ask(cursor, {**given, "worker": worker, "token": token})
        log = made.kept("history", lambda: holding.add_history(made))
        if log is not None:
            # As SQLite gave them, and so as it takes them: names of states, and its moment.
            cursor.executemany(log.text, _claim_history(made, picked, worker, stored[0][-1]))
        rows = take[0].read(stored)
        if len(rows) > 1:
            places = {record_id: place for place, record_id in enumerate(ids)}
            rows.sort(key=lambda row: places[row[0]])
        states = type(made.lifecycle.initial)
        return [[*row, states[was]] for row, (_, was, *_) in zip(rows, picked, strict=True)]


def _claim_history(
    made: QueueTable, picked: Sequence[Sequence[Any]], worker: str, at: str
) -> list[tuple[Any, ...]]:
    """Return the history of a claim, in the order of its columns; a row whose lease ran out is failed, put back and taken.

    States and moments are as they are stored.
    """
    take = made.lifecycle.by_name[made.queue.take]
    name, taken = take.name, take.target.name
    rows: list[tuple[Any, ...]] = []
    for record_id, was, held_by, attempt, *_ in picked:
        if was != taken:
            rows.append((record_id, at, name, was, taken, worker, None, attempt + 1, None))
            continue
        first, again, last = lapsed_steps(made.lifecycle, made.queue)
        for step, by, error in ((first, held_by, LAPSED), (again, held_by, None)):
            states = step.from_state, step.to_state
            rows.append((record_id, at, step.transition, *states, by, None, attempt, error))
        states = last.from_state, last.to_state
        rows.append((record_id, at, last.transition, *states, worker, None, attempt + 1, None))
    return rows
