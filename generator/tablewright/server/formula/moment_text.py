"""moment.js's date formats: text → an instant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from tablewright.server.formula.date_text import full_year
from tablewright.server.formula.locales import Locale
from tablewright.server.formula.moment import literal_of, tokens_of, week_of_year
from tablewright.server.formula.values import EPOCH

_ONE_OR_TWO: Final = r"[0-9]{1,2}"
_ONE_TO_THREE: Final = r"[0-9]{1,3}"
_SIGNED: Final = r"[+-]?[0-9]+"
_WORD: Final = r"[0-9]*['a-zA-Z\u00A0-\u05FF\u0700-\uD7FF\uF900-\uFDCF\uFDF0-\uFF07\uFF10-\uFFEF]+"
_HALF: Final = r"[apAP]\.?[mM]?\.?"
_OFFSET: Final = r"[zZ]|[+-][0-9]{2}(?::?[0-9]{2})?"
_READERS: Final = {
    token: (key, re.compile(reader))
    for tokens, key, reader in (
        ("YYYY", "year", r"[0-9]{1,4}"),
        ("YY", "short year", _ONE_OR_TWO),
        ("Y", "long year", _SIGNED),
        ("YYYYY YYYYYY", "long year", r"[+-]?[0-9]{1,6}"),
        ("Q", "quarter", r"[0-9]"),
        ("M MM", "month", _ONE_OR_TWO),
        ("MMM MMMM", "month name", _WORD),
        ("D DD Do", "day", _ONE_OR_TWO),
        ("DDD", "day of year", _ONE_TO_THREE),
        ("DDDD", "day of year", r"[0-9]{3}"),
        ("d", "weekday", _ONE_OR_TWO),
        ("e", "day of week", _ONE_OR_TWO),
        ("E", "ISO day", _ONE_OR_TWO),
        ("dd ddd dddd", "weekday name", _WORD),
        ("w ww", "week", _ONE_OR_TWO),
        ("W WW", "ISO week", _ONE_OR_TWO),
        ("gg", "short week year", _ONE_OR_TWO),
        ("gggg", "week year", r"[0-9]{1,4}"),
        ("GG", "short ISO year", _ONE_OR_TWO),
        ("GGGG", "ISO year", r"[0-9]{1,4}"),
        ("H HH h hh", "hour", _ONE_OR_TWO),
        ("k kk", "hour to 24", _ONE_OR_TWO),
        ("a A", "half", _HALF),
        ("m mm", "minute", _ONE_OR_TWO),
        ("s ss", "second", _ONE_OR_TWO),
        ("S SS SSS", "fraction", _ONE_TO_THREE),
        ("SSSS SSSSS SSSSSS SSSSSSS SSSSSSSS SSSSSSSSS", "fraction", r"[0-9]+"),
        ("Z ZZ", "offset", _OFFSET),
        ("X", "seconds since 1970", r"[+-]?[0-9]+(?:\.[0-9]{1,3})?"),
        ("x", "milliseconds since 1970", _SIGNED),
    )
    for token in tokens.split()
}
"""What each token takes of the text, and what it is called."""


class _UnreadableError(Exception):
    """The text names no date."""


@dataclass(slots=True)
class _Parts:
    """The parts of a date that a text gave; None for those it did not."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None
    second: int | None = None
    millisecond: int | None = None
    day_of_year: int | None = None
    week: dict[str, int] = field(default_factory=dict)
    """What names a week or a day in it."""
    is_afternoon: bool | None = None
    offset: timedelta = timedelta()
    instant: timedelta | None = None
    """Since 1970."""

    def take(self, key: str, text: str, locale: Locale) -> None:
        """Put down one part."""
        match key:
            case "year":
                self.year = full_year(int(text), digits=2) if len(text) == 2 else int(text)
            case "short year":
                self.year = full_year(int(text), digits=2)
            case "long year":
                self.year = int(text)
            case "quarter":
                self.month = int(text) * 3 - 2
            case "month" | "day" | "hour" | "minute" | "second":
                setattr(self, key, int(text))
            case "hour to 24":
                self.hour = int(text) % 24 if text == "24" else int(text)
            case "month name":
                self.month = 1 + _place(text, (locale.months, locale.short_months))
            case "day of year":
                self.day_of_year = int(text)
            case "weekday name":
                names = (locale.days, locale.short_days, locale.smallest_days)
                self.week["weekday"] = _place(text, names)
            case "short week year" | "short ISO year":
                self.week[key.removeprefix("short ")] = full_year(int(text), digits=2)
            case "half":
                self.is_afternoon = text[0] in "pP"
            case "fraction":
                self.millisecond = int(float(f"0.{text}") * 1000)
            case "offset":
                self.offset = _offset(text)
            case "seconds since 1970":
                self.instant = timedelta(seconds=float(text))
            case "milliseconds since 1970":
                self.instant = timedelta(milliseconds=int(text))
            case _:
                self.week[key] = int(text)


