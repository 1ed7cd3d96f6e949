"""Linked records in SQL: subqueries over the rows that a relation leads to. Part of `sql`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause

from tablewright.expressions import tree
from tablewright.expressions.sql_arithmetic import whole_microseconds
from tablewright.sql_names import sql_name

if TYPE_CHECKING:
    from tablewright.expressions.sql import SqlScope, SqlTable

Sql = ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Linked:
    """The rows behind a relation. *scope* can name them; *holder* has a row for each link, or is the rows themselves."""

    scope: SqlScope
    rows: FromClause
    holder: FromClause
    select: Callable[[Sql], sa.Select[Any]]
    """Makes a subquery over them."""


def linked(scope: SqlScope, relation: tree.Field, variable: str) -> Linked:
    """Return the rows that *relation* leads to, under the name *variable*."""
    compiler = scope.compiler
    table, own_id = _start(scope, relation)
    link = table.links[relation.name]
    target = compiler.tables[link.target]
    rows = compiler.alias(link.target)
    joined, holder = rows, rows
    if link.holder is None:
        own = rows.c.id == scope.plain(relation)
    else:
        if link.holder is not target.table or link.other != "id":
            holder = link.holder.alias(sql_name(link.holder.name, str(compiler.next_number())))
            joined = sa.join(holder, rows, holder.c[link.other] == rows.c.id)
        own = holder.c[link.own] == own_id

    def select(column: Sql) -> sa.Select[Any]:
        # Everything else belongs to the query around; SQLAlchemy sees that by itself one level up only.
        return sa.select(column).select_from(joined).where(own).correlate_except(rows, holder)

    inner = replace(scope, rows={**scope.rows, variable: (target, rows)})
    return Linked(inner, rows, holder, select)


def _start(scope: SqlScope, relation: tree.Field) -> tuple[SqlTable, Sql]:
    """Return the table that a relation belongs to, and the id of the record it starts from."""
    owner = relation.owner
    if owner is None or isinstance(owner, tree.Variable):
        table, source = scope.rows[owner.name if owner is not None else ""]
        return table, source.c.id
    return scope.compiler.tables[owner.type.name], scope.plain(owner)


def exists(scope: SqlScope, node: tree.Over) -> Sql:
    """Return SQL of `any(…)` or `all(…)`."""
    found = linked(scope, node.relation, node.variable.name)
    rows = _narrowed(found, node, sa.literal(1))
    if scope.compiler.row_by_row:
        rows = rows.offset(sa.literal_column("0"))
    body = node.body if node.body is not None else tree.TRUE
    if node.quantifier == "any":
        return rows.where(found.scope.condition(body)).exists()
    return sa.not_(rows.where(found.scope.opposite(body)).exists())


def aggregate(scope: SqlScope, node: tree.Over) -> Sql:
    """Return SQL of `len(…)`, `sum(…)`, `min(…)` or `max(…)`."""
    found = linked(scope, node.relation, node.variable.name)
    if node.body is None:
        return _narrowed(found, node, sa.func.count()).scalar_subquery()
    inner = found.scope
    # An aggregate over a value of the record around would belong to the query around; a table of values cannot.
    looked_at = inner.value(node.body) if node.quantifier == "sum" else inner.ordering(node.body)
    chosen = _narrowed(found, node, looked_at.label("value"))
    values = chosen.subquery(f"values_{scope.compiler.next_number()}")
    value = values.c.value
    body: Sql
    if node.quantifier == "sum":
        zero = sa.literal(0.0 if node.type.kind != "integer" else 0)
        body = sa.func.coalesce(sa.func.sum(value), zero)
        body = whole_microseconds(scope.compiler, body) if node.type.kind == "duration" else body
        body = sa.cast(body, sa.BigInteger()) if node.type.kind == "integer" else body
    else:
        body = (sa.func.min if node.quantifier == "min" else sa.func.max)(value)
        if node.body.type.kind == "enum":
            body = member_at(body, inner.members(node.body))
    return sa.select(body).select_from(values).scalar_subquery()


def _narrowed(found: Linked, node: tree.Over, column: Sql) -> sa.Select[Any]:
    rows = found.select(column)
    return rows if node.condition is None else rows.where(found.scope.condition(node.condition))


def member_at(ordinal: Sql, members: tuple[str, ...]) -> Sql:
    """Return the name of an enum's value from its place."""
    return sa.case(dict(enumerate(members)), value=ordinal)
