# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""Transitions of held tasks: matched by state and token, failures go back in line by the retry policy."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tablewright.runtime.codec import Row, encode_changes
from tablewright.runtime.decision import Changes, Decide, Refusal
from tablewright.runtime.errors import LeaseLost, RecordInvalid, TransitionRefused
from tablewright.runtime.lifecycle import checked_arguments, refused
from tablewright.runtime.queue.lease import Lease
from tablewright.runtime.queue.rules import (
    QueueRules,
    queue_spec,
    rules_of,
    taken_state,
    waiting_states,
)
from tablewright.runtime.queue.store import LAPSED, QueueStore, Settled, Settlement, Step
from tablewright.runtime.spec import RetrySpec, TableSpec, TransitionSpec
from tablewright.runtime.stored_record import apply

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

logger = logging.getLogger("tablewright")
R = TypeVar("R", bound="AirtableModel")

CANCELLED: Final = "cancelled on request"
MOST_ERROR: Final = 10_000
"""The most signs of an error that are kept where the schema names no length."""
_TEXTS: Final = ("text", "long_text", "rich_text")

_dice = random.SystemRandom()


def transition_held(
    record: R,
    name: str,
    decide: Decide,
    arguments: Mapping[str, Any],
    lease: Lease,
    *,
    by: str | None,
    why: str | None,
) -> R:
    """Move a task that was claimed here, in the store and then in memory, and return it.

    A failure for which the policy has another attempt puts the task back in line in the same step.

    Raises:
        RecordInvalid: an argument, or a value that would be set, does not fit.
        TransitionRefused: the state or the guard forbids it.
        LeaseLost: somebody else has the task, or it has ended; nothing was stored.
    """
    return _move(record, name, decide, arguments, lease, by=by or lease.worker, why=why)


def _move(
    record: R,
    name: str,
    decide: Decide,
    arguments: Mapping[str, Any],
    lease: Lease,
    *,
    by: str | None,
    why: str | None,
    retries: bool = True,
    only_lapsed: bool = False,
) -> R:
    table = type(record).table
    lifecycle = table.lifecycle
    assert lifecycle is not None  # noqa: S101  # a queue has one
    origin = record._origin
    spec = lifecycle.by_name[name]
    origin.forget_links(key for key in spec.reads if key not in table.by_key)
    now = lease.now()
    found = decide(record, now, **checked_arguments(record, spec, arguments))
    if isinstance(found, Refusal):
        raise refused(record, name, found)
    was = getattr(record, lifecycle.field)
    error = error_text(spec, arguments, why) if name == queue_spec(type(record)).fail else None
    steps = [step(name, was, found[lifecycle.field], by=by, why=why, error=error)]
    queues: QueueStore = origin.store.queues  # type: ignore[attr-defined]  # it gave the lease

    def settled(changes: Changes, steps: Sequence[Step], retry: RetrySpec | None) -> Settled:
        state = changes[lifecycle.field]
        settlement = Settlement(
            record.id,
            lease.token,
            was,
            encode_changes(table, changes, record.described()),
            steps,
            pause=None if retry is None else pause_before(retry, record.__dict__["attempt"]),
            keeps_lease=state is taken_state(table),
            waits=state in waiting_states(table),
            only_lapsed=only_lapsed,
            unless_cancelled=retry is not None,
        )
        return queues.settle(table, settlement)

    done = Settled(None)
    unfit: RecordInvalid | None = None
    again = _retried(record, found, now) if retries and error is not None else None
    if again is not None:
        retry, more = again
        left, state = found[lifecycle.field], more[lifecycle.field]
        back = step(retry.transition, left, state, by=by)
        try:
            done = settled({**found, **more}, [*steps, back], retry)
        except RecordInvalid as error_of_retry:
            unfit = error_of_retry
    retried = done.row is not None
    if done.row is None:
        # Also where somebody asked it to stop of which this worker has not heard yet: that one is final.
        done = settled(found, steps, None)
        if unfit is not None and done.row is not None:
            logger.warning("failed without another attempt, which does not fit: %s", unfit)
    if done.row is None:
        raise LeaseLost(record.described(), name)
    row = {**done.row, **_calculated(record, done.row)}
    # Where another attempt follows, it waits.
    if retried or found[lifecycle.field] is not taken_state(table):
        origin.lease = None
    apply(record, row)
    return record


