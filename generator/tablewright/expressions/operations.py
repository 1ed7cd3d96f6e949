"""Operations that the direct evaluator and generated Python source share. A leaf."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any, Final

_MOST_PLACES: Final = 400
"""No double has more decimal places that differ from 0, nor as many digits before the point."""


def less(left: Any, right: Any) -> bool:
    """Tell whether *left* is below *right*; false where one is blank."""
    return left is not None and right is not None and bool(left < right)


def less_equal(left: Any, right: Any) -> bool:
    """Tell whether *left* is not above *right*; false where one is blank."""
    return left is not None and right is not None and bool(left <= right)


def divide(left: float | None, right: float | None) -> float | None:
    """Return the quotient; blank where a part is blank or the divisor is 0."""
    if left is None or right is None or right == 0:
        return None
    return left / right


def modulo(left: Any, right: Any) -> Any:
    """Return what remains of `left - right * floor(left / right)`; it has the divisor's sign.

    Blank where a part is blank or the divisor is 0.
    """
    if left is None or right is None or right == 0:
        return None
    if isinstance(left, int) and isinstance(right, int):
        return left % right
    quotient = left / right
    return left - right * float(math.floor(quotient)) if math.isfinite(quotient) else None


def round_(value: float | None, places: int | None = 0) -> float | None:
    """Return the number with so many decimal places, halves away from zero, as its digits are written.

    `round_(2.5)` is 3.0 and `round_(1.005, 2)` is 1.01, though the double behind 1.005 lies a little below it.
    """
    if value is None or places is None:
        return None
    if not math.isfinite(value) or places > _MOST_PLACES:
        return float(value)
    if places < -_MOST_PLACES:
        return 0.0
    with localcontext() as context:
        context.prec = 3 * _MOST_PLACES
        exact = Decimal(repr(value))
        return float(exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)) + 0.0


def floor_(value: float | None) -> int | None:
    """Return the largest integer that is not above the number."""
    return None if value is None else math.floor(value)


def ceil_(value: float | None) -> int | None:
    """Return the smallest integer that is not below the number."""
    return None if value is None else math.ceil(value)


def concat(left: str | None, right: str | None) -> str | None:
    """Return both texts as one; blank where one is blank."""
    return None if left is None or right is None else left + right


def add_time(moment: datetime | None, span: timedelta | None) -> datetime | None:
    """Return the moment that lies *span* later; blank where a part is blank or the year leaves 1 to 9999."""
    if moment is None or span is None:
        return None
    try:
        return moment + span
    except OverflowError:
        return None


def smallest(*values: Any) -> Any:
    """Return the smallest value; blank where one is blank."""
    return None if any(value is None for value in values) else min(values)


def largest(*values: Any) -> Any:
    """Return the largest value; blank where one is blank."""
    return None if any(value is None for value in values) else max(values)


def total(values: Iterable[Any], zero: Any = 0) -> Any:
    """Return the sum, blanks left out."""
    return sum((value for value in values if value is not None), zero)


SPAN_SECONDS: Final = {
    "seconds": 1,
    "minutes": 60,
    "hours": 3_600,
    "days": 86_400,
    "weeks": 604_800,
}


def span_of(count: float | None, unit: str) -> timedelta | None:
    """Return a duration of so many units, to the nearest microsecond; blank where it is beyond what can be held."""
    if count is None:
        return None
    try:
        return timedelta(microseconds=round(count * SPAN_SECONDS[unit] * 1_000_000))
    except (OverflowError, ValueError):
        return None


def length_in(span: timedelta | None, unit: str) -> float | None:
    """Return how many units a duration is long."""
    return None if span is None else span.total_seconds() / SPAN_SECONDS[unit]
