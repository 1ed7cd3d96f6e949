"""Fields and arguments → Python annotations, defaults and constraints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from tablewright.expressions.types import ValueType
from tablewright.kinds import LINK, Kind
from tablewright.model.lifecycle import Argument
from tablewright.model.schema import Bounds, Field
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
    match field.type.kind:
        case "enum" if isinstance(value, str) and field.enum is not None:
            return Code(f"{imports.name('.enums', field.enum.key)}.{identifier(value)}")
        case "date" if isinstance(value, str):
            imports.module("datetime", "dt")
            return Code(
                f"dt.date.fromisoformat({literal(dt.date.fromisoformat(value).isoformat())})"
            )
        case "datetime" if isinstance(value, str):
            imports.module("datetime", "dt")
            return Code(f"dt.datetime.fromisoformat({literal(value)})")
        case "duration" if isinstance(value, (int, float)):
            imports.module("datetime", "dt")
            return literal(dt.timedelta(seconds=value))
        case _:
            return literal(value)


def constraints(
    kind: Kind, bounds: Bounds, options: Mapping[str, str | int], *, required: bool
) -> dict[str, Code]:
    """Return what pydantic's Field has to know of a value's bounds."""
    least, most = bounds.minimum, bounds.maximum
    if kind.name == "rating":
        least, most = 1, int(options["max"])
    shortest = bounds.min_length
    if required and (kind.value.kind == "text" or kind.listed):
        # Neither can be empty: Airtable holds an empty text or list and a blank cell equal.
        shortest = max(shortest or 0, 1)
    found = {
        "ge": least,
        "le": most,
        "min_length": shortest,
        "max_length": bounds.max_length,
        "pattern": bounds.pattern,
    }
    return {name: literal(value) for name, value in found.items() if value is not None}


def field_line(name: str, annotation: Code, options: Mapping[str, Code], imports: Imports) -> Code:
    """Return the declaration of a field of a Pydantic model, without its indent of 4."""
    lead = f"{identifier(name)}: {annotation}"
    if not options:
        return Code(lead)
    if set(options) == {"default"}:
        return laid_out(options["default"], 4, lead=f"{lead} = ")
    imports.name("pydantic", "Field")
    return laid_out(call("Field", [], options), 4, lead=f"{lead} = ")
