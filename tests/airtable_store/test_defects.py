"""The known defects of a neighbour's store, by their numbers in our list: each has a test that shows we do not have it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import Field

from generated.agent_tasks import AgentTask, TaskPriority, TaskStatus
from tablewright.provision.ports.airtable import AirtablePort
from tablewright.runtime import (
    AirtableModel,
    Columns,
    Connection,
    FieldSpec,
    NotConfigured,
    RecordChanged,
    RecordInvalid,
    RecordNotFound,
    StoreOutdated,
    StoreUnavailable,
    TableSpec,
    TransitionRefused,
    WriteIncomplete,
    connect,
)
from tablewright.runtime import columns as _
from tablewright.runtime.stores.airtable_client import TIMEOUT
from tablewright.runtime.stores.limiter import UnlimitedRequests
from tablewright.server.serve import LocalAirtable
from tablewright.testing import Factory, connected, provision

Sent = Callable[[], list[str]]


def test_every_page_is_read(tasks: Factory[AgentTask]) -> None:
    """1: 250 records are 250, not the first 100."""
    tasks.create_many(250)

    assert len(AgentTask.all()) == 250


@pytest.mark.parametrize("hostile", ["O'Brien", "x' , '1'='1", "\\", "\\'", "') & ERROR() & ('", "{Name}", "a\nb", "\t", '"', "}", "", "😀"])  # fmt: skip
def test_no_text_changes_the_meaning_of_a_filter(tasks: Factory[AgentTask], hostile: str) -> None:
    """2: values are quoted; what a formula cannot hold is compared after the fetch."""
    tasks.create(output="other")
    wanted = tasks.create(output=hostile)

    assert AgentTask.find_by(output=hostile or None).all() == [wanted]
    assert AgentTask.where(AgentTask.c.output.contains(hostile or "nothing")).all() == (
        [wanted] if hostile else []
    )


def test_choices_are_found_by_their_labels(tasks: Factory[AgentTask]) -> None:
    """3: an enum is looked for as Airtable shows it, and in its own order."""
    urgent = tasks.create(priority=TaskPriority.URGENT)
    low = tasks.create(priority=TaskPriority.LOW)

    assert AgentTask.find_by(priority=TaskPriority.URGENT).all() == [urgent]
    assert AgentTask.where(AgentTask.c.priority < TaskPriority.HIGH).all() == [low]
    assert AgentTask.get_tasks_by_priority(TaskPriority.LOW).all() == [low]


def test_none_moments_and_unknown_fields_in_filters(tasks: Factory[AgentTask]) -> None:
    """4: None asks for blanks, moments are compared to the millisecond, and an unknown field is refused."""
    moment = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
    blank, timed = tasks.create(), tasks.create(started_at=moment)
    kept = timed.started_at
    assert kept == moment.replace(microsecond=123000)

    assert AgentTask.find_by(started_at=None).all() == [blank]
    assert AgentTask.find_by(started_at=kept).all() == [timed]
    assert AgentTask.where(AgentTask.c.started_at < moment).all() == [timed]
    assert AgentTask.where(AgentTask.c.started_at > moment).all() == []
    assert AgentTask.where(AgentTask.c.started_at >= kept).all() == [timed]
    with pytest.raises(RecordInvalid, match="is not a field"):
        AgentTask._find_by({"website__not_empty": True})


def test_asking_whether_one_is_there_reads_one(
    tasks: Factory[AgentTask], local_airtable: LocalAirtable
) -> None:
    """5: what is not needed is not downloaded."""
    tasks.create_many(30)
    local_airtable.calls.clear()

    assert AgentTask.exists()

    (call,) = local_airtable.calls
    assert "maxRecords=1" in call.query


def test_values_are_checked_and_defaults_sent(
    tasks: Factory[AgentTask], people: Any, sent: Sent
) -> None:
    """6: what does not fit is refused before anything is sent, and a default is stored and found."""
    with pytest.raises(RecordInvalid):
        tasks.create(retry_count=-1)
    assert sent() == []
    made = tasks.create()

    assert people.cells(made.id)["Status"] == "Pending"
    assert AgentTask.find_by(status=TaskStatus.PENDING).all() == [made]


def test_a_colleagues_edit_is_not_overwritten(tasks: Factory[AgentTask], people: Any) -> None:
    """7: save() writes changed fields alone, and where asked refuses if anything else changed."""
    made = tasks.create()
    stale = AgentTask.get(made.id)
    people.edit(made.id, Output="by a colleague")

    made.priority = TaskPriority.HIGH
    made.save()
    stale.priority = TaskPriority.LOW
    with pytest.raises(RecordChanged, match="output is 'by a colleague', not None"):
        stale.save(if_unchanged=True)

    assert people.cells(made.id)["Output"] == "by a colleague"
    assert people.cells(made.id)["Priority"] == "High"


def test_a_save_is_whole_or_not_at_all(tasks: Factory[AgentTask], people: Any) -> None:
    """8: a refused change leaves the record as it was, here and in Airtable."""
    made = tasks.create()

    with pytest.raises(RecordInvalid):
        made.update(output="x", retry_count=-1)

    assert (made.output, "Output" in people.cells(made.id)) == (None, False)


@pytest.mark.airtable(fail="cut-after method=POST path=*/AI_Agent_Tasks nth=1")
def test_a_create_is_never_sent_twice_blindly(tasks: Factory[AgentTask], sent: Sent) -> None:
    """9: where its answer is lost, the error says what is in doubt, and one record is there."""
    with pytest.raises(WriteIncomplete, match="The record is in doubt, since the answer was lost"):
        tasks.create_many(1)

    assert [one for one in sent() if one.startswith("POST")] == ["POST AI_Agent_Tasks"]
    assert AgentTask.count() == 1


def test_boxes_and_blanks_read_as_they_are(local_airtable: LocalAirtable, clock: Any) -> None:
    """10: an unchecked box is False whatever the default, and a blank optional cell is None."""

    class Box(AirtableModel):
        table: ClassVar[TableSpec] = TableSpec(
            "Box", "Boxes", "box",
            (FieldSpec("name", "Name", "text"), FieldSpec("done", "Done", "boolean", default=True), FieldSpec("note", "Note", "text"),
             FieldSpec("number", "Number", "integer", default=7)),
        )  # fmt: skip
        name: str | None = None
        done: bool = True
        note: str | None = None
        number: int = 7

    provision(local_airtable, [Box])
    with connected(local_airtable, clock=clock):
        checked, unchecked = Box._create({}), Box._create({"done": False, "number": 0})
        store: Any = connected_store()
        store.client.update(
            "edit", store.client.table("Boxes"), [(checked.id, {"Number": None})], by_id=False
        )

        assert (Box.get(checked.id).done, Box.get(unchecked.id).done) == (True, False)
        assert Box.get(unchecked.id).note is None
        # A field with a default that somebody emptied reads as its default; 0 stays 0.
        assert (Box.get(checked.id).number, Box.get(unchecked.id).number) == (7, 0)


def connected_store() -> Any:
    from tablewright.runtime import current_store

    return current_store()


def test_one_odd_row_does_not_sink_the_read(
    tasks: Factory[AgentTask], people: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """11: an unknown choice and a missing required value are reported with record and field, and left out."""
    good = tasks.create()
    odd = tasks.create()
    empty = people.add(Name="without the rest")
    people.edit(odd.id, Status="Invented")

    with caplog.at_level(logging.WARNING, "tablewright"):
        assert AgentTask.all() == [good]

    assert f"AgentTask {odd.id}: status has to be one of 'Pending'" in caplog.text
    assert f"AgentTask {empty}: description is required" in caplog.text
    with pytest.raises(RecordInvalid, match="status"):
        AgentTask.get(odd.id)
    with pytest.raises(RecordInvalid, match="status"):
        odd.start_execution()


def test_strict_reading_and_a_callback(
    local_airtable: LocalAirtable, tasks: Factory[AgentTask], people: Any
) -> None:
    """11, the other way: reading can be strict, or tell a function."""
    from tablewright.runtime.unfit import UnfitRows

    odd = tasks.create()
    people.edit(odd.id, Priority="Invented")
    told: list[RecordInvalid] = []
    store = connected_store()

    store.unfit = UnfitRows(on_unfit=told.append)
    assert AgentTask.all() == []
    assert [one.fields for one in told] == [("priority",)]
    store.unfit = UnfitRows(strict=True)
    with pytest.raises(RecordInvalid, match=odd.id):
        AgentTask.all()


def test_a_missing_record_is_said_to_be_missing(
    tasks: Factory[AgentTask], sent: Sent, clock: Any
) -> None:
    """12: not found is an error of its own, at once, and never retried."""
    made = tasks.create()
    stale = AgentTask.get(made.id)
    made.delete()
    sent()
    stale.output = "x"

    with pytest.raises(RecordNotFound, match=made.id):
        stale.save()
    with pytest.raises(RecordNotFound):
        AgentTask.get("recDoesNotExist00")
    with pytest.raises(RecordNotFound):
        AgentTask.get("') & ('")

    assert len(sent()) == 2
    assert clock.waits == []


def test_dates_and_durations_are_stored(local_airtable: LocalAirtable, clock: Any) -> None:
    """13: every kind of value has its form, and a wrong one is refused before a request."""

    class Span(AirtableModel):
        table: ClassVar[TableSpec] = TableSpec(
            "Span", "Spans", "span", (FieldSpec("name", "Name", "text"), FieldSpec("day", "Day", "date"), FieldSpec("took", "Took", "duration")),
        )  # fmt: skip
        name: str | None = None
        day: date | None = None
        took: timedelta | None = None

    provision(local_airtable, [Span])
    with connected(local_airtable, clock=clock):
        made = Span._create(
            {"day": date(2026, 2, 28), "took": timedelta(hours=1, milliseconds=500)}
        )
        local_airtable.calls.clear()

        read = Span.get(made.id)
        assert (read.day, read.took) == (date(2026, 2, 28), timedelta(hours=1, milliseconds=500))
        with pytest.raises(RecordInvalid):
            Span._create({"day": "tomorrow"})
        assert len(local_airtable.calls) == 1


@pytest.mark.airtable(rate_limit=True)
def test_a_penalty_is_waited_for(
    local_airtable: LocalAirtable, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """14: after a 429 the next request comes 30 seconds later, and the log says why nothing happens."""
    with (
        connected(local_airtable, limiter=UnlimitedRequests(clock), clock=clock) as opened,
        caplog.at_level(logging.WARNING),
    ):
        client: Any = opened.store.client  # type: ignore[attr-defined]  # of Airtable
        url = client.api.build_url("meta", "bases", local_airtable.base_id, "tables")
        for _ in range(5):
            client.ask("read the base", lambda: client.api.get(url))

        with pytest.raises(StoreUnavailable, match="asked 5 times"):
            client.ask("read the base", lambda: client.api.get(url))

    assert clock.waits == [30.0] * 4
    assert "had too many requests: waiting 30 s" in caplog.text
    assert client.api.timeout == TIMEOUT == (10, 60)


def test_creating_many_sends_ten_at_a_time(tasks: Factory[AgentTask], sent: Sent) -> None:
    """15: ten records are one request."""
    tasks.create_many(10)

    assert sent() == ["POST AI_Agent_Tasks"]


@pytest.fixture(scope="module")
def every_type(
    written_package: Callable[[Path, Path], str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What is sent to make a table with a field of every type."""
    folder = tmp_path_factory.mktemp("every_type")
    schema = Path(__file__).parents[1] / "cases/accepted_schema_with_every_field_type/schema.yaml"
    name = written_package(schema, folder)
    found: dict[str, Any] = json.loads((folder / name / "airtable.json").read_text("utf-8"))
    return found


