"""Formulas and the values Airtable's function reference gives for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tablewright.server.formula import PlainRow, function_table, is_truthy, parse_formula

_LINES = (Path(__file__).parent / "published_examples.txt").read_text("utf-8").splitlines()
EXAMPLES = [tuple(line.rsplit(" => ", 1)) for line in _LINES if line and not line.startswith("#")]


@pytest.mark.parametrize(("text", "expected"), EXAMPLES)
def test_a_published_formula_gives_its_published_value(
    text: str, expected: str, cell_of: Callable[[str], Any]
) -> None:
    """What Airtable's reference promises for a formula is what the cell shows."""
    assert cell_of(text) == json.loads(expected)


@pytest.mark.parametrize("text", [text for text, _ in EXAMPLES])
def test_a_filter_agrees_with_the_value(
    text: str, row: PlainRow, resolve: Callable[[str], str | None]
) -> None:
    """The fast predicate of a formula says exactly what its value says."""
    bound = parse_formula(text).bind(resolve)

    assert bound.keeps(row) == is_truthy(bound.evaluate(row))


def test_every_function_has_an_example() -> None:
    """No function of the language is without a published value."""
    written = "\n".join(text for text, _ in EXAMPLES)

    missing = [
        signature
        for _, signature, _ in function_table()
        if f"{signature.partition('(')[0]}(" not in written
    ]

    assert missing == []
