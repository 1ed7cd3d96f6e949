"""Where SQL may be NULL: what can be blank, and what a condition is. Part of `sql`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tablewright.expressions import tree

if TYPE_CHECKING:
    from tablewright.expressions.sql import SqlScope


def is_condition(node: tree.Node) -> bool:
    """Tell whether *node* is true or false and never blank, whatever it looks at."""
    match node:
        case (
            tree.Compare() | tree.BlankTest() | tree.Membership() | tree.ListContains() | tree.Not()
            | tree.Logic() | tree.Over("any" | "all") | tree.Call("contains" | "startswith" | "endswith")
        ):  # fmt: skip
            return True
        case _:
            return False


def may_be_blank(scope: SqlScope, node: tree.Node) -> bool:
    """Tell whether the SQL of a value may be NULL."""
    if is_condition(node):
        return False
    if not tree.looks_at_rows(node):
        return scope.folded(node) is None
    match node:
        case tree.Field(name, _, owner):
            table, source = scope.row_of(node)
            return source is None or name in table.nullable or _missing(owner)
        case tree.Variable():
            return False
        case tree.Arithmetic(operator, left, right):
            return (
                may_be_blank(scope, left)
                or may_be_blank(scope, right)
                or (operator in ("/", "%") and _may_be_zero(scope, right))
            )
        case tree.Choice(_, then, otherwise):
            return may_be_blank(scope, then) or may_be_blank(scope, otherwise)
        case tree.Call("coalesce", arguments):
            return all(may_be_blank(scope, part) for part in arguments)
        case tree.Call(_, arguments):
            return any(may_be_blank(scope, part) for part in arguments)
        case tree.Over(quantifier):
            return quantifier in ("min", "max")
        case tree.Negate(operand):
            return may_be_blank(scope, operand)
        case _:
            return True


def _missing(owner: tree.Node | None) -> bool:
    return owner is not None and not isinstance(owner, tree.Variable)


def _may_be_zero(scope: SqlScope, node: tree.Node) -> bool:
    return tree.looks_at_rows(node) or not scope.folded(node)


def may_be_null(scope: SqlScope, node: tree.Node) -> bool:
    """Tell whether the SQL of a condition may be NULL where the condition is false."""
    if not tree.looks_at_rows(node):
        return False
    match node:
        case tree.Compare(operator, left, right):
            first, second = may_be_blank(scope, left), may_be_blank(scope, right)
            if operator == "!=":
                return False
            return first != second if operator == "==" else first or second
        case tree.BlankTest() | tree.Over():
            return False
        case tree.Membership(item, _, negated):
            return not negated and may_be_blank(scope, item)
        case tree.ListContains(items, item):
            return may_be_blank(scope, items) or may_be_blank(scope, item)
        case tree.Logic(_, operands):
            return any(may_be_null(scope, part) for part in operands)
        case tree.Not(tree.Not(operand)):
            return may_be_null(scope, operand)
        case tree.Not(tree.Compare("!=", left, right)):
            return may_be_null(scope, tree.Compare("==", left, right))
        case tree.Not(tree.Membership(item, _, negated)):
            return negated and may_be_blank(scope, item)
        case tree.Not():
            return False
        case tree.Call(_, arguments):
            return any(may_be_blank(scope, part) for part in arguments)
        case _:
            return may_be_blank(scope, node)