def _calculated(record: AirtableModel, written: Row) -> Row:
    """Return the calculated fields of a record that its store did not tell with what it wrote: databases do not."""
    table = type(record).table
    keys = [key for key in _computed(table) if key not in written]
    if not keys:
        return {}
    stored = record._origin.store.fetch(table, [record.id]).get(record.id, {})
    return {key: stored[key] for key in keys if key in stored}


@cache
def _computed(table: TableSpec) -> tuple[str, ...]:
    return tuple(one.key for one in table.fields if one.is_computed)


def step(
    name: str,
    was: Any,
    state: Any,
    *,
    by: str | None,
    why: str | None = None,
    error: str | None = None,
) -> Step:
    """Return a transition for the history."""
    return Step(name, was.name, state.name, by, why, error)


def error_text(spec: TransitionSpec, arguments: Mapping[str, Any], why: str | None) -> str:
    """Return what a failing transition was told: its first text argument, or the reason where it takes none."""
    for argument in spec.takes:
        value = arguments.get(argument.key)
        if argument.kind in _TEXTS and value:
            return str(value)
    return why or "failed"


def _retried(
    record: AirtableModel, failed: Changes, now: datetime
) -> tuple[RetrySpec, Changes] | None:
    """Return what puts the task back in line, if the policy gives it another attempt."""
    rules, retry = rules_of(type(record)), queue_spec(type(record)).retry
    if retry is None or rules.retry is None or record.__dict__["cancel_requested"]:
        return None
    trial = record.model_copy()
    trial.__dict__.update(failed)
    more = rules.retry(trial, now)
    return None if isinstance(more, Refusal) else (retry, more)


def pause_before(retry: RetrySpec, attempt: int) -> float:
    """Return the seconds before the attempt that follows *attempt*, the first being 1."""
    try:
        plain = min(retry.first * retry.factor ** max(attempt - 1, 0), retry.most)
    except OverflowError:
        plain = retry.most
    return plain * (1 + retry.jitter * _dice.uniform(-1, 1))


def end_lapsed(record: AirtableModel, rules: QueueRules) -> int:
    """End a task whose worker is gone and that is not to be taken again; 1, or 0 where somebody else was faster."""
    table, spec = type(record).table, queue_spec(type(record))
    lease, lifecycle = record._origin.lease, table.lifecycle
    if lease is None or lifecycle is None:
        return 0
    if not (record.__dict__["cancel_requested"] and spec.cancel is not None and rules.cancel):
        return fail_finally(record, LAPSED, by=None, only_lapsed=True)
    try:
        _move(
            record,
            spec.cancel,
            rules.cancel,
            {},
            lease,
            by=None,
            why=LAPSED,
            retries=False,
            only_lapsed=True,
        )
    except (RecordInvalid, TransitionRefused):
        return fail_finally(record, LAPSED, by=None, only_lapsed=True)
    except LeaseLost:
        return 0
    return 1


def fail_finally(
    record: AirtableModel, error: str, *, by: str | None, only_lapsed: bool = False
) -> int:
    """Fail a held task without another attempt; 1, or 0 where the lease was lost or the guard forbids it.

    Where the effects of the failure do not fit, the task fails by its state alone.
    """
    table, spec, lease = type(record).table, queue_spec(type(record)), record._origin.lease
    if lease is None or table.lifecycle is None:
        return 0
    arguments = failure_arguments(record, error)
    try:
        _move(
            record,
            spec.fail,
            rules_of(type(record)).fail,
            arguments,
            lease,
            by=by,
            why=None if arguments else error,
            retries=False,
            only_lapsed=only_lapsed,
        )
    except RecordInvalid:
        # What the schema asks of the error's text, or of the fields that are set, is not met; the task ends even so.
        queues: QueueStore = record._origin.store.queues  # type: ignore[attr-defined]  # it gave the lease
        return fail_plainly(type(record), queues, record.id, lease, error, only_lapsed=only_lapsed)
    except (LeaseLost, TransitionRefused):
        return 0
    return 1


