"""Comparisons: `== != < <= > >=`, `in` and `is None`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

from tablewright.expressions import functions, tree
from tablewright.expressions.record_ids import LENGTH, is_record_id
from tablewright.expressions.resolving.context import Context
from tablewright.expressions.resolving.facts import facts
from tablewright.expressions.resolving.foreign import way_out_of_is
from tablewright.expressions.types import BOOLEAN, accepts, common_type

_COMPARE: Final[Mapping[type[ast.cmpop], tree.CompareOperator]] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_ANSWERS: Final[Mapping[tree.CompareOperator, Callable[[Any, Any], Any]]] = {
    "==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge,
}  # fmt: skip
_UNCOMPARABLE: Final = ("list", "records", "record", "json", "opaque")
_OPAQUE_WAY: Final = (
    "test it with 'is None'; what a lookup shows is asked for along its link, as in customer.name"
)


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
    compared: list[tree.Node] = []
    for option in options:
        found = context.value(option, item.type)
        if found is None:
            continue
        if common_type(item.type, found.type) is None:
            context.problem(option, "TW504", f"is {found.type}, and {item.type} is compared with it",
                            context.way_to(item.type, found))  # fmt: skip
        elif isinstance(found, (tree.Constant, tree.EnumMember, tree.Argument)):
            _check_id(context, item, found, option)
            choices.append(found)
        else:
            compared.append(tree.Compare("==", item, found))
    if len(choices) + len(compared) != len(options):
        return None
    if not compared:
        return tree.Membership(item, tuple(choices), negated)
    # What differs from record to record is compared one by one.
    parts = [tree.Membership(item, tuple(choices)), *compared] if choices else compared
    one_of = parts[0] if len(parts) == 1 else tree.Logic("or", tuple(parts))
    return tree.Not(one_of) if negated else one_of


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
