"""Rows of a store → records."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import repeat
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import ValidationError

from tablewright.runtime.codec import Row
from tablewright.runtime.errors import RecordInvalid, RecordNotFound
from tablewright.runtime.lazy_row import LazyRow, Maker
from tablewright.runtime.misfits import translated
from tablewright.runtime.records import Batch, Origin, origin_of, set_origin
from tablewright.runtime.stores.base import Selection, Store

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

R = TypeVar("R", bound="AirtableModel")
Report = Callable[[RecordInvalid], None]


def fetched_row(model: type[AirtableModel], store: Store, record_id: str) -> Row:
    """Return the row with this id.

    Raises:
        RecordNotFound: there is none.
    """
    if not isinstance(record_id, str):
        raise TypeError(f"get() takes the id of a record of {model.table.key}, not {record_id!r}")
    # What no store has as an id is not asked for: databases refuse some of it in words of their own.
    is_possible = record_id.isascii() and record_id.isprintable()
    row = store.fetch(model.table, [record_id]).get(record_id) if is_possible else None
    if row is None:
        raise RecordNotFound(model.table.key, [record_id], store.description)
    return row


def selected(model: type[R], store: Store, selection: Selection) -> list[R]:
    """Return the wanted records. What is left out counts for no limit: then as much again as was read is read on."""
    asked, rows = selection.limit, store.select(selection)
    found, read = decoded(model, store, rows), len(rows)
    while selection.limit is not None and len(found) < selection.limit and len(rows) == asked:
        asked = read
        rows = store.select(replace(selection, limit=asked, offset=selection.offset + read))
        found += decoded(model, store, rows)
        read += len(rows)
    return found[: selection.limit]


def decoded(
    model: type[R], store: Store, rows: Sequence[Row], report: Report | None = None
) -> list[R]:
    """Return records from rows. A row that does not fit is reported, to the store unless told otherwise, and left out."""
    batch, report = Batch(store, rows), report or store.unfit.report
    with collector_resting():
        make = _maker(model, rows)
        found = (
            _made(model, batch, make, report)
            if make is not None
            else _validated(model, batch, report)
        )
    if len(found) < len(rows):
        # What does not fit is not looked at for the links of all.
        batch.rows = [origin.row for one in found if (origin := origin_of(one)) is not None]
    return found


def decoded_one(model: type[R], store: Store, row: Row) -> R:
    """Return the record of one row.

    Raises:
        RecordInvalid: the row does not fit.
    """
    make = _maker(model, (row,))
    record = _validated_one(model, row) if make is None else _made_one(model, row, make)
    set_origin(record, Origin(row, Batch(store, (row,))))
    return record


# -- in one pass ------------------------------------------------------------------------------------------------------

_TOGETHER: Final = 100
"""Rows that are made by one call; where one of them does not fit, they are made one by one."""


def _maker(model: type[AirtableModel], rows: Sequence[Row]) -> Maker | None:
    """Return what makes records of these rows straight from the store's answers; None where they are rows already."""
    if not rows or not isinstance(rows[0], LazyRow):
        return None
    # A store that adds to its rows, as leases do, hands on some as they came: those that cannot be read.
    if any(not isinstance(row, LazyRow) or row.raw is None for row in rows):
        return None
    return rows[0].conversions.maker(model)


def _made(model: type[R], batch: Batch, make: Maker, report: Report) -> list[R]:
    """Return records straight from what the store answered; their rows are made when somebody looks at them."""
    found: list[R] = []
    kept: list[Row] = []
    for start in range(0, len(batch.rows), _TOGETHER):
        rows = batch.rows[start : start + _TOGETHER]
        try:
            found += make([row.raw for row in rows])  # type: ignore[attr-defined]  # they are lazy
            kept += rows
        except ValidationError:
            _made_singly(model, rows, make, found, kept, report)
    # Without a loop in Python: it would take as long as pydantic takes for several fields.
    deque(map(set_origin, found, map(Origin, kept, repeat(batch))), maxlen=0)
    return found


def _made_singly(
    model: type[R],
    rows: Sequence[Row],
    make: Maker,
    found: list[R],
    kept: list[Row],
    report: Report,
) -> None:
    for row in rows:
        try:
            found.append(_made_one(model, row, make))
        except RecordInvalid as unfit:
            report(unfit)
        else:
            kept.append(row)


def _made_one(model: type[R], row: Row, make: Maker) -> R:
    try:
        record: R = make([row.raw])[0]  # type: ignore[attr-defined]  # it is lazy
    except ValidationError:
        # The other way says exactly what is wrong.
        return _validated_one(model, row)
    return record


# -- with the rules of the class --------------------------------------------------------------------------------------


def _validated(model: type[R], batch: Batch, report: Report) -> list[R]:
    found: list[R] = []
    for row in batch.rows:
        try:
            record = _validated_one(model, row)
        except RecordInvalid as unfit:
            report(unfit)
            continue
        set_origin(record, Origin(row, batch))
        found.append(record)
    return found


def _validated_one(model: type[R], row: Row) -> R:
    flat = by_attribute(model, row)
    try:
        record: R = model.__pydantic_validator__.validate_python(flat)
    except ValidationError as error:
        raise translated(model, error, f"{model.table.key} {flat['id']}") from error
    return record


def by_attribute(model: type[AirtableModel], row: Row) -> Row:
    """Return a row with its links named as the record's attributes are."""
    flat = row.copy()
    for relation in model.table.relations:
        if relation.key in flat:
            flat[relation.attribute] = flat.pop(relation.key)
    return flat


@contextmanager
def collector_resting() -> Iterator[None]:
    """Keep Python's garbage collector from walking over many new records again and again while they are made."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
