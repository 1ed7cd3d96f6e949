"""What every store promises about single records: creating, reading, changing, deleting, and the errors in between."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from generated.agent_tasks import AgentTask, TaskPriority, TaskStatus
from tablewright.runtime import Connection, RecordInvalid, RecordNotFound, RecordNotSaved
from tests.contract.tasks import counted, task


def test_a_created_record_reads_back_the_same(connection: Connection) -> None:
    """What was stored is what comes back, to the microsecond where the store keeps it, in UTC."""
    fraction = 123457 if connection.capabilities.microseconds else 123000
    moment = datetime(2026, 1, 31, 9, 0, 0, fraction, tzinfo=timezone(timedelta(hours=2)))

    made = task(
        name='it\'s 100% "done" \\ 😀',
        parameters={"a": [1, None, 2.5, {"ß": True}], "empty": []},
        started_at=moment,
        execution_time_seconds=0.1,
        priority=TaskPriority.URGENT,
    )
    read = AgentTask.get(made.id)

    assert read == made
    assert read.name == 'it\'s 100% "done" \\ 😀'
    assert read.parameters == {"a": [1, None, 2.5, {"ß": True}], "empty": []}
    assert read.started_at == moment
    assert read.started_at is not None
    assert read.started_at.tzinfo is UTC
    assert read.priority is TaskPriority.URGENT
    assert read.status is TaskStatus.PENDING
    assert read.created_time is not None
    assert re.fullmatch(r"rec[0-9A-Za-z]{14}", read.id)


def test_an_empty_text_is_stored_as_blank(connection: Connection) -> None:
    """An optional text that is empty reads as None, as in Airtable; a required one is refused."""
    assert task(output="").output is None

    with pytest.raises(RecordInvalid, match="name"):
        task(name="")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"retry_count": -1}, "retry_count has to be at least 0, not -1"),
        ({"execution_time_seconds": -0.5}, "execution_time_seconds has to be at least 0, not -0.5"),
        ({"execution_time_seconds": float("nan")}, "execution_time_seconds"),
        ({"retry_count": 2**53}, "retry_count has to lie within"),
        ({"name": "x" * 201}, "name has to have at most 200 characters"),
        ({"name": "a\x00b"}, "name cannot hold a NUL character"),
        (
            {"started_at": datetime.fromisoformat("2026-01-01")},
            "started_at needs a time zone",
        ),  # the point of it
        ({"priority": "Highest"}, "priority has to be"),
        ({"parameters": {"a": float("inf")}}, "parameters has to be JSON"),
        (
            {"depends_on": ["recDoesNotExist00"]},
            "depends_on has to be a record of AgentTask that is there",
        ),
        (
            {"parent_task": "recDoesNotExist00"},
            "parent_task has to be a record of AgentTask that is there",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_nothing_is_stored(
    connection: Connection, values: dict[str, Any], words: str
) -> None:
    """The error names the field and what is valid there."""
    with pytest.raises(RecordInvalid, match=re.escape(words)):
        task(**values)

    assert AgentTask.count() == 0


def test_all_misfits_are_told_at_once(connection: Connection) -> None:
    """One error has an entry for every value that does not fit."""
    with pytest.raises(RecordInvalid) as caught:
        task(retry_count=-1, execution_time_seconds=-2)

    assert set(caught.value.fields) == {"retry_count", "execution_time_seconds"}


def test_save_sends_only_what_changed(connection: Connection) -> None:
    """Two programs that change different fields of one record both keep their change."""
    first = task()
    second = AgentTask.get(first.id)

    first.priority = TaskPriority.LOW
    second.output = "done"
    first.save()
    second.save()

    read = AgentTask.get(first.id)
    assert (read.priority, read.output) == (TaskPriority.LOW, "done")


def test_a_change_inside_json_or_a_list_is_seen(connection: Connection) -> None:
    """Lists and dicts that were changed in place are saved; 1 and True are different."""
    other = task()
    made = task(parameters={"a": [1]})

    assert isinstance(made.parameters, dict)
    made.parameters["a"] = [True]
    made.depends_on_ids.append(other.id)

    assert set(made.unsaved_changes) == {"parameters", "depends_on"}
    made.save()
    assert made.unsaved_changes == {}
    read = AgentTask.get(made.id)
    assert read.parameters == {"a": [True]}
    assert read.depends_on == [other]


def test_save_without_changes_sends_nothing(connection: Connection) -> None:
    """A record that did not change costs no statement."""
    made = task()

    with counted(connection) as sent:
        made.save()

    assert sent == []


def test_a_refused_assignment_leaves_the_record_as_it_was(connection: Connection) -> None:
    """Assigning what does not fit raises at once."""
    made = task(retry_count=1)

    with pytest.raises(RecordInvalid, match="retry_count"):
        made.retry_count = -1
    with pytest.raises(RecordInvalid, match="moved by transitions only"):
        made.status = TaskStatus.FAILED  # type: ignore[misc]  # frozen, which is what is tested

    assert made.retry_count == 1
    assert made.unsaved_changes == {}


def test_update_stores_its_fields_alone(connection: Connection) -> None:
    """Other unsaved changes stay unsaved, and a refused update changes nothing, here or there."""
    made = task()
    made.output = "later"

    made.update(priority=TaskPriority.HIGH)
    with pytest.raises(RecordInvalid):
        made.update(priority=TaskPriority.LOW, retry_count=-1)

    assert made.unsaved_changes == {"output": "later"}
    read = AgentTask.get(made.id)
    assert (read.priority, read.output) == (TaskPriority.HIGH, None)


def test_refresh_reads_the_record_again(connection: Connection) -> None:
    """What somebody else stored is seen, and unsaved changes are dropped."""
    made = task()
    AgentTask.get(made.id).update(output="by somebody else")
    made.priority = TaskPriority.URGENT

    made.refresh()

    assert (made.output, made.priority) == ("by somebody else", TaskPriority.MEDIUM)
    assert made.unsaved_changes == {}


def test_a_deleted_record_is_gone(connection: Connection) -> None:
    """Reading, saving, moving or deleting it says that it is not there; links to it are emptied."""
    made = task()
    child = task(parent_task=made, depends_on=[made])
    stale = AgentTask.get(made.id)

    made.delete()

    assert not made.is_saved
    stale.output = "x"
    for act in (
        lambda: AgentTask.get(made.id),
        stale.save,
        stale.start_execution,
        stale.delete,
        stale.refresh,
    ):
        with pytest.raises(RecordNotFound, match=made.id):
            act()
    child.refresh()
    assert (child.parent_task, child.depends_on) == (None, [])


@pytest.mark.parametrize("given", [None, 5, ["rec1"]])
def test_get_takes_an_id(connection: Connection, given: Any) -> None:
    """What is no text is told so, whatever the store would make of it."""
    with pytest.raises(TypeError, match="id of a record of AgentTask"):
        AgentTask.get(given)


def test_a_record_in_memory_cannot_be_moved(connection: Connection) -> None:
    """A record that was never stored has to be saved first; save stores it."""
    made = AgentTask(name="n", description="d", agent_id="a")

    with pytest.raises(RecordNotSaved, match="save"):
        made.start_execution()
    made.save()

    assert made.is_saved
    assert AgentTask.get(made.id).start_execution().status is TaskStatus.IN_PROGRESS


def test_a_record_that_is_named_twice_is_deleted_once(connection: Connection) -> None:
    """By itself, by another reading of it, and by its id."""
    made = task()

    assert AgentTask.bulk_delete([made, AgentTask.get(made.id), made.id]) == 1
    assert AgentTask.bulk_delete([made.id]) == 0
