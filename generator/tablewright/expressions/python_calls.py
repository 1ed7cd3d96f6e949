"""Functions of the language, and what is asked of linked records → Python source."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tablewright.expressions import tree
from tablewright.expressions.literals import literal_text
from tablewright.expressions.operations import SPAN_SECONDS
from tablewright.expressions.python_spans import is_exact
from tablewright.expressions.python_syntax import all_of, bare, method
from tablewright.expressions.tree import Node

if TYPE_CHECKING:
    from tablewright.expressions.python import Printer


def call(printer: Printer, node: tree.Call) -> ast.expr:
    """Return the source of a function's value, where its arguments are there."""
    name = node.function
    if name in ("now", "today"):
        printer.uses_now = True
        moment = ast.Name("now")
        return moment if name == "now" else method(moment, "date")
    if name == "coalesce":
        return _coalesce(printer, node.arguments)
    if name in ("contains", "startswith", "endswith"):
        return _text_test(printer, node)
    arguments = [printer.inner(argument) for argument in node.arguments]
    first = arguments[0]
    if name in SPAN_SECONDS:
        if node.type.kind == "duration":
            return _span(printer, name, node.arguments[0], first)
        total = method(first, "total_seconds")
        return (
            total
            if name == "seconds"
            else ast.BinOp(total, ast.Div(), ast.Constant(SPAN_SECONDS[name]))
        )
    match name:
        case "date" | "weekday" | "lower" | "upper" | "strip":
            return method(first, name)
        case "year" | "month" | "day" | "hour":
            return ast.Attribute(first, name)
        case "len" | "abs" | "min" | "max":
            return ast.Call(ast.Name(name), arguments, [])
        case "round" | "floor" | "ceil":
            return printer.helper(f"{name}_", *arguments)
    raise ValueError(f"the function {name} has no Python form")


def over(printer: Printer, node: tree.Over) -> ast.expr:
    """Return the source of what is asked of linked records."""
    records = printer.value(node.relation)
    if node.quantifier == "len" and node.condition is None:
        return ast.Call(ast.Name("len"), [records], [])
    conditions = [printer.condition(node.condition)] if node.condition is not None else []
    element: ast.expr
    if node.quantifier in ("any", "all") and node.body is not None:
        element = printer.condition(node.body)
    elif node.body is None:
        element = ast.Constant(1)
    else:
        tests, element = printer.present(node.body, lambda body=node.body: printer.inner(body))  # type: ignore[misc]
        conditions += tests
    loop = ast.comprehension(ast.Name(node.variable.name), records, conditions, 0)
    each = ast.GeneratorExp(element, [loop])
    match node.quantifier:
        case "any" | "all":
            return ast.Call(ast.Name(node.quantifier), [bare(each)], [])
        case "sum" if node.type.kind == "duration":
            return printer.helper("total_span", bare(each))
        case "len" | "sum":
            return ast.Call(ast.Name("sum"), [bare(each)], [])
        case "min" | "max":
            blank = ast.keyword("default", ast.Constant(None))
            return ast.Call(ast.Name(node.quantifier), [each], [blank])


def _coalesce(printer: Printer, arguments: tuple[Node, ...]) -> ast.expr:
    first, *rest = arguments
    if not rest or not first.type.nullable:
        return printer.value(first)
    tests, inner = printer.present(first, lambda: printer.inner(first))
    if not tests:
        return inner
    return ast.IfExp(all_of(tests), inner, _coalesce(printer, tuple(rest)))


def _text_test(printer: Printer, node: tree.Call) -> ast.expr:
    text, part = node.arguments

    def tested() -> ast.expr:
        if node.function == "contains":
            return ast.Compare(printer.inner(part), [ast.In()], [printer.inner(text)])
        return method(printer.inner(text), node.function, printer.inner(part))

    tests, inner = printer.present(node, tested)
    return all_of([*tests, inner])


def _span(printer: Printer, unit: str, counted: Node, count: ast.expr) -> ast.expr:
    """Return a duration: written out where it is known to be what the language means, worked out otherwise."""
    value = counted.value if isinstance(counted, tree.Constant) else None
    if isinstance(value, (int, float)) and is_exact(unit, value):
        return printer.written_span(unit, count)
    return printer.helper("span_of", count, ast.Name(literal_text(unit)))
