"""Relations → the attributes and methods of both sides' records."""

from __future__ import annotations

from dataclasses import dataclass

from tablewright.kinds import LINK
from tablewright.model.schema import AddMethod, Relation, Schema, Table
from tablewright.names import with_article
from tablewright.targets.python.code import Code, docstring, identifier, literal
from tablewright.targets.python.imports import Imports
from tablewright.targets.python.names import is_split, record_module
from tablewright.targets.python.parameters import ParameterView, create_parameters
from tablewright.targets.python.types import or_unset


@dataclass(frozen=True, slots=True)
class LinkView:
    name: Code
    local_import: Code
    key: Code
    target: Code
    annotation: Code
    assigned: Code
    doc: Code
    accessor: Code
    setter: Code


@dataclass(frozen=True, slots=True)
class InverseView:
    name: Code
    local_import: Code
    key: Code
    source: Code
    doc: Code


@dataclass(frozen=True, slots=True)
class AddView:
    name: Code
    local_import: Code
    source: Code
    doc: Code
    parameters: tuple[ParameterView, ...]


def linked_tables(schema: Schema, table: Table) -> list[str]:
    """Return the other tables whose records the methods of this one name."""
    targets = [relation.target for relation in table.relations]
    sources = [
        relation.source
        for relation in table.inverses
        if relation.inverse or relation.add is not None
    ]
    # A method that creates a linked record takes that record's own links.
    beyond = [
        one.target
        for relation in table.inverses
        if relation.add is not None
        for one in schema.table(relation.source).relations
        if one.key != relation.key
    ]
    transitions = table.lifecycle.transitions if table.lifecycle is not None else ()
    given = [one.type.name for way in transitions for one in way.takes if one.kind is LINK]
    named = dict.fromkeys([*targets, *sources, *beyond, *given])
    return [other for other in named if other != table.key]


def _local_import(schema: Schema, other: str, table: str) -> Code:
    """Return the import of a record class inside a method, where it lives in another module; else nothing."""
    if not is_split(schema) or other == table:
        return Code("")
    return Code(f"from .{record_module(schema, other)} import {identifier(other)}")


def link_view(schema: Schema, relation: Relation, imports: Imports) -> LinkView:
    """Return the attribute by which a record shows what it links to."""
    target = identifier(relation.target)
    if relation.many:
        imports.name("collections.abc", "Sequence")
    one = target if relation.required else Code(f"{target} | None")
    return LinkView(
        name=identifier(relation.key),
        local_import=_local_import(schema, relation.target, relation.source),
        key=literal(relation.key),
        target=target,
        annotation=Code(f"list[{target}]") if relation.many else one,
        assigned=Code(f"Sequence[{target}]") if relation.many else one,
        doc=docstring(
            relation.description or f"The linked {target}{' records' if relation.many else ''}.",
            " " * 8,
        ),
        accessor=Code(
            "_linked_many" if relation.many else "_linked" if relation.required else "_linked_one"
        ),
        setter=Code("_link_many" if relation.many else "_link_one"),
    )


def inverse_view(schema: Schema, relation: Relation) -> InverseView:
    """Return the attribute by which a record shows what links to it."""
    held = "holds" if relation.many else "is"
    text = (
        relation.inverse_description
        or f"The {relation.source} records whose {relation.key} {held} this one."
    )
    return InverseView(
        identifier(relation.inverse),
        _local_import(schema, relation.source, relation.target),
        literal(relation.inverse),
        identifier(relation.source),
        docstring(text, " " * 8),
    )


def add_view(schema: Schema, relation: Relation, add: AddMethod, imports: Imports) -> AddView:
    """Return the method that creates a record which links to this one."""
    source = schema.table(relation.source)
    ids = {other.key: "_ids" if other.many else "_id" for other in source.relations}
    parameters: list[ParameterView] = []
    for one in create_parameters(source, imports):
        if one.name == relation.key:
            continue
        if one.name in add.inherit:
            annotation = one.annotation if "Unset" in one.annotation else or_unset(one.annotation)
            # A link is handed down by its ids, without a look at the records behind it.
            own = f"{one.name}{ids.get(one.name, '')}"
            passed = Code(f"self.{own} if {one.name} is UNSET else {one.name}")
            parameters.append(ParameterView(one.name, annotation, Code("UNSET"), passed))
        else:
            parameters.append(one)
    linked = Code("[self]" if relation.many else "self")
    parameters.sort(key=lambda one: bool(one.default))
    # The link itself is no parameter: it is this record.
    parameters.append(ParameterView(identifier(relation.key), Code(""), Code(""), linked))
    text = f"Create {with_article(relation.source)} whose {relation.key} is this record."
    if add.inherit:
        text += f"\n\nIt takes over {' and '.join(add.inherit)} unless they are given."
    text += "\n\nRaises:\n    RecordInvalid: a value does not fit; nothing was stored."
    return AddView(
        identifier(add.key),
        _local_import(schema, relation.source, relation.target),
        identifier(relation.source),
        docstring(text, " " * 8),
        tuple(parameters),
    )
