"""The worker command on Airtable: several processes, one base, each task once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import connect

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
