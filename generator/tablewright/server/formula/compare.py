"""Equality and order of values of any two kinds."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeAlias

from tablewright.server.formula.values import Value, milliseconds, to_datetime, to_number, to_text

Comparison: TypeAlias = Callable[[Any, Any], bool]

OPERATIONS: Final[dict[str, Comparison]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _scalar(value: Value) -> Value:
    """An array as one value: its only item, or its text. (Unconfirmed: Airtable advises ARRAYJOIN here.)"""
    if not isinstance(value, list):
        return value
    if not value:
        return None
    return _scalar(value[0]) if len(value) == 1 else to_text(value)


def equals(left: Value, right: Value) -> bool:
    """`left = right`. Text equals text exactly, case included (unconfirmed, but what every client relies on).

    A blank equals 0, `""` and an unchecked box (forum tests of 2020; a report of 2026 says otherwise of `!= 0`).
    A number equals text that is its numeral (unconfirmed).
    """
    left, right = _scalar(left), _scalar(right)
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    if isinstance(left, datetime) or isinstance(right, datetime):
        return _same_instant(left, right)
    if left is None or right is None:
        other = right if left is None else left
        return other is None or other == "" or (not isinstance(other, str) and other == 0)
    return to_number(left) == to_number(right)


def _same_instant(left: Value, right: Value) -> bool:
    if left is None or right is None:
        return False
    left_instant, right_instant = to_datetime(left), to_datetime(right)
    if left_instant is not None and right_instant is not None:
        # The API stores and shows milliseconds, so finer parts cannot tell two instants apart.
        return milliseconds(left_instant) == milliseconds(right_instant)
    return to_text(left) == to_text(right)


def compare(sign: str, left: Value, right: Value) -> bool:
    """`left sign right` for values that are no errors.

    Order: text by code points, dates by instant, anything else by number; against a date a blank is 1970
    (all unconfirmed).
    """
    if sign == "=":
        return equals(left, right)
    if sign == "!=":
        return not equals(left, right)
    left, right = _scalar(left), _scalar(right)
    operation = OPERATIONS[sign]
    if isinstance(left, str) and isinstance(right, str):
        return operation(left, right)
    if isinstance(left, datetime) or isinstance(right, datetime):
        return operation(_instant_number(left), _instant_number(right))
    return operation(to_number(left), to_number(right))


def _instant_number(value: Value) -> float:
    instant = to_datetime(value)
    return milliseconds(instant) if instant is not None else to_number(value)
