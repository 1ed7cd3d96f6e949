"""Two versions of a schema: each change once, with what it means for records and code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tablewright.check.compile import compile_schema
from tablewright.language.change import Change
from tablewright.language.changes import schema_changes
from tablewright.model.schema import Schema
from tablewright.syntax.source import Source

ROOT = Path(__file__).parents[2]
BASE = """\
tablewright: 1
name: shop
enums:
  State: {values: {OPEN: Open, PAID: Paid}}
  Size: {ordered: true, values: {SMALL: {color: redBright}, BIG: {color: blueBright}}}
tables:
  Order:
    fields:
      number: {type: text, required: true, max_length: 20}
      state: {type: State, default: OPEN}
      size: Size
      amount: {type: integer, min: 0}
      note: text
    relations:
      parent: {to: Order, inverse: children, add: {method: add_child, inherit: [note]}}
    computed:
      is_open: state == OPEN
    lifecycle:
      field: state
      initial: OPEN
      transitions:
        pay: {from: OPEN, to: PAID, when: amount > 0, takes: {by_whom: text}, set: {note: by_whom}}
    queries:
      open_ones: {where: state == OPEN and amount > 3, filter_by: [number, amount], order_by: [-amount]}
    statistics:
      totals: {measures: {sum_of: sum(amount), open: count(is_open)}}
