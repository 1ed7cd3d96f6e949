"""Statements of the SQL stores over one table, built once: SQLAlchemy then finds their text in its cache."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import aggregate_order_by as in_order
from sqlalchemy.ext.compiler import compiles

from tablewright.expressions.sql import Dialect, SqlScope
from tablewright.runtime.codec import Row
from tablewright.runtime.spec import QUEUE_KEYS, RelationSpec, TableSpec
from tablewright.runtime.stores.sql_numbers import AUTO_NUMBER
from tablewright.runtime.stores.sql_queue_columns import not_held
from tablewright.runtime.stores.sql_schema import CREATED, ID, SchemaTables, link_column
from tablewright.runtime.stores.sql_types import IdList


class Explained(sa.Executable, sa.ClauseElement):
    """`EXPLAIN` of a statement, in the form of the database at hand."""

    inherit_cache = False

    def __init__(self, statement: sa.Select[Any]) -> None:
        self.statement = statement


@compiles(Explained)
def _explained(element: Explained, compiler: Any, **options: Any) -> str:
    word = "EXPLAIN QUERY PLAN" if compiler.dialect.name == "sqlite" else "EXPLAIN"
    return f"{word} {compiler.process(element.statement, **options)}"


def among(column: Any, ids: Sequence[str] | sa.BindParameter[Any], dialect: Dialect) -> Any:
    """Return the condition that a column holds one of *ids*: one parameter, however many they are."""
    if dialect == "postgresql":
        listed = (
            ids if isinstance(ids, sa.BindParameter) else sa.literal(list(ids), ARRAY(sa.Text()))
        )
        return column == sa.any_(listed)
    text = (
        ids if isinstance(ids, sa.BindParameter) else sa.literal(json.dumps(list(ids)), sa.Text())
    )
    return column.in_(sa.select(sa.func.json_each(text).table_valued("value").c.value))


@dataclass(frozen=True, slots=True)
class TableStatements:
    """The statements of one table. *columns* and *keys* are what a row is read from, in the same order.

    *worked_out* are the keys of what the database gives a row itself, the id in front; nothing where there is none.
    """

    table: sa.Table
    dialect: Dialect
    spec: TableSpec
    columns: tuple[Any, ...]
    keys: tuple[str, ...]
    insert: sa.Insert
    worked_out: tuple[str, ...]
    made: dict[tuple[object, ...], Any] = field(default_factory=dict)

    def rows(self, found: Sequence[Any]) -> list[Row]:
        """Return rows by key, from those of `columns`."""
        return [dict(zip(self.keys, row, strict=True)) for row in found]

    def fetch(self, ids: Sequence[str], keys: Sequence[str] = ()) -> Any:
        """Return the rows with these ids, or just the values of *keys*."""
        wanted = (
            self.table.c.id == ids[0]
            if len(ids) == 1
            else among(self.table.c.id, ids, self.dialect)
        )
        columns = [self.columns[self.keys.index(key)] for key in keys] or self.columns
        return sa.select(*columns).where(wanted)

    def lock(self, ids: Sequence[str], dialect: Dialect) -> Any:
        """Return the ids that are there, and keep their rows from changing until the transaction ends."""
        found = sa.select(self.table.c.id).where(among(self.table.c.id, ids, dialect))
        return (
            found.order_by(self.table.c.id).with_for_update() if dialect == "postgresql" else found
        )

    def delete(self, ids: Sequence[str]) -> Any:
        """Delete the rows with these ids and return those that were there."""
        return (
            sa.delete(self.table)
            .where(among(self.table.c.id, ids, self.dialect))
            .returning(self.table.c.id)
        )

    def update(self, keys: tuple[str, ...]) -> Any:
        """Set the columns *keys* from parameters `new_…` where the id is `_id`."""
        known = self.made.get(("update", keys))
        if known is None:
            known = (
                sa.update(self.table)
                .where(self.table.c.id == sa.bindparam("_id", type_=sa.Text()))
                .values(
                    {key: sa.bindparam(f"new_{key}", type_=self.table.c[key].type) for key in keys}
                )
            )
            self.made["update", keys] = known
        return known

    def move(
        self,
        keys: tuple[str, ...],
        expected: tuple[str, ...],
        many: tuple[str, ...],
        schema: SchemaTables,
    ) -> Any:
        """As `update`, where the columns of *expected* hold `was_…` and the links of *many* are those of `was_…`."""
        known = self.made.get(("move", keys, expected, many))
        if known is None:
            known = self.update(keys).where(
                *(self._unchanged(key) for key in expected),
                *(self._unchanged_links(schema.links[self.spec.key, key], key) for key in many),
                *([not_held(self.table, self.dialect)] if self.spec.queue is not None else ()),
            )
            self.made["move", keys, expected, many] = known
        return known

    def _unchanged(self, key: str) -> Any:
        relation = self.spec.relations_by_key.get(key)
        column = self.table.c[key if relation is None else link_column(relation)]
        return column.is_not_distinct_from(sa.bindparam(f"was_{key}", type_=column.type))

    def _unchanged_links(self, holder: sa.Table, key: str) -> Any:
        kind: Any = ARRAY(sa.Text()) if self.dialect == "postgresql" else sa.JSON()
        was = sa.bindparam(f"was_{key}", type_=kind)
        own = holder.c.record_id == sa.bindparam("_id", type_=sa.Text())
        all_links = sa.select(sa.func.count()).select_from(holder).where(own).scalar_subquery()
        same = (
            sa.select(sa.func.count())
            .select_from(holder)
            .where(own, among(holder.c.linked_id, was, self.dialect))
        )
        number = sa.bindparam(f"number_{key}", type_=sa.Integer())
        return sa.and_(all_links == number, same.scalar_subquery() == number)

    def add_history(self, schema: SchemaTables) -> Any:
        """Insert one row of the history."""
        return sa.insert(schema.history[self.spec.key])


@dataclass(frozen=True, slots=True)
class KnownTable:
    """What the store knows of a table that was looked at: its schema is there. *collation* changes case as Unicode says."""

    spec: TableSpec
    schema: SchemaTables
    statements: TableStatements
    collation: str | None


def table_statements(
    spec: TableSpec, schema: SchemaTables, dialect: Dialect, scope: SqlScope
) -> TableStatements:
    """Return the statements of a table. What is worked out of each row is compiled from *scope*."""
    table = schema.tables[spec.key]
    read: dict[str, Any] = {ID: table.c[ID], CREATED: table.c[CREATED]}
    worked_out: list[str] = []
    for one in spec.fields:
        if one.has_column:
            read[one.key] = table.c[one.key]
        else:
            read[one.key] = schema.seen[spec.key].derived[one.key](scope).label(one.key)
        if not one.has_column or one.kind == AUTO_NUMBER:
            worked_out.append(one.key)
    for relation in spec.relations:
        if relation.many:
            read[relation.key] = _gathered(
                table, schema.links[spec.key, relation.key], relation, dialect
            )
        else:
            read[relation.key] = table.c[link_column(relation)].label(relation.key)
    if spec.queue is not None:
        read |= {key: table.c[key] for key in QUEUE_KEYS}
    return TableStatements(
        table,
        dialect,
        spec,
        tuple(read.values()),
        tuple(read),
        sa.insert(table),
        (ID, *worked_out) if worked_out else (),
    )


def _gathered(table: sa.Table, holder: sa.Table, relation: RelationSpec, dialect: Dialect) -> Any:
    """Return the linked ids of a row as one value, in their order."""
    own = holder.alias(f"{relation.key}_of")
    if dialect == "postgresql":
        ids: Any = sa.func.array_agg(in_order(own.c.linked_id, own.c.position.asc()))
        gathered = sa.select(ids).where(own.c.record_id == table.c.id)
    else:
        inner = (
            sa.select(own.c.linked_id).where(own.c.record_id == table.c.id).order_by(own.c.position)
        )
        listed = inner.correlate(table).subquery(f"{relation.key}_ids")
        gathered = sa.select(sa.func.json_group_array(listed.c.linked_id))
    subquery = gathered.correlate(table).scalar_subquery()
    return sa.type_coerce(subquery, IdList()).label(relation.key)
