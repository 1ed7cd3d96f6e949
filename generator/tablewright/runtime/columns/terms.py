"""Values of the condition builder: each wraps a typed tree, and its operators build larger ones."""

from __future__ import annotations

from typing import Any

from tablewright.expressions import tree
from tablewright.expressions.types import ValueKind
from tablewright.runtime.choice import Choice
from tablewright.runtime.columns.base import Condition, E, Equal, Member, Ordered, Term, as_node
from tablewright.runtime.columns.quantities import Integer, Number, Numeric, Text
from tablewright.runtime.columns.times import Date, Datetime, Duration


def term(node: tree.Node, choices: type[Choice] | None = None) -> Any:
    """Return a tree as the term that fits its type. *choices* is the class of an enum's values."""
    if node.type.kind == "enum":
        if choices is None:
            raise TypeError(f"the class of {node.type} is not known here")
        return Member(node, choices)
    return _TERMS[node.type.kind](node)


_TERMS: dict[ValueKind, type[Term]] = {
    "text": Text,
    "integer": Integer,
    "number": Number,
    "boolean": Condition,
    "datetime": Datetime,
    "date": Date,
    "duration": Duration,
    "none": Term,
}

__all__ = [
    "Condition",
    "Date",
    "Datetime",
    "Duration",
    "E",
    "Equal",
    "Integer",
    "Member",
    "Number",
    "Numeric",
    "Ordered",
    "Term",
    "Text",
    "as_node",
    "term",
]
