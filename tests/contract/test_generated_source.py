"""One meaning: generated Python gives what the direct evaluator gives, and source over columns builds the tree again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tablewright.expressions import tree
from tablewright.expressions.columns import column_source
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.operations import SPAN_SECONDS
from tablewright.expressions.python import python_source
from tablewright.expressions.types import ValueType, record_of
from tablewright.runtime import columns as _
from tablewright.runtime import values
from tablewright.runtime.columns.terms import as_node
from tests.contract.growing import arguments, expressions
from tests.contract.items import ENUMS, Color, Size, linked, rows
from tests.drawing import NOW

PATIENT = settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def records() -> list[Any]:
    """Return the rows as objects, as generated records are: links as records, and their ids beside them."""
    found: dict[str, SimpleNamespace] = {}
    for row in linked(rows()):
        found[row["id"]] = SimpleNamespace(**row)
    for record in found.values():
        parent = record.parent
        record.parent_id = None if parent is None else parent["id"]
        record.parent = None if parent is None else found[parent["id"]]
        for name in ("needs", "needed_by", "parts"):
            setattr(record, name, [found[one["id"]] for one in getattr(record, name)])
    return list(found.values())


RECORDS = records()


def without_literal_times(node: tree.Node, given_arguments: dict[str, Any]) -> Any:
    """Return the tree with dates and moments, which a schema cannot write, as arguments."""

    def change(part: tree.Node) -> tree.Node:
        if not isinstance(part, tree.Constant) or not isinstance(part.value, dt.date):
            return part
        name = f"literal_{len(given_arguments)}"
        given_arguments[name] = part.value
        return tree.Argument(name, part.type)

    return tree.rebuilt(node, change)


def compiled(text: str, parameters: Mapping[str, Any]) -> Any:
    """Return a function of a module that returns the value of the source *text*."""
    source = f"def function({', '.join(['record', 'now', *parameters])}):\n    return {text}\n"
    module: dict[str, Any] = {"dt": dt, "values": values, **ENUMS}
    code = compile(source, "generated", "exec")
    exec(code, module)  # noqa: S102  # running the source is what is tested
    return module["function"]


@PATIENT
@given(
    node=st.booleans().flatmap(lambda one: expressions(conditions=one)), given_arguments=arguments()
)
def test_generated_python_gives_what_the_evaluator_gives(
    node: tree.Node, given_arguments: dict[str, Any]
) -> None:
    """For every record, blanks and the ends of the calendar included, and nothing raises."""
    node = without_literal_times(node, given_arguments)
    evaluator = Evaluator(given_arguments, NOW, ENUMS)

    source = python_source(node, record="record")
    function = compiled(source.text, given_arguments)

    assert source.names <= {"dt", "values", *ENUMS}
    for record in RECORDS:
        expected = evaluator.value(node, {"": record})
        found = function(record, NOW, **given_arguments)
        assert (found, type(found)) == (expected, type(expected)), source.text


@pytest.mark.parametrize("negated", [False, True])
def test_files_behind_a_link_are_blank_where_there_is_none_of_them(negated: bool) -> None:
    """An empty list is as blank as a link that leads nowhere, in generated code as everywhere."""
    linked_to = tree.Field("parent", record_of("Item"))
    files = tree.Field("files", ValueType("opaque", nullable=True), linked_to)
    node = tree.BlankTest(files, negated)
    function = compiled(python_source(node, record="record").text, {})

    for parent in (None, SimpleNamespace(files=[]), SimpleNamespace(files=["a file"])):
        record = SimpleNamespace(parent=parent)
        assert function(record, NOW) == Evaluator({}, NOW, ENUMS).value(node, {"": record})


class ItemColumns(_.Columns):
    """The fields of the records, as a generated package has them."""

    title = _.TextColumn()
    note = _.TextColumn(nullable=True)
    number = _.NumberColumn(nullable=True)
    weight = _.NumberColumn()
    count = _.IntegerColumn(nullable=True)
    rank = _.IntegerColumn()
    flag = _.BooleanColumn()
    day = _.DateColumn(nullable=True)
    at = _.DatetimeColumn(nullable=True)
    seen = _.DatetimeColumn()
    took = _.DurationColumn(nullable=True)
    color = _.ChoiceColumn(Color, nullable=True)
    size = _.ChoiceColumn(Size)
    colors = _.ChoicesColumn(Color)
    extra = _.JsonColumn(nullable=True)
    parent = _.LinkColumn["ItemColumns"](lambda: ItemColumns, "Item")
    needs = _.LinksColumn["ItemColumns"](lambda: ItemColumns, "Item")
    needed_by = _.LinksColumn["ItemColumns"](lambda: ItemColumns, "Item")
    parts = _.LinksColumn["ItemColumns"](lambda: ItemColumns, "Item")


def shape(node: Any, given_arguments: Mapping[str, Any]) -> Any:
    """Return what an expression says, apart from types, from how conditions are nested and from which side is left."""
    match node:
        case tree.Argument(name):
            return shape(as_node(given_arguments[name]), given_arguments)
        case tree.Call(unit, (counted,)) if unit in SPAN_SECONDS:
            inner = shape(counted, given_arguments)
            if inner[0] == "constant" and isinstance(inner[2], (int, float)):
                return ("constant", dt.timedelta, values.span_of(inner[2], unit))
            return (unit, inner)
        case tree.Constant(value):
            return ("constant", type(value), value)
        case tree.Membership(item, choices, negated):
            parts = [shape(part, given_arguments) for part in choices]
            found = ("in", shape(item, given_arguments), *parts)
            return ("not", found) if negated else found
        case tree.Compare(operator, left, right):
            sides = (shape(left, given_arguments), shape(right, given_arguments))
            if operator in (">", ">="):
                return ({">": "<", ">=": "<="}[operator], *reversed(sides))
            return (operator, frozenset(sides)) if operator in ("==", "!=") else (operator, *sides)
        case tree.Logic(operator, operands):
            flat: list[Any] = []
            for part in operands:
                inner = shape(part, given_arguments)
                flat += inner[1:] if inner[0] == operator else [inner]
            return (operator, *flat)
        case tree.Call("round", (number, tree.Constant(0))):
            return shape(tree.Call("round", (number,), node.type), given_arguments)
        case tree.Over(quantifier, _, relation, None, None):
            return (quantifier, shape(relation, given_arguments))
        case tree.Variable(name):
            # Where loops nest, the builder numbers them.
            return ("variable", name.partition("_")[0])
        case tree.Not(operand):
            return ("not", shape(operand, given_arguments))
        case _ if isinstance(node, tree.Node):
            parts = [getattr(node, field.name) for field in fields(node) if field.name != "type"]
            return (type(node).__name__, *(shape(part, given_arguments) for part in parts))
        case tuple():
            return tuple(shape(part, given_arguments) for part in node)
        case _:
            return node


@PATIENT
@given(node=expressions(conditions=True), given_arguments=arguments())
def test_source_over_columns_builds_the_same_tree(
    node: tree.Node, given_arguments: dict[str, Any]
) -> None:
    """What a generated query says in columns is the expression of the schema, and means the same."""
    node = without_literal_times(node, given_arguments)

    source = column_source(node, columns="c", optional=given_arguments)
    names = {"_": _, "c": ItemColumns(), **ENUMS, **given_arguments}
    built = eval(source.text, names)  # noqa: S307  # running the source is what is tested

    assert isinstance(built, _.Condition)
    assert shape(built.node, given_arguments) == shape(node, given_arguments), source.text
    evaluator = Evaluator(given_arguments, NOW, ENUMS)
    for record in RECORDS:
        assert evaluator.holds(built.node, record) == evaluator.holds(node, record), source.text
