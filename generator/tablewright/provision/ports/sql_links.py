"""Links of a relation that led to one record and leads to many now, or the other way round: found, and moved over.

A link to one is a column of its table; links to many are the rows of an association table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tablewright.model.schema import Relation, Schema, Table
from tablewright.names import snake, sql_table
from tablewright.sql_names import sql_name

_ASSOCIATION: Final = ("record_id", "linked_id", "position")


@dataclass(frozen=True, slots=True)
class MovedLinks:
    """Links that move between *column* of *table* and the association table *holder*.

    *rows* hold links, *several* of them more than one, *links* is how many links there are.
    """

    table: str
    relation: str
    column: str
    holder: str
    to_many: bool
    rows: int
    several: int
    links: int

    @property
    def text(self) -> str:
        """Return what is told of it."""
        links = f"{self.links} link{'' if self.links == 1 else 's'}"
        if self.to_many:
            return f"relation '{self.relation}' leads to many: {links} moved from column '{self.column}' into table '{self.holder}'"
        said = f"relation '{self.relation}' leads to one: {links} moved from table '{self.holder}' into column '{self.column}'"
        if not self.several:
            return said
        lost = self.links - self.rows
        rows = "1 row keeps" if self.several == 1 else f"{self.several} rows keep"
        return (
            f"{said}; {rows} the first of several, and {lost} {'is' if lost == 1 else 'are'} lost"
        )

    def carry_out(self, connection: Connection) -> None:
        """Move the links, once both places are there. The emptied column is dropped by the caller."""
        one: sa.ColumnClause[str] = sa.column(self.column)
        record: sa.ColumnClause[str] = sa.column("id")
        table = sa.table(self.table, record, one)
        holder = sa.table(self.holder, *(sa.column(name) for name in _ASSOCIATION))
        if self.to_many:
            links = sa.select(record, one, sa.literal(0)).select_from(table).where(one.is_not(None))
            connection.execute(holder.insert().from_select(_ASSOCIATION, links))
            return
        first = (
            sa.select(holder.c.linked_id)
            .where(holder.c.record_id == table.c.id)
            .order_by(holder.c.position, holder.c.linked_id)
            .limit(1)
            .correlate(table)
            .scalar_subquery()
        )
        connection.execute(table.update().values({self.column: first}))
        connection.execute(sa.schema.DropTable(sa.Table(self.holder, sa.MetaData())))


def moved_links(connection: Connection, schema: Schema, wanted: Collection[str]) -> tuple[MovedLinks, ...]:  # fmt: skip
    """Return the links to move. *wanted* are the names of the schema's tables; renames are done already."""
    return tuple(_found(connection, schema, wanted))


def _found(connection: Connection, schema: Schema, wanted: Collection[str]) -> Iterator[MovedLinks]:
    inspector = sa.inspect(connection)
    there = set(inspector.get_table_names())
    for table in schema.tables:
        name = sql_table(table.key)
        if name not in there:
            continue
        columns = {str(one["name"]) for one in inspector.get_columns(name)}
        targets = _targets(inspector, name)
        own = {one.key for one in table.fields}
        own |= {f"{one.key}_id" for one in table.relations if not one.many}
        for relation in table.relations:
            column, holder = f"{relation.key}_id", sql_name(name, relation.key)
            target = sql_table(relation.target)
            if relation.many and holder not in there:
                for old in (f"{key}_id" for key in (relation.key, *relation.was)):
                    if targets.get(old) == target and old not in own:
                        yield _out_of_column(connection, name, relation, old, holder)
                        break
            elif not relation.many and column not in columns:
                for old in _old_holders(table, relation):
                    if old in there and old not in wanted and _is_association(connection, old, name, target):  # fmt: skip
                        yield _out_of_holder(connection, name, relation, column, old)
                        break


def _targets(inspector: sa.Inspector, table: str) -> dict[str, str]:
    """Return the tables that single columns of a table refer to."""
    return {
        str(one["constrained_columns"][0]): str(one["referred_table"])
        for one in inspector.get_foreign_keys(table)
        if len(one["constrained_columns"]) == 1
    }


def _old_holders(table: Table, relation: Relation) -> Iterator[str]:
    for name in (table.key, *table.was):
        for key in (relation.key, *relation.was):
            yield sql_name(sql_table(name), key)
            # SQLite may hold it under its whole name, which is shortened now.
            yield f"{snake(name)}_{key}"


def _is_association(connection: Connection, holder: str, source: str, target: str) -> bool:
    inspector = sa.inspect(connection)
    columns = {str(one["name"]) for one in inspector.get_columns(holder)}
    refers = _targets(inspector, holder)
    return columns == set(_ASSOCIATION) and refers == {"record_id": source, "linked_id": target}


def _out_of_column(
    connection: Connection, table: str, relation: Relation, column: str, holder: str
) -> MovedLinks:
    filled = sa.select(sa.func.count(sa.column(column))).select_from(sa.table(table))
    count = int(connection.execute(filled).scalar_one())
    return MovedLinks(table, relation.key, column, holder, True, count, 0, count)


def _out_of_holder(
    connection: Connection, table: str, relation: Relation, column: str, holder: str
) -> MovedLinks:
    record: sa.ColumnClause[str] = sa.column("record_id")
    each = sa.select(sa.func.count().label("links")).select_from(sa.table(holder)).group_by(record).subquery()  # fmt: skip
    several = sa.func.sum(sa.case((each.c.links > 1, 1), else_=0))
    found = connection.execute(sa.select(sa.func.count(), several, sa.func.sum(each.c.links))).one()
    rows, several_links, links = (int(one or 0) for one in found)
    return MovedLinks(table, relation.key, column, holder, False, rows, several_links, links)
