# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""Records → a store: creating, changing and deleting them, and what stands beside their fields."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tablewright.runtime import lifecycle
from tablewright.runtime.codec import Row
from tablewright.runtime.columns.links import record_id
from tablewright.runtime.connection import current_store
from tablewright.runtime.errors import RecordInvalid, RecordNotFound, WriteIncomplete
from tablewright.runtime.inputs import CreateInput, UpdateInput
from tablewright.runtime.mending import mended
from tablewright.runtime.reading import decoded, decoded_one, fetched_row
from tablewright.runtime.records import Batch, Origin, origin_of, set_origin
from tablewright.runtime.stored_record import apply, attach, stored
from tablewright.runtime.stores.base import Comment, Progress, Store, Upload
from tablewright.runtime.writing import (
    checked_changes,
    differences,
    encoded,
    given_values,
    merge_keys,
    new_record,
    new_records,
    of_each,
    row_keys,
    state_given,
)

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

R = TypeVar("R", bound="AirtableModel")


# -- new records ------------------------------------------------------------------------------------------------------


def create(model: type[R], values: Mapping[str, Any]) -> R:
    """Store a new record and return it."""
    record = new_record(model, values, model.table.key)
    insert(record, current_store())
    return record


def bulk_create(
    model: type[R],
    items: Iterable[Mapping[str, Any] | CreateInput],
    progress: Progress | None,
) -> list[R]:
    """Store new records and return them in the same order."""
    records, rows = new_records(model, items)
    store = current_store()
    try:
        stored = store.insert(model.table, rows, progress=progress)
    except WriteIncomplete as error:
        # What the store gave are rows, in order from the first.
        error.records = _attached(records[: len(error.records)], error.records, store)
        raise
    return _attached(records, stored, store)


def _attached(records: list[R], rows: Sequence[Row], store: Store) -> list[R]:
    batch = Batch(store, rows)
    for record, row in zip(records, rows, strict=True):
        attach(record, row, batch)
    return records


def upsert(model: type[R], values: Mapping[str, Any], on: str | Sequence[str] | None) -> R:
    """Update the record whose fields *on* have the given values, or store a new one; return it."""
    record = new_record(model, values, model.table.key)
    row = encoded(record, model.table.key)
    given = {key: row[key] for key in row_keys(model.table, values)}
    keys = merge_keys(model.table, given, on)
    store = current_store()
    stored, _ = store.upsert(model.table, given, keys, row)
    return decoded_one(model, store, stored)


def insert(record: AirtableModel, store: Store) -> None:
    """Store a record that is in memory only."""
    lifecycle = type(record).table.lifecycle
    if lifecycle is not None and getattr(record, lifecycle.field) is not lifecycle.initial:
        raise state_given(record.described(), lifecycle)
    row = store.insert(type(record).table, [encoded(record, record.described())])[0]
    attach(record, row, Batch(store, (row,)))


# -- changes ----------------------------------------------------------------------------------------------------------


def unsaved_changes(record: AirtableModel) -> Row:
    """Return the fields and relations that differ from what is stored; links as ids."""
    origin = origin_of(record)
    row = encoded(record, record.described())
    return row if origin is None else differences(type(record).table, origin.row, row)


def save(record: AirtableModel, *, if_unchanged: bool) -> None:
    """Store a record: a new one whole, a stored one by the fields that changed."""
    if origin_of(record) is None and not record.id:
        insert(record, current_store())
        return
    origin = stored(record, "save")
    changes = unsaved_changes(record)
    check = partial(_require_unchanged, record, origin) if if_unchanged else None
    table = type(record).table
    if changes:
        apply(record, origin.store.update(table, [(record.id, changes)], check=check)[0])
    elif check is not None:
        check(fetched_row(type(record), origin.store, record.id))


def _require_unchanged(record: AirtableModel, origin: Origin, row: Row) -> None:
    table = type(record).table
    written = {
        key: value
        for key, value in origin.row.items()
        if key in table.relations_by_key
        or (key in table.by_key and not table.by_key[key].is_computed)
    }
    if any(row.get(key) != value for key, value in written.items()):
        raise lifecycle.changed(record, "save", written, row)


def update(record: AirtableModel, values: Mapping[str, Any]) -> None:
    """Set fields and store them; other unsaved changes stay unsaved."""
    origin = stored(record, "update")
    table = type(record).table
    changes = checked_changes(record, values)
    changed = differences(table, origin.row, changes)
    written = origin.store.update(table, [(record.id, changed)])[0] if changed else {}
    apply(record, {**changes, **written})


