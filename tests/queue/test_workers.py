"""The worker: what handlers return and raise, stopping, time, lost leases, signals, and what it says of itself."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.expressions.tree import TRUE
from tablewright.runtime import AirtableModel, Connection, connect
from tablewright.worker import Worker, WorkerSettings
from tablewright.worker.logs import JsonLines
from tablewright.worker.metrics import MetricsServer

ROOT = Path(__file__).parents[2]

HANDLERS = """
import asyncio
import time


def done(task):
    return f"did {task.name}"


def slow(task):
    print("begun", flush=True)
    time.sleep(1)
    return "slow"


def endless(task):
    print("begun", flush=True)
    time.sleep(600)
"""


def fill(number: int, **given: Any) -> list[AgentTask]:
    return AgentTask.bulk_create(
        {"name": f"n{one}", "description": "d", "agent_id": "a", **given} for one in range(number)
    )


def work(handler: Callable[[Any], Any], model: Any = AgentTask, **settings: Any) -> Worker:
    worker = Worker(model, handler, WorkerSettings(once=True, **settings))
    worker.run()
    return worker


def test_what_a_handler_returns_completes_the_task(connection: Connection) -> None:
    """A text is the output, a dict gives several arguments, anything else becomes JSON, nothing becomes `done`."""
    answers: dict[str, Any] = {
        "n0": "text",
        "n1": {"output": "with time", "execution_time": 1.5},
        "n2": {"total": 3},
        "n3": None,
    }
    fill(4)

    worker = work(lambda task: answers[task.name])

    found = {task.name: (task.output, task.status) for task in AgentTask.all()}
    assert {name: output for name, (output, _) in found.items()} == {
        "n0": "text", "n1": "with time", "n2": '{"total": 3}', "n3": "done",
    }  # fmt: skip
    assert {status for _, status in found.values()} == {TaskStatus.COMPLETED}
    assert worker.metrics.counts["completed"] == 4


def test_what_a_handler_raises_fails_the_attempt(connection: Connection) -> None:
    """The error's type and text stand in the history, and the policy puts the task back."""
    (task,) = fill(1)

    def broken(_: AgentTask) -> None:
        raise ValueError("no good")

    worker = work(broken)

    assert worker.metrics.counts["failed"] == 1
    assert task.refresh().status is TaskStatus.PENDING
    assert task.history()[1].error == "ValueError: no good"


def test_what_does_not_fit_fails_the_attempt(connection: Connection) -> None:
    """A value that the schema refuses is the task's failure, with the reason."""
    (task,) = fill(1)

    work(lambda _: {"output": "x", "execution_time": -1.0})

    error = task.history()[1].error
    assert error is not None
    assert "execution_time has to be at least 0" in error


def test_a_handler_may_move_the_task_itself(connection: Connection) -> None:
    """What it did stands; its result is not asked for."""
    (task,) = fill(1)

    work(lambda one: one.complete_execution("by the handler"))

    assert task.refresh().output == "by the handler"


@pytest.mark.parametrize("prefetch", [0, 7])
def test_threads_share_the_work(connection: Connection, prefetch: int) -> None:
    """As many tasks run at once as the worker may, and each runs once."""
    fill(12)
    together = threading.Barrier(4, timeout=30)
    seen: list[str] = []

    def handle(task: AgentTask) -> None:
        together.wait()
        seen.append(task.name)

    work(handle, concurrency=4, prefetch=prefetch)

    assert sorted(seen) == sorted(f"n{one}" for one in range(12))


def test_coroutines_share_one_event_loop(connection: Connection) -> None:
    """A coroutine function is called for each task, on one loop, at the same time."""
    fill(6)
    loops: set[int] = set()

    async def handle(task: AgentTask) -> str:
        loops.add(id(asyncio.get_running_loop()))
        await asyncio.sleep(0.01)
        await AgentTask.aio.update(task, description="changed")
        return "done"

    work(handle, concurrency=3)

    assert len(loops) == 1
    assert {(task.description, task.status) for task in AgentTask.all()} == {
        ("changed", TaskStatus.COMPLETED)
    }


def test_leases_are_kept_while_the_handler_works(connection: Connection, jobs: ModuleType) -> None:
    """A task that takes longer than its lease is not taken by anybody else."""
    job = jobs.Job.create(name="long")

    def handle(_: Any) -> None:
        until = time.monotonic() + 2.2
        while time.monotonic() < until:
            assert jobs.Job.claim("thief") == []
            time.sleep(0.1)

    work(handle, jobs.Job)

    assert (job.refresh().state, job.attempt) == (jobs.State.DONE, 1)


def test_an_attempt_that_takes_too_long_fails(connection: Connection, jobs: ModuleType) -> None:
    """A coroutine is cancelled; a plain function is left behind, and what it returns does not count."""
    first, second = (jobs.Errand.create(name=name) for name in ("async", "plain"))
    cancelled = threading.Event()

    async def slow(_: Any) -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    work(slow, jobs.Errand, where=[jobs.Errand.c.name == "async"])
    work(lambda _: time.sleep(0.8), jobs.Errand, where=[jobs.Errand.c.name == "plain"])

    assert cancelled.is_set()
    for errand in (first, second):
        assert errand.refresh().state is jobs.State.BROKEN
        assert errand.problem == "timed out after 0.3 seconds"


