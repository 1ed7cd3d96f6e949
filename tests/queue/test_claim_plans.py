"""How the database goes about a claim."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from generated.agent_tasks import AgentTask
from tablewright.runtime import Condition, Connection, connect
from tablewright.runtime.queue.rules import taking_of
from tablewright.runtime.stores import sql_plans
from tablewright.runtime.stores import sql_queue_claiming as claiming
from tablewright.runtime.stores.sql_plans import Plans
from tablewright.runtime.stores.sql_queue_prepared import Prepared

TASK = {"name": "n", "description": "d", "agent_id": "a"}


@contextmanager
def postgres(url: str) -> Iterator[tuple[Connection, psycopg.Connection]]:
    """Connect to an empty PostgreSQL by us and by psycopg alone."""
    with (
        connect(url) as connection,
        psycopg.connect(url, autocommit=True, cursor_factory=psycopg.RawCursor) as bare,
    ):
        AgentTask.count()
        yield connection, bare


def test_claims_go_by_the_index_of_the_queue(
    connection: Connection, explained: Callable[[Any, dict[str, Any]], str]
) -> None:
    """However many tasks there are, a claim neither sorts nor walks through the table."""
    AgentTask.bulk_create(TASK for _ in range(3_000))
    store: Any = connection.store
    made = store.queues._of(AgentTask.table)
    if store.database.dialect == "sqlite":
        plan = explained(claiming.pick(made, taking_of(AgentTask), [], 10), {})
        take = explained(
            claiming.takes(made, taking_of(AgentTask))[1],
            {"ids": '["a"]', "worker": "w", "token": "t"},
        )
        assert "agent_task USING INDEX ix_agent_task_queue" in plan
        assert "agent_task USING INDEX ix_agent_task_lease_until" in plan
        # What waits comes in order from the index; only the few rows that both kinds give are sorted.
        waiting = plan.partition("CO-ROUTINE ready_0")[2].partition("SCAN ready_0")[0]
        assert waiting
        assert "TEMP B-TREE" not in waiting
        assert "SCAN agent_task" not in take
    else:
        store.queues._lanes.run(lambda cursor: cursor.execute("ANALYZE"))
        plan = explained(
            claiming.claim(made, taking_of(AgentTask), [], 10), {"worker": "w", "token": "t"}
        )
        assert "Index Scan using ix_agent_task_queue" in plan
        assert "Seq Scan on agent_task " not in plan


@pytest.mark.parametrize(
    ("narrowed", "index"),
    [
        (AgentTask.c.agent_id == "a", "ix_agent_task_queue_agent_id"),
        ((AgentTask.c.agent_id == "a") & (AgentTask.c.name != "x"), "ix_agent_task_queue_agent_id"),
        (AgentTask.c.agent_id.is_in(["a", "b"]), "ix_agent_task_queue"),
        (AgentTask.c.name == "n", "ix_agent_task_queue"),
    ],
)
def test_a_narrowed_claim_goes_by_an_index_in_the_order_of_the_queue(
    connection: Connection,
    explained: Callable[[Any, dict[str, Any]], str],
    narrowed: Condition,
    index: str,
) -> None:
    """A worker that takes the tasks of one agent does not sort all of them for each; held ones are found by leases."""
    agents = ["a", *map(str, range(99))] * 30
    AgentTask.bulk_create({**TASK, "agent_id": agent} for agent in agents)
    store: Any = connection.store
    made, where = store.queues._of(AgentTask.table), [narrowed.node]
    if store.database.dialect == "sqlite":
        plan = explained(claiming.pick(made, taking_of(AgentTask), where, 1), {})
        waiting = plan.partition("CO-ROUTINE ready_0")[2].partition("SCAN ready_0")[0]
        lapsed = plan.partition("CO-ROUTINE ready_1")[2]
        sorts = "TEMP B-TREE"
    else:
        store.queues._lanes.run(lambda cursor: cursor.execute("ANALYZE"))
        claim = claiming.claim(made, taking_of(AgentTask), where, 1)
        plan = explained(claim, {"worker": "w", "token": "t"})
        waiting = plan.partition("CTE ready_0")[2].partition("CTE ready_1")[0]
        lapsed = plan.partition("CTE ready_1")[2].partition("CTE moved")[0]
        sorts = "Sort"
    assert re.search(rf"{index}( on agent_task| \(|\n|$)", waiting)
    assert sorts not in waiting
    assert "ix_agent_task_lease_until" in lapsed
    assert AgentTask.claim("w", 1, narrowed)


@pytest.mark.parametrize("known", ["nothing", "that the table was empty", "that all were done"])
def test_no_statistics_lead_a_claim_away_from_the_index_of_the_queue(
    empty_schema: str, known: str
) -> None:
    """PostgreSQL may know nothing of a table yet, or know it as it was before thousands of tasks came."""
    with postgres(empty_schema) as (connection, bare):
        if known == "that all were done":
            AgentTask.bulk_create(TASK for _ in range(500))
            bare.execute("UPDATE agent_task SET status = 'COMPLETED'")
        if known != "nothing":
            bare.execute("ANALYZE")
        AgentTask.bulk_create(TASK for _ in range(2_000))
        for _ in range(20):
            AgentTask.claim("w", 10)
        store: Any = connection.store
        made = store.queues._of(AgentTask.table)
        claim = claiming.claim(made, taking_of(AgentTask), [], 1)
        found = bare.execute(
            f"EXPLAIN {claim.text}", claim.parameters({"worker": "w", "token": "t"})
        )
        plan = "\n".join(str(row[0]) for row in found)
    waiting, _, rest = plan.partition("CTE ready_1")
    waiting = waiting.partition("CTE ready_0")[2]
    lapsed = rest.partition("CTE moved")[0]
    assert "Index Scan using ix_agent_task_queue on agent_task" in waiting
    assert "Sort" not in waiting
    assert "ix_agent_task_lease_until" in lapsed
    assert "ix_agent_task_status" not in lapsed


def fill(bare: psycopg.Connection, number: int) -> None:
    """Store many tasks at once, and keep the database from gathering statistics."""
    bare.execute("ALTER TABLE agent_task SET (autovacuum_enabled = off)")
    bare.execute(
        "INSERT INTO agent_task (id, created_time, name, description, agent_id, status, priority, retry_count) "
        "SELECT 'rec' || lpad(n::text, 14, '0'), now(), 'n', 'd', 'a', 'PENDING', 'MEDIUM', 0 "
        f"FROM generate_series(1, {number}) AS n"
    )


def test_a_narrowed_claim_sorts_no_table_that_was_just_filled(empty_schema: str) -> None:
    """Without statistics PostgreSQL thinks that an agent has a two-hundredth of the tasks; it may have all."""
    with postgres(empty_schema) as (connection, bare):
        fill(bare, 20_000)
        store: Any = connection.store
        made, where = store.queues._of(AgentTask.table), [(AgentTask.c.agent_id == "a").node]
        claim = claiming.claim(made, taking_of(AgentTask), where, 1)
        values = claim.parameters({"worker": "w", "token": "t"})
        found = bare.execute(f"EXPLAIN {claim.text}", values)
        plan = "\n".join(str(row[0]) for row in found)
    waiting = plan.partition("CTE ready_0")[2].partition("CTE ready_1")[0]
    assert "Index Scan using ix_agent_task_queue_agent_id on agent_task" in waiting
    assert "Sort" not in waiting


def test_figures_do_not_look_through_all_links_for_each_task(
    empty_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few tasks wait for others: which ones is asked once, and not by a walk through the links for each of the tasks."""
    with postgres(empty_schema) as (_, bare):
        fill(bare, 5_000)
        bare.execute(
            "INSERT INTO agent_task_depends_on (record_id, linked_id, position) "
            "SELECT later.id, earlier.id, 0 FROM agent_task AS later JOIN agent_task AS earlier "
            "ON earlier.id = 'rec' || lpad((substr(later.id, 4)::int - 1)::text, 14, '0') WHERE later.id <= 'rec00000000000200'"
        )
        asked = []
        plain = Prepared.ask

        def ask(self: Prepared, cursor: Any, values: dict[str, Any]) -> list[Any]:
            asked.append(self)
            return plain(self, cursor, values)

        monkeypatch.setattr(Prepared, "ask", ask)
        figures = AgentTask.queue_statistics()
        assert (figures.waiting, figures.blocked) == (5_000, 199)
        (standing,) = [one for one in asked if "agent_task_depends_on" in one.text]
        found = bare.execute(f"EXPLAIN (ANALYZE) {standing.text}", standing.parameters({}))
        plan = "\n".join(str(row[0]) for row in found)
    assert re.search(r"Scan on agent_task_depends_on .* loops=1\)", plan), plan


