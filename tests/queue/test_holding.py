"""What a worker may do with a task that it holds, and what everybody else may not."""

from __future__ import annotations

import copy
import pickle
import time
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType

import pytest

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import AirtableModel, Connection, LeaseLost, TransitionRefused

pytestmark = pytest.mark.parametrize("url", ["sqlite", "postgresql", "airtable"], indirect=True)
Lapse = Callable[[AirtableModel], None]


def claimed() -> AgentTask:
    AgentTask.create(name="n", description="d", agent_id="a")
    (task,) = AgentTask.claim("w1")
    return task


def test_a_heartbeat_extends_the_lease(connection: Connection) -> None:
    """It ends later than before, in the store too."""
    task = claimed()
    before = task.lease_until

    task.heartbeat()

    assert task.lease_until is not None
    assert before is not None
    assert task.lease_until > before
    assert AgentTask.get(task.id).lease_until == task.lease_until


def test_a_late_worker_changes_nothing(connection: Connection, lapse: Lapse) -> None:
    """Whatever it tries after another one took the task, it is told, and the other one's work stands."""
    late = claimed()
    lapse(late)
    (task,) = AgentTask.claim("w2")
    before = AgentTask.get(task.id).model_dump()

    for attempt in (
        late.heartbeat,
        late.release,
        lambda: late.complete_execution("late"),
        lambda: late.fail_execution("late"),
        late.cancel_execution,
    ):
        with pytest.raises(LeaseLost):
            attempt()

    assert AgentTask.get(task.id).model_dump() == before
    assert len(task.history()) == 4
    task.complete_execution("in time")
    assert AgentTask.get(task.id).output == "in time"


def test_nobody_moves_a_task_that_somebody_holds(connection: Connection) -> None:
    """A record that was read, not claimed, is refused with the holder's name and the way out."""
    task = claimed()
    read = AgentTask.get(task.id)

    with pytest.raises(TransitionRefused, match=r"held by worker 'w1' until .*request_cancel"):
        read.complete_execution("mine")
    with pytest.raises(TransitionRefused, match="held by worker 'w1'"):
        read.cancel_execution()
    task.complete_execution("done")

    assert AgentTask.get(task.id).output == "done"


def test_after_the_lease_anybody_may_move_the_task(connection: Connection, lapse: Lapse) -> None:
    """A lease that ran out keeps nobody away, and its former holder has lost it."""
    task = claimed()
    lapse(task)

    AgentTask.get(task.id).cancel_execution()

    with pytest.raises(LeaseLost):
        task.complete_execution("late")
    assert AgentTask.get(task.id).status is TaskStatus.CANCELLED


def test_tasks_can_be_moved_without_the_queue(connection: Connection) -> None:
    """Who starts a task by hand holds no lease; nobody takes it, and everybody may end it."""
    task = AgentTask.create(name="n", description="d", agent_id="a").start_execution()

    assert AgentTask.claim("w") == []
    AgentTask.get(task.id).complete_execution("by hand")
    assert task.refresh().output == "by hand"


def test_a_released_task_is_as_it_was(connection: Connection) -> None:
    """It waits again, without the attempt; *after* keeps it back for a while."""
    task = claimed().release()

    assert (task.status, task.attempt, task.lease_until, task.worker_id) == (
        TaskStatus.PENDING,
        0,
        None,
        None,
    )
    with pytest.raises(LeaseLost):
        task.heartbeat()
    (again,) = AgentTask.claim("w2")
    again.release(timedelta(hours=1))
    assert AgentTask.claim("w3") == []
    assert [one.transition for one in task.history()] == [
        "start_execution",
        "release",
        "start_execution",
        "release",
    ]


def test_a_request_to_stop_reaches_the_holder(connection: Connection) -> None:
    """The next heartbeat tells; the holder then cancels the task itself."""
    task = claimed()

    AgentTask.get(task.id).request_cancel()

    assert task.heartbeat().cancel_requested
    task.cancel_execution()
    assert AgentTask.get(task.id).status is TaskStatus.CANCELLED


def test_a_task_that_was_asked_to_stop_gets_no_other_attempt(connection: Connection) -> None:
    """Its failure is final."""
    task = claimed()
    AgentTask.get(task.id).request_cancel()

    task.heartbeat().fail_execution("stopped")

    assert AgentTask.get(task.id).status is TaskStatus.FAILED


def test_what_ended_can_neither_be_stopped_nor_postponed(connection: Connection) -> None:
    """Both are refused with the state it is in."""
    task = claimed().complete_execution("done")

    with pytest.raises(TransitionRefused, match="'Completed'"):
        task.request_cancel()
    with pytest.raises(TransitionRefused, match="'Completed'"):
        task.postpone(timedelta(seconds=1))


def test_a_transition_that_stays_in_the_state_keeps_the_lease(
    connection: Connection, jobs: ModuleType
) -> None:
    """Progress can be reported while the work goes on."""
    jobs.Job.create(name="n")
    (job,) = jobs.Job.claim("w")

    job.report("half way")
    job.heartbeat()
    job.finish("all")

    assert jobs.Job.get(job.id).result == "all"


def test_an_answer_that_was_lost_is_no_lost_lease(connection: Connection) -> None:
    """The same settlement sent twice succeeds twice, and stands in the history once."""
    task = claimed()
    twin = copy.copy(task)

    task.complete_execution("done")
    twin.complete_execution("done")

    assert twin.status is TaskStatus.COMPLETED
    assert [one.transition for one in task.history()] == ["start_execution", "complete_execution"]


def test_refreshing_keeps_the_claim_and_pickling_drops_it(connection: Connection) -> None:
    """What was claimed here stays claimed here, and another process has to claim by itself."""
    task = claimed()

    assert task.refresh().fencing_token is not None
    assert pickle.loads(pickle.dumps(task)).fencing_token is None  # noqa: S301  # our own bytes


def test_time_is_up_after_the_timeout(connection: Connection, jobs: ModuleType) -> None:
    """A lease never runs more than a second beyond the time of an attempt, and is not extended after that time."""
    jobs.Errand.create(name="n")
    (errand,) = jobs.Errand.claim("w")

    time.sleep(0.35)

    assert errand.lease_until - errand._origin.lease.taken_at <= timedelta(seconds=1.301)
    with pytest.raises(LeaseLost):
        errand.heartbeat()
    errand.break_off("time is up")
    assert jobs.Errand.get(errand.id).state is jobs.State.BROKEN
