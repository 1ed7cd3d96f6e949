"""Expression text → typed tree. Python's own parser reads the syntax; nothing is ever evaluated."""

from __future__ import annotations

import ast

from tablewright.expressions import functions, tree
from tablewright.expressions.resolving import calculations, calls, comparisons, names, operators
from tablewright.expressions.resolving.context import Context, condition_help, described
from tablewright.expressions.resolving.facts import facts
from tablewright.expressions.resolving.names import MAX_INTEGER
from tablewright.expressions.resolving.parse import MAX_DEPTH, MAX_LENGTH, parse
from tablewright.expressions.resolving.scope import EnumScope, Problem, Scope, owners_of_members
from tablewright.expressions.types import BOOLEAN, ValueType

__all__ = [
    "MAX_DEPTH",
    "MAX_INTEGER",
    "MAX_LENGTH",
    "EnumScope",
    "Problem",
    "Resolver",
    "Scope",
    "owners_of_members",
    "parse",
    "resolve",
]


def resolve(
    text: str, scope: Scope, *, expected: ValueType | None = None, given: tree.Node | None = None
) -> tuple[tree.Node | None, tuple[Problem, ...]]:
    """Return the typed tree of an expression and everything that is wrong with it.

    The tree is missing exactly where there is a problem. *expected* is the type of the place the value goes to; it
    also tells which enum a bare value name belongs to. *given* is a condition that holds wherever the value is
    looked at, so that what it makes sure of need not be tested again.
    """
    parsed, problems = parse(text)
    if parsed is None:
        return None, problems
    resolver = Resolver(scope)
    if given is not None:
        resolver.present = facts(given, holds=True)
    node = resolver.value(parsed, expected)
    if node is not None and expected is not None:
        resolver.check_accepts(expected, node, parsed)
    if resolver.problems:
        return None, tuple(resolver.problems)
    return node, ()


class Resolver(Context):
    """Walks one expression, collects its problems, and knows what cannot be blank where it stands."""

    def value(self, node: ast.expr, expected: ValueType | None = None) -> tree.Node | None:
        """Return the tree of *node*, or nothing after a problem was noted."""
        match node:
            case ast.Constant():
                return names.constant(self, node)
            case ast.Name():
                return names.name(self, node, expected)
            case ast.Attribute():
                return names.attribute(self, node)
            case ast.BoolOp():
                return operators.logic(self, node)
            case ast.UnaryOp():
                return operators.unary(self, node)
            case ast.BinOp():
                return calculations.arithmetic(self, node)
            case ast.Compare():
                return comparisons.comparison(self, node)
            case ast.IfExp():
                return operators.choice(self, node, expected)
            case ast.Call():
                return calls.call(self, node, expected)
        self._report_foreign(node)
        return None

    def _report_foreign(self, node: ast.expr) -> None:
        match node:
            case ast.List() | ast.Tuple() | ast.Set():
                self.problem(node, "TW502", "a list can only stand after 'in'", "write 'field in [A, B]'")  # fmt: skip
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
                self.problem(node, "TW502", "'… for … in …' can only stand inside a function",
                             f"use one of {', '.join(functions.QUANTIFIERS)}")  # fmt: skip
            case _:
                self.problem(node, "TW502", f"{described(node)} is not part of the expression language",
                             "see docs/schema-language.md for what is")  # fmt: skip

    def condition(self, node: ast.expr) -> tree.Node | None:
        """Return the tree of *node*, which has to be a yes/no value."""
        found = self.value(node, BOOLEAN)
        if found is None or found.type.kind == "boolean":
            return found
        self.problem(node, "TW504", f"is {found.type}, and a condition is needed",
                     condition_help(ast.unparse(node), found.type))  # fmt: skip
        return None
