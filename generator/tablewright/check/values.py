"""A word of the schema → a plain value of a field's type: a default, or the least or greatest value."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from tablewright.check.durations import seconds_of
from tablewright.expressions.resolve import MAX_INTEGER
from tablewright.kinds import Kind, as_written
from tablewright.model.schema import Default, Enum
from tablewright.syntax.document import Scalar
from tablewright.syntax.parse import core_value


def read_value(node: Scalar, kind: Kind, enum: Enum | None) -> tuple[str, Default]:
    """Return the value; where the word is none of this type, what is needed instead, as part of a sentence."""
    value = node.value
    match kind.value.kind:
        case "text":
            return ("", value) if isinstance(value, str) else ("a text", None)
        case "integer":
            whole = (
                isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_INTEGER
            )
            return ("", value) if whole else ("a whole number", None)
        case "number":
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            return ("", float(value)) if is_number and value is not None else ("a number", None)
        case "boolean":
            return ("", value) if isinstance(value, bool) else ("true or false", None)
        case "date":
            return _moment(node.text, day=True)
        case "datetime":
            return _moment(node.text, day=False)
        case "duration":
            seconds = seconds_of(node)
            if seconds is None:
                return "a duration such as 90s, 5m or 1.5h", None
            return "", timedelta(seconds=seconds)
        case "enum":
            known = enum is not None and any(one.key == node.text for one in enum.values)
            return ("", node.text) if known else (f"a value of {enum.key if enum else 'the enum'}", None)  # fmt: skip
        case _:
            return "nothing", None


_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGITS_DAY: Final = re.compile(r"[0-9]{8}")
_CLOCK: Final = re.compile(r"([0-9]{1,4}):([0-5][0-9])(?::([0-5][0-9]))?")
_MOVING: Final = frozenset({"now", "now()", "today", "today()", "utcnow()", "current_timestamp"})


def _moment(text: str, *, day: bool) -> tuple[str, Default]:
    try:
        if _ISO_DAY.match(text) is None:
            raise ValueError(text)
        if day:
            return "", date.fromisoformat(text)
        found = datetime.fromisoformat(text)
    except ValueError:
        return (
            "a date such as 2026-01-31" if day else "a moment such as 2026-01-31T12:00:00Z"
        ), None
    if found.tzinfo is None:
        return "a moment with its offset, such as 2026-01-31T12:00:00Z,", None
    try:
        found.astimezone(UTC)
    except OverflowError:
        return "a moment of the years 1 to 9999 in UTC", None
    return "", found


def moves(node: Scalar, kind: Kind) -> bool:
    """Tell whether the word stands for the moment or day at which it is looked at."""
    return kind.value.kind in ("date", "datetime") and node.text.strip().lower() in _MOVING


def way_to_write(node: Scalar, kind: Kind) -> str:
    """Return what to write in place of a word that is no value of this type; empty where that cannot be told."""
    text = node.text.strip()
    match kind.value.kind:
        case "integer" | "number" as wanted:
            return _as_number(node, whole=wanted == "integer")
        case "date" if _DIGITS_DAY.fullmatch(text) or _ISO_DAY.match(text):
            return _as_day(text)
        case "datetime" if _ISO_DAY.match(text):
            return _in_utc(text)
        case "duration":
            return _as_duration(text)
        case _:
            return ""


def _as_number(node: Scalar, *, whole: bool) -> str:
    if isinstance(node.value, bool):
        return ""
    if isinstance(node.value, int):
        return f"integers go up to {MAX_INTEGER}, as in Airtable"
    if isinstance(node.value, float):
        return f"write {node.value:.0f}" if whole and node.value.is_integer() else ""
    return f"write {node.text}, without quotes" if node.quoted and isinstance(core_value(node.text), int) else ""  # fmt: skip


def _as_day(text: str) -> str:
    try:
        return f"write {datetime.fromisoformat(text).date().isoformat()}"
    except ValueError:
        return ""


def _in_utc(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
        return "" if found.tzinfo is not None else f"write {as_written(found.replace(tzinfo=UTC))}"
    except ValueError:
        return ""


def _as_duration(text: str) -> str:
    found = _CLOCK.fullmatch(text)
    if found is None:
        return ""
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return f"write {as_written(timedelta(hours=hours, minutes=minutes, seconds=seconds))}"
