"""The queue of an Airtable base whose leases lie in a SQL database: SQL decides who holds what, Airtable shows it.

Every step is decided in SQL first, by token, and then written to Airtable. What was decided and not written within
`HAND_OVER` seconds, because a program died in between, is written by the next claim that looks around.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from tablewright.airtable import RECORDS_PER_WRITE
from tablewright.expressions import tree
from tablewright.runtime.codec import Row
from tablewright.runtime.errors import RecordInvalid
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
from tablewright.runtime.stores.airtable_candidates import Asked, Candidates, Reading, parts
from tablewright.runtime.stores.airtable_client import TIMEOUT, Json, Refused
from tablewright.runtime.stores.airtable_history import History, history_entries
from tablewright.runtime.stores.airtable_queue_ends import Ends
from tablewright.runtime.stores.airtable_queue_figures import Known, gathered
from tablewright.runtime.stores.airtable_queue_records import (
    LONGEST_PAUSE,
    QueueRecords,
    lease_seconds,
    told,
)
from tablewright.runtime.stores.airtable_reading import Base, batches
from tablewright.runtime.stores.airtable_refusals import explained
from tablewright.runtime.stores.base import Move, Moved
from tablewright.runtime.stores.sql_leases import LeaseRow, Place, SqlLeases
from tablewright.runtime.unfit import lenient

logger = logging.getLogger("tablewright")

HAND_OVER: Final = sum(TIMEOUT) + 20.0
"""Seconds after which what was decided and not written is written by others: no request of its own decider runs so long."""
BY_HAND: Final = HAND_OVER
"""For how many seconds a transition that no worker makes keeps claims away, at most."""
FEW: Final = 1_000
"""Of how many records the leases are read by their ids; of more, all leases are read."""
TRIED: Final = 200
"""How many candidates are tried at least by one claim, of which others may hold the first."""


class LeasedQueue:
    """The queues of one base."""

    claims: Literal["exclusive"] = "exclusive"
    longest_pause = LONGEST_PAUSE

    def __init__(self, base: Base, leases: SqlLeases, history: History) -> None:
        self._base = base
        self._leases = leases
        self._history = history
        self._candidates = Candidates(base)
        self._records = QueueRecords(base, self.forget)
        self._ends = Ends(base, leases, history, self._records)

    def close(self) -> None:
        """Close the connections to the leases."""
        self._leases.close()

    def _place(self, table: TableSpec) -> Place:
        return Place(self._base.client.base_id, table.key)

    # -- claiming -------------------------------------------------------------------------------------------------

    @lenient
    def claim(
        self, table: TableSpec, taking: Taking, worker: str, n: int, where: Sequence[tree.Node]
    ) -> list[Claimed]:
        """Take up to *n* rows that are ready, in the queue's order: decided in SQL, then written and looked at."""
        asked = Asked(table, taking, tuple(where))
        kept = self._candidates.kept(asked)
        found = [] if kept is None else self._claimed(asked, kept, worker, n, {})
        if len(found) < n:
            lapsed, now = self._leases.lapsed(self._place(table))
            before = {one.record_id: one for one in lapsed}
            fresh = self._candidates.read(asked, now, list(before))
            found += self._claimed(asked, fresh, worker, n - len(found), before)
        return found

    def _claimed(
        self, asked: Asked, found: Reading, worker: str, n: int, before: Mapping[str, LeaseRow]
    ) -> list[Claimed]:
        """Take up to *n* of the records of a reading; *before* are the leases that had run out."""
        # Other threads may use the same reading meanwhile.
        tried = {row["id"]: row for row in found.rows[: max(TRIED, 10 * n)]}
        if not tried:
            return []
        ids = list(tried)
        began, seconds = time.monotonic(), lease_seconds(asked.table)
        token = secrets.token_hex(16)
        taken = self._leases.claim(
            self._place(asked.table), ids, worker, token, n, lease=seconds, read_at=found.read_at
        )
        rows = self._confirmed(asked, found, [tried[one.record_id] for one in taken], token)
        last = ids.index(taken[-1].record_id) + 1 if taken else len(ids)
        found.leave_out(ids[:last])
        claims = [one for one in taken if one.record_id in rows]
        return self._begun(asked, claims, rows, before, began + seconds)

    def _confirmed(
        self, asked: Asked, found: Reading, rows: Sequence[Row], token: str
    ) -> dict[str, Row]:
        """Return the records of some leases that were just taken. Those that are not as they were read are given back."""
        known = {row["id"]: row for row in rows}
        doubtful = [one for one in known if not found.is_new or one in found.lapsed]
        if not doubtful:
            return known
        still = self._candidates.still(asked, found.read_at, doubtful)
        gone = [one for one in doubtful if one not in still]
        self._leases.give_back(self._place(asked.table), gone, token)
        return {key: still.get(key, row) for key, row in known.items() if key not in gone}

    def _begun(
        self,
        asked: Asked,
        claims: Sequence[LeaseRow],
        rows: Mapping[str, Row],
        before: Mapping[str, LeaseRow],
        deadline: float,
    ) -> list[Claimed]:
        """Write the take transition of records whose leases were taken, and return those that now show it."""
        table, place = asked.table, self._place(asked.table)
        lifecycle, queue = parts(table)
        found: list[Claimed] = []
        entries: list[Json] = []
        for number, batch in enumerate(batches(claims, RECORDS_PER_WRITE)):
            token = str(batch[0].token)
            if time.monotonic() > deadline:
                # Somebody else may have them by now.
                rest = [one.record_id for one in claims[number * RECORDS_PER_WRITE :]]
                self._leases.give_back(place, rest, token)
                break
            now = batch[0].now
            changes = self._candidates.changes(asked, [rows[one.record_id] for one in batch], now)
            try:
                written = self._records.write(table, {key: one.row for key, one in changes.items()})
            except Refused as refused:
                rest = [one.record_id for one in claims[number * RECORDS_PER_WRITE :]]
                self._leases.give_back(place, rest, token)
                raise explained(refused, self._base.cells(table)) from refused
            if time.monotonic() > deadline:
                written = self._still_ours(table, written, token)
            for one in batch:
                row, record = rows[one.record_id], written.get(one.record_id)
                if record is None:
                    continue
                held_by = before[one.record_id].worker if one.record_id in before else None
                steps = claim_history(
                    lifecycle, queue, one.record_id, row[lifecycle.field],
                    worker=one.worker or "", held_by=held_by, attempt=one.attempt, at=one.now,
                )  # fmt: skip
                entries += history_entries(table, list(steps))
                change = changes[one.record_id]
                fresh = self._records.row(table, record, {**row, **change.row})
                known = {**fresh, **told(one)}
                found.append(Claimed(known, token, one.now, one.now, row[lifecycle.field], change.unfit))  # fmt: skip
        self._history.add_all(table, entries)
        return found

    def _still_ours(
        self, table: TableSpec, written: dict[str, Json], token: str
    ) -> dict[str, Json]:
        """Return those records whose lease did not change hands while they were written, which took longer than it runs."""
        held = dict.fromkeys(written, token)
        kept = self.beat(table, held)
        lost = [one for one in written if one not in kept]
        if lost:
            logger.warning("%s: written too late, and put right: %s", table.key, ", ".join(lost))
            self._leases.write_again(self._place(table), lost)
        return {key: record for key, record in written.items() if key in kept}

    @lenient
    def lapsed(self, table: TableSpec, taking: Taking, limit: int) -> list[Claimed]:
        """Return rows whose lease ran out and that cannot be taken again, with their last token.

        On the way, what others decided and did not come to write is written, and leases of records that people moved
        are ended.
        """
        place = self._place(table)
        for one in self._leases.unwritten(place, HAND_OVER):
            self._ends.write(table, place, one, again=True)
        ended, now = self._leases.lapsed(place)
        ended = ended[:limit]
        records = {
            one["id"]: one for one in self._records.read(table, [one.record_id for one in ended])
        }
        lifecycle, queue = parts(table)
        take, asked = lifecycle.by_name[queue.take], Asked(table, taking, ())
        self._leases.forget(place, [one.record_id for one in ended if one.record_id not in records])
        found: list[Claimed] = []
        for one in ended:
            record = records.get(one.record_id)
            if record is None:
                continue
            state = self._records.label(table, record)
            if state != take.target.label:
                waits = state in [source.label for source in take.sources]
                if one.token is not None and not (waits and not one.cancel_requested):
                    self._leases.let_go(place, one.record_id, one.token)
                continue
            try:
                row = self._base.cells(table).row(record)
            except RecordInvalid as unfit:
                self._base.unfit.report(unfit)
                continue
            if one.cancel_requested or self._candidates.is_hopeless(asked, row, now):
                taken_at = one.taken_at or now
                found.append(Claimed({**row, **told(one)}, one.token or "", now, taken_at))
        return found

    # -- holding --------------------------------------------------------------------------------------------------

    @lenient
    def beat(self, table: TableSpec, held: Mapping[str, str]) -> dict[str, Beat]:
        """Extend leases, given as tokens by id; those that are missing in the answer are lost. Airtable is not asked."""
        _, queue = parts(table)
        place = self._place(table)
        return self._leases.beat(place, held, lease=queue.lease, timeout=queue.timeout)

    @lenient
    def settle(self, table: TableSpec, settlement: Settlement) -> Settled:
        """Decide what becomes of a held row, write it, and its history."""
        return self._ends.settle(table, self._place(table), settlement)

    # -- anybody --------------------------------------------------------------------------------------------------

    def tell(self, table: TableSpec, rows: Sequence[Row]) -> None:
        """Add to rows what is known of their leases."""
        known = self._leases.rows(self._place(table), [row["id"] for row in rows])
        for row in rows:
            row.update(told(known.get(row["id"])))

    def move(self, table: TableSpec, move: Move, make: Callable[[TableSpec, Move], Moved]) -> Moved:
        """Have *make* write a transition that no worker makes, while no worker can take the record."""
        place, token = self._place(table), secrets.token_hex(16)
        lifecycle, queue = parts(table)
        before = self._leases.rows(place, [move.record_id]).get(move.record_id)
        kept = self._leases.keep_others_out(place, move.record_id, token, BY_HAND)
        if kept is None:
            return self._held(table, move)
        moved: Moved | None = None
        try:
            moved = make(table, move)
        finally:
            is_done = moved is not None and moved.done
            self._leases.let_in(
                place,
                move.record_id,
                token,
                moved=is_done,
                waits=is_done
                and move.changes[lifecycle.field] in lifecycle.by_name[queue.take].sources,
                lapsed=not is_done and before is not None and before.lease_until is not None,
            )
        if moved.done and moved.row is not None:
            known = self._leases.rows(place, [move.record_id]).get(move.record_id)
            return Moved(done=True, row={**moved.row, **told(known)})
        return moved

    def _held(self, table: TableSpec, move: Move) -> Moved:
        rows = list(self._base.fitting(table, [move.record_id]).values())
        if not rows:
            return Moved(done=False)
        self.tell(table, rows)
        (row,) = rows
        if row["lease_until"] is None:
            # It ended a moment ago, or what was decided about it still has to be written.
            known = self._leases.rows(self._place(table), [move.record_id])[move.record_id]
            row["lease_until"] = known.now + timedelta(seconds=HAND_OVER)
            row["worker_id"] = row["worker_id"] or "the last one"
        return Moved(done=False, row=row)

    def request_cancel(self, table: TableSpec, record_id: str) -> Row | None:
        """Mark a row as to be stopped, and return its state and what the queue knows of it."""
        lifecycle, queue = parts(table)
        take = lifecycle.by_name[queue.take]
        states = {one.label: one for one in (*take.sources, take.target)}
        state = states.get(self._records.state(table, record_id) or "")
        if state is None:
            return None
        known = self._leases.request_cancel(self._place(table), record_id)
        return {**told(known), lifecycle.field: state}

    def postpone(self, table: TableSpec, record_id: str, until: datetime | timedelta) -> Row | None:
        """Set the moment before which a row is not taken, or for how long; nothing where it is held or does not wait."""
        lifecycle, queue = parts(table)
        sources = lifecycle.by_name[queue.take].sources
        if self._records.state(table, record_id) not in [one.label for one in sources]:
            return None
        found = self._leases.postpone(self._place(table), record_id, until)
        return None if found is None else told(found)

    def next_due(self, table: TableSpec, where: Sequence[tree.Node]) -> float | None:
        """Return in how many seconds the next row becomes due or its lease runs out. Airtable is not asked.

        So what *where* says of its fields is not known.
        """
        del where
        return self._leases.next_due(self._place(table))

    def figures(
        self,
        table: TableSpec,
        guard: tree.Node,
        where: Sequence[tree.Node],
        since: float | None,
        bucket: float,
        by: str | None,
    ) -> QueueFigures:
        """Return the figures of the queue, worked out here: states come from Airtable, times from the leases."""
        place = self._place(table)
        _, now = self._leases.lapsed(place)

        def known(rows: Sequence[Row]) -> dict[str, Known]:
            # Most leases may be of tasks that ended long ago.
            ids = [row["id"] for row in rows] if len(rows) <= FEW else None
            return {
                key: Known(one.attempt, one.worker, one.lease_until, one.ready_at, one.taken_at, one.settled_at, one.cancel_requested)
                for key, one in self._leases.rows(place, ids).items()
            }  # fmt: skip

        return gathered(
            self._base, self._history, table, guard, where, known, now, since, bucket, by
        )

    def listener(self, table: TableSpec) -> Listener | None:
        """Return nothing: Airtable tells nobody of new records."""
        del table
        return None

    def forget(self, table: TableSpec, ids: Sequence[str]) -> None:
        """Drop what is known of records that were deleted."""
        self._leases.forget(self._place(table), ids)


__all__ = ["HAND_OVER", "LeasedQueue"]
