"""Operators that join conditions or choose: and, or, not, signs and `… if … else …`."""

from __future__ import annotations

import ast
from typing import Literal

from tablewright.expressions import tree
from tablewright.expressions.resolving.context import Context
from tablewright.expressions.resolving.facts import facts
from tablewright.expressions.types import ValueType, common_type


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
