"""Spans of time and other figures, as statistics print them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tablewright.report import figure, span


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.0274, "27.4 ms"),
        (0.9999, "1 s"),
        (2.189, "2.19 s"),
        (59.99, "1 min"),
        (303, "5 min 3 s"),
        (3_600, "1 h"),
        (7_385, "2 h 3 min"),
        (187_300, "2 d 4 h"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(seconds: float, text: str) -> None:
    """People read them at a glance; JSON has them exactly."""
    assert span(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("mean_hours", 0.00042, "0.00042"),
        ("mean_hours", 0.0, "0"),
        ("mean_hours", 1234.5, "1,234.5"),
        ("success_rate", 0.9995, ">99%"),
        ("success_rate", 1.0, "100%"),
        ("success_rate", 0.002, "<1%"),
        ("success_rate", 0.0, "0%"),
        ("success_rate", 0.885, "88%"),
    ],
)
def test_little_is_not_shown_as_nothing_nor_almost_all_as_all(
    name: str, value: float, text: str
) -> None:
    """A rate of 100 % says that nothing failed."""
    assert figure(name, value) == text
