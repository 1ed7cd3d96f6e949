"""Model → the requests that create the tables in Airtable, in the passes in which they can be sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tablewright import airtable
from tablewright.kinds import ENUM, ENUM_LIST, Kind
from tablewright.model.schema import Enum, Field, Relation, Schema, Table
from tablewright.targets.python.code import Code

Json = dict[str, Any]

PASSES: Final = (
    "tables with their plain fields",
    "links between tables",
    "the other ends of links, which Airtable made and named by itself",
    "fields that Airtable calculates",
)


@dataclass(frozen=True, slots=True)
class PayloadView:
    """What `airtable.json` prints: one JSON value, ready."""

    payload: Code


def tables_json(schema: Schema, source: Code) -> PayloadView:
    """Return the content of `airtable.json`."""
    return PayloadView(Code(json.dumps(payload(schema, source), indent=2, ensure_ascii=False)))


def payload(schema: Schema, source: str) -> Json:
    """Return every request that makes the base, as plain values.

    Tables and fields that exist only after an earlier request are named `{tables.KEY}` and `{fields.KEY.FIELD}`.
    """
    requests: tuple[list[Json], ...] = (
        [_create_table(table) for table in schema.tables],
        [_create_link(relation) for table in schema.tables for relation in table.relations],
        [
            _rename_inverse(relation)
            for table in schema.tables
            for relation in table.relations
            if relation.inverse
        ],
        [one for table in schema.tables for one in _computed_fields(table)],
    )
    return {
        "generator": "tablewright",
        "source": source,
        "schema": schema.name,
        "fingerprint": schema.fingerprint,
        "passes": [
            {"title": title, "requests": group}
            for title, group in zip(PASSES, requests, strict=True)
            if group
        ],
        "manual": [step for table in schema.tables for step in _manual_steps(table)],
    }


def _create_table(table: Table) -> Json:
    body: Json = {"name": table.name}
    if table.description:
        body["description"] = table.description
    body["fields"] = [field_config(field) for field in table.fields if field.is_writable]
    return {
        "table": table.key,
        "method": "POST",
        "path": "/v0/meta/bases/{baseId}/tables",
        "body": body,
    }


def _create_link(relation: Relation) -> Json:
    body: Json = {"name": relation.name, "type": "multipleRecordLinks"}
    if relation.description:
        body["description"] = relation.description
    body["options"] = {"linkedTableId": f"{{tables.{relation.target}}}"}
    return {
        "table": relation.source,
        "field": relation.key,
        "method": "POST",
        "path": f"/v0/meta/bases/{{baseId}}/tables/{{tables.{relation.source}}}/fields",
        "body": body,
    }


def _rename_inverse(relation: Relation) -> Json:
    body: Json = {"name": relation.inverse_name}
    if relation.inverse_description:
        body["description"] = relation.inverse_description
    return {
        "table": relation.target,
        "field": relation.inverse,
        "method": "PATCH",
        "path": f"/v0/meta/bases/{{baseId}}/tables/{{tables.{relation.target}}}"
        f"/fields/{{inverse.{relation.source}.{relation.key}}}",
        "body": body,
    }


def _computed_fields(table: Table) -> Iterator[Json]:
    for field in table.fields:
        if field.kind.airtable in airtable.CREATABLE_COMPUTED_TYPES:
            yield {
                "table": table.key,
                "field": field.key,
                "method": "POST",
                "path": f"/v0/meta/bases/{{baseId}}/tables/{{tables.{table.key}}}/fields",
                "body": {**field_config(field), "options": _computed_options(table, field)},
            }


def _computed_options(table: Table, field: Field) -> Json:
    options: Json = {}
    if "relation" in field.options:
        options["recordLinkFieldId"] = f"{{fields.{table.key}.{field.options['relation']}}}"
    if "field" in field.options:
        relation = next(
            (one for one in table.relations if one.key == field.options["relation"]), None
        )
        linked = relation.target if relation is not None else table.key
        options["fieldIdInLinkedTable"] = f"{{fields.{linked}.{field.options['field']}}}"
    if "formula" in field.options:
        options["formula"] = field.options["formula"]
    return options


def _manual_steps(table: Table) -> Iterator[str]:
    for field in table.fields:
        if field.kind.airtable in airtable.UNCREATABLE_TYPES:
            yield (
                f"In table '{table.name}' add the field '{field.name}' of type {field.kind.airtable} by hand: "
                "the Web API does not create it."
            )


def field_config(field: Field) -> Json:
    """Return a field as Airtable's create calls take it: exactly the keys that may be written."""
    config: Json = {"name": field.name, "type": field.kind.airtable}
    if field.description:
        config["description"] = field.description
    options = field_options(field.kind, field.options, field.enum)
    if options:
        config["options"] = options
    return config


def field_options(kind: Kind, given: Any, enum: Enum | None) -> Json:
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
