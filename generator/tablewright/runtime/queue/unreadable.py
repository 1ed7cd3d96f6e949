"""Claimed rows of which no record can be made: put back, so that other tasks go on and none of these is lost."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tablewright.runtime.errors import RecordInvalid, StoreError, StoreUnavailable
from tablewright.runtime.queue.rules import queue_spec, state_before, taken_state
from tablewright.runtime.queue.store import Claimed, QueueStore, Settlement, Step
from tablewright.runtime.reading import decoded
from tablewright.runtime.stores.base import HistoryRow, Store

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

logger = logging.getLogger("tablewright")
R = TypeVar("R", bound="AirtableModel")

PAUSE: Final = 300.0
"""Seconds before such a row is taken again, at least: to look at it too often costs others their time."""
_DESCRIBED: Final = "the stored row does not fit the schema: "
Unread = tuple[Claimed, RecordInvalid]
"""A row, and what does not fit in it."""


def records_of(
    model: type[R], store: Store, found: Sequence[Claimed]
) -> tuple[list[R], list[Unread]]:
    """Return the records of rows, and the rows that do not fit the schema."""
    unfit: list[RecordInvalid] = []
    records = decoded(model, store, [one.row for one in found], unfit.append)
    known = {record.id for record in records}
    others = [one for one in found if one.row["id"] not in known]
    return records, list(zip(others, unfit, strict=True))


def put_back(
    model: type[AirtableModel],
    store: Store,
    queues: QueueStore,
    worker: str,
    rows: Sequence[Unread],
) -> None:
    """Let rows wait again where they waited, for a while and without counting the attempt, and tell of each.

    The history has why, and has it once: a row that stays as it is leaves nothing each time it comes back.

    Raises:
        StoreUnavailable: the store cannot be reached; what is left comes back when its lease is over.
    """
    seconds = max(queue_spec(model).lease, PAUSE)
    for one, unfit in rows:
        try:
            queues.settle(model.table, _released(model, store, one, worker, seconds, unfit))
        except StoreUnavailable:
            raise
        except (StoreError, RecordInvalid) as error:
            logger.warning("%s: it cannot be put back: %s", unfit.record, error)
        said = f"put back for {seconds / 60:g} minutes, to be taken once it fits the schema"
        store.unfit.tell(unfit, said)


def described(unfit: RecordInvalid) -> str:
    """Return what does not fit in a row, for its history: fields and rules, which stay the same while values change."""
    rules = (replace(one, has_given=False) for one in unfit.misfits)
    return f"{_DESCRIBED}{'; '.join(map(str, rules))}"


def _released(
    model: type[AirtableModel],
    store: Store,
    one: Claimed,
    worker: str,
    seconds: float,
    unfit: RecordInvalid,
) -> Settlement:
    table = model.table
    lifecycle = table.lifecycle
    assert lifecycle is not None  # noqa: S101  # a queue has one
    taken, waiting = taken_state(table), state_before(table, one.was)
    back: Any = {lifecycle.field: waiting}
    step = Step("release", taken.name, waiting.name, worker, described(unfit))
    is_told = lifecycle.history and _is_told(store.history(table, one.row["id"]), described(unfit))
    return Settlement(
        one.row["id"],
        one.token,
        taken,
        back,
        () if is_told else (step,),
        pause=seconds,
        waits=True,
        counts=False,
        forgets=is_told,
    )


def _is_told(rows: Sequence[HistoryRow], why: str) -> bool:
    """Tell whether a row was put back for the same reason since it last got anywhere; its last step is the claim."""
    # Workers of several versions of the schema may find several reasons in turn.
    for row in rows[-2::-2]:
        if row.why == why:
            return True
        if row.why is None or not row.why.startswith(_DESCRIBED):
            return False
    return False
