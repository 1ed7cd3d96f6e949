"""Values that are the same for every record, caller and moment."""

from __future__ import annotations

from typing import Any, Final

from tablewright.expressions import tree
from tablewright.expressions.evaluate import evaluate

_CLOCK: Final = frozenset({"now", "today"})


def fixed_value(node: tree.Node) -> Any:
    """Return what *node* always gives, such as the duration of `hours(2)`; None where that differs or is blank.

    Values of enums are left aside.
    """
    parts = list(tree.walk(node))
    if any(not isinstance(part, _PLAIN) for part in parts) or any(
        isinstance(part, tree.Call) and part.function in _CLOCK for part in parts
    ):
        return None
    try:
        return evaluate(node, None)
    except ArithmeticError:
        # floor() and ceil() of what is infinite.
        return None


_PLAIN: Final = (tree.Constant, tree.Call, tree.Arithmetic, tree.Negate)
