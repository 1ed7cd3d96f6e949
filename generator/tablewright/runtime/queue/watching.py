"""The figures of a queue, as a generated class offers them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from tablewright.runtime.columns import Condition
from tablewright.runtime.connection import current_store
from tablewright.runtime.errors import shown
from tablewright.runtime.queue.figures import QueueFigures
from tablewright.runtime.queue.holding import MOST_DELAY, nodes_of, queues_of
from tablewright.runtime.queue.rules import queue_spec, taking_of

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel


def queue_statistics(
    model: type[AirtableModel],
    conditions: Sequence[Condition],
    *,
    since: timedelta | None,
    bucket: timedelta,
    by: str | None,
) -> QueueFigures:
    """Return the figures of a queue, worked out in the store.

    Raises:
        ValueError: *bucket* is not positive, *since* is negative, or *by* names no field.
        TypeError: *since* or *bucket* is no length of time.
        NotSupported: the store has no leases.
    """
    queue_spec(model)
    for name, span in (("since", since), ("bucket", bucket)):
        if span is not None and not isinstance(span, timedelta):
            raise TypeError(
                f"queue_statistics() takes '{name}' as a length of time, such as timedelta(hours=1), "
                f"and got {shown(span)}"
            )
    if since is not None and since < timedelta():
        raise ValueError(f"queue_statistics() looks back by 'since', and got {shown(since)}")
    if bucket <= timedelta():
        raise ValueError("queue_statistics() needs a bucket of some length")
    if by is not None and by not in model.table.by_key:
        raise ValueError(f"queue_statistics() groups by a field of {model.__name__}, not by '{by}'")
    return queues_of(current_store()).figures(
        model.table,
        taking_of(model).guard,
        nodes_of(model, "queue_statistics", conditions),
        # Nothing ended longer ago, and no database reckons so far back as a span can be.
        None if since is None else min(since, MOST_DELAY).total_seconds(),
        bucket.total_seconds(),
        by,
    )
