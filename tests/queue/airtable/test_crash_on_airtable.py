"""Processes on one base with leases in SQLite, killed at random: every task ends once, by who held it last."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tablewright.runtime import Connection
from tablewright.runtime.stores import airtable_queue

ROOT = Path(__file__).parents[3]
SEED = 20_261
TASKS = 80
PROCESSES = 4
KILLS = 20
HAND_OVER = 4.0
"""What was decided and not written is written by others after so long: here no request runs for longer than that."""

BEGIN = f"""
import random, sys, time
from pathlib import Path
from jobs import Job
from tablewright.runtime import LeaseLost, connect
from tablewright.runtime.stores import airtable_queue

airtable_queue.HAND_OVER = {HAND_OVER}
url, leases, name, seed = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
dice = random.Random(seed)

def note(what, job, token):
    with Path("notes").open("a") as notes:
        notes.write(f"{{what}} {{job.id}} {{token}}\\n")
"""

# Now and then longer than the lease, so that the end may come too late.
LOOP = f"""{BEGIN}
with connect(url, leases=leases):
    while True:
        jobs = Job.claim(name, 3)
        if not jobs:
            time.sleep(0.1)
        for job in jobs:
            token = job.fencing_token
            time.sleep(1.3 if dice.random() < 0.1 else 0.1)
            try:
                if dice.random() < 0.1:
                    job.break_off("bad luck")
                else:
                    job.finish(f"{{name}} {{token}}")
                    note("finished", job, token)
            except LeaseLost:
                note("lost", job, token)
"""

WORKER = f"""{BEGIN}
from tablewright.worker import Worker, WorkerSettings

def handle(job):
    time.sleep(0.1)
    if dice.random() < 0.1:
        raise RuntimeError("bad luck")
    return f"{{name}} {{job.fencing_token}}"

with connect(url, leases=leases):
    Worker(Job, handle, WorkerSettings(name=name, concurrency=2, longest_pause=0.5)).run()
"""


class Crew:
    """Processes at work, of which one is killed now and then and another one takes its place."""

    def __init__(self, url: str, leases: str, folder: Path, jobs_folder: Path) -> None:
        self._given = [url, leases]
        self._folder = folder
        self._path = os.pathsep.join(map(str, (ROOT / "generator", ROOT, jobs_folder)))
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._dice = random.Random(SEED)
        self._started = 0
        for _ in range(PROCESSES):
            self._start()

    def _start(self) -> None:
        number, name = self._started, f"w{self._started}"
        self._started += 1
        with (self._folder / f"{name}.log").open("w") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-c", WORKER if number % 2 else LOOP, *self._given, name, str(number)],
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": self._path},
                stderr=log,
            )  # fmt: skip

    def replace_one(self) -> None:
        """Kill one that still runs, as `kill -9` does, and start another."""
        name = self._dice.choice(sorted(self._running))
        victim = self._running.pop(name)
        assert victim.poll() is None, (self._folder / f"{name}.log").read_text()
        victim.kill()
        victim.wait()
        self._start()

    def close(self) -> None:
        for one in self._running.values():
            one.kill()
            one.wait()


@pytest.fixture
def crew(
    airtable_url: str, leased: Connection, tmp_path: Path, jobs: ModuleType, jobs_folder: Path
) -> Iterator[Crew]:
    jobs.Job.bulk_create({"name": f"n{place}", "rank": place % 4} for place in range(TASKS))
    found = Crew(airtable_url, f"sqlite:///{tmp_path / 'leases.db'}", tmp_path, jobs_folder)
    yield found
    found.close()


@pytest.mark.slow
def test_killed_processes_lose_no_task_and_end_none_twice(
    leased: Connection,
    crew: Crew,
    jobs: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tasks end as done or, after their last try, as failed; a process that lost its lease has ended none."""
    dice, job = random.Random(SEED), jobs.Job
    open_states = [jobs.State.WAITING, jobs.State.RUNNING]
    deadline, kills = time.monotonic() + 50, 0
    while job.exists(job.c.state.is_in(open_states)):
        assert time.monotonic() < deadline, "the queue does not run empty"
        time.sleep(dice.uniform(0.3, 1.2))
        if kills < KILLS:
            crew.replace_one()
            kills += 1
    crew.close()
    # What the last ones decided and did not come to write.
    monkeypatch.setattr(airtable_queue, "HAND_OVER", -1.0)
    assert job.claim("last") == []

    queues: Any = leased.store.queues  # type: ignore[attr-defined]
    leases = queues._leases.rows(queues._place(job.table))
    noted = [line.split() for line in (tmp_path / "notes").read_text().splitlines()]
    finished = {record_id: token for what, record_id, token in noted if what == "finished"}
    lost = {(record_id, token) for what, record_id, token in noted if what == "lost"}
    assert len(finished) == sum(what == "finished" for what, *_ in noted)
    tasks = job.all()
    assert len(tasks) == TASKS
    for task in tasks:
        lease, history = leases[task.id], task.history()
        ways = Counter(step.transition for step in history)
        assert (lease.lease_until, lease.pending, lease.state) == (None, None, task.state.name)
        if task.state is jobs.State.DONE:
            name, token = task.result.split()
            assert (name, token) == (lease.worker, lease.token)
            assert (task.id, token) not in lost
            assert finished.get(task.id, token) == token
            assert (ways["finish"], history[-1].transition, history[-1].by) == (1, "finish", name)
            assert task.tries < 3
        else:
            assert task.state is jobs.State.BROKEN
            assert task.id not in finished
            assert (ways["finish"], history[-1].transition, task.tries) == (0, "break_off", 3)
    print(f"{kills} killed, {len(lost)} too late: {Counter(task.state.name for task in tasks)}")
    assert kills >= 5
