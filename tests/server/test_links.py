"""Links: the field on the other side is made and kept in step, whichever side is written."""

from collections.abc import Callable
from typing import Any, cast

import pyairtable
import pytest

Table = pyairtable.Table
NAME = {"name": "Name", "type": "singleLineText"}


@pytest.fixture
def projects(base: pyairtable.Base) -> Table:
    return base.create_table("Projects", [NAME])


@pytest.fixture
def tasks(base: pyairtable.Base, projects: Table) -> Table:
    link = {
        "name": "Project",
        "type": "multipleRecordLinks",
        "options": {"linkedTableId": projects.id},
    }
    return base.create_table("Tasks", [NAME, link])


def test_the_reverse_field_is_made_and_named_after_the_table(
    base: pyairtable.Base, projects: Table, tasks: Table
) -> None:
    """A second link gets a second field with a number; both sides know each other."""
    tasks.create_field("Also", "multipleRecordLinks", options={"linkedTableId": projects.id})

    schema = base.schema(force=True)
    mine, theirs = schema.table("Tasks"), schema.table("Projects")
    assert [field.name for field in theirs.fields] == ["Name", "Tasks", "Tasks 2"]
    for link, inverse in (("Project", "Tasks"), ("Also", "Tasks 2")):
        here: Any = cast("Any", mine.field(link)).options
        there: Any = cast("Any", theirs.field(inverse)).options
        assert here.inverse_link_field_id == theirs.field(inverse).id
        assert there.inverse_link_field_id == mine.field(link).id
        assert there.linked_table_id == tasks.id


def test_both_sides_change_together(projects: Table, tasks: Table) -> None:
    """Writing, moving and clearing on one side shows on the other at once; order is kept."""
    one, two = (projects.create({"Name": name})["id"] for name in ("one", "two"))
    a, b = (tasks.create({"Name": name, "Project": [one]})["id"] for name in "ab")

    assert projects.get(one)["fields"]["Tasks"] == [a, b]
    tasks.update(a, {"Project": [two, one]})
    assert projects.get(two)["fields"]["Tasks"] == [a]
    assert projects.get(one)["fields"]["Tasks"] == [a, b]
    projects.update(one, {"Tasks": [b]})
    assert tasks.get(a)["fields"]["Project"] == [two]
    tasks.update(b, {"Name": "b"}, replace=True)
    assert "Tasks" not in projects.get(one)["fields"]


def test_a_deleted_record_leaves_the_cells_that_held_it(projects: Table, tasks: Table) -> None:
    """Links never point at nothing."""
    one = projects.create({"Name": "one"})["id"]
    a, b = (tasks.create({"Name": name, "Project": [one]})["id"] for name in "ab")

    tasks.delete(a)
    assert projects.get(one)["fields"]["Tasks"] == [b]
    projects.delete(one)
    assert tasks.get(b)["fields"] == {"Name": "b"}


def test_a_link_to_its_own_table_has_one_field(base: pyairtable.Base, tasks: Table) -> None:
    """No second field is made, and deletion clears it too."""
    tasks.create_field("Parent", "multipleRecordLinks", options={"linkedTableId": tasks.id})
    parent = tasks.create({"Name": "parent"})["id"]
    child = tasks.create({"Name": "child", "Parent": [parent]})["id"]

    assert [f.name for f in base.schema(force=True).table("Tasks").fields] == [
        "Name",
        "Project",
        "Parent",
    ]
    assert "Parent" not in tasks.get(parent)["fields"]
    tasks.delete(parent)
    assert tasks.get(child)["fields"] == {"Name": "child"}


def test_values_that_are_no_links_are_refused(raw: Any, projects: Table, tasks: Table) -> None:
    """Each with the service's own words."""
    path = f"/v0/{tasks.base.id}/Tasks"
    own = tasks.create({"Name": "a"})["id"]
    gone = "rec" + "0" * 14

    def refused(value: Any) -> tuple[str, str]:
        status, error = raw.refused("POST", path, json={"fields": {"Project": value}})
        assert status == 422
        return error["type"], error["message"]

    assert refused("recX") == ("INVALID_VALUE_FOR_COLUMN", "Value is not an array of record IDs.")
    assert refused([{"id": own}]) == (
        "INVALID_RECORD_ID",
        'Value "[object Object]" is not a valid record ID.',
    )
    assert refused(["one"]) == ("INVALID_RECORD_ID", 'Value "one" is not a valid record ID.')
    for item, shown in ((1.0, "1"), (None, "null"), (["x", None, 2.5], "x,,2.5"), (True, "true")):
        assert refused([item]) == (
            "INVALID_RECORD_ID",
            f'Value "{shown}" is not a valid record ID.',
        )
    assert refused([gone]) == (
        "ROW_DOES_NOT_EXIST",
        f"Record ID {gone} does not exist in this table",
    )
    assert refused([own]) == (
        "ROW_TABLE_DOES_NOT_MATCH_LINKED_TABLE",
        f"Record ID {own} belongs to table {tasks.id}, but the field links to table {projects.id}",
    )


