"""Fields and arguments → Python annotations, defaults and constraints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from tablewright.expressions.types import ValueType
from tablewright.kinds import LINK, Bound, Kind
from tablewright.model.bounds import Bounds
from tablewright.model.lifecycle import Argument
from tablewright.model.schema import Field
from tablewright.targets.python.code import Code, call, identifier, laid_out, literal
from tablewright.targets.python.imports import Imports

_RESULTS: Final = {
    "text": "str",
    "number": "float",
    "integer": "int",
    "boolean": "bool",
    "date": "date",
    "datetime": "AwareDatetime",
}
_RUNTIME: Final = frozenset({"Attachment", "Collaborator", "Barcode", "Button", "AiText"})


def stored_annotation(field: Field, imports: Imports) -> Code:
    """Return the type of a record's attribute; moments are normalised to UTC when they are set."""
    return _or_none(_of_field(field, imports, moment="UtcDatetime"), field.type.nullable)


def given_annotation(field: Field, imports: Imports) -> Code:
    """Return the type of a parameter that takes a field's value."""
    return _or_none(_of_field(field, imports, moment="dt.datetime"), field.type.nullable)


def argument_annotation(argument: Argument, imports: Imports) -> Code:
    """Return the type of a parameter of a transition or query."""
    if argument.type.item is not None:
        imports.name("collections.abc", "Sequence")
        return Code(f"Sequence[{imports.name('.enums', argument.type.item.name)}]")
    if argument.kind is LINK:
        return _or_none(identifier(argument.type.name), argument.type.nullable)
    return _or_none(
        _of_kind(argument.kind, argument.type.name, imports, moment="dt.datetime"),
        argument.type.nullable,
    )


def filter_annotation(one: ValueType, imports: Imports) -> Code:
    """Return the type of a parameter that records are filtered by, blank left out."""
    return Code(f"{value_annotation(one.not_none(), imports)} | None")


def value_annotation(one: ValueType, imports: Imports) -> Code:
    """Return the type of an expression's value."""
    match one.kind:
        case "datetime" | "date":
            imports.module("datetime", "dt")
            text = f"dt.{one.kind}"
        case "duration":
            imports.module("datetime", "dt")
            text = "dt.timedelta"
        case "enum":
            text = imports.name(".enums", one.name)
        case "list" if one.item is not None:
            text = f"list[{value_annotation(one.item, imports)}]"
        case "record":
            text = f"{identifier(one.name)} | str"
        case "json":
            text = imports.name("pydantic", "JsonValue")
        case _:
            text = {"text": "str", "integer": "int", "number": "float", "boolean": "bool"}[one.kind]
    return _or_none(text, one.nullable and one.kind != "json")


def _of_field(field: Field, imports: Imports, *, moment: str) -> str:
    if field.kind.name in ("formula", "rollup"):
        return _imported(_RESULTS[str(field.options["result"])], imports, moment)
    if field.kind.name == "lookup":
        return _imported("list[JsonValue]", imports, moment)
    return _of_kind(
        field.kind, field.enum.key if field.enum is not None else "", imports, moment=moment
    )


def _of_kind(kind: Kind, enum: str, imports: Imports, *, moment: str) -> str:
    if kind.name == "enum":
        return imports.name(".enums", enum)
    if kind.name == "enum_list":
        return f"list[{imports.name('.enums', enum)}]"
    return _imported(kind.annotation, imports, moment)


def _imported(written: str, imports: Imports, moment: str) -> str:
    inner = written.removeprefix("list[").removesuffix("]")
    match inner:
        case "AwareDatetime":
            if moment.startswith("dt."):
                imports.module("datetime", "dt")
            else:
                imports.name("tablewright.runtime", moment)
            return moment
        case "date" | "timedelta":
            imports.module("datetime", "dt")
            return f"dt.{inner}"
        case "JsonValue":
            imports.name("pydantic", inner)
        case _ if inner in _RUNTIME:
            imports.name("tablewright.runtime", inner)
    return written


def _or_none(text: str, nullable: bool) -> Code:
    return Code(f"{text} | None" if nullable and text != "JsonValue" else text)


def or_unset(annotation: Code) -> Code:
    """Return the type of a parameter that may be left out; None stays last."""
    if annotation.endswith(" | None"):
        return Code(f"{annotation.removesuffix(' | None')} | Unset | None")
    return Code(f"{annotation} | Unset")


def default_code(field: Field, imports: Imports) -> Code:
    """Return the source of a field's default."""
    value = field.default
    if field.enum is not None and isinstance(value, str):
        return Code(f"{imports.name('.enums', field.enum.key)}.{identifier(value)}")
    return value_code(value, imports)


def value_code(value: str | bool | Bound | None, imports: Imports) -> Code:
    """Return the source of a plain value."""
    if isinstance(value, (dt.date, dt.timedelta)):
        imports.module("datetime", "dt")
    return literal(value)


def constraints(limits: Bounds, imports: Imports) -> dict[str, Code]:
    """Return what pydantic's Field has to know of a value's limits."""
    found = {
        "ge": limits.minimum,
        "le": limits.maximum,
        "min_length": limits.min_length,
        "max_length": limits.max_length,
        "pattern": limits.pattern,
    }
    return {name: value_code(one, imports) for name, one in found.items() if one is not None}


def field_line(name: str, annotation: Code, options: Mapping[str, Code], imports: Imports) -> Code:
    """Return the declaration of a field of a Pydantic model, without its indent of 4."""
    lead = f"{identifier(name)}: {annotation}"
    if not options:
        return Code(lead)
    if set(options) == {"default"}:
        return laid_out(options["default"], 4, lead=f"{lead} = ")
    imports.name("pydantic", "Field")
    return laid_out(call("Field", [], options), 4, lead=f"{lead} = ")
