"""Names to fields: references, stored form, rollups, bare words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from tablewright.server.formula import VALUES, PlainRow, Value, parse_formula, to_cell

IDS = {
    "Name": "fldAAAAAAAAAAAAAA",
    "fldAAAAAAAAAAAAAA": "fldAAAAAAAAAAAAAA",
    "a } b": "fldBBBBBBBBBBBBBB",
    'say "hi"': "fldCCCCCCCCCCCCCC",
    "Größe": "fldDDDDDDDDDDDDDD",
    "back\\slash": "fldEEEEEEEEEEEEEE",
}


def test_references_are_listed_as_written_and_in_order() -> None:
    """Names and ids come in the order of the text, braces off, `\\}` read as a brace, repeats kept."""
    formula = parse_formula('{a \\} b} & Name & IF({fldAAAAAAAAAAAAAA}, {say "hi"}, Name)')

    assert formula.field_references == ("a } b", "Name", "fldAAAAAAAAAAAAAA", 'say "hi"', "Name")


def test_the_stored_text_names_fields_by_id() -> None:
    """Every reference becomes `{fld…}`; blanks, strings and all else stay to the letter."""
    text = "IF( {Name}='Name',\n  Name & {a \\} b} ,{back\\slash}&Größe & \"{Name}\" )"

    bound = parse_formula(text).bind(IDS.get)

    assert bound.text_with_ids == (
        "IF( {fldAAAAAAAAAAAAAA}='Name',\n  {fldAAAAAAAAAAAAAA} & {fldBBBBBBBBBBBBBB} ,"
        '{fldEEEEEEEEEEEEEE}&{fldDDDDDDDDDDDDDD} & "{Name}" )'
    )
    assert bound.field_ids == {
        "fldAAAAAAAAAAAAAA",
        "fldBBBBBBBBBBBBBB",
        "fldDDDDDDDDDDDDDD",
        "fldEEEEEEEEEEEEEE",
    }


def test_the_stored_text_reads_back_with_names() -> None:
    """Names return where the ids stand, with a closing brace escaped."""
    names = {field_id: name for name, field_id in IDS.items() if not name.startswith("fld")}
    stored = parse_formula("Name & {a \\} b}").bind(IDS.get).text_with_ids

    bound = parse_formula(stored).bind(lambda field_id: field_id)

    assert bound.text_with_names(names.__getitem__) == "{Name} & {a \\} b}"


def test_values_is_the_array_of_a_rollup() -> None:
    """In a rollup the bare word `values` asks the row for the array, and stays as it is in the stored text."""
    row = PlainRow({VALUES: [3.0, 1.0, None, 2.0]})

    bound = parse_formula("SUM(values) & '/' & COUNTALL(values)").bind(IDS.get, rollup=True)

    assert bound.evaluate(row) == "6/4"
    assert bound.text_with_ids == "SUM(values) & '/' & COUNTALL(values)"
    assert bound.field_ids == {VALUES}


@pytest.mark.parametrize(
    ("text", "values", "cell"),
    [
        ("ARRAYJOIN(ARRAYUNIQUE(values), '|')", ["a", "b", "a"], "a|b"),
        ("AND(values)", [], 1),
        ("AND(values)", [1, 0], 0),
        ("OR(values)", [1, 0], 1),
        ("XOR(values)", [1, 1, 1], 1),
        ("CONCATENATE(values)", ["a", "b"], "a, b"),
        ("MAX(values)", [], None),
        ("AVERAGE(values)", [1, 2], 1.5),
        ("COUNT(values)", ["a", 1, None], 1),
        ("COUNTA(ARRAYFLATTEN(values))", [["a", ""], ["b"]], 2),
        ("ARRAYSLICE(ARRAYCOMPACT(values), -2)", ["a", None, "b", "c"], ["b", "c"]),
        ("values", [], None),
    ],
)
def test_rollup_aggregations(text: str, values: list[object], cell: object) -> None:
    """Every aggregation Airtable offers works on the array, alone and nested."""
    bound = parse_formula(text).bind(IDS.get, rollup=True)

    assert to_cell(bound.evaluate(PlainRow({VALUES: values}))) == cell


def test_a_field_named_like_a_constant_comes_first() -> None:
    """A bare TODAY is the field of that name when there is one, and the function otherwise."""
    formula = parse_formula("TODAY")

    with_field = formula.bind({"TODAY": "fldFFFFFFFFFFFFFF"}.get)
    without = formula.bind(IDS.get)

    assert with_field.evaluate(PlainRow({"fldFFFFFFFFFFFFFF": "mine"})) == "mine"
    assert without.text_with_ids == "TODAY"
    assert without.field_ids == frozenset()
    assert "TODAY" in formula.function_names


def test_function_names_tell_what_a_result_depends_on() -> None:
    """A caller that keeps results can see which ones follow the clock."""
    assert parse_formula("if(Now()>1, Name, SUM(1))").function_names == {"IF", "NOW", "SUM"}


class _StoredRow:
    """A row whose `value` is a method."""

    record_id = "rec00000000000002"
    created_time = now = datetime(2026, 1, 1, tzinfo=UTC)
    time_zone = UTC
    user_locale = "de"

    def value(self, field_id: str) -> Value:
        return f"cell of {field_id}"

    def last_modified_time(self, field_ids: Sequence[str] | None) -> datetime | None:
        return None


def test_a_row_may_be_any_class() -> None:
    """What fits RowContext will do; its zone and language are the defaults of DATETIME_FORMAT."""
    row = _StoredRow()

    assert parse_formula("Name").bind(IDS.get).evaluate(row) == "cell of fldAAAAAAAAAAAAAA"
    assert parse_formula("DATETIME_FORMAT(NOW(), 'MMMM')").bind(IDS.get).evaluate(row) == "Januar"
