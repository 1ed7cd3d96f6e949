"""Faults of what the other tests leave out: every kind of reading, later pages, conditional saves, comments and files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from pydantic import Field

from generated.agent_tasks import AgentTask, TaskPriority, TaskStatus
from tablewright.runtime import (
    AirtableModel,
    Attachment,
    FieldSpec,
    RecordChanged,
    StoreError,
    StoreUnavailable,
    TableSpec,
    WriteIncomplete,
    current_store,
)
from tablewright.server.serve import LocalAirtable
from tablewright.testing import Factory, connected, provision
from tests.airtable_store.faults import DONE, LATE, NOT_DONE, UNKNOWN, Break, wait_for_late

READS: dict[str, Callable[[AgentTask], Any]] = {
    "get": lambda task: AgentTask.get(task.id).name,
    "refresh": lambda task: task.refresh().name,
    "first": lambda _: AgentTask.find_by(name="one").first(),
    "exists": lambda _: AgentTask.exists(),
    "count": lambda _: AgentTask.where(AgentTask.c.priority == TaskPriority.MEDIUM).count(),
    "ids": lambda _: AgentTask.find_by(name="two").ids(),
    "a condition on links": lambda task: AgentTask.find_by(parent_task=task).ids(),
    "finished after the fetch": lambda _: AgentTask.where(AgentTask.c.depends_on.any(lambda one: one.name == "one")).ids(),
    "statistics": lambda _: AgentTask.get_agent_stats("a"),
    "links": lambda _: [one.name for child in AgentTask.find_by(name="two") for one in child.depends_on],
    "links back": lambda task: [child.name for child in AgentTask.get(task.id).subtasks],
    "history": lambda task: [row.transition for row in task.history()],
    "comments": lambda task: [comment.text for comment in task.comments()],
}  # fmt: skip


@pytest.mark.parametrize("name", READS)
def test_every_kind_of_reading_survives_every_fault(
    one: AgentTask, tasks: Factory[AgentTask], breaking: Break, name: str
) -> None:
    """Whichever of its requests breaks, what is read is the same."""
    tasks.create(name="two", parent_task=one, depends_on=[one])
    one.start_execution()
    one.add_comment("hello")
    expected = READS[name](one)
    assert expected

    for fault in (*NOT_DONE, *(one for one in DONE if one != LATE)):
        for nth in "123":
            breaking(fault, "GET", nth=nth)
            assert READS[name](one) == expected, fault


@pytest.mark.parametrize("fault", [*NOT_DONE, *DONE])
def test_a_later_page_that_breaks_loses_nothing_and_repeats_nothing(
    tasks: Factory[AgentTask], breaking: Break, fault: str
) -> None:
    """The page is asked for again, not the list."""
    made = tasks.create_many(250)
    breaking(fault, "GET", nth="2")

    assert [found.id for found in AgentTask.all()] == [task.id for task in made]


@pytest.mark.parametrize("method", ["GET", "PATCH"])
@pytest.mark.parametrize("fault", [*NOT_DONE, *DONE])
def test_a_conditional_save_survives_every_fault(
    one: AgentTask, people: Any, breaking: Break, fault: str, method: str
) -> None:
    """It is stored once, and a colleague's edit is seen all the same."""
    stale = AgentTask.get(one.id)
    one.output = "stored"
    breaking(fault, method)

    one.save(if_unchanged=True)

    assert people.cells(one.id)["Output"] == "stored"
    stale.output = "other"
    breaking(fault, "GET")
    with pytest.raises(RecordChanged, match="output is 'stored', not None"):
        stale.save(if_unchanged=True)
    assert people.cells(one.id)["Output"] == "stored"


@pytest.mark.parametrize("method", ["GET", "PATCH"])
@pytest.mark.parametrize("fault", [*NOT_DONE, *DONE])
def test_an_upsert_of_a_known_record_survives_every_fault(
    one: AgentTask, tasks: Factory[AgentTask], breaking: Break, fault: str, method: str
) -> None:
    """It is found and changed; none is created."""
    breaking(fault, method)

    changed = AgentTask.upsert(on=["name"], **tasks.values(name="one", output="x"))

    assert (changed.id, changed.output) == (one.id, "x")
    assert AgentTask.all() == [changed]


@pytest.mark.parametrize("fault", [*NOT_DONE, *DONE])
def test_changes_of_many_batches_survive_a_fault_of_one(
    tasks: Factory[AgentTask], breaking: Break, fault: str
) -> None:
    """The second of three batches breaks; every record has its change."""
    made = tasks.create_many(25)
    for place, task in enumerate(made):
        task.output = f"{place}"
    breaking(fault, "PATCH", nth="2")

    AgentTask.bulk_update(made)

    assert [task.output for task in AgentTask.all()] == [f"{place}" for place in range(25)]


