"""Date and time functions. Everything is reckoned in UTC; a zone and a language matter to DATETIME_FORMAT alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from tablewright.server.formula.code import Code, Evaluate
from tablewright.server.formula.locales import locale_named
from tablewright.server.formula.moment import (
    MAX_FORMAT,
    add_months,
    format_moment,
    parse_moment,
    week_of_year,
)
from tablewright.server.formula.row import RowContext
from tablewright.server.formula.values import (
    ERROR,
    ErrorValue,
    StyledDatetime,
    Value,
    milliseconds,
    to_datetime,
    to_number,
    to_text,
)

from .table import Group, Result

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
    if name in _MONTHS:
        return add_months(instant, int(number * _MONTHS[name]))
    return instant + timedelta(milliseconds=number * _MILLISECONDS[name])


def _months_between(later: datetime, earlier: datetime) -> float:
    """Months as moment.js counts them: whole ones, and the rest as a part of the month it falls in."""
    if later.day < earlier.day:
        return -_months_between(earlier, later)
    whole = (later.year - earlier.year) * 12 + later.month - earlier.month
    anchor = add_months(earlier, whole)
    step = -1 if later < anchor else 1
    length = abs((add_months(earlier, whole + step) - anchor).total_seconds())
    return whole + (later - anchor).total_seconds() / length


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


@lru_cache(maxsize=256)
def zone_named(name: str) -> tzinfo | None:
    """The zone of that IANA name, or None."""
    if name.lower() in ("utc", "gmt"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


@_dates.form(
    "DATETIME_FORMAT(date, [format])", "the date as moment.js's *format* writes it", "text"
)
def compile_format(arguments: Sequence[Code]) -> Evaluate:
    date = arguments[0].evaluate
    # What Airtable writes without a format is unconfirmed: this is moment.js's default.
    pattern = arguments[1].evaluate if len(arguments) > 1 else lambda _row: "YYYY-MM-DDTHH:mm:ssZ"

    def write(row: RowContext) -> Value:
        value, form = date(row), pattern(row)
        for argument in (value, form):
            if isinstance(argument, ErrorValue):
                return argument
        instant = to_datetime(value)
        text = to_text(form)
        if instant is None or len(text) > MAX_FORMAT:
            return ERROR
        zone: tzinfo | None = row.time_zone
        locale = row.user_locale
        if isinstance(instant, StyledDatetime):
            zone = zone_named(instant.zone_name) if instant.zone_name else zone
            locale = instant.locale or locale
        try:
            return format_moment(instant.astimezone(zone), text, locale_named(locale))
        except (OverflowError, ValueError):
            return ERROR

    return write


@_dates.form("DATETIME_PARSE(text, [format], [locale])", "the date in a text", "dateTime")
def compile_parse(arguments: Sequence[Code]) -> Evaluate:
    parts = [argument.evaluate for argument in arguments]

    def read(row: RowContext) -> Value:
        values = [part(row) for part in parts]
        for value in values:
            if isinstance(value, ErrorValue):
                return value
        subject = values[0]
        if isinstance(subject, datetime):
            return subject
        if len(values) == 1 or not to_text(values[1]):
            return to_datetime(subject) or ERROR
        text, pattern = to_text(subject), to_text(values[1])
        if max(len(text), len(pattern)) > MAX_FORMAT:
            return ERROR
        locale = locale_named(to_text(values[2]) if len(values) > 2 else None)
        return parse_moment(text, pattern, locale, row.now.astimezone(UTC).date()) or ERROR

    return read


@_dates.pure("SET_TIMEZONE(date, zone)", "the date, to be formatted in an IANA zone", "first")
def set_time_zone(date: Value, zone: Value) -> Value:
    name = to_text(zone).strip()
    if zone_named(name) is None:
        return ERROR
    instant = to_datetime(date)
    return StyledDatetime.style(instant, zone_name=name) if instant else ERROR


@_dates.pure("SET_LOCALE(date, locale)", "the date, to be formatted in a language", "first")
def set_locale(date: Value, locale: Value) -> Value:
    instant = to_datetime(date)
    return StyledDatetime.style(instant, locale=to_text(locale)) if instant else ERROR


@_dates.pure("DATESTR(date)", "`YYYY-MM-DD`", "text")
def date_text(date: Value) -> Value:
    instant = instant_of(date)
    return f"{instant.year:04d}-{instant.month:02d}-{instant.day:02d}"


@_dates.pure("TIMESTR(date)", "`HH:mm:ss`", "text")
def time_text(date: Value) -> Value:
    return f"{instant_of(date):%H:%M:%S}"


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
            return holds(a, b)  # type: ignore[arg-type]  # the line above says what they are
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
    kept = ("year", "month", "day", "hour", "minute", "second", "millisecond").index(unit)
    start = (instant.year, 1, 1, 0, 0, 0, 0)
    own = (
        instant.year,
        instant.month,
        instant.day,
        instant.hour,
        instant.minute,
        instant.second,
        instant.microsecond // 1000 * 1000,
    )
    return datetime(*own[: kept + 1], *start[kept + 1 :], tzinfo=UTC)  # type: ignore[misc]  # seven integers in all


@_dates.pure(
    "IS_SAME(a, b, [unit])", "1 when both are the same down to *unit*, exactly without", "integer"
)
def is_same(a: Value, b: Value, unit: Value = "milliseconds") -> Value:
    if a is None or b is None:
        return False
    name = _unit(unit) or "millisecond"
    return _start_of(instant_of(a), name) == _start_of(instant_of(b), name)


def _distance_text(seconds: float) -> str:
    """A span of time in moment.js's words, without direction."""
    size = abs(seconds)
    steps = (
        (round(size), 44, "a few seconds", None),
        (round(size / 60), 45, "a minute", "minutes"),
        (round(size / 3600), 22, "an hour", "hours"),
        (round(size / 86400), 26, "a day", "days"),
        (round(size / 86400 * 4800 / 146097), 11, "a month", "months"),
        (round(size / 86400 * 400 / 146097), math.inf, "a year", "years"),
    )
    for count, limit, one, many in steps:
        if many is None:
            if count <= limit:
                return one
        elif count <= 1:
            return one
        elif count < limit:
            return f"{count} {many}"
    raise AssertionError("the last step has no limit")


def _distance(name: str, meaning: str) -> None:
    result: Result = "text"

    @_dates.form(f"{name}(date)", meaning, result)
    def compile_distance(arguments: Sequence[Code]) -> Evaluate:
        date = arguments[0].evaluate

        def distance(row: RowContext) -> Value:
            value = date(row)
            if isinstance(value, ErrorValue):
                return value
            instant = to_datetime(value)
            return _distance_text((row.now - instant).total_seconds()) if instant else ERROR

        return distance


_distance("FROMNOW", "how far the date is from now, such as `25 days`")
_distance("TONOW", "how far now is from the date, such as `25 days`")
