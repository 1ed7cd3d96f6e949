"""Operators: and, or, not, signs, calculations, comparisons, `in`, `is None` and `… if … else …`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final, Literal

from tablewright.expressions import functions, tree
from tablewright.expressions.operations import SPAN_SECONDS, span_of
from tablewright.expressions.record_ids import LENGTH, is_record_id
from tablewright.expressions.resolving.context import Context, described
from tablewright.expressions.resolving.facts import facts
from tablewright.expressions.resolving.foreign import way_out_of_is
from tablewright.expressions.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    NUMBER,
    TEXT,
    ValueType,
    accepts,
    common_type,
)

_COMPARE: Final[Mapping[type[ast.cmpop], tree.CompareOperator]] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_ARITHMETIC: Final[Mapping[type[ast.operator], tree.ArithmeticOperator]] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%",
}  # fmt: skip
_UNCOMPARABLE: Final = ("list", "records", "record", "json", "opaque")
_OPAQUE_WAY: Final = (
    "test it with 'is None'; what a lookup shows is asked for along its link, as in customer.name"
)


def logic(context: Context, node: ast.BoolOp) -> tree.Node | None:
    """Return the tree of `and` and `or`; what the left side makes sure of, the right side may rely on."""
    operator: Literal["and", "or"] = "and" if isinstance(node.op, ast.And) else "or"
    before = context.present
    operands: list[tree.Node] = []
    for part in node.values:
        operand = context.condition(part)
        if operand is not None:
            operands.append(operand)
            context.present |= facts(operand, holds=operator == "and")
    context.present = before
    return tree.Logic(operator, tuple(operands)) if len(operands) == len(node.values) else None


def unary(context: Context, node: ast.UnaryOp) -> tree.Node | None:
    """Return the tree of `not` and of a sign."""
    if isinstance(node.op, ast.Not):
        negated = context.condition(node.operand)
        return None if negated is None else tree.Not(negated)
    if isinstance(node.op, ast.Invert):
        context.problem(node, "TW502", "'~' is not part of the expression language", "write 'not'")
        return None
    if isinstance(node.op, ast.UAdd):
        context.problem(node, "TW502", "a '+' in front of a value adds nothing",
                        "leave it out, or say what is added to, as in 'tries + 1'")  # fmt: skip
        return None
    operand = context.value(node.operand)
    if operand is None:
        return None
    if not operand.type.is_numeric and operand.type.kind != "duration":
        context.problem(node, "TW504", f"is {operand.type}, and only numbers and durations have a sign")  # fmt: skip
        return None
    if isinstance(operand, tree.Constant) and isinstance(operand.value, (int, float)):
        return tree.Constant(-operand.value, operand.type)
    return tree.Negate(operand)


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
    result = arithmetic_type(operator, left, right)
    if result is None:
        context.problem(node, "TW504", f"cannot calculate {left.type} {operator} {right.type}",
                        _arithmetic_help(operator, left.type, right.type))  # fmt: skip
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


_SCALED: Final = frozenset(
    (operator, *kinds)
    for number in ("integer", "number")
    for operator, *kinds in (("*", "duration", number), ("*", number, "duration"), ("/", "duration", number))
)  # fmt: skip
"""Calculations with a duration and a number that give a duration."""


def _in_seconds(node: tree.Node) -> tree.Node:
    if node.type.kind != "duration":
        return node
    return tree.Call("seconds", (node,), NUMBER.or_none(node.type.nullable))


def arithmetic_type(operator: str, left: tree.Node, right: tree.Node) -> ValueType | None:
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


def _arithmetic_help(operator: str, left: ValueType, right: ValueType) -> str:
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


def choice(context: Context, node: ast.IfExp, expected: ValueType | None) -> tree.Node | None:
    """Return the tree of `a if test else b`; each side may rely on what the test says."""
    test = context.condition(node.test)
    before = context.present
    if test is not None:
        context.present = before | facts(test, holds=True)
    then = context.value(node.body, expected)
    if test is not None:
        context.present = before | facts(test, holds=False)
    otherwise = context.value(node.orelse, expected or (then.type if then is not None else None))
    context.present = before
    if test is None or then is None or otherwise is None:
        return None
    shared = common_type(then.type, otherwise.type)
    if shared is None:
        context.problem(node, "TW504", f"gives {then.type} or {otherwise.type}", "both sides need one type")  # fmt: skip
        return None
    if not context.can_choose(shared):
        context.problem(node, "TW504", f"gives {shared}, which cannot be chosen here", "choose between single values, or between conditions")  # fmt: skip
        return None
    return tree.Choice(test, then, otherwise, shared)


def comparison(context: Context, node: ast.Compare) -> tree.Node | None:
    """Return the tree of a comparison; `a < b < c` is two of them."""
    parts: list[tree.Node] = []
    left = node.left
    before = context.present
    for operator, right in zip(node.ops, node.comparators, strict=True):
        part = _pair(context, node, left, operator, right)
        if part is not None:
            parts.append(part)
            context.present |= facts(part, holds=True)
        left = right
    context.present = before
    if len(parts) != len(node.ops):
        return None
    return parts[0] if len(parts) == 1 else tree.Logic("and", tuple(parts))


def _pair(
    context: Context, node: ast.Compare, left: ast.expr, operator: ast.cmpop, right: ast.expr
) -> tree.Node | None:
    if isinstance(operator, (ast.Is, ast.IsNot)):
        return _blank_test(context, left, right, negated=isinstance(operator, ast.IsNot))
    if isinstance(operator, (ast.In, ast.NotIn)):
        return _membership(context, left, right, negated=isinstance(operator, ast.NotIn))
    if _is_none(right) or _is_none(left):
        tested, none = (left, right) if _is_none(right) else (right, left)
        if isinstance(operator, (ast.Eq, ast.NotEq)):
            return _blank_test(context, tested, none, negated=isinstance(operator, ast.NotEq))
        context.problem(node, "TW504", "an order with None never holds",
                        f"write '{ast.unparse(tested)} is None'")  # fmt: skip
        return None
    if context.is_bare_member(left) and not context.is_bare_member(right):
        second = context.value(right)
        first = context.value(left, second.type if second is not None else None)
    else:
        first = context.value(left)
        second = context.value(right, first.type if first is not None else None)
    if first is None or second is None:
        return None
    sign = _COMPARE[type(operator)]
    if sign in ("==", "!="):
        _check_id(context, first, second, right)
        _check_id(context, second, first, left)
    return _compared(context, node, sign, first, second)


def _check_id(context: Context, item: tree.Node, value: tree.Node, at: ast.expr) -> None:
    """Note a fixed text that the id of a record is compared with, and that none can have."""
    if (
        isinstance(item, tree.Field)
        and item.name == "id"
        and isinstance(value, tree.Constant)
        and isinstance(value.value, str)
        and not is_record_id(value.value)
    ):
        context.problem(at, "TW504", f"is no record id: those are 'rec' and {LENGTH} letters or digits",
                        "compare the field that holds it, such as the record's name")  # fmt: skip


def _compared(
    context: Context,
    node: ast.Compare,
    operator: tree.CompareOperator,
    left: tree.Node,
    right: tree.Node,
) -> tree.Node | None:
    shared = common_type(left.type, right.type)
    if shared is None:
        way_out = context.way_to(left.type, right) or context.way_to(right.type, left)
        if left.type.kind == "list" and len(node.comparators) == 1:
            way_out = f"write {ast.unparse(node.comparators[0])} in {ast.unparse(node.left)}"
        if not way_out and left.type.kind == "text" and right.type.is_numeric:
            way_out = f"compare its length, len({ast.unparse(node.left)}), or with a text in quotes"
        if not way_out and "opaque" in (left.type.kind, right.type.kind):
            way_out = _OPAQUE_WAY
        context.problem(node, "TW504", f"compares {left.type} with {right.type}", way_out)
        return None
    if shared.kind in _UNCOMPARABLE:
        context.problem(node, "TW504", f"cannot compare {left.type}",
                        "test it with 'in', 'is None' or any(… for x in …)")  # fmt: skip
        return None
    if operator not in ("==", "!="):
        if shared.kind not in functions.ORDERED_KINDS:
            context.problem(node, "TW504", f"{left.type} has no order", "compare with == or !=")
            return None
        if not context.has_order(shared):
            context.problem(node, "TW504", f"the values of {shared.name} have no order",
                            f"say 'ordered: true' in the enum {shared.name}")  # fmt: skip
            return None
    return _known(context, operator, left, right) or tree.Compare(operator, left, right)


def _known(
    context: Context, operator: tree.CompareOperator, left: tree.Node, right: tree.Node
) -> tree.Constant | None:
    """Return the answer of a comparison of two fixed values, which no type checker would leave unremarked."""
    sides = [_fixed(context, left), _fixed(context, right)]
    if None in sides:
        return None
    return tree.Constant(bool(_ANSWERS[operator](*sides)), BOOLEAN)


def _fixed(context: Context, node: tree.Node) -> tree.ConstantValue:
    """Return a value that stands for a fixed one among its like; nothing for what records or callers give."""
    match node:
        case tree.Constant(value):
            return value
        case tree.EnumMember(enum, name):
            return context.scope.enums[enum].members.index(name)
        case _:
            return None


_ANSWERS: Final[Mapping[tree.CompareOperator, Callable[[Any, Any], Any]]] = {
    "==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge,
}  # fmt: skip


def _blank_test(
    context: Context, tested: ast.expr, against: ast.expr, *, negated: bool
) -> tree.Node | None:
    if not _is_none(against):
        way_out = way_out_of_is(ast.unparse(tested), ast.unparse(against), negated=negated)
        context.problem(against, "TW502", "'is' can only be followed by None or not None", way_out)
        return None
    operand = context.value(tested)
    if operand is None:
        return None
    if operand.type.kind == "records":
        context.problem(tested, "TW504", f"is {operand.type}: never None, only empty",
                        f"write 'len({ast.unparse(tested)}) == 0'")  # fmt: skip
        return None
    return tree.BlankTest(operand, negated)


def _membership(
    context: Context, left: ast.expr, right: ast.expr, *, negated: bool
) -> tree.Node | None:
    if isinstance(right, (ast.List, ast.Tuple, ast.Set)):
        return _one_of(context, left, right.elts, negated=negated)
    if context.is_bare_member(left):
        items = context.value(right)
        item = context.value(left, items.type.item if items is not None else None)
    else:
        item = context.value(left)
        items = context.value(right)
    if items is None or item is None:
        return None
    found: tree.Node
    in_list = items.type.kind == "list" and items.type.item is not None
    if items.type.kind == "text" and item.type.kind == "text":
        found = tree.Call("contains", (items, item), BOOLEAN)
    elif in_list and items.type.item is not None and accepts(items.type.item, item.type.not_none()):
        found = tree.ListContains(items, item)
    else:
        context.problem(right, "TW504", f"cannot look for {item.type} in {items.type}", _OPAQUE_WAY if items.type.kind == "opaque"
                        else "after 'in' stands a list such as [A, B], a text, or a field with several choices")  # fmt: skip
        return None
    return tree.Not(found) if negated else found


def _one_of(
    context: Context, left: ast.expr, options: Sequence[ast.expr], *, negated: bool
) -> tree.Node | None:
    item = context.value(left)
    if item is None:
        return None
    if item.type.kind in _UNCOMPARABLE:
        context.problem(left, "TW504", f"{item.type} cannot be looked up in a list",
                        _OPAQUE_WAY if item.type.kind == "opaque" else "")  # fmt: skip
        return None
    if not options:
        return tree.Constant(negated, BOOLEAN)
    choices: list[tree.Node] = []
    for option in options:
        found = context.value(option, item.type)
        if found is None:
            continue
        if common_type(item.type, found.type) is None:
            context.problem(option, "TW504", f"is {found.type}, and {item.type} is compared with it",
                            context.way_to(item.type, found))  # fmt: skip
        elif not isinstance(found, (tree.Constant, tree.EnumMember, tree.Argument)):
            context.problem(option, "TW504", "only values and arguments can stand in a list",
                            "compare one by one, as in 'a == b or a == c'")  # fmt: skip
        else:
            _check_id(context, item, found, option)
            choices.append(found)
    if len(choices) != len(options):
        return None
    return tree.Membership(item, tuple(choices), negated)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
