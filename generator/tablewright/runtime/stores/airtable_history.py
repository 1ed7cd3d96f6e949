"""The history of transitions on Airtable: rows of a companion table, where the base has one."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from tablewright.airtable import RECORDS_PER_PAGE, RECORDS_PER_WRITE
from tablewright.expressions.formula_text import quoted
from tablewright.history import FIELDS, history_name
from tablewright.runtime.errors import StoreError
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.airtable_client import Client, Json, Refused
from tablewright.runtime.stores.airtable_reading import batches
from tablewright.runtime.stores.base import HistoryRow, Move

logger = logging.getLogger("tablewright")


class History:
    """Writes and reads the rows of one base."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.absent: set[TableSpec] = set()
        """Tables whose companion the base was seen not to have."""

    def add(self, table: TableSpec, move: Move, from_state: str, to_state: str) -> None:
        """Write the row of a transition that was made. What goes wrong is logged: the transition itself is stored."""
        row = HistoryRow(
            move.record_id, move.at, move.transition, from_state, to_state, move.by, move.why
        )
        self.add_all(table, [entry_of(row)])

    def add_all(self, table: TableSpec, entries: Sequence[Json]) -> None:
        """Write rows, ten a request. What goes wrong is logged: the transitions themselves are stored.

        Each bears a key of its own, and Airtable's upsert finds it by that: it is written once even where an answer is
        lost, or a request that timed out is carried out late.
        """
        for batch in batches(entries, RECORDS_PER_WRITE):
            if table in self.absent:
                return
            try:
                self._client.upsert(
                    f"write the history of {table.name}",
                    self._client.table(history_name(table.name)), batch, ["Entry"], by_id=False,
                )  # fmt: skip
            except Refused as error:
                if error.status not in (403, 404):
                    _log_missing(batch, error)
                    continue
                self.absent.add(table)
                logger.warning(
                    "transitions of %s leave no history: the base has no table '%s'",
                    table.key, history_name(table.name),
                )  # fmt: skip
            except StoreError as error:
                _log_missing(batch, error)

    def add_missing(self, table: TableSpec, entries: Sequence[Json]) -> None:
        """Write those rows that are not there."""
        there = self._there(table, entries)
        self.add_all(table, [one for one in entries if one["Entry"] not in there])

    def _there(self, table: TableSpec, entries: Sequence[Json]) -> set[str]:
        """Return the keys of those rows that are there."""
        found: set[str] = set()
        place = self._client.table(history_name(table.name))
        for batch in batches(entries, RECORDS_PER_PAGE):
            tests = [f"{{Entry}}={quoted(one['Entry'])}" for one in batch]
            options = {"formula": f"OR({', '.join(tests)})", "fields": ["Entry"]}
            for page in self._client.pages(f"read the history of {table.name}", place, options):
                found.update(record["fields"]["Entry"] for record in page)
        return found

    def forget_last(self, table: TableSpec, record_id: str, transition: str) -> None:
        """Delete the last row of a record where it is this transition. What goes wrong is logged: it then stays."""
        place = self._client.table(history_name(table.name))
        options: Json = {
            "formula": f"{{Record}}={quoted(record_id)}",
            "fields": ["At", "Transition"],
        }
        try:
            asked = self._client.pages(f"read the history of {table.name}", place, options)
            found = [record for page in asked for record in page]
            last = max(found, key=lambda one: str(one["fields"]["At"]), default=None)
            if last is not None and last["fields"].get("Transition") == transition:
                self._client.delete(f"shorten the history of {table.name}", place, [last["id"]])
        except StoreError as error:
            logger.warning("%s %s: its history holds a claim of which nothing came: %s", table.key, record_id, error)  # fmt: skip

    def read(self, table: TableSpec, record_id: str) -> list[HistoryRow]:
        """Return the transitions of a record, oldest first; none where the base has no companion table."""
        place = self._client.table(history_name(table.name))
        options: Json = {"formula": f"{{Record}}={quoted(record_id)}", "sort": ["At"]}
        rows: list[Any] = []
        try:
            for page in self._client.pages(f"read the history of {table.name}", place, options):
                rows += page
        except Refused as error:
            if error.status not in (403, 404):
                raise
            self.absent.add(table)
            return []
        found = [_row(record["fields"]) for record in rows]
        return sorted(found, key=lambda row: row.at)

    def errors(self, table: TableSpec) -> Iterator[tuple[str, datetime, str]]:
        """Yield the ids of records whose attempts failed, when, and the errors."""
        place = self._client.table(history_name(table.name))
        options: Json = {"formula": "{Error}!=''", "fields": ["Record", "At", "Error"]}
        try:
            for page in self._client.pages(f"read the history of {table.name}", place, options):
                for record in page:
                    fields = record["fields"]
                    at = datetime.fromisoformat(str(fields["At"]))
                    yield fields.get("Record", ""), at, fields["Error"]
        except Refused as error:
            if error.status not in (403, 404):
                raise
            self.absent.add(table)


_OF_ROWS: Final = frozenset(one.name for one in dataclasses.fields(HistoryRow))


def entry_of(row: HistoryRow) -> Json:
    """Return a row of history as the cells of its record."""
    values = {
        "key": f"{row.record_id} {row.at.isoformat()} {row.transition}",
        **dataclasses.asdict(row),
        "at": row.at.isoformat(),
    }
    return {FIELDS[key][0]: value for key, value in values.items() if value is not None}


def history_entries(table: TableSpec, rows: Sequence[HistoryRow]) -> list[Json]:
    """Return rows of history as cells; none where the schema asks for none.

    Those of one moment are a millisecond apart, so that they keep their order.
    """
    if table.lifecycle is None or not table.lifecycle.history:
        return []
    return [
        entry_of(dataclasses.replace(one, at=one.at + timedelta(milliseconds=number)))
        for number, one in enumerate(rows)
    ]


def _log_missing(entries: Sequence[Json], error: StoreError) -> None:
    for cells in entries:
        logger.error(
            "the transition is stored, and its row of history is not: %s: %s", cells, error
        )


def _row(fields: Mapping[str, Any]) -> HistoryRow:
    values: dict[str, Any] = {
        key: fields.get(name) for key, (name, _) in FIELDS.items() if key in _OF_ROWS
    }
    values["at"] = datetime.fromisoformat(str(values["at"]))
    return HistoryRow(**values)
