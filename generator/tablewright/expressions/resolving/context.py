"""What the parts of `resolve` share while one expression is read: its scope, its problems, what is not blank."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Final

from tablewright.expressions import functions, tree
from tablewright.expressions.resolving.facts import Fact
from tablewright.expressions.resolving.scope import Problem, Scope, owners_of_members
from tablewright.expressions.types import ValueType, accepts


class Context(ABC):
    """The state of reading one expression. *present* holds what cannot be blank where the reader stands."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.problems: list[Problem] = []
        self.variables: dict[str, tree.Variable] = {}
        self.present: frozenset[Fact] = frozenset()
        self.owners = scope.owners if scope.owners is not None else owners_of_members(scope.enums)

    @abstractmethod
    def value(self, node: ast.expr, expected: ValueType | None = None) -> tree.Node | None:
        """Return the tree of *node*, or nothing after a problem was noted."""

    @abstractmethod
    def condition(self, node: ast.expr) -> tree.Node | None:
        """Return the tree of *node*, which has to be a yes/no value."""

    def problem(self, at: ast.expr, code: str, message: str, help_text: str = "") -> None:
        """Note something wrong at a part of the expression."""
        end = at.end_col_offset if at.end_col_offset is not None else at.col_offset + 1
        self.problems.append(Problem(at.col_offset, end, code, message, help_text))

    def check_accepts(self, target: ValueType, node: tree.Node, at: ast.expr) -> None:
        """Note where a value does not fit the place it goes to."""
        if accepts(target, node.type):
            return
        if accepts(target.or_none(), node.type):
            is_none = node.type.kind == "none"
            way_out = _NEVER_BLANK.get((target.kind, is_none), _NEVER_BLANK["", False])
            self.problem(at, "TW505", f"can be blank here, and {target} is needed", way_out)
        else:
            self.problem(at, "TW504", f"is {node.type}, and {target} is needed",
                         self.way_to(target, node) or _made_fit(target, node.type, ast.unparse(at)))  # fmt: skip

    def narrowed(self, fact: Fact, known: ValueType) -> ValueType:
        """Return *known* without blank where the expression has already made sure of that."""
        return known.not_none() if fact in self.present else known

    def has_order(self, one: ValueType) -> bool:
        """Tell whether values of a type can be put in an order."""
        if one.kind == "enum":
            return self.scope.enums[one.name].ordered
        return one.kind in functions.ORDERED_KINDS

    def can_choose(self, one: ValueType) -> bool:
        """Tell whether values of a type can be chosen between: JSON and lists only where a transition sets them."""
        if one.kind in ("json", "list"):
            return self.scope.arguments_first
        return one.kind not in ("record", "records", "opaque")

    def way_to(self, wanted: ValueType, node: tree.Node) -> str:
        """Return the way out where *node* stands in place of a value of the type *wanted*; empty where none is known."""
        if wanted.kind == "date" and node.type.kind == "datetime":
            return "take the date of the moment with date(…)"
        if wanted.kind in _INSTEAD_OF_A_NUMBER and node.type.is_numeric:
            return _INSTEAD_OF_A_TEXT[wanted.kind]
        if not isinstance(node, tree.Constant) or not isinstance(node.value, str):
            return ""
        if wanted.kind == "enum":
            for member in self.scope.enums[wanted.name].members:
                if member.casefold() == node.value.casefold():
                    return f"write {member} without quotes"
        return _INSTEAD_OF_A_TEXT.get(wanted.kind, "")

    def is_name_here(self, name: str) -> bool:
        """Tell whether *name* is a field, an argument or a variable."""
        return name in self.variables or name in self.scope.fields or name in self.scope.arguments

    def is_bare_member(self, node: ast.expr) -> bool:
        """Tell whether *node* is a name that can only be a value of some enum."""
        return (
            isinstance(node, ast.Name) and node.id in self.owners and not self.is_name_here(node.id)
        )


_INSTEAD_OF_A_NUMBER: Final = ("date", "datetime", "duration")
_INSTEAD_OF_A_TEXT: Final = {
    "date": "a date cannot be written out in an expression: take an argument, as in 'takes: {day: date}', or use today()",
    "datetime": "a moment cannot be written out in an expression: take an argument, as in 'takes: {since: datetime}', "
    "or use now(), as in now() - days(7)",
    "duration": "write it with its unit, as in hours(2)",
    "integer": "write the number without quotes",
    "number": "write the number without quotes",
    "boolean": "write True or False, without quotes",
}


_EMPTY_LIST: Final = "write [] without quotes for the empty list"
_REQUIRED_LINK: Final = (
    "take it as an argument with 'required: true', or let the relation be without 'required'"
)
_NEVER_BLANK: Final[Mapping[tuple[str, bool], str]] = {
    ("list", True): _EMPTY_LIST,
    ("opaque", True): _EMPTY_LIST,
    ("record", True): _REQUIRED_LINK,
    ("record", False): _REQUIRED_LINK,
    ("", False): "give a value for that case with coalesce(…, …) or '… if … is not None else …'",
}
"""What to do where a value can be blank and its place cannot, by the kind of the place; True is for None itself."""


def condition_help(written: str, one: ValueType) -> str:
    """Return how what is no yes/no value becomes a condition."""
    if one.kind == "records":
        return f"write 'len({written}) > 0'"
    if one.kind == "list":
        return f"write 'VALUE in {written}'"
    if one.nullable:
        return f"write '{written} is not None'"
    if one.kind == "text":
        return f"write \"{written} != ''\""
    if one.is_numeric:
        return f"write '{written} != 0'"
    return "compare it with something"


def _made_fit(target: ValueType, one: ValueType, written: str) -> str:
    if target.kind == "boolean" and written in ("0", "1"):
        return f"write {written == '1'}"
    if target.kind == "boolean":
        return condition_help(written, one)
    if target.kind == "integer" and one.kind == "number":
        return f"make it whole: floor({written}) or ceil({written})"
    return ""


def described(node: ast.AST) -> str:
    """Return what a piece of Python is called, for a message."""
    name = type(node).__name__
    return _DESCRIBED.get(name, f"'{name}'")


_DESCRIBED: Final = {
    "Lambda": "a lambda", "Dict": "a dict", "Subscript": "indexing with [ ]", "JoinedStr": "an f-string",
    "Await": "await", "NamedExpr": "':='", "Starred": "'*'", "BinOp": "this operator", "Constant": "this literal",
    "DictComp": "a dict comprehension", "Slice": "a slice", "Yield": "yield", "YieldFrom": "yield",
}  # fmt: skip
