"""Stored rows that do not fit their model, as after a new required field: changes that are given by id mend them."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from generated.agent_tasks import AgentTask, TaskPriority
from tablewright.runtime import Connection, RecordInvalid
from tablewright.runtime.stores.sql import SqlStore
from tests.contract.tasks import task


@pytest.fixture
def unfit(connection: Connection) -> AgentTask:
    """A task whose stored row has a count below its 'min' and, in Airtable, a choice that people added."""
    record = task(parent_task=task(name="parent"))
    store: Any = connection.store
    if not isinstance(store, SqlStore):
        cells = {"Retry Count": -1, "Priority": "Invented"}
        store.client.table("AI_Agent_Tasks").update(record.id, cells, typecast=True)
        return record
    own = store.database.known(AgentTask.table).schema.tables["AgentTask"]
    with store.database.writer.begin() as writing:
        if "sqlite" in str(store.database.engine.url):
            writing.execute(sa.text("PRAGMA ignore_check_constraints=ON"))
        else:
            dropped = "DROP CONSTRAINT ck_agent_task_retry_count_minimum"
            writing.execute(sa.text(f"ALTER TABLE agent_task {dropped}"))
        writing.execute(sa.update(own).where(own.c.id == record.id).values(retry_count=-1))
    return record


def test_changes_by_id_mend_what_does_not_fit(
    unfit: AgentTask, caplog: pytest.LogCaptureFixture
) -> None:
    """The row is stored with them and read from then on, beside others of the same call."""
    other = task()

    mended, changed = AgentTask.bulk_update(
        {
            unfit.id: {"retry_count": 2, "priority": TaskPriority.LOW, "depends_on": [other]},
            other.id: {"retry_count": 1},
        }
    )

    assert (mended, changed) == (AgentTask.get(unfit.id), AgentTask.get(other.id))
    assert (mended.retry_count, mended.priority) == (2, TaskPriority.LOW)
    assert mended.depends_on == [changed]
    assert mended.parent_task is not None
    assert mended.parent_task.name == "parent"
    assert "left out" not in caplog.text
    assert mended.update(output="x") == AgentTask.get(unfit.id)


def test_changes_by_id_that_leave_a_row_unfit_store_nothing(unfit: AgentTask) -> None:
    """Everything is told that would not fit, by the ids of the records, each time anew."""
    other = task()

    for _ in range(2):
        with pytest.raises(RecordInvalid, match=r"(retry_count|priority) has to be") as caught:
            AgentTask.bulk_update({unfit.id: {"output": "x"}, other.id: {"output": "x"}})
        assert {one.place for one in caught.value.misfits} == {unfit.id}

    assert AgentTask.get(other.id).output is None
    low = TaskPriority.LOW
    for values, said in (
        ({"retry_count": -2, "priority": low}, "retry_count has to be at least 0, not -2"),
        ({"retry_count": 0, "priority": low, "colour": "red"}, "colour is not a field of"),
        ({"retry_count": 0, "priority": low, "status": "Failed"}, "is moved by transitions only"),
    ):
        with pytest.raises(RecordInvalid, match=said):
            AgentTask.bulk_update({unfit.id: values})
    with pytest.raises(RecordInvalid, match=unfit.id):
        AgentTask.get(unfit.id)


def test_what_does_not_fit_counts_for_no_limit(unfit: AgentTask) -> None:
    """The first record is the first that fits, however many were left out before it, in any order."""
    first, second, third = task(output="1"), task(output="2"), task(output="3")
    found = AgentTask.where(AgentTask.c.name == unfit.name)

    assert found.first() == first
    assert found.order_by("-retry_count").limit(2).all() == [first, second]
    assert found.order_by("retry_count", "-output").limit(1).all() == [third]
    assert found.limit(9).all() == [first, second, third]
