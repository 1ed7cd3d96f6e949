"""The stores that every test of the contract runs on, each empty, and a package of linked tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(params=["sqlite", "postgresql", "airtable"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store. Airtable is the local one, over HTTP."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    if request.param == "airtable":
        return "local:"
    found: str = request.getfixturevalue("empty_schema")
    return found


@pytest.fixture(scope="session")
def packaged(
    written_package: Callable[[Path, Path], str],
    imported_package: Callable[[str, Path], AbstractContextManager[ModuleType]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], ModuleType]]:
    """What makes a package of one of the schemas here, by the schema's name."""
    with ExitStack() as stack:

        def make(name: str) -> ModuleType:
            folder = tmp_path_factory.mktemp(name)
            schema = Path(__file__).parent / "schemas" / f"{name}.yaml"
            return stack.enter_context(imported_package(written_package(schema, folder), folder))

        yield make


@pytest.fixture(scope="session")
def library(packaged: Callable[[str], ModuleType]) -> ModuleType:
    """A package of books and people, with a field of every kind behind a link."""
    return packaged("library")


@pytest.fixture(scope="session")
def errands(packaged: Callable[[str], ModuleType]) -> ModuleType:
    """A package whose errands have a unique number and a required list of tags, and wait in a queue."""
    return packaged("errands")
