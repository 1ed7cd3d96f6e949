"""Transactions that a database gave up for the sake of another one, and that are done again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import exc

from tablewright.runtime.errors import StoreUnavailable

T = TypeVar("T")
GAVE_UP: Final = frozenset({"40001", "40P01"})
"""SQLSTATEs of a serialization failure, which distributed databases answer to contention, and of a deadlock."""
READ_ONLY: Final = "25006"
"""The SQLSTATE of a write on a server that only reads: the standby it became, while another one takes over."""
PATIENCE_SECONDS: Final = 30.0
_FIRST_PAUSE: Final = 0.005
_LONGEST_PAUSE: Final = 1.0


class Patience:
    """How long a transaction is done again: pauses are random and grow."""

    def __init__(self) -> None:
        self._deadline = time.monotonic() + PATIENCE_SECONDS
        self._longest = _FIRST_PAUSE

    def pause(self) -> bool:
        """Wait before the next try; False, and at once, where it would be too late."""
        if time.monotonic() + self._longest > self._deadline:
            return False
        time.sleep(random.uniform(0, self._longest))  # noqa: S311  # chance, not secrecy
        self._longest = min(self._longest * 2, _LONGEST_PAUSE)
        return True


def done_again(description: str, work: Callable[[], T]) -> T:
    """Do *work*, which is one whole transaction, until the database takes it.

    Raises:
        StoreUnavailable: it gave the transaction up for half a minute.
    """
    patience = Patience()
    while True:
        try:
            return work()
        except exc.DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in GAVE_UP:
                raise
            if not patience.pause():
                raise StoreUnavailable(too_busy(description)) from error


def too_busy(description: str) -> str:
    """Return what is to be said of a transaction that the database would not take."""
    return f"{description} is too busy: it gave the same transaction up for {PATIENCE_SECONDS:.0f} seconds"
