"""What a worker may do with a task that it holds, and what everybody else may not."""

from __future__ import annotations

import copy
import pickle
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from types import ModuleType

import pytest

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import (
    AirtableModel,
    Connection,
    LeaseLost,
    StoreUnavailable,
    TransitionRefused,
)

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


def test_the_end_of_a_task_leaves_unsaved_changes_out(connection: Connection) -> None:
    """The transition stores what it sets; the record keeps the rest as unsaved, for `save()` to store."""
    task = claimed()
    task.description = "not saved"

    task.complete_execution("ok")

    assert AgentTask.get(task.id).description == "d"
    assert (task.description, task.unsaved_changes) == ("not saved", {"description": "not saved"})


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

    with pytest.raises(
        TransitionRefused, match=r"held by worker 'w1' until .*request_cancel.* now: nothing\)$"
    ):
        read.complete_execution("mine")
    with pytest.raises(TransitionRefused, match="held by worker 'w1'"):
        read.cancel_execution()
    for step in (read.heartbeat, read.release):
        with pytest.raises(LeaseLost, match=r"no lease is held by it: what claim\(\) gives"):
            step()
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


@pytest.mark.parametrize("end", ["fail_execution", "release"])
def test_a_request_to_stop_counts_before_the_holder_hears_of_it(
    connection: Connection, end: str
) -> None:
    """Neither a failure nor giving the task back makes the queue forget it: nobody takes the task again."""
    task = claimed()
    AgentTask.get(task.id).request_cancel()

    getattr(task, end)(*(["no network"] if end == "fail_execution" else []))

    wanted = TaskStatus.FAILED if end == "fail_execution" else TaskStatus.CANCELLED
    stored = AgentTask.get(task.id)
    assert task.status is stored.status is wanted
    assert (stored.lease_until, stored.retry_count, stored.cancel_requested) == (None, 0, True)
    assert AgentTask.claim("w2") == []
    with pytest.raises(LeaseLost):
        task.heartbeat()


def test_a_task_that_cannot_be_cancelled_and_was_asked_to_stop_waits_untaken(
    connection: Connection, jobs: ModuleType
) -> None:
    """Where the queue has no transition that cancels, a task that is given back stays as it was asked to."""
    jobs.Errand.create(name="n")
    (errand,) = jobs.Errand.claim("w")
    jobs.Errand.get(errand.id).request_cancel()

    errand.release()

    assert (errand.state, errand.cancel_requested) == (jobs.State.WAITING, True)
    assert jobs.Errand.claim("w") == []


def test_who_asks_a_task_to_stop_need_not_know_its_state(connection: Connection) -> None:
    """A record that was read while somebody held the task cancels it once it waits again."""
    task = claimed()
    old = AgentTask.get(task.id)
    task.release()

    assert old.request_cancel().status is TaskStatus.CANCELLED


@pytest.mark.parametrize("end", ["fail_execution", "cancel_execution"])
def test_who_comes_late_to_the_same_end_is_told_so(
    connection: Connection, lapse: Lapse, end: str
) -> None:
    """A task that was ended because its worker was silent was not ended by that worker."""
    AgentTask.create(name="n", description="d", agent_id="a", retry_count=3)
    (late,) = AgentTask.claim("w1")
    if end == "cancel_execution":
        AgentTask.get(late.id).request_cancel()
    lapse(late)
    assert AgentTask.claim("w2") == []

    with pytest.raises(LeaseLost):
        getattr(late, end)(*(["my own error"] if end == "fail_execution" else []))

    assert AgentTask.get(late.id).output is None
    assert [one.transition for one in late.history()] == ["start_execution", end]


@pytest.mark.parametrize("days", [-40_000, 40_000, 10_000_000])
def test_nothing_is_put_off_for_more_than_a_hundred_years(
    connection: Connection, days: int
) -> None:
    """SQLite knows no such moment and would have the task due at once."""
    task = AgentTask.create(name="n", description="d", agent_id="a")
    with pytest.raises(ValueError, match=r"postpone\(\) takes at most 36525 days"):
        task.postpone(timedelta(days=days))

    (held,) = AgentTask.claim("w")
    with pytest.raises(ValueError, match=r"release\(\) takes at most 36525 days"):
        held.release(timedelta(days=days))

    held.heartbeat()


@pytest.mark.parametrize(
    "until",
    [
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5))),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))),
        datetime(2030, 1, 1),  # noqa: DTZ001  # that is the mistake
    ],
)
def test_nothing_is_put_off_to_a_moment_that_cannot_be_read_again(
    connection: Connection, until: datetime
) -> None:
    """PostgreSQL takes what lies beyond the calendar of Python, and then nobody reads the row."""
    task = AgentTask.create(name="n", description="d", agent_id="a")

    with pytest.raises(ValueError, match=r"postpone\(\): until "):
        task.postpone(until)

    assert AgentTask.all() == [task]


def test_what_ended_can_neither_be_stopped_nor_postponed(connection: Connection) -> None:
    """Both are refused with the state it is in."""
    task = claimed().complete_execution("done")

    with pytest.raises(TransitionRefused, match="'Completed'"):
        task.request_cancel()
    with pytest.raises(TransitionRefused, match="'Completed'"):
        task.postpone(timedelta(seconds=1))


def test_a_refusal_names_what_is_possible_as_the_task_is_stored(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not what was possible when it was read; and by its state alone where a guard cannot be looked at."""
    done, failed = (claimed() for _ in range(2))
    old = AgentTask.get(done.id)
    done.complete_execution("done")
    monkeypatch.setattr(AgentTask, "can_retry_execution", unreachable)
    failed.release()
    other = AgentTask.get(failed.id)
    AgentTask.get(failed.id).start_execution().fail_execution("no luck")

    with pytest.raises(TransitionRefused) as refusal:
        old.postpone(timedelta(seconds=1))
    assert refusal.value.possible == ()
    for act in (other.request_cancel, lambda: other.postpone(timedelta(seconds=1))):
        with pytest.raises(TransitionRefused, match="'Failed'") as refusal:
            act()
        assert refusal.value.possible == ("retry_execution", "cancel_execution")


def unreachable(_: AgentTask) -> bool:
    """A guard whose links cannot be read."""
    raise StoreUnavailable("nobody is there")


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
