"""Expression text → typed tree. Python's own parser reads the syntax; nothing is ever evaluated."""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from tablewright.diagnostics import did_you_mean
from tablewright.expressions import functions, tree
from tablewright.expressions.types import (
    BOOLEAN,
    DATETIME,
    DURATION,
    INTEGER,
    NUMBER,
    TEXT,
    ValueType,
    accepts,
    common_type,
)

MAX_LENGTH: Final = 4_000
MAX_DEPTH: Final = 60
MAX_INTEGER: Final = 2**53 - 1
"""Airtable's numbers are double precision: larger integers would not survive."""

_COMPARE: Final[Mapping[type[ast.cmpop], tree.CompareOperator]] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_ARITHMETIC: Final[Mapping[type[ast.operator], tree.ArithmeticOperator]] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in an expression, at characters *start* to *end* of its text."""

    start: int
    end: int
    code: str
    message: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class EnumScope:
    """What an expression has to know of an enum."""

    members: tuple[str, ...]
    ordered: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """The names an expression may use. *arguments_first* says what a bare name means that is both."""

    fields: Mapping[str, ValueType]
    enums: Mapping[str, EnumScope]
    tables: Mapping[str, Mapping[str, ValueType]]
    arguments: Mapping[str, ValueType] = field(default_factory=dict)
    arguments_first: bool = False


def resolve(
    text: str, scope: Scope, *, expected: ValueType | None = None
) -> tuple[tree.Node | None, tuple[Problem, ...]]:
    """Return the typed tree of an expression and everything that is wrong with it.

    The tree is missing exactly where there is a problem. *expected* is the type of the place the value goes to; it
    also tells which enum a bare value name belongs to.
    """
    parsed, problems = parse(text)
    if parsed is None:
        return None, problems
    resolver = Resolver(text, scope)
    node = resolver.value(parsed, expected)
    if node is not None and expected is not None:
        resolver.check_accepts(expected, node, parsed)
    if resolver.problems:
        return None, tuple(resolver.problems)
    return node, ()


def parse(text: str) -> tuple[ast.expr | None, tuple[Problem, ...]]:
    """Return Python's syntax tree of one expression, or what keeps it from being one."""
    whole = Problem(0, len(text), "TW501", "")
    if not text.strip():
        return None, (
            replace(whole, message="the expression is empty", help="write a condition or a value"),
        )
    if len(text) > MAX_LENGTH:
        return None, (
            replace(whole, message=f"the expression is longer than {MAX_LENGTH} characters",
                    help="move a part of it into a computed field"),
        )  # fmt: skip
    # One line, so that positions are offsets; a folded scalar may bring line breaks.
    flat = "".join(" " if sign in "\n\r\t\f\v" else sign for sign in text)
    stripped = flat.lstrip()
    shift = len(flat) - len(stripped)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            parsed = ast.parse(stripped, mode="eval").body
    except SyntaxError as error:
        start = min(shift + max((error.offset or 1) - 1, 0), len(text))
        end = (
            shift + error.end_offset - 1 if error.end_offset and error.end_offset > 0 else start + 1
        )
        return None, (_syntax_problem(text, start, max(end, start + 1), error.msg),)
    except (ValueError, RecursionError, MemoryError) as error:
        reason = (
            "nested too deeply" if isinstance(error, (RecursionError, MemoryError)) else str(error)
        )
        return None, (replace(whole, message=f"cannot be read as an expression: {reason}"),)
    if _depth(parsed) > MAX_DEPTH:
        return None, (
            replace(whole, message=f"the expression is nested more than {MAX_DEPTH} deep",
                    help="move a part of it into a computed field"),
        )  # fmt: skip
    _shift(parsed, shift, stripped)
    return parsed, ()


def _syntax_problem(text: str, start: int, end: int, reason: str) -> Problem:
    helps = {
        "&&": "write 'and'",
        "||": "write 'or'",
        "!": "write 'not', or '!=' for a comparison",
        "=": "write '==' to compare",
        "?": "write 'a if test else b'",
    }
    near = text[max(0, start - 1) : start + 2]
    help_text = next(
        (way for sign, way in helps.items() if sign in near), "expressions use Python's syntax"
    )
    return Problem(
        start, min(end, len(text)), "TW501", f"cannot be read as an expression: {reason}", help_text
    )


