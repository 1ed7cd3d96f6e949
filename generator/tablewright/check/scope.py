"""What the lifecycle, the queries, the statistics and the queue of one table can refer to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tablewright.check.expressions import FieldTypes, Scopes
from tablewright.expressions.satisfiable import Range
from tablewright.model.schema import Enum, Field, Relation


@dataclass(frozen=True)
class TableScope:
    """One table and all that its expressions can name; *unreadable* are fields and relations that are missing here."""

    key: str
    fields: tuple[Field, ...]
    relations: tuple[Relation, ...]
    scopes: Scopes
    enums: Mapping[str, Enum]
    unreadable: frozenset[str]

    @property
    def types(self) -> FieldTypes:
        """Return the types of the fields, relations and computed fields."""
        return self.scopes.tables[self.key]

    @property
    def ranges(self) -> Mapping[str, Range]:
        """Return the least and the greatest values of the fields, for `can_hold`."""
        return {field.key: (field.limits.minimum, field.limits.maximum) for field in self.fields}

    def called_now(self, key: str) -> str:
        """Return the help line for an earlier name of a field or relation; empty where *key* is none."""
        return self.scopes.called_now(self.key, key)

    def field(self, key: str) -> Field | None:
        """Return the declared field with this key, if there is one."""
        return next((field for field in self.fields if field.key == key), None)
