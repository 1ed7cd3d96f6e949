"""The figures of a queue: what waits, what runs, how long both take, and what came of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from tablewright.runtime.measures import Statistics


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
    running: int
    oldest_waiting: timedelta | None = None
    errors: dict[str, int] = Field(default_factory=dict)
    """The most frequent errors of attempts, from the history."""


class QueueSummary(Statistics):
    """A queue as it is now, and what workers ended: since a moment where one was given, else ever.

    Waiting is counted from being ready to being taken, running from there to the end, both for the last attempt.
    """

    waiting: int
    """Ready to be taken, as far as time goes; some may wait for others."""
    delayed: int
    """Not due yet."""
    running: int
    """Held by a worker whose lease runs."""
    expired_leases: int
    """Held by a worker that did not show up again in time."""
    oldest_waiting: timedelta | None
    """For how long the oldest due task has waited."""
    completed: int
    failed: int
    throughput_per_minute: float | None
    """Ended tasks a minute, between the first and the last end."""
    success_rate: float | None
    """Completed ones as a share of those that ended."""
    avg_waiting_time: timedelta | None
    max_waiting_time: timedelta | None
    avg_running_time: timedelta | None
    max_running_time: timedelta | None
    attempts: dict[int, int]
    """Ended tasks by how many attempts they took."""
    workers: dict[str, int]
    """Running tasks by who holds them."""
    errors: dict[str, int]
    """The most frequent errors of attempts, from the history: since that moment, of tasks that may wait again."""


class QueueFigures(QueueSummary):
    """A queue as it is now and what workers ended, by time and by the values of a field besides."""

    by_time: tuple[Bucket, ...] = ()
    """Ended tasks by span of time, the oldest first."""
    groups: dict[str, Group] = Field(default_factory=dict)
    """Figures by value of the field that was asked for."""

    def summary(self) -> QueueSummary:
        """Return the figures without those by time and by value."""
        return QueueSummary(**self.model_dump(exclude={"by_time", "groups"}))
