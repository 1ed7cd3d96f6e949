"""The values a formula works with, and how one kind is read as another.

Where Airtable's documentation is silent, values are read as JavaScript reads them: that is what the observed cases
(`0 = ""`, text in a sum is NaN, `1/0` is Infinity) have in common.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from tablewright.server.formula.date_text import read_date

MAX_TEXT: Final = 1_000_000
"""Longest text a formula may make, in characters: ten times Airtable's limit for a long text cell."""


@dataclass(frozen=True, slots=True)
class ErrorValue:
    """A failed evaluation. It is a value: it spreads through what uses it and ends in the cell."""

    text: str = "#ERROR!"


ERROR: Final = ErrorValue()

Value: TypeAlias = float | int | str | bool | datetime | list[Any] | ErrorValue | None
"""None is a blank cell; dates are aware datetimes; an array's items are Values."""


class StyledDatetime(datetime):
    """An instant that carries what SET_TIMEZONE and SET_LOCALE asked for; only DATETIME_FORMAT looks at it."""

    zone_name: str | None = None
    locale: str | None = None

    @classmethod
    def style(
        cls, instant: datetime, *, zone_name: str | None = None, locale: str | None = None
    ) -> StyledDatetime:
        styled = cls(
            instant.year,
            instant.month,
            instant.day,
            instant.hour,
            instant.minute,
            instant.second,
            instant.microsecond,
            instant.tzinfo,
        )
        styled.zone_name = zone_name or getattr(instant, "zone_name", None)
        styled.locale = locale or getattr(instant, "locale", None)
        return styled


EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_EXACT: Final = 2**53
"""From here on a double's own digits are fewer than those of the whole number it stands for."""
_NUMERAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?", re.ASCII)


def milliseconds(instant: datetime) -> float:
    """Milliseconds since 1970, without those below one."""
    return float((instant - EPOCH) // _MILLISECOND)


def to_number(value: Value) -> float:
    """*value* as a number: blank and `""` are 0, text that is no numeral is NaN.

    That numeric text counts as its number is unconfirmed, as is a date's number (milliseconds since 1970).
    """
    if isinstance(value, float):
        return value
    if value is None:
        return 0.0
    if isinstance(value, int):
        return _float(value)
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return 0.0
        return float(text) if _NUMERAL.fullmatch(text) else math.nan
    if isinstance(value, datetime):
        return milliseconds(value)
    if isinstance(value, list):
        return to_number(value[0]) if len(value) == 1 else (math.nan if value else 0.0)
    return math.nan


def _float(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def number_text(number: float) -> str:
    """The shortest decimal text that reads back as *number*, written as JavaScript writes it."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == int(number) and abs(number) < _EXACT:
        return str(int(number))
    mantissa, _, exponent = repr(number).partition("e")
    if not exponent:
        return mantissa.removesuffix(".0")
    power = int(exponent)
    if power < -6:
        return f"{mantissa}e{power}"
    if power >= 21:
        return f"{mantissa}e+{power}"
    sign, digits = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    digits = digits.replace(".", "")
    if power > 0:
        return sign + digits.ljust(power + 1, "0")
    return f"{sign}0.{'0' * (-power - 1)}{digits}"


def iso_text(instant: datetime) -> str:
    """*instant* as the API writes it: UTC, milliseconds, `Z`."""
    utc = instant.astimezone(UTC)
    return f"{utc.year:04d}-{utc:%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def to_text(value: Value) -> str:
    """*value* as text: blank is `""`, a boolean `1` or `0`, a date its ISO form, an array its items by `, `.

    That a date without a time shows midnight as well is unconfirmed.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value) if abs(value) < _EXACT else number_text(_float(value))
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, datetime):
        return iso_text(value)
    if isinstance(value, list):
        return ", ".join(to_text(item) for item in value)
    return value.text


def to_datetime(value: Value) -> datetime | None:
    """*value* as an instant, or None when it is none: text is read as ISO or US-like, without a zone as UTC."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        return read_date(value)
    if isinstance(value, list) and len(value) == 1:
        return to_datetime(value[0])
    return None


def is_truthy(value: Value) -> bool:
    """Whether `filterByFormula` keeps the row and IF takes its first branch.

    Airtable's list of what is not: 0, false, `""`, NaN, `[]`, an error; a blank as well.
    """
    if isinstance(value, float):
        return value != 0 and value == value  # NaN alone differs from itself
    if isinstance(value, ErrorValue):
        return False
    return bool(value) or isinstance(value, datetime)


def flatten(value: Value) -> list[Value]:
    """The items of an array and of the arrays inside it; anything else is its own only item."""
    if not isinstance(value, list):
        return [value]
    items: list[Value] = []
    pending: list[Any] = list(reversed(value))
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            pending.extend(reversed(item))
        else:
            items.append(item)
    return items


def is_error(value: Value) -> bool:
    """Whether ISERROR says so: an error, an infinity (documented), or NaN (unconfirmed)."""
    return isinstance(value, ErrorValue) or (isinstance(value, float) and not math.isfinite(value))
