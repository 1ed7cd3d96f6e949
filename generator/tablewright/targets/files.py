"""Model → every file of the generated package, in memory. Touches no disk: the caller writes, compares or shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from tablewright.model.schema import Schema
from tablewright.render.engine import render
from tablewright.targets.airtable.payload import tables_json
from tablewright.targets.docs.views import readme_view
from tablewright.targets.python.code import Code, comment
from tablewright.targets.python.columns import columns_view
from tablewright.targets.python.enums import enums_view
from tablewright.targets.python.format import formatted
from tablewright.targets.python.inputs import inputs_view
from tablewright.targets.python.lifecycle import lifecycle_view
from tablewright.targets.python.models import models_view
from tablewright.targets.python.package import package_view
from tablewright.targets.python.spec import schema_spec_view
from tablewright.targets.python.statistics import statistics_view


@dataclass(frozen=True, slots=True)
class Target:
    """A file: its path in the package, its template, the view it prints, and whether the schema calls for it.

    Every schema calls for a file whose *wanted* is left out.
    """

    path: str
    template: str
    view: Callable[[Schema, Code], object]
    wanted: Callable[[Schema], bool] | None = None


def _has_transitions(schema: Schema) -> bool:
    return any(
        table.lifecycle is not None and table.lifecycle.transitions for table in schema.tables
    )


def _has_statistics(schema: Schema) -> bool:
    return any(table.statistics for table in schema.tables)


TARGETS: Final = (
    Target("__init__.py", "python/__init__.py.jinja", package_view),
    Target("_schema.py", "python/_schema.py.jinja", schema_spec_view),
    Target("enums.py", "python/enums.py.jinja", enums_view, lambda schema: bool(schema.enums)),
    Target("columns.py", "python/columns.py.jinja", columns_view),
    Target("lifecycle.py", "python/lifecycle.py.jinja", lifecycle_view, _has_transitions),
    Target("models.py", "python/models.py.jinja", models_view),
    Target("inputs.py", "python/inputs.py.jinja", inputs_view),
    Target("statistics.py", "python/statistics.py.jinja", statistics_view, _has_statistics),
    Target("airtable.json", "airtable/tables.json.jinja", tables_json),
    Target("README.md", "docs/README.md.jinja", readme_view),
)
"""Which file comes from which template, and when."""


def generate(schema: Schema, *, overrides: Path | None = None) -> dict[PurePosixPath, str]:
    """Return the text of every file of the generated package, by its path in there.

    Raises:
        TemplateBroken: a template cannot be rendered; nothing is returned then.
    """
    source = comment(PurePosixPath(schema.path.replace("\\", "/")).name)
    files: dict[PurePosixPath, str] = {}
    for target in TARGETS:
        if target.wanted is None or target.wanted(schema):
            text = render(target.template, target.view(schema, source), overrides=overrides)
            files[PurePosixPath(target.path)] = formatted(text, target.path)
    return files
