"""Records in an Airtable base, through pyairtable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from tablewright.expressions.evaluate import Evaluator
from tablewright.kinds import KINDS
from tablewright.runtime.codec import Row
from tablewright.runtime.errors import (
    RecordNotFound,
)
from tablewright.runtime.measures import Measure, measured
from tablewright.runtime.spec import RelationSpec, TableSpec
from tablewright.runtime.stores import airtable_beside as beside
from tablewright.runtime.stores import airtable_changing as changing
from tablewright.runtime.stores import airtable_linking as linking
from tablewright.runtime.stores import airtable_moving as moving
from tablewright.runtime.stores import airtable_plans as plans
from tablewright.runtime.stores import airtable_reading as reading
from tablewright.runtime.stores import airtable_writing as writing
from tablewright.runtime.stores.airtable_cells import TableCells
from tablewright.runtime.stores.airtable_choices import LiveChoices
from tablewright.runtime.stores.airtable_client import Client, Json, Refused
from tablewright.runtime.stores.airtable_history import History
from tablewright.runtime.stores.airtable_names import ID, TableNames
from tablewright.runtime.stores.airtable_refusals import explained
from tablewright.runtime.stores.base import (
    Capabilities,
    Check,
    Comment,
    HistoryRow,
    Move,
    Moved,
    Plan,
    Progress,
    Selection,
    Upload,
)
from tablewright.runtime.stores.linked_rows import Backward, linked_rows
from tablewright.runtime.unfit import UnfitRows

AIRTABLE: Final = Capabilities(
    atomic="batch of ten",
    compare_and_swap=False,
    groups=False,
    history=True,
    microseconds=False,
    references=True,
    rules="looked for",
    keeps_ids=False,
    comments=True,
    calculates=frozenset(name for name, kind in KINDS.items() if kind.computed),
    claims="none",
)


class AirtableStore:
    """A store on one base.

    Airtable has no conditional write and no transaction over requests. A transition reads the record, decides, writes,
    and reads again: it refuses where it sees that somebody was faster, and of two programs that write within the same
    moment both may believe to have won. Work that must not be done twice needs a SQL store for its transitions.
    """

    def __init__(
        self,
        client: Client,
        names: Callable[[TableSpec], TableNames],
        description: str,
        *,
        resources: ExitStack | None = None,
    ) -> None:
        self.client = client
        self.choices = LiveChoices(client)
        self.description = description
        self.unfit = UnfitRows()
        self.passwords: frozenset[str] = frozenset()
        self._names = names
        self._cells: dict[TableSpec, TableCells] = {}
        self._history = History(client)
        self._resources = resources or ExitStack()

    def __repr__(self) -> str:
        return f"<AirtableStore {self.description}>"

    @property
    def capabilities(self) -> Capabilities:
        """What the store guarantees. History needs a companion table, and is given up once it is seen to be missing."""
        return replace(AIRTABLE, history=not self._history.absent)

    def close(self) -> None:
        """Close the connections, and the local Airtable where there is one."""
        self.client.close()
        self._resources.close()

    def cells(self, table: TableSpec) -> TableCells:
        """Return the conversions of a table, made at its first use."""
        known = self._cells.get(table)
        if known is None:
            known = self._cells[table] = TableCells(table, self._names(table))
        return known

    # -- writing --------------------------------------------------------------------------------------------------

    def insert(
        self, table: TableSpec, rows: Sequence[Row], *, progress: Progress | None = None
    ) -> list[Row]:
        """Create records, ten a request, and return them as stored, with the ids that Airtable gave."""
        return writing.insert(self, table, rows, progress)

    def update(
        self,
        table: TableSpec,
        changes: Sequence[tuple[str, Row]],
        *,
        check: Check | None = None,
    ) -> list[Row]:
        """Write changes, ten records a request; 1 request more for every hundred that *check* has to see before."""
        if check is not None:
            found = self.fetch(table, [one for one, _ in changes])
            missing = [one for one, _ in changes if one not in found]
            if missing:
                raise RecordNotFound(table.key, missing, self.description)
            for row in found.values():
                check(row)
        return changing.update(self, table, changes, self.description)

    def upsert(
        self, table: TableSpec, row: Row, on: Sequence[str], defaults: Row
    ) -> tuple[Row, bool]:
        """Update the record with these values, or create one: 2 requests, and 1 where it has them all.

        The second is Airtable's own upsert where there was none, so that two programs make one record where Airtable
        merges them; whether it does for two that come at the same moment, Airtable does not say.
        """
        return changing.upsert(self, table, row, on, defaults, self.description)

    def delete(self, table: TableSpec, ids: Sequence[str]) -> list[str]:
        """Delete records, ten a request; rules of deletion are looked for before, links to them go with them."""
        return writing.delete(self, table, ids)

    def move(self, table: TableSpec, move: Move) -> Moved:
        """Read, compare, write, read again; what is not guaranteed is said in `airtable_moving`."""
        return moving.move(self, self._history, table, move)

    # -- reading --------------------------------------------------------------------------------------------------

    def fetch(self, table: TableSpec, ids: Sequence[str]) -> dict[str, Row]:
        """Return the rows with these ids, a hundred a request. One that does not fit says so when it is looked at."""
        records = self._records(table, ids)
        rows = self.cells(table).lazy_rows(records)
        return {record[ID]: row for record, row in zip(records, rows, strict=True)}

    def fitting(self, table: TableSpec, ids: Sequence[str]) -> dict[str, Row]:
        """Return the rows with these ids; those that do not fit are reported and left out."""
        rows = self.cells(table).rows(self._records(table, ids), self.unfit.report)
        return {row[ID]: row for row in rows}

    def _records(self, table: TableSpec, ids: Sequence[str]) -> list[Json]:
        fields = self.cells(table).fields
        return reading.fetch_records(self, table, ids, fields, f"read {table.name}")

    def select(self, selection: Selection) -> list[Row]:
        """Return the wanted rows in order."""
        return reading.read(self, selection)

    def ids(self, selection: Selection) -> list[str]:
        """Return the ids of the wanted rows in order."""
        return reading.ids(self, selection)

    def count(self, selection: Selection) -> int:
        """Return how many rows are wanted; those that do not fit their model count too where a formula says it all."""
        return reading.count(self, selection)

    def linking(self, table: TableSpec, relation: RelationSpec, ids: Sequence[str]) -> list[Row]:
        """Return the rows of *table* whose *relation* holds one of *ids*, oldest first: 2 requests for a hundred ids."""
        records = linking.linking_records(self, table, relation, ids)
        return self.cells(table).lazy_rows(records)

    def backward(self, table: TableSpec, relation: RelationSpec, ids: Sequence[str]) -> Backward:
        """Return the records of *table* that link to *ids*, for conditions and figures that look at them."""
        return linking.backward(self, table, relation, ids)

    def history(self, table: TableSpec, record_id: str) -> list[HistoryRow]:
        """Return the transitions of a record, oldest first; none where the base keeps no history."""
        return self._history.read(table, record_id)

    def measure(self, selection: Selection, wanted: Mapping[str, Measure]) -> dict[str, Any]:
        """Return the value of every measure, worked out here from the fields that they look at."""
        table = selection.table
        nodes = [node for one in wanted.values() for node in (one.value, one.condition, one.among)]
        rows = reading.read_parts(self, selection, reading.measured_keys(nodes))
        records = linked_rows(table, rows, self)
        evaluator = Evaluator({}, selection.now or datetime.now(UTC), table.enums())
        return {name: measured(one, records, evaluator) for name, one in wanted.items()}

    def plan(self, selection: Selection) -> Plan:
        """Return the formula of a selection, what is done after the fetch, and how many requests it takes."""
        return plans.plan(self, selection, self.description)

    # -- beside the cells -----------------------------------------------------------------------------------------

    def comments(self, table: TableSpec, record_id: str) -> list[Comment]:
        """Return what people wrote about a record, oldest first."""
        with self._explaining(table, record_id):
            return beside.comments(self, table, record_id)

    def add_comment(self, table: TableSpec, record_id: str, text: str) -> Comment:
        """Write about a record. Where the answer is lost, the error says that it may be there."""
        with self._explaining(table, record_id):
            return beside.add_comment(self, table, record_id, text)

    def upload(self, table: TableSpec, record_id: str, key: str, file: Upload) -> Row:
        """Add a file of up to 5 MB to an attachment field. Where the answer is lost, the error says so."""
        with self._explaining(table, record_id):
            return beside.upload(self, table, record_id, key, file)

    def _explaining(self, table: TableSpec, record_id: str) -> _Explaining:
        return _Explaining(self.cells(table), record_id, self.description)


class _Explaining:
    """Puts what Airtable refuses into the words of the schema."""

    def __init__(self, cells: TableCells, record_id: str, description: str) -> None:
        self._cells = cells
        self._record_id = record_id
        self._description = description

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> None:
        if not isinstance(error, Refused):
            return
        if error.status == 404:
            table = self._cells.table.key
            raise RecordNotFound(table, [self._record_id], self._description) from error
        raise explained(error, self._cells) from None


__all__ = ["AIRTABLE", "AirtableStore"]
