# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""Taking tasks from a queue and holding them: claim, heartbeat, release, postpone, request to stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from tablewright.expressions import tree
from tablewright.runtime.codec import Row, encoder
from tablewright.runtime.columns import Condition
from tablewright.runtime.connection import current_store
from tablewright.runtime.errors import (
    LeaseLost,
    NotSupported,
    RecordInvalid,
    RecordNotFound,
    StoreUnavailable,
    TablewrightError,
    TransitionRefused,
)
from tablewright.runtime.lifecycle import possible_now
from tablewright.runtime.queue import refused, settling, unreadable
from tablewright.runtime.queue.lease import Lease, lease_of
from tablewright.runtime.queue.rules import (
    queue_spec,
    rules_of,
    state_before,
    taken_state,
    taking_of,
)
from tablewright.runtime.queue.store import LAPSED, QueueStore, Settlement
from tablewright.runtime.reading import decoded_one
from tablewright.runtime.records import Origin, origin_of
from tablewright.runtime.spec import ArgumentSpec
from tablewright.runtime.stored_record import apply, stored
from tablewright.runtime.stores.base import Store
from tablewright.runtime.unfit_values import Unfit

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

logger = logging.getLogger("tablewright")
R = TypeVar("R", bound="AirtableModel")
ClaimGuarantee = Literal["exclusive", "best effort"]
"""One holder at a time for certain; or as far as Airtable lets it be seen, so that now and then there are two."""

MAX_CLAIM: Final = 1_000
"""The most tasks that one claim takes."""
MOST_DELAY: Final = timedelta(days=36_525)
SWEEP_SECONDS: Final = 5.0
SWEEP_ROWS: Final = 100

_swept: dict[tuple[int, type], float] = {}
_sweep_lock = threading.Lock()


def queues_of(store: Store) -> QueueStore:
    """Return what the store offers to queues.

    Raises:
        NotSupported: it has no leases.
    """
    found: QueueStore | None = getattr(store, "queues", None)
    if found is None:
        raise NotSupported(
            f"{store.description} cannot say who holds a task, so none can be claimed there: connect with "
            "leases='sqlite:///leases.db' to keep that in a database, or with leases='best effort' to do without, "
            "where a task may now and then have two holders; commands take --leases"
        )
    return found


def claim(model: type[R], worker: str, n: int, conditions: Sequence[Condition]) -> list[R]:
    """Take up to *n* tasks for *worker*, in the queue's order.

    There are fewer where fewer are ready, or where a row does not fit the schema and was put back; none only where
    nothing else is ready.
    """
    check_worker(worker)
    if not isinstance(n, int) or isinstance(n, bool) or not 1 <= n <= MAX_CLAIM:
        raise ValueError(f"claim() takes 1 to {MAX_CLAIM} tasks at once, not {n!r}")
    queue_spec(model)
    where = nodes_of(model, "claim", conditions)
    store = current_store()
    queues = queues_of(store)
    while True:
        asked = time.monotonic()
        found = queues.claim(model.table, taking_of(model), worker, n, where)
        refusing = [one for one in found if one.unfit]
        fitting = [one for one in found if not one.unfit]
        leases = {one.row["id"]: lease_of(one, worker, asked) for one in fitting}
        records, unread = unreadable.records_of(model, store, fitting)
        for record in records:
            record._origin.lease = leases[record.id]
        try:
            if refusing:
                refused.fail(model, store, queues, worker, refusing)
            unreadable.put_back(model, store, queues, worker, unread)
            if len(found) < n or _sweep_is_due(store, model):
                finish_lapsed(model, store)
        except TablewrightError as error:
            # The next claim sees to it. What was taken is held: nobody else could work on it before its lease is over.
            if not records:
                raise
            logger.warning("%s: what is over could not be ended: %s", model.table.key, error)
        if records or not (unread or refusing):
            return records


def check_worker(name: str) -> None:
    """Make sure that every store can hold the name of a worker.

    Raises:
        ValueError: it is blank, no text, longer than a note holds, or has signs that no database takes.
    """
    try:
        _WORKER(name)
    except Unfit as unfit:
        said = unfit.misfit("worker", name)
        raise ValueError(f"a claim needs the name of its worker: {said}") from None


