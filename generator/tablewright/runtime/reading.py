# what is private to records, columns and queries is shared by the modules that make them up
"""Rows of a store → records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from tablewright.runtime.codec import Row
from tablewright.runtime.errors import RecordNotFound
from tablewright.runtime.records import Batch, Origin, set_origin
from tablewright.runtime.stores.base import Store
from tablewright.runtime.writing import translated

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
    for row in rows:
        flat = row.copy()
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
    return found


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
