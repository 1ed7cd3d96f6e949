"""Each fault × each operation: the final state is right or the error says what it is; nothing twice, nothing lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from generated.agent_tasks import AgentTask, TaskPriority, TaskStatus
from tablewright.runtime import (
    AirtableModel,
    Columns,
    FieldSpec,
    RecordChanged,
    StoreError,
    StoreUnavailable,
    TableSpec,
    WriteIncomplete,
)
from tablewright.runtime import columns as _
from tablewright.server.serve import LocalAirtable
from tablewright.testing import Factory, connected, provision
from tests.airtable_store.faults import (
    DONE,
    LATE,
    NOT_DONE,
    UNKNOWN,
    Break,
    Waits,
    api_of,
    wait_for_late,
)

TABLE = "AI_Agent_Tasks"


@pytest.mark.parametrize("fault", [*NOT_DONE, *DONE])
def test_reading_survives_every_fault(
    one: AgentTask, breaking: Break, fault: str, clock: Waits
) -> None:
    """Reading repeats safely, and waits as long as it was told."""
    breaking(fault, "GET")

    assert AgentTask.all() == [one]

    if "retry-after" in fault:
        assert clock.waits == [float(fault.rpartition("=")[2])]
    elif fault == "429":
        assert clock.waits == [30.0]


@pytest.mark.parametrize("fault", [*NOT_DONE, *DONE])
def test_changing_survives_every_fault(one: AgentTask, breaking: Break, fault: str) -> None:
    """Writing the same values twice changes nothing more."""
    one.output = "done"
    breaking(fault, "PATCH")

    one.save()

    assert AgentTask.get(one.id).output == "done"
    assert AgentTask.count() == 1


@pytest.mark.parametrize(("fault", "times"), [("cut-after", 1), ("malformed", 1), ("cut-before", 2), ("500", 2)])  # fmt: skip
def test_a_change_is_looked_for_before_it_is_sent_again(
    tasks: Factory[AgentTask],
    breaking: Break,
    sent: Callable[[], list[str]],
    fault: str,
    times: int,
) -> None:
    """What was carried out is not sent a second time, for one record as for ten."""
    made = tasks.create_many(3)
    for batch in (made[:1], made):
        for place, task in enumerate(batch):
            task.output = f"{len(batch)} {place}"
        breaking(fault, "PATCH")
        sent()

        AgentTask.bulk_update(batch)

        assert len([one for one in sent() if one.startswith("PATCH")]) == times
        assert [one.output for one in AgentTask.all()][: len(batch)] == [
            task.output for task in batch
        ]


def test_an_edit_after_a_lost_answer_is_not_overwritten(
    one: AgentTask, breaking: Break, people: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A colleague writes while the program does not know whether its change arrived: the error says so."""
    one.output = "by the program"
    one.priority = TaskPriority.HIGH
    breaking("cut-after", "PATCH")
    monkeypatch.setattr(clock, "sleep", lambda _: people.edit(one.id, Output="by a colleague"))

    with pytest.raises(StoreUnavailable, match=f"{one.id} is there: somebody else may have"):
        one.save()

    cells = people.cells(one.id)
    assert (cells["Output"], cells["Priority"]) == ("by a colleague", "High")


@pytest.mark.parametrize("fault", [*NOT_DONE, *DONE])
def test_deleting_survives_every_fault(
    tasks: Factory[AgentTask], breaking: Break, fault: str
) -> None:
    """Whether the records are gone is looked up before they are deleted again."""
    made = tasks.create_many(3)
    breaking(fault, "DELETE")

    assert AgentTask.bulk_delete(made) == 3

    assert AgentTask.count() == 0


@pytest.mark.parametrize("fault", [*NOT_DONE, *DONE])
def test_an_upsert_survives_every_fault(
    tasks: Factory[AgentTask], breaking: Break, fault: str
) -> None:
    """A second upsert finds what the first one created."""
    breaking(fault, "PATCH")

    made = AgentTask.upsert(on=["name"], **tasks.values(name="key"))

    assert AgentTask.all() == [made]


