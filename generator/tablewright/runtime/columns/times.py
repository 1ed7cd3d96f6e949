"""Durations, moments and days of the condition builder."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal, overload

from tablewright.expressions import tree
from tablewright.expressions.types import DATE, DATETIME, DURATION, NUMBER
from tablewright.runtime.columns.base import (
    Condition,
    Ordered,
    Term,
    as_node,
    calculated,
    described,
)
from tablewright.runtime.columns.quantities import Number, Numeric, number_term


class Duration(Numeric):
    """A length of time, to the microsecond."""

    __slots__ = ()
    takes = "timedeltas"
    __hash__ = Term.__hash__

    def __lt__(self, other: Duration | timedelta) -> Condition:
        return self._compare("<", other)

    def __le__(self, other: Duration | timedelta) -> Condition:
        return self._compare("<=", other)

    def __gt__(self, other: Duration | timedelta) -> Condition:
        return self._compare(">", other)

    def __ge__(self, other: Duration | timedelta) -> Condition:
        return self._compare(">=", other)

    def is_in(self, values: Iterable[Duration | timedelta | None]) -> Condition:
        """Whether the duration is one of *values*; None stands for blank."""
        return self._is_in(values)

    @overload
    def __add__(self, other: Datetime | datetime) -> Datetime: ...  # type: ignore[overload-overlap]  # datetimes are dates
    @overload
    def __add__(self, other: Date | date) -> Date: ...
    @overload
    def __add__(self, other: Duration | timedelta) -> Duration: ...
    def __add__(
        self, other: Datetime | datetime | Date | date | Duration | timedelta
    ) -> Duration | Datetime | Date:
        if isinstance(other, (Datetime, datetime)):
            return Datetime(calculated("+", self.node, _moment_node(other, self), DATETIME))
        if isinstance(other, (Date, date)):
            day = other.node if isinstance(other, Date) else tree.literal(other)
            return Date(calculated("+", self.node, day, DATE))
        return Duration(calculated("+", self.node, self._operand(other), DURATION))

    def __radd__(self, other: timedelta) -> Duration:
        return Duration(calculated("+", self._operand(other), self.node, DURATION))

    def __sub__(self, other: Duration | timedelta) -> Duration:
        return Duration(calculated("-", self.node, self._operand(other), DURATION))

    def __rsub__(self, other: timedelta) -> Duration:
        return Duration(calculated("-", self._operand(other), self.node, DURATION))

    def __mul__(self, other: Number | float) -> Duration:
        return _scaled("*", self._in_seconds(), self._factor(other))

    def __rmul__(self, other: Number | float) -> Duration:
        return _scaled("*", self._factor(other), self._in_seconds())

    @overload
    def __truediv__(self, other: Duration | timedelta) -> Number: ...
    @overload
    def __truediv__(self, other: Number | float) -> Duration: ...
    def __truediv__(self, other: Duration | timedelta | Number | float) -> Number | Duration:
        if isinstance(other, (Duration, timedelta)):
            divisor = Duration(self._operand(other))
            return number_term("/", self._in_seconds(), divisor._in_seconds())
        return _scaled("/", self._in_seconds(), self._factor(other))

    def __rtruediv__(self, other: timedelta) -> Number:
        return Duration(self._operand(other)) / self

    def _in_seconds(self) -> tree.Node:
        # As in the language: of durations, numbers are made and calculated with.
        return tree.Call("seconds", (self.node,), NUMBER.or_none(self.type.nullable))

    def _factor(self, other: object) -> tree.Node:
        node = other.node if isinstance(other, Term) else as_node(other)
        if node is None or not node.type.is_numeric:
            raise TypeError(
                f"cannot multiply or divide {self.type} by {described(other)}: it takes numbers"
            )
        return node

    def __neg__(self) -> Duration:
        return Duration(tree.Negate(self.node))

    def __abs__(self) -> Duration:
        return Duration(self._call("abs", result=DURATION))


class Datetime(Ordered):
    """A moment."""

    __slots__ = ()
    takes = "datetimes with a time zone"
    __hash__ = Term.__hash__

    def __lt__(self, other: Datetime | datetime) -> Condition:
        return self._compare("<", other)

    def __le__(self, other: Datetime | datetime) -> Condition:
        return self._compare("<=", other)

    def __gt__(self, other: Datetime | datetime) -> Condition:
        return self._compare(">", other)

    def __ge__(self, other: Datetime | datetime) -> Condition:
        return self._compare(">=", other)

    def is_in(self, values: Iterable[Datetime | datetime | None]) -> Condition:
        """Whether the moment is one of *values*; None stands for blank."""
        return self._is_in(values)

    def __add__(self, other: Duration | timedelta) -> Datetime:
        return Datetime(calculated("+", self.node, span_node(other, self), DATETIME))

    __radd__ = __add__

    def _minus_span(self, other: Duration | timedelta) -> Datetime:
        return Datetime(calculated("-", self.node, span_node(other, self), DATETIME))

    def since(self, other: Datetime | datetime) -> Duration:
        """The time from *other* to this moment, as `this - other`."""
        return Duration(calculated("-", self.node, self._operand(other), DURATION))

    @overload
    def __sub__(self, other: Datetime | datetime) -> Duration: ...
    @overload
    def __sub__(self, other: Duration | timedelta) -> Datetime: ...
    def __sub__(self, other: Datetime | datetime | Duration | timedelta) -> Duration | Datetime:
        return (
            self.since(other)
            if isinstance(other, (Datetime, datetime))
            else self._minus_span(other)
        )

    def __rsub__(self, other: datetime) -> Duration:
        return Duration(calculated("-", self._operand(other), self.node, DURATION))


def _scaled(operator: Literal["*", "/"], left: tree.Node, right: tree.Node) -> Duration:
    found = number_term(operator, left, right).node
    return Duration(tree.Call("seconds", (found,), DURATION.or_none(found.type.nullable)))


def _moment_node(other: Datetime | datetime, beside: Term) -> tree.Node:
    node = other.node if isinstance(other, Datetime) else as_node(other)
    if node is None:
        raise TypeError(
            f"cannot calculate {beside.type} with {described(other)}: it needs a time zone"
        )
    return node


def span_node(other: object, beside: Term) -> tree.Node:
    """Return a duration as a tree, or refuse it."""
    if isinstance(other, Duration):
        return other.node
    if isinstance(other, timedelta):
        return tree.literal(other)
    raise TypeError(
        f"cannot calculate {beside.type} with {described(other)}: say what the number counts, as in hours(2)"
    )


class Date(Ordered):
    """A day."""

    __slots__ = ()
    takes = "dates"
    __hash__ = Term.__hash__

    def _constant(self, value: object) -> tree.Node | None:
        return None if isinstance(value, datetime) else as_node(value)

    def __lt__(self, other: Date | date) -> Condition:
        return self._compare("<", other)

    def __le__(self, other: Date | date) -> Condition:
        return self._compare("<=", other)

    def __gt__(self, other: Date | date) -> Condition:
        return self._compare(">", other)

    def __ge__(self, other: Date | date) -> Condition:
        return self._compare(">=", other)

    def is_in(self, values: Iterable[Date | date | None]) -> Condition:
        """Whether the day is one of *values*; None stands for blank."""
        return self._is_in(values)

    def __add__(self, other: Duration | timedelta) -> Date:
        return Date(calculated("+", self.node, span_node(other, self), DATE))

    __radd__ = __add__

    @overload
    def __sub__(self, other: Date | date) -> Duration: ...
    @overload
    def __sub__(self, other: Duration | timedelta) -> Date: ...
    def __sub__(self, other: Date | date | Duration | timedelta) -> Duration | Date:
        if isinstance(other, (Duration, timedelta)):
            return Date(calculated("-", self.node, span_node(other, self), DATE))
        return Duration(calculated("-", self.node, self._operand(other), DURATION))

    def __rsub__(self, other: date) -> Duration:
        return Duration(calculated("-", self._operand(other), self.node, DURATION))
