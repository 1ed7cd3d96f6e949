"""Tables → the parameters of `create`, `update`, `upsert` and `find_by`, written out."""

from __future__ import annotations

from dataclasses import dataclass

from tablewright.model.schema import Field, Relation, Schema, Table
from tablewright.targets.python.code import (
    LINE_LENGTH,
    Bracketed,
    Code,
    docstring,
    identifier,
    laid_out,
    literal,
    width,
)
from tablewright.targets.python.imports import Imports
from tablewright.targets.python.inputs import settable_fields
from tablewright.targets.python.types import given_annotation, or_unset


@dataclass(frozen=True, slots=True)
class ParameterView:
    """A keyword parameter; *default* is empty for one that has to be given, *passed* is what is handed on."""

    name: Code
    annotation: Code
    default: Code
    passed: Code


def create_parameters(table: Table, imports: Imports) -> tuple[ParameterView, ...]:
    """Return what a new record is made of: what has to be given first.

    A default is not written out: an upsert gives it to a new record, and leaves a stored one as it is.
    """
    parameters = [
        _field_parameter(field, imports, optional=field.has_default or not field.required)
        for field in settable_fields(table)
    ]
    parameters += [
        _link_parameter(relation, imports, optional=not relation.required)
        for relation in table.relations
    ]
    return tuple(sorted(parameters, key=lambda one: bool(one.default)))


def update_parameters(table: Table, imports: Imports) -> tuple[ParameterView, ...]:
    """Return what can be changed of a record, all of it optional."""
    parameters = [
        _field_parameter(field, imports, optional=True) for field in settable_fields(table)
    ]
    return (
        *parameters,
        *(_link_parameter(relation, imports, optional=True) for relation in table.relations),
    )


def _field_parameter(field: Field, imports: Imports, *, optional: bool) -> ParameterView:
    name = identifier(field.key)
    annotation = given_annotation(field, imports)
    if not optional:
        return ParameterView(name, annotation, Code(""), name)
    return ParameterView(name, or_unset(annotation), Code("UNSET"), name)


def _link_parameter(relation: Relation, imports: Imports, *, optional: bool) -> ParameterView:
    name = identifier(relation.key)
    target = identifier(relation.target)
    if relation.many:
        imports.name("collections.abc", "Sequence")
        annotation = f"Sequence[{target} | str]"
    else:
        annotation = f"{target} | str" if relation.required else f"{target} | str | None"
    if not optional:
        return ParameterView(name, Code(annotation), Code(""), name)
    return ParameterView(name, or_unset(Code(annotation)), Code("UNSET"), name)


def find_parameters(table: Table, imports: Imports) -> tuple[ParameterView, ...]:
    """Return what records can be found by: fields whose values compare, and links to one record."""
    comparable = ("text", "integer", "number", "boolean", "date", "datetime", "duration", "enum")
    parameters = [
        _field_parameter(field, imports, optional=True)
        for field in table.fields
        if field.type.kind in comparable
    ]
    parameters += [
        _link_parameter(relation, imports, optional=True)
        for relation in table.relations
        if not relation.many
    ]
    return tuple(parameters)


def create_doc(schema: Schema, table: Table) -> Code:
    """Return the docstring of `create`."""
    first = f"Store a new {table.key} and return it."
    if table.lifecycle is not None:
        initial = schema.enum(table.lifecycle.enum).value(table.lifecycle.initial)
        first = f"Store a new {table.key} and return it. Its {table.lifecycle.field} is {initial.label}."
    return docstring(
        f"{first}\n\nRaises:\n    RecordInvalid: a value does not fit; nothing was stored.", " " * 8
    )


def upsert_on(merged: list[str], unique: tuple[str, ...], name: Code) -> Code:
    """Return the parameter, called *name*, that says by which fields a record is found; empty where there are none."""
    if not merged:
        return Code("")
    default = f" = {literal(unique)}" if unique else ""
    keys = Bracketed.of("Literal[", [literal(key) for key in merged], "]")
    names = Bracketed.of(f"{name}: Sequence[", [keys], "]")
    if 8 + width(names + default) < LINE_LENGTH:
        return Code(names + default)
    if unique and 8 + width(f"{names} = (") <= LINE_LENGTH:
        # Of two brackets black opens the last one, where what stands before it fits.
        found = "".join(f"{' ' * 12}{literal(key)},\n" for key in unique)
        return Code(f"{names} = (\n{found}{' ' * 8})")
    # Black gives a subscript of one part no comma.
    inner = laid_out(keys, 12)
    return Code(f"{name}: Sequence[\n{' ' * 12}{inner}\n{' ' * 8}]{default}")


def upsert_doc(table: Table, unique: tuple[str, ...], name: Code) -> Code:
    """Return the docstring of `upsert`."""
    text = f"Change the {table.key} whose fields in *{name}* have these values, or store a new one."
    if unique:
        text += f"\n\nUnless said otherwise it is found by {' and '.join(unique)}."
    return docstring(
        f"{text}\n\nRaises:\n    RecordInvalid: a value does not fit, or several records do.",
        " " * 8,
    )
