"""What makes a waiting worker look: new tasks, dependencies that end, moments that come; and nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import AirtableModel, Connection, StoreUnavailable
from tablewright.runtime.stores.sql_queue_listen import PostgresListener
from tablewright.worker import Worker, WorkerSettings, waiting


def make(name: str, **given: Any) -> AgentTask:
    return AgentTask.create(name=name, description="d", agent_id=given.pop("agent", "a"), **given)


@pytest.fixture
def nothing_but_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pauses be so long that a worker looks only when something tells it to."""
    monkeypatch.setattr(waiting, "FIRST_PAUSE", 600.0)
    monkeypatch.setattr(waiting, "LISTENING_PAUSE", 600.0)


@contextmanager
def at_work(
    connection: Connection, handler: Callable[[Any], Any], model: Any = AgentTask, **settings: Any
) -> Iterator[list[int]]:
    """Let a worker run meanwhile; give what grows by one with each look at the queue."""
    queues: Any = connection.store.queues  # type: ignore[attr-defined]
    claim, looks = queues.claim, list[int]()

    def counted(*given: Any) -> Any:
        looks.append(1)
        return claim(*given)

    queues.claim = counted
    worker = Worker(model, handler, WorkerSettings(**{"longest_pause": 600.0, **settings}))
    running = threading.Thread(target=worker.run)
    running.start()
    try:
        yield looks
    finally:
        queues.claim = claim
        worker.stop()
        running.join()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.01)


def test_a_worker_takes_what_its_own_task_was_waited_for(
    connection: Connection, nothing_but_signs: None
) -> None:
    """When a task ends, the one that waits for it is taken by the same worker at once, on every store."""
    first = make("first")
    make("second", depends_on=[first])
    seen: list[str] = []

    with at_work(connection, lambda task: seen.append(task.name), concurrency=2) as looks:
        wait_until(lambda: len(seen) == 2)

    assert seen == ["first", "second"]
    assert len(looks) <= 6


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_another_worker_is_woken_when_a_dependency_ends(
    connection: Connection, nothing_but_signs: None
) -> None:
    """On PostgreSQL an idle worker hears of it, and of nothing that concerns nobody."""
    first = make("first")
    make("second", depends_on=[first])
    alone = make("alone")
    seen: list[str] = []
    held = {task.name: task for task in AgentTask.claim("other", 2)}
    assert set(held) == {"first", "alone"}

    with at_work(connection, lambda task: seen.append(task.name)) as looks:
        wait_until(lambda: len(looks) == 1)
        held[alone.name].complete_execution("nobody waits for it")
        time.sleep(0.3)
        assert len(looks) == 1
        held["first"].complete_execution("somebody does")
        wait_until(lambda: seen == ["second"])


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("nothing_but_signs")
def test_another_worker_is_woken_when_a_task_comes_back(
    connection: Connection, jobs: ModuleType
) -> None:
    """What is given back is taken by an idle worker; what failed, when its pause is over; a parent, after its part."""
    parent = jobs.Job.create(name="parent")
    for name in ("released", "failed", "part"):
        jobs.Job.create(name=name, part_of=parent if name == "part" else None)
    held = {job.name: job for job in jobs.Job.claim("other", 5)}
    assert set(held) == {"released", "failed", "part"}
    seen: list[str] = []

    with at_work(connection, lambda job: seen.append(job.name), jobs.Job) as looks:
        wait_until(lambda: len(looks) == 1)
        held["released"].release()
        wait_until(lambda: seen == ["released"])
        held["failed"].break_off("bad luck")
        wait_until(lambda: seen == ["released", "failed"])
        held["part"].finish("done")
        wait_until(lambda: seen == ["released", "failed", "parent"])


def test_a_task_is_taken_when_it_is_due(connection: Connection, nothing_but_signs: None) -> None:
    """The next moment is asked of the store, so the pause ends with it and not before."""
    task = make("later").postpone(timedelta(seconds=1))
    seen: list[datetime] = []

    with at_work(connection, lambda _: seen.append(datetime.now(UTC))) as looks:
        wait_until(lambda: bool(seen))

    assert task.ready_at is not None
    assert seen[0] >= task.ready_at
    assert len(looks) <= 6


def test_what_is_not_for_a_worker_keeps_it_from_nothing(
    connection: Connection, lapse: Callable[[AirtableModel], None]
) -> None:
    """A lease that ran out, of a task that the worker may not take, is no reason to look again and again."""
    make("theirs", agent="b")
    (held,) = AgentTask.claim("gone")
    lapse(held)

    with at_work(connection, lambda _: None, where=[AgentTask.c.agent_id == "a"]) as looks:
        time.sleep(1.5)

    # Pauses of 20 ms that double: seven or eight looks.
    assert len(looks) < 12


def test_what_becomes_due_for_others_wakes_no_worker(connection: Connection) -> None:
    """Each of many moments would be a look, as often as a queue of failures has any."""
    for place in range(30):
        make("theirs", agent="b").postpone(timedelta(seconds=1.2 + place / 40))

    with at_work(connection, lambda _: None, where=[AgentTask.c.agent_id == "a"]) as looks:
        time.sleep(2.5)

    assert len(looks) < 14


def test_a_lease_that_ran_out_hides_no_task_that_becomes_due(
    connection: Connection, lapse: Callable[[AirtableModel], None]
) -> None:
    """Whatever cannot be taken lies in the past; the moment to come is waited for."""
    make("stuck")
    (held,) = AgentTask.claim("gone")
    lapse(held)
    make("later").postpone(timedelta(seconds=1))
    store: Any = connection.store
    due = store.queues.next_due(AgentTask.table, [])

    assert due is not None
    assert 0.5 < due <= 1.0


@pytest.mark.parametrize("held", [False, True])
def test_an_idle_worker_looks_seldom(connection: Connection, held: bool) -> None:
    """With nothing to take the pauses grow, also while one of its slots is busy."""
    end = threading.Event()
    if held:
        make("long")

    with at_work(connection, lambda _: end.wait(30), concurrency=2) as looks:
        time.sleep(1.5)
        number = len(looks)
        end.set()

    assert number < 12


def test_pauses_are_those_of_a_store_that_tells_nobody_where_nothing_is_heard() -> None:
    """A listener whose database is away, or cannot notify, waits as if there were none."""

    def away() -> None:
        raise StoreUnavailable("nobody is there")

    deaf = PostgresListener.opened(away, AgentTask.table)
    pauses = waiting.Waiting(deaf, 0.1)
    for _ in range(5):
        pauses.idle(None)
    pauses.close()

    assert not pauses.is_long


def test_the_longest_pause_that_was_asked_for_holds_where_tasks_are_told_of_too(
    connection: Connection,
) -> None:
    """What nobody tells of, such as a dependency in another table, is then looked for as often as that."""
    with at_work(connection, lambda _: None, longest_pause=0.1) as looks:
        time.sleep(1.2)
        assert len(looks) > 8
