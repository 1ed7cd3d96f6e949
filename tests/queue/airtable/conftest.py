"""Connections to a local Airtable with queues."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tablewright.runtime import Connection, connect
from tablewright.runtime.stores.airtable_leased import LeasedStore
from tablewright.runtime.stores.airtable_noted_queue import NotedQueue


@pytest.fixture(params=["sqlite", "postgresql"])
def leases(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database for leases."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'leases.db'}"
    found: str = request.getfixturevalue("empty_schema")
    return found


@pytest.fixture
def leased(airtable_url: str, tmp_path: Path) -> Iterator[Connection]:
    """A connection whose leases are kept in SQLite."""
    with connect(airtable_url, leases=f"sqlite:///{tmp_path / 'leases.db'}") as connected:
        yield connected


@pytest.fixture
def best_effort(airtable_url: str) -> Iterator[Connection]:
    """A connection that does without a database, and settles faster than it would with Airtable itself."""
    with connect(airtable_url, leases="best effort") as connected:
        store = connected.store
        assert isinstance(store, LeasedStore)
        assert isinstance(store.queues, NotedQueue)
        store.queues.settle_seconds = 0.05
        yield connected
