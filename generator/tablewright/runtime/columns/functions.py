# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""Functions of the condition builder, as the language has them; those that Python has too end in an underscore."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, TypeVar, overload

from tablewright.expressions import tree
from tablewright.expressions.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    NUMBER,
    TEXT,
    ValueType,
    common_type,
    enum_type,
)
from tablewright.runtime.choice import Choice
from tablewright.runtime.columns.base import check_order
from tablewright.runtime.columns.terms import (
    Condition,
    Date,
    Datetime,
    Duration,
    Integer,
    Member,
    Number,
    Term,
    Text,
    as_node,
    term,
)

T = TypeVar("T", bound=Term)
C = TypeVar("C", bound=Choice)
Plain = str | int | float | bool | datetime | date | timedelta | Choice


def now() -> Datetime:
    """The current moment, in UTC; one and the same throughout a query."""
    return Datetime(tree.Call("now", (), DATETIME))


def today() -> Date:
    """The current date, in UTC."""
    return Date(tree.Call("today", (), DATE))


def _span(unit: str, value: Number | float | Duration | timedelta) -> Any:
    node = _node(value)
    if node.type.kind == "duration":
        return Number(tree.Call(unit, (node,), NUMBER.or_none(node.type.nullable)))
    if not node.type.is_numeric:
        raise TypeError(f"{unit}() takes a number or a duration, not {node.type}")
    return Duration(tree.Call(unit, (node,), DURATION.or_none(node.type.nullable)))


def _plain(kind: type[T], value: Any, wanted: ValueType) -> T:
    """Return what a caller gave as a term, or refuse it as beside a field of that type."""
    found = kind(tree.Constant(value, wanted.or_none(value is None)))
    if value is not None:
        found._operand(value)
    return found


def text_value(value: str | None) -> Text:
    """A plain text in a condition; None is blank."""
    return _plain(Text, value, TEXT)


def boolean_value(value: bool | None) -> Condition:
    """A plain yes or no in a condition; None is blank."""
    return _plain(Condition, value, BOOLEAN)


def integer_value(value: int | None) -> Integer:
    """A plain whole number in a condition; None is blank."""
    return _plain(Integer, value, INTEGER)


def number_value(value: float | None) -> Number:
    """A plain number in a condition; None is blank."""
    return _plain(Number, value, NUMBER)


def datetime_value(value: datetime | None) -> Datetime:
    """A plain moment in a condition, with its time zone; None is blank."""
    return _plain(Datetime, value, DATETIME)


def date_value(value: date | None) -> Date:
    """A plain date in a condition; None is blank."""
    return _plain(Date, value, DATE)


def duration_value(value: timedelta | None) -> Duration:
    """A plain duration in a condition; None is blank."""
    return _plain(Duration, value, DURATION)


def choice_value(value: C | None, choices: type[C]) -> Member[C]:
    """A plain choice in a condition; None is blank."""
    blank = Member(tree.Constant(None, enum_type(choices.__name__, nullable=True)), choices)
    if value is None:
        return blank
    blank._operand(value)
    return Member(tree.EnumMember(choices.__name__, value.name), choices)


@overload
def seconds(value: Number | float) -> Duration: ...
@overload
def seconds(value: Duration | timedelta) -> Number: ...
def seconds(value: Any) -> Any:
    """A duration of so many seconds; of a duration, its length in seconds."""
    return _span("seconds", value)


@overload
def minutes(value: Number | float) -> Duration: ...
@overload
def minutes(value: Duration | timedelta) -> Number: ...
def minutes(value: Any) -> Any:
    """A duration of so many minutes; of a duration, its length in minutes."""
    return _span("minutes", value)


@overload
def hours(value: Number | float) -> Duration: ...
@overload
def hours(value: Duration | timedelta) -> Number: ...
def hours(value: Any) -> Any:
    """A duration of so many hours; of a duration, its length in hours."""
    return _span("hours", value)


@overload
def days(value: Number | float) -> Duration: ...
@overload
def days(value: Duration | timedelta) -> Number: ...
def days(value: Any) -> Any:
    """A duration of so many days; of a duration, its length in days."""
    return _span("days", value)


@overload
def weeks(value: Number | float) -> Duration: ...
@overload
def weeks(value: Duration | timedelta) -> Number: ...
def weeks(value: Any) -> Any:
    """A duration of so many weeks; of a duration, its length in weeks."""
    return _span("weeks", value)


def date_(moment: Datetime) -> Date:
    """The date of a moment, in UTC."""
    return Date(_call("date", moment, result=DATE))


