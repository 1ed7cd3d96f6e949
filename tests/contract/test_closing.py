"""A store that was closed is gone, with all that it knew."""

from __future__ import annotations

import gc
import weakref

from generated.agent_tasks import AgentTask
from tablewright.runtime import connect


def test_a_closed_store_takes_no_memory(url: str) -> None:
    """A program that opens one store after the other does not grow."""
    with connect(url) as connection:
        AgentTask.create(agent_id="a", name="one", description="d")
        assert AgentTask.count() == 1
        store = weakref.ref(connection.store)
    del connection
    gc.collect()

    assert store() is None
