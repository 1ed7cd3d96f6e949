"""Types, blanks and contradictions of expressions: what the checker promises, the evaluator keeps."""

from __future__ import annotations

import enum
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tablewright.expressions import tree
from tablewright.expressions.evaluate import evaluate
from tablewright.expressions.resolve import EnumScope, Scope, resolve
from tablewright.expressions.satisfiable import can_hold
from tablewright.expressions.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    NUMBER,
    TEXT,
    ValueType,
    enum_type,
    list_of,
    record_of,
    records_of,
)

State = enum.Enum("State", ["OPEN", "PAID", "SENT"])
ENUMS = {
    "State": EnumScope(("OPEN", "PAID", "SENT"), ordered=False),
    "Size": EnumScope(("SMALL", "BIG"), ordered=True),
}
FIELDS = {
    "amount": INTEGER.or_none(),
    "price": NUMBER,
    "name": TEXT.or_none(),
    "flag": BOOLEAN,
    "state": enum_type("State"),
    "size": enum_type("Size", nullable=True),
    "sizes": list_of(enum_type("Size")),
    "due": DATE.or_none(),
    "at": DATETIME,
    "took": DURATION.or_none(),
    "parent": record_of("Order"),
    "children": records_of("Order"),
    "names_of_parents": ValueType("opaque"),
}
SCOPE = Scope(FIELDS, ENUMS, {"Order": FIELDS}, {"name": TEXT, "limit": INTEGER.or_none()})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("amount + 1", "an integer or blank"),
        ("price * 2", "a number"),
        ("took * 2", "a duration or blank"),
        ("2.5 * hours(1)", "a duration"),
        ("hours(1) / 4", "a duration"),
        ("took / hours(1)", "a number or blank"),
        ("price / 2", "a number"),
        ("price / price", "a number or blank"),
        ("amount % 3", "an integer or blank"),
        ("coalesce(amount, 0) % 3", "an integer"),
        ("coalesce(amount, None)", "an integer or blank"),
        ("amount if amount is not None else 0", "an integer"),
        ("0 if amount is None else amount", "an integer"),
        ("amount if amount > 3 else 0", "an integer"),
        ("amount if 3 < amount < 5 else 0", "an integer"),
        ("amount if amount == 3 else 0", "an integer"),
        ("amount if amount in [1, 2] else 0", "an integer"),
        ("amount if amount in [1, None] else 0", "an integer or blank"),
        ("0 if amount not in [1, 2] else amount", "an integer"),
        ("amount if amount != 3 else 0", "an integer or blank"),
        ("0 if amount != 3 else amount", "an integer"),
        ("amount if not (amount is None or flag) else 0", "an integer"),
        ("amount if amount > 3 or amount == 1 else 0", "an integer"),
        ("amount if amount > 3 or flag else 0", "an integer or blank"),
        ("parent.price", "a number or blank"),
        ("parent.price if parent.price is not None else 0", "a number"),
        ("name", "text or blank"),
        ("name_", "text"),
        ("self.name", "text or blank"),
        ("limit", "an integer or blank"),
        ("at - at", "a duration"),
        ("due - due", "a duration or blank"),
        ("at + hours(2)", "a date and time"),
        ("hours(at - at)", "a number"),
        ("due + days(7)", "a date or blank"),
        ("weeks(1) + today()", "a date"),
        ("date(at) - (at - at)", "a date"),
        ("days(3)", "a duration"),
        ("date(at)", "a date"),
        ("round(price)", "a number"),
        ("floor(price)", "an integer"),
        ("min(amount, 3)", "an integer or blank"),
        ("max(price, 1)", "a number"),
        ("len(children)", "an integer"),
        ("len(name_)", "an integer"),
        ("sum(child.amount for child in children)", "an integer"),
        ("max(child.size for child in children)", "a Size or blank"),
        ("all(child.amount > 1 for child in children if child.amount is not None)", "a yes/no value"),
        ("size < BIG", "a yes/no value"),
        ("BIG in sizes", "a yes/no value"),
        ("'a' in name", "a yes/no value"),
        ("State.OPEN", "a State"),
        ("OPEN if flag else PAID", "a State"),
        ("-took", "a duration or blank"),
        ("abs(amount)", "an integer or blank"),
        ("not parent.flag", "a yes/no value"),
    ],
)  # fmt: skip
def test_an_expression_has_its_type(text: str, shown: str) -> None:
    """The type, blank or not, is what a reader of the language reference expects."""
    node, problems = resolve(text, SCOPE)

    assert problems == ()
    assert node is not None
    assert str(node.type) == shown


@pytest.mark.parametrize(
    "text",
    [
        "False", "flag and False", "amount > 3 and amount < 2", "amount > 3 and amount < 4", "price > 3 and price <= 3",
        "price > 3 and price < 3", "amount == 1 and amount == 2", "amount == 1 and amount > 5", "state == OPEN and state == PAID",
        "state in [OPEN, PAID] and state == SENT", "state == OPEN and state != OPEN", "state == OPEN and state not in [OPEN, PAID]",
        "amount is None and amount > 1", "amount is None and amount is not None", "amount is None and amount == 3",
        "flag and not flag", "not (flag or True)", "not (flag or not flag)", "amount < 0", "amount > 10", "amount in [11, 12]",
        "price is None", "amount != amount", "price < price", "1 > 2", "state in []",
        "(amount > 5 and amount < 3) or (flag and not flag)", "name == 'a' and name == 'b'", "not (amount is not None) and amount == 1",
        "self.amount > 3 and amount < 2",
    ],
)  # fmt: skip
def test_a_condition_that_never_holds_is_seen(text: str) -> None:
    """Contradictions within one condition, with a type, or with bounds are proved."""
    node, problems = resolve(text, SCOPE, expected=BOOLEAN)

    assert problems == ()
    assert node is not None
    assert not can_hold(node, {"amount": (0, 10)})