@pytest.mark.parametrize("is_async", [True, False])
def test_a_request_to_stop_reaches_the_handler(connection: Connection, is_async: bool) -> None:
    """A coroutine is cancelled; a plain function sees it on its task. Either way the task ends as cancelled."""
    (task,) = fill(1)
    begun = threading.Event()

    async def coroutine(_: AgentTask) -> None:
        begun.set()
        await asyncio.sleep(30)

    def plain(one: AgentTask) -> None:
        begun.set()
        while not one.cancel_requested:
            time.sleep(0.01)
        one.cancel_execution()

    worker = Worker(
        AgentTask, coroutine if is_async else plain, WorkerSettings(once=True, heartbeat=0.05)
    )
    store = connection.store

    def ask() -> None:
        begun.wait(30)
        store.queues.request_cancel(AgentTask.table, task.id)  # type: ignore[attr-defined]

    asking = threading.Thread(target=ask)
    asking.start()
    worker.run()
    asking.join()

    assert task.refresh().status is TaskStatus.CANCELLED


def test_a_worker_that_lost_its_task_changes_nothing(
    connection: Connection, lapse: Callable[[AirtableModel], None]
) -> None:
    """While it worked, somebody else took over; its result is dropped, and it says so."""
    (task,) = fill(1)

    def handle(one: AgentTask) -> str:
        lapse(one)
        (other,) = AgentTask.claim("other")
        other.complete_execution("the other one's")
        return "mine"

    worker = work(handle)

    assert worker.metrics.counts["lost"] == 1
    assert task.refresh().output == "the other one's"


def test_a_worker_that_stops_gives_back_what_it_has_not_begun(connection: Connection) -> None:
    """What runs comes to its end; what was claimed beforehand waits again, without an attempt."""
    fill(5)

    def handle(_: AgentTask) -> None:
        worker.stop()

    worker = Worker(AgentTask, handle, WorkerSettings(prefetch=4))
    worker.run()

    found = [(task.status, task.attempt) for task in AgentTask.where().order_by("status")]
    assert found.count((TaskStatus.COMPLETED, 1)) == 1
    assert found.count((TaskStatus.PENDING, 0)) == 4


def test_a_worker_wakes_for_new_tasks(connection: Connection, url: str) -> None:
    """An idle worker takes a task soon after it was stored, and does not look all the time."""
    done = threading.Event()
    worker = Worker(AgentTask, lambda _: done.set(), WorkerSettings(longest_pause=0.3))
    looks: list[int] = []
    queues: Any = connection.store.queues  # type: ignore[attr-defined]
    claim = queues.claim

    def counted(*given: Any) -> Any:
        looks.append(1)
        return claim(*given)

    queues.claim = counted

    def come() -> None:
        time.sleep(1.5)
        with connect(url):
            fill(1)
        done.wait(10)
        time.sleep(0.1)
        worker.stop()

    coming = threading.Thread(target=come)
    coming.start()
    worker.run()
    coming.join()

    assert done.is_set()
    assert len(looks) < 30
    assert [task.status for task in AgentTask.all()] == [TaskStatus.COMPLETED]


