"""Rows on their way into the tables of a database: identity, stamps, and which part stands where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tablewright.runtime.codec import Row
from tablewright.runtime.spec import FieldSpec, TableSpec
from tablewright.runtime.stores.ids import new_record_id
from tablewright.runtime.stores.sql_schema import CREATED, ID, link_column


def with_identity(rows: Sequence[Row], now: datetime, table: TableSpec) -> list[Row]:
    """Return new rows whole: with ids and times of creation, and with blanks where nothing was given."""
    # A microsecond apart, so that rows stored together keep their order.
    stored = []
    for place, row in enumerate(rows):
        created = row.get(CREATED) or now + timedelta(microseconds=place)
        found = {
            ID: row.get(ID) or new_record_id(),
            CREATED: created,
            **{field.key: _blank(field) for field in table.fields},
            **{relation.key: [] if relation.many else None for relation in table.relations},
            **{key: value for key, value in row.items() if key not in (ID, CREATED)},
        }
        for field in table.fields:
            if field.kind in ("created_time", "last_modified_time"):
                found[field.key] = created
        stored.append(found)
    return stored


def _blank(field: FieldSpec) -> Any:
    if field.is_listed:
        return []
    # A record cannot be without these.
    return 0 if field.kind in ("count", "auto_number") else None


def stamped(table: TableSpec, row: Row) -> Row:
    """Return changes with the moment of the change, where the table keeps it."""
    stamps = {
        field.key: datetime.now(UTC) for field in table.fields if field.kind == "last_modified_time"
    }
    return {**row, **stamps}


def own_columns(table: TableSpec, row: Row) -> dict[str, Any]:
    """Return the part of a row that stands in the table itself, by column."""
    found = {}
    for key, value in row.items():
        relation = table.relations_by_key.get(key)
        if relation is None:
            found[key] = value
        elif not relation.many:
            found[link_column(relation)] = value
    return found


def is_many(table: TableSpec, key: str) -> bool:
    """Tell whether a key of a row is a link to many, which stands in a table of its own."""
    relation = table.relations_by_key.get(key)
    return relation is not None and relation.many


def new_values(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return values under the names that the parameters of a change have."""
    return {f"new_{key}": value for key, value in columns.items()}
