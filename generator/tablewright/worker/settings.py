"""How a worker behaves."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from tablewright.runtime.columns import Condition
from tablewright.runtime.queue.holding import check_worker


def worker_name() -> str:
    """Return a name that no other worker has: host, process, and a few random signs."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How a worker behaves; spans of time are in seconds.

    It works on *concurrency* tasks at once and claims up to *prefetch* more, so that short tasks need fewer claims;
    with None it finds out by itself how many: some while tasks take milliseconds, none while they are long. What it has
    claimed and not begun is given back at the end. *where* narrows what it takes. *heartbeat* is the pause
    between heartbeats, by default a third of the lease and at most 10; *grace* is how long it waits at the end for
    running tasks. *longest_pause* is the longest wait between two looks at an empty queue, by default what the
    store says. With *once* it ends when there is nothing to take. *secrets* are blanked in the texts of errors, as the
    token for Airtable and the passwords in the URLs of the store and of the environment are.
    """

    name: str = field(default_factory=worker_name)
    concurrency: int = 1
    prefetch: int | None = None
    where: Sequence[Condition] = ()
    once: bool = False
    grace: float = 25.0
    heartbeat: float | None = None
    longest_pause: float | None = None
    secrets: Sequence[str] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        check_worker(self.name)
        if self.concurrency < 1:
            raise ValueError("a worker needs a concurrency of at least 1")
        if self.prefetch is not None and self.prefetch < 0:
            raise ValueError("a worker cannot claim less than nothing beforehand")
        for name in ("heartbeat", "longest_pause"):
            seconds = getattr(self, name)
            if seconds is not None and not seconds > 0:
                raise ValueError(f"a worker needs a '{name}' of more than 0 seconds, not {seconds}")
