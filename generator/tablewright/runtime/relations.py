# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""Linked records of a record: loaded when first asked for, for every record of the same query at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self, SupportsIndex, TypeVar

from tablewright.runtime.connection import current_store
from tablewright.runtime.errors import Misfit, RecordInvalid, RecordNotFound
from tablewright.runtime.reading import decoded
from tablewright.runtime.records import Batch, Origin, origin_of
from tablewright.runtime.spec import InverseSpec, RelationSpec, TableSpec
from tablewright.runtime.stores.ids import is_record_id
from tablewright.runtime.unfit_values import no_record_id

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

T = TypeVar("T", bound="AirtableModel")


class LinkedRecords(list[T]):
    """The records that a link to many leads to: a list whose changes are changes of the record, to be saved with it."""

    __slots__ = ("_key", "_record")

    def __init__(self, record: AirtableModel, key: str, linked: Iterable[T]) -> None:
        super().__init__(linked)
        self._record = record
        self._key = key

    def _written(self) -> None:
        self._record._link_many(self._key, self)

    def append(self, item: T, /) -> None:
        super().append(item)
        self._written()

    def extend(self, items: Iterable[T], /) -> None:
        super().extend(items)
        self._written()

    def insert(self, place: SupportsIndex, item: T, /) -> None:
        super().insert(place, item)
        self._written()

    def remove(self, item: T, /) -> None:
        super().remove(item)
        self._written()

    def pop(self, place: SupportsIndex = -1, /) -> T:
        found = super().pop(place)
        self._written()
        return found

    def clear(self) -> None:
        super().clear()
        self._written()

    def reverse(self) -> None:
        super().reverse()
        self._written()

    def sort(self, *, key: Any = None, reverse: bool = False) -> None:
        super().sort(key=key, reverse=reverse)
        self._written()

    def __setitem__(self, place: Any, item: Any) -> None:
        super().__setitem__(place, item)
        self._written()

    def __delitem__(self, place: SupportsIndex | slice) -> None:
        super().__delitem__(place)
        self._written()

    def __iadd__(self, items: Iterable[T]) -> Self:  # type: ignore[override,misc]  # list's own overloads, in one
        self.extend(items)
        return self

    def __reduce__(self) -> tuple[type[list[T]], tuple[list[T]]]:
        return list, (list(self),)


def linked_one(record: AirtableModel, key: str, target: type[T]) -> T | None:
    """Return the record that a link to one leads to."""
    relation = type(record).table.relations_by_key[key]
    linked_id: str | None = record.__dict__[relation.attribute]
    if linked_id is None:
        return None
    found = _forward(record, relation, target, [linked_id])
    return found[0] if found else None


def linked_required(record: AirtableModel, key: str, target: type[T]) -> T:
    """Return the record of a required link.

    Raises:
        RecordNotFound: the link is empty, or leads to a record that is gone.
    """
    linked = linked_one(record, key, target)
    if linked is None:
        relation = type(record).table.relations_by_key[key]
        raise RecordNotFound(target.__name__, [record.__dict__[relation.attribute]])
    return linked


def linked_many(record: AirtableModel, key: str, target: type[T]) -> list[T]:
    """Return the records that a link to many leads to, in their order. Changing the list changes the links."""
    relation = type(record).table.relations_by_key[key]
    found = _forward(record, relation, target, record.__dict__[relation.attribute])
    return LinkedRecords(record, key, found)


def linked_back(record: AirtableModel, key: str, source: type[T]) -> list[T]:
    """Return the records of the other side of a relation, oldest first. A record that is not stored has none."""
    origin = origin_of(record)
    if origin is None:
        return []
    found = _kept(origin, key)
    if record.id not in found:
        found |= _load_back(origin, inverse_of(type(record).table, key), source, record.id)
    return list(found[record.id])


def inverse_of(table: TableSpec, key: str) -> InverseSpec:
    """Return the other side of a relation that is called *key* on *table*."""
    for inverse in table.inverses():
        if inverse.key == key:
            return inverse
    raise LookupError(f"{table.key} has no relation '{key}'")


def link_one(record: AirtableModel, key: str, linked: Any) -> None:
    """Set a link to one, from a record or an id."""
    relation = type(record).table.relations_by_key[key]
    setattr(record, relation.attribute, link_id(record.described(), relation, linked))


def link_many(record: AirtableModel, key: str, linked: Iterable[Any]) -> None:
    """Set a link to many, from records or ids."""
    relation = type(record).table.relations_by_key[key]
    ids = [link_id(record.described(), relation, one) for one in linked]
    setattr(record, relation.attribute, ids)


def link_id(described: str, relation: RelationSpec, linked: Any) -> str | None:
    """Return the id of a record to link with, which may be given by its id.

    Raises:
        RecordInvalid: it is not stored, or of another type.
    """
    if linked is None or linked == "":
        return None
    if isinstance(linked, str):
        if not is_record_id(linked):
            raise RecordInvalid(described, [no_record_id(relation.to).misfit(relation.key, linked)])
        return linked
    table: TableSpec | None = getattr(type(linked), "table", None)
    if table is None or table.key != relation.to:
        valid = f"has to be a record of {relation.to} or its id"
        raise RecordInvalid(described, [Misfit(relation.key, valid, linked)])
    if not linked.id:
        valid = f"has to be a record of {relation.to} that is stored: call save() on it first"
        raise RecordInvalid(described, [Misfit(relation.key, valid, has_given=False)])
    found: str = linked.id
    return found


def check_ids(record: AirtableModel, relation: RelationSpec, value: object) -> None:
    """Do nothing where *value*, given for the ids of a link, holds no text that can be no id.

    Raises:
        RecordInvalid: it does.
    """
    for one in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(one, str):
            link_id(record.described(), relation, one)


def _kept(origin: Origin, key: str) -> dict[str, Any]:
    """Return what was loaded of a relation: by this record alone, or by its batch."""
    return origin.batch.linked.setdefault(key, {})


def _forward(
    record: AirtableModel, relation: RelationSpec, target: type[T], ids: Sequence[str]
) -> list[T]:
    origin = origin_of(record)
    if not ids:
        return []
    if origin is None:
        return _fetched(target, Batch(current_store(), ()), list(ids), {})
    found = _kept(origin, relation.key)
    missing = [one for one in ids if one not in found]
    if missing:
        wanted = dict.fromkeys(ids)
        for row in origin.batch.rows:
            value = row[relation.key]
            wanted.update(
                dict.fromkeys(value if isinstance(value, list) else [value] if value else [])
            )
        _fetched(target, origin.batch, [one for one in wanted if one not in found], found)
    return [found[one] for one in ids if one in found and found[one] is not None]


def _fetched(target: type[T], batch: Batch, ids: list[str], into: dict[str, Any]) -> list[T]:
    rows = batch.store.fetch(target.table, ids)
    records = decoded(target, batch.store, [rows[one] for one in ids if one in rows])
    into |= dict.fromkeys(ids)
    into |= {record.id: record for record in records}
    return records


def _load_back(
    origin: Origin, inverse: InverseSpec, source: type[T], own_id: str
) -> dict[str, list[T]]:
    owners = list(dict.fromkeys([own_id, *origin.batch.ids()]))
    relation = inverse.relation
    found: dict[str, list[T]] = {owner: [] for owner in owners}
    rows = origin.store.linking(source.table, relation, owners)
    for record in decoded(source, origin.store, rows):
        held = record.__dict__[relation.attribute]
        for one in held if relation.many else (held,):
            if one in found:
                found[one].append(record)
    return found
