"""Whether a condition can ever be true, as far as constants and ranges of single fields show."""

from __future__ import annotations

from collections.abc import Iterator

from tablewright.expressions import tree
from tablewright.expressions.tree import Node


def can_hold(node: Node) -> bool:
    """Return False only where the condition is provably never true."""
    match node:
        case tree.Constant(value):
            return value is True
        case tree.Logic("or", operands):
            return any(can_hold(operand) for operand in operands)
        case tree.Logic("and", operands):
            return all(can_hold(operand) for operand in operands) and not _contradicts(operands)
        case tree.Not(tree.Constant(value)):
            return value is not True
        case tree.Membership(_, (), False):
            return False
        case tree.BlankTest(operand, False):
            return operand.type.nullable
        case tree.Compare(operator, tree.Constant(left), tree.Constant(right)):
            return _compares(operator, left, right)
        case tree.Compare(operator, left_node, right_node) if left_node == right_node:
            return operator in ("==", "<=", ">=")
        case _:
            return True


def _contradicts(operands: tuple[Node, ...]) -> bool:
    """Tell whether the operands ask for two values of one thing, or for an empty range of it."""
    equals: dict[Node, set[object]] = {}
    lows: dict[Node, float] = {}
    highs: dict[Node, float] = {}
    for subject, operator, value in _restrictions(operands):
        if operator == "==":
            allowed = equals.get(subject)
            values = set(value) if isinstance(value, frozenset) else {value}
            equals[subject] = values if allowed is None else allowed & values
        elif isinstance(value, (int, float)):
            step = 1 if subject.type.kind == "integer" and isinstance(value, int) else 0
            if operator in (">", ">="):
                low = value + (step if operator == ">" else 0)
                lows[subject] = max(lows.get(subject, low), low)
            elif operator in ("<", "<="):
                high = value - (step if operator == "<" else 0)
                highs[subject] = min(highs.get(subject, high), high)
    if any(not values for values in equals.values()):
        return True
    return any(subject in highs and low > highs[subject] for subject, low in lows.items())


def _restrictions(operands: tuple[Node, ...]) -> Iterator[tuple[Node, str, object]]:
    mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
    for operand in operands:
        match operand:
            case tree.Compare(operator, subject, tree.Constant(value)):
                yield subject, operator, value
            case tree.Compare(operator, tree.Constant(value), subject):
                yield subject, mirrored[operator], value
            case tree.Compare("==", subject, tree.EnumMember(_, name)):
                yield subject, "==", name
            case tree.Compare("==", tree.EnumMember(_, name), subject):
                yield subject, "==", name
            case tree.Membership(subject, choices, False) if all(
                isinstance(choice, tree.EnumMember) for choice in choices
            ):
                names = frozenset(
                    choice.name for choice in choices if isinstance(choice, tree.EnumMember)
                )
                yield subject, "==", names
            case _:
                continue


def _compares(operator: str, left: object, right: object) -> bool:
    if operator == "==":
        return left == right
    if operator == "!=":
        return left != right
    both_numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
    if (
        not both_numbers
        or not isinstance(left, (int, float))
        or not isinstance(right, (int, float))
    ):
        return True
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[
        operator
    ]
