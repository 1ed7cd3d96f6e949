"""Values of a SQLite column that gets another type: converted as PostgreSQL's casts do, or refused.

SQLite stores whatever it is given, so a value that does not fit would stay, and be found when somebody reads it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tablewright.runtime.stores import sql_types

_WHOLE: Final = re.compile(r"\s*[+-]?[0-9]+\s*")
_NUMBER: Final = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?\s*", re.IGNORECASE)
_BOOLEANS: Final = {
    **dict.fromkeys(("1", "1.0", "true", "t", "yes", "y", "on"), 1),
    **dict.fromkeys(("0", "0.0", "false", "f", "no", "n", "off"), 0),
}
_MOST: Final = 2**63


def define(
    connection: Connection, old: str, kind: Any, fits: str, converted: str, *, nullable: bool
) -> None:
    """Let a connection know two functions: whether a value can be of a new type, and what it becomes."""
    becomes = _conversion(old, kind, nullable=nullable)

    def or_blank(value: Any) -> Any:
        return None if value is None else becomes(value)

    def does_fit(value: Any) -> bool:
        try:
            or_blank(value)
        except (ValueError, OverflowError, RecursionError):
            return False
        return True

    raw: Any = connection.connection.dbapi_connection
    raw.create_function(fits, 1, does_fit)
    raw.create_function(converted, 1, or_blank)


def _conversion(old: str, kind: Any, *, nullable: bool) -> Callable[[Any], Any]:
    """Return what converts a value, or raises ValueError; a REAL or TEXT column has turned it into one already."""
    match kind:
        case sql_types.MomentText():
            return _moment
        case sql_types.MemberNames():
            return lambda value: _listed(value, kind)
        case sql_types.MemberName() if old == "JSON":
            return lambda value: _single(value, nullable=nullable)
        case sa.Boolean():
            return _boolean
        case sa.Integer():
            return _whole
        case sa.Float() | sql_types.Seconds():
            return _number
        case sa.Date():
            return _day
        case sa.JSON():
            return _json if old != "BOOLEAN" else _word
        case _ if old == "BOOLEAN":
            return _word
        case _ if old == "REAL":
            # A column of numbers would take a text of digits for a number again, and leaves bytes alone.
            return lambda value: _number_text(value).encode()
        case _:
            return lambda value: value


def _word(value: Any) -> str:
    return "true" if value else "false"


def _boolean(value: Any) -> int:
    found = _BOOLEANS.get(str(value).strip().lower())
    if found is None:
        raise ValueError(value)
    return found


def _whole(value: Any) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value) is None:
        raise ValueError(value)
    found = int(value) if isinstance(value, str) else round(value)
    if not -_MOST <= found < _MOST:
        raise ValueError(value)
    return found


def _number(value: Any) -> Any:
    if isinstance(value, str) and _NUMBER.fullmatch(value) is None:
        raise ValueError(value)
    if not math.isfinite(float(value)):
        raise ValueError(value)
    # On its way into a column of numbers a text becomes one, digit by digit.
    return value


def _number_text(value: float) -> str:
    """Return a number as PostgreSQL writes it: with all the digits that tell it from others, and no more."""
    digits = Decimal(repr(value)).normalize()
    power = digits.adjusted()
    if -5 < power < 15:
        return f"{digits:f}"
    return f"{digits.scaleb(-power):f}e{power:+03}"


def _day(value: Any) -> str:
    text = _text(value)
    day = date.fromisoformat(text[:10])
    if len(text) > len("2026-01-31"):
        datetime.fromisoformat(text)
    return day.isoformat()


def _moment(value: Any) -> str:
    text = _text(value)
    date.fromisoformat(text[:10])
    found = datetime.fromisoformat(text)
    return sql_types.moment_text(found if found.tzinfo is not None else found.replace(tzinfo=UTC))


def _text(value: Any) -> str:
    """Return a text that may be a date; a number would be a day of the Julian calendar for SQLite."""
    if not isinstance(value, str) or value.strip()[4:5] != "-":
        raise ValueError(value)
    return value.strip()


def _json(value: Any) -> Any:
    if isinstance(value, str):
        json.loads(value, parse_constant=_no_constant)
    return value


def _no_constant(text: str) -> None:
    raise ValueError(text)


def _listed(value: Any, kind: sql_types.MemberNames) -> str:
    if value not in kind.choices.__members__:
        raise ValueError(value)
    return json.dumps([value])


def _single(value: Any, *, nullable: bool) -> str | None:
    items: Any = json.loads(value) if isinstance(value, str) else value
    if not isinstance(items, list) or len(items) > 1 or not (items or nullable):
        raise ValueError(value)
    return str(items[0]) if items else None
