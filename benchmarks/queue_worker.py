"""Our worker beside procrastinate's over no-op tasks on one PostgreSQL, and how claims scale. Prints ratios.

    python -m benchmarks.queue_worker postgresql://user@host/database [PYTHON [PLOT.png]]

PYTHON is the interpreter of another environment in which procrastinate is installed; without it only our own figures
are measured. PLOT draws the scaling from 1 to 8 claimers; it needs matplotlib (pip install matplotlib).
"""

from __future__ import annotations

import logging
import multiprocessing
import statistics
import subprocess
import sys
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from generated.agent_tasks import AgentTask
from tablewright.runtime import connect
from tablewright.worker import Worker, WorkerSettings

JOBS = 600
ROUNDS = 3
CLAIMS = 400
PEER = Path(__file__).with_name("queue_procrastinate.py")


def fill(number: int) -> None:
    """Leave nothing but so many tasks that wait."""
    AgentTask.bulk_delete(AgentTask.where().ids())
    AgentTask.bulk_create({"name": "n", "description": "d", "agent_id": "a"} for _ in range(number))


def nothing(_: Any) -> str:
    """Do nothing."""
    return "done"


def ours(concurrency: int, prefetch: int) -> float:
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


def claimer(url: str, ready: Barrier, number: int) -> None:
    """Claim tasks one by one, together with others."""
    with connect(url):
        AgentTask.claim("warm")
        ready.wait()
        for _ in range(number):
            AgentTask.claim("w")
        ready.wait()


def scaling(url: str, processes: int) -> float:
    """Return claims a second of so many processes together."""
    fill(CLAIMS * processes + 2 * processes)
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Barrier(processes + 1)
    running = [spawn.Process(target=claimer, args=(url, ready, CLAIMS)) for _ in range(processes)]
    for one in running:
        one.start()
    ready.wait()
    begin = time.perf_counter()
    ready.wait()
    spent = time.perf_counter() - begin
    for one in running:
        one.join()
    return CLAIMS * processes / spent


def draw(rates: dict[int, float], path: str) -> None:
    """Draw the scaling."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4))
    axes.plot(list(rates), list(rates.values()), marker="o", label="claims")
    axes.plot(list(rates), [rates[1] * one for one in rates], "--", label="one claimer times n")
    axes.set(xlabel="claimers", ylabel="claims a second", ylim=(0, None))
    axes.legend()
    figure.savefig(path, dpi=150, bbox_inches="tight")


def main(url: str, python: str = "", plot: str = "") -> None:
    """Measure."""
    logging.getLogger("tablewright").setLevel(logging.CRITICAL)
    with connect(url):
        for concurrency, prefetch in ((1, 0), (1, 20), (10, 0), (10, 40)):
            mine, peer = [], []
            for _ in range(ROUNDS):
                mine.append(ours(concurrency, prefetch))
                if python:
                    peer.append(theirs(python, url, concurrency))
            text = f"worker, concurrency {concurrency:2}, prefetch {prefetch:2}: {statistics.median(mine):7,.0f} tasks/s"
            if python:
                ratios = [one / other for one, other in zip(mine, peer, strict=True)]
                text += (
                    f", procrastinate {statistics.median(peer):6,.0f}: {statistics.median(ratios):.1f} "
                    f"({min(ratios):.1f} to {max(ratios):.1f})"
                )
            print(text, flush=True)
        rates = {}
        for processes in (1, 2, 4, 8):
            rates[processes] = scaling(url, processes)
            print(
                f"{processes} claimers: {rates[processes]:7,.0f} claims/s, {rates[processes] / rates[1]:.2f} of one",
                flush=True,
            )
    if plot:
        draw(rates, plot)


if __name__ == "__main__":
    main(*sys.argv[1:])
