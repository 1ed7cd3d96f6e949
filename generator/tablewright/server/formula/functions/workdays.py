"""Working days: Monday to Friday, less the holidays given as ISO dates in one text."""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from tablewright.server.formula.date_text import read_date
from tablewright.server.formula.functions.dates import instant_of
from tablewright.server.formula.functions.table import Group
from tablewright.server.formula.values import ERROR, Value, to_number, to_text

_workdays = Group("Date and time")

_MOST_DAYS: Final = 4_000_000
"""More working days than there are dates."""
_LONGEST_LIST: Final = 20_000


@lru_cache(maxsize=64)
def _holidays(text: str) -> tuple[date, ...]:
    """The working days among the listed dates, in order. What is no date is passed over (unconfirmed)."""
    found = {instant.date() for word in text.split(",") if (instant := read_date(word))}
    return tuple(sorted(day for day in found if day.weekday() < 5))


def _holiday_list(value: Value) -> tuple[date, ...]:
    text = to_text(value)
    if len(text) > _LONGEST_LIST:
        raise ValueError("too many holidays")
    return _holidays(text)


def _step(day: date, count: int) -> date:
    """*count* working days on from *day*, holidays aside."""
    weekday = day.weekday()
    if count >= 0:
        if weekday > 4:
            day, weekday = day - timedelta(weekday - 4), 4
        weeks, rest = divmod(count, 5)
        return day + timedelta(weeks * 7 + rest + (2 if weekday + rest > 4 else 0))
    if weekday > 4:
        day, weekday = day + timedelta(7 - weekday), 0
    weeks, rest = divmod(-count, 5)
    return day - timedelta(weeks * 7 + rest + (2 if weekday - rest < 0 else 0))


@_workdays.pure(
    "WORKDAY(date, n, [holidays])",
    "the date *n* working days later; holidays as `2026-12-25, …`",
    "date",
)
def workday(start: Value, count: Value, holidays: Value = "") -> Value:
    instant, number = instant_of(start), to_number(count)
    if math.isnan(number) or abs(number) > _MOST_DAYS:
        return ERROR
    days = int(number)
    if days == 0:
        return instant
    first, closed = instant.date(), _holiday_list(holidays)
    sign = 1 if days > 0 else -1
    target, missed = _step(first, days), 0
    while True:
        low, high = (first, target) if sign > 0 else (target, first)
        now_missed = sum(low <= day <= high and day != first for day in closed)
        if now_missed == missed:
            return instant + (target - first)
        missed = now_missed
        target = _step(first, days + sign * missed)


def _weekdays_until(day: date) -> int:
    """Working days from the year 1 up to and including *day*."""
    weeks, rest = divmod(day.toordinal(), 7)  # ordinal 1 is a Monday
    return weeks * 5 + min(rest, 5)


@_workdays.pure(
    "WORKDAY_DIFF(a, b, [holidays])", "working days from *a* to *b*, both ends counted", "integer"
)
def workday_difference(a: Value, b: Value, holidays: Value = "") -> Value:
    first, last = instant_of(a).date(), instant_of(b).date()
    low, high = min(first, last), max(first, last)
    closed = sum(low <= day <= high for day in _holiday_list(holidays))
    days = _weekdays_until(high) - _weekdays_until(low - timedelta(1)) - closed
    return float(
        days if first <= last else -days
    )  # that the order shows in the sign is unconfirmed