def command(url: str, folder: Path, handler: str, *more: str) -> subprocess.Popen[str]:
    (folder / "handlers.py").write_text(HANDLERS)
    arguments = [
        "work",
        "generated.agent_tasks:AgentTask",
        "--handler",
        handler,
        "--store",
        url,
        *more,
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "tablewright", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'generator'}{os.pathsep}{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_command_works_until_there_is_nothing_to_take(
    connection: Connection, url: str, tmp_path: Path
) -> None:
    """`--once` ends with 0; log lines are JSON where asked for; `--queue` narrows what is taken."""
    fill(3)
    fill(1, agent_id="b")

    worker = command(
        url, tmp_path, "handlers:done", "--once", "--log-format", "json", "--queue", "agent_id=a"
    )
    _, errors = worker.communicate(timeout=60)

    assert worker.returncode == 0
    lines = [json.loads(line) for line in errors.splitlines()]
    assert [line["message"] for line in lines if line.get("task")] == ["task completed"] * 3
    assert sorted(task.output or "" for task in AgentTask.all()) == [
        "",
        "did n0",
        "did n1",
        "did n2",
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_running_tasks_end(
    connection: Connection, url: str, tmp_path: Path, number: signal.Signals
) -> None:
    """The task in work is completed, and the command ends with 0."""
    (task,) = fill(1)
    worker = command(url, tmp_path, "handlers:slow")
    assert worker.stdout is not None
    assert worker.stdout.readline() == "begun\n"

    worker.send_signal(number)
    worker.communicate(timeout=60)

    assert worker.returncode == 0
    assert task.refresh().status is TaskStatus.COMPLETED


def test_what_does_not_end_in_time_is_given_back(
    connection: Connection, url: str, tmp_path: Path
) -> None:
    """After the grace another worker can take it at once."""
    (task,) = fill(1)
    worker = command(url, tmp_path, "handlers:endless", "--grace", "0.2")
    assert worker.stdout is not None
    assert worker.stdout.readline() == "begun\n"

    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=60)

    assert worker.returncode == 0
    assert (task.refresh().status, task.attempt) == (TaskStatus.PENDING, 0)


CARELESS = """
import json
import time
from functools import partial
from pathlib import Path

from generated.agent_tasks import AgentTask

LIMIT = 5


def handle(task):
    return "x"


half = partial(handle)
"""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["generated.agent_tasks", "--handler", "handlers:done"], "names nothing: write it as"),
        (["generated.agent_tasks:AgentTask", "--handler", "nowhere:done"], "there is no module 'nowhere'"),
        (["generated.agent_tasks:AgentTask", "--handler", "handlers:dome"], "did you mean 'done'"),
        (["generated.agent_tasks:AgentTask", "--handler", "careless:nope"], "'careless' has no 'nope': functions there: half, handle\n"),
        (["generated.agent_tasks:AgentTask", "--handler", "careless:json"], "cannot be called: name a function"),
        (["generated.agent_tasks:AgentTask", "--handler", "handlers.py:done"], "there is no module 'handlers.py' here or among the installed ones: did you mean 'handlers'?\n"),
        (["generated.agent_tasks:AgentTask", "--handler", "leaves:done"], "'leaves' cannot be imported: SystemExit: 0 ("),
        (["generated.agent_tasks:AgentTask", "--handler", "early:handle"], "No module named 'generated.absent'"),
        (["generated.agent_tasks:AgentTask", "--handler", "early:handle"], "early.py:1): run 'tablewright generate' where its schema is\n"),
        (["generated.absent:Thing", "--handler", "handlers:done"], "installed ones: run 'tablewright generate' where its schema is\n"),
        (["generated.agent_taks:AgentTask", "--handler", "handlers:done"], "did you mean 'generated.agent_tasks'?"),
        (["generated.agent_tasks:AgentTsk", "--handler", "handlers:done"], "did you mean 'AgentTask'? record classes there: AgentTask\n"),
        (["generated.agent_tasks:TaskStatus", "--handler", "handlers:done"], "is no record class"),
        (["generated.agent_tasks:AgentTask", "--handler", "handlers:done", "--queue", "agent=a"], "has no field 'agent'"),
        (["generated.agent_tasks:AgentTask", "--handler", "handlers:done", "--queue", "retry_count=x"], "holds numbers"),
        (["generated.agent_tasks:AgentTask", "--handler", "handlers:done", "--name", "\udcff"], "the name of its worker: worker has to be Unicode text without lone surrogates"),
        (["generated.agent_tasks:AgentTask", "--handler", "handlers:done", "--queue", "priority=hihg"], "'priority=hihg': the field has no such value: did you mean 'HIGH'? its values: LOW, MEDIUM, HIGH, URGENT"),
    ],
)  # fmt: skip
def test_a_mistake_on_the_command_line_is_explained(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    """One line says what is wrong and what to write; there is no traceback."""
    (tmp_path / "handlers.py").write_text(HANDLERS)
    (tmp_path / "careless.py").write_text(CARELESS)
    (tmp_path / "early.py").write_text("from generated.absent import Thing\n")
    (tmp_path / "leaves.py").write_text("raise SystemExit(0)\n")

    result = subprocess.run(
        [sys.executable, "-m", "tablewright", "work", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'generator'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_metrics_are_served_as_prometheus_reads_them(connection: Connection) -> None:
    """Counts of the worker and figures of the queue, one sample a line."""
    fill(2)
    worker = work(lambda _: None)
    fill(3)
    store = connection.store

    def figures() -> Any:
        with_store: Any = store
        return with_store.queues.figures(AgentTask.table, TRUE, [], None, 3_600.0, None)

    server = MetricsServer(worker.metrics.text, figures, "127.0.0.1", 0)
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{server.port}/metrics", timeout=10
        ) as answer:
            text = answer.read().decode()
    finally:
        server.close()

    assert 'tablewright_tasks_completed_total{table="AgentTask"} 2' in text
    assert 'tablewright_queue_waiting{table="AgentTask"} 3' in text
    assert 'tablewright_queue_blocked{table="AgentTask"} 0' in text
    for line in text.splitlines():
        assert line.startswith("# ") or len(line.rsplit(" ", 1)) == 2


def test_json_lines_hold_what_was_said_of_a_task() -> None:
    """One object a line, also where the message has several lines."""
    record = logging.makeLogRecord(
        {"msg": "two\nlines", "levelname": "INFO", "task": "rec1", "attempt": 2}
    )

    found = json.loads(JsonLines().format(record))

    assert (found["message"], found["level"], found["task"], found["attempt"]) == (
        "two\nlines",
        "info",
        "rec1",
        2,
    )
