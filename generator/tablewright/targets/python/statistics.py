"""Statistics → `statistics.py`: what each returns."""

from __future__ import annotations

from dataclasses import dataclass

from tablewright.model.queries import Measure, Statistics
from tablewright.model.schema import Schema, Table
from tablewright.targets.python.code import Code, docstring, identifier
from tablewright.targets.python.imports import Imports
from tablewright.targets.python.names import statistics_name
from tablewright.targets.python.types import value_annotation


@dataclass(frozen=True, slots=True)
class MeasureView:
    name: Code
    annotation: Code
    doc: Code


@dataclass(frozen=True, slots=True)
class StatisticsView:
    name: Code
    doc: Code
    measures: tuple[MeasureView, ...]


@dataclass(frozen=True, slots=True)
class StatisticsModuleView:
    source: Code
    doc: Code
    imports: Code
    statistics: tuple[StatisticsView, ...]


def statistics_view(schema: Schema, source: Code) -> StatisticsModuleView:
    """Return what `statistics.py` prints."""
    imports = Imports()
    views = tuple(
        _statistics_view(schema, table, one, imports)
        for table in schema.tables
        for one in table.statistics
    )
    if views:
        imports.name("tablewright.runtime", "Statistics")
    return StatisticsModuleView(
        source, docstring(f"What the statistics of {schema.name} return."), imports.lines(), views
    )


def _statistics_view(
    schema: Schema, table: Table, statistics: Statistics, imports: Imports
) -> StatisticsView:
    return StatisticsView(
        identifier(statistics_name(schema, table, statistics)),
        docstring(statistics.description or f"What {statistics.key} returns.", "    "),
        tuple(
            MeasureView(
                identifier(one.key), measure_annotation(one, imports), docstring(one.text, "    ")
            )
            for one in statistics.measures
        ),
    )


def measure_annotation(measure: Measure, imports: Imports) -> Code:
    """Return the type of a measure's result."""
    if measure.function == "count_by":
        return Code(f"dict[{value_annotation(measure.type, imports)}, int]")
    return value_annotation(measure.type, imports)
