"""Leases in a SQL database for records that lie elsewhere: who holds which record of an Airtable base, by this clock."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from sqlalchemy import exc
from sqlalchemy.engine import Engine

from tablewright.expressions.sql import Dialect
from tablewright.runtime.errors import StoreError, StoreUnavailable
from tablewright.runtime.queue.store import Beat
from tablewright.runtime.stores.sql_engine import opened
from tablewright.runtime.stores.sql_leases_text import CREATE, TEXTS, dialect_text
from tablewright.runtime.stores.sql_queue_lanes import Lanes
from tablewright.runtime.stores.sql_types import moment_text

TRIES: Final = 3
"""How often a claim looks for other rows than those that somebody else took at the same moment."""
BY_HAND: Final = "somebody by hand"
"""Who holds a record while a transition is made that no worker makes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where records lie: a base, and a table by its key in the schema."""

    base: str
    table: str


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """What is known of one record. *state* and *pending* are what the queue decided last; None where it is written.

    *now* is the clock of the database.
    """

    record_id: str
    worker: str | None
    token: str | None
    attempt: int
    lease_until: datetime | None
    ready_at: datetime | None
    cancel_requested: bool
    taken_at: datetime | None
    settled_at: datetime | None
    state: str | None
    pending: dict[str, Any] | None
    now: datetime

    @property
    def is_held(self) -> bool:
        """Tell whether somebody holds the record now."""
        return self.lease_until is not None and self.lease_until >= self.now


@dataclass(frozen=True, slots=True)
class Ending:
    """What a settlement changes in a lease; spans in seconds.

    *pending* is what has to be written to the base. *pause*: how long the record is not to be taken, where it *waits*.
    """

    state: str
    pending: Mapping[str, Any]
    pause: float | None
    keeps_lease: bool
    waits: bool
    counts: bool
    only_lapsed: bool
    unless_cancelled: bool


class SqlLeases:
    """The table of leases of one database. It is made at the first use."""

    def __init__(self, engine: Engine, dialect: Dialect, description: str) -> None:
        self.description = description
        self._engine = engine
        self._dialect: Dialect = dialect
        self._lanes = Lanes(engine, dialect, description)
        self._texts = {name: dialect_text(text, dialect) for name, text in TEXTS.items()}
        self._is_made = False

    @classmethod
    def at(cls, address: str) -> Self:
        """Return the leases behind a sqlite or postgresql URL. Nothing is opened before it is needed.

        Raises:
            NotConfigured: the URL cannot be read.
        """
        return cls(*opened(address))

    def close(self) -> None:
        """Close every connection."""
        self._lanes.close()
        self._engine.dispose()

    # -- claiming -------------------------------------------------------------------------------------------------

    def lapsed(self, place: Place) -> tuple[list[LeaseRow], datetime]:
        """Return the leases that ran out, the oldest first, and the clock."""
        now = self._moment(self._asked("now", place)[0][0])
        return self._rows("lapsed", place), now

    def claim(
        self,
        place: Place,
        ids: Sequence[str],
        worker: str,
        token: str,
        n: int,
        *,
        lease: float,
        read_at: datetime,
    ) -> list[LeaseRow]:
        """Take up to *n* of the records that nobody holds, in the order given, each for *lease* seconds.

        Records about which anything was decided since *read_at* are left out: what the caller knows of them is old.
        """
        found: list[LeaseRow] = []
        left = list(ids)
        for _ in range(TRIES):
            taken = self._rows(
                "claim", place, ids=json.dumps(left), worker=worker, token=token,
                number=n - len(found), lease=lease, read_at=self._sent(read_at),
            )  # fmt: skip
            found += taken
            # Somebody took some of the same records in the same moment: others may still be free.
            gone = {one.record_id for one in taken}
            left = [one for one in left if one not in gone]
            if len(found) >= n or not left or not taken:
                break
        places = {record_id: number for number, record_id in enumerate(ids)}
        return sorted(found, key=lambda one: places[one.record_id])

    def give_back(self, place: Place, ids: Sequence[str], token: str) -> None:
        """Undo a claim of which the base knows nothing."""
        if ids:
            self._rows("give_back", place, ids=json.dumps(list(ids)), token=token)

    # -- holding --------------------------------------------------------------------------------------------------

    def beat(
        self, place: Place, held: Mapping[str, str], *, lease: float, timeout: float | None
    ) -> dict[str, Beat]:
        """Extend leases, given as tokens by id; those that are missing in the answer are lost."""
        found: dict[str, Beat] = {}
        # In one order everywhere, so that two workers cannot wait for each other.
        for record_id in sorted(held):
            values = {"id": record_id, "token": held[record_id], "lease": lease}
            name = "beat" if timeout is None else "beat_until"
            more = {} if timeout is None else {"timeout": timeout}
            for row in self._rows(name, place, **values, **more):
                assert row.lease_until is not None  # noqa: S101  # it was just set
                found[record_id] = Beat(row.lease_until, row.cancel_requested, row.now)
        return found

    def settle(self, place: Place, record_id: str, token: str, ending: Ending) -> LeaseRow | None:
        """Decide what becomes of a held record; None where the lease is somebody else's, or over."""
        name = "report" if ending.keeps_lease else "wait" if ending.waits else "end"
        values: dict[str, Any] = {
            "id": record_id,
            "token": token,
            "state": ending.state,
            "pending": json.dumps(ending.pending),
            "only_lapsed": int(ending.only_lapsed),
        }
        if ending.waits and not ending.keeps_lease:
            values |= {"pause": ending.pause, "back": 0 if ending.counts else 1}
            values["unless_cancelled"] = int(ending.unless_cancelled)
        return next(iter(self._rows(name, place, **values)), None)

    def written(self, place: Place, record_id: str, token: str) -> bool:
        """Note that what was decided stands in the base; False where somebody noted it before."""
        return bool(self._rows("written", place, id=record_id, token=token))

    def write_again(self, place: Place, ids: Sequence[str]) -> None:
        """Have what was decided last of records that nobody holds written once more."""
        self._rows("write_again", place, ids=json.dumps(list(ids)))

    def reopen(self, place: Place, known: LeaseRow, token: str, lease: float) -> None:
        """Undo a settlement that the base refused: the record is held again, as it was *known* before."""
        self._rows(
            "reopen", place, id=known.record_id, token=token, worker=known.worker,
            attempt=known.attempt, ready_at=known.ready_at and self._sent(known.ready_at), lease=lease,
        )  # fmt: skip

    def unwritten(self, place: Place, older_than: float) -> list[LeaseRow]:
        """Return the records whose settlement does not stand in the base after so many seconds."""
        return self._rows("unwritten", place, seconds=older_than)

    # -- anybody --------------------------------------------------------------------------------------------------

    def rows(self, place: Place, ids: Sequence[str] | None = None) -> dict[str, LeaseRow]:
        """Return what is known of some records, or of all."""
        if ids is None:
            found = self._rows("all", place)
        elif ids:
            found = self._rows("some", place, ids=json.dumps(list(ids)))
        else:
            found = []
        return {one.record_id: one for one in found}

    def keep_others_out(
        self, place: Place, record_id: str, token: str, seconds: float
    ) -> LeaseRow | None:
        """Hold a record that nobody holds, for a transition by hand; None where somebody does."""
        found = self._rows(
            "keep_out", place, id=record_id, worker=BY_HAND, token=token, lease=seconds
        )
        return found[0] if found else None

    def let_in(
        self,
        place: Place,
        record_id: str,
        token: str,
        *,
        moved: bool,
        waits: bool = False,
        lapsed: bool = False,
    ) -> None:
        """End what `keep_others_out` began.

        A record that *moved* to where it *waits* may be taken at once; one that did not, and whose lease had *lapsed*
        before, is as it was.
        """
        flags = {"moved": int(moved), "waits": int(waits), "lapsed": int(lapsed), "second": 1.0}
        self._rows("let_in", place, id=record_id, token=token, **flags)

    def let_go(self, place: Place, record_id: str, token: str) -> None:
        """End a lease of a record that somebody moved in the base itself."""
        self._rows("let_go", place, id=record_id, token=token)

    def request_cancel(self, place: Place, record_id: str) -> LeaseRow:
        """Note that a record is to be stopped."""
        return self._rows("request_cancel", place, id=record_id)[0]

    def postpone(
        self, place: Place, record_id: str, until: datetime | timedelta
    ) -> LeaseRow | None:
        """Set the moment before which a record is not taken, or for how long; None where somebody holds it."""
        if isinstance(until, timedelta):
            seconds = until.total_seconds()
            found = self._rows("postpone_for", place, id=record_id, pause=seconds)
        else:
            found = self._rows("postpone", place, id=record_id, moment=self._sent(until))
        return found[0] if found else None

    def next_due(self, place: Place) -> float | None:
        """Return in how many seconds the next record becomes due or its lease runs out."""
        moment, now = (self._moment(one) for one in self._asked("next_due", place)[0])
        return None if moment is None else max((moment - now).total_seconds(), 0.0)

    def forget(self, place: Place, ids: Sequence[str]) -> None:
        """Drop what is known of records that were deleted."""
        if ids:
            self._asked("forget", place, ids=json.dumps(list(ids)))

    # -- inner workings -------------------------------------------------------------------------------------------

    def _rows(self, name: str, place: Place, **values: Any) -> list[LeaseRow]:
        return [self._row(one) for one in self._asked(name, place, **values)]

    def _asked(self, name: str, place: Place, **values: Any) -> list[Any]:
        given = {"base": place.base, "table": place.table, **values}
        text, names = self._texts[name]
        ordered = [given[one] for one in names]

        def ask(cursor: Any) -> list[Any]:
            cursor.execute(text, ordered)
            return list(cursor.fetchall()) if cursor.description is not None else []

        self._make()
        # All rows may be many; other looks take SQLite's turn, so that the clock tells before from after.
        return self._lanes.read(ask) if name == "all" else self._lanes.run(ask)

    def _make(self) -> None:
        """Make the table and its indexes where they are missing."""
        if not self._is_made:
            for one in CREATE[self._dialect]:
                self._made(one)
            self._is_made = True

    def _made(self, statement: str) -> None:
        # Programs that make the same thing at once collide on PostgreSQL; the next try finds it there.
        for left in range(TRIES, 0, -1):
            try:
                self._lanes.run(lambda cursor: cursor.execute(statement) and None)
            except (StoreError, exc.IntegrityError) as error:
                if left == 1 or isinstance(error, StoreUnavailable):
                    raise
            else:
                return

    def _row(self, found: Sequence[Any]) -> LeaseRow:
        (record_id, worker, token, attempt, until, ready, stop, taken, settled, state, pending, now) = found  # fmt: skip
        moment = self._moment
        return LeaseRow(
            record_id, worker, token, attempt, moment(until), moment(ready), bool(stop), moment(taken),
            moment(settled), state, None if pending is None else json.loads(pending), moment(now),
        )  # fmt: skip

    def _moment(self, value: Any) -> Any:
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return None if value is None else value.astimezone(UTC)

    def _sent(self, moment: datetime) -> Any:
        return moment_text(moment) if self._dialect == "sqlite" else moment


__all__ = ["Ending", "LeaseRow", "Place", "SqlLeases"]
