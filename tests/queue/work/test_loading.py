"""What is taken for a handler, and what is refused before any task is."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial, wraps
from types import ModuleType
from typing import Any

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import Connection
from tablewright.worker import Worker, WorkerSettings
from tablewright.worker.loading import CannotLoad, load_handler


def of_nothing() -> str:
    return "done"


def of_two(task: Any, database: str) -> str:
    return f"{task.name} {database}"


def by_name(*, task: AgentTask) -> str:
    return task.name


def in_steps(task: AgentTask) -> Iterator[str]:
    yield task.name


async def in_steps_later(task: AgentTask) -> AsyncIterator[str]:
    yield task.name


async def later(task: AgentTask) -> str:
    return task.name


def with_database(function: Callable[[Any, str], str]) -> Callable[..., str]:
    @wraps(function)
    def called(*given: Any) -> str:
        return function(given[0], "database")

    return called


class Nothing:
    """Takes no task."""


class Called:
    """Objects that can be called."""

    def __call__(self, task: AgentTask) -> str:
        return task.name

    def method(self, task: AgentTask) -> str:
        return task.name

    def steps(self, task: AgentTask) -> Iterator[str]:
        yield task.name


class CalledInSteps:
    """Objects whose call yields."""

    def __call__(self, task: AgentTask) -> Iterator[str]:
        yield task.name


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Any]:
    """Load something as the handler `own:handle`."""

    def loaded(what: Any) -> Any:
        module = ModuleType("own")
        module.handle = what  # type: ignore[attr-defined]  # as if defined there
        monkeypatch.setitem(sys.modules, "own", module)
        return load_handler("own:handle")

    return loaded


@pytest.mark.parametrize(
    "handler", [of_nothing, of_two, by_name, Nothing, partial(of_two, "a", "b")]
)
def test_what_cannot_be_called_with_a_task_is_refused(
    load: Callable[[Any], Any], handler: Any
) -> None:
    """Each attempt would fail: it is said before any is made, with what a handler looks like."""
    with pytest.raises(CannotLoad, match="'own:handle' cannot be called with a task alone") as said:
        load(handler)

    assert "def handle(task)" in str(said.value)


@pytest.mark.parametrize(
    "handler",
    [in_steps, in_steps_later, partial(in_steps), Called().steps, CalledInSteps()],
)
def test_what_yields_is_refused(load: Callable[[Any], Any], handler: Any) -> None:
    """To call it runs nothing of it, and would complete the task."""
    with pytest.raises(CannotLoad, match="'own:handle' yields, so that") as said:
        load(handler)

    assert "returns its result, as in 'def handle(task)" in str(said.value)


@pytest.mark.parametrize(
    "handler",
    [later, Called(), Called().method, partial(of_two, database="d"), with_database(of_two), str, print, len],
)  # fmt: skip
def test_whatever_takes_a_task_is_a_handler(load: Callable[[Any], Any], handler: Any) -> None:
    """Functions of both kinds, methods, objects, what decorators make, and what tells nothing of its parameters."""
    assert load(handler) is handler


@pytest.mark.parametrize("handler", [None, "handle", of_nothing, in_steps_later])
def test_a_worker_of_a_program_refuses_the_same(connection: Connection, handler: Any) -> None:
    """Before it takes a task, and not by the failure of each."""
    with pytest.raises(TypeError, match=r"the handler of a worker (cannot be called|yields)"):
        Worker(AgentTask, handler)


@pytest.mark.parametrize("setting", ["heartbeat", "longest_pause"])
@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_no_worker_looks_without_a_pause(setting: str, seconds: float) -> None:
    """It would do nothing else."""
    given: dict[str, Any] = {setting: seconds}
    with pytest.raises(ValueError, match=f"a '{setting}' of more than 0 seconds"):
        WorkerSettings(**given)


def test_a_generator_that_is_returned_fails_the_attempt(connection: Connection) -> None:
    """It has not run, so that the task is not done."""
    task = AgentTask.create(name="n", description="d", agent_id="a")

    Worker(AgentTask, lambda one: in_steps(one), WorkerSettings(once=True)).run()

    error = task.refresh().history()[1].error
    assert error is not None
    assert error.startswith("TypeError: the handler returned a generator, which has not run")
