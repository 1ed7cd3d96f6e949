"""What every store promises about many records at once, and about upserts: all or nothing, and every misfit told."""

from __future__ import annotations

import re

import pytest

from generated.agent_tasks import AgentTask, TaskPriority
from tablewright.runtime import Connection, RecordInvalid, RecordNotFound
from tests.contract.tasks import task


def test_bulk_create_stores_all_or_nothing_in_order(connection: Connection) -> None:
    """Records come back and are read in the order they were given; one that fails leaves nothing behind."""
    made = AgentTask.bulk_create(
        {"name": f"{place}", "description": "d", "agent_id": "a"} for place in range(250)
    )

    assert [one.name for one in AgentTask.all()] == [one.name for one in made]
    with pytest.raises(RecordInvalid, match="parent_task"):
        AgentTask.bulk_create(
            [
                {"name": "fits", "description": "d", "agent_id": "a"},
                {
                    "name": "fails",
                    "description": "d",
                    "agent_id": "a",
                    "parent_task": f"rec{'X' * 14}",
                },
            ]
        )
    assert AgentTask.count() == 250


def test_bulk_create_tells_of_every_item_that_does_not_fit(connection: Connection) -> None:
    """Each misfit has the place of its item, whatever checks it; nothing is stored."""
    fits = {"name": "n", "description": "d", "agent_id": "a"}

    with pytest.raises(RecordInvalid) as caught:
        AgentTask.bulk_create(
            [fits, {"name": "n", "agent_id": "a"}, fits, {**fits, "name": "a\x00b"}]
        )

    assert str(caught.value) == (
        "AgentTask, by place from 0: [1] description is required; "
        "[3] name cannot hold a NUL character, not 'a\\x00b'"
    )
    assert [one.place for one in caught.value.misfits] == [1, 3]
    assert AgentTask.count() == 0


def test_a_long_list_of_misfits_is_cut_in_the_message_alone() -> None:
    """The error itself has all."""
    with pytest.raises(RecordInvalid, match=r"; and 80 more$") as caught:
        AgentTask.bulk_create({"name": "n", "agent_id": "a"} for _ in range(100))

    assert len(caught.value.misfits) == 100


def test_bulk_update_takes_records_and_changes_by_id(connection: Connection) -> None:
    """Both forms store every change, or none."""
    one, other = task(), task()
    one.output = "1"
    other.priority = TaskPriority.LOW

    AgentTask.bulk_update([one, other])
    AgentTask.bulk_update({one.id: {"output": "2"}, other.id: {"retry_count": 2}})

    assert AgentTask.get(one.id).output == "2"
    assert (AgentTask.get(other.id).priority, AgentTask.get(other.id).retry_count) == (
        TaskPriority.LOW,
        2,
    )
    with pytest.raises(RecordInvalid, match="retry_count"):
        AgentTask.bulk_update({one.id: {"output": "3"}, other.id: {"retry_count": -2}})
    with pytest.raises(RecordNotFound):
        AgentTask.bulk_update({one.id: {"output": "3"}, "recDoesNotExist00": {"output": "3"}})
    assert AgentTask.get(one.id).output == "2"


def test_bulk_update_tells_of_everything_that_does_not_fit(connection: Connection) -> None:
    """Not of the first alone: by the ids of the records, or by their places; nothing is stored."""
    one, other, third = task(), task(), task()

    with pytest.raises(RecordInvalid) as caught:
        AgentTask.bulk_update(
            {
                one.id: {"output": "3"},
                other.id: {"retry_count": -2, "name": ""},
                third.id: {"priority": "Highest"},
            }
        )

    found = [(misfit.place, misfit.field) for misfit in caught.value.misfits]
    assert found == [(other.id, "retry_count"), (other.id, "name"), (third.id, "priority")]
    assert str(caught.value).startswith(f"AgentTask: [{other.id}] retry_count has to be at least 0")
    for changed in (other, third):
        changed.depends_on_ids.append("")
    with pytest.raises(RecordInvalid, match="by place from 0") as caught:
        AgentTask.bulk_update([one, other, third])
    assert [misfit.place for misfit in caught.value.misfits] == [1, 2]
    assert AgentTask.get(one.id).output is None


def test_upsert_finds_the_record_by_its_fields(connection: Connection) -> None:
    """The first call stores a record, the second changes the given fields of the same one."""
    first = AgentTask.upsert(
        on=["name"], name="key", description="one", agent_id="a", retry_count=2
    )
    second = AgentTask.upsert(on=["name"], name="key", description="two", agent_id="a")

    assert second.id == first.id
    assert (second.description, second.retry_count) == ("two", 2)
    task(name="key")
    with pytest.raises(RecordInvalid, match="several"):
        AgentTask.upsert(on=["name"], name="key", description="three", agent_id="a")


@pytest.mark.parametrize(
    ("on", "words"),
    [
        ("titel", "by their fields, and 'titel' is none: known here: name, "),
        ("agent", "by their fields, and 'agent' is none: did you mean 'agent_id'?"),
        ("parent_task", "by their fields, and 'parent_task' is none: known here: name, "),
        ("output", "by 'output', so a value has to be given for it"),
    ],
)
def test_upsert_says_what_it_cannot_find_a_record_by(on: str, words: str) -> None:
    """A name that is no field is not one that only lacks its value."""
    with pytest.raises(ValueError, match=re.escape(words)):
        AgentTask.upsert(on=on, name="n", description="d", agent_id="a")  # type: ignore[arg-type]  # the point of it


def test_bulk_delete_counts_what_was_there(connection: Connection) -> None:
    """Records and ids can be mixed."""
    one, other = task(), task()

    assert AgentTask.bulk_delete([one, other.id, "recDoesNotExist00"]) == 2
    assert AgentTask.count() == 0
