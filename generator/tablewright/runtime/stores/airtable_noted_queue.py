"""The queue of an Airtable base without a database for its leases: they are noted in the records, by best effort.

Airtable has no conditional write, so whoever writes last has the record. A claim writes its note together with the
take transition, waits for what others may still have on the way, and reads again: it keeps what still bears its note.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from tablewright.airtable import RECORDS_PER_WRITE
from tablewright.expressions import tree
from tablewright.runtime.codec import Row
from tablewright.runtime.queue.figures import QueueFigures
from tablewright.runtime.queue.steps import claim_history
from tablewright.runtime.queue.store import (
    Beat,
    Claimed,
    Listener,
    Settled,
    Settlement,
    Taking,
)
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.airtable_candidates import Asked, Candidates, parts
from tablewright.runtime.stores.airtable_history import History, history_entries
from tablewright.runtime.stores.airtable_noted_records import NotedRecords, TooLate, lease_field
from tablewright.runtime.stores.airtable_notes import Note, ServiceClock
from tablewright.runtime.stores.airtable_queue_figures import Known, gathered
from tablewright.runtime.stores.airtable_queue_records import LONGEST_PAUSE, OVERTIME, lease_seconds
from tablewright.runtime.stores.airtable_reading import Base, batches
from tablewright.runtime.stores.airtable_rules import check_unique
from tablewright.runtime.stores.base import HistoryRow, Move, Moved
from tablewright.runtime.unfit import lenient

FRESH_SECONDS: Final = 2.0
"""A claim is given up that does not come to write within so many seconds after it read."""
SETTLE_SECONDS: Final = 3.0
"""How long a claim waits before it reads again what it wrote: longer than others' writes may lag behind their reading."""
MOST_SPREAD: Final = 32
_dice = random.SystemRandom()


