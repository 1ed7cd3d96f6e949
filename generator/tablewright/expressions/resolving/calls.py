"""Calls of the language's functions, matched against their signatures."""

from __future__ import annotations

import ast
from dataclasses import replace

from tablewright.diagnostics import did_you_mean
from tablewright.expressions import functions, tree
from tablewright.expressions.resolving.context import Context
from tablewright.expressions.resolving.linked import over
from tablewright.expressions.types import ValueType, common_type


def call(context: Context, node: ast.Call, expected: ValueType | None) -> tree.Node | None:
    """Return the tree of a call: of a function, or of `any`, `all`, `len` and the like over linked records."""
    if not isinstance(node.func, ast.Name):
        written = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        meant = functions.FUNCTIONS_ELSEWHERE.get(written, written)
        if isinstance(node.func, ast.Attribute) and meant in functions.FUNCTIONS:
            # Of datetime.now() and the like, what stands before the point is a module, and there is nothing to take.
            parts = (node.func.value, *node.args) if functions.takes_arguments(meant) else ()
            way_out = f"write {meant}({', '.join(ast.unparse(one) for one in parts)})"
        else:
            known = dict.fromkeys((*functions.FUNCTIONS, *functions.QUANTIFIERS))
            way_out = f"there are only functions: {', '.join(known)}"
        context.problem(node, "TW502", "methods are not part of the expression language", way_out)
        return None
    name = node.func.id
    if node.keywords or any(isinstance(part, ast.Starred) for part in node.args):
        context.problem(node, "TW502", f"{name}() takes its arguments by position only")
        return None
    if name in functions.QUANTIFIERS and len(node.args) == 1:
        is_over, found = over(context, node, name)
        if is_over:
            return found
    function = functions.FUNCTIONS.get(name)
    if function is None:
        _report_unknown(context, node, name)
        return None
    arguments: list[tree.Node] = []
    for part in node.args:
        hint = expected if function.signatures[0].result == "same" else None
        argument = context.value(part, hint or (arguments[0].type if arguments else None))
        if argument is not None:
            arguments.append(argument)
    if len(arguments) != len(node.args):
        return None
    if name == "coalesce":
        return _coalesce(context, node, function, arguments)
    return _called(context, node, function, tuple(arguments))


def _coalesce(
    context: Context, node: ast.Call, function: functions.Function, arguments: list[tree.Node]
) -> tree.Node | None:
    """Return the tree of `coalesce()`; None among its arguments is passed over here already."""
    there = [one for one in arguments if one.type.kind != "none"]
    if len(there) == 1 < len(arguments):
        return there[0]
    return _called(context, node, function, tuple(there))


def _report_unknown(context: Context, node: ast.Call, name: str) -> None:
    if name in functions.QUANTIFIERS:
        context.problem(node, "TW503", f"{name}() looks over linked records",
                        f"write {name}(… for x in relation)")  # fmt: skip
        return
    folded = name.casefold()
    known = [*functions.FUNCTIONS, *functions.QUANTIFIERS]
    meant = functions.FUNCTIONS_ELSEWHERE.get(folded, folded)
    way_out = did_you_mean(meant, known, what="there are")
    if (
        meant not in known
        and functions.MEASURES_ELSEWHERE.get(folded, folded) in functions.MEASURES
    ):
        way_out = "it is a measure: those stand under 'statistics:'"
    context.problem(node.func, "TW503", f"unknown function '{name}'", way_out)


def _called(
    context: Context,
    node: ast.Call,
    function: functions.Function,
    arguments: tuple[tree.Node, ...],
) -> tree.Node | None:
    types = [argument.type for argument in arguments]
    for signature in function.signatures:
        if _fits(signature, types):
            result = _result(context, node, function, signature, arguments)
            return None if result is None else tree.Call(function.name, arguments, result)
    given = ", ".join(str(one) for one in types) or "nothing"
    ways = " or ".join(shown(function.name, signature) for signature in function.signatures)
    if function.name == "contains" and len(types) == 2 and types[0].kind == "list":
        items, item = (ast.unparse(one) for one in node.args)
        ways = f"{item} in {items}"
    if function.name == "len" and [one.kind for one in types] == ["record"]:
        ways = f"{ast.unparse(node.args[0])} is not None"
    context.problem(node, "TW504", f"{function.name}() cannot take {given}", f"write {ways}")
    return None


def _result(
    context: Context,
    node: ast.Call,
    function: functions.Function,
    signature: functions.Signature,
    arguments: tuple[tree.Node, ...],
) -> ValueType | None:
    types = [argument.type for argument in arguments]
    if signature.result == "same" and any(one.kind == "none" for one in types):
        context.problem(node, "TW504", f"{function.name}() of None is always blank", "leave None out")  # fmt: skip
        return None
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
        others = (context.way_to(types[0], one) for one in arguments[1:])
        context.problem(node, "TW504", f"{function.name}() needs values of one type, and got "
                        f"{', '.join(str(one) for one in types)}", next(filter(None, others), ""))  # fmt: skip
        return None
    if not context.can_choose(shared):
        context.problem(node, "TW504", f"{function.name}() cannot take {shared} here", "it takes single values")  # fmt: skip
        return None
    if function.name in ("min", "max") and not context.has_order(shared):
        context.problem(node, "TW504", f"{shared} has no order")
        return None
    return replace(shared, nullable=blank)


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


def shown(name: str, signature: functions.Signature) -> str:
    """Return one way to call a function, as in `round(number[, integer])`."""
    needed = len(signature.parameters) - signature.optional
    parts = ", ".join(signature.parameters[:needed])
    rest = "".join(f"[, {one}]" for one in signature.parameters[needed:])
    return f"{name}({parts}{rest}{', …' if signature.repeat else ''})"