_WORKER: Final = encoder(ArgumentSpec("worker", "text", required=True, max_length=1_000))


def nodes_of(
    model: type[AirtableModel], action: str, conditions: Sequence[Condition]
) -> list[tree.Node]:
    """Return what conditions are made of.

    Raises:
        TypeError: one of them is none.
    """
    for one in conditions:
        if not isinstance(one, Condition):
            raise TypeError(
                f"{action}() takes conditions such as {model.__name__}.c.id == '…', not {one!r}"
            )
    return [one.node for one in conditions]


def _sweep_is_due(store: Store, model: type[AirtableModel]) -> bool:
    """Tell whether it is time to look for tasks that nobody can take again, however busy the queue is."""
    key, now = (id(store), model), time.monotonic()
    with _sweep_lock:
        if now - _swept.get(key, 0.0) < SWEEP_SECONDS:
            return False
        _swept[key] = now
        return True


def finish_lapsed(model: type[AirtableModel], store: Store) -> int:
    """End tasks whose lease ran out and that are not to be taken again; return how many.

    Raises:
        TablewrightError: the store keeps one of them as it is; the others were ended.
    """
    queues = queues_of(store)
    found = queues.lapsed(model.table, taking_of(model), SWEEP_ROWS)
    if not found:
        return 0
    records, unread = unreadable.records_of(model, store, found)
    leases = {one.row["id"]: lease_of(one, one.row["worker_id"] or "") for one in found}
    for record in records:
        record._origin.lease = leases[record.id]
    ends = [partial(settling.end_lapsed, record, rules_of(model)) for record in records]
    ends += [
        partial(_end_unread, model, store, leases[one.row["id"]], one.row["id"], unfit)
        for one, unfit in unread
    ]
    ended, kept = 0, None
    for end in ends:
        try:
            ended += end()
        except StoreUnavailable:
            raise
        except TablewrightError as error:
            kept = kept or error
    if kept is not None:
        raise kept
    return ended


def _end_unread(
    model: type[AirtableModel], store: Store, lease: Lease, record_id: str, unfit: RecordInvalid
) -> int:
    """End a lapsed task that cannot be read: only the effects of its failure cannot be made."""
    error = f"{LAPSED}; {unreadable.described(unfit)}"
    queues = queues_of(store)
    if not settling.fail_plainly(model, queues, record_id, lease, error, only_lapsed=True):
        return 0
    store.unfit.tell(unfit, "failed by its state alone, since its last lease ran out")
    return 1


_HOLDS_NONE: Final = (
    "no lease is held by it: what claim() gives holds one, until it is ended or given back"
)


def held(record: AirtableModel, action: str) -> tuple[Origin, Lease]:
    """Return the lease of a record that was claimed here.

    Raises:
        LeaseLost: it was not, or it was given back.
    """
    origin = origin_of(record)
    if origin is None or origin.lease is None:
        raise LeaseLost(record.described(), action, _HOLDS_NONE)
    return origin, origin.lease


def heartbeat(record: R) -> R:
    """Extend the lease of a claimed task.

    Raises:
        LeaseLost: somebody else has the task, it has ended, or its time is up.
    """
    origin, lease = held(record, "heartbeat")
    table, asked = type(record).table, time.monotonic()
    beat = queues_of(origin.store).beat(table, {record.id: lease.token}).get(record.id)
    if beat is None:
        raise LeaseLost(record.described(), "heartbeat")
    lease.renewed(beat, asked)
    apply(record, {"lease_until": beat.until, "cancel_requested": beat.cancel_requested})
    return record


def release(record: R, after: timedelta | None) -> R:
    """Let a claimed task wait again where it waited before, without counting the attempt.

    One that was asked to stop is cancelled where the queue has a transition for that; else it waits, and nobody takes it.

    Raises:
        LeaseLost: somebody else has it, or it has ended.
        ValueError: *after* is more than a hundred years.
    """
    origin, lease = held(record, "release")
    _check_delay("release", after)
    table = type(record).table
    lifecycle = table.lifecycle
    assert lifecycle is not None  # noqa: S101  # a queue has one
    taken, waiting = taken_state(table), state_before(table, lease.was)
    settlement = Settlement(
        record.id,
        lease.token,
        taken,
        {lifecycle.field: waiting},
        (settling.step("release", taken, waiting, by=lease.worker),),
        pause=0.0 if after is None else max(after.total_seconds(), 0.0),
        waits=True,
        counts=False,
        unless_cancelled=True,
    )
    queues = queues_of(origin.store)
    done = queues.settle(table, settlement)
    if done.row is None and settling.cancel_held(record, lease):
        return record
    if done.row is None:
        done = queues.settle(table, replace(settlement, unless_cancelled=False))
    if done.row is None:
        raise LeaseLost(record.described(), "release")
    origin.lease = None
    apply(record, done.row)
    return record


