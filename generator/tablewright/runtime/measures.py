"""Measures of statistics: what to work out over the records of a query, and how from plain values.

Stores that cannot group fetch the fields and use `measured`; SQL gathers the same raw figures in one statement and
lets `Measure.finish` turn them into the answer, so that both agree.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.runtime.columns import (
    ChoicesColumn,
    Columns,
    Condition,
    Member,
    Numeric,
    Ordered,
    Term,
)
from tablewright.runtime.columns.base import check_order
from tablewright.runtime.columns.links import link_of
from tablewright.runtime.errors import shown

MeasureKind = Literal[
    "count", "count_by", "count_distinct", "sum", "avg", "min", "max", "percentile", "ratio"
]  # fmt: skip


class Statistics(BaseModel):
    """The figures of one statistic. A figure over nothing is None, a count or sum 0; in JSON a span is its seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="float")


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: *value* is what is looked at, *condition* what is counted, *percent* which percentile."""

    kind: MeasureKind
    value: tree.Node | None = None
    condition: tree.Node | None = None
    among: tree.Node | None = None
    percent: float = 50.0

    @property
    def looked_at(self) -> tree.Node:
        """Return the value that is looked at; counts and ratios have none."""
        return _needed(self.value)


def _needed(node: tree.Node | None) -> tree.Node:
    if node is None:
        raise TypeError("this measure was not made by one of the functions of this module")
    return node


def count(condition: Condition | None = None) -> Measure:
    """How many records there are; with a condition, how many meet it."""
    return Measure("count", condition=None if condition is None else condition.node)


def count_by(value: Term) -> Measure:
    """How many records there are for each value; of a field with several choices, each choice counts.

    Enums come in their order, with 0 for values that do not occur; everything else by count, the largest first, then
    by value. Blanks are left out.
    """
    node = _looked_at("count_by", value)
    if not isinstance(value, ChoicesColumn) and node.type.kind not in _COUNTABLE:
        raise TypeError(f"count_by() cannot group by {node.type}")
    return Measure("count_by", node)


_COUNTABLE = frozenset({"text", "integer", "boolean", "enum", "date"})


def count_distinct(value: Term | Columns) -> Measure:
    """How many different values there are, blanks left out; of a link to one, how many different records."""
    node = _looked_at("count_distinct", value.id if isinstance(value, Columns) else value)
    if node.type.kind in ("list", "json", "opaque"):
        raise TypeError(f"count_distinct() cannot compare {node.type}")
    return Measure("count_distinct", node)


def sum(value: Numeric) -> Measure:  # noqa: A001  # the measure's name in a schema
    """The sum, blanks left out; 0 where there is none."""
    return Measure("sum", _numeric("sum", value))


def avg(value: Numeric) -> Measure:
    """The mean, blanks left out; blank where there is none."""
    return Measure("avg", _numeric("avg", value))


def min(value: Ordered | Member[Any]) -> Measure:  # noqa: A001  # the measure's name in a schema
    """The smallest value; blank where there is none."""
    return Measure("min", _comparable("min", value))


def max(value: Ordered | Member[Any]) -> Measure:  # noqa: A001  # the measure's name in a schema
    """The largest value; blank where there is none."""
    return Measure("max", _comparable("max", value))


def median(value: Numeric) -> Measure:
    """The value in the middle, as `percentile(value, 50)`."""
    return Measure("percentile", _numeric("median", value))


def percentile(value: Numeric, percent: float) -> Measure:
    """The value below which so many percent lie, interpolated between neighbours; blank where there is none."""
    if not 0 <= percent <= 100:
        raise ValueError(f"a percentile lies between 0 and 100, and {percent} does not")
    return Measure("percentile", _numeric("percentile", value), percent=float(percent))


def ratio(condition: Condition, among: Condition) -> Measure:
    """How many records meet *condition* and *among*, as a share of those that meet *among*; blank where none does."""
    return Measure("ratio", condition=condition.node, among=among.node)


def _numeric(name: str, value: Numeric) -> tree.Node:
    node = _looked_at(name, value)
    if node.type.kind not in ("integer", "number", "duration"):
        raise TypeError(f"{name}() needs numbers or durations, and got {node.type}")
    return node


def _comparable(name: str, value: Ordered | Member[Any]) -> tree.Node:
    node = _looked_at(name, value)
    check_order(f"{name}()", value)
    return node


def _looked_at(name: str, value: object) -> tree.Node:
    """Return the tree of a field or expression, or say what to write where something else is given."""
    if isinstance(value, Term):
        return value.node
    link = link_of(value)
    if link is not None:
        raise TypeError(f"{name}() needs a value, and {link.said}: name {link.instead}")
    raise TypeError(f"{name}() needs a field, as in {name}(Model.c.field), and not {shown(value)}")


# -- from plain values ------------------------------------------------------------------------------------------------


def measured(measure: Measure, records: Sequence[object], evaluator: Evaluator) -> Any:
    """Return the figure over *records*, worked out in Python."""
    match measure.kind:
        case "count":
            return (
                len(records)
                if measure.condition is None
                else _met(measure.condition, records, evaluator)
            )
        case "ratio":
            among = _needed(measure.among)
            whole = [record for record in records if evaluator.holds(among, record)]
            return share(_met(_needed(measure.condition), whole, evaluator), len(whole))
        case _:
            node = measure.looked_at
            found = (evaluator.value(node, {"": record}) for record in records)
            return _of_values(
                measure, node, [value for value in found if value is not None], evaluator
            )


def _met(condition: tree.Node, records: Iterable[object], evaluator: Evaluator) -> int:
    return builtins.sum(1 for record in records if evaluator.holds(condition, record))


def _of_values(measure: Measure, node: tree.Node, values: list[Any], evaluator: Evaluator) -> Any:
    match measure.kind:
        case "count_by":
            counts: dict[Any, int] = {}
            for value in values:
                for key in value if isinstance(value, list) else (value,):
                    counts[key] = counts.get(key, 0) + 1
            return tallied(node, counts, evaluator.enums)
        case "count_distinct":
            return len(set(values))
        case "sum":
            return total(values, node)
        case "avg":
            return mean(total(values, node), len(values))
        case "min":
            return builtins.min(values) if values else None
        case "max":
            return builtins.max(values) if values else None
        case _:
            low, high = neighbours(len(values), measure.percent)
            values.sort()
            return (
                between(values[low], values[high], len(values), measure.percent) if values else None
            )


# -- shared with the stores -------------------------------------------------------------------------------------------


def total(values: Iterable[Any], node: tree.Node) -> Any:
    """Return the sum; floats are added without loss, so that their order does not count."""
    if node.type.kind == "number":
        return math.fsum(values)
    return builtins.sum(values, timedelta() if node.type.kind == "duration" else 0)


def mean(whole: Any, number: int) -> Any:
    """Return *whole* divided by *number*; blank where that is 0."""
    return whole / number if number else None


def share(part: int, whole: int) -> float | None:
    """Return *part* as a share of *whole*; blank where that is 0."""
    return part / whole if whole else None


def neighbours(number: int, percent: float) -> tuple[int, int]:
    """Return the places, from 0, of the two sorted values between which a percentile of *number* values lies."""
    place = (number - 1) * percent / 100
    return math.floor(place), math.ceil(place)


def between(low: Any, high: Any, number: int, percent: float) -> Any:
    """Return the percentile from its two neighbours: a straight line between them."""
    place = (number - 1) * percent / 100
    found = low + (high - low) * (place - math.floor(place))
    return float(found) if isinstance(found, int) else found


def tallied(
    node: tree.Node, counts: Mapping[Any, int], enums: Mapping[str, type[Enum]]
) -> dict[Any, int]:
    """Return counts in their order: enums as defined and with every member, all else by count, then by value."""
    kind = node.type.item if node.type.kind == "list" and node.type.item else node.type
    if kind.kind == "enum":
        return {member: counts.get(member, 0) for member in enums[kind.name]}
    return dict(sorted(counts.items(), key=_by_count_then_value))


def _by_count_then_value(pair: tuple[Any, int]) -> tuple[int, Any]:
    return -pair[1], pair[0]
