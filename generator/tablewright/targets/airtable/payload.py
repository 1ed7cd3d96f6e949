"""Model → `airtable.json`: the requests that create the tables, in the passes in which they can be sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tablewright.history import history_key
from tablewright.model.schema import Relation, Schema, Table
from tablewright.targets.airtable.bodies import (
    Json,
    companions,
    computed_in_order,
    is_creatable,
    link_body,
    table_body,
    table_reference,
    unsayable,
)
from tablewright.targets.python.code import Code

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
    """Return every request that makes the base, as plain values."""
    relations = [relation for table in schema.tables for relation in table.relations]
    requests: tuple[list[Json], ...] = (
        [
            *(_create_table(table.key, table_body(table)) for table in schema.tables),
            *(_create_table(history_key(table.key), body) for table, body in companions(schema)),
        ],
        [_create_field(one.source, one.key, link_body(one)) for one in relations],
        [_rename_inverse(one) for one in relations if one.inverse],
        [_create_field(table.key, one.key, body) for table, one, body in computed_in_order(schema)],
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
        "manual": [
            *(step for table in schema.tables for step in _manual_steps(table)),
            *(
                f"In table '{table.name}' add a formula field for '{one.key}' by hand: Airtable's formulas cannot say "
                f"it exactly ({reason})."
                for table, one, reason in unsayable(schema)
            ),
        ],
    }


def _create_table(key: str, body: Json) -> Json:
    return {
        "table": key,
        "method": "POST",
        "path": "/v0/meta/bases/{baseId}/tables",
        "body": body,
    }


def _create_field(table: str, field: str, body: Json) -> Json:
    return {
        "table": table,
        "field": field,
        "method": "POST",
        "path": f"/v0/meta/bases/{{baseId}}/tables/{table_reference(table)}/fields",
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
        "path": f"/v0/meta/bases/{{baseId}}/tables/{table_reference(relation.target)}"
        f"/fields/{{inverse.{relation.source}.{relation.key}}}",
        "body": body,
    }


def _manual_steps(table: Table) -> Iterator[str]:
    for field in table.fields:
        if not is_creatable(field):
            yield (
                f"In table '{table.name}' add the field '{field.name}' of type {field.kind.airtable} by hand: "
                "the Web API does not create it."
            )
