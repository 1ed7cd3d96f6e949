"""Which tasks a claim takes, in which order, and that nobody else gets them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from generated.agent_tasks import AgentTask, TaskPriority, TaskStatus
from tablewright.runtime import (
    AirtableModel,
    Connection,
    RecordInvalid,
    StoreUnavailable,
    columns,
    lifecycle,
    values,
)
from tablewright.runtime.queue.rules import taking_of

pytestmark = pytest.mark.parametrize("url", ["sqlite", "postgresql", "airtable"], indirect=True)
Lapse = Callable[[AirtableModel], None]


def new(**given: Any) -> AgentTask:
    return AgentTask.create(**{"name": "n", "description": "d", "agent_id": "a", **given})


def test_a_claim_takes_by_priority_and_then_by_time(connection: Connection) -> None:
    """The queue's own order holds, enums by their places."""
    names = ["LOW", "URGENT", "MEDIUM", "URGENT", "HIGH"]
    created = [new(priority=TaskPriority[name]) for name in names]

    taken = AgentTask.claim("w", 5)

    assert [task.id for task in taken] == [created[place].id for place in (1, 3, 4, 2, 0)]


def test_a_claimed_task_is_started_and_says_who_has_it(connection: Connection) -> None:
    """The take transition is made, with its effects, by the store's clock; what is read again says the same."""
    new()

    (task,) = AgentTask.claim("w1")

    assert task.status is TaskStatus.IN_PROGRESS
    assert (task.attempt, task.worker_id, task.cancel_requested) == (1, "w1", False)
    assert task.started_at is not None
    assert task.lease_until is not None
    assert task.lease_until - task.started_at == timedelta(minutes=5)
    assert task.fencing_token is not None
    again = AgentTask.get(task.id)
    assert again.fencing_token is None
    assert again.model_dump() == task.model_dump()


def test_what_was_taken_is_not_taken_again(connection: Connection) -> None:
    """Two claims share the tasks, and an empty queue gives nothing."""
    ids = {new().id for _ in range(3)}

    first, second, third = (
        AgentTask.claim("w1", 2),
        AgentTask.claim("w2", 2),
        AgentTask.claim("w3", 2),
    )

    assert {task.id for task in first} | {task.id for task in second} == ids
    assert (len(first), len(second), len(third)) == (2, 1, 0)


