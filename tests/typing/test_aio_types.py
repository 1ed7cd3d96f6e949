"""What `await AgentTask.aio.…` gives, as type checkers see it; checked, not run."""

from __future__ import annotations

from datetime import timedelta
from typing import assert_type

from generated.agent_tasks import AgentStats, AgentTask
from tablewright.runtime.queue import QueueFigures


async def operations_keep_their_types(task: AgentTask) -> None:
    """Results are those of the original; queries give lists."""
    aio = AgentTask.aio
    assert_type(await aio.create(name="n", description="d", agent_id="a"), AgentTask)
    assert_type(await aio.get("rec"), AgentTask)
    assert_type(await aio.find_by(agent_id="a"), list[AgentTask])
    assert_type(await aio.where(AgentTask.c.retry_count < 3), list[AgentTask])
    assert_type(await aio.get_pending_tasks(agent_id="a"), list[AgentTask])
    assert_type(await aio.get_agent_stats("a"), AgentStats)
    assert_type(await aio.complete_execution(task, "done", execution_time=1.5), AgentTask)
    assert_type(await aio.delete(task), None)


async def so_do_those_of_the_queue(task: AgentTask) -> None:
    """Claims, leases, figures and graphs."""
    aio = AgentTask.aio
    assert_type(await aio.claim("w", 3), list[AgentTask])
    assert_type(await aio.heartbeat(task), AgentTask)
    assert_type(await aio.release(task, after=timedelta(seconds=1)), AgentTask)
    assert_type(await aio.queue_statistics(by="agent_id"), QueueFigures)
    assert_type(await aio.workflow({"a": {"name": "n"}}), dict[str, AgentTask])


async def and_linked_records(task: AgentTask) -> None:
    """One, or a list."""
    assert_type(await AgentTask.aio.parent_task(task), AgentTask | None)
    assert_type(await AgentTask.aio.depends_on(task), list[AgentTask])
    assert_type(await AgentTask.aio.subtasks(task), list[AgentTask])
