"""How many tasks a worker claims before it can begin them: some while tasks are short, none while they are long."""

from __future__ import annotations

import threading
from typing import Final

from tablewright.runtime.model import AirtableModel
from tablewright.runtime.queue.rules import queue_spec, taking_reads_fields

WINDOW_SECONDS: Final = 0.1
"""What is claimed beforehand is to be begun within this time, so that no other worker waits for it for long."""
STALE_SECONDS: Final = 0.5
"""What was claimed beforehand and not begun after this time is given back."""
MOST: Final = 20
"""The most that is claimed beforehand; beside it, as many as are worked on at once."""
_SHORT_TIMEOUT: Final = 20 * STALE_SECONDS


def may_wait(model: type[AirtableModel]) -> bool:
    """Tell whether tasks may be claimed that do not begin at once, and may even be given back.

    An attempt's time runs from its claim, so none of a short one may be spent waiting. What a claim counts stays
    counted where the task is given back.
    """
    timeout = queue_spec(model).timeout
    is_short = timeout is not None and timeout < _SHORT_TIMEOUT
    return not is_short and not taking_reads_fields(model)


class LookAhead:
    """Finds out how many tasks to claim beforehand, from how long tasks took; or stays with a *fixed* number."""

    def __init__(self, concurrency: int, fixed: int | None) -> None:
        self._concurrency = concurrency
        self._fixed = fixed
        self._number = 0
        self._seconds = 0.0
        self._lock = threading.Lock()

    @property
    def is_fixed(self) -> bool:
        """Tell whether the number was given."""
        return self._fixed is not None

    @property
    def number(self) -> int:
        """Return how many tasks to claim beforehand now."""
        return self._number if self._fixed is None else self._fixed

    def took(self, seconds: float) -> None:
        """Learn how long a task took, its end in the store included: a long one counts at once, short ones by and by."""
        with self._lock:
            is_long = seconds > WINDOW_SECONDS or not self._seconds
            self._seconds = seconds if is_long else 0.8 * self._seconds + 0.2 * seconds
            self._number = min(self._number, self._fitting())

    def was_full(self) -> None:
        """Learn that a claim found as many tasks as were asked for: twice as many may be asked for."""
        with self._lock:
            self._number = min(2 * self._number + 1, self._fitting())

    def was_empty(self) -> None:
        """Learn that there was nothing to take: what comes next may be of another kind."""
        with self._lock:
            self._number = 0
            self._seconds = 0.0

    def was_stale(self) -> None:
        """Learn that tasks had to be given back."""
        self.took(STALE_SECONDS)

    def _fitting(self) -> int:
        if self._seconds <= 0:
            return 0
        return min(
            int(self._concurrency * WINDOW_SECONDS / self._seconds), MOST + self._concurrency
        )
