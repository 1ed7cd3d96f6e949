"""Wanted × live → steps: what is matched, what is changed, what is left to people."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tablewright.model.schema import Schema
from tablewright.provision.changes import (
    AddLink,
    ChangeFormula,
    ManualField,
    RemoveByHand,
    RenameChoice,
    RenameField,
    RetypeField,
    Unmanaged,
)
from tablewright.provision.drift import drift
from tablewright.provision.live import live_base
from tablewright.provision.plan import as_text, read_plan
from tablewright.provision.renames import Rename, ordered_renames
from tablewright.provision.text import line
from tablewright.server.serve import LocalAirtable

if TYPE_CHECKING:
    from tests.provision.conftest import Project

HEAD = "tablewright: 1\nname: shop\n"


def table(fields: str, rest: str = "") -> str:
    return f"{HEAD}{rest}tables:\n  Task:\n    fields: {{title: text, {fields}}}\n"


def kinds(project: Project, schema: Schema, **options: Any) -> list[str]:
    return [type(one).__name__ for one in project.plan(schema, **options).changes]


def test_fields_are_known_by_id_before_name(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """Two fields whose names were swapped in Airtable are renamed back, by way of a passing name."""
    schema = compiled(table("one: text, two: text"))
    project.apply(schema)
    live = project.live().tables[0]
    one, two = live.fields[1], live.fields[2]
    for field, name in ((one, "x"), (two, "One"), (one, "Two")):
        project.port.update_field(project.base, live.id, field.id, {"name": name})

    plan = project.plan(schema)

    assert [type(change) for change in plan.changes] == [RenameField] * 3
    assert [(one.subject, one.detail, one.adopt) for one in project.drift(schema).differences] == [
        ("field 'One'", "is named 'Two' in Airtable and 'One' in the schema", "name: Two   (at Task.one)"),
        ("field 'Two'", "is named 'One' in Airtable and 'Two' in the schema", "name: One   (at Task.two)"),
    ]  # fmt: skip
    project.apply(schema)
    assert [field.name for field in project.live().tables[0].fields] == ["Title", "One", "Two"]
    assert [field.id for field in project.live().tables[0].fields][1:] == [one.id, two.id]


def test_without_a_lock_file_earlier_names_lead_to_the_field(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """`was` takes the old field even where a new one takes its name, and not again once that is done."""
    project.apply(compiled(table("note: long_text")))
    project.lock(compiled(table("note: long_text"))).path.unlink()
    schema = compiled(table("remark: {type: long_text, name: Remark, was: note}, memo: text"))

    first = project.plan(schema)
    project.apply(schema)
    project.lock(schema).path.unlink()

    assert [line(one).subject for one in first.changes] == ["field 'Remark'", "field 'Memo'"]
    assert project.plan(schema).is_empty


def test_names_differ_in_case_alone(project: Project, compiled: Callable[[str], Schema]) -> None:
    """For Airtable they are one name, so the field is renamed and not made twice."""
    project.port.create_table(project.base, {"name": "TASK", "fields": [{"name": "TITLE", "type": "singleLineText"}]})  # fmt: skip
    schema = compiled(f"{HEAD}tables:\n  Task:\n    fields: {{title: text}}\n")

    assert kinds(project, schema) == ["RenameTable", "RenameField"]
    project.apply(schema)
    assert project.plan(schema).is_empty


@pytest.mark.parametrize(
    ("before", "after", "how"),
    [
        ("n: integer", "n: {type: number, precision: 2}", "set precision '2'"),
        ("n: text", "n: long_text", "change its type to 'Long text'"),
        ("n: date", "n: {type: date, date_format: us}", "set date format 'us'"),
        ("n: boolean", "n: {type: boolean, color: redBright}", "set colour 'redBright'"),
        (
            "n: text",
            "n: {type: currency, symbol: €}",
            "change its type to 'Currency' with symbol '€'",
        ),
    ],
)
def test_what_the_api_cannot_change_is_told_exactly(
    project: Project, compiled: Callable[[str], Schema], before: str, after: str, how: str
) -> None:
    """Another type or option is a step for people with the very words to set."""
    project.apply(compiled(table(before)))

    (change,) = project.plan(compiled(table(after))).changes

    assert isinstance(change, RetypeField)
    assert how in change.how


def test_a_choice_gets_another_label_by_hand(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """The API renames no choice; adding it under the new label would leave rows with the old one."""
    project.apply(compiled(table("mood: Mood", "enums: {Mood: [GLAD, SAD]}\n")))
    schema = compiled(
        table("mood: Mood", "enums: {Mood: {values: {HAPPY: {was: GLAD}, SAD: {label: Blue}}}}\n")
    )

    changes = project.plan(schema).changes

    assert [type(one) for one in changes] == [RenameChoice, RenameChoice]
    assert [(one.old, one.new) for one in changes if isinstance(one, RenameChoice)] == [
        ("Glad", "Happy"),
        ("Sad", "Blue"),
    ]


@pytest.mark.parametrize("later", ["Task:\n    fields: {title: text, tone: {type: Mood, was: mood}}", "Job:\n    was: Task\n    fields: {title: text, mood: Mood}"])  # fmt: skip
def test_a_choice_keeps_its_id_where_its_field_or_table_gets_another_key(
    project: Project, compiled: Callable[[str], Schema], later: str
) -> None:
    """Its new label is one for people to give, as ever: a second choice would leave rows with the first."""
    project.apply(compiled(table("mood: Mood", "enums: {Mood: [GLAD, SAD]}\n")))
    relabelled = "enums: {Mood: {values: {GLAD: Glad, SAD: {label: Blue}}}}\n"
    schema = compiled(f"{HEAD}{relabelled}tables:\n  {later}\n")

    for _ in range(2):
        renamed = [one for one in project.plan(schema).changes if isinstance(one, RenameChoice)]
        assert [(one.old, one.new) for one in renamed] == [("Sad", "Blue")]
        project.apply(schema)


def test_a_rollup_keeps_its_formula_where_it_gets_another_key(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """Another formula is noticed though the API never shows the one that was sent."""
    other = "  Part:\n    fields: {title: text, cost: integer}\n    relations: {of: {to: Task, inverse: parts}}\n"
    project.apply(compiled(table("whole: {type: rollup, relation: parts, field: cost, function: sum}") + other))  # fmt: skip

    plan = project.plan(compiled(table("top: {type: rollup, relation: parts, field: cost, function: max, was: whole}") + other))  # fmt: skip

    assert [type(one) for one in plan.changes] == [RenameField, RetypeField]


def test_a_choice_waits_for_its_new_label_whatever_is_applied_meanwhile(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """Its id stays known under the value's earlier name, though no label tells the one from the other."""
    project.apply(compiled(table("mood: Mood", "enums: {Mood: {values: {OK: All right, SAD: Sad}}}\n")))  # fmt: skip
    renamed = "enums: {Mood: {values: {FINE: {label: Quite well, was: OK}, SAD: Sad}}}\n"
    schema = compiled(table("mood: Mood, note: text", renamed))

    project.apply(schema)

    plan = project.plan(schema)
    assert [(one.old, one.new) for one in plan.changes if isinstance(one, RenameChoice)] == [
        ("All right", "Quite well")
    ]
    assert len(plan.changes) == 1
    found = drift(plan, project.live(), project.lock(schema).manual)
    assert [one.done for one in found.by_hand] == [False]
    assert found.differences == ()