"""


def compiled(text: str) -> Schema:
    found = compile_schema(Source("schema.yaml", text))
    assert found.schema is not None, found.findings
    return found.schema


def bounded(before: str, after: str) -> list[Change]:
    """Return the changes of a schema whose orders have a further field, of one type and then of another."""
    old, new = (BASE.replace("      note: text\n", f"      note: text\n      value: {one}\n") for one in (before, after))  # fmt: skip
    return schema_changes(compiled(old), compiled(new))


def changes(*replacements: tuple[str, str]) -> list[Change]:
    """Return the changes from BASE to BASE with pieces of text replaced."""
    text = BASE
    for before, after in replacements:
        assert before in text
        text = text.replace(before, after)
    return schema_changes(compiled(BASE), compiled(text))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "schemas").glob("*.yaml")), ids=lambda path: path.stem
)
def test_a_schema_has_not_changed_from_itself(path: Path) -> None:
    """Nothing is reported where nothing was written."""
    text = path.read_text(encoding="utf-8")

    assert schema_changes(compiled(text), compiled(f"# a comment\n{text}")) == []


@pytest.mark.parametrize(
    ("before", "after", "place", "effect", "sentence"),
    [
        ("      note: text\n", "      note: text\n      more: text\n", "Order.more", "compatible", "field 'more' is new and blank where it is not given"),
        ("      note: text\n", "      note: text\n      more: {type: text, required: true}\n", "Order.more", "backfill", "required field 'more' is new: records that are there need a value"),
        ("      note: text\n", "      note: text\n      more: {type: integer, default: 3}\n", "Order.more", "backfill", "field 'more' is new: records that are there need its default"),
        ("      note: text\n", "      note: long_text\n", "Order.note", "compatible", "its type was text and is long_text: every value fits"),
        ("max_length: 20", "max_length: 10", "Order.number", "breaking", "'max_length' was 20 and is 10: records that are there may not meet it"),
        ("max_length: 20", "max_length: 30", "Order.number", "compatible", "'max_length' was 20 and is 30"),
        ("required: true, ", "", "Order.number", "breaking", "it can be blank: code that reads it sees None"),
        ("{type: integer, min: 0}", "{type: integer, min: 0, unique: true}", "Order.amount", "breaking", "values have to be unique: records that share one are in the way"),
        ("PAID: Paid}", "PAID: Paid, SENT: Sent}", "State.SENT", "compatible", "the value SENT is new"),
        ("PAID: Paid}", "PAID: Settled}", "State.PAID", "backfill", "its label was 'Paid' and is 'Settled': records in Airtable hold the label"),
        ("{SMALL: {color: redBright}, BIG: {color: blueBright}}", "{BIG: {color: blueBright}, SMALL: {color: redBright}}", "Size", "breaking", "its values have another order: BIG, SMALL"),
        ("inverse: children", "inverse: parts, inverse_name: Children", "Order.parent", "breaking", "its other side was called 'children' and is called 'parts'"),
        ("inherit: [note]", "inherit: [note, amount]", "Order.parent", "breaking", "'add_child' hands down note, amount, and before note"),
        ("is_open: state == OPEN", "is_open: state != PAID", "Order.is_open", "compatible", "it is calculated as 'state != PAID', and before as 'state == OPEN'"),
        ("when: amount > 0", "when: amount > 1", "Order.pay", "breaking", "its guard is 'amount > 1', and was 'amount > 0'"),
        ("when: amount > 0, ", "", "Order.pay", "compatible", "its guard is gone"),
        ("{by_whom: text}", "{by_whom: {type: text, required: true}}", "Order.pay", "breaking", "the argument 'by_whom' has to be given"),
        ("filter_by: [number, amount]", "filter_by: [number]", "Order.open_ones", "breaking", "it can no longer be filtered by amount"),
        ("filter_by: [number, amount]", "filter_by: [amount, number]", "Order.open_ones", "breaking", "its parameters stand in another order: amount, number"),
        ("order_by: [-amount]", "order_by: [amount]", "Order.open_ones", "compatible", "it sorts by amount"),
        ("sum_of: sum(amount)", "sum_of: avg(amount)", "Order.totals", "breaking", "the figure 'sum_of' is avg(amount), and was sum(amount)"),
        (", open: count(is_open)", "", "Order.totals", "breaking", "the figure 'open' is gone"),
    ],
)  # fmt: skip
def test_a_change_has_its_place_its_effect_and_a_sentence(
    before: str, after: str, place: str, effect: str, sentence: str
) -> None:
    """One thing written differently is one change."""
    found = [(one.place, one.effect, one.sentence) for one in changes((before, after))]

    assert found == [(place, effect, sentence)]


@pytest.mark.parametrize(
    ("before", "after", "effect", "sentence"),
    [
        ("date", "{type: date, min: 2020-01-01}", "breaking", "'min' was not there and is 2020-01-01: records that are there may not meet it"),
        ("{type: date, min: 2020-01-01}", "{type: date, min: 2019-12-31}", "compatible", "'min' was 2020-01-01 and is 2019-12-31"),
        ("{type: date, max: 2020-01-01}", "{type: date, max: 2019-12-31}", "breaking", "'max' was 2020-01-01 and is 2019-12-31: records that are there may not meet it"),
        ("{type: duration, max: 1h}", "{type: duration, max: 60m, index: true}", "compatible", "SQL stores keep an index for it"),
        ("{type: duration, max: 1h}", "{type: duration, max: 90m}", "compatible", "'max' was 1h and is 90m"),
        ("{type: duration, min: 0s}", "{type: duration, min: -1m}", "compatible", "'min' was 0s and is -1m"),
        ("{type: datetime, min: 2020-01-01T00:00:00Z}", "datetime", "compatible", "'min' was 2020-01-01T00:00:00Z and is gone"),
        ("{type: datetime, max: 2020-01-01T00:00:00Z}", "{type: datetime, max: 2020-01-01T00:00:00.5+01:00}", "breaking", "'max' was 2020-01-01T00:00:00Z and is 2019-12-31T23:00:00.500Z: records that are there may not meet it"),
        ("{type: date, default: 2020-01-01}", "{type: date, default: 2021-01-01}", "compatible", "its default was 2020-01-01 and is 2021-01-01"),
    ],
)  # fmt: skip
def test_a_bound_of_a_time_is_compared_as_a_time(
    before: str, after: str, effect: str, sentence: str
) -> None:
    """A wider range is compatible, and both ends are shown as schemas write them."""
    found = [(one.place, one.effect, one.sentence) for one in bounded(before, after)]

    assert found == [("Order.value", effect, sentence)]


def test_a_bound_of_another_type_is_a_new_one() -> None:
    """Where the type changes, old and new bound have nothing to do with each other."""
    found = bounded("{type: integer, min: 5}", "{type: date, min: 2020-01-01}")

    assert [(one.effect, one.sentence) for one in found] == [
        ("breaking", "its type was integer and is date: values may not fit"),
        ("breaking", "'min' was 5 and is 2020-01-01: records that are there may not meet it"),
    ]


def test_words_that_did_not_change_are_told_by_the_field_that_did() -> None:
    """A guard, a condition and a figure read as before: only what comes out is of another type."""
    integer, number = "amount: {type: integer, min: 0}", "amount: {type: number, min: 0}"
    formula = "\n      is_big: {type: formula, expression: amount > 9}"

    found = schema_changes(
        compiled(BASE.replace(integer, integer + formula)),
        compiled(BASE.replace(integer, number + formula)),
    )

    assert [(one.place, one.effect, one.sentence) for one in found] == [
        ("Order.amount", "breaking", "its type was integer and is number: every value fits, and code sees another Python type"),
        ("Order.totals", "breaking", "the figure 'sum_of' gives a number, and gave an integer"),
    ]  # fmt: skip


def test_an_argument_may_take_more_than_before() -> None:
    """Callers go on as they are where a bound of an argument is wider or gone."""
    narrower = BASE.replace("{by_whom: text}", "{by_whom: {type: text, max_length: 9}}")
    wide, narrow = compiled(BASE), compiled(narrower)

    assert [(one.effect, one.sentence) for one in schema_changes(wide, narrow)] == [
        ("breaking", "of the argument 'by_whom' 'max_length' was not there and is 9")
    ]
    assert [(one.effect, one.sentence) for one in schema_changes(narrow, wide)] == [
        ("compatible", "of the argument 'by_whom' 'max_length' was 9 and is gone")
    ]


@pytest.mark.parametrize(
    ("replacements", "place", "sentence"),
    [
        pytest.param(
            [("amount", "quantity"), ("{type: integer, min: 0}", "{type: integer, min: 0, was: [amount], name: Amount}")],
            "Order.quantity", "field 'amount' is now called 'quantity': code that names it has to follow; nothing is lost",
            id="a field that expressions, queries and measures use",
        ),
        pytest.param(
            [("Order", "Purchase"), ("  Purchase:\n", "  Purchase:\n    was: [Order]\n    name: Order\n")],
            "Purchase", "table 'Order' is now called 'Purchase': code that names it has to follow; nothing is lost",
            id="a table that links to itself",
        ),
        pytest.param(
            [("State", "Status"), ("{OPEN: Open, PAID: Paid}", "{OPEN: Open, PAID: Paid}, was: State")],
            "Status", "enum 'State' is now called 'Status': code that names it has to follow; nothing is lost",
            id="the enum of the lifecycle",
        ),
        pytest.param(
            [("OPEN", "NEW"), ("NEW: Open", "NEW: {label: Open, was: [OPEN]}")],
            "State.NEW", "value 'OPEN' is now called 'NEW': code that names it has to follow; nothing is lost",
            id="a state",
        ),
        pytest.param(
            [("parent:", "above:"), ("inverse: children,", "inverse: children, name: Parent, was: [parent],")],
            "Order.above", "relation 'parent' is now called 'above': code that names it has to follow; nothing is lost",
            id="a relation",
        ),
    ],
)  # fmt: skip
def test_a_rename_is_one_change_wherever_the_name_is_used(
    replacements: list[tuple[str, str]], place: str, sentence: str
) -> None:
    """`was` makes what went and what came one thing, and nothing that refers to it has changed."""
    found = [one for one in changes(*replacements) if "as '" not in one.sentence]

    assert found == [Change(place, "breaking", sentence)]


def test_what_is_gone_is_breaking() -> None:
    """A field, a transition and a query that are no longer there are named each."""
    found = changes(
        ("      size: Size\n", ""),
        (
            "  Size: {ordered: true, values: {SMALL: {color: redBright}, BIG: {color: blueBright}}}\n",
            "",
        ),
    )

    assert [str(one) for one in found] == [
        "Size: enum 'Size' is gone (breaking)",
        "Order.size: field 'size' is gone; its values stay in the store until they are dropped (breaking)",
    ]


def test_a_value_in_the_midst_moves_no_colour_that_nobody_chose() -> None:
    """Values without a colour get the usual one of their place; only a colour that was written is told."""
    inserted = changes(
        ("values: {OPEN: Open, PAID: Paid}", "values: {OPEN: Open, HELD: Held, PAID: Paid}")
    )
    recoloured = changes(("SMALL: {color: redBright}", "SMALL: {color: greenBright}"))
    dropped = changes(("BIG: {color: blueBright}", "BIG: {}"))

    assert [one.sentence for one in inserted] == ["the value HELD is new"]
    assert [one.sentence for one in recoloured] == ["its colour was redBright and is greenBright"]
    assert [one.sentence for one in dropped] == ["its colour was blueBright and is cyanLight2"]
