"""Functions of the language in SQL, for SQLite and PostgreSQL. Part of `sql`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import ColumnElement, Grouping

from tablewright.expressions.sql_arithmetic import rounded_down

if TYPE_CHECKING:
    from tablewright.expressions.sql import SqlCompiler

Sql = ColumnElement[Any]

WHITE_SPACE: Final = "".join(map(chr, [*range(9, 14), *range(28, 33), 133, 160, 5760, *range(8192, 8203), 8232, 8233, 8239, 8287, 12288]))  # fmt: skip
"""What Python's `str.strip` takes away."""


def calendar(compiler: SqlCompiler, name: str, value: Sql, *, is_moment: bool) -> Sql:
    """Return a part of a date or moment in UTC, or its date."""
    if compiler.dialect == "postgresql":
        local = sa.func.timezone("UTC", value, type_=sa.DateTime()) if is_moment else value
        if name == "date":
            return sa.cast(local, sa.Date())
        if name == "weekday":
            return sa.cast(sa.extract("isodow", local), sa.BigInteger()) - 1
        return sa.cast(sa.extract(name, local), sa.BigInteger())
    text = sa.type_coerce(value, sa.Text())
    if name == "date":
        return sa.func.substr(text, 1, 10, type_=sa.Date())
    if name == "weekday":
        since_sunday = sa.cast(sa.func.strftime("%w", sa.func.substr(text, 1, 10)), sa.BigInteger())
        return (since_sunday + 6) % 7
    start, length = {"year": (1, 4), "month": (6, 2), "day": (9, 2), "hour": (12, 2)}[name]
    return sa.cast(sa.func.substr(text, start, length), sa.BigInteger())


def text_or_number(compiler: SqlCompiler, name: str, values: list[Sql]) -> Sql:
    """Return a call of a function over texts or numbers."""
    postgres = compiler.dialect == "postgresql"
    first = values[0]
    match name:
        case "lower" | "upper":
            return _letters(compiler, name, first)
        case "strip":
            trim = sa.func.btrim if postgres else sa.func.trim
            return trim(first, WHITE_SPACE, type_=sa.Text())
        case "contains":
            find = sa.func.strpos if postgres else sa.func.instr
            return find(first, values[1], type_=sa.Integer()) > 0
        case "startswith":
            head = sa.func.substr(first, 1, _length(compiler, values[1]), type_=sa.Text())
            return head == values[1]
        case "endswith":
            start = _length(compiler, first) - _length(compiler, values[1]) + 1
            tail = sa.func.substr(first, start, type_=sa.Text())
            return sa.and_(start >= 1, tail == values[1])
        case "len":
            return _length(compiler, first)
        case "round":
            return _round(compiler, first, values[1] if len(values) > 1 else sa.literal(0))
        case "floor":
            return sa.cast(rounded_down(compiler, sa.cast(first, sa.Double())), sa.BigInteger())
        case "ceil":
            return -sa.cast(rounded_down(compiler, -sa.cast(first, sa.Double())), sa.BigInteger())
        case _:  # abs
            return sa.func.abs(first, type_=first.type)


def _letters(compiler: SqlCompiler, name: str, value: Sql) -> Sql:
    if compiler.dialect == "sqlite":
        return getattr(sa.func, f"tw_{name}")(value, type_=sa.Text())  # type: ignore[no-any-return]
    # In brackets: COLLATE binds closer than ||, and would be for the last part of a sum of texts.
    folding = sa.collate(Grouping(value), compiler.collation) if compiler.collation else value
    return sa.collate(getattr(sa.func, name)(folding, type_=sa.Text()), "C")


def list_length(compiler: SqlCompiler, items: Sql) -> Sql:
    """Return how many values a list holds: none behind a link that leads nowhere."""
    if compiler.dialect == "postgresql":
        length = sa.func.jsonb_array_length(sa.type_coerce(items, JSONB()))
    else:
        length = sa.func.json_array_length(items)
    return sa.func.coalesce(length, 0, type_=sa.Integer())


def _length(compiler: SqlCompiler, text: Sql) -> Sql:
    count_ = sa.func.char_length if compiler.dialect == "postgresql" else sa.func.length
    return count_(text, type_=sa.Integer())


def _round(compiler: SqlCompiler, value: Sql, places: Sql) -> Sql:
    if compiler.dialect == "sqlite":
        return sa.func.tw_round(value, places, type_=sa.Double())
    # By way of text, so that the digits as written are rounded and not the double behind them.
    exact = sa.cast(sa.cast(value, sa.Text()), sa.Numeric())
    return sa.cast(
        sa.func.round(exact, sa.cast(places, sa.Integer()), type_=sa.Numeric()), sa.Double()
    )
