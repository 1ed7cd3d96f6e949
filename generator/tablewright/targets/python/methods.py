"""Transitions, queries and statistics → views of the methods that call them."""

from __future__ import annotations

from dataclasses import dataclass

from tablewright.expressions.columns import column_source
from tablewright.expressions.python import python_source
from tablewright.expressions.tree import Constant, Node, arguments_read
from tablewright.model.bounds import UNBOUNDED
from tablewright.model.lifecycle import Argument, Lifecycle, Transition
from tablewright.model.queries import Measure, Query, Statistics
from tablewright.model.schema import Schema, Table
from tablewright.targets.python.code import (
    Code,
    bracketed_tuple,
    call,
    docstring,
    identifier,
    laid_out,
    literal,
)
from tablewright.targets.python.imports import Imports
from tablewright.targets.python.lifecycle import add_names, arrow, joined
from tablewright.targets.python.names import decision_name, parameter, statistics_name
from tablewright.targets.python.spec import argument_spec
from tablewright.targets.python.types import argument_annotation, filter_annotation


@dataclass(frozen=True, slots=True)
class TransitionView:
    name: Code
    key: Code
    decision: Code
    parameters: tuple[Code, ...]
    arguments: Code
    doc: Code
    test: Code
    test_doc: Code
    tests_all: bool
    guard: Code
    guard_uses_now: bool


@dataclass(frozen=True, slots=True)
class FilterView:
    name: Code
    annotation: Code
    condition: Code


@dataclass(frozen=True, slots=True)
class QueryView:
    name: Code
    local: Code
    required: tuple[Code, ...]
    check: Code
    filters: tuple[FilterView, ...]
    where: Code
    ending: Code
    doc: Code


@dataclass(frozen=True, slots=True)
class MeasureView:
    name: Code
    source: Code


@dataclass(frozen=True, slots=True)
class StatisticsMethodView:
    name: Code
    local: Code
    result: Code
    required: tuple[Code, ...]
    check: Code
    filters: tuple[FilterView, ...]
    where: Code
    measures: tuple[MeasureView, ...]
    doc: Code


def transition_view(
    schema: Schema, table: Table, lifecycle: Lifecycle, transition: Transition, imports: Imports
) -> TransitionView:
    """Return the method of a transition and the one that tells whether it is possible."""
    enum = schema.enum(lifecycle.enum)
    labels = [enum.value(source).label for source in transition.sources]
    arguments = ", ".join(f"{literal(one.key)}: {identifier(one.key)}" for one in transition.takes)
    name = identifier(transition.key)
    # What a transition sets cannot be worked out without its arguments, its guard can where it names none of them.
    guard = None
    if transition.takes and transition.guard is not None and not arguments_read(transition.guard):
        guard = python_source(transition.guard, record="self")
        add_names(guard, imports)
        if guard.uses_now:
            imports.name("tablewright.runtime", "utc_now")
    test_doc = f"Tell whether {name} is possible now."
    if transition.takes:
        unseen = "arguments" if guard or transition.guard is None else "guard and arguments"
        test_doc = f"Tell whether {name} is possible from here; its {unseen} are not looked at."
    return TransitionView(
        name=name,
        key=literal(transition.key),
        decision=identifier(decision_name(table, transition)),
        parameters=tuple(_parameter(one, imports) for one in transition.takes),
        arguments=Code(f"{{{arguments}}}" if arguments else ""),
        doc=_transition_doc(table, transition, labels, enum.value(transition.target).label),
        test=identifier(f"can_{transition.key}"),
        test_doc=docstring(test_doc, " " * 8),
        tests_all=not transition.takes,
        guard=Code(guard.text if guard else ""),
        guard_uses_now=guard is not None and guard.uses_now,
    )


def _parameter(argument: Argument, imports: Imports) -> Code:
    default = "" if argument.required else " = ()" if argument.kind.listed else " = None"
    return Code(f"{identifier(argument.key)}: {argument_annotation(argument, imports)}{default}")


def _transition_doc(table: Table, transition: Transition, labels: list[str], target: str) -> Code:
    moves = arrow(labels, target)
    first = f"{transition.description.rstrip('.')}: {moves}" if transition.description else moves
    lines = [first, ""]
    described = [one for one in transition.takes if one.description]
    if described:
        lines += ["Args:", *(f"    {one.key}: {one.description}" for one in described), ""]
    refusals = f"it is not {joined(labels, 'or')}"
    if transition.guard is not None:
        refusals += (
            f", or it {transition.otherwise}"
            if transition.otherwise
            else f", or not ({transition.guard_text})"
        )
    lines += ["Raises:", f"    TransitionRefused: {refusals}."]
    if transition.takes:
        lines.append("    RecordInvalid: an argument does not fit.")
    lines.append(f"    RecordChanged: somebody else changed the {table.key} since it was read.")
    if table.queue is not None:
        lines.append("    LeaseLost: it was claimed here, and is not held here any more.")
    return docstring("\n".join(lines), " " * 8)