NUMBERS = ("-1", "0", "1", "3", "3.5", "10", "11", "amount", "price")
SIGNS = ("==", "!=", "<", "<=", ">", ">=")
TESTS = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(NUMBERS), st.sampled_from(SIGNS), st.sampled_from(NUMBERS)),
    st.builds("amount {} [{}]".format, st.sampled_from(["in", "not in"]), st.sampled_from(["1", "1, 3", "None", "None, 11", "11"])),
    st.builds("state {} {}".format, st.sampled_from(["==", "!="]), st.sampled_from(["OPEN", "PAID", "SENT"])),
    st.builds("state {} [{}]".format, st.sampled_from(["in", "not in"]), st.sampled_from(["OPEN", "OPEN, PAID", "SENT"])),
    st.builds("name {} {}".format, st.sampled_from(["==", "!="]), st.sampled_from(["'a'", "'b'"])),
    st.builds("{} is {}".format, st.sampled_from(["amount", "price", "name"]), st.sampled_from(["None", "not None"])),
    st.sampled_from(["flag", "True", "False", "contains(name, 'a')"]),
)  # fmt: skip
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
        st.builds("(({}) if ({}) else ({}))".format, inner, inner, inner),
    ),
    max_leaves=6,
)
VALUES = st.recursive(
    st.sampled_from(NUMBERS),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "%"]), inner),
        st.builds("({} if {} else {})".format, inner, CONDITIONS, inner),
        st.builds("coalesce({}, {})".format, inner, inner),
        st.builds("max({}, {})".format, inner, inner),
    ),
    max_leaves=5,
)
ROWS: list[dict[str, Any]] = [
    {"amount": amount, "price": price, "state": state, "name": name, "flag": flag}
    for amount, price, state, name, flag in itertools.product(
        [None, 0, 1, 2, 3, 4, 9, 10],
        [-1.5, -1.0, 0.0, 0.5, 3.0, 3.2, 3.5, 11.0, 12.0],
        list(State),
        [None, "a", "b"],
        [True, False],
    )
]


@settings(max_examples=300, deadline=None)
@given(CONDITIONS)
def test_no_condition_that_holds_for_a_record_is_called_impossible(text: str) -> None:
    """A proof that a condition never holds is never wrong."""
    node, _ = resolve(text, SCOPE, expected=BOOLEAN)
    if node is None or can_hold(node, {"amount": (0, 10)}):
        return

    assert not any(evaluate(node, row, enums={"State": State}) for row in ROWS)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_what_cannot_be_blank_is_never_blank(text: str) -> None:
    """Where the type says that there is a value, there is one for every record."""
    node, _ = resolve(text, SCOPE)
    if node is None or node.type.nullable:
        return

    assert all(evaluate(node, row, enums={"State": State}) is not None for row in ROWS[::7])


@pytest.mark.parametrize(
    ("text", "way_out"),
    [
        ("due + 1", "'… + days(7)'"),
        ("due - hours(5)", "dates are whole days: days(1), weeks(2)"),
        ("minutes(90) + due", "dates are whole days: days(1), weeks(2)"),
        ("took + 1", "'… + hours(2)'"),
        ("+1", "leave it out, or say what is added to"),
        ("amount + +price", "leave it out, or say what is added to"),
        ("took > 3", "with its unit, as in hours(2)"),
        ("due > 20260101", "take an argument"),
        ("any(one.flag for one in parent)", "write parent.field"),
        ("min(amount, None)", "leave None out"),
    ],
)
def test_a_value_of_the_wrong_kind_comes_with_what_to_write(text: str, way_out: str) -> None:
    """What the help of a finding says can be followed as it stands."""
    _, (problem,) = resolve(text, SCOPE)

    assert way_out in problem.help


@pytest.mark.parametrize(
    ("text", "holds"),
    [("1 == 2", False), ("'a' != 'b'", True), ("SMALL < BIG", True), ("amount in []", False), ("amount not in []", True)],
)  # fmt: skip
def test_what_is_known_beforehand_is_no_comparison(text: str, holds: bool) -> None:
    """Type checkers refuse a comparison of two fixed values, so that generated code holds its answer."""
    node, problems = resolve(text, SCOPE)

    assert problems == ()
    assert node is not None
    assert node == tree.Constant(holds, BOOLEAN)


@pytest.mark.parametrize(
    "text", ["names_of_parents == 'A'", "'A' in names_of_parents", "names_of_parents in ['A', 'B']"]
)
def test_who_asks_a_lookup_is_led_to_the_field_that_it_shows(text: str) -> None:
    """What Airtable looks up is a list of anything; the field behind the link has a type, on every store."""
    _, problems = resolve(text, SCOPE)

    assert [one.help for one in problems] == [
        "test it with 'is None'; what a lookup shows is asked for along its link, as in customer.name"
    ]
