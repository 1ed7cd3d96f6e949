"""How the database goes about a claim."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from generated.agent_tasks import AgentTask
from tablewright.runtime import Connection
from tablewright.runtime.queue.rules import taking_of
from tablewright.runtime.stores import sql_queue_claiming as claiming


def test_claims_go_by_the_index_of_the_queue(
    connection: Connection, explained: Callable[[Any, dict[str, Any]], str]
) -> None:
    """However many tasks there are, a claim neither sorts nor walks through the table."""
    AgentTask.bulk_create({"name": "n", "description": "d", "agent_id": "a"} for _ in range(3_000))
    store: Any = connection.store
    made = store.queues._of(AgentTask.table)
    if store._dialect == "sqlite":
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