def request_cancel(record: R) -> R:
    """Ask that a task is not taken any more, or that the worker who holds it stops.

    Raises:
        RecordNotFound: it is not there any more.
        TransitionRefused: it has ended.
    """
    origin = stored(record, "request_cancel")
    table = type(record).table
    row = queues_of(origin.store).request_cancel(table, record.id)
    if row is None:
        fresh = origin.store.fetch(table, [record.id])
        if not fresh:
            raise RecordNotFound(table.key, [record.id], origin.store.description)
        raise _ended(record, origin.store, fresh[record.id], "request_cancel")
    apply(record, row)
    cancel = queue_spec(type(record)).cancel
    if cancel is not None and origin.lease is None and row["lease_until"] is None:
        decide = rules_of(type(record)).cancel
        if decide is not None and record._can(cancel, decide):
            record._transition(cancel, decide, by=None, why="cancel was requested")
    return record


def postpone(record: R, until: datetime | timedelta) -> R:
    """Keep a waiting task from being taken before a moment.

    Raises:
        TransitionRefused: it does not wait.
        ValueError: *until* has no time zone, is beyond the calendar, or a span of more than a hundred years.
    """
    origin = stored(record, "postpone")
    _check_delay("postpone", None if isinstance(until, datetime) else until)
    table = type(record).table
    if isinstance(until, datetime):
        try:
            until = _UNTIL(until)
        except Unfit as unfit:
            raise ValueError(f"postpone(): {unfit.misfit('until', until)}") from None
    row = queues_of(origin.store).postpone(table, record.id, until)
    if row is None:
        fresh = origin.store.fetch(table, [record.id])
        if not fresh:
            raise RecordNotFound(table.key, [record.id], origin.store.description)
        raise _ended(record, origin.store, fresh[record.id], "postpone")
    apply(record, row)
    return record


_UNTIL: Final = encoder(ArgumentSpec("until", "datetime"))


def _check_delay(action: str, span: timedelta | None) -> None:
    if span is not None and not isinstance(span, timedelta):
        raise TypeError(f"{action}() takes a span of time, as timedelta(seconds=30), not {span!r}")
    # Beyond the year 9999 SQLite knows no moment and says nothing of it: the task would be due at once.
    if span is not None and abs(span) > MOST_DELAY:
        raise ValueError(f"{action}() takes at most {MOST_DELAY.days} days, not {span.days}")


def _ended(record: AirtableModel, store: Store, row: Row, action: str) -> TransitionRefused:
    """Return the error for a task that is in another state than *action* asks for; *row* is how it is stored now."""
    model = type(record)
    lifecycle = model.table.lifecycle
    assert lifecycle is not None  # noqa: S101  # a queue has one
    state = row[lifecycle.field]
    try:
        possible = possible_now(decoded_one(model, store, row))
    except RecordInvalid:
        possible = tuple(one.name for one in lifecycle.open_from(state))
    label = getattr(state, "label", "blank")
    return TransitionRefused(
        record.described(), action, label, possible=possible, reason=f"is '{label}'"
    )


def claim_guarantee(record: AirtableModel) -> ClaimGuarantee | None:
    """Return how certain it is that nobody else holds this record; None where it was not claimed here, or let go."""
    origin = origin_of(record)
    if origin is None or origin.lease is None:
        return None
    claims = origin.store.capabilities.claims
    return None if claims == "none" else claims


def fencing_token(record: AirtableModel) -> str | None:
    """Return the token of the claim by which this record is held; None where it was not claimed here, or let go."""
    origin = origin_of(record)
    return None if origin is None or origin.lease is None else origin.lease.token
