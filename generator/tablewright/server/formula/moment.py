"""moment.js's date formats: an instant → text, and text → an instant."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from tablewright.server.formula.date_text import full_year, offset_zone
from tablewright.server.formula.locales import Locale
from tablewright.server.formula.values import EPOCH, milliseconds

_TOKEN: Final = re.compile(
    r"\[[^\]]*\]|YYYY|YY|gggg|gg|GGGG|GG|Q|MMMM|MMM|Mo|MM|M|DDDD|DDDo|DDD|Do|DD|D|dddd|ddd|dd|do|d|e|E"
    r"|wo|ww|w|Wo|WW|W|HH|H|hh|h|A|a|mm|m|ss|s|SSS|SS|S|ZZ|Z|X|x|LTS|LT|LLLL|LLL|LL|L|llll|lll|ll|l|\\."
)
_PRESETS: Final = re.compile(r"(\[[^\]]*\])|LTS|LT|LLLL|LLL|LL|L|llll|lll|ll|l")

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


_WRITERS: Final[dict[str, Writer]] = {
    "YYYY": lambda m, _: f"{m.year:04d}",
    "YY": lambda m, _: f"{m.year % 100:02d}",
    "gggg": lambda m, loc: f"{_locale_week(m, loc)[0]:04d}",
    "gg": lambda m, loc: f"{_locale_week(m, loc)[0] % 100:02d}",
    "GGGG": lambda m, _: f"{m.isocalendar()[0]:04d}",
    "GG": lambda m, _: f"{m.isocalendar()[0] % 100:02d}",
    "Q": lambda m, _: str((m.month - 1) // 3 + 1),
    "M": lambda m, _: str(m.month),
    "Mo": lambda m, loc: loc.ordinal(m.month),
    "MM": lambda m, _: f"{m.month:02d}",
    "MMM": lambda m, loc: loc.short_months[m.month - 1],
    "MMMM": lambda m, loc: loc.months[m.month - 1],
    "D": lambda m, _: str(m.day),
    "Do": lambda m, loc: loc.ordinal(m.day),
    "DD": lambda m, _: f"{m.day:02d}",
    "DDD": lambda m, _: str(m.timetuple().tm_yday),
    "DDDo": lambda m, loc: loc.ordinal(m.timetuple().tm_yday),
    "DDDD": lambda m, _: f"{m.timetuple().tm_yday:03d}",
    "d": lambda m, _: str(_weekday(m)),
    "do": lambda m, loc: loc.ordinal(_weekday(m)),
    "dd": lambda m, loc: loc.smallest_days[_weekday(m)],
    "ddd": lambda m, loc: loc.short_days[_weekday(m)],
    "dddd": lambda m, loc: loc.days[_weekday(m)],
    "e": lambda m, loc: str((_weekday(m) - loc.first_weekday) % 7),
    "E": lambda m, _: str(m.isoweekday()),
    "w": lambda m, loc: str(_locale_week(m, loc)[1]),
    "wo": lambda m, loc: loc.ordinal(_locale_week(m, loc)[1]),
    "ww": lambda m, loc: f"{_locale_week(m, loc)[1]:02d}",
    "W": lambda m, _: str(m.isocalendar()[1]),
    "Wo": lambda m, loc: loc.ordinal(m.isocalendar()[1]),
    "WW": lambda m, _: f"{m.isocalendar()[1]:02d}",
    "H": lambda m, _: str(m.hour),
    "HH": lambda m, _: f"{m.hour:02d}",
    "h": lambda m, _: str(m.hour % 12 or 12),
    "hh": lambda m, _: f"{m.hour % 12 or 12:02d}",
    "A": lambda m, loc: loc.halves[m.hour >= 12],
    "a": lambda m, loc: loc.halves[m.hour >= 12].lower(),
    "m": lambda m, _: str(m.minute),
    "mm": lambda m, _: f"{m.minute:02d}",
    "s": lambda m, _: str(m.second),
    "ss": lambda m, _: f"{m.second:02d}",
    "S": lambda m, _: str(m.microsecond // 100_000),
    "SS": lambda m, _: f"{m.microsecond // 10_000:02d}",
    "SSS": lambda m, _: f"{m.microsecond // 1_000:03d}",
    "Z": lambda m, _: _offset(m, ":"),
    "ZZ": lambda m, _: _offset(m, ""),
    "X": lambda m, _: str(int(milliseconds(m) // 1000)),
    "x": lambda m, _: str(int(milliseconds(m))),
}


def _expand(pattern: str, locale: Locale) -> str:
    return _PRESETS.sub(lambda found: found[1] or locale.presets[found[0]], pattern)


@lru_cache(maxsize=512)
def _pieces(pattern: str) -> tuple[str, ...]:
    """The tokens of a format and, as they are, the stretches between."""
    pieces: list[str] = []
    end = 0
    for found in _TOKEN.finditer(pattern):
        if found.start() > end:
            pieces.append(pattern[end : found.start()])
        pieces.append(found[0])
        end = found.end()
    return (*pieces, pattern[end:])


def _literal(piece: str) -> str:
    if piece.startswith("[") and piece.endswith("]"):
        return piece[1:-1]
    return piece[1:] if piece.startswith("\\") else piece


def format_moment(moment: datetime, pattern: str, locale: Locale) -> str:
    """*moment*, in the zone it carries, as *pattern* says."""
    written = []
    for piece in _pieces(_expand(pattern, locale)):
        writer = _WRITERS.get(piece)
        written.append(writer(moment, locale) if writer else _literal(piece))
    return "".join(written)


_READERS: Final[dict[str, str]] = {
    "YYYY": r"(\d{1,4})", "YY": r"(\d{1,4})", "Q": r"([1-4])",
    "M": r"(\d{1,2})", "MM": r"(\d{1,2})", "Mo": r"(\d{1,2})\w*", "MMM": r"([^\W\d]+)\.?", "MMMM": r"([^\W\d]+)\.?",
    "D": r"(\d{1,2})", "DD": r"(\d{1,2})", "Do": r"(\d{1,2})(?:[^\W\d]+|\.|º)?",
    "DDD": r"(\d{1,3})", "DDDD": r"(\d{1,3})",
    "d": r"(\d)", "dd": r"([^\W\d]+)\.?", "ddd": r"([^\W\d]+)\.?", "dddd": r"([^\W\d]+(?:-[^\W\d]+)?)\.?",
    "e": r"(\d)", "E": r"(\d)",
    "H": r"(\d{1,2})", "HH": r"(\d{1,2})", "h": r"(\d{1,2})", "hh": r"(\d{1,2})",
    "A": r"([AaPp])\.?[Mm]?\.?", "a": r"([AaPp])\.?[Mm]?\.?",
    "m": r"(\d{1,2})", "mm": r"(\d{1,2})", "s": r"(\d{1,2})", "ss": r"(\d{1,2})",
    "S": r"(\d{1,9})", "SS": r"(\d{1,9})", "SSS": r"(\d{1,9})",
    "Z": r"(Z|[+-]\d{2}:?\d{2})", "ZZ": r"(Z|[+-]\d{2}:?\d{2})",
    "X": r"([+-]?\d{1,12}(?:\.\d{1,3})?)", "x": r"([+-]?\d{1,15})",
}  # fmt: skip
_SAME_FIELD: Final = {
    "MM": "M", "Mo": "M", "MMMM": "MMM", "DD": "D", "Do": "D", "DDDD": "DDD", "HH": "H", "hh": "h", "a": "A",
    "mm": "m", "ss": "s", "SS": "S", "SSS": "S", "ZZ": "Z",
}  # fmt: skip


_NAMED: Final = frozenset({"Mo", "MMM", "MMMM", "Do", "dd", "ddd", "dddd"})
_READER_OF: Final = {
    token: re.compile(reader, 0 if token in _NAMED else re.ASCII)
    for token, reader in _READERS.items()
}


@lru_cache(maxsize=4096)
def parse_moment(text: str, pattern: str, locale: Locale, today: date) -> datetime | None:
    """The instant that *text* names when read as *pattern*, or None. Without a zone in the text it is UTC.

    As moment.js outside its strict mode: punctuation need not agree, text after the last token is left, and the
    parts above the largest one given are those of *today*.
    """
    at = 0
    found: dict[str, str] = {}
    for piece in _pieces(_expand(pattern, locale)):
        reader = _READER_OF.get(piece)
        if reader is None:
            literal = _literal(piece)
            if text.startswith(literal, at):
                at += len(literal)
            continue
        while at < len(text) and not text[at].isalnum() and text[at] not in "+-":
            at += 1
        match = reader.match(text, at)
        if match is None and text[at : at + 1] in ("+", "-"):
            at += 1
            match = reader.match(text, at)
        if match is None:
            return None
        found[_SAME_FIELD.get(piece, piece)] = match[1]
        at = match.end()
    return _assemble(found, locale, today) if found else None


def _month_number(name: str, locale: Locale) -> int | None:
    wanted = name.lower().rstrip(".")
    for names in (locale.months, locale.short_months):
        for number, known in enumerate(names, 1):
            if known.lower().rstrip(".") == wanted:
                return number
    return None


def _assemble(found: dict[str, str], locale: Locale, today: date) -> datetime | None:
    try:
        if "x" in found or "X" in found:
            seconds = float(found["x"]) / 1000 if "x" in found else float(found["X"])
            return EPOCH + timedelta(seconds=seconds)
        day = _day(found, locale, today)
        if day is None:
            return None
        hour = int(found.get("H", found.get("h", "0")))
        if "A" in found:
            hour = hour % 12 + (12 if found["A"] in "Pp" else 0)
        return datetime(
            day.year,
            day.month,
            day.day,
            hour,
            int(found.get("m", 0)),
            int(found.get("s", 0)),
            int(found.get("S", "0").ljust(6, "0")[:6]),
            tzinfo=offset_zone(found.get("Z")),
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _day(found: dict[str, str], locale: Locale, today: date) -> date | None:
    year_text = found.get("YYYY", found.get("YY"))
    year = today.year if year_text is None else full_year(int(year_text), digits=len(year_text))
    if "DDD" in found and "D" not in found:
        return date(year, 1, 1) + timedelta(days=int(found["DDD"]) - 1)
    if "MMM" in found:
        month = _month_number(found["MMM"], locale)
        if month is None:
            return None
    elif "M" in found:
        month = int(found["M"])
    elif "Q" in found:
        month = int(found["Q"]) * 3 - 2
    else:
        month = today.month if year_text is None else 1
    if "D" in found:
        day = int(found["D"])
    else:
        day = today.day if not found.keys() & {"YYYY", "YY", "MMM", "M", "Q"} else 1
    return date(year, month, day)


def add_months(moment: datetime, months: int) -> datetime:
    """*moment* so many months later; a day the month does not have becomes its last."""
    count = moment.year * 12 + moment.month - 1 + months
    year, month = count // 12, count % 12 + 1
    if not 1 <= year <= 9999:
        raise OverflowError("date out of range")
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
