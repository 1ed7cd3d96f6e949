"""Names that the generated package makes up, in one place: modules, functions, classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
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
    return _statistics_names(_Same(schema))[table.key, statistics.key]


class _Same:
    """A schema as the key of a cache: it is compared by identity, since comparing two walks all of both."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.schema is self.schema


@lru_cache(maxsize=4)
def _statistics_names(same: _Same) -> dict[tuple[str, str], str]:
    schema = same.schema
    short = {(table.key, one.key): _short(one) for table in schema.tables for one in table.statistics}  # fmt: skip
    count = Counter(short.values())
    taken = {*MODULE_NAMES, *(one.key for one in schema.enums), *_class_names(schema.tables)}
    for (table, key), name in short.items():
        if count[name] > 1 or name in taken or not is_identifier(name):
            short[table, key] = parameter(f"{table}{name}Statistics", taken)
        taken.add(short[table, key])
    return short


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