def test_every_type_is_made_as_itself(every_type: dict[str, Any]) -> None:
    """16, 17: an email is no text, a number keeps its digits, and what may be blank keeps its type."""
    (table,) = every_type["passes"][0]["requests"]
    made = {one["name"]: one for one in table["body"]["fields"]}

    types = {name: one["type"] for name, one in made.items()}
    assert (types["email"], types["url"], types["datetime"]) == ("email", "url", "dateTime")
    assert (types["grade"], types["grades"]) == ("singleSelect", "multipleSelects")
    assert made["number"]["options"] == {"precision": 8}
    assert made["integer"]["options"] == {"precision": 0}


def test_bases_are_made_where_they_belong_and_none_is_deleted(
    local_airtable: LocalAirtable,
) -> None:
    """19: a new base names its workspace, every page of bases is read, and nothing asks for what the API lacks."""
    port = AirtablePort(local_airtable.token, endpoint=local_airtable.url)
    field = {"name": "Name", "type": "singleLineText"}
    workspace = local_airtable.workspace.workspace_id
    body = {"name": "New", "workspaceId": workspace, "tables": [{"name": "T", "fields": [field]}]}

    made = port.create_base(body)

    assert {one["id"] for one in port.bases()} == {local_airtable.base_id, made["id"]}
    assert not [name for name in dir(port) if name.startswith("delete_") and name != "delete_rows"]
    port.close()


