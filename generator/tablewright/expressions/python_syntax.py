"""Pieces of Python syntax as readers want them printed. Part of `python`."""

from __future__ import annotations

import ast


def bare(each: ast.GeneratorExp) -> ast.expr:
    """Return a generator without the brackets that `ast.unparse` puts round it even where it is the only argument."""
    return ast.Name(ast.unparse(ast.fix_missing_locations(each))[1:-1])


def choice(test: ast.expr, then: ast.expr, otherwise: ast.expr) -> ast.expr:
    """Return `then if test else otherwise`; a `not` in front of the test turns the sides round."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, then, otherwise = test.operand, otherwise, then
    return ast.IfExp(test, then, otherwise)


def is_not_none(built: ast.expr) -> ast.expr:
    """Return the test that a value is not blank."""
    return ast.Compare(built, [ast.IsNot()], [ast.Constant(None)])


def all_of(tests: list[ast.expr]) -> ast.expr:
    """Return tests joined by `and`."""
    return joined("and", tests)


def joined(operator: str, tests: list[ast.expr]) -> ast.expr:
    """Return tests as one chain; an `and` inside an `or` gets brackets that a reader wants and Python does not need."""
    if len(tests) == 1:
        return tests[0]
    if operator == "or":
        grouped = [
            (
                _grouped(test)
                if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And)
                else test
            )
            for test in tests
        ]
        return ast.BoolOp(ast.Or(), grouped)
    flat: list[ast.expr] = []
    for test in tests:
        flat += (
            test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
        )
    return ast.BoolOp(ast.And(), flat)


def _grouped(test: ast.expr) -> ast.expr:
    return ast.Name(f"({ast.unparse(ast.fix_missing_locations(test))})")


def method(owner: ast.expr, name: str, *arguments: ast.expr) -> ast.expr:
    """Return a call of a method."""
    return ast.Call(ast.Attribute(owner, name), list(arguments), [])
