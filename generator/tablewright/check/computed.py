"""The `computed:` of all tables → computed fields, in an order in which each can be read."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final

from tablewright.check.expressions import Scopes, read_expression
from tablewright.check.findings import Findings
from tablewright.check.reader import Reader
from tablewright.expressions.resolve import parse
from tablewright.expressions.types import BOOLEAN
from tablewright.model.schema import Computed
from tablewright.syntax.document import Node, Scalar

_KEYS: Final = ("value", "description", "publish")
_Key = tuple[str, str]


def read_computed(
    findings: Findings, written: Mapping[str, Node | None], scopes: Scopes
) -> tuple[dict[str, tuple[Computed, ...]], Scopes]:
    """Return the computed fields by table, and the scopes with their types added.

    A computed field may use others, of its own table and of linked ones; a circle is reported.
    """
    pending: dict[_Key, tuple[Scalar, Scalar, Reader | None]] = {}
    for table, node in written.items():
        if node is None:
            continue
        for key, value in Reader(findings, node, f"'computed' of {table}", None).entries():
            expression, details = _expression(findings, key, value)
            if expression is not None:
                pending[table, key.text] = (key, expression, details)
    found: dict[_Key, Computed] = {}
    uses = {one: _uses(one[0], expression, pending) for one, (_, expression, _) in pending.items()}
    while pending:
        ready = [
            one
            for one in pending
            if not (uses[one] & pending.keys()) - {one} and one not in uses[one]
        ]
        if not ready:
            _report_circle(findings, pending, uses)
            break
        for one in ready:
            table, name = one
            _, expression, details = pending.pop(one)
            resolved = read_expression(findings, expression, scopes.of(table))
            if resolved is None:
                # A guess, so that whatever uses the field is not reported for its sake.
                scopes = scopes.with_computed(table, {name: BOOLEAN})
                continue
            found[one] = Computed(
                name, expression.text, resolved, resolved.type,
                details.text("description") if details else "", details.text("publish") if details else "",
            )  # fmt: skip
            scopes = scopes.with_computed(table, {name: resolved.type})
    return {table: _in_order(table, node, found) for table, node in written.items()}, scopes


def _in_order(
    table: str, node: Node | None, found: Mapping[_Key, Computed]
) -> tuple[Computed, ...]:
    if node is None:
        return ()
    keys = Reader(Findings(), node, "", None).keys
    return tuple(found[table, key] for key in keys if (table, key) in found)


def _expression(
    findings: Findings, key: Scalar, value: Node
) -> tuple[Scalar | None, Reader | None]:
    if isinstance(value, Scalar):
        return value, None
    reader = Reader(findings, value, f"computed field '{key.text}'", _KEYS)
    reader.required("value", "the expression")
    return reader.expression("value"), reader


def _uses(table: str, expression: Scalar, known: Mapping[_Key, object]) -> frozenset[_Key]:
    """Return the computed fields that an expression may look at: by bare name its own, by attribute those of any table."""
    parsed, _ = parse(expression.text)
    if parsed is None:
        return frozenset()
    bare = {node.id for node in ast.walk(parsed) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(parsed) if isinstance(node, ast.Attribute)}
    return frozenset(
        (owner, name)
        for owner, name in known
        if (owner == table and name in bare) or name in attributes
    )


def _report_circle(
    findings: Findings,
    pending: Mapping[_Key, tuple[Scalar, Scalar, Reader | None]],
    uses: Mapping[_Key, frozenset[_Key]],
) -> None:
    for one, (key, _, _) in pending.items():
        others = sorted(f"{table}.{name}" for table, name in uses[one] & pending.keys())
        findings.error(key.span, "TW507", f"computed field '{key.text}' cannot be calculated: it needs {', '.join(others)}",
                       "break the circle")  # fmt: skip
