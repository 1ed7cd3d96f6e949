"""How a formula, rollup, lookup or count field is worked out: by Airtable, and by the runtime elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tablewright.expressions.tree import Node
from tablewright.expressions.types import ValueType

ROLLUPS: Final[Mapping[str, str]] = {
    "sum": "SUM(values)",
    "avg": "IF(COUNTA(values)=0, BLANK(), AVERAGE(values))",
    "min": "IF(COUNTA(values)=0, BLANK(), MIN(values))",
    "max": "IF(COUNTA(values)=0, BLANK(), MAX(values))",
    "count": "COUNTA(values)",
    "any": "OR(values)",
    "all": "AND(values)",
}
"""The functions of a rollup and their Airtable formulas. Airtable's own MIN and MAX of nothing are 0, ours are blank."""


@dataclass(frozen=True, slots=True)
class Computation:
    """What a computed field holds.

    *result* is the type of its value; of a lookup, a list of the linked field's type. *node* says what it means, so
    that any store can calculate it; it is missing for raw formulas and lookups. *formula* is Airtable's text, with
    fields as `{Airtable name}`; it is empty where it follows from *node*, and for lookups and counts.
    """

    result: ValueType
    node: Node | None = None
    text: str = ""
    """The expression as it was written."""
    formula: str = ""
    relation: str = ""
    """The key of the relation that a rollup, lookup or count follows, as it is called in its own table."""
    target: str = ""
    """The table that the relation leads to."""
    field: str = ""
    """The key of the field in that table."""
    function: str = ""
    """One of ROLLUPS; empty for a raw formula."""
