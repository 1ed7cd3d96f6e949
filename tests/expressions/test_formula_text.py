"""What formulas look like: quoted, typed, escaped; and what is left to be done after the fetch."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.formula import FormulaPrinter
from tablewright.expressions.formula_text import (
    FormulaField,
    Unsayable,
    field_reference,
    number,
    plain_text,
    quoted,
)
from tablewright.expressions.split import linked_ids, split
from tablewright.expressions.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    NUMBER,
    TEXT,
    enum_type,
    record_of,
)
from tablewright.runtime.choice import OrderedChoice
from tablewright.server.formula import PlainRow, parse_formula


class Size(OrderedChoice):
    """Labels are not in order."""

    SMALL = "S"
    LARGE = "L's"


NOW = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
FINE = NOW.replace(microsecond=123456)
FIELDS = {
    "name": FormulaField("{Name}", "text", required=True),
    "note": FormulaField("{Note}", "text"),
    "tries": FormulaField("{Tries}", "number", default=0),
    "cost": FormulaField("{Cost}", "number"),
    "at": FormulaField("{At}", "datetime"),
    "day": FormulaField("{Day}", "date"),
    "took": FormulaField("{Took}", "seconds"),
    "size": FormulaField("{Size}", "choice"),
    "done": FormulaField("{Done}", "flag"),
    "parent": FormulaField("{Parent}", "link"),
    "file": FormulaField("{File}", "present"),
}
PRINTER = FormulaPrinter(FIELDS, Evaluator({}, NOW, {"Size": Size}))
NAME, NOTE = tree.Field("name", TEXT), tree.Field("note", TEXT.or_none())
TRIES, COST = tree.Field("tries", INTEGER), tree.Field("cost", NUMBER.or_none())
AT, DAY = tree.Field("at", DATETIME.or_none()), tree.Field("day", DATE.or_none())
SIZE = tree.Field("size", enum_type("Size", nullable=True))
PARENT = tree.Field("parent", record_of("Item"))


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (tree.Compare("==", NAME, tree.literal("it's \\ ok")), r"{Name}='it\'s \\ ok'"),
        (tree.Compare("==", NAME, tree.literal("')&ERROR()&('")), r"{Name}='\')&ERROR()&(\''"),
        (tree.Compare("!=", NOTE, tree.literal("x")), "NOT({Note}='x')"),
        (tree.Compare("==", NOTE, tree.BLANK), "NOT(({Note}&'')!='')"),
        (tree.Compare("<", TRIES, tree.literal(3)), "IF(({Tries}&'')='', 0, {Tries})<3"),
        (tree.Compare("==", COST, tree.literal(0)), "IF(({Cost}&'')!='', {Cost}=0, 0)"),
        (tree.Compare(">", COST, tree.literal(-1e-7)), "IF(({Cost}&'')!='', {Cost}>(-0.0000001), 0)"),
        (tree.Compare("<", SIZE, tree.EnumMember("Size", "LARGE")),
         r"IF(({Size}&'')!='', SWITCH({Size}&'', 'S', 0, 'L\'s', 1)<1, 0)"),
        (tree.Compare("==", SIZE, tree.EnumMember("Size", "LARGE")), r"{Size}='L\'s'"),
        (tree.Compare("<", AT, tree.literal(datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))))),
         "IF(({At}&'')!='', IS_BEFORE({At}, DATETIME_PARSE('2026-01-01T00:00:00.000Z')), 0)"),
        (tree.Compare(">=", DAY, tree.literal(date(2026, 2, 3))),
         "IF(({Day}&'')!='', NOT(IS_BEFORE({Day}, DATETIME_PARSE('2026-02-03'))), 0)"),
        (tree.Compare("<", AT, tree.Arithmetic("-", tree.Call("now", (), DATETIME), tree.literal(timedelta(hours=1)), DATETIME)),
         "IF(({At}&'')!='', IS_BEFORE({At}, DATETIME_PARSE('2026-03-29T00:30:00.000Z')), 0)"),
        (tree.Compare(">", tree.Field("took", DURATION.or_none()), tree.literal(timedelta(minutes=1.5))),
         "IF(({Took}&'')!='', {Took}>90.0, 0)"),
        (tree.Field("done", BOOLEAN), "{Done}"),
        (tree.BlankTest(tree.Field("file", TEXT.or_none()), negated=True), "({File}&'')!=''"),
        (tree.Call("contains", (NAME, tree.literal("a}b")), BOOLEAN), "FIND('a}b', {Name}&'')>0"),
        (tree.Call("coalesce", (tree.Field("done", BOOLEAN), tree.TRUE), BOOLEAN), "{Done}"),
    ],
    ids=str,
)  # fmt: skip
def test_a_condition_as_text(node: tree.Node, text: str) -> None:
    """Typed and escaped, with blanks asked for where Airtable takes them for 0 or for an empty text."""
    assert PRINTER.condition(node) == text


@pytest.mark.parametrize(
    "node",
    [
        tree.Compare("<", NAME, tree.literal("m")),
        tree.Compare("==", NAME, tree.literal("two\nlines")),
        tree.Compare("==", tree.Call("len", (NAME,), INTEGER), tree.literal(3)),
        tree.Compare("==", tree.Call("round", (COST,), NUMBER), tree.literal(1.0)),
        tree.Compare("==", tree.Arithmetic("%", TRIES, tree.literal(2), INTEGER), tree.literal(1)),
        tree.Compare("==", COST, tree.literal(float("inf"))),
        tree.BlankTest(PARENT, negated=False),
        tree.Compare("==", tree.Field("file", TEXT), tree.literal("x")),
        tree.Field("unknown", BOOLEAN),
        tree.Call(
            "coalesce",
            (tree.Constant(None, BOOLEAN.or_none()), tree.Field("done", BOOLEAN)),
            BOOLEAN,
        ),
        # Only beside a field it is known what lies between two milliseconds.
        tree.Compare(
            "==",
            tree.Choice(tree.Field("done", BOOLEAN), tree.literal(FINE), AT, DATETIME.or_none()),
            tree.literal(NOW),
        ),
    ],
    ids=str,
)
def test_what_formulas_cannot_say_exactly_is_not_said(node: tree.Node) -> None:
    """It is done after the fetch."""
    assert not PRINTER.says(node)


@pytest.mark.parametrize(
    ("name", "reference"),
    [("Due date", "{Due date}"), ("a}b", r"{a\}b}"), ('"it\'s" {x', '{"it\'s" {x}'), ("a\\b", r"{a\b}"), ("fldAAAAAAAAAAAAAA", "{fldAAAAAAAAAAAAAA}")],
)  # fmt: skip
def test_a_field_is_named_as_airtable_writes_it(name: str, reference: str) -> None:
    """Braces around it, and a closing one inside escaped."""
    assert field_reference(name) == reference
    assert parse_formula(reference).field_references == (name,)


@pytest.mark.parametrize("name", ["", "}}", "a\\", "\\}", "a\nb"])
def test_a_name_that_no_formula_can_hold_is_refused(name: str) -> None:
    """By its id there is a way; by this name the condition is met after the fetch."""
    with pytest.raises(Unsayable):
        field_reference(name)


@given(st.text())
def test_a_text_stays_a_text(text: str) -> None:
    """Nothing in a text ends its literal: the engine reads back what was quoted."""
    try:
        literal = quoted(text)
    except Unsayable:
        return

    assert parse_formula(literal).bind(lambda _: None).evaluate(PlainRow({})) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_stays_the_number(value: float) -> None:
    """Digits alone, to the last bit."""
    assert parse_formula(number(value)).bind(lambda _: None).evaluate(PlainRow({})) == value


def test_a_link_is_looked_for_by_the_name_that_it_shows() -> None:
    """Fewer records are fetched; the ids decide afterwards."""
    node = tree.Compare("==", tree.Field("id", TEXT.or_none(), PARENT), tree.literal("rec1"))
    asked = linked_ids(node)

    found = split(node, PRINTER.says, {("parent", "rec1"): 'Plan, "B" of it\'s kind'})

    assert asked == {("parent", "rec1")}
    assert (
        PRINTER.condition(found.pushed)
        == "IF(({Parent}&'')!='', FIND('s kind', ({Parent}&'')&'')>0, 0)"
    )
    assert found.rest == node


def test_a_rest_inside_of_not_and_or_stays_wider() -> None:
    """What cannot be said is left out where it would narrow, and drops the whole where it would widen."""
    sayable = tree.Compare("==", NAME, tree.literal("x"))
    not_sayable = tree.Compare("<", NAME, tree.literal("m"))

    both = split(tree.Logic("and", (sayable, not_sayable)), PRINTER.says, {})
    either = split(tree.Logic("or", (sayable, not_sayable)), PRINTER.says, {})
    neither = split(tree.Not(tree.Logic("or", (sayable, not_sayable))), PRINTER.says, {})

    assert (both.pushed, both.rest) == (sayable, not_sayable)
    assert either.pushed == tree.TRUE
    assert neither.pushed == tree.Not(sayable)


def test_the_part_that_can_be_looked_for_is_plain() -> None:
    """The longest stretch without commas, quotes, backslashes and line breaks."""
    assert plain_text('a, "longer part" , \nb') == "longer part"
    assert plain_text(",,") == ""
