"""How far a worker looks ahead: by the batch while tasks are short, not at all while they are long."""

from __future__ import annotations

import threading
import time
from types import ModuleType
from typing import Any

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import Connection
from tablewright.worker import Worker, WorkerSettings
from tablewright.worker.ahead import (
    MOST,
    STALE_SECONDS,
    WINDOW_SECONDS,
    LookAhead,
    may_wait,
)


def fill(number: int, **given: Any) -> None:
    AgentTask.bulk_create(
        {"name": f"n{one}", "description": "d", "agent_id": "a", **given} for one in range(number)
    )


def after(seconds: float, claims: int, concurrency: int = 1) -> int:
    """Return how many tasks are claimed beforehand after full claims of tasks that took so long."""
    ahead = LookAhead(concurrency, None)
    for _ in range(claims):
        ahead.took(seconds)
        ahead.was_full()
    return ahead.number


def test_short_tasks_are_claimed_in_growing_batches() -> None:
    """1, 3, 7, …, up to a limit; and never more than are begun within the window."""
    assert [after(0.001, claims) for claims in range(5)] == [0, 1, 3, 7, 15]
    assert after(0.001, 50) == MOST + 1
    assert after(WINDOW_SECONDS / 3.5, 50) == 3
    assert after(WINDOW_SECONDS / 3.5, 50, concurrency=4) == 14


def test_long_tasks_are_claimed_one_by_one() -> None:
    """One long task is enough to stop looking ahead, and so is an empty queue, behind which others may come."""
    ahead = LookAhead(1, None)
    for _ in range(9):
        ahead.took(0.001)
        ahead.was_full()

    ahead.took(1.0)
    long = ahead.number
    for _ in range(30):
        ahead.took(0.001)
    ahead.was_full()
    again = ahead.number
    ahead.was_empty()

    assert (long, again, ahead.number) == (0, 1, 0)


def test_attempts_of_little_time_are_not_spent_waiting(jobs: ModuleType) -> None:
    """An attempt's time runs from its claim, so a short one is claimed when it can begin; `now()` may be set earlier."""
    assert [may_wait(model) for model in (AgentTask, jobs.Job, jobs.Errand)] == [True, True, False]


def test_a_number_that_was_given_stays() -> None:
    """`--prefetch` overrides what the worker would find out."""
    ahead = LookAhead(1, 5)
    ahead.took(100.0)
    ahead.was_empty()

    assert ahead.number == 5


def test_a_worker_claims_short_tasks_by_the_batch(connection: Connection) -> None:
    """A hundred tasks that take no time need far fewer claims, and each is done once."""
    fill(100)
    queues: Any = connection.store.queues  # type: ignore[attr-defined]
    claim, sizes = queues.claim, list[int]()

    def counted(*given: Any) -> Any:
        found = claim(*given)
        sizes.append(len(found))
        return found

    queues.claim = counted
    worker = Worker(AgentTask, lambda _: "done", WorkerSettings(once=True))
    worker.run()

    assert worker.metrics.counts["completed"] == 100
    assert {(task.status, task.attempt) for task in AgentTask.all()} == {(TaskStatus.COMPLETED, 1)}
    assert sizes[0] == 1
    assert max(sizes) > 4


def test_nobody_waits_for_what_another_one_hoards(connection: Connection) -> None:
    """Behind many short tasks comes a long one: what was claimed beforehand is given back for others to take."""
    fill(60, priority="High")
    fill(8)
    end, long = threading.Event(), threading.Event()

    def handle(task: AgentTask) -> None:
        if task.priority.name == "MEDIUM":
            long.set()
            end.wait(60)

    worker = Worker(AgentTask, handle, WorkerSettings())
    running = threading.Thread(target=worker.run)
    running.start()
    long.wait(60)
    taken: list[AgentTask] = []
    deadline = time.monotonic() + STALE_SECONDS + 30
    while len(taken) < 7 and time.monotonic() < deadline:
        taken += AgentTask.claim("idle", 8)
        time.sleep(0.05)
    end.set()
    worker.stop()
    running.join()

    assert len(taken) == 7
    assert {task.attempt for task in taken} == {1}