def test_links_send_what_may_be_sent(every_type: dict[str, Any]) -> None:
    """20: no read-only options; descriptions are sent."""
    (table,), links = (one["requests"] for one in every_type["passes"][:2])

    assert [set(one["body"]["options"]) for one in links] == [{"linkedTableId"}]
    described = [one for one in table["body"]["fields"] if "description" in one]
    assert [(one["name"], one["description"]) for one in described] == [("json_value", "Anything.")]


def test_what_cannot_be_made_is_said(every_type: dict[str, Any]) -> None:
    """21: an auto number does not become a field of another type: people are told to add it."""
    sent = [one["body"] for group in every_type["passes"] for one in group["requests"]]
    names = {field["name"] for body in sent for field in (body, *body.get("fields", ()))}

    assert "auto_number" not in names
    assert any("'auto_number' of type autoNumber by hand" in step for step in every_type["manual"])


def test_subclasses_read_the_table_of_their_parent(tasks: Factory[AgentTask]) -> None:
    """23: a subclass adds behaviour and names no table; each connection has its own store."""

    class Loud(AgentTask):
        @property
        def shout(self) -> str:
            return self.name.upper()

    tasks.create(name="quiet")

    (found,) = Loud.all()
    assert (type(found), found.shout) == (Loud, "QUIET")
    with connect("local:"):
        assert Loud.count() == 0
    assert Loud.count() == 1


