"""Tables → `_schema.py`: what the runtime has to know of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tablewright.expressions import tree
from tablewright.kinds import LINK
from tablewright.model.bounds import Bounds
from tablewright.model.lifecycle import Argument, Lifecycle, Transition
from tablewright.model.schema import Field, Relation, Schema, Table
from tablewright.names import sql_table
from tablewright.sql_names import sql_name
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
from tablewright.targets.python.names import spec_name
from tablewright.targets.python.queue import queue_spec_code
from tablewright.targets.python.types import constraints, default_code

CONTRACT: Final = 1
"""The shape of generated code; the runtime refuses another one."""

_BOUND_NAMES: Final = {"ge": "minimum", "le": "maximum"}


@dataclass(frozen=True, slots=True)
class TableSpecView:
    line: Code


@dataclass(frozen=True, slots=True)
class SchemaSpecView:
    source: Code
    doc: Code
    imports: Code
    contract: Code
    fingerprint: Code
    tables: tuple[TableSpecView, ...]
    listed: Code


def schema_spec_view(schema: Schema, source: Code) -> SchemaSpecView:
    """Return what `_schema.py` prints."""
    imports = Imports()
    imports.name("tablewright.runtime", "TableSpec")
    tables = tuple(
        TableSpecView(
            laid_out(_table_spec(table, imports), 0, lead=f"{identifier(spec_name(table.key))} = ")
        )
        for table in schema.tables
    )
    listed = bracketed_tuple(identifier(spec_name(table.key)) for table in schema.tables)
    return SchemaSpecView(
        source,
        docstring(f"What the runtime has to know of {schema.name}."),
        imports.lines(),
        literal(CONTRACT),
        literal(schema.fingerprint),
        tables,
        laid_out(listed, 0, lead="TABLES: tuple[TableSpec, ...] = "),
    )


def _table_spec(table: Table, imports: Imports) -> Code:
    options = {
        "key": literal(table.key),
        "name": literal(table.name),
        "sql_name": literal(sql_table(table.key)),
        "fields": bracketed_tuple([_field_spec(field, imports) for field in table.fields]),
    }
    if table.relations:
        imports.name("tablewright.runtime", "RelationSpec")
        options["relations"] = bracketed_tuple(
            [_relation_spec(relation) for relation in table.relations]
        )
    if table.lifecycle is not None:
        options["lifecycle"] = _lifecycle_spec(table, table.lifecycle, imports)
    if table.queue is not None:
        options["queue"] = queue_spec_code(table.queue, imports)
    options["tables"] = Code("lambda: TABLES")
    if any(field.is_derived for field in table.fields):
        imports.name("tablewright.runtime", "derived_by")
        columns = literal(f"{table.key}Columns")
        options["derived"] = call("derived_by", [Code("__name__"), columns], {})
    if earlier := _earlier_tables(table):
        pairs = [Code(f"({literal(old)}, {literal(new)})") for old, new in earlier]
        options["earlier"] = bracketed_tuple(pairs)
    return call("TableSpec", [], options)


def _earlier_tables(table: Table) -> list[tuple[str, str]]:
    """Return what a table and its tables of links were called in a database, each with its name now."""
    now = sql_table(table.key)
    found = [(sql_table(key), now) for key in table.was]
    for relation in table.relations:
        if relation.many:
            linked = sql_name(now, relation.key)
            for key in (table.key, *table.was):
                endings = (relation.key, *relation.was)
                found += [(sql_name(sql_table(key), ending), linked) for ending in endings]
    return [(old, new) for old, new in found if old != new]


def _flags(**flags: bool) -> dict[str, Code]:
    return {name: literal(value) for name, value in flags.items() if value}


def _field_spec(field: Field, imports: Imports) -> Code:
    imports.name("tablewright.runtime", "FieldSpec")
    options = _flags(required=field.required)
    if field.enum is not None:
        options["choices"] = Code(imports.name(".enums", field.enum.key))
    if field.has_default:
        options["default"] = default_code(field, imports)
    options |= _flags(unique=field.unique, index=field.index)
    options |= _limits(field.limits, imports)
    if field.kind.name in ("formula", "rollup"):
        options["result"] = literal(field.options["result"])
    options |= _flags(derived=field.is_derived)
    if field.kind.name == "lookup" and field.computation is not None:
        options["looks_up"] = literal((field.computation.relation, field.computation.field))
    return call(
        "FieldSpec", [literal(field.key), literal(field.name), literal(field.kind.name)], options
    )


def _limits(limits: Bounds, imports: Imports) -> dict[str, Code]:
    found = constraints(limits, imports)
    return {_BOUND_NAMES.get(name, name): value for name, value in found.items()}


def _relation_spec(relation: Relation) -> Code:
    options = _flags(many=relation.many)
    if relation.inverse:
        options["inverse"] = literal(relation.inverse)
    options |= _flags(acyclic=relation.acyclic, required=relation.required)
    if relation.on_delete != "unlink":
        options["on_delete"] = literal(relation.on_delete)
    return call(
        "RelationSpec",
        [literal(relation.key), literal(relation.name), literal(relation.target)],
        options,
    )


def _lifecycle_spec(table: Table, lifecycle: Lifecycle, imports: Imports) -> Code:
    imports.name("tablewright.runtime", "LifecycleSpec")
    state = imports.name(".enums", lifecycle.enum)
    options = {
        "field": literal(lifecycle.field),
        "initial": Code(f"{state}.{identifier(lifecycle.initial)}"),
        "transitions": bracketed_tuple(
            [_transition_spec(table, state, one, imports) for one in lifecycle.transitions]
        ),
    }
    options |= _flags(history=lifecycle.history)
    return call("LifecycleSpec", [], options)


def _transition_spec(table: Table, state: str, transition: Transition, imports: Imports) -> Code:
    imports.name("tablewright.runtime", "TransitionSpec")
    options = {
        "sources": bracketed_tuple(
            [Code(f"{state}.{identifier(source)}") for source in transition.sources]
        ),
        "target": Code(f"{state}.{identifier(transition.target)}"),
    }
    if transition.otherwise:
        options["otherwise"] = literal(transition.otherwise)
    if transition.takes:
        options["takes"] = bracketed_tuple(
            [argument_spec(argument, imports) for argument in transition.takes]
        )
    reads = sorted(set(_reads(table, transition)))
    if reads:
        options["reads"] = literal(tuple(reads))
    return call("TransitionSpec", [literal(transition.key)], options)


def argument_spec(argument: Argument, imports: Imports) -> Code:
    """Return the specification of an argument."""
    imports.name("tablewright.runtime", "ArgumentSpec")
    options = _flags(required=argument.required)
    if argument.kind.name in ("enum", "enum_list"):
        name = argument.type.item.name if argument.type.item is not None else argument.type.name
        options["choices"] = Code(imports.name(".enums", name))
    if argument.kind is LINK:
        options["to"] = literal(argument.type.name)
    options |= _limits(argument.limits, imports)
    return call("ArgumentSpec", [literal(argument.key), literal(argument.kind.name)], options)


def _reads(table: Table, transition: Transition) -> Iterator[str]:
    """Yield the fields and relations of the record that a transition looks at, through computed fields too."""
    nodes = [one.node for one in transition.sets]
    if transition.guard is not None:
        nodes.append(transition.guard)
    seen: set[str] = set()
    pending = [name for node in nodes for name in tree.fields_read(node)]
    computed = {one.key: one for one in table.computed}
    stored = {field.key for field in table.fields} | {relation.key for relation in table.relations}
    stored |= {relation.inverse for relation in table.inverses if relation.inverse}
    state = table.lifecycle.field if table.lifecycle is not None else ""
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in computed:
            pending += tree.fields_read(computed[name].node)
        elif name in stored and name != state:
            yield name
