"""What type checkers see in generated code. Checked by mypy and pyright; running it would need a store."""

from __future__ import annotations

from datetime import datetime
from typing import assert_type

from generated.agent_tasks import AgentStats, AgentTask, TaskPriority, TaskStatus
from tablewright.runtime import Query
from tablewright.runtime.columns import Condition
from tablewright.runtime.query import Records


def records() -> None:
    task = AgentTask.create(name="a", description="b", agent_id="c", priority=TaskPriority.HIGH)
    assert_type(task, AgentTask)
    assert_type(task.id, str)
    assert_type(task.status, TaskStatus)
    assert_type(task.started_at, datetime | None)
    assert_type(task.parent_task, AgentTask | None)
    assert_type(task.subtasks, list[AgentTask])
    assert_type(task.is_blocked, bool)
    assert_type(task.start_execution(), AgentTask)
    assert_type(task.complete_execution("x", execution_time=1.5), AgentTask)
    assert_type(task.can_retry_execution(), bool)
    assert_type(task.add_subtask(name="a", description="b"), AgentTask)
    assert_type(task.update(priority=TaskPriority.LOW), AgentTask)


def queries() -> None:
    assert_type(AgentTask.get_pending_tasks("agent_001"), Query[AgentTask])
    assert_type(AgentTask.find_by(status=TaskStatus.FAILED), Query[AgentTask])
    assert_type(AgentTask.get_pending_tasks().all(), Records[AgentTask])
    _listed: list[AgentTask] = AgentTask.all()
    assert_type(AgentTask.get_pending_tasks().first(), AgentTask | None)
    assert_type(AgentTask.c.retry_count < 3, Condition)
    assert_type(AgentTask.where(AgentTask.c.name.contains("mail")).count(), int)


def statistics() -> None:
    stats = AgentTask.get_agent_stats("agent_001")
    assert_type(stats, AgentStats)
    assert_type(stats.success_rate, float | None)
    assert_type(stats.by_status, dict[TaskStatus, int])


def mistakes(task: AgentTask) -> None:
    AgentTask.create(name="a", description="b")  # type: ignore[call-arg]  # agent_id is missing
    AgentTask.create(name="a", description="b", agent_id=1)  # type: ignore[arg-type]  # a text is needed
    AgentTask.find_by(nmae="a")  # type: ignore[call-arg]  # there is no such field
    task.complete_execution()  # type: ignore[call-arg]  # the output is missing
    task.start_exectuion()  # type: ignore[attr-defined]  # there is no such transition
