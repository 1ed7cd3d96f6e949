"""A store that cannot be reached: said once, waited for with growing pauses, and said again when it is back."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from tablewright.worker.logs import logger

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0
REMINDER_SECONDS: Final = 60.0
"""How often a store that stays away is told of."""
_dice = random.SystemRandom()


class Outage:
    """What all threads of one worker know of the store being away. *said* is what stands in each log line."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = said
        self._lock = threading.Lock()
        self._since: float | None = None
        self._told = -math.inf
        self._hurry = threading.Event()
        self._until = math.inf

    def note(self, error: Exception) -> None:
        """Take notice that the store could not be reached, and tell of it now and then."""
        now = time.monotonic()
        with self._lock:
            if self._since is None:
                self._since, self._told = now, -math.inf
            silent = now - self._told < REMINDER_SECONDS
            if not silent:
                self._told = now
            seconds = now - self._since
        if not silent:
            logger.warning(
                "the store cannot be reached",
                extra={**self._said, "error": str(error), "for_seconds": round(seconds)},
            )

    def over(self) -> None:
        """Take notice that the store has answered."""
        if self._since is None:
            return
        with self._lock:
            since, self._since = self._since, None
        if since is not None:
            seconds = round(time.monotonic() - since, 1)
            logger.info("the store answers again", extra={**self._said, "away_seconds": seconds})

    def give_up_at(self, moment: float) -> None:
        """Let nobody wait for the store beyond a moment of this process's clock."""
        self._until = moment

    def give_up(self) -> None:
        """Let nobody wait for the store any more."""
        self._hurry.set()

    def pause(self, tries: int) -> float:
        """Return the seconds before the store is tried again, the more the more *tries* there were."""
        plain = min(FIRST_PAUSE * 2.0 ** min(tries, 10), LONGEST_PAUSE)
        return plain * _dice.uniform(0.8, 1.2)

    def wait(self, tries: int) -> bool:
        """Wait before the store is tried again; tell whether to go on."""
        left = self._until - time.monotonic()
        return left > 0 and not self._hurry.wait(min(self.pause(tries), left))
