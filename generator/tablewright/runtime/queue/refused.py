# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""Claimed tasks that do not fit what their own claim sets: failed at once, so that they keep nobody from the others."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tablewright.runtime.queue import settling, unreadable
from tablewright.runtime.queue.lease import lease_of
from tablewright.runtime.queue.store import Claimed, QueueStore
from tablewright.runtime.stores.base import Store

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

logger = logging.getLogger("tablewright")


def fail(
    model: type[AirtableModel],
    store: Store,
    queues: QueueStore,
    worker: str,
    rows: Sequence[Claimed],
) -> None:
    """Fail tasks that are held as they were, without another attempt, and tell of each."""
    records, _ = unreadable.records_of(model, store, rows)
    known = {record.id: record for record in records}
    for one in rows:
        record_id, lease = one.row["id"], lease_of(one, worker)
        error = f"the task cannot be taken: {one.unfit}"
        if record_id in known:
            known[record_id]._origin.lease = lease
            ended = settling.fail_finally(known[record_id], error, by=worker)
        else:
            ended = settling.fail_plainly(model, queues, record_id, lease, error)
        if ended:
            logger.warning("failed without another attempt, since %s", error)
