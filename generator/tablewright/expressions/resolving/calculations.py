"""Calculations: `+ - * / %` of numbers, texts, moments, days and durations."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final

from tablewright.expressions import tree
from tablewright.expressions.operations import SPAN_SECONDS, span_of
from tablewright.expressions.resolving.context import Context, described
from tablewright.expressions.types import (
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    NUMBER,
    TEXT,
    ValueType,
)

_ARITHMETIC: Final[Mapping[type[ast.operator], tree.ArithmeticOperator]] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%",
}  # fmt: skip
_SCALED: Final = frozenset(
    (operator, *kinds)
    for number in ("integer", "number")
    for operator, *kinds in (("*", "duration", number), ("*", number, "duration"), ("/", "duration", number))
)  # fmt: skip
"""Calculations with a duration and a number that give a duration."""
_SUMS: Final[Mapping[tuple[str, str, str], ValueType]] = {
    ("+", "text", "text"): TEXT,
    ("+", "datetime", "duration"): DATETIME,
    ("-", "datetime", "duration"): DATETIME,
    ("+", "duration", "datetime"): DATETIME,
    ("-", "datetime", "datetime"): DURATION,
    ("+", "date", "duration"): DATE,
    ("-", "date", "duration"): DATE,
    ("+", "duration", "date"): DATE,
    ("-", "date", "date"): DURATION,
    ("+", "duration", "duration"): DURATION,
    ("-", "duration", "duration"): DURATION,
}


def arithmetic(context: Context, node: ast.BinOp) -> tree.Node | None:
    """Return the tree of a calculation."""
    operator = _ARITHMETIC.get(type(node.op))
    left = context.value(node.left)
    right = context.value(node.right)
    if operator is None:
        context.problem(node, "TW502", f"{described(node)} is not part of the expression language",
                        "there are + - * / %")  # fmt: skip
        return None
    if left is None or right is None:
        return None
    kinds = (left.type.kind, right.type.kind)
    scales = (operator, *kinds) in _SCALED
    if scales or (operator, *kinds) == ("/", "duration", "duration"):
        # Of durations, numbers are made and calculated with: they mean the same to every back end.
        left, right = _in_seconds(left), _in_seconds(right)
    result = _result_type(operator, left, right)
    if result is None:
        context.problem(node, "TW504", f"cannot calculate {left.type} {operator} {right.type}",
                        _way_out(operator, left.type, right.type))  # fmt: skip
        return None
    if operator in ("/", "%") and isinstance(right, tree.Constant) and right.value == 0:
        context.problem(node.right, "TW504", "divides by zero", "the result would always be blank")
        return None
    found = tree.Arithmetic(operator, left, right, result)
    if result.kind == "date":
        _check_whole_days(context, node, found)
    if scales:
        return tree.Call("seconds", (found,), DURATION.or_none(result.nullable))
    return found


def _check_whole_days(context: Context, node: ast.BinOp, found: tree.Arithmetic) -> None:
    """Refuse to move a day by a length that says at sight that it is no number of days."""
    sides = ((found.left, node.left), (found.right, node.right))
    span, place = next((side, at) for side, at in sides if side.type.kind == "duration")
    if (
        isinstance(span, tree.Call)
        and span.function in SPAN_SECONDS
        and isinstance(span.arguments[0], tree.Constant)
    ):
        count = span.arguments[0].value
        if (
            isinstance(count, (int, float))
            and span_of(count, span.function).total_seconds() % 86_400
        ):
            context.problem(place, "TW504", "moves a date by part of a day", "dates are whole days: days(1), weeks(2)")  # fmt: skip


def _in_seconds(node: tree.Node) -> tree.Node:
    if node.type.kind != "duration":
        return node
    return tree.Call("seconds", (node,), NUMBER.or_none(node.type.nullable))


def _result_type(operator: str, left: tree.Node, right: tree.Node) -> ValueType | None:
    """Return the type of a calculation, or nothing where the two sides do not go together."""
    nullable = left.type.nullable or right.type.nullable
    one, other = left.type.kind, right.type.kind
    if left.type.is_numeric and right.type.is_numeric:
        if operator in ("/", "%"):
            never_zero = isinstance(right, tree.Constant) and right.value != 0
            kind = INTEGER if operator == "%" and one == other == "integer" else NUMBER
            return kind.or_none(nullable or not never_zero)
        return (INTEGER if one == other == "integer" else NUMBER).or_none(nullable)
    found = _SUMS.get((operator, one, other))
    return None if found is None else found.or_none(nullable)


def _way_out(operator: str, left: ValueType, right: ValueType) -> str:
    if left.kind in ("datetime", "duration") and right.is_numeric and operator in ("+", "-"):
        return f"say what the number counts, as in '… {operator} hours(2)'"
    if left.kind == "duration" and operator == "%":
        return "calculate with its length, as in hours(…) % 24"
    if {left.kind, right.kind} == {"date", "datetime"}:
        return "take the date of the moment with date(…)"
    if left.kind == "date" and right.is_numeric:
        return f"say what the number counts, as in '… {operator} days(7)'"
    if "text" in (left.kind, right.kind) and operator == "+":
        return "only texts can be joined with texts"
    return ""
