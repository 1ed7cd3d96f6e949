"""Whatever the text: a formula or a FormulaError; whatever the formula: a value, never an exception."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tablewright.server.formula import (
    BoundFormula,
    ErrorValue,
    FormulaError,
    PlainRow,
    Value,
    function_table,
    is_truthy,
    parse_formula,
    to_cell,
)

FIELDS = {"A": "fldAAAAAAAAAAAAAA", "B c": "fldBBBBBBBBBBBBBB", "D": "fldDDDDDDDDDDDDDD"}

values: st.SearchStrategy[Value] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(st.characters(), max_size=20),
        st.sampled_from(["2026-11-22", "11/22/2026 5pm", "days", "M", "(a+)+$", "YYYY-MM", "5", ""]),
        st.datetimes(timezones=st.just(UTC)),
        st.just(ErrorValue()),
    ),
    lambda items: st.lists(items, max_size=4),
    max_leaves=6,
)  # fmt: skip

rows = st.builds(
    lambda a, b, d, now: PlainRow(
        dict(zip(FIELDS.values(), (a, b, d), strict=True)),
        record_id="rec00000000000001",
        created_time=now,
        now=now,
    ),
    values,
    values,
    values,
    st.datetimes(timezones=st.just(UTC)),
)

_literals = st.one_of(
    st.integers(0, 10**6).map(str),
    st.sampled_from(["0.5", "99999999999999999999", "1", "0", "400"]),
    st.sampled_from(
        ["'days'", "'months'", "'2026-11-22'", "'[a'", "'(a|b)*'", "'$1'", "''", "'LLLL'", "'de'",
         "'Europe/Berlin'", "'YYYY-MM-DD'", "', '", "'2026-12-25, x'", "'Monday'"]
    ),
    st.sampled_from(["A", "{A}", "{B c}", "D", "{fldDDDDDDDDDDDDDD}", "TRUE", "TODAY"]),
)  # fmt: skip


def _calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        *(
            st.lists(inner, min_size=count, max_size=count).map(
                lambda arguments, name=name: f"{name}({', '.join(arguments)})"  # type: ignore[misc]  # a default argument
            )
            for name, count in _SHAPES
        )
    )


def _shapes() -> list[tuple[str, int]]:
    shapes: list[tuple[str, int]] = []
    for _, signature, _ in function_table():
        name, _, arguments = signature.partition("(")
        required = arguments.split("[")[0].rstrip(", )")
        least = len(required.split(", ")) if required else 0
        most = least + (3 if "…" in arguments else arguments.count("["))
        if name != "LAST_MODIFIED_TIME":
            shapes += [(name, count) for count in range(least, most + 1)]
    return shapes


_SHAPES = _shapes()
formulas = st.recursive(
    _literals,
    lambda inner: st.one_of(
        _calls(inner),
        st.tuples(
            inner, st.sampled_from(["+", "-", "*", "/", "&", "=", "!=", "<", "<=", ">", ">="]), inner
        ).map(" ".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-{text}"),
    ),
    max_leaves=12,
)  # fmt: skip


def _outcome(text: str) -> BoundFormula | FormulaError:
    try:
        return parse_formula(text).bind(FIELDS.get)
    except FormulaError as error:
        return error


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=200))
@example("{\\}")
@example("'\\")
@example("A(")
@example("\x00")
def test_any_text_is_a_formula_or_a_formula_error(text: str) -> None:
    """No text makes the parser fail in another way."""
    outcome = _outcome(text)

    if isinstance(outcome, FormulaError):
        assert outcome.filter_message.startswith("The formula for filtering records is invalid: ")


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["IF(", "SUM(", "(", ")", ",", "+", "-", "*", "/", "&", "=", "!=", "<", "1", ".5", "'a'",
             '"b"', "{A}", "{B c}", "A", " ", "\n", "'", "{", "}", "\\", "É", "FOO("]
        ),
        max_size=25,
    ).map("".join)
)  # fmt: skip
def test_any_mix_of_tokens_is_a_formula_or_a_formula_error(text: str) -> None:
    """Texts that look like formulas meet the parser's rules, not its seams."""
    outcome = _outcome(text)

    if isinstance(outcome, FormulaError):
        assert outcome.position is None or 0 <= outcome.position <= len(text)


@settings(max_examples=1_000, deadline=None)
@given(formulas, rows)
@example("POWER(400, POWER(400, 400)) & D", PlainRow({}))
@example("DATEADD(A, 9999, 'months')", PlainRow({FIELDS["A"]: datetime.max.replace(tzinfo=UTC)}))
@example(
    "DATETIME_FORMAT(SET_TIMEZONE(A, 'Europe/Berlin'), 'LLLL')",
    PlainRow({FIELDS["A"]: datetime.max.replace(tzinfo=UTC)}),
)
@example("WEEKNUM(A, 'Monday')", PlainRow({FIELDS["A"]: datetime.min.replace(tzinfo=UTC)}))
@example("WORKDAY(A, -1)", PlainRow({FIELDS["A"]: datetime.min.replace(tzinfo=UTC)}))
@example("REGEX_REPLACE(A, A, A)", PlainRow({FIELDS["A"]: "\ud800"}))
@example("ENCODE_URL_COMPONENT(A)", PlainRow({FIELDS["A"]: "\ud800"}))
@example("ROUND(A, 308)", PlainRow({FIELDS["A"]: 5e-324}))
def test_any_formula_gives_a_value(text: str, row: PlainRow) -> None:
    """A formula that reads well never raises, its cell is JSON, and its filter agrees with its value."""
    resolve = {**FIELDS, **{field_id: field_id for field_id in FIELDS.values()}}.get
    bound = parse_formula(text).bind(resolve)

    value = bound.evaluate(row)

    assert value is None or isinstance(value, int | float | str | list | datetime | ErrorValue)
    assert bound.keeps(row) == is_truthy(value)
    to_cell(value)
    assert parse_formula(bound.text_with_ids).bind(resolve).text_with_ids == bound.text_with_ids