def test_many_threads_take_every_task_once(connection: Connection) -> None:
    """However the claims fall together, no task has two holders."""
    ids = sorted(
        one.id
        for one in AgentTask.bulk_create(
            {"name": "n", "description": "d", "agent_id": "a"} for _ in range(120)
        )
    )
    taken: list[str] = []
    store = connection.store

    def work(name: str) -> None:
        queues: Any = store.queues  # type: ignore[attr-defined]
        while found := queues.claim(AgentTask.table, taking_of(AgentTask), name, 3, []):
            taken.extend(one.row["id"] for one in found)

    threads = [threading.Thread(target=work, args=(f"w{place}",)) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == ids


def test_a_task_waits_for_those_it_depends_on(connection: Connection) -> None:
    """The guard of the take transition is part of the claim."""
    first = new()
    second = new(depends_on=[first], priority=TaskPriority.URGENT)

    (taken,) = AgentTask.claim("w", 2)
    taken.complete_execution("done")
    (then,) = AgentTask.claim("w", 2)

    assert (taken.id, then.id) == (first.id, second.id)


def test_a_parent_waits_for_its_children(connection: Connection, jobs: ModuleType) -> None:
    """A guard over the other side of a relation works the same way."""
    whole = jobs.Job.create(name="whole", rank=9)
    part = jobs.Job.create(name="part", part_of=whole)

    (taken,) = jobs.Job.claim("w", 2)
    taken.finish()
    (then,) = jobs.Job.claim("w", 2)

    assert (taken.id, then.id) == (part.id, whole.id)


def test_a_task_that_is_not_due_is_left_out(connection: Connection) -> None:
    """`postpone` keeps a waiting task back, and a moment in the past frees it."""
    task = new().postpone(timedelta(hours=1))
    assert AgentTask.claim("w") == []

    task.postpone(datetime(2020, 1, 1, tzinfo=UTC))

    assert [one.id for one in AgentTask.claim("w")] == [task.id]


def test_conditions_narrow_a_claim(connection: Connection) -> None:
    """A worker may take the tasks of one agent only."""
    new(agent_id="a")
    wanted = new(agent_id="b")

    taken = AgentTask.claim(
        "w", 5, AgentTask.c.agent_id == "b", AgentTask.c.created_time < values_now()
    )

    assert [task.id for task in taken] == [wanted.id]


def test_now_in_a_condition_is_the_time_of_the_store(connection: Connection) -> None:
    """However often it is asked, and whatever was claimed before."""
    old = AgentTask.c.created_time < columns.now() - columns.hours(1)
    new()
    new()

    assert AgentTask.claim("w", 5, old) == []
    assert len(AgentTask.claim("w", 1, ~old)) == 1
    assert len(AgentTask.claim("w", 5, ~old)) == 1


def values_now() -> datetime:
    return values.utc_now() + timedelta(seconds=5)


def test_a_lease_that_ran_out_is_taken_again(connection: Connection, lapse: Lapse) -> None:
    """The same claim finds it: failed, put back and taken in one step, which the history tells."""
    new()
    (lost,) = AgentTask.claim("w1")
    lapse(lost)

    (task,) = AgentTask.claim("w2")

    assert (task.id, task.attempt, task.retry_count, task.worker_id) == (lost.id, 2, 1, "w2")
    told = [(one.transition, one.by, one.attempt) for one in task.history()]
    assert told == [
        ("start_execution", "w1", 1),
        ("fail_execution", "w1", 1),
        ("retry_execution", "w1", 1),
        ("start_execution", "w2", 2),
    ]
    assert [one.error for one in task.history()][
        1
    ] == "the lease ran out: nothing was heard from the worker in time"


def test_priority_holds_between_new_tasks_and_lapsed_ones(
    connection: Connection, lapse: Lapse
) -> None:
    """A lapsed task of low priority does not overtake an urgent one that waits."""
    new(priority=TaskPriority.LOW)
    (lost,) = AgentTask.claim("w1")
    lapse(lost)
    urgent = new(priority=TaskPriority.URGENT)

    assert [task.id for task in AgentTask.claim("w2", 2)] == [urgent.id, lost.id]


def test_a_lapsed_task_without_attempts_left_ends_as_failed(
    connection: Connection, lapse: Lapse
) -> None:
    """The guard of the retry transition counts: after three retries nobody takes it again."""
    new()
    for _ in range(4):
        (task,) = AgentTask.claim("w")
        lapse(task)

    assert AgentTask.claim("w") == []

    ended = AgentTask.get(task.id)
    assert (ended.status, ended.attempt, ended.retry_count) == (TaskStatus.FAILED, 4, 3)
    assert ended.error_message is not None
    assert ended.error_message.startswith("the lease ran out")
    assert ended.lease_until is None


def test_without_a_retry_policy_a_lapsed_task_ends_as_failed(
    connection: Connection, jobs: ModuleType, lapse: Lapse
) -> None:
    """A task that nobody is to try twice is not tried twice."""
    jobs.Errand.create(name="n")
    (task,) = jobs.Errand.claim("w")
    lapse(task)

    assert jobs.Errand.claim("w") == []
    assert jobs.Errand.get(task.id).state is jobs.State.BROKEN


def test_a_task_that_is_asked_to_stop_is_not_taken(
    connection: Connection, jobs: ModuleType
) -> None:
    """Without a transition that cancels it stays where it is; with one it is cancelled at once."""
    errand = jobs.Errand.create(name="n").request_cancel()
    task = new().request_cancel()

    assert jobs.Errand.claim("w") == []
    assert AgentTask.claim("w") == []
    assert errand.cancel_requested
    assert jobs.Errand.get(errand.id).state is jobs.State.WAITING
    assert AgentTask.get(task.id).status is TaskStatus.CANCELLED


@pytest.mark.parametrize("hours", [-48, 48])
def test_the_clock_of_a_worker_does_not_count(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """A worker whose clock is two days off neither takes what others hold nor loses what it has."""
    new()
    (held,) = AgentTask.claim("w1")

    def wrong() -> datetime:
        return datetime.now(UTC) + timedelta(hours=hours)

    monkeypatch.setattr(values, "utc_now", wrong)
    monkeypatch.setattr(lifecycle, "utc_now", wrong)

    assert AgentTask.claim("w2") == []
    held.heartbeat()
    held.complete_execution("done")
    assert held.execution_time_seconds is not None
    assert 0 <= held.execution_time_seconds < 30


def test_what_the_queue_sets_nobody_else_sets(connection: Connection) -> None:
    """Neither create nor update takes the queue's attributes."""
    task = new()

    for name, value in {"attempt": 3, "worker_id": "w", "cancel_requested": True}.items():
        with pytest.raises(RecordInvalid, match="is given by the store"):
            AgentTask.bulk_create([{"name": "n", "description": "d", "agent_id": "a", name: value}])
        with pytest.raises(RecordInvalid, match="is given by the store"):
            setattr(task, name, value)
    assert AgentTask.count() == 1


@pytest.mark.parametrize(
    ("worker", "n"),
    [
        ("", 1),
        (7, 1),
        ("w" * 1_001, 1),
        ("w\0", 1),
        ("\udcff", 1),
        ("w", 0),
        ("w", 1_001),
        ("w", "10"),
        ("w", True),
    ],
)
def test_a_claim_that_makes_no_sense_is_refused(
    connection: Connection, worker: Any, n: Any
) -> None:
    """Nobody, nothing, what is no number, and more than a thousand cannot be asked for; the next claim is sound."""
    new()
    with pytest.raises(ValueError, match="claim"):
        AgentTask.claim(worker, n)
    assert len(AgentTask.claim("w")) == 1


def test_what_was_taken_is_not_lost_to_what_else_a_claim_sees_to(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the store fails while tasks of silent workers are ended, the worker has its task, and the log says so."""
    new()
    store: Any = connection.store

    def fail(*_: object) -> None:
        raise StoreUnavailable("the store went away")

    monkeypatch.setattr(store.queues, "lapsed", fail)

    (task,) = AgentTask.claim("w", 5)

    assert "could not be ended: the store went away" in caplog.text
    task.complete_execution("done")
    with pytest.raises(StoreUnavailable):
        AgentTask.claim("w", 5)


def test_what_is_no_condition_and_no_span_of_time_is_refused(connection: Connection) -> None:
    """With what is wanted, and before anything is taken."""
    wrong: Any = "agent_id"
    new()
    with pytest.raises(TypeError, match=r"claim\(\) takes conditions .* not 'agent_id'"):
        AgentTask.claim("w", 1, wrong)
    with pytest.raises(TypeError, match=r"queue_statistics\(\) takes conditions"):
        AgentTask.queue_statistics(wrong)
    (task,) = AgentTask.claim("w")
    for action in (task.release, task.postpone):
        with pytest.raises(TypeError, match="takes a span of time"):
            action(wrong)
