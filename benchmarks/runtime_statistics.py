"""One statistic of nine measures over growing numbers of tasks, with and without a filter on an indexed field.

Run it from the root of the project: python -m benchmarks.runtime_statistics [postgresql://user@host/database]
Without a URL a new SQLite file is measured. Prints milliseconds, the statements sent for one statistic, and how the
database finds the rows of the filter.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from typing import Any

import sqlalchemy as sa

from generated.agent_tasks import AgentTask, TaskPriority
from tablewright.runtime import Connection, connect

SIZES = (12_500, 25_000, 50_000, 100_000)
ROUNDS = 5


def spent(agent_id: str | None) -> float:
    """Return the median time of a statistic in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        AgentTask.get_agent_stats(agent_id)
        times.append((time.perf_counter() - begin) * 1_000)
    return statistics.median(times)


def sent(connection: Connection) -> list[str]:
    """Return the statements of one statistic."""
    store: Any = connection.store
    found: list[str] = []

    def note(*arguments: Any) -> None:
        found.append(str(arguments[2]))

    sa.event.listen(store.database.engine, "before_cursor_execute", note)
    AgentTask.get_agent_stats("agent_7")
    sa.event.remove(store.database.engine, "before_cursor_execute", note)
    return found


def fill(there: int, size: int) -> None:
    """Store tasks up to this number, of a hundred agents in turn."""
    AgentTask.bulk_create(
        {
            "name": "task",
            "description": "what has to be done",
            "agent_id": f"agent_{place % 100}",
            "priority": list(TaskPriority)[place % 4],
            "execution_time_seconds": place / 8,
            "retry_count": place % 4,
            "error_message": "timed out" if place % 5 == 0 else None,
        }
        for place in range(there, size)
    )


def main() -> None:
    """Fill an empty database step by step."""
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/bench.db"
        with connect(url) as connection:
            there = AgentTask.count()
            if there:
                sys.exit(f"{connection.description} holds {there} tasks: name an empty database")
            for size in SIZES:
                fill(there, size)
                there = size
                whole, one = spent(None), spent("agent_7")
                print(
                    f"{size:>7} tasks: all {whole:7.1f} ms ({whole / size * 1e3:.2f} us a task), "
                    f"one agent of 100 {one:6.1f} ms",
                    flush=True,
                )
            print(f"statements for one statistic: {len(sent(connection))}")
            filtered = AgentTask.where(AgentTask.c.agent_id == "agent_7")
            print(f"the filter: {filtered.explain().steps}")


if __name__ == "__main__":
    main()
