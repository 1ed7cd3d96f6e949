"""What a record takes over of a write: values of every kind, and links that are loaded anew, and alone."""

from __future__ import annotations

from pathlib import Path

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import connect
from tablewright.runtime.records import origin_of


def test_plain_values_are_those_that_cannot_be_changed_in_place() -> None:
    """Texts, numbers, choices, moments and the queue's own: neither links nor JSON, which a record copies."""
    plain = AgentTask.table.plain

    assert {"name", "status", "retry_count", "started_at", "lease_until"} <= plain
    assert not plain & {"parameters", "parent_task", "depends_on", "id", "created_time"}


def test_a_value_that_can_be_changed_in_place_is_the_record_s_own(tmp_path: Path) -> None:
    """A change inside it is an unsaved change, whichever way the value came."""
    with connect(f"sqlite:///{tmp_path / 'tasks.db'}"):
        task = AgentTask.create(name="n", description="d", agent_id="a", parameters={"depth": 1})
        task.update(name="m", parameters={"depth": 2})

        assert isinstance(task.parameters, dict)
        task.parameters["depth"] = 3

        assert (task.name, task.unsaved_changes) == ("m", {"parameters": {"depth": 3}})


def test_a_record_that_moved_loads_its_links_alone(tmp_path: Path) -> None:
    """Records of one query load their links together, until one of them has changed."""
    with connect(f"sqlite:///{tmp_path / 'tasks.db'}"):
        for name in ("a", "b"):
            AgentTask.create(name=name, description="d", agent_id="a")
        one, other = AgentTask.where().order_by("name").all()
        child = one.add_subtask(name="child", description="d")
        origin, beside = origin_of(one), origin_of(other)
        assert origin is not None
        assert beside is not None
        assert origin.batch is beside.batch

        one.start_execution()

        assert origin.batch.ids() == [one.id]
        assert origin.batch.rows[0]["status"] is TaskStatus.IN_PROGRESS
        assert origin.batch.store is beside.batch.store
        assert beside.batch.ids() == [one.id, other.id]
        assert one.subtasks == [child]
