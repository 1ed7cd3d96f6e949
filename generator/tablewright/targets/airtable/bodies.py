"""Model → the bodies of the requests that make tables and fields: what `airtable.json` prints and `apply` sends.

Tables and fields that exist only after an earlier request are named `{tables.KEY}` and `{fields.KEY.FIELD}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tablewright import airtable
from tablewright.kinds import ENUM, ENUM_LIST, Kind
from tablewright.model.schema import Enum, Field, Relation, Schema, Table
from tablewright.targets.airtable.formula_text import referenced

Json = dict[str, Any]


def table_reference(table: str) -> str:
    """Return what stands for a table's id in a body."""
    return f"{{tables.{table}}}"


def field_reference(table: str, field: str) -> str:
    """Return what stands for a field's id in a body."""
    return f"{{fields.{table}.{field}}}"


def is_creatable(field: Field) -> bool:
    """Tell whether the Web API makes fields of this type."""
    return field.kind.airtable not in airtable.UNCREATABLE_TYPES


def table_body(table: Table) -> Json:
    """Return the body that creates a table with its plain fields; the first becomes the primary one."""
    body: Json = {"name": table.name}
    if table.description:
        body["description"] = table.description
    body["fields"] = [field_body(field) for field in table.fields if field.is_writable]
    return body


def field_body(field: Field) -> Json:
    """Return a plain field as Airtable's create calls take it: exactly the keys that may be written."""
    options = field_options(field.kind, field.options, field.enum)
    return _body(field.name, field.kind.airtable, field.description, options)


def link_body(relation: Relation) -> Json:
    """Return the body that creates a link. All else about a link is read-only to the API."""
    options = {"linkedTableId": table_reference(relation.target)}
    return _body(relation.name, "multipleRecordLinks", relation.description, options)


def computed_body(table: Table, field: Field) -> Json:
    """Return the body that creates a formula, rollup, lookup or count."""
    options: Json = {}
    if "relation" in field.options:
        options["recordLinkFieldId"] = field_reference(table.key, str(field.options["relation"]))
    if "field" in field.options:
        linked = linked_table(table, str(field.options["relation"]))
        options["fieldIdInLinkedTable"] = field_reference(linked, str(field.options["field"]))
    if "formula" in field.options:
        options["formula"] = field.options["formula"]
    return _body(field.name, field.kind.airtable, field.description, options)


def linked_table(table: Table, relation: str) -> str:
    """Return the key of the table that a link of *table*, or the other side of one, leads to."""
    for one in table.relations:
        if one.key == relation:
            return one.target
    for one in table.inverses:
        if one.inverse == relation:
            return one.source
    return table.key


def computed_in_order(schema: Schema) -> Iterator[tuple[Table, Field]]:
    """Yield the computed fields that the API can create, each after those it is worked out from."""
    waiting = {
        (table.key, field.key): (table, field)
        for table in schema.tables
        for field in table.fields
        if not field.is_writable and is_creatable(field)
    }
    names = {
        (table.key, field.name.casefold()): field.key
        for table in schema.tables
        for field in table.fields
    }
    while waiting:
        ready = [
            key
            for key, (table, field) in waiting.items()
            if not any(need in waiting and need != key for need in _needs(table, field, names))
        ]
        # In a circle, which Airtable refuses anyway, any order will do.
        for key in ready or list(waiting):
            yield waiting.pop(key)


def _needs(
    table: Table, field: Field, names: Mapping[tuple[str, str], str]
) -> Iterator[tuple[str, str]]:
    if field.kind.name == "formula":
        for name in referenced(str(field.options.get("formula", ""))):
            key = names.get((table.key, name.casefold()))
            if key is not None:
                yield table.key, key
    elif "field" in field.options:
        yield linked_table(table, str(field.options["relation"])), str(field.options["field"])


def _body(name: str, kind: str, description: str, options: Json) -> Json:
    body: Json = {"name": name, "type": kind}
    if description:
        body["description"] = description
    if options:
        body["options"] = options
    return body


def field_options(kind: Kind, given: Mapping[str, str | int], enum: Enum | None) -> Json:
    """Return the options of a plain field, empty where its type has none."""
    match kind.name:
        case "integer":
            return {"precision": 0}
        case "number" | "percent":
            return {"precision": given["precision"]}
        case "currency":
            return {"precision": given["precision"], "symbol": given["symbol"]}
        case "duration":
            return {"durationFormat": given["duration_format"]}
        case "date":
            return {"dateFormat": {"name": given["date_format"]}}
        case "datetime":
            return {
                "timeZone": given["time_zone"],
                "dateFormat": {"name": given["date_format"]},
                "timeFormat": {"name": given["time_format"]},
            }
        case "boolean":
            return {"icon": given["icon"], "color": given["color"]}
        case "rating":
            return {"icon": given["icon"], "color": given["color"], "max": given["max"]}
        case name if name in (ENUM, ENUM_LIST) and enum is not None:
            return {
                "choices": [{"name": value.label, "color": value.color} for value in enum.values]
            }
        case _:
            return {}