def fail_by_state(record: AirtableModel, error: str) -> None:
    """Fail a held task by its state alone, as it is in memory afterwards, too, and tell of it.

    Raises:
        LeaseLost: somebody else has the task.
    """
    model, origin = type(record), record._origin
    name = queue_spec(model).fail
    queues: QueueStore = origin.store.queues  # type: ignore[attr-defined]  # it gave the lease
    if origin.lease is None or not fail_plainly(model, queues, record.id, origin.lease, error):
        raise LeaseLost(record.described(), name)
    origin.lease = None
    apply(record, origin.store.fetch(model.table, [record.id]).get(record.id, {}))
    logger.warning("%s failed without another attempt: %s", record.described(), error)


def failure_arguments(record: AirtableModel, error: str) -> dict[str, Any]:
    """Return the arguments of the queue's failing transition: the error goes to its first text argument.

    It is cut to what the argument holds, and the fields that it is set into.
    """
    spec = _failing(type(record))
    for argument in spec.takes:
        if argument.kind in _TEXTS:
            text = _cut(storable(error) or "failed", argument.max_length or MOST_ERROR)
            excess = _excess(record, spec, {argument.key: text})
            return {argument.key: _cut(text, max(len(text) - excess, 1))}
    return {}


def _failing(model: type[AirtableModel]) -> TransitionSpec:
    lifecycle = model.table.lifecycle
    assert lifecycle is not None  # noqa: S101  # a queue has one
    return lifecycle.by_name[queue_spec(model).fail]


def _excess(record: AirtableModel, spec: TransitionSpec, arguments: Mapping[str, Any]) -> int:
    """Return by how many signs a failure with these arguments would make a text longer than its field holds."""
    table, lease = type(record).table, record._origin.lease
    most = {one.key: one.max_length for one in table.fields if one.max_length is not None}
    if not most or lease is None:
        return 0
    try:
        given = checked_arguments(record, spec, arguments)
    except RecordInvalid:
        # The transition itself says so.
        return 0
    found = rules_of(type(record)).fail(record, lease.now(), **given)
    if isinstance(found, Refusal):
        return 0
    texts = {key: value for key, value in found.items() if isinstance(value, str) and key in most}
    return max((len(value) - most[key] for key, value in texts.items()), default=0)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def cancel_held(record: AirtableModel, lease: Lease) -> bool:
    """Cancel a held task by the queue's own transition; False where it has none that is possible, or the task is lost."""
    cancel, decide = queue_spec(type(record)).cancel, rules_of(type(record)).cancel
    if cancel is None or decide is None:
        return False
    try:
        _move(record, cancel, decide, {}, lease, by=lease.worker, why=CANCELLED)
    except RecordInvalid as error:
        logger.warning("given back and not cancelled, which does not fit: %s", error)
        return False
    except (LeaseLost, TransitionRefused):
        return False
    return True


def storable(text: str) -> str:
    """Return a text with what no database takes written out: programs that handlers call may print anything."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def fail_plainly(
    model: type[AirtableModel],
    queues: QueueStore,
    record_id: str,
    lease: Lease,
    error: str,
    *,
    only_lapsed: bool = False,
) -> int:
    """Fail a held row by its state alone, so that it does not come back for ever; 1, or 0 where the lease was lost.

    That is for rows of which no record can be made, and for failures whose effects do not fit.
    """
    table, spec = model.table, queue_spec(model)
    lifecycle = table.lifecycle
    assert lifecycle is not None  # noqa: S101  # a queue has one
    fail = lifecycle.by_name[spec.fail]
    was = taken_state(table)
    by = None if only_lapsed else lease.worker
    steps = (Step(fail.name, was.name, fail.target.name, by, None, error),)
    changes = {lifecycle.field: fail.target}
    settlement = Settlement(record_id, lease.token, was, changes, steps, only_lapsed=only_lapsed)
    return int(queues.settle(table, settlement).row is not None)
