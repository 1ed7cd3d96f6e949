"""The observed base: what `GET /v0/meta/bases/{id}/tables` answers, as frozen values with ids."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tablewright.provision.errors import LiveUnreadable

Json = dict[str, Any]

LINK: Final = "multipleRecordLinks"
SELECTS: Final = frozenset({"singleSelect", "multipleSelects"})
_INTERNAL_TYPES: Final = frozenset({"manualSort"})
"""Airtable shows these in some bases; they are no fields that anybody made."""


@dataclass(frozen=True, slots=True)
class LiveChoice:
    """A choice of a select field."""

    id: str
    name: str
    color: str = ""


@dataclass(frozen=True, slots=True)
class LiveField:
    """A field as the service describes it; *options* as they are read."""

    id: str
    name: str
    type: str
    description: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def choices(self) -> tuple[LiveChoice, ...]:
        """Return the choices of a select; empty for other types."""
        listed = self.options.get("choices") or ()
        return tuple(
            LiveChoice(
                str(one.get("id", "")), str(one.get("name", "")), str(one.get("color") or "")
            )
            for one in listed
        )

    @property
    def linked_table(self) -> str:
        """Return the id of the table that a link leads to; empty for other types."""
        return str(self.options.get("linkedTableId") or "") if self.type == LINK else ""

    @property
    def is_single(self) -> bool | None:
        """Tell whether a link leads to one record alone; nothing where that is not shown."""
        found = self.options.get("prefersSingleRecordLink") if self.type == LINK else None
        return None if found is None else bool(found)

    @property
    def inverse(self) -> str:
        """Return the id of a link's other side; empty where there is none."""
        found = str(self.options.get("inverseLinkFieldId") or "") if self.type == LINK else ""
        return "" if found == self.id else found


@dataclass(frozen=True, slots=True)
class LiveTable:
    """A table as the service describes it."""

    id: str
    name: str
    description: str = ""
    primary_field: str = ""
    fields: tuple[LiveField, ...] = ()

    def field(self, field_id: str) -> LiveField | None:
        """Return the field with this id."""
        return next((one for one in self.fields if one.id == field_id), None)

    def field_named(self, name: str) -> LiveField | None:
        """Return the field that Airtable takes for one of this name: letter case and outer blanks do not count."""
        return next((one for one in self.fields if folded(one.name) == folded(name)), None)


@dataclass(frozen=True, slots=True)
class LiveBase:
    """A base with its tables."""

    id: str
    tables: tuple[LiveTable, ...] = ()

    def table(self, table_id: str) -> LiveTable | None:
        """Return the table with this id."""
        return next((one for one in self.tables if one.id == table_id), None)

    def table_named(self, name: str) -> LiveTable | None:
        """Return the table that Airtable takes for one of this name."""
        return next((one for one in self.tables if folded(one.name) == folded(name)), None)

    def table_of_field(self, field_id: str) -> LiveTable | None:
        """Return the table that holds the field with this id."""
        return next((one for one in self.tables if one.field(field_id) is not None), None)

    def other_side(self, link: LiveField) -> LiveField | None:
        """Return the field on the other side of *link*, found from either end; nothing where there is none."""
        for table in self.tables:
            for one in table.fields:
                if one.id != link.id and (one.id == link.inverse or one.inverse == link.id):
                    return one
        return None

    def with_table(self, table: LiveTable) -> LiveBase:
        """Return the base with *table* in the place of the one with its id, or at the end."""
        if self.table(table.id) is None:
            return replace(self, tables=(*self.tables, table))
        return replace(
            self, tables=tuple(table if one.id == table.id else one for one in self.tables)
        )

    def with_field(self, table_id: str, changed: LiveField) -> LiveBase:
        """Return the base with *changed* in the place of the field with its id, or at the end of its table."""
        table = self.table(table_id)
        if table is None:
            return self
        if table.field(changed.id) is None:
            return self.with_table(replace(table, fields=(*table.fields, changed)))
        fields = tuple(changed if one.id == changed.id else one for one in table.fields)
        return self.with_table(replace(table, fields=fields))


def folded(name: str) -> str:
    """Return the form in which Airtable holds two names for the same."""
    return name.strip().casefold()


def live_base(base_id: str, document: Any) -> LiveBase:
    """Return the base that *document*, an answer of the base schema end point, describes.

    Raises:
        LiveUnreadable: it is no such answer.
    """
    if not isinstance(document, dict) or not isinstance(document.get("tables"), list):
        raise LiveUnreadable(
            "this is no base schema: a JSON object with a list 'tables' is needed, "
            "as GET /v0/meta/bases/{id}/tables answers it"
        )
    try:
        return LiveBase(base_id, tuple(live_table(table) for table in document["tables"]))
    except KeyError as error:
        raise LiveUnreadable(f"a table or field of the base schema lacks {error}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise LiveUnreadable(
            "a table, a field or its options are not of the form that the service answers with"
        ) from error


def live_table(document: Json) -> LiveTable:
    """Return one table of a base schema, or of the answer to its creation."""
    primary = str(document.get("primaryFieldId") or "")
    fields = [
        live_field(one) for one in document["fields"] if one.get("type") not in _INTERNAL_TYPES
    ]
    # The service lists fields in the order of a view; the primary one comes first here.
    fields.sort(key=lambda one: one.id != primary)
    return LiveTable(
        str(document["id"]),
        str(document["name"]),
        str(document.get("description") or ""),
        primary,
        tuple(fields),
    )


def live_field(document: Json) -> LiveField:
    """Return one field of a base schema, or of the answer to its creation."""
    found = LiveField(
        str(document["id"]),
        str(document["name"]),
        str(document["type"]),
        str(document.get("description") or ""),
        dict(document.get("options") or {}),
    )
    if found.type in SELECTS:
        # Choices are read when they are asked for: what is wrong with them is to come to light here.
        _ = found.choices
    return found


def fingerprint(live: LiveBase | None) -> str:
    """Return a digest of the base: tables, fields, options, ids; views and rows do not count."""
    if live is None:
        return "none"
    written = json.dumps(
        [
            live.id,
            [
                [table.id, table.name, table.description, table.primary_field]
                + [
                    [one.id, one.name, one.type, one.description, _plain(one.options)]
                    for one in table.fields
                ]
                for table in live.tables
            ],
        ],
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
