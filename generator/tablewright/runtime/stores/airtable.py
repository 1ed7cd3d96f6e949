"""Records in an Airtable base, through pyairtable."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from pyairtable.api.table import Table

from tablewright.airtable import RECORDS_PER_PAGE
from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.types import BOOLEAN, TEXT, record_of, records_of
from tablewright.kinds import KINDS
from tablewright.runtime.codec import Row
from tablewright.runtime.errors import (
    RecordInvalid,
    RecordNotFound,
    StoreUnavailable,
    held_by_several,
)
from tablewright.runtime.measures import Measure, measured
from tablewright.runtime.spec import RelationSpec, TableSpec
from tablewright.runtime.stores import airtable_reading as reading
from tablewright.runtime.stores import airtable_rules as rules
from tablewright.runtime.stores import airtable_writing as writing
from tablewright.runtime.stores.airtable_cells import TableCells
from tablewright.runtime.stores.airtable_client import AnswerLost, Client, Json, Refused
from tablewright.runtime.stores.airtable_history import History
from tablewright.runtime.stores.airtable_names import ID, TableNames
from tablewright.runtime.stores.base import (
    Capabilities,
    Comment,
    HistoryRow,
    Move,
    Moved,
    Plan,
    Progress,
    Selection,
    Upload,
)
from tablewright.runtime.stores.linked_rows import linked_rows
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
        self.description = description
        self.unfit = UnfitRows()
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

    def _place(self, table: TableSpec) -> Table:
        return self.client.table(self.cells(table).names.table)

    # -- writing --------------------------------------------------------------------------------------------------

    def insert(
        self, table: TableSpec, rows: Sequence[Row], *, progress: Progress | None = None
    ) -> list[Row]:
        """Create records, ten a request, and return them as stored, with the ids that Airtable gave."""
        return writing.insert(self, table, rows, progress)

    def update(self, table: TableSpec, changes: Sequence[tuple[str, Row]]) -> list[Row]:
        """Write changes, ten records a request."""
        return writing.update(self, table, changes, self.description)

    def upsert(
        self, table: TableSpec, row: Row, on: Sequence[str], defaults: Row
    ) -> tuple[Row, bool]:
        """Update the record with these values, or create one: 2 requests.

        The second is Airtable's own upsert where there was none, so that two programs make one record where Airtable
        merges them; whether it does for two that come at the same moment, Airtable does not say.
        """
        where = rules.equal_to(table, {key: row[key] for key in on})
        found = reading.ids(self, Selection(table, where, limit=2))
        if len(found) > 1:
            raise RecordInvalid(table.key, [held_by_several(on[0], row[on[0]])])
        cells = self.cells(table)
        if found:
            rules.check_unique(self, table, [(found[0], _without(row, on))])
            sent = [(found[0], cells.changed(row))]
            try:
                what = f"change {table.key} {found[0]}"
                records = self.client.update(
                    what, self._place(table), sent, by_id=cells.names.by_id
                )
            except Refused as refused:
                raise writing.explained(refused, cells, [row]) from refused
            return cells.row(records[0]), False
        whole = {**defaults, **row}
        if not rules.can_merge(table, on):
            return self.insert(table, [whole])[0], True
        rules.check_unique(self, table, [(None, _without(whole, on))])
        try:
            answer = self.client.upsert(
                f"create {table.key}", self._place(table), cells.new(whole),
                [cells.names.fields[key] for key in on], by_id=cells.names.by_id,
            )  # fmt: skip
        except Refused as refused:
            raise writing.explained(refused, cells, [whole]) from refused
        return cells.row(answer["records"][0]), bool(answer.get("createdRecords"))

    def delete(self, table: TableSpec, ids: Sequence[str]) -> list[str]:
        """Delete records, ten a request; rules of deletion are looked for before, links to them go with them."""
        return writing.delete(self, table, ids)

    def move(self, table: TableSpec, move: Move) -> Moved:
        """Read, compare, write, read again: 3 requests, and one for the history.

        Not guaranteed: between the first reading and the write, and between the write and the last reading, others can
        write. What the last reading shows decides.
        """
        lifecycle = table.lifecycle
        assert lifecycle is not None  # noqa: S101  # only tables with a lifecycle have transitions
        before = self.fetch(table, [move.record_id]).get(move.record_id)
        if before is None or _differs(table, move.expected, before):
            return Moved(done=False, row=before)
        cells = self.cells(table)
        wanted = _in_milliseconds(move.changes)
        try:
            self.client.write_once(
                f"{move.transition} {table.key} {move.record_id}",
                self._place(table), move.record_id, cells.changed(wanted), by_id=cells.names.by_id,
            )  # fmt: skip
        except AnswerLost as lost:
            return self._resolved(table, move, wanted, lost)
        except Refused as refused:
            if refused.status == 404:
                return Moved(done=False)
            raise writing.explained(refused, cells, [move.changes]) from refused
        after = self.fetch(table, [move.record_id]).get(move.record_id)
        return self._moved(table, move, wanted, after)

    def _moved(self, table: TableSpec, move: Move, wanted: Row, after: Row | None) -> Moved:
        lifecycle = table.lifecycle
        if after is None or _differs(table, wanted, after):
            return Moved(done=False, row=after)
        if lifecycle is not None and lifecycle.history:
            states = move.expected[lifecycle.field].name, wanted[lifecycle.field].name
            self._history.add(table, move, *states)
        computed = {one.key for one in table.fields if one.is_computed}
        return Moved(
            done=True,
            row={key: value for key, value in after.items() if key in wanted or key in computed},
        )

    def _resolved(self, table: TableSpec, move: Move, wanted: Row, lost: AnswerLost) -> Moved:
        """Look how a transition went whose answer was lost. The moments it sets tell it from somebody else's."""
        for seconds in writing.WAITS_FOR_LATE if lost.is_late else (writing.SETTLES,):
            self.client.pause(seconds)
            after = self.fetch(table, [move.record_id]).get(move.record_id)
            is_as_before = after is not None and not _differs(table, move.expected, after)
            if not is_as_before or after is None or not _differs(table, wanted, after):
                return self._moved(table, move, wanted, after)
        said = (
            "is not stored yet and may still be. Call refresh() later to see"
            if lost.is_late
            else "is not stored. It can be called again"
        )
        raise StoreUnavailable(
            f"{lost}: {move.transition} of {table.key} {move.record_id} {said}"
        ) from lost

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
        with self._explaining(table):
            fields = self.cells(table).fields
            return reading.fetch_records(self, table, ids, fields, f"read {table.name}")

    def select(self, selection: Selection) -> list[Row]:
        """Return the wanted rows in order."""
        with self._explaining(selection.table):
            return reading.read(self, selection)

    def ids(self, selection: Selection) -> list[str]:
        """Return the ids of the wanted rows in order."""
        with self._explaining(selection.table):
            return reading.ids(self, selection)

    def count(self, selection: Selection) -> int:
        """Return how many rows are wanted; those that do not fit their model count too where a formula says it all."""
        with self._explaining(selection.table):
            return reading.count(self, selection)

    def linked(
        self, table: TableSpec, relation: RelationSpec, ids: Sequence[str]
    ) -> Mapping[str, Sequence[str]]:
        """Return, for each of *ids*, the ids of the rows of *table* whose *relation* holds it, oldest first."""
        found: dict[str, list[str]] = {one: [] for one in ids}
        for batch in reading.batches(reading.valid_ids(ids), RECORDS_PER_PAGE):
            where = _links_to(relation, batch)
            with self._explaining(table):
                rows = reading.read_parts(self, Selection(table, where), [relation.key])
            for row in rows:
                value: Any = row[relation.key]
                for one in value if relation.many else [value]:
                    if one in found:
                        found[one].append(row[ID])
        return found

    def history(self, table: TableSpec, record_id: str) -> list[HistoryRow]:
        """Return the transitions of a record, oldest first; none where the base keeps no history."""
        return self._history.read(table, record_id)

    def measure(self, selection: Selection, wanted: Mapping[str, Measure]) -> dict[str, Any]:
        """Return the value of every measure, worked out here from the fields that they look at."""
        table = selection.table
        nodes = [node for one in wanted.values() for node in (one.value, one.condition, one.among)]
        with self._explaining(table):
            rows = reading.read_parts(self, selection, reading.measured_keys(nodes))
        records = linked_rows(table, rows, self)
        evaluator = Evaluator({}, selection.now or datetime.now(UTC), table.enums())
        return {name: measured(one, records, evaluator) for name, one in wanted.items()}

    def plan(self, selection: Selection) -> Plan:
        """Return the formula of a selection, what is done after the fetch, and how many requests it takes."""
        return reading.plan(self, selection, self.description)

    # -- beside the cells -----------------------------------------------------------------------------------------

    def comments(self, table: TableSpec, record_id: str) -> list[Comment]:
        """Return what people wrote about a record, oldest first."""
        what = f"read the comments on {table.key} {record_id}"
        url = self._place(table).urls.record_comments(record_id)
        found: list[Json] = []
        offset: str | None = None
        while True:
            params: Json = {"pageSize": RECORDS_PER_PAGE, **({"offset": offset} if offset else {})}
            with self._explaining(table, record_id):
                answer = self.client.ask(what, lambda params=params: self.client.api.get(url, params=params))  # type: ignore[misc]  # a default binds it
            found += answer["comments"]
            offset = answer.get("offset")
            if not offset:
                # Airtable tells whole seconds and lists the newest first.
                return sorted(map(_comment, reversed(found)), key=lambda one: one.at)

    def add_comment(self, table: TableSpec, record_id: str, text: str) -> Comment:
        """Write about a record. Where the answer is lost, the error says that it may be there."""
        what = f"comment on {table.key} {record_id}"
        url = self._place(table).urls.record_comments(record_id)
        body = {"text": text}
        try:
            with self._explaining(table, record_id):
                answer = self.client.ask(
                    what, lambda: self.client.api.post(url, json=body), repeats=False
                )
        except AnswerLost as lost:
            raise StoreUnavailable(f"{what}: {lost}, so the comment may be there or not") from lost
        return _comment(answer)

    def upload(self, table: TableSpec, record_id: str, key: str, file: Upload) -> Row:
        """Add a file of up to 5 MB to an attachment field. Where the answer is lost, the error says so."""
        cells = self.cells(table)
        what = f"upload {file.filename} to {table.key} {record_id}"
        place = self._place(table)
        url = place.urls.upload_attachment(record_id, cells.names.fields[key])
        if self.client.is_elsewhere:
            # pyairtable knows the service's own host for files alone.
            url = self.client.api.build_url(
                self.client.base_id, record_id, cells.names.fields[key], "uploadAttachment"
            )
        body = {
            "contentType": file.content_type,
            "filename": file.filename,
            "file": base64.b64encode(file.content).decode("ascii"),
        }
        try:
            with self._explaining(table, record_id):
                answer = self.client.ask(
                    what, lambda: self.client.api.post(url, json=body), repeats=False
                )
        except AnswerLost as lost:
            raise StoreUnavailable(
                f"{what}: {lost}, so the file may be there or not. Call refresh() to see"
            ) from lost
        name = cells.names.fields[key]
        (held,) = answer["fields"].values()
        return cells.part({**answer, "fields": {name: held}}, [key])

    def _explaining(self, table: TableSpec, record_id: str = "") -> _Explaining:
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
        if self._record_id and error.status == 404:
            table = self._cells.table.key
            raise RecordNotFound(table, [self._record_id], self._description) from error
        raise writing.explained(error, self._cells) from error


