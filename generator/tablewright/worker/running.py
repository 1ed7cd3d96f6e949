"""A task that a worker holds, from its claim to its end."""

from __future__ import annotations

import concurrent.futures
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from tablewright.runtime.model import AirtableModel
from tablewright.runtime.queue.lease import Lease

Ending = Literal["", "lost", "timed out", "cancelled", "released"]


@dataclass(slots=True, eq=False)
class Running:
    """A claimed task. *ending* says why its handler is to stop; *cancel* is there while a coroutine works on it.

    *failure* is what was wrong with what the handler returned.

    Moments are of this process's own clock. Who calls `finished` or `abandon` first decides what becomes of it.
    """

    record: AirtableModel
    lease: Lease
    attempt: int
    claimed: float = field(default_factory=time.monotonic)
    began: float | None = None
    ending: Ending = ""
    failure: str = ""
    cancel: Callable[[], None] | None = None
    future: concurrent.futures.Future[Any] | None = None
    _over: bool = False
    _abandoned: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stop(self, ending: Ending) -> None:
        """Say that the handler is to stop; a coroutine is cancelled, a plain function has to look itself."""
        with self._lock:
            if not self.ending:
                self.ending = ending
            cancel = self.cancel
        if cancel is not None:
            cancel()

    def may_be_cancelled(self, cancel: Callable[[], None]) -> None:
        """Take what cancels the coroutine, and call it where the task was asked to stop before."""
        with self._lock:
            self.cancel = cancel
            is_late = bool(self.ending)
        if is_late:
            cancel()

    @property
    def is_over(self) -> bool:
        """Tell whether nothing works on it any more, and its end is on its way to the store."""
        with self._lock:
            return self._over or self._abandoned

    def finished(self) -> bool:
        """Note that the handler is done; tell whether its result counts."""
        with self._lock:
            self._over = True
            return not self._abandoned

    def abandon(self) -> bool:
        """Give up on a handler that is not done; tell whether it was so. Its result will not count."""
        with self._lock:
            if self._over or self._abandoned:
                return False
            self._abandoned = True
            return True
