"""The asyncio twin: every operation of a record that reaches the store, with the same parameters, beside the loop."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import AirtableModel, Connection

IN_MEMORY = {
    "described", "open_transitions", "is_saved", "unsaved_changes", "fencing_token", "claim_guarantee",
    "aio", "c", "table",
}  # fmt: skip
"""What reads or changes nothing but the record itself, or names things."""


def operations(model: type[AirtableModel]) -> dict[str, Any]:
    """Return what a class offers that reaches the store: methods, and the attributes of linked records."""
    found: dict[str, Any] = {}
    calculated = {"is_blocked", "is_overdue", "has_open_parts"}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            for name, member in vars(base).items():
                kinds = (classmethod, staticmethod, property)
                if inspect.isfunction(member) or isinstance(member, kinds):
                    found[name] = member
    known = IN_MEMORY | calculated | set(model.model_fields) | set(vars(BaseModel))
    return {
        name: member
        for name, member in found.items()
        if not name.startswith(("_", "can_", "model_")) and name not in known
    }


def parameters(call: Any) -> list[tuple[str, Any, Any]]:
    return [
        (one.name, one.kind, one.default) for one in inspect.signature(call).parameters.values()
    ]


@pytest.mark.parametrize("name", ["AgentTask", "Job", "Errand"])
def test_the_twin_has_every_operation(jobs: ModuleType, name: str) -> None:
    """Nothing is missing and nothing more is there; each takes what its original takes, and is a coroutine function."""
    model: type[AirtableModel] = AgentTask if name == "AgentTask" else getattr(jobs, name)
    twin: Any = getattr(model, "aio")  # noqa: B009  # the base class has none
    offered = {one for one in vars(twin) if not one.startswith("_")}

    expected = operations(model)

    assert offered == set(expected)
    for one, member in expected.items():
        assert inspect.iscoroutinefunction(getattr(twin, one)), one
        if not isinstance(member, property):
            assert parameters(getattr(twin, one)) == parameters(getattr(model, one)), one


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    asyncio.run(coroutine)


def test_a_task_is_worked_on_in_asyncio(connection: Connection) -> None:
    """Create, query, claim, keep, fail, release, postpone, cancel, end, link, count: all by `await`."""
    aio = AgentTask.aio

    async def work() -> None:
        given = [{"name": f"n{one}", "description": "d", "agent_id": "a"} for one in range(4)]
        first, second, *_ = await aio.bulk_create(given)
        assert await aio.count() == 4
        await aio.update(second, depends_on=[first])
        assert [one.id for one in await aio.depends_on(second)] == [first.id]
        assert [one.id for one in await aio.dependents(first)] == [second.id]
        assert second.is_blocked

        held = await aio.claim("w", 3)
        assert len(held) == 3
        one, two, three = held
        assert (await aio.heartbeat(one)).lease_until is not None
        await aio.complete_execution(one, "done")
        await aio.fail_execution(two, "no luck")
        await aio.release(three)
        await aio.postpone(await aio.get(three.id), timedelta(hours=1))
        await aio.request_cancel(await aio.get(second.id))

        assert [entry.transition for entry in await aio.history(one)] == [
            "start_execution", "complete_execution",
        ]  # fmt: skip
        figures = await aio.queue_statistics()
        assert (figures.completed, figures.delayed) == (1, 2)
        assert (await aio.get_agent_stats("a")).total_tasks == 4
        steps: dict[str, dict[str, Any]] = {
            "up": {"name": "up", "description": "d", "agent_id": "b"},
            "down": {"name": "down", "description": "d", "agent_id": "b", "depends_on": ["up"]},
        }
        made = await aio.workflow(steps)
        assert [one.id for one in await aio.depends_on(made["down"])] == [made["up"].id]
        child = await aio.add_subtask(made["up"], name="child", description="d")
        parent = await aio.parent_task(child)
        assert parent is not None
        assert parent.id == made["up"].id
        assert [one.name for one in await aio.find_by(agent_id="b")] == ["up", "down", "child"]

    run(work())


def test_many_coroutines_share_one_store(connection: Connection) -> None:
    """Coroutines that claim and end tasks at the same time get each task once."""
    AgentTask.bulk_create(
        {"name": f"n{one}", "description": "d", "agent_id": "a"} for one in range(30)
    )
    seen: list[str] = []

    async def worker(number: int) -> None:
        while found := await AgentTask.aio.claim(f"w{number}"):
            seen.append(found[0].name)
            await AgentTask.aio.complete_execution(found[0], "done")

    async def work() -> None:
        await asyncio.gather(*(worker(number) for number in range(6)))

    run(work())

    assert sorted(seen) == sorted(f"n{one}" for one in range(30))
    assert {task.status for task in AgentTask.all()} == {TaskStatus.COMPLETED}


def test_no_operation_keeps_the_loop_waiting(connection: Connection) -> None:
    """While the store takes its time, other coroutines go on: only one of them lets the store answer."""
    task = AgentTask.create(name="n", description="d", agent_id="a")
    store: Any = connection.store
    go_on = threading.Event()

    def waiting_for_go(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            assert go_on.wait(30), "the loop stood still"
            return original(*given, **named)

        return call

    for name in ("insert", "fetch", "select"):
        setattr(store, name, waiting_for_go(getattr(store, name)))
    store.queues.claim = waiting_for_go(store.queues.claim)

    async def both(operation: Awaitable[Any]) -> None:
        go_on.clear()
        pending = asyncio.ensure_future(operation)
        await asyncio.sleep(0.05)
        assert not pending.done()
        go_on.set()
        await pending

    async def work() -> None:
        await both(AgentTask.aio.create(name="m", description="d", agent_id="a"))
        await both(AgentTask.aio.refresh(task))
        await both(AgentTask.aio.where(AgentTask.c.name == "n"))
        await both(AgentTask.aio.claim("w"))

    run(work())
