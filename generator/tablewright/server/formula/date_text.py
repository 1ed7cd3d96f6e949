"""Text → date, where a formula gives a text and a date is wanted: ISO, US numbers, and month names in English."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

_LONGEST: Final = 64
_TIME: Final = (
    r"(?:(?:T|,?\s+|\s+at\s+)(?P<hour>\d{1,2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})"
    r"(?:[.,](?P<fraction>\d{1,9}))?)?)?\s*(?P<half>[ap])?(?(half)\.?m\.?))?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
)
_MONTH_NAMES: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_MONTH: Final = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR: Final = r"(?P<year>\d{4}|\d{2})"
_DAY: Final = r"(?P<day>\d{1,2})"
_FORMS: Final = tuple(
    re.compile(r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?" + form + _TIME, re.ASCII | re.I)
    for form in (
        r"(?P<year>\d{4})[-/](?P<month>\d{1,2})(?:[-/](?P<day>\d{1,2}))?",
        rf"(?P<month>\d{{1,2}})[-/]{_DAY}[-/]{_YEAR}",
        rf"{_DAY}(?:st|nd|rd|th)?[\s-]+{_MONTH}[\s,-]+{_YEAR}",
        rf"{_MONTH}\s+{_DAY}(?:st|nd|rd|th)?,?\s+{_YEAR}",
    )
)  # fmt: skip


@lru_cache(maxsize=4096)
def read_date(text: str) -> datetime | None:
    """The instant *text* names, or None. Without a zone it is UTC; `4/5/2019` is the 5th of April."""
    if len(text) > _LONGEST:
        return None
    stripped = text.strip()
    for form in _FORMS:
        found = form.fullmatch(stripped)
        if found:
            return _instant(found.groupdict())
    return None


def _instant(parts: dict[str, str | None]) -> datetime | None:
    name = parts.get("name")
    month = _MONTH_NAMES.index(name[:3].lower()) + 1 if name else int(parts["month"] or 1)
    hour = int(parts["hour"] or 0)
    if parts["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if parts["half"].lower() == "p" else 0)
    fraction = (parts["fraction"] or "0").ljust(6, "0")[:6]
    try:
        instant = datetime(
            full_year(int(parts["year"] or 0), digits=len(parts["year"] or "")),
            month,
            int(parts["day"] or 1),
            hour,
            int(parts["minute"] or 0),
            int(parts["second"] or 0),
            int(fraction),
            tzinfo=offset_zone(parts["zone"]),
        )
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def full_year(year: int, *, digits: int) -> int:
    """A year of two digits in its century, as moment.js sees it: up to 68 is 20xx."""
    if digits > 2:
        return year
    return year + (1900 if year > 68 else 2000)


def offset_zone(text: str | None) -> timezone:
    """The zone that `+05:30`, `-0800` or `Z` names; UTC for None."""
    if not text or text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
