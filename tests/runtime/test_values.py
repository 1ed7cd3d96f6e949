"""The operations that generated code, the evaluator and SQL share."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from tablewright.runtime import Choice, OrderedChoice, values
from tablewright.runtime.stores.ids import new_record_id


class Plain(Choice):
    """Without an order."""

    B = "Bee"
    A = "Ay"


class Level(OrderedChoice):
    """Labels and names are in another order than the definition."""

    LOW = "Low"
    HIGH = "High"
    AVERAGE = "Average"


@pytest.mark.parametrize(
    ("number", "places", "expected"),
    [(2.5, 0, 3.0), (-2.5, 0, -3.0), (0.5, 0, 1.0), (1.005, 2, 1.01), (2.675, 2, 2.68), (15, -1, 20.0), (1e300, 3, 1e300),
     (5e-324, 500, 5e-324), (123.0, -500, 0.0), (-0.4, 0, 0.0), (0.1 + 0.2, 1, 0.3)],
)  # fmt: skip
def test_halves_are_rounded_away_from_zero(number: float, places: int, expected: float) -> None:
    """The digits as written count, not the double behind them."""
    assert str(values.round_(number, places)) == str(expected)


def test_blanks_and_zeros_give_blanks() -> None:
    """No operation raises on a blank, and division by zero is blank."""
    assert values.divide(1, 0) is None
    assert values.divide(None, 2) is None
    assert values.modulo(5, 0) is None
    assert values.modulo(None, 3) is None
    assert values.round_(None) is None
    assert values.floor_(None) is None
    assert values.smallest(1, None) is None
    assert not values.less(None, 1)
    assert not values.less_equal(1, None)
    assert values.total([1, None, 2]) == 3


@pytest.mark.parametrize(
    ("left", "right", "expected"), [(7, 3, 1), (-7, 3, 2), (7, -3, -2), (-7.5, 2.0, 0.5), (7.5, -2.0, -0.5), (1.0, 0.1, 0.0)]
)  # fmt: skip
def test_the_remainder_has_the_sign_of_the_divisor(
    left: float, right: float, expected: float
) -> None:
    """What remains of left - right * floor(left / right)."""
    assert values.modulo(left, right) == expected


def test_time_ends_where_the_calendar_does() -> None:
    """A moment or duration beyond what can be held is the last that can; nothing raises."""
    last, first = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
    most = timedelta(days=999_999_999)

    assert values.later(last, timedelta(microseconds=1)) == last
    assert values.later(first, -most) == first
    assert values.earlier(first, timedelta(days=1)) == first
    assert values.plus(most, most) == values.minus(most, -most) == most
    assert values.minus(-most, timedelta(days=1)) == -most
    assert values.span_of(1e300, "weeks") == values.span_of(math.inf, "seconds") == most
    assert values.span_of(-(10**400), "hours") == -most
    assert values.span_of(math.nan, "days") == timedelta()
    assert values.total_span([most, None, most]) == most


def test_ordered_choices_compare_as_defined() -> None:
    """Sorting, min and max follow the definition, not the labels."""
    assert sorted([Level.AVERAGE, Level.HIGH, Level.LOW]) == [Level.LOW, Level.HIGH, Level.AVERAGE]
    assert max(Level) is Level.AVERAGE
    assert Level.LOW < Level.HIGH <= Level.HIGH
    with pytest.raises(TypeError, match="only among the values of Level"):
        assert Level.LOW < "z"


def test_a_choice_is_its_label() -> None:
    """It prints and compares as the text that people see, and has its name for code."""
    assert (Plain.A, Plain.A.label, f"{Plain.A}", Plain.A.name) == ("Ay", "Ay", "Ay", "A")
    assert Plain("Bee") is Plain.B


def test_record_ids_have_the_form_of_airtables() -> None:
    """`rec` and 14 letters or digits, never twice."""
    made = {new_record_id() for _ in range(10_000)}

    assert len(made) == 10_000
    assert all(len(one) == 17 and one.startswith("rec") and one.isalnum() for one in made)
