"""Date and time functions. Everything is reckoned in UTC; a zone and a language matter to DATETIME_FORMAT alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from tablewright.server.formula.code import Code, Evaluate
from tablewright.server.formula.functions.table import Group
from tablewright.server.formula.moment import (
    add_months,
    week_of_year,
)
from tablewright.server.formula.values import (
    ERROR,
    Value,
    milliseconds,
    to_datetime,
    to_number,
    to_text,
)

_dates = Group("Date and time")


def instant_of(value: Value) -> datetime:
    """*value* as an instant in UTC.

    Raises:
        ValueError: it is none. A blank is none as well, so that date functions of a blank are `#ERROR!` (as people
            report of DATETIME_FORMAT and DATEADD; of the others unconfirmed).
    """
    instant = to_datetime(value)
    if instant is None:
        raise ValueError("no date")
    return instant if instant.tzinfo is UTC else instant.astimezone(UTC)


_UNIT_NAMES: Final = {
    "ms": "millisecond",
    "s": "second",
    "m": "minute",
    "h": "hour",
    "d": "day",
    "D": "day",
    "w": "week",
    "M": "month",
    "Q": "quarter",
    "y": "year",
}
_MILLISECONDS: Final = {
    "millisecond": 1,
    "second": 1_000,
    "minute": 60_000,
    "hour": 3_600_000,
    "day": 86_400_000,
    "week": 604_800_000,
}
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


def _unit(value: Value) -> str | None:
    """The unit in the singular, or None when unknown. Plurals and short forms are documented, singulars are not."""
    text = to_text(value).strip()
    if text in _UNIT_NAMES:
        return _UNIT_NAMES[text]
    word = text.lower().removesuffix("s")
    return word if word in _MILLISECONDS or word in _MONTHS else None


@_dates.form("NOW()", "this instant, one for the whole request", "dateTime")
def compile_now(_arguments: Sequence[Code]) -> Evaluate:
    return lambda row: row.now


@_dates.form("TODAY()", "midnight of today in UTC", "date")
def compile_today(_arguments: Sequence[Code]) -> Evaluate:
    return lambda row: row.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@_dates.pure("DATEADD(date, n, unit)", "*n* units later", "dateTime")
def date_add(date: Value, count: Value, unit: Value) -> Value:
    instant, number, name = instant_of(date), to_number(count), _unit(unit)
    if name is None or not math.isfinite(number):
        return ERROR  # an unknown unit: unconfirmed
    # As moment.js adds: whole months and whole days, halves away from zero (unconfirmed).
    if name in _MONTHS:
        return add_months(instant, _rounded(number * _MONTHS[name]))
    if name in ("day", "week"):
        return instant + timedelta(days=_rounded(number * (7 if name == "week" else 1)))
    return instant + timedelta(milliseconds=number * _MILLISECONDS[name])


def _rounded(number: float) -> int:
    return int(math.copysign(math.floor(abs(number) + 0.5), number))


def _months_between(a: datetime, b: datetime) -> float:
    """*a* − *b* in months as moment.js counts them: whole ones, and the rest as a part of the month it falls in."""
    if a.day < b.day:
        return -_months_between(b, a)
    whole = (b.year - a.year) * 12 + b.month - a.month
    anchor = add_months(a, whole)
    neighbour = add_months(a, whole + (-1 if b < anchor else 1))
    return -(whole + (b - anchor) / abs(neighbour - anchor))


@_dates.pure(
    "DATETIME_DIFF(a, b, [unit])", "*a* − *b* in whole units, seconds unless given", "integer"
)
def date_difference(a: Value, b: Value, unit: Value = "seconds") -> Value:
    later, earlier = instant_of(a), instant_of(b)
    # The documentation names both seconds and milliseconds for an unknown unit.
    name = _unit(unit) or "millisecond"
    if name in _MONTHS:
        return float(math.trunc(_months_between(later, earlier) / _MONTHS[name]))
    # Toward zero, as moment.js (unconfirmed).
    return float(math.trunc((milliseconds(later) - milliseconds(earlier)) / _MILLISECONDS[name]))


def _part(name: str, meaning: str, of: Callable[[datetime], int]) -> None:
    @_dates.pure(f"{name}(date)", meaning, "integer")
    def part(date: Value) -> Value:
        return of(instant_of(date))


_part("YEAR", "the year", lambda instant: instant.year)
_part("MONTH", "the month, 1 to 12", lambda instant: instant.month)
_part("DAY", "the day of the month, 1 to 31", lambda instant: instant.day)
_part("HOUR", "the hour, 0 to 23", lambda instant: instant.hour)
_part("MINUTE", "the minute, 0 to 59", lambda instant: instant.minute)
_part("SECOND", "the second, 0 to 59", lambda instant: instant.second)


def _week_start(value: Value) -> int:
    return 1 if to_text(value).strip().lower() == "monday" else 0


@_dates.pure(
    "WEEKDAY(date, [start])", "the day of the week, 0 to 6 from `Sunday` or `Monday`", "integer"
)
def weekday(date: Value, start: Value = "Sunday") -> Value:
    return (instant_of(date).isoweekday() - _week_start(start)) % 7


@_dates.pure(
    "WEEKNUM(date, [start])", "the week of the year; weeks begin on `Sunday` or `Monday`", "integer"
)
def week_number(date: Value, start: Value = "Sunday") -> Value:
    # Week 1 holds the 1st of January, also with weeks from Monday (unconfirmed).
    return week_of_year(instant_of(date), _week_start(start), 1)[1]


def _order(name: str, meaning: str, holds: Callable[[datetime, datetime], bool]) -> None:
    @_dates.pure(f"{name}(a, b)", meaning, "integer")
    def order(a: Value, b: Value) -> Value:
        if a.__class__ is datetime and b.__class__ is datetime:
            return holds(a, b)
        if a is None or b is None:
            return False  # a blank is neither before nor after anything (unconfirmed)
        return holds(instant_of(a), instant_of(b))


_order("IS_BEFORE", "1 when *a* is before *b*", lambda a, b: a < b)
_order("IS_AFTER", "1 when *a* is after *b*", lambda a, b: a > b)


def _start_of(instant: datetime, unit: str) -> datetime:
    if unit == "week":
        instant -= timedelta(days=instant.isoweekday() % 7)
        unit = "day"
    if unit == "quarter":
        instant = instant.replace(month=(instant.month - 1) // 3 * 3 + 1, day=1)
        unit = "month"
    if unit == "millisecond":
        return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
    start = instant.replace(microsecond=0)
    size = ("second", "minute", "hour", "day", "month", "year").index(unit)
    if size >= 1:
        start = start.replace(second=0)
    if size >= 2:
        start = start.replace(minute=0)
    if size >= 3:
        start = start.replace(hour=0)
    if size >= 4:
        start = start.replace(day=1)
    return start.replace(month=1) if size == 5 else start


@_dates.pure(
    "IS_SAME(a, b, [unit])", "1 when both are the same down to *unit*, exactly without", "integer"
)
def is_same(a: Value, b: Value, unit: Value = "milliseconds") -> Value:
    if a is None or b is None:
        return False
    name = _unit(unit) or "millisecond"
    return _start_of(instant_of(a), name) == _start_of(instant_of(b), name)
