"""Calculations in SQL, with numbers, moments and durations, for SQLite and PostgreSQL. Part of `sql`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine

from tablewright.expressions import tree
from tablewright.expressions.operations import FIRST_MOMENT, LAST_MOMENT, MAX_SPAN

if TYPE_CHECKING:
    from tablewright.expressions.sql import SqlCompiler

Sql = ColumnElement[Any]

_PLAIN: Final[Mapping[str, Callable[[Any, Any], Sql]]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
}  # fmt: skip
_MAX_STORED: Final = 2**53
"""No field or argument holds a larger integer."""

_MAX_COUNTED: Final = 2**31
_MAX_KEPT: Final = 2**63
_MAX_SECONDS: Final = MAX_SPAN.total_seconds()
_FIRST_SECOND: Final = -62_135_596_800.0
_END_SECOND: Final = 253_402_300_800.0
"""The first second of the year 1, and of the year 10000, counted from 1970."""

_EXACT_SECONDS: Final = 2.0**33
"""Up to here, about 272 years, double precision holds seconds to the microsecond, and to count in those is no loss."""

_MOST_ADDED: Final = 1e12
"""Seconds that PostgreSQL can make an interval of; more leads out of the calendar from anywhere in it."""


def arithmetic(compiler: SqlCompiler, node: tree.Arithmetic, one: Sql, other: Sql) -> Sql:
    """Return a calculation with the SQL of both sides."""
    left, right = node.left.type, node.right.type
    if left.is_numeric and right.is_numeric:
        return _numbers(compiler, node, one, other)
    if left.kind == "text":
        return sa.type_coerce(one, sa.Text()).concat(sa.type_coerce(other, sa.Text()))
    if node.type.kind == "datetime":
        moment, span = (other, one) if left.kind == "duration" else (one, other)
        return _later(compiler, moment, -span if node.operator == "-" else span)
    if node.type.kind == "date":
        day, span = (other, one) if left.kind == "duration" else (one, other)
        days = rounded_down(compiler, span / 86_400.0)
        return _days_later(compiler, day, -days if node.operator == "-" else days)
    if left.kind == "duration":
        return whole_microseconds(compiler, _PLAIN[node.operator](one, other))
    return _seconds_between(compiler, one, other, are_dates=left.kind == "date")


# -- numbers ----------------------------------------------------------------------------------------------------------


def _numbers(compiler: SqlCompiler, node: tree.Arithmetic, one: Sql, other: Sql) -> Sql:
    is_integer = node.type.kind == "integer"
    if node.operator in ("+", "-", "*"):
        if is_integer and compiler.dialect == "sqlite" and _largest(node) >= _MAX_KEPT:
            # PostgreSQL refuses what needs more than 64 bits; SQLite would go on in double precision.
            return sa.func.tw_exact(node.operator, one, other, type_=sa.BigInteger())
        kind: TypeEngine[Any] = sa.BigInteger() if is_integer else sa.Double()
        return sa.type_coerce(_PLAIN[node.operator](one, other), kind)
    if node.operator == "%" and is_integer:
        divisor = sa.func.nullif(other, 0, type_=sa.BigInteger())
        return ((one % divisor) + divisor) % divisor
    dividend: Sql = sa.cast(one, sa.Double())
    divisor = sa.func.nullif(sa.cast(other, sa.Double()), 0.0, type_=sa.Double())
    if node.operator == "/":
        return dividend / divisor
    if compiler.dialect == "sqlite":
        return sa.func.tw_remainder(dividend, divisor, type_=sa.Double())
    return dividend - divisor * rounded_down(compiler, dividend / divisor)


def _largest(node: tree.Node) -> int:
    """Return what the absolute value of an integer can be at most."""
    match node:
        case tree.Constant(int(value)):
            return abs(value)
        case tree.Field() | tree.Argument():
            return _MAX_STORED
        case tree.Arithmetic("*", left, right):
            return _largest(left) * _largest(right)
        case tree.Arithmetic("+" | "-", left, right):
            return _largest(left) + _largest(right)
        case tree.Arithmetic("%", _, right):
            return _largest(right)
        case tree.Negate(operand):
            return _largest(operand)
        case tree.Choice(_, then, otherwise):
            return max(_largest(then), _largest(otherwise))
        case tree.Call("abs" | "coalesce" | "min" | "max", arguments):
            return max(_largest(part) for part in arguments)
        case tree.Over("min" | "max", body=body) if body is not None:
            return _largest(body)
        case tree.Over("len") | tree.Call("len" | "year" | "month" | "day" | "weekday" | "hour"):
            return _MAX_COUNTED
        case _:
            return _MAX_KEPT


def rounded_down(compiler: SqlCompiler, value: Sql) -> Sql:
    """Return the largest whole number that is not above *value*."""
    if compiler.dialect == "postgresql":
        return sa.func.floor(value, type_=sa.Double())
    return sa.func.tw_floor(value, type_=sa.BigInteger())


# -- moments, days and durations --------------------------------------------------------------------------------------


def whole_microseconds(compiler: SqlCompiler, seconds: Sql) -> Sql:
    """Return a duration, kept as seconds in double precision, to the nearest microsecond and within its bounds."""
    if compiler.dialect == "sqlite":
        return sa.func.tw_span(seconds, 1, type_=sa.Double())
    rounded = sa.func.round(seconds * 1_000_000.0, type_=sa.Double()) / 1_000_000.0
    near = sa.func.abs(seconds, type_=sa.Double()) < _EXACT_SECONDS
    return _between(sa.case((near, rounded), else_=seconds), _MAX_SECONDS)


def _between(value: Sql, most: float) -> Sql:
    # LEAST and GREATEST pass over blanks, so the blank has to be kept by hand.
    bounded: Sql = sa.func.greatest(sa.func.least(value, most), -most, type_=sa.Double())
    return sa.case((value.is_not(None), bounded))


def _later(compiler: SqlCompiler, moment: Sql, span: Sql) -> Sql:
    if compiler.dialect == "sqlite":
        return sa.func.tw_add_seconds(moment, span, type_=compiler.moment_type)
    second: Sql = sa.cast(sa.extract("epoch", moment), sa.Double())
    interval = sa.func.make_interval(0, 0, 0, 0, 0, 0, _between(span, _MOST_ADDED))
    first, last = (sa.literal(end, compiler.moment_type) for end in (FIRST_MOMENT, LAST_MOMENT))
    found = sa.type_coerce(moment.op("+")(interval), compiler.moment_type)
    # Double precision tells the seconds at the calendar's ends apart to 30 microseconds only.
    return sa.case(
        (span >= _END_SECOND - second, last),
        (span < _FIRST_SECOND - second, first),
        (found > last, last),
        (found < first, first),
        else_=found,
    )


def _days_later(compiler: SqlCompiler, day: Sql, days: Sql) -> Sql:
    if compiler.dialect == "sqlite":
        return sa.func.tw_add_days(day, days, type_=sa.Date())
    first, last = sa.literal(date.min, sa.Date()), sa.literal(date.max, sa.Date())
    return sa.case(
        (days >= sa.type_coerce(last.op("-")(day), sa.Integer()), last),
        (days <= sa.type_coerce(first.op("-")(day), sa.Integer()), first),
        else_=sa.type_coerce(day.op("+")(sa.cast(days, sa.Integer())), sa.Date()),
    )


def _seconds_between(compiler: SqlCompiler, late: Sql, early: Sql, *, are_dates: bool) -> Sql:
    if compiler.dialect == "sqlite":
        return sa.func.tw_seconds_between(late, early, type_=sa.Double())
    if are_dates:
        days = sa.type_coerce(late.op("-")(early), sa.Integer())
        return sa.cast(days, sa.Double()) * 86_400.0
    between = sa.type_coerce(late.op("-")(early), sa.Interval())
    return sa.cast(sa.extract("epoch", between), sa.Double())
