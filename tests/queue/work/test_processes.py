"""`tablewright work --processes`: processes that fall are started anew, all stop together, metrics are one page."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import Connection

Start = Callable[..., subprocess.Popen[str]]
HANDLERS = """
import asyncio
import os
import time
from pathlib import Path


def handle(task):
    time.sleep(0.1)
    return str(os.getpid())


def wait_for_go(task):
    Path(f"begun-{os.getpid()}").touch()
    while not Path("go").exists():
        time.sleep(0.02)
    return "done"


async def hang(task):
    Path(f"begun-{os.getpid()}").touch()
    await asyncio.sleep(600)


def falls(task):
    if task.name == "n0" and task.attempt == 1:
        os._exit(7)
    return "done"
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    """SQLite alone: which store it is makes no difference to processes; test_outage tries them on PostgreSQL."""
    return f"sqlite:///{tmp_path / 'queue.db'}?synchronous=normal"


def fill(number: int) -> None:
    AgentTask.bulk_create(
        {"name": f"n{one}", "description": "d", "agent_id": "a"} for one in range(number)
    )


def wait_until(holds: Callable[[], Any], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it does not come to that"
        time.sleep(0.05)


def metrics_of(folder: Path) -> str:
    found = re.search(r"metrics at http://(\S+)", (folder / "work.log").read_text())
    assert found is not None
    with urllib.request.urlopen(f"http://{found[1]}", timeout=30) as answer:
        text: str = answer.read().decode()
    return text


def test_processes_share_the_work_and_are_counted_together(
    connection: Connection, url: str, start_work: Start, tmp_path: Path
) -> None:
    """Each takes part; the one page of metrics sums them up, and is there while they work."""
    fill(30)
    worker = start_work(HANDLERS, url, "--processes", "2", "--metrics", "0", "--name", "team")

    wait_until(lambda: AgentTask.where(AgentTask.c.status == TaskStatus.COMPLETED).count() == 30)
    wait_until(lambda: 'completed_total{table="AgentTask"} 30' in metrics_of(tmp_path))
    text = metrics_of(tmp_path)
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=60)

    assert worker.returncode == 0
    assert 'tablewright_tasks_claimed_total{table="AgentTask"} 30' in text
    assert 'tablewright_queue_waiting{table="AgentTask"} 0' in text
    assert 'tablewright_store_up{table="AgentTask"} 1' in text
    assert len({task.output for task in AgentTask.all()}) == 2
    assert {task.worker_id for task in AgentTask.all()} == {"team-1", "team-2"}


def test_one_process_serves_metrics_too(
    connection: Connection, url: str, start_work: Start, tmp_path: Path
) -> None:
    """Without further processes the page is the same."""
    fill(3)
    worker = start_work(HANDLERS, url, "--metrics", "0")

    wait_until(lambda: "metrics at" in (tmp_path / "work.log").read_text())
    wait_until(lambda: 'completed_total{table="AgentTask"} 3' in metrics_of(tmp_path))
    text = metrics_of(tmp_path)
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=60)

    assert worker.returncode == 0
    assert 'tablewright_tasks_running{table="AgentTask"} 0' in text
    assert 'tablewright_queue_waiting{table="AgentTask"} 0' in text


