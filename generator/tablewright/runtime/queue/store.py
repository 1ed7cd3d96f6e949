"""What a store offers to queues, as one protocol beside `Store`; it knows rows and tables, nothing of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from tablewright.expressions import tree
from tablewright.runtime.codec import Row
from tablewright.runtime.queue.figures import QueueFigures
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.base import Order

LAPSED: Final = "the lease ran out: nothing was heard from the worker in time"
"""The error of an attempt whose worker went silent."""


@dataclass(frozen=True, slots=True, eq=False)
class Taking:
    """What a claim looks at and sets. Values are trees or plain values.

    *guard* has to hold for a waiting row, *again* for one whose lease ran out.
    """

    guard: tree.Node
    sets: Mapping[str, Any]
    again: tree.Node
    sets_again: Mapping[str, Any]
    order: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that is held: as it is stored now, the token of this claim, and the store's clock. *was* is the state before.

    *unfit* is why what the transition sets does not fit the row, which is then held as it was, for its claimer to end.
    """

    row: Row
    token: str
    now: datetime
    taken_at: datetime
    was: Any = None
    unfit: str = ""


@dataclass(frozen=True, slots=True)
class Beat:
    """What a heartbeat found out: how long the lease now runs, whether the task is to stop, and the store's clock."""

    until: datetime
    cancel_requested: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One transition for the history. States are names of enum members."""

    transition: str
    from_state: str
    to_state: str
    by: str | None = None
    why: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What becomes of a held row, if it is still in the state *was* under this *token*.

    *pause* is for how many seconds the row is not to be taken again; None where it does not wait. *only_lapsed* is
    for a lease of somebody else that has run out, *unless_cancelled* for what a row does not do that was asked to stop.
    *forgets* takes the claim of a row that waited out of the history again.
    """

    record_id: str
    token: str
    was: Any
    changes: Row
    steps: Sequence[Step] = ()
    pause: float | None = None
    keeps_lease: bool = False
    waits: bool = False
    counts: bool = True
    only_lapsed: bool = False
    unless_cancelled: bool = False
    forgets: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """How a settlement went: what is now stored of the changes, or nothing where the lease was lost."""

    row: Row | None
    now: datetime | None = None


class Listener(Protocol):
    """Waits for new tasks."""

    @property
    def hears(self) -> bool:
        """Tell whether it would be told of new tasks now; else it only waits."""
        ...

    def wait(self, seconds: float) -> bool:
        """Wait for at most so long; tell whether there was a sign of new tasks."""
        ...

    def wake(self) -> None:
        """End the wait of another thread."""
        ...

    def close(self) -> None:
        """Let go of what it holds open."""
        ...


class QueueStore(Protocol):
    """Keeps who holds which row, by the store's own clock."""

    @property
    def longest_pause(self) -> float:
        """For how many seconds an idle worker waits between two looks, at most: the dearer a look, the longer."""
        ...

    def claim(
        self, table: TableSpec, taking: Taking, worker: str, n: int, where: Sequence[tree.Node]
    ) -> list[Claimed]:
        """Take up to *n* rows that are ready, in the queue's order, and write their history."""
        ...

    def lapsed(self, table: TableSpec, taking: Taking, limit: int) -> list[Claimed]:
        """Return rows whose lease ran out and that cannot be taken again, with their last token."""
        ...

    def beat(self, table: TableSpec, held: Mapping[str, str]) -> dict[str, Beat]:
        """Extend leases, given as tokens by id; those that are missing in the answer are lost."""
        ...

    def settle(self, table: TableSpec, settlement: Settlement) -> Settled:
        """Write a settlement and its history as one step."""
        ...

    def request_cancel(self, table: TableSpec, record_id: str) -> Row | None:
        """Mark a row as to be stopped, and return its state and what the queue knows of it."""
        ...

    def postpone(self, table: TableSpec, record_id: str, until: datetime | timedelta) -> Row | None:
        """Set the moment before which a row is not taken, or for how long; nothing where it is held or does not wait."""
        ...

    def next_due(self, table: TableSpec, where: Sequence[tree.Node]) -> float | None:
        """Return in how many seconds the next row becomes due or its lease runs out; None where nothing is known.

        Rows that do not meet *where* are left out where the store can tell them.
        """
        ...

    def figures(
        self,
        table: TableSpec,
        guard: tree.Node,
        where: Sequence[tree.Node],
        since: float | None,
        bucket: float,
        by: str | None,
    ) -> QueueFigures:
        """Return the figures of the queue, where *guard* is what a claim asks of a task that is due."""
        ...

    def listener(self, table: TableSpec) -> Listener | None:
        """Return what hears of new rows; nothing where the store tells nobody."""
        ...
