"""What a store can do, as one narrow protocol; it knows rows and tables, nothing of models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from tablewright.expressions import tree
from tablewright.runtime.codec import Row
from tablewright.runtime.measures import Measure
from tablewright.runtime.spec import RelationSpec, TableSpec
from tablewright.runtime.unfit import UnfitRows


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a store guarantees, declared and not discovered.

    *atomic*: how much of a bulk write that fails is undone. *compare_and_swap*: a transition that meets a changed
    record is refused for certain, not only where it can be seen. *groups*: statistics are worked out in the store.
    *history*: transitions leave rows. *microseconds*: datetimes keep six digits of a second, not three.
    *references*: links to records that do not exist are refused. *rules*: unique fields and rules of deletion are
    enforced by the store, or looked for before each write. *keeps_ids*: rows that bring their ids and times of creation
    keep them. *comments*: records have comments, and files can be uploaded to them. *calculates*: the computed kinds of
    fields that the store fills, formulas and rollups where the schema says them in its own language; others read as
    blank there.
    *claims*: a task from a queue is held by one worker at a time for certain, or as far as the store can see; or there
    are no claims.
    """

    atomic: Literal["whole call", "batch of ten"]
    compare_and_swap: bool
    groups: bool
    history: bool
    microseconds: bool
    references: bool
    rules: Literal["enforced", "looked for"]
    keeps_ids: bool
    comments: bool
    calculates: frozenset[str]
    claims: Literal["exclusive", "best effort", "none"]


Check = Callable[[Row], None]
"""What looks at a row before it is changed."""
Progress = Callable[[int, int], object]
"""Called with how many records are stored, of how many. Where it returns False, no more are sent."""


@dataclass(frozen=True, slots=True)
class Order:
    """A value to sort by. Blanks come first in rising order and last in falling order, as in Airtable."""

    by: tree.Node
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows are wanted. Beyond *order*, rows come in the order they were created.

    *now* is the moment that `now()` means in *where*; the clock is read where it is missing.
    """

    table: TableSpec
    where: tree.Node = tree.TRUE
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """A transition to be written: *changes*, if the stored row still holds the values of *expected*."""

    record_id: str
    transition: str
    expected: Row
    changes: Row
    at: datetime
    by: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """How a move went.

    Done, *row* holds what is now stored of the fields that changed. Not done, it is the row that is not the expected
    one, or None where there is none.
    """

    done: bool
    row: Row | None = None


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One transition that was made. States are names of enum members."""

    record_id: str
    at: datetime
    transition: str
    from_state: str
    to_state: str
    by: str | None = None
    why: str | None = None
    attempt: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote about a record. *author* is a name, or an email where there is none."""

    id: str
    text: str
    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to be added to a record."""

    filename: str
    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Plan:
    """How a selection is answered: what the store is asked, how it goes about it, and what is done afterwards."""

    store: str
    request: str
    steps: tuple[str, ...] = ()
    afterwards: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [f"{self.store}:", *(f"  {line}" for line in self.request.splitlines())]
        parts += [f"  - {step}" for step in self.steps]
        parts.append("after the fetch: nothing" if not self.afterwards else "after the fetch:")
        parts += [f"  - {line}" for line in self.afterwards]
        return "\n".join(parts)


class Store(Protocol):
    """Keeps rows by table and record id.

    Rows are dicts keyed by the schema's field and relation keys, beside `id` and `created_time`; values are those of
    `codec`, links are ids.
    """

    @property
    def description(self) -> str:
        """What is connected, without any secret."""
        ...

    @property
    def passwords(self) -> frozenset[str]:
        """What its URL holds that no text may show."""
        ...

    @passwords.setter
    def passwords(self, passwords: frozenset[str]) -> None: ...

    @property
    def capabilities(self) -> Capabilities:
        """What this store guarantees."""
        ...

    @property
    def unfit(self) -> UnfitRows:
        """What happens to stored rows that do not fit."""
        ...

    @unfit.setter
    def unfit(self, unfit: UnfitRows) -> None: ...

    def insert(
        self, table: TableSpec, rows: Sequence[Row], *, progress: Progress | None = None
    ) -> list[Row]:
        """Store new rows and return them as stored. Ids and times of creation are kept where the store can.

        Raises:
            WriteIncomplete: some are stored and some are not.
        """
        ...

    def fetch(self, table: TableSpec, ids: Sequence[str]) -> dict[str, Row]:
        """Return the rows with these ids; ids that are not there are left out."""
        ...

    def select(self, selection: Selection) -> list[Row]:
        """Return the wanted rows in order."""
        ...

    def ids(self, selection: Selection) -> list[str]:
        """Return the ids of the wanted rows in order."""
        ...

    def count(self, selection: Selection) -> int:
        """Return how many rows are wanted."""
        ...

    def update(
        self,
        table: TableSpec,
        changes: Sequence[tuple[str, Row]],
        *,
        check: Check | None = None,
    ) -> list[Row]:
        """Write changes to rows by id and return, for each, what is now stored of the fields that changed.

        *check* is called with each row as it is stored, and raises what keeps all from being written. Where the store
        has `compare_and_swap`, nobody changes the row between that and the write.

        Raises:
            RecordNotFound: a row is not there; nothing was stored.
        """
        ...

    def upsert(
        self, table: TableSpec, row: Row, on: Sequence[str], defaults: Row
    ) -> tuple[Row, bool]:
        """Update the row whose fields *on* have these values, or store a new one with *defaults*; True tells of a new one."""
        ...

    def delete(self, table: TableSpec, ids: Sequence[str]) -> list[str]:
        """Delete rows and return the ids of those that were there."""
        ...

    def linking(self, table: TableSpec, relation: RelationSpec, ids: Sequence[str]) -> list[Row]:
        """Return the rows of *table* whose *relation* holds one of *ids*, each once, oldest first."""
        ...

    def move(self, table: TableSpec, move: Move) -> Moved:
        """Write a transition and its history as one step, if the stored row is still the expected one."""
        ...

    def history(self, table: TableSpec, record_id: str) -> list[HistoryRow]:
        """Return the transitions of a record, oldest first."""
        ...

    def measure(self, selection: Selection, wanted: Mapping[str, Measure]) -> dict[str, Any]:
        """Return the value of every measure over the wanted rows."""
        ...

    def comments(self, table: TableSpec, record_id: str) -> list[Comment]:
        """Return what people wrote about a record, oldest first.

        Raises:
            NotSupported: the store has no comments.
        """
        ...

    def add_comment(self, table: TableSpec, record_id: str, text: str) -> Comment:
        """Write about a record.

        Raises:
            NotSupported: the store has no comments.
        """
        ...

    def upload(self, table: TableSpec, record_id: str, key: str, file: Upload) -> Row:
        """Add a file to an attachment field and return what is now stored of it.

        Raises:
            NotSupported: the store takes no files.
        """
        ...

    def plan(self, selection: Selection) -> Plan:
        """Return how a selection would be answered."""
        ...

    def close(self) -> None:
        """Let go of everything that the store holds open. It can be called twice."""
        ...
