"""How often a task of a queue on Airtable gets two holders: processes that claim at the same time, with and without leases.

Run it from the root of the project: python -m benchmarks.queue_airtable [best|leases|unsettled …]
It takes some minutes. Nobody ends a task and no lease runs out, so a task that was claimed twice had two holders. Latency
is put into the local Airtable before it carries a write out: the answer to one write in so many waits for so long.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tablewright.runtime import connect
from tablewright.runtime.stores.airtable_noted_queue import NotedQueue
from tablewright.server.serve import LocalAirtable
from tablewright.testing import provision

ROOT = Path(__file__).parents[1]
TASKS = 60
MINUTES = 1.5
PROCESSES = (2, 4, 8)
SCHEMA = """\
tablewright: 1
name: claimed
enums:
  State: {values: [WAITING, RUNNING, DONE, FAILED]}
tables:
  Job:
    fields:
      name: {type: text, required: true}
      state: {type: State, default: WAITING}
      note: {type: long_text}
    lifecycle:
      field: state
      initial: WAITING
      transitions:
        begin: {from: WAITING, to: RUNNING}
        finish: {from: RUNNING, to: DONE}
        break_off: {from: RUNNING, to: FAILED}
    queue: {take: begin, done: finish, fail: break_off, lease: 1h, lease_field: note}
"""
DELAYS = {
    "none": (),
    "1 s, one write in 5": ("delay=1 method=PATCH probability=0.2",),
    "4 s, one write in 5": ("delay=4 method=PATCH probability=0.2",),
}
MODES = {"leases": "leases in SQLite", "best": "best effort", "unsettled": "best effort, no wait"}


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement."""

    claims: int
    doubles: int
    seconds: float


def claim_all(mode: str, deadline: float) -> None:
    """Claim one task after the other until there is none; print the ids. Runs in a process of its own."""
    from claimed import Job  # type: ignore[import-not-found]  # made for this run

    leases = os.environ["LEASES"] if mode == "leases" else "best effort"
    with connect(leases=leases) as connection:
        queues = connection.store.queues  # type: ignore[attr-defined]  # connected with leases
        if mode == "unsettled":
            assert isinstance(queues, NotedQueue)  # noqa: S101  # that is what was connected
            queues.settle_seconds = 0.0
            queues.fresh_seconds = 3_600.0
        name = f"w{os.getpid()}"
        taken: list[str] = []
        while time.time() < deadline:
            found = Job.claim(name)
            taken += [one.id for one in found]
            if not found and Job.count(Job.c.state == Job.table.lifecycle.initial) == 0:
                break
    print(json.dumps(taken))


def measure(mode: str, processes: int, delays: Sequence[str], folder: Path) -> Run:
    """Let processes share the tasks of one local Airtable."""
    from claimed import Job

    with LocalAirtable(fail=list(delays), seed=processes) as airtable:
        provision(airtable, [Job])
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "generator", ROOT, folder))),
            "AIRTABLE_ACCESS_TOKEN": airtable.token,
            "TABLEWRIGHT_STORE": f"airtable://{airtable.base_id}?endpoint={airtable.url}",
            "LEASES": f"sqlite:///{tempfile.mkdtemp(dir=folder)}/leases.db",
        }
        os.environ["AIRTABLE_ACCESS_TOKEN"] = airtable.token
        with connect(environment["TABLEWRIGHT_STORE"]):
            Job.bulk_create({"name": f"n{one}"} for one in range(TASKS))
        began = time.time()
        command = [sys.executable, "-m", "benchmarks.queue_airtable", "--claim", mode, str(began + 60 * MINUTES)]  # fmt: skip
        running = [
            subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
            for _ in range(processes)
        ]
        taken = [one for each in running for one in json.loads(each.communicate()[0] or "[]")]
        seconds = time.time() - began
    counts = Counter(taken)
    return Run(len(counts), sum(number > 1 for number in counts.values()), seconds)


def main(modes: Sequence[str]) -> None:
    """Measure every mode, with 2, 4 and 8 processes, at each latency."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        schema = folder / "claimed.yaml"
        schema.write_text(SCHEMA)
        command = [sys.executable, "-m", "tablewright", "generate", str(schema), "--out", name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        sys.path.insert(0, name)
        print(f"{'':22} {'latency':22} {'processes':>9} {'tasks':>6} {'doubles':>8} {'chance':>7} {'claims/s':>9}")  # fmt: skip
        for mode in modes:
            for delay, rules in DELAYS.items():
                for processes in PROCESSES:
                    run = measure(mode, processes, rules, folder)
                    chance = run.doubles / run.claims if run.claims else 0.0
                    print(
                        f"{MODES[mode]:22} {delay:22} {processes:9} {run.claims:6} {run.doubles:8} {chance:7.1%} "
                        f"{run.claims / run.seconds:9.1f}",
                        flush=True,
                    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--claim"]:
        claim_all(sys.argv[2], float(sys.argv[3]))
    else:
        main(sys.argv[1:] or list(MODES))
