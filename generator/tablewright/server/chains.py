"""Long chains of computed fields: which of them are worked out first, so that none exhausts the stack."""

from collections.abc import Mapping, Sequence
from typing import Final

from tablewright.server.formula import FormulaError, parse_formula
from tablewright.server.formulas import needed_by, references
from tablewright.server.schema import Base, Field, Table

_MOST_CALLS: Final = 400
"""How deep the calls for one value may go; Python itself ends at a thousand."""
_CALLS_OF_A_FIELD: Final = 8
"""Calls from one computed value to the next, a formula's own nesting aside."""
_WORKED_OUT: Final = frozenset({"formula", "rollup", "multipleLookupValues", "multipleRecordLinks"})


class Chains:
    """The computed fields of one state of a base's schema, and what each of them needs beforehand."""

    def __init__(self, base: Base) -> None:
        self._base = base
        self._before: dict[str, tuple[tuple[Table, Field], ...]] = {}
        fields = {
            field.id: (table, field)
            for table in base.tables.values()
            for field in table.fields.values()
            if field.type in _WORKED_OUT
        }
        calls = {key: _calls(field) for key, (_, field) in fields.items()}
        is_short = sum(calls.values()) <= _MOST_CALLS
        self._stops = [] if is_short else [fields[key] for key in _stops(base, fields, calls)]
        """Fields whose values are to be known before those of the fields behind them, in this order."""

    def before(self, field: Field) -> tuple[tuple[Table, Field], ...]:
        """The fields, each with its table, to work out for all records before *field* is: none for a short chain."""
        if not self._stops:
            return ()
        found = self._before.get(field.id)
        if found is None:
            needed = needed_by(self._base, field.id)
            found = tuple((table, stop) for table, stop in self._stops if stop.id in needed)
            self._before[field.id] = found
        return found


def _calls(field: Field) -> int:
    try:
        depth = parse_formula(field.option("formula") or "").tree.depth
    except FormulaError:
        depth = 0
    return _CALLS_OF_A_FIELD + depth


def _stops(
    base: Base, fields: Mapping[str, tuple[Table, Field]], calls: Mapping[str, int]
) -> Sequence[str]:
    """The ids of the fields at which a chain has grown too long, those that are needed first in front."""
    needs = {key: list(references(base, field)) for key, (_, field) in fields.items()}
    depth: dict[str, int] = {}
    stops: list[str] = []
    for key in _needed_first(needs):
        depth[key] = calls[key] + max((depth.get(need, 0) for need in needs[key]), default=0)
        if depth[key] > _MOST_CALLS:
            stops.append(key)
            depth[key] = 0
    return stops


def _needed_first(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """The keys, each behind those it needs; where they need each other in a circle, one of them is first."""
    order: list[str] = []
    seen: set[str] = set()
    for start in needs:
        if start in seen:
            continue
        seen.add(start)
        path = [(start, iter(needs[start]))]
        while path:
            key, rest = path[-1]
            following = next((need for need in rest if need in needs and need not in seen), None)
            if following is None:
                order.append(key)
                path.pop()
            else:
                seen.add(following)
                path.append((following, iter(needs[following])))
    return order
