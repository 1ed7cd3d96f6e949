"""--schema: a saved base schema of the real service opens with all its ids, computed fields included."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyairtable
import pytest

from tablewright.airtable import FIELD_TYPES
from tablewright.server.importing import SchemaFileError
from tablewright.server.jsontext import dumps
from tablewright.server.serve import LocalAirtable

Client = Callable[[LocalAirtable], pyairtable.Api]
BASE = "app" + "B" * 14


def make_id(prefix: str, number: int) -> str:
    return f"{prefix}{number:014d}"


FIELDS: list[tuple[str, str, Any]] = [
    ("Name", "singleLineText", None),
    ("Amount", "number", {"precision": 1}),
    (
        "State",
        "singleSelect",
        {"choices": [{"id": make_id("sel", 1), "name": "a", "color": "redBright"}]},
    ),
    (
        "Parent",
        "multipleRecordLinks",
        {
            "linkedTableId": make_id("tbl", 1),
            "isReversed": False,
            "prefersSingleRecordLink": True,
        },
    ),
    (
        "Double",
        "formula",
        {
            "isValid": True,
            "formula": f"{{{make_id('fld', 2)}}}*2",
            "referencedFieldIds": [make_id("fld", 2)],
            "result": {"type": "number", "options": {"precision": 1}},
        },
    ),
    (
        "Sum",
        "rollup",
        {
            "isValid": True,
            "recordLinkFieldId": make_id("fld", 4),
            "fieldIdInLinkedTable": make_id("fld", 2),
            "referencedFieldIds": [],
            "result": {"type": "number", "options": {"precision": 1}},
        },
    ),
    (
        "Look",
        "multipleLookupValues",
        {
            "isValid": True,
            "recordLinkFieldId": make_id("fld", 4),
            "fieldIdInLinkedTable": make_id("fld", 3),
            "result": {"type": "singleSelect"},
        },
    ),
    ("How many", "count", {"isValid": True, "recordLinkFieldId": make_id("fld", 4)}),
    ("Number", "autoNumber", None),
    ("Made", "createdTime", {"result": {"type": "date", "options": {}}}),
    (
        "Changed",
        "lastModifiedTime",
        {
            "isValid": True,
            "referencedFieldIds": [make_id("fld", 2)],
            "result": {"type": "dateTime", "options": {}},
        },
    ),
    ("Maker", "createdBy", None),
    ("Changer", "lastModifiedBy", None),
    ("Push", "button", None),
    ("Think", "aiText", {"prompt": [], "referencedFieldIds": []}),
    ("Odd", "formula", {"isValid": False, "formula": "NOPE(", "referencedFieldIds": []}),
]

SCHEMA: dict[str, Any] = {
    "tables": [
        {
            "id": make_id("tbl", 1),
            "name": "Things",
            "primaryFieldId": make_id("fld", 1),
            "fields": [
                {
                    "id": make_id("fld", place),
                    "name": name,
                    "type": kind,
                    **({} if options is None else {"options": options}),
                }
                for place, (name, kind, options) in enumerate(FIELDS, 1)
            ],
            "views": [{"id": make_id("viw", 1), "name": "All", "type": "grid"}],
        }
    ]
}


@pytest.mark.parametrize("around", [{}, {"id": BASE, "name": "Production"}])
def test_ids_are_kept_and_the_schema_reads_as_it_was_saved(
    tmp_path: Path, clients: Client, around: dict[str, str]
) -> None:
    """With and without the base's own id and name around the tables."""
    file = tmp_path / "base.json"
    file.write_text(dumps({**around, **SCHEMA}))

    with LocalAirtable(schema=file, base_name="Trial") as running:
        base = clients(running).base(running.base_id, validate=True)

        assert base.name == around.get("name", "Trial")
        assert around.get("id", running.base_id) == running.base_id
        answer = clients(running).get(f"{running.url}/v0/meta/bases/{base.id}/tables")
        assert answer["tables"][0] == {**SCHEMA["tables"][0], "views": SCHEMA["tables"][0]["views"]}
        assert [field.name for field in base.schema().tables[0].fields] == [f[0] for f in FIELDS]


def test_computed_fields_compute(clients: Client) -> None:
    """Formulas, links without a reverse field, numbers, times and people; what is not valid is an error."""
    with LocalAirtable(schema=SCHEMA) as running:
        table = clients(running).table(running.base_id, "Things")
        parent = table.create({"Name": "p", "Amount": 1.5, "State": "a"})
        child = table.create({"Name": "c", "Parent": [parent["id"]]})["fields"]
        changed = table.update(parent["id"], {"Amount": 2})["fields"]

    assert parent["fields"]["Double"] == 3
    assert (child["Sum"], child["Look"], child["How many"]) == (1.5, ["a"], 1)
    assert (child["Number"], child["Made"]) == (2, parent["createdTime"][:10])
    assert child["Maker"]["email"] == "owner@local.invalid"
    assert child["Odd"] == {"error": "#ERROR!"}
    assert "Changed" not in child
    assert "Changer" not in child
    assert changed["Changed"] >= parent["createdTime"]
    assert changed["Changer"]["id"] == child["Maker"]["id"]


