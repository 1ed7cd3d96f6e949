"""Logical functions: which argument counts, and what is true."""

from __future__ import annotations

from collections.abc import Sequence

from tablewright.server.formula.code import Code, Evaluate
from tablewright.server.formula.compare import equals
from tablewright.server.formula.functions.table import Group
from tablewright.server.formula.row import RowContext
from tablewright.server.formula.values import ERROR, ErrorValue, Value, is_error, is_truthy

_logical = Group("Logical")


@_logical.form(
    "IF(cond, then, [else])", "*then* when *cond* is true, otherwise *else* or blank", "branches"
)
def compile_if(arguments: Sequence[Code]) -> Evaluate:
    condition, then = arguments[0].evaluate, arguments[1].evaluate
    otherwise = arguments[2].evaluate if len(arguments) > 2 else None

    def branch(row: RowContext) -> Value:
        value = condition(row)
        if value is True or (value is not False and is_truthy(value)):
            return then(row)
        if isinstance(value, ErrorValue):
            return value
        return otherwise(row) if otherwise else None

    return branch


@_logical.form(
    "SWITCH(expr, pattern, result, [pattern, result, …], [default])",
    "the result beside the first pattern equal to *expr*, otherwise *default* or blank",
    "branches",
)
def compile_switch(arguments: Sequence[Code]) -> Evaluate:
    subject = arguments[0].evaluate
    rest = arguments[1:]
    pairs = [(rest[at].evaluate, rest[at + 1].evaluate) for at in range(0, len(rest) - 1, 2)]
    default = rest[-1].evaluate if len(rest) % 2 else None

    def choose(row: RowContext) -> Value:
        value = subject(row)
        if isinstance(value, ErrorValue):
            return value
        for pattern, result in pairs:
            candidate = pattern(row)
            if isinstance(candidate, ErrorValue):
                return candidate
            if equals(value, candidate):
                return result(row)
        return default(row) if default else None

    return choose


def _items(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


# Whether AND and OR look at arguments after the outcome is settled is unconfirmed: here they do not, and an error is
# the result only when the arguments that are no errors leave it open.
@_logical.form("AND(a, [b, …])", "1 when all are true; an empty array is true", "integer")
def compile_and(arguments: Sequence[Code]) -> Evaluate:
    parts = [argument.evaluate for argument in arguments]

    def conjunction(row: RowContext) -> Value:
        error: ErrorValue | None = None
        for part in parts:
            for item in _items(part(row)):
                if isinstance(item, ErrorValue):
                    error = error or item
                elif not is_truthy(item):
                    return False
        return error or True

    return conjunction


@_logical.form("OR(a, [b, …])", "1 when any is true", "integer")
def compile_or(arguments: Sequence[Code]) -> Evaluate:
    parts = [argument.evaluate for argument in arguments]

    def disjunction(row: RowContext) -> Value:
        error: ErrorValue | None = None
        for part in parts:
            for item in _items(part(row)):
                if isinstance(item, ErrorValue):
                    error = error or item
                elif is_truthy(item):
                    return True
        return error or False

    return disjunction


@_logical.pure("XOR(a, [b, …])", "1 when an odd number is true", "integer")
def xor(*values: Value) -> Value:
    items = [item for value in values for item in _items(value)]
    error = next((item for item in items if isinstance(item, ErrorValue)), None)
    return error or sum(map(is_truthy, items)) % 2 == 1


@_logical.pure("NOT(a)", "1 when *a* is not true", "integer")
def negation(value: Value) -> Value:
    return not is_truthy(value)


@_logical.pure("TRUE()", "1", "integer")
def true() -> Value:
    return True


@_logical.pure("FALSE()", "0", "integer")
def false() -> Value:
    return False


@_logical.pure("BLANK()", "a blank", "blank")
def blank() -> Value:
    return None


@_logical.pure("ERROR()", "the error `#ERROR!`", "blank")
def error_value() -> Value:
    return ERROR


@_logical.form("ISERROR(expr)", "1 when *expr* is an error, an infinity or NaN", "integer")
def compile_is_error(arguments: Sequence[Code]) -> Evaluate:
    expression = arguments[0].evaluate
    return lambda row: is_error(expression(row))
