"""moment.js's date formats: an instant → text."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from tablewright.server.formula.locales import Locale
from tablewright.server.formula.values import milliseconds

_TOKEN: Final = re.compile(
    r"\[[^\[]*\]|\\?(?:Mo|MM?M?M?|Do|DDDo|DD?D?D?|ddd?d?|do|d|w[ow]?|W[oW]?|Qo?|YYYYYY|YYYYY|YYYY|YY|Y"
    r"|gggg|gg|GGGG|GG|e|E|a|A|hh?|HH?|kk?|mm?|ss?|S{1,9}|x|X|zz?|ZZ?|.)",
    re.S,
)
_PRESETS: Final = re.compile(r"\[[^\[]*\]|\\?(?:LTS|LT|LL?L?L?|l{1,4})")

MAX_FORMAT: Final = 1_000
"""Longest date format, in characters."""


def _weekday(moment: datetime) -> int:
    """0 is Sunday."""
    return moment.isoweekday() % 7


def week_of_year(moment: datetime, first_weekday: int, first_january: int) -> tuple[int, int]:
    """The year and number of the week: it begins on *first_weekday*; week 1 holds the given day of January."""
    position = (_weekday(moment) - first_weekday) % 7
    # A week belongs to the year in which its deciding day lies, as Thursday decides in ISO's weeks.
    decider = moment.toordinal() - position + 7 - first_january
    deciding_day = datetime.fromordinal(max(1, decider))
    return deciding_day.year, (deciding_day.timetuple().tm_yday - 1) // 7 + 1


def _offset(moment: datetime, joint: str) -> str:
    minutes = int((moment.utcoffset() or timedelta()).total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}{joint}{abs(minutes) % 60:02d}"


Writer = Callable[[datetime, Locale], str]


def _locale_week(moment: datetime, locale: Locale) -> tuple[int, int]:
    return week_of_year(moment, locale.first_weekday, locale.first_january)


def _fraction_writer(places: int) -> Writer:
    # moment.js knows milliseconds and writes zeros behind them.
    return lambda m, _: f"{m.microsecond // 1_000:03d}".ljust(places, "0")


_WRITERS: Final[dict[str, Writer]] = {
    "YYYY": lambda m, _: f"{m.year:04d}",
    "YY": lambda m, _: f"{m.year % 100:02d}",
    "gggg": lambda m, loc: f"{_locale_week(m, loc)[0]:04d}",
    "gg": lambda m, loc: f"{_locale_week(m, loc)[0] % 100:02d}",
    "GGGG": lambda m, _: f"{m.isocalendar()[0]:04d}",
    "GG": lambda m, _: f"{m.isocalendar()[0] % 100:02d}",
    "Y": lambda m, _: f"{m.year:04d}",
    "YYYYY": lambda m, _: f"{m.year:05d}",
    "YYYYYY": lambda m, _: f"{m.year:+07d}",
    "Q": lambda m, _: str((m.month - 1) // 3 + 1),
    "Qo": lambda m, loc: loc.ordinal((m.month - 1) // 3 + 1, "Q"),
    "M": lambda m, _: str(m.month),
    "Mo": lambda m, loc: loc.ordinal(m.month, "M"),
    "MM": lambda m, _: f"{m.month:02d}",
    "MMM": lambda m, loc: loc.short_months[m.month - 1],
    "MMMM": lambda m, loc: loc.months[m.month - 1],
    "D": lambda m, _: str(m.day),
    "Do": lambda m, loc: loc.ordinal(m.day, "D"),
    "DD": lambda m, _: f"{m.day:02d}",
    "DDD": lambda m, _: str(m.timetuple().tm_yday),
    "DDDo": lambda m, loc: loc.ordinal(m.timetuple().tm_yday, "DDD"),
    "DDDD": lambda m, _: f"{m.timetuple().tm_yday:03d}",
    "d": lambda m, _: str(_weekday(m)),
    "do": lambda m, loc: loc.ordinal(_weekday(m), "d"),
    "dd": lambda m, loc: loc.smallest_days[_weekday(m)],
    "ddd": lambda m, loc: loc.short_days[_weekday(m)],
    "dddd": lambda m, loc: loc.days[_weekday(m)],
    "e": lambda m, loc: str((_weekday(m) - loc.first_weekday) % 7),
    "E": lambda m, _: str(m.isoweekday()),
    "w": lambda m, loc: str(_locale_week(m, loc)[1]),
    "wo": lambda m, loc: loc.ordinal(_locale_week(m, loc)[1], "w"),
    "ww": lambda m, loc: f"{_locale_week(m, loc)[1]:02d}",
    "W": lambda m, _: str(m.isocalendar()[1]),
    "Wo": lambda m, loc: loc.ordinal(m.isocalendar()[1], "W"),
    "WW": lambda m, _: f"{m.isocalendar()[1]:02d}",
    "H": lambda m, _: str(m.hour),
    "HH": lambda m, _: f"{m.hour:02d}",
    "h": lambda m, _: str(m.hour % 12 or 12),
    "hh": lambda m, _: f"{m.hour % 12 or 12:02d}",
    "k": lambda m, _: str(m.hour or 24),
    "kk": lambda m, _: f"{m.hour or 24:02d}",
    "A": lambda m, loc: loc.halves[m.hour >= 12],
    "a": lambda m, loc: loc.halves[m.hour >= 12].lower(),
    "m": lambda m, _: str(m.minute),
    "mm": lambda m, _: f"{m.minute:02d}",
    "s": lambda m, _: str(m.second),
    "ss": lambda m, _: f"{m.second:02d}",
    "S": lambda m, _: str(m.microsecond // 100_000),
    "SS": lambda m, _: f"{m.microsecond // 10_000:02d}",
    "SSS": lambda m, _: f"{m.microsecond // 1_000:03d}",
    **{"S" * count: _fraction_writer(count) for count in range(4, 10)},
    "z": lambda m, _: m.tzname() or "",
    "zz": lambda m, _: m.tzname() or "",
    "Z": lambda m, _: _offset(m, ":"),
    "ZZ": lambda m, _: _offset(m, ""),
    "X": lambda m, _: str(int(milliseconds(m) // 1000)),
    "x": lambda m, _: str(int(milliseconds(m))),
}


@lru_cache(maxsize=512)
def tokens_of(pattern: str, locale: Locale) -> tuple[str, ...]:
    """The tokens of a format, its presets written out, and whatever stands between them."""
    expanded = _PRESETS.sub(lambda found: locale.presets.get(found[0], found[0]), pattern)
    return tuple(_TOKEN.findall(expanded))


def literal_of(token: str) -> str:
    """The text that a token stands for when it names no part of a date: `[text]`, `\\D`, or a sign."""
    if len(token) == 1:
        return token
    return token[1:-1] if token.startswith("[") else token.removeprefix("\\")


def format_moment(moment: datetime, pattern: str, locale: Locale) -> str:
    """*moment*, in the zone it carries, as *pattern* says."""
    locale = locale.within(pattern)
    written = []
    for token in tokens_of(pattern, locale):
        writer = _WRITERS.get(token)
        written.append(writer(moment, locale) if writer else literal_of(token))
    return "".join(written)


def add_months(moment: datetime, months: int) -> datetime:
    """*moment* so many months later; a day the month does not have becomes its last."""
    count = moment.year * 12 + moment.month - 1 + months
    year, month = count // 12, count % 12 + 1
    if not 1 <= year <= 9999:
        raise OverflowError("date out of range")
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
