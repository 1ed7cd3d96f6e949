"""A live base becomes a schema that says the same."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tablewright.airtable import FIELD_TYPES
from tablewright.model.schema import Schema
from tablewright.provision.live import live_base
from tablewright.provision.lock import Lock
from tablewright.provision.planning import airtable_plan
from tablewright.provision.pull import pulled
from tablewright.provision.wanted import wanted_base

if TYPE_CHECKING:
    from tests.provision.conftest import Shell

OPTIONS: dict[str, dict[str, Any]] = {
    "number": {"precision": 3},
    "percent": {"precision": 1},
    "currency": {"precision": 2, "symbol": "€"},
    "duration": {"durationFormat": "h:mm"},
    "date": {"dateFormat": {"name": "european", "format": "D/M/YYYY"}},
    "dateTime": {
        "timeZone": "Europe/Berlin",
        "dateFormat": {"name": "us", "format": "M/D/YYYY"},
        "timeFormat": {"name": "12hour", "format": "h:mma"},
    },
    "checkbox": {"icon": "heart", "color": "redBright"},
    "rating": {"icon": "flag", "color": "blueBright", "max": 7},
    "singleSelect": {
        "choices": [
            {"id": f"sel{'a' * 14}", "name": "to do", "color": "redBright"},
            {"id": f"sel{'b' * 14}", "name": "Done", "color": "blueLight1"},
        ]
    },
    "multipleSelects": {
        "choices": [{"id": f"sel{'c' * 14}", "name": "A, B", "color": "cyanDark1"}]
    },
    "multipleAttachments": {"isReversed": False},
    "multipleRecordLinks": {
        "linkedTableId": "tblOtherOtherOthe",
        "isReversed": False,
        "prefersSingleRecordLink": False,
        "inverseLinkFieldId": "fldInverseInverse",
    },
    "formula": {
        "formula": "{fldPrimaryPrimary} & '{x}'",
        "isValid": True,
        "referencedFieldIds": ["fldPrimaryPrimary"],
        "result": {"type": "singleLineText"},
    },
    "rollup": {
        "recordLinkFieldId": "fld00000000000017",
        "fieldIdInLinkedTable": "fldAmountAmountAm",
        "isValid": True,
        "result": {"type": "number", "options": {"precision": 2}},
    },
    "multipleLookupValues": {
        "recordLinkFieldId": "fld00000000000017",
        "fieldIdInLinkedTable": "fldAmountAmountAm",
        "isValid": True,
        "result": {"type": "number", "options": {"precision": 2}},
    },
    "count": {"recordLinkFieldId": "fld00000000000017", "isValid": True},
    "createdTime": {
        "result": {
            "type": "dateTime",
            "options": {
                "timeZone": "client",
                "dateFormat": {"name": "iso", "format": "YYYY-MM-DD"},
                "timeFormat": {"name": "24hour", "format": "HH:mm"},
            },
        }
    },
    "lastModifiedTime": {
        "isValid": True,
        "referencedFieldIds": [],
        "result": {"type": "date", "options": {"dateFormat": {"name": "local", "format": "l"}}},
    },
    "aiText": {"prompt": ["x"], "referencedFieldIds": []},
    "externalSyncSource": {"choices": []},
}


def base_with_every_type() -> dict[str, Any]:
    """Return a base schema with a field of every type that the API knows."""
    fields: list[dict[str, Any]] = [
        {"id": "fldPrimaryPrimary", "name": "Title", "type": "singleLineText"}
    ]
    for place, kind in enumerate(sorted(FIELD_TYPES)):
        name = f"A {kind}"
        number = 17 if kind == "multipleRecordLinks" else place + 100
        one: dict[str, Any] = {"id": f"fld{number:014d}", "name": name, "type": kind}
        one["description"] = f"What {kind} is for: 'quotes', \"more\" and {{braces}}"
        if kind in OPTIONS:
            one["options"] = OPTIONS[kind]
        fields.append(one)
    other = [
        {"id": "fldCodeCodeCodeCo", "name": "Code", "type": "singleLineText"},
        {
            "id": "fldAmountAmountAm",
            "name": "Amount",
            "type": "number",
            "options": {"precision": 2},
        },
        {
            "id": "fldInverseInverse",
            "name": "Backwards: to Everything",
            "type": "multipleRecordLinks",
            "options": {
                "linkedTableId": "tblEverythingEver",
                "isReversed": False,
                "prefersSingleRecordLink": False,
                "inverseLinkFieldId": "fld00000000000017",
            },
        },
    ]
    return {
        "tables": [
            {
                "id": "tblEverythingEver",
                "name": "Everything there is",
                "description": "All of it.\nOn two lines.",
                "primaryFieldId": "fldPrimaryPrimary",
                "fields": fields,
                "views": [],
            },
            {
                "id": "tblOtherOtherOthe",
                "name": "Other",
                "primaryFieldId": "fldCodeCodeCodeCo",
                "fields": other,
                "views": [],
            },
        ]
    }


def test_a_pulled_base_has_nothing_to_do(compiled: Callable[[str], Schema]) -> None:
    """For every field type, the schema that pull writes says what the base holds."""
    live = live_base("appEverythingEver", base_with_every_type())

    found = pulled(live, name="everything", origin="Pulled.")

    plan = airtable_plan(wanted_base(compiled(found.text)), live, _no_lock())
    assert plan.steps == ()
    assert plan.manual == ()
    assert plan.reports == ()
    assert not any("left out" in one for one in found.remarks)


def test_a_pulled_base_generates_and_agrees_by_the_commands(shells: Callable[..., Shell]) -> None:
    """pull, generate, plan and drift against a base that holds every field type, with and without its ids known."""
    shell = shells(schema=base_with_every_type())
    (shell.folder / "schemas" / "shop.yaml").unlink()

    shell.type("pull", "--name", "everything")
    generated = shell.type("generate")
    planned, drifted = shell.type("plan"), shell.type("drift")
    (shell.folder / "tablewright.lock.dev.json").unlink()
    again = shell.type("plan")

    assert generated.exit_code == 0, generated.output
    assert planned.exit_code == 0, planned.output
    assert drifted.exit_code == 0, drifted.output
    assert again.exit_code == 0, again.output


def test_a_saved_base_is_pulled_without_a_base(shell: Shell) -> None:
    """A file is enough; when the base is named later, its ids are found by the names."""
    (shell.folder / "tablewright.toml").unlink()
    (shell.folder / "schemas" / "shop.yaml").unlink()
    (shell.folder / "saved.json").write_text(json.dumps(base_with_every_type()))

    found = shell.json("pull", "--from", "saved.json")

    assert found["schema"] == "schemas/saved.yaml"
    assert found["lock"] is None
    assert shell.type("generate").exit_code == 0


def test_a_history_that_tablewright_keeps_is_no_table_of_the_schema(shell: Shell) -> None:
    """It is left out with the way to read it, and with 'history: true' it is the companion table that is there."""
    shell.write(WITH_HISTORY)
    shell.type("apply", "--yes")
    (shell.folder / "schemas" / "shop.yaml").unlink()
    (shell.folder / "tablewright.lock.dev.json").unlink()

    pulled_ = shell.type("pull", "--name", "shop")
    again = shell.type("plan")
    shell.write(WITH_HISTORY)
    kept = shell.type("plan")

    assert (
        "table 'Order History' is left out: it is the history of 'Order', which 'history: true' in that table's lifecycle "
        "reads"
    ) in pulled_.output
    assert again.exit_code == kept.exit_code == 0, kept.output


WITH_HISTORY = """
tablewright: 1
name: shop
enums: {Status: [OPEN, DONE]}
tables:
  Order:
    fields: {title: text, status: {type: Status, required: true}}
    lifecycle:
      field: status
      initial: OPEN
      history: true
      transitions:
        finish: {from: OPEN, to: DONE}