@pytest.mark.parametrize("fault", [*NOT_DONE, *DONE])
def test_a_comment_is_there_once_or_said_to_be_in_doubt(
    one: AgentTask, breaking: Break, fault: str
) -> None:
    """What Airtable says it did not do is sent again; a lost answer is an error."""
    breaking(fault, "POST")
    if fault not in UNKNOWN:
        one.add_comment("hello")
    else:
        with pytest.raises(StoreUnavailable, match="the comment may be there or not"):
            one.add_comment("hello")
        wait_for_late(fault)

    expected = ["hello"] if fault in DONE or fault not in UNKNOWN else []
    assert [comment.text for comment in one.comments()] == expected


class File(AirtableModel):
    """A record with files."""

    table: ClassVar[TableSpec] = TableSpec(
        "File", "Files", "file",
        (FieldSpec("name", "Name", "text"), FieldSpec("files", "Files", "attachments")),
    )  # fmt: skip

    name: str | None = None
    files: list[Attachment] = Field(default_factory=list)


@pytest.mark.parametrize("fault", [*NOT_DONE, *DONE])
def test_a_file_is_there_once_or_said_to_be_in_doubt(
    local_airtable: LocalAirtable,
    clock: Any,
    patience: tuple[float, float],
    breaking: Break,
    fault: str,
) -> None:
    """As with comments; refresh() shows what became of it."""
    provision(local_airtable, [File])
    with connected(local_airtable, clock=clock, timeout=patience):
        made = File._create({"name": "one"})
        breaking(fault, "POST")
        if fault not in UNKNOWN:
            made.upload("files", "a.txt", b"content")
        else:
            with pytest.raises(StoreUnavailable, match="the file may be there or not"):
                made.upload("files", "a.txt", b"content")
            wait_for_late(fault)

        made.refresh()
        expected = ["a.txt"] if fault in DONE or fault not in UNKNOWN else []
        assert [held.filename for held in made.files] == expected
        assert [held.download() for held in made.files] == [b"content"] * len(expected)


@pytest.mark.parametrize("fault", UNKNOWN)
def test_a_record_with_a_link_is_created_once_or_said_to_be_in_doubt(
    one: AgentTask, breaking: Break, fault: str
) -> None:
    """Of one record nothing is stored, and one is in doubt; calling again is for the caller to decide."""
    breaking(fault, "POST")

    with pytest.raises(
        WriteIncomplete, match="The record is in doubt, since the answer was lost"
    ) as caught:
        one.add_subtask(name="child", description="d")

    wait_for_late(fault)
    assert (caught.value.stored, caught.value.in_doubt, caught.value.unsent) == ({}, (0,), ())
    assert len(AgentTask.get(one.id).subtasks) == (1 if fault in DONE else 0)


def test_a_delete_with_links_to_it_is_looked_up_too(
    one: AgentTask, tasks: Factory[AgentTask], breaking: Break, people: Any
) -> None:
    """The record goes once, the child stays, and no link leads nowhere."""
    child = tasks.create(name="child", parent_task=one)
    breaking("cut-after", "DELETE")

    one.delete()

    assert "Parent Task" not in people.cells(child.id)
    assert AgentTask.all() == [AgentTask.get(child.id)]


Rules = Callable[[str], None]
LATER = ",".join(map(str, range(2, 60)))


class Coded(AirtableModel):
    """A record that a lost create is found by."""

    table: ClassVar[TableSpec] = TableSpec(
        "Coded", "Coded", "coded", (FieldSpec("code", "Code", "text", required=True, unique=True),)
    )

    code: str


def test_a_create_that_cannot_be_looked_for_is_in_doubt(
    local_airtable: LocalAirtable, clock: Any, rules: Rules
) -> None:
    """With a key, too: the error says which records may be there."""
    provision(local_airtable, [Coded])
    with connected(local_airtable, clock=clock, timeout=(5, 2)):
        Coded.count()
        rules(f"cut-after method=POST nth=1; 500 method=GET nth={LATER}")

        with pytest.raises(WriteIncomplete, match="looking for the records failed, too") as caught:
            Coded.bulk_create([{"code": "a"}, {"code": "b"}])

        assert (caught.value.stored, caught.value.in_doubt) == ({}, (0, 1))


@pytest.mark.parametrize("number", [1, 3])
def test_a_change_that_cannot_be_looked_for_is_in_doubt(
    tasks: Factory[AgentTask], rules: Rules, number: int
) -> None:
    """The error names the records, and what is in memory stays to be saved again."""
    made = tasks.create_many(number)
    for task in made:
        task.output = "x"
    rules("cut-after method=PATCH nth=1; 500 method=GET")

    with pytest.raises(StoreUnavailable, match="may have been carried out or not") as caught:
        AgentTask.bulk_update(made)

    rules("")
    assert all(task.id in str(caught.value) for task in made)
    assert [task.output for task in AgentTask.all()] == ["x"] * number
    AgentTask.bulk_update(made)
    assert all(task.unsaved_changes == {} for task in made)


