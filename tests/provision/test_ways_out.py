"""Every difference comes with its ways out, and following one of them ends the difference."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tablewright.model.schema import Schema
from tablewright.provision.drift import Drift, drift
from tablewright.provision.live import live_base
from tablewright.provision.planning import airtable_plan
from tablewright.provision.wanted import wanted_base

if TYPE_CHECKING:
    from tests.provision.conftest import Project

SCHEMA = """
tablewright: 1
name: shop
enums: {{Status: {{values: {{OPEN: {{label: {open}}}, DONE: {{}}}}}}}}
unmanaged: [{tables}]
tables:
  Person: {{fields: {{name: text}}}}
  Task:
    unmanaged: [{fields}]
    fields: {{title: text, status: Status, hours: {hours}, price: {price}}}
    relations: {{owner: {{to: Person, many: {many}}}}}
"""
FIRST = {
    "open": "Open",
    "tables": "",
    "fields": "",
    "hours": "{type: number, precision: 2}",
    "price": "{type: currency, symbol: €}",
    "many": "true",
}


def schema_text(**changed: str) -> str:
    return SCHEMA.format(**{**FIRST, **changed})


def by_people(document: dict[str, Any]) -> dict[str, Any]:
    """Return the base after people worked on it: other types and options, a renamed choice, a table and a field more."""
    found = copy.deepcopy(document)
    task = next(one for one in found["tables"] if one["name"] == "Task")
    task["name"] = "Tasks of today"
    field = {one["name"]: one for one in task["fields"]}
    field["Hours"] |= {"type": "duration", "options": {"durationFormat": "h:mm:ss"}}
    field["Price"]["options"]["symbol"] = "£"
    field["Status"]["options"]["choices"][0]["name"] = "To do: now"
    field["Owner"]["options"]["prefersSingleRecordLink"] = True
    task["fields"].append({"id": f"fld{'n' * 14}", "name": "Notes [*]", "type": "multilineText"})
    text = {"id": f"fld{'p' * 14}", "name": "Name", "type": "singleLineText"}
    stray = {"id": f"tbl{'s' * 14}", "name": "Stray [x]", "primaryFieldId": text["id"], "fields": [text]}  # fmt: skip
    found["tables"].append(stray)
    return found


def drift_of(project: Project, schema: Schema, document: dict[str, Any]) -> Drift:
    live, lock = live_base(project.base, document), project.lock(schema)
    return drift(airtable_plan(wanted_base(schema), live, lock), live, lock.manual)


def test_whatever_people_did_can_be_adopted_or_ignored(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """Steps by hand say as well what the schema would have to say, in a table whose name people changed, too."""
    first = compiled(schema_text())
    project.apply(first)
    document = by_people(project.port.base_schema(project.base))

    found = drift_of(project, first, document)

    assert {(one.adopt, one.ignore) for one in found.by_hand} == {
        ("{type: duration}   (at Task.hours)", ""),
        ('{type: currency, symbol: "£"}   (at Task.price)', ""),
        ("label: \"To do: now\"   (at the value in the enum of 'Status')", ""),
        ("many: false   (at Task.owner)", ""),
    }
    assert {(one.adopt, one.ignore) for one in found.differences} == {
        ("name: Tasks of today   (at Task)", ""),
        ('notes: {type: long_text, name: "Notes [*]"}   (in Task)', 'unmanaged: ["Notes [[][*]]"]   (in Task)'),
        ("'tablewright pull' shows how to write it", 'unmanaged: ["Stray [[]x]"]   (at the top of the schema)'),
    }  # fmt: skip


def test_what_was_adopted_and_ignored_is_no_difference_any_more(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """The words that drift offers, written into the schema, make both agree."""
    first = compiled(schema_text())
    project.apply(first)
    document = by_people(project.port.base_schema(project.base))
    adopted = schema_text(
        open='"To do: now"',
        tables='"Stray [[]x]"',
        fields='"Notes [[][*]]"',
        hours="{type: duration}",
        price='{type: currency, symbol: "£"}',
        many="false",
    ).replace("  Task:\n", "  Task:\n    name: Tasks of today\n")

    found = drift_of(project, compiled(adopted), document)

    assert found.is_empty, found


@pytest.mark.parametrize("is_gone", [False, True])
def test_a_removal_is_ticked_off_when_it_is_done_and_not_before(
    project: Project, compiled: Callable[[str], Schema], *, is_gone: bool
) -> None:
    """What left the schema, and people were asked to delete, stays a step for them until it is deleted."""
    project.apply(compiled(schema_text()))
    left = compiled(schema_text().replace(", price: {type: currency, symbol: €}", ""))
    plan = project.plan(left, allow_destructive=True)
    lock = project.lock(left)
    lock.manual = [change.how for change in plan.manual if hasattr(change, "how")]
    lock.save()
    document = project.port.base_schema(project.base)
    if is_gone:
        for table in document["tables"]:
            table["fields"] = [one for one in table["fields"] if one["name"] != "Price"]

    found = drift_of(project, left, document)

    assert found.differences == ()
    assert [(one.text, one.done) for one in found.by_hand] == [
        ("In table 'Task' delete the field 'Price'. Its values go with it.", is_gone)
    ]
    assert found.is_empty is is_gone


DESK = """
tablewright: 1
name: desk
enums: {State: [OPEN, DONE]}
tables:
  Person: {fields: {name: text}}
  Task:
    fields:
      title: text
      state: {type: State, required: true}
      hours: number
      is_long: {type: formula, expression: hours > 8.25}
    computed:
      is_open: {value: state == OPEN, publish: Open?}
    relations:
      owner: {to: Person, inverse: tasks, inverse_description: What they do.}
    lifecycle: {field: state, initial: OPEN, history: true, transitions: {finish: {from: OPEN, to: DONE}}}
