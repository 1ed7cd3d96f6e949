"""Transitions in a base: read, compare, write, read again. Airtable has no conditional write."""

from __future__ import annotations

from typing import Protocol

from tablewright.runtime.codec import Row
from tablewright.runtime.errors import StoreUnavailable
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores import airtable_writing as writing
from tablewright.runtime.stores.airtable_client import AnswerLost, Refused
from tablewright.runtime.stores.airtable_history import History
from tablewright.runtime.stores.airtable_kept import differs, in_milliseconds
from tablewright.runtime.stores.airtable_reading import Base
from tablewright.runtime.stores.airtable_refusals import explained
from tablewright.runtime.stores.airtable_rules import check_unique
from tablewright.runtime.stores.base import Move, Moved


class Moves(Base, Protocol):
    """What is needed of the store."""

    def fetch(self, table: TableSpec, ids: list[str]) -> dict[str, Row]:
        """Return the rows with these ids."""
        ...


def move(base: Moves, history: History, table: TableSpec, wanted: Move) -> Moved:
    """Make a transition where the record is as expected, and tell how it is now: 3 requests, and one for the history.

    One more looks whether a unique value that it sets is taken. Not guaranteed: between the first reading and the write,
    and between the write and the last reading, others can write. What the last reading shows decides.
    """
    before = _fetched(base, table, wanted)
    if before is None or differs(table, wanted.expected, before):
        return Moved(done=False, row=before)
    check_unique(base, table, [(wanted.record_id, wanted.changes)])
    cells = base.cells(table)
    changes = in_milliseconds(wanted.changes)
    try:
        base.client.update(
            f"{wanted.transition} {table.key} {wanted.record_id}",
            base.client.table(cells.names.table), [(wanted.record_id, cells.changed(changes))],
            by_id=cells.names.by_id, repeats=False,
        )  # fmt: skip
    except AnswerLost as lost:
        return _resolved(base, history, table, wanted, lost)
    except Refused as refused:
        # Of a link that is set to a record which is gone it says so by 422.
        if refused.status in (403, 404) and writing.is_gone(base, table, wanted.record_id, refused):
            return Moved(done=False)
        raise explained(refused, cells, [wanted.changes]) from None
    try:
        after = _fetched(base, table, wanted)
    except StoreUnavailable as error:
        _note(history, table, wanted)
        raise StoreUnavailable(
            f"{wanted.transition} of {table.key} {wanted.record_id} is stored, and whether somebody else wrote meanwhile "
            f"could not be looked at: {error}. Call refresh() to see"
        ) from error
    return _moved(history, table, wanted, after)


def _fetched(base: Moves, table: TableSpec, wanted: Move) -> Row | None:
    return base.fetch(table, [wanted.record_id]).get(wanted.record_id)


def _moved(history: History, table: TableSpec, wanted: Move, after: Row | None) -> Moved:
    if after is None or differs(table, wanted.changes, after):
        return Moved(done=False, row=after)
    _note(history, table, wanted)
    computed = {one.key for one in table.fields if one.is_computed}
    return Moved(
        done=True,
        row={
            key: value for key, value in after.items() if key in wanted.changes or key in computed
        },
    )


def _note(history: History, table: TableSpec, wanted: Move) -> None:
    lifecycle = table.lifecycle
    if lifecycle is not None and lifecycle.history:
        state = lifecycle.field
        history.add(table, wanted, wanted.expected[state].name, wanted.changes[state].name)


def _resolved(
    base: Moves, history: History, table: TableSpec, wanted: Move, lost: AnswerLost
) -> Moved:
    """Look how a transition went whose answer was lost. The moments it sets tell it from somebody else's."""
    for seconds in writing.waits_after(lost):
        base.client.pause(seconds)
        with writing.looking_after(lost, f"{wanted.transition} {table.key} {wanted.record_id}"):
            after = _fetched(base, table, wanted)
        is_as_before = after is not None and not differs(table, wanted.expected, after)
        if not is_as_before or after is None or not differs(table, wanted.changes, after):
            return _moved(history, table, wanted, after)
    said = (
        "is not stored yet and may still be. Call refresh() later to see"
        if lost.is_late
        else "is not stored. It can be called again"
    )
    raise StoreUnavailable(
        f"{lost}: {wanted.transition} of {table.key} {wanted.record_id} {said}"
    ) from lost
