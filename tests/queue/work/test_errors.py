"""What handlers raise and return, where it is itself broken or tells too much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import Connection
from tablewright.worker import Worker, WorkerSettings


def fill(number: int) -> list[AgentTask]:
    return AgentTask.bulk_create(
        {"name": f"n{one}", "description": "d", "agent_id": "a"} for one in range(number)
    )


def work(handler: Callable[[Any], Any], model: Any = AgentTask, **settings: Any) -> Worker:
    worker = Worker(model, handler, WorkerSettings(once=True, **settings))
    worker.run()
    return worker


def errors(task: AgentTask) -> str:
    """The error of a task's first attempt."""
    said = task.refresh().history()[1].error
    assert said is not None
    return said


class Speechless(Exception):
    """Its text cannot be made."""

    def __str__(self) -> str:
        raise SystemExit(3)


class Mute:
    """An answer whose text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("mute")


def raises_speechless(_: AgentTask) -> None:
    raise Speechless


async def raises_speechless_later(_: AgentTask) -> None:
    raise Speechless


def gives_mute(_: AgentTask) -> Any:
    return {"answer": Mute()}


def gives_a_circle(_: AgentTask) -> Any:
    found: dict[str, Any] = {}
    found["itself"] = found
    return found


def gives_pairs(_: AgentTask) -> Any:
    return {(1, 2): 3}


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (raises_speechless, "Speechless: its text cannot be made, since that raised SystemExit"),
        (raises_speechless_later, "Speechless: its text cannot be made"),
        (gives_mute, "what the handler returned cannot be stored: RuntimeError: mute"),
        (gives_a_circle, "what the handler returned cannot be stored: ValueError: Circular"),
        (gives_pairs, "what the handler returned cannot be stored: TypeError: keys must be str"),
    ],
)
def test_what_cannot_be_written_down_fails_its_attempt(
    connection: Connection, handler: Callable[[Any], Any], error: str
) -> None:
    """The one slot lives on, the next task is worked on, and the worker ends."""
    tasks = fill(2)

    worker = work(handler)

    assert worker.metrics.counts["failed"] == 2
    for task in tasks:
        assert errors(task).startswith(error)


def test_a_slot_outlives_what_goes_wrong_while_a_task_ends(
    connection: Connection, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that breaks at an error costs no slot: it is told of, and the other tasks are worked on."""
    fill(3)

    def broken(*_: object) -> None:
        raise RuntimeError("no frames")

    monkeypatch.setattr("tablewright.worker.slots._own_frames", broken)

    def handle(task: AgentTask) -> str:
        if task.name == "n0":
            raise ValueError("no good")
        return "fine"

    worker = work(handle)

    assert (worker.metrics.counts["completed"], worker.metrics.counts["failed"]) == (2, 1)
    (record,) = [one for one in caplog.records if "went wrong" in one.getMessage()]
    assert record.__dict__["error"] == "RuntimeError: no frames"