def test_deletions_that_stop_in_the_midst_say_how_far_they_came(
    tasks: Factory[AgentTask], rules: Rules
) -> None:
    """They can be called again with all records."""
    made = tasks.create_many(25)
    rules("cut-after method=DELETE nth=2; 500 method=GET")

    with pytest.raises(StoreError, match=r"may have been carried out or not.* Of 25 AgentTask 10 are deleted, and of the next 10"):  # fmt: skip
        AgentTask.bulk_delete(made)

    rules("")
    assert AgentTask.count() == 5
    assert AgentTask.bulk_delete(made) == 5
    assert AgentTask.count() == 0


def test_a_transition_that_cannot_be_looked_at_again_is_said_to_be_stored(
    one: AgentTask, rules: Rules
) -> None:
    """Its history has its row; who calls it again is told that the record has changed."""
    rules(f"500 method=GET nth={LATER}")

    with pytest.raises(StoreUnavailable, match=f"start_execution of AgentTask {one.id} is stored"):
        one.start_execution()

    rules("")
    with pytest.raises(RecordChanged, match="status is 'In Progress', not 'Pending'"):
        one.start_execution()
    assert [row.transition for row in one.refresh().history()] == ["start_execution"]


def test_a_transition_that_was_lost_and_cannot_be_looked_for_is_in_doubt(
    one: AgentTask, rules: Rules
) -> None:
    """The error says so, and refresh() shows what became of it."""
    rules(f"cut-after method=PATCH nth=1; 500 method=GET nth={LATER}")

    with pytest.raises(StoreUnavailable, match=f"start_execution AgentTask {one.id}: .* may have"):
        one.start_execution()

    rules("")
    assert one.refresh().status is TaskStatus.IN_PROGRESS


def test_a_token_that_ends_in_the_midst_loses_no_record(
    tasks: Factory[AgentTask], local_airtable: LocalAirtable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is stored by then is told for records that are created, changed and deleted."""
    store: Any = current_store()
    told: list[str] = []

    def ends_after(name: str) -> None:
        send, calls = getattr(store.client, name), iter(range(9))

        def once(*given: Any, **named: Any) -> Any:
            store.client.api.api_key = local_airtable.token if next(calls) == 0 else "patEnded"
            return send(*given, **named)

        monkeypatch.setattr(store.client, name, once)

    ends_after("create")
    with pytest.raises(WriteIncomplete, match="AIRTABLE_ACCESS_TOKEN") as caught:
        tasks.create_many(25)
    told += [str(one.id) for one in caught.value.records]
    monkeypatch.undo()
    store.client.api.api_key = local_airtable.token
    assert sorted(told) == sorted(AgentTask.where().ids())

    made = [*AgentTask.all(), *tasks.create_many(15)]
    for task in made:
        task.output = "x"
    ends_after("update")
    with pytest.raises(WriteIncomplete, match="AIRTABLE_ACCESS_TOKEN") as caught:
        AgentTask.bulk_update(made)
    assert (len(caught.value.stored), caught.value.in_doubt, len(caught.value.unsent)) == (
        10,
        (),
        15,
    )
    ends_after("delete")
    with pytest.raises(StoreError, match="Of 25 AgentTask 10 are deleted"):
        AgentTask.bulk_delete(made)
    monkeypatch.undo()
    store.client.api.api_key = local_airtable.token
    assert AgentTask.count() == 15


def test_changes_of_records_that_do_not_fit_are_stored(
    tasks: Factory[AgentTask], people: Any
) -> None:
    """What another field of a record holds is no matter of a change: it neither fails nor sinks the rest."""
    made = tasks.create_many(25)
    people.edit(made[12].id, Priority="Invented")
    for place, task in enumerate(made):
        task.output = f"{place}"

    AgentTask.bulk_update(made)

    assert [people.cells(task.id)["Output"] for task in made] == [f"{place}" for place in range(25)]
    assert all(task.unsaved_changes == {} for task in made)


class Sum(AirtableModel):
    """A record whose formula people can change."""

    table: ClassVar[TableSpec] = TableSpec(
        "Sum", "Sums", "sum",
        (FieldSpec("name", "Name", "text", required=True, unique=True), FieldSpec("double", "Double", "formula", result="number")),
    )  # fmt: skip

    name: str
    double: float | None = Field(default=None, frozen=True)


@pytest.mark.parametrize("fault", ["", "cut-after method=POST nth=1"])
def test_a_record_that_comes_back_unfit_is_said_to_be_stored(
    local_airtable: LocalAirtable, clock: Any, rules: Rules, fault: str
) -> None:
    """People gave a formula another type: the error names the field, and that all records of the batch are there."""
    from pyairtable import Api

    provision(local_airtable, [Sum.table])
    api = Api(local_airtable.token, endpoint_url=local_airtable.url)
    table = api.base(local_airtable.base_id).table("Sums")
    table.create_field("Double", "formula", options={"formula": "IF({Name}='b', 'odd', 2)"})
    with connected(local_airtable, clock=clock):
        Sum.count()
        rules(fault)

        with pytest.raises(WriteIncomplete, match="double has to be of type formula") as caught:
            Sum.bulk_create([{"name": one} for one in "abc"])

        assert sorted(caught.value.stored.values()) == sorted(one["id"] for one in table.all())
        assert (caught.value.in_doubt, caught.value.unsent) == ((), ())
