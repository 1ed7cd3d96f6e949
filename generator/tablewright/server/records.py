"""Creating, changing, merging and deleting records: a whole request, or nothing of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tablewright.airtable import MAX_MERGE_FIELDS, RECORDS_PER_WRITE
from tablewright.server import errors
from tablewright.server.cells import CellReader
from tablewright.server.ids import is_id
from tablewright.server.jsontext import Json, JsonObject
from tablewright.server.links import step_other_side, unlink, write_links
from tablewright.server.rows import Row
from tablewright.server.schema import Field, Table
from tablewright.server.transaction import Transaction

MERGE_TYPES = frozenset(
    {"number", "singleLineText", "multilineText", "singleSelect", "multipleSelects", "date"}
)


@dataclass(frozen=True, slots=True)
class Merged:
    """What an upsert did: its rows in the order of the request, and which of them are new."""

    rows: list[Row]
    created: list[str]
    updated: list[str]


def create(reader: CellReader, entries: Sequence[JsonObject]) -> list[Row]:
    """One new record for each entry, in order; an entry is `{"fields": {…}}`."""
    return _insert(reader, [reader.read_fields(_fields(entry)) for entry in entries])


def update(
    reader: CellReader, changes: Sequence[tuple[Row, JsonObject]], *, replace: bool
) -> list[Row]:
    """Write the given fields into each row; with *replace* every other writable field is emptied."""
    read = [(row, reader.read_fields(fields)) for row, fields in changes]
    for row, cells in read:
        _write(reader, row, cells, replace=replace)
    return [row for row, _ in read]


def delete(transaction: Transaction, rows: Sequence[Row]) -> None:
    """Remove rows, and every link to them."""
    for row in rows:
        unlink(transaction, row)
        transaction.delete(row)


def batch_of_changes(
    transaction: Transaction, table: Table, entries: Json
) -> list[tuple[Row, JsonObject]]:
    """The rows and fields of a batch update `[{"id", "fields"}, …]`."""
    if not isinstance(entries, list) or not 0 < len(entries) <= RECORDS_PER_WRITE:
        raise errors.malformed_records()
    changes = []
    for entry in entries:
        if (
            not isinstance(entry, dict)
            or not is_id(entry.get("id"), "rec")
            or not isinstance(entry.get("fields"), dict)
        ):
            raise errors.malformed_records()
        changes.append((existing(transaction, table, entry["id"]), entry["fields"]))
    return changes


def existing(transaction: Transaction, table: Table, record_id: str) -> Row:
    """The row a batch names by id."""
    row = transaction.workspace.rows(table).get(record_id)
    if row is None:
        raise errors.row_does_not_exist(record_id)
    return row


def upsert(reader: CellReader, settings: Json, entries: Json, *, replace: bool) -> Merged:
    """Update the record that matches on the merge fields, or create one, entry by entry.

    Matches are sought in the state before the request, and a blank never matches (the observed behaviour of
    blanks allows no other reading; that two entries with one new key make two records is unconfirmed).
    """
    keys = _merge_fields(reader.table, settings)
    if not isinstance(entries, list) or not 0 < len(entries) <= RECORDS_PER_WRITE:
        raise errors.malformed_records()
    planned: list[tuple[Row | None, dict[str, Json]]] = []
    wanted: dict[tuple[object, ...], list[Row]] = {}
    for entry in entries:
        cells = reader.read_fields(_fields(entry))
        if "id" in entry:
            if not is_id(entry["id"], "rec"):
                raise errors.malformed_records()
            planned.append((existing(reader.transaction, reader.table, entry["id"]), cells))
            continue
        if any(key.id not in cells for key in keys):
            raise errors.invalid_request()
        planned.append((None, cells))
        wanted[_merge_key(keys, cells)] = []
    for row in reader.transaction.workspace.rows(reader.table):
        matches = wanted.get(_merge_key(keys, row.cells))
        if matches is not None:
            matches.append(row)
    for position, (named, cells) in enumerate(planned):
        key = _merge_key(keys, cells)
        if named is not None or None in key:
            continue
        if len(wanted[key]) > 1:
            raise errors.several_matches(position)
        if wanted[key]:
            planned[position] = (wanted[key][0], cells)
    rows, created, updated = [], [], []
    for target, cells in planned:
        if target is None:
            (row,) = _insert(reader, [cells])
            created.append(row.id)
        else:
            row = target
            _write(reader, row, cells, replace=replace)
            updated.append(row.id)
        rows.append(row)
    return Merged(rows, created, updated)


def _merge_fields(table: Table, settings: Json) -> list[Field]:
    names = settings.get("fieldsToMergeOn") if isinstance(settings, dict) else None
    if not isinstance(names, list) or not 0 < len(names) <= MAX_MERGE_FIELDS:
        raise errors.invalid_request()
    fields = []
    for name in names:
        field = table.find_field(name) if isinstance(name, str) else None
        if field is None:
            raise errors.unknown_field(str(name))
        if field.type not in MERGE_TYPES:
            raise errors.invalid_request(f'Field "{field.name}" cannot be merged on')
        fields.append(field)
    return fields


def _merge_key(keys: Sequence[Field], cells: JsonObject) -> tuple[object, ...]:
    found = (cells.get(key.id) for key in keys)
    return tuple(frozenset(value) if isinstance(value, list) else value for value in found)


def _fields(entry: Json) -> JsonObject:
    fields = entry.get("fields") if isinstance(entry, dict) else None
    if not isinstance(fields, dict):
        raise errors.malformed_records()
    return fields


def _insert(reader: CellReader, records: Iterable[dict[str, Json]]) -> list[Row]:
    table = reader.table
    rows = reader.transaction.insert(table, map(_without_blanks, records))
    for field_id in table.link_ids:
        for row in rows:
            if field_id in row.cells:
                field = table.fields[field_id]
                step_other_side(reader.transaction, row, field, (), row.cells[field_id])
    return rows


def _without_blanks(cells: dict[str, Json]) -> JsonObject:
    if all(cells.values()):
        return cells
    return {field_id: value for field_id, value in cells.items() if value is not None}


def _write(reader: CellReader, row: Row, cells: dict[str, Json], *, replace: bool) -> None:
    if replace:
        untouched = {
            field.id: None for field in reader.table.fields.values() if not field.is_computed
        }
        cells = untouched | cells
    for field_id, value in cells.items():
        field = reader.table.fields[field_id]
        if field.type == "multipleRecordLinks":
            write_links(reader.transaction, row, field, value)
        else:
            reader.transaction.change(row, field_id, value)
