"""Rows → requests that create and delete records, ten at a time; nothing twice, nothing lost in silence."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from tablewright.airtable import RECORDS_PER_WRITE
from tablewright.runtime.codec import Row
from tablewright.runtime.errors import (
    StoreError,
    StoreUnavailable,
    TablewrightError,
    WriteIncomplete,
)
from tablewright.runtime.spec import FieldSpec, TableSpec
from tablewright.runtime.stores import airtable_reading as reading
from tablewright.runtime.stores import airtable_rules as rules
from tablewright.runtime.stores.airtable_cells import TableCells
from tablewright.runtime.stores.airtable_client import AnswerLost, Json, Refused
from tablewright.runtime.stores.airtable_names import ID
from tablewright.runtime.stores.airtable_reading import Base, batches
from tablewright.runtime.stores.airtable_refusals import MISSING_OR_FORBIDDEN, explained
from tablewright.runtime.stores.base import Progress

T = TypeVar("T")

CLIENT_KEY: Final = "client_key"
"""A text field of this key, left blank, is filled with a random text by which a lost create is found again."""
TRIES: Final = 3
_SETTLES: Final = 2.0
"""Seconds after which what a broken connection sent is taken to be carried out, or not."""
_WAITS_FOR_LATE: Final = (5.0, 15.0, 30.0)
"""Seconds between looks for what a request that timed out may still do."""


def waits_after(lost: AnswerLost) -> tuple[float, ...]:
    """Return the seconds to wait before each look at what became of a request."""
    return _WAITS_FOR_LATE if lost.is_late else (_SETTLES,)


@contextmanager
def looking_after(lost: AnswerLost, what: str) -> Iterator[None]:
    """Look what became of a request; where nobody answers that either, the error says that it is in doubt."""
    try:
        yield
    except StoreUnavailable as error:
        raise StoreUnavailable(
            f"{what}: {lost}, so it may have been carried out or not, and looking for it failed, too: {error}"
        ) from error


@contextmanager
def _in_doubt(lost: AnswerLost) -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as error:
        raise AnswerLost(f"{lost}, and looking for the records failed, too: {error}") from error


# -- creating ---------------------------------------------------------------------------------------------------------


def insert(
    base: Base, table: TableSpec, rows: Sequence[Row], progress: Progress | None
) -> list[Row]:
    """Create records, ten a request, and return them as stored.

    Raises:
        WriteIncomplete: some are stored and some are not; with nothing stored, the plain error.
    """
    cells = base.cells(table)
    rules.check_unique(base, table, [(None, row) for row in rows])
    key = _key_of(table)
    if key is not None and key.key == CLIENT_KEY:
        rows = [{**row, key.key: row.get(key.key) or secrets.token_urlsafe(16)} for row in rows]
    ids: list[str] = []
    stored: list[Row] = []
    waiting = deque(batches(rows, RECORDS_PER_WRITE))
    while waiting:
        batch = waiting.popleft()
        try:
            records = _create(base, cells, batch, key)
            ids += [record[ID] for record in records]
            stored += [cells.row(record) for record in records]
        except AnswerLost as lost:
            raise _stopped(table, rows, ids, stored, str(lost), in_doubt=len(batch)) from lost
        except TablewrightError as error:
            if is_too_large(error, batch):
                waiting.extendleft(halves(batch))
                continue
            if not ids:
                raise
            raise _stopped(table, rows, ids, stored, str(error)) from error
        if (
            progress is not None
            and progress(len(stored), len(rows)) is False
            and len(stored) < len(rows)
        ):
            raise _stopped(table, rows, ids, stored, "progress() asked for it")
    return stored


def is_too_large(error: TablewrightError, batch: Sequence[Any]) -> bool:
    """Tell whether Airtable may take a request in parts: how much one may hold, it does not say."""
    return isinstance(error, Refused) and error.status == 413 and len(batch) > 1


def halves(batch: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """Return the second half of a batch, and the first, which is put before it in a queue."""
    middle = len(batch) // 2
    return batch[middle:], batch[:middle]


def _stopped(
    table: TableSpec,
    rows: Sequence[Row],
    ids: Sequence[str],
    stored: Sequence[Row],
    reason: str,
    in_doubt: int = 0,
) -> WriteIncomplete:
    done = len(ids)
    error = WriteIncomplete(
        f"creating {len(rows)} {table.key}",
        reason,
        stored=dict(enumerate(ids)),
        in_doubt=range(done, done + in_doubt),
        unsent=range(done + in_doubt, len(rows)),
    )
    error.records = list(stored)
    return error


def _key_of(table: TableSpec) -> FieldSpec | None:
    """Return the field by which a created record is found again: a unique one, or the one made for it."""
    named = table.by_key.get(CLIENT_KEY)
    if named is not None and named.kind == "text":
        return named
    return next((one for one in table.fields if one.unique and not one.is_computed), None)


def _create(
    base: Base, cells: TableCells, rows: Sequence[Row], key: FieldSpec | None
) -> list[Json]:
    """Create up to ten records and return them in order. Where the answer is lost, look whether they are there before anything else.

    Raises:
        AnswerLost: nothing tells whether they were created.
    """
    table = cells.table
    place = base.client.table(cells.names.table)
    what = f"create {len(rows)} {table.key}"
    sent = [cells.new(row) for row in rows]
    for _ in range(TRIES):
        try:
            return base.client.create(what, place, sent, by_id=cells.names.by_id)
        except Refused as refused:
            raise explained(refused, cells, rows) from None
        except AnswerLost as lost:
            if key is None or any(row.get(key.key) is None for row in rows):
                raise
            found = _found_again(base, cells, rows, key, lost)
            if found is not None:
                return found
    raise AnswerLost(f"the answer was lost {TRIES} times")


def _found_again(
    base: Base, cells: TableCells, rows: Sequence[Row], key: FieldSpec, lost: AnswerLost
) -> list[Json] | None:
    """Return the records of a create whose answer was lost; None where none is there, since all are or none.

    Raises:
        AnswerLost: the request timed out and nothing is there yet: a second one could make every record twice.
    """
    for seconds in waits_after(lost):
        base.client.pause(seconds)
        with _in_doubt(lost):
            holders = rules.holding(base, cells.table, key, [row[key.key] for row in rows])
        if len(holders) == len(rows):
            ids = [holders[row[key.key]] for row in rows]
            what = f"read {len(ids)} {cells.table.key} that were created"
            with _in_doubt(lost):
                records = reading.fetch_records(base, cells.table, ids, cells.fields, what)
            found = {record[ID]: record for record in records}
            if len(found) == len(rows):
                return [found[one] for one in ids]
        if holders:
            raise AnswerLost(f"{len(holders)} of {len(rows)} records with these keys are there")
    if lost.is_late:
        raise AnswerLost(f"{lost}, and the records are not there yet", is_late=True)
    return None


# -- deleting ---------------------------------------------------------------------------------------------------------


def delete(base: Base, table: TableSpec, ids: Sequence[str]) -> list[str]:
    """Delete records, ten a request, and return the ids of those that were there."""
    wanted = reading.valid_ids(ids)
    for source, holders in rules.to_delete_first(base, table, wanted):
        delete(base, source, holders)
    gone: list[str] = []
    for batch in batches(wanted, RECORDS_PER_WRITE):
        try:
            gone += _delete(base, table, list(batch))
        except TablewrightError as error:
            if not gone:
                raise
            raise StoreError(
                f"{error}. Of {len(wanted)} {table.key} {len(gone)} are deleted, and of the next {len(batch)} that is not "
                "known: bulk_delete() can be called again with all of them"
            ) from error
    return gone


def _delete(base: Base, table: TableSpec, ids: list[str]) -> list[str]:
    cells = base.cells(table)
    place = base.client.table(cells.names.table)
    what = f"delete {len(ids)} {table.key}"
    left = ids
    was_there = set(ids)
    for _ in range(TRIES + 1):
        try:
            base.client.delete(what, place, left)
        except Refused as refused:
            if refused.status != 404 and refused.kind not in ("ROW_DOES_NOT_EXIST", MISSING_OR_FORBIDDEN):  # fmt: skip
                raise explained(refused, cells) from None
            # A batch with a missing record is refused as a whole.
            there = _present(base, table, left)
            if there == left and refused.kind == MISSING_OR_FORBIDDEN:
                raise explained(refused, cells) from None
            left = there
            was_there -= set(ids) - set(left)
        except AnswerLost as lost:
            with looking_after(lost, what):
                left = _present(base, table, left)
        else:
            left = []
        if not left:
            return [one for one in ids if one in was_there]
    raise StoreUnavailable(f"cannot {what}: {', '.join(left)} are still there")


def is_gone(base: Base, table: TableSpec, record_id: str, refused: Refused) -> bool:
    """Tell whether one record was refused because it is not there. Where Airtable does not say, it is looked for."""
    if refused.kind == MISSING_OR_FORBIDDEN:
        return not _present(base, table, [record_id])
    return refused.status == 404 or refused.kind == "ROW_DOES_NOT_EXIST"


def _present(base: Base, table: TableSpec, ids: Sequence[str]) -> list[str]:
    cells = base.cells(table)
    records = reading.fetch_records(base, table, ids, cells.fields[:1], f"look for {table.key}")
    found = {record[ID] for record in records}
    return [one for one in ids if one in found]
