"""A stored row that does not fit its model, and changes → the record that it becomes with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from tablewright.runtime.codec import Row
from tablewright.runtime.lazy_row import LazyRow
from tablewright.runtime.reading import by_attribute, decoded_one
from tablewright.runtime.spec import QUEUE_KEYS, TableSpec
from tablewright.runtime.stores.base import Store
from tablewright.runtime.writing import checked_changes, row_keys

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

R = TypeVar("R", bound="AirtableModel")


def mended(model: type[R], store: Store, row: Row, values: Mapping[str, Any]) -> tuple[R, Row]:
    """Return the record that a row is with *values* in the place of what it holds, and the changes to be stored.

    Raises:
        RecordInvalid: a value does not fit, or the row does not fit with them either.
    """
    kept = _without(model.table, row, row_keys(model.table, values))
    # Not validated: the values come in one by one, and the whole is looked at with all of them.
    changes = checked_changes(model.model_construct(**by_attribute(model, kept)), values)
    return decoded_one(model, store, {**kept, **changes}), changes


def _without(table: TableSpec, row: Row, keys: Collection[str]) -> Row:
    """Return a row without some values, which need not be such as can be read."""
    if not isinstance(row, LazyRow) or row.raw is None:
        return {key: value for key, value in row.items() if key not in keys}
    known = ["id", "created_time", *QUEUE_KEYS, *table.by_key, *table.relations_by_key]
    return row.conversions.part(row.raw, [key for key in known if key not in keys])
