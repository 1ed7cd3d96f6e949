"""What every store promises about many upserts at once: each key one record, the least that is sent, and in order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import field_validator

from generated.agent_tasks import AgentTask, TaskPriority
from tablewright.runtime import Connection, RecordInvalid
from tablewright.runtime.stores.airtable import AirtableStore
from tests.contract.tasks import counted, task


def item(name: str, **values: Any) -> dict[str, Any]:
    """Return what is given of a task."""
    return {"name": name, "description": "d", "agent_id": "a", **values}


def test_records_are_updated_or_created_in_the_order_of_their_items(
    connection: Connection,
) -> None:
    """A key that is there leads to its record, and a new one to a new record, with defaults for that alone."""
    kept = task(name="kept", retry_count=2, priority=TaskPriority.HIGH)
    changed = task(name="changed", retry_count=2, output="old")

    found = AgentTask.bulk_upsert(
        [item("new"), item("changed", output="new"), item("kept"), item("newer", retry_count=1)],
        on="name",
    )

    assert [one.name for one in found] == ["new", "changed", "kept", "newer"]
    assert [found[1].id, found[2].id] == [changed.id, kept.id]
    assert [one.retry_count for one in found] == [0, 2, 2, 1]
    assert found[1].output == "new"
    assert found[2].priority is TaskPriority.HIGH
    assert AgentTask.count() == 4
    assert found == [AgentTask.get(one.id) for one in found]
    assert AgentTask.bulk_upsert([], on="name") == []


def test_only_what_differs_is_sent(connection: Connection) -> None:
    """On Airtable a request reads a hundred and writes ten; on databases one reading, and a writing each for new and old."""
    items = [item(f"{place:03}") for place in range(120)]
    AgentTask.bulk_create(items[:70])

    with counted(connection) as sent:
        AgentTask.bulk_upsert([*items[:67], *(item(f"{place:03}", output="o") for place in range(67, 120))], on=["name"])  # fmt: skip

    if isinstance(connection.store, AirtableStore):
        # 2 to read 120, 5 to create 50, 1 to change 3.
        assert len(sent) == 2 + 5 + 1
    with counted(connection) as sent:
        again = AgentTask.bulk_upsert(items, on="name")
    assert len(sent) <= 2 * 2
    assert [one.name for one in again] == [one["name"] for one in items]
    assert AgentTask.where(AgentTask.c.output == "o").count() == 53


def test_a_key_can_be_several_fields(connection: Connection) -> None:
    """Records are the same where all of the fields are."""
    task(name="n", agent_id="a")
    other = task(name="n", agent_id="b")

    found = AgentTask.bulk_upsert(
        [item("n", agent_id="b", output="x"), item("n", agent_id="c")], on=["name", "agent_id"]
    )

    assert found[0].id == other.id
    assert found[1].agent_id == "c"
    assert AgentTask.count() == 3


def test_what_would_be_one_record_is_refused_before_anything_is_stored(
    connection: Connection,
) -> None:
    """Two items of one key, several records of one key, and values that do not fit."""
    task(name="twice")
    task(name="twice")

    with pytest.raises(RecordInvalid, match="name has to be unique, and two of these records have 'new'"):  # fmt: skip
        AgentTask.bulk_upsert([item("new"), item("other"), item("new")], on="name")
    with pytest.raises(RecordInvalid, match="several have 'twice'"):
        AgentTask.bulk_upsert([item("new"), item("twice")], on="name")
    with pytest.raises(RecordInvalid, match=r"\[1\].*retry_count") as error:
        AgentTask.bulk_upsert([item("new"), item("b", retry_count=-1)], on="name")
    assert [one.place for one in error.value.misfits] == [1]
    with pytest.raises(ValueError, match="so a value has to be given for it"):
        AgentTask.bulk_upsert([item("new", output="o"), item("b")], on=["output"])
    with pytest.raises(TypeError, match=r"bulk_upsert\(\) takes a list"):
        AgentTask.bulk_upsert(item("new"))  # type: ignore[arg-type]  # what people try

    assert AgentTask.count() == 2


class Terse(AgentTask):
    """A task that says little."""

    @field_validator("output")
    @classmethod
    def is_short(cls, output: str | None) -> str | None:
        """Refuse what is long."""
        if output is not None and len(output) > 5:
            raise ValueError("says too much")
        return output


def test_a_record_that_does_not_fit_is_told_before_anything_is_stored(
    connection: Connection,
) -> None:
    """Its class cannot make it, so that nothing could be given back of what is stored."""
    long = task(name="long", output="much too long")

    with pytest.raises(RecordInvalid, match=long.id):
        Terse.bulk_upsert([item("new"), item("long", retry_count=1)], on="name")

    assert AgentTask.count() == 1
    assert AgentTask.get(long.id).retry_count == 0
    found = Terse.bulk_upsert([item("new", output="short")], on="name")
    assert [type(one) for one in found] == [Terse]


def test_many_upserts_can_be_awaited(connection: Connection) -> None:
    """The twin takes the same."""
    found = asyncio.run(AgentTask.aio.bulk_upsert([item("a"), item("b")], on="name"))

    assert [one.name for one in found] == ["a", "b"]