def bulk_update(model: type[R], changed: Iterable[R]) -> list[R]:
    """Store the changes of many records of one store, and return the records."""
    records = list(changed)
    origins = [stored(record, "save") for record in records]
    if len({id(origin.store) for origin in origins}) > 1:
        raise ValueError("bulk_update() takes records of one store")
    places = enumerate(records)
    wanted = of_each(
        model.table.key, ((place, partial(unsaved_changes, record)) for place, record in places)
    )
    if origins:
        _write(model, origins[0].store, records, wanted)
    return records


def bulk_update_by_id(
    model: type[R], changes: Mapping[str, Mapping[str, Any] | UpdateInput]
) -> list[R]:
    """Store changes that are given by record id, and return the records."""
    store = current_store()
    rows = store.fetch(model.table, list(changes))
    missing = [one for one in changes if one not in rows]
    if missing:
        raise RecordNotFound(model.table.key, missing, store.description)
    # What does not fit yet may be what the changes mend; what they leave unfit is raised.
    records = decoded(model, store, [rows[one] for one in changes], report=_silent)
    fitting = {record.id: record for record in records}

    def changed(record_id: str) -> tuple[R, Row]:
        values = given_values(changes[record_id])
        record = fitting.get(record_id)
        if record is None:
            return mended(model, store, rows[record_id], values)
        row = checked_changes(record, values)
        return record, differences(model.table, record._origin.row, row)

    found = of_each(model.table.key, ((one, partial(changed, one)) for one in changes))
    records = [record for record, _ in found]
    _write(model, store, records, [row for _, row in found])
    return records


def _silent(_: RecordInvalid) -> None:
    """Tell nobody of a row that does not fit."""


def _write(model: type[R], store: Store, records: Sequence[R], wanted: Sequence[Row]) -> None:
    changed = [(record, row) for record, row in zip(records, wanted, strict=True) if row]
    if not changed:
        return
    written = store.update(model.table, [(record.id, row) for record, row in changed])
    for (record, _), row in zip(changed, written, strict=True):
        apply(record, row)


def refresh(record: AirtableModel) -> None:
    """Read a record again: unsaved changes and loaded links are dropped."""
    model = type(record)
    store = stored(record, "refresh").store
    lease = record._origin.lease
    fresh = decoded_one(model, store, fetched_row(model, store, record.id))
    record.__dict__.update(fresh.__dict__)
    set_origin(record, fresh._origin)
    record._origin.lease = lease


# -- the end ----------------------------------------------------------------------------------------------------------


def delete(record: AirtableModel) -> None:
    """Delete a record from its store."""
    store = stored(record, "delete").store
    if not store.delete(type(record).table, [record.id]):
        raise RecordNotFound(type(record).table.key, [record.id], store.description)
    del record._origin


def bulk_delete(model: type[R], records: Iterable[R | str]) -> int:
    """Delete records, given by themselves or by their ids, and return how many were there."""
    listed = list(records)
    ids = dict.fromkeys(record_id(record) for record in listed)
    gone = current_store().delete(model.table, list(ids))
    for record in listed:
        if not isinstance(record, str) and origin_of(record) is not None:
            del record._origin
    return len(gone)


# -- beside the fields ------------------------------------------------------------------------------------------------


def comments(record: AirtableModel) -> list[Comment]:
    """Return what people wrote about a record, oldest first."""
    return stored(record, "read the comments on").store.comments(type(record).table, record.id)


def add_comment(record: AirtableModel, text: str) -> Comment:
    """Write about a record."""
    return stored(record, "comment on").store.add_comment(type(record).table, record.id, text)


def upload(
    record: AirtableModel,
    field: str,
    file: str | Path,
    content: bytes | None,
    content_type: str | None,
) -> None:
    """Add a file to an attachment field: one of the disk, or *content* under the name *file*."""
    table = type(record).table
    spec = table.by_key.get(field)
    if spec is None or spec.kind != "attachments":
        raise ValueError(f"upload() needs an attachment field, and '{field}' is none")
    path = Path(file)
    data = path.read_bytes() if content is None else content
    kind = content_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    store = stored(record, "upload to").store
    apply(record, store.upload(table, record.id, field, Upload(path.name, data, kind)))