@pytest.mark.parametrize("fault", ["429", "429 retry-after=7", "503", "503 retry-after=3"])
def test_creating_waits_where_nothing_was_done(
    tasks: Factory[AgentTask], breaking: Break, fault: str
) -> None:
    """Airtable says that it did not carry the request out, so it is sent again."""
    breaking(fault, "POST")

    made = tasks.create_many(12)

    assert [one.id for one in AgentTask.all()] == [one.id for one in made]


@pytest.mark.parametrize("fault", UNKNOWN)
def test_a_create_whose_answer_was_lost_is_not_repeated(
    tasks: Factory[AgentTask], breaking: Break, fault: str
) -> None:
    """A table without a unique field: the error says which records are stored, in doubt, and not sent."""
    breaking(fault, "POST", nth="2")

    with pytest.raises(WriteIncomplete) as caught:
        tasks.create_many(25)

    error = caught.value
    wait_for_late(fault)
    stored = AgentTask.all()
    assert (len(error.stored), error.in_doubt, error.unsent) == (
        10,
        tuple(range(10, 20)),
        tuple(range(20, 25)),
    )
    assert len(stored) == (20 if fault in DONE else 10)
    assert [one.id for one in error.records] == list(error.stored.values())
    assert {one.id for one in error.records} <= {one.id for one in stored}
    assert "10 are in doubt, since the answer was lost ([10 to 19])" in str(error)
    assert "5 are not stored ([20 to 24])" in str(error)


NOTE = TableSpec(
    key="Note",
    name="Notes",
    sql_name="note",
    fields=(
        FieldSpec("code", "Code", "text", required=True, unique=True),
        FieldSpec("text", "Text", "text"),
    ),
)


class NoteColumns(Columns):
    """The fields of Note."""

    code = _.TextColumn()


class Note(AirtableModel):
    """A record that its code names."""

    table: ClassVar[TableSpec] = NOTE
    c: ClassVar[NoteColumns] = NoteColumns()

    code: str
    text: str | None = None


ENTRY = TableSpec(
    key="Entry",
    name="Entries",
    sql_name="entry",
    fields=(FieldSpec("text", "Text", "text"), FieldSpec("client_key", "Client Key", "text")),
)


class Entry(AirtableModel):
    """A record with a field for the key that the store makes."""

    table: ClassVar[TableSpec] = ENTRY

    text: str | None = None
    client_key: str | None = None


@pytest.mark.parametrize("fault", [*NOT_DONE, *DONE])
@pytest.mark.parametrize("model", [Note, Entry])
def test_a_lost_create_is_found_by_its_key(
    local_airtable: LocalAirtable,
    clock: Any,
    patience: tuple[float, float],
    breaking: Break,
    model: type[AirtableModel],
    fault: str,
) -> None:
    """With a unique field, or a field for a key of the store's own, every record is there exactly once."""
    provision(local_airtable, [NOTE, ENTRY])
    with connected(local_airtable, clock=clock, timeout=patience):
        model.count()
        breaking(fault, "POST", nth="2")
        items = [
            {"text": f"{place}"} | ({"code": f"c{place}"} if model is Note else {})
            for place in range(25)
        ]

        if fault == LATE:
            # It may still come: a second request could make every record twice.
            with pytest.raises(WriteIncomplete, match="not there yet"):
                model.bulk_create(items)
            wait_for_late(fault)
            assert sorted(one.text for one in model.all()) == sorted(map(str, range(20)))  # type: ignore[attr-defined]  # both have it
            return
        made = model.bulk_create(items)

        assert [one.text for one in made] == [f"{place}" for place in range(25)]  # type: ignore[attr-defined]  # both have it
        assert sorted(one.id for one in model.all()) == sorted(one.id for one in made)


def moved(task: AgentTask) -> StoreUnavailable | None:
    """Start a task, and return what went wrong."""
    try:
        task.start_execution(by="me")
    except StoreUnavailable as error:
        return error
    return None


