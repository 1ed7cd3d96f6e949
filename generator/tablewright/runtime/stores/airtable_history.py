"""The history of transitions on Airtable: rows of a companion table, where the base has one."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from tablewright.expressions.formula_text import quoted
from tablewright.history import FIELDS, history_name
from tablewright.runtime.errors import StoreError
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.airtable_client import AnswerLost, Client, Json, Refused
from tablewright.runtime.stores.base import HistoryRow, Move

logger = logging.getLogger("tablewright")


class History:
    """Writes and reads the rows of one base."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.absent: set[TableSpec] = set()
        """Tables whose companion the base was seen not to have."""

    def add(self, table: TableSpec, move: Move, from_state: str, to_state: str) -> None:
        """Write the row of a transition that was made. What goes wrong is logged: the transition itself is stored.

        The row bears a key of its own, so that it is written once even where an answer is lost.
        """
        if table in self.absent:
            return
        values = {
            "key": f"{move.record_id} {move.at.isoformat()} {move.transition}",
            "record_id": move.record_id,
            "at": move.at.isoformat(),
            "transition": move.transition,
            "from_state": from_state,
            "to_state": to_state,
            "by": move.by,
            "why": move.why,
            "attempt": getattr(move, "attempt", None),
            "error": getattr(move, "error", None),
        }
        cells = {FIELDS[key][0]: value for key, value in values.items() if value is not None}
        try:
            self._add(table, cells)
        except Refused as error:
            if error.status not in (403, 404):
                _log_missing(cells, error)
                return
            self.absent.add(table)
            logger.warning(
                "transitions of %s leave no history: the base has no table '%s'",
                table.key, history_name(table.name),
            )  # fmt: skip
        except StoreError as error:
            _log_missing(cells, error)

    def _add(self, table: TableSpec, cells: Json) -> None:
        place = self._client.table(history_name(table.name))
        what = f"write the history of {table.name}"
        for _ in range(3):
            try:
                self._client.create(what, place, [cells], by_id=False)
            except AnswerLost as lost:
                options = {"formula": f"{{Entry}}={quoted(cells['Entry'])}", "fields": ["Entry"]}
                if any(page for page in self._client.pages(what, place, options)):
                    return
                reason = lost
            else:
                return
        raise StoreError(f"the answer was lost several times: {reason}")

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


_OF_ROWS: Final = frozenset(one.name for one in dataclasses.fields(HistoryRow))


def _log_missing(cells: Json, error: StoreError) -> None:
    logger.error("the transition is stored, and its row of history is not: %s: %s", cells, error)


def _row(fields: Mapping[str, Any]) -> HistoryRow:
    values: dict[str, Any] = {
        key: fields.get(name) for key, (name, _) in FIELDS.items() if key in _OF_ROWS
    }
    values["at"] = datetime.fromisoformat(str(values["at"]))
    return HistoryRow(**values)
