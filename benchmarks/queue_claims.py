# ruff: noqa: SLF001  # the statements that are compared are the store's own
"""Claims and ends of tasks beside the bare SQL that does the same, on SQLite and PostgreSQL. Prints ratios.

Run it from the root of the project: python -m benchmarks.queue_claims [postgresql://user@host/database]
Without a URL only SQLite is measured.
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from contextvars import Context, copy_context
from functools import partial
from itertools import chain
from typing import Any

from generated.agent_tasks import AgentTask, TaskPriority
from tablewright.runtime import connect

ROUNDS = 5
CLAIMS = 500
TURNS = 8
MARK = "<ids>"
DEPTHS = (1_000, 10_000, 100_000)
DEPTH_CLAIMS = 50


def fill(number: int) -> None:
    """Store tasks that wait."""
    priorities = list(TaskPriority)
    AgentTask.bulk_create(
        {"name": "n", "description": "d", "agent_id": "a", "priority": priorities[one % 4]}
        for one in range(number)
    )


def rate(work: Callable[[], int]) -> float:
    """Return how many a second."""
    begin = time.perf_counter()
    number = work()
    return number / (time.perf_counter() - begin)


def ours(n: int) -> int:
    """Claim tasks through the store."""
    taken = 0
    while taken < CLAIMS:
        taken += len(AgentTask.claim("w", n))
    return taken


def statements(connection: Any, n: int) -> list[tuple[str, Any]]:
    """Return the very statements that a claim sends, with their values."""
    from tablewright.runtime.queue.rules import taking_of
    from tablewright.runtime.stores import sql_queue_claiming as claiming
    from tablewright.runtime.stores import sql_queue_holding as holding

    made = connection.store.queues._of(AgentTask.table)
    taking = taking_of(AgentTask)
    if connection.store.database.dialect == "postgresql":
        one = claiming.claim(made, taking, [], n)
        return [(one.text, one.parameters({"worker": "w", "token": "t"}))]
    pick, take = claiming.pick(made, taking, [], n), claiming.takes(made, taking)[n > 1]
    log = holding.add_history(made)
    assert log is not None  # noqa: S101  # the example keeps a history
    mark = {"id": MARK} if n == 1 else {"ids": MARK}
    return [
        (pick.text, pick.parameters({})),
        (take.text, take.parameters({**mark, "worker": "w", "token": "t"})),
        (log.text, log),
    ]


def bare_sqlite(path: str, asked: list[tuple[str, Any]], synchronous: str) -> int:
    """Send the same statements through the standard library alone; rows stay as they come."""
    (pick, pick_values), (take, take_values), (log, _) = asked
    place = take_values.index(MARK)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA foreign_keys=ON")
        cursor = connection.cursor()
        taken = 0
        while taken < CLAIMS:
            cursor.execute("BEGIN IMMEDIATE")
            found = cursor.execute(pick, pick_values).fetchall()
            listed = "[" + ",".join(f'"{row[0]}"' for row in found) + "]"
            ids = found[0][0] if "json_each" not in take else listed
            values = [*take_values[:place], ids, *take_values[place + 1 :]]
            rows = cursor.execute(take, values).fetchall()
            now = rows[0][-1]
            cursor.executemany(
                log,
                [
                    (
                        row[0],
                        now,
                        "start_execution",
                        row[1],
                        "IN_PROGRESS",
                        "w",
                        None,
                        row[3] + 1,
                        None,
                    )
                    for row in found
                ],
            )
            cursor.execute("COMMIT")
            taken += len(rows)
    return taken


def bare_postgres(url: str, asked: list[tuple[str, Any]]) -> int:
    """Send the same statement through psycopg alone; rows stay as they come."""
    import psycopg

    ((text, values),) = asked
    numbered = psycopg.RawCursor
    with (
        psycopg.connect(url, autocommit=True, cursor_factory=numbered) as connection,
        connection.cursor() as cursor,
    ):
        taken = 0
        while taken < CLAIMS:
            taken += len(cursor.execute(text, values).fetchall())
    return taken


def sqlite_figures() -> Iterator[str]:
    """Yield lines of figures: both take turns on one database, by the clock and by the time of this process."""
    for synchronous in ("normal", "full"):
        for n in (1, 10):
            mine, floor, ratios = [], [], []
            with tempfile.TemporaryDirectory() as folder:
                path = f"{folder}/bench.db"
                with connect(f"sqlite:///{path}?synchronous={synchronous}") as connection:
                    fill((2 * TURNS + 1) * CLAIMS + 500)
                    asked = statements(connection, n)
                    AgentTask.claim("w", n)
                    for _ in range(TURNS):
                        spent = time.process_time()
                        mine.append(rate(partial(ours, n)))
                        between = time.process_time()
                        floor.append(rate(partial(bare_sqlite, path, asked, synchronous)))
                        ratios.append((time.process_time() - between) / (between - spent))
            said = line(f"SQLite {synchronous}, {n} at a time", mine, floor, "stdlib sqlite3")
            yield f"{said}; by CPU {statistics.median(ratios):.2f}"


def postgres_figures(url: str) -> Iterator[str]:
    """Yield lines of figures."""
    for n in (1, 10):
        mine, floor = [], []
        with connect(url) as connection:
            for _ in range(ROUNDS):
                AgentTask.bulk_delete(AgentTask.where().ids())
                fill(2 * CLAIMS + 500)
                asked = statements(connection, n)
                AgentTask.claim("w", n)
                mine.append(rate(partial(ours, n)))
                floor.append(rate(partial(bare_postgres, url, asked)))
        yield line(f"PostgreSQL, {n} at a time", mine, floor, "psycopg")


def depth_figures() -> Iterator[str]:
    """Yield how fast one claim is among so many waiting rows; all depths in turn, in one run."""
    with ExitStack() as open_:
        contexts: dict[int, Context] = {}
        for depth in DEPTHS:
            folder = open_.enter_context(tempfile.TemporaryDirectory())
            connection = connect(f"sqlite:///{folder}/depth.db?synchronous=normal")
            open_.callback(connection.close)
            contexts[depth] = copy_context()
            contexts[depth].run(connection.__enter__)
            for _ in range(0, depth, 10_000):
                contexts[depth].run(fill, min(depth, 10_000))
        rates: dict[int, list[float]] = {depth: [] for depth in DEPTHS}
        for _ in range(2 * ROUNDS):
            for depth, context in contexts.items():
                rates[depth].append(context.run(rate_of_cpu, DEPTH_CLAIMS))
    for depth, found in rates.items():
        median = statistics.median(found)
        ratio = median / statistics.median(rates[DEPTHS[0]])
        yield f"SQLite, {depth:7,} waiting rows    {median:9,.0f} claims a second of CPU: {ratio:.2f} of {DEPTHS[0]:,}"


def rate_of_cpu(number: int) -> float:
    """Return how many tasks are claimed, one at a time, in a second of this process."""
    began = time.process_time()
    for _ in range(number):
        AgentTask.claim("w")
    return number / (time.process_time() - began)


def line(what: str, mine: list[float], floor: list[float], name: str) -> str:
    """Return a figure beside its floor."""
    ratios = [one / other for one, other in zip(mine, floor, strict=True)]
    return (
        f"{what:30} {statistics.median(mine):9,.0f} claims/s, {name} {statistics.median(floor):9,.0f}: "
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def main() -> None:
    """Measure."""
    for one in chain(depth_figures(), sqlite_figures()):
        print(one, flush=True)
    for url in sys.argv[1:]:
        for one in postgres_figures(url):
            print(one, flush=True)


if __name__ == "__main__":
    main()
