"""What an expression may name, and what can be wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tablewright.expressions.types import ValueType


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in an expression, at characters *start* to *end* of its text."""

    start: int
    end: int
    code: str
    message: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class EnumScope:
    """What an expression has to know of an enum. *renamed* has earlier names of values, and their names now."""

    members: tuple[str, ...]
    ordered: bool
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scope:
    """The names an expression may use. *arguments_first* says what a bare name means that is both.

    *owners* names the enums that have a value of some name; it follows from *enums* and is worked out where missing.
    *renamed* has by table the earlier names of its fields, and their names now; *table* is whose expression it is.
    """

    fields: Mapping[str, ValueType]
    enums: Mapping[str, EnumScope]
    tables: Mapping[str, Mapping[str, ValueType]]
    arguments: Mapping[str, ValueType] = field(default_factory=dict)
    arguments_first: bool = False
    owners: Mapping[str, tuple[str, ...]] | None = None
    renamed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    table: str = ""


def owners_of_members(enums: Mapping[str, EnumScope]) -> dict[str, tuple[str, ...]]:
    """Return for each value's name the enums that have it."""
    owners: dict[str, tuple[str, ...]] = {}
    for enum, known in enums.items():
        for member in known.members:
            owners[member] = (*owners.get(member, ()), enum)
    return owners
