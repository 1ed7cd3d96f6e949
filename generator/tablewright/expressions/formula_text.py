"""What formulas are made of: fields, literals, and values beside the condition under which they are there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal

CONTROL: Final = frozenset(map(chr, [*range(32), 127, *range(0x80, 0xA0), 0x2028, 0x2029]))
"""Signs of which Airtable does not say how a formula reads them."""

Shape = Literal[
    "text", "number", "seconds", "flag", "date", "datetime", "choice", "choices", "link", "present"
]  # fmt: skip
"""What a field is to a formula. Of `present` ones only blankness can be told; a `link` is its records' joined text."""


class Unsayable(Exception):
    """A formula cannot say this exactly. The store's own vocabulary, never a user's error."""


_OTHERWISE: Final = {
    "%": "'%', since of a negative number Airtable's MOD() may have a remainder with the other sign",
    "between": "the time between two moments, which DATETIME_DIFF() gives in whole units alone",
    "duration": "a calculation with a duration, which formulas hold as a plain number of seconds",
    "round": "round(), since ROUND() takes the half of a negative number up, and round() away from zero",
    "len": "len(), since Airtable does not tell what LEN() counts in signs beyond the usual ones",
    "list": "len() of a list, which formulas hold as one text",
    "strip": "strip(), since Airtable does not tell which blanks TRIM() takes away",
}


def otherwise(what: str) -> str:
    """Return how formulas differ in what they calculate otherwise, or may: an operator, or a function by its name."""
    return _OTHERWISE.get(what, f"{what}()")


@dataclass(frozen=True, slots=True)
class FormulaField:
    """A field as formulas name it. A blank one reads as *default*, where there is one; *required* ones are never blank."""

    reference: str
    shape: Shape
    default: Any = None
    required: bool = False


def field_reference(name: str) -> str:
    """Return a field, by name or id, as a formula refers to it.

    Airtable writes a `}` as `\\}` and knows no way to write a second one, or a backslash before it.

    Raises:
        Unsayable: there is no way to refer to it by name; by its id there is.
    """
    if not name or name.count("}") > 1 or name.endswith("\\") or "\\}" in name:
        raise Unsayable(f"field name {name!r}")
    if not CONTROL.isdisjoint(name):
        raise Unsayable(f"field name {name!r}")
    escaped = name.replace("}", "\\}")
    return f"{{{escaped}}}"


def quoted(text: str) -> str:
    """Return a text as a formula's literal, which nothing in it can end.

    Raises:
        Unsayable: it holds control characters, whose reading is not documented, or no Unicode text at all.
    """
    if not CONTROL.isdisjoint(text) or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise Unsayable("a text with control characters")
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def number(value: float) -> str:
    """Return a number as digits; formulas know no exponents.

    Raises:
        Unsayable: it is not finite.
    """
    if not math.isfinite(value):
        raise Unsayable(f"the number {value}")
    digits = format(Decimal(repr(value)), "f")
    return f"({digits})" if digits.startswith("-") else digits


def moment(value: datetime) -> str:
    """Return a moment as formulas hold it, in UTC; what is below a millisecond is cut off."""
    utc = value.astimezone(UTC)
    text = f"{utc.year:04d}-{utc:%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"
    return f"DATETIME_PARSE('{text}')"


def plain_text(text: str) -> str:
    """Return the longest part of *text* that a formula can look for wherever the text is shown, quoted or joined."""
    pieces = "".join(
        "\n" if sign in CONTROL or sign in ",\"'\\" or "\ud800" <= sign <= "\udfff" else sign
        for sign in text
    ).split("\n")
    return max((piece.strip() for piece in pieces), key=len, default="")[:200]


def literal(value: Any) -> str:
    """Return a value as a formula writes it.

    Raises:
        Unsayable: a formula has no literal for it.
    """
    match value:
        case Enum():
            return quoted(label(value))
        case bool():
            return "1" if value else "0"
        case str():
            return quoted(value)
        case int() | float():
            return number(value)
        case datetime() if is_finer(value):
            raise Unsayable("a moment finer than a millisecond")
        case datetime():
            return moment(value)
        case date():
            return f"DATETIME_PARSE('{value.isoformat()}')"
        case timedelta():
            return number(value.total_seconds())
        case _:
            raise Unsayable(f"the value {value!r}")


def is_finer(value: datetime) -> bool:
    """Tell whether a moment falls between the whole milliseconds that formulas and stored values have."""
    return value.microsecond % 1000 != 0


def label(member: Enum) -> str:
    """Return a choice as cells show it."""
    return str(member.value)


@dataclass(frozen=True, slots=True)
class Said:
    """A value as formula text, right wherever *known* holds; elsewhere the value is blank."""

    text: str
    known: str | None = None


def both(*conditions: str | None) -> str | None:
    """Return the condition that all hold, none where there is nothing to ask."""
    asked = list(dict.fromkeys(one for one in conditions if one is not None))
    if len(asked) < 2:
        return asked[0] if asked else None
    return f"AND({', '.join(asked)})"


def where(known: str | None, test: str, otherwise: str) -> str:
    """Return *test*, worked out only where *known* holds: functions of dates are errors for blanks."""
    return test if known is None else f"IF({known}, {test}, {otherwise})"


def same(one: str | None, other: str | None, test: str) -> str:
    """Return the test that two values are the same, where a blank is the same as a blank alone."""
    if one is None or other is None:
        return where(one if one is not None else other, test, "0")
    if one == other:
        return f"IF({one}, {test}, 1)"
    return f"IF({one}, IF({other}, {test}, 0), NOT({other}))"
