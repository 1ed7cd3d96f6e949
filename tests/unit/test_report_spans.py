"""Spans of time, as statistics print them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tablewright.report import span


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
