"""Links between records in SQL: writing association rows, finding the other side, and refusing cycles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tablewright.expressions.sql import Dialect
from tablewright.runtime.codec import Row
from tablewright.runtime.errors import Misfit, RecordInvalid
from tablewright.runtime.spec import RelationSpec, TableSpec
from tablewright.runtime.stores.sql_schema import SchemaTables, link_column
from tablewright.runtime.stores.sql_statements import KnownTable, among


def could_close_a_circle(table: TableSpec, rows: Sequence[Row]) -> bool:
    """Tell whether a write touches links that may never lead in a circle: it has to see what others write beside it."""
    acyclic = [relation.key for relation in table.relations if relation.acyclic]
    return any(row.get(key) for row in rows for key in acyclic)


class LinkWriter:
    """Collects the link changes of one write and applies them together, inside its transaction."""

    def __init__(
        self, connection: Connection, schema: SchemaTables, table: TableSpec, dialect: Dialect
    ) -> None:
        self._connection = connection
        self._schema = schema
        self._table = table
        self._dialect = dialect
        self._removed: dict[RelationSpec, list[str]] = {}
        self._added: dict[RelationSpec, dict[str, list[dict[str, Any]]]] = {}
        self._touched: dict[RelationSpec, list[str]] = {}

    def add(self, relation: RelationSpec, record_id: str, linked: Sequence[str]) -> None:
        """Link a new record with others; of two lists for one record the later one counts."""
        self._added.setdefault(relation, {})[record_id] = [
            {"record_id": record_id, "linked_id": one, "position": place}
            for place, one in enumerate(linked)
        ]

    def replace(self, relation: RelationSpec, record_id: str, linked: Any) -> None:
        """Note the new links of a record; links to one stand in its own row and are only checked here."""
        if relation.acyclic and linked:
            self._touched.setdefault(relation, []).append(record_id)
        if relation.many:
            self._removed.setdefault(relation, []).append(record_id)
            self.add(relation, record_id, linked)

    def flush(self) -> None:
        """Write what was noted.

        Raises:
            RecordInvalid: an acyclic relation would lead back to where it began.
        """
        for relation, ids in self._removed.items():
            holder = self._schema.links[self._table.key, relation.key]
            self._connection.execute(
                sa.delete(holder).where(among(holder.c.record_id, ids, self._dialect))
            )
        for relation, by_record in self._added.items():
            rows = [row for linked in by_record.values() for row in linked]
            if rows:
                holder = self._schema.links[self._table.key, relation.key]
                self._connection.execute(sa.insert(holder), rows)
        for relation, ids in self._touched.items():
            self._refuse_cycle(relation, ids)

    def _refuse_cycle(self, relation: RelationSpec, ids: Sequence[str]) -> None:
        source, start, end = self._edges(relation)
        for record_id in dict.fromkeys(ids):
            first = sa.select(end.label("id")).where(start == record_id, end.is_not(None))
            reached = first.cte("reached", recursive=True)
            reached = reached.union(
                sa.select(end)
                .join_from(source, reached, start == reached.c.id)
                .where(end.is_not(None))
            )
            back = sa.select(sa.literal(1)).where(sa.exists().where(reached.c.id == record_id))
            if self._connection.execute(back).first() is not None:
                path = self._path(record_id, source, start, end)
                raise RecordInvalid(
                    f"{self._table.key} {record_id}",
                    [
                        Misfit(
                            relation.key,
                            f"would lead back to the record: {' → '.join(path)}",
                            has_given=False,
                        )
                    ],
                )

    def _edges(self, relation: RelationSpec) -> tuple[sa.Table, Any, Any]:
        if relation.many:
            holder = self._schema.links[self._table.key, relation.key]
            return holder, holder.c.record_id, holder.c.linked_id
        own = self._schema.tables[self._table.key]
        return own, own.c.id, own.c[link_column(relation)]

    def _path(self, record_id: str, source: sa.Table, start: Any, end: Any) -> list[str]:
        """Return the shortest way from a record back to itself; there is one."""
        came_from: dict[str, str] = {}
        border = [record_id]
        while border and record_id not in came_from:
            query = sa.select(start, end).select_from(source)
            edges = self._connection.execute(
                query.where(among(start, border, self._dialect), end.is_not(None))
            ).all()
            border = []
            for one, other in edges:
                if other not in came_from:
                    came_from[other] = one
                    border.append(other)
        path = [record_id]
        while True:
            path.append(came_from[path[-1]])
            if path[-1] == record_id:
                return path[::-1]


def linking(known: KnownTable, relation: RelationSpec, ids: Sequence[str]) -> sa.Select[Any]:
    """Return the rows whose *relation* holds one of *ids*, each once, oldest first."""
    statements = known.statements
    own = statements.table
    if relation.many:
        holder = known.schema.links[known.spec.key, relation.key]
        held = among(holder.c.linked_id, ids, statements.dialect)
        wanted = own.c.id.in_(sa.select(holder.c.record_id).where(held))
    else:
        wanted = among(own.c[link_column(relation)], ids, statements.dialect)
    return sa.select(*statements.columns).where(wanted).order_by(own.c.created_time, own.c.id)
