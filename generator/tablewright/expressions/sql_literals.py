"""Plain values in SQL, as columns of their types hold them. Part of `sql`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine

from tablewright.expressions.types import ValueType

if TYPE_CHECKING:
    from tablewright.expressions.sql import SqlCompiler

Sql = ColumnElement[Any]

_TYPES: Final[Mapping[str, type[TypeEngine[Any]]]] = {
    "integer": sa.BigInteger,
    "number": sa.Double,
    "boolean": sa.Boolean,
    "date": sa.Date,
    "duration": sa.Double,
}


def value_type(compiler: SqlCompiler, kind: ValueType) -> TypeEngine[Any]:
    """Return the type of SQL values of this kind; durations are seconds."""
    if kind.kind == "datetime":
        return compiler.moment_type
    return _TYPES.get(kind.kind, sa.Text)()


def literal(compiler: SqlCompiler, value: Any, kind: ValueType) -> Sql:
    """Return a plain value, as columns of its type hold it."""
    if value is None:
        return sa.cast(sa.null(), value_type(compiler, kind))
    if isinstance(value, bool):
        return sa.true() if value else sa.false()
    if isinstance(value, datetime):
        return sa.literal(value.astimezone(UTC), compiler.moment_type)
    if isinstance(value, date):
        return sa.literal(value, sa.Date())
    if isinstance(value, int) and abs(value) < 2**63:
        return sa.literal(value, sa.BigInteger())
    if isinstance(value, (int, float)):
        return sa.literal(float(value), sa.Double())
    return sa.literal(value, sa.Text())


def stored(value: Any) -> Any:
    """Return a value of the language as it is stored: an enum's by its name, a duration in seconds."""
    if isinstance(value, Enum):
        return value.name
    return value.total_seconds() if isinstance(value, timedelta) else value
