"""What the history tells of a claim: one step for a task that waited, three for one whose lease ran out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tablewright.runtime.choice import Choice
from tablewright.runtime.queue.store import LAPSED, Step
from tablewright.runtime.spec import LifecycleSpec, QueueSpec
from tablewright.runtime.stores.base import HistoryRow


def lapsed_steps(lifecycle: LifecycleSpec, queue: QueueSpec) -> list[Step]:
    """Return the transitions that a row makes whose lease ran out and that is taken again."""
    if queue.retry is None:
        return []
    take, fail = lifecycle.by_name[queue.take], lifecycle.by_name[queue.fail]
    retry = lifecycle.by_name[queue.retry.transition]
    return [
        Step(fail.name, take.target.name, fail.target.name),
        Step(retry.name, fail.target.name, retry.target.name),
        Step(take.name, retry.target.name, take.target.name),
    ]


def claim_history(
    lifecycle: LifecycleSpec,
    queue: QueueSpec,
    record_id: str,
    was: Choice,
    *,
    worker: str,
    held_by: str | None,
    attempt: int,
    at: datetime,
) -> Iterator[HistoryRow]:
    """Yield the history of one row that *worker* took, for the attempt with this number.

    A row whose lease ran out, and which *held_by* had, is failed, put back and taken.
    """
    take = lifecycle.by_name[queue.take]
    if was is not take.target:
        yield HistoryRow(
            record_id, at, take.name, was.name, take.target.name, worker, attempt=attempt
        )
        return
    steps = lapsed_steps(lifecycle, queue)
    for place, step in enumerate(steps):
        is_last = place == len(steps) - 1
        yield HistoryRow(
            record_id,
            at,
            step.transition,
            step.from_state,
            step.to_state,
            worker if is_last else held_by,
            attempt=attempt if is_last else attempt - 1,
            error=LAPSED if place == 0 else None,
        )
