"""Model → the bodies of the requests that make tables and fields: what `airtable.json` prints and `apply` sends.

Tables and fields that exist only after an earlier request are named `{tables.KEY}` and `{fields.KEY.FIELD}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tablewright import airtable
from tablewright.history import history_body
from tablewright.model.schema import Computed, Field, Relation, Schema, Table
from tablewright.model.stored_formula import NotSayable, computed_formula
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


def companions(schema: Schema) -> Iterator[tuple[Table, Json]]:
    """Yield the tables that keep a history, with the body that creates the table it is kept in."""
    for table in schema.tables:
        if table.lifecycle is not None and table.lifecycle.history:
            yield table, history_body(table.name)


def field_body(field: Field) -> Json:
    """Return a plain field as Airtable's create calls take it: exactly the keys that may be written."""
    values = field.enum.values if field.enum is not None else ()
    choices = [{"name": value.label, "color": value.color} for value in values]
    options = field.kind.airtable_options(field.options, choices)
    return _body(field.name, field.kind.airtable, field.description, options)


def link_body(relation: Relation) -> Json:
    """Return the body that creates a link. All else about a link is read-only to the API."""
    options = {"linkedTableId": table_reference(relation.target)}
    return _body(relation.name, "multipleRecordLinks", relation.description, options)


def computed_body(schema: Schema, table: Table, field: Field | Computed) -> Json:
    """Return the body that creates a formula, rollup, lookup or count.

    Raises:
        NotSayable: its expression cannot be said as an Airtable formula.
    """
    options: Json = {}
    if isinstance(field, Field):
        if "relation" in field.options:
            relation = str(field.options["relation"])
            options["recordLinkFieldId"] = field_reference(table.key, relation)
        if "field" in field.options:
            linked = linked_table(table, str(field.options["relation"]))
            options["fieldIdInLinkedTable"] = field_reference(linked, str(field.options["field"]))
    formula = computed_formula(schema, table, field)
    if formula:
        options["formula"] = formula
    if isinstance(field, Computed):
        return _body(field.publish, "formula", field.description, options)
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


def computed_in_order(schema: Schema) -> Iterator[tuple[Table, Field | Computed, Json]]:
    """Yield what Airtable is to calculate, with its body, each after those it is worked out from.

    What a formula cannot say is left out: see `unsayable`.
    """
    waiting: dict[tuple[str, str], tuple[Table, Field | Computed, Json]] = {}
    for table, one in _calculated(schema):
        try:
            waiting[table.key, one.key] = (table, one, computed_body(schema, table, one))
        except NotSayable:
            continue
    names = {
        (table, body["name"].casefold()): key for (table, key), (_, _, body) in waiting.items()
    }
    while waiting:
        ready = [
            key
            for key, (table, one, body) in waiting.items()
            if not any(need in waiting and need != key for need in _needs(table, one, body, names))
        ]
        # In a circle, which Airtable refuses anyway, any order will do.
        for key in ready or list(waiting):
            yield waiting.pop(key)


def unsayable(schema: Schema) -> Iterator[tuple[Table, Field | Computed, str]]:
    """Yield formula fields whose expression a formula cannot say, with the part that it cannot."""
    for table, one in _calculated(schema):
        try:
            computed_body(schema, table, one)
        except NotSayable as reason:
            yield table, one, str(reason)


def _calculated(schema: Schema) -> Iterator[tuple[Table, Field | Computed]]:
    for table in schema.tables:
        for field in table.fields:
            if field.kind.computed and is_creatable(field):
                yield table, field
        for one in table.computed:
            if one.publish:
                yield table, one


def _needs(
    table: Table, one: Field | Computed, body: Json, names: Mapping[tuple[str, str], str]
) -> Iterator[tuple[str, str]]:
    if body["type"] == "formula":
        for name in referenced(str(body["options"].get("formula", ""))):
            key = names.get((table.key, name.casefold()))
            if key is not None:
                yield table.key, key
    elif isinstance(one, Field) and "field" in one.options:
        yield linked_table(table, str(one.options["relation"])), str(one.options["field"])


def _body(name: str, kind: str, description: str, options: Json) -> Json:
    body: Json = {"name": name, "type": kind}
    if description:
        body["description"] = description
    if options:
        body["options"] = options
    return body
