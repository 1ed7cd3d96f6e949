"""Many worker processes, killed at random: every task ends once, and the history adds up."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tablewright.runtime import Connection

ROOT = Path(__file__).parents[2]
SEED = 20_260

LOOP = """
import random, sys, time
from jobs import Job
from tablewright.runtime import LeaseLost, TransitionRefused, connect
from tablewright.runtime.errors import StoreUnavailable

url, name, batch, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
dice = random.Random(seed)
with connect(url):
    print("ready", flush=True)
    while True:
        jobs = Job.claim(name, batch)
        if not jobs:
            time.sleep(0.02)
        for job in jobs:
            if dice.random() < 0.01:
                time.sleep(dice.random() * 1.5)  # longer than the lease, now and then: the work comes too late
            try:
                if dice.random() < 0.05:
                    job.break_off(f"bad luck of {name}")
                else:
                    job.finish(f"{name} {job.fencing_token}")
            except LeaseLost:
                pass
"""

# The worker of `tablewright work`, with heartbeats beside the handler, threads, and tasks claimed beforehand.
WORKER = """
import random, sys, time
from jobs import Job
from tablewright.runtime import connect
from tablewright.worker import Worker, WorkerSettings

url, name, batch, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
dice = random.Random(seed)

def handle(job):
    if dice.random() < 0.05:
        raise RuntimeError(f"bad luck of {name}")
    return f"{name} {job.fencing_token}"

with connect(url):
    Worker(Job, handle, WorkerSettings(name=name, concurrency=2)).run()
"""


def start(url: str, folder: Path, name: str, batch: int, seed: int) -> subprocess.Popen[str]:
    """Start a process: every other one is a plain loop over claims, the others are workers."""
    path = os.pathsep.join(map(str, (ROOT / "generator", ROOT, folder)))
    return subprocess.Popen(
        [sys.executable, "-c", WORKER if seed % 2 else LOOP, url, name, str(batch), str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def run_with_kills(
    job: Any, url: str, folder: Path, *, workers: int, batch: int, pause: float
) -> int:
    """Let workers run until nothing is open, killing one of them again and again; return how many were killed."""
    dice = random.Random(SEED)
    running = {
        f"w{place}": start(url, folder, f"w{place}", batch, place) for place in range(workers)
    }
    started, killed = workers, 0
    open_states = [job.table.lifecycle.by_name["begin"].target, job.table.lifecycle.initial]
    deadline = time.monotonic() + 900
    try:
        while job.exists(job.c.state.is_in(open_states)):
            assert time.monotonic() < deadline, "the queue does not run empty"
            time.sleep(pause * dice.uniform(0.5, 1.5))
            name = dice.choice(sorted(running))
            victim = running.pop(name)
            victim.send_signal(signal.SIGKILL)
            victim.communicate()
            killed += 1
            running[f"w{started}"] = start(url, folder, f"w{started}", batch, started)
            started += 1
    finally:
        for one in running.values():
            one.kill()
            one.communicate()
    return killed


def check_what_is_left(connection: Connection, jobs: ModuleType, number: int) -> Counter[str]:
    """Every task has ended, by the worker that held it last; its history is one unbroken way there."""
    table = jobs.Job.table
    store: Any = connection.store
    made = store.queues._of(table)
    log = made.history
    with store.database.reader.connect() as reading:
        rows = reading.execute(log.select().order_by(log.c.record_id, log.c.number)).all()
        own = made.known.statements.table
        tokens = {row.id: row.lease_token for row in reading.execute(own.select())}
    told: dict[str, list[Any]] = {}
    for row in rows:
        told.setdefault(row.record_id, []).append(row)
    tasks = jobs.Job.all()
    assert len(tasks) == number
    counts: Counter[str] = Counter()
    for task in tasks:
        steps = told[task.id]
        ways = [(one.from_state, one.to_state) for one in steps]
        assert ways[0][0] == "WAITING"
        assert all(one[1] == after[0] for one, after in itertools.pairwise(ways)), ways
        assert ways[-1][1] == task.state.name
        if any(one.transition == "release" for one in steps):
            # A task that was claimed beforehand and given back counts no attempt.
            steps = without_released(steps)
        taken = [one for one in steps if one.transition == "begin"]
        failed = [one for one in steps if one.transition == "break_off"]
        finished = [one for one in steps if one.transition == "finish"]
        assert [one.attempt for one in taken] == list(range(1, len(taken) + 1))
        assert task.attempt == len(taken)
        assert task.tries == len(failed)
        assert all(one.error for one in failed)
        assert task.lease_until is None
        if task.state is jobs.State.DONE:
            assert len(finished) == 1
            assert len(taken) == len(failed) + 1
            # The one that ended it is the one that took it last.
            name, token = task.result.split()
            assert name == finished[0].by == taken[-1].by == task.worker_id
            assert token == tokens[task.id]
        else:
            assert task.state is jobs.State.BROKEN
            assert finished == []
            assert len(failed) == len(taken) == 3
        counts[task.state.name] += 1
        counts["lapsed"] += sum("lease ran out" in one.error for one in failed)
    return counts


def test_killed_workers_lose_no_task_and_end_none_twice(
    connection: Connection, url: str, jobs: ModuleType, jobs_folder: Path
) -> None:
    """Three processes, of which one is killed every half a second, bring 200 tasks to an end."""
    jobs.Job.bulk_create({"name": f"n{place}", "rank": place % 4} for place in range(200))

    killed = run_with_kills(jobs.Job, url, jobs_folder, workers=3, batch=3, pause=0.8)

    counts = check_what_is_left(connection, jobs, 200)
    assert killed >= 1
    assert counts["DONE"] > 150


def without_released(steps: list[Any]) -> list[Any]:
    """Leave out claims that were given back, with their release."""
    kept: list[Any] = []
    for step in steps:
        if step.transition == "release":
            assert kept.pop().transition == "begin"
        else:
            kept.append(step)
    return kept


@pytest.mark.slow
def test_eight_workers_and_twenty_thousand_tasks(
    connection: Connection, url: str, jobs: ModuleType, jobs_folder: Path
) -> None:
    """Eight processes under random kills bring 20,000 tasks to an end, each once."""
    for _ in range(10):
        jobs.Job.bulk_create({"name": f"n{place}", "rank": place % 4} for place in range(2_000))

    killed = run_with_kills(jobs.Job, url, jobs_folder, workers=8, batch=10, pause=1.5)

    counts = check_what_is_left(connection, jobs, 20_000)
    print(f"{killed} workers killed: {dict(counts)}")
    assert killed >= 3
    assert counts["lapsed"] >= 1
