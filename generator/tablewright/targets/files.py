"""Model → every file of the generated package, in memory. Touches no disk: the caller writes, compares or shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from tablewright.model.schema import Schema, Table
from tablewright.render.engine import render
from tablewright.targets.airtable.payload import tables_json
from tablewright.targets.docs.views import readme_view
from tablewright.targets.python.aio import aio_view
from tablewright.targets.python.code import Code, comment
from tablewright.targets.python.columns import columns_view
from tablewright.targets.python.enums import enums_view
from tablewright.targets.python.format import formatted
from tablewright.targets.python.inputs import inputs_view
from tablewright.targets.python.lifecycle import lifecycle_view
from tablewright.targets.python.models import models_index_view, models_view, record_module_view
from tablewright.targets.python.names import is_split, record_module
from tablewright.targets.python.package import package_view
from tablewright.targets.python.spec import schema_spec_view
from tablewright.targets.python.statistics import statistics_view


@dataclass(frozen=True, slots=True)
class File:
    """A file of the package: its path, its template, and what gives the view that the template prints."""

    path: str
    template: str
    view: Callable[[Schema, Code], object]


ALWAYS: Final = (
    File("__init__.py", "python/__init__.py.jinja", package_view),
    File("_schema.py", "python/_schema.py.jinja", schema_spec_view),
    File("columns.py", "python/columns.py.jinja", columns_view),
    File("inputs.py", "python/inputs.py.jinja", inputs_view),
    File("aio.py", "python/aio.py.jinja", aio_view),
    File("airtable.json", "airtable/tables.json.jinja", tables_json),
    File("README.md", "docs/README.md.jinja", readme_view),
)
"""Files that every package has."""


def package_files(schema: Schema) -> Iterator[File]:
    """Yield the files that a schema calls for: which comes from which template, and when."""
    yield from ALWAYS
    if schema.enums:
        yield File("enums.py", "python/enums.py.jinja", enums_view)
    if any(table.lifecycle is not None and table.lifecycle.transitions for table in schema.tables):
        yield File("lifecycle.py", "python/lifecycle.py.jinja", lifecycle_view)
    if any(table.statistics for table in schema.tables):
        yield File("statistics.py", "python/statistics.py.jinja", statistics_view)
    if not is_split(schema):
        yield File("models.py", "python/models.py.jinja", models_view)
        return
    yield File("models.py", "python/models_index.py.jinja", models_index_view)
    for table in schema.tables:
        path = f"{record_module(schema, table.key)}.py"
        yield File(path, "python/models.py.jinja", partial(_record_module, table))


def _record_module(table: Table, schema: Schema, source: Code) -> object:
    return record_module_view(schema, table, source)


def generate(schema: Schema, *, overrides: Path | None = None) -> dict[PurePosixPath, str]:
    """Return the text of every file of the generated package, by its path in there.

    Raises:
        TemplateBroken: a template cannot be rendered; nothing is returned then.
        NotPython: a template prints what is no Python.
    """
    source = comment(PurePosixPath(schema.path.replace("\\", "/")).name)
    files: dict[PurePosixPath, str] = {}
    for file in package_files(schema):
        text = render(file.template, file.view(schema, source), overrides=overrides)
        files[PurePosixPath(file.path)] = formatted(text, file.path)
    return files
