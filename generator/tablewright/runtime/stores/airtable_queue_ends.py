"""Ends of tasks on Airtable whose leases lie in a SQL database: decided there by token, and then written."""

from __future__ import annotations

import logging

from tablewright.runtime.errors import StoreUnavailable
from tablewright.runtime.queue.store import Settled, Settlement
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores import airtable_writing as writing
from tablewright.runtime.stores.airtable_candidates import parts
from tablewright.runtime.stores.airtable_client import Json, Refused
from tablewright.runtime.stores.airtable_history import History, history_entries
from tablewright.runtime.stores.airtable_queue_records import (
    QueueRecords,
    lease_seconds,
    told,
)
from tablewright.runtime.stores.airtable_reading import Base
from tablewright.runtime.stores.airtable_refusals import explained
from tablewright.runtime.stores.airtable_rules import check_unique
from tablewright.runtime.stores.base import HistoryRow
from tablewright.runtime.stores.sql_leases import Ending, LeaseRow, Place, SqlLeases

logger = logging.getLogger("tablewright")


class Ends:
    """What becomes of the held records of one base."""

    def __init__(
        self, base: Base, leases: SqlLeases, history: History, records: QueueRecords
    ) -> None:
        self._base = base
        self._leases = leases
        self._history = history
        self._records = records

    def settle(self, table: TableSpec, place: Place, settlement: Settlement) -> Settled:
        """Decide what becomes of a held row, write it, and its history.

        A worker that lost its lease writes nothing. Where Airtable cannot be reached the decision stands, and is written
        later. Where people have moved the record in Airtable meanwhile, the lease is over.
        """
        record_id = settlement.record_id
        lifecycle, queue = parts(table)
        target = settlement.changes[lifecycle.field]
        known = self._leases.rows(place, [record_id]).get(record_id)
        if known is None or known.token != settlement.token or known.lease_until is None:
            return self._was_settled(known, settlement, target.name)
        record = next(iter(self._records.read(table, [record_id])), None)
        if record is None or self._records.label(table, record) != settlement.was.label:
            self._leases.let_go(place, record_id, settlement.token)
            return Settled(None)
        check_unique(self._base, table, [(record_id, settlement.changes)])
        attempt = known.attempt
        history = [
            HistoryRow(record_id, known.now, step.transition, step.from_state, step.to_state, step.by, step.why, attempt, step.error)
            for step in settlement.steps
        ]  # fmt: skip
        cells = self._base.cells(table).changed(settlement.changes)
        ending = Ending(
            target.name,
            {"cells": cells, "history": history_entries(table, history)},
            settlement.pause,
            settlement.keeps_lease,
            settlement.waits,
            settlement.counts,
            settlement.only_lapsed,
            settlement.unless_cancelled,
        )
        decided = self._leases.settle(place, record_id, settlement.token, ending)
        if decided is None:
            return Settled(None)
        try:
            written = self.write(table, place, decided)
        except StoreUnavailable as error:
            logger.warning(
                "%s %s is %s, which Airtable will show once it can be reached: %s",
                table.key, record_id, target.label, error,
            )  # fmt: skip
            written = None
        except Refused as refused:
            self._leases.reopen(place, known, str(decided.token), lease_seconds(table))
            rows = [settlement.changes]
            raise explained(refused, self._base.cells(table), rows) from refused
        if settlement.forgets and written is not None:
            self._history.forget_last(table, record_id, queue.take)
        row = settlement.changes
        if written is not None:
            row = self._records.part(table, written, settlement.changes)
        return Settled({**row, **told(decided)}, decided.now)

    def _was_settled(self, known: LeaseRow | None, settlement: Settlement, target: str) -> Settled:
        """Return the row if this very settlement was decided before: then only its answer was lost."""
        if settlement.keeps_lease or settlement.only_lapsed or known is None:
            return Settled(None)
        if known.token == settlement.token and known.lease_until is None and known.state == target:
            return Settled({**settlement.changes, **told(known)}, known.now)
        return Settled(None)

    def write(
        self, table: TableSpec, place: Place, decided: LeaseRow, *, again: bool = False
    ) -> Json | None:
        """Write what was decided of a record, or write it *again* where it may be there; None where the record is gone.

        Raises:
            Refused: Airtable does not take it.
            StoreUnavailable: it cannot be reached; somebody writes it later.
        """
        pending = decided.pending or {}
        cells, client = self._base.cells(table), self._base.client
        record_id = decided.record_id
        try:
            (record,) = client.update(
                f"change {table.key} {record_id}", client.table(cells.names.table),
                [(record_id, pending["cells"])], by_id=cells.names.by_id,
            )  # fmt: skip
        except Refused as refused:
            if writing.is_gone(self._base, table, record_id, refused):
                self._leases.forget(place, [record_id])
                return None
            if not again:
                raise
            logger.error(  # noqa: TRY400  # what Airtable says is all there is to say
                "%s %s is %s, and Airtable does not take it: %s", table.key, record_id, decided.state, refused
            )  # fmt: skip
            record = {}
        if again:
            self._history.add_missing(table, pending["history"])
        else:
            self._history.add_all(table, pending["history"])
        if not self._leases.written(place, record_id, str(decided.token)):
            # Somebody else wrote it, long ago as it seems: what was written now may be older than what holds.
            self._leases.write_again(place, [record_id])
        return record or None