def test_typecast_links_by_name_and_makes_what_is_missing(projects: Table, tasks: Table) -> None:
    """The first record of that name is taken, else one is created."""
    one = projects.create({"Name": "one"})["id"]
    projects.create({"Name": "one"})

    made = tasks.create({"Project": ["one", "new"]}, typecast=True)["fields"]["Project"]

    assert made[0] == one
    assert projects.get(made[1])["fields"]["Name"] == "new"
    assert len(projects.all()) == 3
    assert tasks.create({"Project": "new"}, typecast=True)["fields"]["Project"] == [made[1]]


@pytest.mark.parametrize(
    ("kind", "options", "texts"),
    [
        ("number", {"precision": 2}, ["1.50", "1.5", " 1.500 "]),
        ("currency", {"precision": 2, "symbol": "€"}, ["€3.00", "3", "3.0"]),
        ("percent", {"precision": 0}, ["12%", "0.12"]),
        ("duration", {"durationFormat": "h:mm"}, ["1:30", "5400", "1:30:00"]),
        ("date", {"dateFormat": {"name": "us"}}, ["1/2/2026", "2026-01-02", "Jan 2, 2026"]),
    ],
)
def test_typecast_knows_a_linked_record_by_every_way_to_write_its_value(
    base: pyairtable.Base, kind: str, options: dict[str, Any], texts: list[str]
) -> None:
    """The first text makes the record; the others, in later requests, find it."""
    named = base.create_table("Named", [{"name": "Name", "type": kind, "options": options}])
    link = {"name": "To", "type": "multipleRecordLinks", "options": {"linkedTableId": named.id}}
    users = base.create_table("Users", [NAME, link])

    found = [users.create({"To": [text]}, typecast=True)["fields"]["To"] for text in texts]

    assert found == [[record["id"]] for record in named.all()] * len(texts)


def test_a_refused_request_leaves_no_record_that_typecast_made(
    raw: Any, projects: Table, tasks: Table
) -> None:
    """The record to link to is made in the same request, and goes with it."""
    answer = raw(
        "POST",
        f"/v0/{tasks.base.id}/{tasks.id}",
        json={
            "typecast": True,
            "records": [{"fields": {"Project": "new"}}, {"fields": {"Nothing": 1}}],
        },
    )

    assert answer.status_code == 422
    assert projects.all() == []


def test_a_record_is_found_by_id_through_any_table_of_its_base(
    projects: Table, tasks: Table
) -> None:
    """Documented in 2026: the table in the path does not matter for a get."""
    task = tasks.create({"Name": "a"})

    assert projects.get(task["id"]) == task


def test_links_read_as_names_in_formulas(projects: Table, tasks: Table) -> None:
    """Ids never appear in filters; names are joined by comma and blank."""
    ids = [projects.create({"Name": name})["id"] for name in ("one", "two")]
    task = tasks.create({"Name": "a", "Project": ids})

    assert tasks.all(formula="{Project}='one, two'") == [task]
    assert tasks.all(formula=f"FIND('{ids[0]}', {{Project}})") == []


def test_links_come_as_objects_with_date_dependency_metadata(
    raw: Callable[..., Any], base: pyairtable.Base, projects: Table, tasks: Table
) -> None:
    """By GET and by POST, and only when asked for; a blank link is left out as ever."""
    project = projects.create({"Name": "Moon"})
    tasks.create({"Name": "build", "Project": [project["id"]]})
    tasks.create({"Name": "rest"})
    path = f"/v0/{base.id}/{tasks.id}"

    by_get = raw("GET", path, params={"includeDateDependencyMetadata": "true"}).json()
    by_post = raw("POST", f"{path}/listRecords", json={"includeDateDependencyMetadata": True})
    plain = raw("GET", path).json()

    assert [record["fields"].get("Project") for record in by_get["records"]] == [
        [{"id": project["id"]}],
        None,
    ]
    assert by_post.json() == by_get
    assert plain["records"][0]["fields"]["Project"] == [project["id"]]


def test_a_full_table_takes_no_link_back(raw: Any, base: pyairtable.Base) -> None:
    """A table has at most 500 fields; the link is refused whole."""
    fields = [{"name": f"f{number}", "type": "singleLineText"} for number in range(500)]
    full = base.create_table("Full", fields)
    other = base.create_table("Other", [NAME])
    link = {"name": "To", "type": "multipleRecordLinks", "options": {"linkedTableId": full.id}}

    tables = f"/v0/meta/bases/{base.id}/tables"
    for table, body in (("Other", link), ("Full", {"name": "f500", "type": "singleLineText"})):
        assert raw("POST", f"{tables}/{table}/fields", json=body).status_code == 422

    assert [field.name for field in other.schema(force=True).fields] == ["Name"]