def test_a_field_name_may_hold_anything(local_airtable: LocalAirtable, clock: Any) -> None:
    """20, of names: braces, quotes and backslashes name a field in formulas, or the condition is met after the fetch."""
    names = ["a}b", "it's", 'say "x"', "back\\slash", "end\\", "two}}", "%", "a{b", "\\}"]

    class OddColumns(Columns):
        odd = _.TextColumn(nullable=True)

    for name in names:

        class Odd(AirtableModel):
            table: ClassVar[TableSpec] = TableSpec(
                "Odd", f"Table of {name}", "odd", (FieldSpec("title", "Title", "text"), FieldSpec("odd", name, "text")),
            )  # fmt: skip
            c: ClassVar[OddColumns] = OddColumns()
            title: str | None = None
            odd: str | None = Field(default=None)

        provision(local_airtable, [Odd])
        with connected(local_airtable, clock=clock):
            Odd._create({"odd": "other"})
            wanted = Odd._create({"odd": "x"})

            assert Odd.where(Odd.c.odd == "x").all() == [wanted]


def test_a_base_that_differs_is_named(
    local_airtable: LocalAirtable, tasks: Factory[AgentTask], people: Any
) -> None:
    """18: a missing field or table is an error with a way out, never a new table."""
    from pyairtable import Api

    api = Api(local_airtable.token, endpoint_url=local_airtable.url)
    field = api.base(local_airtable.base_id).table("AI_Agent_Tasks").schema().field("Output")
    field.name = "Result"
    field.save()
    with pytest.raises(StoreOutdated, match=r"Output.*tablewright plan"):
        AgentTask.all()


