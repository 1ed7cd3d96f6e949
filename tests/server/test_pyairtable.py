"""pyairtable over real HTTP: what its users do works as on the real service."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyairtable
import pytest
from pyairtable import formulas as f
from pyairtable import orm
from pyairtable.formulas import match
from pyairtable.models.schema import SingleSelectFieldSchema
from requests import HTTPError
from requests.adapters import HTTPAdapter

from tablewright.server.serve import LocalAirtable

Table = pyairtable.Table


def test_whoami_and_bases_name_the_owner_and_the_base(
    api: pyairtable.Api, airtable: LocalAirtable
) -> None:
    """A token is somebody's, and the base that the server opened is listed."""
    who = api.whoami()

    assert who["id"].startswith("usr")
    assert [(base.id, base.name) for base in api.bases()] == [(airtable.base_id, "Local base")]
    assert api.base(airtable.base_id, validate=True).name == "Local base"


def test_a_base_is_created_and_listed(api: pyairtable.Api, airtable: LocalAirtable) -> None:
    """create_base answers a base that is there at once, with its tables."""
    workspace = api.workspace(airtable.workspace.workspace_id)

    made = workspace.create_base(
        "Second", [{"name": "Things", "fields": [{"name": "Name", "type": "singleLineText"}]}]
    )

    assert [table.name for table in made.schema().tables] == ["Things"]
    assert {base.name for base in api.bases(force=True)} == {"Local base", "Second"}


def test_schema_models_hold_every_field(table: Table, base: pyairtable.Base) -> None:
    """pyairtable parses each field of the schema into its own class, with ids and colours filled in."""
    schema = base.schema(force=True).table("Tasks")

    state = schema.field("State")
    assert isinstance(state, SingleSelectFieldSchema)
    assert [choice.name for choice in state.options.choices] == ["todo", "doing", "done"]
    assert [choice.color for choice in state.options.choices] == [
        "blueLight2",
        "greenBright",
        "tealLight2",
    ]
    assert all(choice.id.startswith("sel") for choice in state.options.choices)
    assert not [
        field.name for field in schema.fields if type(field).__name__ == "UnknownFieldSchema"
    ]
    assert schema.primary_field_id == schema.fields[0].id
    assert [(view.name, view.type) for view in schema.views] == [("Grid view", "grid")]
    assert schema.views[0].visible_field_ids == [field.id for field in schema.fields]


def test_fields_and_tables_are_renamed_and_described(table: Table, base: pyairtable.Base) -> None:
    """save() of the schema models changes names and descriptions, and nothing else."""
    schema = base.schema(force=True).table("Tasks")
    field = schema.field("Title")

    field.name, field.description = "Headline", "What it is"
    field.save()
    schema.name, schema.description = "Work", "All of it"
    schema.save()

    again = base.schema(force=True).table("Work")
    assert (again.id, again.description) == (table.id, "All of it")
    assert again.field("Headline").description == "What it is"


def test_records_are_created_read_changed_replaced_and_deleted(table: Table) -> None:
    """The life of a record, one by one."""
    made = table.create({"Title": "one", "Count": 3, "State": "todo"})

    assert table.get(made["id"]) == made
    assert table.update(made["id"], {"Count": 4})["fields"] == {
        "Title": "one",
        "Count": 4,
        "State": "todo",
    }
    assert table.update(made["id"], {"Title": "two"}, replace=True)["fields"] == {"Title": "two"}
    assert table.delete(made["id"]) == {"id": made["id"], "deleted": True}
    assert table.all() == []


def test_batches_of_more_than_ten_arrive_in_order(table: Table) -> None:
    """pyairtable cuts them into tens; the answers keep the order of the request."""
    made = table.batch_create([{"Title": str(number)} for number in range(25)])

    assert [record["fields"]["Title"] for record in made] == [str(number) for number in range(25)]
    changed = table.batch_update(
        [{"id": record["id"], "fields": {"Count": 1}} for record in reversed(made)]
    )
    assert [record["id"] for record in changed] == [record["id"] for record in reversed(made)]
    assert len(table.batch_delete([record["id"] for record in made])) == 25
    assert table.all() == []


def test_upsert_updates_what_matches_and_creates_the_rest(table: Table) -> None:
    """One match is updated, none is created, an id counts more than the key."""
    first, second = table.batch_create([{"Title": "a", "Count": 1}, {"Title": "b", "Count": 2}])

    done = table.batch_upsert(
        [
            {"fields": {"Title": "a", "Count": 10}},
            {"fields": {"Title": "c", "Count": 30}},
            {"id": second["id"], "fields": {"Title": "B"}},
        ],
        key_fields=["Title"],
    )

    assert done["updatedRecords"] == [first["id"], second["id"]]
    assert len(done["createdRecords"]) == 1
    titles = {r["fields"]["Title"]: r["fields"]["Count"] for r in table.all()}
    assert titles == {"a": 10, "B": 2, "c": 30}


