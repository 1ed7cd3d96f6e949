"""Rows as the evaluator walks over them: links are followed to rows that are fetched for all records at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tablewright.expressions import tree
from tablewright.runtime.codec import Row
from tablewright.runtime.spec import RelationSpec, TableSpec


class Fetches(Protocol):
    """What is needed of a store."""

    def fitting(self, table: TableSpec, ids: Sequence[str]) -> dict[str, Row]:
        """Return the rows with these ids; those that do not fit are left out."""
        ...

    def backward(self, table: TableSpec, relation: RelationSpec, ids: Sequence[str]) -> Backward:
        """Return the rows whose relation holds one of these ids."""
        ...


@dataclass(frozen=True, slots=True)
class Backward:
    """The other side of a link: *by_linked* has the ids of the rows that hold each, *read* gives those rows that fit."""

    by_linked: Mapping[str, Sequence[str]]
    read: Callable[[], Mapping[str, Row]]


class LinkedRow(Mapping[str, Any]):
    """A row whose relations, and other sides of relations, are rows too. Its own id is known before it is fetched."""

    __slots__ = ("_group", "id")

    def __init__(self, record_id: str, group: Group) -> None:
        self.id = record_id
        self._group = group

    def __getitem__(self, key: str) -> Any:
        return self.id if key == "id" else self._group.value(self.id, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._group.rows()[self.id])

    def __len__(self) -> int:
        return len(self._group.rows()[self.id])


class Group:
    """Rows of one table that were reached in the same way: what one of them needs is fetched for all."""

    def __init__(
        self,
        table: TableSpec,
        ids: Sequence[str],
        store: Fetches,
        read: Callable[[], Mapping[str, Row]],
    ) -> None:
        self._table = table
        self._ids = ids
        self._store = store
        self._read = read
        self._rows: Mapping[str, Row] | None = None
        self._linked: dict[str, Group] = {}
        self._backward: dict[str, Mapping[str, Sequence[str]]] = {}

    def rows(self) -> Mapping[str, Row]:
        """Return the rows by id, read at the first call."""
        if self._rows is None:
            self._rows = self._read() if self._ids else {}
        return self._rows

    def members(self, ids: Sequence[str]) -> list[LinkedRow]:
        """Return some of the rows."""
        return [LinkedRow(one, self) for one in ids]

    def value(self, record_id: str, key: str) -> Any:
        """Return a value of a row, blank where the row cannot be read; linked rows for a relation or its other side."""
        relation = self._table.relations_by_key.get(key)
        if relation is not None:
            ids = _ids(self.rows().get(record_id, {}), relation)
            linked = self._forward(relation).members(ids)
            return linked if relation.many else (linked[0] if linked else None)
        inverse = next((one for one in self._table.inverses() if one.key == key), None)
        if inverse is None:
            return self.rows().get(record_id, {}).get(key)
        if key not in self._linked:
            found = self._store.backward(inverse.source, inverse.relation, self._ids)
            every = dict.fromkeys(one for listed in found.by_linked.values() for one in listed)
            self._backward[key] = found.by_linked
            self._linked[key] = Group(inverse.source, list(every), self._store, found.read)
        return self._linked[key].members(self._backward[key].get(record_id, ()))

    def _forward(self, relation: RelationSpec) -> Group:
        if relation.key not in self._linked:
            every = list(
                dict.fromkeys(one for row in self.rows().values() for one in _ids(row, relation))
            )
            target, store = self._table.target(relation), self._store
            self._linked[relation.key] = Group(
                target, every, store, lambda: store.fitting(target, every)
            )
        return self._linked[relation.key]


def linked_rows(table: TableSpec, rows: Sequence[Row], store: Fetches) -> list[LinkedRow]:
    """Return rows that know the way to the rows they link with."""
    ids = [row["id"] for row in rows]
    by_id = {row["id"]: row for row in rows}
    return Group(table, ids, store, lambda: by_id).members(ids)


def reads_linked_rows(table: TableSpec, node: tree.Node) -> bool:
    """Tell whether an expression about rows of *table* needs more of linked ones than the ids that a row holds."""
    inverses = {one.key for one in table.inverses()}
    return any(
        one.name in inverses if one.owner is None else one.name != "id"
        for one in tree.walk(node)
        if isinstance(one, tree.Field)
    )


def _ids(row: Row, relation: RelationSpec) -> Sequence[str]:
    value: Any = row.get(relation.key)
    if relation.many:
        return value or ()
    return (value,) if value else ()
