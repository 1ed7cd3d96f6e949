"""Dates and text: formats, zones, languages, and distances in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from tablewright.server.formula.code import Code, Evaluate
from tablewright.server.formula.functions.dates import instant_of
from tablewright.server.formula.functions.table import Group
from tablewright.server.formula.locales import locale_named
from tablewright.server.formula.moment import MAX_FORMAT, add_months, format_moment
from tablewright.server.formula.moment_text import parse_moment
from tablewright.server.formula.row import RowContext
from tablewright.server.formula.values import (
    ERROR,
    ErrorValue,
    StyledDatetime,
    Value,
    to_datetime,
    to_text,
)

_dates = Group("Date and time")


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


@_dates.pure("SET_TIMEZONE(date, zone)", "the date, to be formatted in an IANA zone", "instant")
def set_time_zone(date: Value, zone: Value) -> Value:
    name = to_text(zone).strip()
    if zone_named(name) is None:
        return ERROR
    instant = to_datetime(date)
    return StyledDatetime.style(instant, zone_name=name) if instant else ERROR


@_dates.pure("SET_LOCALE(date, locale)", "the date, to be formatted in a language", "instant")
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


_DAYS_PER_MONTH: Final = 146_097 / 4_800


def _distance_text(a: datetime, b: datetime) -> str:
    """The span of time between two instants in moment.js's words, without direction."""
    months, rest = _months_and_days(min(a, b), max(a, b))
    days = math.floor(months * _DAYS_PER_MONTH + 0.5) + rest
    months_in_all = months + rest / _DAYS_PER_MONTH
    steps = (
        (days * 86_400, 44, "a few seconds", None),
        (days * 1_440, 45, "a minute", "minutes"),
        (days * 24, 22, "an hour", "hours"),
        (days, 26, "a day", "days"),
        (months_in_all, 11, "a month", "months"),
        (months_in_all / 12, math.inf, "a year", "years"),
    )
    for size, limit, one, many in steps:
        count = math.floor(size + 0.5)
        if many is None:
            if count <= limit:
                return one
        elif count <= 1:
            return one
        elif count < limit:
            return f"{count} {many}"
    raise AssertionError("the last step has no limit")


def _months_and_days(early: datetime, late: datetime) -> tuple[int, float]:
    """The whole months of the calendar between two instants, and the days left over."""
    months = (late.year - early.year) * 12 + late.month - early.month
    if add_months(early, months) > late:
        months -= 1
    return months, (late - add_months(early, months)) / timedelta(days=1)


def _distance(name: str, meaning: str) -> None:
    @_dates.form(f"{name}(date)", meaning, "text")
    def compile_distance(arguments: Sequence[Code]) -> Evaluate:
        date = arguments[0].evaluate

        def distance(row: RowContext) -> Value:
            value = date(row)
            if isinstance(value, ErrorValue):
                return value
            instant = to_datetime(value)
            return _distance_text(row.now, instant) if instant else ERROR

        return distance


_distance("FROMNOW", "how far the date is from now, such as `25 days`")
_distance("TONOW", "how far now is from the date, such as `25 days`")