class NotedQueue:
    """The queues of one base."""

    claims: Literal["best effort"] = "best effort"
    longest_pause = LONGEST_PAUSE

    def __init__(self, base: Base, history: History) -> None:
        self._base = base
        self._records = NotedRecords(base)
        self._history = history
        self._candidates = Candidates(base)
        self._clock = ServiceClock(base.client.api.session)
        self._spread = 1
        self.fresh_seconds = FRESH_SECONDS
        self.settle_seconds = SETTLE_SECONDS

    def close(self) -> None:
        """Nothing is held open."""

    # -- claiming -------------------------------------------------------------------------------------------------

    @lenient
    def claim(
        self, table: TableSpec, taking: Taking, worker: str, n: int, where: Sequence[tree.Node]
    ) -> list[Claimed]:
        """Take up to *n* rows that are ready, in the queue's order: written, waited for, and read again."""
        field = lease_field(table)
        lifecycle, queue = parts(table)
        asked = Asked(table, taking, tuple(where))
        began, now = time.monotonic(), self._clock.now()
        lapsed = [] if taking.again == tree.FALSE else self._records.lapsed(table, now)
        found = self._candidates.read(asked, now, [row["id"] for row in lapsed])
        every = [row for row in found.rows if Note.read(row[field]).is_ready(now)]
        if not every:
            return []
        ready = self._chosen(every, n)
        token = secrets.token_hex(16)
        sets = self._candidates.changes(asked, ready, now)
        until = now + timedelta(seconds=lease_seconds(table) + self.settle_seconds)
        changes: dict[str, Row] = {}
        for row in ready:
            before = Note.read(row[field])
            note = Note(worker, token, until, before.attempt + 1, taken=now)
            changes[row["id"]] = {**sets[row["id"]].row, field: note.text()}
        for batch in batches(list(changes.items()), RECORDS_PER_WRITE):
            try:
                self._records.write(table, dict(batch), fresh_until=began + self.fresh_seconds)
            except TooLate:
                break
        self._base.client.pause(self.settle_seconds)
        kept = self._records.read(table, list(changes))
        claimed: list[Claimed] = []
        entries: list[HistoryRow] = []
        for row in ready:
            fresh = kept.get(row["id"])
            if fresh is None or Note.read(fresh[field]).token != token:
                continue
            if fresh[lifecycle.field] is not lifecycle.by_name[queue.take].target:
                continue
            note = Note.read(fresh[field])
            entries += claim_history(
                lifecycle, queue, row["id"], row[lifecycle.field], worker=worker,
                held_by=Note.read(row[field]).worker, attempt=note.attempt, at=now,
            )  # fmt: skip
            known = {**fresh, **note.told()}
            unfit = sets[row["id"]].unfit
            claimed.append(Claimed(known, token, self._clock.now(), now, row[lifecycle.field], unfit))  # fmt: skip
        self._history.add_all(table, history_entries(table, entries))
        met_others = len(claimed) < len(ready)
        self._spread = min(self._spread * 2, MOST_SPREAD) if met_others else max(self._spread // 2, 1)  # fmt: skip
        return claimed

    def _chosen(self, rows: Sequence[Row], n: int) -> list[Row]:
        """Return the first *n* rows; after claims that met others, as many by chance of the first few times *n*.

        Workers who all go for the first row get it one at a time, and wait in vain otherwise.
        """
        if self._spread == 1 or len(rows) <= n:
            return list(rows[:n])
        near = range(min(n * self._spread, len(rows)))
        return [rows[place] for place in sorted(_dice.sample(near, n))]

    @lenient
    def lapsed(self, table: TableSpec, taking: Taking, limit: int) -> list[Claimed]:
        """Return rows whose lease ran out and that cannot be taken again, with their last token."""
        asked, field = Asked(table, taking, ()), lease_field(table)
        now = self._clock.now()
        found = []
        for row in self._records.lapsed(table, now)[:limit]:
            note = Note.read(row[field])
            if note.stop or self._candidates.is_hopeless(asked, row, now):
                claimed = Claimed({**row, **note.told()}, note.token or "", now, note.taken or now)
                found.append(claimed)
        return found

    # -- holding --------------------------------------------------------------------------------------------------

    @lenient
    def beat(self, table: TableSpec, held: Mapping[str, str]) -> dict[str, Beat]:
        """Extend leases, given as tokens by id; those that are missing in the answer are lost."""
        field, (lifecycle, queue) = lease_field(table), parts(table)
        rows = self._records.read(table, list(held))
        now = self._clock.now()
        found: dict[str, Beat] = {}
        changes: dict[str, Row] = {}
        for record_id, row in rows.items():
            note = Note.read(row[field])
            if not _holds(row[lifecycle.field], note, held[record_id], table):
                continue
            until = now + timedelta(seconds=queue.lease)
            if queue.timeout is not None and note.taken is not None:
                if note.taken + timedelta(seconds=queue.timeout) <= now:
                    continue
                until = min(until, note.taken + timedelta(seconds=queue.timeout + OVERTIME))
            changes[record_id] = {field: replace(note, until=until).text()}
            found[record_id] = Beat(until, note.stop, now)
        for batch in batches(list(changes.items()), RECORDS_PER_WRITE):
            self._records.write(table, dict(batch))
        return found

    @lenient
    def settle(self, table: TableSpec, settlement: Settlement) -> Settled:
        """Read the note, and write what becomes of the record where it is still this claim's.

        Not guaranteed: somebody can write between the reading and the write.
        """
        field, record_id = lease_field(table), settlement.record_id
        lifecycle, queue = parts(table)
        row = self._records.read(table, [record_id]).get(record_id)
        if row is None:
            return Settled(None)
        note, now = Note.read(row[field]), self._clock.now()
        target = settlement.changes[lifecycle.field]
        if not _holds(row[lifecycle.field], note, settlement.token, table):
            is_done = note.token == settlement.token and note.until is None
            if is_done and row[lifecycle.field] is target and not settlement.only_lapsed:
                return Settled({**settlement.changes, **note.told()}, now)
            return Settled(None)
        if settlement.only_lapsed and (note.until is None or note.until >= now):
            return Settled(None)
        if settlement.unless_cancelled and note.stop:
            return Settled(None)
        check_unique(self._base, table, [(record_id, settlement.changes)])
        left = note.after(settlement, now)
        changes = {**settlement.changes, field: left.text()}
        self._records.write(table, {record_id: changes})
        history = [
            HistoryRow(record_id, now, step.transition, step.from_state, step.to_state, step.by, step.why, note.attempt, step.error)
            for step in settlement.steps
        ]  # fmt: skip
        self._history.add_all(table, history_entries(table, history))
        if settlement.forgets:
            self._history.forget_last(table, record_id, queue.take)
        return Settled({**changes, **left.told()}, now)

    # -- anybody --------------------------------------------------------------------------------------------------

    def tell(self, table: TableSpec, rows: Sequence[Row]) -> None:
        """Add to rows what their notes say."""
        _, queue = parts(table)
        for row in rows:
            text = row.get(queue.lease_field) if queue.lease_field is not None else None
            row.update(Note.read(text).told())

    def move(self, table: TableSpec, move: Move, make: Callable[[TableSpec, Move], Moved]) -> Moved:
        """Have *make* write a transition that no worker makes, where the record's note does not say that one holds it."""
        lifecycle, queue = parts(table)
        if queue.lease_field is None:
            return make(table, move)
        row = self._records.read(table, [move.record_id]).get(move.record_id)
        if row is None:
            return make(table, move)
        note = Note.read(row[queue.lease_field])
        if note.until is not None and note.until >= self._clock.now():
            return Moved(done=False, row={**row, **note.told()})
        waits = move.changes[lifecycle.field] in lifecycle.by_name[queue.take].sources
        left = Note(attempt=note.attempt, taken=note.taken)
        if not waits:
            left = replace(left, ready=note.ready, stop=note.stop)
        changes = {**move.changes, queue.lease_field: left.text()}
        moved = make(table, replace(move, changes=changes))
        if moved.done and moved.row is not None:
            return Moved(done=True, row={**moved.row, **left.told()})
        return moved

    def request_cancel(self, table: TableSpec, record_id: str) -> Row | None:
        """Mark a row as to be stopped, and return its state and what the queue knows of it."""
        lifecycle, queue = parts(table)
        take = lifecycle.by_name[queue.take]
        return self._noted(
            table, record_id, (*take.sources, take.target), lambda note: replace(note, stop=True)
        )

    def postpone(self, table: TableSpec, record_id: str, until: datetime | timedelta) -> Row | None:
        """Set the moment before which a row is not taken, or for how long; nothing where it is held or does not wait."""
        lifecycle, queue = parts(table)
        sources = lifecycle.by_name[queue.take].sources
        moment = self._clock.now() + until if isinstance(until, timedelta) else until
        return self._noted(table, record_id, sources, lambda note: replace(note, ready=moment))

    def _noted(
        self,
        table: TableSpec,
        record_id: str,
        states: Sequence[Any],
        change: Callable[[Note], Note],
    ) -> Row | None:
        field, (lifecycle, _) = lease_field(table), parts(table)
        row = self._records.read(table, [record_id]).get(record_id)
        if row is None or row[lifecycle.field] not in states:
            return None
        note = change(Note.read(row[field]))
        self._records.write(table, {record_id: {field: note.text()}})
        return {**note.told(), lifecycle.field: row[lifecycle.field]}

    def next_due(self, table: TableSpec, where: Sequence[tree.Node]) -> float | None:
        """Return nothing: it would take a reading of all waiting records."""
        del table, where
        return None

    def figures(
        self,
        table: TableSpec,
        guard: tree.Node,
        where: Sequence[tree.Node],
        since: float | None,
        bucket: float,
        by: str | None,
    ) -> QueueFigures:
        """Return the figures of the queue, worked out here from the notes."""
        field = lease_field(table)

        def known(rows: Sequence[Row]) -> dict[str, Known]:
            notes = {row["id"]: Note.read(row[field]) for row in rows}
            return {
                key: Known(one.attempt, one.worker, one.until, one.ready, one.taken, one.settled, one.stop)
                for key, one in notes.items()
            }  # fmt: skip

        return gathered(
            self._base, self._history, table, guard, where, known, self._clock.now(), since, bucket, by
        )  # fmt: skip

    def listener(self, table: TableSpec) -> Listener | None:
        """Return nothing: Airtable tells nobody of new records."""
        del table
        return None

    def forget(self, table: TableSpec, ids: Sequence[str]) -> None:
        """Nothing is known beside the records."""


def _holds(state: Any, note: Note, token: str, table: TableSpec) -> bool:
    lifecycle, queue = parts(table)
    is_taken = state is lifecycle.by_name[queue.take].target
    return is_taken and note.token == token and note.until is not None


__all__ = ["FRESH_SECONDS", "SETTLE_SECONDS", "NotedQueue"]
