"""Whether a condition can ever be true, as far as constants and ranges of single fields show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final, TypeGuard

from tablewright.expressions import tree
from tablewright.expressions.fixed import fixed_value
from tablewright.expressions.tree import Node

Range = tuple[Any, Any]
"""The least and the greatest value of a number, a time or a length of time, both included; None where there is no bound."""
_ANYTHING: Final[Range] = (None, None)


def can_hold(node: Node, bounds: Mapping[str, Range] | None = None) -> bool:
    """Return False only where the condition is provably never true.

    *bounds* are the ranges of the record's own fields.
    """
    ranges = bounds or {}
    match node:
        case tree.Constant(value):
            return value is True
        case tree.Logic("or", operands):
            return any(can_hold(operand, ranges) for operand in operands)
        case tree.Logic("and", operands):
            parts = tuple(_parts(operands))
            return all(can_hold(part, ranges) for part in parts) and not _contradicts(parts, ranges)
        case tree.Not(tree.Constant(value)):
            return value is not True
        case tree.Membership(_, (), False):
            return False
        case tree.BlankTest(operand, False):
            return operand.type.nullable
        case tree.Not(tree.Logic("or", operands)):
            return can_hold(tree.Logic("and", tuple(tree.Not(part) for part in operands)), ranges)
        case tree.Not(tree.Logic("and", operands)):
            return can_hold(tree.Logic("or", tuple(tree.Not(part) for part in operands)), ranges)
        case tree.Compare(operator, left_node, right_node) if left_node == right_node:
            return operator in ("==", "<=", ">=")
        case tree.Compare() | tree.Membership():
            return not _contradicts((node,), ranges)
        case _:
            return True


def _contradicts(operands: tuple[Node, ...], bounds: Mapping[str, Range]) -> bool:
    """Tell whether the operands ask for two values of one thing, for an empty range of it, or for a blank value."""
    found = list(_restrictions(operands))
    allowed: dict[Node, set[object]] = {}
    excluded: dict[Node, set[object]] = {}
    lows: dict[Node, Any] = {}
    highs: dict[Node, Any] = {}
    for subject, operator, value in found:
        if operator == "in" and isinstance(value, frozenset):
            allowed[subject] = allowed.get(subject, set(value)) & value
        elif operator == "not in" and isinstance(value, frozenset):
            excluded.setdefault(subject, set()).update(value)
        elif _has_order(value):
            step: Any = 1 if subject.type.kind == "integer" and isinstance(value, int) else 0
            if operator in (">", ">="):
                low = value + step if operator == ">" and step else value
                lows[subject] = max(lows.get(subject, low), low)
            elif operator in ("<", "<="):
                high = value - step if operator == "<" and step else value
                highs[subject] = min(highs.get(subject, high), high)
    held: list[tuple[Node, str, object]] = []
    for subject in [*allowed, *lows, *highs]:
        low_bound, high_bound = _range_of(subject, bounds)
        held += [(subject, ">=", low_bound), (subject, "<=", high_bound)]
        if low_bound is not None:
            lows[subject] = max(lows.get(subject, low_bound), low_bound)
        if high_bound is not None:
            highs[subject] = min(highs.get(subject, high_bound), high_bound)
    for subject, values in allowed.items():
        left = {
            value
            for value in values - excluded.get(subject, set())
            if not _has_order(value)
            or lows.get(subject, value) <= value <= highs.get(subject, value)
        }
        if not left:
            return True
    blank = {_subject(one.operand) for one in _parts(operands) if _asks_for_blank(one)}
    has_value = {subject for subject, values in allowed.items() if None not in values}
    has_value |= {subject for subject, sign, _ in found if sign in ("<", "<=", ">", ">=")}
    has_value |= {_subject(one.operand) for one in _parts(operands) if _asks_for_a_value(one)}
    has_value |= {link for subject in has_value for link in _links(subject)}
    if blank & has_value:
        return True
    # Both bounds are whole where steps apply; without a step, equal bounds leave a value only if both are included.
    return any(low > highs.get(subject, low) for subject, low in lows.items()) or _open_point(
        [*found, *held]
    )


def _range_of(subject: Node, bounds: Mapping[str, Range]) -> Range:
    if isinstance(subject, tree.Field) and subject.owner is None:
        return bounds.get(subject.name, _ANYTHING)
    return _ANYTHING


def _open_point(found: list[tuple[Node, str, object]]) -> bool:
    """Tell whether a value has to be above (or below) the very one that it may not pass."""
    numbers = [(one, sign, value) for one, sign, value in found if _has_order(value)]
    return any(
        one == other and value == end and {sign, way} in ({">", "<="}, {">=", "<"}, {">", "<"})
        for one, sign, value in numbers
        for other, way, end in numbers
    )


def _has_order(value: object) -> TypeGuard[Any]:
    return isinstance(value, (int, float, date, timedelta)) and not isinstance(value, bool)


def _asks_for_blank(node: Node) -> TypeGuard[tree.BlankTest]:
    return isinstance(node, tree.BlankTest) and not node.negated


def _asks_for_a_value(node: Node) -> TypeGuard[tree.BlankTest]:
    return isinstance(node, tree.BlankTest) and node.negated


def _subject(node: Node) -> Node:
    """Return *node* whatever is known about its being blank, so that one thing is one key."""
    match node:
        case tree.Field(name, known, owner):
            return tree.Field(name, known.not_none(), None if owner is None else _subject(owner))
        case tree.Argument(name, known):
            return tree.Argument(name, known.not_none())
        case _:
            return node


def _links(node: Node) -> Iterator[Node]:
    """Yield the links that lead to a value: where it is there, they are."""
    while isinstance(node, tree.Field) and isinstance(node.owner, tree.Field):
        node = node.owner
        yield node


def _parts(operands: tuple[Node, ...]) -> Iterator[Node]:
    """Yield the operands of `and`, nested ones too, with `not` drawn into comparisons."""
    for operand in operands:
        match operand:
            case tree.Logic("and", inner):
                yield from _parts(inner)
            case tree.Not(tree.Logic("or", inner)):
                yield from _parts(tuple(tree.Not(part) for part in inner))
            case tree.Not(tree.Membership(item, choices, negated)):
                yield tree.Membership(item, choices, not negated)
            case tree.Not(tree.Compare("==", left, right)):
                yield tree.Compare("!=", left, right)
            case tree.Not(tree.Compare("!=", left, right)):
                yield tree.Compare("==", left, right)
            case tree.Not(tree.BlankTest(inner_operand, negated)):
                yield tree.BlankTest(inner_operand, not negated)
            case tree.Not(tree.Not(inner_operand)):
                yield from _parts((inner_operand,))
            case _:
                yield operand


def _restrictions(operands: tuple[Node, ...]) -> Iterator[tuple[Node, str, object]]:
    """Yield subject, operator and value: a set for `in` and `not in`, one value for an order."""
    mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
    for operand in _parts(operands):
        match operand:
            case tree.Compare(operator, subject, value) if _is_fixed(value):
                yield _restriction(subject, operator, value)
            case tree.Compare(operator, value, subject) if _is_fixed(value):
                yield _restriction(subject, mirrored[operator], value)
            case tree.Membership(subject, choices, negated) if all(
                isinstance(choice, (tree.EnumMember, tree.Constant)) for choice in choices
            ):
                names = frozenset(_value(choice) for choice in choices)
                yield _subject(subject), "not in" if negated else "in", names
            case tree.Field(_, known) if known.kind == "boolean":
                yield _subject(operand), "in", frozenset({True})
            case tree.Not(tree.Field(_, known) as subject) if known.kind == "boolean":
                yield _subject(subject), "not in", frozenset({True})
            case _:
                continue


def _restriction(subject: Node, operator: str, value: Node) -> tuple[Node, str, object]:
    plain = _value(value)
    if operator == "==":
        return _subject(subject), "in", frozenset({plain})
    if operator == "!=":
        return _subject(subject), "not in", frozenset({plain})
    return _subject(subject), operator, plain


def _is_fixed(node: Node) -> bool:
    return isinstance(node, (tree.Constant, tree.EnumMember)) or fixed_value(node) is not None


def _value(node: Node) -> object:
    return node.name if isinstance(node, tree.EnumMember) else fixed_value(node)
