"""The queue beside a reference queue of a few lines: whatever is done in whatever order, both say the same."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tablewright.runtime import LeaseLost, RecordChanged, TransitionRefused, connect
from tablewright.runtime.spec import TableSpec

RunOut = Callable[[Any, TableSpec, str], None]


@dataclass
class Task:
    """What the reference knows of a task."""

    rank: int
    place: int
    state: str = "WAITING"
    tries: int = 0
    attempt: int = 0
    holder: int = 0
    lapsed: bool = False
    asked: bool = False
    pauses: bool = False
    parts: list[str] = field(default_factory=list)


class Reference:
    """A queue without a store, without time, and without anybody else."""

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}
        self.claims = 0

    def end_hopeless(self) -> None:
        for task in self.tasks.values():
            if task.state == "RUNNING" and task.lapsed:
                if task.asked:
                    task.state = "STOPPED"
                elif task.tries + 1 >= 3:
                    task.state, task.tries = "BROKEN", task.tries + 1

    def ready(self, task: Task) -> bool:
        if task.asked:
            return False
        if task.state == "RUNNING":
            return task.lapsed and task.tries + 1 < 3
        open_parts = [
            self.tasks[one]
            for one in task.parts
            if self.tasks[one].state not in ("DONE", "STOPPED")
        ]
        return task.state == "WAITING" and not task.pauses and not open_parts

    def claim(self, n: int) -> dict[str, int]:
        """Take tasks and return them with the number of their claim."""
        order = sorted(self.tasks, key=lambda one: (-self.tasks[one].rank, self.tasks[one].place))
        taken = {}
        for name in [one for one in order if self.ready(self.tasks[one])][:n]:
            task = self.tasks[name]
            task.tries += task.state == "RUNNING"
            self.claims += 1
            task.state, task.holder, task.lapsed = "RUNNING", self.claims, False
            task.attempt += 1
            taken[name] = self.claims
        if len(taken) < n:
            self.end_hopeless()
        return taken

    def holds(self, name: str, claim: int) -> bool:
        task = self.tasks[name]
        return task.state == "RUNNING" and task.holder == claim


def machine(
    jobs: ModuleType, run_out: RunOut, url: Callable[[], str], apart: int
) -> type[RuleBasedStateMachine]:
    """Return the machine that drives both queues. Ranks differ by *apart* from one task to the next."""

    class Queues(RuleBasedStateMachine):
        held: Bundle[Any] = Bundle("held")

        def __init__(self) -> None:
            super().__init__()
            self.connection = connect(url())
            jobs.Job.bulk_delete(jobs.Job.where().ids())
            self.reference = Reference()
            self.ids: dict[str, str] = {}

        def teardown(self) -> None:
            self.connection.close()

        @rule(rank=st.integers(0, 2), inside=st.integers(0, 9))
        def create(self, rank: int, inside: int) -> None:
            name = f"t{len(self.ids)}"
            rank = rank * 1_000 - apart * len(self.ids)
            names = list(self.ids)
            # A part of a task that may be anything by now, and that waits for it from now on.
            whole = names[inside] if inside < len(names) else None
            job = jobs.Job.create(
                name=name, rank=rank, part_of=None if whole is None else self.ids[whole]
            )
            self.ids[name] = job.id
            self.reference.tasks[name] = Task(rank, len(names))
            if whole is not None:
                self.reference.tasks[whole].parts.append(name)

        @rule(n=st.integers(1, 3), target=held)
        def claim(self, n: int) -> list[tuple[Any, int]]:
            taken = jobs.Job.claim("w", n)
            wanted = self.reference.claim(n)
            assert [job.name for job in taken] == list(wanted)
            return [(job, wanted[job.name]) for job in taken]

        @rule(
            held=held, what=st.sampled_from(["finish", "break_off", "release", "heartbeat", "stop"])
        )
        def settle(self, held: list[tuple[Any, int]], what: str) -> None:
            for job, claim in held:
                task = self.reference.tasks[job.name]
                holds = self.reference.holds(job.name, claim)
                if what == "stop" and job.state.name == "WAITING":
                    # Whoever let go of it may stop it like anybody else, while it still waits.
                    holds = task.state == "WAITING"
                arguments = ("it broke",) if what == "break_off" else ()
                try:
                    getattr(job, what)(*arguments)
                except (LeaseLost, RecordChanged, TransitionRefused):
                    done = False
                else:
                    done = True
                # Who has let go is refused by the state in memory, who lost it by the store.
                assert done == holds, what
                if not done:
                    continue
                if what == "finish":
                    task.state = "DONE"
                elif what == "stop":
                    task.state = "STOPPED"
                elif what == "heartbeat":
                    task.lapsed = False
                elif what == "release":
                    # Whether the holder has heard of a request to stop or not, the task does not wait again.
                    task.state = "STOPPED" if task.asked else "WAITING"
                    task.attempt -= task.state == "WAITING"
                else:
                    task.tries += 1
                    task.state = "BROKEN" if task.tries >= 3 or task.asked else "WAITING"
                    task.pauses = task.state == "WAITING"

        @rule(place=st.integers(0, 9))
        def let_lapse(self, place: int) -> None:
            names = [name for name, task in self.reference.tasks.items() if task.state == "RUNNING"]
            if place < len(names):
                run_out(self.connection.store, jobs.Job.table, self.ids[names[place]])
                self.reference.tasks[names[place]].lapsed = True

        @rule(place=st.integers(0, 9))
        def ask_to_stop(self, place: int) -> None:
            names = [
                name
                for name, task in self.reference.tasks.items()
                if task.state in ("WAITING", "RUNNING")
            ]
            if place < len(names):
                task = self.reference.tasks[names[place]]
                jobs.Job.get(self.ids[names[place]]).request_cancel()
                task.asked = True
                if task.state == "WAITING":
                    task.state = "STOPPED"

        @rule()
        def wait_for_pauses(self) -> None:
            for name, task in self.reference.tasks.items():
                if task.pauses and task.state == "WAITING":
                    jobs.Job.get(self.ids[name]).postpone(timedelta(seconds=-1))
                    task.pauses = False

        @invariant()
        def both_agree(self) -> None:
            stored = {job.name: (job.state.name, job.tries, job.attempt) for job in jobs.Job.all()}
            assert stored == {
                name: (task.state, task.tries, task.attempt)
                for name, task in self.reference.tasks.items()
            }

    return Queues


@contextmanager
def slowed(spec: Any, name: str, seconds: float) -> Iterator[None]:
    """Give a frozen specification another value for a while."""
    before = getattr(spec, name)
    object.__setattr__(spec, name, seconds)
    try:
        yield
    finally:
        object.__setattr__(spec, name, before)


def run(
    jobs: ModuleType,
    run_out: RunOut,
    url: Callable[[], str],
    examples: int,
    steps: int,
    apart: int = 0,
) -> None:
    queue = jobs.Job.table.queue
    # Time passes only where the machine says so.
    with (
        slowed(queue, "lease", 600.0),
        slowed(queue.retry, "first", 600.0),
        slowed(queue.retry, "most", 600.0),
    ):
        run_state_machine_as_test(
            machine(jobs, run_out, url, apart),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                derandomize=True,
                phases=[Phase.generate],
            ),
        )


def test_the_queue_on_sqlite_is_the_reference_queue(
    jobs: ModuleType, run_out: RunOut, tmp_path: Path
) -> None:
    """Claims, ends, failures, lapses and requests to stop in any order leave both queues alike."""
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        run(jobs, run_out, lambda: f"sqlite:///{folder}/model.db?synchronous=normal", 15, 25)


def test_the_queue_on_postgres_is_the_reference_queue(
    jobs: ModuleType, run_out: RunOut, empty_schema: str
) -> None:
    """The same on PostgreSQL."""
    run(jobs, run_out, lambda: empty_schema, 5, 15)


@pytest.mark.slow
def test_the_queue_on_airtable_is_the_reference_queue(
    jobs: ModuleType, run_out: RunOut, airtable_with_leases: str
) -> None:
    """The same where leases are kept in SQL, whose tasks are as old as one another: Airtable tells whole seconds."""
    run(jobs, run_out, lambda: airtable_with_leases, 12, 25, apart=1)


@pytest.mark.slow
def test_long_runs_agree_too(jobs: ModuleType, run_out: RunOut, tmp_path: Path) -> None:
    """More and longer runs."""
    url = f"sqlite:///{tmp_path}/model.db?synchronous=normal"
    run(jobs, run_out, lambda: url, 150, 60)
