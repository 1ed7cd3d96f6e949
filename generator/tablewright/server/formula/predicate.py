"""Bound syntax tree → a test of the row, for `filterByFormula`: true and false without values between.

A predicate says what `is_truthy` says of the value; it only gets there sooner for the forms that filters have.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from tablewright.server.formula.code import Code, Evaluate, Predicate
from tablewright.server.formula.compare import OPERATIONS, compare
from tablewright.server.formula.compile import compile_node
from tablewright.server.formula.row import RowContext
from tablewright.server.formula.syntax import Call, Chain, Constant, Node, Reference
from tablewright.server.formula.values import ErrorValue, is_truthy

Bindings = Mapping[int, str | None]

_COMPARISONS: Final = frozenset(OPERATIONS)
_MIRRORED: Final = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def compile_predicate(node: Node, fields: Bindings) -> Predicate:
    """Whether a row is kept. An error drops it."""
    if isinstance(node, Call) and node.function == "AND":
        return _all_of([_part(argument, fields, every=True) for argument in node.arguments])
    if isinstance(node, Call) and node.function == "OR":
        return _membership(node, fields) or _any_of(
            [_part(argument, fields, every=False) for argument in node.arguments]
        )
    if isinstance(node, Chain) and len(node.rest) == 1 and node.rest[0][0] in _COMPARISONS:
        sign, right = node.rest[0]
        return _comparison(sign, compile_node(node.first, fields), compile_node(right, fields))
    return _truth(compile_node(node, fields).evaluate)


def _truth(evaluate: Evaluate) -> Predicate:
    def holds(row: RowContext) -> bool:
        value = evaluate(row)
        return value is True or (value is not False and is_truthy(value))

    return holds


def _part(node: Node, fields: Bindings, *, every: bool) -> Predicate:
    """An argument of AND (*every*) or OR. An array counts by its items, so it needs a look of its own."""
    if not isinstance(node, Reference) and not (
        isinstance(node, Call) and node.function not in ("AND", "OR")
    ):
        return compile_predicate(node, fields)
    evaluate = compile_node(node, fields).evaluate
    judge = all if every else any

    def holds(row: RowContext) -> bool:
        value = evaluate(row)
        if value is True or value is False:
            return value
        if isinstance(value, list):
            return judge(map(is_truthy, value))
        return is_truthy(value)

    return holds


def _all_of(parts: Sequence[Predicate]) -> Predicate:
    if len(parts) == 2:
        first, second = parts
        return lambda row: first(row) and second(row)
    if len(parts) == 3:
        one, two, three = parts
        return lambda row: one(row) and two(row) and three(row)

    def conjunction(row: RowContext) -> bool:
        for part in parts:  # noqa: SIM110 - a generator would cost more than the parts
            if not part(row):
                return False
        return True

    return conjunction


def _any_of(parts: Sequence[Predicate]) -> Predicate:
    if len(parts) == 2:
        first, second = parts
        return lambda row: first(row) or second(row)

    def disjunction(row: RowContext) -> bool:
        for part in parts:  # noqa: SIM110 - a generator would cost more than the parts
            if part(row):
                return True
        return False

    return disjunction


def _comparison(sign: str, left: Code, right: Code) -> Predicate:
    if left.is_constant and not right.is_constant:
        sign, left, right = _MIRRORED[sign], right, left
    if right.is_constant:
        constant = right.constant
        if isinstance(constant, str) and constant:
            return _against_text(sign, left, constant)
        if isinstance(constant, float) and not math.isnan(constant):
            return _against_number(sign, left, constant)
    first, second = left.evaluate, right.evaluate
    operation = OPERATIONS[sign]

    def holds(row: RowContext) -> bool:
        a, b = first(row), second(row)
        kind = a.__class__
        if kind is b.__class__ and (kind is float or kind is str):
            return operation(a, b)
        if isinstance(a, ErrorValue) or isinstance(b, ErrorValue):
            return False
        return compare(sign, a, b)

    return holds


def _against_text(sign: str, left: Code, constant: str) -> Predicate:
    operation = OPERATIONS[sign]
    field_id, evaluate = left.field_id, left.evaluate
    if field_id is not None and sign == "=":

        def equals_field(row: RowContext) -> bool:
            value = row.value(field_id)
            if value.__class__ is str:
                return value == constant
            return not isinstance(value, ErrorValue) and compare("=", value, constant)

        return equals_field

    def holds(row: RowContext) -> bool:
        value = evaluate(row)
        if value.__class__ is str:
            return operation(value, constant)
        return not isinstance(value, ErrorValue) and compare(sign, value, constant)

    return holds


def _against_number(sign: str, left: Code, constant: float) -> Predicate:
    operation = OPERATIONS[sign]
    field_id, evaluate = left.field_id, left.evaluate
    if field_id is not None:

        def holds_for_field(row: RowContext) -> bool:
            value = row.value(field_id)
            if value.__class__ is float or value.__class__ is int:
                return operation(value, constant)
            return not isinstance(value, ErrorValue) and compare(sign, value, constant)

        return holds_for_field

    def holds(row: RowContext) -> bool:
        value = evaluate(row)
        if value.__class__ is float or value.__class__ is int:
            return operation(value, constant)
        return not isinstance(value, ErrorValue) and compare(sign, value, constant)

    return holds


def _membership(node: Call, fields: Bindings) -> Predicate | None:
    """`OR(x='a', x='b', …)`, the bulk read by record id, as one look into a set."""
    subjects: list[Node] = []
    texts: set[str] = set()
    for argument in node.arguments:
        if not (
            isinstance(argument, Chain) and len(argument.rest) == 1 and argument.rest[0][0] == "="
        ):
            return None
        constant = argument.rest[0][1]
        if not (
            isinstance(constant, Constant) and isinstance(constant.value, str) and constant.value
        ):
            return None
        subjects.append(argument.first)
        texts.add(constant.value)
    if not all(_same_subject(a, b, fields) for a, b in pairwise(subjects)):
        return None
    return _in_set(compile_node(subjects[0], fields).evaluate, frozenset(texts))


def _same_subject(a: Node, b: Node, fields: Bindings) -> bool:
    if isinstance(a, Reference) and isinstance(b, Reference):
        return fields[a.start] is not None and fields[a.start] == fields[b.start]
    return isinstance(a, Call) and isinstance(b, Call) and a.function == b.function == "RECORD_ID"


def _in_set(subject: Evaluate, texts: frozenset[str]) -> Predicate:
    def holds(row: RowContext) -> bool:
        value = subject(row)
        if value.__class__ is str:
            return value in texts
        if isinstance(value, ErrorValue):
            return False
        return any(compare("=", value, text) for text in texts)

    return holds
