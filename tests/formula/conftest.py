"""A row with a field of every kind, and a way to evaluate a text over it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tablewright.server.formula import ErrorValue, PlainRow, Value, parse_formula, to_cell

CELLS: dict[str, Value] = {
    "Name": "Ada",
    "Number": 5,
    "Zero": 0,
    "Empty": None,
    "Done": True,
    "Due": datetime(2026, 11, 20, 9, 15, 30, 250_000, tzinfo=UTC),
    "List": ["b", "a", "", None, "a"],
    "One": [7],
    "Two": [7, 8],
    "Nested": [[1, 2], [3]],
    "Broken": ErrorValue(),
}


def field_id(name: str) -> str | None:
    return f"fld{name.ljust(14, '0')}" if name in CELLS else None


@pytest.fixture
def row() -> PlainRow:
    return PlainRow(
        {f"fld{name.ljust(14, '0')}": value for name, value in CELLS.items()},
        record_id="rec00000000000001",
        created_time=datetime(2026, 11, 1, 8, tzinfo=UTC),
        now=datetime(2026, 11, 22, 10, 30, tzinfo=UTC),
        modified={"fldName0000000000": datetime(2026, 11, 20, 9, tzinfo=UTC)},
    )


@pytest.fixture
def resolve() -> Callable[[str], str | None]:
    """The field's id for its name."""
    return field_id


@pytest.fixture
def value_of(row: PlainRow) -> Callable[[str], Value]:
    """The value of a formula for the row."""
    return lambda text: parse_formula(text).bind(field_id).evaluate(row)


@pytest.fixture
def cell_of(value_of: Callable[[str], Value]) -> Callable[[str], Any]:
    """The cell a formula makes for the row, as JSON."""
    return lambda text: to_cell(value_of(text))


@pytest.fixture
def kept(row: PlainRow) -> Callable[[str], bool]:
    """Whether a filter keeps the row."""
    return lambda text: parse_formula(text).bind(field_id).keeps(row)
