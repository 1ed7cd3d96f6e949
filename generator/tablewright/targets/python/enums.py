"""Enums → `enums.py`."""

from __future__ import annotations

from dataclasses import dataclass

from tablewright.model.schema import Enum, Schema
from tablewright.targets.python.code import Code, docstring, identifier, literal
from tablewright.targets.python.imports import Imports


@dataclass(frozen=True, slots=True)
class ValueView:
    name: Code
    label: Code
    doc: Code


@dataclass(frozen=True, slots=True)
class EnumView:
    name: Code
    base: Code
    doc: Code
    values: tuple[ValueView, ...]


@dataclass(frozen=True, slots=True)
class EnumsView:
    source: Code
    doc: Code
    imports: Code
    enums: tuple[EnumView, ...]


def enums_view(schema: Schema, source: Code) -> EnumsView:
    """Return what `enums.py` prints."""
    imports = Imports()
    enums = tuple(_enum_view(enum, imports) for enum in schema.enums)
    return EnumsView(source, docstring(f"The enums of {schema.name}."), imports.lines(), enums)


def _enum_view(enum: Enum, imports: Imports) -> EnumView:
    base = imports.name("tablewright.runtime", "OrderedChoice" if enum.ordered else "Choice")
    text = enum.description or f"The values of {enum.key}."
    if enum.ordered:
        text = f"{text}\n\nThe values compare in the order they stand here."
    values = tuple(
        ValueView(
            identifier(value.key),
            literal(value.label),
            docstring(value.description, "    ") if value.description else Code(""),
        )
        for value in enum.values
    )
    return EnumView(identifier(enum.key), Code(base), docstring(text, "    "), values)