def test_sort_and_fields_are_encoded(tasks: Factory[AgentTask]) -> None:
    """24: several keys and fields arrive as Airtable takes them."""
    AgentTask.bulk_create(
        tasks.values(execution_time_seconds=1 - place % 2, retry_count=place) for place in range(4)
    )

    found = AgentTask.where().order_by("execution_time_seconds").limit(3).all()

    assert [one.retry_count for one in found] == [1, 3, 0]


def test_choices_stay_members(tasks: Factory[AgentTask]) -> None:
    """25: what is read is a member of its enum."""
    assert AgentTask.get(tasks.create().id).status is TaskStatus.PENDING


def test_settings_come_from_the_file_too(
    local_airtable: LocalAirtable,
    tasks: Factory[AgentTask],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """22, 23, 26: `.env` is read, a later connection counts, and without a token the error says what to set."""
    for name in ("TABLEWRIGHT_STORE", "AIRTABLE_ACCESS_TOKEN", "AIRTABLE_BASE_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    made = tasks.create()
    with pytest.raises(NotConfigured, match="AIRTABLE_ACCESS_TOKEN"):
        connect(local_airtable.store_url)
    (tmp_path / ".env").write_text(
        f"AIRTABLE_ACCESS_TOKEN={local_airtable.token}\nTABLEWRIGHT_STORE={local_airtable.store_url}\n",
        "utf-8",
    )

    with connect() as opened:
        assert opened.description == f"Airtable {local_airtable.base_id} at {local_airtable.url}"
        assert AgentTask.all() == [made]
        assert local_airtable.token not in f"{opened} {opened.store!r}"


def test_a_retry_clears_what_was(tasks: Factory[AgentTask], people: Any) -> None:
    """28: cells that a transition empties are empty in Airtable."""
    made = tasks.create()
    made.start_execution()
    made.fail_execution("broken")
    made.retry_execution()

    cells = people.cells(made.id)
    assert cells["Retry Count"] == 1
    assert not {"Error Message", "Started At", "Completed At", "Output"} & cells.keys()


def test_transitions_are_guarded(tasks: Factory[AgentTask]) -> None:
    """27, 29: moments are aware, a completed task is not restarted, retries have an end."""
    made = tasks.create()
    with pytest.raises(TransitionRefused):
        made.complete_execution("x")
    made.start_execution()
    made.complete_execution("x")
    with pytest.raises(TransitionRefused):
        made.start_execution()
    assert made.execution_time_seconds is not None


def test_parents_are_links(tasks: Factory[AgentTask], people: Any) -> None:
    """30: a parent is a linked record that people can open."""
    parent = tasks.create()
    child = parent.add_subtask(name="child", description="d")

    assert people.cells(child.id)["Parent Task"] == [parent.id]
    assert parent.subtasks == [child]


def test_statistics_count_what_they_say(
    tasks: Factory[AgentTask], local_airtable: LocalAirtable, connection: Connection
) -> None:
    """31: the rate leaves unfinished tasks out, 0.0 seconds count, and one list is read."""
    fast, slow, broken, _waiting = tasks.create_many(4)
    for one, seconds in ((fast, 0.0), (slow, 2.0)):
        one.start_execution()
        one.complete_execution("x", execution_time=seconds)
    broken.start_execution()
    broken.fail_execution("y", execution_time=4.0)
    local_airtable.calls.clear()

    stats = AgentTask.get_agent_stats("a")

    assert (stats.total_tasks, stats.avg_execution_time) == (4, 2.0)
    assert stats.success_rate == pytest.approx(2 / 3)
    assert stats.errors == {"y": 1}
    assert len(local_airtable.calls) == 1
