"""Value → the JSON of a cell, as the record end points answer it."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Final

from tablewright.server.formula.values import ErrorValue, Value, is_truthy, iso_text, to_text

_TEXT_TYPES: Final = frozenset(
    {"singleLineText", "multilineText", "richText", "email", "url", "phoneNumber"}
)
_EXACT: Final = 1e21
"""From here on JavaScript writes a number with an exponent, so it needs no integer's digits."""


def to_cell(value: Value, result: str | None = None) -> Any:
    """*value* as JSON, or None for a cell that is left out of the answer.

    *result* is the type of the field's result: a `date` has no time, a `checkbox` is true or nothing, and a text
    field shows a number as text. Without it the value speaks for itself.
    """
    if value is None or value == "":
        return None
    if isinstance(value, ErrorValue):
        return {"error": value.text}
    if result == "checkbox":
        return True if is_truthy(value) else None
    if isinstance(value, datetime):
        return iso_text(value)[:10] if result == "date" else iso_text(value)
    if result in _TEXT_TYPES:
        return to_text(value) or None
    if isinstance(value, list):
        return [to_cell(item, result) for item in value] or None
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return _number(value)
    return value


def _number(value: float) -> Any:
    if math.isnan(value):
        return {"specialValue": "NaN"}
    if math.isinf(value):
        # The spelling of the infinities is unconfirmed.
        return {"specialValue": "Infinity" if value > 0 else "-Infinity"}
    return int(value) if value.is_integer() and abs(value) < _EXACT else value