"""


def _no_lock() -> Lock:
    return Lock(Path("none.json"), "everything", "dev")


def test_what_the_language_lacks_is_listed_and_unmanaged(
    compiled: Callable[[str], Schema],
) -> None:
    """A select without choices, or a name with blanks around it, is said so, and drift does not speak of it."""
    document = base_with_every_type()
    document["tables"][1]["fields"] += [
        {"id": "fldEmptyEmptyEmpt", "name": "Empty [1]", "type": "singleSelect", "options": {"choices": []}},
        {"id": "fldBlankBlankBlan", "name": " blanks ", "type": "email"},
    ]  # fmt: skip
    live = live_base("appEverythingEver", document)

    found = pulled(live, name="everything", origin="Pulled.")

    schema = compiled(found.text)
    assert "field 'Empty [1]' of 'Other' is left out: it has no choices: give it one in Airtable, and pull again" in found.remarks  # fmt: skip
    assert any("' blanks '" in one for one in found.remarks)
    plan = airtable_plan(wanted_base(schema), live, _no_lock())
    assert plan.is_empty
    assert [one for one in plan.reports if "Empty" in str(one)] == []


@pytest.mark.parametrize(
    "name",
    ["class", "id", "created_time", "2 fast", "ünïcode", "日本語", "a}b{c", "get", "Everything", "x" * 200, "#", "null", "yes: no", "- a", "*star", "&x", "!t", "%", "@", "`"],
)  # fmt: skip
def test_any_name_can_be_pulled(compiled: Callable[[str], Schema], name: str) -> None:
    """Whatever tables, fields and choices are called, the text compiles and means the same base."""
    live = live_base(
        "appEverythingEver",
        {
            "tables": [
                {
                    "id": "tblEverythingEver",
                    "name": name,
                    "primaryFieldId": "fldPrimaryPrimary",
                    "fields": [
                        {"id": "fldPrimaryPrimary", "name": name, "type": "singleLineText"},
                        {"id": "fldOther00000000A", "name": f"{name}!", "type": "email"},
                        {
                            "id": "fldSelect0000000A",
                            "name": f"{name} select",
                            "type": "singleSelect",
                            "options": {
                                "choices": [{"id": "selA", "name": name, "color": "redBright"}]
                            },
                        },
                        {
                            "id": "fldFormula000000A",
                            "name": f"{name} formula",
                            "type": "formula",
                            "options": {
                                "formula": "{fldPrimaryPrimary}&{fldOther00000000A}",
                                "isValid": True,
                                "result": {"type": "singleLineText"},
                            },
                        },
                    ],
                }
            ]
        },
    )

    found = pulled(live, name="base", origin="Pulled.")

    plan = airtable_plan(wanted_base(compiled(found.text)), live, _no_lock())
    assert plan.is_empty, plan.changes
    assert found.remarks == ()


def test_a_full_disk_leaves_no_schema_and_no_traceback(shell: Shell) -> None:
    """What could not be written whole is not there; the limit on files stands for the disk."""
    shell.type("apply", "--yes")
    (shell.folder / "schemas" / "shop.yaml").unlink()

    pulled = subprocess.run(
        ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *shell.command("pull", "--name", "shop")],
        cwd=shell.folder,
        env=shell.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert pulled.returncode == 1
    assert pulled.stderr == (
        "Error: nothing more could be written: File too large. Make room, then run the same command again\n"
    )
    assert list((shell.folder / "schemas").iterdir()) == []


def desk(**changes: dict[str, Any]) -> dict[str, Any]:
    """Return a base of customers, agents and tickets: each link was made on the tickets, and named by Airtable on the other
    side. *changes* replace options of fields, by the ends of their ids.
    """

    def link(end: str, name: str, to: str, other: str) -> dict[str, Any]:
        options = {"linkedTableId": to, "prefersSingleRecordLink": False, "inverseLinkFieldId": f"fld{other:0>14}"}  # fmt: skip
        return {"id": f"fld{end:0>14}", "name": name, "type": "multipleRecordLinks", "options": {**options, **changes.get(end, {})}}  # fmt: skip

    def table(id_: str, name: str, *fields: dict[str, Any]) -> dict[str, Any]:
        title = {"id": f"{id_.replace('tbl', 'fld')}", "name": "Name", "type": "singleLineText"}
        return {"id": id_, "name": name, "primaryFieldId": title["id"], "fields": [title, *fields]}

    customers, agents, tickets = "tblCustomersCusto", "tblAgentsAgentsAge", "tblTicketsTicketsT"
    return {
        "tables": [
            table(agents, "Agents", link("A", "Tickets", tickets, "a")),
            table(
                customers,
                "Customers",
                link("C", "tickets", tickets, "c"),
                link("R", "Tickets 2", tickets, "r"),
            ),
            table(
                tickets,
                "Tickets",
                link("a", "Assigned to", agents, "A"),
                link("c", "Customer", customers, "C"),
                link("r", "Reported by", customers, "R"),
            ),
        ]
    }


def test_the_side_of_a_link_that_people_made_is_the_relation(
    compiled: Callable[[str], Schema],
) -> None:
    """Airtable names the side that it makes by itself after the table; a program sets the link on the side of the people."""
    live = live_base("appDeskDeskDeskDes", desk())

    found = pulled(live, name="desk", origin="Pulled.")

    schema = compiled(found.text)
    relations = {table.key: [one.key for one in table.relations] for table in schema.tables}
    assert relations == {
        "Agents": [],
        "Customers": [],
        "Tickets": ["assigned_to", "customer", "reported_by"],
    }
    assert airtable_plan(wanted_base(schema), live, _no_lock()).is_empty


def test_of_two_sides_the_one_to_a_single_record_is_the_relation_whatever_it_is_called(
    compiled: Callable[[str], Schema],
) -> None:
    """What leads to one record is written as that, although Airtable gave the field its name."""
    live = live_base("appDeskDeskDeskDes", desk(C={"prefersSingleRecordLink": True}))

    found = pulled(live, name="desk", origin="Pulled.")

    schema = compiled(found.text)
    assert [
        (one.key, one.many)
        for table in schema.tables
        for one in table.relations
        if table.key == "Customers"
    ] == [("tickets", False)]
    assert airtable_plan(wanted_base(schema), live, _no_lock()).is_empty


def test_a_calculated_number_is_no_integer_for_being_shown_without_decimal_places(
    compiled: Callable[[str], Schema],
) -> None:
    """Airtable shows as many as people chose and gives out all: 1020444.5 seconds are no reason to leave a record out."""
    document = base_with_every_type()
    fields = document["tables"][0]["fields"]
    for one in fields:
        if one["type"] in ("rollup", "formula"):
            one["options"] = {
                **one["options"],
                "result": {"type": "number", "options": {"precision": 0}},
            }

    found = pulled(live_base("appEverythingEver", document), name="everything", origin="Pulled.")

    table = compiled(found.text).tables[0]
    results = {
        one.kind.name: one.computation.result.kind
        for one in table.fields
        if one.kind.name in ("formula", "rollup") and one.computation is not None
    }
    assert results == {"formula": "number", "rollup": "number"}


def test_two_choices_that_the_language_holds_for_one_are_named() -> None:
    """Who wants the field in the schema has to know which of them to rename."""
    document = desk()
    choices = [{"id": f"sel{one}", "name": one} for one in ("bug", "Question", "Bug")]
    document["tables"][2]["fields"].append(
        {
            "id": "fldTypeTypeTypeTyp",
            "name": "Type",
            "type": "singleSelect",
            "options": {"choices": choices},
        }
    )

    found = pulled(live_base("appDeskDeskDeskDes", document), name="desk", origin="Pulled.")

    assert (
        "field 'Type' of 'Tickets' is left out: the language holds its choices 'bug' and 'Bug' for one: rename one of "
        "them in Airtable, which all its rows follow, and pull again" in found.remarks
    )
