# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""The base class of generated records: a pydantic model that a store keeps."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, overload

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tablewright.runtime import lifecycle, relations
from tablewright.runtime.codec import Row
from tablewright.runtime.columns import Condition
from tablewright.runtime.columns.links import record_id
from tablewright.runtime.connection import current_store
from tablewright.runtime.errors import RecordNotFound, RecordNotSaved, WriteIncomplete
from tablewright.runtime.inputs import CreateInput, UpdateInput
from tablewright.runtime.lifecycle import Decide, HistoryEntry
from tablewright.runtime.query import Query
from tablewright.runtime.records import Batch, Origin, origin_of
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.base import Comment, Progress, Store, Upload
from tablewright.runtime.writing import (
    checked_changes,
    differences,
    encoded,
    equality,
    given_values,
    merge_keys,
    new_record,
    row_keys,
    state_given,
    translated,
)

T = TypeVar("T", bound="AirtableModel")


class AirtableModel(BaseModel):
    """A record. It is in memory until `save` or `create` stores it; *id* is empty until then."""

    # A slot and no private attribute: pydantic would run Python code for that on every record that is read.
    __slots__ = ("_origin",)
    if TYPE_CHECKING:
        _origin: Origin

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    table: ClassVar[TableSpec]
    c: ClassVar[Any]

    id: str = Field(default="", frozen=True)
    created_time: datetime | None = Field(default=None, frozen=True)

    # -- creating -------------------------------------------------------------------------------------------------

    @classmethod
    def create(cls, *args: Any, **values: Any) -> Self:
        """Store a new record and return it. Generated classes spell the fields out.

        Raises:
            RecordInvalid: a value does not fit; nothing was stored.
        """
        _by_name("create", args)
        return cls._create(values)

    @classmethod
    def _create(cls, values: Mapping[str, Any]) -> Self:
        record = new_record(cls, values, cls.table.key)
        record._insert(current_store())
        return record

    @classmethod
    def bulk_create(
        cls,
        items: Iterable[Mapping[str, Any] | CreateInput],
        *,
        progress: Progress | None = None,
    ) -> list[Self]:
        """Store new records, given as dicts or input models, and return them in the same order.

        On SQL they are stored all or none, on Airtable ten by ten. Every item is checked before the first is sent.
        *progress* is called with how many are stored, of how many; where it returns False, no more are sent.

        Raises:
            RecordInvalid: a value does not fit; the item is named by its place, from 0.
            WriteIncomplete: some are stored and some are not; it says which, and holds those that are.
        """
        records = [
            new_record(cls, given_values(item), f"{cls.table.key} at place {place}")
            for place, item in enumerate(items)
        ]
        store = current_store()
        rows = [
            encoded(record, f"{cls.table.key} at place {place}")
            for place, record in enumerate(records)
        ]
        try:
            stored = store.insert(cls.table, rows, progress=progress)
        except WriteIncomplete as error:
            # What the store gave are rows, in order from the first.
            error.records = cls._attached(records[: len(error.records)], error.records, store)
            raise
        return cls._attached(records, stored, store)

    @classmethod
    def _attached(cls, records: list[Self], rows: Sequence[Row], store: Store) -> list[Self]:
        batch = Batch(store, rows)
        for record, row in zip(records, rows, strict=True):
            record._attach(row, batch)
        return records

    @classmethod
    def upsert(cls, *args: Any, **values: Any) -> Self:
        """Update the record whose fields `on=` have the given values, or store a new one; return it.

        `on` is the unique field among those given, unless said otherwise. An update writes the given fields only.
        """
        _by_name("upsert", args)
        return cls._upsert(values, on=values.pop("on", None))

    @classmethod
    def _upsert(cls, values: Mapping[str, Any], *, on: str | Sequence[str] | None = None) -> Self:
        record = new_record(cls, values, cls.table.key)
        row = encoded(record, cls.table.key)
        given = {key: row[key] for key in row_keys(cls.table, values)}
        keys = merge_keys(cls.table, given, on)
        store = current_store()
        stored, _ = store.upsert(cls.table, given, keys, row)
        return cls._decoded_one(store, stored)

    # -- finding --------------------------------------------------------------------------------------------------

    @classmethod
    def get(cls, record_id: str) -> Self:
        """Return the record with this id.

        Raises:
            RecordNotFound: there is none.
        """
        store = current_store()
        row = store.fetch(cls.table, [record_id]).get(record_id)
        if row is None:
            raise RecordNotFound(cls.table.key, [record_id], store.description)
        return cls._decoded_one(store, row)

    @classmethod
    def where(cls, *conditions: Condition) -> Query[Self]:
        """Return the records that meet all conditions, such as `Task.c.retry_count < 3`; without any, all records."""
        return Query(cls).where(*conditions)

    @classmethod
    def all(cls) -> list[Self]:
        """Return every record, in the order they were created."""
        return Query(cls).all()

    @classmethod
    def first(cls, *conditions: Condition) -> Self | None:
        """Return the oldest record that meets all conditions, or None."""
        return cls.where(*conditions).first()

    @classmethod
    def count(cls, *conditions: Condition) -> int:
        """Return how many records meet all conditions."""
        return cls.where(*conditions).count()

    @classmethod
    def exists(cls, *conditions: Condition) -> bool:
        """Tell whether a record meets all conditions."""
        return cls.where(*conditions).exists()

    @classmethod
    def find_by(cls, *args: Any, **values: Any) -> Query[Self]:
        """Return the records whose fields have these values; None finds blank ones. Generated classes spell it out."""
        _by_name("find_by", args)
        return cls._find_by(values)

    @classmethod
    def _find_by(cls, values: Mapping[str, Any]) -> Query[Self]:
        return cls.where(*(equality(cls, key, value) for key, value in values.items()))

    # -- changing -------------------------------------------------------------------------------------------------

    @property
    def is_saved(self) -> bool:
        """Tell whether the record was read from a store or stored in one, and not deleted through this object."""
        return origin_of(self) is not None

    @property
    def unsaved_changes(self) -> dict[str, Any]:
        """Return the fields and relations that differ from what is stored, with their values here; links as ids."""
        origin = origin_of(self)
        row = encoded(self, self.described())
        return row if origin is None else differences(type(self).table, origin.row, row)

    def save(self, *, if_unchanged: bool = False) -> Self:
        """Store the record: a new one whole, a stored one by the fields that changed. Return the record itself.

        What somebody else changed in other fields since the record was read stays as it is. With *if_unchanged* the
        record is read again first, and nothing is stored where any of its fields is not as it was; somebody who writes
        between that reading and the write is not seen.

        Raises:
            RecordInvalid: a value does not fit; nothing was stored.
            RecordNotFound: somebody deleted the record.
            RecordChanged: somebody else changed the record, and *if_unchanged* was asked for.
        """
        if origin_of(self) is None and not self.id:
            self._insert(current_store())
            return self
        origin = self._stored("save")
        changes = self.unsaved_changes
        if if_unchanged:
            self._require_unchanged(origin)
        if changes:
            stored = origin.store.update(type(self).table, [(self.id, changes)])
            self._apply(stored[0])
        return self

    def _require_unchanged(self, origin: Origin) -> None:
        row = origin.store.fetch(type(self).table, [self.id]).get(self.id)
        if row is None:
            raise RecordNotFound(type(self).table.key, [self.id], origin.store.description)
        table = type(self).table
        written = {
            key: value
            for key, value in origin.row.items()
            if key in table.relations_by_key
            or (key in table.by_key and not table.by_key[key].is_computed)
        }
        if any(row.get(key) != value for key, value in written.items()):
            raise lifecycle.changed(self, "save", written, row)

    def update(self, *args: Any, **values: Any) -> Self:
        """Set these fields and store them; other unsaved changes stay unsaved. Generated classes spell it out."""
        _by_name("update", args)
        return self._update(values)

    def _update(self, values: Mapping[str, Any]) -> Self:
        origin = self._stored("update")
        changes = checked_changes(self, values)
        changed = differences(type(self).table, origin.row, changes)
        stored = origin.store.update(type(self).table, [(self.id, changed)])[0] if changed else {}
        self._apply({**changes, **stored})
        return self

    @overload
    @classmethod
    def bulk_update(cls, changes: Mapping[str, Mapping[str, Any] | UpdateInput]) -> list[Self]: ...
    @overload
    @classmethod
    def bulk_update(cls, changes: Iterable[Self]) -> list[Self]: ...
    @classmethod
    def bulk_update(
        cls, changes: Iterable[Self] | Mapping[str, Mapping[str, Any] | UpdateInput]
    ) -> list[Self]:
        """Store the changes of many records: of changed records, or of dicts or input models by record id.

        On SQL they are stored all or none. Every value is checked before the first is sent.
        """
        if isinstance(changes, Mapping):
            return cls._bulk_update_by_id(changes)
        records = list(changes)
        origins = [record._stored("save") for record in records]
        wanted = [(record, record.unsaved_changes) for record in records]
        if len({id(origin.store) for origin in origins}) > 1:
            raise ValueError("bulk_update() takes records of one store")
        changed = [(record, row) for record, row in wanted if row]
        if changed:
            stored = origins[0].store.update(
                cls.table, [(record.id, row) for record, row in changed]
            )
            for (record, _), row in zip(changed, stored, strict=True):
                record._apply(row)
        return records

    @classmethod
    def _bulk_update_by_id(
        cls, changes: Mapping[str, Mapping[str, Any] | UpdateInput]
    ) -> list[Self]:
        store = current_store()
        rows = store.fetch(cls.table, list(changes))
        missing = [one for one in changes if one not in rows]
        if missing:
            raise RecordNotFound(cls.table.key, missing, store.description)
        records = cls._decoded(store, [rows[one] for one in changes])
        wanted = [checked_changes(record, given_values(changes[record.id])) for record in records]
        differing = [
            (record, differences(cls.table, record._origin.row, row))
            for record, row in zip(records, wanted, strict=True)
        ]
        changed = [(record, row) for record, row in differing if row]
        stored = store.update(cls.table, [(record.id, row) for record, row in changed])
        for (record, _), row in zip(changed, stored, strict=True):
            record._apply(row)
        return records

    def refresh(self) -> Self:
        """Read the record again: unsaved changes and loaded links are dropped. Return the record itself.

        Raises:
            RecordNotFound: somebody deleted the record.
        """
        store = self._stored("refresh").store
        row = store.fetch(type(self).table, [self.id]).get(self.id)
        if row is None:
            raise RecordNotFound(type(self).table.key, [self.id], store.description)
        fresh = type(self)._decoded_one(store, row)
        self.__dict__.update(fresh.__dict__)
        _set_origin(self, fresh._origin)
        return self

    def delete(self) -> None:
        """Delete the record from its store.

        Raises:
            RecordInUse: other records link to it in a way that forbids it.
            RecordNotFound: it is not there any more.
        """
        store = self._stored("delete").store
        if not store.delete(type(self).table, [self.id]):
            raise RecordNotFound(type(self).table.key, [self.id], store.description)
        del self._origin

    @classmethod
    def bulk_delete(cls, records: Iterable[Self | str]) -> int:
        """Delete records, given by themselves or by their ids, and return how many were there. On SQL all or none."""
        listed = list(records)
        store = current_store()
        gone = store.delete(cls.table, [record_id(record) for record in listed])
        for record in listed:
            if isinstance(record, AirtableModel) and origin_of(record) is not None:
                del record._origin
        return len(gone)

    # -- beside the fields ----------------------------------------------------------------------------------------

    def comments(self) -> list[Comment]:
        """Return what people wrote about the record, oldest first.

        Raises:
            NotSupported: the store has no comments; Airtable does.
        """
        return self._stored("read the comments on").store.comments(type(self).table, self.id)

    def add_comment(self, text: str) -> Comment:
        """Write about the record. `@[usrXXXXXXXXXXXXXX]` mentions somebody.

        Raises:
            NotSupported: the store has no comments; Airtable does.
        """
        return self._stored("comment on").store.add_comment(type(self).table, self.id, text)

    def upload(
        self,
        field: str,
        file: str | Path,
        content: bytes | None = None,
        *,
        content_type: str | None = None,
    ) -> Self:
        """Add a file to an attachment field: one of the disk, or *content* under the name *file*. Return the record.

        Other unsaved changes stay unsaved.

        Raises:
            NotSupported: the store keeps no files; Airtable does, up to 5 MB for each.
        """
        spec = type(self).table.by_key.get(field)
        if spec is None or spec.kind != "attachments":
            raise ValueError(f"upload() needs an attachment field, and '{field}' is none")
        path = Path(file)
        data = path.read_bytes() if content is None else content
        kind = content_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        origin = self._stored("upload to")
        self._apply(
            origin.store.upload(type(self).table, self.id, field, Upload(path.name, data, kind))
        )
        return self

    # -- lifecycle ------------------------------------------------------------------------------------------------

    def history(self) -> list[HistoryEntry]:
        """Return the transitions that the record made, oldest first."""
        return lifecycle.history(self, self._stored("read the history of").store)

    def open_transitions(self) -> tuple[str, ...]:
        """Return the transitions that the record's state allows. Generated classes look at the guards too."""
        spec = type(self).table.lifecycle
        if spec is None or origin_of(self) is None:
            return ()
        return tuple(one.name for one in spec.open_from(getattr(self, spec.field)))

    def _transition(
        self,
        name: str,
        decide: Decide,
        arguments: Mapping[str, Any] | None = None,
        *,
        by: str | None = None,
        why: str | None = None,
    ) -> Self:
        self._stored(name)
        return lifecycle.transition(self, name, decide, arguments, by=by, why=why)

    def _can(self, name: str, decide: Decide | None = None) -> bool:
        return lifecycle.can(self, name, decide)

    # -- relations ------------------------------------------------------------------------------------------------

    def _linked(self, key: str, target: type[T]) -> T:
        """Return the record of a required link.

        Raises:
            RecordNotFound: the link is empty, or leads to a record that is gone.
        """
        linked = relations.linked_one(self, key, target)
        if linked is None:
            raise RecordNotFound(target.__name__, [getattr(self, f"{key}_id")])
        return linked

    def _linked_one(self, key: str, target: type[T]) -> T | None:
        return relations.linked_one(self, key, target)

    def _linked_many(self, key: str, target: type[T]) -> list[T]:
        return relations.linked_many(self, key, target)

    def _linked_back(self, key: str, source: type[T]) -> list[T]:
        return relations.linked_back(self, key, source)

    def _link_one(self, key: str, linked: Any) -> None:
        relation = type(self).table.relations_by_key[key]
        setattr(self, relation.attribute, relations.link_id(self.described(), relation, linked))

    def _link_many(self, key: str, linked: Sequence[Any]) -> None:
        relation = type(self).table.relations_by_key[key]
        setattr(
            self,
            relation.attribute,
            [relations.link_id(self.described(), relation, one) for one in linked],
        )

    # -- inner workings -------------------------------------------------------------------------------------------

    def described(self) -> str:
        """Return the record's type and id, for messages."""
        return f"{type(self).table.key} {self.id or '(not stored)'}"

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            super().__setattr__(name, value)
        except ValidationError as error:
            raise translated(type(self), error, self.described()) from error

    def __copy__(self) -> Self:
        return _with_origin_of(self, super().__copy__())

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return _with_origin_of(self, super().__deepcopy__(memo))

    def __getstate__(self) -> dict[Any, Any]:
        origin = origin_of(self)
        return {**super().__getstate__(), "row": None if origin is None else origin.row}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        state = dict(state)
        row = state.pop("row", None)
        super().__setstate__(state)
        if row is not None:
            _set_origin(self, Origin(row, Batch(None, (row,))))

    def _stored(self, action: str) -> Origin:
        """Return where the record came from. One that was made with an id by hand is looked up by it."""
        origin = origin_of(self)
        if origin is not None:
            return origin
        if not self.id:
            raise RecordNotSaved(type(self).table.key, action)
        store = current_store()
        row = store.fetch(type(self).table, [self.id]).get(self.id)
        if row is None:
            raise RecordNotFound(type(self).table.key, [self.id], store.description)
        origin = Origin(row, Batch(store, (row,)))
        _set_origin(self, origin)
        return origin

    def _insert(self, store: Store) -> None:
        lifecycle_ = type(self).table.lifecycle
        if lifecycle_ is not None and getattr(self, lifecycle_.field) is not lifecycle_.initial:
            raise state_given(self.described(), lifecycle_)
        row = store.insert(type(self).table, [encoded(self, self.described())])[0]
        self._attach(row, Batch(store, (row,)))

    def _attach(self, row: Row, batch: Batch) -> None:
        """Take over what a store keeps of a new record."""
        self.__dict__["id"], self.__dict__["created_time"] = row["id"], row["created_time"]
        _set_origin(self, Origin(row, batch))
        self._take(row)

    def _apply(self, row: Row) -> None:
        """Take over changes that the store has written."""
        origin = self._origin
        origin.row = {**origin.row, **row}
        origin.forget_links(key for key in row if key not in type(self).table.by_key)
        self._take(row)

    def _take(self, row: Row) -> None:
        for key, value in row.items():
            relation = type(self).table.relations_by_key.get(key)
            if relation is not None:
                self.__dict__[relation.attribute] = list(value) if relation.many else value
            elif isinstance(value, (list, dict)):
                # Not the row's own object: changes in place have to be seen.
                self.__pydantic_validator__.validate_assignment(self, key, value)
            elif key in type(self).table.by_key:
                self.__dict__[key] = value

    @classmethod
    def _decoded(cls, store: Store, rows: Sequence[Row]) -> list[Self]:
        """Return records from rows. A row that does not fit is reported to the log and left out."""
        batch = Batch(store, rows)
        validate = cls.__pydantic_validator__.validate_python
        names = [(relation.key, relation.attribute) for relation in cls.table.relations]
        found: list[Self] = []
        for row in rows:
            flat = row.copy()
            for key, attribute in names:
                if key in flat:
                    flat[attribute] = flat.pop(key)
            try:
                record: Self = validate(flat)
            except ValidationError as error:
                store.unfit.report(translated(cls, error, f"{cls.table.key} {row['id']}"))
                continue
            _set_origin(record, Origin(row, batch))
            found.append(record)
        return found

    @classmethod
    def _decoded_one(cls, store: Store, row: Row) -> Self:
        flat = {
            name: value for name, value in row.items() if name not in cls.table.relations_by_key
        }
        for relation in cls.table.relations:
            flat[relation.attribute] = row[relation.key]
        try:
            record: Self = cls.__pydantic_validator__.validate_python(flat)
        except ValidationError as error:
            raise translated(cls, error, f"{cls.table.key} {row['id']}") from error
        _set_origin(record, Origin(row, Batch(store, (row,))))
        return record


_set_origin = AirtableModel.__dict__["_origin"].__set__


def _with_origin_of(record: T, copied: T) -> T:
    origin = origin_of(record)
    if origin is not None:
        _set_origin(copied, Origin(origin.row, origin.batch))
    return copied


def _by_name(method: str, args: tuple[Any, ...]) -> None:
    if args:
        raise TypeError(f"{method}() takes fields by name")
