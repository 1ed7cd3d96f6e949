"""The requests that make the tables of a schema: those of its package's `airtable.json`, or else from specifications."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tablewright import airtable
from tablewright.history import history_body, history_key
from tablewright.kinds import KINDS
from tablewright.runtime.spec import FieldSpec, TableSpec
from tablewright.runtime.stores.airtable_client import Json

logger = logging.getLogger("tablewright")


@dataclass(frozen=True, slots=True)
class Request:
    """What makes one table, or one field of a table, or names the other side of a link. Tables and fields by key."""

    table: str
    field: str | None
    method: str
    path: str
    body: Json


def requests_of(family: tuple[TableSpec, ...]) -> list[Request]:
    """Return what makes the tables of one schema, in the order in which it can be sent."""
    document = _document(family[0])
    if document is None:
        return [*_from_specifications(family), *_by_hand(family)]
    written = [
        Request(one["table"], one.get("field"), one["method"], one["path"], one["body"])
        for group in document["passes"]
        for one in group["requests"]
    ]
    # Formulas may look at what people alone can make.
    calculated = [one for one in written if one.body.get("type") in airtable.COMPUTED_TYPES]
    others = [one for one in written if one not in calculated]
    return [*others, *_by_hand(family), *calculated]


def _document(table: TableSpec) -> Json | None:
    """Return what stands beside the specifications of a generated package; None for those that were not generated."""
    module = sys.modules.get(table.tables.__module__)
    if module is None or not hasattr(module, "FINGERPRINT") or not module.__file__:
        return None
    path = Path(module.__file__).with_name("airtable.json")
    try:
        found: Json = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if found.get("fingerprint") != module.FINGERPRINT:
        logger.warning(
            "%s was made of another schema than the package: run 'tablewright generate'", path
        )
        return None
    return found


def _by_hand(family: tuple[TableSpec, ...]) -> Iterator[Request]:
    """Yield the fields that the Web API creates for nobody."""
    for table in family:
        for field in table.fields:
            if field.definition.airtable in airtable.UNCREATABLE_TYPES:
                yield _field(table.key, field.key, field_body(field))


def _from_specifications(family: tuple[TableSpec, ...]) -> Iterator[Request]:
    for table in family:
        fields = [field_body(one) for one in table.fields if not one.is_computed]
        yield _table(table.key, {"name": table.name, "fields": fields})
        if table.lifecycle is not None and table.lifecycle.history:
            yield _table(history_key(table.key), history_body(table.name))
    for table in family:
        for relation in table.relations:
            options = {"linkedTableId": f"{{tables.{relation.to}}}"}
            body = {"name": relation.name, "type": "multipleRecordLinks", "options": options}
            yield _field(table.key, relation.key, body)


def _table(key: str, body: Json) -> Request:
    return Request(key, None, "POST", "/v0/meta/bases/{baseId}/tables", body)


def _field(table: str, key: str, body: Json) -> Request:
    path = f"/v0/meta/bases/{{baseId}}/tables/{{tables.{table}}}/fields"
    return Request(table, key, "POST", path, body)


def field_body(field: FieldSpec) -> Json:
    """Return the body that creates a field, with the options that its kind has by default."""
    body: Json = {"name": field.name, "type": field.definition.airtable}
    options = _options(field)
    if options:
        body["options"] = options
    return body


def _options(field: FieldSpec) -> Json:
    kind = field.definition
    given: dict[str, Any] = {one.key: one.default for one in kind.options}
    # A specification does not say how numbers are shown: they lose nothing.
    if "precision" in given:
        given["precision"] = airtable.MAX_PRECISION[kind.airtable]
    if "duration_format" in given:
        given["duration_format"] = airtable.DURATION_FORMATS[-1]
    if field.kind == "rating" and isinstance(field.maximum, int):
        given["max"] = field.maximum
    if field.kind in ("created_time", "last_modified_time"):
        shown = {"type": "dateTime", "options": KINDS["datetime"].airtable_options(given)}
        return {"result": shown}
    choices = [{"name": one.label} for one in field.choices or ()]
    return kind.airtable_options(given, choices)
