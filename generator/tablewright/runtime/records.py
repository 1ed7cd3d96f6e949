# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""What a stored record remembers: its store, its row as stored, and the records that were read together with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tablewright.runtime.codec import Row
from tablewright.runtime.connection import current_store
from tablewright.runtime.model import AirtableModel

if TYPE_CHECKING:
    from tablewright.runtime.queue.lease import Lease
    from tablewright.runtime.stores.base import Store

R = TypeVar("R", bound="AirtableModel")


class Batch:
    """Rows that were read by one query. Links are loaded for all of them when one of them asks.

    *linked* holds what was loaded: by relation, the linked records by id, or by the id of the record they link to.
    """

    __slots__ = ("_store", "linked", "rows")

    def __init__(self, store: Store | None, rows: Sequence[Row]) -> None:
        self._store = store
        self.rows = rows
        self.linked: dict[str, dict[str, Any]] = {}

    @property
    def store(self) -> Store:
        """Return the store that the rows came from; records that were unpickled belong to the current one."""
        if self._store is None:
            self._store = current_store()
        return self._store

    def ids(self) -> list[str]:
        """Return the ids of the rows."""
        return [row["id"] for row in self.rows]


class Origin:
    """Where a record came from, and the lease of a task that was claimed. One for each stored record, in its only slot."""

    __slots__ = ("_batch", "_store", "lease", "linked", "row")

    _store: Store | None
    """That of the batch, once the record stands alone."""

    def __init__(self, row: Row, batch: Batch, lease: Lease | None = None) -> None:
        self.row = row
        self._batch: Batch | None = batch
        self.lease = lease
        self.linked: dict[str, Any] | None = None

    @property
    def batch(self) -> Batch:
        """Return the rows that links are loaded for together; this one alone once links were forgotten."""
        if self._batch is None:
            self._batch = Batch(self._store, (self.row,))
        return self._batch

    @property
    def store(self) -> Store:
        """Return the store that holds the record."""
        return self.batch.store

    def forget_links(self, keys: Iterable[str] | None = None) -> None:
        """Forget linked records, all or those of some relations, so that they are loaded again, and alone."""
        if keys is None:
            self.linked = None
        elif self.linked is not None:
            for key in keys:
                self.linked.pop(key, None)
        if self._batch is not None:
            self._store, self._batch = self._batch._store, None


def origin_of(record: AirtableModel) -> Origin | None:
    """Return where a record came from; nothing where it was never stored."""
    try:
        return record._origin
    except AttributeError:
        return None


set_origin: Final[Callable[[AirtableModel, Origin], None]] = vars(AirtableModel)["_origin"].__set__
"""Remembers where a record came from, past pydantic's own `__setattr__`, which knows fields only."""


def with_origin_of(record: R, copied: R) -> R:
    """Return *copied*, a copy of *record*, which stands for the same stored record."""
    origin = origin_of(record)
    if origin is not None:
        set_origin(copied, Origin(origin.row, origin.batch, origin.lease))
    return copied


def copied(record: R) -> R:
    """Return a copy of *record*, which has nothing beside its fields, that stands for the same stored record.

    What pydantic's own copy does, which looks up anew each time how a dict and a set are copied.
    """
    copy = type(record).__new__(type(record))
    set_part = object.__setattr__
    set_part(copy, "__dict__", record.__dict__.copy())
    set_part(copy, "__pydantic_fields_set__", record.__pydantic_fields_set__.copy())
    set_part(copy, "__pydantic_extra__", None)
    set_part(copy, "__pydantic_private__", None)
    return with_origin_of(record, copy)


def unpickled_origin(row: Row) -> Origin:
    """Return the origin of a record that comes from another process: it belongs to the store that is current here."""
    return Origin(row, Batch(None, (row,)))