def _place(text: str, lists: Iterable[tuple[str, ...]]) -> int:
    """Which of the names *text* is, or at least begins with."""
    wanted = text.lower()
    known = [[name.lower().rstrip(".") for name in names] for names in lists]
    for names in known:
        if wanted in names:
            return names.index(wanted)
    for place in range(len(known[0])):
        if any(wanted.startswith(names[place]) for names in known):
            return place
    raise _UnreadableError


def _offset(text: str) -> timedelta:
    digits = re.sub("[^0-9]", "", text)
    if not digits:
        return timedelta()
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    if int(digits[2:] or 0) > 59 or size >= timedelta(days=1):
        raise _UnreadableError
    return -size if text[0] == "-" else size


@lru_cache(maxsize=4096)
def parse_moment(text: str, pattern: str, locale: Locale, today: date) -> datetime | None:
    """The instant that *text* names when read as *pattern*, or None. Without a zone in the text it is UTC.

    As moment.js outside its strict mode: each token takes the next text that suits it and passes over what stands
    before; one that finds none is left out; the parts above the largest one given are those of *today*.
    """
    parts, rest, is_empty = _Parts(), text, True
    try:
        for token in tokens_of(pattern, locale):
            reader = _READERS.get(token)
            if reader is None:
                literal = literal_of(token)
                rest = rest.partition(literal)[2] if literal and literal in rest else rest
                continue
            key, expression = reader
            found = expression.search(rest)
            if found is None:
                continue
            is_empty = False
            rest = rest[found.end() :]
            parts.take(key, found[0], locale)
        return None if is_empty else _instant(parts, locale, today)
    except (_UnreadableError, ValueError, OverflowError):
        return None


def _instant(parts: _Parts, locale: Locale, today: date) -> datetime:
    given = {parts.year, parts.month, parts.day, parts.hour, parts.minute, parts.second}
    if parts.is_afternoon is not None and given | {parts.millisecond} == {None}:
        raise _UnreadableError
    if parts.instant is not None:
        return EPOCH + parts.instant
    hour = parts.hour or 0
    if parts.is_afternoon and hour < 12 and parts.hour is not None:
        hour += 12
    elif parts.is_afternoon is False and hour == 12:
        hour = 0
    day = _day(parts, locale, today)
    minute, second, millisecond = parts.minute or 0, parts.second or 0, parts.millisecond or 0
    is_midnight = hour == 24 and not (minute or second or millisecond)
    moment = datetime(
        day.year,
        day.month,
        day.day,
        0 if is_midnight else hour,
        minute,
        second,
        millisecond * 1_000,
        tzinfo=timezone(parts.offset),
    )
    return (moment + timedelta(days=is_midnight)).astimezone(UTC)


def _day(parts: _Parts, locale: Locale, today: date) -> date:
    year, month, is_whole = parts.year, parts.month, parts.year is not None
    if parts.week and month is None and parts.day is None:
        day = _day_of_week(parts, locale, today)
        is_whole = True
    elif parts.day_of_year is not None:
        first = date(today.year if year is None else year, 1, 1)
        day = _in_year(first, parts.day_of_year)
    elif year is None and month is None and parts.day is None:
        return today
    else:
        is_whole = is_whole and month is not None and parts.day is not None
        month = (today.month if year is None else 1) if month is None else month
        number = 1 if parts.day is None else parts.day
        day = date(today.year if year is None else year, month, number)
    weekday = parts.week.get("weekday")
    if is_whole and weekday is not None and weekday != day.isoweekday() % 7:
        raise _UnreadableError
    return day


def _in_year(first: date, number: int) -> date:
    day = first + timedelta(days=number - 1)
    if day.year != first.year:
        raise _UnreadableError
    return day


def _day_of_week(parts: _Parts, locale: Locale, today: date) -> date:
    """The day that a week, or a day of one, names; today's week where none is given."""
    week = parts.week
    now = datetime(today.year, today.month, today.day, tzinfo=UTC)
    if week.keys() & {"ISO year", "ISO week", "ISO day"}:
        first_weekday, first_january = 1, 4
        year = week.get("ISO year", parts.year)
        year = week_of_year(now, 1, 4)[0] if year is None else year
        number, place = week.get("ISO week", 1), week.get("ISO day", 1) - 1
    else:
        first_weekday, first_january = locale.first_weekday, locale.first_january
        this_year, this_week = week_of_year(now, first_weekday, first_january)
        year = week.get("week year", parts.year)
        year = this_year if year is None else year
        number = week.get("week", this_week)
        weekday = week.get("weekday")
        if weekday is None:
            place = week.get("day of week", 0)
        elif weekday > 6:
            raise _UnreadableError
        else:
            place = (weekday - first_weekday) % 7
    first = _first_day(year, first_weekday, first_january)
    weeks = (_first_day(year + 1, first_weekday, first_january) - first).days // 7
    if not (1 <= number <= weeks and 0 <= place <= 6):
        raise _UnreadableError
    return first + timedelta(days=7 * (number - 1) + place)


def _first_day(year: int, first_weekday: int, first_january: int) -> date:
    """The first day of a year's week 1, which holds the given day of January."""
    deciding = date(year, 1, first_january)
    return deciding - timedelta(days=(deciding.isoweekday() - first_weekday) % 7)
