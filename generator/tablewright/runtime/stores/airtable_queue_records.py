"""The records of a queue as Airtable shows them: read, written, and turned into rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tablewright.runtime.codec import Row
from tablewright.runtime.errors import RecordInvalid
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores import airtable_reading as reading
from tablewright.runtime.stores import airtable_writing as writing
from tablewright.runtime.stores.airtable_candidates import parts
from tablewright.runtime.stores.airtable_client import Json, Refused
from tablewright.runtime.stores.airtable_reading import Base
from tablewright.runtime.stores.sql_leases import LeaseRow

OVERTIME: Final = 1.0
"""Seconds that a lease runs beyond the time of an attempt, for its worker to say that time is up."""
LONGEST_PAUSE: Final = 30.0
"""The longest pause of an idle worker in seconds: each look costs requests, of which a base takes five a second."""


class QueueRecords:
    """The records of one base. *forget* is called with those that turn out to be gone."""

    def __init__(self, base: Base, forget: Callable[[TableSpec, Sequence[str]], None]) -> None:
        self._base = base
        self._forget = forget

    def write(self, table: TableSpec, changes: Mapping[str, Row]) -> dict[str, Json]:
        """Write to up to ten records and return them by id; without those that are gone."""
        cells, client = self._base.cells(table), self._base.client
        sent = [(record_id, cells.changed(row)) for record_id, row in changes.items()]
        try:
            records = client.update(
                f"change {len(sent)} {table.key}", client.table(cells.names.table), sent, by_id=cells.names.by_id
            )  # fmt: skip
        except Refused as refused:
            if len(changes) > 1 and refused.kind == "ROW_DOES_NOT_EXIST":
                found: dict[str, Json] = {}
                for record_id, row in changes.items():
                    found |= self.write(table, {record_id: row})
                return found
            ids = list(changes)
            if len(ids) > 1 or not writing.is_gone(self._base, table, ids[0], refused):
                raise
            self._forget(table, ids)
            return {}
        return {record["id"]: record for record in records}

    def row(self, table: TableSpec, record: Json, otherwise: Row) -> Row:
        """Return a record as a row; what does not fit is reported, and reads as it did before."""
        try:
            return self._base.cells(table).row(record)
        except RecordInvalid as unfit:
            self._base.unfit.report(unfit)
            return otherwise

    def part(self, table: TableSpec, record: Json, changes: Row) -> Row:
        """Return what is now stored of some changes."""
        try:
            return self._base.cells(table).part(record, changes)
        except RecordInvalid as unfit:
            self._base.unfit.report(unfit)
            return changes

    def read(self, table: TableSpec, ids: Sequence[str]) -> list[Json]:
        """Return records as they are now; those that are gone are left out."""
        fields = self._base.cells(table).fields
        return reading.fetch_records(self._base, table, ids, fields, f"read {table.name}")

    def state(self, table: TableSpec, record_id: str) -> str | None:
        """Return the state of a record as Airtable shows it; None where it is gone."""
        record = next(iter(self.read(table, [record_id])), None)
        return None if record is None else self.label(table, record)

    def label(self, table: TableSpec, record: Json) -> str:
        """Return the state of a record as Airtable shows it; a blank one is the initial one."""
        lifecycle, _ = parts(table)
        name = self._base.cells(table).names.fields[lifecycle.field]
        return str(record["fields"].get(name, lifecycle.initial.label))


def told(known: LeaseRow | None) -> Row:
    """Return what a record says of its lease."""
    if known is None:
        return {"ready_at": None, "attempt": 0, "lease_until": None, "worker_id": None, "cancel_requested": False}  # fmt: skip
    return {
        "ready_at": known.ready_at, "attempt": known.attempt, "lease_until": known.lease_until,
        "worker_id": known.worker, "cancel_requested": known.cancel_requested,
    }  # fmt: skip


def lease_seconds(table: TableSpec) -> float:
    """Return for how long a claim holds a record."""
    _, queue = parts(table)
    return queue.lease if queue.timeout is None else min(queue.lease, queue.timeout + OVERTIME)
