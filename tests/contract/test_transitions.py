"""What every store promises about transitions: state, effects and history together, decided on what is there."""

from __future__ import annotations

from typing import Any

import pytest

from generated.agent_tasks import AgentTask, TaskPriority, TaskStatus
from tablewright.runtime import (
    Connection,
    RecordChanged,
    RecordInvalid,
    RecordNotFound,
    TransitionRefused,
)
from tests.contract.tasks import task


def test_a_transition_moves_the_record_and_leaves_history(connection: Connection) -> None:
    """State, effects and history are stored together; other unsaved changes stay unsaved."""
    made = task()
    made.priority = TaskPriority.LOW

    made.start_execution(by="agent", why="its turn")
    made.complete_execution("done", execution_time=2.5)

    assert made.unsaved_changes == {"priority": TaskPriority.LOW}
    read = AgentTask.get(made.id)
    assert (read.status, read.output, read.execution_time_seconds) == (
        TaskStatus.COMPLETED,
        "done",
        2.5,
    )
    assert read.priority is TaskPriority.MEDIUM
    history = read.history()
    assert [(one.transition, one.from_state, one.to_state, one.by, one.why) for one in history] == [
        ("start_execution", TaskStatus.PENDING, TaskStatus.IN_PROGRESS, "agent", "its turn"),
        ("complete_execution", TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED, None, None),
    ]
    assert history[0].at == read.started_at


def test_a_refusal_says_what_is_possible(connection: Connection) -> None:
    """The error has the record, its state, what can be done now, and the guard's reason."""
    first = task()
    second = task(depends_on=[first])

    with pytest.raises(TransitionRefused) as by_state:
        first.complete_execution("x")
    with pytest.raises(TransitionRefused, match="waits for unfinished dependencies") as by_guard:
        second.start_execution()

    assert (by_state.value.state, by_state.value.possible) == (
        "Pending",
        ("start_execution", "cancel_execution"),
    )
    assert by_guard.value.possible == ("cancel_execution",)
    assert AgentTask.get(second.id).status is TaskStatus.PENDING
    first.start_execution()
    first.complete_execution("x")
    assert second.start_execution().status is TaskStatus.IN_PROGRESS


def test_a_stale_record_is_told_what_changed(connection: Connection) -> None:
    """A transition decided on an old state, or on an old value that it reads, stores nothing."""
    made = task()
    stale = AgentTask.get(made.id)
    made.start_execution()

    with pytest.raises(RecordChanged, match="status is 'In Progress', not 'Pending'"):
        stale.start_execution()
    made.fail_execution("broken")
    stale.refresh()
    made.update(retry_count=3)
    with pytest.raises(RecordChanged, match="retry_count is 3, not 0"):
        stale.retry_execution()

    assert len(made.history()) == 2
    assert stale.status is TaskStatus.FAILED


def test_changed_links_are_noticed_by_the_transition_that_reads_them(
    connection: Connection,
) -> None:
    """A dependency that somebody added in the meantime keeps the task from starting."""
    made, other = task(), task()
    stale = AgentTask.get(made.id)
    made.update(depends_on=[other])

    with pytest.raises(RecordChanged, match="depends_on"):
        stale.start_execution()


def test_arguments_of_a_transition_are_checked(connection: Connection) -> None:
    """The error names the argument; nothing moves."""
    made = task()
    made.start_execution()

    with pytest.raises(
        RecordInvalid, match=r"complete_execution\(\): execution_time has to be at least 0"
    ):
        made.complete_execution("x", execution_time=-1)
    with pytest.raises(RecordInvalid, match=r"complete_execution\(\): output is required"):
        made.complete_execution("")

    assert AgentTask.get(made.id).status is TaskStatus.IN_PROGRESS


def test_the_time_that_a_task_took_is_measured_unless_given(connection: Connection) -> None:
    """Without execution_time it is the time since the start."""
    made = task()
    made.start_execution()
    made.complete_execution("x")

    assert made.completed_at is not None
    assert made.started_at is not None
    took = (made.completed_at - made.started_at).total_seconds()
    assert made.execution_time_seconds == pytest.approx(took, abs=0.001)


@pytest.mark.parametrize(
    "told", [{"by": "\x00"}, {"why": "\ud800"}, {"by": 5}, {"why": "x" * 100_001}]
)
def test_who_and_why_are_texts_that_every_store_holds(
    connection: Connection, told: dict[str, Any]
) -> None:
    """They are checked as fields are, before anything is stored."""
    made = task()
    (name,) = told

    with pytest.raises(RecordInvalid, match=rf"start_execution\(\): {name} "):
        made.start_execution(**told)

    assert AgentTask.get(made.id).status is TaskStatus.PENDING
    assert made.history() == []


def test_a_decision_by_what_is_not_saved_is_told_so(connection: Connection) -> None:
    """Nobody else changed the record, so that reading it again would only drop the change."""
    made = task()
    made.start_execution()
    made.fail_execution("x")
    made.retry_count = 2

    with pytest.raises(RecordChanged, match=r"is not saved \(retry_count is 0, not 2\).* save\(\)"):
        made.retry_execution()

    made.save()
    assert made.retry_execution().retry_count == 3


@pytest.mark.parametrize("no_id", ["", "\x00", "rec\ud800", "x" * 100])
def test_what_can_be_no_id_is_not_found(connection: Connection, no_id: str) -> None:
    """The same on every store."""
    with pytest.raises(RecordNotFound):
        AgentTask.get(no_id)