"""


def renamed_by_people(document: dict[str, Any]) -> dict[str, Any]:
    """Return the base after people gave other names to what Airtable made or calculates, and changed two formulas."""
    found = copy.deepcopy(document)
    for table in found["tables"]:
        for one in table["fields"]:
            match one["name"]:
                case "Tasks":
                    one |= {"name": "All: tasks", "description": "People say so."}
                case "Open?":
                    one["name"] = "Still open?"
                case "Entry":
                    one["name"] = "Key"
                case "Is Long":
                    one["options"]["formula"] = one["options"]["formula"].replace("8.25", "9.25")
        if table["name"] == "Task History":
            table["name"] = "What happened"
    return found


def test_what_is_adopted_stands_where_the_schema_says_it(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """The other side of a link is named in the relation, a published field by 'publish', a history by nothing at all."""
    first = compiled(DESK)
    project.apply(first)
    document = renamed_by_people(project.port.base_schema(project.base))

    found = drift_of(project, first, document)

    is_long = next(one for one in found.differences if one.subject == "field 'Is Long'").adopt
    assert [one.adopt for one in found.differences if one.subject != "field 'Is Long'"] == [
        "",
        'inverse_name: "All: tasks"   (at Task.owner)',
        'publish: "Still open?"   (at Task.is_open)',
        "",
        "its description   (at Task.owner)",
    ]
    adopted = (
        DESK.replace("inverse_description: What they do.", 'inverse_name: "All: tasks"')
        .replace("publish: Open?", 'publish: "Still open?"')
        .replace("is_long: {type: formula, expression: hours > 8.25}", is_long.split("   (")[0])
    )
    left = drift_of(project, compiled(adopted), document).differences
    assert [one.subject for one in left] == ["table", "field 'Entry'"], left


def test_a_formula_that_people_changed_is_adopted_in_their_own_language(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """What an expression says cannot be told beside it: a formula field of the same key takes its place."""
    first = compiled(DESK)
    project.apply(first)
    document = project.port.base_schema(project.base)
    task = next(one for one in document["tables"] if one["name"] == "Task")
    field = next(one for one in task["fields"] if one["name"] == "Open?")
    field["options"]["formula"] = f"{{{field['options']['referencedFieldIds'][0]}}} != 'Done'"

    (difference,) = drift_of(project, first, document).differences

    said, place = difference.adopt.split("   (")
    assert place == "in fields, instead of what stands at Task.is_open)"
    adopted = DESK.replace(
        "    computed:\n      is_open: {value: state == OPEN, publish: Open?}\n", ""
    )
    adopted = adopted.replace("      hours: number\n", f"      hours: number\n      {said}\n")
    assert drift_of(project, compiled(adopted), document).is_empty


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("function: sum", "function: max"),
        ("formula: 'MAX(values)', result: number", "function: count"),
        ("formula: 'MAX(values)', result: number", "formula: 'MIN(values)', result: number"),
    ],
)
def test_the_way_back_to_an_earlier_rollup_is_what_the_schema_said(
    project: Project, compiled: Callable[[str], Schema], first: str, then: str
) -> None:
    """A rollup has a function or a formula: the one that is offered takes the place of the other."""
    text = """
tablewright: 1
name: shop
tables:
  Person: {{fields: {{name: text, total: {{type: rollup, relation: tasks, field: hours, {said}}}}}}}
  Task: {{fields: {{title: text, hours: number}}, relations: {{owner: {{to: Person, inverse: tasks}}}}}}
"""
    project.apply(compiled(text.format(said=first)))

    (step,) = project.drift(compiled(text.format(said=then))).by_hand

    said, place = step.adopt.split("   (")
    assert place == "at Person.total, instead of how it is calculated there)"
    assert said == first.removesuffix(", result: number").replace("'", '"')
