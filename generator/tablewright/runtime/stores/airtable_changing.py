"""Changes of stored records: written ten at a time, and looked for before they are sent again."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from typing import Final

from tablewright.airtable import RECORDS_PER_WRITE
from tablewright.runtime.codec import Row
from tablewright.runtime.errors import (
    RecordInvalid,
    RecordNotFound,
    StoreUnavailable,
    TablewrightError,
    WriteIncomplete,
    held_by_several,
)
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores import airtable_reading as reading
from tablewright.runtime.stores import airtable_rules as rules
from tablewright.runtime.stores import airtable_writing as writing
from tablewright.runtime.stores.airtable_cells import TableCells
from tablewright.runtime.stores.airtable_client import AnswerLost, Json, Refused
from tablewright.runtime.stores.airtable_kept import changing, holding
from tablewright.runtime.stores.airtable_names import ID
from tablewright.runtime.stores.airtable_reading import Base, batches
from tablewright.runtime.stores.airtable_refusals import explained
from tablewright.runtime.stores.base import Selection

Change = tuple[str, Row]
_RECORD_ID: Final = re.compile(r"rec[0-9A-Za-z]{14}")


def update(base: Base, table: TableSpec, changes: Sequence[Change], description: str) -> list[Row]:
    """Write changes, ten records a request, and return what is now stored of the fields that changed.

    Raises:
        RecordNotFound: a record is not there; its batch of ten is not stored.
        WriteIncomplete: earlier batches are stored.
    """
    cells = base.cells(table)
    rules.check_unique(base, table, changes)
    rules.check_acyclic(base, table, changes)
    stored: list[Json] = []
    waiting = deque(batches(changes, RECORDS_PER_WRITE))
    while waiting:
        batch = waiting.popleft()
        try:
            stored += _change(base, cells, batch)
        except TablewrightError as error:
            if writing.is_too_large(error, batch):
                waiting.extendleft(writing.halves(batch))
                continue
            reason = _why(base, error, cells, batch, description)
            if stored:
                raise _half_changed(table, changes, len(stored), len(batch), reason) from error
            if reason is error:
                raise
            raise reason from None
    return [cells.part(record, row) for record, (_, row) in zip(stored, changes, strict=True)]


def upsert(
    base: Base, table: TableSpec, row: Row, on: Sequence[str], defaults: Row, description: str
) -> tuple[Row, bool]:
    """Update the record with these values of *on*, or create it; tell whether it was created."""
    where = rules.equal_to(table, {key: row[key] for key in on})
    found = reading.records(base, Selection(table, where, limit=2))
    if len(found) > 1:
        raise RecordInvalid(table.key, [held_by_several(on[0], row[on[0]])])
    cells = base.cells(table)
    if found:
        return _updated(base, cells, found[0], row, description), False
    whole = {**defaults, **row}
    if not rules.can_merge(table, on):
        return writing.insert(base, table, [whole], None)[0], True
    rules.check_unique(base, table, [(None, _without(whole, on))])
    try:
        answer = base.client.upsert(
            f"create {table.key}", base.client.table(cells.names.table), [cells.new(whole)],
            [cells.names.fields[key] for key in on], by_id=cells.names.by_id,
        )  # fmt: skip
    except Refused as refused:
        raise explained(refused, cells, [whole]) from None
    return cells.row(answer["records"][0]), bool(answer.get("createdRecords"))


def _updated(base: Base, cells: TableCells, record: Json, row: Row, description: str) -> Row:
    """Write those values that a record does not have yet, and return the whole of it."""
    table = cells.table
    try:
        held = cells.row(record)
    except RecordInvalid:
        # What it holds cannot be read; the values may be what makes it fit again.
        change = record[ID], row
    else:
        change = record[ID], changing(table, row, held)
        if not change[1]:
            return held
    rules.check_unique(base, table, [change])
    rules.check_acyclic(base, table, [change])
    try:
        (changed,) = _change(base, cells, [change])
    except (Refused, StoreUnavailable) as error:
        reason = _why(base, error, cells, [change], description)
        if reason is error:
            raise
        raise reason from None
    return cells.row(changed)


def _without(row: Row, keys: Sequence[str]) -> Row:
    return {key: value for key, value in row.items() if key not in keys}


def _change(base: Base, cells: TableCells, batch: Sequence[Change]) -> list[Json]:
    """Write to up to ten records and return them. Where the answer is lost, look at them before anything else.

    What was carried out is not sent again, since somebody may have changed it meanwhile.

    Raises:
        StoreUnavailable: it was tried several times, or the records show that others write to them too.
    """
    what = f"change {len(batch)} {cells.table.key}"
    place = base.client.table(cells.names.table)
    sent = [(record_id, cells.changed(row)) for record_id, row in batch]
    for _ in range(writing.TRIES):
        try:
            return base.client.update(what, place, sent, by_id=cells.names.by_id, repeats=False)
        except AnswerLost as lost:
            reason = str(lost)
            stored = _stored(base, cells, batch, lost)
            if stored is not None:
                return stored
    raise StoreUnavailable(
        f"cannot {what}: it was sent {writing.TRIES} times, and what came last was: {reason}"
    )


def _stored(
    base: Base, cells: TableCells, batch: Sequence[Change], lost: AnswerLost
) -> list[Json] | None:
    """Return the records of a change whose answer was lost; None where it was not carried out, since it is whole."""
    ids = [record_id for record_id, _ in batch]
    is_stored: list[bool] = []
    for seconds in writing.waits_after(lost):
        base.client.pause(seconds)
        what = f"look for changes of {cells.table.key}"
        with writing.looking_after(lost, f"change {', '.join(ids)}"):
            listed = reading.fetch_records(base, cells.table, ids, cells.fields, what)
        records = {record[ID]: record for record in listed}
        is_stored = [
            one
            for record_id, row in batch
            if record_id in records
            for one in holding(cells.table, row, cells.row(records[record_id]))
        ]
        if len(records) == len(ids) and is_stored and all(is_stored):
            return [records[record_id] for record_id in ids]
    if any(is_stored):
        raise StoreUnavailable(
            f"{lost}, and not all that was written to {', '.join(ids)} is there: somebody else may have changed it since. "
            "Call refresh() to see"
        ) from lost
    return None


def _why(
    base: Base,
    error: TablewrightError,
    cells: TableCells,
    batch: Sequence[Change],
    description: str,
) -> Exception:
    if not isinstance(error, Refused):
        return error
    ids = [record_id for record_id, _ in batch]
    named = _RECORD_ID.search(error.reason)
    if len(ids) == 1 and error.status in (403, 404):
        try:
            is_gone = writing.is_gone(base, cells.table, ids[0], error)
        except TablewrightError as instead:
            return instead
        if is_gone:
            return RecordNotFound(cells.table.key, ids, description)
    if error.kind == "ROW_DOES_NOT_EXIST" and named and named[0] in ids:
        return RecordNotFound(cells.table.key, [named[0]], description)
    return explained(error, cells, [row for _, row in batch])


def _half_changed(
    table: TableSpec, changes: Sequence[Change], done: int, sent: int, error: Exception
) -> WriteIncomplete:
    # A change that was sent several times: whether one of them was carried out is not known.
    until = done + sent if isinstance(error, StoreUnavailable) else done
    return WriteIncomplete(
        f"changing {len(changes)} {table.key}",
        str(error),
        stored={place: changes[place][0] for place in range(done)},
        in_doubt=range(done, until),
        unsent=range(until, len(changes)),
    )
