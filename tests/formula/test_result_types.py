"""The static type of a formula's result, as the meta API reports it."""

from __future__ import annotations

from typing import Any

import pytest

from tablewright.server.formula import VALUES, ResultType, parse_formula, result_type

FIELDS = {
    "Text": ResultType("multilineText"),
    "Whole": ResultType("number", {"precision": 0}),
    "Price": ResultType("currency", {"precision": 2, "symbol": "$"}),
    "Done": ResultType("checkbox", {"icon": "check", "color": "greenBright"}),
    "Day": ResultType("date", {"dateFormat": {"name": "us", "format": "M/D/YYYY"}}),
    "Made": ResultType("createdTime", {"result": {"type": "dateTime", "options": {"timeZone": "utc"}}}),
    "Links": ResultType("multipleRecordLinks"),
    "Count": ResultType("count", {"isValid": True}),
    "Stars": ResultType("rating", {"max": 5}),
    "Lookup": ResultType(
        "multipleLookupValues", {"result": {"type": "number", "options": {"precision": 1}}}
    ),
    "Formula": ResultType("formula", {"result": {"type": "singleLineText"}}),
    VALUES: ResultType("number", {"precision": 3}),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "type_name", "precision"),
    [
        ("'a'", "singleLineText", None),
        ("1", "number", 0),
        ("1.25", "number", 2),
        ("Text", "singleLineText", None),
        ("Whole", "number", 0),
        ("Price", "currency", 2),
        ("Done", "checkbox", None),
        ("Day", "date", None),
        ("Made", "dateTime", None),
        ("Links", "singleLineText", None),
        ("Count", "number", 0),
        ("Stars", "number", 0),
        ("Lookup", "number", 1),
        ("Formula", "singleLineText", None),
        ("Whole + Price", "number", 2),
        ("Price * Price", "number", 4),
        ("Whole / 2", "number", 8),
        ("-Price", "number", 2),
        ("Whole & 1", "singleLineText", None),
        ("Whole > 1", "number", 0),
        ("AND(Done, Whole)", "number", 0),
        ("TRUE", "number", 0),
        ("LEN(Text)", "number", 0),
        ("ROUND(Price, 1)", "number", 1),
        ("ROUND(Price, Whole)", "number", 8),
        ("SQRT(2)", "number", 8),
        ("SUM(Whole, Price)", "number", 2),
        ("MAX(Day)", "date", None),
        ("MAX(values)", "number", 3),
        ("values", "singleLineText", None),
        ("IF(Done, values, 1)", "singleLineText", None),
        (f"ROUND(Whole, {'9' * 400})", "number", 8),
        ("MIN(Whole, 2.5, Text)", "number", 1),
        ("MAX(Text)", "number", 0),
        ("SET_LOCALE('07/10/19', 'es')", "dateTime", None),
        ("ARRAYUNIQUE(values)", "singleLineText", None),
        ("IF(Done, 1, 2.5)", "number", 1),
        ("IF(Done, Price)", "currency", 2),
        ("IF(Done, 1, 'a')", "singleLineText", None),
        ("IF(Done, BLANK(), 1.5)", "number", 1),
        ("IF(Done, Day, NOW())", "dateTime", None),
        ("IF(Done, BLANK())", "singleLineText", None),
        ("SWITCH(Text, 'a', 1, 'b', 2)", "number", 0),
        ("SWITCH(Text, 'a', 1, 'b', 2, 'c')", "singleLineText", None),
        ("TODAY()", "date", None),
        ("NOW()", "dateTime", None),
        ("DATEADD(Day, 1, 'day')", "dateTime", None),
        ("SET_TIMEZONE(Day, 'utc')", "date", None),
        ("BLANK()", "singleLineText", None),
        ("RECORD_ID()", "singleLineText", None),
    ],
)
def test_the_result_type_is_read_off_the_formula(
    text: str, type_name: str, precision: int | None
) -> None:
    """Types and places follow from fields, literals and functions, without a row."""
    names = {name: name for name in FIELDS}

    found = result_type(parse_formula(text).bind(names.get, rollup=True), FIELDS.__getitem__)

    assert found.type == type_name
    assert (found.options or {}).get("precision") == precision


def test_the_result_type_has_the_shape_of_the_meta_api() -> None:
    """`options` is left out where a type has none."""

    def shape(text: str) -> dict[str, Any]:
        return result_type(parse_formula(text).bind(lambda _: None), FIELDS.__getitem__).as_json()

    assert shape("'a'") == {"type": "singleLineText"}
    assert shape("1.5") == {"type": "number", "options": {"precision": 1}}
    assert shape("TODAY()")["options"]["dateFormat"] == {"name": "iso", "format": "YYYY-MM-DD"}
