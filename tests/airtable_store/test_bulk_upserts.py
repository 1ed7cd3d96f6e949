"""Many upserts that stop in the midst: every item is told of by its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import Connection, WriteIncomplete
from tests.airtable_store.faults import Break


@pytest.fixture
def items(connection: Connection) -> list[dict[str, Any]]:
    """Items of which every third is there as it is, and every third as it is not to be."""
    found = [
        {"name": f"{place:02}", "description": "d", "agent_id": "a", "retry_count": 1}
        for place in range(36)
    ]
    AgentTask.bulk_create(found[::3])
    AgentTask.bulk_create([{**one, "retry_count": 0} for one in found[1::3]])
    return found


def names(ids: dict[int, str]) -> dict[int, str]:
    """Return the names of stored records by the places of their items."""
    return {place: AgentTask.get(one).name for place, one in ids.items()}


def test_creates_that_stop_leave_changes_unsent(
    items: list[dict[str, Any]], breaking: Break
) -> None:
    """Ten of twelve new ones are stored; of the next two nobody knows, and nothing was changed."""
    breaking("500", "POST", nth="2")

    with pytest.raises(WriteIncomplete, match="storing 36 AgentTask stopped") as error:
        AgentTask.bulk_upsert(items, on="name")

    new, there = range(2, 36, 3), range(0, 36, 3)
    assert sorted(error.value.stored) == sorted([*there, *new[:10]])
    assert error.value.in_doubt == tuple(new[10:])
    assert sorted(error.value.unsent) == list(range(1, 36, 3))
    assert all(int(name) == place for place, name in names(error.value.stored).items())
    assert AgentTask.where(AgentTask.c.retry_count == 0).count() == 12


def test_changes_that_stop_come_after_what_is_created(
    items: list[dict[str, Any]], rules: Callable[[str], None]
) -> None:
    """The new ones are stored, and the first ten changes too."""
    rules("429 method=PATCH nth=2,3,4,5,6,7")

    with pytest.raises(WriteIncomplete) as error:
        AgentTask.bulk_upsert(items, on="name")

    changed = range(1, 36, 3)
    assert sorted(error.value.stored) == sorted({*range(36)} - {*changed[10:]})
    assert error.value.in_doubt == tuple(changed[10:])
    assert error.value.unsent == ()


def test_changes_that_are_refused_at_once_say_what_was_created(
    items: list[dict[str, Any]], rules: Callable[[str], None]
) -> None:
    """The first change of all is not carried out: what was created before it is told all the same."""
    rules("503 method=PATCH")

    with pytest.raises(WriteIncomplete) as error:
        AgentTask.bulk_upsert(items, on="name")

    changed = range(1, 36, 3)
    assert sorted(error.value.stored) == sorted({*range(36)} - {*changed})
    assert error.value.in_doubt == tuple(changed)
