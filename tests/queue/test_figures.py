"""Figures of a queue, graphs of tasks, and the same operations as coroutines."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, assert_type

import pytest
import sqlalchemy as sa

from generated.agent_tasks import AgentTask, TaskPriority, TaskStatus
from tablewright.runtime import AirtableModel, Connection, RecordInvalid, StoreUnavailable, connect
from tablewright.runtime.aio import in_thread
from tablewright.runtime.stores import sql_engine
from tablewright.runtime.stores.sql_queue_prepared import Prepared

on_every_store = pytest.mark.parametrize("url", ["sqlite", "postgresql", "airtable"], indirect=True)
ROOT = Path(__file__).parents[2]


def fill(number: int, agent_id: str) -> None:
    AgentTask.bulk_create(
        {"name": f"n{one}", "description": "d", "agent_id": agent_id} for one in range(number)
    )


@on_every_store
def test_figures_tell_what_waits_runs_and_ended(
    connection: Connection, lapse: Callable[[AirtableModel], None]
) -> None:
    """Every task stands in one of them; times and errors come from what happened."""
    fill(7, "a")
    done, failed, lost, running, delayed = AgentTask.claim("w", 5)
    done.complete_execution("ok")
    failed.request_cancel()
    failed.heartbeat().fail_execution("boom")
    delayed.release(timedelta(hours=1))
    lapse(lost)

    figures = AgentTask.queue_statistics()

    assert (figures.waiting, figures.delayed, figures.running, figures.expired_leases) == (
        2,
        1,
        1,
        1,
    )
    assert (figures.completed, figures.failed, figures.success_rate) == (1, 1, 0.5)
    assert figures.oldest_waiting is not None
    assert timedelta() <= figures.oldest_waiting < timedelta(minutes=5)
    for span in (figures.avg_waiting_time, figures.max_waiting_time, figures.avg_running_time):
        assert span is not None
        assert timedelta(seconds=-1) < span < timedelta(minutes=5)
    assert (figures.attempts, figures.workers, figures.errors) == ({1: 2}, {"w": 1}, {"boom": 1})
    assert sum(one.completed for one in figures.by_time) == 1
    assert running.fencing_token is not None


@on_every_store
def test_figures_of_now_leave_out_what_ended(connection: Connection) -> None:
    """Metrics are asked for every few seconds: however many tasks have ended, none of these is looked at."""
    fill(4, "a")
    done, running = AgentTask.claim("w", 2)
    done.complete_execution("ok")

    every = AgentTask.queue_statistics()
    now = AgentTask.queue_statistics(since=timedelta())

    assert (every.completed, len(every.by_time), every.waiting) == (1, 1, 2)
    assert (now.completed, now.failed, now.by_time, now.attempts, now.errors) == (0, 0, (), {}, {})
    for figures in (every, now):
        assert (figures.waiting, figures.blocked, figures.delayed) == (2, 0, 0)
        assert (figures.running, figures.expired_leases, figures.workers) == (1, 0, {"w": 1})
    assert running.fencing_token is not None
    by_agent = AgentTask.queue_statistics(since=timedelta(), by="agent_id").groups["a"]
    assert (by_agent.waiting, by_agent.running, by_agent.completed) == (2, 1, 0)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_the_database_knows_at_once_that_nothing_ended_now(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its plans for what ended and what failed read neither the tasks nor their history."""
    fill(2, "a")
    asked: list[Prepared] = []
    plain = Prepared.ask

    def ask(self: Prepared, cursor: Any, values: dict[str, Any]) -> list[Any]:
        asked.append(self)
        return plain(self, cursor, values)

    monkeypatch.setattr(Prepared, "ask", ask)
    AgentTask.queue_statistics(since=timedelta())
    store: Any = connection.store

    def plan(cursor: Any, one: Prepared) -> str:
        cursor.execute(f"EXPLAIN {one.text}", one.parameters({}))
        return " ".join(row[0] for row in cursor.fetchall())

    plans = [store.queues._lanes.read(lambda cursor, one=one: plan(cursor, one)) for one in asked]
    assert sum("Scan on agent_task" in one or "Scan using" in one for one in plans) == 2, plans


