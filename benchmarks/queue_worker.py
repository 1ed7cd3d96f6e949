"""Our worker beside procrastinate's over no-op tasks on one PostgreSQL. Prints ratios of pairs of runs.

    python -m benchmarks.queue_worker postgresql://user@host/database [PYTHON]

PYTHON is the interpreter of another environment in which procrastinate is installed; without it only our own figures
are measured.
"""

from __future__ import annotations

import logging
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from generated.agent_tasks import AgentTask
from tablewright.runtime import connect
from tablewright.worker import Worker, WorkerSettings

JOBS = 600
ROUNDS = 5
PEER = Path(__file__).with_name("queue_procrastinate.py")


def fill(number: int) -> None:
    """Leave nothing but so many tasks that wait."""
    AgentTask.bulk_delete(AgentTask.where().ids())
    AgentTask.bulk_create({"name": "n", "description": "d", "agent_id": "a"} for _ in range(number))


def nothing(_: Any) -> str:
    """Do nothing."""
    return "done"


def ours(concurrency: int, prefetch: int | None) -> float:
    """Return tasks a second of a worker that runs until the queue is empty."""
    fill(JOBS)
    worker = Worker(
        AgentTask, nothing, WorkerSettings(concurrency=concurrency, prefetch=prefetch, once=True)
    )
    begin = time.perf_counter()
    worker.run()
    return JOBS / (time.perf_counter() - begin)


def theirs(python: str, url: str, concurrency: int) -> float:
    """Return jobs a second of procrastinate's worker."""
    command = [python, str(PEER), url, str(JOBS), str(concurrency)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def main(url: str, python: str = "") -> None:
    """Measure."""
    logging.getLogger("tablewright").setLevel(logging.CRITICAL)
    with connect(url):
        for concurrency, prefetch in ((1, None), (1, 0), (1, 20), (10, None), (10, 0), (10, 40)):
            mine, peer = [], []
            for _ in range(ROUNDS):
                mine.append(ours(concurrency, prefetch))
                if python:
                    peer.append(theirs(python, url, concurrency))
            beforehand = "by itself" if prefetch is None else f"{prefetch:9}"
            text = f"worker, concurrency {concurrency:2}, prefetch {beforehand}: {statistics.median(mine):7,.0f} tasks/s"
            if python:
                ratios = [one / other for one, other in zip(mine, peer, strict=True)]
                text += (
                    f", procrastinate {statistics.median(peer):6,.0f}: {statistics.median(ratios):.1f} "
                    f"({min(ratios):.1f} to {max(ratios):.1f})"
                )
            print(text, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
