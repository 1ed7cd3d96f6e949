"""The scenario that always works: agent tasks through their lifecycle, on every store that needs no set-up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import tablewright
from generated.agent_tasks import AgentTask, TaskPriority, TaskStatus


@pytest.fixture(params=["sqlite", "local"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tablewright.Connection]:
    """A fresh store: a SQLite file, or a local Airtable inside the process."""
    url = (
        f"sqlite:///{tmp_path}/tasks.db"
        if request.param == "sqlite"
        else f"local:{tmp_path}/base.db"
    )
    with tablewright.connect(url) as connection:
        yield connection


def new_task(name: str = "Process emails", agent: str = "agent_001", **values: object) -> AgentTask:
    return AgentTask._create({"name": name, "description": "Do it.", "agent_id": agent, **values})


@pytest.mark.usefixtures("store")
def test_a_task_is_completed_with_its_output_and_time() -> None:
    """start_execution and complete_execution stamp the times and keep what came out."""
    task = AgentTask.create(
        name="Process emails", description="Sort.", agent_id="agent_001", priority=TaskPriority.HIGH
    )

    task.start_execution()
    task.complete_execution("Processed 45 emails", execution_time=23.5)

    stored = AgentTask.get(task.id)
    assert stored.status is TaskStatus.COMPLETED
    assert stored.output == "Processed 45 emails"
    assert stored.execution_time_seconds == 23.5
    assert stored.started_at is not None
    assert stored.completed_at is not None
    assert stored.completed_at >= stored.started_at


@pytest.mark.usefixtures("store")
def test_a_measured_time_is_taken_where_none_is_given() -> None:
    """Without a time, the seconds since the start count."""
    task = new_task().start_execution().complete_execution("done")

    assert task.execution_time_seconds is not None
    assert 0 <= task.execution_time_seconds < 60


@pytest.mark.usefixtures("store")
def test_a_retry_clears_what_the_failed_attempt_left_three_times_at_most() -> None:
    """retry_execution empties start, end, error, output and time, and counts; the fourth is refused with the reason."""
    task = new_task()

    for attempt in range(3):
        task.start_execution().fail_execution("The mail server did not answer", 1.5)
        assert AgentTask.get(task.id).error_message == "The mail server did not answer"
        task.retry_execution()
        stored = AgentTask.get(task.id)
        assert stored.retry_count == attempt + 1
        assert stored.status is TaskStatus.PENDING
        assert (stored.started_at, stored.completed_at, stored.error_message) == (None, None, None)
        assert (stored.output, stored.execution_time_seconds) == (None, None)

    task.start_execution().fail_execution("again")
    with pytest.raises(tablewright.TransitionRefused, match="has used up its 3 retries"):
        task.retry_execution()


@pytest.mark.usefixtures("store")
def test_tasks_cannot_jump_states() -> None:
    """Every transition that the state does not allow is refused, and nothing changes."""
    task = new_task()

    with pytest.raises(
        tablewright.TransitionRefused, match="possible now: start_execution, cancel_execution"
    ):
        task.complete_execution("early")
    task.start_execution().complete_execution("done")
    for step in (task.start_execution, task.retry_execution, task.cancel_execution):
        with pytest.raises(tablewright.TransitionRefused, match="possible now: nothing"):
            step()

    assert AgentTask.get(task.id).output == "done"


@pytest.mark.usefixtures("store")
def test_pending_and_failed_tasks_are_found_by_agent() -> None:
    """get_pending_tasks sorts by urgency; get_failed_tasks finds what needs attention."""
    slow = new_task("slow", priority=TaskPriority.LOW)
    urgent = new_task("urgent", priority=TaskPriority.URGENT)
    new_task("other agent", agent="agent_002")
    failed = new_task("failed").start_execution().fail_execution("no answer")

    assert [task.id for task in AgentTask.get_pending_tasks("agent_001")] == [urgent.id, slow.id]
    assert AgentTask.get_pending_tasks().count() == 3
    assert [task.id for task in AgentTask.get_failed_tasks(agent_id="agent_001")] == [failed.id]
    assert AgentTask.get_failed_tasks("agent_002").all() == []
    assert [task.name for task in AgentTask.get_tasks_by_priority(TaskPriority.LOW)] == ["slow"]


@pytest.mark.usefixtures("store")
def test_a_subtask_belongs_to_its_parent_and_inherits() -> None:
    """add_subtask links the child and hands agent and priority down."""
    parent = new_task(priority=TaskPriority.HIGH)

    child = parent.add_subtask(name="Follow up", description="Ask again.")

    assert (child.agent_id, child.priority) == ("agent_001", TaskPriority.HIGH)
    assert child.parent_task is not None
    assert child.parent_task.id == parent.id
    assert [task.name for task in AgentTask.get(parent.id).subtasks] == ["Follow up"]


@pytest.mark.usefixtures("store")
def test_a_task_waits_for_what_it_depends_on() -> None:
    """is_blocked holds until every dependency is completed, and start_execution says why it refuses."""
    first = new_task("first")
    second = new_task("second", depends_on=[first])

    assert [task.name for task in AgentTask.get_ready_tasks()] == ["first"]
    with pytest.raises(tablewright.TransitionRefused, match="waits for unfinished dependencies"):
        second.start_execution()
    first.start_execution().complete_execution("done")

    assert [task.name for task in AgentTask.get_ready_tasks()] == ["second"]
    assert second.start_execution().status is TaskStatus.IN_PROGRESS


@pytest.mark.usefixtures("store")
def test_statistics_count_time_success_errors_and_retries() -> None:
    """get_agent_stats over one agent or all: by status, priority and agent, with times, success rate and errors."""
    new_task("a").start_execution().complete_execution("x", 10.0)
    new_task("b", priority=TaskPriority.HIGH).start_execution().complete_execution("x", 20.0)
    new_task("c").start_execution().fail_execution("no answer", 30.0)
    new_task("d").start_execution().fail_execution("no answer", 40.0)
    retried = new_task("e").start_execution().fail_execution("lost", 1.0)
    retried.retry_execution()
    new_task("f", agent="agent_002")

    stats = AgentTask.get_agent_stats("agent_001")

    assert stats.total_tasks == 5
    assert stats.by_status == {
        TaskStatus.PENDING: 1,
        TaskStatus.IN_PROGRESS: 0,
        TaskStatus.COMPLETED: 2,
        TaskStatus.FAILED: 2,
        TaskStatus.CANCELLED: 0,
    }
    assert stats.by_priority[TaskPriority.HIGH] == 1
    assert stats.by_agent == {"agent_001": 5}
    assert stats.avg_execution_time == 25.0
    assert stats.success_rate == 0.5
    assert stats.total_retries == 1
    assert stats.errors == {"no answer": 2}
    assert AgentTask.get_agent_stats().by_agent == {"agent_001": 5, "agent_002": 1}


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"execution_time_seconds": -1.0}, "execution_time_seconds"),
        ({"retry_count": -1}, "retry_count"),
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"priority": "Very High"}, "priority"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_field(
    values: dict[str, object], field: str
) -> None:
    """Nothing is stored, and the message names the field."""
    with pytest.raises(tablewright.RecordInvalid, match=field):
        AgentTask._create({"name": "a", "description": "b", "agent_id": "c", **values})

    assert AgentTask.where().count() == 0


@pytest.mark.usefixtures("store")
def test_a_negative_time_is_refused_by_the_transition_too() -> None:
    """The argument is named, and the task stays where it was."""
    task = new_task().start_execution()

    with pytest.raises(tablewright.RecordInvalid, match="execution_time"):
        task.complete_execution("x", execution_time=-1)

    assert AgentTask.get(task.id).status is TaskStatus.IN_PROGRESS


def test_history_tells_who_moved_what_when_and_why(tmp_path: Path) -> None:
    """Each transition leaves a row, in order."""
    with tablewright.connect(f"sqlite:///{tmp_path}/tasks.db"):
        task = new_task()
        task.start_execution(by="ann")
        task.fail_execution("no answer", by="ann", why="the mail server is down")

        entries = task.history()

    assert [(entry.transition, entry.by, entry.why) for entry in entries] == [
        ("start_execution", "ann", None),
        ("fail_execution", "ann", "the mail server is down"),
    ]
    assert all(entry.at.tzinfo is not None for entry in entries)