def test_upsert_on_a_blank_creates_and_on_a_double_refuses(table: Table) -> None:
    """Blanks match nothing; two matches fail the whole request, which then changes nothing."""
    table.batch_create([{"Title": "a"}, {"Title": "a"}, {"Count": 1}])

    made = table.batch_upsert([{"fields": {"Title": None, "Count": 9}}], key_fields=["Title"])
    with pytest.raises(HTTPError) as caught:
        table.batch_upsert(
            [{"fields": {"Title": "new"}}, {"fields": {"Title": "a"}}], key_fields=["Title"]
        )

    assert len(made["createdRecords"]) == 1
    assert getattr(caught.value.response, "status_code", None) == 422
    assert len(table.all()) == 4


def test_formulas_of_pyairtable_find_what_they_mean(table: Table) -> None:
    """match, comparisons, quotes of both kinds, dates and record ids work in filterByFormula."""
    moment = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
    record = table.create(
        {"Title": 'it\'s "here"', "Count": 3, "Done": True, "Moment": moment.isoformat()}
    )
    table.create({"Title": "other", "Count": 5})

    def found(formula: Any) -> list[str]:
        return [row["id"] for row in table.all(formula=formula)]

    assert found(match({"Title": 'it\'s "here"', "Count": 3})) == [record["id"]]
    assert found(match({"Done": True})) == [record["id"]]
    assert found(f.Field("Count").lt(4)) == [record["id"]]
    assert found(f.EQ(f.Field("Moment"), moment)) == [record["id"]]
    assert found("FIND('2026-11-22', {Moment})") == [record["id"]]
    assert found(f.OR(*(f.EQ(f.RECORD_ID(), f"rec{n:014d}") for n in range(498)), f.EQ(f.RECORD_ID(), record["id"]))) == [record["id"]]  # fmt: skip


def test_a_long_formula_travels_by_post(table: Table, airtable: LocalAirtable) -> None:
    """Above 16,000 characters pyairtable changes to listRecords; the answer is the same."""
    table.batch_create([{"Title": "a"}, {"Title": "b"}])

    found = table.all(
        formula=f"{{Title}} != '{'x' * 17_000}'", sort=["-Title"], fields=["Title"], offset=""
    )

    assert [row["fields"] for row in found] == [{"Title": "b"}, {"Title": "a"}]
    assert airtable.calls.latest(1)[0].path.endswith("/listRecords")


def test_field_ids_may_stand_wherever_names_do(table: Table) -> None:
    """Ids in writes, filters, sorts and choices of fields, and in the answers when asked for."""
    title = table.schema().field("Title").id
    count = table.schema().field("Count").id
    table.batch_create([{title: "a", count: 2}, {title: "b", count: 1}])

    found = table.all(formula=f"{{{count}}} > 0", sort=[count], fields=[title], use_field_ids=True)

    assert [row["fields"] for row in found] == [{title: "b"}, {title: "a"}]


def test_comments_are_added_edited_mentioned_and_deleted(table: Table, api: pyairtable.Api) -> None:
    """A mention is expanded while the text holds it, and counted with the record."""
    record = table.create({"Title": "a"})
    owner = api.whoami()["id"]

    comment = table.add_comment(record["id"], f"Hello @[{owner}]")
    assert list(comment.mentioned) == [owner]
    comment.text = "Never mind"
    comment.save()

    listed = table.comments(record["id"])
    assert [(each.text, each.mentioned) for each in listed] == [("Never mind", {})]
    assert listed[0].last_updated_time is not None
    assert table.all(count_comments=True)[0]["commentCount"] == 1
    comment.delete()
    assert table.comments(record["id"]) == []
    assert table.all(count_comments=True)[0]["commentCount"] == 0


