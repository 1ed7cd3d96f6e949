"""Operations that the direct evaluator, generated Python source and SQLite share. A leaf.

They are total: a blank gives a blank, and what lies beyond the ends of what a moment or a duration can hold becomes
that end.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any, Final, TypeVar, overload

FIRST_MOMENT: Final = datetime.min.replace(tzinfo=UTC)
LAST_MOMENT: Final = datetime.max.replace(tzinfo=UTC)
MAX_SPAN: Final = timedelta(days=999_999_999)
"""The longest duration, and with a sign the shortest: what a `timedelta` can hold either way."""

SPAN_SECONDS: Final = {
    "seconds": 1,
    "minutes": 60,
    "hours": 3_600,
    "days": 86_400,
    "weeks": 604_800,
}
_MOST_PLACES: Final = 400
"""No double has more decimal places that differ from 0, nor as many digits before the point."""

_Value = TypeVar("_Value")


def present(value: _Value | None) -> _Value:
    """Return a value that was seen to be there, for type checkers, which did not see it.

    Raises:
        ValueError: it is blank after all.
    """
    if value is None:
        raise ValueError("a value that was there is blank now")
    return value


# -- comparisons and numbers ------------------------------------------------------------------------------------------


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


@overload
def modulo(left: int | None, right: int | None) -> int | None: ...  # type: ignore[overload-overlap]  # an int is a float to mypy
@overload
def modulo(left: float | None, right: float | None) -> float | None: ...
def modulo(left: float | None, right: float | None) -> float | None:
    """Return what remains of `left - right * floor(left / right)`; it has the divisor's sign.

    Blank where a part is blank or the divisor is 0.
    """
    if left is None or right is None or right == 0:
        return None
    if isinstance(left, int) and isinstance(right, int):
        return left % right
    return remainder(left, right)


def remainder(left: float, right: float) -> float:
    """Return what remains of `left - right * floor(left / right)`; it has the sign of the divisor, which is not 0."""
    quotient = left / right
    # Beyond double precision nothing remains that could be told.
    return left - right * float(math.floor(quotient)) if math.isfinite(quotient) else math.nan


@overload
def round_(value: float, places: int = 0) -> float: ...
@overload
def round_(value: float | None, places: int | None = 0) -> float | None: ...
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


@overload
def floor_(value: float) -> int: ...
@overload
def floor_(value: float | None) -> int | None: ...
def floor_(value: float | None) -> int | None:
    """Return the largest integer that is not above the number."""
    return None if value is None else math.floor(value)


@overload
def ceil_(value: float) -> int: ...
@overload
def ceil_(value: float | None) -> int | None: ...
def ceil_(value: float | None) -> int | None:
    """Return the smallest integer that is not below the number."""
    return None if value is None else math.ceil(value)


def concat(left: str | None, right: str | None) -> str | None:
    """Return both texts as one; blank where one is blank."""
    return None if left is None or right is None else left + right


# -- moments, days and durations --------------------------------------------------------------------------------------


def later(moment: datetime, span: timedelta) -> datetime:
    """Return the moment that lies *span* after *moment*: at most the last of the year 9999, at least the first of 1."""
    try:
        return moment + span
    except OverflowError:
        return LAST_MOMENT if span > timedelta() else FIRST_MOMENT


def earlier(moment: datetime, span: timedelta) -> datetime:
    """Return the moment that lies *span* before *moment*, within the years 1 to 9999."""
    return later(moment, -span)


def day_later(day: date, span: timedelta) -> date:
    """Return the day that lies the whole days of *span* after *day*, within the years 1 to 9999."""
    try:
        return day + span
    except OverflowError:
        return date.max if span > timedelta() else date.min


def day_earlier(day: date, span: timedelta) -> date:
    """Return the day that lies the whole days of *span* before *day*, within the years 1 to 9999."""
    return day_later(day, timedelta(days=-span.days))


def plus(left: timedelta, right: timedelta) -> timedelta:
    """Return both durations as one, at most `MAX_SPAN` either way."""
    try:
        found = left + right
    except OverflowError:
        return MAX_SPAN if left > timedelta() else -MAX_SPAN
    return min(max(found, -MAX_SPAN), MAX_SPAN)


def minus(left: timedelta, right: timedelta) -> timedelta:
    """Return the difference of two durations, at most `MAX_SPAN` either way."""
    return plus(left, -right)


@overload
def span_of(count: float, unit: str) -> timedelta: ...
@overload
def span_of(count: None, unit: str) -> None: ...
def span_of(count: float | None, unit: str) -> timedelta | None:
    """Return a duration of so many units, to the nearest microsecond, at most `MAX_SPAN` either way."""
    if count is None:
        return None
    seconds = count * SPAN_SECONDS[unit]
    if not abs(seconds) < MAX_SPAN.total_seconds():
        return MAX_SPAN if seconds > 0 else -MAX_SPAN if seconds < 0 else timedelta()
    return timedelta(microseconds=round(seconds * 1_000_000))


def length_in(span: timedelta | None, unit: str) -> float | None:
    """Return how many units a duration is long."""
    return None if span is None else span.total_seconds() / SPAN_SECONDS[unit]


# -- several values ---------------------------------------------------------------------------------------------------


def smallest(*values: Any) -> Any:
    """Return the smallest value; blank where one is blank."""
    return None if any(value is None for value in values) else min(values)


def largest(*values: Any) -> Any:
    """Return the largest value; blank where one is blank."""
    return None if any(value is None for value in values) else max(values)


def total(values: Iterable[Any]) -> Any:
    """Return the sum of numbers, blanks left out."""
    return sum(value for value in values if value is not None)


def total_span(spans: Iterable[timedelta | None]) -> timedelta:
    """Return the sum of durations, blanks left out, at most `MAX_SPAN` either way."""
    found = timedelta()
    for span in spans:
        if span is not None:
            found = plus(found, span)
    return found