@on_every_store
def test_followers_of_what_failed_are_blocked(connection: Connection) -> None:
    """They wait and cannot be taken: the oldest that waits is one that can."""
    made = AgentTask.workflow(
        {
            "fetch": task("fetch", priority=TaskPriority.URGENT),
            "sums": task("sums", depends_on=["fetch"]),
            "report": task("report", depends_on=["sums"]),
            "other": task("other", agent_id="b"),
            "later": task("later", depends_on=["fetch"]),
        }
    )
    made["later"].postpone(timedelta(hours=1))
    (taken,) = AgentTask.claim("w")
    taken.request_cancel()
    taken.heartbeat().fail_execution("boom")

    figures = AgentTask.queue_statistics(by="agent_id")

    assert (figures.waiting, figures.blocked, figures.delayed) == (3, 2, 1)
    a, b = figures.groups["a"], figures.groups["b"]
    assert (a.waiting, a.blocked, a.oldest_waiting, b.waiting, b.blocked) == (3, 2, None, 1, 0)
    assert figures.oldest_waiting is not None
    assert b.oldest_waiting is not None
    (last,) = AgentTask.claim("w", 5)
    assert last.agent_id == "b"
    assert AgentTask.queue_statistics().oldest_waiting is None


@on_every_store
def test_what_was_asked_to_stop_and_waits_is_blocked(
    connection: Connection, jobs: ModuleType
) -> None:
    """No claim takes it, so it is none of those that could be taken."""
    jobs.Errand.create(name="n").request_cancel()

    figures = jobs.Errand.queue_statistics()

    assert (figures.waiting, figures.blocked, figures.oldest_waiting) == (1, 1, None)


@on_every_store
def test_errors_beyond_those_that_are_listed_are_counted(connection: Connection) -> None:
    """So that the list and the rest give all attempts that failed, over all and by group."""
    fill(23, "a")
    for number, one in enumerate(AgentTask.claim("w", 23)):
        one.request_cancel()
        one.heartbeat().fail_execution("no network" if number < 2 else f"error {number}")

    figures = AgentTask.queue_statistics(by="agent_id")

    assert next(iter(figures.errors.items())) == ("no network", 2)
    for each in (figures, figures.groups["a"]):
        assert len(each.errors) == 20
        assert (each.further_errors.texts, each.further_errors.attempts) == (2, 2)
        assert sum(each.errors.values()) + each.further_errors.attempts == 23


@on_every_store
def test_figures_of_an_empty_queue_are_blank(connection: Connection) -> None:
    """Counts are 0, and what needs a task is None."""
    figures = AgentTask.queue_statistics()

    assert (figures.waiting, figures.completed, figures.success_rate, figures.oldest_waiting) == (
        0,
        0,
        None,
        None,
    )
    assert figures.by_time == ()


def test_figures_wait_for_nobody_who_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody holds SQLite's write lock they are given all the same, and so they keep no claim waiting."""
    monkeypatch.setattr(sql_engine, "BUSY_SECONDS", 0.2)
    path = tmp_path / "queue.db"
    with connect(f"sqlite:///{path}"):
        fill(3, "a")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")

            figures = AgentTask.queue_statistics(by="agent_id")

            with pytest.raises(StoreUnavailable):
                AgentTask.claim("w")
            other.execute("ROLLBACK")

    assert figures.waiting == 3
    assert list(figures.groups) == ["a"]


@on_every_store
def test_figures_are_narrowed_and_grouped(connection: Connection) -> None:
    """By conditions, by the time of the end, and by the values of a field."""
    fill(3, "a")
    fill(2, "b")
    for task in AgentTask.claim("w", 5):
        task.complete_execution("ok")
    fill(1, "b")

    assert AgentTask.queue_statistics(AgentTask.c.agent_id == "b").completed == 2
    assert AgentTask.queue_statistics(since=timedelta(hours=1)).completed == 5
    groups = AgentTask.queue_statistics(by="agent_id").groups
    assert {name: (one.completed, one.waiting) for name, one in groups.items()} == {
        "a": (3, 0),
        "b": (2, 1),
    }
    with pytest.raises(ValueError, match="not by 'agent'"):
        AgentTask.queue_statistics(by="agent")