def test_a_worker_at_an_empty_queue_sees_that_it_has_grown(
    empty_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL keeps the plan of a prepared statement as if the table had stayed as small as it was."""
    with psycopg.connect(empty_schema, autocommit=True) as lane:
        lane.execute("CREATE TABLE line (id int PRIMARY KEY, words text)")
        lane.execute("ANALYZE line")
        lane.execute("PREPARE one (int) AS SELECT words FROM line WHERE id = $1")
        lane.execute("SET plan_cache_mode = force_generic_plan")

        def plan() -> str:
            return str(lane.execute("EXPLAIN EXECUTE one (7)", prepare=False).fetchall())

        plans = Plans(sa.create_engine("postgresql+psycopg://"))
        plans.renew(lane)
        assert "Seq Scan" in plan()
        lane.execute("INSERT INTO line SELECT n, 'some words' FROM generate_series(1, 20000) AS n")
        plans.renew(lane)
        assert "Seq Scan" in plan()
        later = time.monotonic() + 2
        monkeypatch.setattr(time, "monotonic", lambda: later)
        plans.renew(lane)
        assert "Index" in plan()
        assert lane.autocommit


def test_kin_of_postgres_that_cannot_forget_plans_are_asked_once(
    empty_schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal is no error: the database plans as it likes."""
    asked = []

    class Kin(psycopg.Connection[Any]):
        def execute(self, query: Any, *args: Any, **options: Any) -> Any:
            asked.append(query)
            return super().execute("DISCARD THOUGHTS", *args, **options)

    monkeypatch.setattr(sql_plans, "KEPT_SECONDS", 0.0)
    plans = Plans(sa.create_engine("postgresql+psycopg://"))
    with Kin.connect(empty_schema) as lane:
        for _ in range(3):
            plans.renew(lane)
        assert not lane.autocommit
        assert lane.cursor().execute("SELECT 1").fetchone() == (1,)
    assert asked == ["DISCARD PLANS"]