def year(day_: Datetime | Date) -> Integer:
    """The year, such as 2026."""
    return Integer(_call("year", day_, result=INTEGER))


def month(day_: Datetime | Date) -> Integer:
    """The month, 1 to 12."""
    return Integer(_call("month", day_, result=INTEGER))


def day(day_: Datetime | Date) -> Integer:
    """The day of the month, 1 to 31."""
    return Integer(_call("day", day_, result=INTEGER))


def weekday(day_: Datetime | Date) -> Integer:
    """The day of the week: Monday is 0, Sunday is 6."""
    return Integer(_call("weekday", day_, result=INTEGER))


def hour(moment: Datetime) -> Integer:
    """The hour of a moment in UTC, 0 to 23."""
    return Integer(_call("hour", moment, result=INTEGER))


def round_(value: Number, places: Integer | int = 0) -> Number:
    """The number rounded to so many decimal places, halves away from zero."""
    return Number(_call("round", value, *((places,) if _is_given(places) else ()), result=NUMBER))


def _is_given(places: Integer | int) -> bool:
    return isinstance(places, Term) or places != 0


def floor_(value: Number) -> Integer:
    """The largest integer that is not above the number."""
    return Integer(_call("floor", value, result=INTEGER))


def ceil_(value: Number) -> Integer:
    """The smallest integer that is not below the number."""
    return Integer(_call("ceil", value, result=INTEGER))


@overload
def abs_(value: Duration) -> Duration: ...
@overload
def abs_(value: Integer) -> Integer: ...
@overload
def abs_(value: Number) -> Number: ...
def abs_(value: Any) -> Any:
    """The number or duration without its sign."""
    return abs(value)


def min_(first: T, *others: T | Plain) -> T:
    """The smallest of the values; blank where one is blank."""
    return _extreme("min", first, others)


def max_(first: T, *others: T | Plain) -> T:
    """The largest of the values; blank where one is blank."""
    return _extreme("max", first, others)


def _extreme(name: str, first: T, others: tuple[Any, ...]) -> T:
    if isinstance(first, Term):
        check_order(f"{name}_()", first)
    nodes, shared = _together(name, (first, *others))
    found: T = _term(tree.Call(name, nodes, shared), (first, *others))
    return found


def coalesce(first: T, *others: T | Plain) -> T:
    """The first value that is not blank."""
    nodes, shared = _together("coalesce", (first, *others))
    blank = all(node.type.nullable for node in nodes)
    kind = shared.or_none() if blank else shared.not_none()
    found: T = _term(tree.Call("coalesce", nodes, kind), (first, *others))
    return found


@overload
def when(test: Condition, then: T, otherwise: T | Plain | None) -> T: ...
@overload
def when(test: Condition, then: Plain | None, otherwise: T) -> T: ...
@overload
def when(test: Condition, then: Plain | None, otherwise: Plain | None) -> Any: ...
def when(test: Condition, then: Any, otherwise: Any) -> Any:
    """*then* where the condition holds, *otherwise* where it does not."""
    if not isinstance(test, Condition):
        raise TypeError(f"when() needs a condition first, not {test!r}")
    (one, other), shared = _together("when", (then, otherwise))
    return _term(tree.Choice(test.node, one, other, shared), (then, otherwise))


def _together(name: str, values: tuple[Any, ...]) -> tuple[tuple[tree.Node, ...], ValueType]:
    if len(values) < 2:
        raise TypeError(f"{name}() takes two values or more")
    nodes = tuple(_node(value) for value in values)
    shared: ValueType | None = nodes[0].type
    for node in nodes[1:]:
        shared = common_type(shared, node.type) if shared is not None else None
    if shared is None:
        raise TypeError(
            f"{name}() needs values of one type, not {', '.join(str(node.type) for node in nodes)}"
        )
    return nodes, shared


def _term(node: tree.Node, values: tuple[Any, ...]) -> Any:
    for value in values:
        if isinstance(value, Member):
            return term(node, value.choices)
        if isinstance(value, Choice):
            return term(node, type(value))
    return term(node)


def _node(value: object) -> tree.Node:
    node = value.node if isinstance(value, Term) else as_node(value)
    if node is None:
        raise TypeError(f"cannot use {value!r} in a condition")
    return node


def _call(name: str, *values: object, result: ValueType) -> tree.Node:
    nodes = tuple(_node(value) for value in values)
    return tree.Call(name, nodes, result.or_none(any(node.type.nullable for node in nodes)))