def test_the_same_file_opens_the_same_base_again(tmp_path: Path, clients: Client) -> None:
    """Starting a server twice with --data and --schema keeps what was written in between."""
    data = tmp_path / "base.db"
    with LocalAirtable(data, schema=SCHEMA) as running:
        first = running.base_id
        clients(running).table(first, "Things").create({"Name": "kept"})
    with LocalAirtable(data, schema=SCHEMA) as running:
        assert running.base_id == first
        assert len(clients(running).table(first, "Things").all()) == 1


@pytest.mark.parametrize("kind", FIELD_TYPES)
def test_every_field_type_is_taken(kind: str) -> None:
    """Whatever the service shows can be opened, options or not."""
    field = {"id": make_id("fld", 2), "name": "F", "type": kind}
    things = SCHEMA["tables"][0]
    schema = {"tables": [{**things, "fields": [things["fields"][0], field]}]}

    running = LocalAirtable(schema=schema)
    running.stop()


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "no list 'tables'"),
        ({"id": "base1", "tables": []}, "'base1' is not the id of a base"),
        ({"tables": [{"id": "tbl1", "name": "T", "fields": []}]}, r"tables\[0\]\.id 'tbl1'"),
        (
            {"tables": [SCHEMA["tables"][0], SCHEMA["tables"][0]]},
            rf"tables\[1\]\.id {make_id('tbl', 1)} is used twice",
        ),
        (
            {"tables": [{**SCHEMA["tables"][0], "primaryFieldId": "fld1"}]},
            "primaryFieldId 'fld1' is not one of its fields",
        ),
        (
            {
                "tables": [
                    {
                        **SCHEMA["tables"][0],
                        "fields": [{"id": make_id("fld", 1), "name": "F", "type": "longText"}],
                    }
                ]
            },
            r"tables\[0\]\.fields\[0\]\.type 'longText' is not a field type",
        ),
    ],
)
def test_what_is_no_schema_is_refused_with_its_place(document: Any, message: str) -> None:
    """Where it is wrong, and what is expected there."""
    with pytest.raises(SchemaFileError, match=message):
        LocalAirtable(schema=document)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("number", 5, "options is not an object"),
        ("number", {"precision": "2"}, r"options\.precision is not a whole number"),
        ("rating", {"max": 10**30}, r"options\.max is not a whole number"),
        ("currency", {"symbol": []}, r"options\.symbol is not a text"),
        ("date", {"dateFormat": "iso"}, r"options\.dateFormat is not an object"),
        ("singleSelect", {"choices": [5]}, r"options\.choices is not a list of objects"),
        ("formula", {"referencedFieldIds": [5]}, r"referencedFieldIds is not a list of ids"),
        ("rollup", {"formula": 5}, r"options\.formula is not a text"),
        ("rollup", {"result": "number"}, r"options\.result is not an object"),
        ("rollup", {"result": {"type": 5}}, r"options\.result\.type is not a text"),
        (
            "formula",
            {"result": {"type": "number", "options": {"precision": []}}},
            r"options\.result\.options\.precision is not a whole number",
        ),
    ],
)
def test_options_of_another_kind_are_refused_with_their_place(
    kind: str, options: Any, message: str
) -> None:
    """A file that somebody edited is told where, and not found out by the first request that fails."""
    field = {"id": make_id("fld", 2), "name": "F", "type": kind, "options": options}
    table = SCHEMA["tables"][0]
    fields = [table["fields"][0], field]

    with pytest.raises(SchemaFileError, match=rf"tables\[0\]\.fields\[1\]\..*{message}"):
        LocalAirtable(schema={"tables": [{**table, "fields": fields}]})


def test_views_that_are_no_list_and_types_that_are_no_text_are_refused() -> None:
    """As anything else that cannot be read."""
    table = SCHEMA["tables"][0]
    odd = {"id": make_id("fld", 2), "name": "F", "type": ["number"]}
    for changed in ({"views": 5}, {"fields": [table["fields"][0], odd]}):
        with pytest.raises(SchemaFileError):
            LocalAirtable(schema={"tables": [{**table, **changed}]})


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("rating", {"max": None}),
        ("currency", {"precision": None, "symbol": None}),
        ("duration", {"durationFormat": None}),
    ],
)
def test_options_that_are_null_are_as_good_as_absent(
    clients: Client, kind: str, options: dict[str, Any]
) -> None:
    """In writes and as text."""
    field = {"id": make_id("fld", 2), "name": "F", "type": kind, "options": options}
    table = SCHEMA["tables"][0]
    document = {"tables": [{**table, "fields": [table["fields"][0], field]}]}
    with LocalAirtable(schema=document) as running:
        opened = clients(running).table(running.base_id, table["name"])
        opened.create({"F": 3})

        (record,) = opened.all(cell_format="string", time_zone="utc", user_locale="en")

    assert record["fields"]["F"] == {"rating": "3", "currency": "$3", "duration": "0:00"}[kind]


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    """Missing files and other formats too."""
    file = tmp_path / "base.json"
    file.write_text("tables: []")

    with pytest.raises(SchemaFileError, match=r"base\.json is not JSON"):
        LocalAirtable(schema=file)
    with pytest.raises(SchemaFileError, match="No such file"):
        LocalAirtable(schema=tmp_path / "gone.json")
