"""Airtable's rate limit: five requests a second for each base, then thirty seconds of refusals."""

from collections import deque
from collections.abc import Callable
from time import monotonic

from tablewright.airtable import PENALTY_SECONDS, REQUESTS_PER_SECOND


class RateLimiter:
    """Counts the requests of each base. Requests during the penalty are refused and do not lengthen it (unconfirmed)."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._recent: dict[str, deque[float]] = {}
        self._locked_until: dict[str, float] = {}

    def admits(self, base_id: str) -> bool:
        """Whether the base may be asked now. The call counts as a request."""
        now = self._clock()
        if now < self._locked_until.get(base_id, 0.0):
            return False
        recent = self._recent.setdefault(base_id, deque())
        # A millionth of a second for what floating point loses.
        while recent and recent[0] <= now - 1.0 + 1e-6:
            recent.popleft()
        if len(recent) >= REQUESTS_PER_SECOND:
            self._locked_until[base_id] = now + PENALTY_SECONDS
            recent.clear()
            return False
        recent.append(now)
        return True
