"""Decoding rows into records against plain pydantic, and a transition in memory. Prints ratios of one run.

Run it from the root of the project: python -m benchmarks.runtime_decode
"""

# it measures the parts that the public methods are made of

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from generated.agent_tasks import AgentTask, TaskPriority
from generated.agent_tasks.lifecycle import agent_task_cancel_execution, agent_task_start_execution
from tablewright.runtime import connect
from tablewright.runtime.codec import encode_changes
from tablewright.runtime.query import Query
from tablewright.runtime.reading import decoded
from tablewright.runtime.stored_record import apply
from tablewright.runtime.stores.base import Selection

ROWS = 10_000
ROUNDS = 9


def fastest(*functions: Callable[[], object]) -> list[float]:
    """Return the median time of each function; they take turns, so that all meet the same machine."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(ROUNDS):
        for place, function in enumerate(functions):
            gc.collect()
            begin = time.perf_counter()
            function()
            times[place].append(time.perf_counter() - begin)
    return [statistics.median(one) for one in times]


def decoding(store: Any) -> None:
    """Print what reading costs."""
    rows = store.select(Selection(AgentTask.table))
    flat = [
        {("parent_task_id" if key == "parent_task" else "depends_on_ids" if key == "depends_on" else key): value
         for key, value in row.items()}
        for row in rows
    ]  # fmt: skip
    validate = AgentTask.model_validate
    plain, ours, select, query = fastest(
        lambda: [validate(row) for row in flat],
        lambda: decoded(AgentTask, store, rows),
        lambda: store.select(Selection(AgentTask.table)),
        lambda: Query(AgentTask).all(),
    )
    for name, seconds in (("plain model_validate", plain), ("rows to records", ours), ("store.select", select), ("query.all", query)):  # fmt: skip
        print(
            f"{name:24} {ROWS / seconds:>10,.0f} records/s  {seconds / ROWS * 1e6:6.2f} us  {plain / seconds:5.2f}"
        )


def transitions() -> None:
    """Print what a transition costs in memory: to decide, and to take the changes over."""
    task = AgentTask.create(name="n", description="d", agent_id="a")
    now = datetime.now(UTC)
    number = 20_000

    def decide() -> None:
        for _ in range(number):
            agent_task_start_execution(task, now)

    def decide_and_apply() -> None:
        for _ in range(number):
            changes = agent_task_cancel_execution(task, now)
            if not isinstance(changes, dict):
                raise TypeError(changes)
            apply(
                task,
                encode_changes(
                    AgentTask.table, {"priority": TaskPriority.LOW, "completed_at": now}, ""
                ),
            )

    one, both = fastest(decide, decide_and_apply)
    print(f"{'decide':24} {one / number * 1e6:6.2f} us")
    print(f"{'decide, check, apply':24} {both / number * 1e6:6.2f} us")


def through_the_store() -> None:
    """Print what one whole transition and one creation cost on SQLite, on disk."""
    number = 300
    tasks = AgentTask.bulk_create(
        [{"name": "n", "description": "d", "agent_id": "a"} for _ in range(number)]
    )
    begin = time.perf_counter()
    for task in tasks:
        task.start_execution()
    moved = (time.perf_counter() - begin) / number
    begin = time.perf_counter()
    for _ in range(number):
        AgentTask.create(name="n", description="d", agent_id="a")
    created = (time.perf_counter() - begin) / number
    begin = time.perf_counter()
    for task in tasks:
        AgentTask.get(task.id)
    got = (time.perf_counter() - begin) / number
    for name, seconds in (
        ("start_execution, SQLite", moved),
        ("create, SQLite", created),
        ("get, SQLite", got),
    ):
        print(f"{name:24} {seconds * 1e6:6.0f} us")


def main() -> None:
    """Run everything on a temporary SQLite file."""
    with (
        tempfile.TemporaryDirectory() as folder,
        connect(f"sqlite:///{folder}/bench.db") as connection,
    ):
        begin = datetime(2026, 1, 1, tzinfo=UTC)
        AgentTask.bulk_create(
            {
                "name": f"task {place}", "description": "what has to be done", "agent_id": f"agent_{place % 7}",
                "priority": list(TaskPriority)[place % 4], "parameters": {"place": place},
                "started_at": begin + timedelta(seconds=place), "execution_time_seconds": place / 8, "retry_count": place % 4,
            }
            for place in range(ROWS)
        )  # fmt: skip
        decoding(connection.store)
        transitions()
        through_the_store()


if __name__ == "__main__":
    main()
