"""Hostile formulas end quickly, in an error value or a refusal."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tablewright.server.formula import ERROR, FormulaError, PlainRow, parse_formula

QUICK = 3.0
"""Seconds: many times what any of these takes, and far from what they would take unchecked."""


@pytest.fixture(autouse=True)
def quickly() -> Any:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < QUICK


@pytest.mark.parametrize(
    "text",
    [
        "-" * 50_000 + "1",
        "ABS(" * 20_000 + "1" + ")" * 20_000,
        "IF(1," * 10_000 + "1" + ")" * 10_000,
        "ABS(" * 101 + "1" + ")" * 101,
        "1+(" * 5_000 + "1" + ")" * 5_000,
        "1" * 100_001,
        "(" * 50_000,
        "{" * 50_000,
        "'" + "\\'" * 40_000,
    ],
)
def test_deep_and_long_formulas_are_refused(text: str) -> None:
    """Nesting and length have limits, and the stack is never what ends them."""
    with pytest.raises(FormulaError) as refused:
        parse_formula(text)

    assert refused.value.kind == "syntax"


@pytest.mark.parametrize(
    "text",
    [
        "ABS(" * 90 + "1" + ")" * 90,
        "IF(1," * 90 + "1" + ")" * 90,
        "SWITCH(1,1," * 90 + "1" + ")" * 90,
        "AND(" * 90 + "1" + ")" * 90,
        "(" * 10_000 + "1" + ")" * 10_000,
        "+".join(["0"] * 10_000) + "+1",
        "1=" * 5_000 + "1",
        "OR(" + ",".join(["1"] * 10_000) + ")",
        "LEN(" + "&".join(["''"] * 10_000) + ")+1",
    ],
)
def test_wide_formulas_and_decent_nesting_work(text: str, cell_of: Callable[[str], Any]) -> None:
    """A thousand terms in a row are no deeper than two."""
    assert cell_of(text) == 1


def test_thousands_of_record_ids_are_one_look(kept: Callable[[str], bool]) -> None:
    """The bulk read by record id grows with its text, not with the rows times the ids."""
    ids = ",".join(f"RECORD_ID()='rec{number:014d}'" for number in range(3_000))

    assert kept(f"OR({ids})")


@pytest.mark.parametrize(
    "text",
    [
        "REPT('x', 1000000000)",
        "REPT(REPT('x', 1000), 1001)",
        "SUBSTITUTE(REPT('a', 100000), 'a', REPT('b', 100000))",
        "SUBSTITUTE(REPT('a', 100000), 'a', REPT('b', 100000)) & 'x'",
        "&".join(["REPT('x', 1000000)"] * 50),
        f"CONCATENATE({','.join(['REPT(A, 1000000)'] * 50)})",
        "ENCODE_URL_COMPONENT(REPT('/', 1000000))",
        "REGEX_REPLACE(REPT('a', 100000), 'a', REPT('b', 100000))",
        f"REGEX_REPLACE(REPT('a', 1000000), 'a+', '{'$0' * 1000}')",
        "REGEX_MATCH(A, REPT('a', 20000))",
        "REGEX_MATCH(A, '((a{100}){100}){100}')",
        "REGEX_MATCH(A, '\\\\pN{1000}')",
        "REGEX_REPLACE(REPT('a', 200000), '(.*?)b|a', 'c')",
        "WORKDAY(NOW(), 1, REPT('2026-11-22,', 50000))",
        "WORKDAY(NOW(), 999999999)",
        "WORKDAY(NOW(), 3999999)",
        "DATEADD(NOW(), 999999999999, 'days')",
        "DATETIME_FORMAT(NOW(), REPT('LLLL', 1000))",
        "DATETIME_PARSE(REPT('1', 100000), 'YYYY')",
    ],
)
def test_results_beyond_all_bounds_are_errors(text: str, row: PlainRow) -> None:
    """Texts, dates and expressions out of bounds give #ERROR!."""
    bound = parse_formula(text).bind({"A": "fldName0000000000"}.get)

    assert bound.evaluate(row) == ERROR


@pytest.mark.parametrize(
    "pattern", ["(a*)*b", "(a|a)*$b", "(x+x+)+y", "(.*)*(.*)*(.*)*b", "a{0,500}a{0,500}b"]
)
def test_a_hostile_expression_does_not_stall(pattern: str) -> None:
    """What takes a backtracking engine for ever takes RE2 one pass."""
    bound = parse_formula(f"REGEX_MATCH({{A}}, '{pattern}')").bind(lambda name: name)

    assert bound.evaluate(PlainRow({"A": "a" * 100_000})) is False


def test_one_formula_serves_many_threads() -> None:
    """Parsing and evaluating at the same time mixes nothing up."""

    def work(number: int) -> bool:
        bound = parse_formula(f"{{A}} & '-{number}' & IF({number} > 50, 'x')").bind(
            lambda name: name
        )
        return bound.evaluate(PlainRow({"A": "a"})) == f"a-{number}{'x' if number > 50 else ''}"

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(200)))
