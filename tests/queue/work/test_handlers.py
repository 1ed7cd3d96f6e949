"""Handlers that misbehave: they end the attempt at most, never the worker."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import Connection
from tablewright.worker import Worker, WorkerSettings


def fill(number: int) -> list[AgentTask]:
    return AgentTask.bulk_create(
        {"name": f"n{one}", "description": "d", "agent_id": "a"} for one in range(number)
    )


def work(handler: Callable[[Any], Any], model: Any = AgentTask, **settings: Any) -> Worker:
    worker = Worker(model, handler, WorkerSettings(once=True, **settings))
    worker.run()
    return worker


def leave(_: AgentTask) -> None:
    sys.exit(3)


async def leave_later(_: AgentTask) -> None:
    await asyncio.sleep(0)
    sys.exit(3)


def forgets_to_await(_: AgentTask) -> Any:
    return asyncio.sleep(0)


async def gives_up(_: AgentTask) -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (leave, "SystemExit: 3"),
        (leave_later, "SystemExit: 3"),
        (forgets_to_await, "TypeError: the handler returned a coroutine"),
        (gives_up, "CancelledError"),
    ],
)
def test_whatever_a_handler_does_is_its_attempts_failure(
    connection: Connection, handler: Callable[[Any], Any], error: str
) -> None:
    """The worker goes on with the next task, and the reason stands in the history."""
    tasks = fill(2)

    worker = work(handler)

    assert worker.metrics.counts["failed"] == 2
    for task in tasks:
        said = task.refresh().history()[1].error
        assert said is not None
        assert said.startswith(error)


def test_a_task_of_the_event_loop_that_leaves_ends_nothing_else(connection: Connection) -> None:
    """`sys.exit` in a task that a handler started itself does not end the loop of the others."""
    fill(2)

    async def leaves() -> None:
        sys.exit(3)

    async def handle(_: AgentTask) -> str:
        started = asyncio.ensure_future(leaves())
        await asyncio.sleep(0.05)
        assert isinstance(started.exception(), SystemExit)
        return "done"

    worker = work(handle)

    assert worker.metrics.counts["completed"] == 2


def test_a_function_that_hangs_does_not_keep_its_slot(
    connection: Connection, jobs: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """Beyond its time it is left behind, with a warning, and the one slot goes on with the other tasks."""
    for number in range(3):
        jobs.Errand.create(name=f"n{number}")
    go_on = threading.Event()

    def handle(errand: Any) -> None:
        if errand.name == "n0":
            go_on.wait(30)

    worker = work(handle, jobs.Errand)
    running = worker.metrics.text()
    go_on.set()

    assert (worker.metrics.counts["completed"], worker.metrics.counts["failed"]) == (2, 1)
    assert 'tablewright_tasks_running{table="Errand"} 1' in running
    assert "a handler took too long and goes on" in caplog.text
    assert jobs.Errand.find_by(name="n0")[0].problem == "timed out after 0.3 seconds"


@pytest.mark.parametrize("is_late", [False, True])
def test_a_coroutine_that_ignores_its_end_is_left_behind(
    connection: Connection, jobs: ModuleType, is_late: bool
) -> None:
    """Whether it swallows the cancellation for good or returns a result later: its attempt timed out."""
    jobs.Errand.create(name="n")
    begin = time.monotonic()

    async def stubborn(_: Any) -> str:
        while time.monotonic() - begin < (1.0 if is_late else 600):
            try:
                await asyncio.sleep(0.1 if is_late else 30)
            except asyncio.CancelledError:
                continue
        return "too late"

    worker = work(stubborn, jobs.Errand)

    (errand,) = jobs.Errand.all()
    assert (errand.state, errand.problem) == (jobs.State.BROKEN, "timed out after 0.3 seconds")
    assert worker.metrics.counts["failed"] == 1


def test_a_coroutine_that_keeps_the_event_loop_has_no_more_time(
    connection: Connection, jobs: ModuleType
) -> None:
    """Nobody can stop it before it returns, and what it returns then does not count."""
    jobs.Errand.create(name="n")

    async def keeps(_: Any) -> str:
        time.sleep(0.5)  # that is the mistake
        return "too late"

    worker = work(keeps, jobs.Errand)

    assert worker.metrics.counts["failed"] == 1
    assert jobs.Errand.find_by(name="n")[0].problem == "timed out after 0.3 seconds"


def test_a_task_that_its_handler_deletes_is_done(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """It is in nobody's way, and no failure is told of."""
    fill(1)

    worker = work(lambda task: task.delete())

    assert AgentTask.count() == 0
    assert (worker.metrics.counts["completed"], worker.metrics.counts["failed"]) == (1, 0)
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


def test_a_coroutine_may_clean_up_before_its_task_ends(connection: Connection) -> None:
    """A cancelled coroutine still holds its task: it can note what it has, and move the task itself."""
    (task,) = fill(1)

    async def handle(one: AgentTask) -> None:
        try:
            # A heartbeat may come before this has its answer.
            await AgentTask.aio.request_cancel(await AgentTask.aio.get(one.id))
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            await AgentTask.aio.complete_execution(one, "half of it")
            raise

    worker = work(handle, heartbeat=0.05)

    assert (task.refresh().status, task.output) == (TaskStatus.COMPLETED, "half of it")
    assert worker.metrics.counts["completed"] == 1


def test_a_function_that_stops_by_raising_was_cancelled(connection: Connection) -> None:
    """Who looks at `cancel_requested` may raise to get out: that is no failure."""
    (task,) = fill(1)

    def handle(one: AgentTask) -> None:
        AgentTask.get(one.id).request_cancel()
        while not one.cancel_requested:
            time.sleep(0.01)
        raise RuntimeError("stopped")

    work(handle, heartbeat=0.05)

    assert task.refresh().status is TaskStatus.CANCELLED


def test_a_second_signal_ends_without_waiting(connection: Connection) -> None:
    """`stop_at_once` gives a coroutine no grace; its task waits again, without an attempt."""
    (task,) = fill(1)
    worker: Worker

    async def handle(_: AgentTask) -> None:
        worker.stop()
        threading.Timer(0.1, worker.stop_at_once).start()
        await asyncio.sleep(600)

    worker = Worker(AgentTask, handle, WorkerSettings(grace=600))
    worker.run()

    assert (task.refresh().status, task.attempt) == (TaskStatus.PENDING, 0)


def test_the_log_shows_a_failure_from_the_handler_on(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """One line for the attempt, with the error; its traceback begins in the handler."""
    caplog.set_level(logging.INFO, "tablewright.worker")
    fill(1)

    def broken(_: AgentTask) -> None:
        raise ValueError("no good")

    work(broken)

    (record,) = [one for one in caplog.records if one.getMessage() == "task failed"]
    assert record.__dict__["error"] == "ValueError: no good"
    assert record.exc_info is not None
    trace = record.exc_info[2]
    assert trace is not None
    assert trace.tb_frame.f_code.co_name == "broken"
