"""A transition in memory, guard and effect included, beside transitions and python-statemachine.

    python -m benchmarks.runtime_transitions [--peers PATH/TO/python] [--rounds 7]

The peers live in an environment of their own: pip install transitions python-statemachine. Everybody walks the same
two steps again and again: start, with a guard and a time stamp, and stop, which takes the stamp back. "Decided" is the
pure function alone, "in place" takes the changes over, "encoded" checks and converts them for a store as well. All
take turns in one run; printed are medians of microseconds for one transition, and how many times faster that is than
each peer.
"""

# it measures the parts that the public methods are made of

from __future__ import annotations

import argparse
import importlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import tablewright
from tablewright.runtime.codec import encode_changes
from tablewright.runtime.stored_record import apply

STEPS: Final = 10_000
SCHEMA: Final = """\
tablewright: 1
name: walked
enums: {State: [WAITING, STARTED, REVIEW, DONE, DROPPED]}
tables:
  Job:
    fields: {title: text, assignee: text, started_at: datetime, state: State}
    lifecycle:
      field: state
      initial: WAITING
      transitions:
        start: {from: WAITING, to: STARTED, when: assignee is not None, set: {started_at: now()}}
        stop: {from: STARTED, to: WAITING, set: {started_at: None}}
        submit: {from: STARTED, to: REVIEW}
        finish: {from: REVIEW, to: DONE}
        drop: {from: [WAITING, STARTED, REVIEW], to: DROPPED}
"""
PEER: Final = """\
import sys, time
from datetime import UTC, datetime
STEPS = int(sys.argv[2])

def by_transitions():
    from transitions import Machine
    class Job:
        assignee = "ann"
        started_at = None
        def has_assignee(self): return self.assignee is not None
        def stamp(self): self.started_at = datetime.now(UTC)
        def clear(self): self.started_at = None
    job = Job()
    Machine(job, states=["todo", "started", "review", "done", "dropped"], initial="todo", auto_transitions=False, transitions=[
        {"trigger": "start", "source": "todo", "dest": "started", "conditions": "has_assignee", "before": "stamp"},
        {"trigger": "stop", "source": "started", "dest": "todo", "before": "clear"},
        {"trigger": "submit", "source": "started", "dest": "review"},
        {"trigger": "finish", "source": "review", "dest": "done"},
        {"trigger": "drop", "source": ["todo", "started", "review"], "dest": "dropped"},
    ])
    return job

def by_statemachine():
    from statemachine import State, StateMachine
    class Job(StateMachine):
        todo, started, review = State(initial=True), State(), State()
        done, dropped = State(final=True), State(final=True)
        start = todo.to(started, cond="has_assignee", on="stamp")
        stop = started.to(todo, on="clear")
        submit = started.to(review)
        finish = review.to(done)
        drop = todo.to(dropped) | started.to(dropped) | review.to(dropped)
        assignee = "ann"
        started_at = None
        def has_assignee(self): return self.assignee is not None
        def stamp(self): self.started_at = datetime.now(UTC)
        def clear(self): self.started_at = None
    return Job()

job = {"transitions": by_transitions, "python-statemachine": by_statemachine}[sys.argv[1]]()
for again in (STEPS // 10, STEPS):
    begin = time.perf_counter()
    for _ in range(again // 2):
        job.start()
        job.stop()
    spent = time.perf_counter() - begin
print(spent / STEPS * 1e6)
"""
PEERS: Final = ("transitions", "python-statemachine")


def our_ways(package: Any) -> dict[str, Callable[[], None]]:
    """Return the ways to make a transition with what was generated, each `STEPS` times."""
    job = package.Job.create(title="n", assignee="ann")
    lifecycle = importlib.import_module(f"{package.__name__}.lifecycle")
    start, stop, table = lifecycle.job_start, lifecycle.job_stop, package.Job.table

    def in_place() -> None:
        for _ in range(STEPS // 2):
            apply(job, start(job, datetime.now(UTC)))
            apply(job, stop(job, datetime.now(UTC)))

    def encoded_in_place() -> None:
        for _ in range(STEPS // 2):
            apply(job, encode_changes(table, start(job, datetime.now(UTC)), ""))
            apply(job, encode_changes(table, stop(job, datetime.now(UTC)), ""))

    def stamped_copy() -> None:
        held = job
        for _ in range(STEPS // 2):
            held = held.model_copy(update=start(held, datetime.now(UTC)))
            held = held.model_copy(update=stop(held, datetime.now(UTC)))

    def decided() -> None:
        started = job.model_copy(update=start(job, datetime.now(UTC)))
        for _ in range(STEPS // 2):
            start(job, datetime.now(UTC))
            stop(started, datetime.now(UTC))

    return {
        "decided": decided,
        "in place": in_place,
        "in place, encoded": encoded_in_place,
        "stamped copy": stamped_copy,
    }


def of_ours(way: Callable[[], None]) -> float:
    """Return the microseconds of one transition."""
    begin = time.perf_counter()
    way()
    return (time.perf_counter() - begin) / STEPS * 1e6


def of_a_peer(python: str, name: str, steps: int = STEPS) -> float:
    """Return the microseconds of one transition, measured in a process of the peer's environment."""
    command = [python, "-c", PEER, name, str(steps)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def generated(folder: Path) -> Any:
    """Return the package of the benchmark's schema."""
    (folder / "walked.yaml").write_text(SCHEMA, "utf-8")
    command = [sys.executable, "-m", "tablewright", "generate", "walked.yaml", "--out", "."]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    sys.path.insert(0, str(folder))
    return importlib.import_module("walked")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--peers", metavar="PYTHON", help="the interpreter of the environment with the peers"
    )
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        package = generated(folder)
        with tablewright.connect(f"sqlite:///{folder}/walked.db"):
            ways = our_ways(package)
            peers = PEERS if given.peers else ()
            times: dict[str, list[float]] = {one: [] for one in (*ways, *peers)}
            for _ in range(given.rounds):
                for one, way in ways.items():
                    times[one].append(of_ours(way))
                for one in peers:
                    times[one].append(of_a_peer(given.peers, one))
    for one in times:
        ratios = "  ".join(
            f"{statistics.median(b / a for a, b in zip(times[one], times[peer], strict=True)):6.1f} x {peer}"
            for peer in peers
        )  # fmt: skip
        print(f"{one:22} {statistics.median(times[one]):8.2f} us  {ratios}")


if __name__ == "__main__":
    main()
