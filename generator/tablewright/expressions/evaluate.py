"""Tree → value, directly over a record or a mapping.

This is the meaning of an expression in the plainest form: the other back ends are tested against it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any, Final, assert_never

from tablewright.expressions import tree
from tablewright.expressions.operations import (
    SPAN_SECONDS,
    day_earlier,
    day_later,
    divide,
    earlier,
    later,
    length_in,
    less,
    less_equal,
    minus,
    modulo,
    plus,
    round_,
    span_of,
    total,
    total_span,
)


def evaluate(
    node: tree.Node,
    row: object,
    *,
    arguments: Mapping[str, Any] | None = None,
    now: datetime | None = None,
    enums: Mapping[str, type[Enum]] | None = None,
) -> Any:
    """Return the value of *node* for one record, which may be an object or a mapping.

    Links are followed through the record's own attributes. *now* is the moment that `now()` means; the clock is read
    where it is missing. *enums* are needed where *node* names a value of one.
    """
    moment = now if now is not None else datetime.now(UTC)
    return Evaluator(arguments or {}, moment, enums or {}).value(node, {"": row})


class Evaluator:
    """Evaluates trees with the same arguments and the same moment."""

    def __init__(
        self, arguments: Mapping[str, Any], now: datetime, enums: Mapping[str, type[Enum]]
    ) -> None:
        self.arguments = arguments
        self.now = now
        self.enums = enums

    def holds(self, node: tree.Node, row: object) -> bool:
        """Tell whether a condition is true of *row*; a blank counts as false."""
        return bool(self.value(node, {"": row}))

    def value(self, node: tree.Node, rows: Mapping[str, object]) -> Any:
        """Return the value of *node*; *rows* holds the record under "" and each variable's under its name."""
        match node:
            case tree.Constant(value):
                return value
            case tree.EnumMember(enum, name):
                return self.enums[enum][name]
            case tree.Members(items):
                return [self.value(one, rows) for one in items]
            case tree.Variable(name):
                return rows[name]
            case tree.Argument(name):
                return self.arguments[name]
            case tree.Field(name, _, owner):
                return _attribute(rows[""] if owner is None else self.value(owner, rows), name)
            case tree.Compare(operator, left, right):
                return _compare(operator, self.value(left, rows), self.value(right, rows))
            case tree.BlankTest(operand, negated):
                return _is_blank(self.value(operand, rows), operand.type.kind) is not negated
            case tree.Membership(item, choices, negated):
                value = self.value(item, rows)
                found = any(_compare("==", value, self.value(choice, rows)) for choice in choices)
                return found is not negated
            case tree.ListContains(items, item):
                return self.value(item, rows) in (self.value(items, rows) or ())
            case tree.Not(operand):
                return not self.value(operand, rows)
            case tree.Logic(operator, operands):
                test = all if operator == "and" else any
                return test(self.value(part, rows) for part in operands)
            case tree.Arithmetic(operator, left, right):
                return _calculate(operator, self.value(left, rows), self.value(right, rows))
            case tree.Negate(operand):
                value = self.value(operand, rows)
                return None if value is None else -value
            case tree.Choice(test_node, then, otherwise):
                return self.value(then if self.value(test_node, rows) else otherwise, rows)
            case tree.Call():
                return self._call(node, rows)
            case tree.Over():
                return self._over(node, rows)
            case _:
                assert_never(node)

    def _call(self, node: tree.Call, rows: Mapping[str, object]) -> Any:
        if node.function == "now":
            return self.now
        if node.function == "today":
            return self.now.date()
        values = [self.value(part, rows) for part in node.arguments]
        if node.function == "len" and node.arguments[0].type.kind == "list":
            # Behind a link that leads nowhere it is as empty as its field.
            return len(values[0] or ())
        if node.function == "coalesce":
            return next((value for value in values if value is not None), None)
        if any(value is None for value in values):
            return False if node.function in ("contains", "startswith", "endswith") else None
        if node.function in SPAN_SECONDS:
            to_span = node.arguments[0].type.is_numeric
            return (
                span_of(values[0], node.function)
                if to_span
                else length_in(values[0], node.function)
            )
        return _PLAIN_CALLS[node.function](*values)

    def _over(self, node: tree.Over, rows: Mapping[str, object]) -> Any:
        linked: Any = self.value(node.relation, rows) or ()
        scopes = ({**rows, node.variable.name: record} for record in linked)
        if node.condition is not None:
            condition = node.condition
            scopes = (scope for scope in scopes if self.value(condition, scope))
        if node.body is None:
            return sum(1 for _ in scopes)
        values = (self.value(node.body, scope) for scope in scopes)
        match node.quantifier:
            case "any":
                return any(values)
            case "all":
                return all(values)
            case "sum":
                return total_span(values) if node.type.kind == "duration" else total(values)
            case "min" | "max":
                known = [value for value in values if value is not None]
                pick = min if node.quantifier == "min" else max
                return pick(known) if known else None
            case "len":
                return sum(1 for _ in values)


def _attribute(row: Any, name: str) -> Any:
    if row is None:
        return None
    return row.get(name) if isinstance(row, Mapping) else getattr(row, name)


def _is_blank(value: Any, kind: str) -> bool:
    return value is None or (kind in ("list", "opaque") and value == [])


def _compare(operator: tree.CompareOperator, left: Any, right: Any) -> bool:
    match operator:
        case "==":
            return bool(left == right)
        case "!=":
            return bool(left != right)
        case "<":
            return less(left, right)
        case "<=":
            return less_equal(left, right)
        case ">":
            return less(right, left)
        case ">=":
            return less_equal(right, left)


def _calculate(operator: tree.ArithmeticOperator, left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    match operator:
        case "+":
            if isinstance(left, timedelta) and isinstance(right, timedelta):
                return plus(left, right)
            start, span = (right, left) if isinstance(left, timedelta) else (left, right)
            if isinstance(start, datetime):
                return later(start, span)
            return day_later(start, span) if isinstance(start, date) else left + right
        case "-":
            if not isinstance(right, timedelta):
                return left - right
            if isinstance(left, datetime):
                return earlier(left, right)
            return (day_earlier if isinstance(left, date) else minus)(left, right)
        case "*":
            return left * right
        case "/":
            return divide(left, right)
        case "%":
            return modulo(left, right)


def _date(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


_PLAIN_CALLS: Final[Mapping[str, Callable[..., Any]]] = {
    "date": _date,
    "year": lambda moment: _utc(moment).year,
    "month": lambda moment: _utc(moment).month,
    "day": lambda moment: _utc(moment).day,
    "weekday": lambda moment: _utc(moment).weekday(),
    "hour": lambda moment: _utc(moment).hour,
    "lower": str.lower,
    "upper": str.upper,
    "strip": str.strip,
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "len": len,
    "round": round_,
    "floor": math.floor,
    "ceil": math.ceil,
    "abs": abs,
    "min": min,
    "max": max,
}


def _utc(moment: date) -> Any:
    return moment.astimezone(UTC) if isinstance(moment, datetime) else moment
