"""The stores that every test of the contract runs on, each empty, and a package of linked tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
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
def library(
    written_package: Callable[[Path, Path], str],
    imported_package: Callable[[str, Path], AbstractContextManager[ModuleType]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ModuleType]:
    """A package of books and people, with a field of every kind behind a link."""
    folder = tmp_path_factory.mktemp("library")
    schema = Path(__file__).parent / "schemas" / "library.yaml"
    with imported_package(written_package(schema, folder), folder) as package:
        yield package


@pytest.fixture(scope="session")
def errands(
    written_package: Callable[[Path, Path], str],
    imported_package: Callable[[str, Path], AbstractContextManager[ModuleType]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ModuleType]:
    """A package whose errands have a unique number and a required list of tags, and wait in a queue."""
    folder = tmp_path_factory.mktemp("errands")
    schema = Path(__file__).parent / "schemas" / "errands.yaml"
    with imported_package(written_package(schema, folder), folder) as package:
        yield package
