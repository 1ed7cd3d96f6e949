"""Tables → `inputs.py`: what a caller gives to create or change a record, as Pydantic models."""

from __future__ import annotations

from dataclasses import dataclass

from tablewright.model.schema import Field, Relation, Schema, Table
from tablewright.names import with_article
from tablewright.targets.python.code import Code, docstring, identifier, literal
from tablewright.targets.python.imports import Imports
from tablewright.targets.python.types import (
    constraints,
    default_code,
    field_line,
    stored_annotation,
)


@dataclass(frozen=True, slots=True)
class InputView:
    name: Code
    base: Code
    doc: Code
    fields: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class InputsView:
    source: Code
    doc: Code
    imports: Code
    inputs: tuple[InputView, ...]


def inputs_view(schema: Schema, source: Code) -> InputsView:
    """Return what `inputs.py` prints."""
    imports = Imports()
    imports.names("tablewright.runtime", ["CreateInput", "UpdateInput"])
    views: list[InputView] = []
    for table in schema.tables:
        fields = settable_fields(table)
        views.append(
            InputView(
                identifier(f"{table.key}Create"), Code("CreateInput"), docstring(f"A new {table.key}.", "    "),
                tuple(_create_field(field, imports) for field in fields)
                + tuple(_link_field(relation, imports) for relation in table.relations),
            )
        )  # fmt: skip
        doc = f"Changes to {with_article(table.key)}: only the fields that are given count, and None empties one."
        views.append(
            InputView(
                identifier(f"{table.key}Update"), Code("UpdateInput"), docstring(doc, "    "),
                tuple(_update_field(field, imports) for field in fields)
                + tuple(_link_field(relation, imports, optional=True) for relation in table.relations),
            )
        )  # fmt: skip
    return InputsView(
        source,
        docstring(f"What a caller gives to create or change records of {schema.name}."),
        imports.lines(),
        tuple(views),
    )


def settable_fields(table: Table) -> tuple[Field, ...]:
    """Return the fields that a caller may give: writable ones, the state apart."""
    state = table.lifecycle.field if table.lifecycle is not None else ""
    return tuple(field for field in table.fields if field.is_writable and field.key != state)


def _create_field(field: Field, imports: Imports) -> Code:
    options = _options(field, imports)
    annotation = stored_annotation(field, imports)
    if field.kind.listed and not field.required:
        options = {"default_factory": annotation, **options}
    elif field.has_default:
        options = {"default": default_code(field, imports), **options}
    elif field.kind.name == "boolean":
        options = {"default": literal(False), **options}
    elif not field.required:
        options = {"default": literal(None), **options}
    return field_line(field.key, annotation, options, imports)


def _update_field(field: Field, imports: Imports) -> Code:
    imports.name("tablewright.runtime", "unset")
    options = {"default_factory": Code("unset"), **_options(field, imports)}
    return field_line(field.key, stored_annotation(field, imports), options, imports)


def _options(field: Field, imports: Imports) -> dict[str, Code]:
    options = constraints(field.limits, imports)
    return {**options, "description": literal(field.description)} if field.description else options


def _link_field(relation: Relation, imports: Imports, *, optional: bool = False) -> Code:
    options = {"description": literal(relation.description)} if relation.description else {}
    if optional:
        imports.name("tablewright.runtime", "unset")
        options = {"default_factory": Code("unset"), **options}
    elif relation.many:
        options = {"default_factory": Code("list[str]"), **options}
    elif not relation.required:
        options = {"default": literal(None), **options}
    if relation.many:
        return field_line(f"{relation.key}_ids", Code("list[str]"), options, imports)
    annotation = Code("str" if relation.required else "str | None")
    return field_line(f"{relation.key}_id", annotation, options, imports)