def _links_to(relation: RelationSpec, ids: Sequence[str]) -> tree.Node:
    choices = tuple(tree.literal(one) for one in ids)
    if not relation.many:
        link = tree.Field(relation.key, record_of(relation.to))
        return tree.Membership(tree.Field("id", TEXT.or_none(), link), choices)
    variable = tree.Variable("linked", record_of(relation.to, nullable=False))
    among = tree.Membership(tree.Field("id", TEXT, variable), choices)
    held = tree.Field(relation.key, records_of(relation.to))
    return tree.Over("any", variable, held, among, None, BOOLEAN)


_REWRITTEN: Final = frozenset({"rich_text", "attachments", "collaborator", "collaborators"})
"""Kinds that Airtable gives back in other words than they were written in."""


def _differs(table: TableSpec, expected: Row, row: Row) -> bool:
    """Tell whether a row does not hold what is expected; links count in any order."""
    for key, value in _in_milliseconds(expected).items():
        if key in table.by_key and table.by_key[key].kind in _REWRITTEN:
            continue
        found = row.get(key)
        if isinstance(value, list) and isinstance(found, list):
            if sorted(map(repr, value)) != sorted(map(repr, found)):
                return True
        elif found != value:
            return True
    return False


def _in_milliseconds(row: Row) -> Row:
    """Return the row as Airtable keeps it: moments to the millisecond."""
    return {
        key: (
            value.replace(microsecond=value.microsecond // 1000 * 1000)
            if isinstance(value, datetime)
            else value
        )
        for key, value in row.items()
    }


def _without(row: Row, keys: Sequence[str]) -> Row:
    return {key: value for key, value in row.items() if key not in keys}


def _comment(answer: Mapping[str, Any]) -> Comment:
    author: Mapping[str, Any] = answer.get("author") or {}
    return Comment(
        str(answer[ID]),
        str(answer["text"]),
        str(author.get("name") or author.get("email") or author.get(ID, "")),
        datetime.fromisoformat(str(answer["createdTime"])),
    )


__all__ = ["AIRTABLE", "AirtableStore"]
