"""Bound syntax tree → closures over the row: what can be decided once is decided here, not per row."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tablewright.server.formula.code import Code, Evaluate, constant_code
from tablewright.server.formula.compare import OPERATIONS, compare
from tablewright.server.formula.functions import FUNCTIONS, Function
from tablewright.server.formula.row import PlainRow, RowContext
from tablewright.server.formula.syntax import Call, Chain, Constant, Node, Reference, Signed
from tablewright.server.formula.values import ERROR, MAX_TEXT, ErrorValue, Value, to_number, to_text

FAILURES: Final = (ArithmeticError, ValueError)
"""What a function may raise for values it cannot work with (overflow, no date, text without an encoding)."""


def compile_node(node: Node, fields: Mapping[int, str | None]) -> Code:
    """The closure of *node*.

    Raises:
        FormulaError: a function refuses the form of its arguments.
    """
    match node:
        case Constant(value):
            return constant_code(value)
        case Reference():
            return _reference(node, fields)
        case Signed(sign, operand):
            return _signed(sign, compile_node(operand, fields))
        case Call():
            arguments = [compile_node(argument, fields) for argument in node.arguments]
            return compile_call(FUNCTIONS[node.function], arguments)
        case Chain():
            return _chain(node, fields)


def _reference(node: Reference, fields: Mapping[int, str | None]) -> Code:
    field_id = fields[node.start]
    if field_id is None:
        return compile_call(FUNCTIONS[node.name], [])
    return Code(lambda row: row.value(field_id), field_id=field_id)


def _signed(sign: str, operand: Code) -> Code:
    value_of = operand.evaluate

    def negative(row: RowContext) -> Value:
        value = value_of(row)
        return value if isinstance(value, ErrorValue) else -to_number(value)

    def positive(row: RowContext) -> Value:
        value = value_of(row)
        return value if isinstance(value, ErrorValue) else to_number(value)

    return _folded(negative if sign == "-" else positive, [operand])


_NO_ROW: Final = PlainRow({})
"""Stands for the row where only constants are evaluated, which never look at it."""


def _folded(evaluate: Evaluate, operands: Sequence[Code]) -> Code:
    if all(operand.is_constant for operand in operands):
        return constant_code(evaluate(_NO_ROW))
    return Code(evaluate)


def compile_call(function: Function, arguments: Sequence[Code]) -> Code:
    if function.compile is not None:
        return Code(function.compile(arguments))
    assert function.apply is not None  # noqa: S101 - a function without compile has it
    return _folded(
        _pure_call(function.apply, [argument.evaluate for argument in arguments]), arguments
    )


def _pure_call(apply: Callable[..., Value], parts: Sequence[Evaluate]) -> Evaluate:
    if len(parts) == 1:
        only = parts[0]

        def call_one(row: RowContext) -> Value:
            value = only(row)
            if value.__class__ is ErrorValue:
                return value
            try:
                return apply(value)
            except FAILURES:
                return ERROR

        return call_one
    if len(parts) == 2:
        first, second = parts

        def call_two(row: RowContext) -> Value:
            left, right = first(row), second(row)
            if left.__class__ is ErrorValue:
                return left
            if right.__class__ is ErrorValue:
                return right
            try:
                return apply(left, right)
            except FAILURES:
                return ERROR

        return call_two

    def call(row: RowContext) -> Value:
        values = [part(row) for part in parts]
        for value in values:
            if value.__class__ is ErrorValue:
                return value
        try:
            return apply(*values)
        except FAILURES:
            return ERROR

    return call


def _divide(left: float, right: float) -> float:
    if right:
        return left / right
    if not left or math.isnan(left) or math.isnan(right):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


_ARITHMETIC: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
}


def _chain(node: Chain, fields: Mapping[int, str | None]) -> Code:
    operands = [compile_node(node.first, fields)]
    operands += (compile_node(operand, fields) for _, operand in node.rest)
    signs = [sign for sign, _ in node.rest]
    parts = [operand.evaluate for operand in operands]
    if signs[0] == "&":
        return _folded(_joined(parts), operands)
    if len(parts) == 2:
        return _folded(_binary(signs[0], *parts), operands)
    first, steps = parts[0], list(zip(map(_operation, signs), parts[1:], strict=True))

    def reduce(row: RowContext) -> Value:
        value = first(row)
        if isinstance(value, ErrorValue):
            return value
        for operation, part in steps:
            other = part(row)
            if isinstance(other, ErrorValue):
                return other
            value = operation(value, other)
        return value

    return _folded(reduce, operands)


def _operation(sign: str) -> Callable[[Value, Value], Value]:
    arithmetic = _ARITHMETIC.get(sign)
    if arithmetic is None:
        return lambda left, right: compare(sign, left, right)
    return lambda left, right: arithmetic(to_number(left), to_number(right))


def _binary(sign: str, first: Evaluate, second: Evaluate) -> Evaluate:
    arithmetic = _ARITHMETIC.get(sign)
    if arithmetic is not None:

        def calculate(row: RowContext) -> Value:
            left, right = first(row), second(row)
            if left.__class__ is float and right.__class__ is float:
                return arithmetic(left, right)
            if isinstance(left, ErrorValue):
                return left
            if isinstance(right, ErrorValue):
                return right
            return arithmetic(to_number(left), to_number(right))

        return calculate

    operation = OPERATIONS[sign]

    def judge(row: RowContext) -> Value:
        left, right = first(row), second(row)
        kind = left.__class__
        if kind is right.__class__ and (kind is float or kind is str):
            return operation(left, right)
        if isinstance(left, ErrorValue):
            return left
        if isinstance(right, ErrorValue):
            return right
        return compare(sign, left, right)

    return judge


def _joined(parts: Sequence[Evaluate]) -> Evaluate:
    def join(row: RowContext) -> Value:
        texts: list[str] = []
        for part in parts:
            value = part(row)
            if isinstance(value, ErrorValue):
                return value
            texts.append(value if value.__class__ is str else to_text(value))
        text = "".join(texts)
        return text if len(text) <= MAX_TEXT else ERROR

    return join
