"""What a piece of syntax compiles to: a closure over the row, and what is known of it beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from tablewright.server.formula.row import RowContext
from tablewright.server.formula.values import Value

Evaluate: TypeAlias = Callable[[RowContext], Value]
Predicate: TypeAlias = Callable[[RowContext], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """One compiled expression."""

    evaluate: Evaluate
    is_constant: bool = False
    constant: Value = None
    """The value, when it is the same for every row."""
    field_id: str | None = None
    """The field, when the expression is nothing but a reference."""


def constant_code(value: Value) -> Code:
    return Code(lambda _row: value, is_constant=True, constant=value)