@on_every_store
def test_each_agent_and_each_span_of_time_has_its_own_figures(connection: Connection) -> None:
    """Success over ended tasks, waiting and running time, retries and errors: by value of a field, and by time."""
    fill(2, "a")
    fill(1, "b")
    for task in AgentTask.claim("w", 3):
        if task.agent_id == "b":
            task.fail_execution("no network")
            task.postpone(timedelta(seconds=-1))
        else:
            task.complete_execution("ok")
    (again,) = AgentTask.claim("w", 3)
    again.request_cancel()
    again.fail_execution("no money")
    fill(1, "b")

    figures = AgentTask.queue_statistics(by="agent_id")

    a, b = figures.groups["a"], figures.groups["b"]
    assert (a.completed, a.failed, a.success_rate, a.retries, a.errors) == (2, 0, 1.0, 0, {})
    assert (b.completed, b.failed, b.success_rate, b.retries) == (0, 1, 0.0, 1)
    assert b.errors == figures.errors == {"no money": 1, "no network": 1}
    assert (a.waiting, a.oldest_waiting, b.waiting) == (0, None, 1)
    spans = (a.avg_waiting_time, a.avg_running_time, b.avg_running_time, b.oldest_waiting)
    ends = [figures.by_time[-1].avg_waiting_time, figures.by_time[-1].avg_running_time]
    for span in (*spans, *ends):
        assert span is not None
        assert timedelta() <= span < timedelta(minutes=5)
    assert sum(one.retries for one in figures.by_time) == 1
    assert figures.by_time[-1].success_rate is not None


@on_every_store
def test_errors_of_long_ago_are_left_out(connection: Connection) -> None:
    """*since* holds for the errors of attempts as it does for ends."""
    fill(1, "a")
    (task,) = AgentTask.claim("w")
    task.fail_execution("no network")
    time.sleep(0.6)

    figures = AgentTask.queue_statistics(since=timedelta(seconds=0.3), by="agent_id")

    assert figures.errors == figures.groups["a"].errors == {}
    assert AgentTask.queue_statistics(since=timedelta(hours=1)).errors == {"no network": 1}


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_a_task_from_a_program_whose_clock_is_ahead_is_not_put_off(connection: Connection) -> None:
    """It can be taken at once, so it waits, and has waited for no less than nothing."""
    fill(2, "a")
    store: Any = connection.store
    table = store.database.known(AgentTask.table).statements.table
    with store.database.writer.begin() as running:
        ahead = datetime.now(UTC) + timedelta(hours=2)
        created = sa.literal(ahead, table.c.created_time.type)
        running.execute(sa.update(table).values(created_time=created))

    (task,) = AgentTask.claim("w")
    task.complete_execution("ok")
    figures = AgentTask.queue_statistics(by="agent_id")

    assert (figures.waiting, figures.delayed) == (1, 0)
    nothing = timedelta()
    assert figures.oldest_waiting == figures.avg_waiting_time == figures.max_waiting_time == nothing
    assert figures.groups["a"].avg_waiting_time == figures.groups["a"].oldest_waiting == nothing


@on_every_store
def test_the_stats_command_prints_both_kinds_of_figures(connection: Connection, url: str) -> None:
    """As text for people, and as JSON with the same figures."""
    fill(2, "a")
    command = [
        sys.executable,
        "-m",
        "tablewright",
        "stats",
        "generated.agent_tasks:AgentTask",
        "--store",
        url,
    ]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'generator'}{os.pathsep}{ROOT}"}

    text = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    data = subprocess.run([*command, "--format", "json", "--by", "agent_id"], env=environment, capture_output=True, text=True, check=True)  # fmt: skip

    assert "total tasks" in text.stdout
    assert "oldest waiting" in text.stdout
    found = json.loads(data.stdout)
    assert found["get_agent_stats"]["total_tasks"] == found["queue"]["waiting"] == 2
    assert found["queue"]["groups"]["a"]["waiting"] == 2
    assert found["queue"]["further_errors"] == {"texts": 0, "attempts": 0}
    for span in (found["queue"]["oldest_waiting"], found["queue"]["groups"]["a"]["oldest_waiting"]):
        assert 0 < span < 300


