"""A local Airtable in this process, with the tables of the models that are used."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tablewright.airtable import COMPUTED_TYPES
from tablewright.history import history_key, history_name
from tablewright.runtime.errors import StoreUnavailable
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.airtable_bodies import Request, requests_of
from tablewright.runtime.stores.airtable_client import AnswerLost, Client, Json, Refused
from tablewright.runtime.stores.airtable_names import TableNames, parts_of

if TYPE_CHECKING:
    from tablewright.server.serve import LocalAirtable

logger = logging.getLogger("tablewright")

_REFERENCE: Final = re.compile(r"\{(tables|fields|inverse)\.([^{}]+)\}")


def started(data: Path | None) -> LocalAirtable:
    """Return a running local Airtable, on a file or in memory."""
    from tablewright.server.serve import LocalAirtable

    return LocalAirtable(data).start()


class LocalTables:
    """Makes the tables of a schema when one of them is first asked for, and tells how they are called.

    All of their fields are made, calculated ones too; what people alone can make in Airtable is made as *by hand*. A
    field that the local Airtable refuses, such as a formula with a function that it lacks, is told of and reads as blank.
    """

    def __init__(self, client: Client, by_hand: Callable[[], AbstractContextManager[None]]) -> None:
        self._client = client
        self._by_hand = by_hand
        self._lock = threading.Lock()
        self._names: dict[TableSpec, TableNames] = {}

    def __call__(self, table: TableSpec) -> TableNames:
        with self._lock:
            if table not in self._names:
                self._make(table.family)
            return self._names[table]

    def _make(self, family: tuple[TableSpec, ...]) -> None:
        with self._by_hand():
            base = LocalBase(self._client, family)
            for request in requests_of(family):
                base.send(request)
        for table in family:
            absent = frozenset(
                one.key for one in parts_of(table) if not base.has_field(table.key, one.name)
            )
            names = {one.key: one.name for one in parts_of(table)}
            self._names[table] = TableNames(table.name, names, absent=absent)


class LocalBase:
    """What a base holds, and what is added to it. Requests name tables and fields by their keys in the schema."""

    def __init__(self, client: Client, family: tuple[TableSpec, ...]) -> None:
        self._client = client
        self._names = {
            (table.key, one.key): one.name for table in family for one in parts_of(table)
        }
        called = {table.key: table.name for table in family}
        called |= {history_key(table.key): history_name(table.name) for table in family}
        held: dict[str, Json] = {one["name"]: one for one in self._ask("read the base")["tables"]}
        self._tables = {key: held[name] for key, name in called.items() if name in held}

    def has_field(self, table: str, name: str) -> bool:
        """Tell whether a table has a field of this name."""
        return self._field(table, name) is not None

    def send(self, request: Request) -> None:
        """Carry out a request, unless what it makes is there already."""
        if request.field is None:
            self._add_table(request)
        elif request.method == "POST":
            self._add_field(request.table, request.field, request.body)
        else:
            self._name_inverse(request)

    def _add_table(self, request: Request) -> None:
        key, body = request.table, request.body
        if key not in self._tables:
            self._tables[key] = self._ask(f"create {body['name']}", "tables", body)
            return
        for one in body["fields"]:
            self._add_field(key, "", one)

    def _add_field(self, table: str, key: str, body: Json) -> None:
        self._names.setdefault((table, key), body["name"])
        if self._field(table, body["name"]) is not None:
            return
        held = self._tables[table]
        try:
            wanted = self._filled_in(body)
            made = self._ask(f"create {body['name']}", f"tables/{held['id']}/fields", wanted)
        except (Refused, LookupError) as error:
            if body["type"] not in COMPUTED_TYPES:
                raise
            logger.warning(
                "%s.%s is not made in the local Airtable, and blank: %s", table, key, error
            )
            return
        held["fields"].append(made)
        other = (made.get("options") or {}).get("inverseLinkFieldId")
        if other is not None:
            linked = made["options"]["linkedTableId"]
            target = next(one for one in self._tables.values() if one["id"] == linked)
            # Its name is given by Airtable, and not needed.
            target["fields"].append({"id": other, "name": ""})

    def _name_inverse(self, request: Request) -> None:
        """Name the other side of a link. A link to its own table has none."""
        table, key, body = request.table, request.field or "", request.body
        self._names[table, key] = body["name"]
        source = _REFERENCE.findall(request.path)[-1][1].split(".", 1)
        link = self._field(source[0], self._names[source[0], source[1]]) or {}
        other = (link.get("options") or {}).get("inverseLinkFieldId")
        if other is None or self._field(table, body["name"]) is not None:
            return
        held = self._tables[table]
        path = f"tables/{held['id']}/fields/{other}"
        made = self._ask(f"name {body['name']}", path, body, method="PATCH")
        held["fields"] = [made if one["id"] == other else one for one in held["fields"]]

    def _field(self, table: str, name: str) -> Json | None:
        found: list[Json] = self._tables[table]["fields"] if table in self._tables else []
        return next((one for one in found if one["name"] == name), None)

    def _filled_in(self, value: Any) -> Any:
        """Return a body with ids in the places of keys.

        Raises:
            LookupError: a field that it looks at is not there.
        """
        match value:
            case dict():
                return {key: self._filled_in(one) for key, one in value.items()}
            case list():
                return [self._filled_in(one) for one in value]
            case str() if found := _REFERENCE.fullmatch(value):
                return self._id(found[1], found[2])
            case _:
                return value

    def _id(self, kind: str, keys: str) -> str:
        if kind == "tables":
            return str(self._tables[keys]["id"])
        table, _, key = keys.partition(".")
        field = self._field(table, self._names.get((table, key), ""))
        if field is None:
            raise LookupError(f"{keys} is not there")
        return str(field["id"])

    def _ask(
        self, what: str, path: str = "tables", body: Json | None = None, method: str = "POST"
    ) -> Json:
        api = self._client.api
        url = api.build_url("meta", "bases", self._client.base_id, *path.split("/"))
        if body is None:
            return self._client.ask(what, lambda: api.get(url))
        try:
            return self._client.ask(
                what, lambda: api.request(method, url, json=body), repeats=False
            )
        except AnswerLost as lost:
            raise StoreUnavailable(f"cannot {what}: {lost}") from lost


__all__ = ["LocalTables", "started"]
