"""Looking over linked records: `any(… for x in relation if …)`, `len(relation)` and their kin."""

from __future__ import annotations

import ast
from typing import Final

from tablewright.expressions import tree
from tablewright.expressions.resolving.context import Context
from tablewright.expressions.resolving.facts import facts
from tablewright.expressions.types import BOOLEAN, INTEGER, ValueType

_AROUND: Final = frozenset(
    {
        "abs", "all", "any", "bool", "cls", "columns", "dt", "len", "max", "min", "now", "record", "sum", "values",
    }
)  # fmt: skip
"""Names that generated code uses where an expression stands."""


def over(context: Context, node: ast.Call, name: str) -> tuple[bool, tree.Node | None]:
    """Return whether a call of *name* looks over linked records, and its tree."""
    part = node.args[0]
    if not isinstance(part, (ast.GeneratorExp, ast.ListComp)):
        return _length(context, part) if name == "len" else (False, None)
    if len(part.generators) != 1 or part.generators[0].is_async:
        context.problem(part, "TW502", "only one 'for' can stand here", "nest another any(…) inside")  # fmt: skip
        return True, None
    loop = part.generators[0]
    relation = context.value(loop.iter)
    if relation is None:
        return True, None
    if relation.type.kind != "records" or not isinstance(relation, tree.Field):
        written = ast.unparse(loop.iter)
        way_out = {"record": f"write {written}.field", "list": f"write 'VALUE in {written}'"}
        context.problem(loop.iter, "TW504", f"is {relation.type}, and a relation to several records is needed",
                        way_out.get(relation.type.kind, ""))  # fmt: skip
        return True, None
    if not isinstance(loop.target, ast.Name):
        context.problem(loop.target, "TW502", "a plain name has to stand between 'for' and 'in'")
        return True, None
    return True, _over_records(context, name, part, loop.target, relation)


def _length(context: Context, part: ast.expr) -> tuple[bool, tree.Node | None]:
    relation = context.value(part)
    if relation is None:
        return True, None
    if relation.type.kind != "records" or not isinstance(relation, tree.Field):
        return False, None
    variable = tree.Variable("linked", ValueType("record", name=relation.type.name))
    return True, tree.Over("len", variable, relation, None, None, INTEGER)


def _over_records(
    context: Context,
    name: str,
    part: ast.GeneratorExp | ast.ListComp,
    target: ast.Name,
    relation: tree.Field,
) -> tree.Node | None:
    if context.is_name_here(target.id) or target.id == "self":
        context.problem(target, "TW506", f"'{target.id}' already means something here", "choose another name")  # fmt: skip
        return None
    variable = tree.Variable(
        _in_code(context, target.id), ValueType("record", name=relation.type.name)
    )
    context.variables[target.id] = variable
    before = context.present
    tests: list[tree.Node] = []
    written = part.generators[0].ifs
    for one in written:
        test = context.condition(one)
        if test is not None:
            tests.append(test)
            context.present |= facts(test, holds=True)
    counts_rows = name == "len" and isinstance(part.elt, ast.Name) and part.elt.id == target.id
    body: tree.Node | None = None
    if name in ("any", "all"):
        body = context.condition(part.elt)
    elif not counts_rows:
        body = context.value(part.elt)
    context.present = before
    del context.variables[target.id]
    if len(tests) != len(written) or (body is None and not counts_rows):
        return None
    if (tests or not counts_rows) and not _looks_at(
        variable, [*tests, *([] if body is None else [body])]
    ):
        context.problem(target, "TW509", f"nothing looks at '{target.id}'", _meant(context, part, target, variable))  # fmt: skip
        return None
    condition = tests[0] if len(tests) == 1 else tree.Logic("and", tuple(tests)) if tests else None
    result = _result(context, name, part.elt, body)
    if result is None:
        return None
    return tree.Over(name, variable, relation, body, condition, result)  # type: ignore[arg-type]  # a quantifier


def _looks_at(variable: tree.Variable, nodes: list[tree.Node]) -> bool:
    return any(part == variable for node in nodes for part in tree.walk(node))


def _in_code(context: Context, name: str) -> str:
    """Return what a loop's variable is called in generated code: what stands around it there, it must not hide."""
    return (
        f"{name}_" if name in _AROUND or name in context.scope.enums or name.endswith("_") else name
    )


def _meant(
    context: Context,
    part: ast.GeneratorExp | ast.ListComp,
    target: ast.Name,
    variable: tree.Variable,
) -> str:
    """Return the way out: a field of this record that the linked ones have too was probably meant of those."""
    linked = context.scope.tables[variable.type.name]
    loop = part.generators[0]
    for one in (each for side in (part.elt, *loop.ifs) for each in ast.walk(side)):
        if isinstance(one, ast.Name) and one.id in context.scope.fields and one.id in linked:
            return f"did you mean '{target.id}.{one.id}'?"
    return f"whether there are any is 'len({ast.unparse(loop.iter)}) > 0'"


def _result(context: Context, name: str, at: ast.expr, body: tree.Node | None) -> ValueType | None:
    if name in ("any", "all"):
        return BOOLEAN
    if name == "len":
        if body is None:
            return INTEGER
        context.problem(at, "TW504", "len() counts records", "write len(x for x in … if …)")
        return None
    if body is None:
        return None
    if name == "sum":
        if body.type.is_numeric or body.type.kind == "duration":
            return body.type.not_none()
        context.problem(at, "TW504", f"is {body.type}, and sum() needs numbers or durations")
        return None
    if not context.has_order(body.type):
        context.problem(at, "TW504", f"{body.type} has no order")
        return None
    return body.type.or_none()
