# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""A record in memory and its row: where it came from, and taking over what a store has written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tablewright.runtime.codec import Row
from tablewright.runtime.connection import current_store
from tablewright.runtime.errors import RecordNotSaved
from tablewright.runtime.reading import decoded_one, fetched_row
from tablewright.runtime.records import Batch, Origin, origin_of, set_origin
from tablewright.runtime.spec import QUEUE_KEYS

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel


def stored(record: AirtableModel, action: str) -> Origin:
    """Return where a record came from. One that was made with an id by hand is looked up by it."""
    origin = origin_of(record)
    if origin is not None:
        return origin
    model = type(record)
    if not record.id:
        raise RecordNotSaved(model.table.key, action)
    store = current_store()
    row = fetched_row(model, store, record.id)
    origin = Origin(row, Batch(store, (row,)))
    set_origin(record, origin)
    return origin


def attach(record: AirtableModel, row: Row, batch: Batch) -> None:
    """Take over what a store keeps of a new record."""
    record.__dict__["id"], record.__dict__["created_time"] = row["id"], row["created_time"]
    set_origin(record, Origin(row, batch))
    _take(record, row)


def apply(record: AirtableModel, row: Row) -> None:
    """Take over changes that the store has written."""
    origin = record._origin
    origin.row = {**origin.row, **row}
    origin.forget_links(row)
    _take(record, row)


def _take(record: AirtableModel, row: Row) -> None:
    table, values = type(record).table, record.__dict__
    if row.keys() <= table.plain:
        values.update(row)
        return
    fields, relations = table.by_key, table.relations_by_key
    computed: list[str] = []
    for key, value in row.items():
        if key in relations:
            relation = relations[key]
            values[relation.attribute] = list(value) if relation.many else value
        elif isinstance(value, (list, dict)):
            if fields[key].is_computed:
                computed.append(key)
                continue
            # Not the row's own object: changes in place have to be seen.
            record.__pydantic_validator__.validate_assignment(record, key, value)
            values = record.__dict__  # pydantic puts a new one there
        elif key in fields or key in QUEUE_KEYS:
            values[key] = value
    if computed:
        # These are frozen, so that they come by way of a whole record.
        origin = record._origin
        fresh = decoded_one(type(record), origin.store, origin.row)
        record.__dict__.update({key: fresh.__dict__[key] for key in computed})
