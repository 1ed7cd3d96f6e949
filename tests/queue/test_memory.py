"""A queue in a SQLite database in memory, as tests of programs use it."""

from __future__ import annotations

import logging
import threading
import time
from contextvars import copy_context

import pytest

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import connect
from tablewright.worker import Worker, WorkerSettings

TASK = {"name": "n", "description": "d", "agent_id": "a"}


@pytest.mark.parametrize("url", ["sqlite:///:memory:", "sqlite://"])
def test_threads_take_turns_at_the_one_connection(url: str) -> None:
    """Some threads store tasks while others claim and end them; each task ends once, and nobody is refused."""
    with connect(url):
        AgentTask.count()
        ended: list[str] = []
        errors: list[BaseException] = []
        stop = threading.Event()

        def produce() -> None:
            for _ in range(40):
                AgentTask.create(name="n", description="d", agent_id="a")

        def consume() -> None:
            while not stop.is_set() or AgentTask.exists(AgentTask.c.status == TaskStatus.PENDING):
                for task in AgentTask.claim("w", 3):
                    task.complete_execution("done")
                    ended.append(task.id)

        def run(work: object) -> None:
            try:
                work()  # type: ignore[operator]  # one of the two above
            except BaseException as error:  # noqa: BLE001  # told below
                errors.append(error)

        producers, consumers = (
            [threading.Thread(target=copy_context().run, args=(run, work)) for _ in range(3)]
            for work in (produce, consume)
        )
        for one in (*producers, *consumers):
            one.start()
        for one in producers:
            one.join()
        stop.set()
        for one in consumers:
            one.join()

        assert errors == []
        assert sorted(ended) == sorted(AgentTask.where().ids())
        assert len(ended) == 120


def test_a_worker_with_threads_works_on_a_database_in_memory() -> None:
    """Handlers read and write while heartbeats and claims go on."""
    with connect("sqlite:///:memory:"):
        AgentTask.bulk_create(TASK for _ in range(30))

        def handle(task: AgentTask) -> str:
            time.sleep(0.005)
            return f"one of {AgentTask.count()}"

        settings = WorkerSettings(concurrency=4, once=True, heartbeat=0.01)

        assert Worker(AgentTask, handle, settings).run() == 30
        assert {task.output for task in AgentTask.all()} == {"one of 30"}


def test_the_log_has_nothing_of_the_pool_below(caplog: pytest.LogCaptureFixture) -> None:
    """A worker's log is about tasks, on a database in memory as on any other."""
    with caplog.at_level(logging.INFO, "tablewright"), connect("sqlite://"):
        AgentTask.create(name="n", description="d", agent_id="a")
        Worker(AgentTask, lambda _: "done", WorkerSettings(once=True)).run()

    assert not [one for one in caplog.records if "Pool" in one.getMessage()]
