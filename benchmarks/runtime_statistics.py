"""One statistic of nine measures over growing numbers of tasks, on SQLite. Prints milliseconds and growth.

Run it from the root of the project: python -m benchmarks.runtime_statistics
"""

from __future__ import annotations

import statistics
import tempfile
import time

from generated.agent_tasks import AgentTask, TaskPriority
from tablewright.runtime import connect

SIZES = (10_000, 20_000, 50_000, 100_000)


def spent(agent_id: str | None) -> float:
    """Return the median time of a statistic in milliseconds."""
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        AgentTask.get_agent_stats(agent_id)
        times.append((time.perf_counter() - begin) * 1_000)
    return statistics.median(times)


def main() -> None:
    """Fill a temporary database step by step."""
    with (
        tempfile.TemporaryDirectory() as folder,
        connect(f"sqlite:///{folder}/bench.db?synchronous=normal"),
    ):
        there = 0
        for size in SIZES:
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
            there = size
            whole, one = spent(None), spent("agent_7")
            print(
                f"{size:>7} tasks: all {whole:7.1f} ms ({whole / size * 1e3:.2f} us a task), one agent of 100 {one:6.1f} ms"
            )


if __name__ == "__main__":
    main()