def task(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "d", "agent_id": "a", **more}


@on_every_store
def test_a_graph_of_tasks_is_created_in_one_call(connection: Connection) -> None:
    """Steps name one another; they are worked on in the order that they wait for."""
    made = AgentTask.workflow(
        {
            "report": task("report", depends_on=["sums", "charts"]),
            "sums": task("sums", depends_on=["fetch"]),
            "charts": task("charts", depends_on=["fetch"], parent_task="report"),
            "fetch": task("fetch"),
        }
    )

    order = []
    while taken := AgentTask.claim("w", 5):
        order.append(sorted(one.name for one in taken))
        for one in taken:
            one.complete_execution("ok")
    assert order == [["fetch"], ["charts", "sums"], ["report"]]
    assert list(made) == ["report", "sums", "charts", "fetch"]
    assert made["charts"].refresh().parent_task_id == made["report"].id


@pytest.mark.parametrize("relation", ["depends_on", "parent_task"])
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_chain_of_steps_may_be_as_long_as_it_likes(connection: Connection, relation: str) -> None:
    """Also where each step is named before the one that it waits for; sets of names are as good as lists."""
    number = 1_500
    steps: dict[str, dict[str, Any]] = {
        f"s{place}": {"name": "n", "description": "d", "agent_id": "a"} for place in range(number)
    }
    for place in range(number - 1):
        other = f"s{place + 1}"
        steps[f"s{place}"][relation] = {other} if relation == "depends_on" else other

    tasks = AgentTask.workflow(steps)

    assert list(tasks) == list(steps)
    first, second = tasks["s0"], tasks["s1"]
    linked = first.depends_on_ids if relation == "depends_on" else [first.parent_task_id]
    assert linked == [second.id]


@on_every_store
def test_a_circle_of_steps_is_refused(connection: Connection) -> None:
    """The error shows the way round, and nothing was stored."""
    with pytest.raises(RecordInvalid, match="a → b → c → a"):
        AgentTask.workflow(
            {
                "a": task("a", depends_on=["b"]),
                "b": task("b", depends_on=["c"]),
                "c": task("c", depends_on=["a"]),
            }
        )
    assert AgentTask.count() == 0


@on_every_store
def test_a_step_that_does_not_fit_stops_all(connection: Connection) -> None:
    """The error names the step."""
    with pytest.raises(RecordInvalid, match="AgentTask 'b': name is required"):
        AgentTask.workflow({"a": task("a"), "b": {"description": "d", "agent_id": "a"}})
    assert AgentTask.count() == 0


@on_every_store
def test_operations_are_there_as_coroutines(connection: Connection, jobs: ModuleType) -> None:
    """With the parameters and results of the plain ones, also for methods of one's own."""

    async def run() -> None:
        made = await AgentTask.aio.create(name="n", description="d", agent_id="a")
        assert_type(made, AgentTask)
        (taken,) = await AgentTask.aio.claim("w")
        assert_type(taken, AgentTask)
        await AgentTask.aio.heartbeat(taken)
        await in_thread(taken.complete_execution)("done", execution_time=1.0)
        found = await AgentTask.aio.find_by(status=TaskStatus.COMPLETED)
        assert_type(found, list[AgentTask])
        assert [one.id for one in found] == [made.id]
        assert (await AgentTask.aio.get_agent_stats("a")).total_tasks == 1

    asyncio.run(run())


@on_every_store
def test_coroutines_do_not_wait_for_one_another(connection: Connection) -> None:
    """While one waits for the store, others go on."""

    async def run() -> list[AgentTask]:
        return list(
            await asyncio.gather(
                *(
                    AgentTask.aio.create(name=f"n{one}", description="d", agent_id="a")
                    for one in range(10)
                )
            )
        )

    assert len({one.id for one in asyncio.run(run())}) == 10