@pytest.mark.parametrize("fault", [*NOT_DONE, *DONE])
@pytest.mark.parametrize(("method", "nth"), [("GET", "1"), ("PATCH", "1"), ("GET", "2"), ("PATCH", "2")])  # fmt: skip
def test_a_transition_is_made_once_or_not_at_all(
    one: AgentTask, breaking: Break, fault: str, method: str, nth: str
) -> None:
    """Whichever of its requests breaks: the look, the write, the second look, or the row of history, which is one."""
    breaking(fault, method, nth=nth)

    error = moved(one)
    if error is not None and fault == LATE:
        assert "may still be" in str(error)
        wait_for_late(fault)
        assert one.refresh().status is TaskStatus.IN_PROGRESS
        return
    if error is not None:
        assert "is not stored" in str(error)
        assert fault in ("refuse", "cut-before", "500", "502")
        assert AgentTask.get(one.id).status is TaskStatus.PENDING
        assert one.history() == []
        assert moved(one) is None

    stored = AgentTask.get(one.id)
    assert (stored.status, one.status) == (TaskStatus.IN_PROGRESS, TaskStatus.IN_PROGRESS)
    assert stored.started_at == one.started_at
    wait_for_late(fault)
    assert [row.transition for row in one.history()] == ["start_execution"]


def test_faults_without_end_are_told_after_some_tries(
    tasks: Factory[AgentTask], breaking: Break, local_airtable: LocalAirtable, clock: Waits
) -> None:
    """The waits grow and are random; the error says what was tried."""
    tasks.create()
    breaking("500", "GET", nth=",".join(map(str, range(1, 50))))
    local_airtable.calls.clear()

    with pytest.raises(StoreUnavailable, match="asked 5 times"):
        AgentTask.all()

    assert len(local_airtable.calls) == 5
    assert len(clock.waits) == 4


def test_changes_that_stop_in_the_midst_say_how_far_they_came(
    tasks: Factory[AgentTask], breaking: Break
) -> None:
    """Batches of ten are whole; the one that failed is in doubt, later ones were not sent."""
    made = tasks.create_many(25)
    for place, one in enumerate(made):
        one.output = f"{place}"
    breaking("500", "PATCH", nth=",".join(map(str, range(2, 50))))

    with pytest.raises(WriteIncomplete) as caught:
        AgentTask.bulk_update(made)

    assert (len(caught.value.stored), caught.value.in_doubt[0], caught.value.unsent[0]) == (
        10,
        10,
        20,
    )
    assert sum(one.output is not None for one in AgentTask.all()) == 10


def test_a_list_that_airtable_forgot_is_read_again(
    tasks: Factory[AgentTask], local_airtable: LocalAirtable
) -> None:
    """An expired iterator is no error of the caller's; no record comes twice."""
    tasks.create_many(150)
    pages: Iterator[Any] = _pages_with_a_forgotten_list(local_airtable)

    found = [record["id"] for page in pages for record in page]

    assert len(found) == len(set(found)) == 150


def _pages_with_a_forgotten_list(airtable: LocalAirtable) -> Iterator[Any]:
    from tablewright.runtime.connection import current_store

    store: Any = current_store()
    pages = store.client.pages("read", store.client.table(TABLE), {})
    yield next(pages)
    api_of(airtable)._records._iterators.__init__()
    yield from pages


@pytest.mark.parametrize("fault", ["cut-after", "malformed"])
def test_a_lost_comment_is_said_to_be_in_doubt(one: AgentTask, breaking: Break, fault: str) -> None:
    """Comments have no key by which they could be found again."""
    breaking(fault, "POST")

    with pytest.raises(StoreError, match="may be there or not"):
        one.add_comment("hello")

    assert [comment.text for comment in one.comments()] == ["hello"]


def test_somebody_faster_is_seen_where_it_can_be_seen(
    one: AgentTask, people: Any, local_airtable: LocalAirtable
) -> None:
    """What somebody wrote before the transition read, or before it looked again, is told."""
    stale = AgentTask.get(one.id)
    people.edit(one.id, Status="Cancelled")

    with pytest.raises(RecordChanged, match="status is 'Cancelled', not 'Pending'"):
        stale.start_execution()

    assert people.cells(one.id)["Status"] == "Cancelled"
