"""Generated packages, made once and imported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tablewright.check.compile import compile_schema
from tablewright.output.files import compare, write
from tablewright.syntax.source import read_source
from tablewright.targets.files import generate

SCHEMAS = Path(__file__).parent / "schemas"


def generated(name: str, folder: Path) -> Path:
    """Write the package of a schema and return its folder."""
    compiled = compile_schema(read_source(SCHEMAS / f"{name}.yaml"))
    assert compiled.schema is not None, compiled.findings
    write(folder / name, compare(folder / name, generate(compiled.schema)))
    return folder / name


def imported(name: str, folder: Path) -> Iterator[ModuleType]:
    """Import a package from a folder, and forget it afterwards."""
    generated(name, folder)
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
        for module in [one for one in sys.modules if one.split(".")[0] == name]:
            del sys.modules[module]


@pytest.fixture(scope="session")
def everything_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the package that uses every part of the language."""
    return generated("everything", tmp_path_factory.mktemp("everything"))


@pytest.fixture(scope="session")
def hostile_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the package whose schema tries to break out of its text."""
    return generated("hostile", tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="session")
def seen_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the package whose expressions rely on what they have seen before."""
    return generated("seen", tmp_path_factory.mktemp("seen"))


@pytest.fixture(scope="session")
def split_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the same package with a module for each record class, as large schemas get it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tablewright.targets.python.names.MOST_IN_ONE_MODULE", 1)
        yield generated("everything", tmp_path_factory.mktemp("split"))


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package that uses every part of the language."""
    yield from imported("everything", tmp_path_factory.mktemp("everything"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package whose schema tries to break out of its text."""
    yield from imported("hostile", tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def borrowed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package whose names are words of databases, and of what makes classes."""
    yield from imported("borrowed", tmp_path_factory.mktemp("borrowed"))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package whose expressions rely on what they have seen before."""
    yield from imported("seen", tmp_path_factory.mktemp("seen"))