class ContentHost(HTTPAdapter):
    """Sends what pyairtable addresses to Airtable's content host to the local server instead."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        request.url = request.url.replace("http://content.airtable.com", self.url)
        return super().send(request, *args, **kwargs)


def test_attachments_are_uploaded_and_served_back(
    table: Table, api: pyairtable.Api, airtable: LocalAirtable
) -> None:
    """The answer has the one field under its id, and the URL gives the bytes without a token."""
    import requests

    api.session.mount("http://content.airtable.com", ContentHost(airtable.url))
    record = table.create({"Title": "a"})
    content = bytes(range(256)) * 10

    done = table.upload_attachment(record["id"], "Files", "a b.png", content)

    files = done["fields"][table.schema().field("Files").id]
    assert [(file["filename"], file["size"], file["type"]) for file in files] == [
        ("a b.png", 2560, "image/png")
    ]
    assert requests.get(files[0]["url"], timeout=10).content == content
    assert table.get(record["id"])["fields"]["Files"] == files
    assert len(table.upload_attachment(record["id"], "Files", "b.txt", "hi")["fields"].popitem()[1]) == 2  # fmt: skip


def test_an_uploaded_file_reads_with_its_address_in_formulas_and_as_text(
    table: Table, api: pyairtable.Api, airtable: LocalAirtable
) -> None:
    """The address is the one that the cell shows."""
    api.session.mount("http://content.airtable.com", ContentHost(airtable.url))
    table.create_field("Names", "formula", options={"formula": "{Files}"})
    record = table.create({"Title": "a"})["id"]

    (file,) = table.upload_attachment(record, "Files", "a b.txt", "hi")["fields"].popitem()[1]

    wanted = f"a b.txt ({file['url']})"
    assert table.get(record)["fields"]["Names"] == wanted
    as_text = table.get(record, cell_format="string", time_zone="utc", user_locale="en")
    assert as_text["fields"]["Files"] == wanted


def test_attachments_by_url_are_fetched_where_they_can_be(
    table: Table, airtable: LocalAirtable
) -> None:
    """First the cell shows what was given; a reachable file then gains size and type, another stays."""
    import time

    written: Any = [
        {"url": "http://exa mple/never.png"},
        {"url": f"{airtable.url}/calls", "filename": "calls.json"},
        {"url": "http://127.0.0.1:9/gone.png"},
    ]
    record = table.create({"Files": written})
    given = record["fields"]["Files"]
    assert [set(file) for file in given] == [{"id", "url", "filename"}] * 3
    assert [file["filename"] for file in given] == ["never.png", "calls.json", "gone.png"]

    files = given
    deadline = time.monotonic() + 10
    while "size" not in files[1] and time.monotonic() < deadline:
        time.sleep(0.02)
        files = table.get(record["id"])["fields"]["Files"]

    assert files[1]["type"] == "application/json"
    assert files[1]["id"] == given[1]["id"]
    assert (files[0], files[2]) == (given[0], given[2])
    only_last: Any = [{"id": files[2]["id"]}]
    kept = table.update(record["id"], {"Files": only_last})["fields"]["Files"]
    assert kept == [given[2]]


def test_the_orm_saves_and_loads(
    table: Table,
    base: pyairtable.Base,
    airtable: LocalAirtable,
    clients: Callable[[LocalAirtable], pyairtable.Api],
) -> None:
    """An ORM model aimed at the server reads back what it saved, nulls included."""

    class Task(orm.Model):
        title = orm.fields.TextField("Title")
        count = orm.fields.IntegerField("Count")
        done = orm.fields.CheckboxField("Done")
        moment = orm.fields.DatetimeField("Moment")
        tags = orm.fields.MultipleSelectField("Tags")

        class Meta:
            base_id = airtable.base_id
            table_name = "Tasks"
            api_key = airtable.token

    Task.meta.__dict__["api"] = clients(airtable)
    moment = datetime(2026, 11, 22, 10, tzinfo=UTC)
    task = Task(title="a", count=2, done=True, moment=moment, tags=["todo", "brand new"])
    task.save()

    (loaded,) = Task.all()
    assert (loaded.title, loaded.count, loaded.done, loaded.moment) == ("a", 2, True, moment)
    assert loaded.tags == ["todo", "brand new"]
    loaded.title, loaded.moment = "b", None
    loaded.save()
    assert Task.from_id(task.id, fetch=True).title == "b"
    assert task.delete()
    assert Task.all() == []
    assert base.schema(force=True).table("Tasks").field("Tags").options.choices[-1].name == "brand new"  # type: ignore[union-attr] # a select's options


def test_base_collaborators_can_be_read(raw: Callable[..., Any], airtable: LocalAirtable) -> None:
    """The collaborators of a base, in the form that pyairtable's model takes."""
    from pyairtable.models.schema import BaseCollaborators

    answer = raw("GET", f"/v0/meta/bases/{airtable.base_id}?include=collaborators").json()

    read = BaseCollaborators.model_validate(answer)
    assert [one.email for one in read.individual_collaborators.via_base] == ["owner@local.invalid"]


def test_webhooks_hand_out_one_payload_for_each_write(table: Table, base: pyairtable.Base) -> None:
    """Payloads come in order with growing cursors, and name what was created, changed and destroyed."""
    made = base.add_webhook(
        "https://example.com/hook", {"options": {"filters": {"dataTypes": ["tableData"]}}}
    )
    record = table.create({"Title": "a"})
    for number in range(5):
        table.update(record["id"], {"Count": number})
    table.delete(record["id"])

    payloads = list(base.webhook(made.id).payloads())

    assert len(payloads) == 7
    assert [payload.cursor for payload in payloads] == list(range(1, 8))
    numbers = [payload.base_transaction_number for payload in payloads]
    assert numbers == list(range(numbers[0], numbers[0] + 7))
    changes = [payload.changed_tables_by_id[table.id] for payload in payloads]
    assert list(changes[0].created_records_by_id) == [record["id"]]
    assert list(changes[1].changed_records_by_id) == [record["id"]]
    assert changes[6].destroyed_record_ids == [record["id"]]
    base.webhook(made.id).delete()
    assert base.webhooks() == []
