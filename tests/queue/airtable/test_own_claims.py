"""What a queue without a database writes is its program's own write: nobody waits for a reading to show it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from tablewright.runtime import Connection


def test_a_claim_is_not_waited_for_as_if_somebody_else_had_written(
    best_effort: Connection, jobs: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that was created a moment ago is claimed, held and read again without a look too many."""
    jobs.Job.create(name="job")
    client: Any = best_effort.store.client  # type: ignore[attr-defined]
    pauses: list[float] = []
    monkeypatch.setattr(client, "pause", pauses.append)

    (job,) = jobs.Job.claim("w", 1)
    job.heartbeat()
    job.refresh()

    assert pauses == [0.05]
