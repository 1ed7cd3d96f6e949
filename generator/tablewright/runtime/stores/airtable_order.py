"""The order of records: what Airtable can be asked to sort by, and how rows are compared here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.types import ValueType
from tablewright.runtime.spec import FieldSpec, TableSpec
from tablewright.runtime.stores.airtable_cells import TableCells
from tablewright.runtime.stores.airtable_names import CREATED
from tablewright.runtime.stores.base import Order

_SORTED_ALIKE: Final = frozenset(
    {"integer", "number", "currency", "percent", "rating", "duration", "date", "datetime",
     "created_time", "auto_number"}
)  # fmt: skip
"""Kinds that Airtable sorts as we do: texts it sorts by language, choices as people arranged them."""
Seen = Mapping[str, Any]
"""The values that an order looks at; linked rows for links where it follows them."""

_BY_CREATION: Final = Order(tree.Field(CREATED, ValueType("datetime")))


def sort_option(cells: TableCells, order: Sequence[Order]) -> list[str] | None:
    """Return the sort by which Airtable gives the wanted rows first; none where it may sort otherwise."""
    if not order:
        timed = next((key for key in cells.timed if key not in cells.names.absent), None)
        return [cells.names.fields[timed]] if timed is not None else None
    found = []
    for one in order:
        spec = _plain_field(cells.table, one.by)
        if spec is None or spec.kind not in _SORTED_ALIKE or spec.key in cells.names.absent:
            return None
        if spec.default is not None:
            return None
        found.append(f"{'-' if one.descending else ''}{cells.names.fields[spec.key]}")
    return found


def _plain_field(table: TableSpec, node: tree.Node) -> FieldSpec | None:
    match node:
        case tree.Field(name, _, None):
            return table.by_key.get(name)
        case _:
            return None


class Ranking:
    """Compares rows by the keys of an order, or by when they were created."""

    def __init__(self, order: Sequence[Order], evaluator: Evaluator) -> None:
        self._keys = [(_rank(one.by, evaluator), one.descending) for one in order]
        self._compared = self._keys or [(_rank(_BY_CREATION.by, evaluator), False)]

    def sort(self, found: list[tuple[dict[str, Any], Seen]]) -> None:
        """Sort records with their rows, which come oldest first where they are equal."""
        found.sort(key=lambda one: one[0]["createdTime"])
        for rank, descending in reversed(self._keys):
            found.sort(key=lambda one, rank=rank: rank(one[1]), reverse=descending)  # type: ignore[misc]  # a default binds it

    def is_past(self, found: Sequence[tuple[dict[str, Any], Seen]], wanted: int) -> bool:
        """Tell whether no later record can be among the wanted ones: the last one found sorts behind all of them."""
        if len(found) <= wanted:
            return False
        last, border = found[-1][1], found[wanted - 1][1]
        return any(rank(last) != rank(border) for rank, _ in self._compared)


def _rank(node: tree.Node, evaluator: Evaluator) -> Callable[[Seen], tuple[bool, Any]]:
    value: Callable[[Seen], Any]
    match node:
        case tree.Field(name, _, None):
            value = itemgetter(name)
        case _:
            value = lambda row: evaluator.value(node, {"": row})  # noqa: E731  # one of two
    places: dict[Any, int] | None = None
    if node.type.kind == "enum":
        places = {member: place for place, member in enumerate(evaluator.enums[node.type.name])}

    def rank(row: Seen) -> tuple[bool, Any]:
        found = value(row)
        if found is None:
            return False, 0
        return True, found if places is None else places[found]

    return rank
