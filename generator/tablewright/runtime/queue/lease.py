"""A lease: what a worker holds of a task, and the store's clock as far as this process knows it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tablewright.runtime.queue.store import Beat, Claimed


@dataclass(slots=True)
class Lease:
    """The right to move one task until *until*, a moment of the store's clock. *token* is new for each claim.

    *was* is the state that the task was taken from.
    """

    token: str
    worker: str
    until: datetime
    taken_at: datetime
    read_at: datetime
    read_after: float
    was: Any = None

    def now(self) -> datetime:
        """Return the store's time: as it was read last, and what this process has counted since."""
        return self.read_at + timedelta(seconds=time.monotonic() - self.read_after)

    def renewed(self, beat: Beat, asked: float) -> None:
        """Take over what a heartbeat found out; *asked* is the process's own clock before it."""
        self.until = beat.until
        self.read_at, self.read_after = beat.now, asked


def lease_of(claimed: Claimed, worker: str, asked: float | None = None) -> Lease:
    """Return the lease of a row that was just claimed; *asked* is the process's own clock before that.

    Counted from before the request, the lease seems to end a little sooner than it does, never later.
    """
    return Lease(
        claimed.token,
        worker,
        claimed.row["lease_until"],
        claimed.taken_at,
        claimed.now,
        time.monotonic() if asked is None else asked,
        claimed.was,
    )
