"""Stores for queues, a package with short leases, and ways to let time pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from generated.agent_tasks import AgentTask
from tablewright.runtime import AirtableModel, Connection
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.airtable_leased import LeasedStore
from tablewright.runtime.stores.sql_types import moment_text
from tablewright.server.serve import LocalAirtable
from tablewright.testing import provision

SCHEMA = Path(__file__).parent / "schemas" / "jobs.yaml"
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store. A module can ask for "airtable" too, whose leases are kept in SQLite."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'queue.db'}?synchronous=normal"
    names = {"postgresql": "empty_schema", "airtable": "airtable_with_leases"}
    found: str = request.getfixturevalue(names[request.param])
    return found


@pytest.fixture
def airtable_url(
    local_airtable: LocalAirtable, jobs: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The URL of a local Airtable with the tables of the tests."""
    provision(local_airtable, [AgentTask, jobs.Job, jobs.Errand])
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", local_airtable.token)
    return f"airtable://{local_airtable.base_id}?endpoint={local_airtable.url}"


@pytest.fixture
def airtable_with_leases(airtable_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same, where leases are kept in SQLite."""
    monkeypatch.setenv("TABLEWRIGHT_LEASES", f"sqlite:///{tmp_path / 'leases.db'}")
    return airtable_url


@pytest.fixture(scope="session")
def jobs_folder(
    written_package: Callable[[Path, Path], str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder that the package `jobs` lies in."""
    folder = tmp_path_factory.mktemp("jobs")
    written_package(SCHEMA, folder)
    return folder


@pytest.fixture(scope="session")
def jobs(
    jobs_folder: Path, imported_package: Callable[[str, Path], AbstractContextManager[ModuleType]]
) -> Iterator[ModuleType]:
    """A package whose leases last a second, whose pauses are short, and whose errands may take 0.3 seconds."""
    with imported_package("jobs", jobs_folder) as package:
        yield package


@pytest.fixture(scope="session")
def limits(
    written_package: Callable[[Path, Path], str],
    imported_package: Callable[[str, Path], AbstractContextManager[ModuleType]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ModuleType]:
    """The package whose transitions count up to a limit."""
    folder = tmp_path_factory.mktemp("limits")
    written_package(SCHEMA.with_name("limits.yaml"), folder)
    with imported_package("limits", folder) as package:
        yield package


@pytest.fixture(scope="session")
def run_out() -> Callable[[Any, TableSpec, str], None]:
    """Let the lease of a record in a store run out at once."""

    def end(store: Any, table: TableSpec, record_id: str) -> None:
        if isinstance(store, LeasedStore):
            leases: Any = store.queues._leases  # type: ignore[attr-defined]
            values = {"id": record_id, "past": moment_text(LONG_AGO)}
            text = "UPDATE tablewright_leases SET lease_until = :past WHERE record_id = :id"
            leases._lanes.run(lambda cursor: cursor.execute(text, values))
            return
        rows = store.database.known(table).statements.table
        with store.database.writer.begin() as running:
            past = sa.update(rows).where(rows.c.id == record_id)
            running.execute(past.values(lease_until=sa.literal(LONG_AGO, rows.c.lease_until.type)))

    return end


@pytest.fixture
def lapse(
    connection: Connection, run_out: Callable[[Any, TableSpec, str], None]
) -> Callable[[AirtableModel], None]:
    """Let the lease of a task run out at once, as if its worker had been silent for long."""
    return lambda record: run_out(connection.store, type(record).table, record.id)


@pytest.fixture
def explained(connection: Connection) -> Callable[[Any, dict[str, Any]], str]:
    """Say how the database goes about a prepared statement."""

    def explain(statement: Any, values: dict[str, Any]) -> str:
        store: Any = connection.store
        word = "EXPLAIN QUERY PLAN" if store.database.dialect == "sqlite" else "EXPLAIN"

        def ask(cursor: Any) -> str:
            cursor.execute(f"{word} {statement.text}", statement.parameters(values))
            return "\n".join(str(row[-1]) for row in cursor.fetchall())

        found: str = store.queues._lanes.run(ask)
        return found

    return explain
