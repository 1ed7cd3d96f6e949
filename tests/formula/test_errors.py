"""Formulas that are refused: Airtable's sentence for the client, the place for the log."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tablewright.server.formula import FormulaError, function_table, parse_formula

INVALID = "Invalid formula. Please check your formula text."


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("   ", 3),
        ("1 +", 3),
        ("(1", 2),
        ("1)", 1),
        ("IF (1, 2, 3)", 3),
        ("IF(1, 2,)", 8),
        ("{Name", 0),
        ("{}", 0),
        ("'open", 0),
        ("“curly”", 0),
        ("1 == 2", 3),
        ("1 <> 2", 3),
        ("2 ^ 3", 2),
        ("5 % 2", 2),
        ("1 && 2", 3),
        ("!1", 0),
        ("Name Name", 5),
        ("1.", 1),
        ("{Name} = 'it's'", 13),
    ],
)
def test_a_text_that_is_no_formula_is_refused_with_its_place(text: str, position: int) -> None:
    """The client reads Airtable's one sentence; the log has the offset of the first fault."""
    with pytest.raises(FormulaError) as refused:
        parse_formula(text)

    assert refused.value.kind == "syntax"
    assert refused.value.position == position
    assert refused.value.detail.startswith(f"at character {position + 1}: ")
    assert refused.value.message == INVALID
    assert (
        refused.value.filter_message == f"The formula for filtering records is invalid: {INVALID}"
    )


def test_unknown_functions_are_named_all_at_once() -> None:
    """Every unknown function appears once, as written and in order."""
    with pytest.raises(FormulaError) as refused:
        parse_formula("VLOOKUP(1) & isblank({x}) & VLOOKUP(2) & SUM(1)")

    assert refused.value.kind == "unknown_function"
    assert refused.value.names == ("VLOOKUP", "isblank")
    assert refused.value.filter_message == (
        "The formula for filtering records is invalid: Unknown function names: VLOOKUP, isblank"
    )


@pytest.mark.parametrize("name", ["ISBLANK", "COUNTIF", "SUMIF", "VLOOKUP", "SIGN", "LET"])
def test_functions_of_other_products_do_not_exist(name: str) -> None:
    """What Airtable is known to lack is unknown here as well."""
    with pytest.raises(FormulaError, match="unknown function"):
        parse_formula(f"{name}(1)")


def test_unknown_fields_are_named_all_at_once_in_lower_case(
    resolve: Callable[[str], str | None],
) -> None:
    """Every unknown field appears once, in order, in lower case as Airtable prints it."""
    formula = parse_formula("{First Field} & Name & Other & {First Field}")

    with pytest.raises(FormulaError) as refused:
        formula.bind(resolve)

    assert refused.value.kind == "unknown_fields"
    assert refused.value.names == ("First Field", "Other")
    assert refused.value.position == 0
    assert refused.value.filter_message == (
        "The formula for filtering records is invalid: Unknown field names: first field, other"
    )


@pytest.mark.parametrize("signature", [signature for _, signature, _ in function_table()])
def test_too_few_and_too_many_arguments_are_refused(signature: str) -> None:
    """Every function takes at least its required arguments, and no more than it has."""
    name, _, arguments = signature.partition("(")
    required = arguments.split("[")[0].rstrip(", )")
    least = len(required.split(", ")) if required else 0
    counts = [least - 1] if least else []
    if "…" not in arguments:
        counts.append(least + arguments.count("[") + 1)

    for count in counts:
        with pytest.raises(FormulaError) as refused:
            parse_formula(f"1 & {name}({', '.join('1' * count)})")
        assert refused.value.kind == "arity"
        assert refused.value.position == 4
        assert refused.value.message == INVALID
        assert signature in refused.value.detail


def test_last_modified_time_takes_fields_only(resolve: Callable[[str], str | None]) -> None:
    """An expression where a field must stand is refused when the formula is bound."""
    with pytest.raises(FormulaError, match="takes fields only"):
        parse_formula("LAST_MODIFIED_TIME(1 + 1)").bind(resolve)
