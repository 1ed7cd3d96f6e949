"""Choices that queries name, and whether the base still calls them so.

To Airtable a formula with a label that no choice has is one that no record meets: after a rename by people a worker
would find nothing to do, and nobody would hear of it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from tablewright.expressions.formula_text import label, quoted
from tablewright.runtime.errors import StoreError, StoreOutdated
from tablewright.runtime.spec import FieldSpec
from tablewright.runtime.stores.airtable_cells import TableCells
from tablewright.runtime.stores.airtable_client import Client

KEPT_SECONDS: Final = 600.0
"""For how long the base is not asked again: a worker that waits for tasks finds nothing at every look."""


class LiveChoices:
    """The choices of one base as it calls them now. It is asked where a query found nothing, and a lock file knows them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._labels: Mapping[str, Mapping[str, str]] = {}
        self._read_at: float | None = None

    def require(self, cells: TableCells, formula: str) -> None:
        """See that the base has the choices that a formula names.

        Raises:
            StoreOutdated: people gave one of them another name, or removed it.
        """
        names = cells.names
        for field in cells.table.fields:
            locked = names.choices.get(field.key)
            if locked and names.fields[field.key] in formula:
                self._require_field(cells, field, locked, formula)

    def _require_field(
        self, cells: TableCells, field: FieldSpec, locked: Mapping[str, str], formula: str
    ) -> None:
        for one in field.choices or ():
            if one.name not in locked or quoted(label(one))[1:-1] not in formula:
                # One that the lock file does not know is new in the schema: 'apply' adds it.
                continue
            live = self._choices(cells.names.fields[field.key])
            if not live or label(one) in live.values():
                continue
            by_now = live.get(locked[one.name])
            what = "has been removed" if by_now is None else f"is called '{by_now}' by now"
            raise StoreOutdated(
                f"'{field.name}' of '{cells.table.name}' in Airtable has no choice '{label(one)}', so a query by it finds "
                f"nothing: it {what}. Rename it in Airtable, or let the schema follow ('tablewright drift' tells how)"
            )

    def _choices(self, field_id: str) -> Mapping[str, str]:
        """Return the labels of a field's choices by their ids; empty where they cannot be known."""
        now = time.monotonic()
        if self._read_at is None or now - self._read_at > KEPT_SECONDS:
            self._read_at = now
            try:
                self._labels = self._read()
            except StoreError:
                # A token need not have the right to see the schema, and the query itself was answered.
                self._labels = {}
        return self._labels.get(field_id, {})

    def _read(self) -> dict[str, dict[str, str]]:
        api, base_id = self._client.api, self._client.base_id
        url = api.build_url("meta", "bases", base_id, "tables")
        answer: Any = self._client.ask("read the choices", lambda: api.request("GET", url))
        return {
            field["id"]: {one["id"]: one["name"] for one in field["options"]["choices"]}
            for table in answer["tables"]
            for field in table["fields"]
            if "choices" in (field.get("options") or {})
        }
