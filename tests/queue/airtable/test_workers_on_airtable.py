"""The worker command on Airtable: several processes, one base, each task once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import connect
from tablewright.runtime.stores.airtable_client import Client
from tablewright.worker import Worker
from tablewright.worker.waiting import Waiting

ROOT = Path(__file__).parents[3]
HANDLERS = """\
def handle(task):
    with open("handled.txt", "a") as file:
        file.write(task.id + "\\n")
    return "by " + task.worker_id
"""


def test_processes_share_the_tasks_of_a_base(airtable_url: str, tmp_path: Path) -> None:
    """Two processes with the same leases handle every task once, and people see all of them completed."""
    leases = f"sqlite:///{tmp_path / 'leases.db'}"
    (tmp_path / "handlers.py").write_text(HANDLERS)
    with connect(airtable_url, leases=leases):
        AgentTask.bulk_create({"name": "n", "description": "d", "agent_id": "a"} for _ in range(12))
        path = os.pathsep.join(map(str, (ROOT / "generator", ROOT, tmp_path)))

        done = subprocess.run(
            [
                sys.executable, "-m", "tablewright", "work", "generated.agent_tasks:AgentTask", "--handler", "handlers:handle",
                "--store", airtable_url, "--leases", leases, "--processes", "2", "--once",
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path},
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )  # fmt: skip

        assert done.returncode == 0, done.stderr
        tasks = AgentTask.all()
        assert {one.status for one in tasks} == {TaskStatus.COMPLETED}
        assert {one.attempt for one in tasks} == {1}
        handled = Counter((tmp_path / "handled.txt").read_text().split())
        assert handled == Counter(one.id for one in tasks)
        assert AgentTask.queue_statistics().completed == 12


@pytest.mark.parametrize(("leases", "each"), [("sqlite", 1), ("best effort", 3)])
def test_an_idle_worker_looks_every_half_a_minute_at_last(
    airtable_url: str,
    jobs: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    leases: str,
    each: int,
) -> None:
    """Its pauses grow to thirty seconds, and a look costs few requests, since a base takes five a second."""
    pauses: list[float] = []
    requests: list[str] = []
    ask = Client.ask

    def wait(_: Waiting, seconds: float) -> bool:
        pauses.append(seconds)
        if len(pauses) == 15:
            worker.stop()
        return False

    def counted(client: Client, what: str, *given: Any, **more: Any) -> Any:
        requests.append(what)
        return ask(client, what, *given, **more)

    monkeypatch.setattr(Waiting, "wait", wait)
    url = f"sqlite:///{tmp_path / 'leases.db'}" if leases == "sqlite" else leases
    with connect(airtable_url, leases=url):
        jobs.Job.count()
        worker = Worker(jobs.Job, lambda _: None)
        monkeypatch.setattr(Client, "ask", counted)
        worker.run()

    assert all(24 <= one <= 36 for one in pauses[-3:])
    assert pauses[0] < 0.1
    assert len(requests) == each * len(pauses)
