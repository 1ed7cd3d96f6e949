"""Records that hold notes on their leases: read, and written while what was read is fresh."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tablewright.runtime.codec import Row
from tablewright.runtime.errors import NotSupported
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.airtable_candidates import in_states, parts, plain_rows
from tablewright.runtime.stores.airtable_client import Refused
from tablewright.runtime.stores.airtable_notes import Note
from tablewright.runtime.stores.airtable_reading import Base, read
from tablewright.runtime.stores.airtable_refusals import explained
from tablewright.runtime.stores.base import Selection


class TooLate(Exception):
    """What was read is too old to be written upon."""


class NotedRecords:
    """The records of one base whose tables have queues."""

    def __init__(self, base: Base) -> None:
        self._base = base

    def read(self, table: TableSpec, ids: Sequence[str]) -> dict[str, Row]:
        """Return the records that are there and that fit, by their ids."""
        return self._base.fitting(table, ids)

    def lapsed(self, table: TableSpec, now: datetime) -> list[Row]:
        """Return the records whose lease ran out. What is held is read whole: one request for each hundred."""
        lifecycle, queue = parts(table)
        where = in_states(table, [lifecycle.by_name[queue.take].target])
        field = lease_field(table)
        rows = plain_rows(self._base, read(self._base, Selection(table, where, now=now)))
        notes = [(row, Note.read(row[field])) for row in rows]
        return [row for row, note in notes if note.until is not None and note.until < now]

    def write(
        self, table: TableSpec, changes: Mapping[str, Row], *, fresh_until: float | None = None
    ) -> None:
        """Write changes of records, by their ids; a record that is gone is passed over.

        Raises:
            TooLate: the request would be sent after *fresh_until*, a moment of `time.monotonic`.
        """
        cells, client = self._base.cells(table), self._base.client
        place = client.table(cells.names.table)
        sent = [(record_id, cells.changed(row)) for record_id, row in changes.items()]
        body = {
            "records": [{"id": one, "fields": fields} for one, fields in sent],
            "returnFieldsByFieldId": cells.names.by_id,
        }

        def send() -> Any:
            # Asked at the last moment: the request may have waited for its turn, or be sent a second time.
            if fresh_until is not None and time.monotonic() > fresh_until:
                raise TooLate
            return client.api.patch(place.urls.records, json=body)

        try:
            answer = client.ask(f"change {len(sent)} {table.key}", send)
            client.own_writes.note(answer["records"], [fields for _, fields in sent])
        except Refused as refused:
            if refused.kind == "ROW_DOES_NOT_EXIST" and len(changes) > 1:
                for record_id, row in changes.items():
                    self.write(table, {record_id: row}, fresh_until=fresh_until)
            elif refused.kind != "ROW_DOES_NOT_EXIST":
                rows = list(changes.values())
                raise explained(refused, cells, rows) from refused


def lease_field(table: TableSpec) -> str:
    """Return the field of the notes.

    Raises:
        NotSupported: the schema names none.
    """
    _, queue = parts(table)
    if queue.lease_field is None:
        raise NotSupported(
            f"{table.key} has no field for notes on leases: give its queue a 'lease_field:', a field of type long_text, "
            "or connect with leases='sqlite:///leases.db'"
        )
    return queue.lease_field
