# what is private to records, columns and queries is shared by the modules that make them up
"""Rows of a store → records."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from tablewright.runtime.codec import Row
from tablewright.runtime.errors import RecordInvalid, RecordNotFound
from tablewright.runtime.lazy_row import LazyRow, Raw
from tablewright.runtime.misfits import translated
from tablewright.runtime.records import Batch, Origin, origin_of, set_origin
from tablewright.runtime.stores.base import Store

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

R = TypeVar("R", bound="AirtableModel")


def fetched_row(model: type[AirtableModel], store: Store, record_id: str) -> Row:
    """Return the row with this id.

    Raises:
        RecordNotFound: there is none.
    """
    row = store.fetch(model.table, [record_id]).get(record_id)
    if row is None:
        raise RecordNotFound(model.table.key, [record_id], store.description)
    return row


def decoded(model: type[R], store: Store, rows: Sequence[Row]) -> list[R]:
    """Return records from rows. A row that does not fit is reported to the store and left out."""
    batch = Batch(store, rows)
    validate = model.__pydantic_validator__.validate_python
    names = [(relation.key, relation.attribute) for relation in model.table.relations]
    found: list[R] = []
    if rows and isinstance(rows[0], LazyRow):
        make = rows[0].conversions.maker(model)
        if make is not None:
            return _made(model, store, batch, make)
    for row in rows:
        try:
            flat = row.copy()
        except RecordInvalid as unfit:
            store.unfit.report(unfit)
            continue
        for key, attribute in names:
            if key in flat:
                flat[attribute] = flat.pop(key)
        try:
            record: R = validate(flat)
        except ValidationError as error:
            store.unfit.report(translated(model, error, f"{model.table.key} {row['id']}"))
            continue
        set_origin(record, Origin(row, batch))
        found.append(record)
    _drop_unfit(batch, found)
    return found


def _drop_unfit(batch: Batch, found: Sequence[AirtableModel]) -> None:
    """Leave rows that do not fit out of what is looked at for the links of all."""
    if len(found) < len(batch.rows):
        batch.rows = [origin.row for one in found if (origin := origin_of(one)) is not None]


def _made(model: type[R], store: Store, batch: Batch, make: Callable[[Raw], Any]) -> list[R]:
    """Return records straight from what the store answered; their rows are made when somebody looks at them."""
    found: list[R] = []
    with collector_paused():
        for row in batch.rows:
            raw = row.raw  # type: ignore[attr-defined]  # all of them are lazy
            try:
                record: R = make(raw["fields"])
            except ValidationError as error:
                try:
                    unfit = translated(model, error, f"{model.table.key} {raw['id']}")
                    row.copy()
                except RecordInvalid as more_exact:
                    unfit = more_exact
                store.unfit.report(unfit)
                continue
            set_origin(record, Origin(row, batch))
            found.append(record)
    _drop_unfit(batch, found)
    return found


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector from walking over the many new objects of a bulk read."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def decoded_one(model: type[R], store: Store, row: Row) -> R:
    """Return the record of one row.

    Raises:
        RecordInvalid: the row does not fit.
    """
    flat = {name: value for name, value in row.items() if name not in model.table.relations_by_key}
    for relation in model.table.relations:
        flat[relation.attribute] = row[relation.key]
    try:
        record: R = model.__pydantic_validator__.validate_python(flat)
    except ValidationError as error:
        raise translated(model, error, f"{model.table.key} {row['id']}") from error
    set_origin(record, Origin(row, Batch(store, (row,))))
    return record
