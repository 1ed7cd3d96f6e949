"""Literals and names: fields, arguments, variables, values of enums, and fields behind a link."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from tablewright.diagnostics import called_now, did_you_mean
from tablewright.expressions import functions, tree
from tablewright.expressions.resolving.context import Context, described
from tablewright.expressions.resolving.facts import fact_of
from tablewright.expressions.types import TEXT, ValueType

MAX_INTEGER: Final = 2**53 - 1
"""Airtable's numbers are double precision: larger integers would not survive."""


def constant(context: Context, node: ast.Constant) -> tree.Node | None:
    """Return the tree of a literal."""
    value = node.value
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            context.problem(node, "TW502", "a text cannot hold a NUL or half of a surrogate pair")
            return None
        return tree.Constant(value, TEXT)
    if value is None or isinstance(value, bool):
        return tree.literal(value)
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        context.problem(node, "TW502", "the number is too large: integers go up to 2**53 - 1, as in Airtable")  # fmt: skip
        return None
    if isinstance(value, float) and not math.isfinite(value):
        context.problem(node, "TW502", "the number is too large")
        return None
    if isinstance(value, (int, float)):
        return tree.literal(value)
    context.problem(node, "TW502", f"{described(node)} is not part of the expression language")
    return None


def name(context: Context, node: ast.Name, expected: ValueType | None) -> tree.Node | None:
    """Return the tree of a bare name."""
    if node.id in context.variables:
        return context.variables[node.id]
    as_argument = _argument(context, node.id)
    as_field = _field(context, node.id)
    first, second = as_field, as_argument
    if context.scope.arguments_first:
        first, second = as_argument, as_field
    found = first or second
    if found is None and node.id.endswith("_"):
        found = _argument(context, node.id[:-1])
    return found if found is not None else _member(context, node, expected)


def _argument(context: Context, key: str) -> tree.Node | None:
    known = context.scope.arguments.get(key)
    return None if known is None else tree.Argument(key, context.narrowed(("argument", key), known))


def _field(context: Context, key: str) -> tree.Node | None:
    known = context.scope.fields.get(key)
    return None if known is None else tree.Field(key, context.narrowed(("field", key), known))


def _member(context: Context, node: ast.Name, expected: ValueType | None) -> tree.Node | None:
    scope = context.scope
    owners = context.owners.get(node.id, ())
    renamed = scope.renamed.get(scope.table, {})
    if expected is not None and expected.kind == "enum":
        if expected.name in owners:
            return tree.EnumMember(expected.name, node.id)
        known = [*scope.enums[expected.name].members, *scope.fields, *scope.arguments]
        context.problem(node, "TW503", f"'{node.id}' is neither a value of {expected.name} nor a name known here",
                        _way_out(node.id, known, renamed, scope.enums[expected.name].renamed))  # fmt: skip
        return None
    if len(owners) == 1:
        return tree.EnumMember(owners[0], node.id)
    if owners:
        context.problem(node, "TW503", f"'{node.id}' is a value of several enums: {', '.join(owners)}",
                        f"write {owners[0]}.{node.id}")  # fmt: skip
    elif node.id == "self":
        context.problem(
            node, "TW503", "'self' is the record itself and no value", "write self.field"
        )
    elif node.id in functions.FUNCTIONS or node.id in functions.QUANTIFIERS:
        context.problem(node, "TW503", f"'{node.id}' is a function", f"write {node.id}({'…' if functions.takes_arguments(node.id) else ''})")  # fmt: skip
    elif node.id in scope.enums:
        members = scope.enums[node.id].members
        context.problem(node, "TW503", f"'{node.id}' is an enum and no value",
                        f"write {node.id}.{members[0]}" if members else "")  # fmt: skip
    else:
        known = [*scope.fields, *scope.arguments, *context.variables, *context.owners]
        values = (one.renamed for one in scope.enums.values())
        context.problem(node, "TW503", f"unknown name '{node.id}'",
                        _way_out(node.id, known, renamed, *values))  # fmt: skip
    return None


def attribute(context: Context, node: ast.Attribute) -> tree.Node | None:
    """Return the tree of `self.field`, `Enum.VALUE` or a field behind a link."""
    if isinstance(node.value, ast.Name) and not context.is_name_here(node.value.id):
        if node.value.id == "self":
            return _field_of_self(context, node)
        if node.value.id in context.scope.enums:
            return _qualified_member(context, node, node.value.id)
    owner = context.value(node.value)
    if owner is None:
        return None
    if owner.type.kind != "record":
        way_out = "only links to one record have; over several, write any(… for x in …)"
        if node.attr in functions.FUNCTIONS:
            way_out = f"write {node.attr}({ast.unparse(node.value)})"
        context.problem(node, "TW503", f"'{ast.unparse(node.value)}' is {owner.type} and has no fields", way_out)  # fmt: skip
        return None
    known = context.scope.tables.get(owner.type.name, {})
    if node.attr not in known:
        context.problem(node, "TW503", f"{owner.type.name} has no field '{node.attr}'",
                        _way_out(node.attr, known, context.scope.renamed.get(owner.type.name, {})))  # fmt: skip
        return None
    value_type = known[node.attr]
    if owner.type.nullable and value_type.kind not in ("records", "list"):
        value_type = value_type.or_none()
    found = tree.Field(node.attr, value_type, owner)
    return replace(found, type=context.narrowed(fact_of(found), value_type))


def _field_of_self(context: Context, node: ast.Attribute) -> tree.Node | None:
    found = _field(context, node.attr)
    if found is None:
        context.problem(node, "TW503", f"unknown field '{node.attr}'",
                        _way_out(node.attr, context.scope.fields, context.scope.renamed.get(context.scope.table, {})))  # fmt: skip
    return found


def _qualified_member(context: Context, node: ast.Attribute, enum: str) -> tree.Node | None:
    known = context.scope.enums[enum]
    if node.attr in known.members:
        return tree.EnumMember(enum, node.attr)
    context.problem(node, "TW503", f"{enum} has no value '{node.attr}'",
                    _way_out(node.attr, known.members, known.renamed))  # fmt: skip
    return None


def _way_out(word: str, known: Iterable[str], *renamed: Mapping[str, str]) -> str:
    """Return the present name of what was called *word*, or else what may have been meant."""
    for one in renamed:
        if word in one:
            return called_now(one[word])
    return did_you_mean(word, known)