def test_a_choice_that_left_the_enum_is_told_with_what_becomes_of_its_rows(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """It stays in Airtable, and programs of the schema cannot read rows that hold it."""
    project.apply(compiled(table("mood: Mood", "enums: {Mood: [GLAD, SAD]}\n")))
    schema = compiled(table("mood: Mood", "enums: {Mood: [GLAD]}\n"))

    (kept,) = project.plan(schema).changes
    (difference,) = project.drift(schema).differences

    assert (
        line(kept).detail
        == "choice 'Sad' not in the schema: left alone; programs leave out the rows that hold it"
    )
    assert difference.detail == "choice 'Sad' not in the schema"
    assert difference.apply == "leaves it alone; programs leave out the rows that hold it"


def test_a_plan_tells_that_rows_need_a_value(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """What reads them leaves out rows without a required value; a new table has no rows, a default fills them."""
    project.apply(compiled(table("n: integer")))
    more = "must: {type: text, required: true}, may: text, has: {type: text, required: true, default: x}"
    other = "  Other:\n    fields: {title: text}\n    relations: {of: {to: Task, required: true, on_delete: cascade}}\n"

    plan = project.plan(compiled(table(f"n: integer, {more}") + other))

    said = {line(one).subject: line(one).below for one in plan.changes}
    assert "until they have a value" in said["field 'Must'"][0]
    assert [said[one] for one in ("field 'May'", "field 'Has'", "link 'Of'")] == [(), (), ()]
    assert read_plan(as_text(plan)) == plan


def test_a_formula_is_changed_and_its_spelling_is_not(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """Airtable keeps ids in formulas; only a formula that means something else is a change."""
    project.apply(
        compiled(table("n: integer, f: {type: formula, formula: '{N}*2', result: number}"))
    )

    same = compiled(table("n: integer, f: {type: formula, formula: ' {N}  * 2', result: number}"))
    other = compiled(table("n: integer, f: {type: formula, formula: '{N}*3', result: number}"))

    assert project.plan(same).is_empty
    assert [type(one) for one in project.plan(other).changes] == [ChangeFormula]
    project.apply(other)
    assert project.plan(other).is_empty


def test_expressions_become_formulas(project: Project, compiled: Callable[[str], Schema]) -> None:
    """What the schema says in its own language is kept by Airtable as a formula, `now()` as NOW()."""
    schema = compiled(
        f"{HEAD}tables:\n  Task:\n    fields:\n      title: text\n      due: datetime\n      n: integer\n"
        "      twice: {type: formula, expression: n * 2}\n"
        "    computed:\n      is_late: {value: due < now(), publish: Late}\n"
    )

    applied = project.apply(schema)

    assert applied.manual == ()
    assert project.plan(schema).is_empty
    late = project.live().tables[0].field_named("Late")
    assert late is not None
    assert "NOW()" in late.options["formula"]
    project.write("Task", {"Title": "a", "N": 4, "Due": "2020-01-01T00:00:00Z"})
    assert project.rows("Task")[0]["Twice"] == 8


def test_what_left_the_schema_is_reported_and_removed_only_by_hand(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """The API deletes no field; without leave there is not even a step."""
    project.apply(compiled(table("gone: text")))
    schema = compiled(f"{HEAD}tables:\n  Task:\n    fields: {{title: text}}\n")

    (kept,) = project.plan(schema).changes
    (removed,) = project.plan(schema, allow_destructive=True).changes

    assert isinstance(kept, Unmanaged)
    assert kept.left_schema
    assert isinstance(removed, RemoveByHand)
    assert project.plan(schema).is_empty


def test_the_other_side_of_a_self_link_is_named_where_it_exists(
    projects: Callable[..., Project], compiled: Callable[[str], Schema]
) -> None:
    """A link of a table to itself that was made in Airtable has another side, which is the schema's inverse."""
    link = {
        "linkedTableId": f"tbl{'a' * 14}",
        "isReversed": False,
        "prefersSingleRecordLink": False,
    }
    fields = [
        {"id": f"fld{'a' * 14}", "name": "Title", "type": "singleLineText"},
        {"id": f"fld{'b' * 14}", "name": "Parent", "type": "multipleRecordLinks", "options": {**link, "inverseLinkFieldId": f"fld{'c' * 14}"}},
        {"id": f"fld{'c' * 14}", "name": "From field: Parent", "type": "multipleRecordLinks", "options": {**link, "inverseLinkFieldId": f"fld{'b' * 14}"}},
    ]  # fmt: skip
    saved = {"tables": [{"id": f"tbl{'a' * 14}", "name": "Task", "primaryFieldId": f"fld{'a' * 14}", "fields": fields}]}  # fmt: skip
    project = projects(schema=saved)
    schema = compiled(
        f"{HEAD}tables:\n  Task:\n    fields: {{title: text}}\n    relations: {{parent: {{to: Task, inverse: children}}}}\n"
    )

    (change,) = project.plan(schema).changes

    assert isinstance(change, RenameField)
    assert (change.old, change.new) == ("From field: Parent", "Children")
    project.apply(schema)
    assert project.plan(schema).is_empty


def test_airtables_own_name_for_another_side_makes_room(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """A new field may have the name that Airtable gave to the other side of a link that the schema does not name."""
    links = "    relations: {{owner: {{to: Person}}}}\n"
    people = "  Person:\n    fields: {{name: text{more}}}\n"
    text = f"{HEAD}tables:\n{people}  Task:\n    fields: {{{{title: text}}}}\n{links}"
    project.apply(compiled(text.format(more="")))
    schema = compiled(text.format(more=", task: email"))

    project.apply(schema)

    names = {one.name: one.type for one in project.live().tables[0].fields}
    assert names == {
        "Name": "singleLineText",
        "Task (Owner)": "multipleRecordLinks",
        "Task": "email",
    }
    assert project.drift(schema).is_empty


def test_a_name_that_somebody_took_is_left_to_people(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """A rename that would collide with a field of others waits, and all else is done."""
    project.apply(compiled(table("old: text")))
    project.port.create_field(project.base, project.live().tables[0].id, {"name": "New", "type": "email"})  # fmt: skip
    schema = compiled(table("new: {type: text, was: old}, more: text"))

    project.apply(schema)

    changes = project.plan(schema).changes
    assert any(isinstance(one, ManualField) and "rename or delete" in one.how for one in changes)
    assert project.live().tables[0].field_named("More") is not None


def test_a_plan_is_the_same_after_it_was_saved(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """What `apply FILE` reads is what `plan` found."""
    schema = compiled(
        f"{HEAD}enums: {{Mood: [GLAD]}}\ntables:\n  A:\n    fields: {{name: text, mood: Mood, serial: auto_number}}\n"
        "    relations: {b: {to: B, inverse: as_}}\n  B:\n    fields: {name: text, f: {type: formula, formula: '1'}}\n"
    )
    plan = project.plan(schema)

    assert read_plan(as_text(plan)) == plan
    assert any(isinstance(one, AddLink) for one in plan.changes)


def test_renames_in_a_circle_never_take_a_name_twice() -> None:
    """At every moment all names are different, whatever the order asked for."""
    names = {"1": "a", "2": "b", "3": "c", "4": "d"}
    wanted = [Rename("1", "a", "b", "k1"), Rename("2", "b", "c", "k2"), Rename("3", "c", "a", "k3")]

    ordered, stuck = ordered_renames(wanted, names)

    for one in ordered:
        assert one.new not in names.values()
        names[one.id] = one.new
    assert names == {"1": "b", "2": "c", "3": "a", "4": "d"}
    assert stuck == []


def test_drift_ticks_off_what_people_did(
    compiled: Callable[[str], Schema], project_on: Any, tmp_path: Any
) -> None:
    """A step that was left to people shows as done once the field is there."""
    schema = compiled(table("serial: auto_number"))
    with LocalAirtable() as server:
        project = project_on(server, tmp_path)
        project.apply(schema)
        before = project.drift(schema)
        document = project.port.base_schema(project.base)
        document["tables"][0]["fields"].append({"id": f"fld{'z' * 14}", "name": "Serial", "type": "autoNumber"})  # fmt: skip
        from tablewright.provision.drift import drift
        from tablewright.provision.planning import airtable_plan
        from tablewright.provision.wanted import wanted_base

        live = live_base(project.base, document)
        lock = project.lock(schema)
        after = drift(airtable_plan(wanted_base(schema), live, lock), live, lock.manual)
        project.port.close()

    assert [one.done for one in before.by_hand] == [False]
    assert [one.done for one in after.by_hand] == [True]
    assert after.is_empty


def test_schemas_can_share_a_base(project: Project, compiled: Callable[[str], Schema]) -> None:
    """The tables of another schema in the same lock file are nobody's difference."""
    first = compiled(table("a: text"))
    second = compiled("tablewright: 1\nname: other\ntables:\n  Memo:\n    fields: {text: text}\n")
    project.apply(first)
    project.apply(second)

    assert project.drift(first).is_empty
    assert project.drift(second).is_empty


def test_a_select_is_adopted_with_its_enum(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """What drift offers to write into the schema is all that is needed."""
    schema = compiled(table(""))
    project.apply(schema)
    choices = {"choices": [{"name": "Low"}, {"name": "Very High"}]}
    body = {"name": "Prio", "type": "singleSelect", "options": choices}
    project.port.create_field(project.base, project.live().tables[0].id, body)

    (found,) = project.drift(schema).differences

    assert found.adopt == "prio: {type: TaskPrio}   (in Task), with TaskPrio: {values: [LOW, VERY_HIGH]}   (in enums)"  # fmt: skip


@pytest.mark.parametrize(("color", "count"), [("", 0), ("redBright", 1)])
def test_colours_are_remarked_only_where_the_schema_gives_them(
    project: Project, compiled: Callable[[str], Schema], color: str, count: int
) -> None:
    """Airtable's choice of a colour is nobody's concern until the schema says one."""
    project.apply(compiled(table("mood: Mood", "enums: {Mood: [GOOD, BAD]}\n")))
    given = f"{{label: Bad, color: {color}}}" if color else "{label: Bad}"
    enums = f"enums: {{Mood: {{values: {{BAD: {given}, GOOD: {{label: Good}}}}}}}}\n"
    schema = compiled(table("mood: Mood", enums))

    remarks = [one for one in project.plan(schema).reports if "colours" in line(one).detail]

    assert len(remarks) == count


def test_an_earlier_name_that_nothing_has_is_told(
    project: Project, compiled: Callable[[str], Schema]
) -> None:
    """A slip in `was:` makes a field or table anew: the plan says so where one left the schema, and names it."""
    project.apply(compiled(table("hours_est: number") + "  Person:\n    fields: {name: text}\n"))
    slips = compiled(
        table("hours_real: {type: number, was: hours_est_fild}")
        + "  Human:\n    was: Persom\n    fields: {name: text}\n"
    )

    told = [line(one).detail for one in project.plan(slips).reports]

    assert "'Hours Real' is made anew, since nothing is known as hours_est_fild, which it 'was': did you mean 'hours_est'? left the schema: hours_est" in told  # fmt: skip
    assert any(one.startswith("'Human' is made anew") and "'Person'?" in one for one in told)
    right = compiled(table("hours_real: {type: number, was: [older, hours_est]}"))
    assert not [one for one in project.plan(right).reports if "anew" in line(one).detail]
