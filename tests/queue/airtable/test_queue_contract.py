"""The suite that users get for queues, over every store that has claims."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest

from tablewright.runtime import Connection, connect
from tablewright.testing import QueueContract


class TestQueues(QueueContract):
    """A queue with retries, on a database, and on Airtable with leases in a database and without."""

    @pytest.fixture(autouse=True)
    def of_jobs(self, jobs: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        """The package exists only while tests run."""
        monkeypatch.setattr(type(self), "model", jobs.Job, raising=False)

    @pytest.fixture(params=["sqlite", "postgresql", "leases in sqlite", "leases in postgresql", "best effort"])  # fmt: skip
    def store_connection(self, request: pytest.FixtureRequest) -> Iterator[Connection]:
        """Each kind of store in turn."""
        kind: str = request.param
        if kind == "best effort":
            yield request.getfixturevalue("best_effort")
            return
        database = request.getfixturevalue("tmp_path") / "queue.db"
        url = (
            request.getfixturevalue("empty_schema")
            if kind.endswith("postgresql")
            else f"sqlite:///{database}"
        )
        with (
            connect(request.getfixturevalue("airtable_url"), leases=url)
            if kind.startswith("leases")
            else connect(url)
        ) as connected:
            yield connected
