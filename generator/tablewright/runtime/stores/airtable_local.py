"""A local Airtable in this process, with the tables of the models that are used, made from their specifications."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tablewright import airtable
from tablewright.history import history_body, history_name
from tablewright.runtime.spec import FieldSpec, TableSpec
from tablewright.runtime.stores.airtable_client import Client, Json
from tablewright.runtime.stores.airtable_names import TableNames, parts_of

if TYPE_CHECKING:
    from tablewright.server.serve import LocalAirtable

logger = logging.getLogger("tablewright")


def started(data: Path | None) -> LocalAirtable:
    """Return a running local Airtable, on a file or in memory."""
    from tablewright.server.serve import LocalAirtable

    return LocalAirtable(data).start()


class LocalTables:
    """Makes the tables of a schema when one of them is first asked for, and tells how they are called.

    Fields that Airtable works out are left out, since specifications do not hold their formulas: they read as blank.
    `tablewright apply` makes them too.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._names: dict[TableSpec, TableNames] = {}

    def __call__(self, table: TableSpec) -> TableNames:
        with self._lock:
            if table not in self._names:
                self._make(table.family)
            return self._names[table]

    def _make(self, family: tuple[TableSpec, ...]) -> None:
        known = {one["name"]: one for one in self._schema()}
        for table in family:
            if table.name not in known:
                known[table.name] = self._create("tables", table_body(table))
            else:
                self._add_fields(table, known[table.name])
            keeps = table.lifecycle is not None and table.lifecycle.history
            if keeps and history_name(table.name) not in known:
                self._create("tables", history_body(table.name))
        for table in family:
            held = known[table.name]
            names = {one["name"] for one in held["fields"]}
            for relation in table.relations:
                if relation.name not in names:
                    target = known[table.target(relation).name]["id"]
                    body = {
                        "name": relation.name,
                        "type": "multipleRecordLinks",
                        "options": {"linkedTableId": target},
                    }
                    held["fields"].append(self._create(f"tables/{held['id']}/fields", body))
        for table in family:
            self._names[table] = self._called(table, known[table.name])

    def _add_fields(self, table: TableSpec, held: Json) -> None:
        names = {one["name"] for one in held["fields"]}
        for field in table.fields:
            if not field.is_computed and field.name not in names:
                held["fields"].append(
                    self._create(f"tables/{held['id']}/fields", field_body(field))
                )

    def _called(self, table: TableSpec, held: Json) -> TableNames:
        names = {one["name"] for one in held["fields"]}
        absent = frozenset(one.key for one in parts_of(table) if one.name not in names)
        if any(table.by_key[key].kind != "created_time" for key in absent if key in table.by_key):
            logger.info("%s: not made locally, and blank: %s", table.key, ", ".join(sorted(absent)))
        return TableNames(table.name, {one.key: one.name for one in parts_of(table)}, absent=absent)

    def _schema(self) -> list[Json]:
        api = self._client.api
        url = api.build_url("meta", "bases", self._client.base_id, "tables")
        found: list[Json] = self._client.ask("read the base", lambda: api.get(url))["tables"]
        return found

    def _create(self, path: str, body: Json) -> Json:
        api = self._client.api
        url = api.build_url("meta", "bases", self._client.base_id, *path.split("/"))
        made: Json = self._client.ask(
            f"create {body['name']}", lambda: api.post(url, json=body), repeats=False
        )
        return made


def table_body(table: TableSpec) -> Json:
    """Return the body that creates a table with the fields that are written."""
    fields = [field_body(one) for one in table.fields if not one.is_computed]
    return {"name": table.name, "fields": fields}


def field_body(field: FieldSpec) -> Json:
    """Return the body that creates a field, with the options that its kind has by default."""
    body: Json = {"name": field.name, "type": field.definition.airtable}
    options = _options(field)
    if options:
        body["options"] = options
    return body


_PRECISE: Final = {"number": "number", "percent": "percent", "currency": "currency"}


def _options(field: FieldSpec) -> Json:
    given: dict[str, Any] = {one.key: one.default for one in field.definition.options}
    match field.kind:
        case "integer":
            return {"precision": 0}
        case "number" | "percent" | "currency":
            found: Json = {"precision": airtable.MAX_PRECISION[_PRECISE[field.kind]]}
            return found | ({"symbol": given["symbol"]} if field.kind == "currency" else {})
        case "duration":
            return {"durationFormat": "h:mm:ss.SSS"}
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
            most = int(field.maximum) if field.maximum is not None else given["max"]
            return {"icon": given["icon"], "color": given["color"], "max": most}
        case _ if field.choices is not None:
            return {"choices": [{"name": one.label} for one in field.choices]}
        case _:
            return {}


__all__ = ["LocalTables", "field_body", "started", "table_body"]
