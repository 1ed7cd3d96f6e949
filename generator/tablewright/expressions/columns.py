"""Typed tree → Python source that builds it again from columns, for the generated queries.

`status == PENDING and not is_blocked` becomes `(cls.c.status == TaskStatus.PENDING) & ~cls.c.is_blocked`.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from tablewright.expressions import tree
from tablewright.expressions.literals import literal_text
from tablewright.expressions.tree import Node
from tablewright.expressions.types import ValueType

_COMPARE: Final[dict[str, type[ast.cmpop]]] = {
    "==": ast.Eq, "!=": ast.NotEq, "<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE,
}  # fmt: skip
_ARITHMETIC: Final[dict[str, type[ast.operator]]] = {
    "+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div, "%": ast.Mod,
}  # fmt: skip
_METHODS: Final = {
    "contains": "contains",
    "startswith": "startswith",
    "endswith": "endswith",
    "lower": "lower",
    "upper": "upper",
    "strip": "strip",
    "len": "length",
}
_FUNCTIONS: Final = {
    name: f"{name}_" for name in ("round", "abs", "min", "max", "floor", "ceil", "date")
}
"""Functions whose builders carry a '_', since Python has something of that name."""

_VALUES: Final = {
    "none": "text_value",
    "text": "text_value",
    "boolean": "boolean_value",
    "integer": "integer_value",
    "number": "number_value",
    "datetime": "datetime_value",
    "date": "date_value",
    "duration": "duration_value",
    "enum": "choice_value",
}


@dataclass(frozen=True, slots=True)
class ColumnSource:
    """The source of a condition or value. *enums* are those it names, *uses_functions* whether it needs the builders."""

    text: str
    enums: frozenset[str]
    uses_functions: bool


def column_source(
    node: Node, *, columns: str, functions: str = "_", optional: Collection[str] = ()
) -> ColumnSource:
    """Return the source that builds *node* from the column namespace *columns* and the builders in *functions*.

    Arguments are variables of their own names; those in *optional* may be None.
    """
    printer = _Printer(columns, functions, frozenset(optional))
    built = printer.expression(node)
    return ColumnSource(
        ast.unparse(ast.fix_missing_locations(built)),
        frozenset(printer.enums),
        printer.uses_functions,
    )


@dataclass
class _Printer:
    columns: str
    functions: str
    optional: frozenset[str]
    enums: set[str] = field(default_factory=set)
    uses_functions: bool = False

    def expression(self, node: Node) -> ast.expr:
        """Return source that gives a column expression, plain values wrapped."""
        return self._wrapped(node) if _is_plain(node) else self._any(node)

    def _wrapped(self, node: Node) -> ast.expr:
        """Return a plain value as a column expression of its type."""
        built = self._plain(node)
        if isinstance(node, tree.Constant) and isinstance(node.value, timedelta):
            return built
        return self._value(built, node.type)

    def _value(self, built: ast.expr, its_type: ValueType) -> ast.expr:
        name = _VALUES[its_type.kind]
        if name != "choice_value":
            return self._function(name, built)
        self.enums.add(its_type.name)
        return self._function(name, built, ast.Name(its_type.name))

    def _branch(self, node: Node, its_type: ValueType) -> ast.expr:
        """Return one side of a choice of *its_type*; None takes its type from the other side."""
        if isinstance(node, tree.Constant) and node.value is None:
            return self._value(self._plain(node), its_type)
        return self.expression(node)

    def _any(self, node: Node) -> ast.expr:
        if isinstance(node, tree.Argument) and node.name in self.optional:
            # None would not be of the type that the operators take; a test further out narrows nothing here.
            return self._wrapped(node)
        return self._plain(node)

    def _plain(self, node: Node) -> ast.expr:
        match node:
            case tree.Constant(value):
                return self._constant(value)
            case tree.EnumMember(enum, name):
                self.enums.add(enum)
                return ast.Attribute(ast.Name(enum), name)
            case tree.Members(items):
                return ast.List([self._plain(one) for one in items])
            case tree.Variable(name) | tree.Argument(name):
                return ast.Name(name)
            case tree.Field(name, _, owner):
                base = self._root() if owner is None else self._any(owner)
                return ast.Attribute(base, name)
            case tree.Compare(operator, left, right):
                if _is_plain(left) and not _is_plain(right):
                    return ast.Compare(
                        self._any(right), [_COMPARE[tree.MIRRORED[operator]]()], [self._any(left)]
                    )
                return ast.Compare(
                    self.expression(left), [_COMPARE[operator]()], [self._any(right)]
                )
            case tree.BlankTest(tree.Argument() as given, negated) if (
                given.type.kind not in _VALUES
            ):
                return self._whether_blank(given, negated=negated)
            case tree.BlankTest(operand, negated):
                return _method(self.expression(operand), "is_not_none" if negated else "is_none")
            case tree.Membership(item, choices, negated):
                options = ast.List([self._any(choice) for choice in choices])
                found = _method(self.expression(item), "is_in", options)
                return ast.UnaryOp(ast.Invert(), found) if negated else found
            case tree.ListContains(tree.Argument() as given, item):
                return _method(self.expression(item), "is_in", self._plain(given))
            case tree.ListContains(items, item):
                return _method(self.expression(items), "contains", self._any(item))
            case tree.Not(operand):
                return ast.UnaryOp(ast.Invert(), self.expression(operand))
            case tree.Logic(operator, operands):
                return self._joined(ast.BitAnd() if operator == "and" else ast.BitOr(), operands)
            case tree.Arithmetic(operator, left, right):
                return ast.BinOp(self.expression(left), _ARITHMETIC[operator](), self._any(right))
            case tree.Negate(operand):
                return ast.UnaryOp(ast.USub(), self.expression(operand))
            case tree.Choice(test, then, otherwise):
                branches = [self._branch(part, node.type) for part in (then, otherwise)]
                return self._function("when", self.expression(test), *branches)
            case tree.Call("len", (tree.Argument() as given,)) if given.type.kind == "list":
                return self._function(
                    "integer_value", ast.Call(ast.Name("len"), [self._plain(given)], [])
                )
            case tree.Call(function, arguments):
                return self._call(function, arguments)
            case tree.Over():
                return self._over(node)

    def _whether_blank(self, given: tree.Argument, *, negated: bool) -> ast.expr:
        """Return the test of a list or of JSON, which is known before anything is asked."""
        found = self._plain(given)
        if given.type.kind != "list":
            test: ast.expr = ast.Compare(
                found, [ast.IsNot() if negated else ast.Is()], [ast.Constant(None)]
            )
        elif negated:
            test = ast.Call(ast.Name("bool"), [found], [])
        else:
            test = ast.UnaryOp(ast.Not(), found)
        return self._function("boolean_value", test)

    def _root(self) -> ast.expr:
        first, *rest = self.columns.split(".")
        base: ast.expr = ast.Name(first)
        for part in rest:
            base = ast.Attribute(base, part)
        return base

    def _constant(self, value: tree.ConstantValue) -> ast.expr:
        if isinstance(value, timedelta):
            return self._function("seconds", ast.Constant(value.total_seconds()))
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
            return ast.UnaryOp(ast.USub(), ast.Name(literal_text(-value)))
        if value is None or isinstance(value, (str, int, float, bool)):
            # As a name, since `ast.unparse` quotes texts as black does not.
            return ast.Name(literal_text(value))
        raise TypeError(f"a schema cannot hold the constant {value!r}")

    def _joined(self, operator: ast.operator, operands: tuple[Node, ...]) -> ast.expr:
        built = self.expression(operands[0])
        for operand in operands[1:]:
            built = ast.BinOp(built, operator, self.expression(operand))
        return built

    def _call(self, function: str, arguments: tuple[Node, ...]) -> ast.expr:
        if function in _METHODS and arguments:
            first, *rest = arguments
            return _method(
                self.expression(first), _METHODS[function], *(self._any(one) for one in rest)
            )
        name = _FUNCTIONS.get(function, function)
        built = (
            [self._any(arguments[0]) if _takes_plain(function) else self.expression(arguments[0])]
            if arguments
            else []
        )
        return self._function(name, *built, *(self._any(one) for one in arguments[1:]))

    def _over(self, node: tree.Over) -> ast.expr:
        relation = self._any(node.relation)
        name = "count" if node.quantifier == "len" else node.quantifier
        arguments = [] if node.body is None else [self._lambda(node.variable.name, node.body)]
        keywords = []
        if node.condition is not None:
            keywords.append(ast.keyword("where", self._lambda(node.variable.name, node.condition)))
        return ast.Call(ast.Attribute(relation, name), arguments, keywords)

    def _lambda(self, variable: str, body: Node) -> ast.expr:
        parameters = ast.arguments([], [ast.arg(variable)], None, [], [], None, [])
        return ast.Lambda(parameters, self.expression(body))

    def _function(self, name: str, *arguments: ast.expr) -> ast.expr:
        self.uses_functions = True
        return ast.Call(ast.Attribute(ast.Name(self.functions), name), list(arguments), [])


def _is_plain(node: Node) -> bool:
    """Tell whether the source of *node* gives a plain value and not a column expression."""
    return isinstance(node, (tree.Constant, tree.EnumMember, tree.Argument))


def _takes_plain(function: str) -> bool:
    """Tell whether a builder takes a plain number: the units of time do."""
    return function in ("seconds", "minutes", "hours", "days", "weeks")


def _method(owner: ast.expr, name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Attribute(owner, name), list(arguments), [])
