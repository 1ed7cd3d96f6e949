"""Expressions that Airtable keeps as formula fields → formula text, with `NOW()` where the schema says `now()`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, cast

from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.formula import FormulaPrinter
from tablewright.expressions.formula_text import FormulaField, Shape, Unsayable, field_reference
from tablewright.model.schema import Computed, Field, Schema, Table

_SHAPES: Final[Mapping[str, Shape]] = {
    "text": "text",
    "long_text": "text",
    "email": "text",
    "url": "text",
    "phone": "text",
    "integer": "number",
    "number": "number",
    "currency": "number",
    "percent": "number",
    "rating": "number",
    "count": "number",
    "auto_number": "number",
    "duration": "seconds",
    "boolean": "flag",
    "date": "date",
    "datetime": "datetime",
    "created_time": "datetime",
    "last_modified_time": "datetime",
    "enum": "choice",
    "enum_list": "choices",
}
_RESULT_SHAPES: Final[Mapping[str, Shape]] = {
    "text": "text",
    "integer": "number",
    "number": "number",
    "date": "date",
    "datetime": "datetime",
}
_MOMENTS: Final[Mapping[str, tuple[str, Shape]]] = {
    "now": ("NOW()", "datetime"),
    "today": ("TODAY()", "date"),
}
"""What differs from one look to the next, and so must not be worked out when the formula is written."""

NotSayable = Unsayable
"""An expression that a formula cannot say exactly; the message names the part."""


def stored_formula(schema: Schema, table: Table, node: tree.Node) -> str:
    """Return the text of a formula field that holds the value of *node*.

    Raises:
        NotSayable: a formula cannot say it.
    """
    fields = {one.key: _field(one) for one in table.fields if _shape(one) is not None}
    fields |= {
        one.key: FormulaField(field_reference(one.publish), _RESULT_SHAPES[one.type.kind])
        for one in table.computed
        if one.publish and one.type.kind in _RESULT_SHAPES
    }
    fields |= {
        "id": FormulaField("RECORD_ID()", "text", required=True),
        "created_time": FormulaField("CREATED_TIME()", "datetime", required=True),
    }
    fields |= {
        f"{name}()": FormulaField(text, shape, required=True)
        for name, (text, shape) in _MOMENTS.items()
    }
    enums = {
        one.key: cast("Any", StrEnum(one.key, {value.key: value.label for value in one.values}))
        for one in schema.enums
    }
    # Nothing is worked out by the clock, since every moment is a field here.
    printer = FormulaPrinter(fields, Evaluator({}, datetime(2000, 1, 1, tzinfo=UTC), enums))
    rewritten = _with_moments(node)
    if rewritten.type.kind == "boolean":
        return printer.condition(rewritten)
    said = printer.value(rewritten)
    return said.text if said.known is None else f"IF({said.known}, {said.text})"


def computed_formula(schema: Schema, table: Table, one: Field | Computed) -> str:
    """Return the formula of a formula field, a rollup, or a computed field that is published; empty for others.

    Raises:
        NotSayable: a formula cannot say it.
    """
    if isinstance(one, Computed):
        return stored_formula(schema, table, one.node)
    found = one.computation
    if found is None or found.formula:
        return found.formula if found is not None else str(one.options.get("formula", ""))
    if one.kind.name != "formula" or found.node is None:
        return ""
    return stored_formula(schema, table, found.node)


def _shape(one: Field) -> Shape | None:
    if one.computation is not None:
        return _RESULT_SHAPES.get(one.computation.result.kind)
    return _SHAPES.get(one.kind.name, "present")


def _field(one: Field) -> FormulaField:
    shape = _shape(one)
    assert shape is not None  # noqa: S101  # the caller left out those without
    return FormulaField(field_reference(one.name), shape, required=one.required)


def _with_moments(node: tree.Node) -> tree.Node:
    """Return *node* with `now()` and `today()` as fields of that name."""

    def change(part: tree.Node) -> tree.Node:
        if isinstance(part, tree.Call) and part.function in _MOMENTS and not part.arguments:
            return tree.Field(f"{part.function}()", part.type.not_none())
        return part

    return tree.rebuilt(node, change)
