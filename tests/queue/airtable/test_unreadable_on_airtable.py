"""Records that do not fit the schema, on Airtable: put back, with one line in the history however often they come back."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from tablewright.runtime import Connection


@pytest.mark.parametrize("kind", ["leased", "best_effort"])
def test_what_stays_as_it_is_leaves_one_line_in_the_history(
    request: pytest.FixtureRequest, jobs: ModuleType, kind: str
) -> None:
    """Its claims leave no rows: a base holds so many records and no more."""
    connection: Connection = request.getfixturevalue(kind)
    job = jobs.Job.create(name="job")
    client: Any = connection.store.client  # type: ignore[attr-defined]
    table = client.table(jobs.Job.table.name)
    table.update(job.id, {"Code": "small"})

    for _ in range(3):
        job.postpone(timedelta())
        assert jobs.Job.claim("w", 1) == []

    rows = connection.store.history(jobs.Job.table, job.id)
    assert [one.transition for one in rows] == ["begin", "release"]
    table.update(job.id, {"Code": "FINE"})
    job.postpone(timedelta())
    (taken,) = jobs.Job.claim("w", 1)
    assert [one.transition for one in taken.history()] == ["begin", "release", "begin"]
    assert taken.attempt == 1
