"""What is known not to be blank where a part of an expression stands, because a test around it said so."""

from __future__ import annotations

from tablewright.expressions import tree

Fact = tuple[str, ...]
"""The path to a value that is not blank: ("field", "parent", "started_at")."""


def fact_of(node: tree.Node) -> Fact:
    """Return the path by which *node* can be known, empty where it is no plain name or chain of names."""
    match node:
        case tree.Field(name, _, None):
            return ("field", name)
        case tree.Field(name, _, owner) if owner is not None:
            base = fact_of(owner)
            return (*base, name) if base else ()
        case tree.Argument(name):
            return ("argument", name)
        case tree.Variable(name):
            return ("variable", name)
        case _:
            return ()


def facts(node: tree.Node, *, holds: bool) -> frozenset[Fact]:
    """Return what cannot be blank where *node* is true (or, with *holds* off, where it is false)."""
    match node:
        case tree.BlankTest(operand, negated) if negated == holds:
            return _present(operand)
        case tree.Compare("==" | "!=" as operator, left, right) if holds == (operator == "=="):
            return _equal_to_a_value(left, right) | _equal_to_a_value(right, left)
        case tree.Compare(operator, left, right) if holds and operator not in ("==", "!="):
            return _present(left, right)
        case tree.Membership(item, choices, negated) if holds != negated and choices:
            all_values = all(_is_value(one) for one in choices)
            return _equal_to_a_value(item, choices[0]) if all_values else frozenset()
        case tree.Not(operand):
            return facts(operand, holds=not holds)
        case tree.Logic("and", operands) if holds:
            return frozenset().union(*(facts(part, holds=True) for part in operands))
        case tree.Logic("or", operands) if not holds:
            return frozenset().union(*(facts(part, holds=False) for part in operands))
        case tree.Logic(_, operands):
            sides = [facts(part, holds=holds) for part in operands]
            return frozenset.intersection(*sides)
        case _:
            return frozenset()


def _present(*nodes: tree.Node) -> frozenset[Fact]:
    return frozenset(path for path in map(fact_of, nodes) if path)


def _equal_to_a_value(node: tree.Node, other: tree.Node) -> frozenset[Fact]:
    """Return that *node* is present where it equals a written-out value, which type checkers see as well."""
    is_behind_a_link = isinstance(node, tree.Field) and node.owner is not None
    return _present(node) if _is_value(other) and not is_behind_a_link else frozenset()


def _is_value(node: tree.Node) -> bool:
    return isinstance(node, tree.EnumMember) or (
        isinstance(node, tree.Constant) and node.value is not None
    )
