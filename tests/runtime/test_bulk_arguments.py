"""What the operations on many records are given: a single one in the place of a list is told how to be written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from generated.agent_tasks import AgentTask, AgentTaskCreate
from tablewright.runtime import connect

untyped: Any = AgentTask
VALUES: dict[str, Any] = {"name": "n", "description": "d", "agent_id": "a"}
CREATE = "write bulk_create([{…}, …])"
UPDATE = "write bulk_update([record, …]), or bulk_update({record.id: {…}, …})"
DELETE = "write bulk_delete([record, …])"


@pytest.fixture(autouse=True)
def store() -> Iterator[None]:
    """An empty store in memory."""
    with connect("sqlite:///:memory:"):
        yield


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda _: untyped.bulk_create(VALUES), f"bulk_create() takes a list, and got {{'name': 'n', 'description': 'd', 'agent_id': 'a'}}: {CREATE}"),
        (lambda _: untyped.bulk_create(AgentTaskCreate(**VALUES)), CREATE),
        (lambda _: untyped.bulk_create("n"), f"got 'n': {CREATE}"),
        (lambda _: untyped.bulk_create(None), f"got None: {CREATE}"),
        (untyped.bulk_update, UPDATE),
        (lambda _: untyped.bulk_update([VALUES]), f"bulk_update() stores records, and got {{'name': 'n', 'description': 'd', 'agent_id': 'a'}}: {UPDATE}"),
        (untyped.bulk_delete, DELETE),
        (lambda task: untyped.bulk_delete(task.id), DELETE),
    ],
)  # fmt: skip
def test_a_single_one_in_the_place_of_a_list_is_told_how_to_be_written(
    call: Callable[[Any], object], said: str
) -> None:
    """It is not taken apart into its keys or letters, and nothing is written."""
    task = AgentTask.create(**VALUES)

    with pytest.raises(TypeError, match=re.escape(said)):
        call(task)

    assert AgentTask.where().ids() == [task.id]


def test_whatever_can_be_gone_over_is_a_list() -> None:
    """A generator, a tuple and a query."""
    AgentTask.bulk_create(VALUES for _ in range(3))
    AgentTask.bulk_update(iter(AgentTask.all()))

    assert AgentTask.bulk_delete(AgentTask.where()) == 3
