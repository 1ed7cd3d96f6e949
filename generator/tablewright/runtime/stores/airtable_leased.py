# ruff: noqa: SLF001  # a store with leases is made of the parts of one without
"""An Airtable store whose tables with a queue can be worked on by many: who holds what is kept by its queue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal, Protocol

from tablewright.runtime.codec import Row
from tablewright.runtime.connection import BEST_EFFORT
from tablewright.runtime.errors import RecordInvalid
from tablewright.runtime.queue.store import QueueStore
from tablewright.runtime.spec import RelationSpec, TableSpec
from tablewright.runtime.stores.airtable import AirtableStore
from tablewright.runtime.stores.airtable_candidates import plain_rows
from tablewright.runtime.stores.airtable_noted_queue import NotedQueue
from tablewright.runtime.stores.airtable_queue import LeasedQueue
from tablewright.runtime.stores.base import Capabilities, Move, Moved, Selection
from tablewright.runtime.stores.sql_leases import SqlLeases


class KeepsLeases(QueueStore, Protocol):
    """A queue on Airtable."""

    @property
    def claims(self) -> Literal["exclusive", "best effort"]:
        """How certain it is that a task has one holder."""
        ...

    def tell(self, table: TableSpec, rows: Sequence[Row]) -> None:
        """Add to rows what is known of their leases."""
        ...

    def move(self, table: TableSpec, move: Move, make: Callable[[TableSpec, Move], Moved]) -> Moved:
        """Have *make* write a transition that no worker makes."""
        ...

    def forget(self, table: TableSpec, ids: Sequence[str]) -> None:
        """Drop what is known of records that were deleted."""
        ...

    def close(self) -> None:
        """Let go of what is held open."""
        ...


class LeasedStore(AirtableStore):
    """A store on one base, with a queue beside it."""

    queues: KeepsLeases

    @property
    def capabilities(self) -> Capabilities:
        """What the store guarantees; of claims, what its leases do."""
        return replace(super().capabilities, claims=self.queues.claims)

    def close(self) -> None:
        """Close the connections to the base and to the leases."""
        super().close()
        self.queues.close()

    def fetch(self, table: TableSpec, ids: Sequence[str]) -> dict[str, Row]:
        """Return the rows with these ids, with what is known of their leases."""
        found = super().fetch(table, ids)
        if table.queue is None:
            return found
        rows: list[Row] = []
        for record_id, row in found.items():
            try:
                rows.append(row.copy())
            except RecordInvalid:
                # Whoever looks at it is told.
                continue
            found[record_id] = rows[-1]
        self.queues.tell(table, rows)
        return found

    def select(self, selection: Selection) -> list[Row]:
        """Return the wanted rows in order, with what is known of their leases."""
        return self._told(selection.table, super().select(selection))

    def linking(self, table: TableSpec, relation: RelationSpec, ids: Sequence[str]) -> list[Row]:
        """Return the rows whose *relation* holds one of *ids*, with what is known of their leases."""
        return self._told(table, super().linking(table, relation, ids))

    def _told(self, table: TableSpec, found: list[Row]) -> list[Row]:
        if table.queue is None:
            return found
        rows = plain_rows(self, found)
        self.queues.tell(table, rows)
        return rows

    def move(self, table: TableSpec, move: Move) -> Moved:
        """Write a transition; of a table with a queue only where no worker holds the record."""
        if table.queue is None:
            return super().move(table, move)
        return self.queues.move(table, move, super().move)

    def delete(self, table: TableSpec, ids: Sequence[str]) -> list[str]:
        """Delete records, and what is known of their leases."""
        gone = super().delete(table, ids)
        if table.queue is not None:
            self.queues.forget(table, gone)
        return gone


def with_leases(store: AirtableStore, leases: str) -> LeasedStore:
    """Return the same store with leases: in the SQL database of this URL, or by best effort.

    Raises:
        NotConfigured: there is no such database.
    """
    database = None if leases == BEST_EFFORT else SqlLeases.at(_sql(leases))
    found = LeasedStore(store.client, store._names, store.description, resources=store._resources)
    found.passwords = store.passwords
    history = found._history
    found.queues = (
        NotedQueue(found, history) if database is None else LeasedQueue(found, database, history)
    )
    return found


def _sql(url: str) -> str:
    scheme, _, rest = url.partition(":")
    return f"postgresql:{rest}" if scheme == "postgres" else url
