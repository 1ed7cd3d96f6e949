"""Formulas as pyairtable writes them are read, and mean what it means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pyairtable import formulas

from tablewright.server.formula import PlainRow, function_table, parse_formula

NAMES = {
    "Name": "fldAAAAAAAAAAAAAA",
    'Guest\'s } "x"': "fldBBBBBBBBBBBBBB",
    "When": "fldCCCCCCCCCCCCCC",
    "Done": "fldDDDDDDDDDDDDDD",
}
WHEN = datetime(2026, 11, 22, 10, 0, 0, 250_000, tzinfo=UTC)
ROW = PlainRow(
    {
        "fldAAAAAAAAAAAAAA": 'O\'Hara "Q" \\',
        "fldBBBBBBBBBBBBBB": 3,
        "fldCCCCCCCCCCCCCC": WHEN,
        "fldDDDDDDDDDDDDDD": True,
    },
    record_id="rec00000000000001",
    now=WHEN,
)


@pytest.mark.parametrize(
    ("formula", "kept"),
    [
        (formulas.match({"Name": 'O\'Hara "Q" \\', 'Guest\'s } "x"': (">=", 2)}), True),
        (formulas.match({"Name": "O'Hara", 'Guest\'s } "x"': 3}, match_any=True), True),
        (formulas.match({"Done": True}), True),
        (formulas.match({"Done": False}), False),
        (formulas.match({"When": WHEN}), True),
        (formulas.match({"When": date(2026, 11, 22)}), False),
        (formulas.Field("When").gt(date(2026, 11, 22)), True),
        (formulas.Field('Guest\'s } "x"').eq(Decimal("3.0")), True),
        (formulas.NOT(formulas.Field("Done")) | formulas.Field("Name").ne("x"), True),
        (formulas.XOR(formulas.Field("Done"), formulas.Field("Name").eq("x")), True),
        (formulas.EQ(formulas.RECORD_ID(), "rec00000000000001"), True),
        (formulas.FIND("2026-11-22", formulas.Field("When")), True),
        (formulas.EQ(formulas.EQ("a", "a"), formulas.to_formula(True)), True),
    ],
    ids=str,
)
def test_what_pyairtable_writes_is_read(formula: formulas.Formula, kept: bool) -> None:
    """Quoting, comparisons, booleans, dates and nested conditions arrive as meant."""
    assert parse_formula(str(formula)).bind(NAMES.get).keeps(ROW) is kept


@pytest.mark.parametrize(
    "name",
    [signature.partition("(")[0] for group, signature, _ in function_table() if group != "Array"],
)
def test_every_function_of_pyairtable_is_known(name: str) -> None:
    """The functions pyairtable exports and ours are the same, arrays and EXACT aside."""
    function: Callable[..., object] | None = getattr(formulas, name, None)

    assert (function is None) == (name == "EXACT")


def test_no_function_of_pyairtable_is_missing() -> None:
    """Whatever it exports in capitals with a call behind it, the language knows."""
    ours = {signature.partition("(")[0] for _, signature, _ in function_table()}
    operators = {"EQ", "NE", "GT", "GTE", "LT", "LTE"}

    exported = {
        name for name in dir(formulas) if name.isupper() and callable(getattr(formulas, name))
    }

    assert exported - operators <= ours
