"""What is said where the base has no tables yet: the first thing that happens to who starts on an empty one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import StoreError, connect
from tablewright.server.serve import LocalAirtable

GIVEN: dict[str, Any] = {"name": "n", "description": "d", "agent_id": "a"}


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda: AgentTask.upsert(on=["name"], **GIVEN), id="upsert"),
        pytest.param(lambda: AgentTask.claim("worker", 1), id="claim"),
        pytest.param(lambda: AgentTask.queue_statistics(), id="queue_statistics"),
        pytest.param(lambda: AgentTask.bulk_delete(["rec00000000000000"]), id="bulk_delete"),
        pytest.param(lambda: AgentTask.create(**GIVEN), id="create"),
        pytest.param(lambda: AgentTask.get("rec00000000000000"), id="get"),
    ],
)
def test_every_operation_says_that_apply_makes_the_tables(
    ask: Callable[[], object],
    local_airtable: LocalAirtable,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Those that look before they write say it in the same words as plain reading and writing."""
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", local_airtable.token)
    monkeypatch.chdir(tmp_path)

    with (
        connect(local_airtable.store_url, leases="sqlite:///leases.db"),
        pytest.raises(StoreError) as found,
    ):
        ask()

    said = (
        f"'AI_Agent_Tasks' cannot be used: base {local_airtable.base_id} or the table is not there"
    )
    assert said in str(found.value)
    assert "'tablewright apply' creates tables" in str(found.value)
