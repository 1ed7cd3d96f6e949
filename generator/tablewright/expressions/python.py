"""Typed tree → Python source that works on a record, for the generated methods.

The source is built as Python's own syntax tree and printed from there, so that no text of a schema can become code.
Blanks are tested where they can occur, in a form that type checkers follow.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from tablewright.expressions import python_calls as calls
from tablewright.expressions import tree
from tablewright.expressions.literals import literal_text
from tablewright.expressions.python_blanks import (
    blank_leaves,
    can_be_narrowed,
    has_opposite,
    is_behind_a_link,
    owner_of,
    propagates,
)
from tablewright.expressions.python_spans import helper_of
from tablewright.expressions.python_syntax import all_of, choice, is_not_none, joined
from tablewright.expressions.tree import Node

_COMPARE: dict[str, type[ast.cmpop]] = {
    "==": ast.Eq, "!=": ast.NotEq, "<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE,
}  # fmt: skip
_ARITHMETIC: dict[str, type[ast.operator]] = {
    "+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div, "%": ast.Mod,
}  # fmt: skip
_OPPOSITE: dict[tree.CompareOperator, tree.CompareOperator] = {
    "==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">",
}  # fmt: skip
_OPPOSITE_TEST: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.In: ast.NotIn, ast.Is: ast.IsNot}


@dataclass(frozen=True, slots=True)
class PythonSource:
    """One expression as source. *names* are the modules and enums it uses; *uses_now* whether it needs the moment.

    *named* counts the values that have a name of their own, those before it in the same function included.
    """

    text: str
    names: frozenset[str]
    uses_now: bool
    named: int


def python_source(
    node: Node, *, record: str, relying: Iterable[Node] = (), named: int = 0
) -> PythonSource:
    """Return the source of an expression over the record held by the variable *record*.

    The current moment is the variable `now`, arguments are variables of their own names, `dt` is the module datetime,
    `values` is `tablewright.runtime.values`. *relying* are expressions that stand where this condition was seen to
    hold, so that type checkers have to see what it tests. *named* values of the same function have names already.
    """
    printer = Printer(record, node, tuple(relying), named=named)
    built = printer.value(node)
    text = ast.unparse(ast.fix_missing_locations(built))
    return PythonSource(text, frozenset(printer.names), printer.uses_now, printer.named)


@dataclass
class Printer:
    """Prints one expression, and notes what its source uses."""

    record: str
    root: Node
    relying: tuple[Node, ...]
    names: set[str] = field(default_factory=set)
    uses_now: bool = False
    named: int = 0
    _bound: dict[Node, str] = field(default_factory=dict)

    # -- entry points -----------------------------------------------------------------------------------------------

    def value(self, node: Node) -> ast.expr:
        """Return the value of *node*, blank as None."""
        if node in self._bound:
            return ast.Name(self._bound[node])
        if node.type.nullable and propagates(node):
            return self._guarded(node)
        return self._plain(node)

    def condition(self, node: Node) -> ast.expr:
        """Return *node* as a bool, blank as False."""
        built = self.value(node)
        if node.type.nullable:
            return ast.Compare(built, [ast.Is()], [ast.Constant(True)])
        return built

    # -- blanks -----------------------------------------------------------------------------------------------------

    def _guarded(self, node: Node) -> ast.expr:
        """Return `value if nothing in it is blank else None`."""
        tests, inner = self.present(node, lambda: self._plain(node))
        if not tests:
            return inner
        return ast.IfExp(all_of(tests), inner, ast.Constant(None))

    def present(self, node: Node, build: Callable[[], ast.expr]) -> tuple[list[ast.expr], ast.expr]:
        """Return tests for every blank below *node*, and what *build* gives where none of them is."""
        before = dict(self._bound)
        tests = [self._present_test(leaf) for leaf in dict.fromkeys(blank_leaves(node))]
        inner = build()
        self._bound = before
        return tests, inner

    def _present_test(self, leaf: Node) -> ast.expr:
        """Return the test that *leaf* is there, and remember how it is called from then on."""
        if leaf in self._bound:
            return is_not_none(ast.Name(self._bound[leaf]))
        if can_be_narrowed(leaf):
            return is_not_none(self._plain(leaf))
        built = self.value(leaf)
        name = self._new_name()
        self._bound[leaf] = name
        return is_not_none(ast.NamedExpr(ast.Name(name), built))

    def _new_name(self) -> str:
        taken = {
            part.name
            for part in tree.walk(self.root)
            if isinstance(part, (tree.Argument, tree.Variable))
        }
        while True:
            self.named += 1
            name = f"value_{self.named}"
            if name not in taken:
                return name

    # -- what there is ----------------------------------------------------------------------------------------------

    def _plain(self, node: Node) -> ast.expr:
        match node:
            case tree.Constant(value):
                return self._constant(value)
            case tree.EnumMember(enum, name):
                self.names.add(enum)
                return ast.Attribute(ast.Name(enum), name)
            case tree.Members(items):
                return ast.List([self._plain(one) for one in items])
            case tree.Variable(name) | tree.Argument(name):
                return ast.Name(name)
            case tree.Field():
                return self._field(node)
            case tree.Compare():
                return self._compare(node)
            case tree.BlankTest(operand, negated):
                return self._blank_test(operand, negated=negated)
            case tree.Membership(item, choices, negated):
                options = ast.Tuple([self.value(choice) for choice in choices])
                return ast.Compare(
                    self.value(item), [ast.NotIn() if negated else ast.In()], [options]
                )
            case tree.ListContains(items, item):
                return ast.Compare(self.value(item), [ast.In()], [self.value(items)])
            case tree.Not(operand):
                return self._not(operand)
            case tree.Logic(operator, operands):
                return joined(operator, [self.condition(operand) for operand in operands])
            case tree.Arithmetic():
                return self._arithmetic(node)
            case tree.Negate(operand):
                return ast.UnaryOp(ast.USub(), self.inner(operand))
            case tree.Choice(test, then, otherwise):
                return choice(self.condition(test), self.value(then), self.value(otherwise))
            case tree.Call():
                return calls.call(self, node)
            case tree.Over():
                return calls.over(self, node)

    def inner(self, node: Node) -> ast.expr:
        """Return an operand whose blanks were tested further out."""
        if node in self._bound:
            return ast.Name(self._bound[node])
        return self._plain(node) if propagates(node) else self._present_value(node)

    def _present_value(self, node: Node) -> ast.expr:
        return self._plain(node) if can_be_narrowed(node) else self.value(node)

    def _constant(self, value: tree.ConstantValue) -> ast.expr:
        if isinstance(value, timedelta):
            return self.written_span("seconds", ast.Constant(value.total_seconds()))
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
            return ast.UnaryOp(ast.USub(), ast.Name(literal_text(-value)))
        if value is None or isinstance(value, (str, int, float, bool)):
            # As a name, since `ast.unparse` quotes texts as black does not.
            return ast.Name(literal_text(value))
        raise TypeError(f"a schema cannot hold the constant {value!r}")

    def _field(self, node: tree.Field) -> ast.expr:
        if node.owner is None:
            return ast.Attribute(ast.Name(self.record), node.name)
        if isinstance(node.owner, tree.Variable):
            return ast.Attribute(ast.Name(node.owner.name), node.name)
        if node.owner.type.nullable and node.owner not in self._bound:
            tests, inner = self.present(
                node.owner, lambda: ast.Attribute(self.inner(owner_of(node)), node.name)
            )
            if not tests:
                tests = [self._present_test(node.owner)]
            # What is many is empty, and never blank, behind a link that leads nowhere.
            if node.type.kind in ("list", "records"):
                return ast.IfExp(all_of(tests), inner, ast.Tuple([]))
            found = ast.IfExp(all_of(tests), inner, ast.Constant(None))
            # That it was seen to be there, type checkers do not know of what stands behind a link.
            return found if node.type.nullable else self.helper("present", found)
        return ast.Attribute(self.value(node.owner), node.name)

    def _compare(self, node: tree.Compare) -> ast.expr:
        if isinstance(node.left, tree.Constant) and not isinstance(node.right, tree.Constant):
            node = tree.Compare(tree.MIRRORED[node.operator], node.right, node.left)
        if node.operator in ("==", "!="):
            one_enum = isinstance(node.right, tree.EnumMember) or isinstance(
                node.left, tree.EnumMember
            )
            operator: ast.cmpop
            if one_enum:
                operator = ast.Is() if node.operator == "==" else ast.IsNot()
            else:
                operator = _COMPARE[node.operator]()
            return ast.Compare(self.value(node.left), [operator], [self.value(node.right)])

        def compared() -> ast.expr:
            return ast.Compare(
                self.inner(node.left), [_COMPARE[node.operator]()], [self.inner(node.right)]
            )

        tests, inner = self.present(node, compared)
        return all_of([*tests, inner])

    def _blank_test(self, operand: Node, *, negated: bool) -> ast.expr:
        if operand.type.kind in ("list", "opaque") and (
            not operand.type.nullable or is_behind_a_link(operand)
        ):
            # A list is never None but where the link to its record leads nowhere.
            built = self.value(operand)
            return (
                ast.Call(ast.Name("bool"), [built], [])
                if negated
                else ast.UnaryOp(ast.Not(), built)
            )
        if operand == tree.BLANK or not operand.type.nullable:
            # What is known is not asked: Python warns of `is` beside a literal.
            return ast.Constant(operand.type.nullable is not negated)
        tested = operand
        if (
            isinstance(operand, tree.Field)
            and operand.type.kind == "record"
            and not self._is_followed(operand)
        ):
            tested = tree.Field(f"{operand.name}_id", operand.type, operand.owner)
        operator: ast.cmpop = ast.IsNot() if negated else ast.Is()
        return ast.Compare(self.value(tested), [operator], [ast.Constant(None)])

    def _is_followed(self, link: tree.Field) -> bool:
        """Tell whether the expression, or one that relies on it, looks behind the link, which loads it anyway."""
        return any(
            isinstance(part, tree.Field)
            and isinstance(part.owner, tree.Field)
            and (part.owner.name, part.owner.owner) == (link.name, link.owner)
            for node in (self.root, *self.relying)
            for part in tree.walk(node)
        )

    def _not(self, operand: Node) -> ast.expr:
        if isinstance(operand, tree.BlankTest):
            return self._blank_test(operand.operand, negated=not operand.negated)
        if isinstance(operand, tree.Membership):
            return self._plain(tree.Membership(operand.item, operand.choices, not operand.negated))
        if isinstance(operand, tree.Not):
            return self.condition(operand.operand)
        if isinstance(operand, tree.Compare) and has_opposite(operand):
            return self._compare(
                tree.Compare(_OPPOSITE[operand.operator], operand.left, operand.right)
            )
        built = self.condition(operand)
        if isinstance(built, ast.Compare) and len(built.ops) == 1:
            opposite = _OPPOSITE_TEST.get(type(built.ops[0]))
            if opposite is not None:
                return ast.Compare(built.left, [opposite()], built.comparators)
        return ast.UnaryOp(ast.Not(), built)

    def _arithmetic(self, node: tree.Arithmetic) -> ast.expr:
        if not propagates(node):
            name = "divide" if node.operator == "/" else "modulo"
            return self.helper(name, self.value(node.left), self.value(node.right))
        left, right = self.inner(node.left), self.inner(node.right)
        helper = helper_of(node)
        if helper in ("later", "day_later") and node.left.type.kind == "duration":
            left, right = right, left
        if helper:
            return self.helper(helper, left, right)
        return ast.BinOp(left, _ARITHMETIC[node.operator](), right)

    # -- what calls share ---------------------------------------------------------------------------------------------

    def helper(self, name: str, *arguments: ast.expr) -> ast.expr:
        """Return the call of a function of `tablewright.runtime.values`."""
        self.names.add("values")
        return ast.Call(ast.Attribute(ast.Name("values"), name), list(arguments), [])

    def written_span(self, unit: str, amount: ast.expr) -> ast.expr:
        """Return a duration that is written out."""
        self.names.add("dt")
        return ast.Call(ast.Attribute(ast.Name("dt"), "timedelta"), [], [ast.keyword(unit, amount)])