def test_a_port_that_is_taken_is_named(url: str, start_work: Start, tmp_path: Path) -> None:
    """The worker does not begin without the metrics that were asked for."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        worker = start_work(HANDLERS, url, "--metrics", port)
        worker.communicate(timeout=60)

    said = (tmp_path / "work.log").read_text().splitlines()[-1]
    assert worker.returncode == 1
    assert said.startswith(f"Error: the metrics cannot be served at 127.0.0.1:{port}: ")


def test_a_process_that_falls_is_started_anew(
    connection: Connection, jobs: Any, url: str, start_work: Start, tmp_path: Path
) -> None:
    """A handler ends its process; the log says so, and the task is taken again when its lease has run out."""
    for number in range(4):
        jobs.Job.create(name=f"n{number}")
    worker = start_work(
        HANDLERS, url, "--processes", "2", model="jobs:Job", handler="handlers:falls"
    )

    wait_until(lambda: jobs.Job.where(jobs.Job.c.state == jobs.State.DONE).count() == 4)
    wait_until(lambda: (tmp_path / "work.log").read_text().count("worker begins") == 3)
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=60)

    assert worker.returncode == 0
    assert "a process of the worker fell" in (tmp_path / "work.log").read_text()
    assert "exit_code=7" in (tmp_path / "work.log").read_text()
    (fallen,) = jobs.Job.find_by(name="n0")
    assert fallen.attempt == 2


@pytest.mark.parametrize("handler", ["wait_for_go", "hang"])
def test_all_processes_stop_together(
    connection: Connection, url: str, start_work: Start, tmp_path: Path, handler: str
) -> None:
    """At SIGTERM plain functions come to their end; coroutines that do not are cancelled and given back."""
    fill(2)
    grace = "30" if handler == "wait_for_go" else "0.3"
    worker = start_work(
        HANDLERS, url, "--processes", "2", "--grace", grace, handler=f"handlers:{handler}"
    )
    wait_until(lambda: len(list(tmp_path.glob("begun-*"))) == 2)

    worker.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    (tmp_path / "go").touch()
    worker.communicate(timeout=60)

    assert worker.returncode == 0
    ended = TaskStatus.COMPLETED if handler == "wait_for_go" else TaskStatus.PENDING
    assert [task.status for task in AgentTask.all()] == [ended] * 2


def test_a_second_signal_does_not_wait(
    connection: Connection, url: str, start_work: Start, tmp_path: Path
) -> None:
    """Ctrl+C, which reaches all processes, counts once; the second one gives back what runs."""
    fill(2)
    worker = start_work(
        HANDLERS, url, "--processes", "2", "--grace", "600", handler="handlers:wait_for_go"
    )
    wait_until(lambda: len(list(tmp_path.glob("begun-*"))) == 2)
    for child in _children(worker.pid):
        os.kill(child, signal.SIGINT)
    worker.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert worker.poll() is None

    worker.send_signal(signal.SIGINT)
    worker.communicate(timeout=60)

    assert worker.returncode == 0
    assert [task.status for task in AgentTask.all()] == [TaskStatus.PENDING] * 2


def test_no_process_is_left_behind(
    connection: Connection, url: str, start_work: Start, tmp_path: Path
) -> None:
    """Where the first process is killed, the others let their tasks end and go, too."""
    fill(2)
    worker = start_work(HANDLERS, url, "--processes", "2", handler="handlers:wait_for_go")
    wait_until(lambda: len(list(tmp_path.glob("begun-*"))) == 2)
    workers = [int(one.name.partition("-")[2]) for one in tmp_path.glob("begun-*")]

    worker.kill()
    (tmp_path / "go").touch()
    worker.wait()

    wait_until(lambda: not any(Path(f"/proc/{one}/cmdline").exists() for one in workers))
    assert [task.status for task in AgentTask.all()] == [TaskStatus.COMPLETED] * 2


@pytest.mark.parametrize(("handler", "code"), [("handle", 0), ("falls", 7)])
def test_once_tells_how_the_processes_ended(
    connection: Connection, url: str, start_work: Start, tmp_path: Path, handler: str, code: int
) -> None:
    """0 where all found nothing more to take, and the exit code of one that fell, which the log tells."""
    fill(5)
    worker = start_work(HANDLERS, url, "--processes", "2", "--once", handler=f"handlers:{handler}")

    worker.communicate(timeout=60)

    assert worker.returncode == code
    said = (tmp_path / "work.log").read_text()
    assert ("a process of the worker fell" in said) == (f"exit_code={code}" in said) == bool(code)
    held = [task.name for task in AgentTask.all() if task.status is not TaskStatus.COMPLETED]
    assert held == (["n0"] if code else [])


@pytest.mark.slow
def test_processes_that_know_another_schema_than_the_table_end_together(
    connection: Connection, url: str, start_work: Start, tmp_path: Path
) -> None:
    """The end of tasks was renamed below them: none is started anew, and they give back what they had."""
    fill(4)
    with sqlite3.connect(url.removeprefix("sqlite:///").partition("?")[0]) as database:
        database.execute("PRAGMA writable_schema = ON")
        renamed = "sql = replace(sql, '''COMPLETED''', '''FINE''')"
        database.execute(f"UPDATE sqlite_master SET {renamed} WHERE type = 'table'")
        database.execute("PRAGMA writable_schema = RESET")
    database.close()
    worker = start_work(HANDLERS, url, "--processes", "2")

    worker.communicate(timeout=60)

    said = (tmp_path / "work.log").read_text()
    assert worker.returncode == 1
    assert "the worker cannot go on" in said
    assert "present schema" in said
    assert "fell" not in said
    assert {(task.status, task.attempt) for task in AgentTask.all()} == {(TaskStatus.PENDING, 0)}


def test_a_mistake_is_told_once(start_work: Start, tmp_path: Path) -> None:
    """What is wrong with the command line is said by the first process, before there are others."""
    worker = start_work(
        "import nowhere_at_all", f"sqlite:///{tmp_path / 'a.db'}", "--processes", "3"
    )

    worker.communicate(timeout=60)

    said = (tmp_path / "work.log").read_text()
    assert worker.returncode == 1
    assert said.startswith("Error: 'handlers' cannot be imported: ModuleNotFoundError")
    assert "handlers.py:1)" in said
    assert said.count("nowhere_at_all") == 1
    assert "Traceback" not in said


def _children(pid: int) -> list[int]:
    """Return the worker processes of the first one; not those that Python itself keeps."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(one) for one in found if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]