def query_view(table: Table, query: Query, imports: Imports) -> QueryView:
    """Return the method of a query."""
    taken = {*(one.key for one in query.takes), *query.filter_by}
    return QueryView(
        name=identifier(query.key),
        local=identifier(parameter("query", taken)),
        required=_given(query.takes, imports),
        check=_check(table, query, imports),
        filters=_filters(table, query.filter_by, imports),
        where=_column_code(query.where, query.takes, imports),
        ending=_ending(query),
        doc=_query_doc(table, query),
    )


def _given(takes: tuple[Argument, ...], imports: Imports) -> tuple[Code, ...]:
    return tuple(_parameter(one, imports) for one in takes)


def _check(table: Table, one: Query | Statistics, imports: Imports) -> Code:
    """Return the call that holds arguments to their bounds; empty where they have none."""
    bounded = [argument for argument in one.takes if argument.bounds != UNBOUNDED]
    if not bounded:
        return Code("")
    imports.name("tablewright.runtime", "check_arguments")
    called = literal(f"{table.key}.{one.key}")
    pairs = [
        bracketed_tuple([argument_spec(argument, imports), identifier(argument.key)])
        for argument in bounded
    ]
    return laid_out(call("check_arguments", [called, *pairs], {}), 8)


def _filters(table: Table, filter_by: tuple[str, ...], imports: Imports) -> tuple[FilterView, ...]:
    types = {field.key: field.type for field in table.fields}
    views: list[FilterView] = []
    for key in filter_by:
        relation = next((one for one in table.relations if one.key == key), None)
        computed = next((one for one in table.computed if one.key == key), None)
        if relation is not None:
            annotation = Code(f"{identifier(relation.target)} | str | None")
        elif computed is not None:
            annotation = filter_annotation(computed.type, imports)
        elif key == "created_time":
            imports.module("datetime", "dt")
            annotation = Code("dt.datetime | None")
        else:
            annotation = filter_annotation(types[key].item or types[key], imports)
        if relation is not None:
            condition = f"cls.c.{key}.is_record({key})"
        elif key in types and types[key].kind == "list":
            condition = f"cls.c.{key}.contains({key})"
        else:
            condition = f"cls.c.{key} == {key}"
        views.append(FilterView(identifier(key), annotation, Code(condition)))
    return tuple(views)


def _ending(query: Query) -> Code:
    order = ", ".join(literal(str(one)) for one in query.order_by)
    sorting = f".order_by({order})" if order else ""
    return Code(sorting + (f".limit({literal(query.limit)})" if query.limit is not None else ""))


def _query_doc(table: Table, query: Query) -> Code:
    first = query.description or f"The {table.key} records" + (
        f" where {query.where_text}." if query.where_text else "."
    )
    return docstring(_with_filters(first, query.filter_by, query.order_by), " " * 8)


def _with_filters(first: str, filter_by: tuple[str, ...], order_by: tuple[object, ...]) -> str:
    lines = [first]
    if filter_by:
        lines += ["", f"Only those with this {joined(list(filter_by), 'and')}, where given."]
    if order_by:
        lines += ["", f"Sorted by {', '.join(str(one) for one in order_by)}."]
    return "\n".join(lines)


def statistics_method_view(
    schema: Schema, table: Table, statistics: Statistics, imports: Imports, typing_imports: Imports
) -> StatisticsMethodView:
    """Return the method of a set of measures."""
    imports.name("tablewright.runtime", "measures")
    result = identifier(statistics_name(schema, table, statistics))
    typing_imports.name(".statistics", result)
    first = statistics.description or f"The statistics of {table.key} records."
    return StatisticsMethodView(
        name=identifier(statistics.key),
        local=identifier(
            parameter("query", {*(one.key for one in statistics.takes), *statistics.filter_by})
        ),
        result=result,
        required=_given(statistics.takes, imports),
        check=_check(table, statistics, imports),
        filters=_filters(table, statistics.filter_by, imports),
        where=_column_code(statistics.where, statistics.takes, imports),
        measures=tuple(
            _measure_view(one, statistics.takes, imports) for one in statistics.measures
        ),
        doc=docstring(_with_filters(first, statistics.filter_by, ()), " " * 8),
    )


def _measure_view(measure: Measure, takes: tuple[Argument, ...], imports: Imports) -> MeasureView:
    parts: list[Code] = []
    for node in measure.arguments:
        if measure.function == "percentile" and parts and isinstance(node, Constant):
            parts.append(literal(node.value))
        else:
            parts.append(_column_code(node, takes, imports))
    return MeasureView(
        identifier(measure.key), Code(f"measures.{measure.function}({', '.join(parts)})")
    )


def _column_code(node: Node | None, takes: tuple[Argument, ...], imports: Imports) -> Code:
    """Return the source of a condition or value over columns, empty where there is none."""
    if node is None:
        return Code("")
    source = column_source(
        node,
        columns="cls.c",
        functions="columns",
        optional=[one.key for one in takes if not one.required],
    )
    imports.names(".enums", sorted(source.enums))
    if source.uses_functions:
        imports.name("tablewright.runtime", "columns")
    return Code(source.text)
