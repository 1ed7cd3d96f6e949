"""Failures: when a task comes back, when it does not, and what the history keeps of it."""

from __future__ import annotations

import itertools
from datetime import timedelta
from types import ModuleType

import pytest

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import Connection
from tablewright.runtime.queue.settling import pause_before
from tablewright.runtime.spec import RetrySpec

on_every_store = pytest.mark.parametrize("url", ["sqlite", "postgresql", "airtable"], indirect=True)


@on_every_store
def test_a_failure_puts_the_task_back_with_a_pause(connection: Connection) -> None:
    """It waits for the policy's first pause, give or take its jitter; the error stands in the history."""
    AgentTask.create(name="n", description="d", agent_id="a")
    (task,) = AgentTask.claim("w")

    task.fail_execution("no network")

    assert (task.status, task.retry_count, task.error_message) == (TaskStatus.PENDING, 1, None)
    assert task.ready_at is not None
    failed = task.history()[1]
    assert (failed.transition, failed.attempt, failed.error) == ("fail_execution", 1, "no network")
    assert timedelta(seconds=26) < task.ready_at - failed.at < timedelta(seconds=34)
    assert AgentTask.claim("w") == []


@on_every_store
def test_the_last_failure_is_final(connection: Connection) -> None:
    """The retry transition's own guard says how many attempts there are."""
    AgentTask.create(name="n", description="d", agent_id="a")

    for attempt in itertools.count(1):
        taken = AgentTask.claim("w")
        if not taken:
            break
        taken[0].fail_execution(f"error {attempt}")
        if taken[0].status is TaskStatus.PENDING:
            taken[0].postpone(timedelta(seconds=-1))

    ended = AgentTask.first()
    assert ended is not None
    assert (ended.status, ended.attempt, ended.retry_count) == (TaskStatus.FAILED, 4, 3)
    assert ended.error_message == "error 4"
    assert [one.error for one in ended.history() if one.error] == [
        f"error {one}" for one in range(1, 5)
    ]
    states = [ended.history()[0].from_state, *(one.to_state for one in ended.history())]
    assert all(one.from_state is was for one, was in zip(ended.history(), states, strict=False))


@on_every_store
def test_a_task_that_failed_for_good_can_be_retried_by_hand(
    connection: Connection, jobs: ModuleType
) -> None:
    """A person's transition goes past the policy, and the task is taken again."""
    job = jobs.Job.create(name="n")
    (taken,) = jobs.Job.claim("w")
    job.refresh().request_cancel()
    taken.heartbeat().break_off("asked to stop")

    job.refresh().again()

    assert [one.id for one in jobs.Job.claim("w")] == [job.id]
    assert not jobs.Job.get(job.id).cancel_requested


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 30.0), (2, 60.0), (3, 120.0), (8, 3_600.0), (100_000, 3_600.0)]
)
def test_pauses_grow_up_to_the_most(attempt: int, seconds: float) -> None:
    """By the factor each time, and never beyond, however many attempts there were."""
    retry = RetrySpec("again", first=30.0, factor=2.0, most=3_600.0, jitter=0.0)

    assert pause_before(retry, attempt) == seconds


def test_jitter_spreads_the_pauses() -> None:
    """They differ, and stay within the share that was given."""
    retry = RetrySpec("again", first=100.0, factor=1.0, most=100.0, jitter=0.2)
    pauses = {pause_before(retry, 1) for _ in range(50)}

    assert len(pauses) > 40
    assert all(80 <= one <= 120 for one in pauses)
