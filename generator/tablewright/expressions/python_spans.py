"""Which calculations Python's own operators and `timedelta` finish as the language means them. Part of `python`."""

from __future__ import annotations

from datetime import timedelta

from tablewright.expressions import tree
from tablewright.expressions.operations import SPAN_SECONDS, span_of
from tablewright.expressions.tree import Node

_ALWAYS_NEAR = timedelta(days=365_000)
"""From now, a span up to this length stays within the calendar."""


def helper_of(node: tree.Arithmetic) -> str:
    """Return the helper of a calculation that Python's own operator could not finish; empty where it can."""
    if node.operator == "%" and node.type.kind == "number":
        return "remainder"
    if node.type.kind in ("datetime", "date"):
        start, span = node.left, node.right
        if start.type.kind == "duration":
            start, span = span, start
        if isinstance(start, tree.Call) and start.function in ("now", "today") and _is_near(span):
            return ""
        name = "later" if node.operator == "+" else "earlier"
        return name if node.type.kind == "datetime" else f"day_{name}"
    if node.left.type.kind == "duration" and not (
        _is_bounded(node.left) and _is_bounded(node.right)
    ):
        return "plus" if node.operator == "+" else "minus"
    return ""


def _is_near(span: Node) -> bool:
    if isinstance(span, tree.Call) and span.function in SPAN_SECONDS:
        counted = span.arguments[0]
        if isinstance(counted, tree.Constant) and isinstance(counted.value, (int, float)):
            return abs(span_of(counted.value, span.function)) <= _ALWAYS_NEAR
    return isinstance(span, tree.Constant) and (
        isinstance(span.value, timedelta) and abs(span.value) <= _ALWAYS_NEAR
    )


def _is_bounded(span: Node) -> bool:
    """Tell whether a duration is no longer than the calendar, so that two of them can be added."""
    between = isinstance(span, tree.Arithmetic) and span.left.type.kind in ("datetime", "date")
    return between or _is_near(span)


def is_exact(unit: str, count: float) -> bool:
    """Tell whether `timedelta` makes of a count what the language means by it."""
    try:
        return timedelta(**{unit: count}) == span_of(count, unit)
    except (OverflowError, ValueError):
        return False
