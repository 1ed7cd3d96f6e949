"""Dates and instants: text ↔ the forms of cells."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tablewright.server import clock
from tablewright.server.schema import Field

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_NAMED = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))? ?([ap]m)?", re.IGNORECASE)


def iso_date(text: str) -> date | None:
    """The day of exactly `YYYY-MM-DD`; none for anything else."""
    if _DATE.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo | None:
    """The time zone of this name; `utc` and `client` are UTC for the API. None when there is none."""
    if name in ("utc", "client", "UTC", "GMT"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def field_zone(field: Field) -> tzinfo:
    """The zone in which the field reads a text that names none."""
    return zone(field.option("timeZone") or "utc") or UTC


def instant(text: str, default_zone: tzinfo) -> datetime | None:
    """The instant of an ISO text, in UTC. Without an offset it is meant in *default_zone*."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return _in_utc(moment, default_zone)


def _in_utc(moment: datetime, default_zone: tzinfo) -> datetime | None:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=default_zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def instant_of_milliseconds(value: float) -> datetime | None:
    """The instant that many milliseconds after 1970; observed to be accepted in 2022."""
    try:
        return _EPOCH + timedelta(milliseconds=value)
    except (ValueError, OverflowError):
        return None


def is_cell_form(text: str) -> bool:
    """Whether the text is an instant, written as `cell` would write it."""
    if len(text) != 24 or text[4] != "-" or text[10] != "T" or text[19] != "." or text[23] != "Z":
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def cell(moment: datetime) -> str:
    """An instant as a dateTime cell shows it."""
    return clock.millisecond(moment)


def guessed_date(text: str, field: Field) -> date | None:
    """The day a person meant, with `typecast`: ISO, the field's own order of day and month, or an English month."""
    text = text.strip()
    moment = instant(text, UTC)
    if moment is not None:
        return iso_date(text[:10]) or moment.date()
    return next(_possible_dates(text, field), None)


def guessed_instant(text: str, field: Field) -> datetime | None:
    """The instant a person meant, with `typecast`."""
    where = field_zone(field)
    found = instant(text, where)
    if found is not None:
        return found
    clock_part = _TIME.search(text)
    day_text = (text if clock_part is None else text[: clock_part.start()]).strip(" ,\t")
    day = iso_date(day_text) or next(_possible_dates(day_text, field), None)
    if day is None:
        return None
    hour, minute, second = 0, 0, 0
    if clock_part is not None:
        hour, minute, second = (int(part or 0) for part in clock_part.groups()[:3])
        half = (clock_part.group(4) or "").lower()
        if half:
            hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        moment = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=where)
    except ValueError:
        return None
    return _in_utc(moment, where)


def _possible_dates(text: str, field: Field) -> Iterator[date]:
    slashed = _SLASHED.fullmatch(text)
    named = _NAMED.fullmatch(text)
    if slashed is not None:
        first, second, year = (int(part) for part in slashed.groups())
        month, day = (second, first) if _day_first(field) else (first, second)
    elif named is not None:
        word = named.group(1).lower()
        month = next((i for i, name in enumerate(_MONTHS, 1) if name.startswith(word)), 0)
        day, year = int(named.group(2)), int(named.group(3))
    else:
        return
    try:
        yield date(year, month, day)
    except ValueError:
        return


def _day_first(field: Field) -> bool:
    chosen = (field.options or {}).get("dateFormat") or {}
    return bool(chosen.get("name") == "european")
