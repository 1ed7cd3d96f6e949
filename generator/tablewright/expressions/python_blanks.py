"""Where a value can be blank, and what a type checker sees of a test for it. Part of `python`."""

from __future__ import annotations

from collections.abc import Iterator

from tablewright.expressions import tree
from tablewright.expressions.tree import Node


def propagates(node: Node) -> bool:
    """Tell whether *node* is blank exactly where one of its operands is."""
    match node:
        case tree.Arithmetic(operator, _, right):
            return operator not in ("/", "%") or (
                isinstance(right, tree.Constant) and bool(right.value)
            )
        case tree.Negate():
            return True
        case tree.Call(function):
            return function not in (
                "coalesce",
                "contains",
                "startswith",
                "endswith",
                "now",
                "today",
            )
        case _:
            return False


def blank_leaves(node: Node) -> Iterator[Node]:
    """Yield what has to be there for *node* to be worked out: what can be blank below it, or else itself."""
    for part in _operands(node):
        if not part.type.nullable:
            continue
        if part is not node and propagates(part):
            yield from blank_leaves(part)
        else:
            yield part


def _operands(node: Node) -> tuple[Node, ...]:
    match node:
        case tree.Compare(_, left, right):
            return left, right
        case tree.Call("contains" | "startswith" | "endswith", arguments):
            return arguments
        case tree.Arithmetic(_, left, right) if propagates(node):
            return left, right
        case tree.Negate(operand):
            return (operand,)
        case tree.Call(_, arguments) if propagates(node):
            return arguments
        case _:
            return (node,)


def can_be_narrowed(node: Node) -> bool:
    """Tell whether a type checker remembers a blank test of *node*: it is a name or an attribute of one."""
    match node:
        case tree.Argument():
            return True
        case tree.Field(_, _, owner):
            return owner is None or isinstance(owner, tree.Variable)
        case _:
            return False


def has_opposite(node: tree.Compare) -> bool:
    """Tell whether the opposite operator says the opposite: with a blank, neither `<` nor `>=` holds."""
    return node.operator in ("==", "!=") or not (
        node.left.type.nullable or node.right.type.nullable
    )


def is_behind_a_link(node: Node) -> bool:
    """Tell whether *node* is a field of a record that another one links to."""
    return isinstance(node, tree.Field) and isinstance(node.owner, tree.Field)


def owner_of(node: tree.Field) -> Node:
    """Return what a field that is not the record's own belongs to.

    Raises:
        TypeError: it is the record's own.
    """
    if node.owner is None:
        raise TypeError("a field without an owner belongs to the record itself")
    return node.owner
