"""Model → what a base should hold, field by field, in the terms of the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tablewright.history import history_key, history_name
from tablewright.model.schema import Computed, Enum, Field, Relation, Schema, Table
from tablewright.targets.airtable import bodies

Json = dict[str, Any]
Role = Literal["plain", "link", "inverse", "computed", "manual"]
"""How a field comes into being: with its table, as a link, by itself on the other side of one, from other fields,
or by hand because the API does not make its type."""


@dataclass(frozen=True, slots=True)
class WantedField:
    """A field, a link or the other side of one. *body* is what creates it; empty for the other side.

    *rows_need* says that a record without a value does not fit the schema. *naming* is the key of the schema that says
    the name; empty where none does. *is_expression* where it is calculated by an expression of the language.
    """

    table: str
    key: str
    name: str
    type: str
    role: Role
    description: str = ""
    was: tuple[str, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict)
    enum: Enum | None = None
    relation: Relation | None = None
    rows_need: bool = False
    unique: bool = False
    naming: str = "name"
    is_expression: bool = False

    @property
    def place(self) -> str:
        """Return where the schema writes it: the other side of a link stands in the relation."""
        if self.role == "inverse" and self.relation is not None:
            return f"{self.relation.source}.{self.relation.key}"
        return f"{self.table}.{self.key}"

    @property
    def options(self) -> Json:
        """Return the options that create it."""
        return dict(self.body.get("options") or {})


@dataclass(frozen=True, slots=True)
class WantedTable:
    """A table with its fields in the order of the schema; the first is to be the primary one."""

    key: str
    name: str
    description: str
    was: tuple[str, ...]
    fields: tuple[WantedField, ...]
    unmanaged: tuple[str, ...] = ()
    """Patterns of field names that the schema leaves to people."""
    body: Mapping[str, Any] = field(default_factory=dict)

    def of_role(self, *roles: Role) -> tuple[WantedField, ...]:
        """Return the fields that come into being in one of these ways."""
        return tuple(one for one in self.fields if one.role in roles)


@dataclass(frozen=True, slots=True)
class WantedBase:
    """Everything that a schema wants of a base. *computed* is in an order in which it can be created."""

    schema: str
    fingerprint: str
    tables: tuple[WantedTable, ...]
    computed: tuple[WantedField, ...] = ()
    unmanaged: tuple[str, ...] = ()
    """Patterns of table names that the schema leaves to people."""

    def table(self, key: str) -> WantedTable:
        """Return the table with this key, which exists."""
        return next(one for one in self.tables if one.key == key)


def wanted_base(schema: Schema) -> WantedBase:
    """Return what *schema* wants of a base."""
    computed = [
        _calculated(table.key, one, body) for table, one, body in bodies.computed_in_order(schema)
    ]
    computed_of = {(one.table, one.key): one for one in computed}
    for table, one, reason in bodies.unsayable(schema):
        computed_of[table.key, one.key] = _by_hand(table.key, one, reason)
    tables = (
        *(_table(table, computed_of) for table in schema.tables),
        *(_companion(table, body) for table, body in bodies.companions(schema)),
    )
    return WantedBase(schema.name, schema.fingerprint, tables, tuple(computed), schema.unmanaged)


def _calculated(table: str, one: Field | Computed, body: Json) -> WantedField:
    return WantedField(
        table, one.key, str(body["name"]), str(body["type"]), "computed", one.description, one.was, body,
        naming=_naming(one), is_expression=isinstance(one, Computed) or one.is_derived,
    )  # fmt: skip


def _naming(one: Field | Computed) -> str:
    return "publish" if isinstance(one, Computed) else "name"


def _by_hand(table: str, one: Field | Computed, reason: str) -> WantedField:
    """Return a formula field that people have to write, since the expression has no exact formula."""
    name = one.publish if isinstance(one, Computed) else one.name
    text = (
        one.text if isinstance(one, Computed) else one.computation.text if one.computation else ""
    )
    formula = f"{text}   (say this as Airtable's formulas can: {reason} has no exact form there)"
    body = {"name": name, "type": "formula", "options": {"formula": formula}}
    return WantedField(
        table, one.key, name, "formula", "manual", one.description, one.was, body, naming=_naming(one)
    )  # fmt: skip


def _companion(table: Table, body: Json) -> WantedTable:
    """Return the table that a table's history is kept in."""
    key = history_key(table.key)
    fields = tuple(
        WantedField(
            key, str(one["name"]), str(one["name"]), str(one["type"]), "plain", body=one, naming=""
        )
        for one in body["fields"]
    )
    was = tuple(history_name(name) for name in table.was)
    return WantedTable(key, str(body["name"]), str(body["description"]), was, fields, body=body)


def _rows_need(table: Table, one: Field) -> bool:
    # A blank state reads as the initial one.
    is_state = table.lifecycle is not None and table.lifecycle.field == one.key
    return one.required and not (is_state or one.has_default)


def _table(table: Table, computed: Mapping[tuple[str, str], WantedField]) -> WantedTable:
    fields: list[WantedField] = []
    for one in table.fields:
        if (table.key, one.key) in computed:
            fields.append(computed[table.key, one.key])
            continue
        role: Role = "plain" if one.is_writable else "manual"
        body = bodies.field_body(one)
        if role == "manual":
            body = {**body, "options": dict(one.options)}
        fields.append(
            WantedField(
                table.key, one.key, one.name, one.kind.airtable, role, one.description, one.was, body, one.enum,
                rows_need=_rows_need(table, one), unique=one.unique,
            )
        )  # fmt: skip
    fields += [computed[table.key, one.key] for one in table.computed if one.publish]
    fields += [
        WantedField(
            table.key, one.key, one.name, "multipleRecordLinks", "link", one.description, one.was, bodies.link_body(one), None, one,
            rows_need=one.required,
        )
        for one in table.relations
    ]  # fmt: skip
    fields += [
        WantedField(
            table.key, one.inverse, one.inverse_name, "multipleRecordLinks", "inverse", one.inverse_description, one.inverse_was, relation=one,
            naming="inverse_name",
        )
        for one in table.inverses
        if one.inverse
    ]  # fmt: skip
    return WantedTable(
        table.key,
        table.name,
        table.description,
        table.was,
        tuple(fields),
        table.unmanaged,
        bodies.table_body(table),
    )
