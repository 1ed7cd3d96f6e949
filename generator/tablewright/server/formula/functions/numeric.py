"""Numeric functions. Rounding works on the decimal text of a number, so that 1.005 is 1.005 (unconfirmed)."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_UP, Context, Decimal
from typing import Final

from tablewright.server.formula.functions.table import Group
from tablewright.server.formula.values import ErrorValue, Value, flatten, to_number

_numeric = Group("Numeric")

# Wide enough for the largest and the smallest double to stand in one sum.
_DECIMAL: Final = Context(prec=700)
_HALF: Final = Decimal("0.5")


@_numeric.pure("ABS(x)", "the absolute value", "number")
def absolute(x: Value) -> Value:
    return abs(to_number(x))


@_numeric.pure("SQRT(x)", "the square root", "number")
def square_root(x: Value) -> Value:
    number = to_number(x)
    return math.sqrt(number) if number >= 0 else math.nan


@_numeric.pure("EXP(x)", "*e* to the power *x*", "number")
def exponential(x: Value) -> Value:
    try:
        return math.exp(to_number(x))
    except OverflowError:
        return math.inf


@_numeric.pure("POWER(b, p)", "*b* to the power *p*", "number")
def power(base: Value, exponent: Value) -> Value:
    b, p = to_number(base), to_number(exponent)
    try:
        return math.pow(b, p)
    except OverflowError:
        return -math.inf if b < 0 and p % 2 == 1 else math.inf
    except ValueError:
        return math.inf if b == 0 else math.nan


@_numeric.pure("LOG(x, [base])", "the logarithm, to base 10 unless given", "number")
def logarithm(x: Value, base: Value = 10) -> Value:
    number, b = to_number(x), to_number(base)
    if number == 0 and b > 1:
        return -math.inf
    try:
        return (
            math.log10(number) if b == 10 else math.log2(number) if b == 2 else math.log(number, b)
        )
    except (ValueError, ZeroDivisionError):
        return math.nan


@_numeric.pure("INT(x)", "the greatest integer not above *x*", "integer")
def integer(x: Value) -> Value:
    number = to_number(x)
    return float(math.floor(number)) if math.isfinite(number) else number


@_numeric.pure("MOD(x, d)", "the remainder of *x* by *d*", "number")
def remainder(x: Value, divisor: Value) -> Value:
    number, d = to_number(x), to_number(divisor)
    if d == 0 or not math.isfinite(number) or math.isnan(d):
        return math.nan
    return math.fmod(number, d)  # with the sign of x, as JavaScript's % (unconfirmed)


def _round_to(x: Value, places: Value, rounding: str) -> Value:
    number, digits = to_number(x), to_number(places)
    if not math.isfinite(number) or not math.isfinite(digits):
        return number if math.isfinite(digits) else math.nan
    if digits > 300:
        return number
    unit = Decimal(1).scaleb(-int(max(digits, -310)))
    exact = Decimal(repr(number))
    if rounding == "half":
        # Half up toward plus infinity, as documented: -2.5 is -2.
        steps = _DECIMAL.add(_DECIMAL.divide(exact, unit), _HALF).to_integral_value(ROUND_FLOOR)
    else:
        steps = _DECIMAL.divide(exact, unit).to_integral_value(rounding)
    return float(_DECIMAL.multiply(steps, unit))


@_numeric.pure("ROUND(x, p)", "rounded to *p* places, halves toward plus infinity", "number")
def round_half_up(x: Value, places: Value) -> Value:
    return _round_to(x, places, "half")


@_numeric.pure("ROUNDUP(x, p)", "rounded to *p* places, away from zero", "number")
def round_up(x: Value, places: Value) -> Value:
    return _round_to(x, places, ROUND_UP)


@_numeric.pure("ROUNDDOWN(x, p)", "rounded to *p* places, toward zero", "number")
def round_down(x: Value, places: Value) -> Value:
    return _round_to(x, places, ROUND_DOWN)


def _multiple(x: Value, significance: Value, rounding: str) -> Value:
    number, step = to_number(x), to_number(significance)
    if not math.isfinite(number) or not math.isfinite(step) or step == 0:
        return math.nan
    exact, unit = Decimal(repr(number)), Decimal(repr(step))
    steps = _DECIMAL.divide(exact, unit).to_integral_value(rounding)
    return float(_DECIMAL.multiply(steps, unit))


@_numeric.pure("CEILING(x, [sig])", "the nearest multiple of *sig* (1) not below *x*", "number")
def ceiling(x: Value, significance: Value = 1.0) -> Value:
    return _multiple(x, significance, ROUND_CEILING)


@_numeric.pure("FLOOR(x, [sig])", "the nearest multiple of *sig* (1) not above *x*", "number")
def floor(x: Value, significance: Value = 1.0) -> Value:
    return _multiple(x, significance, ROUND_FLOOR)


def _parity(x: Value, wanted: int) -> Value:
    number = to_number(x)
    if not math.isfinite(number):
        return number
    size = math.ceil(abs(number))
    return math.copysign(size + (size % 2 != wanted), number)


@_numeric.pure("EVEN(x)", "the next even integer, away from zero", "integer")
def even(x: Value) -> Value:
    return _parity(x, 0)


@_numeric.pure("ODD(x)", "the next odd integer, away from zero", "integer")
def odd(x: Value) -> Value:
    return _parity(x, 1)


def _numbers(values: tuple[Value, ...]) -> list[float] | ErrorValue:
    """The numbers among *values* and in their arrays. Blanks and texts are skipped (texts: unconfirmed)."""
    numbers: list[float] = []
    for value in values:
        for item in flatten(value):
            if isinstance(item, float | int):
                numbers.append(to_number(item))
            elif isinstance(item, ErrorValue):
                return item
    return numbers


@_numeric.pure("SUM(n, [n, …])", "the sum; 0 of nothing", "number")
def total(*values: Value) -> Value:
    numbers = _numbers(values)
    return numbers if isinstance(numbers, ErrorValue) else float(sum(numbers))


@_numeric.pure("AVERAGE(n, [n, …])", "the mean; NaN of nothing", "number")
def average(*values: Value) -> Value:
    numbers = _numbers(values)
    if isinstance(numbers, ErrorValue):
        return numbers
    return sum(numbers) / len(numbers) if numbers else math.nan  # of nothing: unconfirmed


def _extreme(values: tuple[Value, ...], *, largest: bool) -> Value:
    # Rollups take MAX and MIN of dates; that plain formulas do is unconfirmed, as is the blank of nothing.
    dates = [item for value in values for item in flatten(value) if isinstance(item, datetime)]
    numbers = _numbers(values)
    if isinstance(numbers, ErrorValue):
        return numbers
    if numbers:
        if any(math.isnan(number) for number in numbers):
            return math.nan
        return max(numbers) if largest else min(numbers)
    return (max(dates) if largest else min(dates)) if dates else None


@_numeric.pure("MAX(n, [n, …])", "the largest", "extreme")
def largest(*values: Value) -> Value:
    return _extreme(values, largest=True)


@_numeric.pure("MIN(n, [n, …])", "the smallest", "extreme")
def smallest(*values: Value) -> Value:
    return _extreme(values, largest=False)


@_numeric.pure("COUNT(n, [n, …])", "how many items are numbers", "integer")
def count(*values: Value) -> Value:
    items = [item for value in values for item in flatten(value)]
    return sum(isinstance(item, float | int) for item in items)


@_numeric.pure("COUNTA(v, [v, …])", "how many items are not empty", "integer")
def count_filled(*values: Value) -> Value:
    items = [item for value in values for item in flatten(value)]
    return sum(item is not None and item != "" for item in items)


@_numeric.pure("COUNTALL(v, [v, …])", "how many items there are, blanks included", "integer")
def count_all(*values: Value) -> Value:
    return sum(len(flatten(value)) for value in values)
