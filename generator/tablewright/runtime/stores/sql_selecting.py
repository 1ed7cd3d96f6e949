"""Selections of rows → SELECT statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.sql import Dialect, SqlCompiler, SqlScope
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.base import Selection
from tablewright.runtime.stores.sql_schema import SchemaTables
from tablewright.runtime.stores.sql_statements import KnownTable


def scope_over(
    table: TableSpec,
    schema: SchemaTables,
    dialect: Dialect,
    collation: str | None,
    now: datetime | None,
) -> SqlScope:
    """Return the place from which expressions about rows of *table* are compiled, at the moment *now*."""
    evaluator = Evaluator({}, now or datetime.now(UTC), table.enums())
    compiler = SqlCompiler(dialect, schema.seen, schema.moment, evaluator, collation)
    return compiler.over(table.key)


def scope_of(known: KnownTable, selection: Selection) -> SqlScope:
    """Return the place from which the expressions of a selection are compiled."""
    dialect = known.statements.dialect
    return scope_over(selection.table, known.schema, dialect, known.collation, selection.now)


def picked(
    known: KnownTable,
    selection: Selection,
    columns: Sequence[Any],
    scope: SqlScope | None = None,
    *,
    ordered: bool = True,
) -> sa.Select[Any]:
    """Return *columns* of the wanted rows."""
    scope = scope or scope_of(known, selection)
    own = known.statements.table
    statement = sa.select(*columns).select_from(own).where(scope.condition(selection.where))
    if ordered:
        for order in selection.order:
            by = scope.ordering(order.by)
            if not _looks_at_rows(by):
                continue
            direction = by.desc() if order.descending else by.asc()
            if known.statements.dialect == "postgresql":
                direction = direction.nulls_last() if order.descending else direction.nulls_first()
            statement = statement.order_by(direction)
        statement = statement.order_by(own.c.created_time, own.c.id)
    if selection.limit is not None:
        statement = statement.limit(selection.limit)
    return statement.offset(selection.offset) if selection.offset else statement


def _looks_at_rows(by: Any) -> bool:
    """Tell whether a value can differ between rows. One that cannot sorts nothing, and as a number means a column."""
    return any(isinstance(one, sa.ColumnClause) for one in visitors.iterate(by))


def counted(known: KnownTable, selection: Selection) -> sa.Select[Any]:
    """Return how many rows are wanted."""
    own = known.statements.table
    if selection.limit is None and not selection.offset:
        condition = scope_of(known, selection).condition(selection.where)
        return sa.select(sa.func.count()).select_from(own).where(condition)
    rows = picked(known, selection, [own.c.id], ordered=False).subquery()
    return sa.select(sa.func.count()).select_from(rows)
