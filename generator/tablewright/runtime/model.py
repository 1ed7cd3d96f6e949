"""The base class of generated records: a pydantic model that a store keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Never, Self, TypeVar, overload

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tablewright.runtime.deferred import Deferred
from tablewright.runtime.record_class import RecordClass

if TYPE_CHECKING:
    from pathlib import Path

    from tablewright.runtime import (
        connection,
        lifecycle,
        misfits,
        query,
        reading,
        records,
        relations,
        storing,
        upserting,
        writing,
    )
    from tablewright.runtime.columns import Condition
    from tablewright.runtime.decision import Decide
    from tablewright.runtime.inputs import CreateInput, UpdateInput
    from tablewright.runtime.lifecycle import HistoryEntry
    from tablewright.runtime.query import Query, Records
    from tablewright.runtime.records import Origin
    from tablewright.runtime.spec import TableSpec
    from tablewright.runtime.stores.base import Comment, Progress
else:
    # What records do is imported when one does it: a program that only needs the classes starts faster.
    connection, lifecycle, misfits, query, reading, records, relations, storing, upserting, writing = (
        Deferred(f"tablewright.runtime.{name}")
        for name in (
            "connection", "lifecycle", "misfits", "query", "reading", "records", "relations", "storing",
            "upserting", "writing",
        )
    )  # fmt: skip

T = TypeVar("T", bound="AirtableModel")


class AirtableModel(BaseModel, metaclass=RecordClass):
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
        return storing.create(cls, values)

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
            RecordInvalid: values do not fit; it has them all, each with the place of its item, from 0.
            WriteIncomplete: some are stored and some are not; it says which, and holds those that are.
        """
        return storing.bulk_create(cls, writing.several(items, "bulk_create([{…}, …])"), progress)

    @classmethod
    def upsert(cls, *args: Any, **values: Any) -> Self:
        """Update the record whose fields `on=` have the given values, or store a new one; return it.

        `on` is the unique field among those given, unless said otherwise. An update writes the given fields only.
        """
        _by_name("upsert", args)
        return cls._upsert(values, on=values.pop("on", None))

    @classmethod
    def _upsert(cls, values: Mapping[str, Any], *, on: str | Sequence[str] | None = None) -> Self:
        return storing.upsert(cls, values, on)

    @classmethod
    def bulk_upsert(
        cls, items: Iterable[Mapping[str, Any] | CreateInput], *, on: str | Sequence[str] | None = None
    ) -> list[Self]:  # fmt: skip
        """Update the records whose fields *on* have the values of an item, or store new ones; return them in order.

        As in `upsert`: new records are stored first, then changes. What goes wrong is told as by `bulk_create`.
        """
        return upserting.bulk_upsert(cls, writing.several(items, "bulk_upsert([{…}, …])"), on)

    # -- finding --------------------------------------------------------------------------------------------------

    @classmethod
    def get(cls, record_id: str) -> Self:
        """Return the record with this id.

        Raises:
            RecordNotFound: there is none.
        """
        store = connection.current_store()
        return reading.decoded_one(cls, store, reading.fetched_row(cls, store, record_id))

    @classmethod
    def where(cls, *conditions: Condition, **values: Never) -> Query[Self]:
        """Return the records that meet all conditions, such as `Task.c.retry_count < 3`; without any, all records.

        Raises:
            TypeError: values of fields, which are for `find_by`, or what is no condition.
        """
        return query.Query(cls).where(*conditions, **values)

    @classmethod
    def all(cls) -> Records[Self]:
        """Return every record, in the order they were created; `where()` is the query for them, to count or sort."""
        return query.Query(cls).all()

    @classmethod
    def first(cls, *conditions: Condition, **values: Never) -> Self | None:
        """Return the oldest record that meets all conditions, or None."""
        return query.narrowed(cls, "first", conditions, values).first()

    @classmethod
    def count(cls, *conditions: Condition, **values: Never) -> int:
        """Return how many records meet all conditions."""
        return query.narrowed(cls, "count", conditions, values).count()

    @classmethod
    def exists(cls, *conditions: Condition, **values: Never) -> bool:
        """Tell whether a record meets all conditions."""
        return query.narrowed(cls, "exists", conditions, values).exists()

    @classmethod
    def find_by(cls, *args: Any, **values: Any) -> Query[Self]:
        """Return the records whose fields have these values; None finds blank ones. Generated classes spell it out."""
        _by_name("find_by", args)
        return cls._find_by(values)

    @classmethod
    def _find_by(cls, values: Mapping[str, Any]) -> Query[Self]:
        return cls.where(*(writing.equality(cls, key, value) for key, value in values.items()))

    # -- changing -------------------------------------------------------------------------------------------------

    @property
    def is_saved(self) -> bool:
        """Tell whether the record was read from a store or stored in one, and not deleted through this object."""
        return records.origin_of(self) is not None

    @property
    def unsaved_changes(self) -> dict[str, Any]:
        """Return the fields and relations that differ from what is stored, with their values here; links as ids."""
        return storing.unsaved_changes(self)

    def save(self, *, if_unchanged: bool = False) -> Self:
        """Store the record: a new one whole, a stored one by the fields that changed. Return the record itself.

        What somebody else changed in other fields since the record was read stays as it is. With *if_unchanged* nothing
        is stored where any field of the stored record is not as it was read. On Airtable, which has no conditional
        write, the record is read again before; somebody who writes between that reading and the write is not seen.

        Raises:
            RecordInvalid: a value does not fit; nothing was stored.
            RecordNotFound: somebody deleted the record.
            RecordChanged: somebody else changed the record, and *if_unchanged* was asked for.
        """
        storing.save(self, if_unchanged=if_unchanged)
        return self

    def update(self, *args: Any, **values: Any) -> Self:
        """Set these fields and store them; other unsaved changes stay unsaved. Generated classes spell it out."""
        _by_name("update", args)
        return self._update(values)

    def _update(self, values: Mapping[str, Any]) -> Self:
        storing.update(self, values)
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

        Raises:
            RecordInvalid: values do not fit; it has them all, each with the place of its record, or with its id.
            RecordNotFound: records are not there.
            WriteIncomplete: some are stored and some are not; it says which.
        """
        if isinstance(changes, Mapping):
            return storing.bulk_update_by_id(cls, changes)
        return storing.bulk_update(cls, writing.changed_records(changes))

    def refresh(self) -> Self:
        """Read the record again: unsaved changes and loaded links are dropped. Return the record itself.

        Raises:
            RecordNotFound: somebody deleted the record.
        """
        storing.refresh(self)
        return self

    def delete(self) -> None:
        """Delete the record from its store.

        Raises:
            RecordInUse: other records link to it in a way that forbids it.
            RecordNotFound: it is not there any more.
        """
        storing.delete(self)

    @classmethod
    def bulk_delete(cls, records: Iterable[Self | str]) -> int:
        """Delete records, given by themselves or by their ids, and return how many were there. On SQL all or none."""
        return storing.bulk_delete(cls, writing.several(records, "bulk_delete([record, …])"))

    # -- beside the fields ----------------------------------------------------------------------------------------

    def comments(self) -> list[Comment]:
        """Return what people wrote about the record, oldest first.

        Raises:
            NotSupported: the store has no comments; Airtable does.
        """
        return storing.comments(self)

    def add_comment(self, text: str) -> Comment:
        """Write about the record. `@[usrXXXXXXXXXXXXXX]` mentions somebody.

        Raises:
            NotSupported: the store has no comments; Airtable does.
        """
        return storing.add_comment(self, text)

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
        storing.upload(self, field, file, content, content_type)
        return self

    # -- lifecycle ------------------------------------------------------------------------------------------------

    def history(self) -> list[HistoryEntry]:
        """Return the transitions that the record made, oldest first."""
        return lifecycle.history(self)

    def open_transitions(self) -> tuple[str, ...]:
        """Return the transitions that are possible now, as each one's `can_…` tells; guards may load links."""
        return lifecycle.possible(self)

    def _transition(
        self,
        name: str,
        decide: Decide,
        arguments: Mapping[str, Any] | None = None,
        *,
        by: str | None = None,
        why: str | None = None,
    ) -> Self:
        return lifecycle.transition(self, name, decide, arguments, by=by, why=why)

    def _can(self, name: str, decide: Decide | None = None) -> bool:
        return lifecycle.can(self, name, decide)

    # -- relations ------------------------------------------------------------------------------------------------

    def _linked(self, key: str, target: type[T]) -> T:
        """Return the record of a required link.

        Raises:
            RecordNotFound: the link is empty, or leads to a record that is gone.
        """
        return relations.linked_required(self, key, target)

    def _linked_one(self, key: str, target: type[T]) -> T | None:
        return relations.linked_one(self, key, target)

    def _linked_many(self, key: str, target: type[T]) -> list[T]:
        return relations.linked_many(self, key, target)

    def _linked_back(self, key: str, source: type[T]) -> list[T]:
        return relations.linked_back(self, key, source)

    def _link_one(self, key: str, linked: Any) -> None:
        relations.link_one(self, key, linked)

    def _link_many(self, key: str, linked: Sequence[Any]) -> None:
        relations.link_many(self, key, linked)

    # -- inner workings -------------------------------------------------------------------------------------------

    def described(self) -> str:
        """Return the record's type and id, for messages."""
        return f"{type(self).table.key} {self.id or '(not stored)'}"

    def __setattr__(self, name: str, value: Any) -> None:
        relation = type(self).table.relations_by_attribute.get(name)
        if relation is not None:
            relations.check_ids(self, relation, value)
        try:
            super().__setattr__(name, value)
        except ValidationError as error:
            raise misfits.translated(type(self), error, self.described()) from error
        except AttributeError:
            misfits.refuse_other_side(type(self), name, self.described())
            raise

    def __copy__(self) -> Self:
        private, extra = getattr(self, "__pydantic_private__", None), self.__pydantic_extra__
        if private is not None or extra is not None:
            return records.with_origin_of(self, super().__copy__())
        return records.copied(self)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return records.with_origin_of(self, super().__deepcopy__(memo))

    def __getstate__(self) -> dict[Any, Any]:
        origin = records.origin_of(self)
        return {**super().__getstate__(), "row": None if origin is None else origin.row}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        state = dict(state)
        row = state.pop("row", None)
        super().__setstate__(state)
        if row is not None:
            records.set_origin(self, records.unpickled_origin(row))


def _by_name(method: str, args: tuple[Any, ...]) -> None:
    if args:
        raise TypeError(f"{method}() takes fields by name")
