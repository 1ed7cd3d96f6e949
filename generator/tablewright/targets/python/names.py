"""Names that the generated package makes up, in one place: modules, functions, classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tablewright.model.lifecycle import Transition
from tablewright.model.queries import Statistics
from tablewright.model.schema import Schema, Table
from tablewright.names import MODULE_NAMES, SCHEMA_CONSTANTS, is_identifier, pascal, snake


def decision_name(table: Table, transition: Transition) -> str:
    """Return the name of a transition's pure function."""
    return f"{snake(table.key)}_{transition.key}"


def twin_name(table: Table) -> str:
    """Return the class that holds a table's operations as coroutines."""
    return f"{table.key}Aio"


def spec_name(table: str) -> str:
    """Return the constant in `_schema.py` that describes a table: a `_` behind parts `Contract` from `CONTRACT`."""
    name = snake(table).upper()
    return f"{name}_" if name in SCHEMA_CONSTANTS else name


def statistics_name(schema: Schema, table: Table, statistics: Statistics) -> str:
    """Return the class that holds what a statistics method returns.

    `get_agent_stats` gives `AgentStats`; the table's name stands in front where two methods would give the same,
    where an enum or a class is called so, or where Python has no such name.
    """
    short = _short(statistics)
    others = [_short(one) for other in schema.tables for one in other.statistics]
    taken = {*MODULE_NAMES, *(one.key for one in schema.enums), *_class_names(schema.tables)}
    if others.count(short) == 1 and short not in taken and is_identifier(short):
        return short
    twins = [one.key for one in table.statistics if _short(one) == short]
    made = f"{table.key}{short}Statistics{'_' * twins.index(statistics.key)}"
    return parameter(made, taken)


def _short(statistics: Statistics) -> str:
    return pascal(statistics.key.removeprefix("get_") or statistics.key)


def _class_names(tables: Iterable[Table]) -> Iterable[str]:
    for table in tables:
        yield from (table.key, twin_name(table))
        yield from (f"{table.key}{ending}" for ending in ("Columns", "Create", "Update"))


def parameter(name: str, taken: Iterable[str]) -> str:
    """Return *name*, or the nearest that is not taken, for a name that the generated code makes up."""
    while name in taken:
        name += "_"
    return name


MOST_IN_ONE_MODULE: Final = 20
"""With more tables than this, each record class gets a module of its own, imported when it is first named."""


def is_split(schema: Schema) -> bool:
    """Tell whether the records are spread over several modules."""
    return len(schema.tables) > MOST_IN_ONE_MODULE


def record_module(schema: Schema, table: str) -> str:
    """Return the module that holds a table's record class; the checks let no two tables share one in SQL or here."""
    if not is_split(schema):
        return "models"
    return f"models_{snake(table)}"
