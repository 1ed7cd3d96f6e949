"""The figures of a queue: what waits, what runs, how long both take, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field

from tablewright.runtime.measures import Statistics

MOST_ERRORS: Final = 20
"""How many texts of errors are listed."""
MOST_BUCKETS: Final = 1_000
"""How many spans of time are listed."""


class FurtherErrors(Statistics):
    """The errors beyond the most frequent ones, which are listed."""

    texts: int = 0
    """How many other texts there are."""
    attempts: int = 0
    """How many attempts failed with one of these."""


class Ends(Statistics):
    """What became of some tasks that ended."""

    completed: int
    failed: int
    success_rate: float | None = None
    retries: int = 0
    """Attempts beyond the first of each."""
    avg_waiting_time: timedelta | None = None
    avg_running_time: timedelta | None = None


class Bucket(Ends):
    """The tasks that ended in one span of time, which begins at *since*."""

    since: datetime


class Group(Ends):
    """The tasks with one value of a field; *completed* and what follows is of those that ended."""

    waiting: int
    """Waiting ones, those that are blocked or delayed included."""
    blocked: int = 0
    running: int
    oldest_waiting: timedelta | None = None
    """For how long the oldest one has waited that could be taken."""
    errors: dict[str, int] = Field(default_factory=dict)
    """The most frequent errors of attempts, from the history."""
    further_errors: FurtherErrors = Field(default_factory=FurtherErrors)


class QueueSummary(Statistics):
    """A queue as it is now, and what workers ended: since a moment where one was given, else ever.

    Waiting is counted from being ready to being claimed, running from the claim to the end, both for the last attempt;
    what a worker claimed beforehand runs while it waits for a slot.
    """

    waiting: int
    """Due, those that are blocked included."""
    blocked: int
    """Those of the waiting ones that no claim takes now: they wait for others, or for whatever else the guard of the
    queue's `take` asks for, or were asked to stop.
    """
    delayed: int
    """Not due yet."""
    running: int
    """Held by a worker whose lease runs."""
    expired_leases: int
    """Held by a worker that did not show up again in time."""
    oldest_waiting: timedelta | None
    """For how long the oldest task has waited that could be taken: due, and not blocked."""
    completed: int
    failed: int
    throughput_per_minute: float | None
    """Ended tasks a minute, between the first and the last end."""
    success_rate: float | None
    """Completed ones as a share of those that ended."""
    avg_waiting_time: timedelta | None = Field(title="avg waiting time, ready to claim")
    max_waiting_time: timedelta | None = Field(title="max waiting time, ready to claim")
    avg_running_time: timedelta | None = Field(title="avg running time, claim to end")
    max_running_time: timedelta | None = Field(title="max running time, claim to end")
    attempts: dict[int, int]
    """Ended tasks by how many attempts they took."""
    workers: dict[str, int]
    """Running tasks by who holds them."""
    errors: dict[str, int]
    """The most frequent errors of attempts, from the history: since that moment, of tasks that may wait again."""
    further_errors: FurtherErrors = Field(default_factory=FurtherErrors)


class QueueFigures(QueueSummary):
    """A queue as it is now and what workers ended, by time and by the values of a field besides."""

    by_time: tuple[Bucket, ...] = ()
    """Ended tasks by span of time, the oldest first; of more than a thousand spans, the latest."""
    groups: dict[str, Group] = Field(default_factory=dict)
    """Figures by value of the field that was asked for."""

    def summary(self) -> QueueSummary:
        """Return the figures without those by time and by value."""
        return QueueSummary(**self.model_dump(exclude={"by_time", "groups"}))


def most_frequent(errors: Mapping[str, int]) -> tuple[dict[str, int], FurtherErrors]:
    """Return those errors that are listed, and how many more there are; *errors* come with the most frequent first."""
    listed = dict(list(errors.items())[:MOST_ERRORS])
    return listed, further_errors(listed, len(errors), sum(errors.values()))


def further_errors(listed: Mapping[str, int], texts: int, attempts: int) -> FurtherErrors:
    """Return how many more errors there are than those that are *listed*, of so many texts and attempts altogether."""
    return FurtherErrors(texts=texts - len(listed), attempts=attempts - sum(listed.values()))