def _depth(root: ast.AST) -> int:
    deepest = 0
    pending: list[tuple[ast.AST, int]] = [(root, 1)]
    while pending:
        node, depth = pending.pop()
        deepest = max(deepest, depth)
        if depth > MAX_DEPTH:
            break
        pending += [
            (child, depth + 1)
            for child in ast.iter_child_nodes(node)
            if isinstance(child, ast.expr)
        ]
        pending += [
            (part, depth + 1)
            for child in ast.iter_child_nodes(node) if isinstance(child, ast.comprehension)
            for part in ast.iter_child_nodes(child)
        ]  # fmt: skip
    return deepest


def _shift(root: ast.expr, shift: int, line: str) -> None:
    """Turn Python's byte offsets into offsets of characters in the original text."""
    encoded = line.encode()
    for node in ast.walk(root):
        if isinstance(node, (ast.expr, ast.keyword)):
            node.col_offset = shift + len(encoded[: node.col_offset].decode(errors="ignore"))
            end = node.end_col_offset if node.end_col_offset is not None else len(encoded)
            node.end_col_offset = shift + len(encoded[:end].decode(errors="ignore"))


_Fact = tuple[str, ...]


class Resolver:
    """Walks one expression, collects its problems, and knows what cannot be blank where it stands."""

    def __init__(self, text: str, scope: Scope) -> None:
        self.text = text
        self.scope = scope
        self.problems: list[Problem] = []
        self._variables: dict[str, tree.Variable] = {}
        self._present: frozenset[_Fact] = frozenset()
        self._owners_of_member: dict[str, list[str]] = {}
        for enum, known in scope.enums.items():
            for member in known.members:
                self._owners_of_member.setdefault(member, []).append(enum)

    def problem(self, at: ast.expr, code: str, message: str, help_text: str = "") -> None:
        """Note something wrong at a part of the expression."""
        end = at.end_col_offset if at.end_col_offset is not None else at.col_offset + 1
        self.problems.append(Problem(at.col_offset, end, code, message, help_text))

    def check_accepts(self, target: ValueType, node: tree.Node, at: ast.expr) -> None:
        """Note where a value does not fit the place it goes to."""
        if accepts(target, node.type):
            return
        if accepts(target.or_none(), node.type):
            self.problem(at, "TW505", f"can be blank here, and {target} is needed",
                         "give a value for that case with coalesce(…, …) or '… if … is not None else …'")  # fmt: skip
        else:
            self.problem(at, "TW504", f"is {node.type}, and {target} is needed")

    # -- dispatch ---------------------------------------------------------------------------------------------------

    def value(self, node: ast.expr, expected: ValueType | None = None) -> tree.Node | None:
        """Return the tree of *node*, or nothing after a problem was noted."""
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return self._name(node, expected)
            case ast.Attribute():
                return self._attribute(node)
            case ast.BoolOp():
                return self._logic(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Compare():
                return self._comparison(node)
            case ast.IfExp():
                return self._choice(node, expected)
            case ast.Call():
                return self._call(node, expected)
            case ast.List() | ast.Tuple() | ast.Set():
                self.problem(
                    node, "TW502", "a list can only stand after 'in'", "write 'field in [A, B]'"
                )
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
                self.problem(node, "TW502", "'… for … in …' can only stand inside a function",
                             f"use one of {', '.join(functions.QUANTIFIERS)}")  # fmt: skip
            case _:
                self.problem(node, "TW502", f"{_described(node)} is not part of the expression language",
                             "see docs/schema-language.md for what is")  # fmt: skip
        return None

    def condition(self, node: ast.expr) -> tree.Node | None:
        """Return the tree of *node*, which has to be a yes/no value."""
        found = self.value(node, BOOLEAN)
        if found is None or found.type.kind == "boolean":
            return found
        written = ast.unparse(node)
        if found.type.nullable:
            way_out = f"write '{written} is not None'"
        elif found.type.kind == "text":
            way_out = f"write \"{written} != ''\""
        elif found.type.is_numeric:
            way_out = f"write '{written} != 0'"
        elif found.type.kind in ("list", "records"):
            way_out = (
                f"write 'len({written}) > 0'"
                if found.type.kind == "records"
                else "write 'VALUE in …'"
            )
        else:
            way_out = "compare it with something"
        self.problem(node, "TW504", f"is {found.type}, and a condition is needed", way_out)
        return None

    # -- names ------------------------------------------------------------------------------------------------------

    def _constant(self, node: ast.Constant) -> tree.Node | None:
        value = node.value
        if isinstance(value, str):
            if "\x00" in value:
                self.problem(node, "TW502", "a text cannot hold a NUL character")
                return None
            return tree.Constant(value, TEXT)
        if value is None or isinstance(value, bool):
            return tree.literal(value)
        if isinstance(value, int) and abs(value) > MAX_INTEGER:
            self.problem(
                node,
                "TW502",
                "the number is too large: integers go up to 2**53 - 1, as in Airtable",
            )
            return None
        if isinstance(value, float) and not math.isfinite(value):
            self.problem(node, "TW502", "the number is too large")
            return None
        if isinstance(value, (int, float)):
            return tree.literal(value)
        self.problem(node, "TW502", f"{_described(node)} is not part of the expression language")
        return None

    def _name(self, node: ast.Name, expected: ValueType | None) -> tree.Node | None:
        name = node.id
        if name in self._variables:
            return self._variables[name]
        as_argument = self._argument(name)
        as_field = self._field(name)
        first, second = (
            (as_argument, as_field) if self.scope.arguments_first else (as_field, as_argument)
        )
        found = first or second or self._explicit_argument(name)
        if found is not None:
            return found
        return self._member_by_name(node, expected)

    def _argument(self, name: str) -> tree.Node | None:
        known = self.scope.arguments.get(name)
        return (
            None
            if known is None
            else tree.Argument(name, self._narrowed(("argument", name), known))
        )

    def _explicit_argument(self, name: str) -> tree.Node | None:
        return self._argument(name[:-1]) if name.endswith("_") else None

    def _field(self, name: str) -> tree.Node | None:
        known = self.scope.fields.get(name)
        return None if known is None else tree.Field(name, self._narrowed(("field", name), known))

    def _narrowed(self, fact: _Fact, known: ValueType) -> ValueType:
        return known.not_none() if fact in self._present else known

    def _member_by_name(self, node: ast.Name, expected: ValueType | None) -> tree.Node | None:
        name = node.id
        owners = self._owners_of_member.get(name, [])
        if expected is not None and expected.kind == "enum":
            if expected.name in owners:
                return tree.EnumMember(expected.name, name)
            members = self.scope.enums[expected.name].members
            known = [*members, *self.scope.fields, *self.scope.arguments]
            self.problem(node, "TW503", f"'{name}' is neither a value of {expected.name} nor a name known here",
                         did_you_mean(name, known))  # fmt: skip
            return None
        if len(owners) == 1:
            return tree.EnumMember(owners[0], name)
        if owners:
            self.problem(node, "TW503", f"'{name}' is a value of several enums: {', '.join(owners)}",
                         f"write {owners[0]}.{name}")  # fmt: skip
            return None
        known = [
            *self.scope.fields,
            *self.scope.arguments,
            *self._variables,
            *self._owners_of_member,
        ]
        if name in functions.FUNCTIONS or name in functions.QUANTIFIERS:
            self.problem(node, "TW503", f"'{name}' is a function", f"write {name}(…)")
        else:
            self.problem(node, "TW503", f"unknown name '{name}'", did_you_mean(name, known))
        return None

    def _attribute(self, node: ast.Attribute) -> tree.Node | None:
        if isinstance(node.value, ast.Name):
            base = node.value.id
            if base == "self" and base not in self._variables:
                found = self._field(node.attr)
                if found is None:
                    self.problem(node, "TW503", f"unknown field '{node.attr}'",
                                 did_you_mean(node.attr, self.scope.fields))  # fmt: skip
                return found
            known_name = (
                base in self._variables or base in self.scope.fields or base in self.scope.arguments
            )
            if base in self.scope.enums and not known_name:
                return self._qualified_member(node, base)
        owner = self.value(node.value)
        if owner is None:
            return None
        if owner.type.kind != "record":
            self.problem(node, "TW503", f"'{ast.unparse(node.value)}' is {owner.type} and has no fields",
                         "only links to one record have; over several, write any(… for x in …)")  # fmt: skip
            return None
        known_fields = self.scope.tables.get(owner.type.name, {})
        if node.attr not in known_fields:
            self.problem(node, "TW503", f"{owner.type.name} has no field '{node.attr}'",
                         did_you_mean(node.attr, known_fields))  # fmt: skip
            return None
        value_type = known_fields[node.attr]
        if owner.type.nullable and value_type.kind not in ("records", "list"):
            value_type = value_type.or_none()
        found = tree.Field(node.attr, value_type, owner)
        return replace(found, type=self._narrowed(_fact(found), value_type))

    def _qualified_member(self, node: ast.Attribute, enum: str) -> tree.Node | None:
        members = self.scope.enums[enum].members
        if node.attr in members:
            return tree.EnumMember(enum, node.attr)
        self.problem(
            node, "TW503", f"{enum} has no value '{node.attr}'", did_you_mean(node.attr, members)
        )
        return None

    # -- operators --------------------------------------------------------------------------------------------------

    def _logic(self, node: ast.BoolOp) -> tree.Node | None:
        operator: Literal["and", "or"] = "and" if isinstance(node.op, ast.And) else "or"
        before = self._present
        operands: list[tree.Node | None] = []
        for part in node.values:
            operand = self.condition(part)
            operands.append(operand)
            if operand is not None:
                self._present |= _facts(operand, holds=operator == "and")
        self._present = before
        known = [operand for operand in operands if operand is not None]
        return tree.Logic(operator, tuple(known)) if len(known) == len(operands) else None

    def _unary(self, node: ast.UnaryOp) -> tree.Node | None:
        if isinstance(node.op, ast.Not):
            operand = self.condition(node.operand)
            return None if operand is None else tree.Not(operand)
        if not isinstance(node.op, (ast.USub, ast.UAdd)):
            self.problem(node, "TW502", "'~' is not part of the expression language", "write 'not'")
            return None
        operand = self.value(node.operand)
        if operand is None:
            return None
        if not operand.type.is_numeric and operand.type.kind != "duration":
            self.problem(
                node, "TW504", f"is {operand.type}, and only numbers and durations have a sign"
            )
            return None
        if isinstance(node.op, ast.UAdd):
            return operand
        if isinstance(operand, tree.Constant) and isinstance(operand.value, (int, float)):
            return tree.Constant(-operand.value, operand.type)
        return tree.Negate(operand)

    def _arithmetic(self, node: ast.BinOp) -> tree.Node | None:
        operator = _ARITHMETIC.get(type(node.op))
        left = self.value(node.left)
        right = self.value(node.right)
        if operator is None:
            self.problem(node, "TW502", f"{_described(node)} is not part of the expression language",
                         "there are + - * / %")  # fmt: skip
            return None
        if left is None or right is None:
            return None
        result = _arithmetic_type(operator, left, right)
        if result is None:
            self.problem(node, "TW504", f"cannot calculate {left.type} {operator} {right.type}",
                         _arithmetic_help(operator, left.type, right.type))  # fmt: skip
            return None
        return tree.Arithmetic(operator, left, right, result)

    def _comparison(self, node: ast.Compare) -> tree.Node | None:
        parts: list[tree.Node | None] = []
        left = node.left
        before = self._present
        for operator, right in zip(node.ops, node.comparators, strict=True):
            part = self._compare_pair(node, left, operator, right)
            parts.append(part)
            if part is not None:
                self._present |= _facts(part, holds=True)
            left = right
        self._present = before
        known = [part for part in parts if part is not None]
        if len(known) != len(parts):
            return None
        return known[0] if len(known) == 1 else tree.Logic("and", tuple(known))

    def _compare_pair(
        self, node: ast.Compare, left: ast.expr, operator: ast.cmpop, right: ast.expr
    ) -> tree.Node | None:
        if isinstance(operator, (ast.Is, ast.IsNot)):
            return self._blank_test(left, right, negated=isinstance(operator, ast.IsNot))
        if isinstance(operator, (ast.In, ast.NotIn)):
            return self._membership(left, right, negated=isinstance(operator, ast.NotIn))
        if _is_none(right) or _is_none(left):
            tested = left if _is_none(right) else right
            if isinstance(operator, (ast.Eq, ast.NotEq)):
                return self._blank_test(
                    tested, ast.Constant(None), negated=isinstance(operator, ast.NotEq)
                )
        if self._is_bare_member(left) and not self._is_bare_member(right):
            second = self.value(right)
            first = self.value(left, second.type if second is not None else None)
        else:
            first = self.value(left)
            second = self.value(right, first.type if first is not None else None)
        if first is None or second is None:
            return None
        return self._compared(node, _COMPARE[type(operator)], first, second)

    def _compared(
        self, node: ast.Compare, operator: tree.CompareOperator, left: tree.Node, right: tree.Node
    ) -> tree.Node | None:
        shared = common_type(left.type, right.type)
        if shared is None:
            way_out = ""
            if {left.type.kind, right.type.kind} == {"date", "datetime"}:
                way_out = "take the date of the moment with date(…)"
            self.problem(node, "TW504", f"compares {left.type} with {right.type}", way_out)
            return None
        if shared.kind in ("list", "records", "record", "json", "opaque"):
            self.problem(node, "TW504", f"cannot compare {left.type}",
                         "test it with 'in', 'is None' or any(… for x in …)")  # fmt: skip
            return None
        if operator not in ("==", "!="):
            if shared.kind not in functions.ORDERED_KINDS:
                self.problem(node, "TW504", f"{left.type} has no order", "compare with == or !=")
                return None
            if shared.kind == "enum" and not self.scope.enums[shared.name].ordered:
                self.problem(node, "TW504", f"the values of {shared.name} have no order",
                             f"say 'ordered: true' in the enum {shared.name}")  # fmt: skip
                return None
        return tree.Compare(operator, left, right)

    def _blank_test(
        self, tested: ast.expr, against: ast.expr, *, negated: bool
    ) -> tree.Node | None:
        if not _is_none(against):
            self.problem(
                against, "TW502", "'is' can only be followed by None or not None", "write '=='"
            )
            return None
        operand = self.value(tested)
        if operand is None:
            return None
        if operand.type.kind == "records":
            self.problem(tested, "TW504", f"is {operand.type}: never None, only empty",
                         f"write 'len({ast.unparse(tested)}) == 0'")  # fmt: skip
            return None
        return tree.BlankTest(operand, negated)

    def _membership(self, left: ast.expr, right: ast.expr, *, negated: bool) -> tree.Node | None:
        if isinstance(right, (ast.List, ast.Tuple, ast.Set)):
            return self._one_of(left, right.elts, negated=negated)
        if self._is_bare_member(left):
            items = self.value(right)
            item = self.value(left, items.type.item if items is not None else None)
        else:
            item = self.value(left)
            items = self.value(right)
        if items is None or item is None:
            return None
        found: tree.Node
        if items.type.kind == "text" and item.type.kind == "text":
            found = tree.Call("contains", (items, item), BOOLEAN)
        elif (
            items.type.kind == "list"
            and items.type.item is not None
            and accepts(items.type.item, item.type)
        ):
            found = tree.ListContains(items, item)
        else:
            self.problem(right, "TW504", f"cannot look for {item.type} in {items.type}",
                         "after 'in' stands a list such as [A, B], a text, or a field with several choices")  # fmt: skip
            return None
        return tree.Not(found) if negated else found

    def _one_of(
        self, left: ast.expr, options: Sequence[ast.expr], *, negated: bool
    ) -> tree.Node | None:
        item = self.value(left)
        if item is None:
            return None
        choices: list[tree.Node] = []
        for option in options:
            choice = self.value(option, item.type)
            if choice is None:
                continue
            if common_type(item.type, choice.type) is None:
                self.problem(
                    option, "TW504", f"is {choice.type}, and {item.type} is compared with it"
                )
            elif not isinstance(choice, (tree.Constant, tree.EnumMember, tree.Argument)):
                self.problem(option, "TW504", "only values and arguments can stand in a list")
            else:
                choices.append(choice)
        if len(choices) != len(options):
            return None
        if item.type.kind in ("list", "records", "record", "json", "opaque"):
            self.problem(left, "TW504", f"{item.type} cannot be looked up in a list")
            return None
        return tree.Membership(item, tuple(choices), negated)

    def _choice(self, node: ast.IfExp, expected: ValueType | None) -> tree.Node | None:
        test = self.condition(node.test)
        before = self._present
        if test is not None:
            self._present = before | _facts(test, holds=True)
        then = self.value(node.body, expected)
        if test is not None:
            self._present = before | _facts(test, holds=False)
        otherwise = self.value(node.orelse, expected or (then.type if then is not None else None))
        self._present = before
        if test is None or then is None or otherwise is None:
            return None
        shared = common_type(then.type, otherwise.type)
        if shared is None:
            self.problem(
                node, "TW504", f"gives {then.type} or {otherwise.type}", "both sides need one type"
            )
            return None
        return tree.Choice(test, then, otherwise, shared)

    # -- calls ------------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call, expected: ValueType | None) -> tree.Node | None:
        if not isinstance(node.func, ast.Name):
            way_out = ""
            if isinstance(node.func, ast.Attribute) and node.func.attr in functions.FUNCTIONS:
                way_out = f"write {node.func.attr}({ast.unparse(node.func.value)}, …)"
            self.problem(node, "TW502", "methods are not part of the expression language", way_out)
            return None
        name = node.func.id
        if node.keywords or any(isinstance(part, ast.Starred) for part in node.args):
            self.problem(node, "TW502", f"{name}() takes its arguments by position only")
            return None
        if name in functions.QUANTIFIERS and len(node.args) == 1:
            over = self._over(node, name)
            if over is not _NOT_OVER:
                return over  # type: ignore[return-value]  # the sentinel is the only other type
        known = functions.FUNCTIONS.get(name)
        if known is None:
            everything = [*functions.FUNCTIONS, *functions.QUANTIFIERS]
            if name in functions.QUANTIFIERS:
                self.problem(node, "TW503", f"{name}() looks over linked records",
                             f"write {name}(… for x in relation)")  # fmt: skip
            else:
                self.problem(node.func, "TW503", f"unknown function '{name}'",
                             did_you_mean(name, everything, what="there are"))  # fmt: skip
            return None
        arguments: list[tree.Node] = []
        for part in node.args:
            hint = expected if known.signatures[0].result == "same" else None
            found = self.value(part, hint or (arguments[0].type if arguments else None))
            if found is not None:
                arguments.append(found)
        if len(arguments) != len(node.args):
            return None
        return self._called(node, known, tuple(arguments))

    def _called(
        self, node: ast.Call, function: functions.Function, arguments: tuple[tree.Node, ...]
    ) -> tree.Node | None:
        types = [argument.type for argument in arguments]
        for signature in function.signatures:
            if _fits(signature, types):
                result = self._result(node, function, signature, types)
                return None if result is None else tree.Call(function.name, arguments, result)
        given = ", ".join(str(one) for one in types) or "nothing"
        ways = " or ".join(_shown(function.name, signature) for signature in function.signatures)
        self.problem(node, "TW504", f"{function.name}() cannot take {given}", f"write {ways}")
        return None

    def _result(
        self,
        node: ast.Call,
        function: functions.Function,
        signature: functions.Signature,
        types: list[ValueType],
    ) -> ValueType | None:
        blank = {
            "propagate": any(one.nullable for one in types),
            "false": False,
            "first": all(one.nullable for one in types),
        }[function.blanks]
        if signature.result != "same":
            return ValueType(signature.result, blank)
        shared: ValueType | None = types[0]
        for other in types[1:]:
            shared = common_type(shared, other) if shared is not None else None
        if shared is None:
            self.problem(node, "TW504", f"{function.name}() needs values of one type, and got "
                         f"{', '.join(str(one) for one in types)}")  # fmt: skip
            return None
        if function.name in ("min", "max") and not self._has_order(shared):
            self.problem(node, "TW504", f"{shared} has no order")
            return None
        return replace(shared, nullable=blank)

    def _has_order(self, one: ValueType) -> bool:
        if one.kind == "enum":
            return self.scope.enums[one.name].ordered
        return one.kind in functions.ORDERED_KINDS

    def _over(self, node: ast.Call, name: str) -> tree.Node | object | None:
        part = node.args[0]
        if not isinstance(part, (ast.GeneratorExp, ast.ListComp)):
            if name != "len":
                return _NOT_OVER
            relation = self.value(part)
            if relation is None:
                return None
            if relation.type.kind != "records" or not isinstance(relation, tree.Field):
                return _NOT_OVER
            variable = tree.Variable("linked", ValueType("record", name=relation.type.name))
            return tree.Over("len", variable, relation, None, None, INTEGER)
        if len(part.generators) != 1 or part.generators[0].is_async:
            self.problem(
                part, "TW502", "only one 'for' can stand here", "nest another any(…) inside"
            )
            return None
        loop = part.generators[0]
        relation = self.value(loop.iter)
        if relation is None:
            return None
        if relation.type.kind != "records" or not isinstance(relation, tree.Field):
            self.problem(
                loop.iter,
                "TW504",
                f"is {relation.type}, and a relation to several records is needed",
            )
            return None
        if not isinstance(loop.target, ast.Name):
            self.problem(loop.target, "TW502", "a plain name has to stand between 'for' and 'in'")
            return None
        return self._over_records(name, part, loop, loop.target, relation)

    def _over_records(
        self,
        name: str,
        part: ast.GeneratorExp | ast.ListComp,
        loop: ast.comprehension,
        target: ast.Name,
        relation: tree.Field,
    ) -> tree.Node | None:
        if (
            target.id in self._variables
            or target.id in self.scope.fields
            or target.id in self.scope.arguments
        ):
            self.problem(
                target,
                "TW506",
                f"'{target.id}' already means something here",
                "choose another name",
            )
            return None
        variable = tree.Variable(target.id, ValueType("record", name=relation.type.name))
        self._variables[target.id] = variable
        before = self._present
        tests = [self.condition(test) for test in loop.ifs]
        for test in tests:
            if test is not None:
                self._present |= _facts(test, holds=True)
        counts_rows = name == "len" and isinstance(part.elt, ast.Name) and part.elt.id == target.id
        if name in ("any", "all"):
            body = self.condition(part.elt)
        else:
            body = None if counts_rows else self.value(part.elt)
        self._present = before
        del self._variables[target.id]
        if any(test is None for test in tests) or (body is None and not counts_rows):
            return None
        known = tuple(test for test in tests if test is not None)
        condition = None if not known else known[0] if len(known) == 1 else tree.Logic("and", known)
        result = self._over_type(name, part.elt, body)
        if result is None:
            return None
        return tree.Over(name, variable, relation, body, condition, result)  # type: ignore[arg-type]  # a quantifier

    def _over_type(self, name: str, at: ast.expr, body: tree.Node | None) -> ValueType | None:
        if name in ("any", "all"):
            return BOOLEAN
        if name == "len":
            if body is not None:
                self.problem(at, "TW504", "len() counts records", "write len(x for x in … if …)")
                return None
            return INTEGER
        if body is None:
            return None
        if name == "sum":
            if body.type.is_numeric or body.type.kind == "duration":
                return body.type.not_none()
            self.problem(at, "TW504", f"is {body.type}, and sum() needs numbers or durations")
            return None
        if not self._has_order(body.type):
            self.problem(at, "TW504", f"{body.type} has no order")
            return None
        return body.type.or_none()

    def _is_bare_member(self, node: ast.expr) -> bool:
        """Tell whether *node* is a name that can only be a value of some enum."""
        return (
            isinstance(node, ast.Name)
            and node.id in self._owners_of_member
            and node.id not in self._variables
            and node.id not in self.scope.fields
            and node.id not in self.scope.arguments
        )


_NOT_OVER: Final = object()


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _fact(node: tree.Node) -> _Fact:
    match node:
        case tree.Field(name, _, None):
            return ("field", name)
        case tree.Field(name, _, owner) if owner is not None:
            base = _fact(owner)
            return (*base, name) if base else ()
        case tree.Argument(name):
            return ("argument", name)
        case tree.Variable(name):
            return ("variable", name)
        case _:
            return ()


def _facts(node: tree.Node, *, holds: bool) -> frozenset[_Fact]:
    """Return what cannot be blank where *node* is true (or, with *holds* off, where it is false)."""
    match node:
        case tree.BlankTest(operand, negated) if negated == holds:
            fact = _fact(operand)
            return frozenset({fact}) if fact else frozenset()
        case tree.Compare(operator, left, right) if holds and operator not in ("==", "!="):
            return frozenset(fact for fact in (_fact(left), _fact(right)) if fact)
        case tree.Not(operand):
            return _facts(operand, holds=not holds)
        case tree.Logic("and", operands) if holds:
            return frozenset().union(*(_facts(part, holds=True) for part in operands))
        case tree.Logic("or", operands) if not holds:
            return frozenset().union(*(_facts(part, holds=False) for part in operands))
        case _:
            return frozenset()


def _arithmetic_type(operator: str, left: tree.Node, right: tree.Node) -> ValueType | None:
    nullable = left.type.nullable or right.type.nullable
    one, other = left.type.kind, right.type.kind
    if left.type.is_numeric and right.type.is_numeric:
        if operator in ("/", "%"):
            never_zero = isinstance(right, tree.Constant) and right.value != 0
            kind = INTEGER if operator == "%" and one == other == "integer" else NUMBER
            return kind.or_none(nullable or not never_zero)
        return (INTEGER if one == other == "integer" else NUMBER).or_none(nullable)
    if operator == "+" and one == other == "text":
        return TEXT.or_none(nullable)
    if operator in ("+", "-") and one == "datetime" and other == "duration":
        return DATETIME.or_none(nullable)
    if operator == "+" and one == "duration" and other == "datetime":
        return DATETIME.or_none(nullable)
    if operator == "-" and one == other == "datetime":
        return DURATION.or_none(nullable)
    if operator == "-" and one == other == "date":
        return DURATION.or_none(nullable)
    if operator in ("+", "-") and one == other == "duration":
        return DURATION.or_none(nullable)
    return None


def _arithmetic_help(operator: str, left: ValueType, right: ValueType) -> str:
    if left.kind in ("datetime", "date") and right.is_numeric:
        return f"say what the number counts, as in '… {operator} hours(2)'"
    if left.kind == "date" and right.kind == "duration":
        return "dates are whole days: calculate with a date and time field"
    return ""


def _fits(signature: functions.Signature, types: list[ValueType]) -> bool:
    least = len(signature.parameters) - signature.optional
    most = len(types) if signature.repeat else len(signature.parameters)
    if not least <= len(types) <= most:
        return False
    for position, one in enumerate(types):
        wanted = signature.parameters[min(position, len(signature.parameters) - 1)]
        if wanted == "any" or one.kind == wanted or (wanted == "number" and one.kind == "integer"):
            continue
        return False
    return True


def _shown(name: str, signature: functions.Signature) -> str:
    parts = [str(one) for one in signature.parameters]
    return f"{name}({', '.join(parts)}{', …' if signature.repeat else ''})"


def _described(node: ast.AST) -> str:
    name = type(node).__name__
    known = {
        "Lambda": "a lambda", "Dict": "a dict", "Subscript": "indexing with [ ]", "JoinedStr": "an f-string",
        "Await": "await", "NamedExpr": "':='", "Starred": "'*'", "BinOp": "this operator", "Constant": "this literal",
        "DictComp": "a dict comprehension", "Slice": "a slice", "Yield": "yield", "YieldFrom": "yield",
    }  # fmt: skip
    return known.get(name, f"'{name}'")
