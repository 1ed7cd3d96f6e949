"""What a transition knows of the state by the time it looks at its guard: only a state that it leaves is possible.

Type checkers know it of generated code as well, and refuse a comparison of the state with one that it cannot be.
"""

from __future__ import annotations

from collections.abc import Collection

from tablewright.expressions import tree
from tablewright.expressions.tree import Node
from tablewright.expressions.types import BOOLEAN


def in_one_of(node: Node, field: str, states: Collection[str]) -> Node:
    """Return what *node* means where *field* holds one of *states*, without tests whose answer is known by that."""

    def known(part: Node) -> Node:
        match part:
            case tree.Compare(
                "==" | "!=" as operator, tree.Field(name, _, None), tree.EnumMember(_, state)
            ) | tree.Compare(
                "==" | "!=" as operator, tree.EnumMember(_, state), tree.Field(name, _, None)
            ) if (
                name == field
            ):
                return _answer(part, {state}, states, opposite=operator == "!=")
            case tree.Membership(tree.Field(name, _, None), choices, negated) if name == field:
                asked = {one.name if isinstance(one, tree.EnumMember) else "" for one in choices}
                return part if "" in asked else _answer(part, asked, states, opposite=negated)
            case tree.Not(tree.Constant(value)):
                return tree.Constant(value is not True, BOOLEAN)
            case tree.Logic():
                return _joined(part)
            case tree.Choice(tree.Constant(value), then, otherwise):
                return then if value is True else otherwise
            case _:
                return part

    return tree.rebuilt(node, known)


def _answer(test: Node, asked: set[str], states: Collection[str], *, opposite: bool) -> Node:
    """Return what a test for one of the *asked* states comes to."""
    if asked.isdisjoint(states):
        return tree.Constant(opposite, BOOLEAN)
    return tree.Constant(not opposite, BOOLEAN) if asked.issuperset(states) else test


def _joined(logic: tree.Logic) -> Node:
    """Return `and` and `or` without operands that are fixed."""
    decides = logic.operator == "or"
    fixed = [one.value is True for one in logic.operands if isinstance(one, tree.Constant)]
    open_ = tuple(one for one in logic.operands if not isinstance(one, tree.Constant))
    if decides in fixed or not open_:
        return tree.Constant(decides if decides in fixed else not decides, BOOLEAN)
    # A blank counts as false here, which an operand by itself does not say.
    return open_[0] if len(open_) == 1 and not open_[0].type.nullable else tree.Logic(logic.operator, open_)  # fmt: skip
